import { watchedAfter } from '../../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import { arrived, obtained } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import { failureCode, isUnclear } from '../file-transfers.js'
import { routersOf, seesUnicast, silentNeighbours } from '../neighbours.js'
import type { Rule } from '../rule.js'
import { distinct, list, serverOf } from '../wording.js'

/** What came of every server that the phone tried; why is the business of the findings that caused this one. */
export const scriptNotObtained: Rule = {
  code: 'script-not-obtained',
  stage: 'files',
  severity: 'error',
  states: 'no upgrade script was obtained from any server',
  evidence: 'all servers tried',
  notConfusedWith: '',
  remedy:
    'Mend what caused it. The phone keeps the software and settings that it has, and asks again at its next restart.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 37'],
  restsOnAbsence: false,

  *check(session) {
    if (session.quality.oneSided || !session.isAvaya || obtained(session, 'script', 'settings')) return
    const tries = session.transfers.filter(isTry)
    const silent = seesUnicast(session) ? silentFileServers(session) : []
    const asks = tries.some(({ role }) => role === 'script')
    // Without a script's name on the wire it must be the first thing after a lease.
    if (!asks && (!session.sawStart || session.lease === undefined)) return
    if (tries.length === 0 && silent.length === 0) return
    if (tries.some((transfer) => isUnclear(transfer) || arrived(transfer))) return
    // A boot's other files come from the server of the script, so that script was had, before this capture began.
    if (session.transfers.some((transfer) => arrived(transfer) && transfer.role !== 'other')) return
    const end = Math.max(...tries.map((transfer) => transfer.end), ...silent.map(({ last }) => last))
    if (watchedAfter(session, end) < SHORTEST_SILENCE && !session.hasNext) return
    const paths = distinct(tries.filter(({ path }) => path !== '').map(({ path }) => path))
    const servers = distinct([...tries.map(serverOf), ...silent.map(({ address }) => address)])
    yield {
      message: `no upgrade script was obtained: ${paths.length === 0 ? 'nothing could be asked of' : `${list(paths)} from`} ${list(servers)}`,
      frames: [
        ...tries.flatMap(({ first, last }) => [first.number, last.number]),
        ...silent.flatMap(({ frames }) => frames),
      ],
      at: end,
      causes: [
        ...silent.filter(({ first }) => tries.every((transfer) => first < transfer.start)).map(() => 'arp-unanswered'),
        ...tries.flatMap((transfer) => failureCode(transfer) ?? []),
        'arp-unanswered',
      ],
    }
  },
}

function isTry({ role, path, method }: SessionTransfer): boolean {
  return role === 'script' || (path === '' && method === '')
}

/** Hosts that did not answer ARP: whom else than a file server would a phone without files ask for. */
function silentFileServers(
  session: BootSession,
): { address: string; first: number; last: number; frames: readonly number[] }[] {
  const routers = routersOf(session)
  return silentNeighbours(session)
    .filter(({ address, isLate }) => !isLate && !routers.includes(address))
    .map(({ address, requests }) => ({
      address,
      first: requests[0]!.frame.time,
      last: requests.at(-1)!.frame.time,
      frames: requests.map(({ frame }) => frame.number),
    }))
}
