import { describe, expect, it } from 'vitest'
import { LinkHeader } from '../../../src/analyzer/sieve/link-header.js'
import { fromHex } from '../../../src/base/bytes.js'
import { LinkType } from '../../../src/capture/link-types.js'

const MACS = '0050 568a 0002 001b 4f20 0001'

describe('LinkHeader', () => {
  it.each([
    ['Ethernet', LinkType.ethernet, `${MACS} 0800`, { etherType: 0x0800, vlan: -1, sourceMac: 6, destinationMac: 0 }],
    ['802.1Q', LinkType.ethernet, `${MACS} 8100 a014 0800`, { etherType: 0x0800, vlan: 20, sourceMac: 6 }],
    ['QinQ', LinkType.ethernet, `${MACS} 88a8 0064 8100 0fff 0806`, { etherType: 0x0806, vlan: 4095 }],
    ['three tags', LinkType.ethernet, `${MACS} 9100 0001 8100 0002 8100 0003 88cc`, { etherType: 0x88cc, vlan: 3 }],
    ['SNAP', LinkType.ethernet, `${MACS} 0040 aaaa 0300 0000 0800`, { etherType: 0x0800 }],
    ['PPPoE', LinkType.ethernet, `${MACS} 8864 1100 0001 0020 0021`, { etherType: 0x0800 }],
    ['raw IPv4', LinkType.raw, '', { etherType: 0x0800, sourceMac: -1, destinationMac: -1 }],
    ['raw IPv4, number 12', LinkType.rawBsd, '', { etherType: 0x0800 }],
    ['raw IPv4, number 228', LinkType.rawIpv4, '', { etherType: 0x0800 }],
    ['Linux cooked', LinkType.linuxSll, '0000 0001 0006 001b 4f20 0001 0000 0800', { etherType: 0x0800, sourceMac: 6 }],
    ['cooked, tagged', LinkType.linuxSll, '0000 0001 0006 001b 4f20 0001 0000 8100 0014 0800', { vlan: 20 }],
    [
      'cooked v2',
      LinkType.linuxSll2,
      '0806 0000 0000 0002 0001 0406 001b 4f20 0001 0000',
      { etherType: 0x0806, sourceMac: 12 },
    ],
    ['null, little endian', LinkType.bsdNull, '0200 0000', { etherType: 0x0800, sourceMac: -1 }],
    ['loop', LinkType.bsdLoop, '0000 0002', { etherType: 0x0800 }],
    ['null, IPv6 of macOS', LinkType.bsdNull, '1e00 0000', { etherType: 0x86dd }],
  ])('reads %s', (_, linkType, hex, expected) => {
    const header = fromHex(hex)
    const bytes = new Uint8Array(header.length + 4)
    bytes.set(header)
    bytes[header.length] = 0x45
    const link = new LinkHeader()
    expect(link.read(linkType, bytes, 0, bytes.length)).toBe('ok')
    expect(link).toMatchObject({ ...expected, offset: header.length })
  })

  it('has no network header behind LLC, and none on a link it does not know', () => {
    const link = new LinkHeader()
    const spanningTree = fromHex(`${MACS} 0026 4242 0300 0000 0000 0000`)
    expect(link.read(LinkType.ethernet, spanningTree, 0, spanningTree.length)).toBe('ok')
    expect(link.etherType).toBe(0)
    expect(link.read(127, spanningTree, 0, spanningTree.length)).toBe('unsupported')
  })

  it('says short of a header cut at any octet, tags included', () => {
    const link = new LinkHeader()
    const bytes = fromHex(`${MACS} 88a8 0064 8100 0fff 0800`)
    for (let end = 0; end < bytes.length; end++) expect(link.read(LinkType.ethernet, bytes, 0, end)).toBe('short')
  })
})
