/**
 * How long leases last, and which addresses are on the phone's own link.
 */
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { OptionCode, addressOption, u32Option } from '../../wire/dhcp.js'
import { parseAddress } from '../../wire/ipv4.js'
import type { BootSession, DhcpEvent } from '../sessions/boot-session.js'

const FOR_EVER = 0xffff_ffff

/** When the lease that an ACK gives runs out; undefined for ever, or without option 51. */
export function leaseEnd(ack: DhcpEvent): Nanos | undefined {
  const seconds = u32Option(ack.observation.message, OptionCode.leaseTime)
  return seconds === undefined || seconds === FOR_EVER ? undefined : ack.frame.time + seconds * SECOND
}

/** Whether the address lies in the leased subnet; undefined where no mask or no address tells. */
export function isOnLink(session: BootSession, address: string): boolean | undefined {
  const { lease } = session
  if (lease === undefined) return undefined
  const mask = addressOption(lease.observation.message, OptionCode.subnetMask)
  const other = parseAddress(address)
  if (mask === undefined || other === undefined) return undefined
  return ((other ^ lease.observation.message.yiaddr) & mask) === 0
}
