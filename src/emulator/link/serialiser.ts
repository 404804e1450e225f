/**
 * The queue before a link's wire, without frames in it: who is in it follows from when each will have left. Everything is
 * decided when a frame comes, so that waiting costs no event.
 */
import type { Nanos } from '../../base/time.js'

export class Serialiser {
  /** The wire is busy until then. */
  busyUntil: Nanos = 0
  /** No frame arrives before the one that went before it. */
  lastArrival: Nanos = 0
  /** When the frame that found the wire idle will have left, and its length. */
  #firstDeparture: Nanos = 0
  #firstLength = 0
  /** The same of each frame that has come behind it since, oldest first. Made when first needed: most links are never busy. */
  #departures: Nanos[] = NONE
  #lengths: number[] = NONE
  #head = 0
  #queuedBytes = 0

  /** Frames waiting or on their way out at this moment. */
  queued(now: Nanos): number {
    if (this.busyUntil <= now) return 0
    const departures = this.#departures
    let head = this.#head
    while (head < departures.length && departures[head]! <= now) this.#queuedBytes -= this.#lengths[head++]!
    if (head >= 1024 && head * 2 > departures.length) {
      departures.splice(0, head)
      this.#lengths.splice(0, head)
      head = 0
    }
    this.#head = head
    return departures.length - head + (this.#firstDeparture > now ? 1 : 0)
  }

  /** The same in octets; to be asked after queued(). */
  bytesQueued(now: Nanos): number {
    return this.busyUntil <= now ? 0 : this.#queuedBytes + (this.#firstDeparture > now ? this.#firstLength : 0)
  }

  /** Whether there is no place for a frame. */
  isFull(length: number, now: Nanos, limit: number, limitBytes: number): boolean {
    if (this.busyUntil > now && this.queued(now) >= limit) return true
    return limitBytes !== Infinity && this.bytesQueued(now) + length > limitBytes
  }

  /** Takes a frame; says when it will have left. @param duration on the wire */
  enter(length: number, duration: Nanos, now: Nanos): Nanos {
    const busy = this.busyUntil
    const departure = (busy > now ? busy : now) + duration
    this.busyUntil = departure
    if (busy <= now) {
      if (this.#departures.length > 0) this.#forget()
      this.#firstDeparture = departure
      this.#firstLength = length
    } else {
      if (this.#departures === NONE) {
        this.#departures = []
        this.#lengths = []
      }
      this.#departures.push(departure)
      this.#lengths.push(length)
      this.#queuedBytes += length
    }
    return departure
  }

  /** Becomes like another. */
  adopt(other: Serialiser): void {
    this.busyUntil = other.busyUntil
    this.lastArrival = other.lastArrival
    this.#firstDeparture = other.#firstDeparture
    this.#firstLength = other.#firstLength
    const count = other.#departures.length - other.#head
    this.#departures = count === 0 ? NONE : other.#departures.slice(other.#head)
    this.#lengths = count === 0 ? NONE : other.#lengths.slice(other.#head)
    this.#head = 0
    this.#queuedBytes = other.#queuedBytes
  }

  #forget(): void {
    this.#departures.length = 0
    this.#lengths.length = 0
    this.#head = 0
    this.#queuedBytes = 0
  }
}

/** Shared by all that have never queued; never written to. */
const NONE: never[] = []
