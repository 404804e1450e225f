import { formatDuration } from '../../../base/time.js'
import { dhcpOf, usedAnAddress, watchedAfter } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { count } from '../wording.js'

/**
 * A REQUEST that nobody answers. Not a lone INIT-REBOOT: a server that does not know the client stays silent by the book
 * (RFC 2131 §4.3.2), and the phone then starts over.
 */
export const dhcpNoAck: Rule = {
  code: 'dhcp-no-ack',
  stage: 'dhcp',
  severity: 'error',
  states: 'the REQUEST was never answered',
  evidence: 'REQUEST repeated, neither ACK nor NAK',
  notConfusedWith: 'a REQUEST that selects another server',
  remedy:
    'Look into the log of the DHCP server that the request names: whether the REQUEST arrived (relay, snooping, access list), and whether the address offered was still free.',
  references: ['RFC 2131 §3.1', 'RFC 2131 §4.3.2'],
  restsOnAbsence: true,

  *check(session) {
    if (session.lease !== undefined || session.quality.oneSided || usedAnAddress(session)) return
    // A server that refuses does answer; the last of its answers may have been lost.
    if (dhcpOf(session, 'nak').length > 0) return
    const answered = new Set(dhcpOf(session, 'ack').map(({ xid }) => xid))
    const offering = new Set(dhcpOf(session, 'offer').map(({ serverId }) => serverId))
    const requests = dhcpOf(session, 'selecting', 'init-reboot').filter(
      ({ xid, kind, serverId }) =>
        !answered.has(xid) &&
        // Its answer comes from a server of which the capture shows nothing.
        (kind === 'init-reboot' || offering.size === 0 || offering.has(serverId)),
    )
    const first = requests[0]
    const last = requests.at(-1)
    if (first === undefined || last === undefined || requests.length < 2) return
    if (watchedAfter(session, first.frame.time) < SHORTEST_SILENCE) return
    const blind = session.quality.repliesSeen === 'none'
    const server = first.serverId === undefined ? 'any server' : first.serverId
    yield {
      message:
        `the REQUEST for ${first.address ?? 'an address'} to ${server} was never answered: ` +
        `${count(requests.length, 'REQUEST')} in ${formatDuration(last.frame.time - first.frame.time)}, neither ACK nor NAK` +
        (blind ? '; the capture shows no answer to any host, so it may see one direction only' : ''),
      frames: requests.map(({ frame }) => frame.number),
      at: first.frame.time,
      confidence: blind ? 'likely' : 'certain',
    }
  },
}
