import { OptionCode, u32Option } from '../../../wire/dhcp.js'
import { dhcpOf } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { count, distinct, list } from '../wording.js'

export const dhcpOfferWithoutLeaseTime: Rule = {
  code: 'dhcp-offer-without-lease-time',
  stage: 'dhcp',
  severity: 'error',
  states: 'the OFFER lacks option 51, which these phones refuse',
  evidence: 'OFFER without option 51',
  notConfusedWith: 'BOOTP',
  remedy: 'Give the scope a lease time: servers leave option 51 out for static or BOOTP reservations.',
  references: ['RFC 2131 §4.3.1', 'Avaya 1600 Administrator Guide 16-601443, DHCP'],
  restsOnAbsence: false,

  *check(session) {
    const offers = dhcpOf(session, 'offer').filter(
      ({ observation }) =>
        observation.message.optionsError === undefined &&
        u32Option(observation.message, OptionCode.leaseTime) === undefined,
    )
    const first = offers[0]
    if (first === undefined) return
    const servers = distinct(offers.map(({ serverId }) => serverId ?? 'a server without identifier'))
    const anotherLease = session.lease !== undefined
    yield {
      message:
        `${count(offers.length, 'OFFER')} from ${list(servers)} without a lease time (option 51)` +
        (anotherLease ? '; the phone got a lease all the same' : ', which these phones do not take'),
      frames: offers.map(({ frame }) => frame.number),
      at: first.frame.time,
      ...(anotherLease ? { severity: 'warning', changesOutcome: false } : {}),
    }
  },
}
