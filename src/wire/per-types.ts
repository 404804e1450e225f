/**
 * ASN.1 types in aligned PER (ITU-T X.691), made of smaller types: what a protocol's definition says, said in TypeScript.
 *
 * A type reads and writes values of one TypeScript type. What a newer sender adds is kept as octets and written back:
 * extension additions of a sequence in `extensions`, added alternatives of a choice as `unknown`. An addition that
 * cannot be read costs itself only: it has a length of its own.
 *
 * A value that no octets can say (a number out of its bounds, a character out of its alphabet) is a RangeError: the
 * writer's caller made it.
 */
import { latin1, latin1Bytes } from '../base/bytes.js'
import { WireError } from '../base/errors.js'
import { octetsFor, PerReader, PerWriter, unsigned, unsignedBytes } from './per.js'

/** Items of one list; more is an attack, or a misreading. */
export const MAX_ITEMS = 1024

/** Reads and writes values of one ASN.1 type. */
export interface PerType<T> {
  read(reader: PerReader): T
  write(writer: PerWriter, value: T): void
}

/** The octets of one value on its own. */
export function encodeType<T>(type: PerType<T>, value: T): Uint8Array {
  const writer = new PerWriter()
  type.write(writer, value)
  return writer.toBytes()
}

/** @throws WireError */
export function decodeType<T>(type: PerType<T>, octets: Uint8Array): T {
  return type.read(new PerReader(octets))
}

export const boolean: PerType<boolean> = {
  read: (reader) => reader.bit(),
  write: (writer, value) => writer.bit(value),
}

export const nothing: PerType<null> = { read: () => null, write: () => undefined }

/** INTEGER(lower..upper). */
export function integer(lower: number, upper: number): PerType<number> {
  return {
    read: (reader) => reader.constrained(lower, upper),
    write: (writer, value) => writer.constrained(value, lower, upper),
  }
}

/** INTEGER(lower..upper, ...): the bounds may be widened one day. */
export function extensibleInteger(lower: number, upper: number): PerType<number> {
  return {
    read: (reader) =>
      reader.bit() ? unsigned(reader.octets(Math.min(reader.length(), 6))) : reader.constrained(lower, upper),
    write: (writer, value) => {
      const inside = value >= lower && value <= upper
      writer.bit(!inside)
      if (inside) writer.constrained(value, lower, upper)
      else writer.open(unsignedBytes(value, octetsFor(value)))
    },
  }
}

/** INTEGER without bounds: two's complement, as octets. */
export const unboundedInteger: PerType<Uint8Array> = {
  read: (reader) => reader.open(),
  write: (writer, value) => writer.open(value),
}

/** OCTET STRING, SIZE(least..most) when given. Views when read. */
export function octetString(least?: number, most?: number): PerType<Uint8Array> {
  return {
    read(reader) {
      const count = readCount(reader, least, most)
      if (count === 0) return NO_OCTETS
      return count <= 2 && least === most ? smallOctets(reader, count) : reader.octets(count)
    },
    write(writer, value) {
      writeCount(writer, value.length, least, most)
      // X.691 §17.6: one or two octets of fixed size are not aligned.
      if (least === most && value.length <= 2) for (const octet of value) writer.bits(octet, 8)
      else if (value.length > 0) writer.octets(value)
    },
  }
}

const NO_OCTETS = new Uint8Array(0)

function smallOctets(reader: PerReader, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => reader.bits(8))
}

/** BIT STRING, SIZE(least..most) when given. The last octet is filled up with zeros. */
export function bitString(
  least?: number,
  most?: number,
): PerType<{ readonly length: number; readonly octets: Uint8Array }> {
  return {
    read(reader) {
      const length = readCount(reader, least, most)
      if (length > 16 || least !== most) reader.align()
      return {
        length,
        octets: Uint8Array.from({ length: (length + 7) >>> 3 }, (_, i) => readOctetOf(reader, length, i)),
      }
    },
    write(writer, { length, octets }) {
      writeCount(writer, length, least, most)
      if (length > 16 || least !== most) writer.align()
      for (let i = 0; i * 8 < length; i++) {
        const count = Math.min(8, length - i * 8)
        writer.bits((octets[i] ?? 0) >>> (8 - count), count)
      }
    },
  }
}

