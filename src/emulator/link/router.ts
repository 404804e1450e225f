/**
 * A router: RFC 1812 for as many interfaces as it has links, several networks to a link by 802.1Q tags, and a DHCP relay
 * on each interface that is told so (relay.ts).
 *
 * It forwards copies: TTL less one, the checksum mended (RFC 1624), fragments where the next link is too narrow and the
 * sender allows it. What it cannot forward it answers with the ICMP error of RFC 1812 §5, no more than a thousand a
 * second, never about an ICMP error, a broadcast or a later fragment.
 *
 * Addresses are uint32. An interface must be added before frames come; a link without one is deaf.
 *
 * Not here: routing protocols, redirects, NAT, IP options (passed on untouched), proxy ARP, directed broadcasts (not
 * forwarded, RFC 2644), TCP to the router itself (dropped).
 */
import { u32 } from '../../base/bytes.js'
import { SECOND, type Nanos } from '../../base/time.js'
import * as arp from '../../wire/arp.js'
import { internetChecksum } from '../../wire/checksum.js'
import { CLIENT_PORT, SERVER_PORT } from '../../wire/dhcp.js'
import { BROADCAST, encodeHeaderInto, EtherType, HEADER_LENGTH, parseMac } from '../../wire/ethernet.js'
import * as icmpv4 from '../../wire/icmpv4.js'
import * as ipv4 from '../../wire/ipv4.js'
import * as udp from '../../wire/udp.js'
import type { Simulation } from '../sim/simulation.js'
import { allocateFrame, MIN_FRAME_LENGTH } from './frames.js'
import type { Link, LinkNode, Port } from './link.js'
import { relayReply, relayRequest, type RelaySettings } from './relay.js'
import { isTagged, TAG_LENGTH, vidOf, withoutTag, writeTag } from './vlan-tags.js'

const DEFAULT_MTU = 1500
/** Networks on one router. */
const MAX_INTERFACES = 4096
const MAX_ROUTES = 65_536
/** Destinations whose route is remembered. */
const MAX_REMEMBERED = 65_536
/** ARP entries of one interface; the oldest makes room. */
const MAX_NEIGHBOURS = 65_536
/** Frames that wait for one MAC. */
const MAX_WAITING = 64
const ARP_TRIES = 3
const ARP_INTERVAL: Nanos = SECOND
const ARP_LIFETIME: Nanos = 1200 * SECOND
/** In the octet that begins flags and fragment offset, RFC 791 §3.1. */
const DONT_FRAGMENT = 0x40
/** RFC 1812 §4.3.2.8 asks for a limit. */
const MAX_ERRORS_PER_SECOND = 1000

export interface RouterInterfaceOptions {
  readonly address: number
  readonly mask: number
  /** Six octets or colon form; one of its own unless given. */
  readonly mac?: Uint8Array | string
  /** Frames of this interface carry this tag; untagged unless given. */
  readonly vlan?: number
  /** Octets of an IPv4 packet; 1500 unless given. */
  readonly mtu?: number
  readonly relay?: RelaySettings
}

export interface RouterCounters {
  forwarded: number
  fragmented: number
  notForUs: number
  malformed: number
  badChecksum: number
  ttlExceeded: number
  noRoute: number
  tooBig: number
  hostUnreachable: number
  relayedRequests: number
  relayedReplies: number
  notRelayed: number
  icmpErrors: number
}

interface Route {
  readonly network: number
  readonly mask: number
  /** undefined: on the link of `via`. */
  readonly gateway: number | undefined
  readonly via: RouterInterface
}

export class Router implements LinkNode {
  readonly name: string
  readonly counters: RouterCounters = {
    forwarded: 0,
    fragmented: 0,
    notForUs: 0,
    malformed: 0,
    badChecksum: 0,
    ttlExceeded: 0,
    noRoute: 0,
    tooBig: 0,
    hostUnreachable: 0,
    relayedRequests: 0,
    relayedReplies: 0,
    notRelayed: 0,
    icmpErrors: 0,
  }
  readonly #sim: Simulation
  readonly #interfaces: RouterInterface[] = []
  readonly #ports = new Map<Port, PortInterfaces>()
  readonly #byAddress = new Map<number, RouterInterface>()
  /** Longest mask first; of equal ones the first added. */
  #routes: Route[] = []
  /** What #routeTo() answered: with a network to each of hundreds of links, looking is most of forwarding. */
  readonly #remembered = new Map<number, Route | undefined>()
  #identification = 0
  #errorSecond = -1
  #errorsThisSecond = 0

