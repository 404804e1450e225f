/**
 * Joins IPv4 fragments, RFC 791 §3.2 and RFC 815.
 *
 * Octets that come twice keep their first value, as in BSD and Windows stacks; what then differs is a broken or hostile
 * sender, and no verdict rests on it. A fragment cut by the snap length spoils its datagram, which is then given up:
 * half a datagram is worse than none. Bounds: limits.ts.
 */
import type { Dissection } from '../dissect/dissection.js'
import { FRAGMENT_TIMEOUT_SECONDS, MAX_FRAGMENTED_DATAGRAMS, MAX_FRAGMENT_OCTETS, type Limits } from './limits.js'

/** RFC 791 §3.1: the total length field. */
const MAX_DATAGRAM = 65_535

interface Part {
  readonly offset: number
  readonly bytes: Uint8Array
}

interface Datagram {
  readonly firstSeconds: number
  parts: Part[]
  octets: number
  /** Octets of the whole payload, once the last fragment was seen. */
  length: number | undefined
}

export class FragmentTable {
  readonly #datagrams = new Map<string, Datagram>()
  readonly #limits: Limits
  #octets = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** The payload of the datagram that this fragment completes, else undefined. */
  add(fragment: Dissection, seconds: number): Uint8Array | undefined {
    const { source, destination, protocol, identification, fragmentOffset, payload, payloadEnd } = fragment
    const key = `${source} ${destination} ${protocol} ${identification}`
    let datagram = this.#datagrams.get(key)
    if (datagram && Math.abs(seconds - datagram.firstSeconds) > FRAGMENT_TIMEOUT_SECONDS) {
      this.#drop(key, datagram)
      datagram = undefined
    }
    if (payloadEnd - payload < fragment.payloadLength || fragmentOffset + fragment.payloadLength > MAX_DATAGRAM) {
      if (datagram) this.#drop(key, datagram)
      return undefined
    }
    if (!datagram) {
      datagram = { firstSeconds: seconds, parts: [], octets: 0, length: undefined }
      this.#datagrams.set(key, datagram)
    }
    if (!fragment.moreFragments) datagram.length ??= fragmentOffset + fragment.payloadLength
    datagram.parts.push({ offset: fragmentOffset, bytes: fragment.bytes.slice(payload, payloadEnd) })
    datagram.octets += fragment.payloadLength
    this.#octets += fragment.payloadLength
    const whole = joined(datagram)
    if (whole || datagram.octets > 2 * MAX_DATAGRAM) this.#drop(key, datagram)
    this.#makeRoom()
    return whole
  }

  #makeRoom(): void {
    while (this.#datagrams.size > MAX_FRAGMENTED_DATAGRAMS || this.#octets > MAX_FRAGMENT_OCTETS) {
      this.#limits.reached('fragmented-datagrams')
      for (const [key, datagram] of this.#datagrams) {
        this.#drop(key, datagram)
        break
      }
    }
  }

  #drop(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key)
    this.#octets -= datagram.octets
  }
}

/** The payload when no hole is left in it. */
function joined(datagram: Datagram): Uint8Array | undefined {
  const { length, octets } = datagram
  if (length === undefined || octets < length) return undefined
  // Stable sort: of two parts at one offset the one that came first stays first.
  const parts = datagram.parts.toSorted((a, b) => a.offset - b.offset)
  const whole = new Uint8Array(length)
  let filled = 0
  for (const { offset, bytes } of parts) {
    if (offset > filled) return undefined
    const end = Math.min(length, offset + bytes.length)
    if (end <= filled) continue
    whole.set(bytes.subarray(filled - offset, end - offset), filled)
    filled = end
  }
  return filled === length ? whole : undefined
}
