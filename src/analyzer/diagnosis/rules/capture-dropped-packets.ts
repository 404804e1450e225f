import type { Rule } from '../rule.js'
import { count } from '../wording.js'

/** What was lost on the network is sent again; what was acknowledged arrived, and only the capture lacks it. */
export const captureDroppedPackets: Rule = {
  code: 'capture-dropped-packets',
  stage: 'capture',
  severity: 'warning',
  states: 'the capturing host missed frames',
  evidence: 'bytes acknowledged that were never captured; pcapng drop counters',
  notConfusedWith: 'network loss',
  remedy:
    'Capture to a fast disk with a larger buffer (tcpdump -B), filter out what is not needed, and mirror no more than the port can carry.',
  references: ['RFC 9293 §3.8'],
  restsOnAbsence: false,

  *check(session) {
    if (session.quality.oneSided) return
    const gaps = session.tcp
      .filter(({ firstFromClient, firstFromServer }) => firstFromClient !== undefined && firstFromServer !== undefined)
      .flatMap((connection) => connection.gaps)
    const first = gaps[0]
    if (first === undefined) return
    const octets = gaps.reduce((sum, { bytes }) => sum + bytes, 0)
    yield {
      message: `${count(octets, 'octet')} were acknowledged and never captured, in ${count(gaps.length, 'place')}`,
      frames: gaps.map(({ frame }) => frame.number),
      at: first.frame.time,
    }
  },
}
