/**
 * The TFTP server: RFC 1350 with the options of RFC 2347 to 2349 (`blksize`, `tsize`), on the npm package `tftp`.
 *
 * The package answers requests, negotiates, keeps the timers and retransmits. Ours around it: where files come from
 * and go to, faults, and a guard on each transfer's socket, because version 0.1.2
 *
 * - lets anybody's datagrams into a transfer (RFC 1350 §4 wants ERROR 5 for a stranger), and throws on one that is
 *   shorter than two octets;
 * - takes a second ACK of the same block for progress: it sends the block again and the next one with it (RFC 1123
 *   §4.2.3.1), or throws when it has no next one yet;
 * - sends ACK 0 after the ERROR that refuses a write;
 * - never sorts the blocks of a window, for a misspelt `_windowsSize`, so that reordering corrupts files silently:
 *   `windowsize` is always answered with 1 (RFC 7440 §4 allows the server to lower it).
 *
 * The guard lets through one ACK for each block that was sent, and what comes from the client of the transfer.
 *
 * Not here: `timeout` of RFC 2349 (the package ignores the option, which RFC 2347 allows), netascii conversion.
 */
import type { Socket as UdpSocket, RemoteInfo } from 'node:dgram'
import type { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { MILLISECOND, SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import type { Host } from '../host/host.js'
import { encode, ErrorCode, Opcode, SERVER_PORT } from '../wire/tftp.js'
import { FaultScript } from './faults.js'
import type { ServerFault } from './faults.js'
import { storePath } from './file-store.js'
import type { FileStore, StoredFile } from './file-store.js'
import { noteTo } from './server-log.js'
import type { Note, ServerLog } from './server-log.js'

export interface TftpServerOptions {
  readonly files: FileStore
  /** In events. `tftp` unless told. */
  readonly name?: string
  /** 69 unless told; 0 takes a free one. */
  readonly port?: number
  /** IPv4 address to listen on; all unless told. */
  readonly address?: string
  /** Whether clients may write files: anywhere, or below these directories. Not unless told. */
  readonly put?: boolean | readonly string[]
  /** The largest file that is taken, in octets. 1 MiB unless told. */
  readonly maxFileOctets?: number
  /** The largest `blksize` granted. 1468 unless told: a block fits in an Ethernet frame. */
  readonly blksize?: number
  /** Until an unanswered packet is sent again. 3 s unless told. */
  readonly retransmitAfter?: Nanos
  /** How often that is done before the server gives up. 3 unless told. */
  readonly retries?: number
  readonly faults?: readonly ServerFault[]
  readonly log?: ServerLog
}

export interface TftpServer {
  /** Resolves when requests are taken (or a `refuse` says not to); rejects with Node's error when that fails. */
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  /** Takes no more requests; transfers under way go on until their end or timeout. */
  close(): Promise<void>
}

const DEFAULT_MAX_FILE = 1024 * 1024
const DEFAULT_BLKSIZE = 1468
const DEFAULT_RETRANSMIT: Nanos = 3 * SECOND
const DEFAULT_RETRIES = 3
/** Blocks read from the store at once. */
const BLOCKS_PER_CHUNK = 32

export function startTftpServer(host: Host, options: TftpServerOptions): TftpServer {
  return new FileTransferServer(host, options)
}

/** The parts of the package that are used here. */
interface TftpPackage {
  createServer(options: object, listener: (request: TftpRequest, response: TftpResponse) => void): PackageServer
}

interface PackageServer extends EventEmitter {
  /** Read by listen(). The option of that name cannot be 0. */
  port: number
  readonly _socket: UdpSocket
  listen(): void
  close(): void
}

interface TftpRequest extends Readable {
  readonly method: 'GET' | 'PUT'
  readonly file: string
  readonly stats: {
    readonly blockSize: number
    readonly size: number | null
    readonly remoteAddress: string
    readonly remotePort: number
  }
  /** Sends ERROR. The code goes with the text: RFC 1350's own texts have theirs, others 0. */
  abort(message?: string): void
  /** Ends the transfer without a packet. */
  close(): void
}

interface TftpResponse extends Writable {
  /** Answers the request with OACK or the first block. */
  setSize(size: number): void
}

class FileTransferServer implements TftpServer {
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  readonly #host: Host
  readonly #options: TftpServerOptions
  readonly #note: Note
  readonly #package: TftpPackage
  /** Clients of transfers whose DATA goes out twice. */
  readonly #doubled: Set<string>
  readonly #errorTexts: readonly string[]
  #settle!: { resolve(at: { address: string; port: number }): void; reject(error: Error): void }
  #server: PackageServer | undefined
  #port: number
  #closed = false

  constructor(host: Host, options: TftpServerOptions) {
    this.#host = host
    this.#options = options
    this.#port = options.port ?? SERVER_PORT
    this.#note = noteTo(options.log, options.name ?? 'tftp', host.clock)
    const { tftp, doubled } = loadPackage(host)
    this.#package = tftp
    this.#doubled = doubled
    this.#errorTexts = errorTexts(host)
    this.faults = new FaultScript('tftp', options.faults ?? [], host.clock, this.#note)
    this.listening = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever does not wait for it finds the error in the log.
    this.listening.catch(() => {})
    this.faults.onPort(() => this.#openOrClosePort())
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    this.faults.onPort(undefined)
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      server.on('close', () => {
        this.#note('closed', { port: this.#port })
        resolve()
      })
      server.close()
    })
  }

  #openOrClosePort(): void {
    if (!this.#closed && !this.faults.refusing) {
      this.#server ??= this.#open()
      return
    }
    const address = this.#options.address ?? '0.0.0.0'
    this.#settle.resolve({ address, port: this.#port })
    this.#note('fault', { fault: 'refuse', port: this.#port })
    this.#server?.close()
    this.#server = undefined
  }

  #open(): PackageServer {
    const server = this.#package.createServer(
      {
        host: this.#options.address ?? '0.0.0.0',
        root: '/',
        blockSize: this.#options.blksize ?? DEFAULT_BLKSIZE,
        windowSize: 1,
        retries: this.#options.retries ?? DEFAULT_RETRIES,
        timeout: (this.#options.retransmitAfter ?? DEFAULT_RETRANSMIT) / MILLISECOND,
      },
      (request, response) => this.#handle(request, response),
    )
    server.port = this.#port
    server.on('listening', () => {
      const { address, port } = server._socket.address()
      this.#port = port
      this.#note('listening', { address, port })
      this.#settle.resolve({ address, port })
    })
    server.on('error', (error: Error) => {
      this.#note('error', { message: error.message })
      this.#settle.reject(error)
    })
    server.listen()
    return server
  }

  #handle(request: TftpRequest, response: TftpResponse): void {
    const { method, file, stats } = request
    const detail = { client: stats.remoteAddress, port: stats.remotePort, method, path: file }
    this.#note('request', detail)
    let octets = 0
    let ended = false
    const end = (outcome: { error: string } | undefined): void => {
      if (ended) return
      ended = true
      this.#note('response', outcome === undefined ? { ...detail, octets } : { ...detail, octets, ...outcome })
    }
    request.on('error', (error: Error) => end({ error: error.message }))
    request.on('abort', () => end({ error: 'refused' }))
    // Before an error or abort the package says close.
    request.on('close', () => queueMicrotask(() => end(undefined)))

    const serve = (limit: number): void => {
      const count = (length: number): void => void (octets += length)
      const work = method === 'PUT' ? this.#take(request, count) : this.#send(request, response, limit, count)
      work.catch((error: unknown) => {
        this.#note('error', { ...detail, message: error instanceof Error ? error.message : String(error) })
        request.abort(error instanceof Error ? error.message : undefined)
      })
    }
    const fault = this.faults.take({ path: file, method, clients: [stats.remoteAddress] }, detail)
    if (fault === undefined) serve(Infinity)
    else if ('truncate' in fault) serve(fault.truncate)
    else if ('duplicate' in fault) {
      const client = clientKey(stats.remoteAddress, stats.remotePort)
      this.#doubled.add(client)
      request.on('close', () => this.#doubled.delete(client))
      serve(Infinity)
    } else if ('delay' in fault) this.#host.clock.after(fault.delay, () => serve(Infinity))
    else if ('error' in fault) request.abort(this.#errorTexts[fault.error] ?? `Error ${fault.error}`)
    else request.close()
  }

  async #send(
    request: TftpRequest,
    response: TftpResponse,
    limit: number,
    count: (octets: number) => void,
  ): Promise<void> {
    response.on('error', () => {})
    const path = storePath(request.file)
    const file = path === undefined ? 'denied' : await this.#options.files.find(path)
    if (file === 'missing') return request.abort(this.#errorTexts[ErrorCode.fileNotFound])
    if (file === 'denied' || file === 'directory') return request.abort(this.#errorTexts[ErrorCode.accessViolation])
    response.setSize(file.size)
    await this.#pump(request, response, file, limit, count)
  }

  /** Writes whole blocks only, and with a limit stops for good before the block that passes it. */
  async #pump(
    request: TftpRequest,
    response: TftpResponse,
    file: StoredFile,
    limit: number,
    count: (octets: number) => void,
  ): Promise<void> {
    let gone = false
    let wake = (): void => {}
    const leave = (): void => {
      gone = true
      wake()
    }
    request.on('close', leave)
    response.on('drain', () => wake())
    const { blockSize } = request.stats
    const size = limit < file.size ? limit - (limit % blockSize) : file.size
    const chunk = BLOCKS_PER_CHUNK * blockSize
    for (let at = 0; at < size && !gone; at += chunk) {
      const octets = await this.#host.clock.hold(file.read(at, Math.min(size, at + chunk)))
      if (gone) return
      // The package wants Buffers that stay as they are.
      const room = response.write(Buffer.from(octets))
      count(octets.length)
      if (!room) await new Promise<void>((resolve) => (wake = resolve))
    }
    if (!gone && size === file.size) response.end()
  }

  async #take(request: TftpRequest, count: (octets: number) => void): Promise<void> {
    const path = storePath(request.file)
    if (path === undefined || !this.#mayWrite(path)) return request.abort(this.#errorTexts[ErrorCode.accessViolation])
    const limit = this.#options.maxFileOctets ?? DEFAULT_MAX_FILE
    const parts: Uint8Array[] = []
    let length = 0
    request.on('data', (part: Uint8Array) => {
      length += part.length
      count(part.length)
      if (length > limit) request.abort(this.#errorTexts[ErrorCode.diskFull])
      else parts.push(part)
    })
    const whole = await new Promise<boolean>((resolve) => {
      request.on('end', () => resolve(true))
      request.on('error', () => resolve(false))
      request.on('abort', () => resolve(false))
    })
    if (!whole || length > limit) return
    const outcome = await this.#host.clock.hold(
      this.#options.files.write(path, Buffer.concat(parts), this.#host.clock.wallClock()),
    )
    // The last ACK has gone out with the last block: the client cannot be told any more.
    if (outcome !== 'created' && outcome !== 'replaced') {
      this.#note('error', { path: request.file, message: `not stored: ${outcome}` })
    }
  }

  #mayWrite(path: string): boolean {
    const { put } = this.#options
    if (put === undefined || typeof put === 'boolean') return put === true
    return put.some((directory) => {
      const prefix = storePath(directory)
      return prefix === undefined || path.startsWith(`${prefix}/`)
    })
  }
}

