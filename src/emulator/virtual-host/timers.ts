/**
 * Timers, Date, performance and Math.random of one virtual host. Delays are Node's milliseconds, rules for odd ones
 * included; a timer that is due enters the program at its exact virtual time.
 */
import { promisify } from 'node:util'
import { MILLISECOND } from '../../base/time.js'
import { nodeError, unavailable } from './machine.js'
import type { Machine } from './machine.js'

type Callback = (...args: unknown[]) => void

/** What setTimeout returns: Node's Timeout as far as programs look at it. */
export interface VirtualTimeout {
  ref(): VirtualTimeout
  unref(): VirtualTimeout
  hasRef(): boolean
  refresh(): VirtualTimeout
  close(): VirtualTimeout
  [Symbol.toPrimitive](): number
  [Symbol.dispose](): void
}

export interface VirtualTimers {
  /** setTimeout and its kin. */
  readonly globals: Readonly<Record<string, unknown>>
  /** `timers` and `timers/promises`. */
  readonly module: Readonly<Record<string, unknown>>
  readonly promises: Readonly<Record<string, unknown>>
  readonly Date: DateConstructor
  readonly Math: Math
  readonly performance: Readonly<Record<string, unknown>>
}

/** Node's TIMEOUT_MAX; longer delays, and those that are no number above 1, become 1 ms. */
const MAX_DELAY = 2 ** 31 - 1

export function virtualTimers(machine: Machine): VirtualTimers {
  let lastId = 0
  const byId = new Map<number, Timeout>()

  class Timeout implements VirtualTimeout {
    readonly #id = ++lastId
    readonly #delay: number
    readonly #repeats: boolean
    readonly #callback: Callback
    readonly #args: unknown[]
    #event: { cancel(): void } | undefined
    #hasRef = true

    constructor(callback: unknown, delay: unknown, args: unknown[], repeats: boolean) {
      if (typeof callback !== 'function') {
        throw nodeError(new TypeError('The "callback" argument must be of type function.'), 'ERR_INVALID_ARG_TYPE')
      }
      const asked = Number(delay)
      this.#delay = asked >= 1 && asked <= MAX_DELAY ? Math.trunc(asked) : 1
      this.#callback = callback as Callback
      this.#args = args
      this.#repeats = repeats
      this.#arm()
    }

    #arm(): void {
      this.#event = machine.after(this.#delay * MILLISECOND, () => {
        this.#event = undefined
        if (this.#repeats) this.#arm()
        else byId.delete(this.#id)
        this.#callback.apply(this, this.#args)
      })
    }

    ref(): this {
      this.#hasRef = true
      return this
    }

    /** Virtual time ends when the run says so, with timers or without: it is remembered, and that is all. */
    unref(): this {
      this.#hasRef = false
      return this
    }

    hasRef(): boolean {
      return this.#hasRef
    }

    refresh(): this {
      if (this.#event === undefined) return this
      this.#event.cancel()
      this.#arm()
      return this
    }

    close(): this {
      this.#event?.cancel()
      this.#event = undefined
      byId.delete(this.#id)
      return this
    }

    [Symbol.toPrimitive](): number {
      byId.set(this.#id, this)
      return this.#id
    }

    [Symbol.dispose](): void {
      this.close()
    }
  }

  const setTimeout = (callback: unknown, delay?: unknown, ...args: unknown[]): VirtualTimeout =>
    new Timeout(callback, delay, args, false)
  const setInterval = (callback: unknown, delay?: unknown, ...args: unknown[]): VirtualTimeout =>
    new Timeout(callback, delay, args, true)
  const clearTimeout = (timer: unknown): void => {
    if (timer instanceof Timeout) timer.close()
    else if (typeof timer === 'number' || typeof timer === 'string') byId.get(Number(timer))?.close()
  }
  const setImmediate = (callback: unknown, ...args: unknown[]): object => {
    if (typeof callback !== 'function') {
      throw nodeError(new TypeError('The "callback" argument must be of type function.'), 'ERR_INVALID_ARG_TYPE')
    }
    const event = machine.after(0, () => (callback as Callback)(...args))
    const immediate = {
      ref: (): object => immediate,
      unref: (): object => immediate,
      hasRef: () => true,
      [CANCEL]: () => event.cancel(),
    }
    return immediate
  }
  const clearImmediate = (immediate: unknown): void => {
    if (typeof immediate === 'object' && immediate !== null && CANCEL in immediate) (immediate[CANCEL] as () => void)()
  }

  const promises = {
    setTimeout: (delay?: number, value?: unknown) =>
      new Promise((resolve) => void setTimeout(() => resolve(value), delay)),
    setImmediate: (value?: unknown) => new Promise((resolve) => void setImmediate(() => resolve(value))),
    setInterval: () => {
      throw unavailable('timers/promises.setInterval')
    },
    scheduler: {
      wait: (delay: number) => promises.setTimeout(delay),
      yield: () => promises.setImmediate(),
    },
  }
  Object.defineProperty(setTimeout, promisify.custom, { value: promises.setTimeout })
  Object.defineProperty(setImmediate, promisify.custom, { value: promises.setImmediate })

  const globals = {
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval: clearTimeout,
    setImmediate,
    clearImmediate,
  }
  const origin = machine.milliseconds()
  return {
    globals,
    module: { ...globals, promises },
    promises,
    Date: virtualDate(machine),
    Math: Object.create(Math, { random: { value: machine.random } }) as Math,
    performance: {
      now: () => machine.milliseconds() - origin,
      timeOrigin: origin,
      toJSON: () => ({ timeOrigin: origin }),
    },
  }
}

const CANCEL = Symbol('cancel')

/** Date itself, but for what asks for the present. */
function virtualDate(machine: Machine): DateConstructor {
  const now = (): number => Math.floor(machine.milliseconds())
  const date: DateConstructor = new Proxy(Date, {
    construct: (target, args, newTarget: new () => Date) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === date ? target : newTarget) as Date,
    apply: () => new Date(now()).toString(),
    get: (target, name) => (name === 'now' ? now : (Reflect.get(target, name) as unknown)),
  })
  return date
}
