/**
 * Time, in two forms and one unit each.
 *
 * Inside a run or a session time is `Nanos`: integer nanoseconds since its start, exact in a JavaScript number
 * for 104 days. A point on the calendar is a `Timestamp`: whole seconds since 1970 and nanoseconds within the
 * second, exact for any capture, whatever leaps its clock makes. Other units only at the edges, and in the name.
 */

/** Integer nanoseconds since the start of a run, a session or a connection. */
export type Nanos = number

export const MICROSECOND: Nanos = 1_000
export const MILLISECOND: Nanos = 1_000_000
export const SECOND: Nanos = 1_000_000_000
export const MINUTE: Nanos = 60 * SECOND
export const HOUR: Nanos = 60 * MINUTE

/** A point in time, UTC. `nanos` is 0 to 999,999,999, for times before 1970 too. */
export interface Timestamp {
  readonly seconds: number
  readonly nanos: number
}

/** From `start` to `end`; negative when the clock went backwards. Exact within 104 days of each other. */
export function nanosBetween(start: Timestamp, end: Timestamp): Nanos {
  return (end.seconds - start.seconds) * SECOND + (end.nanos - start.nanos)
}

/** `start` plus a duration, exact as long as the duration is an exact integer. */
export function addNanos(start: Timestamp, duration: Nanos): Timestamp {
  const wholeSeconds = Math.floor(duration / SECOND)
  const nanos = start.nanos + (duration - wholeSeconds * SECOND)
  const carry = Math.floor(nanos / SECOND)
  return { seconds: start.seconds + wholeSeconds + carry, nanos: nanos - carry * SECOND }
}

/** Negative, zero or positive, as for Array.sort. */
export function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

/** Seconds that `Date` can print: years 1 BC to 275760. Clocks of damaged captures lie outside. */
const MAX_DATE_SECONDS = 8_640_000_000_000
const MIN_DATE_SECONDS = -62_167_219_200

/** `2026-11-21T03:10:00.123456789Z`; seconds since 1970 with nine digits where the calendar has no such year. */
export function formatTimestamp({ seconds, nanos }: Timestamp): string {
  const fraction = String(nanos).padStart(9, '0')
  if (!(seconds >= MIN_DATE_SECONDS && seconds <= MAX_DATE_SECONDS)) return `${seconds}.${fraction}`
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${fraction}Z`
}

/** Reads what formatTimestamp and people write: ISO 8601 in UTC with up to nine digits, or undefined. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?$/.exec(text)
  if (!match) return undefined
  const milliseconds = Date.parse(`${match[1]}T${match[2]}Z`)
  if (Number.isNaN(milliseconds)) return undefined
  return { seconds: milliseconds / 1000, nanos: Number((match[3] ?? '').padEnd(9, '0')) }
}

/** Milliseconds for reports, with the nanoseconds kept as decimals. */
export function toMilliseconds(duration: Nanos): number {
  return duration / MILLISECOND
}

/** For people: `850 µs`, `12.3 ms`, `6.1 s`, `2 min 5 s`. */
export function formatDuration(duration: Nanos): string {
  const sign = duration < 0 ? '-' : ''
  const d = Math.abs(duration)
  if (d < MICROSECOND) return `${sign}${d} ns`
  if (d < MILLISECOND) return `${sign}${trim(d / MICROSECOND)} µs`
  if (d < SECOND) return `${sign}${trim(d / MILLISECOND)} ms`
  if (d < 2 * MINUTE) return `${sign}${trim(d / SECOND)} s`
  const totalSeconds = Math.round(d / SECOND)
  const hours = Math.floor(totalSeconds / 3600)
  const minutes = Math.floor((totalSeconds % 3600) / 60)
  const seconds = totalSeconds % 60
  const parts = [hours > 0 ? `${hours} h` : '', minutes > 0 ? `${minutes} min` : '', seconds > 0 ? `${seconds} s` : '']
  return sign + parts.filter((part) => part !== '').join(' ')
}

function trim(value: number): string {
  return String(Number(value.toFixed(value < 10 ? 2 : 1)))
}
