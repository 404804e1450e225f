import { SECOND, formatDuration } from '../../../base/time.js'
import type { Nanos } from '../../../base/time.js'
import type { BootSession } from '../../sessions/boot-session.js'
import type { Frame } from '../../streams/observations.js'
import { leaseEnd } from '../leases.js'
import type { Rule } from '../rule.js'

/** Clocks of phone and server differ, and an ACK takes its time. */
const MARGIN: Nanos = 5 * SECOND

export const dhcpLeaseExpiredInUse: Rule = {
  code: 'dhcp-lease-expired-in-use',
  stage: 'dhcp',
  severity: 'warning',
  states: 'the phone keeps an address whose lease has ended',
  evidence: 'traffic from it after expiry, with no ACK',
  notConfusedWith: '',
  remedy:
    'Mend the renewal first. With DHCPSTD=0 these phones keep an expired address until somebody else uses it; SET DHCPSTD 1 makes them give it up, as RFC 2131 demands.',
  references: ['RFC 2131 §4.4.5', 'Avaya 46xxsettings.txt template, DHCPSTD'],
  restsOnAbsence: true,

  *check(session) {
    if (session.quality.oneSided) return
    const acks = session.dhcp.filter(({ kind }) => kind === 'ack')
    for (const [index, ack] of acks.entries()) {
      const end = leaseEnd(ack)
      if (end === undefined || ack.address === undefined) continue
      const until = acks[index + 1]?.frame.time ?? Infinity
      const used = usesOf(session, ack.address).filter(({ time }) => time > end + MARGIN && time < until)
      const last = used.at(-1)
      if (last === undefined) continue
      // Where not even an attempt to renew is seen, the answers may have been missed with it.
      const renewed = session.dhcp.some(
        ({ kind, frame }) =>
          (kind === 'renewing' || kind === 'rebinding') && frame.time > ack.frame.time && frame.time < until,
      )
      yield {
        message: `${ack.address} is used ${formatDuration(last.time - end)} after its lease ended, and no ACK renewed it`,
        frames: [ack.frame.number, ...used.map(({ number }) => number)],
        at: used[0]!.time,
        confidence: renewed ? 'certain' : 'possible',
        causes: ['dhcp-renewal-failed'],
      }
      return
    }
  },
}

/** Frames that the phone sent under an address, in order. */
function usesOf({ tcp, tftp, arp, mac }: BootSession, address: string): Frame[] {
  return [
    ...tcp.filter(({ client }) => client.address === address).flatMap(({ first, last }) => [first, last]),
    ...tftp.filter(({ client }) => client.address === address).flatMap(({ first, last }) => [first, last]),
    ...arp
      .filter(
        ({ senderAddress, senderMac, targetAddress }) =>
          // After expiry it asks for its own address, to see whether somebody else has it now.
          senderAddress === address && senderMac === mac && targetAddress !== address,
      )
      .map(({ frame }) => frame),
  ].sort((a, b) => a.number - b.number)
}
