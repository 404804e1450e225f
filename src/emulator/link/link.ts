/**
 * A cable between two nodes. Each direction is on its own: a queue before a serialiser (when it has a rate), then the
 * way to the other end with its delay and its accidents.
 *
 * Frames are octets, Ethernet header to payload without FCS, and belong to nobody once sent: they are never changed,
 * so a duplicate is the same array and a tap may keep what it sees. A corrupted or rewritten frame is a copy.
 *
 * A tap sits at one end. It sees a frame that leaves when its serialisation begins (so a frame that is lost on the way
 * is seen, and a corrupted one is seen whole; one that found the queue full is not), and a frame that comes in when it
 * has arrived. A copy that the link makes is seen only where it arrives. With the model `netem` it sees what leaves
 * when it is handed to the link, before any of netem's doings.
 *
 * Theory of operation. What most links do, a delay and a rate without chance, is decided when a frame is sent: its
 * departure and arrival follow from when the serialiser is free, so that a frame costs one event, its arrival, and many
 * that arrive at one time by the same switch cost one together (offer()). Only CoDel, which decides when a frame leaves,
 * has a queue with frames in it.
 */
import type { Nanos } from '../../base/time.js'
import type { Random } from '../../base/random.js'
import type { EventHandler } from '../sim/event-queue.js'
import type { FrameEvent, FrameNote } from '../sim/frame-log.js'
import type { Simulation } from '../sim/simulation.js'
import type { FrameFate } from '../sim/truth-log.js'
import { drawDelay } from './delay-distribution.js'
import type { FloodListener } from './flood-index.js'
import {
  accidentsOf,
  changeConditions,
  corrupted,
  NO_ACCIDENTS,
  PERFECT,
  serialisationTime,
  type Accidents,
  type LinkConditions,
  type Slot,
} from './impairments.js'
import { CoDelQueue, RedMeter } from './queue-discipline.js'
import { RuleSet, type FrameRule, type RuleHandle } from './rules.js'
import { Serialiser } from './serialiser.js'

/** Octets before the payload that the MTU does not count. */
const ETHERNET_HEADER_LENGTH = 14
const VLAN_TAG_LENGTH = 4

export type TapDirection = 'sent' | 'received'

/** @param direction as the tapped end sees it */
export type TapListener = (time: Nanos, frame: Uint8Array, direction: TapDirection) => void

/** What a link can be plugged into. */
export interface LinkNode {
  readonly name: string
  /** Takes the end of a link. @throws Error when nothing more fits */
  attach(port: GroupedPort): void
  /** For nodes that can say what they listen to. */
  readonly floodListener?: FloodListener
}

/** One end of a link, as the node on it uses it. */
export interface Port {
  /** Puts a frame on the link; from then on nobody changes its octets. */
  transmit(frame: Uint8Array): void
  /** Set by the node: gets every frame that arrives. Never called from within transmit(). */
  receive: (frame: Uint8Array) => void
  /**
   * Puts a frame on the link of which others go out of other ports at the same time. The time at which the caller has
   * to give it to arrive(), or -1 when the link sees to that itself, as after transmit().
   */
  offer(frame: Uint8Array): Nanos
  /** What offer() took has arrived. */
  arrive(frame: Uint8Array): void
  readonly link: Link
  readonly end: LinkEndName
}

/** A port whose state a group may keep (flood-group.ts). */
export interface GroupedPort extends Port {
  readonly conditions: LinkConditions
  /** The conditions, while they alone decide what becomes of a frame and nobody watches; else undefined. */
  plainTerms(): LinkConditions | undefined
  /** What the far node listens to, when it can say so. */
  readonly listener: FloodListener | undefined
  readonly counters: LinkCounters
  /** Whose receive() gets what this one carries. */
  readonly opposite: Pick<Port, 'receive'>
  /** The group's member that it is. */
  shared: SharedState | undefined
  /** Nothing of what it carried can change the time of a frame that is sent now. */
  isIdle(now: Nanos): boolean
  /** Takes the group's state over. */
  adopt(state: Serialiser): void
  /** Counts and records that there is no place for a frame. */
  refuse(frame: Uint8Array): -1
}

