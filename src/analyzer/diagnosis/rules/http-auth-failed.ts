import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { byServer, header, isAuthorized, laterSuccess } from '../file-transfers.js'
import { asked, count, distinct, list, serverOf } from '../wording.js'

export const httpAuthFailed: Rule = {
  code: 'http-auth-failed',
  stage: 'file-server',
  severity: 'error',
  states: "the server rejected the phone's credentials",
  evidence: '401 in answer to a request with Authorization',
  notConfusedWith: 'stale=true nonce renewal',
  remedy:
    'Compare the credentials stored in the phone with those of the server, realm included. Offer Basic beside Digest: not every release knows Digest.',
  references: ['RFC 9110 §15.5.2', 'RFC 7616 §3.3', 'Avaya 1600 Administrator Guide 16-601443, Backup/Restore'],
  restsOnAbsence: false,

  *check(session) {
    const rejected = session.transfers.filter(
      (transfer) =>
        transfer.status === 401 &&
        isAuthorized(transfer) &&
        !/\bstale\s*=\s*"?true/i.test(header(transfer.exchange?.response?.headers ?? [], 'www-authenticate') ?? '') &&
        // Schemes of several steps, and users who try again, end well.
        laterSuccess(session, transfer) === undefined &&
        !laterTaken(session, transfer),
    )
    for (const answers of byServer(rejected).values()) {
      const first = answers[0]
      if (first === undefined) continue
      const scheme = header(first.exchange?.request?.headers ?? [], 'authorization')?.split(/\s/, 1)[0]
      yield {
        message:
          `${serverOf(first)} rejected the phone's ${scheme === undefined ? '' : `${scheme} `}credentials for ` +
          `${list(distinct(answers.map(asked)))} (401${answers.length > 1 ? `, ${count(answers.length, 'time')}` : ''})`,
        frames: answers.flatMap(({ first: request, last }) => [request.number, last.number]),
        at: first.start,
      }
    }
  },
}

/** A user who tried again got in, although there was no such file yet: a 404 is no verdict on credentials. */
function laterTaken(session: BootSession, transfer: SessionTransfer): boolean {
  return session.transfers.some(
    (other) =>
      other.first.number > transfer.first.number &&
      other.server.address === transfer.server.address &&
      other.path === transfer.path &&
      other.result === 'not-found' &&
      isAuthorized(other),
  )
}
