/**
 * `bootwire run <scenario..>`: boots emulated phones, writes the capture, analyzes it, checks what was expected.
 *
 * A scenario passes when all its expectations hold and the analyzer agrees with the emulator. One without expectations
 * passes when nothing at or above --fail-on was found; --fail-on, when given, decides for those with expectations too.
 *
 * The report goes to standard output in the format asked for. What only a run has (expectations, truth, where the
 * capture is) stands beside it in text, and on standard error with other formats, so that those stay what they are.
 */
import type { Argv } from 'yargs'
import { UsageError } from '../../base/errors.js'
import { formatDuration } from '../../base/time.js'
import { buildReport } from '../../analyzer/analyze.js'
import type { CaptureAnalysis } from '../../analyzer/analyze.js'
import { plainPalette } from '../../report/palette.js'
import type { Palette } from '../../report/palette.js'
import { renderText } from '../../report/render-text.js'
import type { RunFacts } from '../../report/run-facts.js'
import type { FailOn } from '../../report/severity.js'
import type { RunOptions, RunResult } from '../../scenario/run-scenario.js'
import type { Scenario } from '../../scenario/scenario.js'
import { checkOutput, commonOptions, deliver, failOnOption, paletteFor, verdictOf } from '../common-options.js'
import type { CommonArgs } from '../common-options.js'
import { ExitCode } from '../exit-codes.js'
import type { Machine } from '../machine.js'
import { checkPhone } from '../phone-argument.js'
import { Progress } from '../progress.js'
import { renderPhones, renderRunHead, renderRunTail, repeatCommand } from '../render-run.js'
import { REPORT_FORMATS, renderReport } from '../report-formats.js'
import type { ReportFormat } from '../report-formats.js'

export interface RunArgs extends CommonArgs {
  readonly format: ReportFormat
  readonly scenario: readonly string[]
  readonly seed: number | undefined
  readonly phone: string | undefined
  readonly failOn: FailOn | undefined
  readonly captureFile: string | undefined
  readonly capture: boolean
}

export const command = 'run <scenario..>'
export const describe = 'Boot emulated phones as a scenario says, write the capture, check what is expected'

export function builder(yargs: Argv): Argv<RunArgs> {
  const common = failOnOption(
    commonOptions(yargs, REPORT_FORMATS),
    'also fail for findings of this severity: error, warning, never. Without expectations: error',
  )
  return common
    .positional('scenario', { type: 'string', array: true, demandOption: true, describe: 'scenario files (YAML)' })
    .option('seed', { type: 'number', requiresArg: true, describe: "in place of the scenario's seed" })
    .option('capture-file', {
      type: 'string',
      requiresArg: true,
      describe: "where the capture goes, in place of the scenario's choice (one scenario)",
    })
    .option('capture', {
      type: 'boolean',
      default: true,
      describe: '--no-capture writes and analyzes none; expectations are held against what really happened',
    })
    .option('phone', { type: 'string', requiresArg: true, describe: 'report only this phone: a MAC or an IP address' })
    .example('$0 run scenarios/http-refused.yaml', 'one site, one fault')
    .example('$0 run scenarios/*.yaml --quiet', 'all of them; ends with "N passed, N failed"')
    .example('$0 run site.yaml --seed 8', 'the same story with other luck') as unknown as Argv<RunArgs>
}

export async function runRun(args: RunArgs, machine: Machine): Promise<ExitCode> {
  const { format, failOn } = args
  const phone = args.phone === undefined ? undefined : checkPhone(args.phone)
  const seed = args.seed === undefined ? undefined : checkSeed(args.seed)
  const palette = paletteFor(args, machine)
  if (!args.capture) return runAllUncaptured(args, seed, palette, machine)
  // All of them are read before the first runs: a slip in the last one should not cost the time of the others.
  // The emulator and the scenario language are loaded here: `analyze` should not wait for them.
  const { loadScenario } = await import('../../scenario/load-scenario-file.js')
  const { captureNameOf, runScenario } = await import('../../scenario/run-scenario.js')
  const jobs = planJobs(args, (file) => {
    const scenario = loadScenario(file)
    return { scenario, captureFile: args.captureFile ?? captureNameOf(scenario) }
  })
  checkOutput(args, [...args.scenario, ...jobs.map(({ captureFile }) => captureFile)], machine)
  for (const { captureFile } of jobs) machine.checkWritable(captureFile, args.scenario)

  const results: RunResult[] = []
  const verdicts: ExitCode[] = []
  let text = ''
  const progress = new Progress(machine, args.quiet)
  for (const { scenario, captureFile } of jobs) {
    if (machine.interrupted.aborted) break
    const result = await runScenario(scenario, optionsOf(scenario, args, seed, progress, machine))
    progress.clear()
    machine.write(captureFile, result.capture)
    results.push(result)
    verdicts.push(verdictOfRun(result, failOn))
    if (format === 'text') {
      const report = buildReport([shown(result, phone)], { showSecrets: args.showSecrets })
      const head = renderRunHead(result, palette) + renderPhones(result, palette)
      const part = `${head}${renderText(report, { palette, ...(phone !== undefined && { phone }) })}\n${renderRunTail(result, captureFile, palette)}`
      // At once, so that a long list of scenarios can be watched.
      if (args.output === undefined) await machine.out(part + '\n')
      else text += part + '\n'
    } else if (!args.quiet) {
      machine.note(renderRunTail(result, captureFile, plainPalette))
    }
  }

  const failed = verdicts.filter((verdict) => verdict !== ExitCode.ok).length
  const lastLine = `${verdicts.length - failed} passed, ${failed} failed\n`
  if (format === 'text') {
    if (args.output === undefined) await machine.out(lastLine)
    else await deliver(text + lastLine, args, machine)
  } else {
    const analyses = results.map((result) => shown(result, phone))
    const report = buildReport(analyses, { showSecrets: args.showSecrets })
    const rendered = await renderReport(report, format, {
      failOn,
      runs: results.map(factsOf),
      reread: (index) => octetsOf(results[index]),
    })
    await deliver(rendered, args, machine)
    machine.note(lastLine)
  }
  if (machine.interrupted.aborted) return ExitCode.interrupted
  if (verdicts.includes(ExitCode.findings)) return ExitCode.findings
  return verdicts.find((verdict) => verdict !== ExitCode.ok) ?? ExitCode.ok
}

