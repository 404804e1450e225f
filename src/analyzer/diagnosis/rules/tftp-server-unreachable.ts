import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, laterSuccess, saysNoService } from '../file-transfers.js'
import { count, distinct, list, serverOf } from '../wording.js'

export const tftpServerUnreachable: Rule = {
  code: 'tftp-server-unreachable',
  stage: 'file-server',
  severity: 'error',
  states: 'no TFTP service runs there',
  evidence: 'ICMP port unreachable quoting the RRQ',
  notConfusedWith: '',
  remedy: 'Start the TFTP service on this host, or correct TFTPSRVR (or siaddr, option 66) to the host that has it.',
  references: ['RFC 792', 'RFC 1350 §4'],
  restsOnAbsence: false,

  *check(session) {
    const closed = session.transfers.filter(
      (transfer) => transfer.protocol === 'tftp' && transfer.tftp?.firstReply === undefined && saysNoService(transfer),
    )
    for (const attempts of byServer(closed).values()) {
      const first = attempts[0]
      if (first === undefined) continue
      const errors = attempts.flatMap(({ tftp }) => tftp?.icmpErrors ?? [])
      const recovered = attempts.every((transfer) => laterSuccess(session, transfer) !== undefined)
      yield {
        message:
          `no TFTP service runs at ${serverOf(first)}: ${count(errors.length, 'ICMP port unreachable', 'ICMP port unreachable messages')} ` +
          `to requests for ${list(distinct(attempts.map(({ path }) => path)))}${recovered ? '; later there was one' : ''}`,
        frames: attempts.flatMap(({ tftp }) => [
          ...(tftp?.requests ?? []).map(({ number }) => number),
          ...(tftp?.icmpErrors ?? []).map(({ frame }) => frame.number),
        ]),
        at: first.start,
        causes: ['fallback-to-tftp', ...causesOfChoice(session, first.server.address)],
        ...(recovered ? { severity: 'warning', changesOutcome: false } : {}),
      }
    }
  },
}
