/**
 * Quantities as people write them in scenarios: a decimal number and its unit. A number without unit is refused, save
 * for zero: `delay: 20` has cost enough afternoons.
 */
import { HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND } from '../base/time.js'

/** What a text was read as, or why it cannot be. */
export type Reading = { readonly value: number } | { readonly problem: string }

interface Dimension {
  readonly noun: string
  /** Spelling, as written, to factor. */
  readonly units: ReadonlyMap<string, number>
  readonly example: string
  /** What other tools accept under a name that is misread here. */
  readonly traps: ReadonlyMap<string, string>
  readonly max: number
  readonly maxText: string
}

const DURATION: Dimension = {
  noun: 'duration',
  units: new Map([
    ['ns', 1],
    ['us', MICROSECOND],
    ['µs', MICROSECOND],
    ['ms', MILLISECOND],
    ['s', SECOND],
    ['min', MINUTE],
    ['h', HOUR],
  ]),
  example: '200us, 20ms, 5s, 3min, 1h',
  traps: new Map([
    ['m', "'min' for minutes or 'ms' for milliseconds"],
    ['sec', "'s'"],
    ['secs', "'s'"],
    ['msec', "'ms'"],
    ['usec', "'us'"],
    ['d', "hours, 'h'"],
  ]),
  max: 100 * 24 * HOUR, // nanoseconds stay exact integers for 104 days
  maxText: '100 days',
}

const RATE: Dimension = {
  noun: 'rate',
  units: new Map([
    ['bit', 1],
    ['kbit', 1e3],
    ['mbit', 1e6],
    ['gbit', 1e9],
  ]),
  example: '64kbit, 100mbit, 1gbit (bits per second)',
  traps: new Map([
    ['bps', "'bit', 'kbit', 'mbit' or 'gbit' (tc reads bps as bytes per second)"],
    ['kbps', "'kbit' (tc reads kbps as kilobytes per second)"],
    ['mbps', "'mbit' (tc reads mbps as megabytes per second)"],
    ['gbps', "'gbit' (tc reads gbps as gigabytes per second)"],
  ]),
  max: 1e12,
  maxText: '1000gbit',
}

const SIZE: Dimension = {
  noun: 'size',
  units: new Map([
    ['B', 1],
    ['kB', 1e3],
    ['KiB', 1024],
    ['MB', 1e6],
    ['MiB', 1024 * 1024],
  ]),
  example: '512B, 300kB, 4MB, 2MiB',
  traps: new Map([
    ['KB', "'kB' (1000) or 'KiB' (1024)"],
    ['k', "'kB' (1000) or 'KiB' (1024)"],
    ['M', "'MB' or 'MiB'"],
    ['mb', "'MB'"],
    ['bytes', "'B'"],
  ]),
  max: 256 * 1024 * 1024,
  maxText: '256MiB',
}

/** @returns nanoseconds */
export function readDuration(text: string): Reading {
  return readQuantity(text, DURATION)
}

/** @returns bits per second, above zero */
export function readRate(text: string): Reading {
  const reading = readQuantity(text, RATE)
  if ('value' in reading && reading.value === 0)
    return { problem: "a rate of zero lets nothing pass; use loss: '100%'" }
  return reading
}

/** @returns octets */
export function readSize(text: string): Reading {
  return readQuantity(text, SIZE)
}

/** @returns a share, 0 to 1 */
export function readPercentage(text: string): Reading {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?%$/.exec(text)
  if (match === null) {
    if (/^[0-9]*\.?[0-9]+$/.test(text)) {
      if (Number(text) === 0) return { value: 0 }
      return { problem: `'${text}' has no unit; write a percentage, as 1% or 0.5%` }
    }
    return { problem: `'${shorten(text)}' is not a percentage; write it as 1% or 0.5%` }
  }
  const percent = Number(match[1])
  if (percent > 100) return { problem: `${match[1]}% is more than everything; a percentage is 0% to 100%` }
  return { value: percent / 100 }
}

function readQuantity(text: string, { noun, units, example, traps, max, maxText }: Dimension): Reading {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-zµ/]*)$/.exec(text)
  if (match === null) {
    if (/^-[0-9]/.test(text)) return { problem: `a ${noun} cannot be negative` }
    return { problem: `'${shorten(text)}' is not a ${noun}; write it as ${example}` }
  }
  const amount = Number(match[1])
  const unit = match[2]!
  if (unit === '') {
    return amount === 0 ? { value: 0 } : { problem: `'${text}' has no unit; write a ${noun} as ${example}` }
  }
  const factor = units.get(unit)
  if (factor === undefined) {
    const close = [...units.keys()].find((name) => name.toLowerCase() === unit.toLowerCase())
    const right = traps.get(unit) ?? traps.get(unit.toLowerCase()) ?? (close === undefined ? undefined : `'${close}'`)
    return {
      problem: `unknown unit '${shorten(unit)}' in '${shorten(text)}'; use ${right ?? [...units.keys()].join(', ')}`,
    }
  }
  const value = Math.round(amount * factor)
  if (value > max) return { problem: `${text} is more than ${maxText}` }
  return { value }
}

function shorten(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 37)}...`
}
