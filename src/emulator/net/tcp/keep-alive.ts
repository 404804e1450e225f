/**
 * RFC 9293 §3.8.4: whether the peer is still there, asked when nothing has been heard for long. Off unless somebody
 * wants it (the RFC's MUST).
 */
import type { Nanos } from '../../../base/time.js'
import type { Simulation } from '../../sim/simulation.js'
import { Timer } from '../../sim/timer.js'
import type { KeepAlive as Intervals } from '../profile.js'

export interface KeepAliveOwner {
  /** Something is in flight or waits for a window: other timers watch over the peer. */
  readonly isBusy: boolean
  /** Sends a probe. */
  probe(): void
  gaveUp(): void
}

export class KeepAlive {
  readonly #owner: KeepAliveOwner
  readonly #sim: Simulation
  readonly #intervals: Intervals
  readonly #timer: Timer
  #probes = 0
  #heard: Nanos

  constructor(owner: KeepAliveOwner, sim: Simulation, intervals: Intervals) {
    this.#owner = owner
    this.#sim = sim
    this.#intervals = intervals
    this.#heard = sim.now
    this.#timer = new Timer(sim, () => this.#onTimer())
    this.#timer.arm(intervals.idle)
  }

  /** A segment has come. The timer looks when it fires. */
  heard(): void {
    this.#heard = this.#sim.now
    this.#probes = 0
  }

  stop(): void {
    this.#timer.cancel()
  }

  #onTimer(): void {
    const { idle, interval, count } = this.#intervals
    const silent = this.#sim.now - this.#heard
    if (this.#owner.isBusy || (this.#probes === 0 && silent < idle)) {
      this.#timer.arm(this.#owner.isBusy ? idle : idle - silent)
      return
    }
    if (this.#probes >= count) return this.#owner.gaveUp()
    this.#probes++
    this.#owner.probe()
    this.#timer.arm(interval)
  }
}
