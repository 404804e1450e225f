/**
 * What is to happen, ordered by (time, sequence): of two events at the same time the one that was scheduled first
 * comes first. That order alone decides a run, so two runs of one scenario are one run.
 *
 * A 4-ary heap over typed arrays, and beside it a ring for events that are due at once (on links without delay that
 * is every other event). The ring may be served after the heap's events of the same time: an event in the heap was
 * scheduled before the clock reached that time, so its sequence is lower than that of anything in the ring.
 *
 * An event is a handler and an argument, so that a frame on a link needs no closure of its own. Cancelling leaves a
 * dead entry that is skipped when its time comes; when the dead outnumber the living the heap is rebuilt.
 *
 * Not here: time that passes (simulation.ts).
 */
import type { Nanos } from '../../base/time.js'

export interface EventHandler<A> {
  fire(argument: A): void
}

/** Events pending at once. More than that is a program that schedules without end. */
const MAX_EVENTS = 1 << 24
const INITIAL_CAPACITY = 1024
/** Dead entries tolerated before a rebuild is considered. */
const MIN_DEAD_FOR_REBUILD = 1024

/** What push() gives back, for cancel(). Valid until the event has fired; stale ones are recognised. */
export type Ticket = number

/** Tickets are slot + generation * MAX_EVENTS; generations wrap so that the product stays an exact integer. */
const GENERATIONS = 1 << 28

export class EventQueue {
  /** The time of the event that fires, or fired last. Only advanceTo() and fireNext() move it. */
  now: Nanos = 0

  // The heap proper, parallel arrays.
  #times = new Float64Array(INITIAL_CAPACITY)
  #sequences = new Float64Array(INITIAL_CAPACITY)
  #heapSlots = new Int32Array(INITIAL_CAPACITY)
  #heapLength = 0
  #sequence = 0

  // Events due now: slots in a ring whose size is a power of two.
  #ring = new Int32Array(INITIAL_CAPACITY)
  #ringHead = 0
  #ringLength = 0

  // Slots: what an entry means.
  #handlers: (EventHandler<unknown> | undefined)[] = []
  #arguments: unknown[] = []
  #generations: number[] = []
  readonly #free: number[] = []
  #dead = 0

  /** Living events. */
  get size(): number {
    return this.#heapLength + this.#ringLength - this.#dead
  }

  /**
   * @param time no earlier than now; earlier ones count as now
   * @throws RangeError when MAX_EVENTS are pending, or the time is not a number
   */
  push<A>(time: Nanos, handler: EventHandler<A>, argument: A): Ticket {
    const slot = this.#free.pop() ?? this.#newSlot()
    this.#handlers[slot] = handler as EventHandler<unknown>
    this.#arguments[slot] = argument
    if (time > this.now) this.#pushHeap(time, slot)
    else if (time <= this.now) this.#pushRing(slot)
    else throw new RangeError(`not a time: ${time}`)
    return slot + this.#generations[slot]! * MAX_EVENTS
  }

