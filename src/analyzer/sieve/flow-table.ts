/**
 * A hash table keyed by the two ends of a flow, in either order, without allocating on look-up: addresses and ports
 * live in one Int32Array, values beside them. Open addressing with linear probing; removal shifts later entries back,
 * so that no tombstones gather over a long capture.
 */
const INITIAL_CAPACITY = 1024

export class FlowTable<V> {
  /** Three words a slot: address, address, both ports. A slot is empty when its value is undefined. */
  #keys = new Int32Array(INITIAL_CAPACITY * 3)
  #values: (V | undefined)[] = new Array<V | undefined>(INITIAL_CAPACITY).fill(undefined)
  #mask = INITIAL_CAPACITY - 1
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The slot of a flow, or the complement (~slot) of the empty one where it would go. */
  #find(low: number, high: number, ports: number): number {
    const keys = this.#keys
    const values = this.#values
    let slot = hash(low, high, ports) & this.#mask
    for (;;) {
      if (values[slot] === undefined) return ~slot
      const at = slot * 3
      if (keys[at] === low && keys[at + 1] === high && keys[at + 2] === ports) return slot
      slot = (slot + 1) & this.#mask
    }
  }

  get(address1: number, port1: number, address2: number, port2: number): V | undefined {
    const swap = isHigher(address1, port1, address2, port2)
    const slot = swap
      ? this.#find(address2 | 0, address1 | 0, (port2 << 16) | port1)
      : this.#find(address1 | 0, address2 | 0, (port1 << 16) | port2)
    return slot < 0 ? undefined : this.#values[slot]
  }

  has(address1: number, port1: number, address2: number, port2: number): boolean {
    return this.#size > 0 && this.get(address1, port1, address2, port2) !== undefined
  }

  set(address1: number, port1: number, address2: number, port2: number, value: V): void {
    const swap = isHigher(address1, port1, address2, port2)
    const low = (swap ? address2 : address1) | 0
    const high = (swap ? address1 : address2) | 0
    const ports = swap ? (port2 << 16) | port1 : (port1 << 16) | port2
    let slot = this.#find(low, high, ports)
    if (slot >= 0) {
      this.#values[slot] = value
      return
    }
    if ((this.#size + 1) * 2 > this.#values.length) {
      this.#grow()
      slot = this.#find(low, high, ports)
    }
    this.#put(~slot, low, high, ports, value)
    this.#size++
  }

  #put(slot: number, low: number, high: number, ports: number, value: V): void {
    this.#keys[slot * 3] = low
    this.#keys[slot * 3 + 1] = high
    this.#keys[slot * 3 + 2] = ports
    this.#values[slot] = value
  }

  delete(address1: number, port1: number, address2: number, port2: number): boolean {
    const swap = isHigher(address1, port1, address2, port2)
    let hole = swap
      ? this.#find(address2 | 0, address1 | 0, (port2 << 16) | port1)
      : this.#find(address1 | 0, address2 | 0, (port1 << 16) | port2)
    if (hole < 0) return false
    const keys = this.#keys
    const mask = this.#mask
    let slot = hole
    for (;;) {
      slot = (slot + 1) & mask
      const value = this.#values[slot]
      if (value === undefined) break
      const home = hash(keys[slot * 3]!, keys[slot * 3 + 1]!, keys[slot * 3 + 2]!) & mask
      // It may move back only when the hole lies between its home and where it is.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#put(hole, keys[slot * 3]!, keys[slot * 3 + 1]!, keys[slot * 3 + 2]!, value)
      hole = slot
    }
    this.#values[hole] = undefined
    this.#size--
    return true
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    this.#keys = new Int32Array(keys.length * 2)
    this.#values = new Array<V | undefined>(values.length * 2).fill(undefined)
    this.#mask = this.#values.length - 1
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot]
      if (value === undefined) continue
      const low = keys[slot * 3]!
      const high = keys[slot * 3 + 1]!
      const ports = keys[slot * 3 + 2]!
      this.#put(~this.#find(low, high, ports), low, high, ports, value)
    }
  }
}

/** One order for both directions of a flow. */
function isHigher(address1: number, port1: number, address2: number, port2: number): boolean {
  const a = address1 >>> 0
  const b = address2 >>> 0
  return a > b || (a === b && port1 > port2)
}

/** murmur3's finalizer over the three words. */
function hash(low: number, high: number, ports: number): number {
  let h = Math.imul(low, 0xcc9e2d51) ^ Math.imul((high << 15) | (high >>> 17), 0x1b873593) ^ ports
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
