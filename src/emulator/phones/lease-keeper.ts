/**
 * Keeps the phone's address: DHCP over a socket and a clock, the probe for a conflict, the router check, and afterwards
 * the renewals, which go on beside whatever else the phone does.
 *
 * Before each message the neighbour's LLDP is read; when that changes the VLAN, DHCP begins anew there. VLANTEST and REUSETIME
 * run beside the search for an offer (avaya.md §1.4, §1.9). An address that was typed in is probed and used, and DHCP keeps
 * quiet.
 */
import { SECOND, type Nanos } from '../../base/time.js'
import { CLIENT_PORT, messageTypeName, SERVER_PORT } from '../../wire/dhcp.js'
import { formatAddress } from '../../wire/ipv4.js'
import type { UdpPort } from '../net/transport.js'
import { DhcpClient, KEEP, type DhcpEvent, type DhcpSend, type DhcpStep, type Lease } from './dhcp-client.js'
import * as display from './display.js'
import type { LinkLayer } from './link-layer.js'
import type { StaticAddress } from './network-memory.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'

/** Refusals after which the story calls the boot failed; the phone goes on trying. As the finding dhcp-nak-loop counts. */
const NAK_LOOP = 3

const CONFLICTS = 2

export class LeaseKeeper {
  readonly #phone: PhoneState
  readonly #link: LinkLayer
  /** The address may not be used any more. */
  readonly #onLost: () => void
  readonly #socket: UdpPort
  #client: DhcpClient
  #timer: { cancel(): void } | undefined
  #started: Nanos = 0
  /** The boot, when it waits for DHCP; otherwise events are those of renewals. */
  #onEvent: ((event: DhcpEvent) => void) | undefined
  /** VLANTEST, and REUSETIME, from the first DISCOVER on a VLAN. */
  #vlanTest: { cancel(): void } | undefined
  #vlanTestDue = false
  #reuse: { cancel(): void } | undefined
  #ownProbe: { cancel(): void } | undefined

  constructor(phone: PhoneState, link: LinkLayer, onLost: () => void) {
    const { transport } = phone.options
    this.#phone = phone
    this.#link = link
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
    this.#vlanTest?.cancel()
    this.#reuse?.cancel()
    this.#ownProbe?.cancel()
    this.#onEvent = undefined
    this.#phone.lease = undefined
    this.#client = this.#newClient()
    this.#socket.onlyWith?.(this.#client.xid)
  }

  /** Gives the address back to the server; forget() is to follow. */
  *release(): Steps<void> {
    const { transport } = this.#phone.options
    const send = this.#client.release(transport.now())
    if (send === undefined) return
    this.#send(send)
    this.#phone.tell.log('dhcp-released', {})
    yield* this.#phone.sleep(this.#phone.timers.releaseWait)
  }

