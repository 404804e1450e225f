/**
 * The DHCP server: RFC 2131 for one network or, behind relays, several. Socket and wire format are the npm package
 * `dhcp`; addresses, leases and what is answered are ours (leases.ts), because the package's own policy answers only
 * DISCOVER and REQUEST, looks through all leases for each client, and never answers a relay.
 *
 * The package's codec is told that every option is a list of octets. It reads and writes those as they are, whereas
 * its typed readers ignore the length on the wire, leave out what they do not know with a line on the console, and
 * cut texts. One defect is mended before it reads: it skips the octet after each pad option, so pads are taken out.
 *
 * Answers go where a program without raw sockets can send them: broadcast while the client has no address (RFC 2131
 * §4.1 allows that whether or not the client set the flag), to the client's address when it has one, to the relay.
 *
 * Which options are sent: mask, router and lease time always; others when the client's parameter request list
 * (option 55) asks for them or there is no such list. The site option of Avaya's phones goes out under 242 or 176, as
 * asked.
 *
 * Not here: BOOTP clients, address conflict checks by ping, options longer than 255 octets (the package cannot split
 * them), dynamic DNS, failover.
 */
import type { Socket as UdpSocket, RemoteInfo } from 'node:dgram'
import type { EventEmitter } from 'node:events'
import { latin1, latin1Bytes, toHex } from '../base/bytes.js'
import { SECOND } from '../base/time.js'
import type { Host } from '../host/host.js'
import {
  BROADCAST_FLAG,
  CLIENT_PORT,
  MessageType,
  messageTypeName,
  MINIMUM_LENGTH,
  OptionCode,
  RelaySubOptionCode,
  SERVER_PORT,
} from '../wire/dhcp.js'
import { formatAddress, parseAddress } from '../wire/ipv4.js'
import { FaultScript } from './faults.js'
import type { ServerFault } from './faults.js'
import { LeaseTable } from './leases.js'
import { noteTo } from './server-log.js'
import type { Note, ServerLog } from './server-log.js'

/** One network's settings. Addresses are text, `10.20.0.1`. */
export interface DhcpScope {
  /** The addresses given out, both ends included. */
  readonly pool: { readonly first: string; readonly last: string }
  readonly mask: string
  readonly routers?: readonly string[]
  /** Seconds. 86400 unless told. */
  readonly leaseTime?: number
  /** Seconds until T1 and T2 (options 58, 59). Not sent unless told: the client's half and seven eighths hold. */
  readonly renewalTime?: number
  readonly rebindingTime?: number
  /**
   * The option that tells Avaya's phones their servers, `MCIPADD=...,HTTPSRVR=...`: a text is sent under 242 or
   * 176, whichever the phone asks for; a map sets each number by itself, and only those are sent.
   */
  readonly siteOption?: string | ReadonlyMap<number, string>
  readonly domainNameServers?: readonly string[]
  readonly domainName?: string
  /** The header's `siaddr`. */
  readonly nextServer?: string
  /** The header's `sname` and `file`. */
  readonly serverName?: string
  readonly bootFile?: string
  /** Fixed addresses by MAC in colon form; they may lie outside the pool. */
  readonly reservations?: ReadonlyMap<string, string>
  /** Any other option; one of the same code replaces what the settings above give. */
  readonly options?: readonly DhcpOptionSetting[]
  /** For some clients: the first class that a message matches. */
  readonly classes?: readonly DhcpClass[]
  /** Leaves option 51 out, as a server does whose administrator forgot it. */
  readonly omitLeaseTime?: boolean
}

/** Clients that are told something else. A message matches when all that is given here is so. */
export interface DhcpClass {
  /** Option 60 begins with it. */
  readonly vendorClass?: string
  /** Option 55 asks for this option. */
  readonly asksFor?: number
  /** In place of the scope's, by code. */
  readonly options: readonly DhcpOptionSetting[]
}

export interface DhcpOptionSetting {
  readonly code: number
  /** At most 255 octets. */
  readonly value: Uint8Array
  /** Sent whether or not the client asks for it. */
  readonly always?: boolean
}

