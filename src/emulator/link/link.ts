/**
 * A cable between two nodes. Each direction is on its own: a queue before a serialiser (when it has a rate), then the
 * way to the other end with its delay and its accidents.
 *
 * Frames are octets, Ethernet header to payload without FCS, and belong to nobody once sent: they are never changed,
 * so a duplicate is the same array and a tap may keep what it sees.
 *
 * A tap sits at one end. It sees a frame that leaves when its serialisation begins (so a frame that is lost on the way
 * is seen, one that found the queue full is not), and a frame that comes in when it has arrived. A copy that the link
 * makes is seen only where it arrives.
 */
import type { Nanos } from '../../base/time.js'
import { SECOND } from '../../base/time.js'
import type { Random } from '../../base/random.js'
import type { EventHandler } from '../sim/event-queue.js'
import type { Simulation } from '../sim/simulation.js'
import { changeConditions, drawChance, drawDelay, PERFECT, type LinkConditions } from './impairments.js'

export type TapDirection = 'sent' | 'received'

/** @param direction as the tapped end sees it */
export type TapListener = (time: Nanos, frame: Uint8Array, direction: TapDirection) => void

/** What a link can be plugged into. */
export interface LinkNode {
  readonly name: string
  /** Takes the end of a link. @throws Error when nothing more fits */
  attach(port: Port): void
}

/** One end of a link, as the node on it uses it. */
export interface Port {
  /** Puts a frame on the link; from then on nobody changes its octets. */
  transmit(frame: Uint8Array): void
  /** Set by the node: gets every frame that arrives. Never called from within transmit(). */
  receive: (frame: Uint8Array) => void
  readonly link: Link
  readonly end: LinkEndName
}

export type LinkEndName = 'a' | 'b'

export interface LinkOptions {
  readonly both?: Partial<LinkConditions>
  /** On top of `both`. */
  readonly a2b?: Partial<LinkConditions>
  readonly b2a?: Partial<LinkConditions>
}

export class Link {
  readonly name: string
  readonly a: LinkNode
  readonly b: LinkNode
  readonly #a2b: Direction
  readonly #b2a: Direction

