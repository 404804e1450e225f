/**
 * A simulation whose clock is the machine's: events fire when the time has really come.
 *
 * Live is the folder where the emulated network and the real machine meet: emulated hosts on TAP devices and interfaces,
 * servers and phones in real time. It may import both the emulator and node/, which never import each other; nothing of
 * the emulator knows that it is there.
 *
 * Theory of operation. The event queue is the emulator's own. An alarm is set for its next event; when it rings, or
 * when frames have come in, pump() fires what is due. Within an event `now` is the time it was due, as in virtual time,
 * so that a link's delays add up without drift; outside of one it is the time that it is, but never past an event that is
 * yet to fire. Code that was woken by the real machine (a file, a socket) can therefore schedule as code in events does.
 * Node-shaped code settles in the turns of the event loop that come anyway; nothing stops the clock.
 *
 * What fires later than LATE after its time is counted: a machine that is too slow for what it emulates says so.
 */
import { performance } from 'node:perf_hooks'
import { MICROSECOND, MILLISECOND, SECOND, type Nanos } from '../base/time.js'
import type { EventHandler, Ticket } from '../emulator/sim/event-queue.js'
import { Simulation, type SimulationOptions } from '../emulator/sim/simulation.js'
import { createAlarm, type Alarm } from '../node/alarm.js'

/** From when on an event counts as late. */
const LATE: Nanos = 2 * MILLISECOND
/** Events fired between two looks at the clock. */
const EVENTS_PER_LOOK = 32
/** Of real time, after which others get a turn. */
const SLICE: Nanos = 5 * MILLISECOND
/** The alarm is not set closer to what it was: the kernel is no more exact. */
const GRAIN: Nanos = 20 * MICROSECOND
/** Without events the alarm still rings now and then, which keeps the process alive. */
const LONGEST_WAIT: Nanos = SECOND

export interface Lateness {
  /** Events that fired more than 2 ms late. */
  readonly late: number
  readonly events: number
  readonly worst: Nanos
}

export class LiveSimulation extends Simulation {
  readonly #origin = performance.now()
  readonly #alarm: Alarm
  #alarmAt: Nanos = Infinity
  #firing = false
  #closed = false
  #late = 0
  #worst: Nanos = 0
  #failed: (error: unknown) => void = (error) => {
    throw error
  }

  /** Starts at once; its epoch is the time of day unless told otherwise. */
  constructor(options: SimulationOptions) {
    const milliseconds = Date.now()
    const epoch = { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * MILLISECOND }
    super({ epoch, ...options })
    this.#alarm = createAlarm(() => {
      this.#alarmAt = Infinity
      this.pump()
    })
  }

  /** Nanoseconds of real time since the start. */
  get elapsed(): Nanos {
    return Math.round((performance.now() - this.#origin) * MILLISECOND)
  }

  override get now(): Nanos {
    if (!this.#firing && !this.#closed) this.#catchUp()
    return super.now
  }

  get lateness(): Lateness {
    return { late: this.#late, events: this.eventCount, worst: this.#worst }
  }

  /** Gets what an event throws, in place of the process. */
  onFailure(failed: (error: unknown) => void): void {
    this.#failed = failed
  }

  override schedule(delay: Nanos, run: () => void): { cancel(): void } {
    return this.at(this.now + delay, run)
  }

  override at(time: Nanos, run: () => void): { cancel(): void } {
    const handle = super.at(time, run)
    this.#expect(time)
    return handle
  }

  override post<A>(delay: Nanos, handler: EventHandler<A>, argument: A): Ticket {
    return this.postAt(this.now + delay, handler, argument)
  }

  override postAt<A>(time: Nanos, handler: EventHandler<A>, argument: A): Ticket {
    const ticket = super.postAt(time, handler, argument)
    this.#expect(time)
    return ticket
  }

  /** It settles by itself. */
  override nodeCodeRan(): void {}

  /** Real time waits for nobody. */
  override hold<T>(work: Promise<T>): Promise<T> {
    return work
  }

  /** Here time passes by itself: waits until `until`, or until `while` says no, looked at every 10 ms. */
  override run({ until = Infinity, while: goOn }: { until?: Nanos; while?: () => boolean } = {}): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#closed || this.now >= until || goOn?.() === false) resolve()
        else this.at(Math.min(until, this.now + 10 * MILLISECOND), look)
      }
      look()
    })
  }

  /** Fires what is due. To be called after frames were put on links from outside, so that they go on at once. */
  pump(): void {
    if (this.#firing || this.#closed) return
    this.#firing = true
    try {
      const begun = this.elapsed
      let time = begun
      for (;;) {
        const next = this.nextTime
        if (next > time) break
        const late = time - next
        if (late > this.#worst) this.#worst = late
        if (late > LATE) this.#late += this.fireDue(Math.min(time - LATE, time), EVENTS_PER_LOOK)
        else this.fireDue(time, EVENTS_PER_LOOK)
        time = this.elapsed
        if (time - begun > SLICE) break
      }
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#firing = false
    }
    this.#expect(Math.min(this.nextTime, this.elapsed + LONGEST_WAIT))
  }

  /** Nothing fires any more. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#alarm.close()
  }

  #catchUp(): void {
    // Not past what is to fire: that is still to come.
    const next = this.nextTime
    const elapsed = this.elapsed
    if (elapsed < next) this.fireDue(elapsed, 0)
    else this.fireDue(next - 1, 0)
  }

  /** The alarm rings at `time` or before. */
  #expect(time: Nanos): void {
    if (this.#firing || this.#closed || time >= this.#alarmAt - GRAIN) return
    this.#alarmAt = time
    this.#alarm.set(time - this.elapsed)
  }
}
