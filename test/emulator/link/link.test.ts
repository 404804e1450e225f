import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import type { LinkConditions } from '../../../src/emulator/link/impairments.js'
import { Link, type LinkNode, type Port } from '../../../src/emulator/link/link.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'

const FRAMES = 200_000

class Node implements LinkNode {
  readonly name: string
  readonly received: { readonly time: number; readonly frame: Uint8Array }[] = []
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

function pair(both: Partial<LinkConditions>, seed = 1) {
  const sim = new Simulation({ seed })
  const a = new Node(sim, 'a')
  const b = new Node(sim, 'b')
  return { sim, a, b, link: new Link(sim, 'cable', a, b, { both }) }
}

/** `count` frames a second apart, the i-th with i in its first octets. */
function sendMany({ sim, a }: { sim: Simulation; a: Node }, count: number, spacing = SECOND): void {
  for (let i = 0; i < count; i++) {
    const frame = new Uint8Array(new Uint32Array([i]).buffer)
    sim.at(i * spacing, () => a.port.transmit(frame))
  }
}

function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer).getUint32(0, true)
}

/** Four standard deviations of a count of `n` draws with probability `p`. */
function tolerance(n: number, p: number): number {
  return 4 * Math.sqrt(n * p * (1 - p))
}

describe('Link', () => {
  it('delivers at once and in order when perfect, and never from within transmit()', async () => {
    const { sim, a, b } = pair({})
    for (let i = 0; i < 100; i++) a.port.transmit(new Uint8Array([i]))
    expect(b.received).toHaveLength(0)
    await sim.run()
    expect(b.received.map(({ frame }) => frame[0])).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(sim.now).toBe(0)
  })

  it('delays each direction by its own', async () => {
    const sim = new Simulation({ seed: 1 })
    const a = new Node(sim, 'a')
    const b = new Node(sim, 'b')
    const link = new Link(sim, 'cable', a, b, { both: { delay: 5 * MILLISECOND }, b2a: { delay: 7 * MILLISECOND } })
    a.port.transmit(new Uint8Array(60))
    b.port.transmit(new Uint8Array(60))
    await sim.run()
    expect([b.received[0]!.time, a.received[0]!.time]).toEqual([5 * MILLISECOND, 7 * MILLISECOND])
    expect(link.conditions('b2a').delay).toBe(7 * MILLISECOND)
  })

  it('serialises at its rate, one frame after the other', async () => {
    const { sim, a, b } = pair({ rate: 1_000_000, delay: MILLISECOND })
    for (let i = 0; i < 3; i++) a.port.transmit(new Uint8Array(125))
    await sim.run()
    expect(b.received.map(({ time }) => time / MILLISECOND)).toEqual([2, 3, 4])
  })

  it('drops what finds the queue full, and says so', async () => {
    const { sim, a, b, link } = pair({ rate: 1_000_000, limit: 4 })
    for (let i = 0; i < 10; i++) a.port.transmit(new Uint8Array(125))
    // A frame that has left makes room for one more.
    sim.at(MILLISECOND, () => a.port.transmit(new Uint8Array(125)))
    sim.at(MILLISECOND, () => a.port.transmit(new Uint8Array(125)))
    await sim.run()
    expect(b.received).toHaveLength(5)
    expect(link.counters('a2b')).toMatchObject({ sent: 12, delivered: 5, queueFull: 7 })
    const { events } = sim.truth
    expect(events).toHaveLength(7)
    expect(events[0]).toEqual({ kind: 'frame', time: 0, link: 'cable', from: 'a', fate: 'queue-full', length: 125 })
  })

  it.each([0.01, 0.1, 0.5])(`loses what it should over ${FRAMES} frames: %d`, async (loss) => {
    const bench = pair({ loss })
    sendMany(bench, FRAMES)
    await bench.sim.run()
    expect(Math.abs(FRAMES - bench.b.received.length - FRAMES * loss)).toBeLessThan(tolerance(FRAMES, loss))
    expect(bench.sim.truth.events).toHaveLength(FRAMES - bench.b.received.length)
    // Independent: after a loss the next is as likely.
    const arrived = new Set(bench.b.received.map(({ frame }) => numberOf(frame)))
    let lost = 0
    let pairs = 0
    for (let i = 0; i + 1 < FRAMES; i++) {
      if (arrived.has(i)) continue
      lost++
      if (!arrived.has(i + 1)) pairs++
    }
    expect(Math.abs(pairs - lost * loss)).toBeLessThan(tolerance(lost, loss))
  })

  it(`duplicates what it should over ${FRAMES} frames`, async () => {
    const bench = pair({ duplicate: 0.02 })
    sendMany(bench, FRAMES)
    await bench.sim.run()
    const copies = bench.b.received.length - FRAMES
    expect(Math.abs(copies - FRAMES * 0.02)).toBeLessThan(tolerance(FRAMES, 0.02))
    expect(bench.link.counters('a2b').duplicated).toBe(copies)
    expect(new Set(bench.b.received.map(({ frame }) => frame)).size).toBe(FRAMES)
  })

  it(`spreads the delay uniformly over jitter either way, over ${FRAMES} frames`, async () => {
    const bench = pair({ delay: 10 * MILLISECOND, jitter: 4 * MILLISECOND })
    sendMany(bench, FRAMES)
    await bench.sim.run()
    const delays = bench.b.received.map(({ time, frame }) => time - numberOf(frame) * SECOND)
    let sum = 0
    let squares = 0
    for (const delay of delays) {
      expect(delay >= 6 * MILLISECOND && delay < 14 * MILLISECOND).toBe(true)
      sum += delay
      squares += delay * delay
    }
    const mean = sum / FRAMES
    expect(Math.abs(mean - 10 * MILLISECOND)).toBeLessThan(0.02 * MILLISECOND)
    // The variance of a uniform distribution of width w is w² / 12.
    expect(Math.sqrt(squares / FRAMES - mean * mean)).toBeCloseTo((8 * MILLISECOND) / Math.sqrt(12), -5)
  })

  it('lets frames overtake with jitter, but not when it has a rate', async () => {
    const isSorted = async (rate: number | undefined): Promise<boolean> => {
      const bench = pair({ delay: 10 * MILLISECOND, jitter: 5 * MILLISECOND, rate })
      sendMany(bench, 1000, MILLISECOND)
      await bench.sim.run()
      return bench.b.received.every(({ frame }, i, all) => i === 0 || numberOf(frame) > numberOf(all[i - 1]!.frame))
    }
    expect(await isSorted(undefined)).toBe(false)
    expect(await isSorted(1_000_000_000)).toBe(true)
  })

  it('changes conditions while it runs, for what is sent from then on', async () => {
    const { sim, a, b, link } = pair({ delay: MILLISECOND })
    a.port.transmit(new Uint8Array([1]))
    link.set({ delay: 5 * MILLISECOND })
    a.port.transmit(new Uint8Array([2]))
    link.set({ down: true })
    a.port.transmit(new Uint8Array([3]))
    link.set({ down: false })
    link.set({ loss: 1 }, 'a2b')
    a.port.transmit(new Uint8Array([4]))
    b.port.transmit(new Uint8Array([5]))
    await sim.run()
    expect(b.received.map(({ time, frame }) => [time / MILLISECOND, frame[0]])).toEqual([[1, 1], [5, 2]]) // prettier-ignore
    expect(a.received.map(({ frame }) => frame[0])).toEqual([5])
    expect(sim.truth.events.map((event) => 'fate' in event && event.fate)).toEqual(['link-down', 'lost'])
  })

  it('keeps the order of what is queued when its rate is taken away', async () => {
    const { sim, a, b, link } = pair({ rate: 1_000_000 })
    for (let i = 0; i < 3; i++) a.port.transmit(new Uint8Array(125).fill(i))
    link.set({ rate: undefined })
    a.port.transmit(new Uint8Array(125).fill(3))
    await sim.run()
    expect(b.received.map(({ time, frame }) => [time / MILLISECOND, frame[0]])).toEqual([[1, 0], [2, 1], [3, 2], [3, 3]]) // prettier-ignore
    a.port.transmit(new Uint8Array(125).fill(4))
    await sim.run()
    expect(b.received.at(-1)!.time).toBe(3 * MILLISECOND)
  })

  it('refuses impossible conditions', () => {
    for (const both of [{ loss: 1.5 }, { loss: -0.1 }, { delay: -1 }, { rate: 0 }, { limit: 0 }, { jitter: NaN }]) {
      expect(() => pair(both)).toThrow(RangeError)
    }
  })

  it('shows a tap what leaves and what comes in at its end', async () => {
    const { sim, a, b, link } = pair({ delay: MILLISECOND, loss: 1, rate: 1_000_000 })
    link.set({ loss: 0, duplicate: 1 }, 'b2a')
    const seen: string[] = []
    link.tap('a', (time, frame, direction) => seen.push(`a ${time / MILLISECOND} ${frame.length} ${direction}`))
    link.tap('b', (time, frame, direction) => seen.push(`b ${time / MILLISECOND} ${frame.length} ${direction}`))
    a.port.transmit(new Uint8Array(125))
    a.port.transmit(new Uint8Array(250))
    b.port.transmit(new Uint8Array(500))
    await sim.run()
    // Lost frames are seen where they were sent, when their turn came; a copy is seen where it arrives.
    expect(seen).toEqual(['a 0 125 sent', 'b 0 500 sent', 'a 1 250 sent', 'a 5 500 received', 'a 9 500 received'])
  })

  it('has the same luck with the same seed whatever other links do, and other luck with another', async () => {
    const run = async (seed: number, other: boolean): Promise<number[]> => {
      const bench = pair({ loss: 0.3, duplicate: 0.1, delay: SECOND, jitter: SECOND / 2 }, seed)
      if (other) {
        const c = new Node(bench.sim, 'c')
        new Link(bench.sim, 'other', c, new Node(bench.sim, 'd'), { both: { loss: 0.5 } })
        for (let i = 0; i < 100; i++) bench.sim.at(i * SECOND, () => c.port.transmit(new Uint8Array(60)))
      }
      sendMany(bench, 1000)
      await bench.sim.run()
      return bench.b.received.map(({ time }) => time)
    }
    const first = await run(1, false)
    expect(await run(1, true)).toEqual(first)
    expect(await run(2, false)).not.toEqual(first)
  })
})
