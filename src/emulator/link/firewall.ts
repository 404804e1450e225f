/**
 * A firewall between two links, as a bridge: it has no addresses of its own, and what is not IPv4 passes.
 *
 * Stateless, each packet is judged by its own header, so that an answer passes only if a rule names its ports. TFTP's
 * answer comes from a port that nobody could name beforehand (RFC 1350 §4), and is lost. Stateful, what was let through
 * one way is remembered and its answers pass; for TFTP a helper lets the server's first answer from any port pass, as
 * Linux's nf_conntrack_tftp does, and without it the answer is lost here too.
 *
 * Rejecting, it answers in the name of the destination, as a bridging Linux does: RST to TCP, ICMP port unreachable to
 * the rest. Times are those of Linux's conntrack.
 *
 * Not here: fragments but the first (they pass, as they do in filters that do not reassemble), NAT, TCP window checks.
 */
import { MINUTE, SECOND, type Nanos } from '../../base/time.js'
import { encodeHeaderInto, EtherType, HEADER_LENGTH } from '../../wire/ethernet.js'
import * as icmpv4 from '../../wire/icmpv4.js'
import * as ipv4 from '../../wire/ipv4.js'
import * as tcp from '../../wire/tcp.js'
import { SERVER_PORT as TFTP_PORT } from '../../wire/tftp.js'
import type { Simulation } from '../sim/simulation.js'
import type { LinkNode, Port } from './link.js'
import { isTagged, vidOf, withoutTag, withTag } from './vlan-tags.js'

/** Conversations remembered; the one unused for longest makes room. */
const MAX_CONVERSATIONS = 65_536
const UDP_TIMEOUT: Nanos = 30 * SECOND
/** Once both sides have spoken. */
const UDP_STREAM_TIMEOUT: Nanos = 2 * MINUTE
const TCP_OPENING_TIMEOUT: Nanos = 2 * MINUTE
const TCP_TIMEOUT: Nanos = 5 * 24 * 60 * MINUTE
const TCP_CLOSING_TIMEOUT: Nanos = 2 * MINUTE
const ICMP_TIMEOUT: Nanos = 30 * SECOND

export type FirewallVerdict = 'pass' | 'drop' | 'reject'

/** The first rule whose every given part is so decides. */
export interface FirewallRule {
  readonly verdict: FirewallVerdict
  /** `out` is from the first link to the second. */
  readonly direction?: 'out' | 'in'
  readonly protocol?: 'icmp' | 'tcp' | 'udp'
  readonly sourcePort?: number
  readonly destinationPort?: number
  /** Address and mask, uint32. */
  readonly source?: { readonly address: number; readonly mask: number }
  readonly destination?: { readonly address: number; readonly mask: number }
}

export interface FirewallOptions {
  readonly stateful: boolean
  readonly rules?: readonly FirewallRule[]
  /** For what no rule names. Out passes and in is dropped unless given. */
  readonly otherwise?: { readonly out?: FirewallVerdict; readonly in?: FirewallVerdict }
  /** Stateful only: lets TFTP's answers from new ports pass. True unless given. */
  readonly tftpHelper?: boolean
}

export interface FirewallCounters {
  passed: number
  dropped: number
  rejected: number
  malformed: number
}

interface Conversation {
  /** Who began. */
  readonly opener: string
  answered: boolean
  expires: Nanos
}

interface Packet {
  readonly header: ipv4.Ipv4Packet
  readonly protocol: 'icmp' | 'tcp' | 'udp' | undefined
  readonly sourcePort: number
  readonly destinationPort: number
}

const PROTOCOLS = new Map<number, 'icmp' | 'tcp' | 'udp'>([
  [ipv4.Protocol.icmp, 'icmp'],
  [ipv4.Protocol.tcp, 'tcp'],
  [ipv4.Protocol.udp, 'udp'],
])

export class Firewall implements LinkNode {
  readonly name: string
  readonly counters: FirewallCounters = { passed: 0, dropped: 0, rejected: 0, malformed: 0 }
  readonly #sim: Simulation
  readonly #options: FirewallOptions
  readonly #ports: Port[] = []
  readonly #conversations = new Map<string, Conversation>()
  /** Clients and the servers whose TFTP answer may come from any port, and until when. */
  readonly #expected = new Map<string, Nanos>()

  constructor(sim: Simulation, name: string, options: FirewallOptions) {
    this.#sim = sim
    this.name = name
    this.#options = options
  }