export interface DhcpServerOptions extends DhcpScope {
  /** The server identifier, and where clients renew. */
  readonly serverAddress: string
  /** Networks behind relays, chosen by `giaddr`. */
  readonly relayedScopes?: readonly DhcpScope[]
  /**
   * Says NAK to clients it does not know that ask for an address of its network. Off unless told: RFC 2131 §4.3.2
   * has such a server keep quiet, another one may know them.
   */
  readonly authoritative?: boolean
  /** In events. `dhcp` unless told. */
  readonly name?: string
  /** 67 unless told; 0 takes a free one. */
  readonly port?: number
  /** Where clients listen. 68 unless told. */
  readonly clientPort?: number
  /** Where answers are broadcast. 255.255.255.255 unless told. */
  readonly broadcastAddress?: string
  readonly faults?: readonly ServerFault[]
  readonly log?: ServerLog
}

export interface DhcpServer {
  /** Resolves when messages are taken (or a `refuse` says not to); rejects with Node's error when that fails. */
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  /** The address a client holds, by MAC in colon form; undefined when it holds none. */
  leaseOf(mac: string): string | undefined
  close(): Promise<void>
}

/** Octets of an option. */
const MAX_OPTION = 255
/** RFC 2131 §2: what every client takes, header and options, without IP and UDP. */
const DEFAULT_MAX_MESSAGE = 548
/** The package's buffer. */
const PACKAGE_MAX_MESSAGE = 1500
const IP_AND_UDP_HEADERS = 28

const SITE_OPTIONS = [OptionCode.siteOption, OptionCode.siteOption4600] as const
const DEFAULT_LEASE_SECONDS = 86_400
const MAGIC_COOKIE = 0x63825363 // RFC 2131 §3

/** @throws TypeError for settings no server could follow: a bad address, a pool that ends before it begins, ... */
export function startDhcpServer(host: Host, options: DhcpServerOptions): DhcpServer {
  return new LeaseServer(host, options)
}

/** The package's message: addresses are text, the MAC is `00-1B-4F-...`, each option a list of octets. */
interface PackageMessage {
  op: number
  htype: number
  hlen: number
  hops: number
  xid: number
  secs: number
  flags: number
  ciaddr: string
  yiaddr: string
  siaddr: string
  giaddr: string
  chaddr: string
  sname: string
  file: string
  magicCookie?: number
  options: Record<number, readonly number[]>
}

type PackageHandler = EventEmitter & { close(closed: () => void): void; readonly _sock: UdpSocket }

interface DhcpPackage {
  /** Reads messages and leaves the answers to others. */
  createBroadcastHandler(): PackageHandler
  addOption(code: number, option: { name: string; type: string }): void
}

interface ProtocolModule {
  format(message: PackageMessage): { readonly _data: Uint8Array; readonly _w: number }
}

/** A scope, its addresses read. */
interface Network {
  readonly scope: DhcpScope
  readonly mask: number
  readonly prefix: number
  readonly leases: LeaseTable
  readonly leaseSeconds: number
  readonly reservations: ReadonlyMap<string, number>
  /** What can be sent, by code, without what every message needs. */
  readonly options: ReadonlyMap<number, DhcpOptionSetting>
  /** The same of each class. */
  readonly classes: readonly ReadonlyMap<number, DhcpOptionSetting>[]
}

interface MaskGroup {
  readonly mask: number
  readonly networks: ReadonlyMap<number, Network>
}

class LeaseServer implements DhcpServer {
  readonly listening: Promise<{ address: string; port: number }>
  readonly faults: FaultScript
  readonly #host: Host
  readonly #options: DhcpServerOptions
  readonly #note: Note
  readonly #package: DhcpPackage
  readonly #protocol: ProtocolModule
  readonly #networks: readonly Network[]
  /** By prefix, for each mask in use, the longest first: which one is found does not take time with their number. */
  readonly #byMask: readonly MaskGroup[]
  readonly #serverAddress: number
  #settle!: { resolve(at: { address: string; port: number }): void; reject(error: Error): void }
  #handlers: PackageHandler[] = []
  /** What sends; undefined while nothing is open. */
  #socket: UdpSocket | undefined
  #port: number
  #closed = false

