import type { Rule } from '../rule.js'
import type { SessionTransfer } from '../../sessions/boot-session.js'
import { arrived } from '../../sessions/boot-session.js'
import { byServer, failureCode, isUnclear, laterSuccess } from '../file-transfers.js'
import { distinct, list, serverOf } from '../wording.js'

export const restoreGetFailed: Rule = {
  code: 'restore-get-failed',
  stage: 'backup',
  severity: 'error',
  states: 'the restore failed',
  evidence: 'GET of the backup file failed other than 404',
  notConfusedWith: '',
  remedy:
    'Open the URI that BRURI and the file name make in a browser on the voice VLAN: it must give the file, after the same credentials that the phone has.',
  references: ['Avaya 1600 Administrator Guide 16-601443, Backup/Restore'],
  restsOnAbsence: false,

  *check(session) {
    const failed = session.transfers.filter(
      (transfer) =>
        transfer.role === 'restore' &&
        !isUnclear(transfer) &&
        transfer.result !== 'not-found' &&
        !arrived(transfer) &&
        laterSuccess(session, transfer) === undefined &&
        !foundMissingLater(session.transfers, transfer),
    )
    for (const gets of byServer(failed).values()) {
      const first = gets[0]
      if (first === undefined) continue
      yield {
        message: `the user's data ${list(distinct(gets.map(({ path }) => path)))} did not come from ${serverOf(first)}: ${list(distinct(gets.map(reason)))}`,
        frames: gets.flatMap(({ first: request, last }) => [request.number, last.number]),
        at: (gets.at(-1) ?? first).end,
        causes: [...gets].reverse().flatMap((get) => failureCode(get) ?? []),
      }
    }
  },
}

/** The challenge was answered, and then there was no file: no backup yet. */
function foundMissingLater(transfers: readonly SessionTransfer[], get: SessionTransfer): boolean {
  return transfers.some(
    (later) => later.result === 'not-found' && later.file === get.file && later.first.number > get.first.number,
  )
}

function reason({ result, status, exchange, isPage }: SessionTransfer): string {
  if (isPage) return 'a web page in its place'
  if (status !== null) return `status ${status} ${exchange?.response?.reason ?? ''}`.trim()
  return result === 'timeout' ? 'no answer' : result
}
