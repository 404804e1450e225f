import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'
import { count } from '../wording.js'

export const httpReset: Rule = {
  code: 'http-reset',
  stage: 'file-server',
  severity: 'error',
  states: 'the connection was reset in the middle of a transfer',
  evidence: 'RST before the message was complete',
  notConfusedWith: 'RST after a complete message (normal)',
  remedy:
    'A service that crashes or restarts resets so, and so do firewalls and load balancers with short time-outs: compare the TTL of the RST with that of the other packets of the server to tell which.',
  references: ['RFC 9293 §3.5.2', 'RFC 9112 §9.5'],
  restsOnAbsence: false,

  *check(session) {
    const reset = session.transfers.filter(
      ({ result, connection, exchange }) =>
        result === 'reset' &&
        connection?.resets.some(({ from }) => from === 'server') === true &&
        // What was answered whole was not cut off.
        exchange?.response?.complete === undefined,
    )
    yield* failuresByServer(session, reset, (server, transfers) => {
      const octets = transfers.reduce((sum, { exchange }) => sum + (exchange?.response?.bodyBytes ?? 0), 0)
      const began = octets > 0 ? `after ${count(octets, 'octet')} of the body` : 'before any octet of the body'
      return `${server} reset the connection in the middle of ${requestsOf(transfers)}, ${began}`
    })
  },
}
