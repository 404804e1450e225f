import { formatDuration } from '../../../base/time.js'
import { cameTooLate, clientLeft, closedSilently } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, isOptional, laterSuccess } from '../file-transfers.js'
import { asked, distinct, list, serverOf } from '../wording.js'

/**
 * The server's TCP took the request, and its HTTP said nothing: not one octet, until the phone gave up or the server
 * closed. A request that was not even acknowledged
 * is a matter of the network, an answer that stopped halfway is http-truncated-body.
 */
export const httpResponseTimeout: Rule = {
  code: 'http-response-timeout',
  stage: 'file-server',
  severity: 'error',
  states: 'the server took the request and did not answer in time',
  evidence: 'request acknowledged, no response byte, phone closes or repeats',
  notConfusedWith: 'slow but answered (http-slow-response)',
  remedy:
    'The HTTP service accepts connections and hangs: restart it, look at its load and at what its document root hangs on (a network share, a proxy, a virus scanner).',
  references: ['RFC 9110 §15'],
  restsOnAbsence: true,

  *check(session) {
    if (session.quality.oneSided) return
    const unanswered = session.transfers.filter((transfer) => {
      const { protocol, result, exchange, connection } = transfer
      return (
        protocol === 'http' &&
        (closedSilently(transfer) ||
          (result === 'timeout' &&
            exchange?.request?.acknowledged === true &&
            // An answer that came after the phone had left is none; one that began is another rule's.
            (exchange.response === undefined || (connection !== undefined && cameTooLate(connection, exchange)))))
      )
    })
    for (const attempts of byServer(unanswered).values()) {
      const attempt = attempts[0]
      if (attempt === undefined) continue
      const recovered = attempts.every((transfer) => laterSuccess(session, transfer) !== undefined)
      const waits = attempts.map((transfer) => {
        const { connection, exchange, end } = transfer
        const left = closedSilently(transfer)
          ? connection?.fins.find(({ from }) => from === 'server')?.frame
          : undefined
        const ended = left ?? (connection === undefined ? undefined : clientLeft(connection))
        return (ended?.time ?? end) - (exchange?.request?.last.time ?? end)
      })
      const silently = attempts.every(closedSilently)
      const longest = Math.max(...waits)
      yield {
        message:
          `${serverOf(attempt)} took ${list(distinct(attempts.map(asked)))} and did not answer: no octet in ` +
          `${formatDuration(longest)}${attempts.length > 1 ? `, ${attempts.length} times` : ''}, ` +
          (recovered
            ? 'but answered when asked again'
            : silently
              ? 'then it closed the connection without an answer'
              : 'then the phone gave up'),
        frames: attempts.flatMap(({ first, last, exchange }) => [
          first.number,
          exchange?.request?.last.number ?? last.number,
          last.number,
        ]),
        at: attempt.start,
        causes: causesOfChoice(session, attempt.server.address),
        ...(recovered
          ? { severity: 'warning', changesOutcome: false }
          : attempts.every(({ role }) => isOptional(role))
            ? { severity: 'warning', changesOutcome: attempts.some(({ role }) => role !== 'other') }
            : {}),
      }
    }
  },
}
