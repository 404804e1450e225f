/**
 * What `bootwire run` prints around the report: the scenario's head, what was expected, whether the analyzer agrees with
 * the emulator, where the capture is.
 */
import { formatDuration, MILLISECOND } from '../base/time.js'
import type { ExpectationResult, Failure } from '../expectations/check-expectations.js'
import type { Palette } from '../report/palette.js'
import { printable } from '../report/printable.js'
import { describeDisagreement } from '../report/run-facts.js'
import type { RunResult } from '../scenario/run-scenario.js'
import { SERVER_KINDS } from '../scenario/scenario.js'
import type { ServerSettings } from '../scenario/servers/server.js'
import type { Disagreement } from '../scenario/truth-check.js'

/** Frames named in a line before it says "and so many more". */
const MAX_FRAMES = 8
/** Failures and disagreements printed in full. */
const MAX_LINES = 20

export function renderRunHead(
  { scenario, seed, stories, duration, frames, ended }: RunResult,
  palette: Palette,
): string {
  const phones = stories.length === 1 ? '1 phone' : `${stories.length} phones`
  const time = `${formatDuration(duration)} of network time`
  const note = ended === 'limit' ? ', stopped at its limit' : ended === 'interrupted' ? ', interrupted' : ''
  const facts = `${scenario.file}, seed ${seed}: ${phones}, ${time}, ${frames} frames${note}`
  return `${palette.bold(printable(scenario.name))}\n${palette.dim(facts)}\n\n`
}

/**
 * One line per phone, in the order of the scenario: how it ended up and why.
 */
export function renderPhones({ report, stories }: RunResult, palette: Palette): string {
  const rows = stories.slice(0, MAX_LINES).map((story): readonly string[] => {
    const sessions = report.sessions.filter(({ phone }) => phone.mac === story.mac)
    const last = sessions.at(-1)
    const cause = last?.findings.find(({ code }) => code === last.rootCause)
    const name = `${story.model}${story.extension === undefined ? '' : ` ext ${story.extension}`}`
    if (last === undefined) return [name, story.mac, 'not seen', '', '']
    const took = formatDuration(Math.round(last.durationMs * MILLISECOND))
    const boots = sessions.length > 1 ? `, boot ${sessions.length}` : ''
    return [
      name,
      story.mac,
      last.outcome,
      `after ${took}${boots}`,
      `${last.rootCause ?? ''}${listFrames(cause?.frames ?? [])}`,
    ]
  })
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => {
    const [name, mac, outcome, took] = row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    const paint = outcomeColor(row[2]!, palette)
    return `  ${name}  ${mac}  ${paint(outcome!)}  ${took}  ${row[4]}`.trimEnd()
  })
  if (stories.length > MAX_LINES) lines.push(`  and ${stories.length - MAX_LINES} more phones`)
  return `${palette.bold('Phones')}\n${lines.join('\n')}\n\n`
}

function outcomeColor(outcome: string, palette: Palette): (text: string) => string {
  if (outcome === 'booted') return palette.good
  return outcome === 'degraded' ? palette.warning : outcome === 'incomplete' ? palette.dim : palette.error
}

export function renderRunTail(result: RunResult, captureFile: string, palette: Palette): string {
  const lines = [...renderExpectations(result, palette), ...renderTruth(result, palette)]
  const cause = frameOfRootCause(result)
  lines.push(...renderPlanted(result))
  lines.push(`Capture      ${captureFile}: ${result.frames} frames`)
  if (cause !== undefined) lines.push(`             wireshark -r ${quoted(captureFile)} -g ${cause}`)
  return `${lines.join('\n')}\n`
}

function renderExpectations({ expectations, scenario, seed }: RunResult, palette: Palette): string[] {
  if (expectations.length === 0) return []
  const lines = expectations.flatMap((result) => renderExpectation(result, palette))
  if (expectations.some((result) => !result.passed)) {
    lines.push(`  repeat with: ${repeatCommand(scenario.file, seed)}`)
  }
  return [palette.bold('Expected'), ...lines, '']
}