  /** Remembers what is in use, as the phone does when it has registered [avaya.md 1.9]. */
  registered(): void {
    const { lease, memory } = this.#phone
    if (lease === undefined || lease.isManual === true) return
    const { address, mask, routers } = lease
    memory.network.reusable = { address, mask, routers, vid: this.#link.tag }
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

  /**
   * @param delay before the first DISCOVER
   * @returns the lease in use, or that its option sends the phone to another VLAN
   */
  *obtain(delay: Nanos): Steps<Lease | 'vlan-change'> {
    const { transport } = this.#phone.options
    const manual = this.#phone.memory.network.staticAddress
    if (manual !== undefined) return yield* this.#useManual(manualLease(manual))
    this.#phone.tell.beginStage('dhcp')
    this.#started = transport.now()
    let refusedOffers = 0
    let naks = 0
    let conflicts = 0
    let begin: (() => void) | undefined = () => this.#begin(delay)
    for (;;) {
      const event = yield* wait<DhcpEvent>((resume) => {
        this.#onEvent = resume
        begin?.()
        return () => (this.#onEvent = undefined)
      })
      begin = undefined
      if (this.#vlanTestDue && this.#client.awaitsOffer) this.#giveUpVlan()
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
          if (this.#link.orderedElsewhere(event.lease)) {
            // For the RELEASE only; nobody was asked whether it is free.
            this.#configure(event.lease, event.lease.routers[0])
            this.#phone.tell.recover('dhcp')
            this.#phone.tell.endStage('dhcp')
            yield* this.release()
            return 'vlan-change'
          }
          if (yield* this.#probe(event.lease)) {
            this.#phone.tell.fail('dhcp', 'dhcp-address-conflict', `${formatAddress(event.lease.address)} is in use`)
            this.#phone.display(display.conflict)
            // The next address may do; after a second one the story calls the boot failed.
            if (++conflicts === CONFLICTS) this.#phone.tell.conclude('failed')
            this.#apply(this.#client.decline(transport.now()))
            break
          }
          this.#apply(this.#client.confirm())
          return this.#use(event.lease)
        case 'extended':
          // REUSETIME: the address of the last registration, without a lease.
          return this.#use(this.#client.lease!)
        case 'renewed':
        case 'lost':
          break
      }
    }
  }

  #use(lease: Lease): Lease {
    const { tell } = this.#phone
    this.#vlanTest?.cancel()
    this.#reuse?.cancel()
    this.#phone.lease = lease
    this.#configure(lease, lease.routers[0])
    tell.bound(formatAddress(lease.address))
    tell.log('dhcp-bound', leaseDetail(lease))
    tell.recover('dhcp')
    tell.endStage('dhcp')
    this.#link.changed()
    return lease
  }

  *#useManual(lease: Lease): Steps<Lease> {
    const { tell } = this.#phone
    tell.beginStage('dhcp')
    while (yield* this.#probe(lease)) {
      tell.fail('dhcp', 'dhcp-address-conflict', `${formatAddress(lease.address)}, typed in, is in use`)
      this.#phone.display(display.conflict)
      tell.conclude('failed')
    }
    return this.#use(lease)
  }

  /** DHCP on the VLAN in use. */
  #begin(delay: Nanos): void {
    const { transport } = this.#phone.options
    this.#vlanTest?.cancel()
    this.#vlanTestDue = false
    this.#apply(this.#client.start(transport.now(), delay))
    const { vlanTest } = this.#link
    if (vlanTest === undefined) return this.#armReuse(delay)
    this.#vlanTest = transport.after(delay + vlanTest, () => {
      if (this.#client.awaitsOffer) this.#giveUpVlan()
      else this.#vlanTestDue = true
    })
  }

  #giveUpVlan(): void {
    this.#link.giveUpVlan()
    this.#begin(0)
  }

  #armReuse(delay: Nanos): void {
    const { memory, options, series } = this.#phone
    const { reusable, reuseTime } = memory.network
    this.#reuse?.cancel()
    if (series.timers.reuse === undefined || reusable === undefined || reuseTime === 0) return
    this.#reuse = options.transport.after(delay + reuseTime * SECOND, () => {
      if (!this.#client.awaitsOffer) return
      const { address, mask, routers, vid } = reusable
      this.#phone.tell.fail('dhcp', 'dhcp-lease-expired-in-use', `${formatAddress(address)} of the last registration`)
      options.transport.setVlan(vid === undefined ? undefined : { vid, pcp: this.#phone.number('L2QSIG', 6) })
      this.#configure({ address, mask }, routers[0])
      this.#apply(this.#client.adopt(manualLease({ address, mask, router: routers[0] ?? 0 }), options.transport.now()))
    })
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

  #configure({ address, mask }: Pick<Lease, 'address' | 'mask'>, router: number | undefined): void {
    this.#phone.options.transport.configure({ address, mask, router })
  }

  #apply(step: DhcpStep): void {
    const { transport } = this.#phone.options
    if (step.wakeAt !== KEEP) {
      this.#timer?.cancel()
      this.#timer = undefined
      if (step.wakeAt !== undefined) {
        const delay = Math.max(0, step.wakeAt - transport.now())
        this.#timer = transport.after(delay, () => this.#wake())
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

  /** Before DISCOVER and REQUEST, LLDP [avaya.md 1.2 step 6]. */
  #wake(): void {
    const { transport } = this.#phone.options
    const searching = this.#client.awaitsOffer
    if (searching && this.#link.readNeighbour()) {
      this.#link.useNewTag()
      this.#begin(0)
      return
    }
    this.#apply(this.#client.wake(transport.now()))
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
        this.#ownProbe?.cancel()
        this.#phone.lease = event.lease
        break
      case 'extended':
        this.#phone.tell.log('dhcp-extended', {})
        this.#leaseRanOut()
        this.#phone.tell.fail('dhcp', 'dhcp-lease-expired-in-use', 'the address stays in use', {
          causedBy: 'dhcp-renewal-failed',
          degrades: false,
        })
        this.#probeOwnAddress()
        break
      case 'lost':
        // IPADD 0.0.0.0 at once and back to INIT [avaya.md 1.6].
        this.#phone.tell.log('dhcp-lost', { reason: event.reason })
        if (event.reason === 'expired') this.#leaseRanOut()
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

  /** Nobody answered while there was time: a phone that was up is worse off from now on. */
  #leaseRanOut(): void {
    const { story, tell } = this.#phone
    tell.fail('dhcp', 'dhcp-renewal-failed', 'no server renewed the lease before its end')
    if (story.outcome === 'booted' || story.outcome === 'degraded') tell.conclude()
  }

  /** The lease is over, the address still in use: somebody else may get it [avaya.md 1.8]. */
  #probeOwnAddress(): void {
    const { transport } = this.#phone.options
    const { lease, timers } = this.#phone
    if (lease === undefined) return
    this.#ownProbe = transport.after(timers.extendedProbeInterval, () => {
      this.#probeOwnAddress()
      const answered = (mac: Uint8Array | undefined) => {
        if (mac === undefined || this.#phone.lease !== lease) return
        this.#phone.display(display.conflict)
        this.#phone.tell.log('dhcp-lost', { reason: 'conflict' })
        this.#onLost()
      }
      transport.resolveArp(lease.address, timers.extendedProbeInterval, answered, true)
    })
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

/** As if a server had given it for ever; nobody is to be asked. */
function manualLease({ address, mask, router }: StaticAddress): Lease {
  return {
    address,
    mask,
    routers: router === 0 ? [] : [router],
    server: 0,
    leaseTime: Infinity,
    siaddr: 0,
    domainNameServers: [],
    domainName: undefined,
    tftpServerName: undefined,
    siteOptions: new Map(),
    isManual: true,
  }
}

function leaseDetail(lease: Lease): Record<string, string | number> {
  return {
    address: formatAddress(lease.address),
    server: formatAddress(lease.server),
    leaseTime: lease.leaseTime === Infinity ? 'infinite' : lease.leaseTime,
  }
}
