/**
 * How a boot ended, and which finding explains it. Definitions:
 *
 * - booted: the phone obtained what it asked for and went on, and nothing that was found changed that;
 * - degraded: it came up, but over a fallback, or without a file, a backup or a setting it should have had;
 * - failed: it obtained neither script nor settings from any server and did not register, or never got an address;
 * - incomplete: the capture does not show enough to say.
 */
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import type { Outcome, TransferResult } from '../report.js'
import { dhcpOf, obtained, registered, usedAnAddress, watchedAfter } from '../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../sessions/transfers.js'
import { laterServed, laterSuccess } from './file-transfers.js'
import type { LinkedVerdict } from './run-rules.js'

/** After this long without another request a phone has all it wanted. */
const DONE: Nanos = 30 * SECOND

export function judgeOutcome(session: BootSession, verdicts: readonly LinkedVerdict[]): Outcome {
  const explained = verdicts.some(({ changesOutcome }) => changesOutcome)
  const changed = explained || session.transfers.some((transfer) => isLost(session, transfer))
  if (cameUp(session, changed)) return changed ? 'degraded' : 'booted'
  if (!changed) return 'incomplete'
  // The phone was in the middle of another try when the capture ended.
  const last = session.transfers.at(-1)
  if (last?.result === 'incomplete' && watchedAfter(session, last.end) < SHORTEST_SILENCE) return 'incomplete'
  // Warnings alone (a NAK) explain a failure only when nothing better came of it for a while.
  const grave = verdicts.some(({ changesOutcome, severity }) => changesOutcome && severity === 'error')
  if (explained && !grave && watchedAfter(session, session.end) < SHORTEST_SILENCE) return 'incomplete'
  const neverHadAddress =
    session.lease === undefined &&
    !usedAnAddress(session) &&
    dhcpOf(session, 'discover', 'selecting', 'init-reboot').length > 0
  return neverHadAddress || session.transfers.length > 0 || session.lease !== undefined ? 'failed' : 'incomplete'
}

/** What a rule judges by itself, or finds healthy. */
const JUDGED_BY_RULES: ReadonlySet<TransferResult> = new Set<TransferResult>(['ok', 'incomplete', 'not-found', 'auth'])

/** A file that the phone needs and did not get, whether or not there is a rule that says why (403, a redirect, a reset). */
function isLost(session: BootSession, transfer: SessionTransfer): boolean {
  if (JUDGED_BY_RULES.has(transfer.result)) return false
  if (transfer.file === '') return !laterServed(session, transfer)
  return transfer.role !== 'other' && laterSuccess(session, transfer) === undefined
}

function cameUp(session: BootSession, changed: boolean): boolean {
  if (registered(session) || obtained(session, 'settings')) return true
  // What other devices call their files we do not know: one that came is one it asked for.
  if (!session.isAvaya) return session.transfers.some(({ result }) => result === 'ok')
  if (!obtained(session, 'script')) {
    // Seen from the middle of its boot on: a user's data are fetched by a phone that is up.
    return !session.sawStart && obtained(session, 'restore', 'backup')
  }
  const triedSettings = session.transfers.some(({ role }) => role === 'settings')
  if (triedSettings) return changed || watchedAfter(session, session.end) >= DONE
  // A script that names a new application is followed by a reset once that is stored.
  if (obtained(session, 'application', 'boot-image')) return true
  const text = session.scripts[0]?.text
  if (text !== undefined && !/^\s*GET\s+\S/im.test(text)) return true
  return changed || session.hasNext || watchedAfter(session, session.end) >= DONE
}

/**
 * The finding that explains an outcome, errors before warnings and the first before later ones, followed to its cause.
 *
 * @returns a code, or null for booted and incomplete
 */
export function rootCause(outcome: Outcome, verdicts: readonly LinkedVerdict[]): string | null {
  if (outcome === 'booted' || outcome === 'incomplete') return null
  const candidates = verdicts.filter(({ changesOutcome }) => changesOutcome)
  const errors = candidates.filter(({ severity }) => severity === 'error')
  const explaining = earliest(errors) ?? earliest(candidates)
  if (explaining === undefined) return null
  let root = explaining
  // Links were made without cycles.
  for (;;) {
    const cause = verdicts.find(({ rule }) => rule.code === root.causedBy)
    if (cause === undefined) return root.rule.code
    root = cause
  }
}

function earliest(verdicts: readonly LinkedVerdict[]): LinkedVerdict | undefined {
  return verdicts.reduce<LinkedVerdict | undefined>(
    (first, verdict) => (first === undefined || (verdict.at ?? 0) < (first.at ?? 0) ? verdict : first),
    undefined,
  )
}
