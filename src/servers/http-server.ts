/**
 * The file and backup server: GET and HEAD of files, and where it is allowed PUT and DELETE, on node:http.
 *
 * It behaves like the plain web servers that phones are pointed at: `Content-Length`, `Last-Modified`, `ETag`, single
 * ranges, one request a connection unless keepAlive is on, no listings. A PUT is kept only when it came whole
 * (FileStore.write is atomic), a body that is refused is refused before `100 Continue`. Who may do what is
 * http-access.ts's, how many at a time http-capacity.ts's.
 *
 * node:http's own timers and its `Date` run on the real clock wherever the server runs, so they are off: `Date` is
 * the host's, and a connection that goes quiet is closed by the socket's timer, which is the host's too.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { MILLISECOND, SECOND } from '../base/time.js'
import type { Nanos, Timestamp } from '../base/time.js'
import type { Host } from '../host/host.js'
import { byteRange } from './byte-range.js'
import { FaultScript } from './faults.js'
import type { ServerFault } from './faults.js'
import { storePath } from './file-store.js'
import type { FileStore, StoredFile } from './file-store.js'
import { HttpAccess, type HttpAuthentication } from './http-access.js'
import { WorkQueue, type HttpCapacity } from './http-capacity.js'
import { noteTo } from './server-log.js'
import type { Note, ServerLog } from './server-log.js'

export type { HttpAuthentication } from './http-access.js'
export type { HttpCapacity } from './http-capacity.js'

export interface HttpServerOptions {
  readonly files: FileStore
  /** In events. `http` unless told. */
  readonly name?: string
  /** 80 unless told; 0 takes a free one. */
  readonly port?: number
  /** Address to listen on; all unless told. */
  readonly address?: string
  /** Where PUT and DELETE are allowed: everywhere, or below these directories. Elsewhere they get 405. */
  readonly backup?: boolean | readonly string[]
  /** What asks for a user and password: Basic, Digest or both. The first whose prefix fits decides. */
  readonly auth?: HttpAuthentication | readonly HttpAuthentication[]
  /** The largest body of a PUT in octets, 413 beyond. 1 MiB unless told. */
  readonly maxBodyOctets?: number
  /** Several requests on one connection. Off unless told. */
  readonly keepAlive?: boolean
  /** A connection that long without an octet is closed. 60 s unless told. */
  readonly idleTimeout?: Nanos
  /** Every request is sent elsewhere, 301: the `Location` is this and the request's target. Nowhere unless told. */
  readonly redirectTo?: string
  /** How much it can do at once. Without limit unless told. */
  readonly capacity?: HttpCapacity
  /** The `Server` header; none unless told. */
  readonly serverHeader?: string
  readonly faults?: readonly ServerFault[]
  readonly log?: ServerLog
}

export interface HttpServer {
  /**
   * Resolves when connections are accepted, or when a `refuse` says that they are not to be; rejects with Node's error
   * (`EADDRINUSE`, `EACCES`) when that fails.
   */
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  /** Stops listening and resets what is open. */
  close(): Promise<void>
}

const DEFAULT_PORT = 80
const DEFAULT_MAX_BODY = 1024 * 1024
const DEFAULT_IDLE_TIMEOUT: Nanos = 60 * SECOND
/** Octets read from the store at once. */
const CHUNK = 64 * 1024
/** Pieces a second in which a throttled file goes out. */
const PACES = 4
/** Header names and values together; node:http answers 431 beyond. */
const MAX_HEADER_OCTETS = 16 * 1024
/** node:http looks for late headers this often in real time: never. */
const NEVER_MILLISECONDS = 2 ** 31 - 1

export function startHttpServer(host: Host, options: HttpServerOptions): HttpServer {
  return new FileServer(host, options)
}

class FileServer implements HttpServer {
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  readonly #host: Host
  readonly #options: HttpServerOptions
  readonly #note: Note
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #access: HttpAccess
  readonly #work: WorkQueue | undefined
  #port: number
  #wanted = true
  #closed = false

