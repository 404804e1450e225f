/**
 * One line of progress on a terminal, on standard error; nothing anywhere else.
 */
import type { Machine } from './machine.js'

const INTERVAL_MS = 200
const MAX_WIDTH = 78

export class Progress {
  readonly #machine: Machine
  readonly #enabled: boolean
  #last = Date.now()
  #shown = false

  constructor(machine: Machine, quiet: boolean) {
    this.#machine = machine
    this.#enabled = machine.interactive && !quiet
  }

  /** At most a few times a second; `line` is only made when it is shown. */
  show(line: () => string): void {
    if (!this.#enabled) return
    const now = Date.now()
    if (now - this.#last < INTERVAL_MS) return
    this.#last = now
    this.#shown = true
    this.#machine.note(`\r${line().slice(0, MAX_WIDTH).padEnd(MAX_WIDTH)}`)
  }

  clear(): void {
    if (this.#shown) this.#machine.note(`\r${' '.repeat(MAX_WIDTH)}\r`)
    this.#shown = false
  }
}
