/**
 * TCP of a host: which segment belongs to which connection, who listens, what happens to segments that belong to nobody
 * (RFC 9293 §3.10.7.1), and the connections that are over but whose addresses are not free yet (TIME-WAIT).
 */
import type { Random } from '../../../base/random.js'
import { SECOND } from '../../../base/time.js'
import { Flag, seqDiff } from '../../../wire/tcp.js'
import type { EventHandler, Ticket } from '../../sim/event-queue.js'
import type { Simulation } from '../../sim/simulation.js'
import type { ErrorReceiver, IcmpError } from '../icmp.js'
import type { Ipv4, PacketReceiver, ReceivedPacket } from '../ipv4.js'
import { EphemeralPorts, socketError } from '../ports.js'
import type { StackProfile } from '../profile.js'
import type { TcpHandlers, TcpOptions } from '../transport.js'
import { TcpConnection, type ConnectionOwner } from './connection.js'
import { SegmentWriter, type ConnectionAddresses } from './segment-writer.js'
import { Segment } from './segment.js'
import type { Timestamps } from './timestamps.js'

/** Gives a new connection its handlers. */
export type Accept = (socket: TcpConnection) => TcpHandlers

export interface TcpListener {
  readonly port: number
  /** Takes no more connections; those there are go on. */
  close(): void
}

/** Connections of one host, TIME-WAIT not counted. Beyond it SYNs are dropped. */
const MAX_CONNECTIONS = 1 << 18
/** As Linux's tcp_max_tw_buckets: beyond it connections end without TIME-WAIT. */
const MAX_TIME_WAIT = 1 << 18
/** Handshakes that are not complete, per listener. Node's own default. */
const DEFAULT_BACKLOG = 511
/** How far the numbers of a connection begin beyond those of the one before it. As Linux. */
const REUSE_DISTANCE = 65_537
/** RFC 5961 §7. Linux's tcp_challenge_ack_limit of old. */
const MAX_CHALLENGES_PER_SECOND = 1000

class Listener implements TcpListener {
  readonly port: number
  readonly accept: Accept
  readonly backlog: number
  /** Handshakes under way. */
  pending = 0
  readonly #tcp: Tcp

  constructor(tcp: Tcp, port: number, accept: Accept, backlog: number) {
    this.#tcp = tcp
    this.port = port
    this.accept = accept
    this.backlog = backlog
  }

  close(): void {
    this.#tcp.unlisten(this)
  }
}

/** What is left of a connection in TIME-WAIT. */
interface TimeWait {
  readonly addresses: ConnectionAddresses
  readonly sndNxt: number
  readonly rcvNxt: number
  readonly timestamps: Timestamps
  expiry: Ticket
}

interface LocalPort {
  listener: Listener | undefined
  /** By remote address and port. */
  readonly peers: Map<number, TcpConnection | TimeWait>
}

export class Tcp implements PacketReceiver, ErrorReceiver, ConnectionOwner {
  readonly sim: Simulation
  readonly ip: Ipv4
  readonly profile: StackProfile
  readonly #random: Random
  readonly #ephemeral: EphemeralPorts
  readonly #ports = new Map<number, LocalPort>()
  readonly #policies = new Map<number, 'drop' | 'reject'>()
  readonly #segment = new Segment()
  readonly #listeners = new Map<TcpConnection, Listener>()
  readonly #timeWaitOver: EventHandler<TimeWait>
  #connectionCount = 0
  #timeWaitCount = 0
  #challengeSecond = -1
  #challengesThisSecond = 0
  /** The connection of the last segment: segments come in trains. */
  #lastConnection: TcpConnection | undefined

  constructor(sim: Simulation, ip: Ipv4, profile: StackProfile, random: Random) {
    this.sim = sim
    this.ip = ip
    this.profile = profile
    this.#random = random
    this.#ephemeral = new EphemeralPorts(profile.ephemeralPorts, random)
    this.#timeWaitOver = { fire: (timeWait) => this.#dropTimeWait(timeWait) }
  }