/** The host's instance of the package, its transfers behind a guard. */
function loadPackage(host: Host): { tftp: TftpPackage; doubled: Set<string> } {
  const request = host.require('tftp/lib/protocol/request.js') as {
    Helper: { new (...args: never[]): unknown } & object
  }
  let doubled = guarded.get(request)
  if (doubled === undefined) {
    doubled = new Set()
    guarded.set(request, doubled)
    guardTransfers(request as unknown as RequestModule, doubled)
  }
  return { tftp: host.require('tftp') as TftpPackage, doubled }
}

/** Of each host's instance, the clients to whom DATA is sent twice. */
const guarded = new WeakMap<object, Set<string>>()

function clientKey(address: string, port: number): string {
  return `${address}:${port}`
}

interface RequestModule {
  /** Made for each request that arrives; its socket becomes the transfer's. */
  Helper: {
    new (client: RemoteInfo, family: number): { _socket: UdpSocket; _rinfo: RemoteInfo }
  }
}

/** Must run before the package's server.js is loaded, which keeps its own reference to Helper. */
function guardTransfers(module: RequestModule, doubled: ReadonlySet<string>): void {
  const { Helper } = module
  module.Helper = class extends Helper {
    constructor(client: RemoteInfo, family: number) {
      super(client, family)
      guard(this._socket, client, () => doubled.has(clientKey(client.address, client.port)))
    }
  }
}

