/** Two ends and a link between them, for tests of links. */
import { SECOND, type Nanos } from '../../../src/base/time.js'
import type { LinkConditions } from '../../../src/emulator/link/impairments.js'
import { Link, type LinkNode, type Port } from '../../../src/emulator/link/link.js'
import { FrameLog, jsonLine } from '../../../src/emulator/sim/frame-log.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'

export interface Arrival {
  readonly time: Nanos
  readonly frame: Uint8Array
}

export class EndNode implements LinkNode {
  readonly name: string
  readonly received: Arrival[] = []
  port!: Port
  readonly #sim: Simulation

  constructor(sim: Simulation, name: string) {
    this.#sim = sim
    this.name = name
  }

  attach(port: Port): void {
    this.port = port
    port.receive = (frame) => this.received.push({ time: this.#sim.now, frame })
  }
}

export class LinkBench {
  readonly sim: Simulation
  readonly a: EndNode
  readonly b: EndNode
  readonly link: Link
  readonly lines: string[] = []

  constructor(both: Partial<LinkConditions>, { seed = 1, log = false }: { seed?: number; log?: boolean } = {}) {
    this.sim = new Simulation({
      seed,
      ...(log && { frameLog: new FrameLog((entry) => this.lines.push(jsonLine(entry))) }),
    })
    this.a = new EndNode(this.sim, 'a')
    this.b = new EndNode(this.sim, 'b')
    this.link = new Link(this.sim, 'cable', this.a, this.b, { both })
  }

  /** The i-th of `count` frames has i in its first octets and is sent at i times `spacing`. */
  async send(count: number, { spacing = SECOND, length = 4 } = {}): Promise<void> {
    for (let i = 0; i < count; i++) {
      const frame = numbered(i, length)
      this.sim.at(i * spacing, () => this.a.port.transmit(frame))
    }
    await this.sim.run()
  }

  /** The numbers of what arrived at b, in order. */
  get numbers(): number[] {
    return this.b.received.map(({ frame }) => numberOf(frame))
  }

  /** Of each arrival at b, the time since it was sent. */
  delays(spacing: Nanos = SECOND): number[] {
    return this.b.received.map(({ time, frame }) => time - numberOf(frame) * spacing)
  }
}

export function numbered(i: number, length = 4): Uint8Array {
  const frame = new Uint8Array(Math.max(4, length))
  new DataView(frame.buffer).setUint32(0, i, true)
  return frame
}

export function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(0, true)
}

/** Four standard deviations of a count of `n` independent draws with probability `p`. */
export function tolerance(n: number, p: number): number {
  return 4 * Math.sqrt(n * p * (1 - p))
}

export function mean(values: readonly number[]): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

export function deviation(values: readonly number[]): number {
  const middle = mean(values)
  let squares = 0
  for (const value of values) squares += (value - middle) ** 2
  return Math.sqrt(squares / values.length)
}

/** Of neighbours in the sequence. */
export function autocorrelation(values: readonly number[]): number {
  const middle = mean(values)
  let product = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    squares += (values[i]! - middle) ** 2
    if (i > 0) product += (values[i]! - middle) * (values[i - 1]! - middle)
  }
  return product / squares
}