/** What a port tells the group it belongs to. */
export interface SharedState {
  /** It is about to carry something that the others do not. */
  part(): void
  /** Its counters are about to be read. */
  settle(): void
  /** Its conditions, or who watches it, are about to change. */
  changed(): void
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
  readonly #sim: Simulation
  readonly #a2b: Direction
  readonly #b2a: Direction
  #rules: RuleSet | undefined

  /** @throws RangeError on impossible conditions */
  constructor(sim: Simulation, name: string, a: LinkNode, b: LinkNode, { both, a2b, b2a }: LinkOptions = {}) {
    this.#sim = sim
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
    if (direction !== 'b2a') this.#a2b.change(changes)
    if (direction !== 'a2b') this.#b2a.change(changes)
  }

  /**
   * Lets numbers among the conditions run evenly from what they are then, or from `from`, to `to`.
   *
   * @throws RangeError on impossible conditions, TypeError for what is not a number
   */
  ramp({ at = this.#sim.now, over, from = {}, to, steps = RAMP_STEPS, direction = 'both' }: Ramp): void {
    if (!(over > 0 && Number.isInteger(steps) && steps > 0))
      throw new RangeError(`impossible ramp: ${steps} in ${over}`)
    for (const value of [...Object.values(from), ...Object.values(to)]) {
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`a ramp to ${String(value)}`)
    }
    changeConditions(PERFECT, from)
    changeConditions(PERFECT, to)
    for (const one of direction === 'both' ? (['a2b', 'b2a'] as const) : [direction]) {
      let start: Partial<LinkConditions> = from
      this.#sim.at(at, () => {
        start = { ...this.conditions(one), ...from }
        this.set(from, one)
      })
      for (let step = 1; step <= steps; step++) {
        this.#sim.at(at + Math.round((over * step) / steps), () => {
          const changes = Object.entries(to).map(([name, end]) => {
            // Without a rate there is none to start from.
            const begin = start[name as RampCondition] ?? end
            return [name, interpolate(name, begin, end, step / steps)]
          })
          this.set(Object.fromEntries(changes) as Partial<LinkConditions>, one)
        })
      }
    }
  }

  /** Rules apply in the order in which they were added, before all accidents of the link. */
  addRule(rule: FrameRule): RuleHandle {
    if (this.#rules === undefined) {
      this.#rules = new RuleSet(this.#sim.random(`link ${this.name}, rules`))
      this.#a2b.obey(this.#rules)
      this.#b2a.obey(this.#rules)
    }
    return this.#rules.add(rule)
  }

  conditions(direction: 'a2b' | 'b2a'): LinkConditions {
    return direction === 'a2b' ? this.#a2b.conditions : this.#b2a.conditions
  }

  /** Listens at one end. Several taps see each frame in the order in which they were set. */
  tap(end: LinkEndName, onFrame: TapListener): void {
    this.#a2b.shared?.changed()
    this.#b2a.shared?.changed()
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
    const one = direction === 'a2b' ? this.#a2b : this.#b2a
    one.shared?.settle()
    return one.counters
  }
}

export interface LinkCounters {
  sent: number
  delivered: number
  /** By accident or by a rule. */
  lost: number
  duplicated: number
  corrupted: number
  reordered: number
  queueFull: number
  /** Dropped by RED or CoDel. */
  earlyDrops: number
  tooLong: number
  linkDown: number
}

/** Conditions that are a quantity. */
export type RampCondition =
  'delay' | 'jitter' | 'rate' | 'loss' | 'duplicate' | 'corrupt' | 'reorder' | 'limit' | 'limitBytes' | 'mtu'

export interface Ramp {
  /** Now unless given. */
  readonly at?: Nanos
  readonly over: Nanos
  /** What it jumps to first; the conditions of that moment unless given. */
  readonly from?: Partial<Record<RampCondition, number>>
  readonly to: Partial<Record<RampCondition, number>>
  /** 100 unless given. */
  readonly steps?: number
  readonly direction?: 'a2b' | 'b2a' | 'both'
}

const RAMP_STEPS = 100

function interpolate(name: string, begin: number, end: number, share: number): number {
  if (!Number.isFinite(begin)) return end
  const value = begin + (end - begin) * share
  return name === 'loss' || name === 'duplicate' || name === 'corrupt' || name === 'reorder' ? value : Math.round(value)
}

