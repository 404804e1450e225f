import { byServer } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { isFirstTry, missingFiles } from './http-not-found.js'

export const tftpFileNotFound: Rule = {
  code: 'tftp-file-not-found',
  stage: 'file-server',
  severity: 'error',
  states: 'the file is not on the TFTP server',
  evidence: 'ERROR 1',
  notConfusedWith: '46xxsettings.scr followed by .txt',
  remedy:
    'Put the file into the directory that TFTPDIR names (the root without it), in exactly this spelling; most TFTP servers tell upper from lower case.',
  references: ['RFC 1350 §5', 'Avaya 1600 Installation and Maintenance Guide 16-601438, p. 49'],
  restsOnAbsence: false,

  *check(session) {
    const missing = session.transfers.filter(
      (transfer) =>
        transfer.protocol === 'tftp' &&
        transfer.result === 'not-found' &&
        transfer.role !== 'restore' &&
        !isFirstTry(session, transfer),
    )
    for (const answers of byServer(missing).values()) yield* missingFiles(session, answers)
  },
}
