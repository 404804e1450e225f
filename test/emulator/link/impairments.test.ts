import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { distributionTable, TABLE_SCALE } from '../../../src/emulator/link/delay-distribution.js'
import { changeConditions, PERFECT } from '../../../src/emulator/link/impairments.js'
import { autocorrelation, deviation, LinkBench, mean, numberOf, tolerance } from './bench-link.js'

const FRAMES = 200_000

/** Where iproute2 has its tables. */
const TC_TABLES = ['/usr/lib/x86_64-linux-gnu/tc', '/usr/lib/tc', '/usr/lib64/tc'].find((path) => existsSync(path))

/** true for each frame that was lost. */
function losses({ numbers }: LinkBench): boolean[] {
  const lost = new Array<boolean>(FRAMES).fill(true)
  for (const number of numbers) lost[number] = false
  return lost
}

/** The lengths of all stretches of `value`. */
function runs(values: readonly boolean[], value: boolean): number[] {
  const lengths = []
  let length = 0
  for (const one of values) {
    if (one === value) length++
    else if (length > 0) {
      lengths.push(length)
      length = 0
    }
  }
  return lengths
}

describe(`loss, over ${FRAMES} frames`, () => {
  it("loses by Gilbert's model what p / (p + r) says, in bursts of 1 / r", async () => {
    const [p, r] = [0.01, 0.25]
    const bench = new LinkBench({ lossModel: { kind: 'gilbert-elliott', p, r, lossInBad: 1, lossInGood: 0 } })
    await bench.send(FRAMES)
    const lost = losses(bench)
    expect(mean(lost.map(Number)) / (p / (p + r))).toBeCloseTo(1, 1)
    expect(mean(runs(lost, true)) * r).toBeCloseTo(1, 1)
    expect(mean(runs(lost, false)) * p).toBeCloseTo(1, 1)
  })

  it("loses by Elliott's model the share of each state", async () => {
    const [p, r, lossInBad, lossInGood] = [0.05, 0.2, 0.6, 0.02]
    const bench = new LinkBench({ lossModel: { kind: 'gilbert-elliott', p, r, lossInBad, lossInGood } })
    await bench.send(FRAMES)
    const bad = p / (p + r)
    expect(mean(losses(bench).map(Number))).toBeCloseTo(bad * lossInBad + (1 - bad) * lossInGood, 2)
    // Losses stand together as the states do: the chain's second eigenvalue is 1 - p - r.
    const [variance, spread] = [bad * (1 - bad) * (lossInBad - lossInGood) ** 2, 1 - p - r]
    const share = bad * lossInBad + (1 - bad) * lossInGood
    expect(autocorrelation(losses(bench).map(Number))).toBeCloseTo((variance * spread) / (share * (1 - share)), 1)
  })

  it('loses by the four-state model what its stationary distribution says', async () => {
    const [p13, p31, p32, p23, p14] = [0.02, 0.2, 0.3, 0.4, 0.01]
    const bench = new LinkBench({ lossModel: { kind: 'four-state', p13, p31, p32, p23, p14 } })
    await bench.send(FRAMES)
    // Salsano et al., balance of the states 3, 2 and 4 against 1: p13 = π3 p31, π3 p32 = π2 p23, p14 = π4.
    const three = p13 / p31
    const weights = { one: 1, two: (three * p32) / p23, three, four: p14 }
    const total = weights.one + weights.two + weights.three + weights.four
    expect(mean(losses(bench).map(Number))).toBeCloseTo((weights.three + weights.four) / total, 2)
  })

  it('rejoins a lone loss of the four-state model to state 1, so that it is never two', async () => {
    const bench = new LinkBench({ lossModel: { kind: 'four-state', p13: 0, p31: 1, p32: 0, p23: 1, p14: 0.1 } })
    await bench.send(FRAMES)
    const lost = losses(bench)
    expect(mean(lost.map(Number))).toBeCloseTo(0.1 / 1.1, 2)
    expect(Math.max(...runs(lost, true))).toBe(1)
  })

  it("with netem's correlation draws values of rho's autocorrelation", async () => {
    const rho = 0.5
    const bench = new LinkBench({ loss: 0.3, lossCorrelation: rho })
    await bench.send(FRAMES)
    // Uniform values averaged with their past: variance (1 - rho) / (1 + rho) / 12, near normal. P(x < 0.3) is what is lost.
    const sigma = Math.sqrt((1 - rho) / (1 + rho) / 12)
    const z = (0.3 - 0.5) / sigma
    const expected = 0.5 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)))
    expect(mean(losses(bench).map(Number))).toBeCloseTo(expected, 1)
    expect(autocorrelation(losses(bench).map(Number))).toBeGreaterThan(0.25)
  })
})

