import { describe, expect, it } from 'vitest'
import { editDistance, nearestName } from '../../src/deskphone/nearest-name.js'
import { OPTION_NAMES } from '../../src/deskphone/parameters.js'

describe('editDistance', () => {
  it('counts insertions, deletions, substitutions and swaps of neighbours', () => {
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('HTTPSVR', 'HTTPSRVR')).toBe(1)
    expect(editDistance('MCIPDAD', 'MCIPADD')).toBe(1)
    expect(editDistance('same', 'same')).toBe(0)
  })

  it('is symmetrical and obeys the length bounds on generated words', () => {
    const words = ['', 'a', 'ab', 'ba', 'abc', 'acb', 'HTTPSRVR', 'TLSSRVR', 'TFTPSRVR', 'MCIPADD', 'MCPORT']
    for (const a of words) {
      for (const b of words) {
        const distance = editDistance(a, b)
        expect(distance).toBe(editDistance(b, a))
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length))
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }
    }
  })
})

describe('nearestName', () => {
  it.each([
    ['MCIPADDR', 'MCIPADD'],
    ['HTTPSVR', 'HTTPSRVR'],
    ['httpsrv', 'HTTPSRVR'],
    ['TFTPSERVER', 'TFTPSRVR'],
    ['HTTPDRI', 'HTTPDIR'],
    ['L2QVLNA', 'L2QVLAN'],
  ])('takes %s for %s', (written, meant) => {
    expect(nearestName(written, OPTION_NAMES)).toBe(meant)
  })

  it('has no suggestion for a word that is like no name, nor for an empty or endless one', () => {
    expect(nearestName('COFFEE', OPTION_NAMES)).toBeUndefined()
    expect(nearestName('', OPTION_NAMES)).toBeUndefined()
    expect(nearestName('M'.repeat(100_000), OPTION_NAMES)).toBeUndefined()
  })
})
