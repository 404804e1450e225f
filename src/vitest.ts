/**
 * Matchers for vitest: `import 'bootwire/vitest'`, then
 *
 *     expect(report).toHaveBooted()
 *     expect(report).toHaveBooted('00:1b:4f:20:00:01')
 *     expect(report).toHaveFinding('http-response-timeout')
 *
 * They take a Report, or the RunResult of a scenario.
 */
import { expect } from 'vitest'
import type { Report, Session } from './analyzer/report.js'

interface BootwireMatchers<R = unknown> {
  /** Every phone (or this one, by MAC or address) came up in its last session, and there is at least one. */
  toHaveBooted: (phone?: string) => R
  /** Some session or capture carries the finding; with `phone`, a session of that phone. */
  toHaveFinding: (code: string, phone?: string) => R
}

declare module 'vitest' {
  // The type parameter must be declared as vitest declares it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  interface Matchers<T = any> extends BootwireMatchers<T> {}
}

interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

expect.extend({
  toHaveBooted(received: unknown, phone?: string): MatcherResult {
    const last = lastSessions(reportOf(received), phone)
    const others = last.filter((session) => session.outcome !== 'booted')
    const who = phone ?? 'every phone'
    return {
      pass: last.length > 0 && others.length === 0,
      message: () =>
        last.length === 0
          ? `no boot session of ${phone ?? 'any phone'} in the report`
          : this.isNot
            ? `expected ${who} not to have booted`
            : `expected ${who} to have booted:\n${others.map(describeSession).join('\n')}`,
    }
  },

  toHaveFinding(received: unknown, code: string, phone?: string): MatcherResult {
    const report = reportOf(received)
    const sessions = report.sessions.filter((session) => phone === undefined || isOf(session, phone))
    const findings = [...sessions, ...(phone === undefined ? report.captures : [])].flatMap((part) => part.findings)
    const found = findings.filter((finding) => finding.code === code)
    const codes = [...new Set(findings.map((finding) => finding.code))].join(', ')
    return {
      pass: found.length > 0,
      message: () =>
        this.isNot
          ? `expected no finding ${code}: ${found[0]?.message ?? ''} (frames ${found[0]?.frames.join(', ') ?? ''})`
          : `expected the finding ${code}; there are ${codes === '' ? 'no findings' : codes}`,
    }
  },
})

/** @throws TypeError for what is neither a report nor has one */
function reportOf(received: unknown): Report {
  const candidate =
    typeof received === 'object' && received !== null && 'report' in received ? received.report : received
  if (typeof candidate === 'object' && candidate !== null && 'schema' in candidate && 'sessions' in candidate) {
    return candidate as Report
  }
  throw new TypeError('expected a bootwire report, or the result of runScenario')
}

function isOf(session: Session, phone: string): boolean {
  return session.phone.mac === phone || session.phone.ip === phone
}

/** The last session of each phone: how it ended up. */
function lastSessions(report: Report, phone: string | undefined): readonly Session[] {
  const last = new Map<string, Session>()
  for (const session of report.sessions) {
    if (phone !== undefined && !isOf(session, phone)) continue
    last.set(session.phone.mac ?? session.phone.ip ?? session.id, session)
  }
  return [...last.values()]
}

function describeSession(session: Session): string {
  const name = session.phone.mac ?? session.phone.ip ?? `session ${session.id}`
  return `  ${name}: ${session.outcome}${session.rootCause === null ? '' : `, ${session.rootCause}`}`
}
