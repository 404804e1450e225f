/**
 * IPv4 fragments back into packets: RFC 791 §3.2 with the rules of RFC 5722 carried over (a packet whose fragments
 * overlap is dropped, except for exact duplicates).
 */
import { SECOND, type Nanos } from '../../base/time.js'

/** Packets in the making at once; the oldest makes room. */
const MAX_PACKETS = 64
/** RFC 1122 §3.3.2 allows 60 to 120 s; Linux takes 30. */
const LIFETIME: Nanos = 30 * SECOND
const MAX_PAYLOAD = 65_515

interface Packet {
  readonly started: Nanos
  readonly pieces: { readonly offset: number; readonly octets: Uint8Array }[]
  /** Known once the last fragment has come. */
  total: number | undefined
  held: number
}

export class Fragments {
  readonly #packets = new Map<string, Packet>()

  /**
   * @param key source, destination, protocol and identification
   * @param offset octets
   * @returns the whole payload when this was the last piece that was missing
   */
  add(key: string, offset: number, octets: Uint8Array, more: boolean, now: Nanos): Uint8Array | undefined {
    let packet = this.#packets.get(key)
    if (packet !== undefined && now - packet.started > LIFETIME) {
      this.#packets.delete(key)
      packet = undefined
    }
    if (packet === undefined) {
      if (this.#packets.size >= MAX_PACKETS) {
        for (const oldest of this.#packets.keys()) {
          this.#packets.delete(oldest)
          break
        }
      }
      packet = { started: now, pieces: [], total: undefined, held: 0 }
      this.#packets.set(key, packet)
    }
    const end = offset + octets.length
    const bad =
      end > MAX_PAYLOAD ||
      (more && (octets.length === 0 || octets.length % 8 !== 0)) ||
      (packet.total !== undefined && (end > packet.total || (!more && end !== packet.total)))
    if (bad) {
      this.#packets.delete(key)
      return undefined
    }
    let place = packet.pieces.length
    while (place > 0 && packet.pieces[place - 1]!.offset >= offset) place--
    const before = packet.pieces[place - 1]
    const after = packet.pieces[place]
    if (after !== undefined && after.offset === offset && after.octets.length === octets.length) return undefined
    if ((before !== undefined && before.offset + before.octets.length > offset) || (after && after.offset < end)) {
      this.#packets.delete(key)
      return undefined
    }
    packet.pieces.splice(place, 0, { offset, octets })
    packet.held += octets.length
    if (!more) packet.total = end
    if (packet.total === undefined || packet.held < packet.total) return undefined
    this.#packets.delete(key)
    const whole = new Uint8Array(packet.total)
    for (const piece of packet.pieces) {
      if (piece.offset + piece.octets.length > packet.total) return undefined
      whole.set(piece.octets, piece.offset)
    }
    return whole
  }
}
