/**
 * A segment that has arrived. One object, reused: valid until the receiver returns. What is kept of it are views of
 * its payload.
 *
 * Sequence numbers are int32 and compare with seqDiff.
 */
import { internetChecksum, pseudoHeaderSum } from '../../../wire/checksum.js'
import { Protocol } from '../../../wire/ipv4.js'
import { Flag, HEADER_LENGTH } from '../../../wire/tcp.js'
import type { ReceivedPacket } from '../ipv4.js'

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
    return undefined
  }
}

function readI32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
