import { describe, expect, it } from 'vitest'
import { WireError } from '../../src/base/errors.js'
import { concatBytes, fromHex, latin1, latin1Bytes, toHex } from '../../src/base/bytes.js'
import * as dhcp from '../../src/wire/dhcp.js'
import { formatMac } from '../../src/wire/ethernet.js'
import { formatAddress } from '../../src/wire/ipv4.js'
import { BOOTP_REQUEST, DHCP_ACK, DHCP_DISCOVER, DHCP_OFFER, DHCP_OVERLOAD } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const UDP_PAYLOAD = 42
const [DISCOVER, OFFER, ACK, OVERLOAD, BOOTP] = [
  DHCP_DISCOVER.subarray(UDP_PAYLOAD),
  DHCP_OFFER.subarray(UDP_PAYLOAD),
  DHCP_ACK.subarray(UDP_PAYLOAD),
  DHCP_OVERLOAD.subarray(UDP_PAYLOAD),
  BOOTP_REQUEST.subarray(UDP_PAYLOAD),
] as const
const { OptionCode } = dhcp

/** A message with this options field behind the cookie. */
function withOptions(hex: string): dhcp.DhcpMessage {
  return dhcp.decode(concatBytes([OFFER.subarray(0, 240), fromHex(hex)]))
}

