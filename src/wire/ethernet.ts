/**
 * Ethernet frames without preamble and frame check sequence, as captures and network interfaces show them: IEEE 802.3
 * §3.1.1 with the EtherType interpretation of §3.2.6.
 *
 * A value of `etherType` up to 1500 is a length, and an LLC header follows: `isLength`. Padding stays in the payload,
 * because only the next layer knows its own length. Tags are the next layer (vlan.ts).
 *
 * Not here: LLC and SNAP, padding of short frames (a sender's interface adds it, captures at the sender lack it).
 */
import { toHex } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

export const HEADER_LENGTH = 14

export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100, // IEEE 802.1Q C-tag
  ipv6: 0x86dd,
  pppoeSession: 0x8864,
  eapol: 0x888e,
  qinq: 0x88a8, // IEEE 802.1ad S-tag
  lldp: 0x88cc,
} as const

/** ff:ff:ff:ff:ff:ff. Not to be written to. */
export const BROADCAST = new Uint8Array([255, 255, 255, 255, 255, 255])

export interface EthernetFrame {
  readonly destination: Uint8Array // 6 octets
  readonly source: Uint8Array // 6 octets
  readonly etherType: number
  readonly payload: Uint8Array
}

/**
 * @param bytes the frame; the result holds views into it
 * @throws WireError TRUNCATED inside the header
 */
export function decode(bytes: Uint8Array): EthernetFrame {
  if (bytes.length < HEADER_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of an Ethernet header of ${HEADER_LENGTH}`)
  }
  return {
    destination: bytes.subarray(0, 6),
    source: bytes.subarray(6, 12),
    etherType: (bytes[12]! << 8) | bytes[13]!,
    payload: bytes.subarray(HEADER_LENGTH),
  }
}

export function encode(frame: EthernetFrame): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + frame.payload.length)
  bytes.set(frame.payload, encodeHeaderInto(bytes, 0, frame.destination, frame.source, frame.etherType))
  return bytes
}

/** Writes the header at `offset` and returns where the payload begins. */
export function encodeHeaderInto(
  bytes: Uint8Array,
  offset: number,
  destination: Uint8Array,
  source: Uint8Array,
  etherType: number,
): number {
  for (let i = 0; i < 6; i++) {
    bytes[offset + i] = destination[i]!
    bytes[offset + 6 + i] = source[i]!
  }
  bytes[offset + 12] = etherType >>> 8
  bytes[offset + 13] = etherType
  return offset + HEADER_LENGTH
}

/** The field is the length of an 802.3 frame with LLC, not an EtherType. */
export function isLength(etherType: number): boolean {
  return etherType <= 1500
}

/** The group bit: broadcast or multicast. */
export function isGroup(mac: Uint8Array): boolean {
  return (mac[0]! & 1) !== 0
}

/** `00:1b:4f:01:02:03`; whatever number of octets there are. */
export function formatMac(bytes: Uint8Array): string {
  return toHex(bytes, ':')
}

/** Six octets with `:`, `-`, `.` (`001b.4f01.0203`) or nothing between them, either case; otherwise undefined. */
export function parseMac(text: string): Uint8Array | undefined {
  const digits =
    /^(?:[0-9a-f]{12}|[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})$/i.test(text)
      ? text.replace(/[:.-]/g, '')
      : undefined
  if (digits === undefined) return undefined
  const mac = new Uint8Array(6)
  for (let i = 0; i < 6; i++) mac[i] = parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return mac
}
