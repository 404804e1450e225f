/**
 * The phone's DHCP client: RFC 2131 §4.4 with the habits of these phones (avaya.md §1.5, §1.6, §1.9).
 *
 * No sockets and no timers: every call says what to send and when to wake it. The owner sends from port 68, probes the
 * address of a new lease and then calls confirm() or decline().
 *
 *   waiting -> selecting -> requesting -> checking -> bound -> renewing -> rebinding -> (extended rebinding)
 *
 * Choices: one xid per acquisition, kept over repeats of DISCOVER; the first acceptable OFFER is taken, and one without
 * a lease time never is; after a reset the phone begins with DISCOVER, not with INIT-REBOOT, since no source shows that.
 * When a lease ends unrenewed the address is kept and REQUESTs go on (DHCPSTD 0), or dropped (DHCPSTD 1).
 *
 * Not here: the ARP probes of the own address every five seconds after the lease has ended, INFORM.
 */
import { equalBytes, latin1Bytes, u32 } from '../../base/bytes.js'
import type { Random } from '../../base/random.js'
import { SECOND, type Nanos } from '../../base/time.js'
import type { Series } from '../../deskphone/series.js'
import * as dhcp from '../../wire/dhcp.js'
import type { PhoneTimers } from './timers.js'

const { OptionCode, MessageType } = dhcp

export const BROADCAST_ADDRESS = 0xffffffff

/** Option 51 for ever, RFC 2132 §9.2. */
const INFINITE = 0xffffffff

export interface Lease {
  readonly address: number
  readonly mask: number
  readonly routers: readonly number[]
  /** Option 54. */
  readonly server: number
  /** Seconds; Infinity for one without end. */
  readonly leaseTime: number
  readonly siaddr: number
  readonly domainNameServers: readonly number[]
  readonly domainName: string | undefined
  /** Option 66. */
  readonly tftpServerName: string | undefined
  /** Every site-specific option sent, by number. */
  readonly siteOptions: ReadonlyMap<number, Uint8Array>
  /** Option 43. */
  readonly vendorOption?: Uint8Array | undefined
  /** Typed in at the phone; no server knows of it. */
  readonly isManual?: boolean
}

export type DhcpEvent =
  /** Every wait of the first round passed; the client goes on. */
  | { readonly kind: 'no-offer'; readonly tries: number }
  | { readonly kind: 'offer-ignored'; readonly reason: string; readonly server: number | undefined }
  /** Not yet in use: call confirm() or decline(). */
  | { readonly kind: 'leased'; readonly lease: Lease }
  | { readonly kind: 'no-ack'; readonly server: number }
  | { readonly kind: 'nak'; readonly server: number | undefined; readonly text: string }
  | { readonly kind: 'renewed'; readonly lease: Lease }
  /** Stop using the address at once. */
  | { readonly kind: 'lost'; readonly reason: 'nak' | 'expired' }
  /** The lease ended but the address stays in use. */
  | { readonly kind: 'extended' }

export interface DhcpSend {
  readonly payload: Uint8Array
  /** Destination; the port is 67. */
  readonly address: number
  readonly type: number
  readonly xid: number
  readonly secs: number
}

export interface DhcpStep {
  readonly send: DhcpSend | undefined
  /** When to call wake(); replaces what was said before. Undefined: never. */
  readonly wakeAt: Nanos | undefined
  readonly event: DhcpEvent | undefined
}

export interface DhcpClientOptions {
  readonly mac: Uint8Array
  readonly hostname: string
  readonly series: Series
  /** The site-specific option the phone reads; in option 55 it stands where the series has its own. */
  readonly siteOptionNumber: number
  readonly random: Random
  readonly timers: PhoneTimers
  /** Parameter DHCPSTD 1: the address is dropped when the lease ends. */
  dropsExpiredLease(): boolean
}

type State = 'idle' | 'waiting' | 'selecting' | 'requesting' | 'checking' | 'bound' | 'renewing' | 'rebinding'

interface Offer {
  readonly address: number
  readonly server: number
}

export class DhcpClient {
  readonly #options: DhcpClientOptions
  #state: State = 'idle'
  #xid = 0
  #started: Nanos = 0
  #tries = 0
  #saidNoOffer = false
  #offer: Offer | undefined
  #lease: Lease | undefined
  #requestedAt: Nanos = 0
  #renewAt: Nanos = 0
  #rebindAt: Nanos = 0
  #expireAt: Nanos = 0
  #saidExtended = false
  /** The address is used without a lease: DHCPSTD does not take it away. */
  #adopted = false

  constructor(options: DhcpClientOptions) {
    this.#options = options
  }

