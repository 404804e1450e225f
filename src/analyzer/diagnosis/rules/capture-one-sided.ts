import { answeredUnseen } from '../../sessions/capture-quality.js'
import { dhcpOf } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'

export const captureOneSided: Rule = {
  code: 'capture-one-sided',
  stage: 'capture',
  severity: 'warning',
  states: 'only one direction was captured',
  evidence: 'requests and acknowledgements without the other side',
  notConfusedWith: '',
  remedy:
    'Mirror both directions of the port (rx and tx), or capture in line; on a trunk check that the mirror takes in all its VLANs. Until then what looks unanswered was answered.',
  references: ['RFC 2613'],
  restsOnAbsence: false,

  *check(session) {
    if (!session.quality.oneSided) return
    const connections = session.tcp.filter(answeredUnseen)
    const requests = dhcpOf(session, 'selecting')
    const frames = [...connections.map(({ first }) => first), ...requests.map(({ frame }) => frame)]
    const first = frames.sort((a, b) => a.number - b.number)[0]
    if (first === undefined) return
    yield {
      message:
        'the phone goes on as if it had been answered, and the capture shows no answer: it sees one direction only',
      frames: frames.map(({ number }) => number),
      at: first.time,
    }
  },
}
