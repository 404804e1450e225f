/**
 * Checks expectations against a report, of an emulated run or of a real capture alike. Pure: it knows reports and
 * nothing of scenarios; the phones that a scenario powered on come in as a list, so that a phone that left no frame at
 * all still counts as one that did not boot.
 *
 * A phone may have several sessions (a reset after an application download begins a new one). Its outcome and root
 * cause are those of its last session, which is the state it was left in; findings and transfers count wherever they
 * happened.
 */
import { nanosBetween, formatDuration, parseTimestamp } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import type { CaptureSummary, Report, Session, Transfer } from '../analyzer/report.js'
import type { Claims, Expectation, PhoneSelector, TransferPattern } from './expectation.js'

/** A phone that is known to have been there. */
export interface KnownPhone {
  readonly mac: string
  readonly model: string
  readonly extension?: string | undefined
  readonly group?: string | undefined
}

/** One phone that did not meet an expectation. */
export interface Failure {
  /** MAC, or address where the capture shows none. */
  readonly phone: string
  readonly expected: string
  readonly actual: string
  /** Frames that show the actual state, 1-based; may be empty. */
  readonly frames: readonly number[]
}

export interface ExpectationResult {
  readonly expectation: Expectation
  /** `all phones: outcome degraded, within 5 min`. */
  readonly statement: string
  readonly passed: boolean
  readonly failures: readonly Failure[]
}

/** A phone and what the report says about it. */
interface Subject {
  readonly name: string
  readonly mac: string | null
  readonly model: string | null
  readonly extension: string | null
  readonly group: string | null
  readonly sessions: readonly Session[]
  readonly captures: readonly CaptureSummary[]
}

/** @param phones those that were there; without them the phones are those that the report shows */
export function checkExpectations(
  expectations: readonly Expectation[],
  report: Report,
  phones?: readonly KnownPhone[],
): readonly ExpectationResult[] {
  const subjects = listSubjects(report, phones)
  return expectations.map((expectation) => checkOne(expectation, subjects))
}

function listSubjects(report: Report, phones: readonly KnownPhone[] | undefined): readonly Subject[] {
  const sessionsOf = new Map<string, Session[]>()
  for (const session of report.sessions) {
    const key = session.phone.mac ?? session.phone.ip ?? `session ${session.id}`
    const list = sessionsOf.get(key)
    if (list === undefined) sessionsOf.set(key, [session])
    else list.push(session)
  }
  const subjectOf = (name: string, known?: KnownPhone): Subject => {
    const sessions = sessionsOf.get(name) ?? []
    const captures = [...new Set(sessions.map((s) => s.capture))].flatMap((index) => report.captures[index] ?? [])
    const seen = <K extends 'model' | 'extension'>(key: K) =>
      sessions.findLast((s) => s.phone[key] !== null)?.phone[key]
    return {
      name,
      mac: known?.mac ?? sessions[0]?.phone.mac ?? null,
      model: known?.model ?? seen('model') ?? null,
      extension: known?.extension ?? seen('extension') ?? null,
      group: known?.group ?? null,
      sessions,
      captures,
    }
  }
  if (phones !== undefined) return phones.map((phone) => subjectOf(phone.mac, phone))
  return [...sessionsOf.keys()].map((name) => subjectOf(name))
}

function checkOne(expectation: Expectation, subjects: readonly Subject[]): ExpectationResult {
  const statement = describeExpectation(expectation)
  const chosen = subjects.filter((subject, position) =>
    expectation.phones.some((selector) => selects(selector, subject, position)),
  )
  const failures = chosen.flatMap((subject) => firstFailure(expectation, subject) ?? [])
  if (expectation.count !== undefined) {
    const met = chosen.length - failures.length
    const passed = met === expectation.count
    const summary: Failure = {
      phone: describeSelectors(expectation.phones),
      expected: `${expectation.count} of them`,
      actual: `${met} of ${chosen.length}`,
      frames: [],
    }
    return { expectation, statement, passed, failures: passed ? [] : [summary, ...failures] }
  }
  if (chosen.length === 0) {
    const none: Failure = {
      phone: describeSelectors(expectation.phones),
      expected: 'at least one such phone',
      actual: subjects.length === 0 ? 'no phone at all' : `none among ${subjects.map((s) => s.name).join(', ')}`,
      frames: [],
    }
    return { expectation, statement, passed: false, failures: [none] }
  }
  return { expectation, statement, passed: failures.length === 0, failures }
}

