import { watchedAfter } from '../../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, isOptional, laterSuccess } from '../file-transfers.js'
import { distinct, list, roleName, serverOf } from '../wording.js'

/**
 * A file that is not there. Much of what looks so is how these phones work: they try 46xxsettings.scr before .txt, and
 * ask for a user's backup before there is one.
 */
export const httpNotFound: Rule = {
  code: 'http-not-found',
  stage: 'file-server',
  severity: 'error',
  states: 'a file the phone needs is not on the server',
  evidence: '404 or 410',
  notConfusedWith:
    '404 for 46xxsettings.scr followed by .txt; 404 for *_16xxdata.txt before the first backup (restore-no-backup-yet); optional language and font files are warnings',
  remedy:
    'Put the file into the directory that HTTPDIR names (the root without it), in exactly this spelling, readable for the server. IIS also needs a MIME type for .scr, .bin and .tar.',
  references: ['RFC 9110 §15.5.5', 'Avaya 1600 Installation and Maintenance Guide 16-601438, p. 49'],
  restsOnAbsence: false,

  *check(session) {
    const missing = session.transfers.filter(
      (transfer) =>
        transfer.protocol === 'http' &&
        transfer.result === 'not-found' &&
        transfer.method !== 'PUT' &&
        transfer.role !== 'restore' &&
        transfer.role !== 'backup' &&
        !isFirstTry(session, transfer),
    )
    for (const answers of byServer(missing).values()) yield* missingFiles(session, answers)
  },
}

/** One verdict for each weight: what the phone needs, and what it can do without. */
export function* missingFiles(
  session: BootSession,
  answers: readonly SessionTransfer[],
): Iterable<ReturnType<typeof verdict>> {
  const needed = answers.filter((transfer) => !canDoWithout(session, transfer))
  const optional = answers.filter((transfer) => canDoWithout(session, transfer))
  if (needed[0] !== undefined) yield verdict(session, needed, needed[0], false)
  if (optional[0] !== undefined) yield verdict(session, optional, optional[0], true)
}

function canDoWithout(session: BootSession, transfer: SessionTransfer): boolean {
  return isOptional(transfer.role) || laterSuccess(session, transfer) !== undefined
}

function verdict(session: BootSession, answers: readonly SessionTransfer[], first: SessionTransfer, optional: boolean) {
  const files = distinct(answers.map(({ path, role }) => (role === 'other' ? path : `${path}, ${roleName(role)}`)))
  const how =
    first.protocol === 'http'
      ? `status ${list(distinct(answers.map(({ status }) => String(status))))}`
      : `TFTP error ${first.status}`
  return {
    message: `${serverOf(first)} does not have ${list(files)} (${how}${answers.length > files.length ? `, ${answers.length} times` : ''})`,
    frames: answers.flatMap(({ first: request, last }) => [request.number, last.number]),
    at: first.start,
    causes: [
      ...(first.protocol === 'tftp' ? ['fallback-to-tftp'] : []),
      ...causesOfChoice(session, first.server.address),
    ],
    ...(optional
      ? // A language or font is something the phone should have had; files we know nothing about prove nothing.
        { severity: 'warning' as const, changesOutcome: answers.some(({ role }) => role !== 'other') }
      : {}),
  }
}

/** `46xxsettings.scr`, after which the phone asks for `.txt` (or had not yet when the capture ended). */
export function isFirstTry(session: BootSession, transfer: SessionTransfer): boolean {
  if (transfer.role !== 'settings' || !transfer.file.endsWith('.scr')) return false
  const second = transfer.file.replace(/\.scr$/, '.txt')
  return (
    session.transfers.some((other) => other.first.number > transfer.first.number && other.file === second) ||
    watchedAfter(session, transfer.end) < SHORTEST_SILENCE
  )
}
