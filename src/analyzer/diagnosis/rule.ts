/**
 * What a diagnosis rule is: facts about it as data, and a pure `check` that looks at one boot session and says what it
 * proves. A rule starts with its reasons to stay quiet, points at frames, and never looks at other rules' verdicts;
 * causes, confidence and outcome are settled afterwards in run-rules.ts and outcome.ts.
 */
import type { Nanos } from '../../base/time.js'
import type { Confidence, Severity, StageName } from '../report.js'
import type { BootSession } from '../sessions/boot-session.js'
import type { CaptureFacts } from '../streams/observations.js'

/** The facts of a finding code, as `bootwire findings` prints them. */
export interface CatalogueEntry {
  readonly code: string
  readonly stage: StageName
  /** A verdict may lower it by context, never raise it. */
  readonly severity: Severity
  /** What the finding states, one clause, present or past tense. */
  readonly states: string
  /** What a correct verdict needs to have seen. */
  readonly evidence: string
  /** What looks alike and is something else; empty when nothing does. */
  readonly notConfusedWith: string
  /** What a technician should do about it. */
  readonly remedy: string
  readonly references: readonly string[]
}

/** What a rule found; the rule's own data supply the rest of the finding. */
export interface Verdict {
  /** One sentence with the figures. */
  readonly message: string
  /** Frame numbers that prove it. */
  readonly frames: readonly number[]
  /** When it began to show, on the clock of the capture; undefined for verdicts about a capture. */
  readonly at: Nanos | undefined
  /** Lower than the rule's own when the context makes it less grave. */
  readonly severity?: Severity
  /** Certain unless told. */
  readonly confidence?: Confidence
  /** Codes of findings that may have led to this one; the first that was found is taken as the cause. */
  readonly causes?: readonly string[]
  /** Instead of the rule's remedy, when the context allows better advice. */
  readonly advice?: string
  /** False when the phone's boot came out the same, so that the outcome must not suffer. Errors do unless told. */
  readonly changesOutcome?: boolean
}

export interface Rule extends CatalogueEntry {
  /**
   * Whether the verdict rests on something that was not seen (an answer that never came). Such verdicts lose confidence
   * where the capture itself has holes; what was seen stays seen.
   */
  readonly restsOnAbsence: boolean
  check(session: BootSession): Iterable<Verdict>
}

/** A rule about the file rather than about a phone. */
export interface CaptureRule extends CatalogueEntry {
  checkCapture(capture: CaptureFacts): Iterable<Verdict>
}