  get connectionCount(): number {
    return this.#connectionCount
  }

  connect(address: number, port: number, handlers: TcpHandlers, options: TcpOptions = {}): TcpConnection {
    const remoteAddress = address >>> 0
    if (!(port >= 1 && port <= 65_535)) throw socketError('EINVAL', `bad port ${port}`)
    const localPort = options.localPort ?? this.#ephemeral.take((candidate) => this.#ports.has(candidate))
    const addresses = {
      localAddress: this.ip.sourceFor(remoteAddress),
      localPort,
      remoteAddress,
      remotePort: port,
    }
    const known = this.#ports.get(localPort)?.peers.get(peerKey(remoteAddress, port))
    if (known instanceof TcpConnection) throw socketError('EADDRINUSE', `TCP port ${localPort} is taken`)
    let iss = this.#random.u32()
    if (known !== undefined) {
      // RFC 6191 and RFC 9293 §3.6.1: numbers well beyond the old ones.
      iss = known.sndNxt + REUSE_DISTANCE
      this.#dropTimeWait(known)
    }
    const connection = this.#add(addresses, iss)
    connection.openActive(handlers, options.connectTimeout)
    return connection
  }

  listen(port: number, accept: Accept, { backlog = DEFAULT_BACKLOG }: { readonly backlog?: number } = {}): TcpListener {
    if (!(port >= 0 && port <= 65_535)) throw socketError('EINVAL', `bad port ${port}`)
    const chosen = port === 0 ? this.#ephemeral.take((candidate) => this.#ports.has(candidate)) : port
    const local = this.#localPort(chosen)
    if (local.listener !== undefined) throw socketError('EADDRINUSE', `TCP port ${chosen} is taken`)
    local.listener = new Listener(this, chosen, accept, backlog)
    return local.listener
  }