/** A frame on its way into the queue. */
interface Admission {
  /** What the sender's tap sees; undefined for a copy. */
  readonly shown: Uint8Array | undefined
  /** What comes out; undefined for what is lost on the way. */
  readonly arriving: Uint8Array | undefined
  /** On top of the delay. */
  readonly extraDelay: Nanos
}

interface Waiting extends Admission {
  readonly frame: Uint8Array
  readonly enqueuedAt: Nanos
  readonly length: number
}

/**
 * The sending half of one end, and the way from there to the other. As a Port it also holds the receiver of its own
 * end; frames that come out of the opposite direction are given to it.
 */
class Direction implements GroupedPort, EventHandler<Uint8Array> {
  readonly link: Link
  readonly end: LinkEndName
  readonly counters: LinkCounters = {
    sent: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    corrupted: 0,
    reordered: 0,
    queueFull: 0,
    earlyDrops: 0,
    tooLong: 0,
    linkDown: 0,
  }
  readonly taps: TapListener[] = []
  receive: (frame: Uint8Array) => void = () => {}
  conditions: LinkConditions = PERFECT
  opposite!: Direction
  shared: SharedState | undefined
  readonly #sim: Simulation
  readonly #random: Random
  readonly #from: string
  #accidents: Accidents = NO_ACCIDENTS
  #rules: RuleSet | undefined
  /** Nothing but a delay, a rate and the limit decides what becomes of a frame. */
  #steady = true
  /** The last frame's length and time of serialisation: frames come in few lengths. */
  #lastLength = -1
  #lastDuration: Nanos = 0
  readonly #serialiser = new Serialiser()
  /** Frames since one was last sent ahead. */
  #sinceReorder = 0
  #red: RedMeter | undefined
  #codel: CoDelQueue<Waiting> | undefined
  #gate: SlotGate | undefined
  /** With netem: frames and octets on the way, and when the last of them is to leave. */
  #held = 0
  #heldBytes = 0
  #lastToSend: Nanos = 0
  // Made when first needed, as most links need none of them.
  #departure: EventHandler<Uint8Array> | undefined
  #release: EventHandler<Uint8Array> | undefined
  #served: EventHandler<undefined> | undefined

  constructor(sim: Simulation, link: Link, end: LinkEndName, from: string, owner: string) {
    this.#sim = sim
    this.link = link
    this.end = end
    this.#from = from
    this.#random = sim.random(owner)
    this.#steady = sim.frameLog === undefined
  }

  /** @throws RangeError on impossible conditions */
  change(changes: Partial<LinkConditions>): void {
    this.shared?.changed()
    const before = this.conditions
    const now = changeConditions(before, changes)
    this.conditions = now
    this.#accidents = accidentsOf(now, before, this.#accidents)
    this.#lastLength = -1
    const { discipline, slot } = now
    if (discipline !== before.discipline) {
      this.#red = discipline !== 'tail-drop' && discipline.kind === 'red' ? new RedMeter(discipline) : undefined
      // What waits for CoDel goes on waiting there until it has left.
      if (discipline !== 'tail-drop' && discipline.kind === 'codel') {
        this.#codel = new CoDelQueue(discipline, ({ frame }) => this.#drop(frame, 'early-drop'))
      } else if (this.#codel?.length === 0) this.#codel = undefined
    }
    if (slot !== before.slot) {
      const arrive = (frame: Uint8Array): void => this.arrive(frame)
      this.#gate =
        slot === undefined ? this.#gate?.open() : new SlotGate(this.#sim, slot, this.#random, arrive, this.#gate)
    }
    this.#settleSteady()
  }

  obey(rules: RuleSet): void {
    this.shared?.changed()
    this.#rules = rules
    this.#settleSteady()
  }

  #settleSteady(): void {
    const { jitter, mtu, model, discipline, down, gap } = this.conditions
    const { duplicate, loss, corrupt, reorder } = this.#accidents
    this.#steady =
      this.#sim.frameLog === undefined &&
      this.#rules === undefined &&
      !down &&
      jitter === 0 &&
      gap === 0 &&
      mtu === Infinity &&
      model === 'cable' &&
      discipline === 'tail-drop' &&
      this.#codel === undefined &&
      this.#gate === undefined &&
      this.#held === 0 &&
      duplicate === undefined &&
      loss === undefined &&
      corrupt === undefined &&
      reorder === undefined
  }