function readOctetOf(reader: PerReader, length: number, index: number): number {
  const count = Math.min(8, length - index * 8)
  return reader.bits(count) << (8 - count)
}

function readCount(reader: PerReader, least: number | undefined, most: number | undefined): number {
  if (most === undefined || most >= 65536) return reader.length()
  return least === most ? most : reader.constrained(least ?? 0, most)
}

function writeCount(writer: PerWriter, count: number, least: number | undefined, most: number | undefined): void {
  if (most === undefined || most >= 65536) writer.length(count)
  else if (least !== most) writer.constrained(count, least ?? 0, most)
  else if (count !== most) throw new RangeError(`${count} octets where ${most} belong`)
}

/** IA5String and the like, one octet for each character. */
export function ia5String(least?: number, most?: number): PerType<string> {
  const octets = octetString(least, most)
  return {
    read: (reader) => latin1(octets.read(reader)),
    write: (writer, value) => octets.write(writer, latin1Bytes(value)),
  }
}

/** IA5String(SIZE(least..most))(FROM(alphabet)), packed to half octets. @param alphabet sorted, 9 to 16 characters */
export function packedString(alphabet: string, least: number, most: number): PerType<string> {
  const width = 4
  return {
    read(reader) {
      const count = reader.constrained(least, most)
      reader.align()
      let text = ''
      for (let i = 0; i < count; i++) {
        const index = reader.bits(width)
        const character = alphabet[index]
        if (character === undefined)
          throw new WireError('BAD_VALUE', reader.offset, `no character ${index} in '${alphabet}'`)
        text += character
      }
      return text
    },
    write(writer, value) {
      writer.constrained(value.length, least, most)
      writer.align()
      for (const character of value) {
        const index = alphabet.indexOf(character)
        if (index < 0) throw new RangeError(`'${character}' is not of '${alphabet}'`)
        writer.bits(index, width)
      }
    },
  }
}

/** BMPString: UTF-16, big-endian. */
export function bmpString(least?: number, most?: number): PerType<string> {
  return {
    read(reader) {
      const octets = reader.octets(2 * readCount(reader, least, most))
      let text = ''
      for (let i = 0; i < octets.length; i += 2) text += String.fromCharCode((octets[i]! << 8) | octets[i + 1]!)
      return text
    },
    write(writer, value) {
      writeCount(writer, value.length, least, most)
      const octets = new Uint8Array(2 * value.length)
      for (let i = 0; i < value.length; i++) {
        octets[2 * i] = value.charCodeAt(i) >>> 8
        octets[2 * i + 1] = value.charCodeAt(i)
      }
      writer.octets(octets)
    },
  }
}

/** OBJECT IDENTIFIER in dotted form; arcs that no integer of JavaScript holds are refused. */
export const objectIdentifier: PerType<string> = {
  read(reader) {
    const octets = reader.open()
    const arcs: number[] = []
    let arc = 0
    octets.forEach((octet, i) => {
      arc = arc * 128 + (octet & 0x7f)
      if (arc > Number.MAX_SAFE_INTEGER) throw new WireError('TOO_LONG', reader.offset, 'an arc of more than 53 bits')
      if ((octet & 0x80) !== 0) {
        if (i === octets.length - 1)
          throw new WireError('TRUNCATED', reader.offset, 'an object identifier ends in an arc')
        return
      }
      if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)))
      else arcs.push(arc)
      arc = 0
    })
    return arcs.join('.')
  },
  write(writer, value) {
    const [first, second, ...rest] = value.split('.').map(Number)
    if (
      first === undefined ||
      second === undefined ||
      [first, second, ...rest].some((arc) => !Number.isSafeInteger(arc) || arc < 0)
    ) {
      throw new RangeError(`not an object identifier: ${value}`)
    }
    const octets: number[] = []
    for (const arc of [40 * first + second, ...rest]) {
      const groups = [arc % 128]
      for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
        groups.unshift(0x80 | (left % 128))
      octets.push(...groups)
    }
    writer.open(Uint8Array.from(octets))
  },
}

