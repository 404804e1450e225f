/**
 * The report for a person at a terminal: for every session the outcome and its root cause first, then the boot as it
 * went with frame numbers to jump to, then what was found and what to do about it. Times are UTC.
 */
import { formatDuration, MILLISECOND } from '../base/time.js'
import type { CaptureSummary, Finding, Outcome, Report, Session, Severity } from '../analyzer/report.js'
import { frameList } from './frame-list.js'
import { plainPalette } from './palette.js'
import type { Palette } from './palette.js'
import { printable } from './printable.js'

export interface TextOptions {
  /** Colours; none unless given. */
  readonly palette?: Palette
}

export function renderText(report: Report, options: TextOptions = {}): string {
  const palette = options.palette ?? plainPalette
  const lines: string[] = []
  const several = report.captures.length > 1
  report.captures.forEach((capture, index) => {
    lines.push(...captureLines(capture, palette))
    const sessions = report.sessions.filter((session) => session.capture === index)
    if (sessions.length === 0)
      lines.push('', 'No boot session in this capture: no phone was seen to start or to fetch its files.')
    for (const session of sessions) {
      lines.push('', ...sessionLines(session, several ? printable(capture.file) : '', palette))
    }
    lines.push('')
  })
  lines.push(summaryLine(report, palette))
  return `${lines.join('\n')}\n`
}

function captureLines(capture: CaptureSummary, palette: Palette): string[] {
  const { file, format, linkTypes, packets, firstTime, lastTime } = capture
  const facts = [
    linkTypes.length === 0 ? format : `${format} (${linkTypes.join(', ')})`,
    `${packets} ${packets === 1 ? 'frame' : 'frames'}`,
    ...(firstTime === null || lastTime === null ? [] : [`${calendar(firstTime)} to ${calendar(lastTime)} UTC`]),
  ]
  return [
    `${palette.bold(file === '' ? 'capture' : printable(file))}: ${facts.join(', ')}`,
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
      ? `: ${palette.bold(root.code)}: ${printable(root.message)}`
      : outcome === 'incomplete'
        ? ': the capture does not show enough of this boot to say how it ended'
        : ''
  const names = [
    phone.model ?? (phone.series === null ? undefined : `${phone.series} series`),
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
      `${calendar(session.start)} UTC, ${formatDuration(Math.round(session.durationMs * MILLISECOND))}, ${where}#${first}-${last}, ${count} frames of this phone`,
    ),
    ...stageLines(session, palette),
    ...timelineLines(session, palette),
    ...(session.findings.length === 0
      ? []
      : ['', '  Findings', ...session.findings.flatMap((finding) => findingLines(finding, palette))]),
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
  const width = Math.min(24, Math.max(...rows.map(({ frames }) => frameList(frames, 3).length)))
  return [
    '',
    '  Timeline (seconds, frames)',
    ...rows.map((row) => {
      const time = (row.atMs / 1000).toFixed(6).padStart(12)
      const frames = frameList(row.frames, 3).padEnd(width)
      return `${time}  ${palette.dim(frames)}  ${row.protocol.padEnd(4)}  ${printable(row.text)}`
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
    `      ${printable(finding.message)}`,
    `      Advice: ${finding.advice}`,
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
