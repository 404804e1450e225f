import type { Rule } from '../rule.js'
import { failuresByServer, header, requestsOf } from '../file-transfers.js'
import { distinct, list } from '../wording.js'

export const httpRedirect: Rule = {
  code: 'http-redirect',
  stage: 'file-server',
  severity: 'error',
  states: 'the server redirects, which these phones do not follow',
  evidence: '3xx with Location, no following request',
  notConfusedWith: '',
  remedy:
    'Let the server give the files under the very path that phones ask for, over plain HTTP: a rule that sends everything to HTTPS has to except them.',
  references: ['RFC 9110 §15.4', 'Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 37'],
  restsOnAbsence: false,

  *check(session) {
    const redirected = session.transfers.filter(({ protocol, result }) => protocol === 'http' && result === 'redirect')
    yield* failuresByServer(session, redirected, (server, transfers) => {
      const targets = distinct(
        transfers.flatMap(({ exchange }) => header(exchange?.response?.headers ?? [], 'location') ?? []),
      )
      const statuses = list(distinct(transfers.map(({ status }) => String(status))))
      const to = targets.length === 0 ? '' : ` to ${list(targets.map((target) => target.slice(0, 200)))}`
      return `${server} redirects ${requestsOf(transfers)}${to} (status ${statuses}), and the phone did not follow`
    })
  },
}
