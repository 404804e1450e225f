/**
 * A learning switch: IEEE 802.1D §7 without spanning tree. The topology must be free of loops.
 *
 * It forwards whole frames, after a fixed latency. As long as no port is told otherwise it knows no VLANs and tags pass
 * untouched. From the first setPort() on it is an 802.1Q bridge, and ports that nobody set are access ports of VLAN 1.
 *
 * A tap on a switch is a mirror of all its ports: it sees each frame once, as it comes in. A mirror is what a switch has
 * in the field: chosen ports and directions, copied to another port whose own link limits how much gets through.
 *
 * Theory of operation. A flood asks each port when the frame would arrive; ports in a row that say the same time share
 * one event, so a broadcast among a thousand phones costs one event, not a thousand. The order of arrivals is the same.
 * Of ports that are alike only those are asked that a broadcast concerns (flood-group.ts); the result is the same too.
 */
import { SECOND, type Nanos } from '../../base/time.js'
import type { EventHandler } from '../sim/event-queue.js'
import type { Simulation } from '../sim/simulation.js'
import { groupOf, type FloodGroup } from './flood-group.js'
import type { GroupedPort, Link, LinkNode, TapListener } from './link.js'
import { MacTable } from './mac-table.js'
import { isTagged, vidOf, withoutTag, withTag } from './vlan-tags.js'

/** IEEE 802.1D table 7-5: the recommended default. */
const AGEING_TIME: Nanos = 300 * SECOND

/** Shortest frame with both addresses and an EtherType. */
const MIN_FRAME = 14

const MAX_VID = 4094

export interface SwitchOptions {
  /** From the last octet in to the first octet out. */
  readonly latency?: Nanos
  readonly ageing?: Nanos
}

/** VLAN identifiers are 1 to 4094. */
export type PortMode =
  /** One VLAN, untagged. A frame tagged with that VLAN is taken too. */
  | { readonly kind: 'access'; readonly vlan: number }
  /** A phone with a PC behind it: `vlan` untagged for the PC, `voice` tagged for the phone. */
  | { readonly kind: 'voice'; readonly vlan: number; readonly voice: number }
  /** Many VLANs, tagged, but the native one untagged. Without a native one untagged frames are dropped. */
  | { readonly kind: 'trunk'; readonly native?: number; readonly allowed?: readonly number[] }

export interface MirrorOptions {
  /** The ports that are watched, by their links. */
  readonly from: readonly Link[]
  /** As the switch sees it; `both` unless given. */
  readonly direction?: 'received' | 'sent' | 'both'
  /** Whether copies carry the tag of their VLAN; as on the wire of the watched port unless given. */
  readonly tags?: boolean
  /** Where copies go. That port takes part in nothing else; what its link has no room for is lost to the watcher only. */
  readonly to: Link
}

export interface SwitchCounters {
  received: number
  /** Frames that went to more than one port for want of a known address. */
  flooded: number
  tooShort: number
  /** From a VLAN that its port does not take. */
  wrongVlan: number
  /** To 01:80:c2:00:00:00 and the like, which no bridge forwards (802.1D §7.12.6): LLDP, 802.1X, spanning tree. */
  reserved: number
  /** To or from a port that 802.1X keeps closed. */
  unauthorized: number
  mirrored: number
}

interface Forwarding {
  readonly frame: Uint8Array
  readonly from: number
  readonly vlan: number
}

interface Mirror {
  readonly received: ReadonlySet<number>
  readonly sent: ReadonlySet<number>
  readonly tags: boolean | undefined
  readonly to: number
}

/** What arrives at ports in a row at one time. */
interface Flood {
  readonly frame: Uint8Array
  /** Those that have been asked, rising. */
  readonly asked: number[]
  /** The row; of the group's members in it that have not been asked those get the frame that it concerns. */
  readonly first: number
  last: number
  readonly from: number
  readonly group: FloodGroup | undefined
}

