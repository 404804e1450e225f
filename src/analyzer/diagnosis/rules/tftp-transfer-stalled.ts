import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'
import { count } from '../wording.js'

export const tftpTransferStalled: Rule = {
  code: 'tftp-transfer-stalled',
  stage: 'file-server',
  severity: 'error',
  states: 'a transfer began and never finished',
  evidence: 'last DATA was full size, no further progress',
  notConfusedWith: 'capture that ends first',
  remedy:
    'Who spoke last has not been heard: look for loss and filters between the two from there on. A server that stops by itself says why in its log.',
  references: ['RFC 1350 §6'],
  restsOnAbsence: true,

  *check(session) {
    if (session.quality.oneSided) return
    const stalled = session.transfers.filter(
      ({ tftp, result }) => tftp !== undefined && result === 'truncated' && tftp.firstReply !== undefined,
    )
    yield* failuresByServer(session, stalled, (server, transfers) => {
      const octets = transfers.reduce((sum, { bytes }) => sum + bytes, 0)
      const last = transfers.at(-1)?.tftp?.lastFrom === 'client' ? 'the phone' : 'the server'
      return `${requestsOf(transfers)} from ${server} stopped after ${count(octets, 'octet')}; ${last} spoke last`
    })
  },
}
