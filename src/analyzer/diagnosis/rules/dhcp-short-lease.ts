import { OptionCode, u32Option } from '../../../wire/dhcp.js'
import type { Rule } from '../rule.js'

/** Seconds. */
const SHORT = 3600

export const dhcpShortLease: Rule = {
  code: 'dhcp-short-lease',
  stage: 'dhcp',
  severity: 'warning',
  states: 'the lease is shorter than one hour',
  evidence: 'option 51',
  notConfusedWith: '',
  remedy:
    'Raise the lease time of the scope to a day or more: phones stay where they are, and each renewal is a chance to fail.',
  references: ['RFC 2131 §4.4.5', 'RFC 2132 §9.2'],
  restsOnAbsence: false,

  *check(session) {
    const { lease } = session
    const seconds = lease === undefined ? undefined : u32Option(lease.observation.message, OptionCode.leaseTime)
    if (lease === undefined || seconds === undefined || seconds >= SHORT) return
    yield {
      message: `the lease for ${lease.address ?? 'the phone'} lasts ${seconds} s`,
      frames: [lease.frame.number],
      at: lease.frame.time,
    }
  },
}