  constructor(host: Host, options: DhcpServerOptions) {
    this.#host = host
    this.#options = options
    this.#port = options.port ?? SERVER_PORT
    this.#serverAddress = address(options.serverAddress, 'serverAddress')
    this.#networks = [options, ...(options.relayedScopes ?? [])].map((scope) => network(scope, this.#serverAddress))
    this.#byMask = groupedByMask(this.#networks)
    this.#note = noteTo(options.log, options.name ?? 'dhcp', host.clock)
    this.#package = host.require('dhcp') as DhcpPackage
    this.#protocol = host.require('dhcp/lib/protocol.js') as ProtocolModule
    for (let code = 1; code < 255; code++) this.#package.addOption(code, { name: `Option ${code}`, type: 'UInt8s' })
    this.faults = new FaultScript('dhcp', options.faults ?? [], host.clock, this.#note)
    this.listening = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever does not wait for it finds the error in the log.
    this.listening.catch(() => {})
    this.faults.onPort(() => this.#openOrClosePort())
  }

  leaseOf(mac: string): string | undefined {
    const now = this.#host.clock.now()
    for (const { leases } of this.#networks) {
      const held = leases.heldByMac(mac.toLowerCase(), now)
      if (held !== undefined) return formatAddress(held)
    }
    return undefined
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.faults.onPort(undefined)
    if (this.#handlers.length === 0) return
    await this.#closeHandlers()
    this.#note('closed', { port: this.#port })
  }

  #openOrClosePort(): void {
    if (!this.#closed && !this.faults.refusing) {
      if (this.#handlers.length === 0) this.#open()
      return
    }
    this.#settle.resolve({ address: '0.0.0.0', port: this.#port })
    this.#note('fault', { fault: 'refuse', port: this.#port })
    void this.#closeHandlers()
  }

  #closeHandlers(): Promise<unknown> {
    const handlers = this.#handlers
    this.#handlers = []
    this.#socket = undefined
    return Promise.all(handlers.map((handler) => new Promise<void>((resolve) => handler.close(resolve))))
  }

  /** One socket for all that comes, and then one on the server's own address: see #openSender. */
  #open(): void {
    const handler = this.#makeHandler()
    this.#handlers.push(handler)
    const socket = handler._sock
    handler.on('error', (error: Error) => {
      this.#note('error', { message: error.message })
      this.#settle.reject(error)
    })
    socket.on('listening', () => {
      socket.setBroadcast(true)
      const { address, port } = socket.address()
      this.#socket = socket
      this.#port = port
      this.#openSender(() => {
        this.#note('listening', { address, port })
        this.#settle.resolve({ address, port })
      })
    })
    // The package's listen() cannot take a free port.
    socket.bind(this.#port, '0.0.0.0')
  }

  /**
   * From a socket on the server's own address a broadcast leaves by the interface of that address; from one on all
   * addresses by that of the default route, or not at all. It gets what is sent to that address too, so it listens.
   * Where there can be no second socket on the port, or the address is not the machine's, the first one sends.
   */
  #openSender(done: () => void): void {
    const handler = this.#makeHandler()
    const socket = handler._sock
    let isOpen = false
    handler.on('error', (error: Error) => {
      if (isOpen) {
        this.#note('error', { message: error.message })
        return
      }
      handler.close(() => {})
      done()
    })
    socket.on('listening', () => {
      isOpen = true
      if (this.#socket === undefined) {
        handler.close(() => {})
        return
      }
      socket.setBroadcast(true)
      this.#handlers.push(handler)
      this.#socket = socket
      done()
    })
    socket.bind(this.#port, this.#options.serverAddress)
  }

