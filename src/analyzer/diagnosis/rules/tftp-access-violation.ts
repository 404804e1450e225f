import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'
import { distinct, list } from '../wording.js'

export const tftpAccessViolation: Rule = {
  code: 'tftp-access-violation',
  stage: 'file-server',
  severity: 'error',
  states: 'the TFTP server denies access',
  evidence: 'ERROR 2',
  notConfusedWith: '',
  remedy:
    'Make the file readable for everybody, which is what many TFTP servers ask for, and keep it under the directory that the server gives out.',
  references: ['RFC 1350 §5'],
  restsOnAbsence: false,

  *check(session) {
    const denied = session.transfers.filter(({ protocol, result }) => protocol === 'tftp' && result === 'denied')
    yield* failuresByServer(session, denied, (server, transfers) => {
      const said = distinct(transfers.map(({ tftp }) => tftp?.error?.message ?? '')).filter((text) => text !== '')
      return `${server} denies access to ${requestsOf(transfers)} (TFTP error 2${said.length === 0 ? '' : `: ${list(said)}`})`
    })
  },
}
