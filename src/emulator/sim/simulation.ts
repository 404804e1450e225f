/**
 * One run: the virtual clock, what is to happen, who has which luck, and the loop that makes it happen.
 *
 * Theory of operation. Time is integer nanoseconds since the start and only moves from one event to the next. While
 * events move frames and nothing else, the loop is an ordinary synchronous loop. An event that wakes Node-shaped code
 * (a socket event, a stream, a timer of a virtual host) says so with nodeCodeRan(), and before time goes on the loop
 * lets that code settle: ticks and microtasks are drained at once (settle.ts), and only while something real is
 * outstanding (a file, zlib, a setImmediate of Node's own) the loop takes real turns with the clock stopped. Draining
 * promises works from a macrotask only, so the loop is entered from setImmediate and never continues after an await.
 *
 * Every WALL_SLICE the loop hands the process a turn of its real event loop, for signals and progress. Nothing in a
 * run can tell.
 *
 * Not here: what a frame is (link/), what a host is (net/), hooking up Node (virtual-host.ts).
 */
import { performance } from 'node:perf_hooks'
import { addNanos, type Nanos, type Timestamp } from '../../base/time.js'
import { Random } from '../../base/random.js'
import { EventQueue, type EventHandler, type Ticket } from './event-queue.js'
import type { FrameLog } from './frame-log.js'
import { realTurn, settleNow } from './settle.js'
import { TruthLog } from './truth-log.js'

/** Milliseconds of real time after which the process gets a turn. */
const WALL_SLICE_MS = 50
/** Events between two looks at the real clock. */
const EVENTS_PER_LOOK = 512

/** 2026-01-05T08:00:00Z, a Monday morning: when runs begin unless they say otherwise. */
const DEFAULT_EPOCH: Timestamp = { seconds: 1_767_600_000, nanos: 0 }

export interface SimulationOptions {
  /** Any integer; its lower 32 bits count. */
  readonly seed: number
  /** The time of day at which the run begins. */
  readonly epoch?: Timestamp
  readonly truth?: TruthLog
  /** Told of every frame on every link. Without one that costs nothing. */
  readonly frameLog?: FrameLog
}

export interface RunOptions {
  /** Events up to and including this time; the clock then stands there. */
  readonly until?: Nanos
  /** Asked before every event; the run stops, resumable, when it answers false. */
  readonly while?: () => boolean
}

/** Fires a plain function. */
const CALL: EventHandler<() => void> = {
  fire(run) {
    run()
  },
}

export class Simulation {
  readonly seed: number
  readonly epoch: Timestamp
  readonly truth: TruthLog
  readonly frameLog: FrameLog | undefined
  readonly #queue = new EventQueue()
  #nodeCodeRan = true
  #holds = 0
  #running = false
  #eventCount = 0

  constructor({ seed, epoch = DEFAULT_EPOCH, truth = new TruthLog(), frameLog }: SimulationOptions) {
    this.seed = seed
    this.epoch = epoch
    this.truth = truth
    this.frameLog = frameLog
  }

  get now(): Nanos {
    return this.#queue.now
  }

