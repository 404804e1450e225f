import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../src/base/bytes.js'
import { WireError } from '../../src/base/errors.js'
import * as dns from '../../src/wire/dns.js'
import { formatAddress } from '../../src/wire/ipv4.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

/** A query and its answer, a chain of two aliases: pcpp-raw_ip.pcap, frames 51 and 52. */
const QUERY = fromHex('6775 0100 0001 0000 0000 0000 0363726c 096d6963726f736f6674 03636f6d 00 0001 0001')
const ALIASES = fromHex(`
  6775818000010004000000000363726c096d6963726f736f667403636f6d0000010001c00c0005000100000ab100170363726c03777777026d7306
  616b61646e73036e657400c02f00050001000000a60014056131333633046473636706616b616d6169c041c0520001000100000005000452669813
  c0520001000100000005000452669812
`)

/** Aliases and the SOA of what has no address: pcpp-sll.pcap, frame 26. */
const NO_DATA = fromHex(`
  f130818000010002000100000377777704796e657402636f02696c00001c0001c00c00050001000000a7001404796e657402636f02696c03643470
  036e657400c02c00050001000015be000f03613339016706616b616d6169c03bc050000600010000000f0031036e3067c0520a686f73746d617374
  657206616b616d616903636f6d00576070cc000003e8000003e8000003e800000708
`)

/** The name of an address: pcpp-many_interfaces-1.pcapng, frame 7. */
const REVERSE = fromHex(`
  f30385800001000100000000033133390131033136380331393207696e2d61646472046172706100000c0001c00c000c000100000000000e0c4861
  647269656c732d4d425000
`)

/** Answers of dnsmasq 2.90 to queries with and without EDNS: TXT, SRV, AAAA, MX. */
const TXT = fromHex(`
  123485800001000100000001046e6f7465066f6666696365076578616d706c650000100001c00c0010000100000000000e03763d310974776f2070
  6172747300002904d0000000000000
`)
const SRV = fromHex(`
  123485800001000100000002075f683332337273045f756470066f6666696365076578616d706c650000210001c00c002100010000000000190 00a
  000506b702676b066f6666696365076578616d706c6500c03f000100010000000000040a140005c03f001c000100000000001020010db800000000
  0000000000000005
`)
const MX = fromHex(`
  123485800001000100000002066f6666696365076578616d706c6500000f0001c00c000f0001000000000015003202676b066f6666696365076578
  616d706c6500c02e001c000100000000001020010db8000000000000000000000005c02e000100010000000000040a140005
`)

const SAMPLES = [QUERY, ALIASES, NO_DATA, REVERSE, TXT, SRV, MX]

function header(questions: number, answers: number): Uint8Array {
  return new Uint8Array([0, 1, 0x81, 0x80, 0, questions, 0, answers, 0, 0, 0, 0])
}

