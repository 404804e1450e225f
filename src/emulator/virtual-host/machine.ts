/**
 * What the parts of a virtual host share: the emulated host, the simulation, and the only doors between the simulation
 * and programs.
 */
import { constants } from 'node:os'
import type { Nanos } from '../../base/time.js'
import type { EmulatedHost } from '../net/host.js'
import type { Simulation } from '../sim/simulation.js'
import type { NameService } from './name-service.js'

export interface Machine {
  readonly host: EmulatedHost
  readonly sim: Simulation
  /** From the simulation into a program. */
  enter(run: () => void): void
  /** An event that enters a program. */
  after(delay: Nanos, run: () => void): { cancel(): void }
  /** The time of day, milliseconds since 1970, with fractions. */
  milliseconds(): number
  random(): number
  /** How the host finds the addresses of names. */
  readonly names: NameService
  /** Told the secrets of every TLS connection, a line of NSS key log format each; undefined when nobody asks. */
  readonly keyLog: ((line: Uint8Array) => void) | undefined
}

/** An error as Node's sockets have it: `bind EADDRINUSE 10.0.0.1:69`, with code, errno, syscall, address and port. */
export function systemError(code: string, syscall: string, address?: string, port?: number): NodeJS.ErrnoException {
  const place = address === undefined ? '' : port === undefined ? ` ${address}` : ` ${address}:${port}`
  const meaning = code === 'EADDRINUSE' && syscall === 'listen' ? ': address already in use' : ''
  const error: NodeJS.ErrnoException = new Error(`${syscall} ${code}${meaning}${place}`)
  const number = (constants.errno as Readonly<Record<string, number>>)[code]
  if (number !== undefined) error.errno = -number
  error.code = code
  error.syscall = syscall
  return Object.assign(error, address !== undefined && { address }, port !== undefined && { port })
}

/** An error of Node's own: `ERR_SOCKET_DGRAM_NOT_RUNNING: Not running`. */
export function nodeError<E extends Error>(error: E, code: string): E & { code: string } {
  error.stack = error.stack?.replace(/^\w*Error/, `${error.name} [${code}]`) ?? ''
  return Object.assign(error, { code })
}

/** The name of what Node would do and a virtual host does not. */
export function unavailable(what: string): Error {
  return nodeError(new Error(`${what} is not available on an emulated host`), 'ERR_EMULATED_HOST')
}
