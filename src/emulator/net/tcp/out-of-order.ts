/**
 * Segments that came before their turn, RFC 9293 §3.10.7.4: kept in sequence order until the hole before them is filled,
 * and told to the sender as blocks, the newest first (RFC 2018 §4).
 */
import { seqDiff } from '../../../wire/tcp.js'

/** Segments held; the receive window bounds the octets. More are dropped and come again. */
const MAX_SEGMENTS = 2048
/** Blocks remembered. More than a segment can report are of use because a block may come to be among the newest again. */
const MAX_BLOCKS = 32

interface Held {
  readonly sequence: number
  readonly bytes: Uint8Array
}

/** [left, right) in sequence space. */
export interface Block {
  readonly left: number
  readonly right: number
}

export class OutOfOrder {
  readonly #held: Held[] = []
  #blocks: Block[] = []

  get isEmpty(): boolean {
    return this.#held.length === 0
  }

  /** The newest first. */
  get blocks(): readonly Block[] {
    return this.#blocks
  }

  /** Whether all of [sequence, sequence + length) is here already. */
  has(sequence: number, length: number): boolean {
    return this.#blocks.some(
      ({ left, right }) => seqDiff(sequence, left) >= 0 && seqDiff(sequence, right) + length <= 0,
    )
  }

  /** Overlaps stay as they are: take() gives each octet once. */
  insert(sequence: number, bytes: Uint8Array): void {
    const held = this.#held
    let place = held.length
    while (place > 0 && seqDiff(held[place - 1]!.sequence, sequence) > 0) place--
    const before = held[place - 1]
    // All of it is here already: a retransmission too many.
    const isHere = before !== undefined && seqDiff(sequence, before.sequence) + bytes.length <= before.bytes.length
    if (!isHere) {
      if (held.length >= MAX_SEGMENTS) return
      if (place === held.length) held.push({ sequence, bytes })
      else held.splice(place, 0, { sequence, bytes })
    }
    this.#addBlock(sequence, (sequence + bytes.length) | 0)
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

  /** All before `rcvNxt` has been taken: those blocks are history. */
  forgetBefore(rcvNxt: number): void {
    if (this.#held.length === 0) this.#blocks = []
    else this.#blocks = this.#blocks.filter(({ right }) => seqDiff(right, rcvNxt) > 0)
  }

  clear(): void {
    this.#held.length = 0
    this.#blocks = []
  }

  #addBlock(from: number, to: number): void {
    const blocks = this.#blocks
    let left = from
    let right = to
    let kept = 0
    for (const block of blocks) {
      if (seqDiff(block.right, left) < 0 || seqDiff(block.left, right) > 0) {
        blocks[kept++] = block
        continue
      }
      if (seqDiff(block.left, left) < 0) left = block.left
      if (seqDiff(block.right, right) > 0) right = block.right
    }
    blocks.length = Math.min(kept, MAX_BLOCKS - 1)
    blocks.unshift({ left, right })
  }
}