  constructor(host: Host, options: HttpServerOptions) {
    this.#host = host
    this.#options = options
    this.#port = options.port ?? DEFAULT_PORT
    this.#note = noteTo(options.log, options.name ?? 'http', host.clock)
    this.#access = new HttpAccess(host, options.auth === undefined ? [] : [options.auth].flat())
    this.#work = options.capacity === undefined ? undefined : new WorkQueue(options.capacity, host.clock)
    this.faults = new FaultScript('http', options.faults ?? [], host.clock, this.#note)
    this.#server = host.http.createServer({
      keepAlive: false,
      maxHeaderSize: MAX_HEADER_OCTETS,
      connectionsCheckingInterval: NEVER_MILLISECONDS,
      headersTimeout: 0,
      requestTimeout: 0,
    })
    this.#server.keepAliveTimeout = 0
    this.#server.on('connection', (socket) => this.#connected(socket))
    this.#server.on('request', (request, response) => this.#handle(request, response))
    this.#server.on('checkContinue', (request, response) => this.#handle(request, response))
    this.#server.on('clientError', (error, socket) => this.#malformed(error, socket as Socket))
    const address = options.address ?? '0.0.0.0'
    this.listening = new Promise((resolve, reject) => {
      if (this.faults.refusing) resolve({ address, port: this.#port })
      this.#server.on('listening', () => {
        const { address, port } = this.#server.address() as AddressInfo
        this.#port = port
        this.#note('listening', { address, port })
        resolve({ address, port })
      })
      this.#server.on('error', (error) => {
        this.#note('error', { message: error.message })
        reject(error)
      })
    })
    // Whoever does not wait for it finds the error in the log.
    this.listening.catch(() => {})
    this.faults.onPort(() => this.#openOrClosePort())
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    this.#wanted = false
    this.faults.onPort(undefined)
    return new Promise((resolve) => {
      this.#server.close(() => {
        this.#note('closed', { port: this.#port })
        resolve()
      })
      for (const socket of this.#sockets) socket.resetAndDestroy()
    })
  }

  /** A `refuse` is played by not listening; open connections go on. */
  #openOrClosePort(): void {
    const open = this.#wanted && !this.faults.refusing
    if (open && !this.#server.listening) {
      this.#server.listen(this.#port, this.#options.address ?? '0.0.0.0')
    } else if (!open && this.#server.listening) {
      this.#note('fault', { fault: 'refuse', port: this.#port })
      this.#server.close()
    } else if (!open && this.#wanted) {
      this.#note('fault', { fault: 'refuse', port: this.#port })
    }
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setTimeout((this.#options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT) / MILLISECOND)
    socket.on('timeout', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }

  /** What the parser could not read; RFC 9112 §3 asks for 400. */
  #malformed(error: Error & { code?: string }, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
    this.#note('error', { client: socket.remoteAddress ?? '', message: error.message, status })
    socket.end(`HTTP/1.1 ${status} ${this.#host.http.STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`)
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const client = request.socket.remoteAddress ?? ''
    const method = request.method ?? ''
    const path = (request.url ?? '').split(/[?#]/, 1)[0]!
    const exchange = new Exchange(request, response, { client, method, path })
    // The client may go away at any time; that ends this exchange and nothing else.
    request.on('error', () => {})
    response.on('error', () => {})
    this.#note('request', exchange.detail)

    response.sendDate = false
    response.setHeader('Date', httpDate(this.#host.clock.wallClock()))
    if (this.#options.serverHeader !== undefined) response.setHeader('Server', this.#options.serverHeader)
    if (this.#options.keepAlive !== true) response.setHeader('Connection', 'close')
    response.on('finish', () => {
      this.#note('response', { ...exchange.detail, status: response.statusCode, octets: exchange.octets })
    })

    const fault = this.faults.take({ path, method, clients: [client] }, exchange.detail)
    if (this.#work === undefined || fault !== undefined) return this.#begin(exchange, fault)
    const outcome = this.#work.enter(response, () => this.#begin(exchange, undefined))
    if (outcome === 'full') this.#overloaded(exchange)
  }

  /** More requests wait than there is room for. */
  #overloaded(exchange: Exchange): void {
    const { overload = 'unavailable', retryAfter } = this.#options.capacity!
    this.#note('overload', exchange.detail)
    if (overload === 'reset') return void exchange.request.socket.resetAndDestroy()
    if (retryAfter !== undefined) exchange.response.setHeader('Retry-After', retryAfter)
    exchange.answer(503, this.#reason(503))
  }

  #begin(exchange: Exchange, fault: ServerFault | undefined): void {
    if (fault === undefined) {
      this.#serve(exchange, {})
    } else if ('truncate' in fault || 'throttle' in fault) {
      this.#serve(exchange, fault)
    } else if ('delay' in fault) {
      const timer = this.#host.clock.after(fault.delay, () => this.#serve(exchange, {}))
      exchange.response.on('close', () => timer.cancel())
    } else {
      this.#play(fault, exchange)
    }
  }

  #play(fault: ServerFault, exchange: Exchange): void {
    const { request, response } = exchange
    if ('status' in fault) {
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value)
      exchange.answer(fault.status, fault.body ?? this.#reason(fault.status))
    } else if ('raw' in fault) {
      response.detachSocket(request.socket)
      request.socket.end(Buffer.from(fault.raw, 'latin1'))
    } else if ('reset' in fault) {
      request.socket.resetAndDestroy()
    } else {
      // noAnswer, hang: the request is taken in, and that is all.
      request.socket.setTimeout(0)
      request.resume()
      if (!('hang' in fault)) return
      const timer = this.#host.clock.after(fault.hang, () => {
        request.socket.setTimeout((this.#options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT) / MILLISECOND)
        request.socket.end()
      })
      response.on('close', () => timer.cancel())
    }
  }

  #serve(exchange: Exchange, damage: BodyDamage): void {
    this.#respond(exchange, damage).catch((error: unknown) => {
      this.#note('error', { ...exchange.detail, message: error instanceof Error ? error.message : String(error) })
      if (exchange.response.headersSent) exchange.request.socket.destroy()
      else exchange.answer(500, this.#reason(500))
    })
  }

  async #respond(exchange: Exchange, damage: BodyDamage): Promise<void> {
    const { request, response } = exchange
    const { method } = exchange.detail
    const { redirectTo } = this.#options
    const target = request.url ?? ''
    if (redirectTo !== undefined) {
      response.setHeader('Location', redirectTo.replace(/\/$/, '') + target)
      return exchange.answer(301, this.#reason(301))
    }
    const decoded = decodePath(exchange.detail.path) ?? ''
    const path = storePath(decoded)
    const { authorization } = request.headers
    const decision = this.#access.check({ method, path: decoded, target, authorization })
    if (!decision.granted) {
      const { challenges } = decision
      response.setHeader('WWW-Authenticate', challenges.length === 1 ? challenges[0]! : challenges)
      return exchange.answer(401, this.#reason(401))
    }
    const mayWrite = path !== undefined && this.#mayWrite(path)
    switch (method) {
      case 'GET':
      case 'HEAD': {
        if (path === undefined) return exchange.answer(404, this.#reason(404))
        const file = await this.#options.files.find(path)
        if (file === 'missing') return exchange.answer(404, this.#reason(404))
        if (file === 'denied' || file === 'directory') return exchange.answer(403, this.#reason(403))
        return this.#sendFile(exchange, file, damage)
      }
      case 'PUT':
        if (mayWrite) return this.#takeFile(exchange, path)
        break
      case 'DELETE':
        if (mayWrite) {
          const outcome = await this.#options.files.remove(path)
          if (outcome === 'removed') return exchange.answer(204)
          return exchange.answer(outcome === 'denied' ? 403 : 404, this.#reason(outcome === 'denied' ? 403 : 404))
        }
        break
      case 'OPTIONS':
        response.setHeader('Allow', allowed(mayWrite))
        return exchange.answer(204)
      default:
        if (!this.#host.http.METHODS.includes(method)) return exchange.answer(501, this.#reason(501))
        break
    }
    request.resume()
    response.setHeader('Allow', allowed(mayWrite))
    return exchange.answer(405, this.#reason(405))
  }

  async #sendFile(exchange: Exchange, file: StoredFile, { truncate, throttle }: BodyDamage): Promise<void> {
    const { request, response } = exchange
    response.setHeader('Last-Modified', httpDate(file.modified))
    response.setHeader('ETag', file.etag)
    if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(file.etag) === true) return exchange.answer(304)
    const range = byteRange(request.headers, file.size, file.etag, httpDate(file.modified))
    if (range === 'unsatisfiable') {
      response.setHeader('Content-Range', `bytes */${file.size}`)
      return exchange.answer(416, this.#reason(416))
    }
    const [first, end] = range ?? [0, file.size]
    response.setHeader('Content-Type', contentType(file.path))
    response.setHeader('Content-Length', end - first)
    if (range !== undefined) response.setHeader('Content-Range', `bytes ${first}-${end - 1}/${file.size}`)
    response.statusCode = range === undefined ? 200 : 206
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    response.flushHeaders()
    const last = Math.min(end, first + (truncate ?? Infinity))
    const chunk = throttle === undefined ? CHUNK : Math.max(1, Math.min(CHUNK, Math.floor(throttle / PACES)))
    for (let at = first; at < last; at += chunk) {
      const octets = await this.#host.clock.hold(file.read(at, Math.min(last, at + chunk)))
      exchange.octets += octets.length
      if (!response.write(octets) && !(await drained(response))) return
      if (throttle === undefined || at + chunk >= last) continue
      if (!(await this.#pause(response, (octets.length / throttle) * SECOND))) return
    }
    if (last < end) request.socket.end()
    else response.end()
  }

  /** False when the client is gone before the time is over. */
  #pause(response: ServerResponse, duration: Nanos): Promise<boolean> {
    return new Promise((resolve) => {
      const gone = (): void => {
        timer.cancel()
        resolve(false)
      }
      const timer = this.#host.clock.after(Math.round(duration), () => {
        response.off('close', gone)
        resolve(true)
      })
      response.once('close', gone)
    })
  }

  async #takeFile(exchange: Exchange, path: string): Promise<void> {
    const { request, response } = exchange
    const limit = this.#options.maxBodyOctets ?? DEFAULT_MAX_BODY
    const length = request.headers['content-length']
    if (length === undefined && request.headers['transfer-encoding'] === undefined) {
      return exchange.answer(411, this.#reason(411))
    }
    if (length !== undefined && Number(length) > limit) return exchange.answer(413, this.#reason(413))
    if (request.headers['content-range'] !== undefined) return exchange.answer(400, this.#reason(400)) // RFC 9110 §14.5
    if (exchange.expectsContinue) response.writeContinue()
    const body = await bodyOf(request, limit)
    if (body === 'too-long') return exchange.answer(413, this.#reason(413))
    if (body === 'cut-short') return
    exchange.octets = body.length
    const outcome = await this.#host.clock.hold(this.#options.files.write(path, body, this.#host.clock.wallClock()))
    switch (outcome) {
      case 'created':
        return exchange.answer(201, this.#reason(201))
      case 'replaced':
        return exchange.answer(204)
      case 'no-directory':
        return exchange.answer(409, this.#reason(409)) // RFC 4918 §9.7.1
      case 'denied':
        return exchange.answer(403, this.#reason(403))
      case 'full':
        return exchange.answer(507, this.#reason(507)) // RFC 4918 §11.5
    }
  }

  #mayWrite(path: string): boolean {
    const { backup } = this.#options
    if (backup === undefined || typeof backup === 'boolean') return backup === true
    return backup.some((directory) => {
      const prefix = storePath(directory)
      return prefix === undefined || path.startsWith(`${prefix}/`)
    })
  }

  #reason(status: number): string {
    return `${status} ${this.#host.http.STATUS_CODES[status] ?? ''}\n`
  }
}

/** What a fault does to the body of a right answer. */
interface BodyDamage {
  readonly truncate?: number
  /** Octets a second. */
  readonly throttle?: number
}

interface ExchangeDetail extends Record<string, string> {
  readonly client: string
  readonly method: string
  readonly path: string
}

/** One request and its answer. */
class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly detail: ExchangeDetail
  readonly expectsContinue: boolean
  /** Of body, sent or taken in. */
  octets = 0

  constructor(request: IncomingMessage, response: ServerResponse, detail: ExchangeDetail) {
    this.request = request
    this.response = response
    this.detail = detail
    this.expectsContinue = /100-continue/i.test(request.headers.expect ?? '')
  }

  /**
   * Status, and the text as body where the status has one. What the client is still sending is read first: to close
   * before that would reset the connection and could cost the client the answer. A client that waits for
   * `100 Continue` has sent nothing yet, so its connection ends with the answer.
   */
  answer(status: number, text?: string): void {
    const { request, response } = this
    if (response.headersSent || response.destroyed) return
    response.statusCode = status
    const body = text === undefined || status === 204 || status === 304 ? undefined : Buffer.from(text, 'latin1')
    if (body !== undefined) {
      response.setHeader('Content-Type', 'text/plain')
      response.setHeader('Content-Length', body.length)
      if (request.method !== 'HEAD') this.octets ||= body.length
    }
    const end = (): void => {
      if (body === undefined || request.method === 'HEAD') response.end()
      else response.end(body)
    }
    if (this.expectsContinue && !request.complete) {
      response.setHeader('Connection', 'close')
      end()
    } else if (request.complete) {
      end()
    } else {
      request.resume()
      request.once('end', end)
    }
  }
}

/** The body, however it was framed. What is beyond the limit is read and forgotten. */
function bodyOf(request: IncomingMessage, limit: number): Promise<Uint8Array | 'too-long' | 'cut-short'> {
  return new Promise((resolve) => {
    const parts: Uint8Array[] = []
    let length = 0
    request.on('data', (part: Uint8Array) => {
      length += part.length
      if (length <= limit) parts.push(part)
      else parts.length = 0
    })
    request.on('end', () => resolve(length > limit ? 'too-long' : Buffer.concat(parts)))
    request.on('close', () => resolve('cut-short'))
  })
}

/** True when there is room to write again, false when the client is gone. */
function drained(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    response.once('drain', () => resolve(true))
    response.once('close', () => resolve(false))
  })
}

function decodePath(path: string): string | undefined {
  // A proxy's form, RFC 9112 §3.2.2: http://server/path
  const local = path.replace(/^https?:\/\/[^/]*/i, '')
  try {
    return decodeURIComponent(local)
  } catch {
    return undefined
  }
}

function allowed(mayWrite: boolean): string {
  return mayWrite ? 'GET, HEAD, PUT, DELETE, OPTIONS' : 'GET, HEAD, OPTIONS'
}

function contentType(path: string): string {
  return /\.(?:txt|scr|cfg|log)$/i.test(path) ? 'text/plain' : 'application/octet-stream'
}

/** IMF-fixdate of RFC 9110 §5.6.7: `Sat, 21 Nov 2026 03:10:00 GMT`. */
function httpDate({ seconds }: Timestamp): string {
  return new Date(seconds * 1000).toUTCString()
}
