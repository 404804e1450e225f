/**
 * One row per boot session, for spreadsheets. Several findings share a field, separated by blanks.
 */
import type { Report, Session } from '../analyzer/report.js'
import { csvRow } from './csv-field.js'
import { frameList } from './frame-list.js'
import { bootNumbers } from './session-names.js'

const COLUMNS: Readonly<Record<string, (session: Session, file: string, boot: number) => unknown>> = {
  capture: (_session, file) => file,
  session: ({ id }) => id,
  mac: ({ phone }) => phone.mac,
  ip: ({ phone }) => phone.ip,
  vlan: ({ phone }) => phone.vlan,
  hostname: ({ phone }) => phone.hostname,
  series: ({ phone }) => phone.series,
  model: ({ phone }) => phone.model,
  extension: ({ phone }) => phone.extension,
  boot: (_session, _file, boot) => boot,
  start: ({ start }) => start,
  durationMs: ({ durationMs }) => durationMs,
  firstFrame: ({ frames }) => frames.first,
  lastFrame: ({ frames }) => frames.last,
  outcome: ({ outcome }) => outcome,
  rootCause: ({ rootCause }) => rootCause,
  rootCauseFrames: ({ rootCause, findings }) =>
    frameList(findings.find(({ code }) => code === rootCause)?.frames ?? []),
  rootCauseMessage: ({ rootCause, findings }) => findings.find(({ code }) => code === rootCause)?.message,
  advice: ({ rootCause, findings }) => findings.find(({ code }) => code === rootCause)?.advice,
  errors: ({ findings }) => codesOf(findings, 'error'),
  warnings: ({ findings }) => codesOf(findings, 'warning'),
  info: ({ findings }) => codesOf(findings, 'info'),
}

export function renderCsv(report: Report): string {
  const boots = bootNumbers(report.sessions)
  const rows = report.sessions.map((session, index) =>
    Object.values(COLUMNS).map((value) =>
      value(session, report.captures[session.capture]?.file ?? '', boots[index] ?? 1),
    ),
  )
  return [Object.keys(COLUMNS), ...rows].map(csvRow).join('')
}

function codesOf(findings: Session['findings'], severity: string): readonly string[] {
  return findings.filter((finding) => finding.severity === severity).map(({ code }) => code)
}
