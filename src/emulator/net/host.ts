/**
 * A host on the emulated network: one interface, and the stack of arp.ts, ipv4.ts, icmp.ts, udp.ts and tcp/ behind it.
 *
 * What it sends are whole Ethernet frames with right checksums; what it gets it believes only after checking them.
 * Frames that are malformed, have a wrong checksum or are for somebody else cost themselves and are counted.
 *
 * Callbacks never come from within a call of the same host: everything that a peer or a timer causes is an event.
 *
 * Not here: routing for others, IPv6, multicast membership (frames to groups are received if the port is bound).
 */
import type { Nanos } from '../../base/time.js'
import type { FloodListener } from '../link/flood-index.js'
import type { LinkNode, Port } from '../link/link.js'
import type { Simulation } from '../sim/simulation.js'
import { Icmp } from './icmp.js'
import { Ipv4, type StackCounters } from './ipv4.js'
import { LINUX, PHONE, type StackProfile } from './profile.js'
import type { TcpConnection } from './tcp/connection.js'
import { Tcp, type Accept, type TcpListener } from './tcp/tcp.js'
import type {
  Datagram,
  LinkSocket,
  TcpHandlers,
  TcpOptions,
  Transport,
  UdpPort,
  UnreachableError,
} from './transport.js'
import { Udp } from './udp.js'

export type PortPolicy = 'open' | 'drop' | 'reject'

export interface HostOptions {
  /** Six octets. */
  readonly mac: Uint8Array
  readonly profile?: 'linux' | 'phone' | StackProfile
}

export class EmulatedHost implements Transport, LinkNode {
  readonly name: string
  readonly mac: Uint8Array
  readonly profile: StackProfile
  readonly #sim: Simulation
  readonly #ip: Ipv4
  readonly #icmp: Icmp
  readonly #udp: Udp
  readonly #tcp: Tcp
  #port: Port | undefined

  constructor(sim: Simulation, name: string, { mac, profile = 'linux' }: HostOptions) {
    this.name = name
    this.mac = mac
    this.profile = profile === 'linux' ? LINUX : profile === 'phone' ? PHONE : profile
    this.#sim = sim
    const random = sim.random(`host ${name}`)
    this.#ip = new Ipv4(sim, mac, this.profile, random)
    this.#icmp = new Icmp(this.#ip, this.profile)
    this.#udp = new Udp(sim, this.#ip, this.#icmp, this.profile, random)
    this.#tcp = new Tcp(sim, this.#ip, this.profile, random)
    this.#ip.attachProtocols({ icmp: this.#icmp, udp: this.#udp, tcp: this.#tcp })
    this.#icmp.attachOwners({ udp: this.#udp, tcp: this.#tcp })
  }

  /** The link it is plugged into; undefined while it is not. */
  get port(): Port | undefined {
    return this.#port
  }

  /** 0 while none is set. */
  get address(): number {
    return this.#ip.address
  }

  get mask(): number {
    return this.#ip.mask
  }

  get router(): number | undefined {
    return this.#ip.router
  }

  /** What was sent, received and thrown away. */
  get counters(): Readonly<StackCounters> {
    this.#ip.settleCounters()
    return this.#ip.counters
  }

  /** What it listens to, for switches. */
  get floodListener(): FloodListener {
    return this.#ip
  }

  /** Connections that have not ended, TIME_WAIT not counted. */
  get connectionCount(): number {
    return this.#tcp.connectionCount
  }

  /** @throws Error when it has a link already */
  attach(port: Port): void {
    if (this.#port !== undefined) throw new Error(`host ${this.name} has a link already`)
    this.#port = port
    this.#ip.attachPort(port)
  }

  now(): Nanos {
    return this.#sim.now
  }

  after(delay: Nanos, run: () => void): { cancel(): void } {
    return this.#sim.schedule(delay, run)
  }

  /** Connections of an address that is gone are forgotten without a packet or a callback. */
  configure({ address, mask, router }: { address: number; mask: number; router: number | undefined }): void {
    if (address !== this.#ip.address) this.#tcp.forgetAll()
    this.#ip.configure(address, mask, router)
  }

  /** As after a reset: no packet is sent and no callback is made. */
  deconfigure(): void {
    this.#tcp.forgetAll()
    this.#udp.forgetAllBut(68)
    this.#ip.deconfigure()
  }

  setVlan(tag: { vid: number; pcp: number } | undefined): void {
    this.#ip.setVlan(tag)
  }

  /** One listener for each EtherType; a second one takes its place. */
  bindLink(etherType: number, received: (payload: Uint8Array) => void): LinkSocket {
    return this.#ip.bindLink(etherType, received)
  }

  /**
   * @throws Error with `code` EADDRINUSE; from send() EMSGSIZE for more than 65,507 octets
   */
  bindUdp(
    port: number,
    received: (datagram: Datagram) => void,
    unreachable?: (error: UnreachableError) => void,
  ): UdpPort {
    return this.#udp.bind(port, received, unreachable)
  }

  /** Octets given to write() must not change until they are acknowledged: they are not copied. */
  connectTcp(address: number, port: number, handlers: TcpHandlers, options?: TcpOptions): TcpConnection {
    return this.#tcp.connect(address, port, handlers, options)
  }

  /**
   * `accept` is called once per connection, when its handshake is complete. Port 0 takes a free one.
   *
   * @throws Error with `code` EADDRINUSE
   */
  listenTcp(port: number, accept: Accept, options?: { readonly backlog?: number }): TcpListener {
    return this.#tcp.listen(port, accept, options)
  }

  /**
   * What a firewall on the host does with what arrives for one of its ports: `open` lets it through, `drop` loses it,
   * `reject` answers RST or ICMP port unreachable, whether or not somebody listens.
   */
  setPortPolicy(protocol: 'tcp' | 'udp', port: number, policy: PortPolicy): void {
    if (protocol === 'tcp') this.#tcp.setPortPolicy(port, policy)
    else this.#udp.setPortPolicy(port, policy)
  }

  /** Sends one request; ask again for more. A probe is also answered by whoever else probes for the address (RFC 5227 §2.1.1). */
  resolveArp(address: number, timeout: Nanos, done: (mac: Uint8Array | undefined) => void, probe = false): void {
    this.#ip.neighbours.resolve(address, timeout, done, probe)
  }

  /** Announces our own address, RFC 5227 §2.3. */
  announceArp(): void {
    this.#ip.neighbours.announce()
  }

  /** An ARP entry nobody asked for, as a DHCP server makes one before it unicasts to a client without an address. */
  addNeighbour(address: number, mac: Uint8Array): void {
    this.#ip.neighbours.learn(address, mac)
  }

  /** Echo request of 56 octets; `done` gets the round-trip time, or undefined after `timeout`. */
  ping(address: number, timeout: Nanos, done: (roundTrip: Nanos | undefined) => void): void {
    this.#icmp.ping(this.#sim, address, timeout, done)
  }
}
