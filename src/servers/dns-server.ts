/**
 * A name server for the few names of a site: it is the authority for every name there is, so what it does not know does
 * not exist (NXDOMAIN), and it asks nobody.
 *
 * It answers A for the names it was given, PTR for their addresses, and "no such data" for other types of a name that
 * exists or that others lie below (RFC 8020). Queries are taken over UDP; an answer that does not fit in 512 octets, or
 * in what the client's EDNS says, is sent without records and with TC (RFC 2181 §9).
 *
 * Not here: TCP, zones and their SOA, dynamic updates, wildcards, other record types.
 */
import type { RemoteInfo, Socket } from 'node:dgram'
import { WireError } from '../base/errors.js'
import type { Host } from '../host/host.js'
import * as dns from '../wire/dns.js'
import { parseAddress } from '../wire/ipv4.js'
import { FaultScript } from './faults.js'
import type { ServerFault } from './faults.js'
import { noteTo } from './server-log.js'
import type { Note, ServerLog } from './server-log.js'

export interface DnsServerOptions {
  /** Addresses as text, by name. */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** Seconds that an answer may be kept. 300 unless told. */
  readonly timeToLive?: number
  /** In events. `dns` unless told. */
  readonly name?: string
  /** 53 unless told; 0 takes a free one. */
  readonly port?: number
  /** Address to listen on; all unless told. */
  readonly address?: string
  readonly faults?: readonly ServerFault[]
  readonly log?: ServerLog
}

export interface DnsServer {
  /** Resolves when queries are taken (or a `refuse` says not to); rejects with Node's error when that fails. */
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  close(): Promise<void>
}

const DEFAULT_TIME_TO_LIVE = 300
/** Octets of UDP payload that this server takes and sends at most, as dnsmasq says. */
const PAYLOAD_SIZE = 1232

/** @throws TypeError for an address that is none, WireError for a name that DNS cannot carry */
export function startDnsServer(host: Host, options: DnsServerOptions): DnsServer {
  return new NameServer(host, options)
}

class NameServer implements DnsServer {
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  readonly #host: Host
  readonly #options: DnsServerOptions
  readonly #note: Note
  /** By nameKey. */
  readonly #addresses = new Map<string, readonly number[]>()
  readonly #reverse = new Map<string, string[]>()
  /** Names that exist only because others lie below them. */
  readonly #above = new Set<string>()
  #socket: Socket | undefined
  #port: number
  #closed = false
  #opened: (place: { address: string; port: number }) => void = () => {}
  #failed: (error: Error) => void = () => {}

  constructor(host: Host, options: DnsServerOptions) {
    this.#host = host
    this.#options = options
    this.#port = options.port ?? dns.SERVER_PORT
    this.#note = noteTo(options.log, options.name ?? 'dns', host.clock)
    for (const [name, addresses] of options.names) this.#add(name, addresses)
    this.faults = new FaultScript('dns', options.faults ?? [], host.clock, this.#note)
    this.listening = new Promise((resolve, reject) => {
      this.#opened = resolve
      this.#failed = reject
      if (this.faults.refusing) resolve({ address: options.address ?? '0.0.0.0', port: this.#port })
    })
    // Whoever does not wait for it finds the error in the log.
    this.listening.catch(() => {})
    this.faults.onPort(() => this.#openOrClosePort())
  }

  #add(name: string, texts: readonly string[]): void {
    dns.nameLabels(name)
    const key = dns.nameKey(name)
    const addresses = texts.map((text) => {
      const address = parseAddress(text)
      if (address === undefined) throw new TypeError(`'${text}' is no IPv4 address`)
      return address
    })
    this.#addresses.set(key, addresses)
    for (const address of addresses) {
      const reverse = dns.reverseName(address)
      const known = this.#reverse.get(reverse)
      if (known === undefined) this.#reverse.set(reverse, [name])
      else known.push(name)
      this.#addAbove(reverse)
    }
    this.#addAbove(key)
  }

  #addAbove(key: string): void {
    for (let dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1)) this.#above.add(key.slice(dot + 1))
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    this.faults.onPort(undefined)
    const socket = this.#socket
    this.#socket = undefined
    return new Promise((resolve) => {
      if (socket === undefined) return resolve()
      socket.close(() => {
        this.#note('closed', { port: this.#port })
        resolve()
      })
    })
  }

  /** A `refuse` is played by not listening: ICMP port unreachable to each query. */
  #openOrClosePort(): void {
    const open = !this.#closed && !this.faults.refusing
    if (open && this.#socket === undefined) {
      this.#open()
    } else if (!open && !this.#closed) {
      this.#note('fault', { fault: 'refuse', port: this.#port })
      this.#socket?.close()
      this.#socket = undefined
    }
  }

