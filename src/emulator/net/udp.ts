/**
 * UDP of a host: RFC 768 and RFC 1122 §4.1. One owner per port; a port gets what is sent to any address of the host,
 * broadcasts included.
 */
import type { Random } from '../../base/random.js'
import { u32 } from '../../base/bytes.js'
import { internetChecksum, pseudoHeaderSum } from '../../wire/checksum.js'
import * as icmpv4 from '../../wire/icmpv4.js'
import * as ipv4 from '../../wire/ipv4.js'
import * as udp from '../../wire/udp.js'
import { WORD_AT, wordKey, type Interests } from '../link/flood-index.js'
import type { Simulation } from '../sim/simulation.js'
import type { ErrorReceiver, Icmp, IcmpError } from './icmp.js'
import type { Ipv4, PacketReceiver, ReceivedPacket } from './ipv4.js'
import { EphemeralPorts, socketError } from './ports.js'
import type { StackProfile } from './profile.js'
import type { Datagram, UdpPort, UnreachableError } from './transport.js'

/** 65,535 less the headers of IPv4 and UDP. */
const MAX_PAYLOAD = 65_507

/** Ports at which a phone says port unreachable: those of traceroute (ICMPDU 1: above 32767 and below 35000). */
const TRACEROUTE_PORTS = { above: 32_767, below: 35_000 } as const

type Received = (datagram: Datagram) => void
type Unreachable = (error: UnreachableError) => void

class Binding implements UdpPort {
  readonly port: number
  readonly received: Received
  readonly unreachable: Unreachable | undefined
  /** What a datagram has to have at WORD_AT; anything unless set. */
  word: number | undefined
  readonly #udp: Udp

  constructor(owner: Udp, port: number, received: Received, unreachable: Unreachable | undefined) {
    this.#udp = owner
    this.port = port
    this.received = received
    this.unreachable = unreachable
  }

  send(payload: Uint8Array, address: number, port: number): void {
    this.#udp.send(this, payload, address >>> 0, port)
  }

  onlyWith(word: number): void {
    this.#udp.filter(this, word >>> 0)
  }

  close(): void {
    this.#udp.release(this)
  }
}

export class Udp implements PacketReceiver, ErrorReceiver {
  readonly #sim: Simulation
  readonly #ip: Ipv4
  readonly #icmp: Icmp
  readonly #profile: StackProfile
  readonly #bindings = new Map<number, Binding>()
  readonly #policies = new Map<number, 'drop' | 'reject'>()
  readonly #ephemeral: EphemeralPorts
  #interests: Interests | undefined

  constructor(sim: Simulation, ip: Ipv4, icmp: Icmp, profile: StackProfile, random: Random) {
    this.#sim = sim
    this.#ip = ip
    this.#icmp = icmp
    this.#profile = profile
    this.#ephemeral = new EphemeralPorts(profile.ephemeralPorts, random)
  }