export class Switch implements LinkNode, EventHandler<Forwarding> {
  readonly name: string
  readonly counters: SwitchCounters = {
    received: 0,
    flooded: 0,
    tooShort: 0,
    wrongVlan: 0,
    reserved: 0,
    unauthorized: 0,
    mirrored: 0,
  }
  readonly #sim: Simulation
  readonly #latency: Nanos
  readonly #ports: GroupedPort[] = []
  readonly #numbers = new Map<Link, number>()
  readonly #addresses: MacTable
  readonly #taps: TapListener[] = []
  /** By port number; undefined while the switch knows no VLANs. */
  #modes: Map<number, PortMode> | undefined
  #mirrors: readonly Mirror[] = []
  #mirrorPorts: ReadonlySet<number> = new Set()
  /** Port numbers that 802.1X keeps closed. */
  readonly #unauthorized = new Set<number>()
  readonly #reservedListeners = new Map<number, ((frame: Uint8Array) => void)[]>()
  #group: FloodGroup | undefined
  /** Floods until it is worth looking whether there is a group. */
  #untilLook = 0
  /** Numbers of the ports that are in no group. */
  #others: number[] = []
  readonly #flooded: EventHandler<Flood> = { fire: (flood) => this.#arrive(flood) }

  constructor(sim: Simulation, name: string, { latency = 0, ageing = AGEING_TIME }: SwitchOptions = {}) {
    this.#sim = sim
    this.name = name
    this.#latency = latency
    this.#addresses = new MacTable(ageing)
  }

  attach(port: GroupedPort): void {
    this.#dissolve()
    const number = this.#ports.push(port) - 1
    this.#numbers.set(port.link, number)
    port.receive = (frame) => this.#receive(frame, number)
  }

  tap(onFrame: TapListener): void {
    this.#taps.push(onFrame)
  }

  /** @throws Error for a link that is not on this switch, RangeError for a VLAN that is none */
  setPort(link: Link, mode: PortMode): void {
    const number = this.#numberOf(link)
    const { native, allowed = [] } = mode.kind === 'trunk' ? mode : {}
    const vlans = mode.kind === 'trunk' ? allowed : mode.kind === 'voice' ? [mode.vlan, mode.voice] : [mode.vlan]
    for (const vlan of native === undefined ? vlans : [native, ...vlans]) {
      if (!(Number.isInteger(vlan) && vlan >= 1 && vlan <= MAX_VID)) throw new RangeError(`not a VLAN: ${vlan}`)
    }
    this.#dissolve()
    this.#modes ??= new Map()
    this.#modes.set(number, mode)
  }

