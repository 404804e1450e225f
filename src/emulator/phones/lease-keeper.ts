/**
 * Keeps the phone's address: DHCP over a socket and a clock, the probe for a conflict, the router check, and afterwards
 * the renewals, which go on beside whatever else the phone does.
 */
import { SECOND, type Nanos } from '../../base/time.js'
import { CLIENT_PORT, messageTypeName, SERVER_PORT } from '../../wire/dhcp.js'
import { formatAddress } from '../../wire/ipv4.js'
import type { UdpPort } from '../net/transport.js'
import { DhcpClient, KEEP, type DhcpEvent, type DhcpSend, type DhcpStep, type Lease } from './dhcp-client.js'
import * as display from './display.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'

/** Refusals after which the story calls the boot failed; the phone goes on trying. As the finding dhcp-nak-loop counts. */
const NAK_LOOP = 3

const CONFLICTS = 2

export class LeaseKeeper {
  readonly #phone: PhoneState
  /** The address may not be used any more. */
  readonly #onLost: () => void
  readonly #socket: UdpPort
  #client: DhcpClient
  #timer: { cancel(): void } | undefined
  #started: Nanos = 0
  /** The boot, when it waits for DHCP; otherwise events are those of renewals. */
  #onEvent: ((event: DhcpEvent) => void) | undefined

