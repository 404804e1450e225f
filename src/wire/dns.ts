/**
 * DNS messages: RFC 1035 §4, with AAAA (RFC 3596), SRV (RFC 2782) and EDNS(0) (RFC 6891).
 *
 * Names are text in the form of RFC 1035 §5.1: labels joined by dots, without the last dot, `''` for the root; a dot or
 * backslash inside a label has a backslash before it, and an octet that is no printable character is `\DDD`. So every
 * name survives, and none can harm a terminal. Names compare without regard to case (sameName).
 *
 * A compressed name may only point to what stands before it (RFC 1035 §4.1.4: "a prior occurrence"), each pointer
 * further back than the one that led to it: reading ends, and hostile names cost no more than their 255 octets.
 *
 * A message that breaks off is returned as far as it goes, with `error` beside it. A record whose data is not what its
 * type promises is kept with its octets, the first such fault in `error`, and the records behind it are read.
 *
 * Not here: the length before a message on TCP (RFC 1035 §4.2.2), DNSSEC, what multicast DNS makes of the class.
 */
import { ByteReader, ByteWriter, latin1, latin1Bytes } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

export const SERVER_PORT = 53

export const HEADER_LENGTH = 12

/** Octets of a message on UDP unless EDNS says otherwise, RFC 1035 §4.2.1. */
export const MAX_PLAIN_LENGTH = 512

/** Octets of a name on the wire and of a label, RFC 1035 §2.3.4. */
export const MAX_NAME_LENGTH = 255
export const MAX_LABEL_LENGTH = 63

/** Questions and records of one message, together. Real ones have some dozens. */
export const MAX_RECORDS = 1024

export const Type = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  mx: 15,
  txt: 16,
  aaaa: 28,
  srv: 33,
  opt: 41, // RFC 6891
  any: 255,
} as const

export const Class = { internet: 1, any: 255 } as const

export const Opcode = { query: 0, status: 2, notify: 4, update: 5 } as const

/** RFC 1035 §4.1.1. */
export const Rcode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const

export interface DnsQuestion {
  readonly name: string
  readonly type: number
  readonly class: number
}

