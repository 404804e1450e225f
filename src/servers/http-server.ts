/**
 * The file and backup server: GET and HEAD of files, and where it is allowed PUT and DELETE, on node:http.
 *
 * It behaves like the plain web servers that phones are pointed at: `Content-Length`, `Last-Modified`, `ETag`, one
 * request a connection unless keepAlive is on, no ranges, no listings, no redirects. A PUT is kept only when it
 * came whole (FileStore.write is atomic), a body that is refused is refused before `100 Continue`.
 *
 * node:http's own timers and its `Date` run on the real clock wherever the server runs, so they are off: `Date` is
 * the host's, and a connection that goes quiet is closed by the socket's timer, which is the host's too.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { MILLISECOND, SECOND } from '../base/time.js'
import type { Nanos, Timestamp } from '../base/time.js'
import type { Host } from '../host/host.js'
import { FaultScript } from './faults.js'
import type { ServerFault } from './faults.js'
import { storePath } from './file-store.js'
import type { FileStore, StoredFile } from './file-store.js'
import { noteTo } from './server-log.js'
import type { Note, ServerLog } from './server-log.js'

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
  /** What asks for a user and password. The first whose prefix fits decides. */
  readonly auth?: HttpAuthentication | readonly HttpAuthentication[]
  /** The largest body of a PUT in octets, 413 beyond. 1 MiB unless told. */
  readonly maxBodyOctets?: number
  /** Several requests on one connection. Off unless told. */
  readonly keepAlive?: boolean
  /** A connection that long without an octet is closed. 60 s unless told. */
  readonly idleTimeout?: Nanos
  /** The `Server` header; none unless told. */
  readonly serverHeader?: string
  readonly faults?: readonly ServerFault[]
  readonly log?: ServerLog
}

/** Basic authentication, RFC 7617. */
export interface HttpAuthentication {
  /** Paths that begin with this; all of them unless told. A leading slash does not matter. */
  readonly prefix?: string
  /** Only these methods; all of them unless told. */
  readonly methods?: readonly string[]
  readonly user: string
  readonly password: string
  readonly realm: string
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
  readonly #auth: readonly HttpAuthentication[]
  #port: number
  #wanted = true
  #closed = false

  constructor(host: Host, options: HttpServerOptions) {
    this.#host = host
    this.#options = options
    this.#port = options.port ?? DEFAULT_PORT
    this.#note = noteTo(options.log, options.name ?? 'http', host.clock)
    this.#auth = options.auth === undefined ? [] : [options.auth].flat()
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
    const truncate = fault !== undefined && 'truncate' in fault ? fault.truncate : undefined
    if (fault === undefined || truncate !== undefined) {
      this.#serve(exchange, truncate)
    } else if ('delay' in fault) {
      const timer = this.#host.clock.after(fault.delay, () => this.#serve(exchange, undefined))
      response.on('close', () => timer.cancel())
    } else {
      this.#play(fault, exchange)
    }
  }

  #play(fault: ServerFault, exchange: Exchange): void {
    const { request, response } = exchange
    if ('status' in fault) {
      for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value)
      exchange.answer(fault.status, fault.body ?? this.#reason(fault.status))
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

  #serve(exchange: Exchange, truncate: number | undefined): void {
    this.#respond(exchange, truncate).catch((error: unknown) => {
      this.#note('error', { ...exchange.detail, message: error instanceof Error ? error.message : String(error) })
      if (exchange.response.headersSent) exchange.request.socket.destroy()
      else exchange.answer(500, this.#reason(500))
    })
  }

  async #respond(exchange: Exchange, truncate: number | undefined): Promise<void> {
    const { request, response } = exchange
    const { method } = exchange.detail
    const path = storePath(decodePath(exchange.detail.path) ?? '')
    const asked = this.#challenge(exchange)
    if (asked !== undefined) {
      response.setHeader('WWW-Authenticate', `Basic realm="${asked.realm.replace(/["\\]/g, '\\$&')}"`)
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
        return this.#sendFile(exchange, file, truncate)
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

  async #sendFile(exchange: Exchange, file: StoredFile, truncate: number | undefined): Promise<void> {
    const { request, response } = exchange
    response.setHeader('Last-Modified', httpDate(file.modified))
    response.setHeader('ETag', file.etag)
    if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(file.etag) === true) return exchange.answer(304)
    response.setHeader('Content-Type', contentType(file.path))
    response.setHeader('Content-Length', file.size)
    response.statusCode = 200
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    response.flushHeaders()
    const size = Math.min(file.size, truncate ?? file.size)
    for (let at = 0; at < size; at += CHUNK) {
      const octets = await this.#host.clock.hold(file.read(at, Math.min(size, at + CHUNK)))
      exchange.octets += octets.length
      if (!response.write(octets) && !(await drained(response))) return
    }
    if (truncate !== undefined && size < file.size) request.socket.end()
    else response.end()
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

  /** The authentication that the request lacks. */
  #challenge({ request, detail }: Exchange): HttpAuthentication | undefined {
    const path = (decodePath(detail.path) ?? '').replace(/^\/+/, '')
    const rule = this.#auth.find(
      ({ prefix, methods }) =>
        path.startsWith((prefix ?? '').replace(/^\/+/, '')) &&
        (methods === undefined || methods.includes(detail.method)),
    )
    if (rule === undefined) return undefined
    const credentials = /^basic +([a-z0-9+/=]+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    const given = credentials === undefined ? undefined : Buffer.from(credentials, 'base64').toString('latin1')
    return given === `${rule.user}:${rule.password}` ? undefined : rule
  }

  #reason(status: number): string {
    return `${status} ${this.#host.http.STATUS_CODES[status] ?? ''}\n`
  }
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