  get listener(): FloodListener | undefined {
    return (this.end === 'a' ? this.link.b : this.link.a).floodListener
  }

  plainTerms(): LinkConditions | undefined {
    return this.#steady && this.taps.length === 0 && this.opposite.taps.length === 0 ? this.conditions : undefined
  }

  isIdle(now: Nanos): boolean {
    return this.#serialiser.busyUntil <= now && this.#serialiser.lastArrival <= now + this.conditions.delay
  }

  adopt(state: Serialiser): void {
    this.#serialiser.adopt(state)
  }

  refuse(frame: Uint8Array): -1 {
    this.counters.sent++
    this.#drop(frame, 'queue-full')
    return -1
  }

  offer(frame: Uint8Array): Nanos {
    this.shared?.part()
    if (!this.#steady || this.taps.length > 0) {
      this.transmit(frame)
      return -1
    }
    const { conditions } = this
    const now = this.#sim.now
    const serialiser = this.#serialiser
    this.counters.sent++
    if (conditions.rate === undefined && serialiser.busyUntil <= now) return now + conditions.delay
    const departure = this.#takePlace(frame, now)
    if (departure < 0) return -1
    const arrival = departure + conditions.delay
    if (arrival > serialiser.lastArrival) serialiser.lastArrival = arrival
    return serialiser.lastArrival
  }

