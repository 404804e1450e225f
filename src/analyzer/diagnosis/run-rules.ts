/**
 * Runs the rules over a session, lowers the confidence of what rests on silence where the capture has holes, and links
 * findings by cause.
 */
import type { Nanos } from '../../base/time.js'
import type { Confidence, Severity } from '../report.js'
import type { BootSession } from '../sessions/boot-session.js'
import type { CaptureFacts } from '../streams/observations.js'
import { captureRules, sessionRules } from './catalogue.js'
import type { CatalogueEntry, Rule, Verdict } from './rule.js'

/** Frames listed in one finding; the message has the true count. */
export const MAX_FINDING_FRAMES = 10_000

/** A verdict with everything settled that other findings and the capture have a say in. */
export interface LinkedVerdict {
  readonly rule: CatalogueEntry
  readonly severity: Severity
  readonly message: string
  /** Ascending, each once. */
  readonly frames: readonly number[]
  readonly at: Nanos | undefined
  readonly confidence: Confidence
  readonly advice: string
  readonly causedBy: string | null
  readonly changesOutcome: boolean
}

/** @returns in the order of time, then of the catalogue */
export function runRules(session: BootSession, rules: readonly Rule[] = sessionRules): LinkedVerdict[] {
  const found: { verdict: Verdict; settled: LinkedVerdict }[] = []
  for (const rule of rules) {
    for (const verdict of rule.check(session)) {
      found.push({ verdict, settled: doubt(settle(rule, verdict), rule, session) })
    }
  }
  const linked: LinkedVerdict[] = found.map(({ settled }) => settled)
  found.forEach(({ verdict }, index) => {
    const causedBy = causeOf(verdict, linked, index)
    if (causedBy !== null) linked[index] = { ...linked[index]!, causedBy }
  })
  return linked.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))
}

export function runCaptureRules(capture: CaptureFacts): LinkedVerdict[] {
  return captureRules.flatMap((rule) => [...rule.checkCapture(capture)].map((verdict) => settle(rule, verdict)))
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 }

function settle(rule: CatalogueEntry, verdict: Verdict): LinkedVerdict {
  const severity =
    verdict.severity !== undefined && RANK[verdict.severity] < RANK[rule.severity] ? verdict.severity : rule.severity
  return {
    rule,
    severity,
    message: verdict.message,
    frames: [...new Set(verdict.frames)].sort((a, b) => a - b).slice(0, MAX_FINDING_FRAMES),
    at: verdict.at,
    confidence: verdict.confidence ?? 'certain',
    advice: verdict.advice ?? rule.remedy,
    causedBy: null,
    changesOutcome: verdict.changesOutcome ?? severity === 'error',
  }
}

const LESS: Readonly<Record<Confidence, Confidence>> = { certain: 'likely', likely: 'possible', possible: 'possible' }

function doubt(settled: LinkedVerdict, rule: Rule, session: BootSession): LinkedVerdict {
  const { doubts } = session.quality
  if (!rule.restsOnAbsence || doubts.length === 0) return settled
  return {
    ...settled,
    confidence: LESS[settled.confidence],
    message: `${settled.message} (less certain: ${doubts.join('; ')})`,
  }
}

/** The first of the possible causes that was found, unless that one goes back to this finding. */
function causeOf(verdict: Verdict, linked: readonly LinkedVerdict[], index: number): string | null {
  const own = linked[index]!.rule.code
  for (const code of verdict.causes ?? []) {
    if (code === own) continue
    const cause = linked.find(({ rule }) => rule.code === code)
    if (cause !== undefined && !leadsTo(cause, own, linked)) return code
  }
  return null
}

function leadsTo(from: LinkedVerdict, code: string, linked: readonly LinkedVerdict[]): boolean {
  let at: LinkedVerdict | undefined = from
  for (let steps = 0; at !== undefined && steps <= linked.length; steps++) {
    if (at.rule.code === code) return true
    const next: string | null = at.causedBy
    at = next === null ? undefined : linked.find(({ rule }) => rule.code === next)
  }
  return at !== undefined
}
