/**
 * Gzip (RFC 1952) as it arrives: compressed octets in, plain octets out, several members in a row.
 *
 * fflate inflates; what it leaves out is here: the checksum and length after each member, a file that ends early,
 * octets behind the last member, and limits. Input goes to it in slices, because a slice of n octets can inflate to
 * a thousand times n in one piece of memory.
 *
 * fflate hands out nothing of the piece in which it finds a contradiction. So its state is copied before each slice,
 * and a slice that fails is tried again in halves: what can be had before the damage is had. The copy costs some
 * hundredths of the inflating. Some contradictions fflate does not find (over-long code tables); it then makes octets
 * of them that depend on how the input arrived, and only the checksum at the member's end tells.
 *
 * Not here: who decides that a file is compressed; reading names and times from the member headers.
 */
import { FlateErrorCode, Gunzip } from 'fflate'

/** Octets given to fflate at a time: 16 MiB of output at the most. */
const SLICE_LENGTH = 16 * 1024
/** No capture has a member header, or data without content, of that length. */
const MAX_SILENT_OCTETS = 1024 * 1024
/** How far back a member's trailer is looked for when the next member begins. */
const TAIL_LENGTH = 512
/** CRC-32 and length of a member, RFC 1952 §2.3.1. */
const TRAILER_LENGTH = 8
/** The shortest member: header, empty deflate data, trailer. */
const MIN_MEMBER_LENGTH = 20

export interface GzipFailure {
  /** Octet of the compressed input where it was found. */
  readonly compressedOffset: number
  /** What is wrong, as the predicate of a sentence about the compressed data: `ends early`. */
  readonly reason: string
}

export class GunzipStream {
  /** Why the stream ended before its input did. */
  failure: GzipFailure | undefined
  /** Octets behind the last member that are no member; ignored, as gzip itself does. */
  trailingGarbage = false

  readonly #onOctets: (octets: Uint8Array) => void
  #gunzip: Gunzip
  /** What fflate reported during one push: plain octets, or where a further member begins. */
  #reports: (Uint8Array | number)[] = []
  /** Compressed octets read. */
  #read = 0
  /** Compressed octets since there was output. */
  #silent = 0
  #crc = -1
  #length = 0
  /** The last compressed octets, for trailers. */
  #tail = new Uint8Array(0)

