/**
 * Questions that the file server rules ask of a session's transfers.
 */

import { formatAddress } from '../../wire/ipv4.js'
import type { TransferRole } from '../report.js'
import { formatEndpoint } from '../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../sessions/boot-session.js'
import { sameFile } from '../sessions/transfers.js'

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

/** A later transfer of the same file that came whole, over the same protocol. */
export function laterSuccess(session: BootSession, transfer: SessionTransfer): SessionTransfer | undefined {
  return session.transfers.find(
    (other) =>
      other.result === 'ok' &&
      other.protocol === transfer.protocol &&
      other.first.number > transfer.first.number &&
      sameFile(other, transfer) &&
      (other.method === transfer.method || transfer.method === 'HEAD'),
  )
}

/** The phone got something from that very server later. */
export function laterServed(session: BootSession, transfer: SessionTransfer): boolean {
  return session.transfers.some(
    (other) =>
      other.result === 'ok' &&
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

/** The code under which the rules report a transfer that went this way; undefined where no rule does yet. */
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
      return tftp ? undefined : 'http-truncated-body'
    case 'error':
      return !tftp && (transfer.status ?? 0) >= 500 ? 'http-server-error' : undefined
    case 'ok':
    case 'unreachable':
    case 'reset':
    case 'denied':
    case 'redirect':
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
  return named.includes(address) ? [] : ['site-option-missing', 'site-option-malformed']
}
