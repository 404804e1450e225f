import { describe, expect, it } from 'vitest'
import { fromHex, latin1Bytes, toHex } from '../../src/base/bytes.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as tcp from '../../src/wire/tcp.js'
import { TAGGED, TCP_SACK, TCP_SYN, TCP_SYN_ACK } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const [SYN, SYN_ACK, SACK, TAGGED_SYN_ACK] = [
  ipv4.decode(TCP_SYN.subarray(14)),
  ipv4.decode(TCP_SYN_ACK.subarray(14)),
  ipv4.decode(TCP_SACK.subarray(14)),
  ipv4.decode(TAGGED.subarray(26)),
] as const

/** A header with these options and no payload. */
function withOptions(hex: string): Uint8Array {
  const options = fromHex(hex)
  const bytes = new Uint8Array(20 + options.length)
  bytes[12] = (bytes.length / 4) << 4
  bytes.set(options, 20)
  return bytes
}

describe('tcp', () => {
  it('decodes a SYN and its options', () => {
    const syn = tcp.decode(SYN.payload)
    expect(syn).toMatchObject({ sourcePort: 57678, destinationPort: 80, dataOffset: 40, flags: tcp.Flag.syn })
    expect(syn).toMatchObject({ window: 5840, acknowledgmentNumber: 0, truncated: false, error: undefined })
    expect(tcp.mss(syn)).toBe(1460)
    expect(tcp.windowScale(syn)).toBe(7)
    expect(tcp.sackPermitted(syn)).toBe(true)
    expect(tcp.timestamps(syn)).toEqual({ tsval: 2216538, tsecr: 0 })
    expect(tcp.sack(syn)).toEqual([])
    expect(tcp.sequenceLength(syn)).toBe(1)
  })

  it('decodes the answer to it', () => {
    const answer = tcp.decode(SYN_ACK.payload)
    expect(answer.flags).toBe(tcp.Flag.syn | tcp.Flag.ack)
    expect(tcp.seqDiff(answer.acknowledgmentNumber, tcp.decode(SYN.payload).sequenceNumber)).toBe(1)
    expect(tcp.timestamps(answer)).toEqual({ tsval: 835172936, tsecr: 2216538 })
  })

  it('decodes the blocks of a selective acknowledgment [RFC 2018 §3]', () => {
    const blocks = tcp.sack(tcp.decode(SACK.payload))
    expect(blocks).toHaveLength(2)
    expect(blocks.map(({ left, right }) => tcp.seqDiff(right, left))).toEqual([8935 - 7495, 11757 - 10375])
  })

  it('encodes what it decoded to the same octets, checksum included', () => {
    for (const { payload, source, destination } of [SYN, SYN_ACK, SACK, TAGGED_SYN_ACK]) {
      expect(tcp.checksumIsRight(payload, source, destination)).toBe(true)
      expect(toHex(tcp.encode(tcp.decode(payload), source, destination))).toBe(toHex(payload))
    }
  })

  it('encodes the options it offers as it reads them', () => {
    const segment = tcp.decode(
      tcp.encode(
        {
          sourcePort: 1,
          destinationPort: 2,
          sequenceNumber: 0xfffffffe,
          acknowledgmentNumber: 0x80000000,
          flags: tcp.Flag.syn,
          window: 65535,
          options: [
            tcp.mssOption(1460),
            tcp.sackPermittedOption(),
            tcp.timestampsOption({ tsval: 0xdeadbeef, tsecr: 1 }),
            tcp.NO_OPERATION,
            tcp.windowScaleOption(14),
          ],
          payload: latin1Bytes('x'),
        },
        1,
        2,
      ),
    )
    expect(segment).toMatchObject({ sequenceNumber: 0xfffffffe, acknowledgmentNumber: 0x80000000, dataOffset: 40 })
    expect(tcp.mss(segment)).toBe(1460)
    expect(tcp.windowScale(segment)).toBe(14)
    expect(tcp.timestamps(segment)).toEqual({ tsval: 0xdeadbeef, tsecr: 1 })
    expect(segment.payload.length).toBe(1)
    const blocks = [{ left: 0xffffff00, right: 0x100 }]
    expect(tcp.sack({ options: [tcp.sackOption(blocks)] })).toEqual(blocks)
  })

  it('keeps options it does not know', () => {
    const segment = tcp.decode(withOptions('fd 06 01 02 03 04 01 01'))
    expect(segment.options.map(({ kind, data }) => [kind, toHex(data)])).toEqual([[253, '01020304'], [1, ''], [1, '']]) // prettier-ignore
    expect(segment.error).toBeUndefined()
  })

  it('stops at the end of the option list', () => {
    const segment = tcp.decode(withOptions('02 04 05 b4 00 ff ff ff'))
    expect(segment.options).toHaveLength(1)
    expect(segment.error).toBeUndefined()
  })

  it('keeps the options before one of a bad length', () => {
    for (const bad of ['02 04 05 b4 08 00 01 01', '02 04 05 b4 08 01 01 01', '02 04 05 b4 08 05 01 01']) {
      const segment = tcp.decode(withOptions(bad))
      expect(tcp.mss(segment)).toBe(1460)
      expect(segment.options).toHaveLength(1)
      expect(segment.error).toMatchObject({ code: 'BAD_LENGTH', offset: 25 })
    }
    const unfinished = tcp.decode(withOptions('02 04 05 b4 01 01 01 08'))
    expect(unfinished.error).toMatchObject({ code: 'TRUNCATED', offset: 27 })
    expect(tcp.mss(unfinished)).toBe(1460)
  })

  it('gives no meaning to an option of the wrong length', () => {
    const segment = tcp.decode(withOptions('02 03 05 03 02 08 03 01'))
    expect(segment.error).toBeUndefined()
    expect(tcp.mss(segment)).toBeUndefined()
    expect(tcp.windowScale(segment)).toBeUndefined()
    expect(tcp.timestamps(segment)).toBeUndefined()
  })

  it('shows a segment whose data offset is below the header, without a payload', () => {
    const bad = SYN.payload.slice()
    bad[12] = 0x40
    expect(tcp.decode(bad)).toMatchObject({
      dataOffset: 16,
      sourcePort: 57678,
      error: { code: 'BAD_LENGTH', offset: 12 },
    })
    expect(tcp.decode(bad).payload.length).toBe(0)
  })

  it('throws WireError inside the fixed header, and keeps it when the options are cut, at every octet', () => {
    decodeEveryPrefix(tcp.decode, SYN.payload, 20).forEach((segment, length) => {
      expect(segment.sourcePort).toBe(57678)
      expect(segment.truncated).toBe(length < 40)
      if (length < 40) expect(segment.error).toBeDefined()
      else expect(segment.error).toBeUndefined()
      expect(tcp.mss(segment)).toBe(length < 24 ? undefined : 1460)
    })
  })

  it('compares sequence numbers across 2^32', () => {
    expect(tcp.seqDiff(5, 0xfffffffb)).toBe(10)
    expect(tcp.seqDiff(0xfffffffb, 5)).toBe(-10)
    expect(tcp.seqDiff(0x80000000, 0)).toBe(-0x80000000)
    expect(tcp.seqDiff(0x7fffffff, 0)).toBe(0x7fffffff)
    expect(tcp.seqDiff(7, 7)).toBe(0)
  })

  it('writes a header whose payload is gathered afterwards', () => {
    const { payload, source, destination } = TAGGED_SYN_ACK
    const segment = { ...tcp.decode(payload), payload: latin1Bytes('split payload') }
    const bytes = new Uint8Array(3 + tcp.headerLength(segment.options) + segment.payload.length)
    const start = tcp.encodeHeaderInto(bytes, 3, segment)
    bytes.set(segment.payload.subarray(0, 5), start)
    bytes.set(segment.payload.subarray(5), start + 5)
    tcp.fillChecksum(bytes, 3, bytes.length, source, destination)
    expect(toHex(bytes.subarray(3))).toBe(toHex(tcp.encode(segment, source, destination)))
    expect(tcp.checksumIsRight(bytes.subarray(3), source, destination)).toBe(true)
  })

  it('refuses more than 40 octets of options', () => {
    const options = Array.from({ length: 11 }, () => tcp.mssOption(1460))
    const segment = { ...tcp.decode(SYN.payload), options }
    expect(() => tcp.encode(segment, 1, 2)).toThrow(expect.objectContaining({ code: 'TOO_LONG' }))
  })

  it('throws nothing but WireError on damaged segments', () => {
    const read = (bytes: Uint8Array): unknown => {
      const segment = tcp.decode(bytes)
      return [tcp.mss(segment), tcp.windowScale(segment), tcp.sack(segment), tcp.timestamps(segment)]
    }
    const { decoded, refused } = fuzz(read, [SYN.payload, SACK.payload])
    expect(decoded).toBeGreaterThan(5000)
    expect(refused).toBeGreaterThan(500)
  })
})
