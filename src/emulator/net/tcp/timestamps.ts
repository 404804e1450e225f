/**
 * The timestamps option of one connection, RFC 7323: our clock, what the peer's said last, and the protection against
 * segments of an earlier turn of the sequence space (PAWS, §5).
 *
 * The clock counts milliseconds from a random start, as Linux's does. int32, compared with seqDiff.
 */
import { HOUR, MILLISECOND, type Nanos } from '../../../base/time.js'
import { seqDiff } from '../../../wire/tcp.js'
import type { Segment } from './segment.js'

/** RFC 7323 §5.5: after so long without a segment the peer's clock may have turned over. */
const TOO_OLD: Nanos = 24 * 24 * HOUR
/** An echo of something longer ago is none. */
const MAX_ECHO: Nanos = HOUR

export class Timestamps {
  /** Both sides agreed to send them. */
  agreed = false
  /** TS.Recent. */
  recent = 0
  readonly #start: number
  #recentAt: Nanos = 0

  /** @param start the clock's value at time 0, int32 */
  constructor(start: number) {
    this.#start = start
  }

  /** Our clock: TSval of a segment sent now. */
  value(now: Nanos): number {
    return (this.#start + Math.floor(now / MILLISECOND)) | 0
  }

  /** The peer's SYN. */
  begin(tsval: number | undefined, agreed: boolean, now: Nanos): void {
    this.agreed = agreed
    if (tsval === undefined) return
    this.recent = tsval
    this.#recentAt = now
  }

  /** §5.3 R1: older than what has been seen. */
  isOld(segment: Segment, now: Nanos): boolean {
    return segment.hasTimestamps && seqDiff(segment.tsval, this.recent) < 0 && now - this.#recentAt < TOO_OLD
  }

  /** §4.3 (2). @param lastAck Last.ACK.sent */
  update(segment: Segment, lastAck: number, now: Nanos): void {
    if (!segment.hasTimestamps || seqDiff(segment.seq, lastAck) > 0) return
    // Older only after so long a silence that PAWS let it pass.
    if (seqDiff(segment.tsval, this.recent) < 0 && now - this.#recentAt < TOO_OLD) return
    this.recent = segment.tsval
    this.#recentAt = now
  }

  /** How long ago what this segment acknowledges was sent; undefined when it does not tell, or cannot be right. */
  echoed(segment: Segment, now: Nanos): Nanos | undefined {
    if (!this.agreed || !segment.hasTimestamps) return undefined
    const ago = seqDiff(this.value(now), segment.tsecr) * MILLISECOND
    return ago >= 0 && ago <= MAX_ECHO ? ago : undefined
  }
}
