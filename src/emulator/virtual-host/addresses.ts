/**
 * Addresses and port numbers as programs write them, read with Node's rules.
 */
import { formatAddress } from '../../wire/ipv4.js'
import type { EmulatedHost } from '../net/host.js'
import { nodeError } from './machine.js'

export const BROADCAST = 0xffffffff

/** @throws RangeError ERR_SOCKET_BAD_PORT */
export function readPort(port: unknown, { zero }: { zero: boolean }): number {
  const number = typeof port === 'string' && port.trim() === '' ? NaN : Number(port)
  if (Number.isInteger(number) && number >= (zero ? 0 : 1) && number <= 65_535) return number
  throw nodeError(
    new RangeError(`Port should be ${zero ? '>= 0' : '> 0'} and < 65536. Received ${String(port)}.`),
    'ERR_SOCKET_BAD_PORT',
  )
}

/** Whether a socket may be bound to it: all addresses, or the host's own. */
export function isOwn(host: EmulatedHost, name: string | null | undefined): boolean {
  return (
    name === undefined || name === null || name === '' || name === '0.0.0.0' || name === formatAddress(host.address)
  )
}

/** Everybody on the link: 255.255.255.255, or the last address of the subnet. */
export function isBroadcast(host: EmulatedHost, address: number): boolean {
  return address === BROADCAST || (host.address !== 0 && address === (host.address | ~host.mask) >>> 0)
}

/** Whether the host knows where to send to an address at all. */
export function isReachable(host: EmulatedHost, address: number): boolean {
  if (address >>> 24 === 127 || address === 0) return false
  if (address === BROADCAST) return true
  if (host.address === 0) return false
  return ((address ^ host.address) & host.mask) === 0 || host.router !== undefined
}
