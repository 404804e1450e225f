/**
 * IPv4 headers: RFC 791 §3.1. The type-of-service octet stays whole (DSCP and ECN are RFC 2474 and 3168).
 *
 * The payload ends where Total Length says, so Ethernet padding is gone, or where the octets do: `truncated`.
 * A Total Length of 0 is what a sender's own capture shows of a packet its network card will cut into segments
 * (Windows and Linux, TCP segmentation offload); the payload is then everything.
 *
 * Not here: the meaning of options, reassembly.
 */
import { u32, setU32 } from '../base/bytes.js'
import { WireError } from '../base/errors.js'
import { internetChecksum } from './checksum.js'

/** Octets without options. */
export const HEADER_LENGTH = 20

/** IANA "Assigned Internet Protocol Numbers". */
export const Protocol = { icmp: 1, tcp: 6, udp: 17 } as const

export const BROADCAST_ADDRESS = 0xffffffff

export interface Ipv4Packet {
  /** Octets, as claimed: 20 to 60, less only with `error`. */
  readonly headerLength: number
  readonly tos: number
  /** Octets of header and payload, as claimed. */
  readonly totalLength: number
  readonly identification: number
  /** Bit 0 of the flags, which must be zero. */
  readonly reservedFlag: boolean
  readonly dontFragment: boolean
  readonly moreFragments: boolean
  /** Octets (the field times eight). */
  readonly fragmentOffset: number
  readonly ttl: number
  readonly protocol: number
  readonly headerChecksum: number
  readonly source: number
  readonly destination: number
  /** Raw, padding included. */
  readonly options: Uint8Array
  readonly payload: Uint8Array
  /** Total Length promises more octets than there are. */
  readonly truncated: boolean
  /** A header that contradicts itself or is cut inside its options; the payload is then empty. */
  readonly error: WireError | undefined
}

const EMPTY = new Uint8Array(0)

/**
 * @param bytes from the first header octet on; the result holds views into it
 * @throws WireError TRUNCATED inside the first 20 octets, BAD_VALUE for a version other than 4
 */
export function decode(bytes: Uint8Array): Ipv4Packet {
  const length = bytes.length
  if (length > 0 && bytes[0]! >>> 4 !== 4) throw new WireError('BAD_VALUE', 0, `IP version ${bytes[0]! >>> 4}`)
  if (length < HEADER_LENGTH) throw new WireError('TRUNCATED', length, `${length} octets of an IPv4 header`)
  const headerLength = (bytes[0]! & 15) * 4
  const totalLength = (bytes[2]! << 8) | bytes[3]!
  const flags = bytes[6]! >>> 5
  let error: WireError | undefined
  if (headerLength < HEADER_LENGTH) {
    error = new WireError('BAD_LENGTH', 0, `IPv4 header length ${headerLength}`)
  } else if (totalLength !== 0 && totalLength < headerLength) {
    error = new WireError('BAD_LENGTH', 2, `IPv4 total length ${totalLength} below header length ${headerLength}`)
  } else if (headerLength > length) {
    error = new WireError('TRUNCATED', length, `${length} octets of an IPv4 header of ${headerLength}`)
  }
  const end = totalLength === 0 ? length : Math.min(totalLength, length)
  return {
    headerLength,
    tos: bytes[1]!,
    totalLength,
    identification: (bytes[4]! << 8) | bytes[5]!,
    reservedFlag: (flags & 4) !== 0,
    dontFragment: (flags & 2) !== 0,
    moreFragments: (flags & 1) !== 0,
    fragmentOffset: (((bytes[6]! & 31) << 8) | bytes[7]!) * 8,
    ttl: bytes[8]!,
    protocol: bytes[9]!,
    headerChecksum: (bytes[10]! << 8) | bytes[11]!,
    source: u32(bytes, 12),
    destination: u32(bytes, 16),
    options: headerLength > HEADER_LENGTH ? bytes.subarray(HEADER_LENGTH, Math.min(headerLength, length)) : EMPTY,
    payload: error === undefined ? bytes.subarray(headerLength, end) : EMPTY,
    truncated: totalLength > length,
    error,
  }
}

