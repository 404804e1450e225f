/**
 * Who on a switch cares about a broadcast: what each host listens to, by what stands in the frame.
 *
 * A broadcast in a LAN of ten thousand phones is ten thousand deliveries of which one or two change anything; that is most
 * of what a boot after a power cut costs. So hosts say beforehand what concerns them, as network interfaces and kernels do
 * with their filters, and the switch looks it up. Naming too many is harmless: whoever is named gets the frame and judges
 * for himself. Naming too few would change the run, so everything that is not plain (a checksum that is wrong, a fragment,
 * a tag, a protocol that is not listed here) concerns everybody.
 */
import { u32 } from '../../base/bytes.js'
import * as arp from '../../wire/arp.js'
import { internetChecksum, pseudoHeaderSum } from '../../wire/checksum.js'
import { EtherType, HEADER_LENGTH } from '../../wire/ethernet.js'
import * as ipv4 from '../../wire/ipv4.js'
import * as udp from '../../wire/udp.js'

/** What a host listens to. */
export type Topic =
  /** Frames to its MAC address, as macKey() has it. */
  | 'mac'
  /** ARP requests for its address. */
  | 'address'
  /** ARP of an address that it has an entry for. */
  | 'neighbour'
  /** ARP of or for an address that it asks about. */
  | 'question'
  /** Datagrams to a port. */
  | 'port'
  /** Datagrams to a port with a certain word at WORD_AT, as wordKey() has it. */
  | 'word'

/** Where in a datagram's payload the word stands that may be filtered by: DHCP's transaction number. */
export const WORD_AT = 4

/** Told by a host whenever it changes. */
export interface Interests {
  add(topic: Topic, key: number): void
  remove(topic: Topic, key: number): void
  /** Whether it can still be told by topics has changed. */
  changed(): void
  /** Brings the host's counters up to date. */
  settle(): void
}

/** A node that can say what it listens to. */
export interface FloodListener {
  /** False while it listens to everything, or to frames that the index does not read. */
  readonly isSelective: boolean
  /** Says all it listens to now, and changes as they come. Undefined: nobody asks any more. */
  tellInterests(interests: Interests | undefined): void
  /** Frames that it would have received and thrown away: of them so many for another MAC. */
  countSkipped(frames: number, notForUs: number): void
}

export function macKey(bytes: Uint8Array, at = 0): number {
  return ((bytes[at]! << 8) | bytes[at + 1]!) * 0x1_0000_0000 + u32(bytes, at + 2)
}

export function wordKey(port: number, word: number): number {
  return port * 0x1_0000_0000 + word
}

export class FloodIndex {
  readonly #topics: Readonly<Record<Topic, Map<number, number | Set<number>>>> = {
    mac: new Map(),
    address: new Map(),
    neighbour: new Map(),
    question: new Map(),
    port: new Map(),
    word: new Map(),
  }

  /** @param who a port of the switch */
  add(topic: Topic, key: number, who: number): void {
    const table = this.#topics[topic]
    const known = table.get(key)
    // Nearly every key has one listener: no set for it.
    if (known === undefined || known === who) table.set(key, who)
    else if (typeof known === 'number') table.set(key, new Set([known, who]))
    else known.add(who)
  }

  remove(topic: Topic, key: number, who: number): void {
    const table = this.#topics[topic]
    const known = table.get(key)
    if (known === who) table.delete(key)
    else if (typeof known === 'object' && known.delete(who) && known.size === 0) table.delete(key)
  }

  /** Ports that the frame concerns, in no order, some of them perhaps twice; undefined for all. */
  audienceOf(frame: Uint8Array): number[] | undefined {
    const audience: number[] = []
    if ((frame[0]! & 1) === 0) {
      this.#collect('mac', macKey(frame), audience)
      return audience
    }
    const etherType = (frame[12]! << 8) | frame[13]!
    if (etherType === EtherType.arp) return isPlainArp(frame) ? this.#audienceOfArp(frame, audience) : undefined
    if (etherType !== EtherType.ipv4) return undefined
    const datagram = plainDatagram(frame)
    if (datagram < 0) return undefined
    const port = (frame[datagram + 2]! << 8) | frame[datagram + 3]!
    this.#collect('port', port, audience)
    const word = datagram + udp.HEADER_LENGTH + WORD_AT
    // One that is too short for the word passes no filter.
    if (word + 4 <= datagram + ((frame[datagram + 4]! << 8) | frame[datagram + 5]!)) {
      this.#collect('word', wordKey(port, u32(frame, word)), audience)
    }
    return audience
  }

  #audienceOfArp(frame: Uint8Array, audience: number[]): number[] {
    const sender = u32(frame, HEADER_LENGTH + 14)
    const target = u32(frame, HEADER_LENGTH + 24)
    this.#collect('neighbour', sender, audience)
    this.#collect('question', sender, audience)
    this.#collect('address', target, audience)
    this.#collect('question', target, audience)
    return audience
  }

  #collect(topic: Topic, key: number, into: number[]): void {
    const known = this.#topics[topic].get(key)
    if (typeof known === 'number') into.push(known)
    else if (known !== undefined) for (const who of known) into.push(who)
  }
}

/** ARP over Ethernet for IPv4, whole. */
function isPlainArp(frame: Uint8Array): boolean {
  const at = HEADER_LENGTH
  return (
    frame.length >= at + arp.LENGTH &&
    ((frame[at]! << 8) | frame[at + 1]!) === arp.HardwareType.ethernet &&
    ((frame[at + 2]! << 8) | frame[at + 3]!) === EtherType.ipv4 &&
    frame[at + 4] === 6 &&
    frame[at + 5] === 4
  )
}

/** Where the UDP header of an unfragmented datagram with right lengths and checksums begins; -1 for anything else. */
function plainDatagram(frame: Uint8Array): number {
  const at = HEADER_LENGTH
  if (frame.length < at + ipv4.HEADER_LENGTH + udp.HEADER_LENGTH || frame[at]! >>> 4 !== 4) return -1
  const start = at + (frame[at]! & 15) * 4
  const end = at + ((frame[at + 2]! << 8) | frame[at + 3]!)
  if (start < at + ipv4.HEADER_LENGTH || end > frame.length || end - start < udp.HEADER_LENGTH) return -1
  if (frame[at + 9] !== ipv4.Protocol.udp || (((frame[at + 6]! << 8) | frame[at + 7]!) & 0x3fff) !== 0) return -1
  if (internetChecksum(frame, at, start) !== 0) return -1
  const length = (frame[start + 4]! << 8) | frame[start + 5]!
  if (length < udp.HEADER_LENGTH || length > end - start) return -1
  if (frame[start + 6] === 0 && frame[start + 7] === 0) return start
  const sum = pseudoHeaderSum(u32(frame, at + 12), u32(frame, at + 16), ipv4.Protocol.udp, length)
  return internetChecksum(frame, start, start + length, sum) === 0 ? start : -1
}
