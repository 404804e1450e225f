import { describe, expect, it } from 'vitest'
import { LinkType, linkTypeName } from '../../src/capture/link-types.js'

describe('linkTypeName', () => {
  it('names the link types that are read', () => {
    const names = Object.values(LinkType).map((linkType) => linkTypeName(linkType))
    expect(names).toEqual([
      'bsd-null',
      'ethernet',
      'raw-ip',
      'raw-ip',
      'raw-ip',
      'bsd-loop',
      'linux-sll',
      'raw-ipv4',
      'raw-ipv6',
      'linux-sll2',
    ])
  })

  it('gives the number of those without a name', () => {
    expect(linkTypeName(147)).toBe('link-type-147')
  })
})
