/**
 * A file as it arrives. Texts are kept; images, which are megabytes and of no use to an emulated phone, are counted
 * and hashed only.
 */
import { latin1 } from '../../base/bytes.js'

/** Longest script, settings or data file that a phone keeps; the rest is only counted. */
export const MAX_KEPT_LENGTH = 1 << 20

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

export class ReceivedFile {
  readonly #keep: number
  #parts: Uint8Array[] = []
  #kept = 0
  #length = 0
  #hash = FNV_OFFSET
  #beginning = ''

  /** @param keep octets to keep, from the beginning */
  constructor(keep: number) {
    this.#keep = keep
  }

  /** Octets so far. */
  get length(): number {
    return this.#length
  }

  /** 32 bits of FNV-1a over all octets. */
  get hash(): number {
    return this.#hash >>> 0
  }

  /** @param bytes kept as a view: the giver does not change them any more */
  push(bytes: Uint8Array): void {
    this.#length += bytes.length
    let hash = this.#hash
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME)
    this.#hash = hash
    if (this.#beginning.length < 64) this.#beginning += latin1(bytes, 0, Math.min(bytes.length, 64))
    if (this.#kept < this.#keep) {
      const part = bytes.subarray(0, Math.min(bytes.length, this.#keep - this.#kept))
      this.#parts.push(part)
      this.#kept += part.length
    }
  }

  /** What was kept, one character per octet. */
  text(): string {
    return this.#parts.map((part) => latin1(part)).join('')
  }

  /** A web page in place of a file: the answer of captive portals and catch-all sites. */
  get isHtml(): boolean {
    return /^\s*<(?:!doctype|html|head|body)\b/i.test(this.#beginning)
  }
}
