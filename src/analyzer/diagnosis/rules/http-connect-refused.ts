import type { Rule } from '../rule.js'
import { byServer, causesOfChoice, laterServed } from '../file-transfers.js'
import { count, serverOf } from '../wording.js'

export const httpConnectRefused: Rule = {
  code: 'http-connect-refused',
  stage: 'file-server',
  severity: 'error',
  states: 'the HTTP server refused the connection',
  evidence: 'RST to SYN',
  notConfusedWith: '',
  remedy:
    'The host is up and nothing listens on this port: start the HTTP service, or correct HTTPSRVR and HTTPPORT (Communication Manager serves files on port 81).',
  references: ['RFC 9293 §3.5.2', 'Avaya 4600 LAN Administrator Guide 555-233-507, Issue 6, p. 40'],
  restsOnAbsence: false,

  *check(session) {
    const refused = session.transfers.filter(({ protocol, result }) => protocol === 'http' && result === 'refused')
    for (const attempts of byServer(refused).values()) {
      const attempt = attempts[0]
      if (attempt === undefined) continue
      const recovered = laterServed(session, attempt)
      const resets = attempts
        .flatMap(({ connection }) => connection?.resets ?? [])
        .filter(({ from }) => from === 'server')
      yield {
        message:
          `${serverOf(attempt)} refused the connection: ${count(resets.length, 'RST')} to ` +
          `${count(attempts.length, 'attempt')}` +
          (recovered ? ', and later accepted one' : ''),
        frames: attempts.flatMap(({ connection }) => [
          ...(connection?.syns ?? []).map(({ number }) => number),
          ...(connection?.resets ?? []).map(({ frame }) => frame.number),
        ]),
        at: attempt.start,
        causes: causesOfChoice(session, attempt.server.address),
        ...(recovered ? { severity: 'warning', changesOutcome: false } : {}),
      }
    }
  },
}
