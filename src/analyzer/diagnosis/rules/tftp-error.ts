import type { Rule } from '../rule.js'
import { failuresByServer, requestsOf } from '../file-transfers.js'
import { distinct, list } from '../wording.js'

/** A client that only wanted to know the size ends its request so (ERROR 0 or 8 after an OACK), and gets the file then. */
export const tftpError: Rule = {
  code: 'tftp-error',
  stage: 'file-server',
  severity: 'error',
  states: 'another TFTP error',
  evidence: 'ERROR 0, 3 to 8, with its text',
  notConfusedWith: '',
  remedy: "The error's text is the server's own: look into its log for the same moment.",
  references: ['RFC 1350 §5', 'RFC 2347'],
  restsOnAbsence: false,

  *check(session) {
    const failed = session.transfers.filter(
      ({ tftp, result }) => result === 'error' && tftp?.error !== undefined && !isProbe(tftp),
    )
    yield* failuresByServer(session, failed, (server, transfers) => {
      const said = distinct(
        transfers.map(({ tftp }) => {
          const { code, message, from } = tftp!.error!
          return `${from === 'client' ? "the phone's " : ''}error ${code}${message === '' ? '' : ` "${message}"`}`
        }),
      )
      return `${requestsOf(transfers)} from ${server} ended in TFTP ${list(said)}`
    })
  },
}

function isProbe({ error, negotiated }: { error: { from: string } | undefined; negotiated: unknown }): boolean {
  return error?.from === 'client' && negotiated !== undefined
}