  bind(port: number, received: Received, unreachable: Unreachable | undefined): UdpPort {
    if (!(port >= 0 && port <= 65_535)) throw socketError('EINVAL', `bad port ${port}`)
    const chosen = port === 0 ? this.#ephemeral.take((candidate) => this.#bindings.has(candidate)) : port
    if (this.#bindings.has(chosen)) throw socketError('EADDRINUSE', `UDP port ${chosen} is taken`)
    const binding = new Binding(this, chosen, received, unreachable)
    this.#bindings.set(chosen, binding)
    this.#tell(binding)
    return binding
  }

  release(binding: Binding): void {
    if (this.#bindings.get(binding.port) !== binding) return
    this.#bindings.delete(binding.port)
    this.#untell(binding)
  }

  forgetAllBut(port: number): void {
    const kept = this.#bindings.get(port)
    for (const binding of this.#bindings.values()) if (binding !== kept) this.#untell(binding)
    this.#bindings.clear()
    if (kept !== undefined) this.#bindings.set(port, kept)
  }

  filter(binding: Binding, word: number): void {
    if (binding.word === word || this.#bindings.get(binding.port) !== binding) return
    this.#untell(binding)
    binding.word = word
    this.#tell(binding)
  }

  tellInterests(interests: Interests | undefined): void {
    this.#interests = interests
    for (const binding of this.#bindings.values()) this.#tell(binding)
  }

  #tell({ port, word }: Binding): void {
    if (word === undefined) this.#interests?.add('port', port)
    else this.#interests?.add('word', wordKey(port, word))
  }

  #untell({ port, word }: Binding): void {
    if (word === undefined) this.#interests?.remove('port', port)
    else this.#interests?.remove('word', wordKey(port, word))
  }

  setPortPolicy(port: number, policy: 'open' | 'drop' | 'reject'): void {
    if (policy === 'open') this.#policies.delete(port)
    else this.#policies.set(port, policy)
  }

  send(from: Binding, payload: Uint8Array, destination: number, destinationPort: number): void {
    if (payload.length > MAX_PAYLOAD) throw socketError('EMSGSIZE', `a datagram of ${payload.length} octets`)
    if (this.#bindings.get(from.port) !== from) return // closed
    const source = this.#ip.sourceFor(destination)
    const datagram = udp.encode({ sourcePort: from.port, destinationPort, payload }, source, destination)
    if (this.#ip.send(ipv4.Protocol.udp, source, destination, datagram)) return
    if (from.unreachable === undefined) return
    // Not from within the caller's own call.
    this.#sim.schedule(0, () => {
      this.#report(from, {
        type: icmpv4.Type.destinationUnreachable,
        code: icmpv4.UnreachableCode.network,
        from: this.#ip.address,
        destinationAddress: destination,
        destinationPort,
      })
    })
  }

  receive(packet: ReceivedPacket): void {
    const { bytes, start, end } = packet
    const { counters } = this.#ip
    const length = (bytes[start + 4]! << 8) | bytes[start + 5]!
    if (end - start < udp.HEADER_LENGTH || length < udp.HEADER_LENGTH || length > end - start) {
      counters.malformed++
      return
    }
    const hasChecksum = bytes[start + 6] !== 0 || bytes[start + 7] !== 0
    if (hasChecksum) {
      const sum = pseudoHeaderSum(packet.source, packet.destination, ipv4.Protocol.udp, length)
      if (internetChecksum(bytes, start, start + length, sum) !== 0) {
        counters.badChecksum++
        return
      }
    }
    const port = (bytes[start + 2]! << 8) | bytes[start + 3]!
    const policy = this.#policies.get(port)
    if (policy === 'drop') return
    const binding = this.#bindings.get(port)
    if (binding === undefined || policy === 'reject') {
      if (policy === 'reject' || this.#saysUnreachable(port)) {
        const { destinationUnreachable } = icmpv4.Type
        this.#icmp.sendError(destinationUnreachable, icmpv4.UnreachableCode.port, packet, this.#sim.now)
      }
      return
    }
    if (binding.word !== undefined) {
      const word = start + udp.HEADER_LENGTH + WORD_AT
      if (word + 4 > start + length || u32(bytes, word) !== binding.word) return
    }
    binding.received({
      payload: bytes.subarray(start + udp.HEADER_LENGTH, start + length),
      sourceAddress: packet.source,
      sourcePort: (bytes[start]! << 8) | bytes[start + 1]!,
      destinationAddress: packet.destination,
    })
  }

  icmpError({ type, code, from, localPort, remoteAddress, remotePort }: IcmpError): void {
    const binding = this.#bindings.get(localPort)
    const isFatal = type === icmpv4.Type.destinationUnreachable || type === icmpv4.Type.timeExceeded
    if (binding === undefined || !isFatal) return
    this.#report(binding, { type, code, from, destinationAddress: remoteAddress, destinationPort: remotePort })
  }

  #report(binding: Binding, error: UnreachableError): void {
    if (this.#bindings.get(binding.port) === binding) binding.unreachable?.(error)
  }

  #saysUnreachable(port: number): boolean {
    switch (this.#profile.closedUdpPort) {
      case 'unreachable':
        return true
      case 'traceroute':
        return port > TRACEROUTE_PORTS.above && port < TRACEROUTE_PORTS.below
      case 'silence':
        return false
    }
  }
}
