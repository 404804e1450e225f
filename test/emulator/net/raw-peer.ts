/**
 * The other end of a trace test: a node without a stack. What the host under test sends is written down, one line per
 * segment; what it gets is put together by hand. Sequence and acknowledgment numbers count from the initial ones.
 *
 *     1.000 S 0:0(0) win 64240 <mss 1460,wscale 7>
 *     1.200 P. 1:101(100) ack 1 win 502
 *     1.300 . 101:101(0) ack 1 win 502 <TS 300:7,sack 1001:2001 3001:4001>
 *
 * Times are seconds since the trace began. Flags are tcpdump's: S SYN, F FIN, P PSH, R RST, U URG, `.` ACK. The host's
 * timestamps count from that of its first SYN, the peer's are as they are.
 */
import { SECOND } from '../../../src/base/time.js'
import type { LinkNode, Port } from '../../../src/emulator/link/link.js'
import type { EmulatedHost } from '../../../src/emulator/net/host.js'
import type { StackProfile } from '../../../src/emulator/net/profile.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import * as tcp from '../../../src/wire/tcp.js'

export const HOST_ADDRESS = 0x0a000001
export const PEER_ADDRESS = 0x0a000002
const PEER_MAC = new Uint8Array([2, 0, 0, 0, 0, 0xfe])