  /** @throws RangeError on impossible conditions */
  constructor(sim: Simulation, name: string, a: LinkNode, b: LinkNode, { both, a2b, b2a }: LinkOptions = {}) {
    this.name = name
    this.a = a
    this.b = b
    this.#a2b = new Direction(sim, this, 'a', a.name, `link ${name}, a to b`)
    this.#b2a = new Direction(sim, this, 'b', b.name, `link ${name}, b to a`)
    this.#a2b.opposite = this.#b2a
    this.#b2a.opposite = this.#a2b
    this.set({ ...both, ...a2b }, 'a2b')
    this.set({ ...both, ...b2a }, 'b2a')
    a.attach(this.#a2b)
    b.attach(this.#b2a)
  }

  /**
   * Changes conditions from now on, in one or both directions. Frames already queued or on the way keep their times.
   * @throws RangeError on impossible conditions
   */
  set(changes: Partial<LinkConditions>, direction: 'a2b' | 'b2a' | 'both' = 'both'): void {
    if (direction !== 'b2a') this.#a2b.conditions = changeConditions(this.#a2b.conditions, changes)
    if (direction !== 'a2b') this.#b2a.conditions = changeConditions(this.#b2a.conditions, changes)
  }

  conditions(direction: 'a2b' | 'b2a'): LinkConditions {
    return direction === 'a2b' ? this.#a2b.conditions : this.#b2a.conditions
  }

  /** Listens at one end. Several taps see each frame in the order in which they were set. */
  tap(end: LinkEndName, onFrame: TapListener): void {
    ;(end === 'a' ? this.#a2b : this.#b2a).taps.push(onFrame)
  }

  /** Which end a node is at. @throws Error when it is at neither */
  endOf(node: LinkNode): LinkEndName {
    if (node === this.a) return 'a'
    if (node === this.b) return 'b'
    throw new Error(`${node.name} is not on link ${this.name}`)
  }

  /** Frames put on the link, handed over at the far end, and dropped, per direction. */
  counters(direction: 'a2b' | 'b2a'): Readonly<LinkCounters> {
    return direction === 'a2b' ? this.#a2b.counters : this.#b2a.counters
  }
}

export interface LinkCounters {
  sent: number
  delivered: number
  lost: number
  duplicated: number
  queueFull: number
  linkDown: number
}

/**
 * The sending half of one end, and the way from there to the other. As a Port it also holds the receiver of its own
 * end; frames that come out of the opposite direction are given to it.
 */
class Direction implements Port, EventHandler<Uint8Array> {
  readonly link: Link
  readonly end: LinkEndName
  readonly counters: LinkCounters = { sent: 0, delivered: 0, lost: 0, duplicated: 0, queueFull: 0, linkDown: 0 }
  readonly taps: TapListener[] = []
  receive: (frame: Uint8Array) => void = () => {}
  conditions: LinkConditions = PERFECT
  opposite!: Direction
  readonly #sim: Simulation
  readonly #random: Random
  readonly #from: string
  /** The serialiser is busy until then. */
  #busyUntil: Nanos = 0
  /** No frame of a link with a rate arrives before the one that went before it. */
  #lastArrival: Nanos = 0
  /** When each frame that is in the queue or the serialiser will have left, oldest first. */
  #departures: Nanos[] = []
  #departuresHead = 0
  readonly #departure: EventHandler<Uint8Array>

  constructor(sim: Simulation, link: Link, end: LinkEndName, from: string, owner: string) {
    this.#sim = sim
    this.link = link
    this.end = end
    this.#from = from
    this.#random = sim.random(owner)
    this.#departure = { fire: (frame) => this.#showTaps(frame, 'sent') }
  }

  transmit(frame: Uint8Array): void {
    const { conditions, counters } = this
    counters.sent++
    if (conditions.down) {
      counters.linkDown++
      this.#record(frame, 'link-down')
      return
    }
    const duplicated = drawChance(conditions.duplicate, this.#random)
    const lost = drawChance(conditions.loss, this.#random)
    let copies = 1
    if (duplicated) {
      copies++
      counters.duplicated++
      this.#record(frame, 'duplicated')
    }
    if (lost) {
      copies--
      counters.lost++
      this.#record(frame, 'lost')
    }
    // A lost frame takes its place in the queue and on the wire too: it is lost on the way.
    const places = copies === 0 ? 1 : copies
    for (let i = 0; i < places; i++) this.#enqueue(frame, i === 0, copies > 0)
  }

  /** A frame arrives at the far end. */
  fire(frame: Uint8Array): void {
    this.counters.delivered++
    const far = this.opposite
    if (far.taps.length > 0) far.#showTaps(frame, 'received')
    far.receive(frame)
  }

  #enqueue(frame: Uint8Array, original: boolean, arrives: boolean): void {
    const { conditions } = this
    const now = this.#sim.now
    const { rate } = conditions
    // A rate that was taken away still holds for what is queued: nothing overtakes it.
    if (rate === undefined && this.#busyUntil <= now) {
      if (original && this.taps.length > 0) this.#showTaps(frame, 'sent')
      if (arrives) this.#sim.postAt(now + drawDelay(conditions, this.#random), this, frame)
      return
    }
    if (this.#queued(now) >= conditions.limit) {
      this.counters.queueFull++
      this.#record(frame, 'queue-full')
      return
    }
    const start = this.#busyUntil > now ? this.#busyUntil : now
    const departure = start + (rate === undefined ? 0 : Math.ceil((frame.length * 8 * SECOND) / rate))
    this.#busyUntil = departure
    this.#departures.push(departure)
    if (original && this.taps.length > 0) {
      if (start === now) this.#showTaps(frame, 'sent')
      else this.#sim.postAt(start, this.#departure, frame)
    }
    if (!arrives) return
    const arrival = departure + drawDelay(conditions, this.#random)
    if (arrival > this.#lastArrival) this.#lastArrival = arrival
    this.#sim.postAt(this.#lastArrival, this, frame)
  }

  /** Frames waiting or in serialisation at this moment. */
  #queued(now: Nanos): number {
    const departures = this.#departures
    let head = this.#departuresHead
    while (head < departures.length && departures[head]! <= now) head++
    if (head === departures.length) {
      departures.length = 0
      head = 0
    } else if (head >= 1024 && head * 2 > departures.length) {
      departures.splice(0, head)
      head = 0
    }
    this.#departuresHead = head
    return departures.length - head
  }

  #showTaps(frame: Uint8Array, direction: TapDirection): void {
    const time = this.#sim.now
    for (const onFrame of this.taps) onFrame(time, frame, direction)
  }

  #record(frame: Uint8Array, fate: 'lost' | 'duplicated' | 'queue-full' | 'link-down'): void {
    this.#sim.truth.record({
      kind: 'frame',
      time: this.#sim.now,
      link: this.link.name,
      from: this.#from,
      fate,
      length: frame.length,
    })
  }
}