  /** The first link is the inside, the second the outside. @throws Error for a third */
  attach(port: Port): void {
    if (this.#ports.length === 2) throw new Error(`firewall ${this.name} has both its links already`)
    const direction = this.#ports.length === 0 ? 'out' : 'in'
    this.#ports.push(port)
    port.receive = (frame) => this.#receive(frame, direction)
  }

  /** Conversations that are remembered. */
  get conversationCount(): number {
    return this.#conversations.size
  }

  #receive(frame: Uint8Array, direction: 'out' | 'in'): void {
    const there = this.#ports[direction === 'out' ? 1 : 0]
    if (there === undefined) return
    const bare = withoutTag(frame)
    if (bare.length < HEADER_LENGTH || ((bare[12]! << 8) | bare[13]!) !== EtherType.ipv4) {
      there.transmit(frame)
      return
    }
    const packet = readPacket(bare.subarray(HEADER_LENGTH))
    if (packet === undefined) {
      this.counters.malformed++
      return
    }
    const verdict = this.#judge(packet, direction)
    if (verdict === 'pass') {
      this.counters.passed++
      there.transmit(frame)
      return
    }
    if (verdict === 'drop') this.counters.dropped++
    else this.counters.rejected++
    this.#sim.frameLog?.note(this.#sim.now, 'dropped', this.name, frame, { reason: `firewall ${verdict}` })
    if (verdict === 'reject') this.#reject(packet, frame, this.#ports[direction === 'out' ? 0 : 1]!)
  }

  #judge(packet: Packet, direction: 'out' | 'in'): FirewallVerdict {
    if (packet.header.fragmentOffset !== 0) return 'pass'
    const { stateful } = this.#options
    if (stateful && this.#isKnown(packet)) return 'pass'
    const verdict = this.#byRules(packet, direction)
    if (stateful && verdict === 'pass') this.#remember(packet)
    return verdict
  }

