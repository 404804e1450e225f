import { SECOND, formatDuration } from '../../../base/time.js'
import { cameTooLate } from '../../sessions/transfers.js'
import type { SessionTransfer } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { byServer } from '../file-transfers.js'
import { asked, count, serverOf } from '../wording.js'

/** Phones wait longer than this, and users wonder. */
const SLOW = 3 * SECOND

export const httpSlowResponse: Rule = {
  code: 'http-slow-response',
  stage: 'file-server',
  severity: 'warning',
  states: 'the answer began more than 3 s after the request',
  evidence: 'time to first byte',
  notConfusedWith: '',
  remedy:
    'Look at the load of the HTTP server and at what its document root hangs on. Many phones that restart together need more workers, or to restart apart.',
  references: ['RFC 9110 §15'],
  restsOnAbsence: false,

  *check(session) {
    const slow = session.transfers.filter(
      (transfer) =>
        timeToFirstOctet(transfer) > SLOW &&
        transfer.result !== 'timeout' &&
        // Segments that had to be sent again are the network's doing.
        !isResentWhileWaiting(transfer),
    )
    for (const transfers of byServer(slow).values()) {
      const worst = transfers.reduce((a, b) => (timeToFirstOctet(b) > timeToFirstOctet(a) ? b : a))
      yield {
        message:
          `${serverOf(worst)} took ${formatDuration(timeToFirstOctet(worst))} to begin its answer to ${asked(worst)}` +
          (transfers.length > 1 ? `, the slowest of ${count(transfers.length, 'such answer')}` : ''),
        frames: transfers.flatMap(({ exchange, first }) => [
          exchange?.request?.last.number ?? first.number,
          exchange?.response?.first.number ?? first.number,
        ]),
        at: transfers[0]!.start,
      }
    }
  },
}

function timeToFirstOctet({ connection, exchange }: SessionTransfer): number {
  if (connection === undefined || exchange?.request === undefined || exchange.response === undefined) return 0
  if (cameTooLate(connection, exchange)) return 0
  return exchange.response.first.time - exchange.request.last.time
}

function isResentWhileWaiting({ connection, exchange }: SessionTransfer): boolean {
  const from = exchange?.request?.first.time ?? 0
  const until = exchange?.response?.first.time ?? 0
  return connection?.retransmissions.some(({ frame }) => frame.time >= from && frame.time <= until) === true
}
