/**
 * What sessions are called where each needs a name of its own: the phone, and which of its boots it was.
 */
import type { Session } from '../analyzer/report.js'

/** `00:1b:4f:20:00:01`, or the address where the capture shows no MAC. */
export function phoneName({ phone, id }: Session): string {
  return phone.mac ?? phone.ip ?? `session ${id}`
}

/** Of each session, which boot of its phone it was: 1, 2 ... */
export function bootNumbers(sessions: readonly Session[]): readonly number[] {
  const counts = new Map<string, number>()
  return sessions.map((session) => {
    const key = `${session.capture} ${phoneName(session)}`
    const boot = (counts.get(key) ?? 0) + 1
    counts.set(key, boot)
    return boot
  })
}

/** `1608 00:1b:4f:20:00:01, boot 2`. */
export function sessionName(session: Session, boot: number): string {
  const kind = session.phone.model ?? session.phone.series
  return `${kind === null ? '' : `${kind} `}${phoneName(session)}${boot > 1 ? `, boot ${boot}` : ''}`
}