  /** True when the event was still to come. */
  cancel(ticket: Ticket): boolean {
    const slot = ticket % MAX_EVENTS
    if (this.#generations[slot] !== (ticket - slot) / MAX_EVENTS || this.#handlers[slot] === undefined) return false
    this.#handlers[slot] = undefined
    this.#arguments[slot] = undefined
    this.#dead++
    if (this.#dead >= MIN_DEAD_FOR_REBUILD && this.#dead * 2 > this.#heapLength) this.#rebuild()
    return true
  }

  /** When the next living event is due; Infinity when there is none. */
  nextTime(): Nanos {
    while (true) {
      const times = this.#times
      if (this.#heapLength > 0 && (this.#ringLength === 0 || times[0]! <= this.now)) {
        const slot = this.#heapSlots[0]!
        if (this.#handlers[slot] !== undefined) return times[0]!
        this.#popHeap()
        this.#bury(slot)
      } else if (this.#ringLength > 0) {
        const slot = this.#ring[this.#ringHead]!
        if (this.#handlers[slot] !== undefined) return this.now
        this.#popRing()
        this.#bury(slot)
      } else {
        return Infinity
      }
    }
  }

  /** Moves the clock to the next living event and fires it. False when there was none. */
  fireNext(): boolean {
    const time = this.nextTime()
    if (time === Infinity) return false
    let slot
    if (this.#heapLength > 0 && this.#times[0]! <= time) {
      slot = this.#heapSlots[0]!
      this.now = time
      this.#popHeap()
    } else {
      slot = this.#popRing()
    }
    const handler = this.#handlers[slot]!
    const argument = this.#arguments[slot]
    this.#release(slot)
    handler.fire(argument)
    return true
  }

  /** Moves the clock on without an event. The caller has seen to it that none is due before. */
  advanceTo(time: Nanos): void {
    if (time > this.now) this.now = time
  }

  #newSlot(): number {
    const slot = this.#handlers.length
    if (slot >= MAX_EVENTS) throw new RangeError(`more than ${MAX_EVENTS} events pending`)
    this.#handlers.push(undefined)
    this.#arguments.push(undefined)
    this.#generations.push(0)
    return slot
  }

  #release(slot: number): void {
    this.#handlers[slot] = undefined
    this.#arguments[slot] = undefined
    this.#generations[slot] = (this.#generations[slot]! + 1) % GENERATIONS
    this.#free.push(slot)
  }

  #bury(slot: number): void {
    this.#dead--
    this.#release(slot)
  }

  #pushRing(slot: number): void {
    let ring = this.#ring
    if (this.#ringLength === ring.length) {
      const grown = new Int32Array(ring.length * 2)
      for (let i = 0; i < ring.length; i++) grown[i] = ring[(this.#ringHead + i) & (ring.length - 1)]!
      this.#ring = ring = grown
      this.#ringHead = 0
    }
    ring[(this.#ringHead + this.#ringLength) & (ring.length - 1)] = slot
    this.#ringLength++
  }

  #popRing(): number {
    const slot = this.#ring[this.#ringHead]!
    this.#ringHead = (this.#ringHead + 1) & (this.#ring.length - 1)
    this.#ringLength--
    return slot
  }

  #pushHeap(time: Nanos, slot: number): void {
    if (this.#heapLength === this.#times.length) this.#growHeap()
    const times = this.#times
    const sequences = this.#sequences
    const slots = this.#heapSlots
    const sequence = this.#sequence++
    let at = this.#heapLength++
    // The newest of equal times comes last, so only a strictly later parent moves down.
    while (at > 0) {
      const parent = (at - 1) >> 2
      if (times[parent]! <= time) break
      times[at] = times[parent]!
      sequences[at] = sequences[parent]!
      slots[at] = slots[parent]!
      at = parent
    }
    times[at] = time
    sequences[at] = sequence
    slots[at] = slot
  }

  #popHeap(): void {
    const last = --this.#heapLength
    if (last > 0) this.#siftDown(0, this.#times[last]!, this.#sequences[last]!, this.#heapSlots[last]!)
  }

  /** Puts an entry where it belongs in the subtree whose root is free. */
  #siftDown(root: number, time: Nanos, sequence: number, slot: number): void {
    const times = this.#times
    const sequences = this.#sequences
    const slots = this.#heapSlots
    const length = this.#heapLength
    let at = root
    while (true) {
      const first = 4 * at + 1
      if (first >= length) break
      const end = first + 4 < length ? first + 4 : length
      let best = first
      let bestTime = times[first]!
      for (let child = first + 1; child < end; child++) {
        const childTime = times[child]!
        if (childTime < bestTime || (childTime === bestTime && sequences[child]! < sequences[best]!)) {
          best = child
          bestTime = childTime
        }
      }
      if (bestTime > time || (bestTime === time && sequences[best]! > sequence)) break
      times[at] = bestTime
      sequences[at] = sequences[best]!
      slots[at] = slots[best]!
      at = best
    }
    times[at] = time
    sequences[at] = sequence
    slots[at] = slot
  }

  #growHeap(): void {
    const capacity = this.#times.length * 2
    const times = new Float64Array(capacity)
    times.set(this.#times)
    this.#times = times
    const sequences = new Float64Array(capacity)
    sequences.set(this.#sequences)
    this.#sequences = sequences
    const slots = new Int32Array(capacity)
    slots.set(this.#heapSlots)
    this.#heapSlots = slots
  }

  /** Drops the dead from the heap and restores its order bottom-up (Floyd). Those in the ring go in their turn. */
  #rebuild(): void {
    let kept = 0
    for (let i = 0; i < this.#heapLength; i++) {
      const slot = this.#heapSlots[i]!
      if (this.#handlers[slot] === undefined) {
        this.#bury(slot)
        continue
      }
      this.#times[kept] = this.#times[i]!
      this.#sequences[kept] = this.#sequences[i]!
      this.#heapSlots[kept] = slot
      kept++
    }
    this.#heapLength = kept
    for (let root = (kept - 2) >> 2; root >= 0; root--) {
      this.#siftDown(root, this.#times[root]!, this.#sequences[root]!, this.#heapSlots[root]!)
    }
  }
}
