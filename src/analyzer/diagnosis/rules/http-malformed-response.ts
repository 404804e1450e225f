import { isNotHttp } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'
import { count } from '../wording.js'

export const httpMalformedResponse: Rule = {
  code: 'http-malformed-response',
  stage: 'file-server',
  severity: 'error',
  states: 'the reply is not HTTP',
  evidence: 'unparsable status line or header',
  notConfusedWith: 'capture that starts in the middle',
  remedy:
    'Another service listens on this port: correct HTTPSRVR and HTTPPORT, or the port of the server. A TLS server answers plain HTTP so, too.',
  references: ['RFC 9112 §4'],
  restsOnAbsence: false,

  *check(session) {
    const odd = session.transfers.filter(
      ({ connection, exchange, result }) =>
        result === 'error' && connection !== undefined && exchange !== undefined && isNotHttp(connection, exchange),
    )
    yield* failuresByServer(session, odd, (server, transfers) => {
      const octets = transfers.reduce((sum, { connection }) => sum + (connection?.serverBytes ?? 0), 0)
      return `${server} answered ${requestsOf(transfers)} with ${count(octets, 'octet')} that are not HTTP`
    })
  },
}