/** Between one transfer's socket and the package. */
function guard(socket: UdpSocket, client: RemoteInfo, isDoubled: () => boolean): void {
  /** The block whose ACK the package waits for; an OACK is answered by ACK 0. Undefined while none may come. */
  let awaited: number | undefined
  let over = false

  const send = socket.send.bind(socket) as (...args: unknown[]) => void
  socket.send = ((buffer: Uint8Array | readonly Uint8Array[], ...rest: unknown[]) => {
    // Node calls it once more, with a list, for what was sent before the socket was bound.
    if (!(buffer instanceof Uint8Array)) return send(buffer, ...rest)
    if (over) return
    const opcode = opcodeOf(buffer)
    if (opcode === Opcode.data) awaited = (buffer[2]! << 8) | buffer[3]!
    else if (opcode === Opcode.oack) awaited = 0
    else if (opcode === Opcode.error) over = true
    // Each block of a server that answers doubled ACKs travels twice, and so does each ACK of it.
    if (opcode === Opcode.data && isDoubled()) send(buffer, ...rest.filter((value) => typeof value !== 'function'))
    send(buffer, ...rest)
  }) as UdpSocket['send']

  const emit = socket.emit.bind(socket) as (event: string, ...args: unknown[]) => boolean
  socket.emit = ((event: string, ...args: unknown[]) => {
    if (event !== 'message') return emit(event, ...args)
    const [message, from] = args as [Uint8Array, RemoteInfo]
    if (from.port !== client.port || from.address !== client.address) {
      send(UNKNOWN_TRANSFER_ID, from.port, from.address)
      return true
    }
    if (message.length < 4) return true
    if (opcodeOf(message) === Opcode.ack) {
      const block = (message[2]! << 8) | message[3]!
      if (block !== awaited || message.length !== 4) return true
      awaited = undefined
    }
    return emit(event, ...args)
  }) as UdpSocket['emit']
}

function opcodeOf(packet: Uint8Array): number {
  return packet.length < 4 ? 0 : (packet[0]! << 8) | packet[1]!
}

/** RFC 1350 §4: told to the stranger, the transfer is not disturbed. */
const UNKNOWN_TRANSFER_ID = encode({ op: 'error', code: ErrorCode.unknownTransferId, message: 'Unknown transfer ID' })

/** The package makes an error's code from its text; these are the texts by code. */
function errorTexts(host: Host): readonly string[] {
  const errors = host.require('tftp/lib/protocol/errors.js') as Record<string, { code?: number; message?: string }>
  const texts: string[] = []
  for (const { code, message } of Object.values(errors)) {
    if (code !== undefined && code > 0 && message !== undefined) texts[code] = message
  }
  return texts
}
