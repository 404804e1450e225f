import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import { readDuration, readPercentage, readRate, readSize } from '../../src/scenario/units.js'

describe('units of scenarios', () => {
  it.each([
    ['200us', 200_000],
    ['200µs', 200_000],
    ['20ms', 20 * MILLISECOND],
    ['1.5s', 1.5 * SECOND],
    ['5 min', 300 * SECOND],
    ['2h', 7200 * SECOND],
    ['7ns', 7],
    ['0', 0],
  ])('reads %s as a duration', (text, value) => {
    expect(readDuration(text)).toEqual({ value })
  })

  it.each([
    ['20', /no unit.*200us, 20ms/],
    ['20m', /unknown unit 'm'.*'min' for minutes or 'ms' for milliseconds/],
    ['20sec', /use 's'/],
    ['5Min', /use 'min'/],
    ['-5ms', /cannot be negative/],
    ['soon', /not a duration/],
    ['1e3ms', /unknown unit|not a duration/],
    ['1000000h', /more than 100 days/],
    ['', /not a duration/],
  ])('refuses %s as a duration', (text, problem) => {
    expect(readDuration(text)).toEqual({ problem: expect.stringMatching(problem) as string })
  })

  it('reads rates in bits per second as tc writes them', () => {
    expect(readRate('100mbit')).toEqual({ value: 100e6 })
    expect(readRate('64kbit')).toEqual({ value: 64e3 })
  })

  it('refuses a rate in mbps, which tc takes for bytes', () => {
    expect(readRate('100mbps')).toEqual({ problem: expect.stringMatching(/'mbit' \(tc reads mbps/) as string })
  })

  it('refuses a rate of zero', () => {
    expect(readRate('0kbit')).toHaveProperty('problem')
  })

  it('reads percentages up to all of it', () => {
    expect(readPercentage('0.5%')).toEqual({ value: 0.005 })
    expect(readPercentage('100%')).toEqual({ value: 1 })
    expect(readPercentage('0')).toEqual({ value: 0 })
  })

  it.each([
    ['120%', /more than everything/],
    ['0.1', /no unit; write a percentage/],
    ['lots', /not a percentage/],
  ])('refuses %s as a percentage', (text, problem) => {
    expect(readPercentage(text)).toEqual({ problem: expect.stringMatching(problem) as string })
  })

  it('keeps decimal and binary sizes apart', () => {
    expect(readSize('300kB')).toEqual({ value: 300_000 })
    expect(readSize('2MiB')).toEqual({ value: 2 * 1024 * 1024 })
    expect(readSize('3KB')).toEqual({ problem: expect.stringMatching(/'kB' \(1000\) or 'KiB'/) as string })
  })
})
