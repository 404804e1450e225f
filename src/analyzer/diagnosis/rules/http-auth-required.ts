import { SECOND } from '../../../base/time.js'
import { watchedAfter } from '../../sessions/boot-session.js'
import { sameFile } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { byServer, header, isAuthorized } from '../file-transfers.js'
import { asked, distinct, list, serverOf } from '../wording.js'

/** The user may still be typing. */
const TYPING = 30 * SECOND

export const httpAuthRequired: Rule = {
  code: 'http-auth-required',
  stage: 'file-server',
  severity: 'error',
  states: 'the server wants credentials and the phone sent none',
  evidence: '401 and no later request with Authorization',
  notConfusedWith: 'the challenge of an exchange that then succeeds',
  remedy:
    'Phones send no credentials while they boot: give the boot files anonymous read access. For backup and restore, enter the credentials at the phone, or store them with an earlier successful backup.',
  references: [
    'RFC 9110 §15.5.2',
    'Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 37',
    'Avaya 1600 Administrator Guide 16-601443, Backup/Restore',
  ],
  restsOnAbsence: true,

  *check(session) {
    const challenged = session.transfers.filter(
      (transfer) =>
        transfer.status === 401 &&
        transfer.result === 'auth' &&
        !isAuthorized(transfer) &&
        // The header may have been cut off.
        transfer.connection?.cutFrames === 0 &&
        !session.transfers.some(
          (later) =>
            later.first.number > transfer.first.number &&
            sameFile(later, transfer) &&
            later.protocol === 'http' &&
            (isAuthorized(later) || later.result === 'ok'),
        ),
    )
    for (const answers of byServer(challenged).values()) {
      const first = answers[0]
      if (first === undefined) continue
      const challenge = header(first.exchange?.response?.headers ?? [], 'www-authenticate')
      const last = answers.at(-1) ?? first
      yield {
        message:
          `${serverOf(first)} wants credentials for ${list(distinct(answers.map(asked)))}` +
          `${challenge === undefined ? '' : ` (${challenge.slice(0, 80)})`}, and the phone sent none`,
        frames: answers.flatMap(({ first: request, last: response }) => [request.number, response.number]),
        at: first.start,
        confidence: watchedAfter(session, last.end) < TYPING && !session.hasNext ? 'likely' : 'certain',
      }
    }
  },
}
