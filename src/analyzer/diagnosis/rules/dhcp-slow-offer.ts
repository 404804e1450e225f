import { SECOND, formatDuration } from '../../../base/time.js'
import { dhcpOf } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { count } from '../wording.js'

const SLOW = 3 * SECOND

export const dhcpSlowOffer: Rule = {
  code: 'dhcp-slow-offer',
  stage: 'dhcp',
  severity: 'warning',
  states: 'the first OFFER took longer than 3 s',
  evidence: 'time from the first DISCOVER to the OFFER',
  notConfusedWith: '',
  remedy:
    'Many servers ping an address before they offer it, which takes a second or two; longer than that, look at spanning tree (let phone ports forward at once), the relay, and the load of the server.',
  references: ['RFC 2131 §4.4.1'],
  restsOnAbsence: false,

  *check(session) {
    const offer = dhcpOf(session, 'offer')[0]
    if (offer === undefined) return
    const before = dhcpOf(session, 'discover').filter(
      ({ frame, xid }) => frame.number < offer.frame.number && xid === offer.xid,
    )
    const first = before[0]
    if (first === undefined || offer.frame.time - first.frame.time <= SLOW) return
    yield {
      message: `the first OFFER came ${formatDuration(offer.frame.time - first.frame.time)} after the first DISCOVER, after ${count(before.length, 'DISCOVER')}`,
      frames: [...before.map(({ frame }) => frame.number), offer.frame.number],
      at: first.frame.time,
    }
  },
}