/** `--no-capture`: see run-without-capture.ts. */
async function runAllUncaptured(
  args: RunArgs,
  seed: number | undefined,
  palette: Palette,
  machine: Machine,
): Promise<ExitCode> {
  const { checkNeedsNoCapture, runUncaptured } = await import('../run-without-capture.js')
  checkNeedsNoCapture(args)
  const { loadScenario } = await import('../../scenario/load-scenario-file.js')
  const scenarios = args.scenario.map((file) => loadScenario(file))
  checkOutput(args, args.scenario, machine)
  const progress = new Progress(machine, args.quiet)
  const verdicts: ExitCode[] = []
  let text = ''
  for (const scenario of scenarios) {
    if (machine.interrupted.aborted) break
    const { text: part, verdict } = await runUncaptured(
      scenario,
      optionsOf(scenario, args, seed, progress, machine),
      palette,
    )
    progress.clear()
    verdicts.push(verdict)
    if (args.output === undefined) await machine.out(part + '\n')
    else text += part + '\n'
  }
  const failed = verdicts.filter((verdict) => verdict !== ExitCode.ok).length
  const lastLine = `${verdicts.length - failed} passed, ${failed} failed\n`
  if (args.output === undefined) await machine.out(lastLine)
  else await deliver(text + lastLine, args, machine)
  if (machine.interrupted.aborted) return ExitCode.interrupted
  if (verdicts.includes(ExitCode.findings)) return ExitCode.findings
  return verdicts.find((verdict) => verdict !== ExitCode.ok) ?? ExitCode.ok
}

function optionsOf(
  scenario: Scenario,
  { showSecrets }: RunArgs,
  seed: number | undefined,
  progress: Progress,
  machine: Machine,
): RunOptions {
  return {
    ...(seed !== undefined && { seed }),
    signal: machine.interrupted,
    showSecrets,
    onProgress: ({ time, settled, phones }) =>
      progress.show(() => `${scenario.file}: ${formatDuration(time)}, ${settled} of ${phones} phones done`),
  }
}

/** What the report formats tell of a run besides the report of its capture. */
function factsOf(result: RunResult, capture: number): RunFacts {
  const { scenario, seed, expectations, disagreements } = result
  const { file, name } = scenario
  return { capture, file, name, seed, expectations, disagreements, repeat: repeatCommand(file, seed) }
}

async function* octetsOf(result: RunResult | undefined): AsyncGenerator<Uint8Array> {
  if (result !== undefined) yield result.capture
}

interface Job {
  readonly scenario: Scenario
  readonly captureFile: string
}

function planJobs(args: RunArgs, load: (file: string) => Job): readonly Job[] {
  if (args.captureFile !== undefined && args.scenario.length > 1) {
    throw new UsageError(`--capture-file names one file, and there are ${args.scenario.length} scenarios`)
  }
  if (args.captureFile === '-') throw new UsageError('--capture-file takes a file; standard output is for the report')
  const taken = new Map<string, string>()
  return args.scenario.map((file) => {
    const { scenario, captureFile } = load(file)
    const other = taken.get(captureFile)
    if (other !== undefined) throw new UsageError(`writes the same capture, ${captureFile}, as ${other}`, { file })
    taken.set(captureFile, file)
    return { scenario, captureFile }
  })
}

function verdictOfRun(result: RunResult, failOn: FailOn | undefined): ExitCode {
  if (result.expectations.some(({ passed }) => !passed) || result.disagreements.length > 0) return ExitCode.findings
  if (result.scenario.expect.length > 0 && failOn === undefined) return ExitCode.ok
  return verdictOf(result.report, failOn ?? 'error')
}

/** The analysis with the sessions of one phone, or of all. */
function shown({ analysis }: RunResult, phone: string | undefined): CaptureAnalysis {
  if (phone === undefined) return analysis
  const sessions = analysis.sessions.filter((session) => session.phone.mac === phone || session.phone.ip === phone)
  return { ...analysis, sessions }
}

/** @throws UsageError */
function checkSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff) return seed
  throw new UsageError('--seed takes a whole number from 0 to 4294967295')
}
