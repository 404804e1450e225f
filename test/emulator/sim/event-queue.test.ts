import { describe, expect, it } from 'vitest'
import { Random } from '../../../src/base/random.js'
import { EventQueue, type EventHandler, type Ticket } from '../../../src/emulator/sim/event-queue.js'

/** Notes the arguments of what fires. */
function noting(): EventHandler<number> & { readonly fired: number[] } {
  const fired: number[] = []
  return { fired, fire: (argument) => fired.push(argument) }
}

describe('EventQueue', () => {
  it('fires by time, and what is due at the same time in the order of scheduling', () => {
    const queue = new EventQueue()
    const handler = noting()
    const times = [5, 3, 5, 0, 3, 9, 0, 5]
    times.forEach((time, i) => queue.push(time, handler, i))
    while (queue.fireNext());
    expect(handler.fired).toEqual([3, 6, 1, 4, 0, 2, 7, 5])
    expect(queue.now).toBe(9)
    expect(queue.size).toBe(0)
  })

  it('fires what an event schedules for now after everything that was due already', () => {
    const queue = new EventQueue()
    const order: string[] = []
    const say: EventHandler<string> = { fire: (text) => order.push(text) }
    queue.push(7, { fire: () => queue.push(7, say, 'scheduled at 7') }, undefined)
    queue.push(7, say, 'scheduled before')
    queue.push(8, say, 'later')
    while (queue.fireNext());
    expect(order).toEqual(['scheduled before', 'scheduled at 7', 'later'])
  })

  it('counts a time that has passed as now', () => {
    const queue = new EventQueue()
    const handler = noting()
    queue.advanceTo(100)
    queue.push(5, handler, 1)
    queue.fireNext()
    expect(handler.fired).toEqual([1])
    expect(queue.now).toBe(100)
  })

  it('fires nothing that was cancelled, and knows a ticket that is no longer good', () => {
    const queue = new EventQueue()
    const handler = noting()
    const tickets = [0, 1, 2, 3].map((i) => queue.push(i, handler, i))
    expect(queue.cancel(tickets[1]!)).toBe(true)
    expect(queue.cancel(tickets[1]!)).toBe(false)
    expect(queue.size).toBe(3)
    expect(queue.nextTime()).toBe(0)
    while (queue.fireNext());
    expect(handler.fired).toEqual([0, 2, 3])
    // The places are used again; old tickets do not reach the new events.
    const reused = [0, 1, 2, 3].map((i) => queue.push(10 + i, handler, 10 + i))
    for (const ticket of tickets) expect(queue.cancel(ticket)).toBe(false)
    expect(queue.cancel(reused[0]!)).toBe(true)
    while (queue.fireNext());
    expect(handler.fired).toEqual([0, 2, 3, 11, 12, 13])
  })

  it('agrees with a sorted list over 200,000 random pushes, cancellations and firings', () => {
    const queue = new EventQueue()
    const random = new Random(1)
    const handler = noting()
    let expected: { time: number; id: number; ticket: Ticket }[] = []
    const order: number[] = []
    for (let id = 0; id < 200_000; id++) {
      const draw = random.next()
      if (draw < 0.55 || expected.length === 0) {
        // Many equal times, many due now, and bursts that are cancelled wholesale.
        const time = queue.now + random.int(20)
        const ticket = queue.push(time, handler, id)
        expected.push({ time, id, ticket })
      } else if (draw < 0.6) {
        const at = random.int(expected.length)
        expect(queue.cancel(expected[at]!.ticket)).toBe(true)
        expected.splice(at, 1)
      } else if (expected.length > 3000) {
        for (const { ticket } of expected.slice(100)) queue.cancel(ticket)
        expected = expected.slice(0, 100)
      } else {
        let first = 0
        for (let i = 1; i < expected.length; i++) if (expected[i]!.time < expected[first]!.time) first = i
        order.push(expected[first]!.id)
        expected.splice(first, 1)
        queue.fireNext()
      }
    }
    expect(handler.fired).toEqual(order)
    expect(queue.size).toBe(expected.length)
  })

  it('refuses a time that is none', () => {
    expect(() => new EventQueue().push(NaN, noting(), 0)).toThrow(RangeError)
  })
})
