/**
 * What an emulated run adds to the report of its capture: which scenario it was, what was expected, and whether the
 * analyzer agrees with the emulator.
 */
import type { ExpectationResult } from '../expectations/check-expectations.js'

export interface RunFacts {
  /** Index of its capture in the report. */
  readonly capture: number
  /** The scenario's file as the user named it. */
  readonly file: string
  readonly name: string
  readonly seed: number
  readonly expectations: readonly ExpectationResult[]
  readonly disagreements: readonly TruthDisagreement[]
  /** The command that runs it again with the same seed. */
  readonly repeat: string
}

/** The analyzer's verdict differs from what the emulator did. */
export interface TruthDisagreement {
  /** MAC in colon form. */
  readonly phone: string
  /** 1 for the power-up. */
  readonly boot: number
  readonly what: string
  readonly truth: string
  readonly verdict: string
  /** 1-based. */
  readonly frames: readonly number[]
}

export function describeDisagreement({ phone, boot, what, truth, verdict }: TruthDisagreement): string {
  return `${phone}, boot ${boot}: ${what}: truth ${truth}; analyzer ${verdict}`
}