describe(`delay, over ${FRAMES} frames`, () => {
  const delay = 100 * MILLISECOND
  const jitter = 10 * MILLISECOND

  async function measure(conditions: Parameters<typeof changeConditions>[1]): Promise<number[]> {
    const bench = new LinkBench({ delay, jitter, ...conditions })
    await bench.send(FRAMES)
    return bench.delays()
  }

  it('is normal: mean, deviation, and the shares within one and two deviations', async () => {
    const delays = await measure({ distribution: 'normal' })
    expect(mean(delays) / delay).toBeCloseTo(1, 3)
    expect(deviation(delays) / jitter).toBeCloseTo(1, 2)
    const within = (n: number) => delays.filter((d) => Math.abs(d - delay) < n * jitter).length / FRAMES
    expect(within(1)).toBeCloseTo(0.6827, 2)
    expect(within(2)).toBeCloseTo(0.9545, 2)
  })

  it('is Pareto of shape 3: its median, its least value and its tail', async () => {
    const delays = (await measure({ distribution: 'pareto' })).sort((x, y) => x - y)
    const value = (u: number) => delay + jitter * (u ** (-1 / 3) - 1.5) * (4 / 3)
    expect(delays[0]! - value(1)).toBeLessThan(0.01 * jitter)
    expect((delays[FRAMES / 2]! - value(0.5)) / jitter).toBeCloseTo(0, 1)
    expect((delays[FRAMES * 0.9]! - value(0.1)) / jitter).toBeCloseTo(0, 1)
  })

  it('is Pareto-normal: three quarters of one and a quarter of the other at each share', async () => {
    const delays = (await measure({ distribution: 'paretonormal' })).sort((x, y) => x - y)
    const pareto = (u: number) => (u ** (-1 / 3) - 1.5) * (4 / 3)
    expect((delays[FRAMES / 2]! - delay) / jitter).toBeCloseTo(0.75 * pareto(0.5), 1)
    expect((delays[FRAMES * 0.8413]! - delay) / jitter).toBeCloseTo(0.75 * pareto(0.1587) + 0.25, 1)
  })

  it('takes a table of its own', async () => {
    const delays = await measure({ distribution: Int16Array.of(-TABLE_SCALE, 0, 0, TABLE_SCALE) })
    const count = (d: number) => delays.filter((one) => one === d).length
    expect(Math.abs(count(delay) - FRAMES / 2)).toBeLessThan(tolerance(FRAMES, 0.5))
    expect(Math.abs(count(delay + jitter) - FRAMES / 4)).toBeLessThan(tolerance(FRAMES, 0.25))
    expect(count(delay) + count(delay + jitter) + count(delay - jitter)).toBe(FRAMES)
  })

  it('with correlation keeps its mean, gets the autocorrelation, and spreads less', async () => {
    const rho = 0.25
    const delays = new Array<number>(FRAMES)
    const bench = new LinkBench({ delay, jitter, delayCorrelation: rho })
    await bench.send(FRAMES)
    for (const { time, frame } of bench.b.received) delays[numberOf(frame)] = time - numberOf(frame) * SECOND
    expect(mean(delays) / delay).toBeCloseTo(1, 3)
    expect(autocorrelation(delays)).toBeCloseTo(rho, 1)
    expect(deviation(delays) / ((jitter / Math.sqrt(3)) * Math.sqrt((1 - rho) / (1 + rho)))).toBeCloseTo(1, 1)
  })

  it.skipIf(TC_TABLES === undefined).each(['normal', 'pareto', 'paretonormal'] as const)(
    'has the table that iproute2 ships as %s',
    (name) => {
      const shipped = readFileSync(`${TC_TABLES}/${name}.dist`, 'latin1')
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .join(' ')
        .trim()
        .split(/\s+/)
        .map(Number)
      const computed = distributionTable(name)
      expect(computed).toHaveLength(shipped.length)
      // Its program goes in steps of 0.00005 deviations, and cuts where this rounds.
      const worst = Math.max(...shipped.map((value, i) => Math.abs(value - computed[i]!)))
      expect(worst).toBeLessThanOrEqual(2)
    },
  )
})