  constructor(sim: Simulation, name: string) {
    this.#sim = sim
    this.name = name
  }

  attach(port: Port): void {
    const interfaces: PortInterfaces = { untagged: undefined, tagged: new Map() }
    this.#ports.set(port, interfaces)
    port.receive = (frame) => this.#receive(frame, interfaces)
  }

  /** @throws Error for a link that is not here or an interface too many, TypeError for a MAC that is none */
  addInterface(link: Link, options: RouterInterfaceOptions): void {
    const port = [...this.#ports.keys()].find((one) => one.link === link)
    if (port === undefined) throw new Error(`link ${link.name} is not on router ${this.name}`)
    if (this.#interfaces.length >= MAX_INTERFACES) throw new Error(`router ${this.name} has no room for more`)
    const mac = options.mac === undefined ? this.#makeMac() : toMac(options.mac)
    const added = new RouterInterface(this.#sim, port, mac, options, (frame) => this.#hostUnreachable(frame))
    this.#interfaces.push(added)
    const { untagged, tagged } = this.#ports.get(port)!
    // Of several with one tag or one address the first is heard.
    if (options.vlan === undefined) this.#ports.get(port)!.untagged = untagged ?? added
    else if (!tagged.has(options.vlan)) tagged.set(options.vlan, added)
    if (!this.#byAddress.has(added.address)) this.#byAddress.set(added.address, added)
    this.#insert({
      network: (options.address & options.mask) >>> 0,
      mask: options.mask,
      gateway: undefined,
      via: added,
    })
  }

  /** @throws Error when no interface is on the gateway's network, or for a route too many */
  addRoute(network: number, mask: number, gateway: number): void {
    const via = this.#interfaces.find((one) => one.isOnLink(gateway))
    if (via === undefined) throw new Error(`no interface of router ${this.name} reaches ${ipv4.formatAddress(gateway)}`)
    if (this.#routes.length >= MAX_ROUTES) throw new Error(`router ${this.name} has no room for more routes`)
    this.#insert({ network: (network & mask) >>> 0, mask, gateway, via })
  }

  /** Announces each interface's own address, RFC 5227 §2.3. */
  announceArp(): void {
    for (const one of this.#interfaces) one.announceArp()
  }

  #insert(route: Route): void {
    this.#routes = [...this.#routes, route].sort((a, b) => (b.mask >>> 0) - (a.mask >>> 0))
    this.#remembered.clear()
  }

  #makeMac(): Uint8Array {
    const random = this.#sim.random(`router ${this.name}, interface ${this.#interfaces.length}`)
    const bits = random.u32()
    return new Uint8Array([0x02, 0x01, bits >>> 24, bits >>> 16, bits >>> 8, bits])
  }

  #receive(received: Uint8Array, { untagged, tagged }: PortInterfaces): void {
    const { counters } = this
    const vlan = isTagged(received) ? vidOf(received) : 0
    const at = vlan === 0 ? untagged : tagged.get(vlan)
    if (at === undefined || received.length < HEADER_LENGTH) {
      counters.notForUs++
      return
    }
    const frame = withoutTag(received)
    const group = (frame[0]! & 1) !== 0
    if (!group && !at.isMac(frame)) {
      counters.notForUs++
      return
    }
    const etherType = (frame[12]! << 8) | frame[13]!
    if (etherType === EtherType.arp) {
      if (!at.receiveArp(frame.subarray(HEADER_LENGTH))) counters.malformed++
    } else if (etherType === EtherType.ipv4) this.#receivePacket(frame, at, group)
  }

  #receivePacket(frame: Uint8Array, from: RouterInterface, group: boolean): void {
    const { counters } = this
    const start = HEADER_LENGTH
    const headerLength = frame.length < start + ipv4.HEADER_LENGTH ? 0 : (frame[start]! & 15) * 4
    const totalLength = headerLength === 0 ? 0 : (frame[start + 2]! << 8) | frame[start + 3]!
    if (
      headerLength < ipv4.HEADER_LENGTH ||
      frame[start]! >>> 4 !== 4 ||
      totalLength < headerLength ||
      start + totalLength > frame.length
    ) {
      counters.malformed++
      return
    }
    if (internetChecksum(frame, start, start + headerLength) !== 0) {
      counters.badChecksum++
      return
    }
    const destination = u32(frame, start + 16)
    const isOwn = this.#byAddress.has(destination)
    if (isOwn || group || destination === ipv4.BROADCAST_ADDRESS || from.isBroadcast(destination)) {
      const bytes = frame.subarray(start, start + totalLength)
      this.#receiveOwn(ipv4.decode(bytes), bytes, from, !isOwn)
    } else if (destination >>> 28 !== 14) this.#forward(frame, totalLength, destination)
  }

