/**
 * The authenticator of one switch port, with the authentication server behind it: the PAE and backend state machines of
 * IEEE 802.1X-2004 §8.2.4 and §8.2.9 with their names for timers and counts, EAP by RFC 3748, method MD5-Challenge.
 *
 *   linkUp / EAPOL-Start -> connecting (Request Identity, every txPeriod, reAuthMax times) -> authenticating
 *   (challenge, suppTimeout, maxReq times) -> authenticated | held (Failure, deaf for quietPeriod)
 *
 * While the port is not authenticated the switch lets nothing but EAPOL and LLDP through. A port that hears no
 * supplicant stays closed and asks on, or opens for its MAC after reAuthMax requests when `macBypass` is on.
 *
 * Not here: RADIUS as frames of its own (the verdict is that of a list of users), EAP methods with TLS, MKA, guest VLANs.
 */
import { equalBytes, latin1 } from '../../base/bytes.js'
import { WireError } from '../../base/errors.js'
import type { Random } from '../../base/random.js'
import { SECOND, type Nanos } from '../../base/time.js'
import * as eapol from '../../wire/eapol.js'
import { encode as encodeEthernet, EtherType, HEADER_LENGTH } from '../../wire/ethernet.js'
import type { Simulation } from '../sim/simulation.js'
import { Timer } from '../sim/timer.js'
import { md5Response } from './eap-md5.js'
import type { Link } from './link.js'
import type { Switch } from './switch.js'

export interface Dot1xOptions {
  readonly mac: Uint8Array
  /** Passwords by identity. */
  readonly users?: ReadonlyMap<string, string>
  /** `check` asks the users; `refuse` fails whoever answers; `silent` sends nothing at all and stays closed. */
  readonly verdict?: 'check' | 'refuse' | 'silent'
  /** Opens for a MAC that does not speak 802.1X. Off unless given. */
  readonly macBypass?: boolean
  /** Between requests for an identity, 802.1X-2004 §8.2.4.1.2: 30 s. */
  readonly txPeriod?: Nanos
  /** Deafness after a failure: 60 s. */
  readonly quietPeriod?: Nanos
  /** Wait for the answer to a challenge, §8.2.9.1.2: 30 s. */
  readonly suppTimeout?: Nanos
  /** Transmissions of a challenge: 2. */
  readonly maxReq?: number
  /** Requests for an identity before the port begins anew: 2. */
  readonly reAuthMax?: number
  /** From the answer to the verdict: what the authentication server takes. 20 ms. */
  readonly serverDelay?: Nanos
}

export type PortState = 'disconnected' | 'connecting' | 'authenticating' | 'authenticated' | 'held'

const MILLIS_20: Nanos = 20_000_000

export class Dot1xAuthenticator {
  readonly counters = { received: 0, malformed: 0, successes: 0, failures: 0 }
  readonly #sim: Simulation
  readonly #box: Switch
  readonly #link: Link
  readonly #options: Dot1xOptions
  readonly #random: Random
  readonly #timer: Timer
  #state: PortState = 'disconnected'
  #identifier: number
  #requests = 0
  #identity = ''
  #challenge: Uint8Array | undefined
  /** The server's verdict is under way. */
  #deciding = false

  /** The port is closed from now on. @throws Error for a link that is not on this switch */
  constructor(sim: Simulation, box: Switch, link: Link, options: Dot1xOptions) {
    this.#sim = sim
    this.#box = box
    this.#link = link
    this.#options = options
    this.#random = sim.random(`802.1X ${box.name} ${link.name}`)
    this.#identifier = this.#random.int(256)
    this.#timer = new Timer(sim, () => this.#timeout())
    box.setAuthorized(link, false)
    box.onReserved(link, (frame) => this.#receive(frame))
  }

  get state(): PortState {
    return this.#state
  }

  linkUp(): void {
    this.#close('disconnected')
    this.#connect()
  }

  linkDown(): void {
    this.#close('disconnected')
    this.#timer.cancel()
  }

  #close(state: PortState): void {
    this.#state = state
    this.#challenge = undefined
    this.#deciding = false
    this.#box.setAuthorized(this.#link, false)
  }

  #connect(): void {
    if (this.#options.verdict === 'silent') return
    this.#state = 'connecting'
    this.#requests = 0
    this.#identifier = (this.#identifier + 1) & 0xff
    this.#askIdentity()
  }

