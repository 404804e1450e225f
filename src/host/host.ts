/**
 * What a server sees of the machine it runs on: the part of Node it may use for input and output, in Node's own
 * shapes. On a real machine these ARE Node's modules (node/node-host.ts); on an emulated one they look and fail the
 * same (emulator/virtual-host.ts). test/host/ runs one suite over both.
 */
import type * as dgram from 'node:dgram'
import type * as dns from 'node:dns'
import type * as http from 'node:http'
import type * as https from 'node:https'
import type * as net from 'node:net'
import type * as tls from 'node:tls'
import type { Nanos, Timestamp } from '../base/time.js'

export interface Host {
  /** For logs: `http`, `dhcp-1`. */
  readonly name: string
  readonly clock: Clock
  readonly dgram: Pick<typeof dgram, 'createSocket'>
  readonly net: Pick<typeof net, 'createServer' | 'connect' | 'createConnection' | 'isIP' | 'isIPv4' | 'isIPv6'>
  readonly http: Pick<typeof http, 'createServer' | 'request' | 'get' | 'STATUS_CODES' | 'METHODS'>
  readonly https: Pick<typeof https, 'createServer' | 'request' | 'get' | 'Agent'>
  readonly tls: Pick<typeof tls, 'createServer' | 'connect' | 'createSecureContext'>
  readonly dns: Pick<
    typeof dns,
    | 'lookup'
    | 'resolve'
    | 'resolve4'
    | 'resolve6'
    | 'resolveCname'
    | 'resolveMx'
    | 'resolveNs'
    | 'resolvePtr'
    | 'resolveSoa'
    | 'resolveSrv'
    | 'resolveTxt'
    | 'reverse'
    | 'setServers'
    | 'getServers'
    | 'Resolver'
    | 'promises'
  >
  /** Seeded on an emulated host, Math.random on a real one. Uniform in [0, 1). */
  random(): number
  /**
   * An npm package by its name, with this host's modules, timers, Date and Math.random where it asks for Node's.
   * Each host has its own instance of it.
   */
  require(packageName: string): unknown
}

export interface Clock {
  /** Nanoseconds since the host began. */
  now(): Nanos
  /** The time of day, as this host believes it. */
  wallClock(): Timestamp
  after(delay: Nanos, run: () => void): Timer
  /** Virtual time waits for `work`. Wrap whatever finishes outside the event loop: files, zlib, crypto. */
  hold<T>(work: Promise<T>): Promise<T>
}

export interface Timer {
  cancel(): void
}