/** What a record says, by its type. `other`: of a type not known here, or not what the type promises. */
export type DnsData =
  | { readonly kind: 'a'; readonly address: number } // uint32
  | { readonly kind: 'aaaa'; readonly address: Uint8Array } // 16 octets
  | { readonly kind: 'name'; readonly name: string } // CNAME, NS, PTR
  | { readonly kind: 'mx'; readonly preference: number; readonly exchange: string }
  | { readonly kind: 'txt'; readonly texts: readonly string[] } // a character per octet
  | {
      readonly kind: 'srv'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | {
      readonly kind: 'soa'
      readonly primary: string
      readonly mailbox: string
      readonly serial: number
      /** These four in seconds. */
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minimum: number
    }
  | { readonly kind: 'other'; readonly octets: Uint8Array } // a view

export interface DnsRecord {
  readonly name: string
  readonly type: number
  /** Of an OPT record the sender's UDP payload size. */
  readonly class: number
  /** Seconds. Of an OPT record flags, see edns(). */
  readonly ttl: number
  readonly data: DnsData
}

export interface DnsMessage {
  readonly id: number
  readonly response: boolean
  readonly opcode: number
  readonly authoritative: boolean
  /** TC: cut to fit; ask again over TCP. */
  readonly truncated: boolean
  readonly recursionDesired: boolean
  readonly recursionAvailable: boolean
  /** The three bits between RA and RCODE: Z, AD and CD (RFC 4035 §3). */
  readonly z: number
  /** The four bits of the header; edns() has the others. */
  readonly rcode: number
  readonly questions: readonly DnsQuestion[]
  readonly answers: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
  readonly error?: WireError
}

/**
 * @param bytes the UDP payload; octets in the result are views into it. What follows the last record is passed over
 * @throws WireError TRUNCATED inside the header
 */
export function decode(bytes: Uint8Array): DnsMessage {
  const r = new ByteReader(bytes)
  const id = r.u16()
  const flags = r.u16()
  const counts = [r.u16(), r.u16(), r.u16(), r.u16()] as const
  const sections = { questions: [] as DnsQuestion[], answers: [], authority: [], additional: [] } as {
    questions: DnsQuestion[]
    answers: DnsRecord[]
    authority: DnsRecord[]
    additional: DnsRecord[]
  }
  let error: WireError | undefined
  let left = MAX_RECORDS
  const bound = (): void => {
    if (left-- === 0) throw new WireError('TOO_LONG', r.offset, `more than ${MAX_RECORDS} questions and records`)
  }
  try {
    for (let i = 0; i < counts[0]; i++) {
      bound()
      sections.questions.push({ name: readName(r), type: r.u16(), class: r.u16() })
    }
    for (const [section, count] of [
      [sections.answers, counts[1]],
      [sections.authority, counts[2]],
      [sections.additional, counts[3]],
    ] as const) {
      for (let i = 0; i < count; i++) {
        bound()
        section.push(readRecord(r, (fault) => (error ??= fault)))
      }
    }
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault
    error ??= fault
  }
  const message: DnsMessage = {
    id,
    response: (flags & 0x8000) !== 0,
    opcode: (flags >>> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    z: (flags >>> 4) & 7,
    rcode: flags & 0xf,
    ...sections,
  }
  return error === undefined ? message : { ...message, error }
}

function readRecord(r: ByteReader, note: (fault: WireError) => void): DnsRecord {
  const name = readName(r)
  const type = r.u16()
  const recordClass = r.u16()
  const ttl = r.u32()
  const length = r.u16()
  const start = r.offset
  const octets = r.octets(length)
  let data: DnsData = { kind: 'other', octets }
  try {
    const inside = new ByteReader(r.bytes, start, start + length)
    data = readData(inside, type) ?? data
    if (data.kind !== 'other' && inside.remaining > 0) {
      data = { kind: 'other', octets }
      throw new WireError(
        'BAD_LENGTH',
        inside.offset,
        `${inside.remaining} octets too many in a record of type ${type}`,
      )
    }
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault
    note(fault)
  }
  return { name, type, class: recordClass, ttl, data }
}

function readData(r: ByteReader, type: number): DnsData | undefined {
  switch (type) {
    case Type.a:
      return { kind: 'a', address: r.u32() }
    case Type.aaaa:
      return { kind: 'aaaa', address: r.octets(16) }
    case Type.cname:
    case Type.ns:
    case Type.ptr:
      return { kind: 'name', name: readName(r) }
    case Type.mx:
      return { kind: 'mx', preference: r.u16(), exchange: readName(r) }
    case Type.txt: {
      const texts: string[] = []
      while (r.remaining > 0) texts.push(latin1(r.octets(r.u8())))
      return { kind: 'txt', texts }
    }
    case Type.srv:
      return { kind: 'srv', priority: r.u16(), weight: r.u16(), port: r.u16(), target: readName(r) }
    case Type.soa:
      return {
        kind: 'soa',
        primary: readName(r),
        mailbox: readName(r),
        serial: r.u32(),
        refresh: r.u32(),
        retry: r.u32(),
        expire: r.u32(),
        minimum: r.u32(),
      }
    default:
      return undefined
  }
}

/** Leaves the reader behind the name. @throws WireError TRUNCATED, BAD_VALUE, TOO_LONG */
function readName(r: ByteReader): string {
  const { bytes } = r
  let text = ''
  let length = 1
  let at = r.offset
  let end = r.end
  /** Where a pointer must point before; the reader stays behind the first one. */
  let before: number | undefined
  const fail = (code: 'TRUNCATED' | 'BAD_VALUE' | 'TOO_LONG', what: string): never => {
    throw new WireError(code, Math.min(at, bytes.length), what)
  }
  for (;;) {
    if (at >= end) fail('TRUNCATED', 'a name breaks off')
    const first = bytes[at]!
    if (first === 0) {
      if (before === undefined) r.offset = at + 1
      return text
    }
    if (first < 0x40) {
      if (at + 1 + first > end) fail('TRUNCATED', 'a label breaks off')
      length += 1 + first
      if (length > MAX_NAME_LENGTH) fail('TOO_LONG', `a name of more than ${MAX_NAME_LENGTH} octets`)
      if (text !== '') text += '.'
      text += labelText(bytes, at + 1, at + 1 + first)
      at += 1 + first
    } else if (first >= 0xc0) {
      if (at + 2 > end) fail('TRUNCATED', 'a pointer breaks off')
      const target = ((first & 0x3f) << 8) | bytes[at + 1]!
      if (before === undefined) {
        before = r.offset
        r.offset = at + 2
        // The name that is pointed to may stand in another record.
        end = bytes.length
      }
      if (target >= before || target < HEADER_LENGTH)
        fail('BAD_VALUE', `a name points to octet ${target}, not backwards`)
      before = target
      at = target
    } else {
      fail('BAD_VALUE', `label type ${first >>> 6}`)
    }
  }
}

function labelText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!
    if (octet === 0x2e || octet === 0x5c) text += '\\' + String.fromCharCode(octet)
    else if (octet > 0x20 && octet < 0x7f) text += String.fromCharCode(octet)
    else text += '\\' + String(octet).padStart(3, '0')
  }
  return text
}