  #makeHandler(): PackageHandler {
    const handler = this.#package.createBroadcastHandler()
    let from: RemoteInfo | undefined
    handler._sock.prependListener('message', (message: Uint8Array, client: RemoteInfo) => {
      removePads(message)
      from = client
    })
    handler.on('message', (message: PackageMessage) => {
      if (from !== undefined) this.#handle(message, from)
    })
    return handler
  }

  #handle(message: PackageMessage, from: RemoteInfo): void {
    const type = message.options[OptionCode.messageType]?.[0] ?? 0
    const name = messageTypeName(type)
    if (message.magicCookie !== MAGIC_COOKIE) {
      this.#note('error', { message: 'no DHCP magic cookie' })
      return
    }
    const mac = message.chaddr.toLowerCase().replaceAll('-', ':')
    const detail = { message: name, client: from.address, mac, xid: message.xid }
    this.#note('request', detail)
    const wanted = addressIn(message, OptionCode.requestedAddress)
    const clients = [mac, from.address, message.ciaddr, ...(wanted === undefined ? [] : [formatAddress(wanted)])]
    const fault = this.faults.take({ message: name, clients }, detail)
    if (fault === undefined) this.#answer(message, type, mac)
    else if ('delay' in fault) this.#host.clock.after(fault.delay, () => this.#answer(message, type, mac))
    else if ('nak' in fault && type === MessageType.request) this.#nak(message, mac, 'no')
    else if ('nak' in fault) this.#answer(message, type, mac)
  }

  #answer(message: PackageMessage, type: number, mac: string): void {
    const network = this.#networkOf(message)
    if (network === undefined) {
      this.#note('error', { mac, message: `no scope for relay ${message.giaddr}` })
      return
    }
    const client = clientKey(message, mac)
    switch (type) {
      case MessageType.discover:
        return this.#discover(message, network, client, mac)
      case MessageType.request:
        return this.#request(message, network, client, mac)
      case MessageType.decline: {
        const declined = addressIn(message, OptionCode.requestedAddress)
        if (declined === undefined || !this.#isForUs(message)) return
        if (network.leases.decline(client, declined, this.#host.clock.now())) this.#lease('declined', mac, declined)
        return
      }
      case MessageType.release: {
        const released = parseAddress(message.ciaddr) ?? 0
        if (this.#isForUs(message) && network.leases.release(client, released)) this.#lease('released', mac, released)
        return
      }
      case MessageType.inform:
        // RFC 2131 §4.3.5: to ciaddr, without lease time and yiaddr.
        return this.#send(message, MessageType.ack, network, { yiaddr: 0, lease: false, mac })
      default:
        return
    }
  }

  /** RFC 2131 §4.3.1. */
  #discover(message: PackageMessage, network: Network, client: string, mac: string): void {
    const offered =
      network.reservations.get(mac) ??
      network.leases.offer(client, mac, addressIn(message, OptionCode.requestedAddress), this.#host.clock.now())
    if (offered === undefined) {
      this.#note('error', { mac, message: 'no free address' })
      return
    }
    this.#lease('offered', mac, offered)
    this.#send(message, MessageType.offer, network, { yiaddr: offered, lease: true, mac })
  }

  /** RFC 2131 §4.3.2; which of its four cases it is, §4.3.6 tells. */
  #request(message: PackageMessage, network: Network, client: string, mac: string): void {
    const now = this.#host.clock.now()
    const ciaddr = parseAddress(message.ciaddr) ?? 0
    const server = addressIn(message, OptionCode.serverIdentifier)
    const wanted = addressIn(message, OptionCode.requestedAddress) ?? ciaddr
    const reserved = network.reservations.get(mac)
    if (server !== undefined && server !== this.#serverAddress) {
      // SELECTING, and it chose another server.
      network.leases.withdraw(client)
      return
    }
    if ((wanted & network.mask) !== network.prefix) {
      // INIT-REBOOT on another network than before, or a renewal through a relay that moved it.
      return this.#nak(message, mac, 'wrong network')
    }
    const known = reserved ?? network.leases.addressOf(client)
    if (known === undefined && server === undefined && this.#options.authoritative !== true) return
    if (known !== wanted) return this.#nak(message, mac, 'address not available')
    if (reserved === undefined) network.leases.bind(client, now, network.leaseSeconds * SECOND)
    this.#lease('bound', mac, wanted)
    this.#send(message, MessageType.ack, network, { yiaddr: wanted, lease: true, mac })
  }

  #isForUs(message: PackageMessage): boolean {
    const server = addressIn(message, OptionCode.serverIdentifier)
    return server === undefined || server === this.#serverAddress
  }

  #networkOf(message: PackageMessage): Network | undefined {
    // RFC 3527 §3: where the relay says which link it means, its own address is for the way back only.
    const relay = linkSelection(message) ?? parseAddress(message.giaddr) ?? 0
    if (relay !== 0) return this.#networkAt(relay)
    // A client that renews through no relay may live behind one.
    const ciaddr = parseAddress(message.ciaddr) ?? 0
    return (ciaddr === 0 ? undefined : this.#networkAt(ciaddr)) ?? this.#networks[0]
  }

  #networkAt(address: number): Network | undefined {
    for (const { mask, networks } of this.#byMask) {
      const network = networks.get(address & mask)
      if (network !== undefined) return network
    }
    return undefined
  }

  #lease(state: string, mac: string, address: number): void {
    this.#note('lease', { state, mac, address: formatAddress(address) })
  }

  #nak(message: PackageMessage, mac: string, reason: string): void {
    const options = {
      [OptionCode.messageType]: [MessageType.nak],
      [OptionCode.serverIdentifier]: octets(this.#serverAddress),
      [OptionCode.message]: [...latin1Bytes(reason)],
      ...relayInformation(message),
    }
    // RFC 2131 §4.3.2: a relay has to broadcast it, the client's address is void.
    const flags = isZero(message.giaddr) ? message.flags : message.flags | BROADCAST_FLAG
    this.#transmit({ ...message, ...REPLY, flags, options }, true)
    this.#note('response', { message: 'NAK', mac, reason })
  }

  #send(
    message: PackageMessage,
    type: number,
    network: Network,
    { yiaddr, lease, mac }: { yiaddr: number; lease: boolean; mac: string },
  ): void {
    const { scope } = network
    const options: Record<number, readonly number[]> = {
      [OptionCode.messageType]: [type],
      [OptionCode.serverIdentifier]: octets(this.#serverAddress),
      ...relayInformation(message),
    }
    if (lease && scope.omitLeaseTime !== true) options[OptionCode.leaseTime] = octets(network.leaseSeconds)
    const room = messageRoom(message) - 240 - 1 - sizeOf(options)
    let left = room
    for (const { code, value } of this.#chosen(message, network, lease)) {
      if (value.length + 2 > left) {
        this.#note('error', {
          mac,
          message: `option ${code} does not fit in the client's ${messageRoom(message)} octets`,
        })
        continue
      }
      left -= value.length + 2
      options[code] = [...value]
    }
    this.#transmit(
      {
        ...message,
        ...REPLY,
        ciaddr: type === MessageType.ack ? message.ciaddr : '0.0.0.0', // RFC 2131 table 3
        yiaddr: formatAddress(yiaddr),
        siaddr: scope.nextServer ?? '0.0.0.0',
        sname: scope.serverName ?? '',
        file: scope.bootFile ?? '',
        options,
      },
      false,
    )
    this.#note('response', { message: messageTypeName(type), mac, address: formatAddress(yiaddr) })
  }

  /** What goes out, most important first: the rest may not fit. */
  *#chosen(message: PackageMessage, network: Network, lease: boolean): Iterable<DhcpOptionSetting> {
    const asked = message.options[OptionCode.parameterRequestList]
    const wants = (code: number): boolean => asked === undefined || asked.includes(code)
    const { siteOption } = network.scope
    const own = network.scope.classes?.findIndex((one) => belongsTo(message, one)) ?? -1
    const options = network.classes[own] ?? network.options
    for (const setting of options.values()) {
      if (!lease && (setting.code === OptionCode.renewalTime || setting.code === OptionCode.rebindingTime)) continue
      if (setting.always === true || wants(setting.code)) yield setting
    }
    if (typeof siteOption === 'string') {
      const value = latin1Bytes(siteOption)
      for (const code of SITE_OPTIONS) {
        if (options.has(code)) continue
        if (asked === undefined ? code === SITE_OPTIONS[0] : asked.includes(code)) yield { code, value }
      }
    }
  }

  /** RFC 2131 §4.1: to the relay, to the address the client has, or to everybody. */
  #transmit(reply: PackageMessage, isNak: boolean): void {
    const { _data, _w } = this.#protocol.format(reply)
    const bytes = _data.subarray(0, Math.max(_w, MINIMUM_LENGTH))
    let to = this.#options.broadcastAddress ?? '255.255.255.255'
    let port = this.#options.clientPort ?? CLIENT_PORT
    if (!isZero(reply.giaddr)) {
      to = reply.giaddr
      port = SERVER_PORT
    } else if (!isNak && !isZero(reply.ciaddr)) {
      to = reply.ciaddr
    }
    this.#socket?.send(bytes, port, to, (error) => {
      if (error) this.#note('error', { message: error.message })
    })
  }
}

