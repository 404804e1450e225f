/**
 * `bootwire run --no-capture`: no capture is written and nothing is analyzed; what was expected is held against what the
 * emulator knows to have happened. For storms of phones whose capture no memory would hold.
 */
import { UsageError } from '../base/errors.js'
import { formatDuration } from '../base/time.js'
import type { Palette } from '../report/palette.js'
import { printable } from '../report/printable.js'
import { runWithoutCapture } from '../scenario/run-scenario.js'
import type { RunOptions, TruthRunResult } from '../scenario/run-scenario.js'
import type { Scenario } from '../scenario/scenario.js'
import { ExitCode } from './exit-codes.js'
import { renderExpectation } from './render-run.js'

/** Options that speak of what such a run does not have. */
export interface CaptureArgs {
  readonly format: string
  readonly captureFile: string | undefined
  readonly phone: string | undefined
  readonly failOn: string | undefined
}

/** @throws UsageError naming the option that needs a capture */
export function checkNeedsNoCapture({ format, captureFile, phone, failOn }: CaptureArgs): void {
  if (captureFile !== undefined) throw new UsageError('--capture-file and --no-capture exclude each other')
  if (format !== 'text') throw new UsageError(`--no-capture analyzes nothing: there is no report in ${format}`)
  if (phone !== undefined) throw new UsageError('--no-capture analyzes nothing: there is no report on one phone')
  if (failOn !== undefined) throw new UsageError('--no-capture analyzes nothing: --fail-on has no findings to go by')
}

/** The text for standard output, and the verdict. */
export async function runUncaptured(
  scenario: Scenario,
  options: RunOptions,
  palette: Palette,
): Promise<{ readonly text: string; readonly verdict: ExitCode }> {
  const result = await runWithoutCapture(scenario, options)
  return { text: render(result, palette), verdict: verdictOf(result) }
}

/** Without expectations a run passes when no phone failed. */
function verdictOf({ scenario, expectations, stories }: TruthRunResult): ExitCode {
  if (expectations.some(({ passed }) => !passed)) return ExitCode.findings
  if (scenario.expect.length > 0) return ExitCode.ok
  if (stories.some(({ outcome }) => outcome === 'failed')) return ExitCode.findings
  return stories.some(({ outcome }) => outcome !== 'running') ? ExitCode.ok : ExitCode.nothingToJudge
}

function render(
  { scenario, seed, stories, duration, linkFrames, ended, expectations }: TruthRunResult,
  palette: Palette,
) {
  const note = ended === 'limit' ? ', stopped at its limit' : ended === 'interrupted' ? ', interrupted' : ''
  const phones = stories.length === 1 ? '1 phone' : `${stories.length} phones`
  const facts = `${scenario.file}, seed ${seed}: ${phones}, ${formatDuration(duration)} of network time, ${linkFrames} frames on its links${note}`
  const lines = [palette.bold(printable(scenario.name)), palette.dim(facts), '', palette.bold('Phones')]
  const groups = new Map<string, number>()
  for (const { outcome, rootCause } of stories) {
    const group = rootCause === undefined ? outcome : `${outcome}: ${rootCause}`
    groups.set(group, (groups.get(group) ?? 0) + 1)
  }
  for (const [group, count] of [...groups].sort(([, a], [, b]) => b - a)) lines.push(`  ${count} ${group}`)
  lines.push('')
  if (expectations.length > 0) {
    lines.push(palette.bold('Expected'), ...expectations.flatMap((result) => renderExpectation(result, palette)), '')
  }
  lines.push('Capture      none: outcomes are what the emulator knows, not what an analysis found')
  return `${lines.join('\n')}\n`
}
