/**
 * ICMP for IPv4: RFC 792, with the quoted packet of error messages.
 *
 * An error message quotes the IP header and at least eight octets of what it is about (RFC 792), usually as much as
 * fits in 576 octets (RFC 1812 §4.3.2.3): enough for both ports, and in a TFTP request for the file name.
 */
import { WireError } from '../base/errors.js'
import { internetChecksum } from './checksum.js'
import * as ipv4 from './ipv4.js'

export const HEADER_LENGTH = 8

export const Type = {
  echoReply: 0,
  destinationUnreachable: 3,
  sourceQuench: 4,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const

/** Codes of destination unreachable, RFC 792 and RFC 1812 §5.2.7.1. */
export const UnreachableCode = {
  network: 0,
  host: 1,
  protocol: 2,
  port: 3,
  fragmentationNeeded: 4,
  networkProhibited: 9,
  hostProhibited: 10,
  administrativelyProhibited: 13,
} as const

export interface Icmpv4Message {
  readonly type: number
  readonly code: number
  readonly checksum: number
  /** The second word: identifier and sequence number of an echo, unused or the next hop's MTU in errors. */
  readonly rest: number
  readonly payload: Uint8Array
}

/** What an error message says about the packet it is about. */
export interface QuotedPacket {
  /** Its `payload` and `truncated` are those of the quotation. */
  readonly packet: ipv4.Ipv4Packet
  /** Of UDP and TCP, when quoted and in a first fragment. */
  readonly sourcePort: number | undefined
  readonly destinationPort: number | undefined
}

/**
 * @param bytes the IPv4 payload; the result holds a view into it
 * @throws WireError TRUNCATED inside the first eight octets
 */
export function decode(bytes: Uint8Array): Icmpv4Message {
  if (bytes.length < HEADER_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of an ICMP header of ${HEADER_LENGTH}`)
  }
  return {
    type: bytes[0]!,
    code: bytes[1]!,
    checksum: (bytes[2]! << 8) | bytes[3]!,
    rest: ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0,
    payload: bytes.subarray(HEADER_LENGTH),
  }
}

/** Fills in the checksum. */
export function encode(message: Omit<Icmpv4Message, 'checksum'>): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + message.payload.length)
  bytes[0] = message.type
  bytes[1] = message.code
  bytes[4] = message.rest >>> 24
  bytes[5] = message.rest >>> 16
  bytes[6] = message.rest >>> 8
  bytes[7] = message.rest
  bytes.set(message.payload, HEADER_LENGTH)
  const checksum = internetChecksum(bytes, 0, bytes.length)
  bytes[2] = checksum >>> 8
  bytes[3] = checksum
  return bytes
}

/** Octets of the quoted packet that fit in the 576 octets of RFC 1812 §4.3.2.3. */
const MAX_QUOTE = 576 - ipv4.HEADER_LENGTH - HEADER_LENGTH

/**
 * An error message about `packet`, encoded.
 *
 * @param packet from its first IPv4 header octet on; as much of it is quoted as RFC 1812 allows
 * @param rest the second word, such as the MTU with fragmentation needed
 */
export function encodeError(type: number, code: number, packet: Uint8Array, rest = 0): Uint8Array {
  return encode({ type, code, rest, payload: packet.subarray(0, MAX_QUOTE) })
}

/** Whether this type of message quotes a packet. */
export function isError(type: number): boolean {
  return (
    type === Type.destinationUnreachable ||
    type === Type.sourceQuench ||
    type === Type.redirect ||
    type === Type.timeExceeded ||
    type === Type.parameterProblem
  )
}

/** The packet that an error message quotes; undefined for other messages and when no IPv4 header is quoted. */
export function quoted(message: Icmpv4Message): QuotedPacket | undefined {
  const bytes = message.payload
  if (!isError(message.type) || bytes.length < ipv4.HEADER_LENGTH || bytes[0]! >>> 4 !== 4) return undefined
  const packet = ipv4.decode(bytes)
  const hasPorts = packet.protocol === ipv4.Protocol.udp || packet.protocol === ipv4.Protocol.tcp
  const { payload } = packet
  if (!hasPorts || packet.fragmentOffset !== 0 || payload.length < 4) {
    return { packet, sourcePort: undefined, destinationPort: undefined }
  }
  return {
    packet,
    sourcePort: (payload[0]! << 8) | payload[1]!,
    destinationPort: (payload[2]! << 8) | payload[3]!,
  }
}

/** Identifier and sequence number of an echo request or reply. */
export function echo(message: Icmpv4Message): { identifier: number; sequenceNumber: number } {
  return { identifier: message.rest >>> 16, sequenceNumber: message.rest & 0xffff }
}

/** Whether the checksum over a whole message (as for decode, not cut short) is right. */
export function checksumIsRight(bytes: Uint8Array): boolean {
  return internetChecksum(bytes, 0, bytes.length) === 0
}
