/**
 * What a switch has learned: MAC address to port, with ageing and a bound.
 *
 * Open addressing over typed arrays, linear probing, keys (VLAN and address) split into 28 and 32 bits: a lookup
 * allocates nothing.
 * Entries are never removed one by one; aged ones are overwritten in place and dropped when the table grows.
 */
import type { Nanos } from '../../base/time.js'

/** Entries. A full table learns no more until something has aged, as a real one. */
const MAX_ENTRIES = 1 << 18
const INITIAL_CAPACITY = 256

export class MacTable {
  readonly #ageing: Nanos
  #capacity = INITIAL_CAPACITY
  #used = 0
  #high = new Uint32Array(INITIAL_CAPACITY)
  #low = new Uint32Array(INITIAL_CAPACITY)
  /** Port number plus one; 0 is a free place. */
  #ports = new Uint32Array(INITIAL_CAPACITY)
  #seen = new Float64Array(INITIAL_CAPACITY)

  /** @param ageing how long an address is remembered after its last frame */
  constructor(ageing: Nanos) {
    this.#ageing = ageing
  }

  /** Remembers the port of the address at bytes[at..at+6) in a VLAN. */
  learn(bytes: Uint8Array, at: number, port: number, now: Nanos, vlan = 0): void {
    const high = (vlan << 16) | readHigh(bytes, at)
    const low = readLow(bytes, at)
    let place = this.#find(high, low)
    if (this.#ports[place] === 0) {
      // At most half full, so that probing stays short.
      if (this.#used * 2 >= this.#capacity) {
        this.#resize(now)
        if (this.#used >= MAX_ENTRIES) return
        place = this.#find(high, low)
      }
      this.#used++
      this.#high[place] = high
      this.#low[place] = low
    }
    this.#ports[place] = port + 1
    this.#seen[place] = now
  }

  /** The port of an address, or -1. */
  lookup(bytes: Uint8Array, at: number, now: Nanos, vlan = 0): number {
    const place = this.#find((vlan << 16) | readHigh(bytes, at), readLow(bytes, at))
    if (this.#ports[place] === 0 || now - this.#seen[place]! > this.#ageing) return -1
    return this.#ports[place]! - 1
  }

  /** The place of the key, or the free one where it belongs. */
  #find(high: number, low: number): number {
    const mask = this.#capacity - 1
    let place = (Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b) >>> 8) & mask
    while (this.#ports[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & mask
    }
    return place
  }

  /** Drops what has aged, and doubles unless that freed enough. */
  #resize(now: Nanos): void {
    const { high, low, ports, seen } = { high: this.#high, low: this.#low, ports: this.#ports, seen: this.#seen }
    let alive = 0
    for (let i = 0; i < ports.length; i++) if (ports[i] !== 0 && now - seen[i]! <= this.#ageing) alive++
    if (alive * 4 > this.#capacity && this.#capacity < 2 * MAX_ENTRIES) this.#capacity *= 2
    this.#high = new Uint32Array(this.#capacity)
    this.#low = new Uint32Array(this.#capacity)
    this.#ports = new Uint32Array(this.#capacity)
    this.#seen = new Float64Array(this.#capacity)
    this.#used = alive
    for (let i = 0; i < ports.length; i++) {
      if (ports[i] === 0 || now - seen[i]! > this.#ageing) continue
      const place = this.#find(high[i]!, low[i]!)
      this.#high[place] = high[i]!
      this.#low[place] = low[i]!
      this.#ports[place] = ports[i]!
      this.#seen[place] = seen[i]!
    }
  }
}

function readHigh(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function readLow(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0
}
