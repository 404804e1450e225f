/**
 * One TCP connection as captured: evidence about its segments, and both streams put in order and handed to HttpFlow.
 *
 * Nothing is delivered before the other side's octets that its sender had already received: so a response follows its
 * request even when a mirror port mixed the two directions up. What stays missing although it was acknowledged is
 * passed over after PATIENCE as a gap in the capture. A hole that the receiver has not acknowledged is a loss on the
 * network; what lies behind it never reached the program, and is not delivered either, unless the acknowledging side
 * was not captured.
 *
 * Sent again or only out of order? Octets seen before were sent again. Octets that fill a hole were out of order when
 * the IPv4 identification says that they left before the segment behind the hole, or when they came within a round
 * trip; sent again when the receiver asked twice or when they came later. Neither window updates nor keep-alives (RFC
 * 9293 §3.8.4) are data.
 */
import { MICROSECOND, MILLISECOND, SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { Flag } from '../../wire/tcp.js'
import type { Dissection } from '../dissect/dissection.js'
import { httpStart } from '../sieve/http-start.js'
import { HttpFlow } from './http-flow.js'
import type { HttpContext } from './http-flow.js'
import { MAX_ALL_WAITING_OCTETS } from './limits.js'
import type { Mutable } from './mutable.js'
import type { Endpoint, Frame, LinkInfo, Side, TcpConnection } from './observations.js'
import { TcpDirection } from './tcp-direction.js'
import type { Hole, Segment } from './tcp-direction.js'

/** How long octets may be missing that their receiver has acknowledged, or whose receiver was not captured. */
const PATIENCE: Nanos = 20 * MILLISECOND
const PATIENCE_ONE_SIDED: Nanos = 3 * SECOND

/** Reordering on the way takes less, when no handshake tells the round trip. Wireshark's figure. */
const REORDERING: Nanos = 3 * MILLISECOND
const MIN_ROUND_TRIP: Nanos = 100 * MICROSECOND

/** An identification this far behind another was sent before it. Zeek's figure. */
const IDENTIFICATION_WINDOW = 256

/** What all connections of a capture share. */
export interface TcpContext extends HttpContext {
  /** Octets that wait for holes, in all connections. */
  waitingOctets: number
}

export class TcpFlow {
  readonly connection: Mutable<TcpConnection>
  readonly #context: TcpContext
  readonly #http: HttpFlow
  /** Index 0 is the client's. */
  #directions: [TcpDirection, TcpDirection] = [new TcpDirection(), new TcpDirection()]
  #clientAddress: number
  #clientPort: number
  #synTime: Nanos | undefined
  #roundTrip: Nanos | undefined
  /** Data came that cannot begin HTTP: on a port nobody announced, the connection is of no interest. */
  #isForeign = false
  #isFinished = false

  constructor(
    packet: Dissection,
    fromClient: boolean,
    client: Endpoint,
    server: Endpoint,
    link: LinkInfo,
    frame: Frame,
    context: TcpContext,
  ) {
    this.#clientAddress = fromClient ? packet.source : packet.destination
    this.#clientPort = fromClient ? packet.sourcePort : packet.destinationPort
    this.#context = context
    this.connection = {
      client,
      server,
      link,
      syns: [],
      synAcks: [],
      established: false,
      midStream: true,
      resets: [],
      fins: [],
      retransmissions: [],
      gaps: [],
      cutFrames: 0,
      clientBytes: 0,
      serverBytes: 0,
      serverUnseen: 0,
      segments: 0,
      exchanges: [],
      serverIsForeign: false,
      icmpErrors: [],
      firstFromClient: undefined,
      firstFromServer: undefined,
      first: frame,
      last: frame,
      lastFrom: 'client',
    }
    this.#http = new HttpFlow(this.connection, context)
  }

  /** The first data in one direction, known from its very beginning, is not HTTP, and no HTTP was seen. */
  get isForeign(): boolean {
    return this.#isForeign && this.connection.exchanges.length === 0
  }

  isFromClient(packet: Dissection): boolean {
    return packet.source === this.#clientAddress && packet.sourcePort === this.#clientPort
  }

  /** Whether a SYN or SYN-ACK belongs to this connection, or opens another one between the same ports. */
  isSame(packet: Dissection): boolean {
    const isSynAck = (packet.flags & Flag.ack) !== 0
    if (this.isFromClient(packet) === isSynAck) return false
    const { syns, synAcks, resets, fins } = this.connection
    const { origin } = this.#directions[0]
    if (syns.length + synAcks.length === 0) return false
    if (!isSynAck) return origin === (packet.sequenceNumber + 1) >>> 0
    return packet.acknowledgmentNumber === origin || (syns.length > 0 && resets.length + fins.length === 0)
  }

  /** A segment of this connection, in file order; not for mirror-port doubles. */
  segment(packet: Dissection, frame: Frame): void {
    const { connection } = this
    const { flags } = packet
    if (connection.midStream && packet.dataLength > 0) this.#checkRoles(packet)
    const fromClient = this.isFromClient(packet)
    const side: Side = fromClient ? 'client' : 'server'
    const direction = this.#directions[fromClient ? 0 : 1]
    const peer = this.#directions[fromClient ? 1 : 0]
    connection.segments++
    connection.last = frame
    connection.lastFrom = side
    if (packet.cut) connection.cutFrames++
    if (direction.first === undefined) {
      direction.first = frame
      if (fromClient) connection.firstFromClient = frame
      else connection.firstFromServer = frame
    }
    if ((flags & Flag.rst) !== 0) {
      this.#context.limits.addEvidence(connection.resets, { frame, from: side })
      this.#progress(frame, false)
      return
    }
    const isSyn = (flags & Flag.syn) !== 0
    const first = (packet.sequenceNumber + (isSyn ? 1 : 0)) >>> 0
    // An answer to another SYN: a firewall that rewrites sequence numbers, captured on both its sides.
    if (isSyn && !fromClient && peer.origin !== undefined) {
      const offset = peer.offsetOf(packet.acknowledgmentNumber)
      if (offset === undefined || offset < 0 || offset > peer.highest) return
    }
    if (isSyn) this.#syn(direction, first, side, frame)
    else direction.origin ??= first
    let acknowledges = 0
    if ((flags & Flag.ack) !== 0) acknowledges = this.#acknowledgement(packet, direction, peer, isSyn, frame)
    this.#data(packet, direction, side, first, acknowledges, frame)
    this.#progress(frame, false)
  }

  /** Without a SYN the roles are a guess, which the first HTTP message puts right. */
  #checkRoles(packet: Dissection): void {
    if (this.#http.isSpoken('client') || this.#http.isSpoken('server')) return
    const start = httpStart(packet.segment, packet.data, packet.dataEnd)
    if (start === undefined || (start === 'request') === this.isFromClient(packet)) return
    const { connection } = this
    const isClient = this.isFromClient(packet)
    this.#clientAddress = isClient ? packet.destination : packet.source
    this.#clientPort = isClient ? packet.destinationPort : packet.sourcePort
    this.#directions.reverse()
    const { client, clientBytes, firstFromClient, link } = connection
    connection.client = connection.server
    connection.server = client
    connection.clientBytes = connection.serverBytes
    connection.serverBytes = clientBytes
    connection.firstFromClient = connection.firstFromServer
    connection.firstFromServer = firstFromClient
    connection.link = { sourceMac: link.destinationMac, destinationMac: link.sourceMac, vlan: link.vlan }
    for (const list of [connection.resets, connection.fins, connection.retransmissions, connection.gaps]) {
      for (const entry of list as { from: Side }[]) entry.from = other(entry.from)
    }
  }

  #syn(direction: TcpDirection, first: number, side: Side, frame: Frame): void {
    const { connection } = this
    const list = side === 'client' ? connection.syns : connection.synAcks
    if (list.length > 0) this.#resent(frame, side, 0)
    this.#context.limits.addEvidence(list, frame)
    if (side === 'client') {
      this.#synTime = frame.time
      connection.midStream = false
    }
    direction.origin ??= first
  }

  /** @returns what is acknowledged, as an offset in the peer's stream */
  #acknowledgement(
    packet: Dissection,
    direction: TcpDirection,
    peer: TcpDirection,
    isSyn: boolean,
    frame: Frame,
  ): number {
    const { connection } = this
    // The peer's first octet is not captured yet: what is acknowledged is where its stream goes on.
    peer.origin ??= packet.acknowledgmentNumber
    const offset = peer.offsetOf(packet.acknowledgmentNumber)
    if (offset === undefined || offset < 0) return 0
    if (!isSyn) {
      connection.established = true
      // The client's first acknowledgement ends the first round trip, wherever in between the capture was taken.
      const isHandshake =
        direction === this.#directions[0] && connection.syns.length === 1 && connection.synAcks.length > 0
      if (isHandshake && this.#roundTrip === undefined && this.#synTime !== undefined) {
        this.#roundTrip = Math.max(MIN_ROUND_TRIP, frame.time - this.#synTime)
      }
    }
    const octets = peer.fin === undefined ? offset : Math.min(offset, peer.fin)
    if (octets > peer.acknowledged) {
      peer.acknowledge(octets, frame)
    } else if (octets === peer.acknowledged && packet.dataLength === 0 && packet.window === direction.window) {
      const hole = peer.holes[0]
      if (hole && hole.start === octets) hole.duplicateAcks++
    }
    direction.window = packet.window
    return octets
  }

  #data(
    packet: Dissection,
    direction: TcpDirection,
    side: Side,
    first: number,
    acknowledges: number,
    frame: Frame,
  ): void {
    const start = direction.offsetOf(first)
    if (start === undefined) return
    const length = packet.dataLength
    const end = start + length
    const isFin = (packet.flags & Flag.fin) !== 0
    // RFC 9293 §3.8.4: a keep-alive has the number before the next, with one octet of garbage or none.
    if (length <= 1 && start === direction.highest - 1 && !isFin && (packet.flags & Flag.syn) === 0) return
    // The number of an empty segment tells how much was sent before it.
    if (length === 0 && !isFin && start > direction.highest) {
      direction.see(start, start, frame.time, packet.identification)
    }
    if (length > 0) {
      this.connection.established = true
      this.#classify(packet, direction, side, start, end, frame)
      if (end > direction.next) {
        this.#receive(direction, {
          start,
          end,
          bytes: packet.segment,
          from: packet.data,
          to: packet.dataEnd,
          frame,
          acknowledges,
        })
      }
    }
    if (isFin) this.#fin(packet, direction, end, side, frame)
  }

  #fin(packet: Dissection, direction: TcpDirection, offset: number, side: Side, frame: Frame): void {
    const { fins } = this.connection
    if (direction.fin === undefined) {
      direction.fin = offset
      direction.finFrame = frame
      // What came before showed that a FIN was on its way.
      const hole = packet.dataLength === 0 ? direction.holeAt(offset, offset + 1) : undefined
      if (hole && this.#isResend(packet, hole, frame)) this.#resent(frame, side, 0)
      direction.see(offset, offset + 1, frame.time, packet.identification)
    } else if (packet.dataLength === 0) {
      this.#resent(frame, side, 0)
    }
    this.#context.limits.addEvidence(fins, { frame, from: side })
  }

  #classify(packet: Dissection, direction: TcpDirection, side: Side, start: number, end: number, frame: Frame): void {
    // Before what this capture knows of the stream.
    if (end <= 0) return
    const unseen = direction.unseen(start, end)
    if (unseen === 0) {
      this.#resent(frame, side, end - start)
    } else if (start < direction.highest) {
      const hole = direction.holeAt(start, end)
      if (hole && this.#isResend(packet, hole, frame)) this.#resent(frame, side, end - start)
    }
    direction.see(start, end, frame.time, packet.identification)
    if (side === 'client') this.connection.clientBytes += unseen
    else this.connection.serverBytes += unseen
  }

  #isResend(packet: Dissection, hole: TcpDirection['holes'][number], frame: Frame): boolean {
    if (packet.identification !== 0 && hole.identification !== 0) {
      const behind = isBehind(packet.identification, hole.identification)
      if (behind || isBehind(swap16(packet.identification), swap16(hole.identification))) return false
    }
    if (hole.duplicateAcks >= 2) return true
    return frame.time - hole.time >= (this.#roundTrip ?? REORDERING)
  }

  #resent(frame: Frame, from: Side, bytes: number): void {
    const { retransmissions } = this.connection
    this.#context.limits.addEvidence(retransmissions, { frame, from, bytes })
  }

  // Putting the streams in order

  #receive(direction: TcpDirection, segment: Segment): void {
    const peer = this.#peerOf(direction)
    if (direction.waiting.length === 0 && segment.start <= direction.next && isOpen(segment, peer)) {
      this.#deliver(direction, segment)
      return
    }
    const context = this.#context
    const before = direction.waitingOctets
    const hasRoom = direction.wait(segment)
    context.waitingOctets += direction.waitingOctets - before
    if (hasRoom && context.waitingOctets <= MAX_ALL_WAITING_OCTETS) return
    context.limits.reached('segments-waiting-for-missing-ones')
    this.#goOn(direction, segment.frame)
  }

  #sideOf(direction: TcpDirection): Side {
    return direction === this.#directions[0] ? 'client' : 'server'
  }

  #peerOf(direction: TcpDirection): TcpDirection {
    return this.#directions[direction === this.#directions[0] ? 1 : 0]
  }

  /**
   * Delivers what can be delivered; whatever keeps the rest back is passed over when it has been missing for too long.
   */
  #progress(frame: Frame, isLast: boolean): void {
    const [client, server] = this.#directions
    let moved = true
    while (moved) {
      moved = this.#drain(client)
      moved = this.#drain(server) || moved
      if (!moved) moved = this.#passOver(client, server, frame, isLast) || this.#passOver(server, client, frame, isLast)
    }
    this.#finish(client)
    this.#finish(server)
  }

  #drain(direction: TcpDirection): boolean {
    const peer = this.#peerOf(direction)
    let moved = false
    for (;;) {
      const segment = direction.waiting[0]
      if (segment === undefined || segment.start > direction.next || !isOpen(segment, peer)) return moved
      direction.takeWaiting()
      this.#context.waitingOctets -= segment.bytes.length
      if (segment.end > direction.next) this.#deliver(direction, segment)
      moved = true
    }
  }

  /** Goes on without octets of `direction` that keep its own later ones, or the peer's, from being delivered. */
  #passOver(direction: TcpDirection, peer: TcpDirection, frame: Frame, isLast: boolean): boolean {
    const own = direction.waiting[0]
    if (own && own.start > direction.next) {
      const isOneSided = peer.first === undefined
      const isReceived = direction.acknowledged >= own.start
      const patience = isOneSided ? PATIENCE_ONE_SIDED : PATIENCE
      if ((isReceived || isOneSided) && (isLast || frame.time - own.frame.time >= patience)) {
        this.#skip(direction, own.start, frame)
        return true
      }
    }
    const other = peer.waiting[0]
    if (other && other.start <= peer.next && !isOpen(other, direction)) {
      if (isLast || frame.time - other.frame.time >= PATIENCE) {
        if (own && own.start <= direction.next) {
          // Each waits for the other, which no two honest ends can do.
          direction.takeWaiting()
          this.#context.waitingOctets -= own.bytes.length
          if (own.end > direction.next) this.#deliver(direction, own)
        } else {
          this.#skip(direction, own ? Math.min(own.start, other.acknowledges) : other.acknowledges, frame)
        }
        return true
      }
    }
    return false
  }

  /** No room to wait any longer. */
  #goOn(direction: TcpDirection, frame: Frame): void {
    const segment = direction.waiting[0]
    if (segment === undefined) return
    if (segment.start > direction.next) this.#skip(direction, segment.start, frame)
    const peer = this.#peerOf(direction)
    if (!isOpen(segment, peer) && peer.waiting.length === 0) this.#skip(peer, segment.acknowledges, frame)
  }

  /** Goes on at `offset` without what is missing before it. */
  #skip(direction: TcpDirection, offset: number, frame: Frame): void {
    this.#http.gap(this.#sideOf(direction), offset - direction.next, frame)
    direction.passOver(offset, frame)
  }

  #deliver(direction: TcpDirection, segment: Segment): void {
    const { connection } = this
    const side = this.#sideOf(direction)
    const old = Math.max(0, direction.next - segment.start)
    const from = Math.min(segment.to, segment.from + old)
    const before = direction.delivered
    const frame = before !== undefined && before.number > segment.frame.number ? before : segment.frame
    direction.delivered = frame
    const offset = segment.start + old
    this.#http.data(side, offset, segment.bytes, from, segment.to, segment.frame, frame)
    const missing = segment.end - offset - (segment.to - from)
    if (missing > 0) this.#http.gap(side, missing, frame)
    direction.next = segment.end
    const isBeginning = offset === 0 && connection.syns.length + connection.synAcks.length > 0
    if (isBeginning && !this.#http.isSpoken(side)) this.#isForeign = true
  }

  #finish(direction: TcpDirection): void {
    if (direction.finDelivered || direction.fin === undefined || direction.next < direction.fin) return
    direction.finDelivered = true
    const { delivered } = direction
    const frame = direction.finFrame!
    this.#http.closed(
      this.#sideOf(direction),
      delivered !== undefined && delivered.number > frame.number ? delivered : frame,
    )
  }

  /** No more segments will come. Delivers what can still be delivered and completes the observation. */
  end(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    const { connection } = this
    const [client, server] = this.#directions
    this.#progress(connection.last, true)
    this.#http.end(client.acknowledged)
    connection.serverUnseen = server.holes.reduce((sum, hole) => sum + unseenIn(hole, server), 0)
    this.#gaps(client, 'client')
    this.#gaps(server, 'server')
    connection.gaps.sort((a, b) => a.frame.number - b.frame.number)
    this.#context.waitingOctets -= client.waitingOctets + server.waitingOctets
    this.#directions = [new TcpDirection(), new TcpDirection()]
  }

  #gaps(direction: TcpDirection, from: Side): void {
    for (const { start, end, missing } of direction.holes) {
      // One octet at the end is a FIN that was not captured.
      if (missing && unseenIn({ start, end }, direction) > 0) {
        this.connection.gaps.push({ frame: missing, from, bytes: end - start })
      }
    }
  }
}

/** The peer's octets that the sender of this segment had received are there. */
function isOpen(segment: Segment, peer: TcpDirection): boolean {
  return peer.next >= segment.acknowledges || peer.first === undefined
}

/** Octets of a hole; a FIN that was not captured is none. */
function unseenIn({ start, end }: Pick<Hole, 'start' | 'end'>, { highest }: TcpDirection): number {
  return end - start === 1 && end === highest ? 0 : end - start
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client'
}

/** IPv4 identifications count up in most stacks, 16 bits wide. */
function isBehind(identification: number, other: number): boolean {
  const distance = ((identification - other) << 16) >> 16
  return distance < 0 && distance > -IDENTIFICATION_WINDOW
}

function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8)
}
