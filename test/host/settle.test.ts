import { stat } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { drainsAtOnce, realTurn, settleNow } from '../../src/emulator/sim/settle.js'

/** Runs it in a macrotask of its own, where the simulation's loop runs. */
function inMacrotask<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })
}

/** Until nothing else is pending in this process. */
async function quiet(): Promise<void> {
  while (!(await inMacrotask(settleNow))) await realTurn()
}

describe('settleNow', () => {
  it('drains at once on this Node; where this fails, runs still are right, but slower', () => {
    expect(drainsAtOnce()).toBe(true)
  })

  it('runs ticks and promises to the bottom, in the order of Node', async () => {
    await quiet()
    const seen = await inMacrotask(() => {
      const order: string[] = []
      process.nextTick(() => {
        order.push('tick')
        void Promise.resolve().then(() => {
          order.push('promise in tick')
          process.nextTick(() => order.push('tick in promise'))
        })
      })
      void (async () => {
        await Promise.resolve()
        order.push('after await')
        await new Promise((resolve) => process.nextTick(resolve))
        order.push('after tick')
      })()
      order.push('sync')
      const settled = settleNow()
      return { order: [...order], settled }
    })
    expect(seen.order[0]).toBe('sync')
    expect(seen.order[1]).toBe('tick')
    expect([...seen.order].sort()).toEqual(
      ['after await', 'after tick', 'promise in tick', 'sync', 'tick', 'tick in promise'].sort(),
    )
    expect(seen.settled).toBe(true)
  })

  it('says when a file or an Immediate is outstanding, and when it is no more', async () => {
    await quiet()
    let looked = false
    const first = await inMacrotask(() => {
      stat('/', () => (looked = true))
      return settleNow()
    })
    expect(first).toBe(false)
    while (!looked) await realTurn()
    await quiet()
    let ran = false
    const second = await inMacrotask(() => {
      setImmediate(() => (ran = true))
      return settleNow()
    })
    expect([second, ran]).toEqual([false, false])
    await realTurn()
    expect(ran).toBe(true)
    expect(await inMacrotask(settleNow)).toBe(true)
  })

  it('does not wait for timers and sockets of the process', async () => {
    await quiet()
    const timer = setTimeout(() => {}, 60_000)
    expect(await inMacrotask(settleNow)).toBe(true)
    clearTimeout(timer)
  })
})
