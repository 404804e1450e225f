/**
 * Frames in, a pcapng file out: one section, little-endian, timestamps in nanoseconds, comments on packets.
 *
 * The same calls give the same octets: no time of day, no host name, no versions but the application that the caller
 * names. Octets are handed on in pieces of about BUFFER_LENGTH, and at flush() and end().
 *
 * Not here: files, compression, interface statistics, secrets.
 */
import type { Timestamp } from '../base/time.js'
import { SECOND } from '../base/time.js'
import { BLOCK_OVERHEAD, BlockType, BYTE_ORDER_MAGIC, OptionCode, roundUp4 } from './pcapng-format.js'

const BUFFER_LENGTH = 64 * 1024
/** An option's length is a 16-bit number. */
const MAX_OPTION_LENGTH = 0xffff
/** if_tsresol: 10^-9 s. */
const NANOSECONDS = 9

export interface PcapngInterface {
  /** As Wireshark shows it: the link's name. */
  readonly name: string
  /** A LINKTYPE number. */
  readonly linkType: number
  /** Octets kept of a frame; 0 or absent for all. Frames are not cut here. */
  readonly snaplen?: number
}

export interface PcapngWriterOptions {
  /** Is given the file piece by piece; each piece is memory of its own. */
  readonly write: (chunk: Uint8Array) => void
  /** What wrote the file, for its section header. */
  readonly application?: string
  /** Interface ids are indices into this list. */
  readonly interfaces: readonly PcapngInterface[]
}

export class PcapngWriter {
  readonly #write: (chunk: Uint8Array) => void
  readonly #interfaces: number
  readonly #utf8 = new TextEncoder()
  #bytes = new Uint8Array(BUFFER_LENGTH)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  constructor({ write, application, interfaces }: PcapngWriterOptions) {
    this.#write = write
    this.#interfaces = interfaces.length
    this.#sectionHeader(application)
    for (const description of interfaces) this.#interfaceDescription(description)
  }

  /**
   * @param timestamp from 1970 to 2554, where 64 bits of nanoseconds end
   * @param bytes the captured octets; copied
   * @param options.originalLength octets on the wire where more than were captured
   * @param options.comment for people; cut at 65,535 octets of UTF-8
   * @throws RangeError on an interface or a time that cannot be written
   */
  frame(
    interfaceId: number,
    timestamp: Timestamp,
    bytes: Uint8Array,
    options: { readonly originalLength?: number | undefined; readonly comment?: string | undefined } = {},
  ): void {
    if (!(interfaceId >= 0 && interfaceId < this.#interfaces)) throw new RangeError(`no interface ${interfaceId}`)
    if (!(timestamp.seconds >= 0 && timestamp.seconds < END_OF_TIME)) {
      throw new RangeError(`a time ${timestamp.seconds} s after 1970 cannot be written`)
    }
    const comment = options.comment === undefined ? undefined : this.#text(options.comment)
    const dataLength = roundUp4(bytes.length)
    const optionsLength = comment === undefined ? 0 : optionLength(comment) + 4
    const at = this.#block(BlockType.enhancedPacket, 20 + dataLength + optionsLength)
    const view = this.#view
    view.setUint32(at, interfaceId, true)
    setTimestamp(view, at + 4, timestamp)
    view.setUint32(at + 12, bytes.length, true)
    view.setUint32(at + 16, options.originalLength ?? bytes.length, true)
    this.#bytes.set(bytes, at + 20)
    if (comment !== undefined) this.#option(at + 20 + dataLength, OptionCode.comment, comment)
  }

  /** Hands on what is there, so that a reader of the file sees every frame so far. */
  flush(): void {
    if (this.#length === 0) return
    this.#write(this.#bytes.subarray(0, this.#length))
    this.#renew(BUFFER_LENGTH)
  }

  /** The file is complete. */
  end(): void {
    this.flush()
  }

  #sectionHeader(application: string | undefined): void {
    const name = application === undefined ? undefined : this.#text(application)
    const at = this.#block(BlockType.sectionHeader, 16 + (name === undefined ? 0 : optionLength(name) + 4))
    this.#view.setUint32(at, BYTE_ORDER_MAGIC, true)
    this.#view.setUint16(at + 4, 1, true) // version 1.0
    this.#view.setBigInt64(at + 8, -1n, true) // section length not stated
    if (name !== undefined) this.#option(at + 16, OptionCode.application, name)
  }

  #interfaceDescription({ name, linkType, snaplen }: PcapngInterface): void {
    const text = this.#text(name)
    const unit = Uint8Array.of(NANOSECONDS)
    const at = this.#block(BlockType.interfaceDescription, 8 + optionLength(text) + optionLength(unit) + 4)
    this.#view.setUint16(at, linkType, true)
    this.#view.setUint32(at + 4, snaplen ?? 0, true)
    const next = this.#option(at + 8, OptionCode.interfaceName, text)
    this.#option(next, OptionCode.timestampResolution, unit)
  }

  /** Room for a block, zeroed, its type and lengths written. @returns where its body begins */
  #block(type: number, bodyLength: number): number {
    const total = BLOCK_OVERHEAD + bodyLength
    if (this.#length + total > this.#bytes.length) {
      this.flush()
      if (total > this.#bytes.length) this.#renew(total)
    }
    const at = this.#length
    this.#view.setUint32(at, type, true)
    this.#view.setUint32(at + 4, total, true)
    this.#view.setUint32(at + total - 4, total, true)
    this.#length += total
    return at + 8
  }

  #renew(capacity: number): void {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
    this.#length = 0
  }

  #option(at: number, code: number, value: Uint8Array): number {
    this.#view.setUint16(at, code, true)
    this.#view.setUint16(at + 2, value.length, true)
    this.#bytes.set(value, at + 4)
    return at + optionLength(value)
  }

  /** UTF-8, cut between characters where it is too long for an option. */
  #text(text: string): Uint8Array {
    const bytes = this.#utf8.encode(text)
    if (bytes.length <= MAX_OPTION_LENGTH) return bytes
    let end = MAX_OPTION_LENGTH
    while ((bytes[end]! & 0xc0) === 0x80) end--
    return bytes.subarray(0, end)
  }
}

function optionLength(value: Uint8Array): number {
  return 4 + roundUp4(value.length)
}

/** 2^64 ns after 1970. */
const END_OF_TIME = 18_446_744_073

/** seconds * 10^9 + nanos as two 32-bit halves, upper half first; exact, without BigInt. */
function setTimestamp(view: DataView, at: number, { seconds, nanos }: Timestamp): void {
  const upperSeconds = Math.floor(seconds / 0x1_0000)
  const low = (seconds - upperSeconds * 0x1_0000) * SECOND + nanos // 46 bits
  const lowUpper = Math.floor(low / 0x1_0000)
  const upper = upperSeconds * SECOND + lowUpper // counts of 2^16 ns
  const high = Math.floor(upper / 0x1_0000)
  view.setUint32(at, high, true)
  view.setUint32(at + 4, (upper - high * 0x1_0000) * 0x1_0000 + (low - lowUpper * 0x1_0000), true)
}