  #open(): void {
    const socket = this.#host.dgram.createSocket('udp4')
    this.#socket = socket
    socket.on('message', (message: Uint8Array, from: RemoteInfo) => this.#received(socket, message, from))
    socket.on('error', (error) => {
      this.#note('error', { message: error.message })
      this.#failed(error)
    })
    socket.bind(
      { port: this.#port, ...(this.#options.address !== undefined && { address: this.#options.address }) },
      () => {
        const { address, port } = socket.address()
        this.#port = port
        this.#note('listening', { address, port })
        this.#opened({ address, port })
      },
    )
  }

  #received(socket: Socket, octets: Uint8Array, from: RemoteInfo): void {
    let query: dns.DnsMessage
    try {
      query = dns.decode(octets)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#note('error', { client: from.address, message: error.message })
      return
    }
    // Answers to an answer could go on for ever.
    if (query.response) return
    const [question] = query.questions
    const name = question?.name ?? ''
    const message = question === undefined ? '' : typeName(question.type)
    const detail = { client: from.address, path: name, message }
    this.#note('request', detail)
    const fault = this.faults.take({ path: name, message, clients: [from.address] }, detail)
    const send = (response: dns.DnsMessage): void => {
      // A fault may have closed the port meanwhile.
      if (this.#socket !== socket) return
      this.#note('response', { ...detail, rcode: response.rcode, answers: response.answers.length })
      socket.send(this.#fit(query, response), from.port, from.address)
    }
    if (fault === undefined) send(this.#answer(query))
    else if ('delay' in fault) this.#host.clock.after(fault.delay, () => send(this.#answer(query)))
    else if ('error' in fault) send({ ...responseTo(query), rcode: fault.error })
  }

  #answer(query: dns.DnsMessage): dns.DnsMessage {
    const response = responseTo(query)
    const [question] = query.questions
    if (query.opcode !== dns.Opcode.query) return { ...response, rcode: dns.Rcode.notImplemented }
    if (query.error !== undefined || question === undefined || query.questions.length !== 1) {
      return { ...response, rcode: dns.Rcode.formatError }
    }
    const { name, type } = question
    if (question.class !== dns.Class.internet && question.class !== dns.Class.any) {
      return { ...response, rcode: dns.Rcode.refused }
    }
    const key = dns.nameKey(name)
    const addresses = this.#addresses.get(key)
    const names = this.#reverse.get(key)
    const any = type === dns.Type.any
    const answers: dns.DnsRecord[] = []
    const add = (recordType: number, data: dns.DnsData): void => {
      const ttl = this.#options.timeToLive ?? DEFAULT_TIME_TO_LIVE
      answers.push({ name, type: recordType, class: dns.Class.internet, ttl, data })
    }
    if (type === dns.Type.a || any) for (const address of addresses ?? []) add(dns.Type.a, { kind: 'a', address })
    if (type === dns.Type.ptr || any)
      for (const target of names ?? []) add(dns.Type.ptr, { kind: 'name', name: target })
    const exists = addresses !== undefined || names !== undefined || key === '' || this.#above.has(key)
    return { ...response, authoritative: true, rcode: exists ? dns.Rcode.noError : dns.Rcode.nameError, answers }
  }

  #fit(query: dns.DnsMessage, response: dns.DnsMessage): Uint8Array {
    const extension = dns.edns(query)
    const limit = extension === undefined ? dns.MAX_PLAIN_LENGTH : Math.min(extension.payloadSize, PAYLOAD_SIZE)
    const additional = extension === undefined ? [] : [dns.ednsRecord(PAYLOAD_SIZE)]
    const whole = dns.encode({ ...response, additional })
    return whole.length <= limit ? whole : dns.encode({ ...response, additional, answers: [], truncated: true })
  }
}

/** RFC 1035 §4.1.1: identifier, opcode, RD and question come back as they were asked. */
function responseTo(query: dns.DnsMessage): dns.DnsMessage {
  return {
    ...dns.query(query.id, '', 0),
    response: true,
    opcode: query.opcode,
    recursionDesired: query.recursionDesired,
    questions: query.questions.slice(0, 1),
  }
}

/** `A`, `AAAA`, or the number. */
function typeName(type: number): string {
  const known = Object.entries(dns.Type).find(([, number]) => number === type)
  return known === undefined ? String(type) : known[0].toUpperCase()
}
