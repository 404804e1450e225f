/**
 * What every drawing of a ladder starts from: the hosts as columns, the phone at the left, the others in the order in
 * which they are first met; each rung with the columns it joins.
 */
import type { LadderStep, Session } from '../../analyzer/report.js'
import { phoneName } from '../session-names.js'

export interface LadderHost {
  /** `phone`, an address, or `broadcast`. */
  readonly id: string
  /** What it is called over its column. */
  readonly name: string
  /** What it was asked for: `DHCP`, `HTTP`, `TFTP`; empty for the phone. */
  readonly roles: readonly string[]
}

export interface LadderRung {
  readonly step: LadderStep
  /** Columns. A broadcast goes to the column where the first answer came from, or to a column of its own. */
  readonly from: number
  readonly to: number
  readonly isBroadcast: boolean
  /** Milliseconds since the rung before. */
  readonly deltaMs: number
}

export interface Ladder {
  readonly hosts: readonly LadderHost[]
  readonly rungs: readonly LadderRung[]
}

/** Columns besides the phone's; whoever comes later shares the last one. */
const MOST_HOSTS = 7

const ROLES: Readonly<Partial<Record<LadderStep['protocol'], string>>> = {
  dhcp: 'DHCP',
  http: 'HTTP',
  tftp: 'TFTP',
  tls: 'TLS',
  dns: 'DNS',
  ras: 'call server',
}

/** Undefined for reports without ladders, which those of other programs may be. */
export function layoutLadder(session: Session): Ladder | undefined {
  const { ladder } = session
  if (ladder === undefined) return undefined
  const columns = new Map<string, number>([['phone', 0]])
  const roles = new Map<string, Set<string>>()
  const columnOf = (id: string): number => {
    const known = columns.get(id)
    if (known !== undefined) return known
    const column = Math.min(columns.size, MOST_HOSTS)
    columns.set(id, column)
    return column
  }
  const targets = broadcastTargets(ladder)
  let before = ladder[0]?.atMs ?? 0
  const rungs = ladder.map((step, index): LadderRung => {
    const { protocol, atMs } = step
    const isBroadcast = step.to === 'broadcast'
    const to = isBroadcast ? (targets[index] ?? 'broadcast') : step.to
    const peer = step.from === 'phone' ? to : step.from
    const role = ROLES[protocol]
    if (role !== undefined && peer !== 'broadcast') roles.set(peer, (roles.get(peer) ?? new Set()).add(role))
    const deltaMs = atMs - before
    before = atMs
    return { step, from: columnOf(step.from), to: columnOf(to), isBroadcast, deltaMs }
  })
  const hosts: LadderHost[] = []
  for (const [id, column] of columns) {
    if (column < hosts.length) {
      hosts[column] = { id: 'others', name: 'others', roles: [] }
    } else {
      hosts.push({ id, name: id === 'phone' ? phoneName(session) : id, roles: [...(roles.get(id) ?? [])] })
    }
  }
  return { hosts, rungs }
}

/** For each broadcast, who answers first of those that speak its protocol to the phone. */
function broadcastTargets(ladder: readonly LadderStep[]): readonly (string | undefined)[] {
  const next = new Map<string, string>()
  const targets: (string | undefined)[] = Array.from({ length: ladder.length })
  for (let index = ladder.length - 1; index >= 0; index--) {
    const { from, to, protocol } = ladder[index]!
    if (to === 'phone') next.set(protocol, from)
    else if (to === 'broadcast') targets[index] = next.get(protocol)
  }
  return targets
}