  constructor(phone: PhoneState, onLost: () => void) {
    const { transport } = phone.options
    this.#phone = phone
    this.#onLost = onLost
    this.#client = this.#newClient()
    this.#socket = transport.bindUdp(CLIENT_PORT, ({ payload }) => {
      const step = this.#client.receive(payload, transport.now())
      if (step) this.#apply(step)
    })
    this.#socket.onlyWith?.(this.#client.xid)
  }

  /** Forgets address and lease without a word, as a reset does [avaya.md 4]. */
  forget(): void {
    this.#phone.options.transport.deconfigure()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#onEvent = undefined
    this.#client = this.#newClient()
    this.#socket.onlyWith?.(this.#client.xid)
  }

  /** forget(), and no more datagrams either. */
  close(): void {
    this.forget()
    this.#socket.close()
  }

  #newClient(): DhcpClient {
    const { options, series, siteOptionNumber, story, timers } = this.#phone
    return new DhcpClient({
      mac: options.transport.mac,
      hostname: story.hostname,
      series,
      siteOptionNumber,
      random: options.random,
      timers,
      dropsExpiredLease: () => this.#phone.number('DHCPSTD', 0) === 1,
    })
  }

  /** @param delay before the first DISCOVER */
  *obtain(delay: Nanos): Steps<Lease> {
    const { transport } = this.#phone.options
    this.#phone.tell.beginStage('dhcp')
    this.#started = transport.now()
    let refusedOffers = 0
    let naks = 0
    let conflicts = 0
    let begin: (() => void) | undefined = () => this.#apply(this.#client.start(transport.now(), delay))
    for (;;) {
      const event = yield* wait<DhcpEvent>((resume) => {
        this.#onEvent = resume
        begin?.()
        return () => (this.#onEvent = undefined)
      })
      begin = undefined
      switch (event.kind) {
        case 'no-offer':
          // Offers that were of no use came all the same.
          if (refusedOffers === 0) {
            this.#phone.tell.fail('dhcp', 'dhcp-no-offer', `no offer after ${event.tries} DISCOVERs`)
          }
          this.#phone.tell.conclude('failed')
          break
        case 'offer-ignored':
          refusedOffers++
          this.#phone.tell.log('dhcp-offer-ignored', { reason: event.reason })
          if (event.reason.startsWith('no lease time')) {
            this.#phone.tell.fail('dhcp', 'dhcp-offer-without-lease-time', event.reason)
          }
          break
        case 'no-ack':
          this.#phone.tell.fail('dhcp', 'dhcp-no-ack', `${formatAddress(event.server)} never answered the REQUEST`)
          this.#phone.tell.conclude('failed')
          break
        case 'nak':
          this.#phone.tell.fail('dhcp', 'dhcp-nak', event.text)
          if (++naks >= NAK_LOOP) {
            if (naks === NAK_LOOP) {
              this.#phone.tell.fail('dhcp', 'dhcp-nak-loop', `${naks} NAKs in one boot`, { causedBy: 'dhcp-nak' })
            }
            this.#phone.tell.conclude('failed')
          }
          break
        case 'leased':
          if (yield* this.#probe(event.lease)) {
            this.#phone.tell.fail('dhcp', 'dhcp-address-conflict', `${formatAddress(event.lease.address)} is in use`)
            this.#phone.display(display.conflict)
            // The next address may do; after a second one the story calls the boot failed.
            if (++conflicts === CONFLICTS) this.#phone.tell.conclude('failed')
            this.#apply(this.#client.decline(transport.now()))
            break
          }
          this.#apply(this.#client.confirm())
          this.#configure(event.lease, event.lease.routers[0])
          this.#phone.tell.bound(formatAddress(event.lease.address))
          this.#phone.tell.log('dhcp-bound', leaseDetail(event.lease))
          this.#phone.tell.recover('dhcp')
          this.#phone.tell.endStage('dhcp')
          return event.lease
        case 'renewed':
        case 'lost':
        case 'extended':
          break
      }
    }
  }

  /** Whether somebody else answers for the address [avaya.md 1.8]. */
  *#probe({ address }: Lease): Steps<boolean> {
    const { arpProbes, arpProbeInterval, arpProbeWait } = this.#phone.timers
    for (let probe = 1; probe <= arpProbes; probe++) {
      const mac = yield* this.#arp(address, probe === arpProbes ? arpProbeWait : arpProbeInterval, true)
      if (mac !== undefined) return true
    }
    return false
  }

  *#arp(address: number, timeout: Nanos, probe: boolean): Steps<Uint8Array | undefined> {
    return yield* wait<Uint8Array | undefined>((resume) => {
      this.#phone.options.transport.resolveArp(address, timeout, resume, probe)
      return undefined
    })
  }

  #configure({ address, mask }: Lease, router: number | undefined): void {
    this.#phone.options.transport.configure({ address, mask, router })
  }

  #apply(step: DhcpStep): void {
    const { transport } = this.#phone.options
    if (step.wakeAt !== KEEP) {
      this.#timer?.cancel()
      this.#timer = undefined
      if (step.wakeAt !== undefined) {
        const delay = Math.max(0, step.wakeAt - transport.now())
        this.#timer = transport.after(delay, () => this.#apply(this.#client.wake(transport.now())))
      }
    }
    this.#socket.onlyWith?.(this.#client.xid)
    if (step.send) this.#send(step.send)
    if (step.event === undefined) return
    const waiting = this.#onEvent
    this.#onEvent = undefined
    if (waiting) waiting(step.event)
    else this.#renewalEvent(step.event)
  }

  #send({ payload, address, type, xid, secs }: DhcpSend): void {
    const detail = { type: messageTypeName(type), xid: `0x${xid.toString(16).padStart(8, '0')}`, secs }
    this.#phone.tell.log('dhcp-send', detail)
    if (this.#onEvent !== undefined) {
      const seconds = Math.floor((this.#phone.options.transport.now() - this.#started) / SECOND)
      this.#phone.display(display.dhcpSeconds(seconds, this.#phone.series.name))
    }
    this.#socket.send(payload, address, SERVER_PORT)
  }

  #renewalEvent(event: DhcpEvent): void {
    switch (event.kind) {
      case 'renewed':
        this.#phone.tell.log('dhcp-renewed', leaseDetail(event.lease))
        break
      case 'extended':
        this.#phone.tell.log('dhcp-extended', {})
        break
      case 'lost':
        // IPADD 0.0.0.0 at once and back to INIT [avaya.md 1.6].
        this.#phone.tell.log('dhcp-lost', { reason: event.reason })
        this.#onLost()
        break
      case 'no-offer':
      case 'offer-ignored':
      case 'leased':
      case 'no-ack':
      case 'nak':
        break
    }
  }

  /** Goes round the routers until one answers; only then files are fetched [avaya.md 1.2 step 9]. */
  *checkRouter(lease: Lease): Steps<void> {
    const { routers } = lease
    if (routers.length === 0) return
    this.#phone.tell.beginStage('reach')
    for (let round = 1; ; round++) {
      for (const router of routers) {
        const mac = yield* this.#arp(router, this.#phone.timers.routerWait, false)
        if (mac === undefined) continue
        if (router !== routers[0]) this.#configure(lease, router)
        this.#phone.tell.log('router', { address: formatAddress(router), rounds: round })
        this.#phone.tell.recover('reach')
        this.#phone.tell.endStage('reach')
        return
      }
      if (round === 1) this.#phone.display(display.router(this.#phone.series.name))
      if (round === this.#phone.timers.routerRounds) {
        this.#phone.tell.fail('reach', 'gateway-unreachable', `${routers.map(formatAddress).join(', ')} silent`)
        this.#phone.tell.conclude('failed')
      }
    }
  }
}

function leaseDetail(lease: Lease): Record<string, string | number> {
  return {
    address: formatAddress(lease.address),
    server: formatAddress(lease.server),
    leaseTime: lease.leaseTime === Infinity ? 'infinite' : lease.leaseTime,
  }
}
