/**
 * ARP for IPv4: RFC 826, with six-octet hardware addresses, whatever hardware type says so.
 *
 * Probes and announcements are read by RFC 5227. Not here: other address lengths (RARP over other media, ATM), which
 * are refused with BAD_VALUE rather than shown half.
 */
import { ByteReader } from '../base/bytes.js'
import { WireError } from '../base/errors.js'
import { EtherType } from './ethernet.js'

export const LENGTH = 28

export const Operation = { request: 1, reply: 2 } as const

/** IANA "Hardware Types". */
export const HardwareType = { ethernet: 1, ieee802: 6 } as const

export interface ArpMessage {
  readonly htype: number
  readonly ptype: number // an EtherType
  readonly operation: number
  readonly senderMac: Uint8Array // 6 octets
  readonly senderAddress: number
  readonly targetMac: Uint8Array // 6 octets
  readonly targetAddress: number
}

/**
 * @param bytes the Ethernet payload, padding included; the result holds views into it
 * @throws WireError TRUNCATED, BAD_VALUE for other address lengths than 6 and 4
 */
export function decode(bytes: Uint8Array): ArpMessage {
  const r = new ByteReader(bytes)
  const htype = r.u16()
  const ptype = r.u16()
  const hlen = r.u8()
  const plen = r.u8()
  if (hlen !== 6 || plen !== 4) throw new WireError('BAD_VALUE', 4, `ARP with address lengths ${hlen} and ${plen}`)
  return {
    htype,
    ptype,
    operation: r.u16(),
    senderMac: r.octets(6),
    senderAddress: r.u32(),
    targetMac: r.octets(6),
    targetAddress: r.u32(),
  }
}

/** `htype` and `ptype` are Ethernet and IPv4 unless given. */
export function encode(message: Omit<ArpMessage, 'htype' | 'ptype'> & { htype?: number; ptype?: number }): Uint8Array {
  const bytes = new Uint8Array(LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, message.htype ?? HardwareType.ethernet)
  view.setUint16(2, message.ptype ?? EtherType.ipv4)
  view.setUint8(4, 6)
  view.setUint8(5, 4)
  view.setUint16(6, message.operation)
  bytes.set(message.senderMac, 8)
  view.setUint32(14, message.senderAddress)
  bytes.set(message.targetMac, 18)
  view.setUint32(24, message.targetAddress)
  return bytes
}

/** A question whether an address is in use, RFC 5227 §1.1: a request from 0.0.0.0. */
export function isProbe(message: ArpMessage): boolean {
  return message.operation === Operation.request && message.senderAddress === 0
}

/** A claim to an address that nobody asked about, RFC 5227 §1.1: sender and target address are the same. */
export function isAnnouncement(message: ArpMessage): boolean {
  return message.senderAddress !== 0 && message.senderAddress === message.targetAddress
}