  #askIdentity(): void {
    this.#requests++
    this.#send(eapol.EapCode.request, eapol.EapType.identity, EMPTY)
    this.#timer.arm(this.#options.txPeriod ?? 30 * SECOND)
  }

  #askChallenge(): void {
    this.#requests++
    this.#send(
      eapol.EapCode.request,
      eapol.EapType.md5Challenge,
      eapol.encodeMd5Challenge({ value: this.#challenge!, name: '' }),
    )
    this.#timer.arm(this.#options.suppTimeout ?? 30 * SECOND)
  }

  #timeout(): void {
    const { maxReq = 2, reAuthMax = 2, macBypass = false } = this.#options
    if (this.#state === 'connecting') {
      if (this.#requests < reAuthMax) return this.#askIdentity()
      if (macBypass) return this.#open()
      this.#connect()
    } else if (this.#state === 'authenticating') {
      if (this.#deciding) return
      if (this.#requests < maxReq) return this.#askChallenge()
      this.#fail()
    } else if (this.#state === 'held') this.#connect()
  }

  #receive(frame: Uint8Array): void {
    if (((frame[12]! << 8) | frame[13]!) !== EtherType.eapol || this.#options.verdict === 'silent') return
    this.counters.received++
    const packet = decoded(frame)
    if (packet === undefined) {
      this.counters.malformed++
      return
    }
    if (packet.type === eapol.PacketType.logoff) {
      this.#close('disconnected')
      this.#connect()
    } else if (packet.type === eapol.PacketType.start) {
      // 802.1X-2004 figure 8-8: held is left by its timer alone.
      if (this.#state === 'held' || this.#deciding) return
      this.#close('disconnected')
      this.#connect()
    } else if (packet.eap !== undefined) this.#receiveEap(packet.eap)
  }

  #receiveEap({ code, identifier, type, data }: eapol.EapPacket): void {
    if (code !== eapol.EapCode.response || identifier !== this.#identifier || this.#deciding) return
    if (this.#state === 'connecting' && type === eapol.EapType.identity) {
      this.#identity = latin1(data)
      this.#state = 'authenticating'
      this.#requests = 0
      this.#challenge = new Uint8Array(16).map(() => this.#random.int(256))
      this.#decide(() => {
        this.#identifier = (this.#identifier + 1) & 0xff
        this.#askChallenge()
      })
    } else if (this.#state === 'authenticating' && type === eapol.EapType.md5Challenge) {
      const right = this.#isRight(data)
      this.#decide(() => (right ? this.#succeed() : this.#fail()))
    } else if (this.#state === 'authenticating' && type === eapol.EapType.nak) {
      // RFC 3748 §5.3.1: there is no other method to offer.
      this.#decide(() => this.#fail())
    }
  }

  /** What the authentication server does takes a moment. */
  #decide(then: () => void): void {
    this.#deciding = true
    this.#timer.disarm()
    this.#sim.schedule(this.#options.serverDelay ?? MILLIS_20, () => {
      if (!this.#deciding) return
      this.#deciding = false
      then()
    })
  }

  #isRight(data: Uint8Array): boolean {
    const { users, verdict = 'check' } = this.#options
    const password = users?.get(this.#identity)
    if (verdict === 'refuse' || password === undefined) return false
    try {
      const { value } = eapol.decodeMd5Challenge(data)
      return equalBytes(value, md5Response(this.#identifier, password, this.#challenge!))
    } catch (error) {
      if (error instanceof WireError) return false
      throw error
    }
  }

  #succeed(): void {
    this.counters.successes++
    this.#send(eapol.EapCode.success, undefined, EMPTY)
    this.#open()
  }

  #open(): void {
    this.#state = 'authenticated'
    this.#challenge = undefined
    this.#timer.disarm()
    this.#box.setAuthorized(this.#link, true)
  }

  #fail(): void {
    this.counters.failures++
    this.#send(eapol.EapCode.failure, undefined, EMPTY)
    this.#close('held')
    this.#timer.arm(this.#options.quietPeriod ?? 60 * SECOND)
  }

  #send(code: number, type: number | undefined, data: Uint8Array): void {
    const body = eapol.encodeEap({ code, identifier: this.#identifier, type, data })
    const payload = eapol.encode({ version: eapol.ProtocolVersion.ieee2004, type: eapol.PacketType.eap, body })
    this.#box.originate(
      this.#link,
      encodeEthernet({ destination: eapol.MULTICAST, source: this.#options.mac, etherType: EtherType.eapol, payload }),
    )
  }
}

const EMPTY = new Uint8Array(0)

function decoded(frame: Uint8Array): { type: number; eap: eapol.EapPacket | undefined } | undefined {
  try {
    const { type, body } = eapol.decode(frame.subarray(HEADER_LENGTH))
    return { type, eap: type === eapol.PacketType.eap ? eapol.decodeEap(body) : undefined }
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
