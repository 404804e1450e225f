/**
 * What was written and not yet acknowledged, as the chunks it was written in: nothing is copied before it goes into a
 * frame. Offsets count from the first octet that is not acknowledged.
 */

/** Chunks that are done with and still in the array, before the array is cut. */
const MAX_STALE_CHUNKS = 256

export class SendQueue {
  #length = 0
  readonly #chunks: Uint8Array[] = []
  /** Index of the first chunk in use, and how much of it is acknowledged. */
  #head = 0
  #headSkip = 0
  /** Where the last copy ended: a chunk, and the offset of that chunk's first octet. New data goes on from there. */
  #cursor = 0
  #cursorOffset = 0

  /** Octets held. */
  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#length += bytes.length
  }

  /** The first `count` octets are acknowledged. */
  discard(count: number): void {
    this.#length -= count
    this.#cursorOffset -= count
    let left = count + this.#headSkip
    while (this.#head < this.#chunks.length && left >= this.#chunks[this.#head]!.length) {
      left -= this.#chunks[this.#head]!.length
      this.#head++
    }
    this.#headSkip = left
    if (this.#head === this.#chunks.length || this.#head >= MAX_STALE_CHUNKS) {
      this.#chunks.splice(0, this.#head)
      this.#cursor -= this.#head
      this.#head = 0
    }
    if (this.#cursor < this.#head) this.#rewind()
  }

  clear(): void {
    this.discard(this.#length)
  }

  /** Copies [offset, offset + length) to target[at...]. The caller has seen to it that so much is there. */
  copyTo(target: Uint8Array, at: number, offset: number, length: number): void {
    if (offset < this.#cursorOffset) this.#rewind()
    const chunks = this.#chunks
    while (offset - this.#cursorOffset >= chunks[this.#cursor]!.length) {
      this.#cursorOffset += chunks[this.#cursor]!.length
      this.#cursor++
    }
    let chunk = chunks[this.#cursor]!
    let from = offset - this.#cursorOffset
    let left = length
    let to = at
    while (left > chunk.length - from) {
      const count = chunk.length - from
      target.set(from === 0 ? chunk : chunk.subarray(from), to)
      to += count
      left -= count
      this.#cursorOffset += chunk.length
      this.#cursor++
      chunk = chunks[this.#cursor]!
      from = 0
    }
    target.set(chunk.subarray(from, from + left), to)
  }

  #rewind(): void {
    this.#cursor = this.#head
    this.#cursorOffset = -this.#headSkip
  }
}
