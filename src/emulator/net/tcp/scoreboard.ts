/**
 * What is in flight, segment by segment, and what has become of it: RFC 6675's scoreboard, with the times that RFC 8985
 * (RACK) needs.
 *
 * A ring of parallel arrays, oldest segment first, so that sending and acknowledging make no objects. Sums (pipe, how
 * many are reported received, how many wait to go again) are kept as marks change. Losses are looked for only while
 * something is reported received or was sent twice; without SACK, marks are set by a timeout alone.
 */
import type { Nanos } from '../../../base/time.js'
import { seqDiff } from '../../../wire/tcp.js'

const SACKED = 1
const LOST = 2
/** A second copy is in flight. */
const RESENT = 4
const EVER_RESENT = 8

const INITIAL_CAPACITY = 16
/** RFC 6675 §2, DupThresh. */
const DUPLICATE_THRESHOLD = 3
/** RFC 8985 §6.2 step 4: most that the reordering window grows, in quarters of the least round trip. */
const MAX_REORDERING_STEPS = 16

export class Scoreboard {
  /** Octets thought to be in the network, RFC 6675 §4. */
  pipe = 0
  /** Segments reported received beyond SND.UNA. */
  sacked = 0
  /** Segments that are lost and have not gone again. */
  waiting = 0
  /** Segments of which a second copy is in flight. */
  #resent = 0
  /** Octets that the acknowledgment being processed has brought news of. */
  delivered = 0
  /** Of segments sent once, RFC 8985 §6.2 step 1. */
  minRoundTrip: Nanos = Infinity
  reorderingSeen = false

  #sequences = new Int32Array(INITIAL_CAPACITY)
  #lengths = new Int32Array(INITIAL_CAPACITY)
  #times = new Float64Array(INITIAL_CAPACITY)
  #marks = new Uint8Array(INITIAL_CAPACITY)
  #head = 0
  #count = 0
  /** No segment before this one, counted from the oldest, waits. */
  #firstWaiting = 0

  #rackTime: Nanos = -1
  #rackEnd = 0
  #rackRoundTrip: Nanos = 0
  #highestSacked = 0
  #reorderingSteps = 1

  /** Segments in flight. */
  get count(): number {
    return this.#count
  }

  sequence(index: number): number {
    return this.#sequences[this.#slot(index)]!
  }

  /** Sequence numbers, FIN's too. */
  length(index: number): number {
    return this.#lengths[this.#slot(index)]!
  }

  sentAt(index: number): Nanos {
    return this.#times[this.#slot(index)]!
  }

