/**
 * What a frame is, as far as rules ask: its addresses, its protocol, its message, and the file or path that it is about.
 *
 * A frame alone does not always say. TFTP leaves port 69 after the request, and an HTTP response does not repeat its
 * path; so the reader remembers requests by their client's address and port, and knows a conversation only if it has
 * seen how it began.
 *
 * Fragments but the first are IP and no more. Segments are read one by one: an HTTP request line cut in two is TCP data.
 */
import { u16, u32 } from '../../base/bytes.js'
import { WireError } from '../../base/errors.js'
import * as dhcp from '../../wire/dhcp.js'
import { EtherType, formatMac, HEADER_LENGTH } from '../../wire/ethernet.js'
import { Protocol } from '../../wire/ipv4.js'
import { Flag } from '../../wire/tcp.js'
import * as tftp from '../../wire/tftp.js'

/** Conversations remembered; the oldest makes room. */
const MAX_CONVERSATIONS = 65_536
/** Octets of a segment searched for a request line. */
const MAX_REQUEST_LINE = 2048
const VLAN_TAG_LENGTH = 4

export interface FrameFacts {
  /** Colon form. */
  readonly sourceMac: string
  readonly destinationMac: string
  /** EtherType behind a tag. */
  readonly etherType: number
  readonly vlan: number | undefined
  /** From the outermost to the innermost that was recognised: `ipv4 udp dhcp`. */
  readonly protocols: readonly string[]
  /** uint32; of ARP the sender's and the target's. */
  readonly source: number | undefined
  readonly destination: number | undefined
  readonly sourcePort: number | undefined
  readonly destinationPort: number | undefined
  /** Lower case: `offer`, `rrq`, `data`, `syn`, `syn-ack`, `get`, `response`, `request` and `reply` of ARP, `echo request`. */
  readonly message: string | undefined
  /** The file of a TFTP transfer, the path of an HTTP request or of the one that is answered. */
  readonly path: string | undefined
  /** TFTP: of DATA and ACK. */
  readonly block: number | undefined
  /** HTTP: of a response. */
  readonly status: number | undefined
  /** DHCP: the client's hardware address, colon form. */
  readonly clientMac: string | undefined
  /** Octets of the frame. */
  readonly length: number
  /** Octets of UDP or TCP payload. */
  readonly payloadLength: number | undefined
}

type MutableFacts = { -readonly [K in keyof FrameFacts]: FrameFacts[K] } & { protocols: string[] }

const DHCP_MESSAGE = new Map<number, string>(
  Object.entries(dhcp.MessageType).map(([name, value]) => [value, name.toLowerCase()]),
)

const ICMP_MESSAGE = new Map([
  [0, 'echo reply'],
  [3, 'unreachable'],
  [8, 'echo request'],
  [11, 'time exceeded'],
])

export class FrameReader {
  /** Address and port of a client to the file that it asked for last. */
  readonly #tftp = new Map<string, string>()
  /** Addresses and ports of client and server to the path that was asked for last. */
  readonly #http = new Map<string, string>()

  read(frame: Uint8Array): FrameFacts {
    const facts: MutableFacts = {
      sourceMac: formatMac(frame.subarray(6, 12)),
      destinationMac: formatMac(frame.subarray(0, 6)),
      etherType: 0,
      vlan: undefined,
      protocols: [],
      source: undefined,
      destination: undefined,
      sourcePort: undefined,
      destinationPort: undefined,
      message: undefined,
      path: undefined,
      block: undefined,
      status: undefined,
      clientMac: undefined,
      length: frame.length,
      payloadLength: undefined,
    }
    let at = HEADER_LENGTH
    if (frame.length < at) return facts
    facts.etherType = u16(frame, 12)
    if (facts.etherType === EtherType.vlan && frame.length >= at + VLAN_TAG_LENGTH) {
      facts.vlan = u16(frame, 14) & 0xfff
      facts.etherType = u16(frame, 16)
      at += VLAN_TAG_LENGTH
    }
    if (facts.etherType === EtherType.arp) readArp(frame, at, facts)
    else if (facts.etherType === EtherType.ipv4) this.#readPacket(frame, at, facts)
    else if (facts.etherType === EtherType.lldp) facts.protocols.push('lldp')
    else if (facts.etherType === EtherType.eapol) facts.protocols.push('eapol')
    return facts
  }