/** SEQUENCE OF, SIZE(least..most) when given. @throws WireError TOO_LONG for more than MAX_ITEMS */
export function listOf<T>(item: PerType<T>, least?: number, most?: number): PerType<readonly T[]> {
  return {
    read(reader) {
      const count = readCount(reader, least, most)
      if (count > MAX_ITEMS) throw new WireError('TOO_LONG', reader.offset, `a list of ${count}`)
      return reader.nested(() => Array.from({ length: count }, () => item.read(reader)))
    },
    write(writer, value) {
      writeCount(writer, value.length, least, most)
      for (const one of value) item.write(writer, one)
    },
  }
}

/** What a newer sender added to a sequence. */
export interface Extensions {
  /** Additions that the sender's definition has, present or not; the length of its bitmap. */
  readonly count: number
  /** Those that are not understood: their encodings by position, from 0. */
  readonly unknown: ReadonlyMap<number, Uint8Array>
}

export interface Extensible {
  /** As read; to be written it may be left out. */
  readonly extensions?: Extensions
}

interface Component<T> {
  readonly type: PerType<T>
  readonly isOptional: boolean
}

/** A component that may be absent, and is then undefined. */
export function optional<T>(type: PerType<T>): Component<T | undefined> & { readonly isOptional: true } {
  return { type: type as PerType<T | undefined>, isOptional: true }
}

type Components<T> = { readonly [K in keyof T]?: PerType<Exclude<T[K], undefined>> | Component<T[K]> }

type Field = readonly [name: string, component: Component<unknown>]

function fieldsOf(components: object): readonly Field[] {
  return Object.entries(components).map(([name, given]: [string, Component<unknown> | PerType<unknown>]): Field => [
    name,
    'isOptional' in given ? given : { type: given, isOptional: false },
  ])
}

/** SEQUENCE, its components in the order of the object given. Extensible when `additions` is given. */
export function sequence<T extends object>(root: Components<T>, additions?: Components<T>): PerType<T> {
  const partial = partialSequence<T>(root, additions)
  return {
    read(reader) {
      const { value, error } = partial.read(reader)
      if (error !== undefined) throw error
      return value as T
    },
    write: partial.write,
  }
}

export interface PartialValue<T> {
  readonly value: Partial<T>
  /** Why the rest is missing. */
  readonly error: WireError | undefined
}

/** As sequence, but reading returns what there was before the octets made no sense. */
export function partialSequence<T extends object>(
  root: Components<T>,
  additions?: Components<T>,
): { read(reader: PerReader): PartialValue<T>; write(writer: PerWriter, value: T): void } {
  const rootFields = fieldsOf(root)
  const optionals = rootFields.filter(([, { isOptional }]) => isOptional).length
  const added = additions === undefined ? undefined : fieldsOf(additions)

  function readInto(reader: PerReader, value: Record<string, unknown>): void {
    const isExtended = added !== undefined && reader.bit()
    const present = Array.from({ length: optionals }, () => reader.bit())
    let next = 0
    for (const [name, { type, isOptional }] of rootFields) {
      if (isOptional && present[next++] !== true) continue
      value[name] = type.read(reader)
    }
    if (!isExtended || added === undefined) return
    const count = reader.small() + 1
    if (count > MAX_ITEMS) throw new WireError('TOO_LONG', reader.offset, `${count} extension additions`)
    const bitmap = Array.from({ length: count }, () => reader.bit())
    const unknown = new Map<number, Uint8Array>()
    value['extensions'] = { count, unknown } satisfies Extensions
    bitmap.forEach((isPresent, position) => {
      if (!isPresent) return
      const octets = reader.open()
      const field = added[position]
      const read = field === undefined ? undefined : tryRead(field[1].type, octets, reader.depth)
      if (field === undefined || read === undefined) unknown.set(position, octets)
      else value[field[0]] = read.value
    })
  }

  return {
    read(reader) {
      const value: Record<string, unknown> = {}
      let error: WireError | undefined
      try {
        reader.nested(() => readInto(reader, value))
      } catch (thrown) {
        if (!(thrown instanceof WireError)) throw thrown
        error = thrown
      }
      return { value: value as Partial<T>, error }
    },
    write(writer, value) {
      const given = value as Readonly<Record<string, unknown>>
      const { extensions } = value as Extensible
      const encodings = new Map<number, Uint8Array>(extensions?.unknown)
      added?.forEach(([name, { type }], position) => {
        if (given[name] !== undefined) encodings.set(position, encodeType(type, given[name]))
      })
      const count = Math.max(extensions?.count ?? 0, ...[...encodings.keys()].map((position) => position + 1))
      if (added !== undefined) writer.bit(count > 0)
      for (const [name, { isOptional }] of rootFields) if (isOptional) writer.bit(given[name] !== undefined)
      for (const [name, { type, isOptional }] of rootFields) {
        if (!isOptional || given[name] !== undefined) type.write(writer, given[name])
      }
      if (added === undefined || count === 0) return
      writer.small(count - 1)
      for (let position = 0; position < count; position++) writer.bit(encodings.has(position))
      for (let position = 0; position < count; position++) {
        const octets = encodings.get(position)
        if (octets !== undefined) writer.open(octets)
      }
    },
  }
}