  /** @throws Error for a link that is not on this switch */
  mirror({ from, direction = 'both', tags, to }: MirrorOptions): void {
    const watched = new Set(from.map((link) => this.#numberOf(link)))
    const none: ReadonlySet<number> = new Set()
    const mirror: Mirror = {
      received: direction === 'sent' ? none : watched,
      sent: direction === 'received' ? none : watched,
      tags,
      to: this.#numberOf(to),
    }
    this.#dissolve()
    this.#mirrors = [...this.#mirrors, mirror]
    this.#mirrorPorts = new Set(this.#mirrors.map((one) => one.to))
  }

  /**
   * Gives the switch's own protocols the frames to reserved addresses that come in on a port: LLDP, 802.1X.
   *
   * @throws Error for a link that is not on this switch
   */
  onReserved(link: Link, listener: (frame: Uint8Array) => void): void {
    const number = this.#numberOf(link)
    const listeners = this.#reservedListeners.get(number)
    if (listeners === undefined) this.#reservedListeners.set(number, [listener])
    else listeners.push(listener)
  }

  /**
   * Opens or closes a port as 802.1X controls it, in both directions. Frames to reserved addresses always reach the
   * switch itself, and originate() always sends.
   *
   * @throws Error for a link that is not on this switch
   */
  setAuthorized(link: Link, authorized: boolean): void {
    const number = this.#numberOf(link)
    if (authorized) this.#unauthorized.delete(number)
    else this.#unauthorized.add(number)
  }

  /**
   * Sends a frame of the switch's own, untagged, out of one port. Mirrors and taps see it.
   *
   * @throws Error for a link that is not on this switch
   */
  originate(link: Link, frame: Uint8Array): void {
    const number = this.#numberOf(link)
    for (const onFrame of this.#taps) onFrame(this.#sim.now, frame, 'sent')
    this.#ports[number]!.transmit(frame)
    for (const mirror of this.#mirrors) if (mirror.sent.has(number)) this.#copy(frame, 0, mirror)
  }

  /** The end of the latency; the event queue's entry. */
  fire({ frame, from, vlan }: Forwarding): void {
    this.#forward(frame, from, vlan)
  }

  #receive(frame: Uint8Array, from: number): void {
    this.counters.received++
    if (frame.length < MIN_FRAME) {
      this.counters.tooShort++
      return
    }
    const now = this.#sim.now
    for (const onFrame of this.#taps) onFrame(now, frame, 'received')
    let vlan = 0
    if (this.#mirrors.length > 0) {
      if (this.#mirrorPorts.has(from)) return
      vlan = this.#vlanOf(frame, from)
      for (const mirror of this.#mirrors) if (mirror.received.has(from)) this.#copy(frame, vlan, mirror)
    }
    if (isReserved(frame)) {
      this.counters.reserved++
      const listeners = this.#reservedListeners.get(from)
      if (listeners === undefined) this.#dropped(frame, 'reserved address')
      else for (const listener of listeners) listener(frame)
      return
    }
    if (this.#unauthorized.has(from)) {
      this.counters.unauthorized++
      this.#dropped(frame, 'port not authorized')
      return
    }
    if (this.#modes !== undefined) {
      vlan = this.#vlanOf(frame, from)
      if (vlan < 0) {
        this.counters.wrongVlan++
        this.#dropped(frame, 'wrong VLAN')
        return
      }
    } else vlan = 0
    // 802.1D §7.8: group addresses are never learned.
    if ((frame[6]! & 1) === 0) this.#addresses.learn(frame, 6, from, now, vlan)
    if (this.#latency === 0) this.#forward(frame, from, vlan)
    else this.#sim.post(this.#latency, this, { frame, from, vlan })
  }

  #forward(frame: Uint8Array, from: number, vlan: number): void {
    const to = (frame[0]! & 1) === 0 ? this.#addresses.lookup(frame, 0, this.#sim.now, vlan) : -1
    if (to >= 0) {
      // The way back is where it came from: the other side has it already.
      if (to !== from) this.#send(frame, to, vlan)
      return
    }
    this.counters.flooded++
    if (this.#modes !== undefined || this.#mirrors.length > 0) {
      for (let i = 0; i < this.#ports.length; i++) if (i !== from) this.#send(frame, i, vlan)
      return
    }
    // Behind a port that 802.1X keeps closed nothing arrives: it is not like the others.
    if (this.#unauthorized.size > 0) this.#dissolve()
    else if (this.#group === undefined && --this.#untilLook < 0) this.#lookForGroup()
    this.#flood(frame, from, this.#group)
  }

  /** @param group of ports that need not be asked */
  #flood(frame: Uint8Array, from: number, group: FloodGroup | undefined): void {
    const { now, truth } = this.#sim
    let common: Nanos = -1
    let asked: Iterable<number> = this.#ports.keys()
    if (group !== undefined) {
      const isStray = (frame[0]! & 1) === 0
      group.gather(now)
      // All but one carry it: that one is not like the others any more.
      const source = group.members.get(from)
      source?.part()
      common = group.flood(frame.length, now, isStray)
      if (source?.isApart === false) source.except(isStray)
      // Every refusal is recorded, in the order of the ports, as long as anything is.
      if (common >= 0 || truth.isFull) asked = group.others(this.#others)
      if (common < 0 && truth.isFull) truth.omitted += group.members.size - group.apart.size
    }
    let flood: Flood | undefined
    let floodTime: Nanos = -1
    const arrives = (time: Nanos, first: number): Flood | undefined => {
      if (time < 0) return undefined
      if (flood !== undefined && time === floodTime) return flood
      floodTime = time
      const begun: Flood = { frame, asked: [], first, last: first, from, group }
      this.#sim.postAt(time, this.#flooded, begun)
      return begun
    }
    // Those between two that are asked say the common time.
    const passOver = (first: number, end: number): void => {
      if (first === end || (first === from && end === first + 1)) return
      flood = arrives(common, first)
      if (flood !== undefined) flood.last = end - 1
    }
    let next = 0
    for (const number of asked) {
      passOver(next, number)
      next = number + 1
      if (number === from || this.#closed(number)) continue
      const port = this.#ports[number]!
      const member = group?.members.get(number)
      if (member?.isApart === false) {
        flood = undefined
        port.refuse(frame)
        member.exceptRefused()
      } else {
        flood = arrives(port.offer(frame), number)
        if (flood !== undefined) {
          flood.last = number
          flood.asked.push(number)
        }
      }
    }
    passOver(next, this.#ports.length)
  }

  #arrive({ frame, asked, first, last, from, group }: Flood): void {
    const ports = this.#ports
    if (group === undefined) {
      for (let i = 0; i < asked.length; i++) ports[asked[i]!]!.arrive(frame)
      return
    }
    const isStray = (frame[0]! & 1) === 0
    const known = new Set(asked)
    const concerned = group
      .audienceOf(frame)
      .filter((number) => number >= first && number <= last && number !== from && !known.has(number))
    for (const number of concerned.length === 0 ? asked : inOrder([...concerned, ...asked])) {
      if (known.has(number)) ports[number]!.arrive(frame)
      else group.members.get(number)?.arrive(frame, isStray)
    }
  }

  #lookForGroup(): void {
    this.#untilLook = this.#ports.length
    const group = groupOf(this.#ports, () => this.#dissolve())
    this.#group = group
    if (group !== undefined) this.#others = [...this.#ports.keys()].filter((number) => !group.members.has(number))
  }

  /** Something has changed at a port: who is alike is looked for anew. */
  #dissolve(): void {
    const group = this.#group
    this.#group = undefined
    this.#untilLook = 0
    group?.dissolve()
  }

  #closed(port: number): boolean {
    if (this.#unauthorized.size === 0 || !this.#unauthorized.has(port)) return false
    this.counters.unauthorized++
    return true
  }

  #send(frame: Uint8Array, to: number, vlan: number): void {
    if (this.#closed(to)) return
    if (this.#modes === undefined && this.#mirrors.length === 0) {
      this.#ports[to]!.transmit(frame)
      return
    }
    if (this.#mirrorPorts.has(to)) return
    const sent = this.#modes === undefined ? frame : egress(frame, vlan, this.#modeOf(to))
    if (sent === undefined) return
    this.#ports[to]!.transmit(sent)
    for (const mirror of this.#mirrors) if (mirror.sent.has(to)) this.#copy(sent, vlan, mirror)
  }

  #copy(frame: Uint8Array, vlan: number, { tags, to }: Mirror): void {
    const copy = tags === undefined || vlan <= 0 ? frame : tags ? withTag(frame, vlan) : withoutTag(frame)
    this.counters.mirrored++
    this.#ports[to]!.transmit(tags === false ? withoutTag(copy) : copy)
  }

  #modeOf(port: number): PortMode {
    return this.#modes?.get(port) ?? DEFAULT_MODE
  }

  /** The VLAN a frame that came in belongs to; -1 when the port does not take it, 0 without VLANs. */
  #vlanOf(frame: Uint8Array, from: number): number {
    if (this.#modes === undefined) return 0
    const mode = this.#modeOf(from)
    // 802.1Q §9.6: a tag of VLAN 0 carries a priority and nothing else.
    const vid = isTagged(frame) ? vidOf(frame) : 0
    if (mode.kind === 'trunk') {
      if (vid === 0) return mode.native ?? -1
      return vid === mode.native || mode.allowed === undefined || mode.allowed.includes(vid) ? vid : -1
    }
    if (vid === 0 || vid === mode.vlan) return mode.vlan
    return mode.kind === 'voice' && vid === mode.voice ? vid : -1
  }

  #dropped(frame: Uint8Array, reason: string): void {
    this.#sim.frameLog?.note(this.#sim.now, 'dropped', this.name, frame, { reason })
  }

  #numberOf(link: Link): number {
    const number = this.#numbers.get(link)
    if (number === undefined) throw new Error(`link ${link.name} is not on switch ${this.name}`)
    return number
  }
}

/** Rising, each once. */
function inOrder(numbers: number[]): Iterable<number> {
  return numbers.length < 2 ? numbers : new Set(numbers.sort((a, b) => a - b))
}

const DEFAULT_MODE: PortMode = { kind: 'access', vlan: 1 }

/** The frame as it leaves a port, or undefined when its VLAN is not on that port. */
function egress(frame: Uint8Array, vlan: number, mode: PortMode): Uint8Array | undefined {
  if (mode.kind === 'trunk') {
    if (vlan === mode.native) return withoutTag(frame)
    return mode.allowed === undefined || mode.allowed.includes(vlan) ? withTag(frame, vlan) : undefined
  }
  if (vlan === mode.vlan) return withoutTag(frame)
  return mode.kind === 'voice' && vlan === mode.voice ? withTag(frame, vlan) : undefined
}

/** 01:80:c2:00:00:00 to 0f. */
function isReserved(frame: Uint8Array): boolean {
  return (
    frame[0] === 0x01 &&
    frame[1] === 0x80 &&
    frame[2] === 0xc2 &&
    frame[3] === 0 &&
    frame[4] === 0 &&
    (frame[5]! & 0xf0) === 0
  )
}