describe('dhcp', () => {
  it('decodes the header of an ACK', () => {
    const message = dhcp.decode(ACK)
    expect(message).toMatchObject({ op: dhcp.Operation.bootReply, htype: 1, hlen: 6, hops: 0, xid: 0x155c, secs: 0 })
    expect(message.flags).toBe(dhcp.BROADCAST_FLAG)
    expect(formatAddress(message.yiaddr)).toBe('192.168.0.3')
    expect(formatMac(dhcp.hardwareAddress(message))).toBe('cc:00:0a:c4:00:00')
    expect(message.isBootp).toBe(false)
    expect(message.optionsError).toBeUndefined()
  })

  it('decodes the options of an ACK', () => {
    const message = dhcp.decode(ACK)
    expect(dhcp.messageType(message)).toBe(dhcp.MessageType.ack)
    expect(dhcp.addressOption(message, OptionCode.serverIdentifier)).toBe(0xc0a80001)
    expect(dhcp.u32Option(message, OptionCode.leaseTime)).toBe(60)
    expect(dhcp.u32Option(message, OptionCode.renewalTime)).toBe(30)
    expect(dhcp.textOption(message, OptionCode.hostName)).toBe('R0')
    expect(dhcp.addressListOption(message, OptionCode.domainNameServer).map(formatAddress)).toEqual([
      '192.168.0.1',
      '192.168.1.1',
    ])
    expect(message.options.map(({ code }) => code)).toEqual([53, 54, 51, 58, 59, 12, 1, 3, 6])
    expect(dhcp.option(message, OptionCode.siteOption)).toBeUndefined()
    expect(dhcp.addressListOption(message, OptionCode.ntpServers)).toEqual([])
  })

  it('keeps options it does not know, raw and in their place', () => {
    const message = dhcp.decode(OFFER)
    const codes = message.options.map(({ code }) => code)
    expect(codes).toEqual([53, 54, 51, 1, 3, 6, 4, 67, 28, 42, 43, 60, 44, 46, 15])
    expect(toHex(dhcp.option(message, 46) ?? new Uint8Array())).toBe('02')
    expect(dhcp.textOption(message, OptionCode.bootfileName)).toBe('network-confg')
    expect(latin1(dhcp.option(message, OptionCode.vendorSpecific)!)).toBe('172.18.6.37')
  })

  it('encodes what it decoded to the same octets, up to padding', () => {
    for (const bytes of [DISCOVER, OFFER, ACK]) {
      const encoded = dhcp.encode(dhcp.decode(bytes))
      expect(toHex(encoded)).toBe(toHex(bytes.subarray(0, encoded.length)))
      expect(bytes.subarray(encoded.length).every((octet) => octet === 0)).toBe(true)
    }
  })

  it('gives views into the message', () => {
    const message = dhcp.decode(ACK)
    expect(message.chaddr.buffer).toBe(ACK.buffer)
    expect(message.options[0]!.data.buffer).toBe(ACK.buffer)
  })

  it('reads options in file and then in sname when option 52 says so [RFC 2131 §4.1]', () => {
    const message = dhcp.decode(OVERLOAD)
    const messages = message.options.filter(({ code }) => code === OptionCode.message)
    expect(messages.map(({ field, data }) => [field, latin1(data)])).toEqual([
      ['options', 'Padding'],
      ['file', 'file name field overload'],
      ['sname', 'sname field overload'],
    ])
    expect(message.optionsError).toBeUndefined()
    expect(dhcp.fileText(message)).toBe('')
    expect(dhcp.snameText(message)).toBe('')
    expect(latin1(message.sname)).toContain('sname field overload')
  })

  it('joins the parts of an option over all three fields in that order [RFC 3396 §5]', () => {
    const joined = dhcp.textOption(dhcp.decode(OVERLOAD), OptionCode.message)
    expect(joined).toBe('Paddingfile name field overloadsname field overload')
  })

  it('encodes overloaded fields to the same octets', () => {
    const encoded = dhcp.encode(dhcp.decode(OVERLOAD), 0)
    const end = OVERLOAD.lastIndexOf(OptionCode.end) + 1
    // The options field of this capture has an option behind the pads; the fixed fields must be the same.
    expect(toHex(encoded.subarray(0, 236))).toBe(toHex(OVERLOAD.subarray(0, 236)))
    expect(encoded.length).toBeLessThanOrEqual(end)
    expect(dhcp.decode(encoded).options).toEqual(dhcp.decode(OVERLOAD).options)
  })

  it('reads only the field that option 52 names', () => {
    const bytes = OVERLOAD.slice()
    const at = bytes.findIndex((octet, i) => octet === 52 && bytes[i + 1] === 1 && bytes[i + 2] === 3 && i > 239)
    bytes[at + 2] = dhcp.Overload.file
    expect(dhcp.decode(bytes).options.map(({ field }) => field)).not.toContain('sname')
    bytes[at + 2] = dhcp.Overload.sname
    expect(dhcp.decode(bytes).options.map(({ field }) => field)).not.toContain('file')
  })

  it('splits an option above 255 octets and joins it again [RFC 3396]', () => {
    const long = latin1Bytes(`MCIPADD=10.0.0.1,${'HTTPSRVR=10.0.0.2,'.repeat(30)}`)
    const { options: _, ...fields } = dhcp.decode(ACK)
    const message = dhcp.decode(dhcp.encode({ ...fields, options: [{ code: OptionCode.siteOption, data: long }] }))
    expect(message.options.map(({ data }) => data.length)).toEqual([255, 255, long.length - 510])
    expect(dhcp.textOption(message, OptionCode.siteOption)).toBe(latin1(long))
  })

  it('keeps an empty option', () => {
    const message = dhcp.decode(dhcp.encode({ op: 1, xid: 1, chaddr: new Uint8Array(6), options: [{ code: 80, data: new Uint8Array(0) }] })) // prettier-ignore
    expect(message.options).toMatchObject([{ code: 80, field: 'options' }])
    expect(dhcp.option(message, 80)).toEqual(new Uint8Array(0))
  })

  it('fills a message up to the minimum of BOOTP unless told otherwise [RFC 951 §3]', () => {
    const fields = { op: 1, xid: 7, chaddr: fromHex('00 1b 4f 01 02 03'), options: [] }
    expect(dhcp.encode(fields).length).toBe(300)
    expect(dhcp.encode(fields, 0).length).toBe(241)
    expect(dhcp.decode(dhcp.encode(fields))).toMatchObject({ htype: 1, hlen: 6, optionsError: undefined, options: [] })
  })

  it('skips pad options between others', () => {
    const message = withOptions('00 35 01 05 00 00 36 04 c0 a8 00 01 00 ff')
    expect(message.options.map(({ code }) => code)).toEqual([53, 54])
    expect(message.optionsError).toBeUndefined()
  })

  it('keeps what stands before an option that claims more than there is', () => {
    const message = withOptions('35 01 05 f2 40 4d 43 49 50')
    expect(dhcp.messageType(message)).toBe(dhcp.MessageType.ack)
    expect(message.options).toHaveLength(1)
    expect(message.optionsError).toMatchObject({ code: 'TRUNCATED', offset: 243 })
    expect(message.optionsError?.message).toContain('option 242')
  })

  it('misses an end option', () => {
    const message = withOptions('35 01 05')
    expect(message.options).toHaveLength(1)
    expect(message.optionsError).toMatchObject({ code: 'TRUNCATED', offset: 243 })
    expect(message.optionsError?.message).toContain('no end option')
  })

  it('says which overloaded field is damaged, and reads the other one', () => {
    const bytes = OVERLOAD.slice()
    bytes[108 + 1] = 200
    const message = dhcp.decode(bytes)
    expect(message.optionsError).toMatchObject({ code: 'TRUNCATED', offset: 108 })
    expect(message.options.map(({ field }) => field)).toContain('sname')
  })

  it('stops at a bound on the number of options', () => {
    const message = withOptions(`${'50 00 '.repeat(dhcp.MAX_OPTIONS + 1)} ff`)
    expect(message.options).toHaveLength(dhcp.MAX_OPTIONS)
    expect(message.optionsError).toMatchObject({ code: 'TOO_LONG' })
  })

  it('gives undefined for numbers and addresses that are too short, and leaves out half an address', () => {
    const message = withOptions('33 03 00 00 3c 06 06 01 02 03 04 05 06 39 01 02 ff')
    expect(dhcp.u32Option(message, OptionCode.leaseTime)).toBeUndefined()
    expect(dhcp.addressListOption(message, OptionCode.domainNameServer)).toEqual([0x01020304])
    expect(dhcp.u16Option(message, OptionCode.maximumMessageSize)).toBeUndefined()
  })

  it('takes trailing NULs off a text and keeps every other octet', () => {
    const message = withOptions('42 05 61 00 ff 00 00 ff')
    expect(dhcp.textOption(message, OptionCode.tftpServerName)).toBe('a\0\u00ff')
  })

  it('reads sname and file up to the first NUL', () => {
    const fields = { op: 2, xid: 1, chaddr: new Uint8Array(6), options: [] }
    const message = dhcp.decode(
      dhcp.encode({ ...fields, sname: latin1Bytes('boot'), file: latin1Bytes('a.bin\0junk') }),
    )
    expect(dhcp.snameText(message)).toBe('boot')
    expect(dhcp.fileText(message)).toBe('a.bin')
    expect(dhcp.fileText(dhcp.decode(dhcp.encode({ ...fields, file: new Uint8Array(128).fill(0x61) })))).toHaveLength(
      128,
    )
  })

  it('throws WireError until it knows who is asking, and keeps what it has from there on, at every octet', () => {
    decodeEveryPrefix(dhcp.decode, DISCOVER, 44).forEach((message, length) => {
      expect(message.xid).toBe(0x4f3d6210)
      expect(message.isBootp).toBe(false)
      expect(message.sname.length).toBe(Math.min(64, length - 44))
      if (length < 243) expect(dhcp.messageType(message)).toBe(0)
      else expect(dhcp.messageType(message)).toBe(dhcp.MessageType.discover)
      const end = DISCOVER.lastIndexOf(OptionCode.end)
      if (length <= end) expect(message.optionsError).toMatchObject({ code: 'TRUNCATED' })
      else expect(message.optionsError).toBeUndefined()
    })
  })

  it('decodes plain BOOTP, without the magic cookie in its place', () => {
    const message = dhcp.decode(BOOTP)
    expect(message).toMatchObject({ isBootp: true, options: [], optionsError: undefined, xid: 1, hops: 1 })
    expect(message.vend.length).toBe(BOOTP.length - 236)
    expect(dhcp.messageType(message)).toBe(0)
    expect(toHex(dhcp.encode(message, 0))).toBe(toHex(BOOTP))
  })

  it('names message types, unknown ones too', () => {
    expect(dhcp.messageTypeName(dhcp.MessageType.discover)).toBe('DISCOVER')
    expect(dhcp.messageTypeName(10)).toBe('LEASEQUERY')
    expect(dhcp.messageTypeName(17)).toBe('unknown(17)')
  })

  it('decodes the sub-options of a relay, of which none is pad or end [RFC 3046 §2.0]', () => {
    const message = withOptions('52 0e 01 04 00 64 00 07 02 02 1b 4f 00 00 ff 00 ff')
    const relay = dhcp.relayAgentInformation(message)
    expect(relay?.error).toBeUndefined()
    expect(relay?.subOptions.map(({ code, data }) => [code, toHex(data)])).toEqual([
      [dhcp.RelaySubOptionCode.circuitId, '00640007'],
      [dhcp.RelaySubOptionCode.remoteId, '1b4f'],
      [0, ''],
      [255, ''],
    ])
    expect(toHex(dhcp.encodeSubOptions(relay!.subOptions))).toBe(toHex(dhcp.option(message, 82)!))
    expect(dhcp.relayAgentInformation(dhcp.decode(ACK))).toBeUndefined()
  })

  it('keeps the sub-options before one that is cut short', () => {
    const relay = dhcp.relayAgentInformation(withOptions('52 05 01 01 aa 02 04 ff'))
    expect(relay?.subOptions).toHaveLength(1)
    expect(relay?.error).toMatchObject({ code: 'TRUNCATED', offset: 3 })
  })

  it('decodes encapsulated vendor options with pad and end [RFC 2132 §8.4]', () => {
    const vendor = dhcp.vendorSpecific(withOptions('2b 0a 00 06 04 0a 00 00 01 ff 01 01 ff'))
    expect(vendor?.subOptions.map(({ code, data }) => [code, toHex(data)])).toEqual([[6, '0a000001']])
    expect(vendor?.error).toBeUndefined()
  })

  it('refuses to encode fields that are too long', () => {
    const fields = { op: 1, xid: 1, chaddr: new Uint8Array(6), options: [] }
    for (const wrong of [
      { chaddr: new Uint8Array(17) },
      { sname: new Uint8Array(65) },
      { file: new Uint8Array(129) },
    ]) {
      expect(() => dhcp.encode({ ...fields, ...wrong })).toThrow(WireError)
    }
    const options = [{ code: 56, data: new Uint8Array(62), field: 'sname' as const }]
    expect(() => dhcp.encode({ ...fields, options })).toThrow(expect.objectContaining({ code: 'TOO_LONG' }))
  })

  it('throws nothing but WireError on damaged messages', () => {
    const read = (bytes: Uint8Array): unknown => {
      const message = dhcp.decode(bytes)
      return [dhcp.option(message, 56), dhcp.relayAgentInformation(message), dhcp.vendorSpecific(message)]
    }
    const { decoded } = fuzz(read, [DISCOVER, OFFER, OVERLOAD])
    expect(decoded).toBeGreaterThan(10_000)
  })
})
