/**
 * One frame -> its layers, as numbers and offsets in one object that is filled again for every frame.
 *
 * Stateless, and it never throws: what cannot be read leaves the layers above it empty and is named in `anomaly`. A
 * frame cut by the snap length is not malformed; lengths are then what the headers state, ends what was captured.
 *
 * IPv6 is recognised and left alone. Fragments have no transport layer here: the streams layer joins them and comes
 * back with readTransport().
 */
import { u16, u32 } from '../../base/bytes.js'
import type { FrameRecord } from '../../capture/capture-reader.js'
import { EtherType } from '../../wire/ethernet.js'
import { Protocol } from '../../wire/ipv4.js'
import { LinkHeader } from '../sieve/link-header.js'

/** What is wrong with a frame, named where it is seen. */
export type Anomaly =
  | 'link-header-short'
  | 'arp-short'
  | 'ipv4-header'
  | 'ipv4-length'
  | 'udp-short'
  | 'udp-length'
  | 'tcp-short'
  | 'tcp-data-offset'
  | 'icmp-short'

export type NetworkLayer = 'none' | 'arp' | 'ipv4' | 'other'
export type TransportLayer = 'none' | 'udp' | 'tcp' | 'icmp' | 'other'

const NO_BYTES = new Uint8Array(0)

export class Dissection {
  anomaly: Anomaly | undefined = undefined
  /** Fewer octets captured than were on the wire. */
  cut = false
  readonly link = new LinkHeader()
  network: NetworkLayer = 'none'
  transport: TransportLayer = 'none'

  /** The octets that `link` and the IPv4 or ARP offsets index: the reader's own, valid until the next frame. */
  bytes: Uint8Array = NO_BYTES

  // ARP: offset of the whole message, which is for IPv4 over Ethernet.
  arp = 0

  // IPv4
  ip = 0
  identification = 0
  ttl = 0
  protocol = 0
  /** Unsigned, as all addresses here. */
  source = 0
  destination = 0
  moreFragments = false
  /** Octets. */
  fragmentOffset = 0
  /** Of the IPv4 payload: where it begins, where the captured part ends, how long it is by the header. */
  payload = 0
  payloadEnd = 0
  payloadLength = 0

  // UDP, TCP and ICMP. `data*` index `segment`, which is `bytes` or a reassembled datagram.
  segment: Uint8Array = NO_BYTES
  /** Offset of the transport header. */
  header = 0
  sourcePort = 0
  destinationPort = 0
  sequenceNumber = 0
  acknowledgmentNumber = 0
  flags = 0
  /** As sent, not scaled. */
  window = 0
  /** Of UDP and TCP payload, or what follows the eight octets of an ICMP header. */
  data = 0
  dataEnd = 0
  /** By the headers; more than was captured when the frame is cut. */
  dataLength = 0

  isFragment(): boolean {
    return this.moreFragments || this.fragmentOffset > 0
  }

  /** Fills in everything from one frame. */
  read(record: FrameRecord): void {
    const { bytes, start, end } = record
    this.anomaly = undefined
    this.cut = end - start < record.originalLength
    this.network = 'none'
    this.transport = 'none'
    this.bytes = bytes
    const link = this.link
    const status = link.read(record.linkType, bytes, start, end)
    if (status !== 'ok') {
      if (status === 'short' && !this.cut) this.anomaly = 'link-header-short'
      return
    }
    switch (link.etherType) {
      case EtherType.ipv4:
        this.#readIpv4(bytes, link.offset, end)
        break
      case EtherType.arp:
        this.#readArp(bytes, link.offset, end)
        break
      case 0:
        break
      default:
        this.network = 'other'
    }
  }

