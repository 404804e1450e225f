/** Capture files made by hand, octet for octet, and what a reader makes of one. */
import { concatBytes, toHex } from '../../src/base/bytes.js'
import { CaptureReader, type CaptureFileSummary } from '../../src/capture/capture-reader.js'
import { formatTimestamp } from '../../src/base/time.js'

/** Writes numbers one after the other in the byte order given. */
export function pack(
  littleEndian: boolean,
  ...fields: readonly (readonly [octets: 1 | 2 | 4 | 8, value: number | bigint])[]
): Uint8Array {
  const length = fields.reduce((sum, [octets]) => sum + octets, 0)
  const view = new DataView(new ArrayBuffer(length))
  let at = 0
  for (const [octets, value] of fields) {
    if (octets === 1) view.setUint8(at, Number(value))
    else if (octets === 2) view.setUint16(at, Number(value), littleEndian)
    else if (octets === 4) view.setUint32(at, Number(value), littleEndian)
    else view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), littleEndian)
    at += octets
  }
  return new Uint8Array(view.buffer)
}

export interface PcapFields {
  littleEndian?: boolean
  magic?: number
  major?: number
  minor?: number
  linkType?: number
}

export function pcapHeader({
  littleEndian = true,
  magic = 0xa1b2c3d4,
  major = 2,
  minor = 4,
  linkType = 1,
}: PcapFields = {}): Uint8Array {
  return pack(littleEndian, [4, magic], [2, major], [2, minor], [4, 0], [4, 0], [4, 65535], [4, linkType])
}

export interface RecordFields {
  littleEndian?: boolean
  seconds?: number
  fraction?: number
  data?: Uint8Array
  captured?: number
  original?: number
}

export function pcapRecord({
  littleEndian = true,
  seconds = 1_700_000_000,
  fraction = 5,
  data = DATA,
  captured = data.length,
  original = data.length,
}: RecordFields = {}): Uint8Array {
  return concatBytes([pack(littleEndian, [4, seconds], [4, fraction], [4, captured], [4, original]), data])
}

export const DATA = Uint8Array.from({ length: 61 }, (_, i) => 0xc0 ^ i)

/** The blocks and options of pcapng, in one byte order. */
export class Pcapng {
  readonly #littleEndian: boolean

  constructor(littleEndian = true) {
    this.#littleEndian = littleEndian
  }

  pack(...fields: Parameters<typeof pack> extends [boolean, ...infer F] ? F : never): Uint8Array {
    return pack(this.#littleEndian, ...fields)
  }

  block(type: number, body: Uint8Array, lengths: { total?: number; repeated?: number } = {}): Uint8Array {
    const padded = padded4(body)
    const total = lengths.total ?? 12 + padded.length
    return concatBytes([this.pack([4, type], [4, total]), padded, this.pack([4, lengths.repeated ?? total])])
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concatBytes([this.pack([2, code], [2, value.length]), padded4(value)])
  }

  options(...options: readonly Uint8Array[]): Uint8Array {
    return options.length === 0 ? new Uint8Array(0) : concatBytes([...options, this.option(0, new Uint8Array(0))])
  }

  section(major = 1, minor = 0): Uint8Array {
    return this.block(0x0a0d0d0a, this.pack([4, 0x1a2b3c4d], [2, major], [2, minor], [8, -1]))
  }

  interface(linkType = 1, snaplen = 0, ...options: readonly Uint8Array[]): Uint8Array {
    return this.block(1, concatBytes([this.pack([2, linkType], [2, 0], [4, snaplen]), this.options(...options)]))
  }

  packet(
    fields: {
      interfaceId?: number
      time?: bigint
      data?: Uint8Array
      captured?: number
      original?: number
      options?: readonly Uint8Array[]
    } = {},
  ): Uint8Array {
    const { interfaceId = 0, time = 1_700_000_000_000_005n, data = DATA, options = [] } = fields
    const head = this.pack(
      [4, interfaceId],
      [4, time >> 32n],
      [4, time & 0xffffffffn],
      [4, fields.captured ?? data.length],
      [4, fields.original ?? data.length],
    )
    return this.block(6, concatBytes([head, padded4(data), this.options(...options)]))
  }
}

function padded4(bytes: Uint8Array): Uint8Array {
  return concatBytes([bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)])
}

/** All of a record that matters, as one line. */
export interface Reading extends CaptureFileSummary {
  readonly frames: readonly string[]
}

/** Reads a file given in chunks. */
export function readChunks(chunks: Iterable<Uint8Array>): Reading {
  const frames: string[] = []
  const reader = new CaptureReader((r) => {
    const time = r.timestamped ? formatTimestamp(r) : `(${formatTimestamp(r)})`
    const comment = r.comment === undefined ? '' : ` ${JSON.stringify(r.comment)}`
    frames.push(
      `${r.number} ${time} link ${r.linkType} if ${r.section}.${r.interfaceId} ${r.end - r.start}/${r.originalLength} @${r.fileOffset} ${toHex(r.bytes.subarray(r.start, r.end))}${comment}`,
    )
  })
  for (const chunk of chunks) reader.push(chunk)
  return { ...reader.end(), frames }
}

export function read(...parts: readonly Uint8Array[]): Reading {
  return readChunks([concatBytes(parts)])
}

/** Each octet in memory of its own, so that a view kept too long shows. */
export function* octetByOctet(file: Uint8Array): Generator<Uint8Array> {
  const octet = new Uint8Array(1)
  for (const value of file) {
    octet[0] = value
    yield octet
  }
}

export function* inPieces(file: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += length) yield file.subarray(at, at + length)
}
