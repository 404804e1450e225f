/**
 * IPv4 of a host: RFC 791 and RFC 1122 §3, on one interface. Sends on the link or to the router, receives what is for
 * this host, fragments and reassembles.
 *
 * While no address is set it sends from 0.0.0.0 and to 255.255.255.255 only, and takes UDP for port 68 whatever
 * address it is for, as RFC 2131 §4.1 asks of a client.
 */
import { u32 } from '../../base/bytes.js'
import type { Random } from '../../base/random.js'
import { internetChecksum } from '../../wire/checksum.js'
import { BROADCAST, encodeHeaderInto as encodeEthernetInto, EtherType, HEADER_LENGTH } from '../../wire/ethernet.js'
import * as ipv4 from '../../wire/ipv4.js'
import { encodeHeaderInto as encodeVlanInto, HEADER_LENGTH as VLAN_HEADER_LENGTH } from '../../wire/vlan.js'
import { macKey, type FloodListener, type Interests } from '../link/flood-index.js'
import type { Port } from '../link/link.js'
import type { EventHandler } from '../sim/event-queue.js'
import type { Simulation } from '../sim/simulation.js'
import { Neighbour, Neighbours, type ArpInterface } from './arp.js'
import { Fragments } from './fragments.js'
import type { LinkSocket } from './transport.js'
import { allocateFrame } from '../link/frames.js'
import type { StackProfile } from './profile.js'

export interface StackCounters {
  framesSent: number
  framesReceived: number
  /** For another MAC, another VLAN or another address. */
  notForUs: number
  /** Too short, or lengths that contradict themselves. */
  malformed: number
  badChecksum: number
  /** Packets for which there was no route or no MAC. */
  unreachable: number
}

/** A packet that has arrived and been checked. One object, reused: valid until the receiver returns. */
export class ReceivedPacket {
  /** The frame, or what was put together from several. */
  bytes: Uint8Array = EMPTY
  /** Offset of the IPv4 header. */
  header = 0
  /** The payload is bytes[start, end). */
  start = 0
  end = 0
  source = 0
  destination = 0
  protocol = 0
  /** To a broadcast or multicast address, or in a frame to a group. */
  group = false
}

export interface PacketReceiver {
  receive(packet: ReceivedPacket): void
}

export interface Protocols {
  readonly icmp: PacketReceiver & { undeliverable(packet: Uint8Array): void }
  readonly udp: PacketReceiver & UdpInterests
  readonly tcp: PacketReceiver
}

/** What of UDP the filter of floods wants to know. */
interface UdpInterests {
  tellInterests(interests: Interests | undefined): void
}

const EMPTY = new Uint8Array(0)
const LOOPBACK = 0x7f000001
const DHCP_CLIENT_PORT = 68

