import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/bytes.js'
import { EtherType, formatMac } from '../../src/wire/ethernet.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as loopback from '../../src/wire/null.js'
import * as sll from '../../src/wire/sll.js'
import { COOKED_V1, COOKED_V2, LOOPBACK } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

describe('sll', () => {
  it('decodes a header of version 1', () => {
    const frame = sll.decodeV1(COOKED_V1)
    expect(frame).toMatchObject({ packetType: sll.PacketType.host, hardwareType: 772, protocol: EtherType.ipv4 })
    expect(frame).toMatchObject({ payloadOffset: 16, interfaceIndex: undefined })
    expect(formatMac(frame.address)).toBe('00:00:00:00:00:00')
    expect(ipv4.formatAddress(ipv4.decode(frame.payload).source)).toBe('127.0.0.1')
  })

  it('decodes a header of version 2', () => {
    const frame = sll.decodeV2(COOKED_V2)
    expect(frame).toMatchObject({ protocol: EtherType.ipv4, payloadOffset: 20 })
    expect(frame.interfaceIndex).toBeGreaterThan(0)
    expect(ipv4.formatAddress(ipv4.decode(frame.payload).source)).toBe('192.0.2.1')
  })

  it('gives no more of an address than the header holds', () => {
    const long = COOKED_V1.slice()
    long[4] = 255
    expect(sll.decodeV1(long).address.length).toBe(8)
    const long2 = COOKED_V2.slice()
    long2[11] = 255
    expect(sll.decodeV2(long2).address.length).toBe(8)
  })

  it('throws WireError when the header is cut short, at every octet', () => {
    decodeEveryPrefix(sll.decodeV1, COOKED_V1, 16)
    decodeEveryPrefix(sll.decodeV2, COOKED_V2, 20)
  })
})

describe('null', () => {
  it('decodes a header in the byte order of a little-endian host', () => {
    const frame = loopback.decode(LOOPBACK)
    expect(frame).toMatchObject({ family: loopback.Family.inet, etherType: EtherType.ipv4, payloadOffset: 4 })
    expect(ipv4.formatAddress(ipv4.decode(frame.payload).source)).toBe('172.16.1.117')
  })

  it('decodes a header in network order', () => {
    expect(loopback.decode(fromHex('00 00 00 02 45'))).toMatchObject({ family: 2, etherType: EtherType.ipv4 })
    expect(loopback.decode(fromHex('00 00 00 1e 60'))).toMatchObject({ family: 30, etherType: EtherType.ipv6 })
  })

  it('knows no EtherType for other families', () => {
    expect(loopback.decode(fromHex('07 00 00 00'))).toMatchObject({ family: 7, etherType: undefined })
  })

  it('throws WireError when the header is cut short, at every octet', () => {
    decodeEveryPrefix(loopback.decode, LOOPBACK, 4)
  })

  it('throws nothing but WireError on damaged frames', () => {
    const { decoded, refused } = fuzz(loopback.decode, [LOOPBACK])
    expect(decoded).toBeGreaterThan(10_000)
    expect(refused).toBeGreaterThan(100)
  })
})
