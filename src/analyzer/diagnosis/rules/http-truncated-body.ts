import type { SessionTransfer } from '../../sessions/boot-session.js'
import { clientLeft } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'
import { byServer, isOptional, laterSuccess } from '../file-transfers.js'
import { list, serverOf } from '../wording.js'

/** Octets that the capture lost, or cut off, have been set aside when the result of a transfer is `truncated`. */
export const httpTruncatedBody: Rule = {
  code: 'http-truncated-body',
  stage: 'file-server',
  severity: 'error',
  states: 'the body is shorter than promised',
  evidence: 'connection ended before Content-Length or the last chunk',
  notConfusedWith: 'capture loss (bytes acknowledged but not captured)',
  remedy:
    'Compare the file on the server with its stated length; look for a proxy, virus scanner or full disk in between that ends the transfer early.',
  references: ['RFC 9112 §8'],
  restsOnAbsence: false,

  *check(session) {
    const short = session.transfers.filter(
      ({ protocol, result, connection }) =>
        protocol === 'http' && result === 'truncated' && connection?.gaps.length === 0 && connection.cutFrames === 0,
    )
    for (const answers of byServer(short).values()) {
      const first = answers[0]
      if (first === undefined) continue
      const recovered = answers.every((transfer) => laterSuccess(session, transfer) !== undefined)
      const optional = answers.every(({ role }) => isOptional(role))
      yield {
        message: `${serverOf(first)} did not send all of ${list(answers.map(shortfall))}${recovered ? '; it did later' : ''}`,
        frames: answers.flatMap((transfer) => [transfer.first.number, transfer.last.number, ...endFrame(transfer)]),
        at: first.start,
        // What the phone had heard of when it closed cannot be told where the server went on sending.
        confidence: answers.some(sentIntoTheVoid) ? 'likely' : 'certain',
        ...(recovered || optional ? { severity: 'warning', changesOutcome: !recovered } : {}),
      }
    }
  },
}

function shortfall({ path, exchange }: SessionTransfer): string {
  const got = exchange?.response?.bodyBytes ?? 0
  const promised = exchange?.response?.contentLength
  const octets = promised === undefined ? `${got} octets and no last chunk` : `${got} of ${promised} octets`
  const who =
    exchange?.endedBy.endsWith('server') === true ? 'the server closed' : 'the phone closed, having waited in vain'
  return `${path} (${octets}; ${who})`
}

function sentIntoTheVoid({ connection, exchange }: SessionTransfer): boolean {
  if (connection === undefined || exchange?.endedBy.endsWith('client') !== true) return false
  return (exchange.response?.last.time ?? 0) > clientLeft(connection).time
}

function endFrame({ connection }: SessionTransfer): number[] {
  const end = [...(connection?.fins ?? []), ...(connection?.resets ?? [])].sort(
    (a, b) => a.frame.number - b.frame.number,
  )[0]
  return end === undefined ? [] : [end.frame.number]
}
