import { readFile } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Timer } from '../../../src/emulator/sim/timer.js'

describe('Simulation', () => {
  it('runs what is scheduled in order and stops when nothing is left', async () => {
    const sim = new Simulation({ seed: 1 })
    const order: string[] = []
    sim.schedule(2 * SECOND, () => order.push(`b ${sim.now}`))
    sim.schedule(SECOND, () => {
      order.push(`a ${sim.now}`)
      sim.schedule(SECOND, () => order.push(`c ${sim.now}`))
    })
    sim.schedule(SECOND, () => order.push('cancelled')).cancel()
    await sim.run()
    expect(order).toEqual([`a ${SECOND}`, `b ${2 * SECOND}`, `c ${2 * SECOND}`])
  })

  it('stops at a time, the clock standing there, and goes on from it', async () => {
    const sim = new Simulation({ seed: 1 })
    const order: number[] = []
    for (const time of [1, 2, 3, 4]) sim.at(time * SECOND, () => order.push(time))
    await sim.run({ until: 2 * SECOND })
    expect(order).toEqual([1, 2])
    await sim.run({ until: 2.5 * SECOND })
    expect(sim.now).toBe(2.5 * SECOND)
    await sim.run()
    expect(order).toEqual([1, 2, 3, 4])
  })

  it('stops when told to, before the next event', async () => {
    const sim = new Simulation({ seed: 1 })
    let count = 0
    for (let i = 1; i <= 10; i++) sim.at(i, () => count++)
    await sim.run({ while: () => count < 3 })
    expect(count).toBe(3)
    expect(sim.now).toBe(3)
  })

  it('tells the time of day', async () => {
    const sim = new Simulation({ seed: 1, epoch: { seconds: 1000, nanos: 999_999_999 } })
    await sim.run({ until: SECOND + 2 })
    expect(sim.wallClock).toEqual({ seconds: 1002, nanos: 1 })
  })

  it('lets ticks, promises and what they lead to finish before time goes on', async () => {
    const sim = new Simulation({ seed: 1 })
    const order: string[] = []
    sim.at(1, () => {
      sim.nodeCodeRan()
      process.nextTick(() => {
        order.push(`tick ${sim.now}`)
        void Promise.resolve().then(() => {
          order.push(`promise ${sim.now}`)
          process.nextTick(() => {
            order.push(`tick again ${sim.now}`)
            sim.schedule(0, () => order.push(`scheduled ${sim.now}`))
          })
        })
      })
    })
    sim.at(2, () => order.push(`next ${sim.now}`))
    await sim.run()
    expect(order).toEqual(['tick 1', 'promise 1', 'tick again 1', 'scheduled 1', 'next 2'])
  })

  it('waits for files and for work that holds it, time standing still', async () => {
    const sim = new Simulation({ seed: 1 })
    const order: string[] = []
    sim.at(1, () => {
      sim.nodeCodeRan()
      readFile(new URL(import.meta.url), () => order.push(`file ${sim.now}`))
    })
    sim.at(2, () => {
      void sim.hold(new Promise((done) => setTimeout(done, 20))).then(() => order.push(`held ${sim.now}`))
    })
    sim.at(3, () => order.push(`after ${sim.now}`))
    await sim.run()
    expect(order).toEqual(['file 1', 'held 2', 'after 3'])
  })

  it('hands the process a turn now and then in a long run', async () => {
    const sim = new Simulation({ seed: 1 })
    let turns = 0
    const timer = setInterval(() => turns++, 10)
    const end = performance.now() + 400
    const spin = (): void => {
      if (performance.now() < end) sim.schedule(1, spin)
    }
    sim.schedule(1, spin)
    await sim.run()
    clearInterval(timer)
    expect(turns).toBeGreaterThan(2)
  })

  it('rejects with what an event throws, and with a second run at the same time', async () => {
    const sim = new Simulation({ seed: 1 })
    sim.at(1, () => {
      throw new TypeError('a bug')
    })
    const first = sim.run()
    await expect(sim.run()).rejects.toThrow(/already running/)
    await expect(first).rejects.toThrow(TypeError)
  })

  it('gives an owner the same luck whoever else there is, and another seed other luck', () => {
    const draw = (seed: number, owner: string): number => new Simulation({ seed }).random(owner).u32()
    expect(draw(1, 'a')).toBe(draw(1, 'a'))
    expect(draw(1, 'a')).not.toBe(draw(1, 'b'))
    expect(draw(1, 'a')).not.toBe(draw(2, 'a'))
  })
})

describe('Timer', () => {
  it('fires once, at the time it was last armed for, earlier or later', async () => {
    const sim = new Simulation({ seed: 1 })
    const fired: number[] = []
    const timer = new Timer(sim, () => fired.push(sim.now / MILLISECOND))
    timer.arm(10 * MILLISECOND)
    timer.arm(30 * MILLISECOND)
    await sim.run()
    timer.arm(30 * MILLISECOND)
    timer.arm(5 * MILLISECOND)
    await sim.run()
    timer.arm(5 * MILLISECOND)
    timer.disarm()
    await sim.run()
    timer.arm(5 * MILLISECOND)
    timer.disarm()
    timer.arm(7 * MILLISECOND)
    await sim.run()
    expect(fired).toEqual([30, 35, 47])
  })

  it('takes few events however often it is armed, and leaves none when cancelled', async () => {
    const sim = new Simulation({ seed: 1 })
    const timer = new Timer(sim, () => {})
    for (let i = 0; i < 1000; i++) timer.arm(SECOND + i)
    expect(sim.pending).toBe(1)
    timer.cancel()
    expect(sim.pending).toBe(0)
    await sim.run()
    expect(sim.now).toBe(0)
  })
})
