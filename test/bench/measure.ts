/**
 * Timing for benchmarks: the best of several runs (the machine is shared, and noise only ever adds), CPU time beside
 * wall time, and the peak memory of a child process.
 */
import { spawnSync } from 'node:child_process'
import { installed } from '../installed.js'

export interface Timing {
  readonly wallSeconds: number
  readonly cpuSeconds: number
}

/** The fastest of `runs` calls, by wall time. */
export async function bestOf(runs: number, work: () => unknown): Promise<Timing> {
  let best: Timing | undefined
  for (let i = 0; i < runs; i++) {
    const cpu = process.cpuUsage()
    const start = performance.now()
    await work()
    const wallSeconds = (performance.now() - start) / 1000
    const used = process.cpuUsage(cpu)
    const timing = { wallSeconds, cpuSeconds: (used.user + used.system) / 1e6 }
    if (best === undefined || wallSeconds < best.wallSeconds) best = timing
  }
  return best!
}

/** Of `runs` calls the result whose `seconds` are least. */
export async function best<T>(runs: number, work: () => T | Promise<T>, seconds: (result: T) => number): Promise<T> {
  let least = await work()
  for (let i = 1; i < runs; i++) {
    const again = await work()
    if (seconds(again) < seconds(least)) least = again
  }
  return least
}

/** The fastest of `runs` runs of a program, or undefined when it is not installed. Throws when it fails. */
export function bestOfCommand(
  runs: number,
  command: string,
  args: readonly string[],
): (Timing & { readonly peakMegabytes: number }) | undefined {
  if (!installed(command)) return undefined
  let best: (Timing & { peakMegabytes: number }) | undefined
  for (let i = 0; i < runs; i++) {
    const start = performance.now()
    const result = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 26 })
    const wallSeconds = (performance.now() - start) / 1000
    if (result.error) throw result.error
    if (result.status === null || result.status > 1) {
      throw new Error(`${command} ended with status ${result.status}: ${result.stderr.toString().slice(0, 400)}`)
    }
    const peak = /peak-rss-kilobytes=(\d+)/.exec(result.stderr.toString())
    const peakMegabytes = peak ? Number(peak[1]) / 1024 : NaN
    if (best === undefined || wallSeconds < best.wallSeconds) best = { wallSeconds, cpuSeconds: NaN, peakMegabytes }
  }
  return best
}

/** `12.3 M/s`, `450 k/s`. */
export function rate(count: number, seconds: number): string {
  const perSecond = count / seconds
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)} M/s`
  if (perSecond >= 1e3) return `${(perSecond / 1e3).toFixed(0)} k/s`
  return `${perSecond.toFixed(1)} /s`
}

/** A table for the terminal: first column left, the others right. */
export function printTable(title: string, rows: readonly (readonly string[])[]): void {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  process.stdout.write(`\n${title}\n`)
  for (const row of rows) {
    const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
    process.stdout.write(`  ${cells.join('  ')}\n`)
  }
}
