import { describe, expect, it } from 'vitest'
import { latin1Bytes, toHex } from '../../src/base/bytes.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as udp from '../../src/wire/udp.js'
import { DHCP_DISCOVER, DHCP_OFFER, TFTP_ERROR, TFTP_OACK } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const packets = [DHCP_DISCOVER, DHCP_OFFER, TFTP_OACK, TFTP_ERROR].map((frame) => ipv4.decode(frame.subarray(14)))
const OACK = ipv4.decode(TFTP_OACK.subarray(14))

describe('udp', () => {
  it('decodes the header of a real datagram', () => {
    const datagram = udp.decode(packets[0]!.payload)
    expect(datagram).toMatchObject({ sourcePort: 68, destinationPort: 67, length: 403, truncated: false })
    expect(datagram.payload.length).toBe(395)
    expect(datagram.error).toBeUndefined()
  })

  it('encodes what it decoded to the same octets, checksum included', () => {
    for (const { payload, source, destination } of packets) {
      if (udp.decode(payload).checksum === 0) continue
      expect(udp.checksumIsRight(payload, source, destination)).toBe(true)
      expect(toHex(udp.encode(udp.decode(payload), source, destination))).toBe(toHex(payload))
    }
  })

  it('throws WireError inside the header, and says what is missing behind it, at every octet', () => {
    decodeEveryPrefix(udp.decode, OACK.payload, 8).forEach((datagram, length) => {
      expect(datagram.truncated).toBe(length < OACK.payload.length)
      expect(datagram.payload.length).toBe(length - 8)
    })
  })

  it('leaves what lies behind its length out of the payload', () => {
    const longer = new Uint8Array(OACK.payload.length + 5)
    longer.set(OACK.payload)
    expect(toHex(udp.decode(longer).payload)).toBe(toHex(udp.decode(OACK.payload).payload))
    expect(udp.checksumIsRight(longer, OACK.source, OACK.destination)).toBe(true)
  })

  it('shows a datagram whose length is below the header, without a payload', () => {
    const short = OACK.payload.slice()
    short[5] = 7
    expect(udp.decode(short)).toMatchObject({ length: 7, destinationPort: 1024, error: { code: 'BAD_LENGTH' } })
    expect(udp.decode(short).payload.length).toBe(0)
    expect(udp.checksumIsRight(short, OACK.source, OACK.destination)).toBeUndefined()
  })

  it('sees a wrong checksum, and knows none when the sender made none or octets are missing', () => {
    const wrong = OACK.payload.slice()
    wrong[10]! ^= 1
    expect(udp.checksumIsRight(wrong, OACK.source, OACK.destination)).toBe(false)
    const none = OACK.payload.slice()
    none[6] = none[7] = 0
    expect(udp.checksumIsRight(none, OACK.source, OACK.destination)).toBeUndefined()
    expect(udp.checksumIsRight(OACK.payload.subarray(0, 20), OACK.source, OACK.destination)).toBeUndefined()
  })

  it('sends a checksum of zero as all ones [RFC 768]', () => {
    // The payload is the checksum of everything else, so the whole sums up to zero.
    const datagram = { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(2) }
    const checksum = udp.decode(udp.encode(datagram, 3, 4)).checksum
    datagram.payload.set([checksum >>> 8, checksum & 255])
    const bytes = udp.encode(datagram, 3, 4)
    expect(udp.decode(bytes).checksum).toBe(0xffff)
    expect(udp.checksumIsRight(bytes, 3, 4)).toBe(true)
  })

  it('refuses to encode more than 65,535 octets', () => {
    const datagram = { sourcePort: 1, destinationPort: 2, payload: new Uint8Array(65_528) }
    expect(() => udp.encode(datagram, 3, 4)).toThrow(expect.objectContaining({ code: 'TOO_LONG' }))
  })

  it('encodes into the middle of a buffer', () => {
    const bytes = new Uint8Array(30).fill(0xee)
    const datagram = { sourcePort: 1024, destinationPort: 69, payload: latin1Bytes('abc') }
    expect(udp.encodeInto(bytes, 10, datagram, 5, 6)).toBe(21)
    expect(toHex(bytes.subarray(10, 21))).toBe(toHex(udp.encode(datagram, 5, 6)))
    expect([bytes[9], bytes[21]]).toEqual([0xee, 0xee])
  })

  it('throws nothing but WireError on damaged datagrams', () => {
    const { decoded, refused } = fuzz(udp.decode, [OACK.payload])
    expect(decoded).toBeGreaterThan(10_000)
    expect(refused).toBeGreaterThan(100)
  })
})
