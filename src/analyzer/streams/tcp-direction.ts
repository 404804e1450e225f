/**
 * One direction of a TCP connection as captured: which octets were seen, which wait for a hole before them, what the
 * other side acknowledged.
 *
 * Sequence numbers become offsets: octets of the stream since the one after the SYN, or since the first one seen, as
 * plain numbers that do not wrap. `next` is how far the stream was delivered, `highest` how far it was seen. Every
 * octet below `highest` that was never captured lies in a hole; the list of holes is the truth for "seen before".
 */
import type { Nanos } from '../../base/time.js'
import { MAX_WAITING_OCTETS, MAX_WAITING_SEGMENTS } from './limits.js'
import type { Frame } from './observations.js'

/**
 * A segment further than this from what was seen is taken for damage, or for the other side of a firewall that rewrites
 * sequence numbers. RFC 7323 §2.3 would allow windows of 2^30; files for phones are smaller than this.
 */
const MAX_JUMP = 2 ** 26

const MAX_HOLES = 256

/** Octets that were not captured, [start, end). */
export interface Hole {
  start: number
  end: number
  /** When the segment behind it was captured, and that segment's IPv4 identification. */
  readonly time: Nanos
  readonly identification: number
  /** Acknowledgements that the receiver repeated because of it. */
  duplicateAcks: number
  /** The frame that showed that the receiver has these octets, or with which we went on without them. */
  missing: Frame | undefined
}

export interface Segment {
  start: number
  /** As the headers state it. */
  readonly end: number
  /** What was captured of it. */
  bytes: Uint8Array
  from: number
  to: number
  readonly frame: Frame
  /** What its sender had received, as an offset in the other direction. */
  readonly acknowledges: number
}

export class TcpDirection {
  /** Sequence number of offset 0. */
  origin: number | undefined = undefined
  next = 0
  highest = 0
  /** What the other side acknowledged. */
  acknowledged = 0
  /** Offset of the FIN. */
  fin: number | undefined = undefined
  finFrame: Frame | undefined = undefined
  finDelivered = false
  first: Frame | undefined = undefined
  /** The frame with which what was delivered so far was complete. */
  delivered: Frame | undefined = undefined
  /** In order of their offsets, none overlapping what is delivered. */
  readonly waiting: Segment[] = []
  waitingOctets = 0
  readonly holes: Hole[] = []
  window = -1

  /** The offset of a sequence number, taking the one nearest to what was seen; undefined when that is too far away. */
  offsetOf(sequenceNumber: number): number | undefined {
    if (this.origin === undefined) return undefined
    const here = (this.origin + this.highest) % 0x1_0000_0000
    const distance = (sequenceNumber - here) | 0
    return distance > MAX_JUMP || distance < -MAX_JUMP ? undefined : this.highest + distance
  }

  /** Octets of [start, end) that were never seen before. */
  unseen(start: number, end: number): number {
    let count = Math.max(0, end - Math.max(start, this.highest))
    for (const hole of this.holes) count += Math.max(0, Math.min(end, hole.end) - Math.max(start, hole.start))
    return count
  }

  /** The first hole that [start, end) touches. */
  holeAt(start: number, end: number): Hole | undefined {
    return this.holes.find((hole) => start < hole.end && end > hole.start)
  }

  /** Notes that [start, end) was seen. */
  see(start: number, end: number, time: Nanos, identification: number): void {
    const { holes } = this
    for (let i = 0; i < holes.length; i++) {
      const hole = holes[i]!
      if (start >= hole.end || end <= hole.start) continue
      if (start > hole.start && end < hole.end) {
        holes.splice(i + 1, 0, { ...hole, start: end })
        hole.end = start
      } else if (start > hole.start) {
        hole.end = start
      } else if (end < hole.end) {
        hole.start = end
      } else {
        holes.splice(i--, 1)
      }
    }
    if (start > this.highest) this.#open(this.highest, start, time, identification)
    if (end > this.highest) this.highest = end
  }

  #open(start: number, end: number, time: Nanos, identification: number): void {
    if (this.holes.length >= MAX_HOLES) return
    this.holes.push({ start, end, time, identification, duplicateAcks: 0, missing: undefined })
  }

  /** The other side has received everything up to `offset`, captured or not. */
  acknowledge(offset: number, frame: Frame): void {
    const { holes, highest } = this
    this.acknowledged = offset
    if (offset > highest) {
      const last = holes.at(-1)
      if (last && last.end === highest && last.missing) last.end = offset
      else this.#open(highest, offset, frame.time, 0)
      this.highest = offset
    }
    for (const hole of holes) if (hole.end <= offset) hole.missing ??= frame
  }

  /** False when no more segments may wait. */
  wait(segment: Segment): boolean {
    const { waiting } = this
    let at = waiting.length
    while (at > 0 && waiting[at - 1]!.start > segment.start) at--
    // What is there already came first and stays.
    const before = waiting[at - 1]
    if (before && before.start <= segment.start && before.end >= segment.end) return true
    waiting.splice(at, 0, {
      ...segment,
      bytes: segment.bytes.slice(segment.from, segment.to),
      from: 0,
      to: segment.to - segment.from,
    })
    this.waitingOctets += segment.to - segment.from
    return waiting.length <= MAX_WAITING_SEGMENTS && this.waitingOctets <= MAX_WAITING_OCTETS
  }

  takeWaiting(): Segment | undefined {
    const segment = this.waiting.shift()
    if (segment) this.waitingOctets -= segment.bytes.length
    return segment
  }

  /** Goes on at `offset` without the octets before it. */
  passOver(offset: number, frame: Frame): void {
    for (const hole of this.holes) if (hole.start < offset && hole.end > this.next) hole.missing ??= frame
    this.next = offset
  }
}
