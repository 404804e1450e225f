import { formatEndpoint } from '../../sessions/boot-session.js'
import { failureCode, laterServed, laterSuccess } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { count, distinct, list } from '../wording.js'

/**
 * Segments that were sent again after the capture had shown them once: lost beyond the point of capture. Connections that
 * never came about are told by http-connect-timeout.
 */
export const tcpRetransmissions: Rule = {
  code: 'tcp-retransmissions',
  stage: 'network',
  severity: 'warning',
  states: 'segments were lost on the way',
  evidence:
    'retransmissions (not keep-alives, not out of order), with count, rate, direction and where relative to the capture point',
  notConfusedWith: 'doubled frames, keep-alives',
  remedy:
    'Look for errors, duplex mismatch and drops on the ports and links between the capture point and the side that did not receive the segments.',
  references: ['RFC 6298', 'RFC 9293 §3.8.1'],
  restsOnAbsence: false,

  *check(session) {
    const touched = session.tcp.filter(
      ({ established, synAcks, retransmissions }) => (established || synAcks.length > 0) && retransmissions.length > 0,
    )
    const resent = touched.flatMap(({ retransmissions }) => retransmissions)
    const first = resent[0]
    if (first === undefined) return
    const fromClient = resent.filter(({ from }) => from === 'client').length
    const fromServer = resent.length - fromClient
    const segments = session.tcp.reduce((sum, connection) => sum + connection.segments, 0)
    const sides = [
      ...(fromClient > 0 ? [`${fromClient} by the phone`] : []),
      ...(fromServer > 0 ? [`${fromServer} by the server`] : []),
    ]
    const beyond =
      fromClient === 0
        ? 'lost between the capture point and the phone'
        : fromServer === 0
          ? 'lost between the capture point and the server'
          : 'lost beyond the capture point on both sides'
    const servers = distinct(touched.map(({ server }) => formatEndpoint(server)))
    yield {
      message:
        `${count(resent.length, 'segment')} of ${segments} had to be sent again ` +
        `(${((100 * resent.length) / Math.max(1, segments)).toFixed(1)} %), ${list(sides)}, ${beyond} (or their acknowledgements were); ` +
        `server ${list(servers)}`,
      frames: resent.map(({ frame }) => frame.number),
      // Loss so heavy that a request never arrived, or its answer came too late.
      changesOutcome:
        !session.quality.oneSided &&
        session.transfers.some(
          (transfer) =>
            failureCode(transfer) === 'tcp-retransmissions' &&
            (transfer.file === '' ? !laterServed(session, transfer) : laterSuccess(session, transfer) === undefined) &&
            (transfer.connection?.retransmissions.length ?? 0) > 0,
        ),
      at: resent.reduce((earliest, { frame }) => Math.min(earliest, frame.time), first.frame.time),
    }
  },
}
