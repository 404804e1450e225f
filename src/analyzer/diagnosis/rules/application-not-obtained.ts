import { arrived } from '../../sessions/boot-session.js'
import { failureCode, isUnclear, laterSuccess } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { count, distinct, list, serverOf } from '../wording.js'

export const applicationNotObtained: Rule = {
  code: 'application-not-obtained',
  stage: 'files',
  severity: 'error',
  states: 'the application image was not transferred whole',
  evidence: 'transfer failed or short',
  notConfusedWith: '',
  remedy:
    'Mend what caused it, then restart the phone. Until then it runs the image it has, and tries again at every restart.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 37'],
  restsOnAbsence: false,

  *check(session) {
    if (session.quality.oneSided) return
    const failed = session.transfers.filter(
      (transfer) =>
        (transfer.role === 'application' || transfer.role === 'boot-image') &&
        transfer.method !== 'HEAD' &&
        !isUnclear(transfer) &&
        !(arrived(transfer) && transfer.bytes > 0) &&
        laterSuccess(session, transfer) === undefined,
    )
    const last = failed.at(-1)
    if (last === undefined) return
    const got = failed.reduce((most, { bytes }) => Math.max(most, bytes), 0)
    yield {
      message: `the image ${list(distinct(failed.map(({ path }) => path)))} was not had from ${list(distinct(failed.map(serverOf)))}: ${got === 0 ? 'nothing came' : `${count(got, 'octet')} came`}`,
      frames: failed.flatMap((transfer) => [transfer.first.number, transfer.last.number]),
      at: last.end,
      causes: [...failed].reverse().flatMap((transfer) => failureCode(transfer) ?? []),
    }
  },
}