  unlisten(listener: Listener): void {
    const local = this.#ports.get(listener.port)
    if (local?.listener !== listener) return
    local.listener = undefined
    // Handshakes under way end as in Linux: with RST.
    for (const [connection, owner] of this.#listeners) if (owner === listener) connection.abort()
    this.#tidy(listener.port, local)
  }

  setPortPolicy(port: number, policy: 'open' | 'drop' | 'reject'): void {
    if (policy === 'open') this.#policies.delete(port)
    else this.#policies.set(port, policy)
  }

  /** Drops all connections, without a packet and without a callback. Listeners stay. */
  forgetAll(): void {
    for (const local of [...this.#ports.values()]) {
      for (const peer of [...local.peers.values()]) {
        if (peer instanceof TcpConnection) peer.forget()
        else this.#dropTimeWait(peer)
      }
    }
  }

  receive(packet: ReceivedPacket): void {
    const segment = this.#segment
    const problem = segment.read(packet)
    if (problem !== undefined) {
      this.ip.counters[problem]++
      return
    }
    // RFC 1122 §4.2.3.10: never to or from a group.
    if (packet.group || segment.source === 0 || this.ip.isGroup(segment.source)) return
    const policy = this.#policies.size > 0 ? this.#policies.get(segment.destinationPort) : undefined
    if (policy === 'drop') return
    if (policy === 'reject') return this.reset(segment)

    const last = this.#lastConnection
    if (last !== undefined && belongsTo(segment, last)) return last.receive(segment)
    const local = this.#ports.get(segment.destinationPort)
    const peer = local?.peers.get(peerKey(segment.source, segment.sourcePort))
    if (peer instanceof TcpConnection) {
      this.#lastConnection = peer
      peer.receive(segment)
    } else if (peer !== undefined) {
      this.#receiveInTimeWait(peer, segment, local?.listener)
    } else if (local?.listener !== undefined) {
      this.#receiveInListen(local.listener, segment)
    } else {
      this.#receiveInClosed(segment)
    }
  }

  icmpError(error: IcmpError): void {
    const peer = this.#ports.get(error.localPort)?.peers.get(peerKey(error.remoteAddress, error.remotePort))
    if (peer instanceof TcpConnection) peer.icmpError(error)
  }

  // ---- As the owner of connections

  established(connection: TcpConnection): void {
    const listener = this.#listeners.get(connection)
    if (listener === undefined) return
    this.#listeners.delete(connection)
    listener.pending--
    connection.setHandlers(listener.accept(connection))
  }

  release(connection: TcpConnection): void {
    const local = this.#ports.get(connection.localPort)
    const key = peerKey(connection.remoteAddress, connection.remotePort)
    if (local === undefined || local.peers.get(key) !== connection) return
    local.peers.delete(key)
    this.#connectionCount--
    this.#forgetHandshake(connection)
    if (this.#lastConnection === connection) this.#lastConnection = undefined
    this.#tidy(connection.localPort, local)
  }

  enterTimeWait(connection: TcpConnection, sndNxt: number, rcvNxt: number, timestamps: Timestamps): void {
    this.release(connection)
    if (this.#timeWaitCount >= MAX_TIME_WAIT) return
    const { localAddress, localPort, remoteAddress, remotePort } = connection
    const addresses = { localAddress, localPort, remoteAddress, remotePort }
    const timeWait: TimeWait = { addresses, sndNxt, rcvNxt, timestamps, expiry: -1 }
    timeWait.expiry = this.sim.post(this.profile.tcp.timeWait, this.#timeWaitOver, timeWait)
    this.#localPort(localPort).peers.set(peerKey(remoteAddress, remotePort), timeWait)
    this.#timeWaitCount++
  }

  /** RFC 9293 §3.10.7.1. */
  reset(segment: Segment): void {
    if ((segment.flags & Flag.rst) !== 0) return
    if ((segment.flags & Flag.ack) !== 0) this.#answer(segment, Flag.rst, segment.ack, 0)
    else this.#answer(segment, Flag.rst | Flag.ack, 0, (segment.seq + segment.length) | 0)
  }

  mayChallenge(): boolean {
    const second = Math.floor(this.sim.now / SECOND)
    if (second !== this.#challengeSecond) {
      this.#challengeSecond = second
      this.#challengesThisSecond = 0
    }
    return this.#challengesThisSecond++ < MAX_CHALLENGES_PER_SECOND
  }

  // ---- Segments without a connection

  #receiveInClosed(segment: Segment): void {
    const isOpening = (segment.flags & (Flag.syn | Flag.ack)) === Flag.syn
    if (isOpening && this.profile.tcp.closedPort === 'silence') return
    this.reset(segment)
  }

  /** RFC 9293 §3.10.7.2. */
  #receiveInListen(listener: Listener, segment: Segment, iss = this.#random.u32()): void {
    const { flags } = segment
    if ((flags & Flag.rst) !== 0) return
    if ((flags & Flag.ack) !== 0) return this.reset(segment)
    if ((flags & Flag.syn) === 0) return
    if (listener.pending >= listener.backlog || this.#connectionCount >= MAX_CONNECTIONS) return
    const connection = this.#add(
      {
        localAddress: segment.destination,
        localPort: segment.destinationPort,
        remoteAddress: segment.source,
        remotePort: segment.sourcePort,
      },
      iss,
    )
    listener.pending++
    this.#listeners.set(connection, listener)
    connection.openPassive(segment)
  }

  #receiveInTimeWait(timeWait: TimeWait, segment: Segment, listener: Listener | undefined): void {
    const { flags } = segment
    if ((flags & Flag.rst) !== 0) {
      // RFC 5961 §3.2: exactly the next number, or it is nobody's.
      if (segment.seq === timeWait.rcvNxt) this.#dropTimeWait(timeWait)
      return
    }
    const { timestamps } = timeWait
    const { now } = this.sim
    const isOld = timestamps.agreed && timestamps.isOld(segment, now)
    // RFC 9293 §3.6.1 and RFC 6191: a new connection may begin if its numbers, or its clock, are beyond the old ones.
    const isOpening = (flags & (Flag.syn | Flag.ack)) === Flag.syn
    const isLater =
      seqDiff(segment.seq, timeWait.rcvNxt) > 0 ||
      (timestamps.agreed && segment.hasTimestamps && seqDiff(segment.tsval, timestamps.recent) > 0)
    if (isOpening && listener !== undefined && isLater && !isOld) {
      this.#dropTimeWait(timeWait)
      this.#receiveInListen(listener, segment, timeWait.sndNxt + REUSE_DISTANCE)
      return
    }
    // Our last ACK was lost and FIN comes again: 2 MSL begin anew.
    if ((flags & Flag.fin) !== 0 && !isOld) {
      this.sim.cancel(timeWait.expiry)
      timeWait.expiry = this.sim.post(this.profile.tcp.timeWait, this.#timeWaitOver, timeWait)
    }
    const isPureAck = segment.length === 0 && segment.seq === timeWait.rcvNxt
    if (!isPureAck) this.#answer(segment, Flag.ack, timeWait.sndNxt, timeWait.rcvNxt, timestamps)
  }

  /** A segment back to where this one came from. */
  #answer(
    segment: Segment,
    flags: number,
    sequenceNumber: number,
    acknowledgmentNumber: number,
    timestamps?: Timestamps,
  ): void {
    const addresses = {
      localAddress: segment.destination,
      localPort: segment.destinationPort,
      remoteAddress: segment.source,
      remotePort: segment.sourcePort,
    }
    const writer = new SegmentWriter(this.ip, addresses, this.profile.dontFragment)
    if (timestamps?.agreed === true) {
      writer.timestamps = true
      writer.tsval = timestamps.value(this.sim.now)
      writer.tsecr = timestamps.recent
    }
    writer.write(flags, sequenceNumber, acknowledgmentNumber, 0)
  }

  // ---- Tables

  #add(addresses: ConnectionAddresses, iss: number): TcpConnection {
    const connection = new TcpConnection(this, addresses, iss, this.#random.u32())
    const { peers } = this.#localPort(addresses.localPort)
    peers.set(peerKey(addresses.remoteAddress, addresses.remotePort), connection)
    this.#connectionCount++
    return connection
  }

  #localPort(port: number): LocalPort {
    let local = this.#ports.get(port)
    if (local === undefined) {
      local = { listener: undefined, peers: new Map() }
      this.#ports.set(port, local)
    }
    return local
  }

  #tidy(port: number, local: LocalPort): void {
    if (local.listener === undefined && local.peers.size === 0) this.#ports.delete(port)
  }

  #forgetHandshake(connection: TcpConnection): void {
    const listener = this.#listeners.get(connection)
    if (listener === undefined) return
    this.#listeners.delete(connection)
    listener.pending--
  }

  #dropTimeWait(timeWait: TimeWait): void {
    const { localPort, remoteAddress, remotePort } = timeWait.addresses
    const local = this.#ports.get(localPort)
    const key = peerKey(remoteAddress, remotePort)
    if (local === undefined || local.peers.get(key) !== timeWait) return
    this.sim.cancel(timeWait.expiry)
    local.peers.delete(key)
    this.#timeWaitCount--
    this.#tidy(localPort, local)
  }
}

/** Two small numbers as one exact one. */
function peerKey(address: number, port: number): number {
  return address * 65_536 + port
}

function belongsTo(segment: Segment, connection: TcpConnection): boolean {
  return (
    segment.sourcePort === connection.remotePort &&
    segment.destinationPort === connection.localPort &&
    segment.source === connection.remoteAddress
  )
}
