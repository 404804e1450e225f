import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.js'
import { WireError } from '../../src/base/errors.js'
import { PerReader, PerWriter } from '../../src/wire/per.js'
import { bitString, choice, decodeType, encodeType, extensibleInteger, integer, nothing, objectIdentifier, octetString, optional, packedString, sequence } from '../../src/wire/per-types.js' // prettier-ignore
import type { Extensible, PerType } from '../../src/wire/per-types.js'

const hex = <T>(type: PerType<T>, value: T) => toHex(encodeType(type, value))

describe('aligned PER', () => {
  it.each([
    // X.691 §11.5.7: bits up to 255 values, an octet for 256, two up to 64K, then a length first.
    [0, 1, 1, '80'],
    [1, 10, 4, '30'],
    [0, 254, 254, 'fe'],
    [0, 255, 200, 'c8'],
    [1, 256, 256, 'ff'],
    [1, 257, 257, '0100'],
    [1, 65535, 9, '0008'],
    [0, 65536, 65536, '80010000'],
    [0, 0xffffffff, 0, '0000'],
    [0, 0xffffffff, 256, '400100'],
    [1, 0xffffffff, 3600, '400e0f'],
    [0, 0xffffffff, 0xffffffff, 'c0ffffffff'],
    [7, 7, 7, '00'],
  ])('writes INTEGER(%i..%i) %i', (lower, upper, value, octets) => {
    const type = integer(lower, upper)
    expect(hex(type, value)).toBe(octets)
    expect(decodeType(type, fromHex(octets))).toBe(value)
  })

  it('refuses a number above its bounds', () => {
    expect(() => decodeType(integer(0, 9), fromHex('f0'))).toThrow(WireError)
    expect(() => encodeType(integer(0, 9), 10)).toThrow(RangeError)
    expect(decodeType(extensibleInteger(0, 9), encodeType(extensibleInteger(0, 9), 300))).toBe(300)
  })

  it('writes small and large indexes and lengths [X.691 §11.6, §11.9]', () => {
    for (const value of [0, 63, 64, 300]) {
      const writer = new PerWriter()
      writer.small(value)
      expect(new PerReader(writer.toBytes()).small()).toBe(value)
    }
    for (const [length, octets] of [
      [127, '7f'],
      [128, '8080'],
      [16383, 'bfff'],
    ] as const) {
      // prettier-ignore
      const writer = new PerWriter()
      writer.length(length)
      expect(toHex(writer.toBytes())).toBe(octets)
    }
    expect(() => new PerReader(fromHex('c1')).length()).toThrow(WireError)
    expect(() => new PerWriter().length(16384)).toThrow(RangeError)
  })

  it('aligns strings, unless they are two octets of fixed size [X.691 §17]', () => {
    const flagged = <T>(type: PerType<T>) => sequence<{ flag: number; text: T }>({ flag: integer(0, 1), text: type } as never) // prettier-ignore
    expect(hex(flagged(octetString(2, 2)), { flag: 1, text: fromHex('ab cd') })).toBe('d5e680')
    expect(hex(flagged(octetString(4, 4)), { flag: 1, text: fromHex('01 02 03 04') })).toBe('8001020304')
    expect(hex(flagged(octetString()), { flag: 1, text: fromHex('01') })).toBe('800101')
    expect(hex(flagged(packedString('#*,0123456789', 1, 128)), { flag: 0, text: '1#' })).toBe('0140')
    const bits = { length: 12, octets: fromHex('ab c0') }
    expect(hex(bitString(0, 2048), bits)).toBe('000cabc0')
    expect(decodeType(bitString(0, 2048), fromHex('00 0c ab c0'))).toEqual(bits)
  })

  it('reads and writes object identifiers', () => {
    for (const oid of ['0.0', '1.3.14.3.2.6', '2.16.840.1.113778.4.2.1', '2.999.4294967296']) {
      expect(decodeType(objectIdentifier, encodeType(objectIdentifier, oid))).toBe(oid)
    }
    expect(hex(objectIdentifier, '1.2.840')).toBe('032a8648')
    expect(() => decodeType(objectIdentifier, fromHex('02 2a 86'))).toThrow(WireError)
    expect(() => encodeType(objectIdentifier, '1.x')).toThrow(RangeError)
  })

  it('keeps additions that it does not know', () => {
    interface Old extends Extensible {
      readonly a: number
      readonly b?: number
    }
    interface New extends Old {
      readonly c?: number
      readonly d?: null
    }
    const [a, b] = [integer(0, 255), optional(integer(0, 255))]
    const old = sequence<Old>({ a, b }, {})
    const newer = sequence<New>({ a, b }, { c: integer(0, 255), d: nothing })
    const octets = encodeType(newer, { a: 1, c: 3, d: null })
    const read = decodeType(old, octets)
    expect(read).toMatchObject({ a: 1, extensions: { count: 2 } })
    expect(toHex(encodeType(old, read))).toBe(toHex(octets))
    expect(decodeType(newer, octets)).toMatchObject({ a: 1, c: 3, d: null })
    const oldChoice = choice<{ x: null }>({ x: nothing }, {})
    const newChoice = choice<{ x: null; y: number }>({ x: nothing }, { y: integer(0, 255) })
    const chosen = encodeType(newChoice, { choice: 'y', value: 5 })
    expect(decodeType(oldChoice, chosen)).toEqual({ choice: 'unknown', value: { position: 0, octets: fromHex('05') } })
    expect(toHex(encodeType(oldChoice, decodeType(oldChoice, chosen)))).toBe(toHex(chosen))
  })
})