  /** Something for the router itself. */
  #receiveOwn(packet: ipv4.Ipv4Packet, bytes: Uint8Array, from: RouterInterface, group: boolean): void {
    const { protocol, payload, source, destination } = packet
    if (packet.fragmentOffset !== 0 || packet.moreFragments) return
    if (protocol === ipv4.Protocol.icmp && payload.length >= icmpv4.HEADER_LENGTH) {
      if (!icmpv4.checksumIsRight(payload)) {
        this.counters.badChecksum++
        return
      }
      const message = icmpv4.decode(payload)
      if (message.type !== icmpv4.Type.echoRequest || group) return
      const reply = icmpv4.encode({ ...message, type: icmpv4.Type.echoReply })
      this.#originate(destination, source, ipv4.Protocol.icmp, reply)
    } else if (protocol === ipv4.Protocol.udp && payload.length >= udp.HEADER_LENGTH) {
      if (udp.checksumIsRight(payload, source, destination) === false) {
        this.counters.badChecksum++
        return
      }
      const datagram = udp.decode(payload)
      if (datagram.truncated || datagram.error !== undefined) this.counters.malformed++
      else if (datagram.destinationPort === SERVER_PORT) this.#relay(datagram.payload, from)
      else if (!group) this.#sendError(icmpv4.Type.destinationUnreachable, icmpv4.UnreachableCode.port, bytes)
    }
  }

  #relay(message: Uint8Array, from: RouterInterface): void {
    if (from.relay !== undefined && message[0] === 1) {
      const relayed = relayRequest(message, from.address, from.relay)
      if (typeof relayed === 'string') return this.#notRelayed()
      this.counters.relayedRequests++
      for (const server of from.relay.servers) {
        const datagram = { sourcePort: SERVER_PORT, destinationPort: SERVER_PORT, payload: relayed }
        this.#originate(from.address, server, ipv4.Protocol.udp, udp.encode(datagram, from.address, server))
      }
      return
    }
    const giaddr = message.length < 28 ? 0 : u32(message, 24)
    const client = this.#interfaces.find((one) => one.address === giaddr)
    if (client?.relay === undefined) return this.#notRelayed()
    const reply = relayReply(message, client.relay)
    if (typeof reply === 'string') return this.#notRelayed()
    this.counters.relayedReplies++
    const { address, mac } = reply
    const datagram = { sourcePort: SERVER_PORT, destinationPort: CLIENT_PORT, payload: reply.message }
    const packet = this.#packet(
      client.address,
      address,
      ipv4.Protocol.udp,
      udp.encode(datagram, client.address, address),
    )
    client.transmitTo(address === ipv4.BROADCAST_ADDRESS ? BROADCAST : mac, packet)
  }

  #notRelayed(): void {
    this.counters.notRelayed++
  }

  /** Packets are looked into no further than they have to be: a packet that goes on is copied once, into its frame. */
  #forward(frame: Uint8Array, length: number, destination: number): void {
    const { counters } = this
    const { destinationUnreachable, timeExceeded } = icmpv4.Type
    const packet = (): Uint8Array => frame.slice(HEADER_LENGTH, HEADER_LENGTH + length)
    if (frame[HEADER_LENGTH + 8]! <= 1) {
      counters.ttlExceeded++
      return this.#sendError(timeExceeded, 0, packet())
    }
    const route = this.#routeTo(destination)
    if (route === undefined) {
      counters.noRoute++
      return this.#sendError(destinationUnreachable, icmpv4.UnreachableCode.network, packet())
    }
    const { via, gateway = destination } = route
    if (via.isBroadcast(destination)) {
      counters.notForUs++
      return
    }
    const isTooBig = length > via.mtu
    if (isTooBig && (frame[HEADER_LENGTH + 6]! & DONT_FRAGMENT) !== 0) {
      counters.tooBig++
      const { fragmentationNeeded } = icmpv4.UnreachableCode
      return this.#sendError(destinationUnreachable, fragmentationNeeded, packet(), via.mtu)
    }
    counters.forwarded++
    if (!isTooBig) return via.forward(gateway, frame, length)
    counters.fragmented++
    const bytes = packet()
    lowerTtl(bytes, 0)
    for (const fragment of fragments(bytes, via.mtu)) via.transmit(gateway, fragment)
  }

  #routeTo(address: number): Route | undefined {
    const known = this.#remembered.get(address)
    if (known !== undefined || this.#remembered.has(address)) return known
    let found: Route | undefined
    for (const route of this.#routes) {
      if ((address & route.mask) >>> 0 !== route.network) continue
      found = route
      break
    }
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(address, found)
    return found
  }

  /** Nobody answered for a frame's next hop. */
  #hostUnreachable(bytes: Uint8Array): void {
    this.counters.hostUnreachable++
    this.#sendError(icmpv4.Type.destinationUnreachable, icmpv4.UnreachableCode.host, bytes)
  }

  /** RFC 1812 §4.3.2.7: what is never answered. */
  #sendError(type: number, code: number, bytes: Uint8Array, rest = 0): void {
    const { source, fragmentOffset, protocol, payload } = ipv4.decode(bytes)
    if (fragmentOffset !== 0 || source === 0 || source >>> 28 >= 14 || this.#isOwn(source)) return
    if (protocol === ipv4.Protocol.icmp && (payload.length === 0 || icmpv4.isError(payload[0]!))) return
    const second = Math.floor(this.#sim.now / SECOND)
    if (second !== this.#errorSecond) {
      this.#errorSecond = second
      this.#errorsThisSecond = 0
    }
    if (this.#errorsThisSecond++ >= MAX_ERRORS_PER_SECOND) return
    // RFC 1812 §4.3.2.4: from the interface that the error leaves by.
    const route = this.#routeTo(source)
    if (route === undefined) return
    this.counters.icmpErrors++
    this.#originate(route.via.address, source, ipv4.Protocol.icmp, icmpv4.encodeError(type, code, bytes, rest))
  }

  #originate(source: number, destination: number, protocol: number, payload: Uint8Array): void {
    const route = this.#routeTo(destination)
    if (route !== undefined) {
      route.via.transmit(route.gateway ?? destination, this.#packet(source, destination, protocol, payload))
    }
  }

  #packet(source: number, destination: number, protocol: number, payload: Uint8Array): Uint8Array {
    this.#identification = (this.#identification + 1) & 0xffff
    return ipv4.encode({ source, destination, protocol, payload, identification: this.#identification })
  }

  #isOwn(address: number): boolean {
    return this.#byAddress.has(address)
  }
}

/** Who hears what comes in at a port. */
interface PortInterfaces {
  untagged: RouterInterface | undefined
  readonly tagged: Map<number, RouterInterface>
}

interface RouterNeighbour {
  mac: Uint8Array | undefined
  expires: Nanos
  /** Whole IPv4 packets. */
  waiting: Uint8Array[]
  tries: number
}

/** One network of a router: its addresses and its ARP. */
class RouterInterface {
  readonly port: Port
  readonly address: number
  readonly mask: number
  readonly vlan: number | undefined
  readonly mtu: number
  readonly relay: RelaySettings | undefined
  readonly #sim: Simulation
  readonly #mac: Uint8Array
  readonly #payloadAt: number
  readonly #undeliverable: (packet: Uint8Array) => void
  readonly #neighbours = new Map<number, RouterNeighbour>()

  constructor(
    sim: Simulation,
    port: Port,
    mac: Uint8Array,
    { address, mask, vlan, mtu = DEFAULT_MTU, relay }: RouterInterfaceOptions,
    undeliverable: (packet: Uint8Array) => void,
  ) {
    this.#sim = sim
    this.port = port
    this.#mac = mac
    this.#payloadAt = HEADER_LENGTH + (vlan === undefined ? 0 : TAG_LENGTH)
    this.address = address
    this.mask = mask
    this.vlan = vlan
    this.mtu = mtu
    this.relay = relay
    this.#undeliverable = undeliverable
  }

  isOnLink(address: number): boolean {
    return (address & this.mask) === (this.address & this.mask)
  }

  isBroadcast(address: number): boolean {
    return this.isOnLink(address) && (address | this.mask) >>> 0 === 0xffffffff && this.mask >>> 0 < 0xfffffffe
  }

  /** Whether a frame is for this interface's own address. */
  isMac(frame: Uint8Array): boolean {
    for (let i = 0; i < 6; i++) if (frame[i] !== this.#mac[i]) return false
    return true
  }

  transmitTo(mac: Uint8Array, packet: Uint8Array): void {
    this.#send(mac, EtherType.ipv4, packet)
  }

  /** Sends the packet of a frame that came in on to a next hop, with a TTL less by one. */
  forward(nextHop: number, received: Uint8Array, length: number): void {
    const entry = this.#entry(nextHop)
    if (entry.mac === undefined || entry.expires < this.#sim.now) {
      const packet = received.slice(HEADER_LENGTH, HEADER_LENGTH + length)
      lowerTtl(packet, 0)
      return this.#await(nextHop, entry, packet)
    }
    const frame = this.#frame(entry.mac, EtherType.ipv4, length)
    const at = this.#payloadAt
    frame.set(received.subarray(HEADER_LENGTH, HEADER_LENGTH + length), at)
    lowerTtl(frame, at)
    this.port.transmit(frame)
  }

  /** Sends a packet to a next hop, after ARP if need be. */
  transmit(nextHop: number, packet: Uint8Array): void {
    const entry = this.#entry(nextHop)
    if (entry.mac !== undefined && entry.expires >= this.#sim.now) this.transmitTo(entry.mac, packet)
    else this.#await(nextHop, entry, packet)
  }

  #await(nextHop: number, entry: RouterNeighbour, packet: Uint8Array): void {
    if (entry.waiting.length >= MAX_WAITING) entry.waiting.shift()
    entry.waiting.push(packet)
    if (entry.tries === 0) this.#ask(nextHop, entry)
  }

  announceArp(): void {
    this.#sendArp(BROADCAST, arp.Operation.request, new Uint8Array(6), this.address)
  }

  /** False for what is not ARP over Ethernet for IPv4. */
  receiveArp(payload: Uint8Array): boolean {
    if (payload.length < arp.LENGTH || payload[4] !== 6 || payload[5] !== 4) return false
    const { operation, senderMac, senderAddress, targetAddress, ptype } = arp.decode(payload)
    if (ptype !== EtherType.ipv4) return false
    const forUs = targetAddress === this.address
    if (senderAddress !== 0 && this.isOnLink(senderAddress)) {
      const known = this.#neighbours.get(senderAddress)
      if (known !== undefined || forUs) this.#learn(senderAddress, senderMac.slice())
    }
    if (operation === arp.Operation.request && forUs) {
      this.#sendArp(senderMac, arp.Operation.reply, senderMac.slice(), senderAddress)
    }
    return true
  }

  #learn(address: number, mac: Uint8Array): void {
    const entry = this.#entry(address)
    entry.mac = mac
    entry.expires = this.#sim.now + ARP_LIFETIME
    entry.tries = 0
    const waiting = entry.waiting
    entry.waiting = []
    for (const packet of waiting) this.transmitTo(mac, packet)
  }

  #entry(address: number): RouterNeighbour {
    let entry = this.#neighbours.get(address)
    if (entry === undefined) {
      if (this.#neighbours.size >= MAX_NEIGHBOURS) {
        for (const oldest of this.#neighbours.keys()) {
          this.#neighbours.delete(oldest)
          break
        }
      }
      entry = { mac: undefined, expires: 0, waiting: [], tries: 0 }
      this.#neighbours.set(address, entry)
    }
    return entry
  }

  #ask(address: number, entry: RouterNeighbour): void {
    if (entry.tries === ARP_TRIES) {
      entry.tries = 0
      const waiting = entry.waiting
      entry.waiting = []
      for (const packet of waiting) this.#undeliverable(packet)
      return
    }
    entry.tries++
    this.#sendArp(BROADCAST, arp.Operation.request, new Uint8Array(6), address)
    this.#sim.schedule(ARP_INTERVAL, () => {
      if (entry.waiting.length > 0 && entry.tries > 0) this.#ask(address, entry)
      else entry.tries = 0
    })
  }

  #sendArp(destination: Uint8Array, operation: number, targetMac: Uint8Array, targetAddress: number): void {
    const message = { operation, senderMac: this.#mac, senderAddress: this.address, targetMac, targetAddress }
    this.#send(destination, EtherType.arp, arp.encode(message))
  }

  #send(destination: Uint8Array, etherType: number, payload: Uint8Array): void {
    const frame = this.#frame(destination, etherType, payload.length)
    frame.set(payload, this.#payloadAt)
    this.port.transmit(frame)
  }

  /** A frame with its headers; `length` octets are to be filled in at #payloadAt. */
  #frame(destination: Uint8Array, etherType: number, length: number): Uint8Array {
    const { vlan } = this
    if (vlan === undefined) {
      const frame = allocateFrame(HEADER_LENGTH + length)
      encodeHeaderInto(frame, 0, destination, this.#mac, etherType)
      return frame
    }
    // What is too short is padded before it is tagged, as by an interface that leaves tagging to the driver.
    const frame = allocateFrame(Math.max(MIN_FRAME_LENGTH, HEADER_LENGTH + length) + TAG_LENGTH)
    encodeHeaderInto(frame, 0, destination, this.#mac, etherType)
    writeTag(frame, vlan, etherType)
    return frame
  }
}

