/**
 * A learning switch: IEEE 802.1D §7 without spanning tree. The topology must be free of loops.
 *
 * It forwards whole frames, after a fixed latency. Tags pass untouched: it knows no VLANs.
 *
 * A tap on a switch is a mirror of all its ports: it sees each frame once, as it comes in.
 */
import { SECOND, type Nanos } from '../../base/time.js'
import type { EventHandler } from '../sim/event-queue.js'
import type { Simulation } from '../sim/simulation.js'
import type { LinkNode, Port, TapListener } from './link.js'
import { MacTable } from './mac-table.js'

/** IEEE 802.1D table 7-5: the recommended default. */
const AGEING_TIME: Nanos = 300 * SECOND

/** Shortest frame with both addresses and an EtherType. */
const MIN_FRAME = 14

export interface SwitchOptions {
  /** From the last octet in to the first octet out. */
  readonly latency?: Nanos
  readonly ageing?: Nanos
}

interface Forwarding {
  readonly frame: Uint8Array
  readonly from: number
}

export class Switch implements LinkNode, EventHandler<Forwarding> {
  readonly name: string
  readonly #sim: Simulation
  readonly #latency: Nanos
  readonly #ports: Port[] = []
  readonly #addresses: MacTable
  readonly #taps: TapListener[] = []

  constructor(sim: Simulation, name: string, { latency = 0, ageing = AGEING_TIME }: SwitchOptions = {}) {
    this.#sim = sim
    this.name = name
    this.#latency = latency
    this.#addresses = new MacTable(ageing)
  }

  attach(port: Port): void {
    const number = this.#ports.push(port) - 1
    port.receive = (frame) => this.#receive(frame, number)
  }

  tap(onFrame: TapListener): void {
    this.#taps.push(onFrame)
  }

  /** The end of the latency; the event queue's entry. */
  fire({ frame, from }: Forwarding): void {
    this.#forward(frame, from)
  }

  #receive(frame: Uint8Array, from: number): void {
    if (frame.length < MIN_FRAME) return
    const now = this.#sim.now
    for (const onFrame of this.#taps) onFrame(now, frame, 'received')
    // 802.1D §7.8: group addresses are never learned.
    if ((frame[6]! & 1) === 0) this.#addresses.learn(frame, 6, from, now)
    if (this.#latency === 0) this.#forward(frame, from)
    else this.#sim.post(this.#latency, this, { frame, from })
  }

  #forward(frame: Uint8Array, from: number): void {
    const to = (frame[0]! & 1) === 0 ? this.#addresses.lookup(frame, 0, this.#sim.now) : -1
    if (to >= 0) {
      // The way back is where it came from: the other side has it already.
      if (to !== from) this.#ports[to]!.transmit(frame)
      return
    }
    for (let i = 0; i < this.#ports.length; i++) if (i !== from) this.#ports[i]!.transmit(frame)
  }
}
