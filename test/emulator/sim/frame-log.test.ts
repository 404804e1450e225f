import { describe, expect, it } from 'vitest'
import { MILLISECOND } from '../../../src/base/time.js'
import { FrameHistory, FrameLog, jsonLine, type FrameLogEntry } from '../../../src/emulator/sim/frame-log.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import { LinkBench } from '../link/bench-link.js'

function entries(lines: readonly string[]): FrameLogEntry[] {
  return lines.map((line) => {
    expect(line.endsWith('\n')).toBe(true)
    return JSON.parse(line) as FrameLogEntry
  })
}

describe('FrameLog', () => {
  it('tells what became of every frame on a link: queued, dropped and why, delivered', async () => {
    const bench = new LinkBench({ rate: 8_000_000, limit: 2 }, { log: true })
    await bench.send(3, { spacing: 0, length: 1000 })
    const frame = { at: 'cable', from: 'a', length: 1000 }
    expect(entries(bench.lines)).toEqual([
      { time: 0, frame: 1, event: 'sent', ...frame },
      { time: 0, frame: 2, event: 'sent', ...frame },
      { time: 0, frame: 2, event: 'queued', ...frame, wait: MILLISECOND },
      { time: 0, frame: 3, event: 'sent', ...frame },
      { time: 0, frame: 3, event: 'dropped', ...frame, reason: 'queue-full' },
      { time: MILLISECOND, frame: 1, event: 'delivered', ...frame },
      { time: 2 * MILLISECOND, frame: 2, event: 'delivered', ...frame },
    ])
  })

  it('keeps the number of a frame through a switch, and says which frame a corrupted one was', async () => {
    const lines: string[] = []
    const sim = new Simulation({ seed: 1, frameLog: new FrameLog((entry) => lines.push(jsonLine(entry))) })
    const network = new Network(sim)
    const box = network.addSwitch('box')
    const a = network.addHost('a', { address: '10.0.0.1' })
    network.connect(a, box)
    network.connect(network.addHost('b', { address: '10.0.0.2' }), box, { b2a: { corrupt: 1 } })
    a.announceArp()
    await sim.run()
    const told = entries(lines).map(({ frame, event, at, was }) => [frame, event, at, was ?? 0])
    expect(told).toEqual([
      [1, 'sent', 'a-box', 0],
      [1, 'delivered', 'a-box', 0],
      [1, 'sent', 'b-box', 0],
      [2, 'changed', 'b-box', 1],
      [2, 'delivered', 'b-box', 0],
    ])
  })

  it('accounts for every frame: what was sent or made is dropped or delivered', async () => {
    const conditions = { loss: 0.1, duplicate: 0.1, corrupt: 0.1, rate: 8_000_000, limit: 20, mtu: 900 }
    const bench = new LinkBench(conditions, { log: true })
    for (let i = 0; i < 5000; i++) {
      bench.sim.at(i * 0.5 * MILLISECOND, () => bench.a.port.transmit(new Uint8Array(100 + (i % 9) * 100)))
    }
    await bench.sim.run()
    const count = (event: string, reason?: string) =>
      entries(bench.lines).filter((one) => one.event === event && (reason === undefined || one.reason === reason))
        .length
    expect(count('sent')).toBe(5000)
    const { lost, delivered, duplicated, queueFull, corrupted } = bench.link.counters('a2b')
    expect([count('delivered'), count('duplicated'), count('changed')]).toEqual([delivered, duplicated, corrupted])
    expect([count('dropped', 'lost'), count('dropped', 'queue-full')]).toEqual([lost, queueFull])
  })

  it('is as if it were not there: the same arrivals with it and without', async () => {
    const conditions = { loss: 0.1, jitter: MILLISECOND, delay: MILLISECOND, duplicate: 0.1 }
    const [plain, logged] = [new LinkBench(conditions), new LinkBench(conditions, { log: true })]
    await plain.send(2000)
    await logged.send(2000)
    expect(logged.b.received).toEqual(plain.b.received)
    expect(plain.lines).toEqual([])
  })

  it('gathers the history of a frame in words, for a comment', async () => {
    const history = new FrameHistory()
    const log = new FrameLog((entry) => history.add(entry))
    const sim = new Simulation({ seed: 1, frameLog: log })
    const network = new Network(sim)
    const a = network.addHost('a', { address: '10.0.0.1' })
    const conditions = { rate: 480_000, limit: 1 }
    network.connect(a, network.addHost('b', { address: '10.0.0.2' }), { name: 'cable', both: conditions })
    a.announceArp()
    a.announceArp()
    await sim.run()
    expect(history.commentOf(1)).toBe('frame 1\n0.000000 s sent on cable from a\n0.001000 s delivered on cable from a')
    expect(history.commentOf(2)).toBe(
      'frame 2\n0.000000 s sent on cable from a\n0.000000 s dropped on cable from a: queue-full',
    )
    expect(history.commentOf(3)).toBeUndefined()
    for (let i = 0; i < 100; i++) history.add({ time: 0, frame: 9, event: 'sent', at: 'x', length: 60 })
    expect(history.commentOf(9)!.endsWith('\nand 36 more')).toBe(true)
  })
})
