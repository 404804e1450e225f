/**
 * Segments of one connection as frames: headers, options, payload gathered from the send queue, checksums, and the next
 * hop, looked up again when the routes have changed.
 *
 * Timestamps and SACK blocks are written octet by octet: they are in nearly every segment, and objects for them would
 * cost more than the rest of the header.
 */
import { internetChecksum, pseudoHeaderSum } from '../../../wire/checksum.js'
import { Protocol } from '../../../wire/ipv4.js'
import { encodeHeaderInto, HEADER_LENGTH, headerLength, OptionKind, type TcpOption } from '../../../wire/tcp.js'
import type { Neighbour } from '../arp.js'
import type { Ipv4 } from '../ipv4.js'
import { TIMESTAMPS_LENGTH } from './options.js'
import { MAX_SACK_BLOCKS, TIMESTAMPS_HEAD } from './segment.js'
import type { SendQueue } from './send-queue.js'

export interface ConnectionAddresses {
  readonly localAddress: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
}

export class SegmentWriter {
  /** Every segment but a SYN carries `tsval` and `tsecr`. */
  timestamps = false
  tsval = 0
  tsecr = 0
  /** Blocks the next segment carries, edges in `sackEdges`; none after it. */
  sackBlocks = 0
  readonly sackEdges = new Int32Array(2 * MAX_SACK_BLOCKS)
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
    const { sackBlocks } = this
    this.sackBlocks = 0
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
    const headerOctets =
      options !== undefined
        ? headerLength(options)
        : HEADER_LENGTH + (this.timestamps ? TIMESTAMPS_LENGTH : 0) + (sackBlocks > 0 ? 4 + 8 * sackBlocks : 0)
    const total = headerOctets + length
    const frame = ip.allocate(Protocol.tcp, localAddress, remoteAddress, total, this.#dontFragment)
    const start = ip.payloadOffset
    const end = start + total
    encodeHeaderInto(frame, start, options === undefined ? header : { ...header, options })
    if (options === undefined && headerOctets > HEADER_LENGTH) {
      frame[start + 12] = headerOctets << 2
      this.#writeOptions(frame, start + HEADER_LENGTH, sackBlocks)
    }
    if (length > 0) queue?.copyTo(frame, end - length, offset, length)
    // encodeHeaderInto has left the checksum zero.
    const sum = pseudoHeaderSum(localAddress, remoteAddress, Protocol.tcp, total)
    const checksum = internetChecksum(frame, start, end, sum)
    frame[start + 16] = checksum >>> 8
    frame[start + 17] = checksum
    hop.transmit(frame)
  }

  /** RFC 7323 appendix A, then SACK, each after two no-operations. */
  #writeOptions(frame: Uint8Array, start: number, sackBlocks: number): void {
    let at = start
    if (this.timestamps) {
      writeI32(frame, at, TIMESTAMPS_HEAD)
      writeI32(frame, at + 4, this.tsval)
      writeI32(frame, at + 8, this.tsecr)
      at += TIMESTAMPS_LENGTH
    }
    if (sackBlocks === 0) return
    frame[at] = OptionKind.noOperation
    frame[at + 1] = OptionKind.noOperation
    frame[at + 2] = OptionKind.sack
    frame[at + 3] = 2 + 8 * sackBlocks
    for (let i = 0; i < 2 * sackBlocks; i++) writeI32(frame, at + 4 + 4 * i, this.sackEdges[i]!)
  }

  #nextHop(): Pick<Neighbour, 'transmit'> | undefined {
    if (this.#hopGeneration !== this.#ip.routeGeneration) {
      this.#hop = this.#ip.nextHop(this.#addresses.remoteAddress)
      this.#hopGeneration = this.#ip.routeGeneration
    }
    return this.#hop
  }
}

function writeI32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
