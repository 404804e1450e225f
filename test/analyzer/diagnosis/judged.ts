/** What the rules say of observations written by hand. */
import { expect } from 'vitest'
import { runRules } from '../../../src/analyzer/diagnosis/run-rules.js'
import type { LinkedVerdict } from '../../../src/analyzer/diagnosis/run-rules.js'
import type { Observed } from '../observed.js'

/** What a failure led to, and how good the capture is, are told beside what a rule says. */
export const BESIDE: ReadonlySet<string> = new Set([
  'script-not-obtained',
  'settings-not-obtained',
  'application-not-obtained',
  'capture-one-sided',
  'capture-dropped-packets',
  'capture-started-late',
])

/** The one finding of that code in a session, the first unless told, with what the rule said. */
export function finding(observed: Observed, code: string, quiet = 60, index = 0): LinkedVerdict {
  const session = observed.sessions(quiet)[index]
  expect(session).toBeDefined()
  const found = runRules(session!).filter(({ rule }) => rule.code === code)
  expect(found.map(({ rule }) => rule.code)).toEqual([code])
  return found[0]!
}

/** `code severity` of the findings that are not beside the point. */
export function findings(observed: Observed, quiet = 60): string[] {
  return observed.findings(quiet).filter((text) => !BESIDE.has(text.split(' ')[0]!))
}

export function codes(observed: Observed, quiet = 60): string[] {
  return findings(observed, quiet).map((text) => text.split(' ')[0]!)
}
