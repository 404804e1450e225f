import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '../../src/base/time.js'
import { LeaseTable } from '../../src/servers/leases.js'

const range = { first: 10, last: 13, taken: [11] }

describe('LeaseTable', () => {
  it('gives each client its own address and keeps it for it', () => {
    const table = new LeaseTable(range)
    expect(table.offer('a', 'a', undefined, 0)).toBe(10)
    expect(table.offer('b', 'b', undefined, 0)).toBe(12)
    expect(table.offer('a', 'a', 13, SECOND)).toBe(10)
    table.bind('a', SECOND, HOUR)
    expect(table.heldByMac('a', 2 * SECOND)).toBe(10)
    expect(table.heldByMac('b', 2 * SECOND)).toBe(undefined)
    expect(table.offer('a', 'a', undefined, 2 * HOUR)).toBe(10)
  })

  it('honours a wish when the address is free and its own', () => {
    const table = new LeaseTable(range)
    expect(table.offer('a', 'a', 13, 0)).toBe(13)
    expect(table.offer('b', 'b', 13, 0)).toBe(10)
    expect(table.offer('c', 'c', 99, 0)).toBe(12)
    expect(table.offer('d', 'd', 11, 0)).toBe(undefined)
  })

  it('runs out, and takes back released, then offered, then expired addresses', () => {
    const table = new LeaseTable(range)
    for (const client of ['a', 'b', 'c']) {
      table.offer(client, client, undefined, 0)
      table.bind(client, 0, HOUR)
    }
    expect(table.offer('d', 'd', undefined, MINUTE)).toBe(undefined)
    expect(table.release('b', 12)).toBe(true)
    expect(table.release('b', 10)).toBe(false)
    expect(table.offer('d', 'd', undefined, MINUTE)).toBe(12)
    expect(table.offer('e', 'e', undefined, MINUTE + 59 * SECOND)).toBe(undefined)
    // d never took its offer.
    expect(table.offer('e', 'e', undefined, 2 * MINUTE)).toBe(12)
    table.bind('e', 2 * MINUTE, HOUR)
    expect(table.addressOf('d')).toBe(undefined)
    // a renewed, c did not: c's runs out first.
    table.bind('a', 30 * MINUTE, HOUR)
    expect(table.offer('f', 'f', undefined, HOUR - 1)).toBe(undefined)
    expect(table.offer('f', 'f', undefined, HOUR)).toBe(13)
  })

  it('gives a released address back to its client while nobody needs it', () => {
    const table = new LeaseTable({ first: 1, last: 100, taken: [] })
    for (const client of ['a', 'b']) {
      table.offer(client, client, undefined, 0)
      table.bind(client, 0, HOUR)
    }
    table.release('a', 1)
    expect(table.offer('c', 'c', undefined, SECOND)).toBe(3)
    expect(table.offer('a', 'a', undefined, SECOND)).toBe(1)
  })

  it('keeps a declined address back for ten minutes', () => {
    const table = new LeaseTable({ first: 1, last: 1, taken: [] })
    table.offer('a', 'a', undefined, 0)
    table.bind('a', 0, HOUR)
    expect(table.decline('a', 2, SECOND)).toBe(false)
    expect(table.decline('a', 1, SECOND)).toBe(true)
    expect(table.offer('a', 'a', undefined, 2 * SECOND)).toBe(undefined)
    expect(table.offer('a', 'a', 1, 10 * MINUTE)).toBe(undefined)
    expect(table.offer('a', 'a', undefined, 10 * MINUTE + SECOND)).toBe(1)
  })

  it('takes constant time for each of 100,000 clients, in a pool that has none to spare', () => {
    const table = new LeaseTable({ first: 0, last: 99_999, taken: [] })
    const seen = new Set<number>()
    for (let n = 0; n < 100_000; n++) {
      seen.add(table.offer(`c${n}`, '', undefined, n)!)
      table.bind(`c${n}`, n, 1000 * SECOND)
    }
    expect(seen.size).toBe(100_000)
    const before = process.cpuUsage()
    let others = 0
    for (let n = 0; n < 100_000; n++) {
      if (table.offer(`late${n}`, '', undefined, 2000 * SECOND) !== n) others++
      table.bind(`late${n}`, 2000 * SECOND, 1000 * SECOND)
    }
    expect(others).toBe(0)
    // Looking through the table for each would take minutes.
    // Counted in processor time: what else the machine does at the moment has no part in it.
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(5000)
  })
})
