import { formatDuration } from '../../../base/time.js'
import { answeredTooLate } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, laterSuccess } from '../file-transfers.js'
import { count, distinct, list, serverOf } from '../wording.js'

export const tftpTimeout: Rule = {
  code: 'tftp-timeout',
  stage: 'file-server',
  severity: 'error',
  states: 'the TFTP server never answered',
  evidence: 'RRQ or WRQ repeated, no DATA, OACK or ERROR seen from it',
  notConfusedWith: 'reply seen at one capture point only',
  remedy:
    'Check that the TFTP service runs at this address and that firewalls let its answer through: it comes from a new port, not from 69.',
  references: ['RFC 1350 §4', 'Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 40'],
  restsOnAbsence: true,

  *check(session) {
    if (session.quality.oneSided) return
    const unanswered = session.transfers.filter(
      (transfer) =>
        transfer.tftp !== undefined &&
        transfer.result === 'timeout' &&
        // The client answers a port of the server that the capture does not show.
        (transfer.tftp.serverPort === undefined || answeredTooLate(transfer.tftp)) &&
        !session.transfers.some(
          (other) =>
            other.result === 'ok' &&
            other.first.number > transfer.first.number &&
            other.path === transfer.path &&
            serverOf(other) === serverOf(transfer),
        ),
    )
    for (const attempts of byServer(unanswered).values()) {
      const requests = attempts.flatMap(({ tftp }) => tftp?.requests ?? [])
      const first = attempts[0]
      const last = requests.at(-1)
      if (first === undefined || last === undefined || requests.length < 2) continue
      const elsewhere = attempts.every((transfer) => laterSuccess(session, transfer) !== undefined)
      yield {
        message:
          `${serverOf(first)} never answered: ${count(requests.length, `${first.method} request`)} for ` +
          `${list(distinct(attempts.map(({ path }) => path)))} in ${formatDuration(last.time - first.start)}, ` +
          (attempts.some(({ tftp }) => tftp?.firstReply !== undefined)
            ? 'the answer came when the phone had given up'
            : 'no DATA, OACK or ERROR'),
        frames: requests.map(({ number }) => number),
        at: first.start,
        causes: ['fallback-to-tftp', ...causesOfChoice(session, first.server.address)],
        ...(elsewhere ? { severity: 'warning', changesOutcome: true } : {}),
      }
    }
  },
}