  /** @param onOctets is given plain octets, in memory of their own */
  constructor(onOctets: (octets: Uint8Array) => void) {
    this.#onOctets = onOctets
    this.#gunzip = new Gunzip((octets) => this.#reports.push(octets))
    this.#gunzip.onmember = (offset) => this.#reports.push(offset)
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#isOpen(); at += SLICE_LENGTH) {
      this.#pushSlice(chunk.subarray(at, at + SLICE_LENGTH))
    }
  }

  /** Nothing follows. Sets `failure` when something should. */
  end(): void {
    if (!this.#isOpen()) return
    const code = this.#inflate(new Uint8Array(0), true)
    if (code !== undefined) this.#endByError(code)
    else if (this.#read < MIN_MEMBER_LENGTH) this.#fail('ends early', this.#read)
    else if (!this.#trailerMatches(this.#read)) this.#fail('ends early, or does not match its checksum', this.#read)
  }

  #isOpen(): boolean {
    return this.failure === undefined && !this.trailingGarbage
  }

  #pushSlice(slice: Uint8Array): void {
    const before = copyState(this.#gunzip)
    // fflate may keep what it is given, and chunks belong to the caller. Not slice(): a Node Buffer's does not copy.
    const code = this.#inflate(new Uint8Array(slice), false)
    if (code !== undefined && slice.length > 1) {
      this.#gunzip = before
      const half = slice.length >>> 1
      this.#pushSlice(slice.subarray(0, half))
      if (this.#isOpen()) this.#pushSlice(slice.subarray(half))
      return
    }
    this.#remember(slice)
    if (code !== undefined) {
      this.#endByError(code)
      return
    }
    for (const report of this.#reports) {
      if (this.failure !== undefined) return
      if (typeof report === 'number') this.#beginMember(report)
      else this.#handOn(report)
    }
    if (this.#silent > MAX_SILENT_OCTETS) this.#fail(`holds nothing for ${MAX_SILENT_OCTETS} octets`, this.#read)
  }

  #remember(slice: Uint8Array): void {
    this.#read += slice.length
    this.#silent += slice.length
    const kept = this.#tail.subarray(-TAIL_LENGTH)
    const tail = new Uint8Array(kept.length + slice.length)
    tail.set(kept)
    tail.set(slice, kept.length)
    this.#tail = tail
  }

  /** @returns the code of fflate's error, if it found one */
  #inflate(octets: Uint8Array, final: boolean): number | undefined {
    this.#reports = []
    try {
      this.#gunzip.push(octets, final)
      return undefined
    } catch (error) {
      if (error instanceof Error && 'code' in error && typeof error.code === 'number') return error.code
      throw error
    }
  }

  #endByError(code: number): void {
    if (code === FlateErrorCode.InvalidHeader && this.#read > MIN_MEMBER_LENGTH) this.trailingGarbage = true
    else this.#fail(code === FlateErrorCode.UnexpectedEOF ? 'ends early' : 'is damaged', this.#read)
  }

  #handOn(octets: Uint8Array): void {
    if (octets.length === 0) return
    this.#silent = 0
    this.#crc = crc32(octets, this.#crc)
    this.#length = (this.#length + octets.length) >>> 0
    this.#onOctets(octets)
  }

  #beginMember(offset: number): void {
    if (!this.#trailerMatches(offset)) this.#fail('does not match its checksum', offset)
    this.#crc = -1
    this.#length = 0
  }

  /** @param end where the trailer ends, in compressed octets. True too when it is too far back to be looked at. */
  #trailerMatches(end: number): boolean {
    const at = this.#tail.length - (this.#read - end) - TRAILER_LENGTH
    if (at < 0) return true
    const view = new DataView(this.#tail.buffer, this.#tail.byteOffset + at, TRAILER_LENGTH)
    return view.getUint32(0, true) === ~this.#crc >>> 0 && view.getUint32(4, true) === this.#length
  }

  #fail(reason: string, compressedOffset: number): void {
    this.failure = { compressedOffset, reason }
  }
}

/**
 * A copy that goes its own way. What fflate knows of a stream lies in own properties: numbers, octets, code tables and
 * a plain object of such; the callbacks are shared.
 */
function copyState<T extends object>(state: T): T {
  const copy = Object.create(Object.getPrototypeOf(state) as object) as T
  for (const [name, value] of Object.entries(state) as [string, unknown][]) {
    const own: unknown =
      value instanceof Uint8Array
        ? new Uint8Array(value)
        : typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
          ? { ...value } // its code tables are replaced, never changed
          : value
    Object.assign(copy, { [name]: own })
  }
  return copy
}

/** Slicing by four: CRC_TABLES[k][octet] is the effect of an octet with k octets behind it. */
const CRC_TABLES: readonly Int32Array[] = crcTables()

function crcTables(): Int32Array[] {
  const tables = [new Int32Array(256), new Int32Array(256), new Int32Array(256), new Int32Array(256)] as const
  for (let octet = 0; octet < 256; octet++) {
    let crc = octet
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    tables[0][octet] = crc
  }
  for (let k = 1; k < 4; k++) {
    for (let octet = 0; octet < 256; octet++) {
      const shorter = tables[k - 1]![octet]!
      tables[k]![octet] = tables[0][shorter & 0xff]! ^ (shorter >>> 8)
    }
  }
  return [...tables]
}

/** CRC-32 of RFC 1952 §8, not yet complemented; begins with -1. */
function crc32(bytes: Uint8Array, initial: number): number {
  const [t0, t1, t2, t3] = CRC_TABLES as [Int32Array, Int32Array, Int32Array, Int32Array]
  let crc = initial
  let i = 0
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return crc
}
