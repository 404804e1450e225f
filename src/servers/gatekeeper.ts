/**
 * The call server: a gatekeeper that answers discovery and registration over UDP 1719 (H.225.0 RAS) and takes signalling
 * connections on TCP 1720. It answers as Avaya's do (avaya.md §6.1), or, `plain`, as any other gatekeeper.
 *
 *   GRQ -> GCF, or GRJ        no gatekeeperIdentifier, Avaya's features, a challenge
 *   RRQ -> RCF, or RRJ        by extension, password, who has the extension, how many may register
 *   URQ -> UCF, or URJ
 *   signalling connections are taken and kept; what is said on them is not answered
 *
 * A lightweight RRQ (`keepAlive`) renews a registration; those of a call server with `timeToLive` end without.
 *
 * Not here: calls, H.245, Annex H key exchange, signalling over TLS, talk between gatekeepers. The password is proved as
 * deskphone/call-server.ts says.
 */
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram'
import type { Server as TcpServer, Socket } from 'node:net'
import { equalBytes, toHex } from '../base/bytes.js'
import { WireError } from '../base/errors.js'
import { SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import * as callServer from '../deskphone/call-server.js'
import type { Host } from '../host/host.js'
import { formatTransportAddress, ipAddress } from '../wire/h225.js'
import type { TransportAddress } from '../wire/h225.js'
import * as ras from '../wire/h225ras.js'
import { abbreviation, messageName } from '../wire/h225ras-messages.js'
import type {
  GatekeeperReject,
  GatekeeperRequest,
  RasMessage,
  RegistrationReject,
  RegistrationRequest,
  UnregistrationRequest,
} from '../wire/h225ras-messages.js'
import { parseAddress } from '../wire/ipv4.js'
import { FaultScript } from './faults.js'
import type { ServerFault } from './faults.js'
import { noteTo } from './server-log.js'
import type { Note, ServerEventDetail, ServerLog } from './server-log.js'

export interface GatekeeperOptions {
  /** Its own address, as it tells phones. */
  readonly serverAddress: string
  /** In events. `gatekeeper` unless told. */
  readonly name?: string
  /** RAS, 1719 unless told; 0 takes a free one. */
  readonly port?: number
  /** Address to listen on; all unless told. */
  readonly address?: string
  /** Signalling over TCP, 1720 unless told, 0 for a free one; false: RCF names 1720 and nobody listens there. */
  readonly signallingPort?: number | false
  /** Who may register: extension and password, which may be empty for any. Everybody unless told. */
  readonly extensions?: ReadonlyMap<string, string>
  /** Extensions that another set has already; a user may take them over. */
  readonly taken?: readonly string[]
  /** Registrations at once; licences. 10,000 unless told. */
  readonly limit?: number
  /** Seconds until a registration ends unless it is renewed. Without it, it does not, as with Avaya's. */
  readonly timeToLive?: number
  /** Other gatekeepers that the RCF names. */
  readonly alternates?: readonly string[]
  /** A gatekeeper that is not Avaya's. */
  readonly plain?: boolean
  /** Octets of private data that make the GCF large: beyond 1472 in all it travels in fragments. */
  readonly padding?: number
  readonly faults?: readonly ServerFault[]
  readonly log?: ServerLog
}

export interface Gatekeeper {
  /** Resolves when both ports are open (or closed on purpose); rejects with Node's error when that fails. */
  readonly listening: Promise<{ port: number; signallingPort: number | undefined }>
  readonly faults: FaultScript
  /** Extensions that are registered now. */
  readonly registered: readonly string[]
  /** Signalling connections that are open now. */
  readonly connections: number
  close(): Promise<void>
}

const DEFAULT_LIMIT = 10_000
/** Challenges that wait for a registration; the oldest go first. */
const MAX_CHALLENGES = 10_000
/** A registration whose time is over by this much is forgotten. */
const GRACE: Nanos = 5 * SECOND
const PLAIN_NAME = 'gatekeeper'

interface Registration {
  readonly extension: string
  readonly endpointIdentifier: string
  /** `10.20.0.101:49300`. */
  rasAddress: string
  renewed: Nanos
}

interface Asker {
  readonly address: string
  readonly port: number
}

/** Names of one requester for faults to match. */
interface Names {
  readonly clients: readonly string[]
  readonly detail: ServerEventDetail
}

export function startGatekeeper(host: Host, options: GatekeeperOptions): Gatekeeper {
  return new CallServer(host, options)
}

class CallServer implements Gatekeeper {
  readonly listening: Promise<{ port: number; signallingPort: number | undefined }>
  readonly faults: FaultScript
  readonly #host: Host
  readonly #options: GatekeeperOptions
  readonly #note: Note
  readonly #ownAddress: number
  readonly #challenges = new Map<string, Uint8Array>()
  readonly #registrations = new Map<string, Registration>()
  readonly #taken: Set<string>
  readonly #sockets = new Set<Socket>()
  #udp: UdpSocket | undefined
  #tcp: TcpServer | undefined
  #port: number
  #signallingPort: number | undefined
  #settle!: { resolve(): void; reject(error: Error): void }
  #sequence = 0
  #closed = false

  /** @throws TypeError when serverAddress is none */
  constructor(host: Host, options: GatekeeperOptions) {
    const own = parseAddress(options.serverAddress)
    if (own === undefined) throw new TypeError(`serverAddress: not an IPv4 address: ${options.serverAddress}`)
    this.#host = host
    this.#options = options
    this.#ownAddress = own
    this.#port = options.port ?? ras.RAS_PORT
    this.#taken = new Set(options.taken)
    this.#note = noteTo(options.log, options.name ?? 'gatekeeper', host.clock)
    this.faults = new FaultScript('gatekeeper', options.faults ?? [], host.clock, this.#note)
    this.listening = new Promise((resolve, reject) => {
      const settled = () => resolve({ port: this.#port, signallingPort: this.#signallingPort })
      this.#settle = { resolve: settled, reject }
    })
    // Whoever does not wait for it finds the error in the log.
    this.listening.catch(() => {})
    this.#listenForSignalling(() => this.faults.onPort(() => this.#openOrClosePort()))
  }

  get registered(): readonly string[] {
    return [...this.#registrations.keys()]
  }

  get connections(): number {
    return this.#sockets.size
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.faults.onPort(undefined)
    this.#udp?.close()
    this.#udp = undefined
    for (const socket of this.#sockets) socket.destroy()
    const tcp = this.#tcp
    if (tcp !== undefined) await new Promise<void>((resolve) => tcp.close(() => resolve()))
    this.#note('closed', { port: this.#port })
  }

  #listenForSignalling(then: () => void): void {
    const wanted = this.#options.signallingPort ?? ras.SIGNALLING_PORT
    if (wanted === false) return then()
    const server = this.#host.net.createServer((socket) => this.#signalling(socket))
    this.#tcp = server
    server.on('error', (error) => this.#fail(error))
    server.listen(wanted, this.#options.address ?? '0.0.0.0', () => {
      const at = server.address()
      this.#signallingPort = typeof at === 'object' && at !== null ? at.port : wanted
      this.#note('listening', { address: this.#options.address ?? '0.0.0.0', port: this.#signallingPort })
      then()
    })
  }

  #signalling(socket: Socket): void {
    this.#sockets.add(socket)
    this.#note('request', { client: socket.remoteAddress ?? '', message: 'signalling connection' })
    // Read, or a peer's FIN would wait behind what it said.
    socket.resume()
    socket.on('error', (error) => this.#note('error', { message: error.message }))
    socket.on('close', () => this.#sockets.delete(socket))
  }

  #openOrClosePort(): void {
    if (!this.#closed && !this.faults.refusing) {
      this.#udp ??= this.#open()
      return
    }
    this.#note('fault', { fault: 'refuse', port: this.#port })
    this.#udp?.close()
    this.#udp = undefined
    this.#settle.resolve()
  }

  #open(): UdpSocket {
    const socket = this.#host.dgram.createSocket('udp4')
    socket.on('message', (octets, from) => this.#received(octets, from))
    socket.on('error', (error) => this.#fail(error))
    socket.bind(this.#port, this.#options.address ?? '0.0.0.0', () => {
      const { address, port } = socket.address()
      this.#port = port
      this.#note('listening', { address, port })
      this.#settle.resolve()
    })
    return socket
  }

  #fail(error: Error): void {
    this.#note('error', { message: error.message })
    this.#settle.reject(error)
  }

  #received(octets: Uint8Array, from: RemoteInfo): void {
    let message: RasMessage
    try {
      message = ras.decode(octets)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return this.#note('error', { client: from.address, message: error.message })
    }
    if (message.error !== undefined) {
      return this.#note('error', { client: from.address, message: message.error.message })
    }
    switch (message.kind) {
      case 'gatekeeperRequest':
        return this.#serve(message, from, this.#names(from, callServer.extensionOf(message.endpointAlias), message))
      case 'registrationRequest':
        return this.#serve(message, from, this.#names(from, this.#extensionOf(message), message))
      case 'unregistrationRequest':
        return this.#serve(message, from, this.#names(from, callServer.extensionOf(message.endpointAlias), message))
      case 'nonStandardMessage':
        return this.#tellAboutSwitch(message, from)
      default:
        // Answers to what was never asked, and requests of calls.
        return
    }
  }

  #names(from: Asker, extension: string | undefined, message: RasMessage): Names {
    const short = abbreviation(messageName(message))
    const login = message.kind === 'registrationRequest' ? message.nonStandardData?.data : undefined
    const mac = callServer.readLoginRequest(login)?.mac
    const clients = [from.address, extension, mac && toHex(mac, ':')].filter((name) => name !== undefined)
    return { clients, detail: { client: from.address, message: short, ...(extension !== undefined && { extension }) } }
  }

  /** A lightweight registration names only the endpoint. */
  #extensionOf({ terminalAlias, endpointIdentifier }: RegistrationRequest): string | undefined {
    return callServer.extensionOf(terminalAlias) ?? this.#byIdentifier(endpointIdentifier)?.extension
  }

  #byIdentifier(identifier: string | undefined): Registration | undefined {
    if (identifier === undefined) return undefined
    return [...this.#registrations.values()].find(({ endpointIdentifier }) => endpointIdentifier === identifier)
  }

  #serve(message: GatekeeperRequest | RegistrationRequest | UnregistrationRequest, from: Asker, names: Names): void {
    this.#note('request', names.detail)
    const subject = { message: String(names.detail['message']), clients: names.clients }
    const fault = this.faults.take(subject, names.detail)
    if (fault !== undefined && ('noAnswer' in fault || 'hang' in fault)) return
    if (fault !== undefined && 'reject' in fault) return this.#send(this.#rejectAs(message, fault.reject), from, names)
    const answer = (): void => this.#send(this.#answer(message, from), from, names)
    if (fault !== undefined && 'delay' in fault) this.#host.clock.after(fault.delay, answer)
    else answer()
  }

  #answer(message: GatekeeperRequest | RegistrationRequest | UnregistrationRequest, from: Asker): RasMessage {
    switch (message.kind) {
      case 'gatekeeperRequest':
        return this.#confirmDiscovery(message, from)
      case 'registrationRequest':
        return this.#register(message, from)
      case 'unregistrationRequest':
        return this.#unregister(message)
    }
  }

  #rejectAs(message: GatekeeperRequest | RegistrationRequest | UnregistrationRequest, reason: string): RasMessage {
    const { requestSeqNum } = message
    if (message.kind === 'unregistrationRequest') {
      return { kind: 'unregistrationReject', requestSeqNum, rejectReason: { choice: 'undefinedReason', value: null } }
    }
    const rejectReason = { choice: reason, value: reason === 'duplicateAlias' ? aliasesOf(message) : null }
    const { protocolIdentifier } = message
    return message.kind === 'gatekeeperRequest'
      ? { kind: 'gatekeeperReject', requestSeqNum, protocolIdentifier, rejectReason: rejectReason as GatekeeperReject['rejectReason'] } // prettier-ignore
      : { kind: 'registrationReject', requestSeqNum, protocolIdentifier, rejectReason: rejectReason as RegistrationReject['rejectReason'] } // prettier-ignore
  }

  #confirmDiscovery({ requestSeqNum, protocolIdentifier }: GatekeeperRequest, from: Asker): RasMessage {
    const { plain, padding } = this.#options
    const base = {
      kind: 'gatekeeperConfirm' as const,
      requestSeqNum,
      protocolIdentifier,
      rasAddress: ipAddress(this.#ownAddress, this.#port),
      ...(padding !== undefined && { nonStandardData: callServer.privateData(new Uint8Array(padding)) }),
    }
    if (plain === true) return { ...base, gatekeeperIdentifier: PLAIN_NAME }
    const challenge = Uint8Array.from({ length: 4 }, () => Math.floor(this.#host.random() * 256))
    const key = `${from.address}:${from.port}`
    this.#challenges.delete(key)
    this.#challenges.set(key, challenge)
    if (this.#challenges.size > MAX_CHALLENGES) this.#challenges.delete(this.#challenges.keys().next().value!)
    return {
      ...base,
      authenticationMode: { choice: 'pwdSymEnc', value: null },
      tokens: [
        {
          tokenOID: '0.0',
          timeStamp: this.#host.clock.wallClock().seconds,
          random: challenge,
          generalID: callServer.GENERAL_ID,
        },
      ],
      algorithmOID: callServer.KEY_EXCHANGE_OID,
      featureSet: callServer.CALL_SERVER_FEATURES,
    }
  }

  #register(request: RegistrationRequest, from: Asker): RasMessage {
    const { requestSeqNum, protocolIdentifier } = request
    this.#forgetOld()
    if (request.keepAlive === true) {
      const known = this.#byIdentifier(request.endpointIdentifier)
      if (known === undefined) return this.#rejectAs(request, 'fullRegistrationRequired')
      known.renewed = this.#host.clock.now()
      return { ...this.#confirm(request, known), terminalAlias: callServer.extensionAlias(known.extension) }
    }
    // Without log-in there is no extension: the call server finds one by the MAC.
    const login = callServer.readLoginRequest(request.nonStandardData?.data)
    const extension = callServer.extensionOf(request.terminalAlias) ?? (login && `unnamed ${toHex(login.mac)}`)
    if (extension === undefined) return this.#rejectAs(request, 'invalidAlias')
    const reason = this.#reasonAgainst(request, extension, from)
    if (reason !== undefined) return this.#rejectAs(request, reason)
    const registration: Registration = {
      extension,
      endpointIdentifier: this.#newIdentifier(),
      rasAddress: rasAddressOf(request, from),
      renewed: this.#host.clock.now(),
    }
    this.#taken.delete(extension)
    this.#registrations.set(extension, registration)
    return {
      ...this.#confirm({ requestSeqNum, protocolIdentifier }, registration),
      ...(this.#options.plain !== true && { nonStandardData: callServer.privateData(callServer.LOGIN_ACCEPTED) }),
    }
  }

  /** Why the call server does not take this set under this extension, in the words of RegistrationRejectReason. */
  #reasonAgainst(request: RegistrationRequest, extension: string, from: Asker): string | undefined {
    const { extensions, limit = DEFAULT_LIMIT } = this.#options
    const unnamed = request.terminalAlias === undefined
    if (!unnamed && extensions !== undefined) {
      const password = extensions.get(extension)
      if (password === undefined) return 'invalidAlias'
      if (password !== '' && !this.#proves(request, password, from)) return 'securityDenial'
    }
    const holder = this.#registrations.get(extension)
    const isTaken = this.#taken.has(extension) || (holder && holder.rasAddress !== rasAddressOf(request, from))
    const takesOver = callServer.readLoginRequest(request.nonStandardData?.data)?.takesOver === true
    if (isTaken === true && !takesOver) return 'duplicateAlias'
    if (holder === undefined && this.#registrations.size >= limit) return 'resourceUnavailable'
    return undefined
  }

  #proves({ cryptoTokens }: RegistrationRequest, password: string, from: Asker): boolean {
    const challenge = this.#challenges.get(`${from.address}:${from.port}`)
    if (challenge === undefined) return false
    const proof = callServer.passwordProof(password, challenge)
    return (cryptoTokens ?? []).some(
      (token) => token.choice === 'cryptoEPPwdEncr' && equalBytes(token.value.encryptedData, proof),
    )
  }

  #confirm(
    { requestSeqNum, protocolIdentifier }: Pick<RegistrationRequest, 'requestSeqNum' | 'protocolIdentifier'>,
    { endpointIdentifier }: Registration,
  ): RasMessage & { kind: 'registrationConfirm' } {
    const { alternates = [], plain, timeToLive } = this.#options
    return {
      kind: 'registrationConfirm',
      requestSeqNum,
      protocolIdentifier,
      callSignalAddress: [ipAddress(this.#ownAddress, this.#signallingPort ?? ras.SIGNALLING_PORT)],
      ...(plain === true && { gatekeeperIdentifier: PLAIN_NAME }),
      endpointIdentifier,
      ...(alternates.length > 0 && {
        alternateGatekeeper: alternates.map((address, priority) => ({
          rasAddress: ipAddress(parseAddress(address) ?? 0, ras.RAS_PORT),
          needToRegister: true,
          priority: Math.min(priority, 127),
        })),
      }),
      ...(timeToLive !== undefined && { timeToLive }),
      willRespondToIRR: false,
      preGrantedARQ: {
        makeCall: true,
        useGKCallSignalAddressToMakeCall: true,
        answerCall: true,
        useGKCallSignalAddressToAnswer: true,
      },
      maintainConnection: true,
    }
  }

  #unregister(request: UnregistrationRequest): RasMessage {
    const { requestSeqNum, endpointIdentifier, endpointAlias } = request
    const extension = callServer.extensionOf(endpointAlias)
    const known = this.#byIdentifier(endpointIdentifier) ?? this.#registrations.get(extension ?? '')
    if (known === undefined) {
      const rejectReason = { choice: 'notCurrentlyRegistered', value: null } as const
      return { kind: 'unregistrationReject', requestSeqNum, rejectReason }
    }
    this.#registrations.delete(known.extension)
    return { kind: 'unregistrationConfirm', requestSeqNum }
  }

  #tellAboutSwitch(message: RasMessage & { kind: 'nonStandardMessage' }, from: Asker): void {
    if (this.#options.plain === true || message.nonStandardData.data[0] !== callServer.SWITCH_INFO_REQUEST) return
    const told = callServer.privateData(Uint8Array.of(callServer.SWITCH_INFO_RESPONSE))
    const names = { clients: [], detail: { client: from.address, message: 'NSM' } }
    this.#send({ kind: 'nonStandardMessage', requestSeqNum: message.requestSeqNum, nonStandardData: told }, from, names)
  }

  #forgetOld(): void {
    const { timeToLive } = this.#options
    if (timeToLive === undefined) return
    const oldest = this.#host.clock.now() - timeToLive * SECOND - GRACE
    for (const [extension, { renewed }] of this.#registrations) {
      if (renewed < oldest) this.#registrations.delete(extension)
    }
  }

  /** Looks like a Communication Manager's two characters, and is unique. */
  #newIdentifier(): string {
    this.#sequence++
    return String.fromCharCode(0x7f00 + (this.#sequence >>> 15), 0x0100 + (this.#sequence & 0x7fff))
  }

  #send(message: RasMessage, { address, port }: Asker, { detail }: Names): void {
    if (this.#udp === undefined) return
    const answer = abbreviation(messageName(message))
    const reason = 'rejectReason' in message ? { reason: message.rejectReason.choice } : {}
    this.#note('response', { ...detail, message: answer, ...reason })
    this.#udp.send(ras.encode(message), port, address)
  }
}

function aliasesOf(message: GatekeeperRequest | RegistrationRequest): GatekeeperRequest['endpointAlias'] {
  return (message.kind === 'gatekeeperRequest' ? message.endpointAlias : message.terminalAlias) ?? []
}

/** Where the endpoint wants its answers, or where it asked from. */
function rasAddressOf({ rasAddress }: RegistrationRequest, from: Asker): string {
  const told: TransportAddress | undefined = rasAddress[0]
  return told === undefined ? `${from.address}:${from.port}` : formatTransportAddress(told)
}
