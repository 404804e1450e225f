import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, laterServed } from '../file-transfers.js'
import { count, serverOf, span } from '../wording.js'

export const httpConnectTimeout: Rule = {
  code: 'http-connect-timeout',
  stage: 'file-server',
  severity: 'error',
  states: 'the HTTP server does not accept connections',
  evidence: 'SYN retransmitted, no SYN-ACK and no RST',
  notConfusedWith: 'one lost SYN that then succeeds (tcp-retransmissions)',
  remedy:
    'Check that the server is up and its address right, that routing leads there and back, and that no firewall drops TCP from the voice VLAN to this port.',
  references: ['RFC 9293 §3.8.1'],
  restsOnAbsence: true,

  *check(session) {
    // A capture without the server's side shows exactly this.
    if (session.quality.oneSided) return
    const failed = session.transfers.filter(
      ({ protocol, result, connection, exchange }) =>
        protocol === 'http' && exchange === undefined && connection?.synAcks.length === 0 && result === 'timeout',
    )
    for (const attempts of byServer(failed).values()) {
      const syns = attempts.flatMap(({ connection }) => connection?.syns ?? [])
      const first = syns[0]
      const last = syns.at(-1)
      const attempt = attempts[0]
      if (first === undefined || last === undefined || attempt === undefined || syns.length < 2) continue
      const recovered = laterServed(session, attempt)
      const blind = session.quality.repliesSeen === 'none'
      yield {
        message:
          `${serverOf(attempt)} ${recovered ? 'did not accept' : 'never accepted'} a connection: ${count(syns.length, 'SYN')}` +
          (attempts.length > 1 ? ` in ${attempts.length} attempts` : '') +
          `${attempts.length > 1 ? span(first.time, last.time).replace(' in ', ' over ') : span(first.time, last.time)}, no answer` +
          (recovered ? ', and later it did' : '') +
          (blind ? '; the capture shows no answer of any host, so it may see one direction only' : ''),
        frames: syns.map(({ number }) => number),
        at: first.time,
        confidence: blind ? 'likely' : 'certain',
        causes: causesOfChoice(session, attempt.server.address),
        ...(recovered ? { severity: 'warning', changesOutcome: false } : {}),
      }
    }
  },
}
