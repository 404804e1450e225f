/**
 * Many cables of one kind on a switch, to hosts that say what they listen to: a broadcast costs what those it concerns
 * cost, not what all do.
 *
 * Theory of operation. Cables with the same delay, rate and limit that carry the same broadcasts and nothing else are in
 * the same state, so it is kept once, for the group; and what a host would throw away is not given to it, but counted.
 * A member that is sent something of its own, or sends what all others get, parts from the group: it takes the common state with it and goes
 * on alone, until its wire is idle when the next broadcast comes. Then both are alike again and it joins.
 *
 * Frames, times and the order of events are those of the plain way, port by port (switch.ts). Counters are brought up to
 * date when they are read, when a member parts and when it leaves; a frame that went to all counts as delivered when it
 * goes out. Whom a broadcast concerns is asked when it arrives: a host may have come to listen while it was on its way.
 */
import type { Nanos } from '../../base/time.js'
import { FloodIndex, type FloodListener, type Interests, type Topic } from './flood-index.js'
import { serialisationTime, type LinkConditions } from './impairments.js'
import type { GroupedPort, SharedState } from './link.js'
import { Serialiser } from './serialiser.js'

/** Fewer ports of a kind are not worth it. */
export const MIN_GROUP = 16

export class FloodGroup {
  readonly members = new Map<number, FloodMember>()
  readonly index = new FloodIndex()
  /** Those whose state is their own for now. */
  readonly apart = new Set<FloodMember>()
  readonly terms: LinkConditions
  /** Broadcasts that went to all members, those among them for somebody else's MAC, and those that found the queue full. */
  floods = 0
  strays = 0
  refused = 0
  readonly #serialiser = new Serialiser()
  readonly #onChange: () => void
  #isDissolved = false

  /** @param onChange a member is none any more, or may be another's */
  constructor(terms: LinkConditions, onChange: () => void) {
    this.terms = terms
    this.#onChange = onChange
  }

  add(number: number, direction: GroupedPort, listener: FloodListener): void {
    const member = new FloodMember(this, number, direction, listener)
    this.members.set(number, member)
    this.apart.add(member)
    direction.shared = member
    listener.tellInterests(member)
  }

  /** Everybody goes on alone. What is on its way to all arrives at all. */
  dissolve(): void {
    for (const member of this.members.values()) member.leave()
    this.#isDissolved = true
  }

  /** Numbers of members that the frame concerns, in no order, some of them perhaps twice. */
  audienceOf(frame: Uint8Array): number[] {
    return (this.#isDissolved ? undefined : this.index.audienceOf(frame)) ?? [...this.members.keys()]
  }

  /** Numbers of the ports that a broadcast is offered to one by one, rising, given those outside the group. */
  others(outside: readonly number[]): Iterable<number> {
    if (this.apart.size === 0) return outside
    const numbers = [...outside]
    for (const member of this.apart) numbers.push(member.number)
    return numbers.sort((a, b) => a - b)
  }

  changed(): void {
    this.#onChange()
  }

  /**
   * A broadcast goes out to all that are not apart. When it arrives there, or -1 when they have no place for it.
   *
   * @param stray to a MAC that the switch does not know
   */
  flood(length: number, now: Nanos, stray: boolean): Nanos {
    const { delay, rate, limit, limitBytes } = this.terms
    const serialiser = this.#serialiser
    if (rate !== undefined && serialiser.isFull(length, now, limit, limitBytes)) {
      this.refused++
      return -1
    }
    this.floods++
    if (stray) this.strays++
    if (rate === undefined) return now + delay
    const arrival = serialiser.enter(length, serialisationTime(length, this.terms), now) + delay
    if (arrival > serialiser.lastArrival) serialiser.lastArrival = arrival
    return serialiser.lastArrival
  }

  /** Those whose wire has become idle are like the others again. To be called before a broadcast. */
  gather(now: Nanos): void {
    if (this.apart.size === 0 || this.#serialiser.busyUntil > now) return
    for (const member of this.apart) if (member.direction.isIdle(now)) member.join()
  }

  get state(): Serialiser {
    return this.#serialiser
  }
}

/** One cable of a group. */
export class FloodMember implements Interests, SharedState {
  readonly number: number
  readonly direction: GroupedPort
  isApart = true
  readonly #group: FloodGroup
  readonly #listener: FloodListener
  /** The group's counts up to which this one's are right. */
  #floods = 0
  #strays = 0
  #refused = 0

  constructor(group: FloodGroup, number: number, direction: GroupedPort, listener: FloodListener) {
    this.#group = group
    this.number = number
    this.direction = direction
    this.#listener = listener
  }

  /** The last broadcast was its own. */
  except(stray: boolean): void {
    this.#floods++
    if (stray) this.#strays++
  }

  /** A broadcast that went to all concerns it. It has been counted. */
  arrive(frame: Uint8Array, stray: boolean): void {
    this.#listener.countSkipped(-1, stray ? -1 : 0)
    this.direction.opposite.receive(frame)
  }

  /** It has refused the last broadcast by itself. */
  exceptRefused(): void {
    this.#refused++
  }

  join(): void {
    this.isApart = false
    this.#group.apart.delete(this)
    this.#floods = this.#group.floods
    this.#strays = this.#group.strays
    this.#refused = this.#group.refused
  }

  /** It is about to carry what the others do not, or not to carry what they do. Without a rate there is no state. */
  part(): void {
    if (this.isApart || this.#group.terms.rate === undefined) return
    this.settle()
    this.isApart = true
    this.#group.apart.add(this)
    this.direction.adopt(this.#group.state)
  }

  /** It is no member any more. */
  leave(): void {
    if (!this.isApart) {
      this.settle()
      // Without a rate there is no state.
      if (this.#group.terms.rate !== undefined) this.direction.adopt(this.#group.state)
    }
    this.#group.apart.delete(this)
    this.direction.shared = undefined
    this.#listener.tellInterests(undefined)
  }

  settle(): void {
    if (this.isApart) return
    const group = this.#group
    const { counters } = this.direction
    const frames = group.floods - this.#floods
    const refused = group.refused - this.#refused
    counters.sent += frames + refused
    counters.delivered += frames
    counters.queueFull += refused
    this.#listener.countSkipped(frames, group.strays - this.#strays)
    this.#floods = group.floods
    this.#strays = group.strays
    this.#refused = group.refused
  }

  changed(): void {
    this.#group.changed()
  }

  add(topic: Topic, key: number): void {
    this.#group.index.add(topic, key, this.number)
  }

  remove(topic: Topic, key: number): void {
    this.#group.index.remove(topic, key, this.number)
  }
}

/** The most frequent kind of ports to hosts that say what they listen to, as a group; undefined when it is too few. */
export function groupOf(ports: readonly GroupedPort[], onChange: () => void): FloodGroup | undefined {
  const kinds = new Map<string, number[]>()
  let largest: number[] = []
  ports.forEach((port, number) => {
    const terms = port.plainTerms()
    if (terms === undefined || port.listener?.isSelective !== true || port.shared !== undefined) return
    const { delay, rate, limit, limitBytes, overhead, cellSize, cellOverhead } = terms
    const key = [delay, rate, limit, limitBytes, overhead, cellSize, cellOverhead].join()
    let kind = kinds.get(key)
    if (kind === undefined) kinds.set(key, (kind = []))
    kind.push(number)
    if (kind.length > largest.length) largest = kind
  })
  if (largest.length < MIN_GROUP) return undefined
  const group = new FloodGroup(ports[largest[0]!]!.conditions, onChange)
  for (const number of largest) group.add(number, ports[number]!, ports[number]!.listener!)
  return group
}