/** What every reply has in common. */
const REPLY = {
  op: 2,
  hops: 0,
  secs: 0,
  ciaddr: '0.0.0.0',
  yiaddr: '0.0.0.0',
  siaddr: '0.0.0.0',
  sname: '',
  file: '',
} as const

function network(scope: DhcpScope, serverAddress: number): Network {
  const mask = address(scope.mask, 'mask')
  const first = address(scope.pool.first, 'pool')
  const last = address(scope.pool.last, 'pool')
  if (last < first) throw new TypeError(`the pool ends before it begins: ${scope.pool.first}-${scope.pool.last}`)
  if ((first & mask) !== (last & mask)) throw new TypeError(`the pool is larger than the mask ${scope.mask} allows`)
  const reservations = new Map(
    [...(scope.reservations ?? [])].map(([mac, text]) => [mac.toLowerCase(), address(text, `reservation of ${mac}`)]),
  )
  const leaseSeconds = scope.leaseTime ?? DEFAULT_LEASE_SECONDS
  return {
    scope,
    mask,
    prefix: first & mask,
    leases: new LeaseTable({ first, last, taken: [serverAddress, ...reservations.values()] }),
    leaseSeconds,
    reservations,
    options: optionsOf(scope),
    classes: (scope.classes ?? []).map((one) =>
      optionsOf({ ...scope, options: [...(scope.options ?? []), ...one.options] }),
    ),
  }
}