  transmit(frame: Uint8Array): void {
    if (this.shared !== undefined) this.shared.part()
    if (this.#steady) {
      this.counters.sent++
      this.#enqueue(frame, frame, frame, 0)
      return
    }
    const { conditions, counters } = this
    counters.sent++
    this.#note('sent', frame)
    if (conditions.down) return this.#drop(frame, 'link-down')
    if (conditions.mtu !== Infinity && payloadLength(frame) > conditions.mtu) return this.#drop(frame, 'too-long')
    if (this.#rules === undefined) this.#admit(frame, frame, 0)
    else this.#admitByRules(this.#rules, frame)
  }

  /** The event queue's entry: a frame arrives at the far end, unless it has to wait for a slot. */
  fire(frame: Uint8Array): void {
    if (this.#gate === undefined) this.arrive(frame)
    else this.#gate.push(frame)
  }

  arrive(frame: Uint8Array): void {
    this.counters.delivered++
    if (this.#sim.frameLog !== undefined) this.#note('delivered', frame)
    const far = this.opposite
    if (far.taps.length > 0) far.#showTaps(frame, 'received')
    far.receive(frame)
  }

  #admitByRules(rules: RuleSet, frame: Uint8Array): void {
    const verdict = rules.judge(frame, this.#sim.now, this.end === 'a' ? 'a2b' : 'b2a')
    if (verdict === undefined) return this.#admit(frame, frame, 0)
    const { arriving, delay, copies, rule } = verdict
    if (arriving === undefined) {
      this.#lose(frame, rule)
      if (this.conditions.model === 'cable') this.#enqueue(frame, frame, undefined, 0)
      else this.#showSent(frame)
      return
    }
    if (arriving !== frame) {
      this.#record(frame, 'rewritten', rule)
      this.#note('changed', arriving, { reason: rule, was: frame })
    }
    if (delay > 0) {
      this.#record(frame, 'delayed', rule)
      this.#note('delayed', arriving, { reason: rule, wait: delay })
    }
    this.#admit(frame, arriving, delay)
    for (let i = 0; i < copies; i++) {
      this.counters.duplicated++
      this.#record(frame, 'duplicated', rule)
      this.#note('duplicated', arriving, { reason: rule })
      this.#admit(undefined, arriving, delay)
    }
  }

  /** @param shown undefined for a copy, which no tap sees leave */
  #admit(shown: Uint8Array | undefined, frame: Uint8Array, extraDelay: Nanos): void {
    if (this.conditions.model === 'netem') {
      if (shown !== undefined) this.#showSent(shown)
      this.#hold(frame, extraDelay, true)
      return
    }
    const { duplicate, loss, corrupt } = this.#accidents
    const random = this.#random
    const duplicated = duplicate !== undefined && duplicate(random)
    const lost = loss !== undefined && loss(random)
    let copies = 1
    if (duplicated) {
      copies++
      this.#countDuplicate(frame)
    }
    if (lost) {
      copies--
      this.#lose(frame)
    }
    let arriving: Uint8Array | undefined = copies > 0 ? frame : undefined
    if (arriving !== undefined && corrupt !== undefined && corrupt(random)) arriving = this.#corrupt(frame)
    // A lost frame takes its place in the queue and on the wire too: it is lost on the way.
    this.#enqueue(frame, shown, arriving, extraDelay)
    if (copies === 2) this.#enqueue(frame, undefined, frame, extraDelay)
  }

  #enqueue(
    frame: Uint8Array,
    shown: Uint8Array | undefined,
    arriving: Uint8Array | undefined,
    extraDelay: Nanos,
  ): void {
    const { conditions } = this
    const now = this.#sim.now
    if (this.#codel !== undefined) return this.#wait(this.#codel, { frame, shown, arriving, extraDelay })
    // A rate that was taken away still holds for what is queued: nothing overtakes it.
    const { busyUntil } = this.#serialiser
    if (conditions.rate === undefined && busyUntil <= now) {
      if (shown !== undefined && this.taps.length > 0) this.#showTaps(shown, 'sent')
      if (arriving !== undefined) this.#sim.postAt(now + this.#wayDelay(arriving) + extraDelay, this, arriving)
      return
    }
    const start = busyUntil > now ? busyUntil : now
    const departure = this.#takePlace(frame, now)
    if (departure < 0) return
    if (start > now && this.#sim.frameLog !== undefined) this.#note('queued', frame, { wait: start - now })
    if (shown !== undefined && this.taps.length > 0) {
      if (start === now) this.#showTaps(shown, 'sent')
      else this.#sim.postAt(start, (this.#departure ??= { fire: (leaving) => this.#showSent(leaving) }), shown)
    }
    if (arriving !== undefined) this.#depart(arriving, departure, extraDelay)
  }

  /** When a frame will have been serialised, or -1 when it finds no place in the queue. */
  #takePlace(frame: Uint8Array, now: Nanos): Nanos {
    const { limit, limitBytes } = this.conditions
    const { length } = frame
    const serialiser = this.#serialiser
    if (serialiser.isFull(length, now, limit, limitBytes)) {
      this.#drop(frame, 'queue-full')
      return -1
    }
    if (this.#red !== undefined) {
      const busy = serialiser.busyUntil
      const idle = busy < now ? (now - busy) / Math.max(1, this.#serialisation(length)) : 0
      if (this.#red.drops(serialiser.queued(now), idle, this.#random)) {
        this.#drop(frame, 'early-drop')
        return -1
      }
    }
    return serialiser.enter(length, this.#serialisation(length), now)
  }

  /** A frame leaves the serialiser. */
  #depart(frame: Uint8Array, departure: Nanos, extraDelay: Nanos): void {
    const ahead = this.counters.reordered
    const arrival = departure + this.#wayDelay(frame)
    if (ahead !== this.counters.reordered || extraDelay > 0) {
      // Out of its order: it neither waits for those before it nor holds up those behind.
      this.#sim.postAt(arrival + extraDelay, this, frame)
      return
    }
    const serialiser = this.#serialiser
    if (arrival > serialiser.lastArrival) serialiser.lastArrival = arrival
    this.#sim.postAt(serialiser.lastArrival, this, frame)
  }

  #serialisation(length: number): Nanos {
    if (length === this.#lastLength) return this.#lastDuration
    this.#lastLength = length
    this.#lastDuration = serialisationTime(length, this.conditions)
    return this.#lastDuration
  }

  /** The time on the way, or none for a frame whose turn it is to overtake. */
  #wayDelay(frame: Uint8Array): Nanos {
    const { delay, jitter, distribution } = this.conditions
    if (this.#overtakes(frame)) return 0
    return drawDelay(delay, jitter, distribution, this.#accidents.delay, this.#random)
  }

  /** netem's rule: of frames whose turn it is, those that the draw hits. A gap alone means each of them. */
  #overtakes(frame: Uint8Array): boolean {
    const { reorder } = this.#accidents
    const { gap } = this.conditions
    if (reorder === undefined && gap === 0) return false
    if (this.#sinceReorder < gap - 1 || (reorder !== undefined && !reorder(this.#random))) {
      this.#sinceReorder++
      return false
    }
    this.#sinceReorder = 0
    this.counters.reordered++
    this.#record(frame, 'reordered')
    this.#note('reordered', frame)
    return true
  }

  #wait(queue: CoDelQueue<Waiting>, admission: Admission & { readonly frame: Uint8Array }): void {
    const { limit, limitBytes } = this.conditions
    const { frame } = admission
    const { length } = frame
    const now = this.#sim.now
    const busy = this.#serialiser.busyUntil > now
    if (queue.length + (busy ? 1 : 0) >= limit || queue.bytes + length > limitBytes) {
      this.#drop(frame, 'queue-full')
      return
    }
    const idle = !busy && queue.length === 0
    queue.push({ ...admission, length, enqueuedAt: now })
    if (idle) this.#serve()
    else {
      this.#note('queued', frame)
      // Frames of before CoDel are in the serialiser: nobody else will wake the queue.
      if (queue.length === 1 && busy) this.#serveAt(this.#serialiser.busyUntil)
    }
  }

  #serve(): void {
    const queue = this.#codel
    const now = this.#sim.now
    if (queue === undefined || this.#serialiser.busyUntil > now) return
    const next = queue.shift(now)
    if (next === undefined) {
      if (this.conditions.discipline === 'tail-drop' || this.conditions.discipline.kind !== 'codel') {
        this.#codel = undefined
        this.#settleSteady()
      }
      return
    }
    this.#serialiser.busyUntil = now + this.#serialisation(next.length)
    if (next.shown !== undefined && this.taps.length > 0) this.#showTaps(next.shown, 'sent')
    if (next.arriving !== undefined) this.#depart(next.arriving, this.#serialiser.busyUntil, next.extraDelay)
    if (queue.length > 0) this.#serveAt(this.#serialiser.busyUntil)
  }

  #serveAt(time: Nanos): void {
    this.#sim.postAt(time, (this.#served ??= { fire: () => this.#serve() }), undefined)
  }

  /** netem_enqueue of sch_netem.c. */
  #hold(frame: Uint8Array, extraDelay: Nanos, mayDuplicate: boolean): void {
    const { conditions } = this
    const { duplicate, loss, corrupt } = this.#accidents
    const random = this.#random
    const now = this.#sim.now
    const duplicated = mayDuplicate && duplicate !== undefined && duplicate(random)
    const lost = loss !== undefined && loss(random)
    if (lost) {
      this.#lose(frame)
      if (!duplicated) return
    }
    const held = corrupt !== undefined && corrupt(random) ? this.#corrupt(frame) : frame
    if (this.#held >= conditions.limit || this.#heldBytes + frame.length > conditions.limitBytes) {
      return this.#drop(frame, 'queue-full')
    }
    if (duplicated) {
      this.#countDuplicate(frame)
      if (!lost) this.#hold(frame, extraDelay, false)
    }
    let toSend = now
    if (!this.#overtakes(held)) {
      const { delay, jitter, distribution, rate } = conditions
      let wait = drawDelay(delay, jitter, distribution, this.#accidents.delay, random)
      if (rate !== undefined) {
        if (this.#held > 0 && this.#lastToSend > now) {
          wait = Math.max(0, wait - (this.#lastToSend - now))
          toSend = this.#lastToSend
        }
        wait += this.#serialisation(frame.length)
      }
      toSend += wait
      if (toSend > this.#lastToSend) this.#lastToSend = toSend
    }
    this.#held++
    this.#heldBytes += frame.length
    if (toSend > now) this.#note('queued', held, { wait: toSend - now })
    this.#release ??= { fire: (released) => this.#releaseHeld(released) }
    this.#sim.postAt(toSend + extraDelay, this.#release, held)
  }

  #releaseHeld(frame: Uint8Array): void {
    this.#held--
    this.#heldBytes -= frame.length
    if (this.#held === 0 && this.conditions.model === 'cable') this.#settleSteady()
    this.fire(frame)
  }

  #corrupt(frame: Uint8Array): Uint8Array {
    const copy = corrupted(frame, this.#random)
    this.counters.corrupted++
    this.#record(frame, 'corrupted')
    this.#note('changed', copy, { reason: 'corrupted', was: frame })
    return copy
  }

  #countDuplicate(frame: Uint8Array): void {
    this.counters.duplicated++
    this.#record(frame, 'duplicated')
    this.#note('duplicated', frame)
  }

  #lose(frame: Uint8Array, rule?: string): void {
    this.counters.lost++
    this.#record(frame, 'lost', rule)
    this.#note('dropped', frame, { reason: rule ?? 'lost' })
  }

  #drop(frame: Uint8Array, fate: 'queue-full' | 'early-drop' | 'too-long' | 'link-down'): void {
    const { counters } = this
    if (fate === 'queue-full') counters.queueFull++
    else if (fate === 'early-drop') counters.earlyDrops++
    else if (fate === 'too-long') counters.tooLong++
    else counters.linkDown++
    this.#record(frame, fate)
    this.#note('dropped', frame, { reason: fate })
  }

  #showSent(frame: Uint8Array): void {
    if (this.taps.length > 0) this.#showTaps(frame, 'sent')
  }