/** One less, and the checksum with it: RFC 1624. @param at where the header begins */
function lowerTtl(bytes: Uint8Array, at: number): void {
  bytes[at + 8]!--
  let checksum = ((bytes[at + 10]! << 8) | bytes[at + 11]!) + 0x100
  checksum = (checksum & 0xffff) + (checksum >>> 16)
  bytes[at + 10] = checksum >>> 8
  bytes[at + 11] = checksum
}

/** The pieces of a packet that fit, RFC 791 §3.2. Options are copied into every piece. */
function fragments(bytes: Uint8Array, mtu: number): Uint8Array[] {
  const packet = ipv4.decode(bytes)
  const size = Math.max(8, (mtu - packet.headerLength) & ~7)
  const pieces: Uint8Array[] = []
  for (let at = 0; at < packet.payload.length; at += size) {
    const last = at + size >= packet.payload.length
    pieces.push(
      ipv4.encode({
        ...packet,
        payload: packet.payload.subarray(at, at + size),
        fragmentOffset: packet.fragmentOffset + at,
        moreFragments: !last || packet.moreFragments,
      }),
    )
  }
  return pieces
}

function toMac(mac: Uint8Array | string): Uint8Array {
  const value = typeof mac === 'string' ? parseMac(mac) : mac
  if (value === undefined || value.length !== 6) throw new TypeError(`not a MAC address: ${String(mac)}`)
  return value
}
