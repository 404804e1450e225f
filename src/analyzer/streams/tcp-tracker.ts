/**
 * TCP connections of a capture.
 *
 * A connection begins with a SYN on any port; with any segment on a port of file servers; elsewhere with a segment that
 * begins like HTTP. One on another port whose first data turns out not to be HTTP is dropped, from the observations and
 * from what the sieve lets pass. A SYN with another initial sequence number opens another connection on the same ports.
 */
import { formatAddress } from '../../wire/ipv4.js'
import { Flag } from '../../wire/tcp.js'
import type { Dissection } from '../dissect/dissection.js'
import type { Announcements } from '../sieve/announcements.js'
import { httpStart } from '../sieve/http-start.js'
import { MAX_OPEN_TCP_CONNECTIONS, MAX_TCP_CONNECTIONS } from './limits.js'
import type { Mutable } from './mutable.js'
import type { Frame, IcmpErrorObservation, LinkInfo, TcpConnection } from './observations.js'
import { TcpFlow } from './tcp-flow.js'
import type { TcpContext } from './tcp-flow.js'

export class TcpTracker {
  readonly #announcements: Announcements<TcpFlow>
  readonly #context: TcpContext
  /** In the order of their first frames. */
  readonly #connections = new Set<Mutable<TcpConnection>>()
  /** Ended connections that were accepted and carried no HTTP, such as those to web sites by TLS; oldest first. */
  readonly #dull = new Set<Mutable<TcpConnection>>()
  /** Those of `announcements.tcpFlows`, oldest first, with the key to find them by. */
  readonly #open = new Map<TcpFlow, { a: number; aPort: number; b: number; bPort: number }>()

  constructor(announcements: Announcements<TcpFlow>, context: TcpContext) {
    this.#announcements = announcements
    this.#context = context
  }

  /** A segment that is no mirror-port double. `frame` and `link` are made only when the segment is of interest. */
  segment(packet: Dissection, frame: () => Frame, link: () => LinkInfo): void {
    const { source, sourcePort, destination, destinationPort, flags } = packet
    const flows = this.#announcements.tcpFlows
    const isSyn = (flags & Flag.syn) !== 0
    let flow = flows.get(source, sourcePort, destination, destinationPort)
    if (flow && isSyn && !flow.isSame(packet)) {
      this.#close(flow)
      flow = undefined
    }
    if (!flow) {
      if (!this.isOfInterest(packet)) return
      flow = this.#start(packet, frame(), link())
      if (!flow) return
    }
    flow.segment(packet, frame())
    if (flow.isForeign && !this.#isFileServer(packet)) {
      this.#connections.delete(flow.connection)
      this.#close(flow)
    }
  }

  #isFileServer(packet: Dissection): boolean {
    const announcements = this.#announcements
    return announcements.isFileServerPort(packet.sourcePort) || announcements.isFileServerPort(packet.destinationPort)
  }

  /** Belongs to a connection that is followed, or begins one. The sieve asks the same. */
  isOfInterest(packet: Dissection): boolean {
    const { source, sourcePort, destination, destinationPort } = packet
    return (
      (packet.flags & Flag.syn) !== 0 ||
      this.#isFileServer(packet) ||
      this.#announcements.tcpFlows.has(source, sourcePort, destination, destinationPort) ||
      httpStart(packet.segment, packet.data, packet.dataEnd) !== undefined
    )
  }

  #start(packet: Dissection, frame: Frame, link: LinkInfo): TcpFlow | undefined {
    if (this.#connections.size >= MAX_TCP_CONNECTIONS && !this.#makeRoom()) return undefined
    const { source, sourcePort, destination, destinationPort } = packet
    const fromClient = this.#isFromClient(packet)
    const sender = { address: formatAddress(source), port: sourcePort }
    const receiver = { address: formatAddress(destination), port: destinationPort }
    const clientLink = fromClient
      ? link
      : { sourceMac: link.destinationMac, destinationMac: link.sourceMac, vlan: link.vlan }
    const flow = fromClient
      ? new TcpFlow(packet, true, sender, receiver, clientLink, frame, this.#context)
      : new TcpFlow(packet, false, receiver, sender, clientLink, frame, this.#context)
    this.#connections.add(flow.connection)
    this.#announcements.tcpFlows.set(source, sourcePort, destination, destinationPort, flow)
    this.#open.set(flow, { a: source, aPort: sourcePort, b: destination, bPort: destinationPort })
    if (this.#open.size > MAX_OPEN_TCP_CONNECTIONS) this.#evict()
    return flow
  }

  #isFromClient(packet: Dissection): boolean {
    if ((packet.flags & Flag.syn) !== 0) return (packet.flags & Flag.ack) === 0
    const start = httpStart(packet.segment, packet.data, packet.dataEnd)
    if (start !== undefined) return start === 'request'
    const announcements = this.#announcements
    const toFileServer = announcements.isFileServerPort(packet.destinationPort)
    const fromFileServer = announcements.isFileServerPort(packet.sourcePort)
    if (toFileServer !== fromFileServer) return toFileServer
    return packet.sourcePort > packet.destinationPort
  }

  /** Gives up the oldest of the connections that tell least. False when there is none. */
  #makeRoom(): boolean {
    this.#context.limits.reached('tcp-connections')
    for (const connection of this.#dull) {
      this.#dull.delete(connection)
      this.#connections.delete(connection)
      return true
    }
    return false
  }

  #evict(): void {
    this.#context.limits.reached('open-tcp-connections')
    for (const flow of this.#open.keys()) return this.#close(flow)
  }

  #close(flow: TcpFlow): void {
    flow.end()
    const { connection } = flow
    const isDull = connection.established && connection.exchanges.length === 0
    if (isDull && this.#connections.has(connection)) this.#dull.add(connection)
    const key = this.#open.get(flow)
    if (key) this.#announcements.tcpFlows.delete(key.a, key.aPort, key.b, key.bPort)
    this.#open.delete(flow)
  }

  /** An ICMP error that quotes a segment between these endpoints. */
  icmpError(
    source: number,
    sourcePort: number,
    destination: number,
    destinationPort: number,
    error: IcmpErrorObservation,
  ): void {
    const flow = this.#announcements.tcpFlows.get(source, sourcePort, destination, destinationPort)
    if (flow) this.#context.limits.addEvidence(flow.connection.icmpErrors, error)
  }

  end(): readonly TcpConnection[] {
    for (const flow of this.#open.keys()) this.#close(flow)
    return [...this.#connections]
  }
}
