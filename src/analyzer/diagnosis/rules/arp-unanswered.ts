import { formatDuration } from '../../../base/time.js'
import { routersOf, seesUnicast, silentNeighbours } from '../neighbours.js'
import { causesOfChoice } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { count } from '../wording.js'

/** The router is gateway-unreachable. A server elsewhere is never asked for by ARP. */
export const arpUnanswered: Rule = {
  code: 'arp-unanswered',
  stage: 'reach',
  severity: 'error',
  states: 'a server on the subnet does not answer ARP',
  evidence: 'repeated ARP requests by the phone for an address it then never reaches',
  notConfusedWith: 'gratuitous ARP and probes',
  remedy:
    'Check the address in the site option, and that the server is up and on the same VLAN. If it is on another subnet, the mask that the lease gives is too wide.',
  references: ['RFC 826', 'RFC 1122 §2.3.2'],
  restsOnAbsence: true,

  *check(session) {
    // At another port of the switch only the requests are seen, which are broadcasts.
    if (session.quality.oneSided || !seesUnicast(session)) return
    const routers = routersOf(session)
    for (const { address, requests, isLate } of silentNeighbours(session)) {
      if (routers.includes(address)) continue
      const first = requests[0]!
      const last = requests.at(-1)!
      yield {
        message:
          `${address} ${isLate ? 'was late to answer' : 'does not answer'} ARP: ${count(requests.length, 'request')} in ` +
          `${formatDuration(last.frame.time - first.frame.time)}, no reply`,
        frames: requests.map(({ frame }) => frame.number),
        at: first.frame.time,
        causes: causesOfChoice(session, address),
        // What the phone gave up meanwhile is told by fallback-to-tftp and the like.
        ...(isLate ? { severity: 'warning', changesOutcome: false } : {}),
      }
    }
  },
}
