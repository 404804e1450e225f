import { expect, it } from 'vitest'
import { Random } from '../../../src/base/random.js'
import { wordChecksum } from '../../../src/emulator/net/tcp/word-checksum.js'
import { internetChecksum } from '../../../src/wire/checksum.js'

it('the checksum by words is the Internet checksum, at any address and of any length', () => {
  const random = new Random(3)
  const memory = Uint8Array.from({ length: 70_000 }, () => random.u32())
  const full = new Uint8Array(65_535).fill(0xff)
  expect(wordChecksum(full, 0, 65_535, 0x3ffff)).toBe(internetChecksum(full, 0, 65_535, 0x3ffff))
  for (let i = 0; i < 3000; i++) {
    const view = memory.subarray(random.int(9))
    const start = random.int(70)
    const end = start + random.int(i % 10 === 0 ? 65_000 : 1600)
    const initial = random.int(0x40000)
    expect(wordChecksum(view, start, end, initial)).toBe(internetChecksum(view, start, end, initial))
  }
})
