/** Who keeps bodies and files asks here first. */
import { MAX_CONTENT, MAX_KEPT_OCTETS, type Limits } from './limits.js'

export class ContentBudget {
  readonly #limits: Limits
  #kept = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /**
   * Asks to keep `more` octets of something of which `sofar` are kept. A no is final: the caller gives back what it
   * has.
   */
  take(sofar: number, more: number): boolean {
    if (sofar + more > MAX_CONTENT) return false
    if (this.#kept + more > MAX_KEPT_OCTETS) {
      this.#limits.reached('kept-content')
      return false
    }
    this.#kept += more
    return true
  }

  giveBack(octets: number): void {
    this.#kept -= octets
  }
}
