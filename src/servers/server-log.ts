/**
 * What a server tells about itself: one event for each request it took, each fault it played, each answer that
 * was not the plain one. The shape is that of the emulator's truth log, so that an event can be recorded as it is.
 */
import type { Clock } from '../host/host.js'
import type { Nanos } from '../base/time.js'

export interface ServerEvent {
  readonly kind: 'server'
  /** The server's clock. */
  readonly time: Nanos
  /** The server's name: `http`, `dhcp-1`. */
  readonly server: string
  readonly event: ServerEventName
  readonly detail: ServerEventDetail
}

/**
 * - `listening`, `closed`: `address`, `port`
 * - `request`: `client` and what was asked: `method` and `path` (HTTP), `method` GET or PUT and `path` (TFTP),
 *   `message` and `mac` (DHCP)
 * - `response`: how it ended: `status` and `octets` (HTTP), `octets` or `error` (TFTP), `message` and `address` (DHCP)
 * - `fault`: `fault` (its kind, as `hang`) and what the request was
 * - `overload`: HTTP, a request for which there was no room
 * - `lease`: DHCP, `state` (offered, bound, released, declined), `address`, `mac`
 * - `error`: `message`; the server goes on
 */
export type ServerEventName = 'listening' | 'closed' | 'request' | 'response' | 'fault' | 'overload' | 'lease' | 'error'

export type ServerEventDetail = Readonly<Record<string, string | number | boolean>>

export type ServerLog = (event: ServerEvent) => void

/** A shorthand for the servers: `note('request', { path })`. */
export type Note = (event: ServerEventName, detail: ServerEventDetail) => void

export function noteTo(log: ServerLog | undefined, server: string, clock: Clock): Note {
  if (log === undefined) return () => {}
  return (event, detail) => log({ kind: 'server', time: clock.now(), server, event, detail })
}
