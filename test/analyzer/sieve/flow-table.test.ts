import { describe, expect, it } from 'vitest'
import { FlowTable } from '../../../src/analyzer/sieve/flow-table.js'
import { Random } from '../../../src/base/random.js'

describe('FlowTable', () => {
  it('finds a flow from either side', () => {
    const table = new FlowTable<string>()
    table.set(0x0a000001, 1024, 0xc0a80001, 80, 'a')
    expect(table.get(0x0a000001, 1024, 0xc0a80001, 80)).toBe('a')
    expect(table.get(0xc0a80001, 80, 0x0a000001, 1024)).toBe('a')
    expect(table.get(0xc0a80001, 1024, 0x0a000001, 80)).toBeUndefined()
    expect(table.get(0xc0a80001 | 0, 80, 0x0a000001, 1024)).toBe('a')
  })

  it('knows flows of a host with itself, and the address and ports 0', () => {
    const table = new FlowTable<number>()
    table.set(0x7f000001, 5, 0x7f000001, 3, 1)
    table.set(0, 0, 0, 0, 2)
    expect(table.get(0x7f000001, 3, 0x7f000001, 5)).toBe(1)
    expect(table.get(0, 0, 0, 0)).toBe(2)
  })

  it('does what a Map does, through growth and removal', () => {
    const random = new Random(7)
    const table = new FlowTable<number>()
    const map = new Map<string, number>()
    for (let i = 0; i < 60_000; i++) {
      // Few addresses and ports, so that flows come again and collide.
      const a = 0xffff_ff00 + random.int(40)
      const b = random.int(40)
      const aPort = random.int(8)
      const bPort = random.int(8)
      const key = `${a} ${aPort} ${b} ${bPort}`
      if (random.int(3) === 0) {
        expect(table.delete(b, bPort, a, aPort)).toBe(map.delete(key))
      } else {
        table.set(a, aPort, b, bPort, i)
        map.set(key, i)
      }
      expect(table.get(a, aPort, b, bPort)).toBe(map.get(key))
    }
    expect(table.size).toBe(map.size)
    for (const [key, value] of map) {
      const [a = 0, aPort = 0, b = 0, bPort = 0] = key.split(' ').map(Number)
      expect(table.get(a, aPort, b, bPort)).toBe(value)
    }
  })
})
