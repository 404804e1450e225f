/**
 * What manages the queue before a serialiser, besides its limit: RED, which drops early what comes in, and CoDel,
 * which drops what has waited for too long when it is to leave.
 *
 * RED: Floyd and Jacobson, "Random Early Detection Gateways for Congestion Avoidance" (1993), counting frames.
 * CoDel: RFC 8289, its reference pseudo-code (section 5) with the names of it.
 *
 * Not here: ECN marking, flow queuing.
 */
import { MILLISECOND, type Nanos } from '../../base/time.js'
import type { Random } from '../../base/random.js'

export type Discipline = 'tail-drop' | Red | CoDelSettings

export interface Red {
  readonly kind: 'red'
  /** Frames of average queue from which drops begin. */
  readonly min: number
  /** Frames of average queue from which everything is dropped. */
  readonly max: number
  /** Probability of a drop when the average is just below `max`. 0.02 unless given. */
  readonly probability?: number
  /** Weight of the newest queue length in the average. 0.002 unless given. */
  readonly weight?: number
}

export interface CoDelSettings {
  readonly kind: 'codel'
  /** 5 ms unless given (RFC 8289 §4.4). */
  readonly target?: Nanos
  /** 100 ms unless given (RFC 8289 §4.3). */
  readonly interval?: Nanos
}

/** @throws RangeError naming what is impossible */
export function checkDiscipline(discipline: Discipline): void {
  if (discipline === 'tail-drop') return
  if (discipline.kind === 'codel') {
    const { target = 1, interval = 1 } = discipline
    if (!(target > 0 && interval > 0)) throw new RangeError(`impossible CoDel: ${target} ns within ${interval} ns`)
    return
  }
  const { min, max, probability = 0.02, weight = 0.002 } = discipline
  if (!(min >= 0 && max > min)) throw new RangeError(`impossible RED: from ${min} to ${max} frames`)
  if (!(probability > 0 && probability <= 1)) throw new RangeError(`impossible RED probability: ${probability}`)
  if (!(weight > 0 && weight <= 1)) throw new RangeError(`impossible RED weight: ${weight}`)
}

/** The average queue and the drops of one direction. */
export class RedMeter {
  readonly #settings: Required<Red>
  #average = 0
  /** Frames since the last drop, while the average lies between the thresholds; -1 otherwise. */
  #count = -1

  constructor({ kind, min, max, probability = 0.02, weight = 0.002 }: Red) {
    this.#settings = { kind, min, max, probability, weight }
  }

  /** Frames of average queue. */
  get average(): number {
    return this.#average
  }

  /**
   * Whether the frame that comes now is dropped.
   *
   * @param queued frames in the queue
   * @param idleFrames frames that could have left since the queue became empty
   */
  drops(queued: number, idleFrames: number, random: Random): boolean {
    const { min, max, probability, weight } = this.#settings
    if (queued > 0) this.#average += weight * (queued - this.#average)
    else this.#average *= (1 - weight) ** idleFrames
    if (this.#average < min) {
      this.#count = -1
      return false
    }
    if (this.#average >= max) {
      this.#count = 0
      return true
    }
    this.#count++
    const base = (probability * (this.#average - min)) / (max - min)
    // Spread evenly: the further from the last drop, the likelier the next.
    const chance = this.#count * base >= 1 ? 1 : base / (1 - this.#count * base)
    if (random.next() >= chance) return false
    this.#count = 0
    return true
  }
}

export interface Queued {
  readonly enqueuedAt: Nanos
  readonly length: number
}

/** A first-in first-out queue whose exit CoDel minds. */
export class CoDelQueue<T extends Queued> {
  readonly #target: Nanos
  readonly #interval: Nanos
  readonly #dropped: (entry: T) => void
  #entries: T[] = []
  #head = 0
  #bytes = 0
  /** The largest frame seen: less than one of it is no standing queue. */
  #maxPacket = 0
  #firstAboveTime: Nanos = 0
  #dropNext: Nanos = 0
  #count = 0
  #lastCount = 0
  #dropping = false
  #okToDrop = false

  constructor({ target = 5 * MILLISECOND, interval = 100 * MILLISECOND }: CoDelSettings, dropped: (entry: T) => void) {
    this.#target = target
    this.#interval = interval
    this.#dropped = dropped
  }

  get length(): number {
    return this.#entries.length - this.#head
  }

  /** Octets. */
  get bytes(): number {
    return this.#bytes
  }

  push(entry: T): void {
    this.#entries.push(entry)
    this.#bytes += entry.length
    if (entry.length > this.#maxPacket) this.#maxPacket = entry.length
  }

  /** What may leave now; undefined when the queue is empty. */
  shift(now: Nanos): T | undefined {
    let entry = this.#take(now)
    if (this.#dropping) {
      if (!this.#okToDrop) this.#dropping = false
      while (this.#dropping && now >= this.#dropNext && entry !== undefined) {
        this.#dropped(entry)
        this.#count++
        entry = this.#take(now)
        if (this.#okToDrop) this.#dropNext = this.#controlLaw(this.#dropNext)
        else this.#dropping = false
      }
    } else if (this.#okToDrop && entry !== undefined) {
      this.#dropped(entry)
      entry = this.#take(now)
      this.#dropping = true
      const delta = this.#count - this.#lastCount
      this.#count = delta > 1 && now - this.#dropNext < 16 * this.#interval ? delta : 1
      this.#dropNext = this.#controlLaw(now)
      this.#lastCount = this.#count
    }
    return entry
  }

  #controlLaw(time: Nanos): Nanos {
    return time + this.#interval / Math.sqrt(this.#count)
  }

  #take(now: Nanos): T | undefined {
    this.#okToDrop = false
    const entry = this.#entries[this.#head]
    if (entry === undefined) {
      this.#firstAboveTime = 0
      return undefined
    }
    this.#head++
    if (this.#head === this.#entries.length) {
      this.#entries = []
      this.#head = 0
    } else if (this.#head >= 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head)
      this.#head = 0
    }
    this.#bytes -= entry.length
    if (now - entry.enqueuedAt < this.#target || this.#bytes <= this.#maxPacket) this.#firstAboveTime = 0
    else if (this.#firstAboveTime === 0) this.#firstAboveTime = now + this.#interval
    else if (now >= this.#firstAboveTime) this.#okToDrop = true
    return entry
  }
}
