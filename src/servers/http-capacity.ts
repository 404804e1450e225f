/**
 * What an HTTP server can do at once: so many workers, each with one request until its answer is sent, and so many
 * requests that wait for one. A boot storm of phones brings a small server to its limit, and what it does then is what
 * the phones see: delay, 503, or a reset.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../host/host.js'
import type { Nanos } from '../base/time.js'

export interface HttpCapacity {
  /** Requests being answered at once (MaxClients). */
  readonly workers: number
  /** Requests that wait for a worker. */
  readonly backlog: number
  /** What each request costs a worker before the answer begins. Nothing unless told. */
  readonly serviceTime?: Nanos
  /** What a request gets that finds no room. 503 unless told. */
  readonly overload?: 'unavailable' | 'reset'
  /** Seconds in the Retry-After of those 503; none unless told. */
  readonly retryAfter?: number
}

export class WorkQueue {
  readonly #capacity: HttpCapacity
  readonly #clock: Clock
  readonly #waiting: { readonly response: ServerResponse; readonly run: () => void }[] = []
  #busy = 0

  constructor(capacity: HttpCapacity, clock: Clock) {
    this.#capacity = capacity
    this.#clock = clock
  }

  /** Runs the work of a request when a worker has time for it; the worker is free again when the response closes. */
  enter(response: ServerResponse, run: () => void): 'working' | 'waiting' | 'full' {
    if (this.#busy < this.#capacity.workers) {
      this.#work(response, run)
      return 'working'
    }
    if (this.#waiting.length >= this.#capacity.backlog) return 'full'
    const entry = { response, run }
    this.#waiting.push(entry)
    response.once('close', () => {
      const at = this.#waiting.indexOf(entry)
      if (at >= 0) this.#waiting.splice(at, 1)
    })
    return 'waiting'
  }

  #work(response: ServerResponse, run: () => void): void {
    this.#busy++
    const { serviceTime = 0 } = this.#capacity
    const timer = serviceTime === 0 ? undefined : this.#clock.after(serviceTime, run)
    response.once('close', () => {
      timer?.cancel()
      this.#busy--
      const next = this.#waiting.shift()
      if (next !== undefined) this.#work(next.response, next.run)
    })
    if (timer === undefined) run()
  }
}
