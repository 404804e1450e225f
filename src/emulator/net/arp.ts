/**
 * Who has which MAC: RFC 826 with the timers of a Linux host, probes and announcements by RFC 5227.
 *
 * Theory of operation. Everything that is sent goes through the Neighbour of its next hop. While its MAC is unknown
 * frames wait there, the oldest making room, and requests go out: three, a second apart. Nobody answers: what waits is
 * given back as undeliverable. Entries are learned from what is addressed to us and refreshed from what is not
 * (RFC 826 "merge"), and asked for anew after ENTRY_LIFETIME.
 *
 * Not here: unicast revalidation (RFC 1122 §2.3.2.1 method 2), proxy ARP.
 */
import { u32 } from '../../base/bytes.js'
import { SECOND, type Nanos } from '../../base/time.js'
import * as arp from '../../wire/arp.js'
import { BROADCAST, EtherType } from '../../wire/ethernet.js'
import type { Interests } from '../link/flood-index.js'
import type { Simulation } from '../sim/simulation.js'
import { Timer } from '../sim/timer.js'

const REQUEST_TRIES = 3
const REQUEST_INTERVAL: Nanos = SECOND
/** What BSD stacks take; Linux revalidates sooner, but by unicast and only when there is doubt. */
const ENTRY_LIFETIME: Nanos = 1200 * SECOND
/** Frames that wait for one MAC. */
const MAX_WAITING = 64
/** Entries; the oldest makes room. */
const MAX_ENTRIES = 1 << 17
/** Questions of resolve() that are open at once; more are answered as if nobody had. */
const MAX_RESOLUTIONS = 1024

const NO_MAC = new Uint8Array(6)

/** What ARP needs of the interface it runs on. */
export interface ArpInterface {
  readonly mac: Uint8Array
  readonly address: number
  /** Sends an ARP message, with the link header of this interface. */
  sendLinkPayload(destination: Uint8Array, etherType: number, payload: Uint8Array): void
  /** Puts a frame on the link whose destination MAC is filled in. */
  transmit(frame: Uint8Array): void
  /** A frame that waited in vain. */
  undeliverable(frame: Uint8Array): void
}

/** The next hop of a frame. */
export class Neighbour {
  readonly address: number
  #mac: Uint8Array | undefined
  #expires: Nanos
  #waiting: Uint8Array[] = []
  #tries = 0
  #retry: Timer | undefined
  readonly #sim: Simulation
  readonly #link: ArpInterface

  /** @param mac for groups, which need no ARP and never expire */
  constructor(sim: Simulation, link: ArpInterface, address: number, mac?: Uint8Array) {
    this.#sim = sim
    this.#link = link
    this.address = address
    this.#mac = mac
    this.#expires = mac === undefined ? -1 : Infinity
  }

  get mac(): Uint8Array | undefined {
    return this.#expires >= this.#sim.now ? this.#mac : undefined
  }

  /** Fills in the destination and sends, now or when it is known. */
  transmit(frame: Uint8Array): void {
    const mac = this.#mac
    if (mac !== undefined && this.#expires >= this.#sim.now) {
      for (let i = 0; i < 6; i++) frame[i] = mac[i]!
      this.#link.transmit(frame)
      return
    }
    if (this.#waiting.length >= MAX_WAITING) this.#waiting.shift()
    this.#waiting.push(frame)
    if (this.#retry?.armed !== true) {
      this.#tries = 0
      this.#ask()
    }
  }

  learn(mac: Uint8Array): void {
    this.#mac = mac.slice()
    this.#expires = this.#sim.now + ENTRY_LIFETIME
    this.#retry?.cancel()
    const waiting = this.#waiting
    this.#waiting = []
    for (const frame of waiting) this.transmit(frame)
  }

  /** Drops what waits, without a word. */
  forget(): void {
    this.#waiting = []
    this.#retry?.cancel()
  }

  #ask(): void {
    if (this.#tries === REQUEST_TRIES) {
      const waiting = this.#waiting
      this.#waiting = []
      for (const frame of waiting) this.#link.undeliverable(frame)
      return
    }
    this.#tries++
    sendRequest(this.#link, this.address, this.#link.address)
    this.#retry ??= new Timer(this.#sim, () => this.#ask())
    this.#retry.arm(REQUEST_INTERVAL)
  }
}

interface Resolution {
  readonly address: number
  readonly probe: boolean
  readonly done: (mac: Uint8Array | undefined) => void
  readonly timeout: { cancel(): void }
}

export class Neighbours {
  readonly #sim: Simulation
  readonly #link: ArpInterface
  readonly #acceptsAnnouncements: boolean
  readonly #entries = new Map<number, Neighbour>()
  #resolutions: Resolution[] = []
  /** Who wants to know what is listened to. */
  #interests: Interests | undefined

