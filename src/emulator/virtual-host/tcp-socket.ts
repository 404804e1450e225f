/**
 * net.Socket of one virtual host: a Duplex over a connection of the emulated stack.
 *
 * It is not derived from net.Socket, whose other end is libuv, but has its shape: whatever takes "a Duplex" takes it, and
 * what node:http, npm packages and servers look at (addresses, counters, timeouts, destroySoon, readyState) is there.
 *
 * What goes out:
 * - writes are copied, as a kernel copies them; several queued writes go down as one;
 * - end() sends FIN after what is queued;
 * - destroy() is close(2): FIN after what is queued, but RST at once when the stack holds octets that the stream never
 *   took, and RST to octets that arrive later; resetAndDestroy() is RST.
 *
 * What comes in is pushed into the stream; when the stream has enough, the connection is paused and TCP's window
 * closes. The stream's high-water mark is fixed, because Node's default differs between versions and the frames of a
 * run must not.
 */
import * as net from 'node:net'
import { Duplex } from 'node:stream'
import { MILLISECOND } from '../../base/time.js'
import { formatAddress } from '../../wire/ipv4.js'
import type { TcpConnection } from '../net/tcp/connection.js'
import type { TcpErrorCode, TcpHandlers } from '../net/transport.js'
import { isOwn, isReachable, readPort } from './addresses.js'
import { nodeError, systemError, unavailable } from './machine.js'
import type { Machine } from './machine.js'
import { findAddress } from './find-address.js'
import type { Lookup } from './find-address.js'

/** Octets in a stream's buffer before it asks for a pause. */
const HIGH_WATER_MARK = 64 * 1024

export interface VirtualSocketOptions {
  readonly allowHalfOpen?: boolean
  /** Of a connection that was accepted. */
  readonly connection?: TcpConnection
}

export interface ConnectOptions {
  readonly port?: unknown
  readonly host?: unknown
  readonly localPort?: number
  readonly localAddress?: string
  /** node:http gives null. */
  readonly path?: string | null
  readonly timeout?: number
  readonly noDelay?: boolean
  /** In place of dns.lookup. */
  readonly lookup?: Lookup
}

type ReadyState = 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed'

export class VirtualSocket extends Duplex {
  /** Set by net.Server; counts itself out there when it closes. */
  server: unknown = null
  _server: { _connections: number; _emitCloseIfDrained(): void } | null = null
  connecting = false
  /** Milliseconds; undefined until setTimeout was called. */
  timeout: number | undefined
  bytesRead = 0
  readonly #machine: Machine
  #connection: TcpConnection | undefined
  #addresses: { local: [string, number]; remote: [string, number] } | undefined
  #bytesWritten = 0
  /** The write that waits for the connection, or for room. */
  #waiting: ((error?: Error | null) => void) | undefined
  #finEnded = false
  #timer: { cancel(): void } | undefined
  #lastActivity = 0
  #noDelay = false
  #hadError = false

  constructor(machine: Machine, options: VirtualSocketOptions = {}) {
    super({
      allowHalfOpen: options.allowHalfOpen ?? false,
      autoDestroy: true,
      emitClose: false,
      decodeStrings: true,
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
    })
    this.#machine = machine
    if (options.connection !== undefined) this.#use(options.connection)
  }