  append(sequence: number, length: number, now: Nanos): void {
    if (this.#count === this.#sequences.length) this.#grow()
    const slot = this.#slot(this.#count++)
    this.#sequences[slot] = sequence
    this.#lengths[slot] = length
    this.#times[slot] = now
    this.#marks[slot] = 0
    this.pipe += length
    if (this.#count === 1) this.#highestSacked = sequence
  }

  /** A new acknowledgment is about to be processed. */
  begin(): void {
    this.delivered = 0
  }

  /**
   * All before `ack` has arrived.
   *
   * @param echoed when the segment was sent that this answers, if the peer's timestamp tells
   */
  acknowledge(ack: number, now: Nanos, echoed: Nanos | undefined): void {
    while (this.#count > 0) {
      const slot = this.#head
      const length = this.#lengths[slot]!
      const covered = seqDiff(ack, this.#sequences[slot]!)
      if (covered <= 0) return
      if (covered < length) {
        this.#setLength(slot, length - covered)
        this.#sequences[slot] = ack
        this.delivered += covered
        return
      }
      const marks = this.#marks[slot]!
      if ((marks & SACKED) === 0) {
        this.#noteDelivered(slot, now, echoed)
        this.delivered += length
      }
      if (marks === 0) {
        this.pipe -= length
      } else {
        this.#setMarks(slot, SACKED)
        this.sacked--
      }
      this.#head = (slot + 1) & (this.#sequences.length - 1)
      this.#count--
      if (this.#firstWaiting > 0) this.#firstWaiting--
    }
  }

  /** The peer reports [left, right). True when that is news. */
  sack(left: number, right: number, now: Nanos, echoed: Nanos | undefined): boolean {
    let isNews = false
    for (let i = this.#indexOf(left); i < this.#count; i++) {
      const slot = this.#slot(i)
      const end = (this.#sequences[slot]! + this.#lengths[slot]!) | 0
      if (seqDiff(end, right) > 0) break
      const marks = this.#marks[slot]!
      if ((marks & SACKED) !== 0) continue
      isNews = true
      this.delivered += this.#lengths[slot]!
      this.#noteDelivered(slot, now, echoed)
      // RFC 8985 §6.2 step 3.
      if (seqDiff(end, this.#highestSacked) > 0) this.#highestSacked = end
      else if ((marks & EVER_RESENT) === 0) this.reorderingSeen = true
      this.#setMarks(slot, (marks & EVER_RESENT) | SACKED)
    }
    return isNews
  }

  /**
   * RFC 8985 §6.2 steps 4 and 5: what was sent well before something that has arrived is lost.
   *
   * @returns when to look again; Infinity when acknowledgments alone can tell more
   */
  findLate(now: Nanos, roundTrip: Nanos, inRecovery: boolean): Nanos {
    if ((this.sacked === 0 && this.#resent === 0) || this.#rackTime < 0) return Infinity
    let window = 0
    if (this.reorderingSeen || (!inRecovery && this.sacked < DUPLICATE_THRESHOLD)) {
      window = Math.min((this.#reorderingSteps * this.minRoundTrip) / 4, roundTrip)
    }
    let next = Infinity
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slot(i)
      const marks = this.#marks[slot]!
      if ((marks & SACKED) !== 0 || (marks & (LOST | RESENT)) === LOST) continue
      const time = this.#times[slot]!
      const end = (this.#sequences[slot]! + this.#lengths[slot]!) | 0
      if (time > this.#rackTime || (time === this.#rackTime && seqDiff(end, this.#rackEnd) >= 0)) {
        if ((marks & EVER_RESENT) === 0) break
        continue
      }
      const due = time + this.#rackRoundTrip + window
      if (due <= now) this.#lose(i)
      else if (due < next) next = due
    }
    return next
  }

  /** RFC 6675 §4, IsLost(): three segments above it, or more than two segments' octets, have arrived. */
  findOvertaken(mss: number): void {
    if (this.sacked === 0) return
    let segments = 0
    let octets = 0
    for (let i = this.#count - 1; i >= 0; i--) {
      const slot = this.#slot(i)
      const marks = this.#marks[slot]!
      if ((marks & SACKED) !== 0) {
        segments++
        octets += this.#lengths[slot]!
      } else if ((marks & (LOST | EVER_RESENT)) === 0) {
        if (segments >= DUPLICATE_THRESHOLD || octets > (DUPLICATE_THRESHOLD - 1) * mss) this.#lose(i)
      }
    }
  }

  /** RFC 2883: something went twice for nothing, so wait longer for what is late (RFC 8985 §6.2 step 4). */
  duplicateReported(): void {
    this.reorderingSeen = true
    if (this.#reorderingSteps < MAX_REORDERING_STEPS) this.#reorderingSteps++
  }

  /** After a timeout nothing in flight counts; what was reported received still does (RFC 6675 §5.1). */
  loseAll(): void {
    for (let i = 0; i < this.#count; i++) this.#lose(i)
  }

  /** Nothing was lost after all. */
  forgive(): void {
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slot(i)
      this.#setMarks(slot, this.#marks[slot]! & ~LOST)
    }
  }

  /** The first segment that waits; -1 when none does. */
  nextWaiting(): number {
    if (this.waiting === 0) return -1
    for (let i = this.#firstWaiting; i < this.#count; i++) {
      if ((this.#marks[this.#slot(i)]! & (SACKED | LOST | RESENT)) === LOST) {
        this.#firstWaiting = i
        return i
      }
    }
    return -1
  }

  /** A segment has gone again. */
  resent(index: number, now: Nanos): void {
    const slot = this.#slot(index)
    this.#times[slot] = now
    this.#setMarks(slot, this.#marks[slot]! | RESENT | EVER_RESENT)
  }

  /** A segment has gone again in a recovery that counts acknowledgments, not octets (RFC 6582). */
  resentUncounted(index: number, now: Nanos): void {
    const slot = this.#slot(index)
    this.#times[slot] = now
    this.#marks[slot]! |= EVER_RESENT
  }

  /** All that is in flight is lost, and goes again in segments of `mss` octets at most. */
  cutAgain(mss: number, now: Nanos): void {
    if (this.#count === 0) return
    const start = this.sequence(0)
    const last = this.#count - 1
    const total = seqDiff((this.sequence(last) + this.length(last)) | 0, start)
    this.clear()
    for (let at = 0; at < total; at += mss) {
      this.append((start + at) | 0, Math.min(mss, total - at), now)
      this.#lose(this.#count - 1)
      this.#marks[this.#slot(this.#count - 1)]! |= EVER_RESENT
    }
  }

  clear(): void {
    this.#head = 0
    this.#count = 0
    this.#firstWaiting = 0
    this.pipe = 0
    this.sacked = 0
    this.waiting = 0
    this.#resent = 0
  }

  #slot(index: number): number {
    return (this.#head + index) & (this.#sequences.length - 1)
  }

  /** The first segment that begins at or after `sequence`. */
  #indexOf(sequence: number): number {
    let low = 0
    let high = this.#count
    while (low < high) {
      const middle = (low + high) >> 1
      if (seqDiff(this.sequence(middle), sequence) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #lose(index: number): void {
    const slot = this.#slot(index)
    const marks = this.#marks[slot]!
    if ((marks & SACKED) !== 0) return
    this.#setMarks(slot, (marks & EVER_RESENT) | LOST)
    if (index < this.#firstWaiting) this.#firstWaiting = index
  }

  #setMarks(slot: number, marks: number): void {
    const old = this.#marks[slot]!
    const length = this.#lengths[slot]!
    this.#marks[slot] = marks
    this.pipe += copiesInFlight(marks) * length - copiesInFlight(old) * length
    this.sacked += (marks & SACKED) - (old & SACKED)
    this.waiting += isWaiting(marks) - isWaiting(old)
    this.#resent += ((marks & RESENT) - (old & RESENT)) / RESENT
  }

  #setLength(slot: number, length: number): void {
    this.pipe += copiesInFlight(this.#marks[slot]!) * (length - this.#lengths[slot]!)
    this.#lengths[slot] = length
  }

  /** RFC 8985 §6.2 steps 1 and 2. */
  #noteDelivered(slot: number, now: Nanos, echoed: Nanos | undefined): void {
    const time = this.#times[slot]!
    const roundTrip = now - time
    if ((this.#marks[slot]! & EVER_RESENT) !== 0) {
      // It may be the first copy that is acknowledged.
      if (roundTrip < this.minRoundTrip || (echoed !== undefined && echoed < time)) return
    } else if (roundTrip < this.minRoundTrip) {
      this.minRoundTrip = roundTrip
    }
    const end = (this.#sequences[slot]! + this.#lengths[slot]!) | 0
    if (time > this.#rackTime || (time === this.#rackTime && seqDiff(end, this.#rackEnd) > 0)) {
      this.#rackTime = time
      this.#rackEnd = end
      this.#rackRoundTrip = roundTrip
    }
  }

  #grow(): void {
    const capacity = this.#sequences.length * 2
    const old = [this.#sequences, this.#lengths, this.#times, this.#marks] as const
    this.#sequences = new Int32Array(capacity)
    this.#lengths = new Int32Array(capacity)
    this.#times = new Float64Array(capacity)
    this.#marks = new Uint8Array(capacity)
    const fresh = [this.#sequences, this.#lengths, this.#times, this.#marks] as const
    fresh.forEach((to, which) => {
      const from = old[which]!
      to.set(from.subarray(this.#head))
      to.set(from.subarray(0, this.#head), from.length - this.#head)
    })
    this.#head = 0
  }
}

/** RFC 6675 §4, SetPipe(). */
function copiesInFlight(marks: number): number {
  if ((marks & SACKED) !== 0) return 0
  return ((marks & LOST) !== 0 ? 0 : 1) + ((marks & RESENT) !== 0 ? 1 : 0)
}

function isWaiting(marks: number): number {
  return (marks & (SACKED | LOST | RESENT)) === LOST ? 1 : 0
}
