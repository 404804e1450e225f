/**
 * Frames that a mirror port delivered twice.
 *
 * A copy has the same IPv4 identification, addresses, length and transport octets as an earlier frame at most a
 * millisecond away; TTL, header checksum, MAC addresses and VLAN tags may differ, because one port can see a packet
 * before and after a router. A sender that repeats itself does so later than that, and under a new identification:
 * where there is one other than 0, copies may be as far apart as the queues of a switch allow
 * (arkime-wireshark-retrans.pcap has four of each, over 6 ms).
 *
 * Under a checksum data counts through it and through the octets at both ends, elsewhere in full. The memory is one
 * slot per hash, so an old frame is forgotten when a new one takes its slot.
 */
import { MILLISECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import type { Dissection } from '../dissect/dissection.js'

/** How far apart copies are at most: with identification 0, which says nothing, and with another. */
const WINDOW_ANONYMOUS: Nanos = MILLISECOND
const WINDOW_IDENTIFIED: Nanos = 20 * MILLISECOND

const SLOTS = 16_384
/** Octets of the data that count when a checksum covers it: at the beginning and at the end. */
const DATA_SAMPLE = 48
const DATA_TAIL = 16

export class CopyDetector {
  readonly #check = new Int32Array(SLOTS)
  readonly #frames = new Float64Array(SLOTS)
  readonly #times = new Float64Array(SLOTS)
  #h1 = 0
  #h2 = 0

  /**
   * The number of the frame that this one repeats, or 0. Asked once per frame, in file order.
   *
   * @param time nanoseconds since the capture began
   */
  original(packet: Dissection, frame: number, time: number): number {
    this.#h1 = 0x811c9dc5 | 0
    this.#h2 = 0x9747b28c | 0
    const { bytes } = packet
    if (packet.network === 'arp') {
      this.#mix(bytes, packet.arp, packet.arp + 28)
    } else if (packet.network === 'ipv4') {
      // Length and identification, flags and fragment offset, then protocol, addresses.
      this.#mix(bytes, packet.ip + 2, packet.ip + 8)
      this.#mix(bytes, packet.ip + 9, packet.ip + 10)
      this.#mix(bytes, packet.ip + 12, packet.ip + 20)
      const { transport, segment, header, data, dataEnd } = packet
      if (transport === 'tcp' || (transport === 'udp' && (segment[header + 6]! | segment[header + 7]!) !== 0)) {
        const head = Math.min(dataEnd, data + DATA_SAMPLE)
        this.#mix(segment, header, head)
        this.#mix(segment, Math.max(head, dataEnd - DATA_TAIL), dataEnd)
      } else {
        this.#mix(bytes, packet.payload, packet.payloadEnd)
      }
    } else {
      return 0
    }
    const slot = (this.#h1 ^ (this.#h1 >>> 15)) & (SLOTS - 1)
    const check = this.#h2
    if (this.#check[slot] === check && this.#frames[slot] !== 0) {
      const apart = Math.abs(time - this.#times[slot]!)
      const isIdentified = packet.network === 'ipv4' && packet.identification !== 0
      if (apart <= (isIdentified ? WINDOW_IDENTIFIED : WINDOW_ANONYMOUS)) return this.#frames[slot]!
    }
    this.#check[slot] = check
    this.#frames[slot] = frame
    this.#times[slot] = time
    return 0
  }

  /** FNV-1a, and a second hash beside it so that two frames are not taken for one by chance. */
  #mix(bytes: Uint8Array, start: number, end: number): void {
    let h1 = this.#h1
    let h2 = this.#h2
    for (let i = start; i < end; i++) {
      const octet = bytes[i]!
      h1 = Math.imul(h1 ^ octet, 0x01000193)
      h2 = Math.imul(h2, 31) + octet + 1
      h2 ^= h2 >>> 13
    }
    this.#h1 = h1
    this.#h2 = h2 | 0
  }
}