  constructor(sim: Simulation, link: ArpInterface, acceptsAnnouncements: boolean) {
    this.#sim = sim
    this.#link = link
    this.#acceptsAnnouncements = acceptsAnnouncements
  }

  /** The entry of an address on the link, made if need be. */
  entry(address: number): Neighbour {
    let entry = this.#entries.get(address)
    if (entry === undefined) {
      if (this.#entries.size >= MAX_ENTRIES) {
        for (const oldest of this.#entries.values()) {
          oldest.forget()
          this.#entries.delete(oldest.address)
          this.#interests?.remove('neighbour', oldest.address)
          break
        }
      }
      entry = new Neighbour(this.#sim, this.#link, address)
      this.#entries.set(address, entry)
      this.#interests?.add('neighbour', address)
    }
    return entry
  }

  learn(address: number, mac: Uint8Array): void {
    this.entry(address).learn(mac)
  }

  resolve(address: number, timeout: Nanos, done: (mac: Uint8Array | undefined) => void, probe: boolean): void {
    const resolution: Resolution = {
      address,
      probe,
      done,
      timeout: this.#sim.schedule(timeout, () => {
        this.#resolutions = this.#resolutions.filter((other) => other !== resolution)
        this.#stopListeningFor(address)
        done(undefined)
      }),
    }
    if (this.#resolutions.length < MAX_RESOLUTIONS) {
      this.#resolutions.push(resolution)
      this.#interests?.add('question', address)
    }
    sendRequest(this.#link, address, probe ? 0 : this.#link.address)
  }

  announce(): void {
    sendRequest(this.#link, this.#link.address, this.#link.address)
  }

  forgetAll(): void {
    for (const entry of this.#entries.values()) {
      entry.forget()
      this.#interests?.remove('neighbour', entry.address)
    }
    this.#entries.clear()
    const resolutions = this.#resolutions
    this.#resolutions = []
    for (const { address, timeout } of resolutions) {
      timeout.cancel()
      this.#stopListeningFor(address)
    }
  }

  tellInterests(interests: Interests | undefined): void {
    this.#interests = interests
    if (interests === undefined) return
    for (const address of this.#entries.keys()) interests.add('neighbour', address)
    for (const { address } of this.#resolutions) interests.add('question', address)
  }

  #stopListeningFor(address: number): void {
    if (this.#resolutions.some((other) => other.address === address)) return
    this.#interests?.remove('question', address)
  }

  /** @throws WireError for what is not ARP over Ethernet for IPv4 */
  receive(payload: Uint8Array): void {
    // Most of what comes is about others: that is seen without making a message of it.
    if (
      this.#resolutions.length === 0 &&
      u32(payload, 24) !== this.#link.address &&
      !this.#entries.has(u32(payload, 14))
    ) {
      return
    }
    const message = arp.decode(payload)
    const { operation, senderMac, senderAddress, targetAddress } = message
    if (message.ptype !== EtherType.ipv4) return
    const own = this.#link.address
    if (senderAddress !== 0) {
      const forUs = own !== 0 && targetAddress === own
      const known = this.#entries.get(senderAddress)
      // RFC 826: merge, and make an entry only when we are the target.
      if (known !== undefined && (this.#acceptsAnnouncements || !arp.isAnnouncement(message))) known.learn(senderMac)
      else if (known === undefined && forUs && senderAddress !== own) this.entry(senderAddress).learn(senderMac)
    }
    if (operation === arp.Operation.request && own !== 0 && targetAddress === own) {
      this.#link.sendLinkPayload(
        senderMac,
        EtherType.arp,
        arp.encode({
          operation: arp.Operation.reply,
          senderMac: this.#link.mac,
          senderAddress: own,
          targetMac: senderMac,
          targetAddress: senderAddress,
        }),
      )
    }
    if (this.#resolutions.length > 0) this.#answer(message)
  }

  #answer(message: arp.ArpMessage): void {
    const answered = this.#resolutions.filter(
      ({ address, probe }) =>
        message.senderAddress === address ||
        // RFC 5227 §2.1.1: somebody else wants the address too.
        (probe && arp.isProbe(message) && message.targetAddress === address),
    )
    if (answered.length === 0) return
    this.#resolutions = this.#resolutions.filter((resolution) => !answered.includes(resolution))
    const mac = message.senderMac.slice()
    for (const { address, timeout, done } of answered) {
      timeout.cancel()
      this.#stopListeningFor(address)
      done(mac)
    }
  }
}

/** RFC 5227 §1.1: with a sender address of 0 it is a probe. */
function sendRequest(link: ArpInterface, address: number, senderAddress: number): void {
  link.sendLinkPayload(
    BROADCAST,
    EtherType.arp,
    arp.encode({
      operation: arp.Operation.request,
      senderMac: link.mac,
      senderAddress,
      targetMac: NO_MAC,
      targetAddress: address,
    }),
  )
}
