/**
 * The steps of a boot as a report lists them: what was tried when, and how it went. Steps that the capture does not
 * show are not listed.
 */
import { toMilliseconds } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import type { Stage, StageName } from '../report.js'
import { SIGNALLING_PORTS, dhcpOf, registered, usedAnAddress } from '../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../sessions/boot-session.js'
import type { LinkedVerdict } from './run-rules.js'

export function stagesOf(session: BootSession, verdicts: readonly LinkedVerdict[]): Stage[] {
  const stages: Stage[] = []
  const add = (stage: StageName, status: Stage['status'], start: Nanos, end: Nanos, attempts: number): void => {
    stages.push({
      stage,
      status,
      startMs: toMilliseconds(start - session.start),
      endMs: toMilliseconds(Math.max(start, end) - session.start),
      attempts,
    })
  }
  const worst = (stage: StageName): 'ok' | 'degraded' | 'failed' => {
    const changing = verdicts.filter(({ rule, changesOutcome }) => rule.stage === stage && changesOutcome)
    if (changing.length === 0) return 'ok'
    return changing.some(({ severity }) => severity === 'error') ? 'failed' : 'degraded'
  }

  const firstDhcp = session.dhcp[0]
  if (firstDhcp !== undefined) {
    const { lease } = session
    const attempts = dhcpOf(session, 'discover', 'init-reboot').length
    const end = lease?.frame.time ?? session.dhcp.at(-1)?.frame.time ?? firstDhcp.frame.time
    const troubled = verdicts.some(({ rule }) => rule.stage === 'dhcp')
    const status =
      lease !== undefined ? (troubled ? 'degraded' : 'ok') : troubled && !usedAnAddress(session) ? 'failed' : 'unknown'
    add('dhcp', status, firstDhcp.frame.time, end, attempts)
    const judged = worst('site-option')
    if (lease !== undefined && session.isAvaya && (session.siteOption !== undefined || judged !== 'ok')) {
      add('site-option', judged, lease.frame.time, lease.frame.time, 1)
    }
  }

  const { transfers } = session
  const first = transfers[0]
  if (first !== undefined) {
    const answered = transfers.find(({ result }) => result === 'ok')
    const tries = answered === undefined ? transfers : transfers.slice(0, transfers.indexOf(answered) + 1)
    const judged = worst('file-server')
    const status =
      answered === undefined
        ? judged === 'ok'
          ? 'unknown'
          : 'failed'
        : tries.some(isFailure) && judged !== 'ok'
          ? 'degraded'
          : 'ok'
    add('file-server', status, first.start, answered?.end ?? tries.at(-1)?.end ?? first.end, tries.length)
  }
  const isUserData = ({ role }: SessionTransfer): boolean => role === 'backup' || role === 'restore'
  addTransfers(
    'files',
    transfers.filter((transfer) => transfer.path !== '' && !isUserData(transfer)),
  )
  addTransfers('backup', transfers.filter(isUserData))

  if (registered(session)) {
    const signalling = session.tcp.filter(({ server }) => SIGNALLING_PORTS.has(server.port))
    const connection = signalling[0]
    if (connection !== undefined)
      add('registration', 'ok', connection.first.time, connection.last.time, signalling.length)
  }
  return stages

  function addTransfers(stage: StageName, list: readonly SessionTransfer[]): void {
    const start = list[0]
    if (start === undefined) return
    const reported = new Set(verdicts.filter(({ changesOutcome }) => changesOutcome).flatMap(({ frames }) => frames))
    const bad = list.filter((transfer) => isFailure(transfer) && reported.has(transfer.first.number))
    const good = list.filter(({ result }) => result === 'ok')
    // A backup that is not there yet is how a new phone finds things.
    const nothingYet = list.every(({ role, result }) => role === 'restore' && result === 'not-found')
    const status =
      bad.length > 0 ? (good.length > 0 ? 'degraded' : 'failed') : good.length > 0 || nothingYet ? 'ok' : 'unknown'
    add(stage, status, start.start, Math.max(...list.map(({ end }) => end)), list.length)
  }
}

function isFailure({ result }: SessionTransfer): boolean {
  return result !== 'ok' && result !== 'incomplete'
}
