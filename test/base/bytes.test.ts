import { describe, expect, it } from 'vitest'
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  equalBytes,
  fromHex,
  latin1,
  latin1Bytes,
  toHex,
} from '../../src/base/bytes.js'
import { WireError } from '../../src/base/errors.js'

describe('ByteReader', () => {
  it('reads network order, unsigned', () => {
    const r = new ByteReader(fromHex('ff fffe fffffffd 0102'))
    expect([r.u8(), r.u16(), r.u32()]).toEqual([0xff, 0xfffe, 0xfffffffd])
    expect(toHex(r.rest())).toBe('0102')
    expect(r.remaining).toBe(0)
  })

  it('names the offset where octets ran out, and reads nothing', () => {
    const r = new ByteReader(fromHex('0102 03'), 1)
    expect(() => r.u32()).toThrow(WireError)
    expect(r.offset).toBe(1)
    expect(r.u16()).toBe(0x0203)
    try {
      r.octets(5)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'TRUNCATED', offset: 3 })
    }
  })

  it('returns views, not copies', () => {
    const bytes = fromHex('010203')
    const view = new ByteReader(bytes).octets(2)
    bytes[0] = 9
    expect(view[0]).toBe(9)
  })
})

describe('ByteWriter', () => {
  it('writes what the reader reads, growing as it must', () => {
    const w = new ByteWriter(1)
    w.u8(0xab).u16(0xcdef).u32(0x89abcdef).octets(fromHex('0102')).zeros(2).setU16(1, 0x1234)
    expect(toHex(w.toBytes())).toBe('ab123489abcdef01020000')
    expect(w.length).toBe(11)
  })

  it('clears reused space when it writes zeros', () => {
    const w = new ByteWriter(4)
    w.u32(0xffffffff).zeros(3)
    expect(toHex(w.toBytes())).toBe('ffffffff000000')
  })
})

describe('octets as text', () => {
  it('survive the round trip through latin1, all 256 of them, in any length', () => {
    const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i & 0xff)
    expect(equalBytes(latin1Bytes(latin1(bytes)), bytes)).toBe(true)
    expect(latin1(bytes, 65, 68)).toBe('ABC')
  })

  it('refuse what is not hexadecimal', () => {
    expect(() => fromHex('0g')).toThrow(TypeError)
    expect(() => fromHex('012')).toThrow(TypeError)
    expect(toHex(fromHex('00 1B\n4f'), ':')).toBe('00:1b:4f')
  })

  it('join', () => {
    expect(toHex(concatBytes([fromHex('01'), fromHex(''), fromHex('0203')]))).toBe('010203')
  })
})
