import { dhcpOf } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { count, distinct, list } from '../wording.js'

/** Enough of them that the next attempt will not mend it. */
const LOOP = 3

export const dhcpNakLoop: Rule = {
  code: 'dhcp-nak-loop',
  stage: 'dhcp',
  severity: 'error',
  states: 'the phone is refused again and again',
  evidence: 'three or more NAKs in one boot story',
  notConfusedWith: 'one NAK followed by a good lease',
  remedy:
    'Two servers or scopes disagree about the address: make one authoritative, and compare the scope of the VLAN the phone is on with the address that is offered.',
  references: ['RFC 2131 §4.3.2'],
  restsOnAbsence: false,

  *check(session) {
    const naks = dhcpOf(session, 'nak')
    const first = naks[0]
    if (first === undefined || naks.length < LOOP) return
    const recovered = session.lease !== undefined
    yield {
      message:
        `${count(naks.length, 'NAK')} from ${list(distinct(naks.map(({ serverId }) => serverId ?? 'a server without identifier')))} in one boot` +
        (recovered ? ', and a lease in the end' : ', and no lease'),
      frames: naks.map(({ frame }) => frame.number),
      at: naks[LOOP - 1]!.frame.time,
      causes: ['dhcp-nak'],
      ...(recovered ? { severity: 'warning', changesOutcome: false } : {}),
    }
  },
}
