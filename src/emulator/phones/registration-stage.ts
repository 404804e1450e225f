/**
 * Step 4 of a boot, registration [avaya.md §6]: the phone finds a call server, logs the user in and opens its signalling
 * connection.
 *
 *   for each address of MCIPADD, over and over:  GRQ -> GCF
 *   extension and password, or a minute of nobody:  RRQ -> RCF
 *   TCP to the address that the RCF gives
 *
 * No call server for `discoveryReset`: the phone resets itself. A gatekeeper that is not Avaya's makes it do so at once
 * [§6.1]. After a rejected log-in the 4600 shows the reason for a while and resets itself; the others wait REREGISTER.
 *
 * A registered phone keeps its connection and, where the call server set a time, renews its registration; when it loses
 * either it registers anew.
 *
 * Not here: signalling over TLS (H323SIGPROTOCOL), what is said on the signalling connection, alternate gatekeepers.
 */
import { MINUTE, SECOND, type Nanos } from '../../base/time.js'
import * as callServer from '../../deskphone/call-server.js'
import { isDottedAddress } from '../../deskphone/parameters.js'
import { ipAddress } from '../../wire/h225.js'
import type { TransportAddress } from '../../wire/h225.js'
import * as ras from '../../wire/h225ras.js'
import type { GatekeeperConfirm, RasMessage, RegistrationConfirm, RegistrationRequest } from '../../wire/h225ras-messages.js' // prettier-ignore
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import type { TcpErrorCode, TcpSocket } from '../net/transport.js'
import * as display from './display.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'
import { RasClient, type RasAnswer } from './ras-client.js'

/** Phone ports of RAS and signalling [§1.13]. */
const RAS_PORT = 49300
const RAS_PORTS_96X1 = 10
const FIRST_SIGNALLING_PORT = 1500
const LAST_SIGNALLING_PORT = 6500
const SIGNALLING_PORT_96X1 = 1720

const ICMP_UNREACHABLE = 3
const HOST_UNREACHABLE = 1
const PORT_UNREACHABLE = 3

/** Of the time that the call server gives, what has gone by when the phone renews. Assumption. */
const RENEW_AT = 0.75

export type RegistrationEnd = 'registered' | 'reset'

interface CallServer {
  /** Of discovery. */
  readonly name: string
  readonly rasAddress: number
  readonly rasPort: number
  readonly challenge: Uint8Array | undefined
}

/** Why no call server took the phone, in the words of the findings catalogue. */
interface Trouble {
  readonly cause: 'registration-no-response' | 'registration-rejected' | 'signalling-connect-failed'
  readonly causedBy?: string
  readonly detail: string
}

interface Registered {
  readonly server: CallServer
  readonly endpointIdentifier: string
  readonly signallingPort: number
}

export class RegistrationStage {
  readonly #phone: PhoneState
  readonly #onLost: () => void
  #ras: RasClient | undefined
  #signalling: TcpSocket | undefined
  #registered: Registered | undefined
  /** The timer, and then the request. */
  #renewal: { cancel(): void } | undefined
  #takesOver = false

  /** @param onLost the registered phone is so no more, and has to register anew */
  constructor(phone: PhoneState, onLost: () => void) {
    this.#phone = phone
    this.#onLost = onLost
  }

  get isRegistered(): boolean {
    return this.#registered !== undefined
  }

  /** The address is gone, and with it every socket: nothing is sent any more. */
  forget(): void {
    this.#renewal?.cancel()
    this.#renewal = undefined
    this.#registered = undefined
    this.#signalling = undefined
    this.#ras = undefined
  }

