/**
 * What a rule that rewrites does to a frame: fields of the IPv4 and UDP or TCP headers, or text of the payload, with all
 * checksums mended, so that receivers take it. What is not IPv4 stays as it is; so does the transport of a fragment.
 */
import { setU16, setU32, u16, u32 } from '../base/bytes.js'
import { internetChecksum, pseudoHeaderSum } from '../wire/checksum.js'
import { EtherType, HEADER_LENGTH } from '../wire/ethernet.js'
import { HEADER_LENGTH as IPV4_HEADER_LENGTH, Protocol } from '../wire/ipv4.js'

export interface Rewriting {
  readonly ttl?: number
  /** uint32. */
  readonly source?: number
  readonly destination?: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  /** Every place where these octets (Latin-1) stand in the payload; both texts have the same length. */
  readonly replace?: { readonly find: string; readonly by: string }
}

const VLAN_TAG_LENGTH = 4

/** A function that changes a frame it may keep. */
export function rewriteFrame(rewriting: Rewriting): (frame: Uint8Array) => Uint8Array {
  return (frame) => {
    const ip = startOfPacket(frame)
    if (ip !== undefined) rewrite(frame, ip, rewriting)
    return frame
  }
}

/** Where the IPv4 header is; undefined when there is none. */
function startOfPacket(frame: Uint8Array): number | undefined {
  let at = HEADER_LENGTH
  while (frame.length >= at + VLAN_TAG_LENGTH && u16(frame, at - 2) === EtherType.vlan) at += VLAN_TAG_LENGTH
  return frame.length >= at + IPV4_HEADER_LENGTH && u16(frame, at - 2) === EtherType.ipv4 ? at : undefined
}

function rewrite(frame: Uint8Array, ip: number, rewriting: Rewriting): void {
  const { ttl, source, destination, sourcePort, destinationPort, replace } = rewriting
  const start = ip + (frame[ip]! & 15) * 4
  const end = Math.min(frame.length, ip + u16(frame, ip + 2))
  if (start < ip + IPV4_HEADER_LENGTH || end < start) return
  if (ttl !== undefined) frame[ip + 8] = ttl
  if (source !== undefined) setU32(frame, ip + 12, source)
  if (destination !== undefined) setU32(frame, ip + 16, destination)
  setU16(frame, ip + 10, 0)
  setU16(frame, ip + 10, internetChecksum(frame, ip, start))
  const protocol = frame[ip + 9]!
  const fragment = (u16(frame, ip + 6) & 0x3fff) !== 0
  const header = protocol === Protocol.udp ? 8 : protocol === Protocol.tcp ? 20 : 0
  if (fragment || header === 0 || end - start < header) return
  if (sourcePort !== undefined) setU16(frame, start, sourcePort)
  if (destinationPort !== undefined) setU16(frame, start + 2, destinationPort)
  if (replace !== undefined) replaceText(frame, start + header, end, replace.find, replace.by)
  const checksum = start + (protocol === Protocol.udp ? 6 : 16)
  // RFC 768: a datagram sent without a checksum stays so.
  if (protocol === Protocol.udp && u16(frame, checksum) === 0) return
  setU16(frame, checksum, 0)
  const sum = pseudoHeaderSum(u32(frame, ip + 12), u32(frame, ip + 16), protocol, end - start)
  const value = internetChecksum(frame, start, end, sum)
  setU16(frame, checksum, protocol === Protocol.udp && value === 0 ? 0xffff : value)
}

function replaceText(frame: Uint8Array, from: number, to: number, find: string, by: string): void {
  for (let at = from; at + find.length <= to; at++) {
    let same = 0
    while (same < find.length && frame[at + same] === find.charCodeAt(same)) same++
    if (same < find.length) continue
    for (let i = 0; i < by.length; i++) frame[at + i] = by.charCodeAt(i)
    at += find.length - 1
  }
}
