import { arrived, obtained, watchedAfter } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import { failureCode, isUnclear } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { distinct, list, serverOf } from '../wording.js'

export const settingsNotObtained: Rule = {
  code: 'settings-not-obtained',
  stage: 'files',
  severity: 'warning',
  states: 'no settings file was obtained',
  evidence: 'all names tried',
  notConfusedWith: 'script that does not GET one',
  remedy:
    'Put 46xxsettings.txt beside the upgrade script on every server that gives the script. Without it the phone runs on the settings it has.',
  references: ['Avaya 1600 Installation and Maintenance Guide 16-601438, p. 49'],
  restsOnAbsence: false,

  *check(session) {
    if (session.quality.oneSided || obtained(session, 'settings')) return
    const tries = session.transfers.filter(({ role }) => role === 'settings')
    const last = tries.at(-1)
    if (last === undefined) return
    if (tries.some((transfer) => isUnclear(transfer) || arrived(transfer))) return
    if (watchedAfter(session, last.end) < SHORTEST_SILENCE && !session.hasNext) return
    yield {
      message: `no settings file was obtained: ${list(distinct(tries.map(({ path }) => path)))} from ${list(distinct(tries.map(serverOf)))}`,
      frames: tries.flatMap((transfer) => [transfer.first.number, transfer.last.number]),
      at: last.end,
      causes: [...tries].reverse().flatMap((transfer) => failureCode(transfer) ?? []),
      changesOutcome: true,
    }
  },
}
