import { failureCode } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { asked, serverOf } from '../wording.js'

/** Only the 4600 series has TFTP behind HTTP; a set that only has TFTP never tried HTTP. */
export const fallbackToTftp: Rule = {
  code: 'fallback-to-tftp',
  stage: 'file-server',
  severity: 'warning',
  states: 'the phone fell back from HTTP to TFTP',
  evidence: 'HTTP attempts failed, then RRQ; names the HTTP failure that caused it',
  notConfusedWith: 'a phone that has only TFTP',
  remedy: 'Repair the HTTP server: TFTP is the way of last resort, slower and without protection against loss.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 37'],
  restsOnAbsence: false,

  *check(session) {
    const request = session.transfers.find(({ protocol, method }) => protocol === 'tftp' && method === 'RRQ')
    if (request === undefined) return
    const before = session.transfers.filter(
      ({ protocol, first }) => protocol === 'http' && first.number < request.first.number,
    )
    if (before.some(({ result, role }) => result === 'ok' && (role === 'script' || role === 'settings'))) return
    const failed = before.filter(({ result }) => result !== 'ok' && result !== 'incomplete')
    const last = failed.at(-1)
    if (last === undefined) return
    const tried = last.path === '' ? serverOf(last) : `${asked(last)} at ${serverOf(last)}`
    yield {
      message: `the phone fell back from HTTP to TFTP: ${tried} ended in "${last.result}", then RRQ ${request.path} to ${serverOf(request)}`,
      frames: [...failed.flatMap((transfer) => [transfer.first.number, transfer.last.number]), request.first.number],
      at: request.start,
      causes: [...failed].reverse().flatMap((transfer) => failureCode(transfer) ?? []),
      changesOutcome: true,
    }
  },
}
