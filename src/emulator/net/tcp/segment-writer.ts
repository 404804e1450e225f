/**
 * Segments of one connection as frames: headers, payload gathered from the send queue, checksums, and the next hop,
 * looked up again when the routes have changed.
 */
import { Protocol } from '../../../wire/ipv4.js'
import { encodeHeaderInto, fillChecksum, HEADER_LENGTH, headerLength, type TcpOption } from '../../../wire/tcp.js'
import type { Neighbour } from '../arp.js'
import type { Ipv4 } from '../ipv4.js'
import type { SendQueue } from './send-queue.js'

export interface ConnectionAddresses {
  readonly localAddress: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
}

export class SegmentWriter {
  readonly #ip: Ipv4
  readonly #addresses: ConnectionAddresses
  readonly #dontFragment: boolean
  #hop: Pick<Neighbour, 'transmit'> | undefined
  #hopGeneration = -1
  // One mutable header, so that sending makes none.
  readonly #header

  constructor(ip: Ipv4, addresses: ConnectionAddresses, dontFragment: boolean) {
    this.#ip = ip
    this.#addresses = addresses
    this.#dontFragment = dontFragment
    this.#header = {
      sourcePort: addresses.localPort,
      destinationPort: addresses.remotePort,
      sequenceNumber: 0,
      acknowledgmentNumber: 0,
      flags: 0,
      window: 0,
    }
  }

  get hasRoute(): boolean {
    return this.#nextHop() !== undefined
  }

  /**
   * Sends `length` octets of the queue from `offset`, or none. Without a route it only counts.
   *
   * @param sequenceNumber int32 or uint32, as acknowledgmentNumber
   * @param options of a SYN
   */
  write(
    flags: number,
    sequenceNumber: number,
    acknowledgmentNumber: number,
    window: number,
    options?: readonly TcpOption[],
    queue?: SendQueue,
    offset = 0,
    length = 0,
  ): void {
    const ip = this.#ip
    const hop = this.#nextHop()
    if (hop === undefined) {
      ip.counters.unreachable++
      return
    }
    const { localAddress, remoteAddress } = this.#addresses
    const header = this.#header
    header.sequenceNumber = sequenceNumber
    header.acknowledgmentNumber = acknowledgmentNumber
    header.flags = flags
    header.window = window
    const total = (options === undefined ? HEADER_LENGTH : headerLength(options)) + length
    const frame = ip.allocate(Protocol.tcp, localAddress, remoteAddress, total, this.#dontFragment)
    const start = ip.payloadOffset
    const end = start + total
    encodeHeaderInto(frame, start, options === undefined ? header : { ...header, options })
    if (length > 0) queue?.copyTo(frame, end - length, offset, length)
    fillChecksum(frame, start, end, localAddress, remoteAddress)
    hop.transmit(frame)
  }

  #nextHop(): Pick<Neighbour, 'transmit'> | undefined {
    if (this.#hopGeneration !== this.#ip.routeGeneration) {
      this.#hop = this.#ip.nextHop(this.#addresses.remoteAddress)
      this.#hopGeneration = this.#ip.routeGeneration
    }
    return this.#hop
  }
}
