/**
 * node:tls of one virtual host: Node's own TLS over virtual sockets, at both ends. A server is Node's class with the
 * emulated listener under it, a client is Node's TLSSocket on a virtual socket; both are documented uses.
 *
 * What would run on the real clock or show the real machine is replaced: addresses, time-outs and resets of a TLS socket
 * are those of the virtual socket below it. That one is found through the handle, which is not documented;
 * test/host/tls.test.ts says when it changes.
 *
 * What OpenSSL draws cannot be seeded, so the octets of a handshake differ from run to run. Their number must not:
 * servers give no session tickets of their own making, whose length varies with what is in them; and whoever wants equal
 * runs takes RSA or Ed25519 keys, since an ECDSA signature varies in length. Certificates are held against the real
 * clock, by OpenSSL.
 */
import { constants } from 'node:crypto'
import type * as net from 'node:net'
import type { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import { MILLISECOND } from '../../base/time.js'
import type { Machine } from './machine.js'
import type { VirtualNet } from './net.js'
import { VirtualSocket } from './tcp-socket.js'

/** Milliseconds; Node's longest timer. */
const NEVER = 2 ** 31 - 1
/** Milliseconds that Node gives a handshake. */
const HANDSHAKE_TIMEOUT = 120_000

export type VirtualTls = Pick<typeof tls, 'createServer' | 'connect' | 'Server' | 'TLSSocket' | 'createSecureContext'>

export function virtualTls(machine: Machine, virtualNet: VirtualNet): VirtualTls {
  class Server extends tls.Server {
    constructor(...args: unknown[]) {
      const { options, listener } = readServerArguments(args)
      super(serverOptions(options), listener as ((socket: tls.TLSSocket) => void) | undefined)
      adoptTlsServer(machine, virtualNet, this, options)
    }
  }
  const own = {
    ...tls,
    Server,
    createServer: (...args: unknown[]) => new Server(...args),
    connect: (...args: unknown[]) => connectTls(machine, virtualNet, args),
  }
  return own as unknown as VirtualTls
}

export function readServerArguments(args: readonly unknown[]): { options: tls.TlsOptions; listener: unknown } {
  const [first, second] = args
  if (typeof first === 'function') return { options: {}, listener: first }
  return { options: (first ?? {}) as tls.TlsOptions, listener: second }
}

/** What a server's options become. */
export function serverOptions(options: tls.TlsOptions): tls.TlsOptions {
  return {
    ...options,
    // Ours counts on the virtual clock.
    handshakeTimeout: NEVER,
    secureOptions: (options.secureOptions ?? 0) | constants.SSL_OP_NO_TICKET,
  }
}

/** Makes a TLS or HTTPS server of Node's listen on the emulated network. */
export function adoptTlsServer(
  machine: Machine,
  virtualNet: VirtualNet,
  server: tls.Server,
  options: tls.TlsOptions,
): void {
  virtualNet.adopt(server)
  const waiting = new Map<unknown, { cancel(): void }>()
  const limit = options.handshakeTimeout ?? HANDSHAKE_TIMEOUT
  server.on('connection', (raw: Duplex) => {
    if (!(raw instanceof VirtualSocket)) return
    const timer = machine.after(limit * MILLISECOND, () => raw.destroy())
    waiting.set(raw, timer)
    raw.once('close', () => {
      timer.cancel()
      waiting.delete(raw)
    })
  })
  // Before whoever uses the socket.
  server.prependListener('secureConnection', (socket: tls.TLSSocket) => {
    const raw = socketBelow(socket)
    waiting.get(raw)?.cancel()
    if (raw instanceof VirtualSocket) standOn(socket, raw)
  })
  server.on('tlsClientError', (_error, socket) => {
    const raw = socketBelow(socket)
    if (raw instanceof VirtualSocket) standOn(socket, raw)
  })
  if (machine.keyLog !== undefined) server.on('keylog', (line) => machine.keyLog?.(line))
}

/** connect(options, listener?), connect(port, host?, options?, listener?) */
export function connectTls(machine: Machine, virtualNet: VirtualNet, args: readonly unknown[]): tls.TLSSocket {
  machine.sim.nodeCodeRan()
  const options: tls.ConnectionOptions = {}
  for (const argument of args) {
    if (typeof argument === 'number' || (typeof argument === 'string' && /^\d+$/.test(argument))) {
      options.port = Number(argument)
    } else if (typeof argument === 'string') options.host = argument
    else if (typeof argument === 'object' && argument !== null) Object.assign(options, argument)
  }
  const listener = args.find((argument) => typeof argument === 'function') as (() => void) | undefined
  const { timeout, ...rest } = options
  const socket = tls.connect(overVirtualSocket(virtualNet, rest), listener)
  settleUpon(machine, socket)
  if (timeout !== undefined) socket.setTimeout(timeout)
  return socket
}

/** The same options with a virtual socket on its way, unless there is a socket already. */
export function overVirtualSocket(virtualNet: VirtualNet, options: tls.ConnectionOptions): tls.ConnectionOptions {
  if (options.socket !== undefined) return options
  return { ...options, socket: virtualNet.connect(options as net.NetConnectOpts) }
}

/** A client's socket: that of the virtual host from here on. */
export function settleUpon(machine: Machine, socket: tls.TLSSocket): void {
  const raw = socketBelow(socket)
  if (raw instanceof VirtualSocket) {
    standOn(socket, raw)
    if (raw.connecting) raw.once('connect', () => socket.emit('connect'))
  }
  if (machine.keyLog !== undefined) socket.on('keylog', (line: Buffer) => machine.keyLog?.(line))
}

interface TlsInside {
  readonly _handle?: { readonly _parentWrap?: { readonly stream?: Duplex } } | null
}

/** What a TLS socket was made on. */
function socketBelow(socket: tls.TLSSocket): Duplex | undefined {
  return (socket as unknown as TlsInside)._handle?._parentWrap?.stream
}

const SHOWN = [
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'localAddress',
  'localPort',
  'localFamily',
  'bytesRead',
  'bytesWritten',
] as const

/** Addresses, time-outs and resets of the socket below. */
function standOn(socket: tls.TLSSocket, raw: VirtualSocket): void {
  if (Object.hasOwn(socket, 'resetAndDestroy')) return
  for (const name of SHOWN) Object.defineProperty(socket, name, { configurable: true, get: () => raw[name] })
  raw.on('timeout', () => socket.emit('timeout'))
  Object.assign(socket, {
    address: () => raw.address(),
    setTimeout(milliseconds: number, listener?: () => void) {
      Object.assign(socket, { timeout: milliseconds })
      raw.setTimeout(milliseconds)
      if (listener !== undefined) {
        if (milliseconds === 0) socket.removeListener('timeout', listener)
        else socket.once('timeout', listener)
      }
      return socket
    },
    setNoDelay(noDelay?: boolean) {
      raw.setNoDelay(noDelay)
      return socket
    },
    setKeepAlive(enable?: boolean, initialDelay?: number) {
      raw.setKeepAlive(enable, initialDelay)
      return socket
    },
    resetAndDestroy() {
      raw.resetAndDestroy()
      socket.destroy()
      return socket
    },
    ref: () => socket,
    unref: () => socket,
  })
}
