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
import type { Outcome, TransferResult, TransferRole } from '../report.js'
import { arrived, dhcpOf, obtained, registered, usedAnAddress, watchedAfter } from '../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../sessions/transfers.js'
import { asksForOthers } from './neighbours.js'
import { isUnclear, laterServed, laterSuccess } from './file-transfers.js'
import type { LinkedVerdict } from './run-rules.js'

/** After this long without another request a phone has all it wanted. */
const DONE: Nanos = 30 * SECOND

export function judgeOutcome(session: BootSession, verdicts: readonly LinkedVerdict[]): Outcome {
  const explained = verdicts.some(({ changesOutcome }) => changesOutcome)
  // Of one direction only what was seen counts, not what was missed.
  const changed =
    explained || (!session.quality.oneSided && session.transfers.some((transfer) => isLost(session, transfer)))
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
  if (neverHadAddress) return 'failed'
  // An answer that the capture shows in part may have been the script.
  const maybe = session.transfers.some(
    (transfer) =>
      isUnclear(transfer) &&
      (transfer.exchange?.request === undefined || transfer.role === 'script' || transfer.role === 'settings'),
  )
  if (maybe) return 'incomplete'
  const { lease } = session
  const askedNobody =
    grave &&
    // Without a link header there is no ARP to tell by.
    session.capture.linkTypes.some((type) => !type.startsWith('raw')) &&
    lease !== undefined &&
    session.transfers.length === 0 &&
    !asksForOthers(session, lease.frame.number)
  return askedNobody ||
    verdicts.some(({ rule }) => WITHOUT_FILES.has(rule.code)) ||
    session.transfers.some(({ exchange, path }) => path !== '' || exchange === undefined)
    ? 'failed'
    : 'incomplete'
}

/** Findings that say themselves that the phone got nothing. */
const WITHOUT_FILES: ReadonlySet<string> = new Set([
  'site-option-no-file-server',
  'gateway-unreachable',
  'script-not-obtained',
])

/** What a rule judges by itself, or finds healthy. */
const JUDGED_BY_RULES: ReadonlySet<TransferResult> = new Set<TransferResult>(['ok', 'incomplete', 'not-found', 'auth'])

/** A file that the phone needs and did not get, whether or not there is a rule that says why (403, a redirect, a reset). */
function isLost(session: BootSession, transfer: SessionTransfer): boolean {
  if (transfer.isPage) return transfer.role !== 'other' && laterSuccess(session, transfer) === undefined
  if (JUDGED_BY_RULES.has(transfer.result)) return false
  // Of an answer whose request was not captured nobody knows what was asked.
  if (transfer.file === '') return transfer.exchange === undefined && !laterServed(session, transfer)
  if (isUnclear(transfer)) return false
  return transfer.role !== 'other' && laterSuccess(session, transfer) === undefined
}

/** Files that a phone asks for when it has come so far as to have its script, and the user's data once it is up. */
const AFTER_SETTINGS: readonly TransferRole[] = ['language', 'certificate', 'backup', 'restore']

function cameUp(session: BootSession, changed: boolean): boolean {
  if (registered(session) || obtained(session, 'settings')) return true
  if (session.isAvaya && session.transfers.some(({ role }) => AFTER_SETTINGS.includes(role))) return true
  // What other devices call their files we do not know: one that came is one it asked for.
  if (!session.isAvaya) return session.transfers.some(arrived)
  if (!obtained(session, 'script')) {
    // The script names the settings: a phone that asks for them has it, whether or not this capture shows that.
    const asked = session.transfers.some(({ role }) => role === 'settings')
    return asked && changed && !session.transfers.some(({ role }) => role === 'script')
  }
  const triedSettings = session.transfers.some(({ role }) => role === 'settings')
  if (triedSettings) return changed || watchedAfter(session, session.end) >= DONE
  // A script that names a new application is followed by a reset once that is stored.
  if (obtained(session, 'application', 'boot-image')) return true
  const text = session.scripts[0]?.text
  if (text !== undefined && !/^\s*GET\s+\S/im.test(text)) return true
  // It has not asked for the settings that the script names. Unless it went on to other things there is no telling why.
  return changed || obtained(session, 'language', 'certificate', 'restore', 'backup')
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
  // Before its router answers a phone asks for nothing else.
  const atRouter = errors.find(({ rule }) => rule.code === 'gateway-unreachable')
  const explaining = atRouter ?? earliest(errors) ?? earliest(candidates)
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
