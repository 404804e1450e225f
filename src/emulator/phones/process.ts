/**
 * A sequence of waits written as a generator: `const mac = yield* wait((resume) => transport.resolveArp(a, t, resume))`.
 *
 * Why not async functions: a phone is woken by emulated frames and timers, and must go on within the same event. A
 * promise would put a microtask between, and thousands of phones would need the run loop to drain them.
 */

/** Starts something that calls `resume` once, at once or later; may return how to call it off. */
export type Begin<T> = (resume: (value: T) => void) => (() => void) | undefined

type AnyBegin = Begin<unknown>

export type Steps<T> = Generator<AnyBegin, T, unknown>

/** Waits for what `begin` starts, and is its result. */
export function* wait<T>(begin: Begin<T>): Steps<T> {
  return (yield begin as unknown as AnyBegin) as T
}

/** Runs Steps to their end. A later call of `resume` than the first, or after cancel(), does nothing. */
export class Process {
  readonly #steps: Steps<void>
  #callOff: (() => void) | undefined
  #over = false

  constructor(steps: Steps<void>) {
    this.#steps = steps
  }

  get isOver(): boolean {
    return this.#over
  }

  start(): void {
    this.#advance(undefined)
  }

  /** Calls off what is being waited for; the steps never go on. */
  cancel(): void {
    if (this.#over) return
    this.#over = true
    this.#callOff?.()
    this.#callOff = undefined
  }

  #advance(value: unknown): void {
    let next = value
    // A wait that ends at once is a turn of this loop, not a call deeper.
    for (;;) {
      if (this.#over) return
      const { done, value: begin } = this.#steps.next(next)
      if (done === true) {
        this.#over = true
        return
      }
      if (this.#over) return
      let resumed = false
      let starting = true
      const callOff = begin((result) => {
        if (resumed || this.#over) return
        resumed = true
        this.#callOff = undefined
        if (starting) next = result
        else this.#advance(result)
      })
      starting = false
      if (this.#over) {
        if (!resumed) callOff?.()
        return
      }
      if (!resumed) {
        this.#callOff = callOff
        return
      }
    }
  }
}