function selects(selector: PhoneSelector, subject: Subject, position: number): boolean {
  switch (selector.by) {
    case 'all':
      return true
    case 'group':
      return subject.group === selector.group
    case 'model':
      return subject.model?.toUpperCase() === selector.model.toUpperCase()
    case 'mac':
      return subject.mac === selector.mac
    case 'index':
      return position + 1 === selector.index
    case 'extension':
      return subject.extension === selector.extension
  }
}

function firstFailure(expectation: Expectation, subject: Subject): Failure | undefined {
  const failure = (expected: string, actual: string, frames: readonly number[]): Failure => ({
    phone: subject.name,
    expected,
    actual,
    frames,
  })
  const last = subject.sessions.at(-1)
  if (expectation.sessions !== undefined && subject.sessions.length !== expectation.sessions) {
    const starts = subject.sessions.map((s) => s.frames.first)
    return failure(`${expectation.sessions} boot sessions`, String(subject.sessions.length), starts)
  }
  if (last === undefined) {
    return expectation.sessions === 0 ? undefined : failure(describeClaims(expectation), 'no boot session', [])
  }
  const span = [last.frames.first, last.frames.last]
  if (expectation.outcome !== undefined && !expectation.outcome.includes(last.outcome)) {
    const cause = last.rootCause === null ? '' : ` (root cause ${last.rootCause})`
    return failure(
      `outcome ${either(expectation.outcome)}`,
      last.outcome + cause,
      evidence(last, last.rootCause) ?? span,
    )
  }
  if (expectation.rootCause !== undefined && !expectation.rootCause.includes(last.rootCause)) {
    const expected = `root cause ${either(expectation.rootCause.map((code) => code ?? 'none'))}`
    return failure(expected, last.rootCause ?? 'none', evidence(last, last.rootCause) ?? span)
  }
  if (expectation.within !== undefined) {
    const took = duration(subject.sessions)
    if (took > expectation.within) {
      return failure(`within ${formatDuration(expectation.within)}`, `after ${formatDuration(took)}`, span)
    }
  }
  for (const code of expectation.finding ?? []) {
    if (framesOfFinding(subject, code) !== undefined) continue
    return failure(`finding ${code}`, `findings: ${listCodes(subject)}`, span)
  }
  for (const pattern of expectation.transfers ?? []) {
    const found = transfersLike(subject, pattern)
    if (pattern.count === undefined ? found.length > 0 : found.length === pattern.count) continue
    const nearest = found.length > 0 ? found : nearestTransfers(subject, pattern)
    const shown = describeTransfers(nearest)
    const actual = pattern.count === undefined ? `transfers: ${shown}` : `${found.length} of them, transfers: ${shown}`
    return failure(describeTransfer(pattern), actual, nearest.length === 0 ? span : nearest.map((t) => t.frames.first))
  }
  return expectation.not === undefined ? undefined : firstForbidden(expectation.not, subject, last, failure)
}

function firstForbidden(
  not: Claims,
  subject: Subject,
  last: Session,
  failure: (expected: string, actual: string, frames: readonly number[]) => Failure,
): Failure | undefined {
  if (not.outcome?.includes(last.outcome) === true) {
    return failure(`outcome not ${last.outcome}`, last.outcome, evidence(last, last.rootCause) ?? [last.frames.first])
  }
  if (not.rootCause?.includes(last.rootCause) === true) {
    const actual = last.rootCause ?? 'none'
    return failure(`root cause not ${actual}`, actual, evidence(last, last.rootCause) ?? [last.frames.first])
  }
  for (const code of not.finding ?? []) {
    const frames = framesOfFinding(subject, code)
    if (frames !== undefined) return failure(`no finding ${code}`, code, frames)
  }
  for (const pattern of not.transfers ?? []) {
    const found = transfersLike(subject, pattern)
    if (pattern.count === undefined ? found.length === 0 : found.length !== pattern.count) continue
    const frames = found.map((t) => t.frames.first)
    return failure(`no ${describeTransfer(pattern)}`, describeTransfers(found), frames)
  }
  return undefined
}

/** From the first session's start to the last one's end, resets included. */
function duration(sessions: readonly Session[]): Nanos {
  const start = parseTimestamp(sessions[0]?.start ?? '')
  const end = parseTimestamp(sessions.at(-1)?.end ?? '')
  return start === undefined || end === undefined ? Infinity : nanosBetween(start, end)
}

function evidence(session: Session, code: string | null): readonly number[] | undefined {
  return session.findings.find((finding) => finding.code === code)?.frames
}

