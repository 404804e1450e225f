import { expect, it } from 'vitest'
import { Random } from '../../src/base/random.js'
import { internetChecksum } from '../../src/wire/checksum.js'

/** RFC 1071 §1 to the letter: 16-bit words in network order, one's complement sum. */
function plainChecksum(bytes: Uint8Array, start: number, end: number, initial: number): number {
  let sum = initial
  for (let i = start; i < end; i += 2) {
    sum += bytes[i]! * 256 + (i + 1 < end ? bytes[i + 1]! : 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

it('the checksum by words is the Internet checksum, at any address and of any length', () => {
  const random = new Random(3)
  const memory = Uint8Array.from({ length: 70_000 }, () => random.u32())
  const full = new Uint8Array(65_535).fill(0xff)
  expect(internetChecksum(full, 0, 65_535, 0x3ffff)).toBe(plainChecksum(full, 0, 65_535, 0x3ffff))
  for (let i = 0; i < 3000; i++) {
    const view = memory.subarray(random.int(9))
    const start = random.int(70)
    const end = start + random.int(i % 10 === 0 ? 65_000 : 1600)
    const initial = random.int(0x40000)
    expect(internetChecksum(view, start, end, initial)).toBe(plainChecksum(view, start, end, initial))
  }
})
