/**
 * Which frames can matter, decided without allocating. Customers' captures are gigabytes of RTP with a few boots
 * inside: only what passes here is dissected.
 *
 * The sieve must never change a verdict. It passes everything that the streams layer would act on, by the same
 * announcements and the same httpStart, and whatever is malformed, so that it is counted. What it holds back is
 * well-formed IPv6, unicast of other protocols, UDP on ports of no interest, and TCP segments of flows that nobody
 * follows and that do not begin like HTTP.
 *
 * A TCP flow on an unknown port is followed from its SYN (so that handshakes and their timeouts are known on any port)
 * until its first data shows that it is not HTTP; the streams layer then drops it from the announcements. A flow whose
 * SYN was not captured is taken up at a segment that begins like HTTP.
 */
import type { FrameRecord } from '../../capture/capture-reader.js'
import { LinkType } from '../../capture/link-types.js'
import { EtherType } from '../../wire/ethernet.js'
import { Protocol } from '../../wire/ipv4.js'
import { Flag } from '../../wire/tcp.js'
import type { Announcements } from './announcements.js'
import { httpStart } from './http-start.js'
import { LinkHeader } from './link-header.js'

export class Sieve {
  readonly #announcements: Announcements
  readonly #link = new LinkHeader()

  constructor(announcements: Announcements) {
    this.#announcements = announcements
  }

  /** True when the frame must be looked at. */
  keep(record: FrameRecord): boolean {
    const { bytes, start, end } = record
    // Nearly all frames: Ethernet without tags.
    if (
      record.linkType === LinkType.ethernet &&
      end - start >= 34 &&
      bytes[start + 12] === EtherType.ipv4 >>> 8 &&
      bytes[start + 13] === (EtherType.ipv4 & 0xff)
    ) {
      return this.#keepIpv4(bytes, start + 14, end, end - start < record.originalLength)
    }
    const link = this.#link
    if (link.read(record.linkType, bytes, start, end) !== 'ok') return true
    switch (link.etherType) {
      case EtherType.ipv4:
        return this.#keepIpv4(bytes, link.offset, end, end - start < record.originalLength)
      case EtherType.arp:
      case EtherType.eapol:
      case EtherType.lldp:
        return true
      default:
        return false
    }
  }

  #keepIpv4(bytes: Uint8Array, at: number, end: number, cut: boolean): boolean {
    if (end - at < 20) return true
    const first = bytes[at]!
    const headerLength = (first & 0x0f) << 2
    if (first >>> 4 !== 4 || headerLength < 20 || headerLength > end - at) return true
    // 0 is what segmentation offload leaves (dissect/dissection.ts).
    const totalLength = (bytes[at + 2]! << 8) | bytes[at + 3]! || end - at
    if (totalLength < headerLength || (!cut && totalLength > end - at)) return true
    // A fragment: more to come, or not the first.
    if (((bytes[at + 6]! & 0x3f) | bytes[at + 7]!) !== 0) return true
    const payload = at + headerLength
    const payloadEnd = Math.min(end, at + totalLength)
    switch (bytes[at + 9]) {
      case Protocol.udp:
        return this.#keepUdp(bytes, at, payload, payloadEnd, totalLength - headerLength)
      case Protocol.tcp:
        return this.#keepTcp(bytes, at, payload, payloadEnd, totalLength - headerLength)
      case Protocol.icmp:
        return true
      default:
        return false
    }
  }

  #keepUdp(bytes: Uint8Array, ip: number, at: number, end: number, ipLength: number): boolean {
    if (end - at < 8) return true
    const length = (bytes[at + 4]! << 8) | bytes[at + 5]!
    if (length < 8 ? length !== 0 : length > ipLength) return true
    return this.#announcements.isUdpOfInterest(
      u32(bytes, ip + 12),
      (bytes[at]! << 8) | bytes[at + 1]!,
      u32(bytes, ip + 16),
      (bytes[at + 2]! << 8) | bytes[at + 3]!,
    )
  }

  #keepTcp(bytes: Uint8Array, ip: number, at: number, end: number, ipLength: number): boolean {
    if (end - at < 20) return true
    const dataOffset = (bytes[at + 12]! >>> 4) << 2
    if (dataOffset < 20 || dataOffset > ipLength) return true
    if ((bytes[at + 13]! & Flag.syn) !== 0) return true
    const sourcePort = (bytes[at]! << 8) | bytes[at + 1]!
    const destinationPort = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const announcements = this.#announcements
    if (announcements.isFileServerPort(sourcePort) || announcements.isFileServerPort(destinationPort)) return true
    if (announcements.tcpFlows.has(u32(bytes, ip + 12), sourcePort, u32(bytes, ip + 16), destinationPort)) return true
    return at + dataOffset < end && httpStart(bytes, at + dataOffset, end) !== undefined
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
