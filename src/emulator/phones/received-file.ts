/**
 * A file as it arrives. Texts are kept; images, which are megabytes and of no use to an emulated phone, are counted
 * and hashed only.
 */
import { latin1 } from '../../base/bytes.js'
import { MAX_IMAGE_HEAD } from '../../deskphone/software-image.js'

/** Longest script, settings or data file that a phone keeps; the rest is only counted. */
export const MAX_KEPT_LENGTH = 1 << 20

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** First octets of any file that are kept, enough to tell what it is. */
const MAX_BEGINNING = MAX_IMAGE_HEAD

export class ReceivedFile {
  readonly #keep: number
  #parts: Uint8Array[] = []
  #kept = 0
  #length = 0
  #hash = FNV_OFFSET
  readonly #beginning = new Uint8Array(MAX_BEGINNING)

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
    let hash = this.#hash
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, FNV_PRIME)
    this.#hash = hash
    const at = this.#length
    if (at < MAX_BEGINNING) this.#beginning.set(bytes.subarray(0, MAX_BEGINNING - at), at)
    if (this.#kept < this.#keep) {
      const part = bytes.subarray(0, Math.min(bytes.length, this.#keep - this.#kept))
      this.#parts.push(part)
      this.#kept += part.length
    }
    this.#length += bytes.length
  }

  /** The first octets, whatever is kept of the rest. */
  get beginning(): Uint8Array {
    return this.#beginning.subarray(0, Math.min(this.#length, MAX_BEGINNING))
  }

  /** What was kept, one character per octet. */
  text(): string {
    return this.#parts.map((part) => latin1(part)).join('')
  }

  /** A web page in place of a file: the answer of captive portals and catch-all sites. */
  get isHtml(): boolean {
    return /^\s*<(?:!doctype|html|head|body)\b/i.test(latin1(this.beginning))
  }
}