  #byRules(packet: Packet, direction: 'out' | 'in'): FirewallVerdict {
    const { rules = [], otherwise = {} } = this.#options
    const { source, destination } = packet.header
    for (const rule of rules) {
      if (
        (rule.direction === undefined || rule.direction === direction) &&
        (rule.protocol === undefined || rule.protocol === packet.protocol) &&
        (rule.sourcePort === undefined || rule.sourcePort === packet.sourcePort) &&
        (rule.destinationPort === undefined || rule.destinationPort === packet.destinationPort) &&
        (rule.source === undefined || isWithin(source, rule.source)) &&
        (rule.destination === undefined || isWithin(destination, rule.destination))
      ) {
        return rule.verdict
      }
    }
    return direction === 'out' ? (otherwise.out ?? 'pass') : (otherwise.in ?? 'drop')
  }

  /** Whether it belongs to a conversation, which it then keeps alive. */
  #isKnown(packet: Packet): boolean {
    const now = this.#sim.now
    const { header, protocol } = packet
    const inner = protocol === 'icmp' ? quotedPacket(header) : undefined
    // RFC 5927: an error belongs to the conversation that it quotes.
    if (inner !== undefined) return (this.#conversations.get(keyOf(inner))?.expires ?? -1) >= now
    const key = keyOf(packet)
    const known = this.#conversations.get(key)
    if (known !== undefined && known.expires >= now) {
      // Used last, to be forgotten last.
      this.#conversations.delete(key)
      this.#conversations.set(key, known)
      if (endOf(header.source, packet.sourcePort) !== known.opener) known.answered = true
      known.expires = now + lifetime(packet, known.answered)
      return true
    }
    const expected = `${header.source} ${endOf(header.destination, packet.destinationPort)}`
    if (protocol !== 'udp' || (this.#expected.get(expected) ?? -1) < now) return false
    this.#expected.delete(expected)
    this.#remember(packet)
    return true
  }

  #remember(packet: Packet): void {
    const { header, protocol, sourcePort, destinationPort } = packet
    if (protocol === undefined) return
    const now = this.#sim.now
    const opener = endOf(header.source, sourcePort)
    put(this.#conversations, keyOf(packet), { opener, answered: false, expires: now + lifetime(packet, false) })
    if (protocol === 'udp' && destinationPort === TFTP_PORT && this.#options.tftpHelper !== false) {
      put(this.#expected, `${header.destination} ${opener}`, now + UDP_TIMEOUT)
    }
  }

  #reject({ header, protocol }: Packet, frame: Uint8Array, back: Port): void {
    const bare = withoutTag(frame)
    // Never about a broadcast or a group.
    if ((bare[0]! & 1) !== 0 || header.source === 0 || header.source >>> 28 >= 14) return
    let payload
    if (protocol === 'tcp') payload = resetFor(header)
    else if (protocol !== 'icmp' || !icmpv4.isError(header.payload[0] ?? 3)) {
      const quote = bare.subarray(HEADER_LENGTH, HEADER_LENGTH + header.totalLength)
      payload = icmpv4.encodeError(icmpv4.Type.destinationUnreachable, icmpv4.UnreachableCode.port, quote)
    }
    if (payload === undefined) return
    const packet = ipv4.encode({
      source: header.destination,
      destination: header.source,
      protocol: protocol === 'tcp' ? ipv4.Protocol.tcp : ipv4.Protocol.icmp,
      payload,
    })
    const answer = new Uint8Array(Math.max(60, HEADER_LENGTH + packet.length))
    answer.set(packet, encodeHeaderInto(answer, 0, bare.subarray(6, 12), bare.subarray(0, 6), EtherType.ipv4))
    back.transmit(isTagged(frame) ? withTag(answer, vidOf(frame)) : answer)
  }
}

/** RFC 9293 §3.10.7.1: the RST that a closed port sends; undefined for an RST. */
function resetFor({ payload, source, destination }: ipv4.Ipv4Packet): Uint8Array | undefined {
  const segment = tcp.decode(payload)
  if ((segment.flags & tcp.Flag.rst) !== 0) return undefined
  const acknowledges = (segment.flags & tcp.Flag.ack) !== 0
  return tcp.encode(
    {
      sourcePort: segment.destinationPort,
      destinationPort: segment.sourcePort,
      sequenceNumber: acknowledges ? segment.acknowledgmentNumber : 0,
      acknowledgmentNumber: acknowledges ? 0 : (segment.sequenceNumber + tcp.sequenceLength(segment)) >>> 0,
      flags: acknowledges ? tcp.Flag.rst : tcp.Flag.rst | tcp.Flag.ack,
      window: 0,
      payload: new Uint8Array(0),
    },
    destination,
    source,
  )
}

/** Undefined for what is malformed. */
function readPacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < ipv4.HEADER_LENGTH || bytes[0]! >>> 4 !== 4) return undefined
  const header = ipv4.decode(bytes)
  if (header.error !== undefined || header.truncated) return undefined
  const protocol = PROTOCOLS.get(header.protocol)
  const { payload } = header
  const shortest = protocol === 'tcp' ? tcp.HEADER_LENGTH : 8
  if (protocol !== undefined && header.fragmentOffset === 0 && payload.length < shortest) return undefined
  const hasPorts = protocol === 'tcp' || protocol === 'udp'
  return {
    header,
    protocol,
    sourcePort: hasPorts ? (payload[0]! << 8) | payload[1]! : 0,
    destinationPort: hasPorts ? (payload[2]! << 8) | payload[3]! : 0,
  }
}

/** The packet that an ICMP error is about. */
function quotedPacket({ payload }: ipv4.Ipv4Packet): Packet | undefined {
  const quotation = icmpv4.quoted(icmpv4.decode(payload))
  if (quotation === undefined) return undefined
  const { packet: header, sourcePort = 0, destinationPort = 0 } = quotation
  return { header, protocol: PROTOCOLS.get(header.protocol), sourcePort, destinationPort }
}

function endOf(address: number, port: number): string {
  return `${address}:${port}`
}

/** The same for both ways. */
function keyOf({ header, protocol, sourcePort, destinationPort }: Packet): string {
  const a = endOf(header.source, sourcePort)
  const b = endOf(header.destination, destinationPort)
  return a < b ? `${protocol} ${a} ${b}` : `${protocol} ${b} ${a}`
}

function lifetime({ header, protocol }: Packet, answered: boolean): Nanos {
  if (protocol === 'udp') return answered ? UDP_STREAM_TIMEOUT : UDP_TIMEOUT
  if (protocol !== 'tcp') return ICMP_TIMEOUT
  const flags = header.payload[13] ?? 0
  if ((flags & (tcp.Flag.fin | tcp.Flag.rst)) !== 0) return TCP_CLOSING_TIMEOUT
  return answered ? TCP_TIMEOUT : TCP_OPENING_TIMEOUT
}

function put<T>(table: Map<string, T>, key: string, value: T): void {
  table.delete(key)
  if (table.size >= MAX_CONVERSATIONS) {
    for (const oldest of table.keys()) {
      table.delete(oldest)
      break
    }
  }
  table.set(key, value)
}

function isWithin(address: number, { address: network, mask }: { address: number; mask: number }): boolean {
  return (address & mask) === (network & mask)
}
