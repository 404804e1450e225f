import { formatDuration } from '../../../base/time.js'
import { asksForOthers, routersOf, seesUnicast, silentNeighbours } from '../neighbours.js'
import type { Rule } from '../rule.js'
import { count } from '../wording.js'

/** Requests in vain after which even a capture that may not show replies proves something. */
const MANY = 8

/** These phones fetch nothing until their router has answered, wherever the file server is. */
export const gatewayUnreachable: Rule = {
  code: 'gateway-unreachable',
  stage: 'reach',
  severity: 'error',
  states: 'the default router does not answer',
  evidence: 'ARP for option 3 unanswered',
  notConfusedWith: '',
  remedy:
    'Correct option 3 of the DHCP scope, or bring the router up in the VLAN the phone is on: the phone waits for its answer before it asks for files.',
  references: ['RFC 826', 'Avaya 4600 LAN Administrator Guide 555-233-507, "Bad Router"'],
  restsOnAbsence: true,

  *check(session) {
    if (session.quality.oneSided) return
    const routers = routersOf(session)
    const silent = silentNeighbours(session).filter(({ address, isLate }) => !isLate && routers.includes(address))
    // One of several routers is enough.
    const answering = routers.some((router) => session.arpReplies.some(({ senderAddress }) => senderAddress === router))
    if (silent.length === 0 || answering) return
    const requests = silent.flatMap((neighbour) => neighbour.requests).sort((a, b) => a.frame.number - b.frame.number)
    const first = requests[0]!
    const last = requests.at(-1)!
    const sees = seesUnicast(session)
    const wentOn = session.transfers.length > 0 || session.tcp.length > 0 || asksForOthers(session, last.frame.number)
    // It would not have: its router did answer, unseen.
    if (wentOn && !sees) return
    // Replies are not broadcast: some that were lost on the way look so at another port of the switch.
    if (!sees && requests.length < MANY) return
    yield {
      message:
        `the default router ${silent.map(({ address }) => address).join(', ')} does not answer ARP: ` +
        `${count(requests.length, 'request')} in ${formatDuration(last.frame.time - first.frame.time)}, no reply` +
        (wentOn ? '; the phone went on without it' : '') +
        (sees ? '' : '; the capture shows nothing that is sent to this phone alone, so the reply may be unseen'),
      frames: requests.map(({ frame }) => frame.number),
      at: first.frame.time,
      confidence: sees ? 'certain' : 'likely',
      ...(wentOn ? { severity: 'warning', changesOutcome: false } : {}),
    }
  },
}