/** Frames of the finding wherever the phone or its capture carries it; undefined when nothing does. */
function framesOfFinding(subject: Subject, code: string): readonly number[] | undefined {
  const all = [...subject.sessions, ...subject.captures].flatMap((part) => part.findings)
  const matching = all.filter((finding) => finding.code === code)
  return matching.length === 0 ? undefined : matching.flatMap((finding) => finding.frames)
}

function listCodes(subject: Subject): string {
  const codes = new Set([...subject.sessions, ...subject.captures].flatMap((part) => part.findings).map((f) => f.code))
  return codes.size === 0 ? 'none' : [...codes].join(', ')
}

/** What became of the transfers that were asked about; of those there are, when they were never tried. */
function nearestTransfers(subject: Subject, pattern: TransferPattern): readonly Transfer[] {
  const { protocol, method, path, server, role } = pattern
  const asked = Object.entries({ protocol, method, path, server, role }).filter(([, value]) => value !== undefined)
  const tried = transfersLike(subject, Object.fromEntries(asked))
  return tried.length > 0 ? tried : subject.sessions.flatMap((session) => session.transfers)
}

/** Named in one line. */
const MAX_TRANSFERS = 8

function describeTransfers(transfers: readonly Transfer[]): string {
  if (transfers.length === 0) return 'none'
  const shown = transfers.slice(0, MAX_TRANSFERS).map(({ method, path, status, result }) => {
    const detail = status === null || result === 'ok' ? '' : ` (${status})`
    return `${method} ${path} ${result}${detail}`
  })
  const rest = transfers.length - MAX_TRANSFERS
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

function transfersLike(subject: Subject, pattern: TransferPattern): readonly Transfer[] {
  return subject.sessions
    .flatMap((session) => session.transfers)
    .filter(
      (transfer) =>
        (pattern.protocol === undefined || transfer.protocol === pattern.protocol) &&
        (pattern.method === undefined || transfer.method === pattern.method) &&
        (pattern.path === undefined || globMatches(pattern.path, transfer.path)) &&
        (pattern.server === undefined || globMatches(pattern.server, transfer.server)) &&
        (pattern.role === undefined || transfer.role === pattern.role) &&
        (pattern.result === undefined || transfer.result === pattern.result) &&
        (pattern.status === undefined || transfer.status === pattern.status),
    )
}

/** `*` stands for any characters, everything else for itself; linear in the text for one star, never exponential. */
export function globMatches(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0]!
  if (parts.length === 1) return first === text
  const last = parts.at(-1)!
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** The expectation in words, as tests and reports print it. */
export function describeExpectation(expectation: Expectation): string {
  const count = expectation.count === undefined ? '' : `exactly ${expectation.count} of `
  const claims = describeClaims(expectation)
  return `${count}${describeSelectors(expectation.phones)}: ${claims === '' ? 'present' : claims}`
}

function describeSelectors(selectors: readonly PhoneSelector[]): string {
  return selectors
    .map((selector) => {
      switch (selector.by) {
        case 'all':
          return 'all phones'
        case 'group':
          return `the phones of '${selector.group}'`
        case 'model':
          return `every ${selector.model}`
        case 'mac':
          return `phone ${selector.mac}`
        case 'index':
          return `phone ${selector.index}`
        case 'extension':
          return `extension ${selector.extension}`
      }
    })
    .join(' and ')
}

function describeClaims(claims: Expectation | Claims): string {
  const parts: string[] = []
  if (claims.outcome !== undefined) parts.push(`outcome ${either(claims.outcome)}`)
  if (claims.rootCause !== undefined) parts.push(`root cause ${either(claims.rootCause.map((code) => code ?? 'none'))}`)
  if (claims.finding !== undefined) parts.push(`finding ${claims.finding.join(' and ')}`)
  for (const pattern of claims.transfers ?? []) parts.push(describeTransfer(pattern))
  if ('sessions' in claims && claims.sessions !== undefined) parts.push(`${claims.sessions} boot sessions`)
  if ('within' in claims && claims.within !== undefined) parts.push(`within ${formatDuration(claims.within)}`)
  if ('not' in claims && claims.not !== undefined) parts.push(`not (${describeClaims(claims.not)})`)
  return parts.join(', ')
}

function describeTransfer(pattern: TransferPattern): string {
  const { protocol, method, path, server, role, result, status, count } = pattern
  const words = [
    count === undefined ? 'transfer' : `${count} ×`,
    protocol,
    method,
    role,
    path,
    server === undefined ? undefined : `from ${server}`,
    status === undefined ? undefined : `status ${status}`,
    result,
  ]
  return words.filter((word) => word !== undefined).join(' ')
}

function either(values: readonly string[]): string {
  return values.join(' or ')
}
