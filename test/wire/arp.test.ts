import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.js'
import * as arp from '../../src/wire/arp.js'
import { formatMac } from '../../src/wire/ethernet.js'
import { formatAddress } from '../../src/wire/ipv4.js'
import { ARP_REPLY, ARP_REQUEST } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const REQUEST = ARP_REQUEST.subarray(14)
const REPLY = ARP_REPLY.subarray(14)

describe('arp', () => {
  it('decodes a request and its reply', () => {
    const request = arp.decode(REQUEST)
    expect(request.operation).toBe(arp.Operation.request)
    expect(formatAddress(request.senderAddress)).toBe('192.168.2.100')
    expect(formatAddress(request.targetAddress)).toBe('192.168.2.2')
    const reply = arp.decode(REPLY)
    expect(reply.operation).toBe(arp.Operation.reply)
    expect(formatMac(reply.senderMac)).toBe('de:ad:be:ef:01:00')
    expect(reply.targetAddress).toBe(request.senderAddress)
  })

  it('encodes what it decoded to the same octets', () => {
    expect(toHex(arp.encode(arp.decode(REQUEST)))).toBe(toHex(REQUEST))
    expect(toHex(arp.encode(arp.decode(REPLY)))).toBe(toHex(REPLY))
  })

  it('ignores the padding of a short frame', () => {
    const padded = new Uint8Array(46)
    padded.set(REPLY)
    expect(arp.decode(padded)).toEqual(arp.decode(REPLY))
  })

  it('throws WireError when it is cut short, at every octet', () => {
    decodeEveryPrefix(arp.decode, REQUEST, arp.LENGTH)
  })

  it('refuses other address lengths', () => {
    const other = REQUEST.slice()
    other[4] = 8
    expect(() => arp.decode(other)).toThrow(expect.objectContaining({ code: 'BAD_VALUE', offset: 4 }))
  })

  it('knows probes and announcements [RFC 5227 §1.1]', () => {
    const request = arp.decode(REQUEST)
    expect(arp.isProbe(request)).toBe(false)
    expect(arp.isProbe({ ...request, senderAddress: 0 })).toBe(true)
    expect(arp.isAnnouncement(request)).toBe(false)
    expect(arp.isAnnouncement({ ...request, targetAddress: request.senderAddress })).toBe(true)
  })

  it('throws nothing but WireError on damaged messages', () => {
    const { decoded, refused } = fuzz(arp.decode, [REQUEST, REPLY])
    expect(decoded).toBeGreaterThan(1000)
    expect(refused).toBeGreaterThan(1000)
  })
})
