import { describe, expect, it } from 'vitest'
import { Random } from '../../src/base/random.js'
import { resolution, roundUp4, setTime } from '../../src/capture/pcapng-format.js'

describe('setTime', () => {
  it('divides as arithmetic without bounds does, for every unit', () => {
    const random = Random.for(1, 'timestamps')
    const counts = [0n, 1n, 0xffffffffn, 0x100000000n, 0xffffffffffffffffn, 1_700_000_000_999_999_999n]
    for (let i = 0; i < 100; i++) counts.push((BigInt(random.u32()) << 32n) | BigInt(random.u32()))
    for (let code = 0; code < 256; code++) {
      const units = code & 0x80 ? 2n ** BigInt(code & 0x7f) : 10n ** BigInt(code)
      const target = { seconds: 0, nanos: 0 }
      for (const count of counts) {
        setTime(target, resolution(code), 0, Number(count >> 32n), Number(count & 0xffffffffn))
        const expected = { seconds: Number(count / units), nanos: Number(((count % units) * 1_000_000_000n) / units) }
        if (target.seconds !== expected.seconds || target.nanos !== expected.nanos) {
          expect(target, `${count} units of resolution ${code}`).toEqual(expected)
        }
      }
    }
    expect(counts).toHaveLength(106)
  })
})

describe('roundUp4', () => {
  it('holds beyond 2^31', () => {
    expect([0, 1, 4, 0x7fffffff, 0xfffffffd, 0xffffffff].map(roundUp4)).toEqual([0, 4, 4, 2 ** 31, 2 ** 32, 2 ** 32])
  })
})