  get lease(): Lease | undefined {
    return this.#lease
  }

  /** Answers carry it; 0 before the first message. */
  get xid(): number {
    return this.#xid
  }

  /** Nobody has offered anything yet. */
  get awaitsOffer(): boolean {
    return this.#state === 'waiting' || this.#state === 'selecting'
  }

  /**
   * Uses an address of before without a server's word, and asks any server for it until one says yes or no: REUSETIME
   * [avaya.md 1.9].
   */
  adopt(lease: Lease, now: Nanos): DhcpStep {
    this.#lease = lease
    this.#state = 'rebinding'
    this.#xid = this.#options.random.u32()
    this.#started = now
    this.#renewAt = this.#rebindAt = this.#expireAt = now
    this.#adopted = true
    return this.#renew(now)
  }

  /** @param delay before the first DISCOVER */
  start(now: Nanos, delay: Nanos): DhcpStep {
    this.#lease = undefined
    this.#saidNoOffer = false
    this.#state = 'waiting'
    return step({ wakeAt: now + delay })
  }

  wake(now: Nanos): DhcpStep {
    switch (this.#state) {
      case 'waiting':
        this.#xid = this.#options.random.u32()
        this.#started = now
        this.#tries = 0
        this.#state = 'selecting'
        return this.#discover(now)
      case 'selecting': {
        const { discoverWaits } = this.#options.timers
        if (this.#tries >= discoverWaits.length && !this.#saidNoOffer) {
          this.#saidNoOffer = true
          return { ...this.#discover(now), event: { kind: 'no-offer', tries: this.#tries - 1 } }
        }
        return this.#discover(now)
      }
      case 'requesting':
        if (this.#tries < this.#options.timers.requestWaits.length) return this.#request(now)
        this.#state = 'waiting'
        return { ...this.wake(now), event: { kind: 'no-ack', server: this.#offer!.server } }
      case 'bound':
        this.#xid = this.#options.random.u32()
        this.#started = now
        this.#state = 'renewing'
        return this.#renew(now)
      case 'renewing':
      case 'rebinding':
        return this.#renew(now)
      case 'idle':
      case 'checking':
        return step({})
    }
  }

  /** A datagram that came to port 68; undefined when it is none of ours. */
  receive(bytes: Uint8Array, now: Nanos): DhcpStep | undefined {
    const message = decoded(bytes, this.#xid)
    if (message === undefined || message.op !== dhcp.Operation.bootReply) return undefined
    if (!equalBytes(dhcp.hardwareAddress(message), this.#options.mac)) return undefined
    const type = dhcp.messageType(message)
    if (type === MessageType.offer && this.#state === 'selecting') return this.#receiveOffer(message, now)
    if (type === MessageType.ack) return this.#receiveAck(message)
    if (type === MessageType.nak) return this.#receiveNak(message, now)
    return undefined
  }

  /** Nobody else has the address of the new lease. */
  confirm(): DhcpStep {
    this.#state = 'bound'
    return step({ wakeAt: this.#lease!.leaseTime === Infinity ? undefined : this.#renewAt })
  }

  /** Somebody has it: RFC 2131 §4.4.1, then §3.1 step 5. */
  decline(now: Nanos): DhcpStep {
    const { address, server } = this.#lease!
    const send = this.#message(MessageType.decline, BROADCAST_ADDRESS, now, [
      addressOption(OptionCode.requestedAddress, address),
      addressOption(OptionCode.serverIdentifier, server),
      this.#identifier(),
    ])
    this.#lease = undefined
    this.#state = 'waiting'
    return step({ send, wakeAt: now + this.#options.timers.declineWait })
  }

  /** Gives the address back and stops; RFC 2131 §4.4.6. Undefined without a lease. */
  release(now: Nanos): DhcpSend | undefined {
    const lease = this.#lease
    this.#lease = undefined
    this.#state = 'idle'
    if (lease === undefined) return undefined
    this.#started = now
    this.#xid = this.#options.random.u32()
    const server = addressOption(OptionCode.serverIdentifier, lease.server)
    return this.#message(MessageType.release, lease.server, now, [server, this.#identifier()], lease.address)
  }

  #discover(now: Nanos): DhcpStep {
    const send = this.#message(MessageType.discover, BROADCAST_ADDRESS, now, this.#requestOptions())
    return step({ send, wakeAt: now + this.#wait(this.#options.timers.discoverWaits) })
  }

  #request(now: Nanos): DhcpStep {
    const { address, server } = this.#offer!
    const send = this.#message(MessageType.request, BROADCAST_ADDRESS, now, [
      addressOption(OptionCode.requestedAddress, address),
      addressOption(OptionCode.serverIdentifier, server),
      ...this.#requestOptions(),
    ])
    this.#requestedAt = now
    return step({ send, wakeAt: now + this.#wait(this.#options.timers.requestWaits) })
  }

  /** The next of `waits`, the last one for ever, give or take the jitter (RFC 2131 §4.1). */
  #wait(waits: readonly Nanos[]): Nanos {
    const { random, timers } = this.#options
    const base = waits[Math.min(this.#tries++, waits.length - 1)]!
    return base + Math.round((2 * random.next() - 1) * timers.dhcpJitter)
  }

  #receiveOffer(message: dhcp.DhcpMessage, now: Nanos): DhcpStep {
    const server = dhcp.addressOption(message, OptionCode.serverIdentifier)
    const reason = offerProblem(message, server)
    if (reason !== undefined || server === undefined) {
      // The clock of the DISCOVER runs on.
      return { send: undefined, wakeAt: KEEP, event: { kind: 'offer-ignored', reason: reason ?? '', server } }
    }
    this.#offer = { address: message.yiaddr, server }
    this.#state = 'requesting'
    this.#tries = 0
    return this.#request(now)
  }

  #receiveAck(message: dhcp.DhcpMessage): DhcpStep | undefined {
    const renewing = this.#state === 'renewing' || this.#state === 'rebinding'
    if (!renewing && this.#state !== 'requesting') return undefined
    const lease = leaseOf(message)
    if (lease === undefined) return undefined
    if (!renewing && dhcp.addressOption(message, OptionCode.serverIdentifier) !== this.#offer!.server) return undefined
    this.#lease = lease
    this.#setTimes(message, lease)
    if (!renewing) {
      this.#state = 'checking'
      return step({ event: { kind: 'leased', lease } })
    }
    this.#saidExtended = false
    this.#adopted = false
    return { ...this.confirm(), event: { kind: 'renewed', lease } }
  }

  #receiveNak(message: dhcp.DhcpMessage, now: Nanos): DhcpStep | undefined {
    const server = dhcp.addressOption(message, OptionCode.serverIdentifier)
    const wakeAt = now + this.#options.timers.nakWait
    if (this.#state === 'requesting') {
      // A NAK of another server concerns its own offer.
      if (server !== undefined && server !== this.#offer!.server) return undefined
      this.#state = 'waiting'
      const text = dhcp.textOption(message, OptionCode.message) ?? ''
      return step({ wakeAt, event: { kind: 'nak', server, text } })
    }
    if (this.#state !== 'renewing' && this.#state !== 'rebinding') return undefined
    return this.#lose('nak')
  }

  #lose(reason: 'nak' | 'expired'): DhcpStep {
    this.#lease = undefined
    this.#state = 'idle'
    return step({ event: { kind: 'lost', reason } })
  }

  /** RFC 2131 §4.4.5; missing or impossible times are replaced by its defaults [avaya.md 1.6]. */
  #setTimes(message: dhcp.DhcpMessage, lease: Lease): void {
    const total = lease.leaseTime
    const asked = (code: number, fraction: number): number => {
      const seconds = dhcp.u32Option(message, code)
      return seconds === undefined || seconds > total ? total * fraction : seconds
    }
    const start = this.#requestedAt
    const rebind = asked(OptionCode.rebindingTime, 0.875)
    this.#renewAt = start + Math.round(Math.min(asked(OptionCode.renewalTime, 0.5), rebind) * SECOND)
    this.#rebindAt = start + Math.round(rebind * SECOND)
    this.#expireAt = start + total * SECOND
  }

  /** One attempt of RENEWING, REBINDING or what comes after. */
  #renew(now: Nanos): DhcpStep {
    const lease = this.#lease!
    const { minimumRenewalWait } = this.#options.timers
    let event: DhcpEvent | undefined
    let until = this.#rebindAt
    if (now >= this.#rebindAt) {
      this.#state = 'rebinding'
      until = this.#expireAt
    }
    if (now >= this.#expireAt) {
      if (this.#options.dropsExpiredLease() && !this.#adopted) return this.#lose('expired')
      until = Infinity
      if (!this.#saidExtended) event = { kind: 'extended' }
      this.#saidExtended = true
    }
    const destination = this.#state === 'renewing' ? lease.server : BROADCAST_ADDRESS
    const send = this.#message(MessageType.request, destination, now, this.#requestOptions(), lease.address)
    this.#requestedAt = now
    // Half of what is left of this phase, a minute at least.
    const half = until === Infinity ? minimumRenewalWait : Math.round((until - now) / 2)
    return step({ send, wakeAt: Math.min(now + Math.max(half, minimumRenewalWait), until), event })
  }

  #requestOptions(): OptionOf[] {
    const { hostname, series, siteOptionNumber } = this.#options
    const asked = series.parameterRequestList.map((code) => (code === series.siteOption ? siteOptionNumber : code))
    const options: OptionOf[] = [
      { code: OptionCode.parameterRequestList, data: Uint8Array.from(asked) },
      { code: OptionCode.hostName, data: latin1Bytes(hostname) },
      this.#identifier(),
    ]
    const { maxMessageSize, vendorClass } = series
    if (maxMessageSize !== undefined) {
      const data = Uint8Array.of(maxMessageSize >>> 8, maxMessageSize)
      options.push({ code: OptionCode.maximumMessageSize, data })
    }
    if (vendorClass !== undefined) {
      options.push({ code: OptionCode.vendorClassIdentifier, data: latin1Bytes(vendorClass) })
    }
    return options
  }

  /** In every message, or the server takes it for another client (RFC 2131 §4.2). */
  #identifier(): OptionOf {
    return { code: OptionCode.clientIdentifier, data: Uint8Array.of(1, ...this.#options.mac) }
  }

  #message(type: number, address: number, now: Nanos, options: readonly OptionOf[], ciaddr = 0): DhcpSend {
    const secs = Math.min(0xffff, Math.floor((now - this.#started) / SECOND))
    const payload = dhcp.encode({
      op: dhcp.Operation.bootRequest,
      xid: this.#xid,
      secs,
      flags: 0, // no broadcast bit [avaya.md 1.5]
      ciaddr,
      chaddr: this.#options.mac,
      options: [{ code: OptionCode.messageType, data: Uint8Array.of(type) }, ...options],
    })
    return { payload, address, type, xid: this.#xid, secs }
  }
}

interface OptionOf {
  readonly code: number
  readonly data: Uint8Array
}

/** `wakeAt` of a step that leaves the clock as it was. */
export const KEEP: Nanos = -1

function step({ send, wakeAt, event }: Partial<DhcpStep>): DhcpStep {
  return { send, wakeAt, event }
}

/** @param xid of the messages that are wanted: others are not looked into */
function decoded(bytes: Uint8Array, xid: number): dhcp.DhcpMessage | undefined {
  if (bytes.length < dhcp.HEADER_LENGTH || u32(bytes, 4) !== xid) return undefined
  const message = dhcp.decode(bytes)
  // Options that break off count as far as they go: phones are not known to be strict about the end option.
  return message.isBootp ? undefined : message
}

/** Why a phone does not take an offer, or undefined. No lease time, no lease [avaya.md 1.6]. */
function offerProblem(message: dhcp.DhcpMessage, server: number | undefined): string | undefined {
  if (dhcp.u32Option(message, OptionCode.leaseTime) === undefined) return 'no lease time (option 51)'
  if (server === undefined) return 'no server identifier (option 54)'
  if (message.yiaddr === 0) return 'no address'
  return undefined
}

function leaseOf(message: dhcp.DhcpMessage): Lease | undefined {
  const leaseTime = dhcp.u32Option(message, OptionCode.leaseTime)
  const server = dhcp.addressOption(message, OptionCode.serverIdentifier)
  if (leaseTime === undefined || server === undefined || message.yiaddr === 0) return undefined
  const siteOptions = new Map<number, Uint8Array>()
  for (const { code } of message.options) {
    // The numbers that SSON can have [avaya.md 1.10]. Copies: the message is a view into a frame.
    if (code >= 128 && code <= 254) siteOptions.set(code, dhcp.option(message, code)!.slice())
  }
  return {
    address: message.yiaddr,
    mask: dhcp.addressOption(message, OptionCode.subnetMask) ?? classfulMask(message.yiaddr),
    routers: dhcp.addressListOption(message, OptionCode.router),
    server,
    leaseTime: leaseTime === INFINITE ? Infinity : leaseTime,
    siaddr: message.siaddr,
    domainNameServers: dhcp.addressListOption(message, OptionCode.domainNameServer),
    domainName: dhcp.textOption(message, OptionCode.domainName),
    tftpServerName: dhcp.textOption(message, OptionCode.tftpServerName),
    siteOptions,
    vendorOption: dhcp.option(message, OptionCode.vendorSpecific)?.slice(),
  }
}

/** Without option 1: the mask of the address class, RFC 950 §2.1. */
function classfulMask(address: number): number {
  const first = address >>> 24
  return first < 128 ? 0xff000000 : first < 192 ? 0xffff0000 : 0xffffff00
}

function addressOption(code: number, address: number): OptionOf {
  return { code, data: Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address) }
}