  #short(anomaly: Anomaly): void {
    if (!this.cut) this.anomaly = anomaly
  }

  #readArp(bytes: Uint8Array, at: number, end: number): void {
    if (end - at < 8) return this.#short('arp-short')
    // Hardware type 1 (6 octets), protocol type 0x0800 (4 octets): RFC 826. Others are none of ours.
    const isIpv4OverEthernet =
      u16(bytes, at) === 1 && u16(bytes, at + 2) === EtherType.ipv4 && bytes[at + 4] === 6 && bytes[at + 5] === 4
    if (!isIpv4OverEthernet) {
      this.network = 'other'
      return
    }
    if (end - at < 28) return this.#short('arp-short')
    this.network = 'arp'
    this.arp = at
  }

  #readIpv4(bytes: Uint8Array, at: number, end: number): void {
    if (end - at < 20) return this.#short('ipv4-header')
    const first = bytes[at]!
    const headerLength = (first & 0x0f) << 2
    if (first >>> 4 !== 4 || headerLength < 20) {
      this.anomaly = 'ipv4-header'
      return
    }
    if (headerLength > end - at) return this.#short('ipv4-header')
    // Total length 0: a packet captured before the network card cut it into segments. It is as long as the frame.
    const totalLength = u16(bytes, at + 2) || end - at
    if (totalLength < headerLength) {
      this.anomaly = 'ipv4-length'
      return
    }
    // Longer than the frame: what is there is still worth reading.
    if (totalLength > end - at) this.#short('ipv4-length')
    this.network = 'ipv4'
    this.ip = at
    this.identification = u16(bytes, at + 4)
    this.moreFragments = (bytes[at + 6]! & 0x20) !== 0
    this.fragmentOffset = (u16(bytes, at + 6) & 0x1fff) << 3
    this.ttl = bytes[at + 8]!
    this.protocol = bytes[at + 9]!
    this.source = u32(bytes, at + 12)
    this.destination = u32(bytes, at + 16)
    this.payload = at + headerLength
    this.payloadEnd = Math.min(end, at + totalLength)
    this.payloadLength = totalLength - headerLength
    if (!this.isFragment()) this.readTransport(bytes, this.payload, this.payloadEnd, this.payloadLength)
  }

  /**
   * Reads the transport header of `protocol` from octets [start, end), which should have been `length`. For the payload
   * of a frame, and for a datagram joined from fragments.
   */
  readTransport(bytes: Uint8Array, start: number, end: number, length: number): void {
    this.segment = bytes
    this.header = start
    switch (this.protocol) {
      case Protocol.udp:
        return this.#readUdp(bytes, start, end, length)
      case Protocol.tcp:
        return this.#readTcp(bytes, start, end, length)
      case Protocol.icmp:
        if (end - start < 8) return this.#short('icmp-short')
        this.transport = 'icmp'
        this.#setData(start + 8, end, length - 8)
        return
      default:
        this.transport = 'other'
    }
  }

  #readUdp(bytes: Uint8Array, at: number, end: number, ipLength: number): void {
    if (end - at < 8) return this.#short('udp-short')
    // 0 as in jumbograms (RFC 2675) and after segmentation offload: up to the end of the datagram.
    const length = u16(bytes, at + 4) || ipLength
    if (length < 8) {
      this.anomaly = 'udp-length'
      return
    }
    if (length > ipLength) this.anomaly ??= 'udp-length'
    this.transport = 'udp'
    this.sourcePort = u16(bytes, at)
    this.destinationPort = u16(bytes, at + 2)
    this.#setData(at + 8, Math.min(end, at + length), length - 8)
  }

  #readTcp(bytes: Uint8Array, at: number, end: number, ipLength: number): void {
    if (end - at < 20) return this.#short('tcp-short')
    const dataOffset = (bytes[at + 12]! >>> 4) << 2
    if (dataOffset < 20 || dataOffset > ipLength) {
      this.anomaly = 'tcp-data-offset'
      return
    }
    this.transport = 'tcp'
    this.sourcePort = u16(bytes, at)
    this.destinationPort = u16(bytes, at + 2)
    this.sequenceNumber = u32(bytes, at + 4)
    this.acknowledgmentNumber = u32(bytes, at + 8)
    this.flags = bytes[at + 13]!
    this.window = u16(bytes, at + 14)
    this.#setData(Math.min(end, at + dataOffset), end, ipLength - dataOffset)
  }

  #setData(start: number, end: number, length: number): void {
    this.data = start
    this.dataEnd = Math.max(start, end)
    this.dataLength = length
  }
}
