/**
 * Reports for other programs: the report model as it is, validated by report.schema.json.
 */
import type { Report } from '../analyzer/report.js'

/** The whole report as one indented document, newline at the end. */
export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`
}

/**
 * One object per line: every capture, then every session, then the summary, told apart by `type`. For pipes that want to
 * look at sessions one at a time.
 */
export function renderNdjson(report: Report): string {
  const lines = [
    ...report.captures.map((capture) => ({ type: 'capture', ...capture })),
    ...report.sessions.map((session) => ({ type: 'session', ...session })),
    { type: 'summary', schema: report.schema, tool: report.tool, ...report.summary },
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}
