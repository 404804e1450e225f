import { fileName } from '../../../deskphone/roles.js'
import { laterSuccess } from '../file-transfers.js'
import { readScriptsOf } from '../script-reading.js'
import type { Rule } from '../rule.js'
import { serverOf } from '../wording.js'

export const scriptApplicationMissing: Rule = {
  code: 'script-application-missing',
  stage: 'files',
  severity: 'error',
  states: 'the script names an image that the server does not have',
  evidence: 'script text, then 404 or ERROR 1 for that name',
  notConfusedWith: '',
  remedy:
    'Put the image that the script names beside the script, in the same spelling, or correct APPNAME (BOOTNAME) in the script to an image that is there.',
  references: ['Avaya 1600 Administrator Guide 16-601443', 'Avaya 4600 LAN Administrator Guide 555-233-507'],
  restsOnAbsence: false,

  *check(session) {
    const missing = session.transfers.filter(
      (transfer) =>
        (transfer.role === 'application' || transfer.role === 'boot-image') &&
        transfer.result === 'not-found' &&
        laterSuccess(session, transfer) === undefined,
    )
    const told = new Set<string>()
    for (const transfer of missing) {
      if (told.has(transfer.file)) continue
      for (const { script, lines } of readScriptsOf(session)) {
        const naming = lines.find(
          ({ line }) =>
            line.kind === 'set' &&
            (line.name === 'APPNAME' || line.name === 'BOOTNAME') &&
            fileName(line.value).toLowerCase() === transfer.file,
        )
        if (naming === undefined || script.transfer.first.number > transfer.first.number) continue
        told.add(transfer.file)
        yield {
          message: `${script.path} names the image ${transfer.path} in line ${naming.line.line}, and ${serverOf(transfer)} does not have it`,
          frames: [script.transfer.last.number, transfer.first.number, transfer.last.number],
          at: transfer.end,
          causes: [transfer.protocol === 'tftp' ? 'tftp-file-not-found' : 'http-not-found'],
        }
        break
      }
    }
  },
}
