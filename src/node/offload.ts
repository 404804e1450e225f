/**
 * What an interface's offload leaves undone. A packet socket that asks for struct virtio_net_hdr (Linux, virtio_net.h; OASIS
 * virtio 1.2 §5.1.6) is told of each packet whether its checksum is still to be finished, and whether it is one large
 * piece that the sender's card would have cut, or that the receiver's driver put together. Here it becomes the frames that
 * are, or would be, on the wire.
 *
 * Not here: TCP over IPv6 and UDP in one piece, which count as unusable.
 */
import { internetChecksum, pseudoHeaderSum } from '../wire/checksum.js'

/** Of struct virtio_net_hdr. */
export const OFFLOAD_HEADER_LENGTH = 10
const NEEDS_CHECKSUM = 1
const GSO_NONE = 0
const GSO_TCPV4 = 1
/** May stand beside the type: congestion notification was negotiated. */
const GSO_ECN = 0x80

const ETHERNET_ADDRESSES = 12
const TCP = 6
const FLAGS = 13
const FIN_AND_PSH = 0x09
const CWR = 0x80

/**
 * The frames that a packet stands for, checksums right. The packet itself, mended in place, when it is one.
 *
 * @param header the ten octets of virtio_net_hdr
 * @returns undefined for a packet that cannot be taken apart
 */
export function undoOffload(header: DataView, packet: Uint8Array): readonly Uint8Array[] | undefined {
  const flags = header.getUint8(0)
  const type = header.getUint8(1) & ~GSO_ECN
  if (type === GSO_TCPV4) return cutSegments(packet, header.getUint16(4, true))
  if (type !== GSO_NONE) return undefined
  if ((flags & NEEDS_CHECKSUM) !== 0) {
    const start = header.getUint16(6, true)
    const at = start + header.getUint16(8, true)
    if (at + 2 > packet.length) return undefined
    // The field holds the sum of the pseudo header, so the sum over all is the checksum.
    const sum = internetChecksum(packet, start, packet.length)
    // RFC 768: a UDP checksum that comes out as zero is sent as all ones.
    setUint16(packet, at, sum === 0 && at - start === 6 ? 0xffff : sum)
  }
  return [packet]
}

/** One large TCP segment as those of `size` octets of payload that a card would make of it. */
function cutSegments(packet: Uint8Array, size: number): readonly Uint8Array[] | undefined {
  let ip = ETHERNET_ADDRESSES
  while (packet[ip] === 0x81 && packet[ip + 1] === 0x00) ip += 4
  if (packet[ip] !== 0x08 || packet[ip + 1] !== 0x00) return undefined
  ip += 2
  const headerLength = (packet[ip]! & 0x0f) * 4
  const tcp = ip + headerLength
  if (size === 0 || tcp + 20 > packet.length || headerLength < 20 || packet[ip + 9] !== TCP) return undefined
  const payload = tcp + (packet[tcp + 12]! >> 4) * 4
  const end = ip + uint16(packet, ip + 2)
  // A piece of 64 KiB and more says 0 for its length.
  const stop = end > payload && end <= packet.length ? end : packet.length
  if (payload > stop) return undefined
  const identification = uint16(packet, ip + 4)
  const sequence = uint32(packet, tcp + 4)
  const flags = packet[tcp + FLAGS]!
  const frames: Uint8Array[] = []
  for (let from = payload, index = 0; from < stop || index === 0; from += size, index++) {
    const to = Math.min(from + size, stop)
    const frame = new Uint8Array(payload + (to - from))
    frame.set(packet.subarray(0, payload))
    frame.set(packet.subarray(from, to), payload)
    setUint16(frame, ip + 2, frame.length - ip)
    setUint16(frame, ip + 4, (identification + index) & 0xffff)
    setUint32(frame, tcp + 4, (sequence + (from - payload)) >>> 0)
    let own = flags
    if (to < stop) own &= ~FIN_AND_PSH
    if (index > 0) own &= ~CWR
    frame[tcp + FLAGS] = own
    setUint16(frame, ip + 10, 0)
    setUint16(frame, ip + 10, internetChecksum(frame, ip, tcp))
    setUint16(frame, tcp + 16, 0)
    const pseudo = pseudoHeaderSum(uint32(frame, ip + 12), uint32(frame, ip + 16), TCP, frame.length - tcp)
    setUint16(frame, tcp + 16, internetChecksum(frame, tcp, frame.length, pseudo))
    frames.push(frame)
  }
  return frames
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function setUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
