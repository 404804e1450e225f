import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.js'
import { Random } from '../../src/base/random.js'
import { internetChecksum, pseudoHeaderSum } from '../../src/wire/checksum.js'

/** The definition of RFC 1071 §1, one word at a time with the carry added at once. */
function byDefinition(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial % 0xffff === 0 && initial > 0 ? 0xffff : initial % 0xffff
  for (let i = start; i < end; i += 2) {
    sum += (bytes[i]! << 8) | (i + 1 < end ? bytes[i + 1]! : 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return 0xffff - sum
}

describe('internetChecksum', () => {
  it('gives the example of RFC 1071 §3', () => {
    // The sum is ddf2.
    expect(internetChecksum(fromHex('00 01 f2 03 f4 f5 f6 f7'), 0, 8)).toBe(0xffff - 0xddf2)
  })

  it('gives the checksum of a known IPv4 header', () => {
    const header = fromHex('45 00 00 73 00 00 40 00 40 11 00 00 c0 a8 00 01 c0 a8 00 c7')
    expect(internetChecksum(header, 0, 20)).toBe(0xb861)
    header[10] = 0xb8
    header[11] = 0x61
    expect(internetChecksum(header, 0, 20)).toBe(0)
  })

  it('pads an odd last octet with zero', () => {
    expect(internetChecksum(fromHex('ab'), 0, 1)).toBe(0xffff - 0xab00)
  })

  it('is all ones over nothing', () => {
    expect(internetChecksum(new Uint8Array(4), 2, 2)).toBe(0xffff)
  })

  it('agrees with the definition for any part of any octets', () => {
    const random = new Random(7)
    const bytes = Uint8Array.from({ length: 4096 }, () => random.int(256))
    for (let i = 0; i < 2000; i++) {
      const start = random.int(64)
      const end = start + random.int(bytes.length - start)
      const initial = random.int(300_000)
      expect(internetChecksum(bytes, start, end, initial)).toBe(byDefinition(bytes, start, end, initial))
    }
  })

  it('does not overflow over 65,535 octets of ones', () => {
    const ones = new Uint8Array(65_535).fill(255)
    expect(internetChecksum(ones, 0, ones.length, 4 * 0xffff)).toBe(byDefinition(ones, 0, ones.length))
  })
})

describe('pseudoHeaderSum', () => {
  it('is the sum of the words of the pseudo header', () => {
    const header = fromHex('c0 a8 02 64 ff ff ff ff 00 11 00 2a')
    const sum = pseudoHeaderSum(0xc0a80264, 0xffffffff, 17, 42)
    expect(internetChecksum(new Uint8Array(0), 0, 0, sum)).toBe(internetChecksum(header, 0, header.length))
  })
})
