import { watchedAfter } from '../../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import { byServer, failureCode, laterSuccess } from '../file-transfers.js'
import type { Rule } from '../rule.js'
import { distinct, list, serverOf } from '../wording.js'

export const backupPutFailed: Rule = {
  code: 'backup-put-failed',
  stage: 'backup',
  severity: 'error',
  states: 'the backup was not stored',
  evidence: 'PUT without a final 2xx, whatever the reason, which is named',
  notConfusedWith: '401 challenge followed by success',
  remedy:
    'Let the server at BRURI accept PUT (WebDAV or a handler) in a directory that exists, with write permission for the web user; phones back up over plain HTTP or HTTPS only.',
  references: ['Avaya 1600 Administrator Guide 16-601443, Backup/Restore', 'RFC 9110 §9.3.4'],
  restsOnAbsence: false,

  *check(session) {
    const failed = session.transfers.filter(
      (transfer) =>
        transfer.method === 'PUT' &&
        transfer.result !== 'ok' &&
        laterSuccess(session, transfer) === undefined &&
        (transfer.result !== 'incomplete' || wasLeft(session, transfer)),
    )
    for (const puts of byServer(failed).values()) {
      const first = puts[0]
      if (first === undefined) continue
      yield {
        message: `the backup ${list(distinct(puts.map(({ path }) => path)))} was not stored at ${serverOf(first)}: ${list(distinct(puts.map(reason)))}`,
        frames: puts.flatMap(({ first: request, last }) => [request.number, last.number]),
        at: (puts.at(-1) ?? first).end,
        causes: [...puts].reverse().flatMap((put) => failureCode(put) ?? []),
        ...advice(puts.at(-1) ?? first),
      }
    }
  },
}

/** A PUT without an end that the capture watched long enough, on a connection that is gone. */
function wasLeft(session: BootSession, { exchange, end, connection }: SessionTransfer): boolean {
  return (
    exchange?.endedBy !== 'none' &&
    connection?.gaps.length === 0 &&
    connection.cutFrames === 0 &&
    connection.firstFromServer !== undefined &&
    watchedAfter(session, end) >= SHORTEST_SILENCE
  )
}

function reason({ result, status, exchange }: SessionTransfer): string {
  if (status !== null) return `status ${status} ${exchange?.response?.reason ?? ''}`.trim()
  return result === 'timeout'
    ? 'no answer'
    : result === 'incomplete'
      ? 'the connection ended without an answer'
      : result
}

/** Status codes that say themselves what to mend. */
function advice({ status }: SessionTransfer): { advice?: string } {
  switch (status) {
    case 405:
    case 501:
      return { advice: 'Enable the PUT method (WebDAV, or a PUT handler) for the directory that BRURI names.' }
    case 403:
      return { advice: 'Give the web user write permission in the directory that BRURI names.' }
    case 404:
    case 409:
      return { advice: 'Create the directory that BRURI names, or correct BRURI: a PUT does not make directories.' }
    case 401:
      return {
        advice:
          'Enter credentials at the phone that the server accepts for PUT in the directory that BRURI names, or allow it without.',
      }
    case 413:
    case 507:
      return { advice: 'Raise the size limit or free space on the server that BRURI names.' }
    default:
      return {}
  }
}
