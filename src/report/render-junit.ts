/**
 * JUnit XML, in the form that Jenkins, GitLab, Azure DevOps and GitHub's actions read: one suite per capture, one case
 * per boot session; for a run, one case per expectation as well.
 *
 * A case has one failure at the most (some readers refuse more), which tells everything that is wrong with that phone. A
 * capture in which there is nothing to judge has a case of its own that fails, so that no empty capture passes a gate.
 * Times are those of the capture: the same input gives the same octets.
 */
import type { CaptureSummary, Finding, Report, Session } from '../analyzer/report.js'
import { frameList } from './frame-list.js'
import { printable } from './printable.js'
import { describeDisagreement } from './run-facts.js'
import type { RunFacts } from './run-facts.js'
import { bootNumbers, phoneName, sessionName } from './session-names.js'
import { hasVerdict, reaches } from './severity.js'
import type { FailOn } from './severity.js'
import { element } from './xml.js'

export interface JunitOptions {
  /** Findings from this severity on fail their session's case. With runs, only those without expectations: unless given. */
  readonly failOn?: FailOn
  readonly runs?: readonly RunFacts[]
}

interface Case {
  readonly name: string
  readonly classname: string
  /** Seconds. */
  readonly time: number
  readonly failure?: { readonly type: string; readonly message: string; readonly text: string }
  readonly skipped?: string
}

export function renderJunit(report: Report, { failOn, runs = [] }: JunitOptions = {}): string {
  const boots = bootNumbers(report.sessions)
  const suites = report.captures.map((capture, index) => {
    const run = runs.find((candidate) => candidate.capture === index)
    const sessions = report.sessions.filter((session) => session.capture === index)
    const name = printable(run?.name ?? capture.file)
    const gate = failOn ?? (run !== undefined && run.expectations.length > 0 ? 'never' : 'error')
    const cases = [
      ...captureCases(capture, sessions, name, gate, run !== undefined && run.expectations.length > 0),
      ...sessions.map((session) =>
        sessionCase(session, boots[report.sessions.indexOf(session)] ?? 1, capture, name, gate, run),
      ),
      ...(run === undefined ? [] : expectationCases(run, name)),
    ]
    return suite(name, capture, cases)
  })
  const all = suites.flatMap(({ cases }) => cases)
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    element('testsuites', { name: 'bootwire', ...totals(all) }, '\n', ...suites.map(({ xml }) => xml))
  )
}

function suite(name: string, { file, firstTime }: CaptureSummary, cases: readonly Case[]) {
  const timestamp = firstTime === null ? undefined : firstTime.slice(0, 19)
  const xml = element(
    'testsuite',
    { name, ...totals(cases), timestamp, file: printable(file) },
    '\n',
    ...cases.map(renderCase),
  )
  return { cases, xml }
}

function totals(cases: readonly Case[]) {
  return {
    tests: cases.length,
    failures: cases.filter(({ failure }) => failure !== undefined).length,
    errors: 0,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    time: seconds(cases.reduce((sum, { time }) => sum + time, 0)),
  }
}

function renderCase({ name, classname, time, failure, skipped }: Case): string {
  const attributes = { name: printable(name), classname, time: seconds(time) }
  if (failure !== undefined) {
    const { type, message, text } = failure
    return element(
      'testcase',
      attributes,
      element('failure', { type, message: printable(message) }, escapedLines(text)),
    )
  }
  if (skipped === undefined) return element('testcase', attributes)
  return element('testcase', attributes, element('skipped', { message: printable(skipped) }))
}

/** Line ends stay line ends, other characters that are none of text do not pass. */
function escapedLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'))
    .join('\n')
}

function seconds(value: number): string {
  return value.toFixed(3)
}

/** About the file: what is wrong with it, and whether there is anything to judge. */
function captureCases(
  capture: CaptureSummary,
  sessions: readonly Session[],
  classname: string,
  gate: FailOn,
  expectsSomething: boolean,
): Case[] {
  const cases: Case[] = []
  const bad = capture.findings.filter((finding) => reaches(finding, gate))
  if (bad.length > 0) cases.push({ name: 'capture', classname, time: 0, failure: failureOf(bad) })
  if (!hasVerdict({ sessions }) && !expectsSomething) {
    const text =
      sessions.length === 0 ? 'no boot session in this capture' : 'no boot session is complete enough to judge'
    cases.push({
      name: 'something to judge',
      classname,
      time: 0,
      failure: { type: 'nothing-to-judge', message: text, text: `${text}: ${capture.packets} frames` },
    })
  }
  return cases
}

function sessionCase(
  session: Session,
  boot: number,
  { file }: CaptureSummary,
  classname: string,
  gate: FailOn,
  run: RunFacts | undefined,
): Case {
  const facts = { name: sessionName(session, boot), classname, time: session.durationMs / 1000 }
  const wrong = run?.disagreements.filter((other) => other.phone === phoneName(session) && other.boot === boot) ?? []
  if (wrong.length > 0) {
    const lines = wrong.map(describeDisagreement)
    return { ...facts, failure: { type: 'truth', message: lines[0]!, text: lines.join('\n') } }
  }
  const bad = session.findings.filter((finding) => reaches(finding, gate))
  if (bad.length > 0) {
    const root = bad.find(({ code }) => code === session.rootCause)
    const ordered = root === undefined ? bad : [root, ...bad.filter((finding) => finding !== root)]
    return { ...facts, failure: failureOf(ordered, `${session.outcome}: `, file) }
  }
  return session.outcome === 'incomplete' ? { ...facts, skipped: 'the capture does not show enough to judge' } : facts
}

function failureOf(findings: readonly Finding[], prefix = '', file = ''): NonNullable<Case['failure']> {
  const [first] = findings
  const lines = findings.flatMap(({ code, severity, message, frames, advice, filter, causedBy }) => [
    `${severity} ${code}${causedBy === null ? '' : `, because of ${causedBy}`}: ${message}`,
    `  frames ${file}${frameList(frames) || ' none'}`,
    ...(filter === '' ? [] : [`  filter ${filter}`]),
    `  advice ${advice}`,
  ])
  return { type: first!.code, message: `${prefix}${first!.code}: ${first!.message}`, text: lines.join('\n') }
}

function expectationCases({ expectations, repeat }: RunFacts, classname: string): Case[] {
  return expectations.map(({ statement, passed, failures, expectation }) => {
    const facts = { name: `expect ${statement}`, classname, time: 0 }
    if (passed) return facts
    const lines = failures.map(
      ({ phone, expected, actual, frames }) =>
        `${phone}: expected ${expected}; actual ${actual}${frames.length === 0 ? '' : ` (${frameList(frames)})`}`,
    )
    const where = expectation.source === undefined ? [] : [`written at ${expectation.source}`]
    const text = [...lines, ...where, `repeat with: ${repeat}`].join('\n')
    return { ...facts, failure: { type: 'expectation', message: lines[0] ?? 'not met', text } }
  })
}