describe('dns', () => {
  it('decodes a query', () => {
    expect(dns.decode(QUERY)).toEqual({
      id: 0x6775,
      response: false,
      opcode: 0,
      authoritative: false,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      z: 0,
      rcode: 0,
      questions: [{ name: 'crl.microsoft.com', type: 1, class: 1 }],
      answers: [],
      authority: [],
      additional: [],
    })
  })

  it('follows compressed names through owners and data [RFC 1035 §4.1.4]', () => {
    const { answers, ...message } = dns.decode(ALIASES)
    expect(message).toMatchObject({ response: true, recursionAvailable: true, rcode: 0 })
    expect(message).not.toHaveProperty('error')
    const said = answers.map(({ name, ttl, data }) => [
      name,
      ttl,
      data.kind === 'name' ? data.name : data.kind === 'a' ? formatAddress(data.address) : data.kind,
    ])
    expect(said).toEqual([
      ['crl.microsoft.com', 2737, 'crl.www.ms.akadns.net'],
      ['crl.www.ms.akadns.net', 166, 'a1363.dscg.akamai.net'],
      ['a1363.dscg.akamai.net', 5, '82.102.152.19'],
      ['a1363.dscg.akamai.net', 5, '82.102.152.18'],
    ])
  })

  it('decodes SOA, PTR, TXT, SRV, MX and AAAA', () => {
    expect(dns.decode(NO_DATA).authority).toEqual([
      {
        name: 'g.akamai.net',
        type: dns.Type.soa,
        class: 1,
        ttl: 15,
        data: {
          kind: 'soa',
          primary: 'n0g.akamai.net',
          mailbox: 'hostmaster.akamai.com',
          serial: 1_465_938_124,
          refresh: 1000,
          retry: 1000,
          expire: 1000,
          minimum: 1800,
        },
      },
    ])
    expect(dns.decode(REVERSE).answers[0]).toMatchObject({
      name: dns.reverseName(0xc0a8018b),
      data: { kind: 'name', name: 'Hadriels-MBP' },
    })
    expect(dns.decode(TXT).answers[0]?.data).toEqual({ kind: 'txt', texts: ['v=1', 'two parts'] })
    expect(dns.decode(SRV).answers[0]?.data).toEqual({
      kind: 'srv',
      priority: 10,
      weight: 5,
      port: 1719,
      target: 'gk.office.example',
    })
    const { answers, additional } = dns.decode(MX)
    expect(answers[0]?.data).toEqual({ kind: 'mx', preference: 50, exchange: 'gk.office.example' })
    expect(additional[0]?.data).toEqual({ kind: 'aaaa', address: fromHex('20010db8000000000000000000000005') })
  })

  it('knows EDNS, and a message without it [RFC 6891 §6.1]', () => {
    expect(dns.edns(dns.decode(TXT))).toEqual({ payloadSize: 1232, rcode: 0, version: 0, dnssecOk: false })
    expect(dns.edns(dns.decode(SRV))).toBeUndefined()
    const asked = dns.decode(dns.encode({ ...dns.query(7, 'a.example', 1), additional: [dns.ednsRecord(4096)] }))
    expect(dns.edns(asked)).toMatchObject({ payloadSize: 4096 })
    // RFC 6891 §6.2.3: smaller values mean 512.
    const small = dns.decode(dns.encode({ ...dns.query(7, 'a.example', 1), additional: [dns.ednsRecord(100)] }))
    expect(dns.edns(small)).toMatchObject({ payloadSize: 512 })
  })

  it('encodes what it decoded to the same octets where the sender compressed as much', () => {
    for (const bytes of [QUERY, ALIASES, NO_DATA, REVERSE, TXT]) {
      expect(toHex(dns.encode(dns.decode(bytes)))).toBe(toHex(bytes))
    }
  })

  it('encodes what it decoded to the same message in any case, names in SRV data uncompressed [RFC 3597 §4]', () => {
    for (const bytes of SAMPLES) expect(dns.decode(dns.encode(dns.decode(bytes)))).toEqual(dns.decode(bytes))
    const question = SRV.subarray(0, 45)
    expect(toHex(dns.encode(dns.decode(SRV))).startsWith(toHex(question))).toBe(true)
    expect(dns.encode(dns.decode(SRV))).toHaveLength(SRV.length)
  })

  it('returns what it read beside the error, at every octet', () => {
    decodeEveryPrefix(dns.decode, ALIASES, dns.HEADER_LENGTH).forEach((message, length) => {
      if (length === ALIASES.length) expect(message).not.toHaveProperty('error')
      else expect(message.error, `cut to ${length} octets`).toMatchObject({ code: 'TRUNCATED' })
      expect(message.id).toBe(0x6775)
      expect(message.questions).toHaveLength(length < 35 ? 0 : 1)
      expect(message.answers).toHaveLength([70, 102, 118, 134].filter((end) => end <= length).length)
    })
    for (const bytes of SAMPLES) decodeEveryPrefix(dns.decode, bytes, dns.HEADER_LENGTH)
  })

  it('keeps a record whose data is not what its type promises, and reads on', () => {
    const records = fromHex(`
      0161 00 0001 0001 00000000 0003 0a1400
      0162 00 0001 0001 00000000 0005 0a14000105
      0163 00 0005 0001 00000000 0002 0561
      0164 00 0001 0001 00000000 0004 0a140001
    `)
    const message = dns.decode(concatBytes([header(0, 4), records]))
    expect(message.error).toMatchObject({ code: 'TRUNCATED', offset: 25 })
    expect(message.answers.map(({ name, data }) => [name, data.kind])).toEqual([
      ['a', 'other'],
      ['b', 'other'],
      ['c', 'other'],
      ['d', 'a'],
    ])
    expect(message.answers[0]?.data).toEqual({ kind: 'other', octets: fromHex('0a1400') })
  })

  it('refuses pointers that do not go back: to themselves, forward, in circles, into the header', () => {
    const cases = {
      itself: 'c00c',
      forward: 'c010 0001 0001 00 00',
      circle: '0161 c00c',
      header: 'c002',
      'other label type': '40',
    }
    for (const [what, octets] of Object.entries(cases)) {
      const message = dns.decode(concatBytes([header(1, 0), fromHex(octets), fromHex('0001 0001')]))
      expect(message.questions, what).toEqual([])
      expect(message.error, what).toMatchObject({ code: 'BAD_VALUE' })
    }
  })

  it('holds names to 255 octets, however they are put together', () => {
    const label = concatBytes([new Uint8Array([63]), new Uint8Array(63).fill(0x61)])
    const three = concatBytes([label, label, label])
    const rest = concatBytes([new Uint8Array([61]), new Uint8Array(61).fill(0x62)])
    const tail = fromHex('00 0001 0001')
    const longest = dns.decode(concatBytes([header(1, 0), three, rest, tail]))
    expect(longest.error).toBeUndefined()
    expect(dns.decode(dns.encode(longest))).toEqual(longest)
    const tooLong = dns.decode(concatBytes([header(1, 0), three, label, tail]))
    expect(tooLong.error).toMatchObject({ code: 'TOO_LONG' })
    const byPointer = dns.decode(
      concatBytes([header(2, 0), three, tail, fromHex('3f'), new Uint8Array(63).fill(0x63), fromHex('c00c 0001 0001')]),
    )
    expect(byPointer.questions).toHaveLength(1)
    expect(byPointer.error).toMatchObject({ code: 'TOO_LONG' })
    expect(() => dns.encode(dns.query(1, 'a'.repeat(64), 1))).toThrow(expect.objectContaining({ code: 'TOO_LONG' }))
    expect(() => dns.encode(dns.query(1, `${'ab.'.repeat(85)}x`, 1))).toThrow(WireError)
    expect(() => dns.encode(dns.query(1, 'a..b', 1))).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
  })

  it('stops at a bound on the number of records', () => {
    const record = fromHex('00 0001 0001 00000000 0000')
    const many = concatBytes([
      new Uint8Array([0, 1, 0x81, 0x80, 0, 0, 0xff, 0xff, 0, 0, 0, 0]),
      ...Array.from({ length: dns.MAX_RECORDS + 5 }, () => record),
    ])
    const message = dns.decode(many)
    expect(message.answers).toHaveLength(dns.MAX_RECORDS)
    expect(dns.decode(concatBytes([many.subarray(0, 12), fromHex('00 0010 0001 00000000 0000')])).answers).toHaveLength(
      1,
    )
  })

  it('keeps every octet of a name, and lets none harm a terminal [RFC 1035 §5.1]', () => {
    const octets = concatBytes([header(1, 0), fromHex('06 612e 5c1b20ff 03 636f6d 00 0001 0001')])
    const message = dns.decode(octets)
    expect(message.questions[0]?.name).toBe('a\\.\\\\\\027\\032\\255.com')
    expect(toHex(dns.encode(message))).toBe(toHex(octets))
  })

  it('compares names without regard to case and the last dot', () => {
    expect(dns.sameName('WWW.Office.example.', 'www.office.EXAMPLE')).toBe(true)
    expect(dns.sameName('a\\.', 'a')).toBe(false)
    expect(dns.sameName('a.b', 'a\\.b')).toBe(false)
    expect(toHex(dns.encode(dns.query(1, 'a.b.', 1)))).toBe(toHex(dns.encode(dns.query(1, 'a.b', 1))))
    expect(dns.decode(dns.encode(dns.query(1, '.', dns.Type.ns))).questions[0]?.name).toBe('')
  })

  it('throws nothing but WireError on damaged messages', () => {
    const { decoded, refused } = fuzz(dns.decode, SAMPLES)
    expect(decoded).toBeGreaterThan(5000)
    expect(refused).toBeGreaterThan(100)
  })
})
