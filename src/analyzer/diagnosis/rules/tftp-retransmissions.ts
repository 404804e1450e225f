import type { SessionTransfer } from '../../sessions/boot-session.js'
import { byServer, laterSuccess } from '../file-transfers.js'
import { answeredTooLate } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { count, list, serverOf } from '../wording.js'

/** Requests that nobody ever answered are tftp-timeout; those answered at a later try count here. */
export const tftpRetransmissions: Rule = {
  code: 'tftp-retransmissions',
  stage: 'file-server',
  severity: 'warning',
  states: 'blocks or requests had to be sent again',
  evidence: 'repeated DATA, ACK or RRQ, with counts and the rate',
  notConfusedWith: 'frames doubled by the mirror port',
  remedy:
    'Packets are lost between phone and server: look at errors and duplex on the ports in between, and at drops on a congested WAN link. TFTP waits seconds for each of them.',
  references: ['RFC 1350 §2', 'RFC 1123 §4.2.3'],
  restsOnAbsence: false,

  *check(session) {
    const repeated = session.transfers.filter((transfer) => {
      const { tftp } = transfer
      if (tftp === undefined || answeredTooLate(tftp)) return false
      if (tftp.firstReply === undefined) return laterSuccess(session, transfer) !== undefined
      return repeats(transfer).length > 0
    })
    for (const transfers of byServer(repeated).values()) {
      const first = transfers[0]
      if (first === undefined) continue
      const data = transfers.flatMap(({ tftp }) => tftp?.repeatedData ?? [])
      const acks = transfers.flatMap(({ tftp }) => tftp?.repeatedAcks ?? [])
      const requests = transfers.flatMap((transfer) => repeatedRequests(transfer))
      const again = [...data, ...acks, ...requests]
      const blocks = transfers.reduce((sum, { tftp }) => sum + (tftp?.dataBlocks ?? 0), 0)
      const parts = [
        ...(data.length > 0 ? [count(data.length, 'DATA block')] : []),
        ...(acks.length > 0 ? [count(acks.length, 'ACK')] : []),
        ...(requests.length > 0 ? [count(requests.length, 'request')] : []),
      ]
      const rate = blocks === 0 ? '' : ` (${percent(data.length + acks.length, blocks)} of ${count(blocks, 'block')})`
      yield {
        message: `${list(parts)} had to be sent again between the phone and ${serverOf(first)}${rate}`,
        frames: again.map(({ number }) => number),
        at: again.reduce((earliest, { time }) => Math.min(earliest, time), Infinity),
      }
    }
  },
}

type Frames = SessionTransfer['first'][]

/** Repeats of the request; all of it for a transfer that only a later try from another port brought about. */
function repeatedRequests({ tftp }: SessionTransfer): Frames {
  if (tftp === undefined) return []
  return tftp.firstReply === undefined ? [...tftp.requests] : tftp.requests.slice(1)
}

function repeats(transfer: SessionTransfer): Frames {
  return [...(transfer.tftp?.repeatedData ?? []), ...(transfer.tftp?.repeatedAcks ?? []), ...repeatedRequests(transfer)]
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`
}
