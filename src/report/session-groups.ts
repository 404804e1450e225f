/**
 * Sessions that ended the same way for the same reason: what lets a report of a thousand phones be read. A hung server is
 * one fault, however many phones tell of it.
 */
import type { Outcome, Session } from '../analyzer/report.js'

export interface SessionGroup {
  readonly outcome: Outcome
  readonly rootCause: string | null
  /** The server where the root cause was met, `10.20.0.2:80`; null where it is no matter of one server. */
  readonly place: string | null
  /** In the order of the report, at least one. */
  readonly sessions: readonly Session[]
}

const WORST_FIRST: readonly Outcome[] = ['failed', 'degraded', 'incomplete', 'booted']

/** The worst outcome first, then the largest group. */
export function groupSessions(sessions: readonly Session[]): readonly SessionGroup[] {
  const groups = new Map<
    string,
    { outcome: Outcome; rootCause: string | null; place: string | null; list: Session[] }
  >()
  for (const session of sessions) {
    const { outcome, rootCause } = session
    const place = placeOf(session)
    const key = `${outcome} ${rootCause ?? ''} ${place ?? ''}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { outcome, rootCause, place, list: [session] })
    else group.list.push(session)
  }
  return [...groups.values()]
    .map(({ outcome, rootCause, place, list }) => ({ outcome, rootCause, place, sessions: list }))
    .sort(
      (a, b) =>
        WORST_FIRST.indexOf(a.outcome) - WORST_FIRST.indexOf(b.outcome) || b.sessions.length - a.sessions.length,
    )
}

/** How many phones these are: by MAC, else by address, else each session its own. */
export function countPhones(sessions: readonly Session[]): number {
  return new Set(sessions.map(({ phone, id }) => phone.mac ?? phone.ip ?? `session ${id}`)).size
}

/** The server of the transfer that the root cause is about. */
function placeOf({ rootCause, findings, transfers }: Session): string | null {
  const frame = findings.find(({ code }) => code === rootCause)?.frames[0]
  if (frame === undefined) return null
  const around = transfers.filter(({ frames }) => frames.first <= frame && frame <= frames.last)
  return (around.find(({ result }) => result !== 'ok') ?? around[0])?.server ?? null
}
