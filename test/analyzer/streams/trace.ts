/**
 * Captures written by hand, one frame a line, for the streams layer: `client` sends to `server`, times in milliseconds.
 * Frames are whole Ethernet frames with right checksums.
 */
import { latin1Bytes } from '../../../src/base/bytes.js'
import { MILLISECOND } from '../../../src/base/time.js'
import { LinkType } from '../../../src/capture/link-types.js'
import type { FrameRecord } from '../../../src/capture/capture-reader.js'
import { MessageLister } from '../../../src/analyzer/messages.js'
import type { Message } from '../../../src/analyzer/messages.js'
import type { Observations, TcpConnection } from '../../../src/analyzer/streams/observations.js'
import type { StreamTrackerOptions } from '../../../src/analyzer/streams/stream-tracker.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import * as tcp from '../../../src/wire/tcp.js'
import * as udp from '../../../src/wire/udp.js'

export const CLIENT = ipv4.parseAddress('10.20.0.120')!
export const SERVER = ipv4.parseAddress('10.20.0.2')!
export const CLIENT_MAC = ethernet.parseMac('00:1b:4f:20:00:01')!
export const SERVER_MAC = ethernet.parseMac('02:00:00:00:00:02')!

export interface SegmentOptions {
  /** Offset of the first octet in the sender's stream; where it goes on, unless given. */
  readonly at?: number
  /** Offset in the other side's stream; all that was sent, unless given. */
  readonly ack?: number
  readonly window?: number
  /** IPv4 identification; counts up for each sender unless given. */
  readonly id?: number
  readonly ttl?: number
  /** Octets captured, of the whole frame. */
  readonly snaplen?: number
  readonly sourceMac?: Uint8Array
}

export interface Captured {
  readonly time: number
  readonly bytes: Uint8Array
  readonly originalLength: number
}

interface Sender {
  readonly address: number
  readonly mac: Uint8Array
  readonly port: number
  isn: number
  sent: number
  id: number
}

/** The frames of one TCP connection, and whatever else is added. */
export class Trace {
  readonly frames: Captured[] = []
  readonly client: Sender
  readonly server: Sender

  constructor({ clientPort = 1024, serverPort = 80, clientIsn = 1000, serverIsn = 5000 } = {}) {
    this.client = { address: CLIENT, mac: CLIENT_MAC, port: clientPort, isn: clientIsn, sent: 0, id: 1 }
    this.server = { address: SERVER, mac: SERVER_MAC, port: serverPort, isn: serverIsn, sent: 0, id: 30_001 }
  }

  /** Number of the frame written last. */
  get last(): number {
    return this.frames.length
  }

  frame(time: number, bytes: Uint8Array, originalLength = bytes.length): this {
    this.frames.push({ time, bytes, originalLength })
    return this
  }

  /** Frame `number` once more. */
  again(time: number, number: number): this {
    const { bytes, originalLength } = this.frames[number - 1]!
    return this.frame(time, bytes, originalLength)
  }

