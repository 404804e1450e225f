/**
 * Linux cooked captures, versions 1 and 2 (LINKTYPE_LINUX_SLL 113 and LINKTYPE_LINUX_SLL2 276): what tcpdump writes for
 * the "any" interface in place of a link header.
 *
 * The link-layer address is the sender's; at most eight octets of it are kept in the header.
 */
import { u16 } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

export const HEADER_LENGTH_V1 = 16
export const HEADER_LENGTH_V2 = 20

/** What the capturing host was to the packet. */
export const PacketType = { host: 0, broadcast: 1, multicast: 2, otherHost: 3, outgoing: 4 } as const

export interface CookedFrame {
  readonly packetType: number
  /** ARPHRD_ number of Linux: 1 Ethernet, 772 loopback. */
  readonly hardwareType: number
  /** The sender's link-layer address, as many octets as it says, at most 8; a view. */
  readonly address: Uint8Array
  /** An EtherType, 1 (802.3 without LLC), 4 (802.2 LLC). */
  readonly protocol: number
  /** Version 2 only. */
  readonly interfaceIndex: number | undefined
  /** Octets before the payload. */
  readonly payloadOffset: number
  readonly payload: Uint8Array
}

/** Version 1. @throws WireError TRUNCATED */
export function decodeV1(bytes: Uint8Array): CookedFrame {
  checkLength(bytes, HEADER_LENGTH_V1)
  return {
    packetType: u16(bytes, 0),
    hardwareType: u16(bytes, 2),
    address: bytes.subarray(6, 6 + Math.min(u16(bytes, 4), 8)),
    protocol: u16(bytes, 14),
    interfaceIndex: undefined,
    payloadOffset: HEADER_LENGTH_V1,
    payload: bytes.subarray(HEADER_LENGTH_V1),
  }
}

/** Version 2. @throws WireError TRUNCATED */
export function decodeV2(bytes: Uint8Array): CookedFrame {
  checkLength(bytes, HEADER_LENGTH_V2)
  return {
    packetType: bytes[10]!,
    hardwareType: u16(bytes, 8),
    address: bytes.subarray(12, 12 + Math.min(bytes[11]!, 8)),
    protocol: u16(bytes, 0),
    interfaceIndex: u16(bytes, 4) * 0x10000 + u16(bytes, 6),
    payloadOffset: HEADER_LENGTH_V2,
    payload: bytes.subarray(HEADER_LENGTH_V2),
  }
}

function checkLength(bytes: Uint8Array, length: number): void {
  if (bytes.length < length) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of a cooked header of ${length}`)
  }
}
