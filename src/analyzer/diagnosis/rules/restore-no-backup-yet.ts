import type { Rule } from '../rule.js'
import { laterSuccess } from '../file-transfers.js'
import { distinct, list, serverOf } from '../wording.js'

export const restoreNoBackupYet: Rule = {
  code: 'restore-no-backup-yet',
  stage: 'backup',
  severity: 'info',
  states: 'no backup exists yet',
  evidence: '404 for the backup file',
  notConfusedWith: '',
  remedy: 'Nothing to mend: the first backup of an extension makes the file.',
  references: ['Avaya 1600 Administrator Guide 16-601443, Backup/Restore'],
  restsOnAbsence: false,

  *check(session) {
    const missing = session.transfers.filter(
      (transfer) =>
        transfer.protocol === 'http' &&
        transfer.role === 'restore' &&
        transfer.result === 'not-found' &&
        laterSuccess(session, transfer) === undefined &&
        // After a backup that was taken the file has gone lost.
        !session.transfers.some(
          (put) =>
            put.role === 'backup' &&
            put.result === 'ok' &&
            put.file === transfer.file &&
            put.first.number < transfer.first.number,
        ),
    )
    const first = missing[0]
    if (first === undefined) return
    yield {
      message: `${serverOf(first)} has no backup ${list(distinct(missing.map(({ path }) => path)))} yet`,
      frames: missing.flatMap(({ first: request, last }) => [request.number, last.number]),
      at: first.start,
      changesOutcome: false,
    }
  },
}