/** Reads a value that has its own octets, all of them: undefined when it cannot, so that the octets are kept instead. */
function tryRead(type: PerType<unknown>, octets: Uint8Array, depth: number): { readonly value: unknown } | undefined {
  try {
    const reader = new PerReader(octets, depth)
    const value = type.read(reader)
    return Math.max(1, reader.offset) === octets.length ? { value } : undefined
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}

/** The alternative taken, by its name in the standard. */
export interface Chosen<N, V> {
  readonly choice: N
  readonly value: V
}

/** An alternative that is not known here. */
export type UnknownChoice = Chosen<'unknown', { readonly position: number; readonly octets: Uint8Array }>

/** What a choice between these alternatives may be. */
export type ChoiceOf<A> = { readonly [N in keyof A]: Chosen<N, A[N]> }[keyof A] | UnknownChoice

type Alternatives<A> = { readonly [N in keyof A]?: PerType<A[N]> }

/** CHOICE, its alternatives in the order of the objects given. Extensible when `additions` is given. */
export function choice<A extends object>(root: Alternatives<A>, additions?: Alternatives<A>): PerType<ChoiceOf<A>> {
  const known = Object.entries(root) as [string, PerType<unknown>][]
  const added = additions === undefined ? undefined : (Object.entries(additions) as [string, PerType<unknown>][])
  return {
    read(reader) {
      if (added !== undefined && reader.bit()) {
        const position = reader.small()
        const octets = reader.open()
        const alternative = added[position]
        const read = alternative === undefined ? undefined : tryRead(alternative[1], octets, reader.depth)
        if (alternative === undefined || read === undefined) return { choice: 'unknown', value: { position, octets } }
        return { choice: alternative[0], value: read.value } as ChoiceOf<A>
      }
      const position = reader.constrained(0, known.length - 1)
      const [name, type] = known[position]!
      return { choice: name, value: reader.nested(() => type.read(reader)) } as ChoiceOf<A>
    },
    write(writer, chosen) {
      const { choice: name, value } = chosen as Chosen<string, unknown>
      const position = known.findIndex(([candidate]) => candidate === name)
      if (added !== undefined) writer.bit(position < 0)
      if (position >= 0) {
        writer.constrained(position, 0, known.length - 1)
        known[position]![1].write(writer, value)
        return
      }
      const late = (added ?? []).findIndex(([candidate]) => candidate === name)
      if (late >= 0) {
        writer.small(late)
        writer.open(encodeType(added![late]![1], value))
        return
      }
      if (name !== 'unknown' || added === undefined) throw new RangeError(`no alternative '${name}'`)
      const { position: unknownPosition, octets } = value as UnknownChoice['value']
      writer.small(unknownPosition)
      writer.open(octets)
    },
  }
}

/** A type that holds itself: looked up when it is used. */
export function lazy<T>(type: () => PerType<T>): PerType<T> {
  return { read: (reader) => type().read(reader), write: (writer, value) => type().write(writer, value) }
}

/** Its place is known and its octets are not read: an addition of this type is kept among the unknown ones. */
export const unread: PerType<never> = {
  read(reader) {
    throw new WireError('BAD_VALUE', reader.offset, 'a part that is not read')
  },
  write() {
    throw new RangeError('a part that is not written')
  },
}