  #use(connection: TcpConnection): void {
    this.#connection = connection
    this.#addresses = {
      local: [formatAddress(connection.localAddress), connection.localPort],
      remote: [formatAddress(connection.remoteAddress), connection.remotePort],
    }
  }

  /** For the stack: what happens on the connection. */
  readonly handlers: TcpHandlers = {
    connected: () => this.#enter(() => this.#connected()),
    data: (bytes) => this.#enter(() => this.#received(bytes)),
    end: () => this.#enter(() => this.#peerEnded()),
    drain: () => this.#enter(() => this.#drained()),
    closed: (error) => this.#enter(() => this.#closed(error)),
  }

  #enter(run: () => void): void {
    this.#machine.enter(run)
  }

  /** connect(port, host?, listener?), connect(options, listener?) */
  connect(...args: unknown[]): this {
    const { options, listener } = readConnectArguments(args)
    if (typeof options.path === 'string') throw unavailable('a Unix socket')
    const port = readPort(options.port, { zero: true })
    if (listener !== undefined) this.once('connect', listener)
    if (options.noDelay === true) this.setNoDelay(true)
    if (options.timeout !== undefined) this.setTimeout(options.timeout)
    this.connecting = true
    this.#machine.sim.nodeCodeRan()
    const host = typeof options.host === 'string' && options.host !== '' ? options.host : 'localhost'
    // Node looks the name up first, and does so in a later tick even for an address.
    process.nextTick(() => {
      if (!this.destroyed) this.#lookUp(host, port, options)
    })
    return this
  }

  #lookUp(name: string, port: number, options: ConnectOptions): void {
    findAddress(this.#machine, name, options.lookup, (address) => {
      if (this.destroyed) return
      if (net.isIP(name) === 0) {
        const text = typeof address === 'number' ? formatAddress(address) : undefined
        this.emit('lookup', typeof address === 'number' ? null : address, text, text && 4, name)
      }
      if (typeof address === 'number') return this.#connect(address, port, options)
      this.connecting = false
      this.destroy(address)
    })
  }

  #connect(address: number, port: number, options: ConnectOptions): void {
    const { host } = this.#machine
    const place = formatAddress(address)
    if (!isOwn(host, options.localAddress)) {
      this.#fail(systemError('EADDRNOTAVAIL', 'connect', place, port))
    } else if (place === '127.0.0.1' || address === host.address) {
      this.#fail(systemError('ECONNREFUSED', 'connect', place, port))
    } else if (!isReachable(host, address)) {
      this.#fail(systemError('ENETUNREACH', 'connect', place, port))
    } else {
      const { localPort } = options
      this.#use(host.connectTcp(address, port, this.handlers, localPort === undefined ? {} : { localPort }))
      if (this.#noDelay) this.#connection?.setNoDelay(true)
    }
  }

  /** In a later tick, as everything that connect(2) says. */
  #fail(error: Error): void {
    process.nextTick(() => {
      this.connecting = false
      this.destroy(error)
    })
  }

  #connected(): void {
    if (this.destroyed) return
    this.connecting = false
    this.#active()
    this.emit('connect')
    this.emit('ready')
    this.#release()
    this.read(0)
  }

  #received(bytes: Uint8Array): void {
    if (this.destroyed) return
    this.bytesRead += bytes.length
    this.#active()
    if (!this.push(Buffer.from(bytes))) this.#connection?.pause()
  }

  #peerEnded(): void {
    if (this.destroyed || this.#finEnded) return
    this.#finEnded = true
    this.push(null)
    // Lets 'end' come when nothing is left to read.
    this.read(0)
  }

  #drained(): void {
    this.#active()
    this.#release()
  }

  #closed(code: TcpErrorCode | undefined): void {
    this.#connection = undefined
    if (this.destroyed) return
    if (code !== undefined) {
      const [address, port] = this.#addresses?.remote ?? ['', 0]
      const error = this.connecting
        ? systemError(code, 'connect', address, port)
        : systemError(code, this.#waiting === undefined ? 'read' : 'write')
      this.connecting = false
      this.destroy(error)
      return
    }
    this.#peerEnded()
    if (this.writableFinished || this.#waiting !== undefined) this.#release()
  }

  #release(): void {
    const done = this.#waiting
    if (done === undefined) return
    this.#waiting = undefined
    done()
  }

  override _read(): void {
    if (this.connecting) return
    this.#machine.sim.nodeCodeRan()
    this.#connection?.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#write([chunk], callback)
  }

  override _writev(chunks: readonly { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#write(
      chunks.map(({ chunk }) => chunk),
      callback,
    )
  }

  #write(chunks: readonly Buffer[], callback: (error?: Error | null) => void): void {
    this.#machine.sim.nodeCodeRan()
    if (this.connecting) {
      this.#waiting = (error) => (error ? callback(error) : this.#write(chunks, callback))
      return
    }
    const connection = this.#connection
    if (connection === undefined) {
      callback(systemError('EPIPE', 'write'))
      return
    }
    const octets = Buffer.concat(chunks)
    this.#bytesWritten += octets.length
    this.#active()
    if (connection.write(octets)) callback()
    else this.#waiting = callback
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#machine.sim.nodeCodeRan()
    if (this.connecting) {
      this.#waiting = (error) => (error ? callback(error) : this._final(callback))
      return
    }
    this.#connection?.end()
    callback()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#machine.sim.nodeCodeRan()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#hadError = error !== null
    if (this.connecting) this.#connection?.abort()
    else this.#connection?.close()
    this.#connection = undefined
    this.connecting = false
    this.#waiting = undefined
    callback(error)
    this.#machine.after(0, () => {
      const server = this._server
      this.emit('close', this.#hadError)
      if (server !== null) {
        server._connections--
        server._emitCloseIfDrained()
      }
    })
  }

  /** Closes when what was written has gone out. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy(): this {
    const connection = this.#connection
    this.#connection = undefined
    this.#machine.sim.nodeCodeRan()
    connection?.abort()
    if (connection === undefined && !this.connecting) {
      this.destroy(nodeError(new Error('Socket is closed'), 'ERR_SOCKET_CLOSED'))
    } else {
      this.destroy()
    }
    return this
  }

  setTimeout(milliseconds: number, listener?: () => void): this {
    if (this.destroyed) return this
    this.timeout = milliseconds
    if (listener !== undefined) {
      if (milliseconds === 0) this.removeListener('timeout', listener)
      else this.once('timeout', listener)
    }
    this.#timer?.cancel()
    this.#timer = undefined
    this.#lastActivity = this.#machine.sim.now
    if (milliseconds > 0) this.#watch(milliseconds * MILLISECOND)
    return this
  }

  /** One event is enough for any number of octets: it looks whether it came too early. */
  #watch(delay: number): void {
    this.#timer = this.#machine.after(delay, () => {
      this.#timer = undefined
      const limit = (this.timeout ?? 0) * MILLISECOND
      const quiet = this.#machine.sim.now - this.#lastActivity
      if (quiet < limit) this.#watch(limit - quiet)
      else this.emit('timeout')
    })
  }

  #active(): void {
    this.#lastActivity = this.#machine.sim.now
    if (this.#timer === undefined && this.timeout !== undefined && this.timeout > 0 && !this.destroyed) {
      this.#watch(this.timeout * MILLISECOND)
    }
  }

  setNoDelay(noDelay = true): this {
    this.#noDelay = noDelay
    this.#connection?.setNoDelay(noDelay)
    return this
  }

  /** @param initialDelay milliseconds of quiet before the first probe; 0 leaves the stack's */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.#connection?.setKeepAlive(enable, initialDelay > 0 ? { idle: initialDelay * MILLISECOND } : {})
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  address(): { address: string; family: string; port: number } | Record<string, never> {
    const local = this.#addresses?.local
    return local === undefined ? {} : { address: local[0], family: 'IPv4', port: local[1] }
  }

  get remoteAddress(): string | undefined {
    return this.connecting ? undefined : this.#addresses?.remote[0]
  }

  get remotePort(): number | undefined {
    return this.connecting ? undefined : this.#addresses?.remote[1]
  }

  get remoteFamily(): string | undefined {
    return this.remoteAddress === undefined ? undefined : 'IPv4'
  }

  get localAddress(): string | undefined {
    return this.#addresses?.local[0]
  }

  get localPort(): number | undefined {
    return this.#addresses?.local[1]
  }

  get localFamily(): string | undefined {
    return this.localAddress === undefined ? undefined : 'IPv4'
  }

  get bytesWritten(): number {
    return this.#bytesWritten + this.writableLength
  }

  get bufferSize(): number {
    return this.writableLength
  }

  get pending(): boolean {
    return this.#addresses === undefined || this.connecting
  }

  get readyState(): ReadyState {
    if (this.connecting) return 'opening'
    if (this.#addresses === undefined || this.destroyed) return 'closed'
    if (this.readable && this.writable) return 'open'
    if (this.readable) return 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }
}

/** The forms of net.connect: (options, listener?), (port, host?, listener?), (path, listener?). */
function readConnectArguments(args: readonly unknown[]): {
  options: ConnectOptions
  listener: (() => void) | undefined
} {
  const last = args.at(-1)
  const listener = typeof last === 'function' ? (last as () => void) : undefined
  const [first, second] = args
  if (typeof first === 'object' && first !== null) return { options: first as ConnectOptions, listener }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return { options: { path: first }, listener }
  return { options: { port: first, host: typeof second === 'string' ? second : undefined }, listener }
}
