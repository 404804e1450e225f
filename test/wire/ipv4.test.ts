import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import { DHCP_DISCOVER, ICMP_PORT_UNREACHABLE, IGMP_REPORT, TCP_SYN, TFTP_ACK } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const SYN = TCP_SYN.subarray(14)
const WITH_OPTIONS = IGMP_REPORT.subarray(14)

describe('ipv4', () => {
  it('decodes the header of a real packet', () => {
    const packet = ipv4.decode(SYN)
    expect(packet).toMatchObject({ headerLength: 20, totalLength: 60, ttl: 64, protocol: ipv4.Protocol.tcp })
    expect(packet).toMatchObject({ dontFragment: true, moreFragments: false, fragmentOffset: 0, truncated: false })
    expect(packet.error).toBeUndefined()
    expect(ipv4.formatAddress(packet.source)).toBe('192.168.1.140')
    expect(ipv4.formatAddress(packet.destination)).toBe('174.143.213.184')
    expect(packet.payload.length).toBe(40)
    expect(ipv4.headerChecksumIsRight(SYN)).toBe(true)
  })

  it('encodes what it decoded to the same octets, checksum included', () => {
    for (const bytes of [SYN, DHCP_DISCOVER.subarray(14), ICMP_PORT_UNREACHABLE.subarray(14), WITH_OPTIONS]) {
      expect(toHex(ipv4.encode(ipv4.decode(bytes)))).toBe(toHex(bytes))
    }
  })

  it('keeps options raw', () => {
    const packet = ipv4.decode(WITH_OPTIONS)
    expect(packet.headerLength).toBe(24)
    expect(toHex(packet.options)).toBe('94040000')
    expect(packet.payload.length).toBe(8)
    expect(ipv4.headerChecksumIsRight(WITH_OPTIONS)).toBe(true)
  })

  it('leaves Ethernet padding out of the payload', () => {
    const padded = new Uint8Array(60)
    padded.set(TFTP_ACK.subarray(14))
    expect(ipv4.decode(padded).payload.length).toBe(12)
  })

  it('takes a total length of zero, as segmentation offload leaves it, for everything', () => {
    const offloaded = SYN.slice()
    offloaded[2] = offloaded[3] = 0
    expect(ipv4.decode(offloaded)).toMatchObject({ totalLength: 0, truncated: false, error: undefined })
    expect(ipv4.decode(offloaded).payload.length).toBe(40)
  })

  it('reads fragments with their offset in octets', () => {
    const bytes = ipv4.encode({
      protocol: 17,
      source: 1,
      destination: 2,
      identification: 7,
      moreFragments: true,
      fragmentOffset: 1480,
      payload: new Uint8Array(8),
    })
    expect(ipv4.decode(bytes)).toMatchObject({ moreFragments: true, fragmentOffset: 1480, identification: 7 })
  })

  it('throws WireError inside the fixed header, and says what is missing behind it, at every octet', () => {
    decodeEveryPrefix(ipv4.decode, SYN, 20).forEach((packet, length) => {
      expect(packet.truncated).toBe(length < SYN.length)
      expect(packet.payload.length).toBe(length - 20)
      expect(packet.error).toBeUndefined()
    })
    decodeEveryPrefix(ipv4.decode, WITH_OPTIONS, 20).forEach((packet, length) => {
      if (length < 24) expect(packet.error).toMatchObject({ code: 'TRUNCATED' })
      else expect(packet.error).toBeUndefined()
      expect(packet.options.length).toBe(Math.min(4, length - 20))
    })
  })

  it('refuses another version', () => {
    const six = SYN.slice()
    six[0] = 0x60
    expect(() => ipv4.decode(six)).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
  })

  it('shows a header whose lengths contradict each other, without a payload', () => {
    const shortHeader = SYN.slice()
    shortHeader[0] = 0x44
    expect(ipv4.decode(shortHeader)).toMatchObject({ headerLength: 16, error: { code: 'BAD_LENGTH', offset: 0 } })
    const shortTotal = SYN.slice()
    shortTotal[2] = 0
    shortTotal[3] = 19
    const packet = ipv4.decode(shortTotal)
    expect(packet).toMatchObject({ totalLength: 19, error: { code: 'BAD_LENGTH', offset: 2 } })
    expect(packet.payload.length).toBe(0)
    expect(ipv4.formatAddress(packet.source)).toBe('192.168.1.140')
  })

  it('sees a wrong header checksum, and none when the header is cut', () => {
    const wrong = SYN.slice()
    wrong[8]! -= 1
    expect(ipv4.headerChecksumIsRight(wrong)).toBe(false)
    expect(ipv4.headerChecksumIsRight(WITH_OPTIONS.subarray(0, 22))).toBeUndefined()
  })

  it('refuses to encode what does not fit', () => {
    const header = { protocol: 17, source: 1, destination: 2 }
    expect(() => ipv4.encode({ ...header, payload: new Uint8Array(65_516) })).toThrow(
      expect.objectContaining({ code: 'TOO_LONG' }),
    )
    expect(() => ipv4.encode({ ...header, options: new Uint8Array(3), payload: new Uint8Array(0) })).toThrow(
      expect.objectContaining({ code: 'BAD_LENGTH' }),
    )
  })

  it('prints and reads addresses', () => {
    expect(ipv4.formatAddress(0xffffffff)).toBe('255.255.255.255')
    expect(ipv4.parseAddress('255.255.255.255')).toBe(ipv4.BROADCAST_ADDRESS)
    expect(ipv4.parseAddress('192.0.2.1')).toBe(0xc0000201)
    for (const text of [
      '',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '1.2.3.x',
      ' 1.2.3.4',
      '1.2.3.-4',
      '1..2.3',
      '1.2.3.0004',
    ]) {
      expect(ipv4.parseAddress(text), text).toBeUndefined()
    }
  })

  it('throws nothing but WireError on damaged packets', () => {
    const { decoded, refused } = fuzz(ipv4.decode, [SYN, WITH_OPTIONS])
    expect(decoded).toBeGreaterThan(5000)
    expect(refused).toBeGreaterThan(1000)
  })
})
