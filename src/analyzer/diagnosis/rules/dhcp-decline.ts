import { dhcpOf } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { distinct, list } from '../wording.js'

export const dhcpDecline: Rule = {
  code: 'dhcp-decline',
  stage: 'dhcp',
  severity: 'warning',
  states: 'the phone declined the address it was given',
  evidence: 'DHCPDECLINE',
  notConfusedWith: '',
  remedy: 'Somebody uses the address already: find who answers ARP for it, and take the address out of the pool.',
  references: ['RFC 2131 §3.1'],
  restsOnAbsence: false,

  *check(session) {
    const declines = dhcpOf(session, 'decline')
    const first = declines[0]
    if (first === undefined) return
    const addresses = distinct(declines.map(({ address }) => address ?? 'an address'))
    yield {
      message: `the phone declined ${list(addresses)}${session.lease === undefined ? ', and had no lease after it' : `, then took ${session.lease.address}`}`,
      frames: declines.map(({ frame }) => frame.number),
      at: first.frame.time,
      causes: ['dhcp-address-conflict'],
      changesOutcome: session.lease === undefined,
    }
  },
}
