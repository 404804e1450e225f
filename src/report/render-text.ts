/**
 * The report for a person at a terminal: for every session the outcome and its root cause first, then the boot as it
 * went with frame numbers to jump to, then what was found and what to do about it. Times are UTC.
 *
 * Several sessions begin with a summary: which root causes, how many phones each, where. Up to MOST_IN_FULL sessions are
 * told in full. Of more, the first of each group (same outcome, same cause, same server) is, the others are a line each,
 * up to MOST_LISTED; who wants one of them in full asks for that phone.
 */
import { formatDuration, MILLISECOND } from '../base/time.js'
import type { CaptureSummary, Finding, Outcome, Report, Session, Severity } from '../analyzer/report.js'
import { frameList } from './frame-list.js'
import { plainPalette } from './palette.js'
import type { Palette } from './palette.js'
import { printable } from './printable.js'
import { countPhones, groupSessions } from './session-groups.js'
import type { SessionGroup } from './session-groups.js'

export interface TextOptions {
  /** Colours; none unless given. */
  readonly palette?: Palette
  /** The only phone that was asked for. */
  readonly phone?: string
}

/** Sessions told in full, all of them. */
const MOST_IN_FULL = 8
/** Further sessions of a group that get a line. */
const MOST_LISTED = 10
/** Rows of a timeline, before and after a gap, when there are more. */
const TIMELINE_HEAD = 40
const TIMELINE_TAIL = 15
/** Findings of one session. */
const MOST_FINDINGS = 30
/** Characters of one line that come from the network. */
const LONGEST_TEXT = 400

export function renderText(report: Report, options: TextOptions = {}): string {
  const palette = options.palette ?? plainPalette
  const lines: string[] = []
  const several = report.captures.length > 1
  if (report.sessions.length > 1) lines.push(...summaryLines(report, palette), '')
  report.captures.forEach((capture, index) => {
    lines.push(...captureLines(capture, palette))
    const sessions = report.sessions.filter((session) => session.capture === index)
    if (sessions.length === 0)
      lines.push(
        '',
        options.phone === undefined
          ? 'No boot session in this capture: no phone was seen to start or to fetch its files.'
          : `No boot session of ${options.phone} in this capture.`,
      )
    const file = several ? text(capture.file) : ''
    if (report.sessions.length <= MOST_IN_FULL) {
      for (const session of sessions) lines.push('', ...sessionLines(session, file, palette))
    } else {
      for (const group of groupSessions(sessions)) lines.push('', ...groupLines(group, file, palette))
    }
    lines.push('')
  })
  lines.push(summaryLine(report, palette))
  return `${lines.join('\n')}\n`
}

/** Text of the network in a line: nothing that moves the cursor, and no more than can be read. */
function text(raw: string): string {
  return printable(raw.length <= LONGEST_TEXT ? raw : `${raw.slice(0, LONGEST_TEXT)}...`)
}

/** `4 of 6 phones  degraded  http-response-timeout at 10.20.0.2:80  (sessions 1-3, 5)`, the worst first. */
function summaryLines({ sessions }: Report, palette: Palette): string[] {
  const phones = countPhones(sessions)
  const rows = groupSessions(sessions).map((group) => ({
    count: `${countPhones(group.sessions)} of ${plural(phones, 'phone')}`,
    outcome: group.outcome,
    cause: causeOf(group),
    list: sessionList(group.sessions),
  }))
  const width = (column: 'count' | 'outcome' | 'cause'): number => Math.max(...rows.map((row) => row[column].length))
  const [counts, outcomes, causes] = [width('count'), width('outcome'), width('cause')]
  return [
    palette.bold('Summary'),
    ...rows.map(({ count, outcome, cause, list }) => {
      const painted = palette[OUTCOME_COLOUR[outcome]](outcome.padEnd(outcomes))
      return `  ${count.padStart(counts)}  ${painted}  ${cause.padEnd(causes)}  ${palette.dim(list)}`
    }),
  ]
}

function causeOf({ outcome, rootCause, place }: SessionGroup): string {
  if (rootCause !== null) return place === null ? rootCause : `${rootCause} at ${place}`
  return outcome === 'incomplete' ? 'not enough in the capture' : outcome === 'booted' ? '' : 'no cause found'
}

