import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'

export const httpForbidden: Rule = {
  code: 'http-forbidden',
  stage: 'file-server',
  severity: 'error',
  states: 'the server denies access',
  evidence: '403',
  notConfusedWith: '',
  remedy:
    'Give the web user read permission on the file and its directories, and look for access lists by address: phones send no credentials while they boot.',
  references: ['RFC 9110 §15.5.4'],
  restsOnAbsence: false,

  *check(session) {
    const denied = session.transfers.filter(({ protocol, result }) => protocol === 'http' && result === 'denied')
    yield* failuresByServer(
      session,
      denied,
      (server, transfers) => `${server} denies access to ${requestsOf(transfers)} (status 403)`,
    )
  },
}
