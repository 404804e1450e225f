import { describe, expect, it } from 'vitest'
import {
  addNanos,
  compareTimestamps,
  formatDuration,
  formatTimestamp,
  nanosBetween,
  parseTimestamp,
} from '../../src/base/time.js'

describe('timestamps', () => {
  it('print nine digits in UTC', () => {
    expect(formatTimestamp({ seconds: 1_795_230_600, nanos: 123_456_789 })).toBe('2026-11-21T03:10:00.123456789Z')
    expect(formatTimestamp({ seconds: 0, nanos: 1 })).toBe('1970-01-01T00:00:00.000000001Z')
    expect(formatTimestamp({ seconds: -1, nanos: 500_000_000 })).toBe('1969-12-31T23:59:59.500000000Z')
  })

  it('print as a number where the calendar has no such year', () => {
    expect(formatTimestamp({ seconds: 9e15, nanos: 7 })).toBe('9000000000000000.000000007')
  })

  it('read back what they print', () => {
    for (const nanos of [0, 1, 999_999_999]) {
      const timestamp = { seconds: 1_795_230_600, nanos }
      expect(parseTimestamp(formatTimestamp(timestamp))).toEqual(timestamp)
    }
    expect(parseTimestamp('2026-02-30 nonsense')).toBeUndefined()
  })

  it('add and subtract exactly across second boundaries, in both directions', () => {
    const start = { seconds: 1_795_230_600, nanos: 999_999_999 }
    for (const duration of [0, 1, 2_000_000_001, -1, -999_999_999, -1_000_000_000, 8_999_999_999_999_999]) {
      const end = addNanos(start, duration)
      expect(end.nanos).toBeGreaterThanOrEqual(0)
      expect(end.nanos).toBeLessThan(1e9)
      expect(nanosBetween(start, end)).toBe(duration)
      expect(Math.sign(compareTimestamps(end, start))).toBe(Math.sign(duration))
    }
  })
})

describe('formatDuration', () => {
  it('uses the unit a person would', () => {
    expect(formatDuration(850)).toBe('850 ns')
    expect(formatDuration(850_000)).toBe('850 µs')
    expect(formatDuration(12_340_000)).toBe('12.3 ms')
    expect(formatDuration(6_100_000_000)).toBe('6.1 s')
    expect(formatDuration(125_000_000_000)).toBe('2 min 5 s')
    expect(formatDuration(7_200_000_000_000)).toBe('2 h')
    expect(formatDuration(-6_100_000_000)).toBe('-6.1 s')
  })
})