/** `(sessions 1-3, 5)`. Ids are numbers, counted through the report; those of other makers may be anything. */
function sessionList(sessions: readonly Session[]): string {
  const ids = sessions.map(({ id }) => Number(id))
  if (!ids.every(Number.isSafeInteger)) return ''
  const list = frameList(ids).replaceAll('#', '')
  return `(${sessions.length === 1 ? 'session' : 'sessions'} ${list})`
}

function groupLines(group: SessionGroup, file: string, palette: Palette): string[] {
  const { sessions, outcome } = group
  const [example, ...others] = sessions as readonly [Session, ...Session[]]
  const cause = causeOf(group)
  const head = `${plural(sessions.length, 'session')} ${outcome}${cause === '' ? '' : `: ${cause}`}`
  const lines = [palette.bold(head), ...sessionLines(example, file, palette)]
  if (others.length === 0) return lines
  lines.push('', '  The same in')
  for (const session of others.slice(0, MOST_LISTED)) {
    const { id, phone, frames, findings, rootCause } = session
    const evidence = findings.find(({ code }) => code === rootCause)?.frames ?? []
    const name = [phone.mac ?? '', phone.ip ?? ''].filter((part) => part !== '').join('  ')
    const at = evidence.length === 0 ? '' : `, ${rootCause} ${frameList(evidence, 4)}`
    lines.push(`    session ${id}  ${name}  ${took(session)}, #${frames.first}-${frames.last}${at}`)
  }
  const rest = others.length - MOST_LISTED
  if (rest > 0) lines.push(`    and ${rest} more; --phone MAC tells one of them in full, --format json has them all`)
  return lines
}

function took(session: Session): string {
  return formatDuration(Math.round(session.durationMs * MILLISECOND))
}

function captureLines(capture: CaptureSummary, palette: Palette): string[] {
  const { file, format, linkTypes, packets, firstTime, lastTime } = capture
  const facts = [
    linkTypes.length === 0 ? format : `${format} (${linkTypes.join(', ')})`,
    `${packets} ${packets === 1 ? 'frame' : 'frames'}`,
    ...(firstTime === null || lastTime === null ? [] : [`${calendar(firstTime)} to ${calendar(lastTime)} UTC`]),
  ]
  return [
    `${palette.bold(file === '' ? 'capture' : text(file))}: ${facts.join(', ')}`,
    ...capture.findings.flatMap((finding) => findingLines(finding, palette)),
  ]
}

/** `2026-11-21T03:10:00.123456789Z` as `2026-11-21 03:10:00.123456`. */
function calendar(time: string): string {
  return time.replace('T', ' ').replace(/(\.\d{6})\d*Z?$/, '$1')
}

const OUTCOME_COLOUR: Readonly<Record<Outcome, 'good' | 'warning' | 'error' | 'info'>> = {
  booted: 'good',
  degraded: 'warning',
  failed: 'error',
  incomplete: 'info',
}

function sessionLines(session: Session, file: string, palette: Palette): string[] {
  const { outcome, rootCause, phone } = session
  const verdict = palette[OUTCOME_COLOUR[outcome]](palette.bold(outcome.toUpperCase()))
  const root = session.findings.find(({ code }) => code === rootCause)
  const because =
    root !== undefined
      ? `: ${palette.bold(root.code)}: ${text(root.message)}`
      : outcome === 'incomplete'
        ? ': the capture does not show enough of this boot to say how it ended'
        : ''
  const names = [
    phone.model !== null ? printable(phone.model) : phone.series === null ? undefined : `${phone.series} series`,
    phone.mac ?? undefined,
    phone.ip ?? undefined,
    phone.vlan === null ? undefined : `VLAN ${phone.vlan}`,
    phone.hostname === null ? undefined : printable(phone.hostname),
    phone.extension === null ? undefined : `extension ${printable(phone.extension)}`,
  ].filter((name) => name !== undefined)
  const { first, last, count } = session.frames
  const where = file === '' ? '' : `${file} `
  return [
    `${palette.bold(`Session ${session.id}`)}  ${names.join('  ')}`,
    `${verdict}${because}`,
    palette.dim(
      `${calendar(session.start)} UTC, ${took(session)}, ${where}#${first}-${last}, ${count} frames of this phone`,
    ),
    ...stageLines(session, palette),
    ...timelineLines(session, palette),
    ...(session.findings.length === 0
      ? []
      : [
          '',
          '  Findings',
          ...session.findings.slice(0, MOST_FINDINGS).flatMap((finding) => findingLines(finding, palette)),
          ...(session.findings.length <= MOST_FINDINGS
            ? []
            : [`    and ${session.findings.length - MOST_FINDINGS} more; --format json has them`]),
        ]),
  ]
}