export function repeatCommand(file: string, seed: number): string {
  return `bootwire run ${quoted(file)} --seed ${seed}`
}

/** `  ok     all phones: outcome degraded`, or what came instead. */
export function renderExpectation(
  { statement, passed, failures, expectation }: ExpectationResult,
  palette: Palette,
): string[] {
  const head = passed ? palette.good('ok    ') : palette.error('FAILED')
  const source = passed || expectation.source === undefined ? '' : palette.dim(` (${expectation.source})`)
  const lines = [`  ${head} ${printable(statement)}${source}`]
  for (const failure of failures.slice(0, passed ? 0 : MAX_LINES)) lines.push(`         ${describeFailure(failure)}`)
  if (!passed && failures.length > MAX_LINES) lines.push(`         and ${failures.length - MAX_LINES} more`)
  return lines
}

function describeFailure({ phone, expected, actual, frames }: Failure): string {
  return printable(`${phone}: expected ${expected}; actual ${actual}${listFrames(frames)}`)
}

function renderTruth({ disagreements, stories, compared }: RunResult, palette: Palette): string[] {
  if (disagreements.length === 0) {
    if (compared === 0) return ['Truth        not compared: the capture point shows no phone whole']
    const all = compared === 1 ? 'the phone' : `all ${compared} phones`
    const who = compared < stories.length ? `${compared} of ${stories.length} phones, as captured,` : all
    return [`Truth        the analyzer's verdict on ${who} is what the emulator did`]
  }
  const lines = [
    palette.error(
      'Truth        the analyzer disagrees with what the emulator did: a defect of bootwire, please report it',
    ),
  ]
  for (const disagreement of disagreements.slice(0, MAX_LINES)) lines.push(`  ${disagreementLine(disagreement)}`)
  if (disagreements.length > MAX_LINES) lines.push(`  and ${disagreements.length - MAX_LINES} more`)
  return lines
}

/** What really went wrong, from the emulator's log: faults that servers played, frames that links lost. */
function renderPlanted({ truth, scenario }: RunResult): string[] {
  const counts = new Map<string, number>()
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1)
  for (const { listen, name } of SERVER_KINDS.flatMap((kind): readonly ServerSettings[] => scenario.servers[kind])) {
    if (listen === 'refuse') count(`${name} does not listen`)
    if (listen === 'drop') count(`${name} is cut off`)
  }
  for (const event of truth.events) {
    if (event.kind === 'server' && event.event === 'fault')
      count(`${event.server} fault '${String(event.detail['fault'])}'`)
    if (event.kind === 'frame') count(`frame ${event.fate} on ${event.link.replace(/-\d+$/, '')}`)
  }
  if (counts.size === 0) return []
  const list = [...counts].map(([what, times]) => (times === 1 ? what : `${what} ×${times}`))
  return [`Planted      ${list.join(', ')}`]
}

function disagreementLine(disagreement: Disagreement): string {
  return printable(`${describeDisagreement(disagreement)}${listFrames(disagreement.frames)}`)
}

/** The frame to open first. */
function frameOfRootCause({ report }: RunResult): number | undefined {
  for (const session of report.sessions) {
    const finding = session.findings.find(({ code }) => code === session.rootCause)
    if (finding?.frames[0] !== undefined) return finding.frames[0]
  }
  return undefined
}

function listFrames(frames: readonly number[]): string {
  if (frames.length === 0) return ''
  const shown = frames.slice(0, MAX_FRAMES).map((frame) => `#${frame}`)
  return ` (${shown.join(' ')}${frames.length > MAX_FRAMES ? ` and ${frames.length - MAX_FRAMES} more` : ''})`
}

/** For a shell. */
function quoted(file: string): string {
  return /^[\w./@%+=:,-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`
}
