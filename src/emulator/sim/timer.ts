/**
 * A timer that is armed far more often than it fires, as TCP's are: arming it later than before, and disarming it,
 * costs no event. The event that was scheduled first looks at the deadline when it comes, and goes on waiting if that
 * has moved.
 */
import type { Nanos } from '../../base/time.js'
import type { EventHandler, Ticket } from './event-queue.js'
import type { Simulation } from './simulation.js'

export class Timer implements EventHandler<undefined> {
  readonly #sim: Simulation
  readonly #run: () => void
  #deadline: Nanos = Infinity
  #scheduled: Nanos = Infinity
  #ticket: Ticket = -1

  constructor(sim: Simulation, run: () => void) {
    this.#sim = sim
    this.#run = run
  }

  get armed(): boolean {
    return this.#deadline !== Infinity
  }

  /** When it will fire; Infinity while disarmed. */
  get deadline(): Nanos {
    return this.#deadline
  }

  /** Fires once, `delay` from now, in place of any earlier promise. */
  arm(delay: Nanos): void {
    const deadline = this.#sim.now + delay
    this.#deadline = deadline
    if (deadline >= this.#scheduled) return
    if (this.#scheduled !== Infinity) this.#sim.cancel(this.#ticket)
    this.#schedule()
  }

  disarm(): void {
    this.#deadline = Infinity
  }

  /** Disarms it and takes its event out of the queue too: for an owner that is done with it. */
  cancel(): void {
    this.#deadline = Infinity
    if (this.#scheduled === Infinity) return
    this.#scheduled = Infinity
    this.#sim.cancel(this.#ticket)
  }

  /** The event queue's entry. */
  fire(): void {
    this.#scheduled = Infinity
    if (this.#deadline === Infinity) return
    if (this.#deadline > this.#sim.now) return this.#schedule()
    this.#deadline = Infinity
    this.#run()
  }

  #schedule(): void {
    this.#scheduled = this.#deadline
    this.#ticket = this.#sim.postAt(this.#deadline, this, undefined)
  }
}
