/**
 * UDP: RFC 768.
 *
 * The payload ends where Length says or where the octets do: `truncated`. In a first fragment it is what this fragment
 * holds of it.
 */
import { WireError } from '../base/errors.js'
import { internetChecksum, pseudoHeaderSum } from './checksum.js'
import { Protocol } from './ipv4.js'

export const HEADER_LENGTH = 8

export interface UdpDatagram {
  readonly sourcePort: number
  readonly destinationPort: number
  /** Octets of header and payload, as claimed. */
  readonly length: number
  /** 0 when the sender made none. */
  readonly checksum: number
  readonly payload: Uint8Array
  /** Length promises more octets than there are. */
  readonly truncated: boolean
  /** A length below 8; the payload is then empty. */
  readonly error: WireError | undefined
}

const EMPTY = new Uint8Array(0)

/**
 * @param bytes the IPv4 payload; the result holds a view into it
 * @throws WireError TRUNCATED inside the header
 */
export function decode(bytes: Uint8Array): UdpDatagram {
  if (bytes.length < HEADER_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of a UDP header of ${HEADER_LENGTH}`)
  }
  const length = (bytes[4]! << 8) | bytes[5]!
  const bad = length < HEADER_LENGTH
  return {
    sourcePort: (bytes[0]! << 8) | bytes[1]!,
    destinationPort: (bytes[2]! << 8) | bytes[3]!,
    length,
    checksum: (bytes[6]! << 8) | bytes[7]!,
    payload: bad ? EMPTY : bytes.subarray(HEADER_LENGTH, length),
    truncated: length > bytes.length,
    error: bad ? new WireError('BAD_LENGTH', 4, `UDP length ${length}`) : undefined,
  }
}

/**
 * Fills in length and checksum.
 *
 * @param source uint32, for the checksum
 * @param destination uint32, for the checksum
 * @throws WireError TOO_LONG above 65,535 octets
 */
export function encode(
  datagram: Pick<UdpDatagram, 'sourcePort' | 'destinationPort' | 'payload'>,
  source: number,
  destination: number,
): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + datagram.payload.length)
  encodeInto(bytes, 0, datagram, source, destination)
  return bytes
}

/** Writes header and payload at `offset` and returns where they end. Otherwise as encode. */
export function encodeInto(
  bytes: Uint8Array,
  offset: number,
  datagram: Pick<UdpDatagram, 'sourcePort' | 'destinationPort' | 'payload'>,
  source: number,
  destination: number,
): number {
  const { sourcePort, destinationPort, payload } = datagram
  const length = HEADER_LENGTH + payload.length
  if (length > 0xffff) throw new WireError('TOO_LONG', 4, `a UDP datagram of ${length} octets`)
  bytes[offset] = sourcePort >>> 8
  bytes[offset + 1] = sourcePort
  bytes[offset + 2] = destinationPort >>> 8
  bytes[offset + 3] = destinationPort
  bytes[offset + 4] = length >>> 8
  bytes[offset + 5] = length
  bytes[offset + 6] = 0
  bytes[offset + 7] = 0
  bytes.set(payload, offset + HEADER_LENGTH)
  const end = offset + length
  const sum = pseudoHeaderSum(source, destination, Protocol.udp, length)
  // A sum of zero is sent as all ones: zero says that there is no checksum.
  const checksum = internetChecksum(bytes, offset, end, sum) || 0xffff
  bytes[offset + 6] = checksum >>> 8
  bytes[offset + 7] = checksum
  return end
}

/** Whether the checksum is right; undefined when there is none or octets are missing. `bytes` as for decode. */
export function checksumIsRight(bytes: Uint8Array, source: number, destination: number): boolean | undefined {
  if (bytes.length < HEADER_LENGTH || (bytes[6] === 0 && bytes[7] === 0)) return undefined
  const length = (bytes[4]! << 8) | bytes[5]!
  if (length < HEADER_LENGTH || length > bytes.length) return undefined
  return internetChecksum(bytes, 0, length, pseudoHeaderSum(source, destination, Protocol.udp, length)) === 0
}
