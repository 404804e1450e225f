import { formatDuration } from '../../../base/time.js'
import { dhcpOf, watchedAfter } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { count } from '../wording.js'

/**
 * Silence after DISCOVERs. Somebody answered, seen or not, when the phone goes on to select an offer or to use an
 * address; and a first try on a tagged VLAN that VLANTEST ends is followed by DISCOVERs that are answered.
 */
export const dhcpNoOffer: Rule = {
  code: 'dhcp-no-offer',
  stage: 'dhcp',
  severity: 'error',
  states: 'no DHCP server answered',
  evidence:
    'two or more DISCOVERs, no OFFER or ACK in the whole capture for that xid or chaddr, and the capture sees both directions',
  notConfusedWith: "a one-sided capture; the phone's first tagged try before VLANTEST",
  remedy:
    'Check that a DHCP server or a relay (helper address) serves the VLAN the phone is on, that its pool has free addresses, and that DHCP snooping trusts the port of the server.',
  references: ['RFC 2131 §4.4.1', 'RFC 1542 §4'],
  restsOnAbsence: true,

  *check(session) {
    const discovers = dhcpOf(session, 'discover')
    const first = discovers[0]
    const last = discovers.at(-1)
    if (first === undefined || last === undefined || discovers.length < 2) return
    // Answered, or answered unseen.
    if (dhcpOf(session, 'offer', 'ack', 'selecting').length > 0) return
    if (session.dhcp.some(({ kind, observation }) => kind === 'other' && observation.message.op === 2)) return
    if (session.quality.oneSided || usesAnAddressAfter(session, first.frame.time)) return
    if (watchedAfter(session, first.frame.time) < SHORTEST_SILENCE) return

    const vlans = [...new Set(discovers.map(({ vlan }) => (vlan === null ? 'untagged' : `on VLAN ${vlan}`)))]
    const blind = session.quality.repliesSeen === 'none'
    yield {
      message:
        `no DHCP server answered: ${count(discovers.length, 'DISCOVER')} in ` +
        `${formatDuration(last.frame.time - first.frame.time)}, ${vlans.join(' and ')}, no OFFER` +
        (blind ? '; the capture shows no answer to any host, so it may see one direction only' : ''),
      frames: discovers.map(({ frame }) => frame.number),
      at: first.frame.time,
      confidence: blind ? 'likely' : 'certain',
    }
  },
}

/** Addresses a host gives itself (RFC 3927) are what it uses because nobody answered. */
function usesAnAddressAfter(session: Parameters<Rule['check']>[0], time: number): boolean {
  const real = (address: string): boolean => address !== '0.0.0.0' && !address.startsWith('169.254.')
  return (
    session.tcp.some(({ client, first }) => first.time >= time && real(client.address)) ||
    session.tftp.some(({ client, first }) => first.time >= time && real(client.address)) ||
    session.arp.some(({ senderAddress, frame }) => frame.time >= time && real(senderAddress))
  )
}
