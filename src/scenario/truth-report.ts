/**
 * What the emulator knows of a run, in the form of a report, so that expectations can be checked without a capture and
 * its analysis: boots are sessions, causes are root causes. There are no frames and no findings in it.
 */
import { addNanos, formatTimestamp, toMilliseconds, type Nanos, type Timestamp } from '../base/time.js'
import type { Report, Session, Stage, Transfer } from '../analyzer/report.js'
import type { PhoneBoot, PhoneStageRecord, PhoneStory, PhoneTransfer } from '../emulator/phones/story.js'
import type { Claims, Expectation } from '../expectations/expectation.js'
import { VERSION } from '../base/version.js'

const NO_FRAMES = { first: 0, last: 0 } as const

/** @param end when the run ended: boots that were still going on */
export function reportOfTruth(stories: readonly PhoneStory[], epoch: Timestamp, end: Nanos): Report {
  const sessions = stories.flatMap((story) => story.boots.map((boot) => sessionOf(story, boot, epoch, end)))
  const count = (outcome: Session['outcome']): number => sessions.filter((one) => one.outcome === outcome).length
  return {
    schema: 'bootwire/report@1',
    tool: { name: 'bootwire', version: VERSION },
    captures: [],
    sessions,
    summary: {
      sessions: sessions.length,
      booted: count('booted'),
      degraded: count('degraded'),
      failed: count('failed'),
      incomplete: count('incomplete'),
      findings: { error: 0, warning: 0, info: 0 },
    },
  }
}

/** What of an expectation only an analysis can judge; undefined when there is nothing of the kind. */
export function needsAnalysis({ finding, not }: Expectation & Claims): string | undefined {
  const code = finding?.[0] ?? not?.finding?.[0]
  return code === undefined ? undefined : `finding: ${code}`
}

function sessionOf(story: PhoneStory, boot: PhoneBoot, epoch: Timestamp, end: Nanos): Session {
  const until = boot.end ?? end
  const sinceStart = (time: Nanos | undefined): number => toMilliseconds((time ?? until) - boot.start)
  const { mac, hostname, series, model, extension, siteOption } = story
  return {
    id: `${mac} ${boot.number}`,
    capture: 0,
    phone: {
      mac,
      ip: boot.address ?? null,
      vlan: null,
      hostname,
      series,
      model,
      extension: extension ?? null,
    },
    start: formatTimestamp(addNanos(epoch, boot.start)),
    end: formatTimestamp(addNanos(epoch, until)),
    durationMs: sinceStart(until),
    frames: { ...NO_FRAMES, count: 0 },
    outcome: boot.outcome === 'running' ? 'incomplete' : boot.outcome,
    rootCause: boot.rootCause ?? null,
    stages: story.stages.filter((stage) => stage.boot === boot.number).flatMap((stage) => stageOf(stage, sinceStart)),
    options: { siteOption: siteOption === undefined ? null : { ...siteOption, values: {} } },
    transfers: story.transfers
      .filter((transfer) => transfer.boot === boot.number)
      .flatMap((transfer) => transferOf(transfer, sinceStart)),
    findings: [],
  }
}

function stageOf(
  { stage, start, end, status }: PhoneStageRecord,
  sinceStart: (time: Nanos | undefined) => number,
): Stage[] {
  if (stage === 'link') return []
  const outcome = status === 'running' ? 'unknown' : status
  return [{ stage, status: outcome, startMs: sinceStart(start), endMs: sinceStart(end), attempts: 1 }]
}

function transferOf(transfer: PhoneTransfer, sinceStart: (time: Nanos | undefined) => number): Transfer[] {
  const { protocol, method, server, role, result, status, bytes, start, end } = transfer
  if (protocol !== 'http' && protocol !== 'tftp') return []
  const path = transfer.path.replace(/^\/*/, '/')
  const times = { startMs: sinceStart(start), endMs: sinceStart(end) }
  return [{ protocol, method, server, path, role, status: status ?? null, bytes, ...times, result, frames: NO_FRAMES }]
}
