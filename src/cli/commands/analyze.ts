/**
 * `bootwire analyze <capture..>`: captures in, report out. Files are read in pieces, never whole.
 */
import type { Argv } from 'yargs'
import { UsageError } from '../../base/errors.js'
import { Analyzer, buildReport } from '../../analyzer/analyze.js'
import type { CaptureAnalysis } from '../../analyzer/analyze.js'
import { CaptureReader } from '../../capture/capture-reader.js'
import { captureName } from '../../node/capture-input.js'
import type { FailOn } from '../../report/severity.js'
import { checkOutput, commonOptions, deliver, failOnOption, paletteFor, verdictOf } from '../common-options.js'
import type { CommonArgs } from '../common-options.js'
import { ExitCode } from '../exit-codes.js'
import type { Machine } from '../machine.js'
import { checkPhone } from '../phone-argument.js'
import { Progress } from '../progress.js'
import { LADDER_FORMS, REPORT_FORMATS, renderLadder, renderReport } from '../report-formats.js'
import type { LadderForm, ReportFormat } from '../report-formats.js'

export interface AnalyzeArgs extends CommonArgs {
  readonly format: ReportFormat
  readonly capture: readonly string[]
  readonly phone: string | undefined
  readonly failOn: FailOn | undefined
  readonly ladder: LadderForm | undefined
}

export const command = 'analyze <capture..>'
export const describe = 'Explain what every phone in a capture did, and what went wrong'

export function builder(yargs: Argv): Argv<AnalyzeArgs> {
  return failOnOption(
    commonOptions(yargs, REPORT_FORMATS),
    'exit with 1 for findings of this severity: error (default), warning, never',
  )
    .positional('capture', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'pcap or pcapng files, compressed or not; - reads standard input as it arrives',
    })
    .option('phone', { type: 'string', requiresArg: true, describe: 'only this phone: a MAC or an IP address' })
    .option('ladder', {
      type: 'string',
      choices: LADDER_FORMS,
      requiresArg: true,
      describe: 'the ladder diagrams instead of the report, for tickets',
    })
    .example('$0 analyze site-a.pcapng', 'what happened, for people')
    .example('$0 analyze *.pcap --format json --output report.json', 'the same for programs')
    .example('$0 analyze site-a.pcapng --phone 10.20.0.101 --ladder svg --output ladder.svg', 'who sent what, drawn')
    .example('ssh switch tcpdump -w - | $0 analyze -', 'from a pipe') as unknown as Argv<AnalyzeArgs>
}

export async function runAnalyze(args: AnalyzeArgs, machine: Machine): Promise<ExitCode> {
  const phone = args.phone === undefined ? undefined : checkPhone(args.phone)
  if (args.capture.filter((file) => file === '-').length > 1)
    throw new UsageError("standard input, '-', can be read once only")
  if (args.ladder !== undefined && args.format !== 'text') {
    throw new UsageError(`--ladder takes the place of --format ${args.format}; give one of them`)
  }
  checkOutput(args, args.capture, machine)

  const progress = new Progress(machine, args.quiet)
  const analyses: CaptureAnalysis[] = []
  try {
    for (const file of args.capture) {
      if (machine.interrupted.aborted) break
      analyses.push(await analyzeOne(file, phone, machine, progress))
    }
  } finally {
    progress.clear()
  }
  const report = buildReport(analyses, { showSecrets: args.showSecrets })
  const palette = paletteFor(args, machine)
  if (args.ladder !== undefined) {
    await deliver(renderLadder(report, args.ladder, { palette }), args, machine)
    return machine.interrupted.aborted ? ExitCode.interrupted : verdictOf(report, args.failOn ?? 'error')
  }
  const text = await renderReport(report, args.format, {
    palette,
    ...(phone !== undefined && { phone }),
    failOn: args.failOn,
    reread: (index) => {
      const file = args.capture[index]
      return file === undefined || file === '-' ? undefined : machine.read(file)
    },
  })
  await deliver(text, args, machine)
  return machine.interrupted.aborted ? ExitCode.interrupted : verdictOf(report, args.failOn ?? 'error')
}

/**
 * By its first octets, before the rest is read for nothing: `/dev/zero` never ends.
 *
 * @throws UsageError
 */
function refuseNonCapture(octets: Uint8Array, file: string): void {
  const reader = new CaptureReader(() => {})
  reader.push(octets)
  if (reader.reading) return
  const { error } = reader.end()
  if (error !== undefined) throw new UsageError(error, { file })
}

async function analyzeOne(
  file: string,
  phone: string | undefined,
  machine: Machine,
  progress: Progress,
): Promise<CaptureAnalysis> {
  const name = captureName(file)
  const analyzer = new Analyzer({ file: name, ...(phone === undefined ? {} : { phone }) })
  let octets = 0
  for await (const chunk of machine.read(file)) {
    if (octets === 0) refuseNonCapture(chunk, name)
    analyzer.push(chunk)
    octets += chunk.length
    progress.show(() => `${name}: ${(octets / 1e6).toFixed(0)} MB`)
  }
  const analysis = analyzer.end()
  if (analysis.error !== undefined) throw new UsageError(analysis.error, { file: name })
  return analysis
}
