/**
 * The options that mean the same in every command, and what follows from them.
 */
import type { Argv } from 'yargs'
import type { Report } from '../analyzer/report.js'
import { nearestName } from '../deskphone/nearest-name.js'
import { colorPalette, plainPalette } from '../report/palette.js'
import type { Palette } from '../report/palette.js'
import { FAIL_ON, hasVerdict, reaches } from '../report/severity.js'
import type { FailOn } from '../report/severity.js'
import { ExitCode } from './exit-codes.js'
import type { Machine } from './machine.js'

/** All formats of the product; each command has some of them. */
export const FORMATS = ['text', 'json', 'ndjson', 'html', 'junit', 'sarif', 'csv', 'markdown'] as const
export type Format = (typeof FORMATS)[number]

export interface CommonArgs {
  readonly format: Format
  readonly output: string | undefined
  readonly quiet: boolean
  readonly color: boolean
  readonly showSecrets: boolean
}

export function commonOptions<T>(yargs: Argv<T>, formats: readonly Format[]): Argv<T & CommonArgs> {
  return yargs
    .option('format', {
      type: 'string',
      choices: formats,
      default: 'text',
      requiresArg: true,
      describe: 'how to print',
    })
    .option('output', { type: 'string', requiresArg: true, describe: 'write to this file instead of standard output' })
    .option('quiet', { type: 'boolean', default: false, describe: 'no progress, no notes' })
    .option('color', {
      type: 'boolean',
      default: true,
      describe: 'colour on a terminal; --no-color or NO_COLOR turns it off',
    })
    .option('show-secrets', {
      type: 'boolean',
      default: false,
      describe: 'show passwords and Authorization values, masked otherwise',
    })
    .group(['format', 'output', 'quiet', 'color', 'show-secrets'], 'Output:') as unknown as Argv<T & CommonArgs>
}

export function failOnOption<T>(yargs: Argv<T>, describe: string): Argv<T & { failOn: FailOn | undefined }> {
  return yargs.option('fail-on', {
    type: 'string',
    choices: FAIL_ON,
    requiresArg: true,
    describe,
  }) as unknown as Argv<T & { failOn: FailOn | undefined }>
}

/** What is wrong with a format, and what would be right. */
export function formatProblem(format: string, formats: readonly string[], command: string): string {
  const here = `use ${formats.join(', ')}`
  if ((FORMATS as readonly string[]).includes(format))
    return `--format ${format} is not available for '${command}'; ${here}`
  const nearest = nearestName(format, formats)
  return `unknown format '${format}'; ${nearest === undefined ? here : `did you mean '${nearest}'?`}`
}

export function choiceProblem(name: string, given: string, choices: readonly string[]): string {
  return `--${name} is one of ${choices.join(', ')}, not '${given}'`
}

export function paletteFor(args: CommonArgs, machine: Machine): Palette {
  return machine.color && args.color && args.output === undefined ? colorPalette : plainPalette
}

/**
 * Before the work begins.
 *
 * @param inputs files that are read, and must not be written over
 * @throws UsageError when --output cannot be written
 */
export function checkOutput(args: CommonArgs, inputs: readonly string[], machine: Machine): void {
  if (args.output !== undefined && args.output !== '-') machine.checkWritable(args.output, inputs)
}

/** To --output, or to standard output. */
export async function deliver(text: string, args: CommonArgs, machine: Machine): Promise<void> {
  if (args.output === undefined || args.output === '-') await machine.out(text)
  else machine.write(args.output, text)
}

/** What a report means for the exit status. */
export function verdictOf(report: Report, failOn: FailOn): ExitCode {
  const findings = [...report.captures, ...report.sessions].flatMap((part) => part.findings)
  if (findings.some((finding) => reaches(finding, failOn))) return ExitCode.findings
  return hasVerdict(report) ? ExitCode.ok : ExitCode.nothingToJudge
}
