/**
 * Which findings fail a gate.
 */
import type { Finding, Report, Severity } from '../analyzer/report.js'

export const FAIL_ON = ['error', 'warning', 'never'] as const
/** The least severity that fails; `never`: none does. */
export type FailOn = (typeof FAIL_ON)[number]

const REACHED_BY: Readonly<Record<FailOn, readonly Severity[]>> = {
  error: ['error'],
  warning: ['error', 'warning'],
  never: [],
}

export function reaches({ severity }: Finding, failOn: FailOn): boolean {
  return REACHED_BY[failOn].includes(severity)
}

/** Whether a report says anything: a boot of which the capture shows enough. An empty capture must not pass a gate. */
export function hasVerdict({ sessions }: Pick<Report, 'sessions'>): boolean {
  return sessions.some(({ outcome }) => outcome !== 'incomplete')
}
