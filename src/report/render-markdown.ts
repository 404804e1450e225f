/**
 * Markdown for tickets and for the summary page of a CI job (GitHub's dialect: tables, details).
 *
 * The summary first, then a table of sessions, the worst first, then each distinct failure once with its evidence and
 * what to do about it. Text of the network is escaped: it makes no markup, no link, no mention, no line of its own.
 */
import type { Finding, Outcome, Report, Session } from '../analyzer/report.js'
import { frameList } from './frame-list.js'
import { printable } from './printable.js'
import { describeDisagreement } from './run-facts.js'
import type { RunFacts } from './run-facts.js'
import { countPhones, groupSessions } from './session-groups.js'
import type { SessionGroup } from './session-groups.js'
import { bootNumbers, phoneName } from './session-names.js'

export interface MarkdownOptions {
  readonly runs?: readonly RunFacts[]
}

/** Rows of the table of sessions. */
const MOST_SESSIONS = 200
/** Phones named in one line. */
const MOST_NAMES = 8
/** Failures of one expectation. */
const MOST_FAILURES = 10

const SIGN: Readonly<Record<Outcome, string>> = { booted: '✅', degraded: '⚠️', failed: '❌', incomplete: '❔' }

export function renderMarkdown(report: Report, { runs = [] }: MarkdownOptions = {}): string {
  const { sessions, captures, summary } = report
  const groups = groupSessions(sessions)
  const lines = [
    '# Phone boots',
    '',
    sessions.length === 0 ? 'No boot session was found.' : `**${headline(report)}**`,
    '',
    ...captures.map(
      ({ file, packets, firstTime }) =>
        `- ${code(file)}: ${packets} frames${firstTime === null ? '' : `, from ${firstTime.slice(0, 19).replace('T', ' ')} UTC`}`,
    ),
    '',
    ...captures.flatMap(({ file, findings }) => findings.map((finding) => `- ${code(file)}: ${findingLine(finding)}`)),
    ...groups.flatMap(groupLines),
    ...sessionTable(sessions, captures.length > 1 ? captures.map(({ file }) => file) : undefined),
    ...runs.flatMap(runLines),
    `${summary.findings.error} errors, ${summary.findings.warning} warnings, ${summary.findings.info} notes.`,
  ]
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`
}

function headline({ sessions, summary }: Report): string {
  const phones = countPhones(sessions)
  const parts = (['failed', 'degraded', 'incomplete', 'booted'] as const)
    .filter((outcome) => summary[outcome] > 0)
    .map((outcome) => `${SIGN[outcome]} ${summary[outcome]} ${outcome}`)
  return `${phones} ${phones === 1 ? 'phone' : 'phones'}, ${sessions.length} ${sessions.length === 1 ? 'boot' : 'boots'}: ${parts.join(', ')}`
}

/** One section for each distinct failure: a hung server is one fault, however many phones tell of it. */
function groupLines({ outcome, rootCause, place, sessions }: SessionGroup): string[] {
  if (rootCause === null) return []
  const [example] = sessions
  const finding = example?.findings.find((candidate) => candidate.code === rootCause)
  if (example === undefined || finding === undefined) return []
  const names = sessions.slice(0, MOST_NAMES).map((session) => code(phoneName(session)))
  const more = sessions.length > names.length ? ` and ${sessions.length - names.length} more` : ''
  const consequences = example.findings.filter(({ causedBy }) => causedBy !== null)
  return [
    `## ${SIGN[outcome]} ${rootCause}${place === null ? '' : ` at ${text(place)}`}`,
    '',
    `${names.join(', ')}${more}: ${outcome}.`,
    '',
    `- ${findingLine(finding)}`,
    ...consequences.map((consequence) => `- so: ${findingLine(consequence)}`),
    `- **What to do:** ${text(finding.advice)}`,
    ...(finding.filter === '' ? [] : [`- Wireshark: ${code(finding.filter)}`]),
    '',
  ]
}

function findingLine({ code: name, severity, message, frames }: Finding): string {
  const where = frames.length === 0 ? '' : ` (${code(frameList(frames))})`
  return `${severity} **${name}**: ${text(message)}${where}`
}

function sessionTable(sessions: readonly Session[], files: readonly string[] | undefined): string[] {
  if (sessions.length === 0) return []
  const boots = bootNumbers(sessions)
  const rows = sessions.slice(0, MOST_SESSIONS).map((session, index) => {
    const { phone, outcome, rootCause, durationMs, frames } = session
    const cells = [
      ...(files === undefined ? [] : [code(files[session.capture] ?? '')]),
      code(phoneName(session)),
      text(phone.ip ?? ''),
      text(phone.model ?? phone.series ?? ''),
      text(phone.extension ?? ''),
      String(boots[index] ?? 1),
      `${SIGN[outcome]} ${outcome}`,
      rootCause ?? '',
      `${(durationMs / 1000).toFixed(1)} s`,
      code(`#${frames.first}-${frames.last}`),
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = ['Phone', 'Address', 'Model', 'Ext.', 'Boot', 'Outcome', 'Root cause', 'Time', 'Frames']
  if (files !== undefined) head.unshift('Capture')
  const rest = sessions.length > MOST_SESSIONS ? ['', `and ${sessions.length - MOST_SESSIONS} more`] : []
  return ['## Sessions', '', `| ${head.join(' | ')} |`, `|${head.map(() => ' --- |').join('')}`, ...rows, ...rest, '']
}

function runLines({ name, file, seed, expectations, disagreements, repeat }: RunFacts): string[] {
  return [
    `## Expected: ${text(name)}`,
    '',
    `${code(file)}, seed ${seed}`,
    '',
    ...expectations.flatMap(({ statement, passed, failures }) => [
      `- ${passed ? '✅' : '❌'} ${text(statement)}`,
      ...(passed ? [] : failures.slice(0, MOST_FAILURES)).map(
        ({ phone, expected, actual, frames }) =>
          `  - ${text(phone)}: expected ${text(expected)}; actual ${text(actual)}${frames.length === 0 ? '' : ` (${code(frameList(frames))})`}`,
      ),
    ]),
    ...disagreements.map((disagreement) => `- ❌ ${text(describeDisagreement(disagreement))}`),
    ...(expectations.some(({ passed }) => !passed) ? ['', `Repeat with ${code(repeat)}`] : []),
    '',
  ]
}

/** Punctuation that makes markup within a line, mentions, issue numbers and links, as text. */
function text(raw: string): string {
  return printable(raw)
    .replace(/[\\`*_{}[\]#|~@$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('://', ':/\\/')
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`)
}

/** A code span; a longer fence where the text has backticks. A bar would end a table's cell even here. */
function code(raw: string): string {
  const plain = printable(raw).replaceAll('|', '\\|')
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const pad = plain.startsWith('`') || plain.endsWith('`') || plain === '' ? ' ' : ''
  return `${fence}${pad}${plain}${pad}${fence}`
}
