/**
 * Segments that came before their turn, RFC 9293 §3.10.7.4: kept in sequence order until the hole before them is filled.
 */
import { seqDiff } from '../../../wire/tcp.js'

/** Segments held; the receive window bounds the octets. More are dropped and come again. */
const MAX_SEGMENTS = 2048

interface Held {
  readonly sequence: number
  readonly bytes: Uint8Array
}

export class OutOfOrder {
  readonly #held: Held[] = []

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  /** Overlaps stay as they are: take() gives each octet once. */
  insert(sequence: number, bytes: Uint8Array): void {
    const held = this.#held
    let place = held.length
    while (place > 0 && seqDiff(held[place - 1]!.sequence, sequence) > 0) place--
    const before = held[place - 1]
    // All of it is here already: a retransmission too many.
    if (before !== undefined && seqDiff(sequence, before.sequence) + bytes.length <= before.bytes.length) return
    if (held.length >= MAX_SEGMENTS) return
    held.splice(place, 0, { sequence, bytes })
  }

  /** The octets that follow `rcvNxt`, if they are here: a view, never empty. */
  take(rcvNxt: number): Uint8Array | undefined {
    const held = this.#held
    while (held.length > 0) {
      const { sequence, bytes } = held[0]!
      const old = seqDiff(rcvNxt, sequence)
      if (old < 0) return undefined
      held.shift()
      if (old < bytes.length) return old === 0 ? bytes : bytes.subarray(old)
    }
    return undefined
  }

  clear(): void {
    this.#held.length = 0
  }
}