  /** The time of day. */
  get wallClock(): Timestamp {
    return addNanos(this.epoch, this.#queue.now)
  }

  /** Events that have fired, for progress and figures. */
  get eventCount(): number {
    return this.#eventCount
  }

  /** Events that are to come. */
  get pending(): number {
    return this.#queue.size
  }

  /** When the next event is due; Infinity when there is none. */
  get nextTime(): Nanos {
    return this.#queue.nextTime()
  }

  /** Runs it `delay` from now; with 0 after everything that is already due now. */
  schedule(delay: Nanos, run: () => void): { cancel(): void } {
    return this.at(this.#queue.now + delay, run)
  }

  /** Runs it at `time`, or now if that has passed. */
  at(time: Nanos, run: () => void): { cancel(): void } {
    const queue = this.#queue
    const ticket = queue.push(time, CALL, run)
    return {
      cancel() {
        queue.cancel(ticket)
      },
    }
  }

  /** For what happens often: an event without a closure or a handle of its own. */
  post<A>(delay: Nanos, handler: EventHandler<A>, argument: A): Ticket {
    return this.#queue.push(this.#queue.now + delay, handler, argument)
  }

  /** As post(), at a time. */
  postAt<A>(time: Nanos, handler: EventHandler<A>, argument: A): Ticket {
    return this.#queue.push(time, handler, argument)
  }

  /** Takes back what post() or postAt() promised. */
  cancel(ticket: Ticket): boolean {
    return this.#queue.cancel(ticket)
  }

  /** The seeded luck of one owner: `link uplink, a to b`, `host dhcp`. The same name gives the same stream again. */
  random(owner: string): Random {
    return Random.for(this.seed, owner)
  }

  /** An event woke Node-shaped code: let it settle before time goes on. */
  nodeCodeRan(): void {
    this.#nodeCodeRan = true
  }

  /** Time stands still until `work` is done. For what finishes outside the event loop: files, zlib, crypto. */
  hold<T>(work: Promise<T>): Promise<T> {
    this.#holds++
    this.#nodeCodeRan = true
    const release = (): void => {
      this.#holds--
      this.#nodeCodeRan = true
    }
    work.then(release, release)
    return work
  }

  /**
   * Fires events in order until none is left, or as `options` say. May be called again to go on.
   * Rejects with whatever an event throws: that is a bug, and the run is over.
   */
  run(options: RunOptions = {}): Promise<void> {
    if (this.#running) return Promise.reject(new Error('the simulation is already running'))
    this.#running = true
    return new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        try {
          const paused = this.#fireEvents(options)
          if (paused === 'done') {
            this.#running = false
            resolve()
          } else if (paused === 'slice') {
            setImmediate(turn)
          } else {
            // Back to a macrotask: ticks and promises can only be drained from there.
            realTurn().then(() => setImmediate(turn), reject)
          }
        } catch (error) {
          this.#running = false
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      }
      setImmediate(turn)
    })
  }

  /**
   * For a clock that goes on by itself: fires what is due by `time`, at most `limit` events, and returns how many. The
   * clock then stands at `time`, unless more is due. Node-shaped code settles when the caller lets the event loop turn.
   */
  protected fireDue(time: Nanos, limit: number): number {
    const queue = this.#queue
    let fired = 0
    while (fired < limit && queue.nextTime() <= time) {
      queue.fireNext()
      fired++
    }
    this.#eventCount += fired
    if (queue.nextTime() > time) queue.advanceTo(time)
    return fired
  }

  #fireEvents(options: RunOptions): 'done' | 'slice' | 'unsettled' {
    const queue = this.#queue
    const until = options.until ?? Infinity
    const goOn = options.while
    const sliceEnd = performance.now() + WALL_SLICE_MS
    let untilLook = EVENTS_PER_LOOK
    while (true) {
      if (this.#nodeCodeRan) {
        if (!this.#settle()) return 'unsettled'
      }
      if (goOn !== undefined && !goOn()) return 'done'
      const time = queue.nextTime()
      if (time > until || time === Infinity) {
        if (until !== Infinity) queue.advanceTo(until)
        return 'done'
      }
      queue.fireNext()
      this.#eventCount++
      if (--untilLook === 0) {
        if (performance.now() >= sliceEnd) return 'slice'
        untilLook = EVENTS_PER_LOOK
      }
    }
  }

  /** False when something real is outstanding. Code that settles may wake other code; it says so again. */
  #settle(): boolean {
    while (this.#nodeCodeRan) {
      this.#nodeCodeRan = false
      if (!settleNow() || this.#holds > 0) {
        this.#nodeCodeRan = true
        return false
      }
    }
    return true
  }
}
