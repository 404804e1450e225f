/**
 * Questions that the file server rules ask of a session's transfers.
 */

import { formatAddress } from '../../wire/ipv4.js'
import type { TransferRole } from '../report.js'
import type { TcpConnection } from '../streams/observations.js'
import { arrived, formatEndpoint } from '../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../sessions/boot-session.js'
import { closedSilently, isNotHttp, sameFile } from '../sessions/transfers.js'
import type { Verdict } from './rule.js'
import { asked, count, distinct, list, serverOf } from './wording.js'

/** Servers in the order in which they were first tried. */
export function byServer(transfers: readonly SessionTransfer[]): Map<string, SessionTransfer[]> {
  const groups = new Map<string, SessionTransfer[]>()
  for (const transfer of transfers) {
    const key = formatEndpoint(transfer.server)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [transfer])
    else group.push(transfer)
  }
  return groups
}

/** A later transfer of the same file that came whole from the same server; from another one it would be a fallback. */
export function laterSuccess(session: BootSession, transfer: SessionTransfer): SessionTransfer | undefined {
  return session.transfers.find(
    (other) =>
      arrived(other) &&
      other.protocol === transfer.protocol &&
      other.server.address === transfer.server.address &&
      other.first.number > transfer.first.number &&
      sameFile(other, transfer) &&
      (other.method === transfer.method || transfer.method === 'HEAD'),
  )
}

/** Whether the capture lacks so much of the transfer that nobody knows how it went. */
export function isUnclear({ result, connection }: SessionTransfer): boolean {
  if (result === 'incomplete') return true
  const isAnswered = result !== 'timeout' && result !== 'truncated' && result !== 'reset' && result !== 'error'
  return !isAnswered && connection !== undefined && hasHoles(connection)
}

/** The capture lacks octets of the connection: lost, or cut off. */
export function hasHoles({ gaps, cutFrames }: TcpConnection): boolean {
  return gaps.length > 0 || cutFrames > 0
}

/** The phone got something from that very server later. */
export function laterServed(session: BootSession, transfer: SessionTransfer): boolean {
  return session.transfers.some(
    (other) =>
      arrived(other) &&
      other.first.number > transfer.first.number &&
      formatEndpoint(other.server) === formatEndpoint(transfer.server),
  )
}

export function header(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1]
}

/** Whether the request carried credentials. */
export function isAuthorized(transfer: SessionTransfer): boolean {
  return header(transfer.exchange?.request?.headers ?? [], 'authorization') !== undefined
}

/** Files without which a phone comes up all the same. */
export function isOptional(role: TransferRole): boolean {
  return role === 'language' || role === 'other'
}

/**
 * One verdict for each server that failed so. It weighs less when the phone can do without those files, and nothing when
 * the server gave them later.
 *
 * @param says the sentence, without what became of it
 */
export function* failuresByServer(
  session: BootSession,
  failed: readonly SessionTransfer[],
  says: (server: string, transfers: readonly SessionTransfer[]) => string,
): Iterable<Verdict> {
  for (const transfers of byServer(failed).values()) {
    const first = transfers[0]
    if (first === undefined) continue
    const recovered = transfers.every((transfer) => laterSuccess(session, transfer) !== undefined)
    const optional = transfers.every(({ role }) => isOptional(role))
    yield {
      message: says(serverOf(first), transfers) + (recovered ? '; later it gave what was asked for' : ''),
      frames: transfers.flatMap((transfer) => [transfer.first.number, transfer.last.number]),
      at: first.start,
      causes: [
        ...(first.protocol === 'tftp' ? ['fallback-to-tftp'] : []),
        ...causesOfChoice(session, first.server.address),
      ],
      ...(recovered || optional
        ? {
            severity: 'warning' as const,
            // Files of which nobody knows what they are for prove nothing.
            changesOutcome: !recovered && transfers.some(({ role }) => role !== 'other'),
          }
        : {}),
    }
  }
}

/** `GET /a.txt and GET /b.txt, 3 times`. */
export function requestsOf(transfers: readonly SessionTransfer[]): string {
  const names = distinct(transfers.map(asked))
  return list(names) + (transfers.length > names.length ? `, ${count(transfers.length, 'time')}` : '')
}

/** ICMP port unreachable (RFC 792): nothing listens there. */
export function saysNoService({ tftp }: SessionTransfer): boolean {
  return tftp?.icmpErrors.some(({ type, code }) => type === 3 && code === 3) === true
}

/** The code under which the rules report a transfer that went this way; undefined where no rule does. */
export function failureCode(transfer: SessionTransfer): string | undefined {
  const tftp = transfer.protocol === 'tftp'
  switch (transfer.result) {
    case 'timeout':
      if (tftp) return 'tftp-timeout'
      // A request that never arrived, and an answer to the SYN that came too late, are the network's doing.
      if (transfer.exchange === undefined) {
        return transfer.connection?.synAcks.length === 0 ? 'http-connect-timeout' : 'tcp-retransmissions'
      }
      return transfer.exchange.request?.acknowledged === true ? 'http-response-timeout' : 'tcp-retransmissions'
    case 'refused':
      return 'http-connect-refused'
    case 'not-found':
      return tftp ? 'tftp-file-not-found' : 'http-not-found'
    case 'auth':
      return isAuthorized(transfer) ? 'http-auth-failed' : 'http-auth-required'
    case 'truncated':
      return tftp ? 'tftp-transfer-stalled' : 'http-truncated-body'
    case 'error': {
      if (tftp) return 'tftp-error'
      if (closedSilently(transfer)) return 'http-response-timeout'
      const { connection, exchange } = transfer
      if (connection !== undefined && exchange !== undefined && isNotHttp(connection, exchange)) {
        return 'http-malformed-response'
      }
      return (transfer.status ?? 0) >= 500 ? 'http-server-error' : undefined
    }
    case 'ok':
      return transfer.isPage ? 'http-html-error-page' : undefined
    case 'unreachable':
      return saysNoService(transfer) ? 'tftp-server-unreachable' : 'icmp-unreachable'
    case 'reset':
      return 'http-reset'
    case 'denied':
      return tftp ? 'tftp-access-violation' : 'http-forbidden'
    case 'redirect':
      return 'http-redirect'
    case 'incomplete':
      return undefined
  }
}

/**
 * Why the phone went to this server, where that was a mistake: it took the address from siaddr because the site option
 * did not tell it another.
 */
export function causesOfChoice(session: BootSession, address: string): string[] {
  const message = session.lease?.observation.message
  if (message === undefined || message.siaddr === 0 || formatAddress(message.siaddr) !== address) return []
  const named = [...(session.siteOption?.parsed.values.values() ?? [])].flat()
  return named.includes(address) ? [] : ['site-option-missing', 'site-option-wrong-number', 'site-option-malformed']
}