function groupedByMask(networks: readonly Network[]): readonly MaskGroup[] {
  const groups = new Map<number, Map<number, Network>>()
  for (const network of networks) {
    let group = groups.get(network.mask)
    if (group === undefined) groups.set(network.mask, (group = new Map()))
    // As in a list, the first of several for one subnet counts.
    if (!group.has(network.prefix)) group.set(network.prefix, network)
  }
  return [...groups].sort(([a], [b]) => (b >>> 0) - (a >>> 0)).map(([mask, byPrefix]) => ({ mask, networks: byPrefix }))
}

function belongsTo(message: PackageMessage, { vendorClass, asksFor }: DhcpClass): boolean {
  const named = latin1(Uint8Array.from(message.options[OptionCode.vendorClassIdentifier] ?? []))
  if (vendorClass !== undefined && !named.startsWith(vendorClass)) return false
  return asksFor === undefined || message.options[OptionCode.parameterRequestList]?.includes(asksFor) === true
}

/** Sub-option 5 of option 82. */
function linkSelection(message: PackageMessage): number | undefined {
  const information = message.options[OptionCode.relayAgentInformation] ?? []
  for (let at = 0; at + 2 <= information.length; at += 2 + information[at + 1]!) {
    if (information[at] !== RelaySubOptionCode.linkSelection || information[at + 1] !== 4) continue
    const [a, b, c, d] = information.slice(at + 2, at + 6)
    return d === undefined ? undefined : ((a! << 24) | (b! << 16) | (c! << 8) | d) >>> 0
  }
  return undefined
}

