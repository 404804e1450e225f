import { describe, expect, it } from 'vitest'
import { MILLISECOND } from '../../src/base/time.js'
import { Network } from '../../src/emulator/topology.js'
import { LiveSimulation } from '../../src/live/live-simulation.js'

function later(sim: LiveSimulation, delay: number): Promise<number> {
  return new Promise((resolve) => sim.schedule(delay, () => resolve(sim.now)))
}

describe('a simulation in real time', () => {
  it('fires events in order, never before their time, with their time as now', async () => {
    const sim = new LiveSimulation({ seed: 1 })
    const begun = sim.elapsed
    const fired: string[] = []
    const done = new Promise<void>((resolve) => {
      sim.at(begun + 30 * MILLISECOND, () => {
        expect(sim.now).toBe(begun + 30 * MILLISECOND)
        expect(sim.elapsed).toBeGreaterThanOrEqual(sim.now)
        fired.push('second')
        resolve()
      })
    })
    sim.at(begun + 10 * MILLISECOND, () => fired.push('first'))
    sim.at(begun + 20 * MILLISECOND, () => fired.push('never')).cancel()
    await done
    expect(fired).toEqual(['first', 'second'])
    expect(sim.lateness.events).toBe(2)
    sim.close()
  })

  it('has a clock that goes on between events, and does not pass one that is to fire', async () => {
    const sim = new LiveSimulation({ seed: 1 })
    const before = sim.now
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(sim.now).toBeGreaterThan(before)
    const due = sim.now + 2 * MILLISECOND
    let at = 0
    const fired = new Promise<void>((resolve) => {
      sim.at(due, () => {
        at = sim.now
        resolve()
      })
    })
    // Holds up the event loop past the event's time.
    while (sim.elapsed < due + 5 * MILLISECOND);
    expect(sim.now).toBeLessThan(due)
    await fired
    expect(at).toBe(due)
    expect(sim.lateness).toMatchObject({ late: 1 })
    expect(sim.lateness.worst).toBeGreaterThanOrEqual(5 * MILLISECOND)
    sim.close()
  })

  it('gives code that the event loop woke the time that it is', async () => {
    const sim = new LiveSimulation({ seed: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const asked = sim.elapsed
    expect(await later(sim, 5 * MILLISECOND)).toBeGreaterThanOrEqual(asked + 5 * MILLISECOND)
    sim.close()
  })

  it('carries a connection over an emulated cable', async () => {
    const sim = new LiveSimulation({ seed: 1 })
    const network = new Network(sim)
    const [a, b] = [network.addHost('a', { address: '10.0.0.1' }), network.addHost('b', { address: '10.0.0.2' })]
    network.connect(a, b, { both: { delay: MILLISECOND } })
    const content = new Uint8Array(100_000).map((_, i) => i)
    const received: Uint8Array[] = []
    const whole = new Promise<void>((resolve) => {
      b.listenTcp(80, () => ({ data: (bytes) => void received.push(bytes), end: resolve }))
    })
    const socket = a.connectTcp(b.address, 80, {
      connected() {
        socket.write(content)
        socket.end()
      },
    })
    await whole
    expect(Buffer.concat(received).equals(content)).toBe(true)
    sim.close()
  })

  it('gives what an event throws to whoever asked for it', async () => {
    const sim = new LiveSimulation({ seed: 1 })
    const failure = new Promise((resolve) => sim.onFailure(resolve))
    sim.schedule(0, () => {
      throw new Error('a defect')
    })
    expect(await failure).toMatchObject({ message: 'a defect' })
    sim.close()
  })
})
