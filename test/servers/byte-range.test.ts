import { describe, expect, it } from 'vitest'
import { byteRange } from '../../src/servers/byte-range.js'

const DATE = 'Sat, 21 Nov 2026 03:10:00 GMT'
const range = (text: string, size = 1000, condition?: string) =>
  byteRange({ range: text, ...(condition !== undefined && { 'if-range': condition }) }, size, '"e"', DATE)

describe('byteRange [RFC 9110 §14]', () => {
  it.each([
    ['bytes=0-499', [0, 500]],
    ['bytes=500-', [500, 1000]],
    ['bytes=-300', [700, 1000]],
    ['bytes=-3000', [0, 1000]],
    ['Bytes=990-5000', [990, 1000]],
  ])('reads %s', (text, expected) => {
    expect(range(text)).toEqual(expected)
  })

  it('is not satisfied beyond the end, nor by no octets', () => {
    expect(range('bytes=1000-')).toBe('unsatisfiable')
    expect(range('bytes=-0')).toBe('unsatisfiable')
    expect(range('bytes=0-', 0)).toBe('unsatisfiable')
  })

  it('gives the whole file for what it cannot read, for several ranges, and for another version', () => {
    for (const text of ['bytes=5-2', 'bytes=-', 'lines=1-2', 'bytes=0-1,5-6', `bytes=${'9'.repeat(40)}-`, '']) {
      expect(range(text), text).toBeUndefined()
    }
    expect(byteRange({}, 10, '"e"', DATE)).toBeUndefined()
    expect(range('bytes=0-1', 10, '"other"')).toBeUndefined()
    expect(range('bytes=0-1', 10, '"e"')).toEqual([0, 2])
    expect(range('bytes=0-1', 10, DATE)).toEqual([0, 2])
  })
})
