import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.js'
import * as ethernet from '../../src/wire/ethernet.js'
import * as vlan from '../../src/wire/vlan.js'
import { ARP_REQUEST, TAGGED, TCP_SYN } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

describe('ethernet', () => {
  it('decodes the header of a broadcast frame', () => {
    const frame = ethernet.decode(ARP_REQUEST)
    expect(ethernet.formatMac(frame.destination)).toBe('ff:ff:ff:ff:ff:ff')
    expect(ethernet.formatMac(frame.source)).toBe('de:ad:be:ef:02:00')
    expect(frame.etherType).toBe(ethernet.EtherType.arp)
    expect(frame.payload.length).toBe(28)
    expect(ethernet.isGroup(frame.destination)).toBe(true)
    expect(ethernet.isGroup(frame.source)).toBe(false)
  })

  it('encodes what it decoded to the same octets', () => {
    for (const frame of [ARP_REQUEST, TCP_SYN, TAGGED]) {
      expect(toHex(ethernet.encode(ethernet.decode(frame)))).toBe(toHex(frame))
    }
  })

  it('gives views into the frame', () => {
    expect(ethernet.decode(TCP_SYN).payload.buffer).toBe(TCP_SYN.buffer)
  })

  it('throws WireError when the header is cut short, at every octet', () => {
    decodeEveryPrefix(ethernet.decode, TCP_SYN, ethernet.HEADER_LENGTH)
  })

  it('tells a length of 802.3 from an EtherType', () => {
    expect(ethernet.isLength(0x0026)).toBe(true)
    expect(ethernet.isLength(0x0800)).toBe(false)
  })

  it('reads a MAC address in the usual notations and no others', () => {
    for (const text of ['00:1B:4F:0a:0b:0c', '00-1b-4f-0A-0B-0C', '001b.4f0a.0b0c', '001b4f0a0b0c']) {
      expect(ethernet.formatMac(ethernet.parseMac(text) ?? new Uint8Array())).toBe('00:1b:4f:0a:0b:0c')
    }
    for (const text of [
      '',
      '00:1b:4f:0a:0b',
      '00:1b:4f:0a:0b:0c:0d',
      '00:1b-4f:0a:0b:0c',
      '0:1b:4f:0a:0b:0c',
      'zz1b4f0a0b0c',
    ]) {
      expect(ethernet.parseMac(text), text).toBeUndefined()
    }
  })
})

describe('vlan', () => {
  it('decodes stacked tags one after the other', () => {
    const frame = ethernet.decode(TAGGED)
    expect(frame.etherType).toBe(ethernet.EtherType.vlan)
    const outer = vlan.decode(frame.payload)
    const middle = vlan.decode(outer.payload)
    const inner = vlan.decode(middle.payload)
    expect([outer, middle, inner].map(({ vid }) => vid)).toEqual([30, 20, 10])
    expect([outer, middle, inner].map(({ etherType }) => etherType)).toEqual([0x8100, 0x8100, 0x0800])
  })

  it('keeps priority and drop eligibility beside the VLAN', () => {
    const tag = vlan.decode(fromHex('b0 64 08 00 45'))
    expect(tag).toMatchObject({ pcp: 5, dei: true, vid: 100, etherType: 0x0800 })
    expect(toHex(vlan.encode(tag))).toBe('b06408' + '0045')
  })

  it('throws WireError when the tag is cut short, at every octet', () => {
    decodeEveryPrefix(vlan.decode, ethernet.decode(TAGGED).payload, vlan.HEADER_LENGTH)
  })

  it('throws nothing but WireError on damaged frames', () => {
    const { decoded } = fuzz((bytes) => vlan.decode(ethernet.decode(bytes).payload), [TAGGED])
    expect(decoded).toBeGreaterThan(10_000)
  })
})
