import { formatDuration } from '../../../base/time.js'
import type { Nanos } from '../../../base/time.js'
import { leaseEnd } from '../leases.js'
import type { Rule } from '../rule.js'
import { count } from '../wording.js'

export const dhcpRenewalFailed: Rule = {
  code: 'dhcp-renewal-failed',
  stage: 'dhcp',
  severity: 'error',
  states: 'renewals go unanswered',
  evidence: 'REQUESTs in RENEWING/REBINDING unanswered until the lease ends',
  notConfusedWith: '',
  remedy:
    'Renewals go to the server that gave the lease, by unicast, and later to all: see that it is up, that routing and firewalls let UDP 67 and 68 pass between the phone and it, and that a relay forwards the broadcasts.',
  references: ['RFC 2131 §4.4.5'],
  restsOnAbsence: true,

  *check(session) {
    if (session.quality.oneSided) return
    const { dhcp } = session
    const replies = dhcp.filter(({ kind }) => kind === 'ack' || kind === 'nak')
    for (const [index, ack] of replies.entries()) {
      const end = leaseEnd(ack)
      // Nobody knows how it went on before the lease ends.
      if (end === undefined || end > session.capture.duration || ack.kind !== 'ack') continue
      const next: Nanos = replies[index + 1]?.frame.time ?? Infinity
      if (next < end) continue
      const requests = dhcp.filter(
        ({ kind, address, frame }) =>
          (kind === 'renewing' || kind === 'rebinding') &&
          address === ack.address &&
          frame.time > ack.frame.time &&
          frame.time < next,
      )
      const asked = requests.filter(({ frame }) => frame.time <= end)
      const first = asked[0]
      if (first === undefined || requests.length < 2) continue
      yield {
        message:
          `the lease of ${ack.address ?? 'the address'} was not renewed: ${count(requests.length, 'REQUEST')} ` +
          `(${count(requests.filter(({ kind }) => kind === 'rebinding').length, 'broadcast')}) without an answer, ` +
          `and the lease ended ${formatDuration(end - ack.frame.time)} after it was given`,
        frames: [ack.frame.number, ...requests.map(({ frame }) => frame.number)],
        at: first.frame.time,
        // An answer that went only to the phone would not be seen here, nor would the rest of its traffic.
        confidence: session.quality.repliesSeen === 'this-phone' ? 'certain' : 'likely',
      }
      return
    }
  },
}
