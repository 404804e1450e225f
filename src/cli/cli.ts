/**
 * The command line without the process: arguments in, exit status out. Every error that is the user's to mend is one
 * line on standard error; anything else is a defect and says so.
 */
import yargs from 'yargs'
import type { Argv } from 'yargs'
import { UsageError } from '../base/errors.js'
import { VERSION } from '../base/version.js'
import { nearestName } from '../deskphone/nearest-name.js'
import { ScenarioError } from '../scenario/scenario-error.js'
import * as analyze from './commands/analyze.js'
import * as findings from './commands/findings.js'
import * as messages from './commands/messages.js'
import * as run from './commands/run.js'
import { choiceProblem, formatProblem } from './common-options.js'
import { ExitCode } from './exit-codes.js'
import type { Machine } from './machine.js'

/** A yargs command whose handler's exit status is kept. */
interface Command<Args> {
  readonly command: string
  readonly describe: string
  readonly builder: (yargs: Argv) => Argv<Args>
  readonly run: (args: Args, machine: Machine) => Promise<ExitCode>
}

const COMMAND_NAMES = ['analyze', 'run', 'messages', 'findings', 'completion'] as const

/** @param debug shows the stack of an internal error */
export async function runCli(argv: readonly string[], machine: Machine, debug = false): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok
  const parser = yargs()
    .scriptName('bootwire')
    .usage('$0 <command>\n\nBoots emulated IP desk phones, and explains from a capture why real ones do not come up.')
    .locale('en')
    .exitProcess(false)
    .strict()
    .demandCommand(1, 'a command is missing')
    .version(VERSION)
    .help()
    .completion('completion', 'Print a completion script: bootwire completion >> ~/.bashrc')
    .wrap(100)
    .example('$0 analyze site-a.pcapng', 'why do the phones in this capture not come up?')
    .example('$0 run scenarios/http-refused.yaml', 'boot emulated phones at a site with a fault')
    .epilogue(
      'Exit status: 0 fine, 1 findings or a failed expectation, 2 bad usage or input, 3 nothing to judge, ' +
        '70 internal error, 130 interrupted.',
    )
    .fail((message: string | null, error: Error | undefined) => {
      // yargs throws some of its complaints, in a class that it does not export.
      if (error !== undefined && error.name !== 'YError') throw error
      throw new UsageError(inOneLine(error?.message ?? message ?? 'bad usage', argv))
    })
  const add = <Args>(command: Command<Args>): void => {
    parser.command({
      command: command.command,
      describe: command.describe,
      builder: (y: Argv) => command.builder(y),
      handler: async (args) => {
        exitCode = await command.run(lastOfEach(withDashes(args)) as Args, machine)
      },
    })
  }
  add({ ...analyze, run: analyze.runAnalyze })
  add({ ...run, run: run.runRun })
  add({ ...messages, run: messages.runMessages })
  add({ ...findings, run: findings.runFindings })

  try {
    let printed = ''
    await parser.parseAsync(withoutDashes(argv), {}, (_error, _args, output) => {
      printed = output
    })
    if (printed !== '') await machine.out(`${printed}\n`)
    return exitCode
  } catch (error) {
    return report(error, machine, debug)
  }
}

/** yargs drops a lone `-` among positional arguments; it travels under this name, which no argument can have. */
const DASH = '\0-'

function withoutDashes(argv: readonly string[]): string[] {
  return argv.map((argument) => (argument === '-' ? DASH : argument))
}

function withDashes(args: object): object {
  const restore = (value: unknown): unknown =>
    value === DASH ? '-' : Array.isArray(value) ? value.map(restore) : value
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, restore(value)]))
}

/** Arguments that are lists. */
const LISTS: ReadonlySet<string> = new Set(['capture', 'scenario', '_'])

/** Of an option given twice the last one counts, as in curl. */
function lastOfEach(args: object): object {
  const one = (name: string, value: unknown): unknown =>
    Array.isArray(value) && !LISTS.has(name) ? (value.at(-1) as unknown) : value
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, one(name, value)]))
}

function report(error: unknown, machine: Machine, debug: boolean): ExitCode {
  if (error instanceof ScenarioError) {
    machine.note(
      error
        .toLines()
        .map((line) => `bootwire: ${line}\n`)
        .join(''),
    )
    return ExitCode.usage
  }
  if (error instanceof UsageError) {
    machine.note(`bootwire: ${error.toLine()}\n`)
    return ExitCode.usage
  }
  const text = error instanceof Error ? error.message : String(error)
  const stack = debug && error instanceof Error ? `\n${error.stack ?? ''}` : ''
  const hint = debug ? '' : '; BOOTWIRE_DEBUG=1 shows where'
  machine.note(`bootwire: internal error: ${text.replace(/\s+/g, ' ')}${hint}${stack}\n`)
  return ExitCode.internal
}

/** yargs' complaint, in one line, with what would be right. */
function inOneLine(message: string, argv: readonly string[]): string {
  const [word] = argv
  const command = COMMAND_NAMES.find((name) => name === word)
  const help = `see 'bootwire ${command === undefined ? '' : `${command} `}--help'`
  const unknown = /^Unknown (argument|command)s?: (.*)$/s.exec(message)
  const fewer = message.startsWith('Not enough non-option arguments')
  // An option that does not exist takes the file behind it for its value: the option is what is wrong.
  const stray = fewer ? argv.find((argument) => argument.startsWith('-') && !isKnownOption(argument)) : undefined
  if (unknown !== null || stray !== undefined) {
    const first = unknown?.[2]!.split(', ')[0] ?? optionName(stray!)
    if (command === undefined && word !== undefined && !word.startsWith('-')) {
      const nearest = nearestName(word, COMMAND_NAMES)
      return `unknown command '${word}'; ${nearest === undefined ? help : `did you mean '${nearest}'?`}`
    }
    const typed = argv.find((argument) => argument.replace(/^-+/, '').split('=')[0] === first) ?? `--${first}`
    if (!typed.startsWith('-')) return `one argument too many: '${first}'; ${help}`
    if ((OPTION_NAMES as readonly string[]).includes(first)) return `'${command}' has no option --${first}; ${help}`
    const nearest = nearestName(first, OPTION_NAMES)
    return `unknown option '${typed.split('=')[0]}'; ${nearest === undefined ? help : `did you mean '--${nearest}'?`}`
  }
  if (fewer) return `${command === 'run' ? 'a scenario file' : 'a capture file'} is missing; ${help}`
  const value = /Argument: ([\w-]+), Given: "(.*?)", Choices: (.*)/.exec(message)
  if (value !== null) {
    const [, name, given] = value
    const choices = [...value[3]!.matchAll(/"([^"]*)"/g)].map(([, choice]) => choice!)
    return name === 'format' ? formatProblem(given!, choices, command ?? '') : choiceProblem(name!, given!, choices)
  }
  const valueless = /^Not enough arguments following: (.*)$/s.exec(message)
  if (valueless !== null) return `--${valueless[1]!.replace(/^-+/, '')} needs a value; ${help}`
  return `${message.replace(/\s+/g, ' ').trim()}; ${help}`
}

function optionName(argument: string): string {
  return argument.replace(/^-+/, '').split('=')[0]!
}

function isKnownOption(argument: string): boolean {
  const name = optionName(argument)
  return argument === '-' || argument === DASH || OPTION_NAMES.some((known) => known === name || `no-${known}` === name)
}

const OPTION_NAMES = [
  'format',
  'output',
  'seed',
  'quiet',
  'no-color',
  'fail-on',
  'phone',
  'show-secrets',
  'capture-file',
  'ladder',
  'help',
  'version',
] as const