  /** `flags` is a string of S F R P and `.` for ACK. */
  #segment(time: number, from: Sender, to: Sender, flags: string, text: string, options: SegmentOptions): this {
    const isSyn = flags.includes('S')
    const payload = latin1Bytes(text)
    const at = options.at ?? from.sent
    const bits =
      (isSyn ? tcp.Flag.syn : 0) |
      (flags.includes('F') ? tcp.Flag.fin : 0) |
      (flags.includes('R') ? tcp.Flag.rst : 0) |
      (flags.includes('P') ? tcp.Flag.psh : 0) |
      (flags.includes('.') ? tcp.Flag.ack : 0)
    const segment = tcp.encode(
      {
        sourcePort: from.port,
        destinationPort: to.port,
        sequenceNumber: (from.isn + (isSyn ? 0 : 1 + at)) >>> 0,
        acknowledgmentNumber: flags.includes('.') ? (to.isn + 1 + (options.ack ?? to.sent)) >>> 0 : 0,
        flags: bits,
        window: options.window ?? 8192,
        payload,
      },
      from.address,
      to.address,
    )
    if (!isSyn) from.sent = Math.max(from.sent, at + payload.length + (flags.includes('F') ? 1 : 0))
    const packet = ipv4.encode({
      identification: options.id ?? from.id++,
      ttl: options.ttl ?? 64,
      protocol: ipv4.Protocol.tcp,
      source: from.address,
      destination: to.address,
      payload: segment,
    })
    const bytes = ethernet.encode({
      destination: to.mac,
      source: options.sourceMac ?? from.mac,
      etherType: ethernet.EtherType.ipv4,
      payload: packet,
    })
    return this.frame(time, bytes.subarray(0, options.snaplen), bytes.length)
  }

  /** From the client. */
  c(time: number, flags: string, text = '', options: SegmentOptions = {}): this {
    return this.#segment(time, this.client, this.server, flags, text, options)
  }

  /** From the server. */
  s(time: number, flags: string, text = '', options: SegmentOptions = {}): this {
    return this.#segment(time, this.server, this.client, flags, text, options)
  }

  handshake(time = 0): this {
    return this.c(time, 'S')
      .s(time + 1, 'S.')
      .c(time + 2, '.')
  }
}

export function udpFrame(
  source: number,
  sourcePort: number,
  destination: number,
  destinationPort: number,
  payload: Uint8Array,
  identification = 0,
): Uint8Array {
  return ethernet.encode({
    destination: destination === CLIENT ? CLIENT_MAC : SERVER_MAC,
    source: source === CLIENT ? CLIENT_MAC : SERVER_MAC,
    etherType: ethernet.EtherType.ipv4,
    payload: ipv4.encode({
      identification,
      ttl: 64,
      protocol: ipv4.Protocol.udp,
      source,
      destination,
      payload: udp.encode({ sourcePort, destinationPort, payload }, source, destination),
    }),
  })
}

/** A record as the capture reader would hand it out. */
export function record(captured: Captured, number: number, linkType: number = LinkType.ethernet): FrameRecord {
  const { bytes } = captured
  const nanos = Math.round(captured.time * MILLISECOND)
  return {
    number,
    seconds: 1_700_000_000 + Math.floor(nanos / 1e9),
    nanos: ((nanos % 1e9) + 1e9) % 1e9,
    timestamped: true,
    linkType,
    interfaceId: 0,
    section: 0,
    originalLength: captured.originalLength,
    bytes,
    start: 0,
    end: bytes.length,
    fileOffset: 0,
    comment: undefined,
  }
}

export interface Observed {
  readonly observations: Observations
  readonly messages: readonly Message[]
}

export function observe(frames: readonly Captured[], options: StreamTrackerOptions = {}, linkType?: number): Observed {
  const messages: Message[] = []
  const lister = new MessageLister((message) => messages.push(message), options)
  // One buffer for all frames: whoever keeps a view of it will see it change.
  const buffer = new Uint8Array(70_000)
  frames.forEach((captured, index) => {
    buffer.fill(0xee)
    buffer.set(captured.bytes, 7)
    const { length } = captured.bytes
    lister.frame({ ...record(captured, index + 1, linkType), bytes: buffer, start: 7, end: 7 + length })
  })
  buffer.fill(0xee)
  const observations = lister.end({
    format: 'pcap',
    linkTypes: [1],
    packets: frames.length,
    bytes: 0,
    damage: undefined,
  })
  return { observations, messages }
}

/** The only connection of a trace. */
export function connectionOf(trace: Trace): TcpConnection {
  const { tcp: connections } = observe(trace.frames).observations
  if (connections.length !== 1) throw new Error(`${connections.length} connections`)
  return connections[0]!
}

/** Frame numbers of evidence. */
export function numbers(
  list: readonly ({ readonly number: number } | { readonly frame: { readonly number: number } })[],
): number[] {
  return list.map((entry) => ('frame' in entry ? entry.frame.number : entry.number))
}