  #readPacket(frame: Uint8Array, at: number, facts: MutableFacts): void {
    if (frame.length < at + 20) return
    const headerLength = (frame[at]! & 15) * 4
    const end = Math.min(frame.length, at + u16(frame, at + 2))
    const start = at + headerLength
    if (headerLength < 20 || start > end) return
    facts.protocols.push('ipv4')
    facts.source = u32(frame, at + 12)
    facts.destination = u32(frame, at + 16)
    if ((u16(frame, at + 6) & 0x1fff) !== 0) return
    const protocol = frame[at + 9]!
    if (protocol === Protocol.icmp && end >= start + 8) {
      facts.protocols.push('icmp')
      facts.message = ICMP_MESSAGE.get(frame[start]!)
    } else if (protocol === Protocol.udp && end >= start + 8) {
      this.#readDatagram(frame.subarray(start, Math.min(end, start + Math.max(8, u16(frame, start + 4)))), facts)
    } else if (protocol === Protocol.tcp && end >= start + 20) this.#readSegment(frame.subarray(start, end), facts)
  }

  #readDatagram(datagram: Uint8Array, facts: MutableFacts): void {
    facts.protocols.push('udp')
    const sourcePort = (facts.sourcePort = u16(datagram, 0))
    const destinationPort = (facts.destinationPort = u16(datagram, 2))
    const payload = datagram.subarray(8)
    facts.payloadLength = payload.length
    const isDhcp = (port: number): boolean => port === dhcp.SERVER_PORT || port === dhcp.CLIENT_PORT
    if (isDhcp(sourcePort) && isDhcp(destinationPort)) {
      const message = decoded(dhcp.decode, payload)
      if (message === undefined) return
      facts.protocols.push('dhcp')
      facts.message = DHCP_MESSAGE.get(dhcp.messageType(message))
      facts.clientMac = formatMac(message.chaddr.subarray(0, 6))
      return
    }
    const client = `${facts.source}:${sourcePort}`
    const asks = destinationPort === tftp.SERVER_PORT
    const known = asks
      ? undefined
      : (this.#tftp.get(client) ?? this.#tftp.get(`${facts.destination}:${destinationPort}`))
    if (!asks && known === undefined) return
    const packet = decoded(tftp.decode, payload)
    if (packet === undefined) return
    facts.protocols.push('tftp')
    facts.message = packet.op
    facts.path = known
    if (packet.op === 'rrq' || packet.op === 'wrq') {
      facts.path = packet.filename
      remember(this.#tftp, client, packet.filename)
    } else if (packet.op === 'data' || packet.op === 'ack') facts.block = packet.block
  }

  #readSegment(segment: Uint8Array, facts: MutableFacts): void {
    facts.protocols.push('tcp')
    facts.sourcePort = u16(segment, 0)
    facts.destinationPort = u16(segment, 2)
    const payload = segment.subarray(Math.min(segment.length, (segment[12]! >>> 4) * 4))
    facts.payloadLength = payload.length
    const flags = segment[13]!
    if ((flags & Flag.syn) !== 0) facts.message = (flags & Flag.ack) !== 0 ? 'syn-ack' : 'syn'
    else if ((flags & Flag.rst) !== 0) facts.message = 'rst'
    else if ((flags & Flag.fin) !== 0) facts.message = 'fin'
    else facts.message = payload.length > 0 ? 'data' : 'ack'
    const client = `${facts.source}:${facts.sourcePort}`
    const server = `${facts.destination}:${facts.destinationPort}`
    // The port is used for a new connection: what was asked on the old one is over.
    if (facts.message === 'syn') this.#http.delete(`${client} ${server}`)
    if (payload.length === 0) return
    const asked = this.#http.get(`${server} ${client}`)
    if (asked !== undefined) {
      facts.protocols.push('http')
      facts.path = asked
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text(payload, 12))
      if (status === null) return
      facts.message = 'response'
      facts.status = Number(status[1])
      return
    }
    const request = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?$/m.exec(text(payload, MAX_REQUEST_LINE))
    if (request !== null && request.index === 0) {
      remember(this.#http, `${client} ${server}`, request[2]!)
      facts.message = request[1]!.toLowerCase()
    }
    const path = this.#http.get(`${client} ${server}`)
    if (path === undefined) return
    facts.protocols.push('http')
    facts.path = path
  }
}

function readArp(frame: Uint8Array, at: number, facts: MutableFacts): void {
  if (frame.length < at + 28) return
  facts.protocols.push('arp')
  const operation = u16(frame, at + 6)
  facts.message = operation === 1 ? 'request' : operation === 2 ? 'reply' : undefined
  facts.source = u32(frame, at + 14)
  facts.destination = u32(frame, at + 24)
}

/** Undefined for what is none. */
function decoded<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | undefined {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

function remember(table: Map<string, string>, key: string, value: string): void {
  table.delete(key)
  if (table.size >= MAX_CONVERSATIONS)
    for (const oldest of table.keys()) {
      table.delete(oldest)
      break
    }
  table.set(key, value)
}

function text(bytes: Uint8Array, length: number): string {
  return String.fromCharCode(...bytes.subarray(0, length))
}