  #showTaps(frame: Uint8Array, direction: TapDirection): void {
    const time = this.#sim.now
    for (const onFrame of this.taps) onFrame(time, frame, direction)
  }

  #record(frame: Uint8Array, fate: FrameFate, rule?: string): void {
    this.#sim.truth.record({
      kind: 'frame',
      time: this.#sim.now,
      link: this.link.name,
      from: this.#from,
      fate,
      length: frame.length,
      ...(rule !== undefined && { rule }),
    })
  }

  #note(event: FrameEvent, frame: Uint8Array, note?: FrameNote): void {
    this.#sim.frameLog?.note(this.#sim.now, event, this.link.name, frame, { from: this.#from, ...note })
  }
}

/** netem's slots: where frames that are due wait for the next opening. */
class SlotGate implements EventHandler<undefined> {
  readonly #sim: Simulation
  readonly #slot: Slot
  readonly #random: Random
  readonly #arrive: (frame: Uint8Array) => void
  #frames: Uint8Array[] = []
  #opens: Nanos
  #packetsLeft = 0
  #bytesLeft = 0
  #closed = true

  /** @param before the gate that this one takes the place of, with what waits there */
  constructor(
    sim: Simulation,
    slot: Slot,
    random: Random,
    arrive: (frame: Uint8Array) => void,
    before: SlotGate | undefined,
  ) {
    this.#sim = sim
    this.#slot = slot
    this.#random = random
    this.#arrive = arrive
    this.#opens = sim.now
    this.#fill()
    if (before !== undefined && before.#frames.length > 0) {
      this.#frames = before.#frames
      before.#frames = []
      this.#awaitOpening()
    }
  }

