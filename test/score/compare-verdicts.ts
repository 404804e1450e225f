/**
 * What a transformation of a capture did to the verdicts, phone by phone. A verdict may become less certain, or
 * incomplete; it must not become another one.
 */
import type { Report, Session } from '../../src/analyzer/report.js'
import type { Transformation } from './transformations.js'

/** @returns what became wrong, a line each */
export function compareVerdicts(before: Report, after: Report, transformation: Transformation): string[] {
  return after.sessions.flatMap((session) => {
    const originals = before.sessions.filter((original) => isSamePhone(original, session))
    if (originals.length === 0) return [`${session.phone.mac ?? session.phone.ip}: no such phone before`]
    return compare(originals, session, transformation)
  })
}

function isSamePhone(original: Session, session: Session): boolean {
  const { mac, ip } = session.phone
  return mac === null ? original.phone.ip === ip : original.phone.mac === mac
}

function compare(originals: readonly Session[], session: Session, transformation: Transformation): string[] {
  const { outcome, rootCause } = session
  const name = `${session.phone.mac ?? session.phone.ip}`
  const was = originals.map((original) => verdictOf(original)).join(', ')
  const wrong = [`${name}: was ${was}, is ${verdictOf(session)}`]
  if (transformation.isLossless) {
    return originals.some((original) => original.outcome === outcome && original.rootCause === rootCause) ? [] : wrong
  }
  // The phone was still trying: what it would have come to the capture does not show.
  if (transformation.stopsEarly === true && outcome === 'failed') return []
  // What went wrong may lie in the part that is missing.
  if (outcome === 'incomplete' || outcome === 'booted') return []
  if (!originals.some((original) => original.outcome === outcome)) return wrong
  const known = new Set(originals.flatMap((original) => original.findings.map(({ code }) => code)))
  return rootCause === null || known.has(rootCause) ? [] : wrong
}

function verdictOf({ outcome, rootCause }: Session): string {
  return rootCause === null ? outcome : `${outcome} (${rootCause})`
}
