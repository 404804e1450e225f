import { SECOND } from '../../../base/time.js'
import { dhcpOf, usedAnAddress } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { count, distinct, list } from '../wording.js'

/** Two DISCOVERs this close are one question asked twice, and the offer may have crossed the second. */
const CROSSING = SECOND

export const dhcpOfferIgnored: Rule = {
  code: 'dhcp-offer-ignored',
  stage: 'dhcp',
  severity: 'error',
  states: 'offers came but the phone did not take any',
  evidence: 'OFFER, no REQUEST, DISCOVER again',
  notConfusedWith: "an OFFER that lost to another server's",
  remedy:
    'Compare the offer with what the phone needs: a lease time (option 51), a mask, no options it does not know, and a reply it can receive (broadcast where unicast is lost on the way to the phone).',
  references: ['RFC 2131 §4.4.1', 'Avaya 9600 SIP Administrator Guide, DHCP'],
  restsOnAbsence: true,

  *check(session) {
    const offers = dhcpOf(session, 'offer')
    const first = offers[0]
    if (first === undefined) return
    // It took one, or was refused one that it asked for.
    if (dhcpOf(session, 'selecting', 'ack', 'nak').length > 0 || usedAnAddress(session)) return
    const again = dhcpOf(session, 'discover').filter(({ frame }) => frame.time - first.frame.time > CROSSING)
    if (again.length === 0) return
    const servers = distinct(offers.map(({ serverId }) => serverId ?? 'an unnamed server'))
    yield {
      message: `${count(offers.length, 'OFFER')} from ${list(servers)} went unused: no REQUEST, and ${count(again.length, 'further DISCOVER')} after the first`,
      frames: [...offers, ...again].map(({ frame }) => frame.number),
      at: first.frame.time,
      causes: ['dhcp-offer-without-lease-time'],
    }
  },
}
