/**
 * From the first octet of a frame to its network header, over every link type that captures of phones come in: Ethernet
 * with any stack of VLAN tags, LLC/SNAP or PPPoE, raw IP, Linux cooked v1 and v2, BSD null and loop.
 *
 * A LinkHeader is filled again for every frame; nothing is allocated. All of it is offsets into the frame's octets.
 */
import { LinkType } from '../../capture/link-types.js'
import { EtherType, HEADER_LENGTH as ETHERNET_HEADER_LENGTH } from '../../wire/ethernet.js'
import * as loopback from '../../wire/null.js'
import * as sll from '../../wire/sll.js'

/** 802.1Q, 802.1ad, and the numbers that vendors used before it. */
export function isVlanTag(etherType: number): boolean {
  return (
    etherType === EtherType.vlan ||
    etherType === EtherType.qinq ||
    etherType === 0x9100 ||
    etherType === 0x9200 ||
    etherType === 0x9300
  )
}

const MAX_TAGS = 16

export type LinkStatus = 'ok' | 'short' | 'unsupported'

export class LinkHeader {
  /** Of the network header; 0 where there is none (LLC without SNAP, an unknown family). */
  etherType = 0
  /** Offset of the network header. */
  offset = 0
  /** Offsets of the MAC addresses, -1 where the link has none. */
  sourceMac = -1
  destinationMac = -1
  /** Innermost VLAN id, -1 when untagged. */
  vlan = -1

  /** Reads the link-layer headers of octets [start, end). */
  read(linkType: number, bytes: Uint8Array, start: number, end: number): LinkStatus {
    this.etherType = 0
    this.offset = start
    this.sourceMac = -1
    this.destinationMac = -1
    this.vlan = -1
    switch (linkType) {
      case LinkType.ethernet:
        if (end - start < ETHERNET_HEADER_LENGTH) return 'short'
        this.destinationMac = start
        this.sourceMac = start + 6
        return this.#tagged(bytes, start + 12, end)
      case LinkType.raw:
      case LinkType.rawBsd:
      case LinkType.rawOpenBsd:
      case LinkType.rawIpv4:
      case LinkType.rawIpv6:
        if (end - start < 1) return 'short'
        this.#byVersion(bytes[start]!)
        return 'ok'
      case LinkType.linuxSll:
        if (end - start < sll.HEADER_LENGTH_V1) return 'short'
        if (bytes[start + 4] === 0 && bytes[start + 5] === 6) this.sourceMac = start + 6
        return this.#tagged(bytes, start + 14, end)
      case LinkType.linuxSll2:
        if (end - start < sll.HEADER_LENGTH_V2) return 'short'
        if (bytes[start + 11] === 6) this.sourceMac = start + 12
        this.offset = start + sll.HEADER_LENGTH_V2
        this.etherType = (bytes[start]! << 8) | bytes[start + 1]!
        return isVlanTag(this.etherType) ? this.#tags(bytes, this.offset, end) : 'ok'
      case LinkType.bsdNull:
      case LinkType.bsdLoop:
        if (end - start < loopback.HEADER_LENGTH) return 'short'
        this.offset = start + loopback.HEADER_LENGTH
        this.#byFamily(bytes, start)
        return 'ok'
      default:
        return 'unsupported'
    }
  }

  /** A type or length field at `at`, and what may follow it. */
  #tagged(bytes: Uint8Array, at: number, end: number): LinkStatus {
    this.etherType = (bytes[at]! << 8) | bytes[at + 1]!
    this.offset = at + 2
    if (isVlanTag(this.etherType)) return this.#tags(bytes, at + 2, end)
    return this.#upper(bytes, end)
  }

  /** VLAN tags, the first tag control field at `at`. */
  #tags(bytes: Uint8Array, at: number, end: number): LinkStatus {
    for (let tags = 0; isVlanTag(this.etherType); tags++) {
      if (end - at < 4 || tags === MAX_TAGS) return 'short'
      this.vlan = ((bytes[at]! & 0x0f) << 8) | bytes[at + 1]!
      this.etherType = (bytes[at + 2]! << 8) | bytes[at + 3]!
      at += 4
      this.offset = at
    }
    return this.#upper(bytes, end)
  }

  /** 802.3 lengths with LLC, and PPPoE sessions (RFC 2516). */
  #upper(bytes: Uint8Array, end: number): LinkStatus {
    const at = this.offset
    if (this.etherType < 0x0600) {
      this.etherType = 0
      // LLC with SNAP and the organisation code of plain EtherTypes (RFC 1042).
      if (
        end - at >= 8 &&
        bytes[at] === 0xaa &&
        bytes[at + 1] === 0xaa &&
        bytes[at + 2] === 3 &&
        (bytes[at + 3]! | bytes[at + 4]! | bytes[at + 5]!) === 0
      ) {
        this.etherType = (bytes[at + 6]! << 8) | bytes[at + 7]!
        this.offset = at + 8
      }
    } else if (this.etherType === EtherType.pppoeSession) {
      if (end - at < 8) return 'short'
      const protocol = (bytes[at + 6]! << 8) | bytes[at + 7]!
      this.etherType = protocol === 0x0021 ? EtherType.ipv4 : protocol === 0x0057 ? EtherType.ipv6 : 0
      this.offset = at + 8
    }
    return 'ok'
  }

  #byVersion(first: number): void {
    const version = first >>> 4
    this.etherType = version === 4 ? EtherType.ipv4 : version === 6 ? EtherType.ipv6 : 0
  }

  /** The address family, in the byte order of the machine that captured (null) or of the network (loop). */
  #byFamily(bytes: Uint8Array, start: number): void {
    const family = bytes[start] === 0 && bytes[start + 1] === 0 ? bytes[start + 3]! : bytes[start]!
    this.etherType = loopback.etherTypeOf(family) ?? 0
  }
}