/** In the order of their importance when a message gets too long. */
function optionsOf(scope: DhcpScope): ReadonlyMap<number, DhcpOptionSetting> {
  const options = new Map<number, DhcpOptionSetting>()
  const add = (code: number, value: readonly number[] | Uint8Array, always = false): void => {
    if (value.length > MAX_OPTION)
      throw new TypeError(`option ${code} is ${value.length} octets, ${MAX_OPTION} is the most`)
    if (value.length > 0) options.set(code, { code, value: Uint8Array.from(value), always })
  }
  const addresses = (list: readonly string[] | undefined, what: string): number[] =>
    (list ?? []).flatMap((text) => octets(address(text, what)))

  add(OptionCode.subnetMask, octets(address(scope.mask, 'mask')), true)
  add(OptionCode.router, addresses(scope.routers, 'router'), true)
  if (typeof scope.siteOption === 'string') {
    if (scope.siteOption.length > MAX_OPTION) {
      throw new TypeError(`the site option is ${scope.siteOption.length} octets, ${MAX_OPTION} is the most`)
    }
  } else {
    for (const [code, text] of scope.siteOption ?? []) add(code, latin1Bytes(text))
  }
  if (scope.renewalTime !== undefined) add(OptionCode.renewalTime, octets(scope.renewalTime), true)
  if (scope.rebindingTime !== undefined) add(OptionCode.rebindingTime, octets(scope.rebindingTime), true)
  add(OptionCode.domainNameServer, addresses(scope.domainNameServers, 'domain name server'))
  add(OptionCode.domainName, latin1Bytes(scope.domainName ?? ''))
  for (const { code, value, always } of scope.options ?? []) {
    if (!(code > 0 && code < 255)) throw new TypeError(`no such option: ${code}`)
    add(code, value, always)
  }
  return options
}

function address(text: string, what: string): number {
  const value = parseAddress(text)
  if (value === undefined) throw new TypeError(`${what}: not an IPv4 address: ${text}`)
  return value
}

/** RFC 2131 §4.2: the client identifier when there is one, else the hardware address. */
function clientKey(message: PackageMessage, mac: string): string {
  const identifier = message.options[OptionCode.clientIdentifier]
  return identifier === undefined || identifier.length === 0 ? mac : `id ${toHex(Uint8Array.from(identifier))}`
}

function addressIn(message: PackageMessage, code: number): number | undefined {
  const value = message.options[code]
  if (value?.length !== 4) return undefined
  return ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0
}

/** Of the UDP payload, by option 57 (RFC 2132 §9.10), which counts the IP and UDP headers too. */
function messageRoom(message: PackageMessage): number {
  const value = message.options[OptionCode.maximumMessageSize]
  const told = value?.length === 2 ? ((value[0]! << 8) | value[1]!) - IP_AND_UDP_HEADERS : DEFAULT_MAX_MESSAGE
  return Math.min(Math.max(told, DEFAULT_MAX_MESSAGE), PACKAGE_MAX_MESSAGE)
}

function sizeOf(options: Record<number, readonly number[]>): number {
  return Object.values(options).reduce((size, value) => size + 2 + value.length, 0)
}

/** RFC 3046 §2.2: echoed as it came. */
function relayInformation(message: PackageMessage): Record<number, readonly number[]> {
  const information = message.options[OptionCode.relayAgentInformation]
  return information === undefined ? {} : { [OptionCode.relayAgentInformation]: information }
}

function isZero(address: string): boolean {
  return address === '0.0.0.0'
}

function octets(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

/** Moves the options over each pad that stands before the end option; the freed octets become end options. */
function removePads(message: Uint8Array): void {
  let to = 240
  let at = 240
  while (at < message.length && message[at] !== 255) {
    if (message[at] === 0) {
      at++
      continue
    }
    const length = Math.min(2 + (message[at + 1] ?? 0), message.length - at)
    message.copyWithin(to, at, at + length)
    to += length
    at += length
  }
  message.fill(255, to)
}