/** Frames of one end, recorded and made by hand. */
export class RawNode implements LinkNode {
  readonly name = 'peer'
  readonly frames: { readonly time: number; readonly bytes: Uint8Array }[] = []
  readonly #sim: Simulation
  #port: Port | undefined

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  attach(port: Port): void {
    this.#port = port
    port.receive = (bytes) => this.frames.push({ time: this.#sim.now, bytes })
  }

  transmit(frame: Uint8Array): void {
    this.#port!.transmit(frame)
  }
}

export interface Part {
  /** Relative to the peer's initial sequence number. */
  readonly seq?: number
  /** Relative to the host's; given, the ACK bit is set. */
  readonly ack?: number
  readonly win?: number
  /** Octets, or how many of them. */
  readonly data?: Uint8Array | number
  readonly options?: readonly tcp.TcpOption[]
  readonly urgentPointer?: number
}

const FLAG_LETTERS: readonly (readonly [string, number])[] = [
  ['F', tcp.Flag.fin],
  ['S', tcp.Flag.syn],
  ['R', tcp.Flag.rst],
  ['P', tcp.Flag.psh],
  ['U', tcp.Flag.urg],
  ['E', tcp.Flag.ece],
  ['W', tcp.Flag.cwr],
  ['.', tcp.Flag.ack],
]

export class TcpTrace {
  readonly sim: Simulation
  readonly host: EmulatedHost
  readonly peer: RawNode
  readonly peerPort: number
  #hostPort = 80
  /** Initial sequence numbers. The host's is that of the last SYN it sent. */
  readonly #peerIss: number
  #hostIss = 0
  #hostClock: number | undefined
  #read = 0
  readonly #start: number

  constructor({
    profile = 'linux',
    peerIss = 5000,
    peerPort = 4000,
    seed = 1,
  }: { profile?: 'linux' | 'phone' | StackProfile; peerIss?: number; peerPort?: number; seed?: number } = {}) {
    this.sim = new Simulation({ seed })
    const network = new Network(this.sim)
    this.host = network.addHost('host', { address: HOST_ADDRESS, profile })
    this.peer = new RawNode(this.sim)
    network.connect(this.host, this.peer)
    this.host.addNeighbour(PEER_ADDRESS, PEER_MAC)
    this.peerPort = peerPort
    this.#peerIss = peerIss
    this.#start = this.sim.now
  }

  /** The host's initial sequence number, once a SYN of it was read. */
  get hostIss(): number {
    return this.#hostIss
  }

  /** What the peer echoes of the host's clock: its value `milliseconds` after its first SYN. */
  hostClock(milliseconds: number): number {
    return ((this.#hostClock ?? 0) + milliseconds) >>> 0
  }

  /** Runs to a time, in seconds since the start. */
  async until(seconds: number): Promise<void> {
    await this.sim.run({ until: this.#start + Math.round(seconds * SECOND) })
  }

  /** Runs what is due now. */
  async settle(): Promise<void> {
    await this.sim.run({ until: this.sim.now })
  }

  /** Segments since the last look, as text. */
  sent(): string[] {
    const lines = this.peer.frames.slice(this.#read).flatMap(({ time, bytes }) => this.#describe(time, bytes))
    this.#read = this.peer.frames.length
    return lines
  }

  /** Runs what is due now, then sent(). */
  async sentNow(): Promise<string[]> {
    await this.settle()
    return this.sent()
  }

  /** Sends a segment to the host; it arrives when the simulation runs on. */
  send(flags: string, { seq = 1, ack, win = 65_535, data = 0, options = [], urgentPointer = 0 }: Part): void {
    const bits = FLAG_LETTERS.reduce((sum, [letter, bit]) => (flags.includes(letter) ? sum | bit : sum), 0)
    const payload = typeof data === 'number' ? new Uint8Array(data).fill(0x78) : data
    const segment = tcp.encode(
      {
        sourcePort: this.peerPort,
        destinationPort: this.#hostPort,
        sequenceNumber: (this.#peerIss + seq) >>> 0,
        acknowledgmentNumber: ack === undefined ? 0 : (this.#hostIss + ack) >>> 0,
        flags: bits,
        window: win,
        urgentPointer,
        options,
        payload,
      },
      PEER_ADDRESS,
      HOST_ADDRESS,
    )
    this.sendPacket(ipv4.Protocol.tcp, segment)
  }

  sendPacket(protocol: number, payload: Uint8Array): void {
    const packet = ipv4.encode({ protocol, source: PEER_ADDRESS, destination: HOST_ADDRESS, payload })
    this.peer.transmit(
      ethernet.encode({
        destination: this.host.mac,
        source: PEER_MAC,
        etherType: ethernet.EtherType.ipv4,
        payload: packet,
      }),
    )
  }

  #describe(time: number, bytes: Uint8Array): string[] {
    const frame = ethernet.decode(bytes)
    if (frame.etherType !== ethernet.EtherType.ipv4) return []
    const packet = ipv4.decode(frame.payload)
    if (packet.protocol !== ipv4.Protocol.tcp) return []
    if (!tcp.checksumIsRight(packet.payload, packet.source, packet.destination)) return ['bad checksum']
    const segment = tcp.decode(packet.payload)
    const { flags, sequenceNumber, payload } = segment
    const isSyn = (flags & tcp.Flag.syn) !== 0
    if (isSyn) this.#hostIss = sequenceNumber
    this.#hostPort = segment.sourcePort
    const letters = FLAG_LETTERS.filter(([, bit]) => (flags & bit) !== 0).map(([letter]) => letter)
    const noSequence = (flags & tcp.Flag.rst) !== 0 && this.#hostIss === 0
    const seq = noSequence ? sequenceNumber : tcp.seqDiff(sequenceNumber, this.#hostIss)
    const ack = tcp.seqDiff(segment.acknowledgmentNumber, this.#peerIss)
    const options = this.#describeOptions(segment)
    return [
      [
        ((time - this.#start) / SECOND).toFixed(3),
        letters.join(''),
        `${seq}:${seq + payload.length}(${payload.length})`,
        ...((flags & tcp.Flag.ack) === 0 ? [] : [`ack ${ack}`]),
        `win ${segment.window}`,
        ...(options.length === 0 ? [] : [`<${options.join(',')}>`]),
      ].join(' '),
    ]
  }

  #describeOptions(segment: tcp.TcpSegment): string[] {
    const options: string[] = []
    const mss = tcp.mss(segment)
    const windowScale = tcp.windowScale(segment)
    const timestamps = tcp.timestamps(segment)
    const blocks = tcp.sack(segment)
    if (mss !== undefined) options.push(`mss ${mss}`)
    if (tcp.sackPermitted(segment)) options.push('sackOK')
    if (timestamps !== undefined) {
      this.#hostClock ??= timestamps.tsval
      options.push(`TS ${tcp.seqDiff(timestamps.tsval, this.#hostClock)}:${timestamps.tsecr}`)
    }
    if (windowScale !== undefined) options.push(`wscale ${windowScale}`)
    if (blocks.length > 0) {
      const relative = (edge: number): number => tcp.seqDiff(edge, this.#peerIss)
      options.push(`sack ${blocks.map(({ left, right }) => `${relative(left)}:${relative(right)}`).join(' ')}`)
    }
    return options
  }
}

/** For traces in which windows do not matter. */
export function withoutWindows(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/ win \d+/, ''))
}
