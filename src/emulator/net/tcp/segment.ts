/**
 * A segment that has arrived. One object, reused: valid until the receiver returns. What is kept of it are views of
 * its payload.
 *
 * Sequence numbers are int32 and compare with seqDiff.
 */
import { internetChecksum, pseudoHeaderSum } from '../../../wire/checksum.js'
import { Protocol } from '../../../wire/ipv4.js'
import { Flag, HEADER_LENGTH, OptionKind } from '../../../wire/tcp.js'
import type { ReceivedPacket } from '../ipv4.js'

/** More do not fit. */
export const MAX_SACK_BLOCKS = 4

/** Octets of a header with timestamps, laid out as everybody does; and the first four of its options. */
const TIMESTAMPS_ONLY = 32
export const TIMESTAMPS_HEAD = 0x0101_080a

export class Segment {
  source = 0
  destination = 0
  sourcePort = 0
  destinationPort = 0
  seq = 0
  ack = 0
  flags = 0
  /** As sent, not scaled. */
  window = 0
  /** The frame; header at [header, start), payload at [start, end). */
  bytes: Uint8Array = new Uint8Array(0)
  header = 0
  start = 0
  end = 0
  /** RFC 7323 §3.2; int32, right while hasTimestamps. */
  hasTimestamps = false
  tsval = 0
  tsecr = 0
  /** RFC 2018 §3: left and right edges in turn, as they came. */
  sackBlocks = 0
  readonly sackEdges = new Int32Array(2 * MAX_SACK_BLOCKS)

  /** Sequence numbers it takes: SEG.LEN of RFC 9293. */
  get length(): number {
    const { flags } = this
    return this.end - this.start + ((flags & Flag.syn) !== 0 ? 1 : 0) + ((flags & Flag.fin) !== 0 ? 1 : 0)
  }

  /** Reads a packet; says what is wrong with it. */
  read(packet: ReceivedPacket): 'malformed' | 'badChecksum' | undefined {
    const { bytes, start, end } = packet
    const length = end - start
    if (length < HEADER_LENGTH) return 'malformed'
    const dataOffset = (bytes[start + 12]! >>> 4) * 4
    if (dataOffset < HEADER_LENGTH || dataOffset > length) return 'malformed'
    const sum = pseudoHeaderSum(packet.source, packet.destination, Protocol.tcp, length)
    if (internetChecksum(bytes, start, end, sum) !== 0) return 'badChecksum'
    this.source = packet.source
    this.destination = packet.destination
    this.sourcePort = (bytes[start]! << 8) | bytes[start + 1]!
    this.destinationPort = (bytes[start + 2]! << 8) | bytes[start + 3]!
    this.seq = readI32(bytes, start + 4)
    this.ack = readI32(bytes, start + 8)
    this.flags = bytes[start + 13]!
    this.window = (bytes[start + 14]! << 8) | bytes[start + 15]!
    this.bytes = bytes
    this.header = start
    this.start = start + dataOffset
    this.end = end
    this.hasTimestamps = false
    this.sackBlocks = 0
    if (dataOffset === TIMESTAMPS_ONLY && readI32(bytes, start + HEADER_LENGTH) === TIMESTAMPS_HEAD) {
      // What nearly every segment has, RFC 7323 appendix A.
      this.hasTimestamps = true
      this.tsval = readI32(bytes, start + 24)
      this.tsecr = readI32(bytes, start + 28)
    } else if (dataOffset > HEADER_LENGTH) {
      this.#readOptions(bytes, start + HEADER_LENGTH, start + dataOffset)
    }
    return undefined
  }

  /** Those that any segment may carry. Options of the wrong length do not count, and nothing after a broken one. */
  #readOptions(bytes: Uint8Array, from: number, end: number): void {
    let at = from
    while (at < end) {
      const kind = bytes[at]!
      if (kind === OptionKind.noOperation) {
        at++
        continue
      }
      if (kind === OptionKind.endOfOptionList || at + 1 >= end) return
      const length = bytes[at + 1]!
      if (length < 2 || at + length > end) return
      if (kind === OptionKind.timestamps && length === 10) {
        this.hasTimestamps = true
        this.tsval = readI32(bytes, at + 2)
        this.tsecr = readI32(bytes, at + 6)
      } else if (kind === OptionKind.sack) {
        const blocks = Math.min(MAX_SACK_BLOCKS, (length - 2) >> 3)
        for (let i = 0; i < 2 * blocks; i++) this.sackEdges[i] = readI32(bytes, at + 2 + 4 * i)
        this.sackBlocks = blocks
      }
      at += length
    }
  }
}

function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