export class Ipv4 implements ArpInterface, FloodListener {
  readonly counters: StackCounters = {
    framesSent: 0,
    framesReceived: 0,
    notForUs: 0,
    malformed: 0,
    badChecksum: 0,
    unreachable: 0,
  }
  readonly mac: Uint8Array
  readonly neighbours: Neighbours
  address = 0
  mask = 0
  router: number | undefined
  /** Counts changes of what nextHop() answers. */
  routeGeneration = 0
  /** Where the IPv4 payload of a frame from allocate() begins. */
  payloadOffset = HEADER_LENGTH + ipv4.HEADER_LENGTH
  readonly #sim: Simulation
  readonly #profile: StackProfile
  readonly #fragments = new Fragments()
  readonly #packet = new ReceivedPacket()
  readonly #broadcast: Neighbour
  readonly #self: EventHandler<Uint8Array>
  #subnetBroadcast = ipv4.BROADCAST_ADDRESS
  /** Who takes untagged frames of an EtherType; empty on most hosts. */
  readonly #linkListeners = new Map<number, (payload: Uint8Array) => void>()
  #vlan: { readonly vid: number; readonly pcp: number } | undefined
  #linkHeaderLength = HEADER_LENGTH
  #identification: number
  #port: Port | undefined
  #protocols!: Protocols
  #interests: Interests | undefined
  // One mutable header, so that sending makes none.
  readonly #header = {
    identification: 0,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: 0,
    source: 0,
    destination: 0,
  }

  constructor(sim: Simulation, mac: Uint8Array, profile: StackProfile, random: Random) {
    this.#sim = sim
    this.mac = mac
    this.#profile = profile
    this.#header.ttl = profile.ttl
    this.#identification = random.int(0x10000)
    this.neighbours = new Neighbours(sim, this, profile.acceptsAnnouncements)
    this.#broadcast = new Neighbour(sim, this, ipv4.BROADCAST_ADDRESS, BROADCAST)
    this.#self = { fire: (frame) => this.#receiveFrame(frame) }
  }

  attachProtocols(protocols: Protocols): void {
    this.#protocols = protocols
  }

  attachPort(port: Port): void {
    this.#port = port
    port.receive = (frame) => this.#receiveFrame(frame)
  }

  configure(address: number, mask: number, router: number | undefined): void {
    this.#interests?.remove('address', this.address)
    this.address = address >>> 0
    if (this.address !== 0) this.#interests?.add('address', this.address)
    this.mask = mask >>> 0
    this.router = router === undefined || router === 0 ? undefined : router >>> 0
    // RFC 3021: a /31 has no broadcast address of its own, and neither has a /32.
    this.#subnetBroadcast = this.mask >= 0xfffffffe ? ipv4.BROADCAST_ADDRESS : (address | ~mask) >>> 0
    this.routeGeneration++
  }

  deconfigure(): void {
    this.configure(0, 0, undefined)
    this.neighbours.forgetAll()
  }

  setVlan(tag: { vid: number; pcp: number } | undefined): void {
    this.#vlan = tag
    this.#linkHeaderLength = HEADER_LENGTH + (tag === undefined ? 0 : VLAN_HEADER_LENGTH)
    this.payloadOffset = this.#linkHeaderLength + ipv4.HEADER_LENGTH
    this.neighbours.forgetAll()
    this.routeGeneration++
    this.#interests?.changed()
  }

  /** Tags are not read by those who ask. */
  get isSelective(): boolean {
    return this.#vlan === undefined
  }

  tellInterests(interests: Interests | undefined): void {
    this.#interests = interests
    interests?.add('mac', macKey(this.mac))
    if (this.address !== 0) interests?.add('address', this.address)
    this.neighbours.tellInterests(interests)
    this.#protocols.udp.tellInterests(interests)
  }

  countSkipped(frames: number, notForUs: number): void {
    this.counters.framesReceived += frames
    this.counters.notForUs += notForUs
  }

  /** Counts what was passed over. */
  settleCounters(): void {
    this.#interests?.settle()
  }

  bindLink(etherType: number, received: (payload: Uint8Array) => void): LinkSocket {
    this.#linkListeners.set(etherType, received)
    return {
      send: (destination, payload) => {
        const frame = allocateFrame(HEADER_LENGTH + payload.length)
        encodeEthernetInto(frame, 0, destination, this.mac, etherType)
        frame.set(payload, HEADER_LENGTH)
        this.transmit(frame)
      },
      close: () => {
        if (this.#linkListeners.get(etherType) === received) this.#linkListeners.delete(etherType)
      },
    }
  }

  /** Whether it is one of ours, the loopback addresses included. */
  isLocal(address: number): boolean {
    return (address === this.address && address !== 0) || address >>> 24 === 127
  }

  isGroup(address: number): boolean {
    return (
      address === ipv4.BROADCAST_ADDRESS ||
      (address === this.#subnetBroadcast && this.address !== 0) ||
      address >>> 28 === 14
    )
  }

  /** The address that packets to `destination` come from. */
  sourceFor(destination: number): number {
    return destination >>> 24 === 127 ? LOOPBACK : this.address
  }

  /** Who gets packets for `destination` (RFC 1122 §3.3.1); undefined when there is no route. */
  nextHop(destination: number): Pick<Neighbour, 'transmit'> | undefined {
    if (destination === ipv4.BROADCAST_ADDRESS) return this.#broadcast
    if (destination >>> 24 === 127) return { transmit: (frame) => this.#transmitToSelf(frame) }
    if (this.address === 0) return undefined
    if (destination === this.address) return { transmit: (frame) => this.#transmitToSelf(frame) }
    if (destination === this.#subnetBroadcast) return this.#broadcast
    // RFC 1112 §6.4.
    if (destination >>> 28 === 14) return new Neighbour(this.#sim, this, destination, groupMac(destination))
    if ((destination & this.mask) >>> 0 === (this.address & this.mask) >>> 0) return this.neighbours.entry(destination)
    return this.router === undefined ? undefined : this.neighbours.entry(this.router)
  }

  /** A frame with link and IPv4 header; `length` octets of payload are to be filled in at payloadOffset. */
  allocate(protocol: number, source: number, destination: number, length: number, dontFragment: boolean): Uint8Array {
    return this.#allocate(protocol, source, destination, length, dontFragment, this.#nextIdentification(), 0, false)
  }

  /** Sends a payload of any length up to 65,515 octets, in fragments if need be. False when there is no route. */
  send(protocol: number, source: number, destination: number, payload: Uint8Array): boolean {
    const hop = this.nextHop(destination)
    if (hop === undefined) {
      this.counters.unreachable++
      return false
    }
    const identification = this.#nextIdentification()
    const room = this.#profile.mtu - ipv4.HEADER_LENGTH
    const step = payload.length <= room ? room : room & ~7
    let offset = 0
    do {
      const length = Math.min(step, payload.length - offset)
      const more = offset + length < payload.length
      const frame = this.#allocate(protocol, source, destination, length, false, identification, offset, more)
      frame.set(payload.subarray(offset, offset + length), this.payloadOffset)
      hop.transmit(frame)
      offset += length
    } while (offset < payload.length)
    return true
  }

  transmit(frame: Uint8Array): void {
    if (this.#port === undefined) return
    this.counters.framesSent++
    this.#port.transmit(frame)
  }

  sendLinkPayload(destination: Uint8Array, etherType: number, payload: Uint8Array): void {
    const frame = allocateFrame(this.#linkHeaderLength + payload.length)
    this.#writeLinkHeader(frame, etherType)
    frame.set(destination, 0)
    frame.set(payload, this.#linkHeaderLength)
    this.transmit(frame)
  }

  undeliverable(frame: Uint8Array): void {
    this.counters.unreachable++
    this.#protocols.icmp.undeliverable(frame.subarray(this.#linkHeaderLength))
  }

  #nextIdentification(): number {
    // One counter for the host. RFC 6864 §4.1 asks less of packets that are not fragmented.
    return (this.#identification = (this.#identification + 1) & 0xffff)
  }

  #allocate(
    protocol: number,
    source: number,
    destination: number,
    length: number,
    dontFragment: boolean,
    identification: number,
    fragmentOffset: number,
    moreFragments: boolean,
  ): Uint8Array {
    const frame = allocateFrame(this.payloadOffset + length)
    this.#writeLinkHeader(frame, EtherType.ipv4)
    const header = this.#header
    header.identification = identification
    header.dontFragment = dontFragment
    header.moreFragments = moreFragments
    header.fragmentOffset = fragmentOffset
    header.protocol = protocol
    header.source = source
    header.destination = destination
    ipv4.encodeHeaderInto(frame, this.#linkHeaderLength, header, length)
    return frame
  }

  /** All but the destination. */
  #writeLinkHeader(frame: Uint8Array, etherType: number): void {
    if (this.#vlan === undefined) {
      encodeEthernetInto(frame, 0, BROADCAST, this.mac, etherType)
    } else {
      encodeEthernetInto(frame, 0, BROADCAST, this.mac, EtherType.vlan)
      encodeVlanInto(frame, HEADER_LENGTH, { ...this.#vlan, etherType })
    }
  }

  #transmitToSelf(frame: Uint8Array): void {
    frame.set(this.mac, 0)
    this.#sim.post(0, this.#self, frame)
  }

  #receiveFrame(frame: Uint8Array): void {
    this.counters.framesReceived++
    if (frame.length < HEADER_LENGTH) {
      this.counters.malformed++
      return
    }
    const group = (frame[0]! & 1) !== 0
    if (!group && !this.#isOurMac(frame)) {
      this.counters.notForUs++
      return
    }
    let etherType = (frame[12]! << 8) | frame[13]!
    let at = HEADER_LENGTH
    let vid = 0
    if (this.#linkListeners.size > 0) {
      const listener = this.#linkListeners.get(etherType)
      if (listener !== undefined) {
        listener(frame.subarray(HEADER_LENGTH))
        return
      }
    }
    if (etherType === EtherType.vlan) {
      if (frame.length < HEADER_LENGTH + VLAN_HEADER_LENGTH) {
        this.counters.malformed++
        return
      }
      vid = ((frame[14]! & 15) << 8) | frame[15]!
      etherType = (frame[16]! << 8) | frame[17]!
      at += VLAN_HEADER_LENGTH
    }
    // 802.1Q: a tag of VLAN 0 carries a priority and nothing else.
    if (vid !== (this.#vlan?.vid ?? 0)) {
      this.counters.notForUs++
      return
    }
    if (etherType === EtherType.ipv4) this.#receivePacket(frame, at, group)
    else if (etherType === EtherType.arp) this.#receiveArp(frame, at)
  }

  #isOurMac(frame: Uint8Array): boolean {
    const mac = this.mac
    return (
      frame[5] === mac[5] &&
      frame[4] === mac[4] &&
      frame[3] === mac[3] &&
      frame[2] === mac[2] &&
      frame[1] === mac[1] &&
      frame[0] === mac[0]
    )
  }

  #receiveArp(frame: Uint8Array, at: number): void {
    // The lengths are checked here, so that decode has nothing to throw at.
    if (frame.length < at + 28 || frame[at + 4] !== 6 || frame[at + 5] !== 4) this.counters.malformed++
    else this.neighbours.receive(frame.subarray(at))
  }

  #receivePacket(frame: Uint8Array, at: number, group: boolean): void {
    const { counters } = this
    const headerLength = (frame[at]! & 15) * 4
    const totalLength = (frame[at + 2]! << 8) | frame[at + 3]!
    const malformed =
      frame.length < at + ipv4.HEADER_LENGTH ||
      frame[at]! >>> 4 !== 4 ||
      headerLength < ipv4.HEADER_LENGTH ||
      totalLength < headerLength ||
      frame.length < at + totalLength
    if (malformed) {
      counters.malformed++
      return
    }
    if (internetChecksum(frame, at, at + headerLength) !== 0) {
      counters.badChecksum++
      return
    }
    const packet = this.#packet
    packet.bytes = frame
    packet.header = at
    packet.start = at + headerLength
    packet.end = at + totalLength
    packet.protocol = frame[at + 9]!
    packet.source = u32(frame, at + 12)
    packet.destination = u32(frame, at + 16)
    const fragment = (frame[at + 6]! << 8) | frame[at + 7]!
    if ((fragment & 0x3fff) !== 0 && !this.#reassemble(packet, fragment)) return
    packet.group = group || this.isGroup(packet.destination)
    if (!packet.group && !this.isLocal(packet.destination) && !this.#isForDhcpClient(packet)) {
      counters.notForUs++
      return
    }
    if (packet.protocol === ipv4.Protocol.tcp) this.#protocols.tcp.receive(packet)
    else if (packet.protocol === ipv4.Protocol.udp) this.#protocols.udp.receive(packet)
    else if (packet.protocol === ipv4.Protocol.icmp) this.#protocols.icmp.receive(packet)
  }

  /** RFC 2131 §4.1: an answer to a client without an address comes to the address it is offered. */
  #isForDhcpClient({ protocol, bytes, start, end }: ReceivedPacket): boolean {
    return (
      this.address === 0 &&
      protocol === ipv4.Protocol.udp &&
      end - start >= 4 &&
      ((bytes[start + 2]! << 8) | bytes[start + 3]!) === DHCP_CLIENT_PORT
    )
  }

  /** True when the packet is whole; it then lies behind a copy of this fragment's header. */
  #reassemble(packet: ReceivedPacket, fragment: number): boolean {
    const { bytes, header, start, end } = packet
    const identification = (bytes[header + 4]! << 8) | bytes[header + 5]!
    const key = `${packet.source} ${packet.destination} ${packet.protocol} ${identification}`
    const offset = (fragment & 0x1fff) * 8
    const more = (fragment & 0x2000) !== 0
    const payload = this.#fragments.add(key, offset, bytes.subarray(start, end), more, this.#sim.now)
    if (payload === undefined) return false
    const whole = new Uint8Array(start + payload.length)
    whole.set(bytes.subarray(0, start))
    whole.set(payload, start)
    packet.bytes = whole
    packet.end = whole.length
    return true
  }
}

/** RFC 1112 §6.4: the lower 23 bits of the group behind 01:00:5e. */
function groupMac(address: number): Uint8Array {
  return new Uint8Array([0x01, 0x00, 0x5e, (address >>> 16) & 0x7f, address >>> 8, address])
}