describe(`duplicate, corrupt and reorder, over ${FRAMES} frames`, () => {
  it('flips one bit of as many frames as asked, anywhere, and never in the octets others hold', async () => {
    const bench = new LinkBench({ corrupt: 0.1 })
    const sent = new Uint8Array(64)
    for (let i = 0; i < FRAMES; i++) bench.sim.at(i * SECOND, () => bench.a.port.transmit(sent))
    await bench.sim.run()
    const hit = new Array<number>(64).fill(0)
    let count = 0
    for (const { frame } of bench.b.received) {
      if (frame === sent) continue
      count++
      const flipped = [...frame].map((octet, i) => [octet, i] as const).filter(([octet]) => octet !== 0)
      expect(flipped).toHaveLength(1)
      expect(Math.log2(flipped[0]![0]) % 1).toBe(0)
      hit[flipped[0]![1]]!++
    }
    expect(Math.abs(count - FRAMES * 0.1)).toBeLessThan(tolerance(FRAMES, 0.1))
    for (const octet of hit) expect(Math.abs(octet - count / 64)).toBeLessThan(1.3 * tolerance(count, 1 / 64))
    expect(sent.every((octet) => octet === 0)).toBe(true)
    expect(bench.link.counters('a2b').corrupted).toBe(count)
  })

  it.each(['cable', 'netem'] as const)(
    'sends every gap-th frame ahead with the probability asked (%s)',
    async (model) => {
      const bench = new LinkBench({ model, delay: 10 * MILLISECOND, gap: 5, reorder: 0.5 })
      await bench.send(FRAMES, { spacing: MILLISECOND })
      // Four frames pass before a turn, and a turn is taken by half: one frame in 4 + 2.
      const ahead = bench.delays(MILLISECOND).filter((delay) => delay === 0).length
      expect(Math.abs(ahead / FRAMES - 1 / 6)).toBeLessThan(0.003)
      expect(bench.link.counters('a2b').reordered).toBe(ahead)
    },
  )

  it('with a gap alone sends exactly every gap-th ahead', async () => {
    const bench = new LinkBench({ delay: 10 * MILLISECOND, gap: 5 })
    await bench.send(20, { spacing: MILLISECOND })
    const ahead = bench.b.received.filter(({ time, frame }) => time === numberOf(frame) * MILLISECOND)
    expect(ahead.map(({ frame }) => numberOf(frame))).toEqual([4, 9, 14, 19])
  })
})

