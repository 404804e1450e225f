import { arrived } from '../../sessions/boot-session.js'
import { failureCode } from '../file-transfers.js'
import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import { silentNeighbours } from '../neighbours.js'
import type { Rule, Verdict } from '../rule.js'
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
    if (session.quality.oneSided) return
    const request = session.transfers.find(({ protocol, method }) => protocol === 'tftp' && method === 'RRQ')
    if (request === undefined) return
    const before = session.transfers.filter(
      ({ protocol, first }) => protocol === 'http' && first.number < request.first.number,
    )
    if (before.some((transfer) => arrived(transfer) && (transfer.role === 'script' || transfer.role === 'settings')))
      return
    const failed = before.filter((transfer) => !arrived(transfer) && transfer.result !== 'incomplete')
    const last = failed.at(-1)
    if (last === undefined) {
      yield* afterSilence(session, request, before)
      return
    }
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

/** The HTTP server that the option names did not even answer ARP, so that nothing could be asked of it. */
function* afterSilence(
  session: BootSession,
  request: SessionTransfer,
  before: readonly SessionTransfer[],
): Iterable<Verdict> {
  const named = session.siteOption?.parsed.values.get('HTTPSRVR') ?? []
  const silent = silentNeighbours(session).find(
    ({ address, requests }) => named.includes(address) && requests[0]!.frame.number < request.first.number,
  )
  if (silent === undefined || before.length > 0) return
  yield {
    message: `the phone fell back from HTTP to TFTP: ${silent.address} did not answer ARP, then RRQ ${request.path} to ${serverOf(request)}`,
    frames: [...silent.requests.map(({ frame }) => frame.number), request.first.number],
    at: request.start,
    causes: ['arp-unanswered'],
    changesOutcome: true,
  }
}
