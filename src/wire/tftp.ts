/**
 * TFTP packets: RFC 1350 §5 with the options of RFC 2347.
 *
 * Text is one character per octet (ISO 8859-1), so that any file name survives. Mode and option names are as sent; they
 * compare without regard to case (RFC 1350 §5, RFC 2347). Options keep their order, duplicates included.
 *
 * A request that lacks a NUL or a value is returned as far as it goes, with `error` beside it.
 */
import { ByteWriter, latin1, latin1Bytes } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

export const SERVER_PORT = 69

/** Octets of data in a block unless `blksize` (RFC 2348) says otherwise. */
export const DEFAULT_BLOCK_SIZE = 512

export const Opcode = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const

/** RFC 1350, appendix; 8 is RFC 2347. */
export const ErrorCode = {
  notDefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  diskFull: 3,
  illegalOperation: 4,
  unknownTransferId: 5,
  fileAlreadyExists: 6,
  noSuchUser: 7,
  optionNegotiationFailed: 8,
} as const

/** A name and its value, such as `['blksize', '1024']`. */
export type TftpOption = readonly [name: string, value: string]

export interface TftpRequest {
  readonly op: 'rrq' | 'wrq'
  readonly filename: string
  readonly mode: string // empty when the packet ends before it
  readonly options: readonly TftpOption[]
  readonly error?: WireError
}

export interface TftpData {
  readonly op: 'data'
  readonly block: number // 0 to 65,535
  readonly data: Uint8Array // a view
}

export interface TftpAck {
  readonly op: 'ack'
  readonly block: number
}

export interface TftpError {
  readonly op: 'error'
  readonly code: number
  readonly message: string
  readonly error?: WireError
}

export interface TftpOptionAck {
  readonly op: 'oack'
  readonly options: readonly TftpOption[]
  readonly error?: WireError
}

export type TftpPacket = TftpRequest | TftpData | TftpAck | TftpError | TftpOptionAck

/** A request is at most 512 octets (RFC 2347); some senders send more, none this many options. */
export const MAX_OPTIONS = 64

/**
 * @param bytes the UDP payload; the result holds a view into it
 * @throws WireError TRUNCATED, BAD_VALUE for an opcode that is none
 */
export function decode(bytes: Uint8Array): TftpPacket {
  if (bytes.length < 2) throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of a TFTP opcode`)
  const opcode = (bytes[0]! << 8) | bytes[1]!
  switch (opcode) {
    case Opcode.rrq:
      return decodeRequest('rrq', bytes)
    case Opcode.wrq:
      return decodeRequest('wrq', bytes)
    case Opcode.data:
      return { op: 'data', block: secondWord(bytes), data: bytes.subarray(4) }
    case Opcode.ack:
      return { op: 'ack', block: secondWord(bytes) }
    case Opcode.error: {
      const code = secondWord(bytes)
      const texts = new Texts(bytes, 4)
      return withError({ op: 'error', code, message: texts.next('message') ?? '' }, texts.error)
    }
    case Opcode.oack: {
      const texts = new Texts(bytes, 2)
      return withError({ op: 'oack', options: decodeOptions(texts) }, texts.error)
    }
    default:
      throw new WireError('BAD_VALUE', 0, `TFTP opcode ${opcode}`)
  }
}

function secondWord(bytes: Uint8Array): number {
  if (bytes.length < 4) throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of a TFTP header of 4`)
  return (bytes[2]! << 8) | bytes[3]!
}

function decodeRequest(op: 'rrq' | 'wrq', bytes: Uint8Array): TftpRequest {
  const texts = new Texts(bytes, 2)
  const filename = texts.next('file name') ?? ''
  const mode = texts.next('mode') ?? ''
  return withError({ op, filename, mode, options: decodeOptions(texts) }, texts.error)
}

function decodeOptions(texts: Texts): TftpOption[] {
  const options: TftpOption[] = []
  while (texts.hasMore()) {
    if (options.length >= MAX_OPTIONS) {
      texts.error = new WireError('TOO_LONG', texts.offset, `more than ${MAX_OPTIONS} options`)
      break
    }
    const name = texts.next('option name')
    if (name === undefined || texts.error !== undefined) break
    const value = texts.next(`value of option ${name}`)
    if (value !== undefined) options.push([name, value])
  }
  return options
}

function withError<T extends TftpPacket>(packet: T, error: WireError | undefined): T {
  return error === undefined ? packet : { ...packet, error }
}

/** Reads texts that each end in a NUL; the first fault stays in `error`. */
class Texts {
  readonly #bytes: Uint8Array
  offset: number
  error: WireError | undefined

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes
    this.offset = offset
  }

  /** More than zeros is left: some senders fill their requests up. */
  hasMore(): boolean {
    for (let i = this.offset; i < this.#bytes.length; i++) if (this.#bytes[i] !== 0) return true
    return false
  }

  /** The next text, with `error` set when its NUL is missing; undefined when nothing is left. */
  next(what: string): string | undefined {
    const { length } = this.#bytes
    const start = this.offset
    if (start >= length) {
      this.error ??= new WireError('TRUNCATED', length, `the packet ends before the ${what}`)
      return undefined
    }
    const nul = this.#bytes.indexOf(0, start)
    if (nul < 0) this.error ??= new WireError('TRUNCATED', length, `no NUL ends the ${what}`)
    const end = nul < 0 ? length : nul
    this.offset = end + 1
    return latin1(this.#bytes, start, end)
  }
}

export function encode(packet: TftpPacket): Uint8Array {
  const w = new ByteWriter(packet.op === 'data' ? 4 + packet.data.length : 64)
  w.u16(Opcode[packet.op])
  switch (packet.op) {
    case 'rrq':
    case 'wrq':
      writeText(w, packet.filename)
      writeText(w, packet.mode)
      writeOptions(w, packet.options)
      break
    case 'data':
      w.u16(packet.block).octets(packet.data)
      break
    case 'ack':
      w.u16(packet.block)
      break
    case 'error':
      w.u16(packet.code)
      writeText(w, packet.message)
      break
    case 'oack':
      writeOptions(w, packet.options)
      break
  }
  return w.toBytes()
}

function writeOptions(w: ByteWriter, options: readonly TftpOption[]): void {
  for (const [name, value] of options) {
    writeText(w, name)
    writeText(w, value)
  }
}

function writeText(w: ByteWriter, text: string): void {
  w.octets(latin1Bytes(text)).u8(0)
}

/** The value of the first option of a name, compared without regard to case; undefined when absent. */
export function option(packet: { readonly options: readonly TftpOption[] }, name: string): string | undefined {
  const wanted = name.toLowerCase()
  return packet.options.find(([candidate]) => candidate.toLowerCase() === wanted)?.[1]
}