/**
 * The labels of a name as octets. A last dot does not matter.
 *
 * @throws WireError BAD_VALUE for an empty label, TOO_LONG above 63 octets a label or 255 in all
 */
export function nameLabels(name: string): readonly Uint8Array[] {
  const labels: Uint8Array[] = []
  let label = ''
  let open = false
  let length = 1
  const close = (at: number): void => {
    if (label === '') throw new WireError('BAD_VALUE', at, 'an empty label in a name')
    if (label.length > MAX_LABEL_LENGTH) throw new WireError('TOO_LONG', at, `a label of ${label.length} octets`)
    length += 1 + label.length
    if (length > MAX_NAME_LENGTH) throw new WireError('TOO_LONG', at, `a name of more than ${MAX_NAME_LENGTH} octets`)
    labels.push(latin1Bytes(label))
    label = ''
    open = false
  }
  if (name === '.') return labels
  for (let i = 0; i < name.length; i++) {
    const char = name[i]!
    if (char === '.') {
      close(i)
      continue
    }
    open = true
    if (char !== '\\') {
      label += char
      continue
    }
    const digits = /^[0-9]{3}/.exec(name.slice(i + 1, i + 4))?.[0]
    if (digits === undefined) {
      label += name[++i] ?? ''
    } else {
      label += String.fromCharCode(Number(digits) & 0xff)
      i += 3
    }
  }
  if (open) close(name.length)
  return labels
}

/** Names compare without regard to the case of ASCII letters, RFC 1035 §2.3.3; a last dot does not matter. */
export function sameName(a: string, b: string): boolean {
  return nameKey(a) === nameKey(b)
}

/** The same text for names that are the same. */
export function nameKey(name: string): string {
  const lower = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return lower.endsWith('.') && !lower.endsWith('\\.') ? lower.slice(0, -1) : lower
}

/** Where the name of an address is asked for: `2.0.20.10.in-addr.arpa`, RFC 1035 §3.5. */
export function reverseName(address: number): string {
  return `${address & 255}.${(address >>> 8) & 255}.${(address >>> 16) & 255}.${address >>> 24}.in-addr.arpa`
}

/** What an OPT record says, RFC 6891 §6.1; undefined in a message without one. */
export interface Edns {
  /** Octets of UDP payload that the sender takes. */
  readonly payloadSize: number
  /** All twelve bits of the response code. */
  readonly rcode: number
  readonly version: number
  readonly dnssecOk: boolean
}

export function edns(message: DnsMessage): Edns | undefined {
  const record = message.additional.find(({ type }) => type === Type.opt)
  if (record === undefined) return undefined
  return {
    payloadSize: Math.max(record.class, MAX_PLAIN_LENGTH), // RFC 6891 §6.2.3
    rcode: ((record.ttl >>> 24) << 4) | message.rcode,
    version: (record.ttl >>> 16) & 0xff,
    dnssecOk: (record.ttl & 0x8000) !== 0,
  }
}

