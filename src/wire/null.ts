/**
 * The loopback header of BSD: LINKTYPE_NULL (0), an address family in the byte order of the capturing host, and
 * LINKTYPE_LOOP (108), the same in network order.
 *
 * Families are below 65,536, so the order shows in which half is zero; decode reads both.
 */
import { WireError } from '../base/errors.js'
import { EtherType } from './ethernet.js'

export const HEADER_LENGTH = 4

export const Family = { inet: 2 } as const

/** AF_INET6 of NetBSD and OpenBSD, FreeBSD, macOS; of Windows and Linux where they write such files. */
const INET6_FAMILIES: readonly number[] = [24, 28, 30, 23, 10]

export interface LoopbackFrame {
  readonly family: number
  /** IPv4 or IPv6; undefined for other families. */
  readonly etherType: number | undefined
  /** Octets before the payload. */
  readonly payloadOffset: number
  readonly payload: Uint8Array
}

/** IPv4 or IPv6 as an EtherType, undefined for families that are neither. */
export function etherTypeOf(family: number): number | undefined {
  if (family === Family.inet) return EtherType.ipv4
  return INET6_FAMILIES.includes(family) ? EtherType.ipv6 : undefined
}

/** @throws WireError TRUNCATED */
export function decode(bytes: Uint8Array): LoopbackFrame {
  if (bytes.length < HEADER_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of a loopback header of ${HEADER_LENGTH}`)
  }
  const big = bytes[0] === 0 && bytes[1] === 0
  const family = big
    ? (bytes[2]! << 8) | bytes[3]!
    : ((bytes[3]! << 24) | (bytes[2]! << 16) | (bytes[1]! << 8) | bytes[0]!) >>> 0
  return {
    family,
    etherType: etherTypeOf(family),
    payloadOffset: HEADER_LENGTH,
    payload: bytes.subarray(HEADER_LENGTH),
  }
}
