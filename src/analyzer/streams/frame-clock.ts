/**
 * The frame that is being read, as evidence: made at most once per frame, and only when somebody needs it.
 */
import type { FrameRecord } from '../../capture/capture-reader.js'
import type { Nanos, Timestamp } from '../../base/time.js'
import { SECOND } from '../../base/time.js'
import type { Frame } from './observations.js'

export class FrameClock {
  #number = 0
  #seconds = 0
  #nanos = 0
  #firstSeconds = 0
  #firstNanos = 0
  #lastSeconds = 0
  #lastNanos = 0
  #duration = 0
  #started = false
  #current: Frame | undefined = undefined

  /** To be told of every frame of the capture, in file order. */
  advance(record: FrameRecord): void {
    const { seconds, nanos } = record
    if (!this.#started) {
      this.#started = true
      this.#firstSeconds = seconds
      this.#firstNanos = nanos
    }
    this.#number = record.number
    this.#seconds = seconds
    this.#nanos = nanos
    this.#lastSeconds = seconds
    this.#lastNanos = nanos
    this.#current = undefined
    const time = (seconds - this.#firstSeconds) * SECOND + (nanos - this.#firstNanos)
    if (time > this.#duration) this.#duration = time
  }

  get number(): number {
    return this.#number
  }

  get seconds(): number {
    return this.#seconds
  }

  /** Since the first frame; negative when the clock went back before it. */
  get time(): Nanos {
    return (this.#seconds - this.#firstSeconds) * SECOND + (this.#nanos - this.#firstNanos)
  }

  /** The current frame as an object to keep. */
  frame(): Frame {
    return (this.#current ??= {
      number: this.#number,
      timestamp: { seconds: this.#seconds, nanos: this.#nanos },
      time: this.time,
    })
  }

  get firstTime(): Timestamp | undefined {
    return this.#started ? { seconds: this.#firstSeconds, nanos: this.#firstNanos } : undefined
  }

  get lastTime(): Timestamp | undefined {
    return this.#started ? { seconds: this.#lastSeconds, nanos: this.#lastNanos } : undefined
  }

  /** The latest time since the first frame. */
  get duration(): Nanos {
    return this.#duration
  }
}