/** An OPT record without options, for `additional`. */
export function ednsRecord(payloadSize: number): DnsRecord {
  return { name: '', type: Type.opt, class: payloadSize, ttl: 0, data: { kind: 'other', octets: new Uint8Array(0) } }
}

/** A question as a client asks it. */
export function query(id: number, name: string, type: number): DnsMessage {
  return {
    id,
    response: false,
    opcode: Opcode.query,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    z: 0,
    rcode: Rcode.noError,
    questions: [{ name, type, class: Class.internet }],
    answers: [],
    authority: [],
    additional: [],
  }
}

/**
 * Names are compressed where RFC 3597 §4 allows: as owners, and in the data of the types of RFC 1035.
 *
 * @throws WireError TOO_LONG or BAD_VALUE for a name, a text or a message that DNS cannot carry
 */
export function encode(message: Omit<DnsMessage, 'error'>): Uint8Array {
  const { questions, answers, authority, additional } = message
  const w = new ByteWriter(MAX_PLAIN_LENGTH)
  const flags =
    (message.response ? 0x8000 : 0) |
    ((message.opcode & 0xf) << 11) |
    (message.authoritative ? 0x0400 : 0) |
    (message.truncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    ((message.z & 7) << 4) |
    (message.rcode & 0xf)
  w.u16(message.id).u16(flags)
  w.u16(questions.length).u16(answers.length).u16(authority.length).u16(additional.length)
  const names = new NameWriter(w)
  for (const question of questions) {
    names.write(question.name)
    w.u16(question.type).u16(question.class)
  }
  for (const record of [...answers, ...authority, ...additional]) {
    names.write(record.name)
    w.u16(record.type).u16(record.class).u32(record.ttl).u16(0)
    const start = w.length
    writeData(w, names, record.data)
    w.setU16(start - 2, w.length - start)
  }
  if (w.length > 0xffff) throw new WireError('TOO_LONG', 0, `a DNS message of ${w.length} octets`)
  return w.toBytes()
}

function writeData(w: ByteWriter, names: NameWriter, data: DnsData): void {
  switch (data.kind) {
    case 'a':
      w.u32(data.address)
      break
    case 'aaaa':
      if (data.address.length !== 16) throw new WireError('BAD_LENGTH', 0, 'an IPv6 address has 16 octets')
      w.octets(data.address)
      break
    case 'name':
      names.write(data.name)
      break
    case 'mx':
      w.u16(data.preference)
      names.write(data.exchange)
      break
    case 'txt':
      for (const text of data.texts) {
        if (text.length > 255) throw new WireError('TOO_LONG', w.length, `a text of ${text.length} octets`)
        w.u8(text.length).octets(latin1Bytes(text))
      }
      break
    case 'srv':
      w.u16(data.priority).u16(data.weight).u16(data.port)
      names.write(data.target, { compress: false })
      break
    case 'soa':
      names.write(data.primary)
      names.write(data.mailbox)
      w.u32(data.serial).u32(data.refresh).u32(data.retry).u32(data.expire).u32(data.minimum)
      break
    case 'other':
      w.octets(data.octets)
      break
  }
}

/** Remembers where each name and each end of a name was written. */
class NameWriter {
  readonly #w: ByteWriter
  readonly #written = new Map<string, number>()

  constructor(w: ByteWriter) {
    this.#w = w
  }

  write(name: string, { compress = true } = {}): void {
    const w = this.#w
    const labels = nameLabels(name)
    for (let i = 0; i < labels.length; i++) {
      // Case and all: a decoder gets back what was encoded.
      const rest = labels
        .slice(i)
        .map((label) => `${label.length}:${latin1(label)}`)
        .join('')
      const known = this.#written.get(rest)
      if (compress && known !== undefined) {
        w.u16(0xc000 | known)
        return
      }
      if (known === undefined && w.length < 0x4000) this.#written.set(rest, w.length)
      w.u8(labels[i]!.length).octets(labels[i]!)
    }
    w.u8(0)
  }
}
