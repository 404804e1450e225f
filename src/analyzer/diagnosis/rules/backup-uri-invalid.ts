import { parseLocation } from '../../../deskphone/uris.js'
import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import { assignmentsOf, isSure } from '../script-reading.js'
import type { Assignment } from '../script-reading.js'
import type { Rule } from '../rule.js'
import { asked, serverOf } from '../wording.js'

/**
 * A phone that cannot use BRURI sends nothing at all, so the value itself must tell; where it does send something, the
 * path must be BRURI, one slash, and the file's name.
 */
export const backupUriInvalid: Rule = {
  code: 'backup-uri-invalid',
  stage: 'backup',
  severity: 'error',
  states: 'BRURI cannot be used',
  evidence: 'scheme other than http/https, or not one slash between BRURI and the file name',
  notConfusedWith: '',
  remedy:
    'SET BRURI to http://server/directory (https only where the series has it): the phone adds one slash, unless there is one at the end, and the name of its file.',
  references: ['Avaya 1600 Administrator Guide 16-601443, p. 106', 'RFC 3986 §3'],
  restsOnAbsence: false,

  *check(session) {
    if (!session.isAvaya) return
    const userData = session.transfers.filter(({ role }) => role === 'backup' || role === 'restore')
    for (const assignment of assignmentsOf(session, 'BRURI')) {
      const { script, line, value, share } = assignment
      const problem = problemOf(session, value)
      // Whoever backs up has another value.
      if (problem === undefined || (userData.length > 0 && !isSure(share))) continue
      yield {
        message: `line ${line} of ${script.path} sets BRURI to a value that the phone cannot use: ${problem}; without it there is no backup and no restore`,
        frames: [script.transfer.first.number, script.transfer.last.number],
        at: script.transfer.end,
        ...(isSure(share) ? {} : { confidence: 'likely', severity: 'warning', changesOutcome: false }),
      }
      return
    }
    const wrong = userData.find((transfer) => hasWrongSlash(transfer, assignmentsOf(session, 'BRURI')))
    if (wrong === undefined) return
    yield {
      message: `${asked(wrong)} to ${serverOf(wrong)} does not have one slash between BRURI and the file's name`,
      frames: [wrong.first.number, wrong.last.number],
      at: wrong.start,
      // Some servers take it all the same.
      ...(wrong.result === 'ok' ? { severity: 'warning', changesOutcome: false } : {}),
    }
  },
}

function problemOf(session: BootSession, value: string): string | undefined {
  // How a value is taken back.
  if (value.trim() === '') return undefined
  const location = parseLocation(value)
  if (typeof location === 'string') {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1]
    // The value may hold a password, so it is not quoted.
    return scheme !== undefined && !/^https?$/i.test(scheme) && value.includes('://')
      ? `its scheme is ${scheme}`
      : /^https?:\/\//i.test(value)
        ? 'it is not an address'
        : 'it does not begin with http:// or https://'
  }
  if (location.scheme === 'https' && session.series === '1600') return 'the 1600 series backs up over http only'
  return undefined
}

/** Two slashes where BRURI has none, or none at all. */
function hasWrongSlash({ path }: SessionTransfer, assignments: readonly Assignment[]): boolean {
  return assignments.some(({ value }) => {
    const location = parseLocation(value)
    if (typeof location === 'string' || !path.startsWith(location.path.replace(/\/+$/, ''))) return false
    const base = location.path.replace(/\/+$/, '')
    const rest = path.slice(base.length)
    return base !== '' && !/^\/[^/]/.test(rest) && !location.path.endsWith('//')
  })
}
