/**
 * Aligned PER, the packed encoding rules of ASN.1 (ITU-T X.691): a reader and a writer of bits, whole numbers and lengths.
 * per-types.ts makes ASN.1 types of them.
 *
 * Not here, as no datagram of RAS needs it: lengths of 16K and more, which come in fragments (X.691 §11.9.3.8).
 */
import { WireError } from '../base/errors.js'

/** Types within types: GenericData may hold itself. */
export const MAX_DEPTH = 24

export class PerReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  /** In bits from the start of the octets. */
  #at: number
  #depth: number

  /** Alignment is relative to `bytes`; what is read are views. */
  constructor(bytes: Uint8Array, depth = 0) {
    this.#bytes = bytes
    this.#end = bytes.length * 8
    this.#at = 0
    this.#depth = depth
  }

  /** Octets begun so far. */
  get offset(): number {
    return (this.#at + 7) >>> 3
  }

  get depth(): number {
    return this.#depth
  }

  /** Runs `read` one level deeper. @throws WireError TOO_LONG beyond MAX_DEPTH */
  nested<T>(read: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw new WireError('TOO_LONG', this.offset, `more than ${MAX_DEPTH} levels`)
    this.#depth++
    const value = read()
    this.#depth--
    return value
  }

  /** @param count at most 24 @throws WireError TRUNCATED */
  bits(count: number): number {
    if (count > this.#end - this.#at) throw new WireError('TRUNCATED', this.offset, `${count} bits expected`)
    let value = 0
    for (let i = 0; i < count; i++, this.#at++) {
      value = (value << 1) | ((this.#bytes[this.#at >>> 3]! >>> (7 - (this.#at & 7))) & 1)
    }
    return value
  }

  bit(): boolean {
    return this.bits(1) === 1
  }

  align(): void {
    this.#at = (this.#at + 7) & ~7
  }

  /** A view of the next whole octets. @throws WireError TRUNCATED */
  octets(count: number): Uint8Array {
    this.align()
    const start = this.#at >>> 3
    if (count * 8 > this.#end - this.#at) {
      throw new WireError('TRUNCATED', start, `${count} octets expected, ${(this.#end - this.#at) >>> 3} left`)
    }
    this.#at += count * 8
    return this.#bytes.subarray(start, start + count)
  }

  /** X.691 §11.5.7, a value within known bounds. */
  constrained(lower: number, upper: number): number {
    const range = upper - lower + 1
    let offset: number
    if (range <= 255) offset = this.bits(bitsFor(range))
    else if (range <= 65536) offset = unsigned(this.octets(range === 256 ? 1 : 2))
    else offset = unsigned(this.octets(this.constrained(1, octetsFor(range - 1))))
    if (offset >= range) throw new WireError('BAD_VALUE', this.offset, `${lower + offset} is above ${upper}`)
    return lower + offset
  }

  /** X.691 §11.6: an index of something that may be extended. */
  small(): number {
    if (!this.bit()) return this.bits(6)
    const octets = this.octets(this.length())
    if (octets.length > 4) throw new WireError('TOO_LONG', this.offset, 'an index of more than four octets')
    return unsigned(octets)
  }

  /** X.691 §11.9.3.5 to 7: a length without bounds. @throws WireError TOO_LONG for one in fragments */
  length(): number {
    const first = this.octets(1)[0]!
    if (first < 0x80) return first
    if (first < 0xc0) return ((first & 0x3f) << 8) | this.octets(1)[0]!
    throw new WireError('TOO_LONG', this.offset, 'a length in fragments')
  }

  /** X.691 §11.2: another value's encoding, with its length before it. */
  open(): Uint8Array {
    return this.octets(this.length())
  }
}

export class PerWriter {
  readonly #bytes: number[] = []
  /** Bits of the last octet that are taken, 1 to 8. */
  #taken = 8

  bits(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      if (this.#taken === 8) {
        this.#bytes.push(0)
        this.#taken = 0
      }
      if (((value >>> i) & 1) === 1) this.#bytes[this.#bytes.length - 1]! |= 0x80 >>> this.#taken
      this.#taken++
    }
  }

  bit(value: boolean): void {
    this.bits(value ? 1 : 0, 1)
  }

  align(): void {
    this.#taken = 8
  }

  octets(value: Uint8Array): void {
    this.align()
    for (const octet of value) this.#bytes.push(octet)
  }

  /** @throws RangeError for a value out of its bounds, which is the caller's mistake */
  constrained(value: number, lower: number, upper: number): void {
    if (!(value >= lower && value <= upper)) throw new RangeError(`${value} is not within ${lower} to ${upper}`)
    const range = upper - lower + 1
    const offset = value - lower
    if (range <= 255) return this.bits(offset, bitsFor(range))
    if (range <= 65536) return this.octets(unsignedBytes(offset, range === 256 ? 1 : 2))
    const count = octetsFor(offset)
    this.constrained(count, 1, octetsFor(range - 1))
    this.octets(unsignedBytes(offset, count))
  }

  small(value: number): void {
    this.bit(value > 63)
    if (value <= 63) return this.bits(value, 6)
    this.length(octetsFor(value))
    this.octets(unsignedBytes(value, octetsFor(value)))
  }

  /** @throws RangeError for 16K and more */
  length(value: number): void {
    if (value >= 0x4000) throw new RangeError(`a length of ${value} needs fragments`)
    this.octets(value < 0x80 ? Uint8Array.of(value) : Uint8Array.of(0x80 | (value >>> 8), value))
  }

  open(octets: Uint8Array): void {
    this.length(octets.length)
    this.octets(octets)
  }

  /** At least one octet: X.691 §11.1.3. */
  toBytes(): Uint8Array {
    return this.#bytes.length === 0 ? Uint8Array.of(0) : Uint8Array.from(this.#bytes)
  }
}

/** Bits that tell `range` values apart. */
function bitsFor(range: number): number {
  return range <= 1 ? 0 : 32 - Math.clz32(range - 1)
}

/** Octets of a number below 2**32. */
export function octetsFor(value: number): number {
  return value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4
}

/** Octets as one number, big-endian. */
export function unsigned(octets: Uint8Array): number {
  let value = 0
  for (const octet of octets) value = value * 256 + octet
  return value
}

/** The inverse of unsigned. */
export function unsignedBytes(value: number, count: number): Uint8Array {
  const octets = new Uint8Array(count)
  for (let i = count - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) octets[i] = rest % 256
  return octets
}
