import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { Link, type LinkNode, type Port } from '../../../src/emulator/link/link.js'
import { MacTable } from '../../../src/emulator/link/mac-table.js'
import { Switch, type SwitchOptions } from '../../../src/emulator/link/switch.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'

class Station implements LinkNode {
  readonly name: string
  readonly mac: Uint8Array
  readonly received: string[] = []
  #port!: Port

  constructor(name: string, number: number) {
    this.name = name
    this.mac = new Uint8Array([2, 0, 0, 0, 0, number])
  }

  attach(port: Port): void {
    this.#port = port
    port.receive = (frame) => this.received.push(String.fromCharCode(frame[14]!))
  }

  send(destination: Uint8Array, text: string): void {
    const frame = new Uint8Array(60)
    frame.set(destination, 0)
    frame.set(this.mac, 6)
    frame[14] = text.charCodeAt(0)
    this.#port.transmit(frame)
  }
}

const BROADCAST = new Uint8Array(6).fill(255)

function star(options?: SwitchOptions) {
  const sim = new Simulation({ seed: 1 })
  const box = new Switch(sim, 'box', options)
  const stations = ['a', 'b', 'c'].map((name, i) => new Station(name, i + 1))
  for (const station of stations) new Link(sim, `${station.name}-box`, station, box)
  const [a, b, c] = stations as [Station, Station, Station]
  return { sim, box, a, b, c }
}

describe('Switch', () => {
  it('floods what it does not know, and sends what it knows to one port only', async () => {
    const { sim, a, b, c } = star()
    a.send(b.mac, '1')
    await sim.run()
    b.send(a.mac, '2')
    await sim.run()
    a.send(b.mac, '3')
    await sim.run()
    expect([a.received, b.received, c.received]).toEqual([['2'], ['1', '3'], ['1']])
  })

  it('floods broadcasts to all but the sender, and never learns a group address', async () => {
    const { sim, a, b, c } = star()
    a.send(BROADCAST, '1')
    c.mac.set(BROADCAST)
    c.send(a.mac, '2')
    await sim.run()
    b.send(BROADCAST, '3')
    await sim.run()
    expect([a.received, b.received, c.received]).toEqual([['2', '3'], ['1'], ['1', '3']])
  })

  it('follows a station that moves, and forgets one that is silent for 300 s', async () => {
    const { sim, a, b, c } = star()
    a.send(BROADCAST, '1')
    await sim.run()
    c.mac.set(a.mac)
    c.send(BROADCAST, '2')
    await sim.run()
    b.send(a.mac, '3')
    await sim.run()
    expect(a.received).toEqual(['2'])
    expect(c.received).toEqual(['1', '3'])
    await sim.run({ until: 301 * SECOND })
    b.send(a.mac, '4')
    await sim.run()
    expect(a.received).toEqual(['2', '4'])
  })

  it('does not send a frame back where it came from', async () => {
    const { sim, a, b, c } = star()
    a.send(BROADCAST, '1')
    await sim.run()
    a.send(a.mac, '2')
    await sim.run()
    expect([a.received, b.received, c.received]).toEqual([[], ['1'], ['1']])
  })

  it('takes its latency, and shows its tap each frame once', async () => {
    const { sim, box, a, b } = star({ latency: MILLISECOND })
    const seen: number[] = []
    box.tap((_time, frame, direction) => {
      expect(direction).toBe('received')
      seen.push(frame[14]!)
    })
    a.send(BROADCAST, '1')
    await sim.run()
    expect(sim.now).toBe(MILLISECOND)
    expect(b.received).toEqual(['1'])
    expect(seen).toHaveLength(1)
  })

  it('drops what is shorter than a header', async () => {
    const sim = new Simulation({ seed: 1 })
    const box = new Switch(sim, 'box')
    const short: LinkNode & { port?: Port } = { name: 'short', attach: (port) => (short.port = port) }
    const b = new Station('b', 2)
    new Link(sim, '1', short, box)
    new Link(sim, '2', b, box)
    short.port!.transmit(new Uint8Array(13))
    await sim.run()
    expect(b.received).toEqual([])
  })
})

describe('MacTable', () => {
  it('knows 100,000 addresses apart, and drops those that have aged', () => {
    const table = new MacTable(100)
    const mac = (i: number): Uint8Array => new Uint8Array([2, i & 1, i >> 16, i >> 8, i, 0])
    for (let i = 0; i < 100_000; i++) table.learn(mac(i), 0, i % 48, 0)
    for (let i = 0; i < 100_000; i += 7) expect(table.lookup(mac(i), 0, 100)).toBe(i % 48)
    expect(table.lookup(mac(100_001), 0, 100)).toBe(-1)
    expect(table.lookup(mac(5), 0, 101)).toBe(-1)
    for (let i = 0; i < 100_000; i++) table.learn(mac(i), 0, (i + 1) % 48, 1000)
    for (let i = 0; i < 100_000; i += 7) expect(table.lookup(mac(i), 0, 1000)).toBe((i + 1) % 48)
  })
})