  /** Lets out what waits; returns what takes its place, nothing. */
  open(): undefined {
    const frames = this.#frames
    this.#frames = []
    for (const frame of frames) this.#sim.post(0, { fire: this.#arrive }, frame)
  }

  push(frame: Uint8Array): void {
    const now = this.#sim.now
    // A slot that nobody used is over: the next begins now.
    if (this.#frames.length === 0 && this.#opens < now) this.#next()
    this.#frames.push(frame)
    if (this.#opens <= now) this.fire()
    else this.#awaitOpening()
  }

  /** A slot has opened. */
  fire(): void {
    this.#closed = true
    const now = this.#sim.now
    while (this.#frames.length > 0 && this.#opens <= now) {
      const frame = this.#frames.shift()!
      this.#packetsLeft--
      this.#bytesLeft -= frame.length
      if (this.#packetsLeft <= 0 || this.#bytesLeft <= 0) this.#next()
      this.#arrive(frame)
    }
    if (this.#frames.length > 0) this.#awaitOpening()
  }

  #awaitOpening(): void {
    if (!this.#closed) return
    this.#closed = false
    this.#sim.postAt(this.#opens, this, undefined)
  }

  #next(): void {
    const { minDelay, maxDelay } = this.#slot
    this.#opens = this.#sim.now + Math.floor(minDelay + this.#random.next() * (maxDelay - minDelay))
    this.#fill()
  }

  #fill(): void {
    this.#packetsLeft = this.#slot.maxPackets ?? Infinity
    this.#bytesLeft = this.#slot.maxBytes ?? Infinity
  }
}

/** What an MTU counts. */
function payloadLength(frame: Uint8Array): number {
  const tagged = frame[12] === 0x81 && frame[13] === 0x00
  return frame.length - ETHERNET_HEADER_LENGTH - (tagged ? VLAN_TAG_LENGTH : 0)
}
