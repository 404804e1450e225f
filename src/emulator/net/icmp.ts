/**
 * ICMP of a host: RFC 792 and RFC 1122 §3.2.2. Answers echo requests, tells UDP and TCP of errors about what they sent,
 * and sends errors for them.
 */
import { SECOND, type Nanos } from '../../base/time.js'
import { internetChecksum } from '../../wire/checksum.js'
import * as icmpv4 from '../../wire/icmpv4.js'
import * as ipv4 from '../../wire/ipv4.js'
import type { Simulation } from '../sim/simulation.js'
import type { Ipv4, PacketReceiver, ReceivedPacket } from './ipv4.js'
import type { StackProfile } from './profile.js'

/** An error about a packet that this host sent. */
export interface IcmpError {
  readonly type: number
  readonly code: number
  readonly from: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
  /** The second word: the next hop's MTU with fragmentation needed (RFC 1191 §4). */
  readonly rest: number
  /** The first 8 octets or more of what was sent. */
  readonly quoted: Uint8Array
}

export interface ErrorReceiver {
  icmpError(error: IcmpError): void
}

interface Ping {
  readonly started: Nanos
  readonly done: (roundTrip: Nanos | undefined) => void
  readonly timeout: { cancel(): void }
}

/** Echo requests that wait for their reply. */
const MAX_PINGS = 1024
const PING_PAYLOAD = new Uint8Array(56)
/** RFC 1812 §4.3.2.8 asks for a limit; Linux sends up to 1000 a second. */
const MAX_ERRORS_PER_SECOND = 1000

export class Icmp implements PacketReceiver {
  readonly #ip: Ipv4
  readonly #quote: number
  readonly #pings = new Map<number, Ping>()
  #pingSequence = 0
  #owners!: { readonly udp: ErrorReceiver; readonly tcp: ErrorReceiver }
  #errorSecond = -1
  #errorsThisSecond = 0

  constructor(ip: Ipv4, profile: StackProfile) {
    this.#ip = ip
    this.#quote = profile.icmpQuote
  }

  attachOwners(owners: { readonly udp: ErrorReceiver; readonly tcp: ErrorReceiver }): void {
    this.#owners = owners
  }

  receive(packet: ReceivedPacket): void {
    const { bytes, start, end } = packet
    if (end - start < icmpv4.HEADER_LENGTH) {
      this.#ip.counters.malformed++
      return
    }
    if (internetChecksum(bytes, start, end) !== 0) {
      this.#ip.counters.badChecksum++
      return
    }
    const message = icmpv4.decode(bytes.subarray(start, end))
    if (message.type === icmpv4.Type.echoRequest) {
      // RFC 1122 §3.2.2.6: an echo to a group may be ignored, and Linux does.
      if (packet.group) return
      const { rest, payload } = message
      const reply = icmpv4.encode({ type: icmpv4.Type.echoReply, code: 0, rest, payload })
      this.#ip.send(ipv4.Protocol.icmp, packet.destination, packet.source, reply)
    } else if (message.type === icmpv4.Type.echoReply) {
      this.#pings.get(message.rest)?.done(0)
    } else {
      const quotation = icmpv4.quoted(message)
      if (quotation !== undefined) this.#report(message.type, message.code, message.rest, packet.source, quotation)
    }
  }

  /** A packet of ours that found no next hop: as if a router had said host unreachable. */
  undeliverable(packet: Uint8Array): void {
    const quotation = icmpv4.quoted({
      type: icmpv4.Type.destinationUnreachable,
      code: icmpv4.UnreachableCode.host,
      checksum: 0,
      rest: 0,
      payload: packet,
    })
    if (quotation === undefined) return
    const { destinationUnreachable } = icmpv4.Type
    this.#report(destinationUnreachable, icmpv4.UnreachableCode.host, 0, this.#ip.address, quotation)
  }

  /** RFC 1122 §3.2.2: never about a packet to a group or from an address that is no host's. */
  sendError(type: number, code: number, about: ReceivedPacket, now: Nanos): void {
    if (about.group || about.source === 0 || this.#ip.isGroup(about.source)) return
    const second = Math.floor(now / SECOND)
    if (second !== this.#errorSecond) {
      this.#errorSecond = second
      this.#errorsThisSecond = 0
    }
    if (this.#errorsThisSecond++ >= MAX_ERRORS_PER_SECOND) return
    const end = Math.min(about.end, about.start + this.#quote)
    const message = icmpv4.encodeError(type, code, about.bytes.subarray(about.header, end))
    this.#ip.send(ipv4.Protocol.icmp, this.#ip.sourceFor(about.source), about.source, message)
  }

  ping(sim: Simulation, address: number, timeout: Nanos, done: (roundTrip: Nanos | undefined) => void): void {
    const sequence = (this.#pingSequence = (this.#pingSequence + 1) & 0xffff)
    const rest = ((1 << 16) | sequence) >>> 0
    const started = sim.now
    const finish = (roundTrip: Nanos | undefined): void => {
      this.#pings.delete(rest)
      ping.timeout.cancel()
      done(roundTrip)
    }
    const ping: Ping = {
      started,
      done: () => finish(sim.now - started),
      timeout: sim.schedule(timeout, () => finish(undefined)),
    }
    if (this.#pings.size < MAX_PINGS) this.#pings.set(rest, ping)
    const request = icmpv4.encode({ type: icmpv4.Type.echoRequest, code: 0, rest, payload: PING_PAYLOAD })
    this.#ip.send(ipv4.Protocol.icmp, this.#ip.sourceFor(address), address, request)
  }

  #report(type: number, code: number, rest: number, from: number, quotation: icmpv4.QuotedPacket): void {
    const { packet, sourcePort, destinationPort } = quotation
    if (sourcePort === undefined || destinationPort === undefined || !this.#ip.isLocal(packet.source)) return
    const error: IcmpError = {
      type,
      code,
      from,
      localPort: sourcePort,
      remoteAddress: packet.destination,
      remotePort: destinationPort,
      rest,
      quoted: packet.payload,
    }
    if (packet.protocol === ipv4.Protocol.udp) this.#owners.udp.icmpError(error)
    else if (packet.protocol === ipv4.Protocol.tcp) this.#owners.tcp.icmpError(error)
  }
}