function stageLines(session: Session, palette: Palette): string[] {
  if (session.stages.length === 0) return []
  const colour = { ok: 'good', degraded: 'warning', failed: 'error', skipped: 'dim', unknown: 'dim' } as const
  const stages = session.stages.map(({ stage, status }) => `${stage} ${palette[colour[status]](status)}`)
  return [`Stages: ${stages.join(', ')}`]
}

/** What a timeline row shows, whatever it was made from. */
interface Row {
  readonly atMs: number
  readonly frames: readonly number[]
  readonly protocol: string
  readonly text: string
}

function timelineLines(session: Session, palette: Palette): string[] {
  const rows: readonly Row[] = session.timeline ?? rowsOfTransfers(session)
  if (rows.length === 0) return []
  const left = rows.length - TIMELINE_HEAD - TIMELINE_TAIL
  const shownRows: readonly (Row | string)[] =
    left <= 1
      ? rows
      : [
          ...rows.slice(0, TIMELINE_HEAD),
          `... ${left} more events; --format json has them ...`,
          ...rows.slice(-TIMELINE_TAIL),
        ]
  const width = rows.reduce((most, { frames }) => Math.min(24, Math.max(most, frameList(frames, 3).length)), 0)
  return [
    '',
    '  Timeline (seconds, frames)',
    ...shownRows.map((row) => {
      if (typeof row === 'string') return `              ${palette.dim(row)}`
      const time = (row.atMs / 1000).toFixed(6).padStart(12)
      const frames = frameList(row.frames, 3).padEnd(width)
      return `${time}  ${palette.dim(frames)}  ${row.protocol.padEnd(4)}  ${text(row.text)}`
    }),
  ]
}

/** Reports of other makers, and those written before there were timelines. */
function rowsOfTransfers(session: Session): Row[] {
  return session.transfers.map((transfer) => ({
    atMs: transfer.startMs,
    frames: [...new Set([transfer.frames.first, transfer.frames.last])],
    protocol: transfer.protocol,
    text: `${transfer.method} ${transfer.path} from ${transfer.server}: ${transfer.status ?? ''} ${transfer.result}`,
  }))
}

function findingLines(finding: Finding, palette: Palette): string[] {
  const colour: Severity = finding.severity
  const frames = finding.frames.length === 0 ? '' : `  ${frameList(finding.frames)}`
  const doubt = finding.confidence === 'certain' ? '' : `, ${finding.confidence}`
  const cause = finding.causedBy === null ? '' : `, because of ${finding.causedBy}`
  return [
    `    ${palette[colour](finding.severity)} ${palette.bold(finding.code)}${doubt}${cause}${frames}`,
    `      ${text(finding.message)}`,
    `      Advice: ${text(finding.advice)}`,
    ...(finding.filter === '' ? [] : [palette.dim(`      Filter: ${shorten(finding.filter)}`)]),
  ]
}

/** Filters of thousands of frames are in the JSON; a terminal line that nobody can copy helps nobody. */
const LONGEST_FILTER = 400

function shorten(filter: string): string {
  if (filter.length <= LONGEST_FILTER) return filter
  return `${filter.slice(0, filter.lastIndexOf(',', LONGEST_FILTER))}}  (the first of them)`
}

function summaryLine(report: Report, palette: Palette): string {
  const { sessions, booted, degraded, failed, incomplete, findings } = report.summary
  const outcomes = [
    booted > 0 ? palette.good(`${booted} booted`) : '',
    degraded > 0 ? palette.warning(`${degraded} degraded`) : '',
    failed > 0 ? palette.error(`${failed} failed`) : '',
    incomplete > 0 ? palette.info(`${incomplete} incomplete`) : '',
  ].filter((part) => part !== '')
  const counts = `${plural(findings.error, 'error')}, ${plural(findings.warning, 'warning')}, ${findings.info} info`
  return `${plural(sessions, 'session')}${outcomes.length === 0 ? '' : `: ${outcomes.join(', ')}`}; findings: ${counts}`
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