/** What a sender decides; lengths and checksum follow from it. */
export interface Ipv4Header {
  readonly tos?: number // 0 unless given
  readonly identification?: number // 0 unless given
  readonly reservedFlag?: boolean
  readonly dontFragment?: boolean
  readonly moreFragments?: boolean
  readonly fragmentOffset?: number // octets, a multiple of eight
  readonly ttl?: number // 64 unless given
  readonly protocol: number
  readonly source: number
  readonly destination: number
  readonly options?: Uint8Array // a multiple of four octets, at most 40
}

/** @throws WireError TOO_LONG above 65,535 octets, BAD_LENGTH for options that do not fill words */
export function encode(packet: Ipv4Header & { readonly payload: Uint8Array }): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + (packet.options?.length ?? 0) + packet.payload.length)
  bytes.set(packet.payload, encodeHeaderInto(bytes, 0, packet, packet.payload.length))
  return bytes
}

/**
 * Writes the header with its checksum at `offset` and returns where the payload begins.
 *
 * @param payloadLength octets that will follow
 * @throws WireError as encode
 */
export function encodeHeaderInto(bytes: Uint8Array, offset: number, header: Ipv4Header, payloadLength: number): number {
  const optionsLength = header.options?.length ?? 0
  if (optionsLength > 40 || optionsLength % 4 !== 0) {
    throw new WireError('BAD_LENGTH', HEADER_LENGTH, `${optionsLength} octets of IPv4 options`)
  }
  const headerLength = HEADER_LENGTH + optionsLength
  const totalLength = headerLength + payloadLength
  if (totalLength > 0xffff) throw new WireError('TOO_LONG', 2, `an IPv4 packet of ${totalLength} octets`)
  const identification = header.identification ?? 0
  const fragment =
    (header.reservedFlag === true ? 0x8000 : 0) |
    (header.dontFragment === true ? 0x4000 : 0) |
    (header.moreFragments === true ? 0x2000 : 0) |
    ((header.fragmentOffset ?? 0) >>> 3)
  bytes[offset] = 0x40 | (headerLength >>> 2)
  bytes[offset + 1] = header.tos ?? 0
  bytes[offset + 2] = totalLength >>> 8
  bytes[offset + 3] = totalLength
  bytes[offset + 4] = identification >>> 8
  bytes[offset + 5] = identification
  bytes[offset + 6] = fragment >>> 8
  bytes[offset + 7] = fragment
  bytes[offset + 8] = header.ttl ?? 64
  bytes[offset + 9] = header.protocol
  bytes[offset + 10] = 0
  bytes[offset + 11] = 0
  setU32(bytes, offset + 12, header.source)
  setU32(bytes, offset + 16, header.destination)
  if (header.options !== undefined) bytes.set(header.options, offset + HEADER_LENGTH)
  const checksum = internetChecksum(bytes, offset, offset + headerLength)
  bytes[offset + 10] = checksum >>> 8
  bytes[offset + 11] = checksum
  return offset + headerLength
}

/** Whether the header checksum is right; undefined when the header is not all there. `bytes` as for decode. */
export function headerChecksumIsRight(bytes: Uint8Array): boolean | undefined {
  const headerLength = (bytes[0]! & 15) * 4
  if (headerLength < HEADER_LENGTH || headerLength > bytes.length) return undefined
  return internetChecksum(bytes, 0, headerLength) === 0
}

/** `192.0.2.1` */
export function formatAddress(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/** Four decimal numbers from 0 to 255 with dots between them, as uint32; otherwise undefined. */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  let address = 0
  for (let i = 1; i <= 4; i++) {
    const octet = Number(match[i])
    if (octet > 255) return undefined
    address = address * 256 + octet
  }
  return address
}
