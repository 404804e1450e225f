/**
 * A diagnosed boot session, and a capture, in the shape of the report.
 */
import { formatTimestamp, toMilliseconds } from '../base/time.js'
import { frameFilter } from './diagnosis/frame-filter.js'
import { judgeOutcome, rootCause } from './diagnosis/outcome.js'
import { runCaptureRules, runRules } from './diagnosis/run-rules.js'
import type { LinkedVerdict } from './diagnosis/run-rules.js'
import { stagesOf } from './diagnosis/stages.js'
import type { CaptureSummary, Finding, Session, Transfer } from './report.js'
import { formatEndpoint } from './sessions/boot-session.js'
import type { BootSession, SessionTransfer } from './sessions/boot-session.js'
import { ladderOf } from './sessions/ladder.js'
import { timelineOf } from './sessions/timeline.js'
import type { CaptureFacts } from './streams/observations.js'

/** Judges the session and reports it; id and capture index are those of a report with this session alone. */
export function reportSession(session: BootSession): Session {
  const verdicts = runRules(session)
  const outcome = judgeOutcome(session, verdicts)
  const { siteOption } = session
  return {
    id: '1',
    capture: 0,
    phone: {
      mac: session.mac,
      ip: session.ip,
      vlan: session.vlan,
      hostname: session.hostname,
      series: session.series,
      model: session.model,
      extension: session.extension,
    },
    start: formatTimestamp(session.startTime),
    end: formatTimestamp(session.endTime),
    durationMs: toMilliseconds(session.end - session.start),
    frames: { first: session.firstFrame, last: session.lastFrame, count: session.frameCount },
    outcome,
    rootCause: rootCause(outcome, verdicts),
    stages: stagesOf(session, verdicts),
    options: {
      siteOption:
        siteOption === undefined
          ? null
          : {
              number: siteOption.number,
              raw: siteOption.text,
              values: Object.fromEntries(siteOption.parsed.values),
            },
    },
    transfers: session.transfers.map((transfer) => reportTransfer(session, transfer)),
    findings: verdicts.map((verdict) => reportFinding(verdict, session)),
    timeline: timelineOf(session),
    ladder: ladderOf(session),
  }
}

function reportTransfer(session: BootSession, transfer: SessionTransfer): Transfer {
  return {
    protocol: transfer.protocol,
    method: transfer.method,
    server: formatEndpoint(transfer.server),
    path: transfer.path,
    role: transfer.role,
    status: transfer.status,
    bytes: transfer.bytes,
    startMs: toMilliseconds(transfer.start - session.start),
    endMs: toMilliseconds(transfer.end - session.start),
    result: transfer.result,
    frames: { first: transfer.first.number, last: transfer.last.number },
  }
}

function reportFinding(verdict: LinkedVerdict, session: BootSession | undefined): Finding {
  return {
    code: verdict.rule.code,
    severity: verdict.severity,
    stage: verdict.rule.stage,
    message: verdict.message,
    frames: verdict.frames,
    filter: frameFilter(verdict.frames),
    atMs: session === undefined || verdict.at === undefined ? null : toMilliseconds(verdict.at - session.start),
    causedBy: verdict.causedBy,
    advice: verdict.advice,
    confidence: verdict.confidence,
  }
}

export function reportCapture(capture: CaptureFacts): CaptureSummary {
  return {
    file: capture.file,
    format: capture.format,
    linkTypes: capture.linkTypes,
    packets: capture.packets,
    bytes: capture.bytes,
    firstTime: capture.firstTime === undefined ? null : formatTimestamp(capture.firstTime),
    lastTime: capture.lastTime === undefined ? null : formatTimestamp(capture.lastTime),
    findings: runCaptureRules(capture).map((verdict) => reportFinding(verdict, undefined)),
  }
}
