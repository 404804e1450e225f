import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { RedMeter } from '../../../src/emulator/link/queue-discipline.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { LinkBench, mean } from './bench-link.js'

const FRAMES = 200_000

describe('RED', () => {
  it('averages the queue with its weight, and lets the average decay while idle', () => {
    const meter = new RedMeter({ kind: 'red', min: 50, max: 100, weight: 0.1 })
    const random = new Simulation({ seed: 1 }).random('red')
    for (let i = 0; i < 5; i++) meter.drops(10, 0, random)
    expect(meter.average).toBeCloseTo(10 * (1 - 0.9 ** 5), 10)
    const before = meter.average
    meter.drops(0, 7, random)
    expect(meter.average).toBeCloseTo(before * 0.9 ** 7, 10)
  })

  it(`drops at a steady average, over ${FRAMES} frames, as far apart as the paper says`, () => {
    const meter = new RedMeter({ kind: 'red', min: 10, max: 30, probability: 0.1, weight: 1 })
    const random = new Simulation({ seed: 1 }).random('red')
    const gaps: number[] = []
    let gap = 0
    for (let i = 0; i < FRAMES; i++) {
      gap++
      if (!meter.drops(20, 0, random)) continue
      gaps.push(gap)
      gap = 0
    }
    // Half way between the thresholds pb is 0.05; by the pseudo-code gaps are uniform on 1 to 1/pb - 1.
    expect(Math.abs(mean(gaps) - 10)).toBeLessThan(0.2)
    expect(Math.max(...gaps)).toBe(19)
  })

  it('keeps a link under overload away from its limit', async () => {
    const bench = new LinkBench({ rate: 8_000_000, limit: 1000, discipline: { kind: 'red', min: 20, max: 60 } })
    await bench.send(20_000, { spacing: 0.9 * MILLISECOND, length: 1000 })
    const { queueFull, earlyDrops } = bench.link.counters('a2b')
    expect(queueFull).toBe(0)
    // 10 % too much comes in.
    expect(earlyDrops / 20_000).toBeGreaterThan(0.09)
    expect(Math.max(...bench.delays(0.9 * MILLISECOND))).toBeLessThan(200 * MILLISECOND)
  })
})

describe('CoDel', () => {
  const target = 5 * MILLISECOND

  it('leaves a queue alone that is short, and one that is long for less than an interval', async () => {
    const bench = new LinkBench({ rate: 8_000_000, discipline: { kind: 'codel' } })
    await bench.send(1000, { spacing: MILLISECOND, length: 1000 })
    await bench.send(90, { spacing: 0, length: 1000 })
    expect(bench.link.counters('a2b')).toMatchObject({ sent: 1090, delivered: 1090, earlyDrops: 0 })
  })

  it('delivers at the rate and in order what it does not drop', async () => {
    const bench = new LinkBench({ rate: 8_000_000, delay: 3 * MILLISECOND, discipline: { kind: 'codel' } })
    await bench.send(50, { spacing: 0, length: 1000 })
    expect(bench.b.received.map(({ time }) => time / MILLISECOND)).toEqual(Array.from({ length: 50 }, (_, i) => 4 + i))
    expect(bench.numbers).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })

  it('drops after an interval, then at intervals that shrink with the root of the count', async () => {
    const bench = new LinkBench({ rate: 8_000_000, limit: 100_000, discipline: { kind: 'codel', target } })
    // Twice what the link takes: the delay passes the target at once and stays there.
    await bench.send(2000, { spacing: 0.5 * MILLISECOND, length: 1000 })
    const drops = bench.sim.truth.events.flatMap((event) =>
      event.kind === 'frame' && event.fate === 'early-drop' ? [event.time / MILLISECOND] : [],
    )
    expect(drops[0]).toBeGreaterThan(100)
    expect(drops[0]).toBeLessThan(125)
    // The control law: drop n + 1 comes interval / sqrt(n) after drop n, to the next frame of 1 ms.
    let due = drops[0]!
    for (let n = 1; n < 12; n++) {
      due += 100 / Math.sqrt(n)
      expect(Math.abs(drops[n]! - due)).toBeLessThanOrEqual(1)
    }
  })

  it('brings a standing queue down to about its target', async () => {
    const bench = new LinkBench({ rate: 8_000_000, limit: 100_000, discipline: { kind: 'codel', target } })
    await bench.send(20_000, { spacing: 0.97 * MILLISECOND, length: 1000 })
    const delays = bench.delays(0.97 * MILLISECOND)
    expect(mean(delays.slice(-5000))).toBeLessThan(8 * target)
  })

  it('empties before the link goes back to a plain queue', async () => {
    const bench = new LinkBench({ rate: 8_000_000, discipline: { kind: 'codel' } })
    bench.sim.at(SECOND / 1000, () => bench.link.set({ discipline: 'tail-drop' }))
    await bench.send(20, { spacing: 0, length: 1000 })
    await bench.send(3, { spacing: 0, length: 1000 })
    expect(bench.numbers).toEqual([...Array.from({ length: 20 }, (_, i) => i), 0, 1, 2])
  })
})
