/**
 * TCP segments: RFC 9293 §3.1, options by RFC 9293 §3.2, RFC 7323 (window scale, timestamps) and RFC 2018 (SACK).
 *
 * Options are kept raw and in wire order, no-operations included, so that encode gives back what decode read. The
 * accessors give the meaning; an option of the wrong length has none.
 *
 * Not here: anything that lives longer than a segment. Sequence numbers compare with seqDiff.
 */
import { u32, setU32 } from '../base/bytes.js'
import { WireError } from '../base/errors.js'
import { internetChecksum, pseudoHeaderSum } from './checksum.js'
import { Protocol } from './ipv4.js'

/** Octets without options. */
export const HEADER_LENGTH = 20

export const Flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const

export const OptionKind = {
  endOfOptionList: 0,
  noOperation: 1,
  maximumSegmentSize: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const

export interface TcpOption {
  readonly kind: number
  /** Without kind and length. */
  readonly data: Uint8Array
}

export interface TcpSegment {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly sequenceNumber: number
  readonly acknowledgmentNumber: number
  /** Octets (the field times four): 20 to 60, less only with `error`. */
  readonly dataOffset: number
  /** The four bits between data offset and flags. */
  readonly reserved: number
  readonly flags: number
  /** As sent, not scaled. */
  readonly window: number
  readonly checksum: number
  readonly urgentPointer: number
  readonly options: readonly TcpOption[]
  readonly payload: Uint8Array
  /** The options are cut; then the payload is empty. Whether payload is missing only the IP header tells. */
  readonly truncated: boolean
  /** A bad data offset or a bad option; what stands before it was read. */
  readonly error: WireError | undefined
}

const EMPTY = new Uint8Array(0)
const NO_OPTIONS: readonly TcpOption[] = []

/** The option of one octet that fills words. */
export const NO_OPERATION: TcpOption = { kind: OptionKind.noOperation, data: EMPTY }

/**
 * @param bytes the IPv4 payload; the result holds views into it
 * @throws WireError TRUNCATED inside the first 20 octets
 */
export function decode(bytes: Uint8Array): TcpSegment {
  const length = bytes.length
  if (length < HEADER_LENGTH) throw new WireError('TRUNCATED', length, `${length} octets of a TCP header`)
  const dataOffset = (bytes[12]! >>> 4) * 4
  const truncated = dataOffset > length
  let options = NO_OPTIONS
  let error: WireError | undefined
  if (dataOffset < HEADER_LENGTH) {
    error = new WireError('BAD_LENGTH', 12, `TCP data offset ${dataOffset}`)
  } else if (dataOffset > HEADER_LENGTH) {
    const read: TcpOption[] = []
    error = decodeOptions(bytes, Math.min(dataOffset, length), read)
    if (truncated) error ??= new WireError('TRUNCATED', length, `${length} octets of a TCP header of ${dataOffset}`)
    options = read
  }
  return {
    sourcePort: (bytes[0]! << 8) | bytes[1]!,
    destinationPort: (bytes[2]! << 8) | bytes[3]!,
    sequenceNumber: u32(bytes, 4),
    acknowledgmentNumber: u32(bytes, 8),
    dataOffset,
    reserved: bytes[12]! & 15,
    flags: bytes[13]!,
    window: (bytes[14]! << 8) | bytes[15]!,
    checksum: (bytes[16]! << 8) | bytes[17]!,
    urgentPointer: (bytes[18]! << 8) | bytes[19]!,
    options,
    payload: dataOffset < HEADER_LENGTH || truncated ? EMPTY : bytes.subarray(dataOffset),
    truncated,
    error,
  }
}

/** Reads bytes[20, end) into `options`; the result says why it stopped early. */
function decodeOptions(bytes: Uint8Array, end: number, options: TcpOption[]): WireError | undefined {
  let at = HEADER_LENGTH
  while (at < end) {
    const kind = bytes[at]!
    if (kind === OptionKind.endOfOptionList) return undefined
    if (kind === OptionKind.noOperation) {
      options.push(NO_OPERATION)
      at++
      continue
    }
    if (at + 1 >= end) return new WireError('TRUNCATED', at, `TCP option ${kind} without a length`)
    const length = bytes[at + 1]!
    if (length < 2 || at + length > end) {
      return new WireError('BAD_LENGTH', at + 1, `TCP option ${kind} of ${length} octets, ${end - at} left`)
    }
    options.push({ kind, data: bytes.subarray(at + 2, at + length) })
    at += length
  }
  return undefined
}

/** What a sender decides; data offset and checksum follow from it. */
export interface TcpHeader {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly sequenceNumber: number
  readonly acknowledgmentNumber: number
  readonly reserved?: number
  readonly flags: number
  readonly window: number
  readonly urgentPointer?: number
  /** At most 40 octets in all. */
  readonly options?: readonly TcpOption[]
}

/** Octets of the header with these options, filled up to a word. */
export function headerLength(options: readonly TcpOption[] = NO_OPTIONS): number {
  let length = HEADER_LENGTH
  for (const { kind, data } of options) length += kind === OptionKind.noOperation ? 1 : 2 + data.length
  return (length + 3) & ~3
}

/**
 * Fills in data offset and checksum.
 *
 * @param source uint32, for the checksum
 * @param destination uint32, for the checksum
 * @throws WireError TOO_LONG for more than 40 octets of options
 */
export function encode(
  segment: TcpHeader & { readonly payload: Uint8Array },
  source: number,
  destination: number,
): Uint8Array {
  const bytes = new Uint8Array(headerLength(segment.options) + segment.payload.length)
  encodeInto(bytes, 0, segment, source, destination)
  return bytes
}

/** Writes header and payload at `offset` and returns where they end. Otherwise as encode. */
export function encodeInto(
  bytes: Uint8Array,
  offset: number,
  segment: TcpHeader & { readonly payload: Uint8Array },
  source: number,
  destination: number,
): number {
  const start = encodeHeaderInto(bytes, offset, segment)
  bytes.set(segment.payload, start)
  const end = start + segment.payload.length
  fillChecksum(bytes, offset, end, source, destination)
  return end
}

/**
 * Writes the header with a checksum of zero at `offset` and returns where the payload begins. For senders that gather
 * the payload from several places; fillChecksum comes last.
 *
 * @throws WireError TOO_LONG for more than 40 octets of options
 */
export function encodeHeaderInto(bytes: Uint8Array, offset: number, header: TcpHeader): number {
  const dataOffset = header.options === undefined ? HEADER_LENGTH : headerLength(header.options)
  if (dataOffset > 60)
    throw new WireError('TOO_LONG', HEADER_LENGTH, `${dataOffset - HEADER_LENGTH} octets of TCP options`)
  const urgentPointer = header.urgentPointer ?? 0
  bytes[offset] = header.sourcePort >>> 8
  bytes[offset + 1] = header.sourcePort
  bytes[offset + 2] = header.destinationPort >>> 8
  bytes[offset + 3] = header.destinationPort
  setU32(bytes, offset + 4, header.sequenceNumber)
  setU32(bytes, offset + 8, header.acknowledgmentNumber)
  bytes[offset + 12] = (dataOffset << 2) | ((header.reserved ?? 0) & 15)
  bytes[offset + 13] = header.flags
  bytes[offset + 14] = header.window >>> 8
  bytes[offset + 15] = header.window
  bytes[offset + 16] = 0
  bytes[offset + 17] = 0
  bytes[offset + 18] = urgentPointer >>> 8
  bytes[offset + 19] = urgentPointer
  let at = offset + HEADER_LENGTH
  if (header.options !== undefined) {
    for (const { kind, data } of header.options) {
      bytes[at++] = kind
      if (kind === OptionKind.noOperation) continue
      bytes[at++] = 2 + data.length
      bytes.set(data, at)
      at += data.length
    }
  }
  const end = offset + dataOffset
  while (at < end) bytes[at++] = OptionKind.endOfOptionList
  return end
}

/** Computes and writes the checksum of the segment in bytes[start, end). */
export function fillChecksum(bytes: Uint8Array, start: number, end: number, source: number, destination: number): void {
  bytes[start + 16] = 0
  bytes[start + 17] = 0
  const checksum = internetChecksum(bytes, start, end, pseudoHeaderSum(source, destination, Protocol.tcp, end - start))
  bytes[start + 16] = checksum >>> 8
  bytes[start + 17] = checksum
}

/** Whether the checksum of a whole segment (as for decode, not cut short) is right. */
export function checksumIsRight(bytes: Uint8Array, source: number, destination: number): boolean {
  const { length } = bytes
  return internetChecksum(bytes, 0, length, pseudoHeaderSum(source, destination, Protocol.tcp, length)) === 0
}

/** How far `a` is ahead of `b` in sequence space, modulo 2^32; negative when it is behind. */
export function seqDiff(a: number, b: number): number {
  return (a - b) | 0
}

/** Sequence numbers that the segment takes: payload, SYN and FIN. */
export function sequenceLength(segment: Pick<TcpSegment, 'flags' | 'payload'>): number {
  return (
    segment.payload.length + ((segment.flags & Flag.syn) !== 0 ? 1 : 0) + ((segment.flags & Flag.fin) !== 0 ? 1 : 0)
  )
}

/** RFC 9293 §3.7.1, octets. */
export function mss(segment: Pick<TcpSegment, 'options'>): number | undefined {
  const data = find(segment.options, OptionKind.maximumSegmentSize, 2)
  return data && (data[0]! << 8) | data[1]!
}

/** RFC 7323 §2.2: the shift count as sent; more than 14 counts as 14 (§2.3). */
export function windowScale(segment: Pick<TcpSegment, 'options'>): number | undefined {
  return find(segment.options, OptionKind.windowScale, 1)?.[0]
}

/** RFC 2018 §2. */
export function sackPermitted(segment: Pick<TcpSegment, 'options'>): boolean {
  return find(segment.options, OptionKind.sackPermitted, 0) !== undefined
}

export interface SackBlock {
  readonly left: number // first sequence number of the block
  readonly right: number // the one after its last
}

/** RFC 2018 §3, in wire order; a last block that is not whole is left out. */
export function sack(segment: Pick<TcpSegment, 'options'>): SackBlock[] {
  const blocks: SackBlock[] = []
  const data = segment.options.find(({ kind }) => kind === OptionKind.sack)?.data ?? EMPTY
  for (let at = 0; at + 8 <= data.length; at += 8) blocks.push({ left: u32(data, at), right: u32(data, at + 4) })
  return blocks
}

export interface Timestamps {
  readonly tsval: number
  readonly tsecr: number
}

/** RFC 7323 §3.2. */
export function timestamps(segment: Pick<TcpSegment, 'options'>): Timestamps | undefined {
  const data = find(segment.options, OptionKind.timestamps, 8)
  return data && { tsval: u32(data, 0), tsecr: u32(data, 4) }
}

export function mssOption(octets: number): TcpOption {
  return { kind: OptionKind.maximumSegmentSize, data: new Uint8Array([octets >>> 8, octets]) }
}

export function windowScaleOption(shift: number): TcpOption {
  return { kind: OptionKind.windowScale, data: new Uint8Array([shift]) }
}

export function sackPermittedOption(): TcpOption {
  return { kind: OptionKind.sackPermitted, data: EMPTY }
}

export function sackOption(blocks: readonly SackBlock[]): TcpOption {
  const data = new Uint8Array(8 * blocks.length)
  blocks.forEach(({ left, right }, i) => {
    setU32(data, 8 * i, left)
    setU32(data, 8 * i + 4, right)
  })
  return { kind: OptionKind.sack, data }
}

export function timestampsOption({ tsval, tsecr }: Timestamps): TcpOption {
  const data = new Uint8Array(8)
  setU32(data, 0, tsval)
  setU32(data, 4, tsecr)
  return { kind: OptionKind.timestamps, data }
}

/** The data of the first option of a kind and length. */
function find(options: readonly TcpOption[], kind: number, length: number): Uint8Array | undefined {
  for (const option of options) if (option.kind === kind && option.data.length === length) return option.data
  return undefined
}