describe('rate, overhead and limits', () => {
  it('counts overhead and cells as netem does', async () => {
    // 100 octets and 8 more fill three cells of 48, each with 5 octets more: 159 octets at 8 kbit/s are 159 ms.
    const bench = new LinkBench({ rate: 8000, overhead: 8, cellSize: 48, cellOverhead: 5 })
    await bench.send(1, { length: 100 })
    expect(bench.b.received[0]!.time).toBe(159 * MILLISECOND)
  })

  it('limits the queue in octets', async () => {
    const bench = new LinkBench({ rate: 8000, limitBytes: 250 })
    await bench.send(5, { spacing: 0, length: 100 })
    expect(bench.numbers).toEqual([0, 1])
    expect(bench.link.counters('a2b').queueFull).toBe(3)
  })

  it('drops what is longer than the MTU, tags not counted', async () => {
    const bench = new LinkBench({ mtu: 100 })
    const tagged = new Uint8Array(118)
    tagged.set([0x81, 0], 12)
    bench.a.port.transmit(new Uint8Array(114))
    bench.a.port.transmit(new Uint8Array(115))
    bench.a.port.transmit(tagged)
    await bench.sim.run()
    expect(bench.b.received.map(({ frame }) => frame.length)).toEqual([114, 118])
    expect(bench.link.counters('a2b').tooLong).toBe(1)
  })

  it('lets out no more than a slot holds, a slot at a time', async () => {
    const slot = { minDelay: 10 * MILLISECOND, maxDelay: 10 * MILLISECOND, maxPackets: 3 }
    const bench = new LinkBench({ slot })
    await bench.send(8, { spacing: 0 })
    expect(bench.b.received.map(({ time }) => time / MILLISECOND)).toEqual([0, 0, 0, 10, 10, 10, 20, 20])
    expect(bench.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('names what is impossible', () => {
    expect(() => changeConditions(PERFECT, { corrupt: 2 })).toThrow('impossible corrupt: 2')
    expect(() => changeConditions(PERFECT, { gap: -1 })).toThrow('impossible gap: -1')
    expect(() => changeConditions(PERFECT, { mtu: 0 })).toThrow('impossible mtu: 0')
    expect(() => changeConditions(PERFECT, { slot: { minDelay: 2, maxDelay: 1 } })).toThrow('impossible slot')
    expect(() => changeConditions(PERFECT, { distribution: new Int16Array(0) })).toThrow('a table of 0 values')
    expect(() => changeConditions(PERFECT, { discipline: { kind: 'red', min: 5, max: 5 } })).toThrow('impossible RED')
    const lossModel = { kind: 'four-state', p13: 0.6, p31: 0, p32: 0, p23: 0, p14: 0.6 } as const
    expect(() => changeConditions(PERFECT, { lossModel })).toThrow('more than 1')
  })
})

describe('the model netem', () => {
  const MBIT = 1_000_000

  it('lets jitter vanish in a queue that the rate fills', async () => {
    const conditions = { rate: MBIT, delay: 5 * MILLISECOND, jitter: 4 * MILLISECOND } as const
    const spacing = async (model: 'cable' | 'netem') => {
      const bench = new LinkBench({ model, ...conditions })
      await bench.send(200, { spacing: MILLISECOND, length: 250 })
      const times = bench.b.received.slice(50).map(({ time }) => time)
      return deviation(times.slice(1).map((time, i) => time - times[i]!))
    }
    expect(await spacing('netem')).toBe(0)
    expect(await spacing('cable')).toBeGreaterThan(0.1 * MILLISECOND)
  })

  it('counts what is delayed against the limit', async () => {
    const bench = new LinkBench({ model: 'netem', delay: SECOND, limit: 10 })
    await bench.send(15, { spacing: 0 })
    expect(bench.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(bench.link.counters('a2b').queueFull).toBe(5)
  })

  it('gives a lost frame no place in the queue', async () => {
    const bench = new LinkBench({ model: 'netem', rate: 8000, loss: 1 })
    bench.a.port.transmit(new Uint8Array(100))
    bench.link.set({ loss: 0 })
    bench.a.port.transmit(new Uint8Array(100))
    await bench.sim.run()
    expect(bench.b.received.map(({ time }) => time)).toEqual([100 * MILLISECOND])
  })

  it('draws for a copy anew, so that both may be lost and none is copied twice', async () => {
    const bench = new LinkBench({ model: 'netem', duplicate: 1, loss: 0.5 })
    await bench.send(FRAMES)
    // The first draw of loss takes the copy's place; without it the copy has a draw of its own: 1/2 + 1/2 (1 + 1/2).
    expect(bench.b.received.length / FRAMES).toBeCloseTo(1.25, 2)
  })

  it('hands back to the cable without losing what it holds', async () => {
    const bench = new LinkBench({ model: 'netem', delay: SECOND })
    bench.a.port.transmit(new Uint8Array([1, 0, 0, 0]))
    bench.link.set({ model: 'cable', delay: 0 })
    bench.a.port.transmit(new Uint8Array([2, 0, 0, 0]))
    await bench.sim.run()
    expect(bench.numbers).toEqual([2, 1])
  })
})

describe('ramps', () => {
  it('let a condition run evenly from one value to another', async () => {
    const bench = new LinkBench({})
    bench.link.ramp({ at: SECOND, over: 10 * SECOND, from: { delay: 0 }, to: { delay: 100 * MILLISECOND, loss: 0.5 } })
    const seen: [number, number][] = []
    for (const second of [0.5, 3.5, 6.05, 12]) {
      bench.sim.at(second * SECOND, () => {
        const { delay, loss } = bench.link.conditions('b2a')
        seen.push([delay / MILLISECOND, loss])
      })
    }
    await bench.sim.run()
    expect(seen).toEqual([
      [0, 0],
      [25, 0.125],
      [50, 0.25],
      [100, 0.5],
    ])
  })

  it('refuse what is impossible before anything happens', () => {
    const { link } = new LinkBench({})
    expect(() => link.ramp({ over: SECOND, to: { loss: 2 } })).toThrow('impossible loss: 2')
    expect(() => link.ramp({ over: 0, to: { loss: 1 } })).toThrow('impossible ramp')
    expect(() => link.ramp({ over: SECOND, to: { rate: Infinity } })).toThrow(TypeError)
  })

  it('keep the memory of a loss model whose conditions they leave alone', async () => {
    const bench = new LinkBench({ lossModel: { kind: 'gilbert-elliott', p: 1, r: 0, lossInBad: 1, lossInGood: 0 } })
    await bench.send(1)
    bench.link.set({ delay: MILLISECOND })
    const before = bench.b.received.length
    for (let i = 0; i < 10; i++) bench.a.port.transmit(new Uint8Array(60))
    await bench.sim.run()
    expect([before, bench.b.received.length]).toEqual([1, 1])
  })
})
