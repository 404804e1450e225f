/**
 * The analyzer, from capture octets to the report model. The stages in order:
 *
 *     capture/   octets -> frames
 *     sieve/     which frames can matter
 *     dissect/   one frame -> layers and anomalies
 *     streams/   flows -> observations: exchanges as far as the capture shows them
 *     sessions/  observations -> boot sessions, one per phone and power-up
 *     diagnosis/ rules over sessions -> findings, causes, outcome
 *
 * Octets go in as they arrive, in pieces of any size. Nothing is read, printed or timed here, and nothing needs Node: this
 * is the entry `bootwire/analyze`, for browsers too.
 */
import { UsageError } from '../base/errors.js'
import { VERSION } from '../base/version.js'
import { CaptureReader } from '../capture/capture-reader.js'
import { maskSession } from './mask-secrets.js'
import { reportCapture, reportSession } from './report-session.js'
import type { CaptureSummary, Finding, Report, Session } from './report.js'
import { buildSessions } from './sessions/build-sessions.js'
import { StreamTracker } from './streams/stream-tracker.js'

export type {
  CaptureSummary,
  Confidence,
  Finding,
  FrameRange,
  LadderStep,
  Outcome,
  PhoneIdentity,
  Report,
  Session,
  Severity,
  Stage,
  StageName,
  TimelineEvent,
  Transfer,
  TransferResult,
  TransferRole,
} from './report.js'

export interface AnalyzeOptions {
  /** Name of the capture in the report. */
  readonly file?: string
  /**
   * Keep only the sessions of this phone, `00:1b:4f:20:00:01` or `10.20.0.120`; it is then taken for a phone, whatever it
   * looks like.
   */
  readonly phone?: string
  /** False reads every frame, for the proof that the sieve changes no verdict. */
  readonly sieve?: boolean
}

/** What one capture holds, before it becomes part of a report. Secrets are not masked yet. */
export interface CaptureAnalysis {
  readonly capture: CaptureSummary
  readonly sessions: readonly Session[]
  /** Set when the octets are no capture at all: what is wrong, for one line to the user. */
  readonly error: string | undefined
}

export interface ReportOptions {
  /** Leave passwords and community strings as they travelled. */
  readonly showSecrets?: boolean
}

/** One capture, fed as it arrives. */
export class Analyzer {
  readonly #options: AnalyzeOptions
  readonly #tracker: StreamTracker
  readonly #reader: CaptureReader

  constructor(options: AnalyzeOptions = {}) {
    this.#options = options
    const tracker = new StreamTracker({
      ...(options.file === undefined ? {} : { file: options.file }),
      ...(options.sieve === undefined ? {} : { sieve: options.sieve }),
    })
    this.#tracker = tracker
    this.#reader = new CaptureReader((record) => tracker.frame(record))
  }

  /** Octets of the capture file; not kept after the call. */
  push(chunk: Uint8Array): void {
    this.#reader.push(chunk)
  }

  /** To be called once, after the last octet, which may come in the middle of a record. */
  end(): CaptureAnalysis {
    const summary = this.#reader.end()
    const observations = this.#tracker.end(summary)
    const { phone } = this.#options
    return {
      capture: reportCapture(observations.capture),
      sessions: buildSessions(observations, phone === undefined ? {} : { phone }).map(reportSession),
      error: summary.error,
    }
  }
}

/** Puts captures side by side into one report: sessions numbered from 1, in the order of captures and first frames. */
export function buildReport(analyses: readonly CaptureAnalysis[], options: ReportOptions = {}): Report {
  const captures = analyses.map(({ capture }) => capture)
  const sessions: Session[] = []
  analyses.forEach((analysis, capture) => {
    for (const session of analysis.sessions) {
      const numbered = { ...session, id: String(sessions.length + 1), capture }
      sessions.push(options.showSecrets === true ? numbered : maskSession(numbered))
    }
  })
  const findings: Finding[] = [...captures, ...sessions].flatMap((part) => part.findings)
  const withOutcome = (outcome: Session['outcome']): number =>
    sessions.filter((session) => session.outcome === outcome).length
  const withSeverity = (severity: Finding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length
  return {
    schema: 'bootwire/report@1',
    tool: { name: 'bootwire', version: VERSION },
    captures,
    sessions,
    summary: {
      sessions: sessions.length,
      booted: withOutcome('booted'),
      degraded: withOutcome('degraded'),
      failed: withOutcome('failed'),
      incomplete: withOutcome('incomplete'),
      findings: { error: withSeverity('error'), warning: withSeverity('warning'), info: withSeverity('info') },
    },
  }
}

/**
 * A whole capture at once.
 *
 * @throws UsageError when the octets are no capture
 */
export function analyzeCapture(octets: Uint8Array, options: AnalyzeOptions & ReportOptions = {}): Report {
  return analyzeCaptures([{ file: options.file ?? '', octets }], options)
}

/**
 * Several whole captures, one report.
 *
 * @throws UsageError when one of them is no capture
 */
export function analyzeCaptures(
  captures: readonly { readonly file: string; readonly octets: Uint8Array }[],
  options: AnalyzeOptions & ReportOptions = {},
): Report {
  const analyses = captures.map(({ file, octets }) => {
    const analyzer = new Analyzer({ ...options, file })
    analyzer.push(octets)
    const analysis = analyzer.end()
    if (analysis.error !== undefined) throw new UsageError(analysis.error, file === '' ? {} : { file })
    return analysis
  })
  return buildReport(analyses, options)
}