  /** Tries until it is done, or time to reset. A first round that fails is told as the outcome of the boot. */
  *register(): Steps<RegistrationEnd> {
    const { tell, options, series, timers } = this.#phone
    this.#closeSockets()
    tell.beginStage('registration')
    const deadline = options.transport.now() + this.#discoveryReset()
    const port = series.name === '96x1' ? RAS_PORT + Math.floor(options.random.next() * RAS_PORTS_96X1) : RAS_PORT
    this.#ras = new RasClient(options.transport, port, (message, from) => {
      this.#unasked(message, from.sourceAddress, from.sourcePort)
    })
    const names = this.#phone.parameters.get('MCIPADD') ?? []
    if (names.length === 0) return yield* this.#withoutServers(deadline)
    for (let round = 1; ; round++) {
      const trouble = yield* this.#round(names)
      if (trouble === undefined) {
        tell.recover('registration')
        tell.endStage('registration', 'ok')
        tell.registered()
        return 'registered'
      }
      if (trouble === 'reset') return 'reset'
      if (round === 1) {
        const { cause, causedBy, detail } = trouble
        tell.fail('registration', cause, detail, { causedBy })
        tell.conclude(tell.hasFiles ? 'degraded' : 'failed')
      }
      if (trouble.cause === 'registration-rejected') {
        // Some seconds to read the screen, and to ring somebody up.
        yield* this.#phone.sleep(timers.errorDisplay)
        if (series.name === '4600') return 'reset'
        yield* this.#phone.sleep(this.#phone.number('REREGISTER', series.timers.reregister / MINUTE) * MINUTE)
      } else if (options.transport.now() >= deadline) return 'reset'
    }
  }

  /** UDT in minutes where the series has it [§6.3]. */
  #discoveryReset(): Nanos {
    const { series } = this.#phone
    const minutes = series.name === '96x1' ? this.#phone.number('UDT', 0) : 0
    return minutes > 0 ? minutes * MINUTE : series.timers.discoveryReset
  }

  *#withoutServers(deadline: Nanos): Steps<'reset'> {
    const { tell, options } = this.#phone
    tell.fail('registration', 'site-option-no-call-server', 'nothing names a call server')
    tell.conclude(tell.hasFiles ? 'degraded' : 'failed')
    yield* this.#phone.sleep(Math.max(0, deadline - options.transport.now()))
    return 'reset'
  }

  /** Every call server once. Undefined when one took the phone. */
  *#round(names: readonly string[]): Steps<Trouble | 'reset' | undefined> {
    let trouble: Trouble | undefined
    for (const name of names) {
      const result = yield* this.#tryServer(name)
      if (result === undefined || result === 'reset') return result
      trouble = trouble === undefined ? result : graver(trouble, result)
    }
    return trouble
  }

  *#tryServer(name: string): Steps<Trouble | 'reset' | undefined> {
    const { timers } = this.#phone
    this.#phone.display(display.discover(name, this.#phone.series.name))
    const address = yield* this.#resolve(name)
    if (address === undefined) {
      yield* this.#phone.sleep(timers.discoveryWait)
      const detail = `${name} is a name, which is not resolved`
      return { cause: 'registration-no-response', causedBy: 'dns-lookup-failed', detail }
    }
    const found = yield* this.#discover(name, address)
    if ('cause' in found) return found
    if (!callServer.isAvayaConfirm(found)) {
      this.#phone.tell.log('foreign-gatekeeper', { server: name })
      return 'reset'
    }
    const server = callServerOf(name, found)
    if (server === undefined) {
      return { cause: 'registration-no-response', detail: `${name}: a GCF without an address of IPv4` }
    }
    const confirm = yield* this.#logIn(server)
    if ('cause' in confirm) return confirm
    return yield* this.#signal(server, confirm)
  }

  *#resolve(name: string): Steps<number | undefined> {
    yield* []
    return isDottedAddress(name) ? parseAddress(name) : undefined
  }

  /** GRQ, with the extension where one is stored. */
  *#discover(name: string, address: number): Steps<GatekeeperConfirm | Trouble> {
    const { series, timers, story } = this.#phone
    const client = this.#ras!
    const port = series.name === '4600' ? this.#phone.number('MCPORT', ras.RAS_PORT) : ras.RAS_PORT
    const { extension } = story
    const answer = yield* client.request(
      {
        kind: 'gatekeeperRequest',
        requestSeqNum: client.nextSequence(),
        protocolIdentifier: this.#version,
        nonStandardData: callServer.privateData(callServer.DISCOVERY_DATA),
        rasAddress: this.#ownAddress(client.port),
        endpointType: TERMINAL,
        ...(extension !== undefined && { endpointAlias: callServer.extensionAlias(extension) }),
        authenticationCapability: [{ choice: 'pwdSymEnc', value: null }],
        algorithmOIDs: [callServer.CHALLENGE_OID, callServer.KEY_EXCHANGE_OID],
      },
      address,
      port,
      { tries: timers.discoveryTries, wait: timers.discoveryWait },
    )
    if (answer.kind === 'gatekeeperConfirm') return answer
    if (answer.kind !== 'silence') yield* this.#phone.sleep(timers.discoveryWait)
    return this.#troubleOf(answer, `${name}:${port}`, 'GRQ')
  }

  #troubleOf(answer: RasAnswer, server: string, request: 'GRQ' | 'RRQ'): Trouble {
    if (answer.kind === 'gatekeeperReject' || answer.kind === 'registrationReject') {
      const reason = answer.rejectReason.choice
      this.#phone.display(callServer.rejectText(reason))
      return { cause: 'registration-rejected', detail: `${server} rejected the ${request}: ${reason}` }
    }
    if (answer.kind !== 'unreachable') {
      return { cause: 'registration-no-response', detail: `${server} does not answer the ${request}` }
    }
    const { type, code } = answer.error
    const detail = `${server}: ICMP type ${type} code ${code} to the ${request}`
    // On one's own link "host unreachable" is what the own stack says when nobody answers ARP.
    if (type === ICMP_UNREACHABLE && code === HOST_UNREACHABLE) {
      return { cause: 'registration-no-response', causedBy: 'arp-unanswered', detail }
    }
    if (type === ICMP_UNREACHABLE && code === PORT_UNREACHABLE) return { cause: 'registration-no-response', detail }
    return { cause: 'registration-no-response', causedBy: 'icmp-unreachable', detail }
  }

  *#logIn(server: CallServer): Steps<RegistrationConfirm | Trouble> {
    const { options, series, timers, story, tell } = this.#phone
    const { extension } = story
    if (extension === undefined) {
      this.#phone.display(display.extensionPrompt)
      yield* this.#phone.sleep(series.timers.unnamedRegistration)
      if (this.#phone.number('UNNAMEDSTAT', 1) !== 1) {
        // Nobody comes: the phone stands at its prompt.
        tell.conclude()
        yield* wait<void>(() => undefined)
      }
      tell.log('unnamed-registration', {})
    } else {
      this.#phone.display(display.logIn(extension, series.name))
      yield* this.#phone.sleep(timers.logIn)
      tell.log('log-in', { extension })
    }
    for (;;) {
      const signallingPort = this.#chooseSignallingPort()
      const answer = yield* this.#requestRegistration(server, signallingPort)
      if (answer.kind === 'registrationConfirm') {
        this.#registered = { server, endpointIdentifier: answer.endpointIdentifier, signallingPort }
        return answer
      }
      const trouble = this.#troubleOf(answer, server.name, 'RRQ')
      const isTaken = answer.kind === 'registrationReject' && answer.rejectReason.choice === 'duplicateAlias'
      if (!isTaken || this.#takesOver || options.takesOver !== true) return trouble
      // The user confirms with # that the extension shall be here [§6.2].
      yield* this.#phone.sleep(timers.userAnswer)
      tell.log('user-answers', { takesOver: true })
      this.#takesOver = true
    }
  }

  *#requestRegistration(server: CallServer, signallingPort: number): Steps<RasAnswer> {
    const { options, timers, story } = this.#phone
    const { extension } = story
    const client = this.#ras!
    const proof: RegistrationRequest['cryptoTokens'] =
      server.challenge === undefined
        ? undefined
        : [
            {
              choice: 'cryptoEPPwdEncr',
              value: {
                algorithmOID: callServer.KEY_EXCHANGE_OID,
                paramS: {},
                encryptedData: callServer.passwordProof(options.password ?? '', server.challenge),
              },
            },
          ]
    return yield* client.request(
      {
        ...this.#registration(signallingPort),
        nonStandardData: callServer.privateData(callServer.loginRequest(options.transport.mac, this.#takesOver)),
        ...(extension !== undefined && { terminalAlias: callServer.extensionAlias(extension) }),
        ...(proof !== undefined && extension !== undefined && { cryptoTokens: proof }),
        keepAlive: false,
        willSupplyUUIEs: false,
      },
      server.rasAddress,
      server.rasPort,
      { tries: timers.registrationTries, wait: timers.registrationWait },
    )
  }

  #registration(signallingPort: number): RegistrationRequest {
    const client = this.#ras!
    return {
      kind: 'registrationRequest',
      requestSeqNum: client.nextSequence(),
      protocolIdentifier: this.#version,
      discoveryComplete: true,
      callSignalAddress: [this.#ownAddress(signallingPort)],
      rasAddress: [this.#ownAddress(client.port)],
      terminalType: TERMINAL,
      endpointVendor: callServer.avayaVendor(
        'IP_Phone',
        this.#phone.memory.application ?? this.#phone.memory.bootImage,
      ),
    }
  }

  /** TCP to the call server. Failing that, the phone takes itself off the list again. */
  *#signal(server: CallServer, confirm: RegistrationConfirm): Steps<Trouble | undefined> {
    const [told] = confirm.callSignalAddress
    const target = told?.choice === 'ipAddress' ? told.value : { ip: server.rasAddress, port: ras.SIGNALLING_PORT }
    const error = yield* this.#connect(target.ip, target.port)
    if (error === undefined) {
      this.#scheduleRenewal(confirm)
      return undefined
    }
    yield* this.#unregister()
    const at = `${formatAddress(target.ip)}:${target.port}`
    const causedBy = error === 'EHOSTUNREACH' ? { causedBy: 'arp-unanswered' } : {}
    return { cause: 'signalling-connect-failed', ...causedBy, detail: `${at}: ${error}` }
  }

  *#connect(address: number, port: number): Steps<TcpErrorCode | undefined> {
    const { transport } = this.#phone.options
    const { timers } = this.#phone
    return yield* wait<TcpErrorCode | undefined>((resume) => {
      let isOpen = false
      const socket = transport.connectTcp(
        address,
        port,
        {
          connected: () => {
            isOpen = true
            resume(undefined)
          },
          end: () => socket.end(),
          closed: (error) => {
            if (!isOpen) resume(error ?? 'ECONNRESET')
            else if (this.#signalling === socket) this.#lost('signalling connection closed')
          },
        },
        { connectTimeout: timers.signallingTimeout, localPort: this.#registered!.signallingPort },
      )
      this.#signalling = socket
      return () => socket.abort()
    })
  }

  *#unregister(): Steps<void> {
    const registered = this.#registered
    if (registered === undefined) return
    const { timers } = this.#phone
    const { server, endpointIdentifier, signallingPort } = registered
    this.#registered = undefined
    this.#signalling = undefined
    yield* this.#ras!.request(
      {
        kind: 'unregistrationRequest',
        requestSeqNum: this.#ras!.nextSequence(),
        callSignalAddress: [this.#ownAddress(signallingPort)],
        endpointIdentifier,
      },
      server.rasAddress,
      server.rasPort,
      { tries: timers.registrationTries, wait: timers.registrationWait },
    )
    yield* this.#phone.sleep(timers.discoveryWait)
  }

  #scheduleRenewal({ timeToLive }: RegistrationConfirm): void {
    this.#renewal?.cancel()
    if (timeToLive === undefined) return
    const { transport } = this.#phone.options
    this.#renewal = transport.after(Math.round(timeToLive * SECOND * RENEW_AT), () => this.#renew())
  }

  /** Lightweight: H.225.0 §7.9.1. No answer, or a no: the registration is lost. */
  #renew(): void {
    const { registrationTries, registrationWait } = this.#phone.timers
    const registered = this.#registered
    if (registered === undefined) return
    const { server, endpointIdentifier, signallingPort } = registered
    const request = { ...this.#registration(signallingPort), keepAlive: true, endpointIdentifier }
    const tries = { tries: registrationTries, wait: registrationWait }
    const steps = this.#ras!.request(request, server.rasAddress, server.rasPort, tries)
    this.#renewal = this.#phone.background(steps, (answer) => {
      if (answer.kind === 'registrationConfirm') this.#scheduleRenewal(answer)
      else this.#lost('registration not renewed')
    })
  }

  #lost(why: string): void {
    if (this.#registered === undefined) return
    this.#phone.tell.log('registration-lost', { why })
    this.#closeSockets()
    this.#onLost()
  }

  #closeSockets(): void {
    const [signalling, client] = [this.#signalling, this.#ras]
    this.forget()
    signalling?.abort()
    client?.close()
  }

  /** URQ of the gatekeeper is confirmed, and the phone registers anew; the rest is not for phones. */
  #unasked(message: RasMessage, address: number, port: number): void {
    if (message.kind !== 'unregistrationRequest') return
    this.#ras?.send({ kind: 'unregistrationConfirm', requestSeqNum: message.requestSeqNum }, address, port)
    this.#lost('unregistered by the call server')
  }

  #ownAddress(port: number): TransportAddress {
    return ipAddress(parseAddress(this.#phone.story.address ?? '') ?? 0, port)
  }

  #chooseSignallingPort(): number {
    const { options, series } = this.#phone
    if (series.name === '96x1') return SIGNALLING_PORT_96X1
    const ports = LAST_SIGNALLING_PORT - FIRST_SIGNALLING_PORT + 1
    return FIRST_SIGNALLING_PORT + Math.floor(options.random.next() * ports)
  }

  /** A 1616 says H.225.0 version 2, a newer set 5 [§6.1]. */
  get #version(): string {
    return ras.protocolVersion(this.#phone.series.name === '96x1' ? 5 : 2)
  }
}

const TERMINAL = { terminal: {}, mc: false, undefinedNode: false } as const

/** A server that says no says more than one that says nothing; silence has a reason when all of it has the same. */
function graver(a: Trouble, b: Trouble): Trouble {
  if (a.cause !== 'registration-no-response') return a
  if (b.cause !== 'registration-no-response' || a.causedBy === b.causedBy) return b
  return a.causedBy === undefined ? a : { cause: b.cause, detail: b.causedBy === undefined ? b.detail : `${a.detail}; ${b.detail}` } // prettier-ignore
}

/** Where the GCF sends the phone to register. */
function callServerOf(name: string, { rasAddress, tokens }: GatekeeperConfirm): CallServer | undefined {
  if (rasAddress.choice !== 'ipAddress') return undefined
  const challenge = tokens?.find(({ random }) => random !== undefined)?.random
  return { name, rasAddress: rasAddress.value.ip, rasPort: rasAddress.value.port, challenge }
}
