import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/bytes.js'
import * as icmpv4 from '../../src/wire/icmpv4.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import { COOKED_V2, ICMP_PORT_UNREACHABLE, TFTP_RRQ } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const UNREACHABLE = ipv4.decode(ICMP_PORT_UNREACHABLE.subarray(14)).payload
const ECHO = ipv4.decode(COOKED_V2.subarray(20)).payload

describe('icmpv4', () => {
  it('decodes a port unreachable and the ports it quotes', () => {
    const message = icmpv4.decode(UNREACHABLE)
    expect(message).toMatchObject({ type: 3, code: icmpv4.UnreachableCode.port, checksum: 0x82d5, rest: 0 })
    const quoted = icmpv4.quoted(message)
    expect(quoted).toMatchObject({ sourcePort: 49167, destinationPort: 65184 })
    expect(ipv4.formatAddress(quoted!.packet.destination)).toBe('192.168.2.2')
  })

  it('decodes an echo request', () => {
    const message = icmpv4.decode(ECHO)
    expect(message.type).toBe(icmpv4.Type.echoRequest)
    expect(icmpv4.echo(message)).toEqual({ identifier: 8, sequenceNumber: 1 })
    expect(icmpv4.quoted(message)).toBeUndefined()
  })

  it('encodes what it decoded to the same octets, checksum included', () => {
    for (const bytes of [UNREACHABLE, ECHO]) {
      expect(icmpv4.checksumIsRight(bytes)).toBe(true)
      expect(toHex(icmpv4.encode(icmpv4.decode(bytes)))).toBe(toHex(bytes))
    }
  })

  it('throws WireError inside the header, and keeps the header when the quotation is cut, at every octet', () => {
    decodeEveryPrefix(icmpv4.decode, UNREACHABLE, 8).forEach((message, length) => {
      const quoted = icmpv4.quoted(message)
      if (length < 28) expect(quoted).toBeUndefined()
      else expect(quoted).toMatchObject({ sourcePort: length < 32 ? undefined : 49167 })
    })
  })

  it('gives no ports for a later fragment or another protocol', () => {
    const later = UNREACHABLE.slice()
    later[8 + 7] = 1
    expect(icmpv4.quoted(icmpv4.decode(later))).toMatchObject({ sourcePort: undefined, destinationPort: undefined })
    const other = UNREACHABLE.slice()
    other[8 + 9] = 47
    expect(icmpv4.quoted(icmpv4.decode(other))).toMatchObject({ sourcePort: undefined })
  })

  it('makes error messages that quote as much as fits in 576 octets [RFC 1812 §4.3.2.3]', () => {
    const request = TFTP_RRQ.subarray(14)
    const message = icmpv4.decode(icmpv4.encodeError(icmpv4.Type.destinationUnreachable, 3, request))
    expect(toHex(message.payload)).toBe(toHex(request))
    expect(icmpv4.quoted(message)).toMatchObject({ destinationPort: 69 })
    const large = new Uint8Array(1500).fill(0x45)
    expect(icmpv4.encodeError(3, 4, large, 1400).length + 20).toBe(576)
    expect(icmpv4.decode(icmpv4.encodeError(3, 4, large, 1400)).rest).toBe(1400)
  })

  it('sees a wrong checksum', () => {
    expect(icmpv4.checksumIsRight(fromHex('03 03 00 00 00 00 00 01'))).toBe(false)
  })

  it('throws nothing but WireError on damaged messages', () => {
    const read = (bytes: Uint8Array): unknown => icmpv4.quoted(icmpv4.decode(bytes))
    const { decoded } = fuzz(read, [UNREACHABLE, ECHO])
    expect(decoded).toBeGreaterThan(10_000)
  })
})
