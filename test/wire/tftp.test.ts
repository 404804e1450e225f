import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, latin1, latin1Bytes, toHex } from '../../src/base/bytes.js'
import * as tftp from '../../src/wire/tftp.js'
import { TFTP_ACK, TFTP_DATA, TFTP_ERROR, TFTP_OACK, TFTP_RRQ } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const UDP_PAYLOAD = 42
const [RRQ, OACK, ACK, DATA, ERROR] = [
  TFTP_RRQ.subarray(UDP_PAYLOAD),
  TFTP_OACK.subarray(UDP_PAYLOAD),
  TFTP_ACK.subarray(UDP_PAYLOAD),
  TFTP_DATA.subarray(UDP_PAYLOAD),
  TFTP_ERROR.subarray(UDP_PAYLOAD),
] as const

/** An opcode and text in which `|` stands for NUL. */
function packet(opcode: number, text: string): Uint8Array {
  return concatBytes([new Uint8Array([0, opcode]), latin1Bytes(text.replaceAll('|', '\0'))])
}

describe('tftp', () => {
  it('decodes a read request with options [RFC 2347]', () => {
    const request = tftp.decode(RRQ)
    expect(request).toEqual({
      op: 'rrq',
      filename: 'pxelinux.0',
      mode: 'octet',
      options: [
        ['blksize', '1432'],
        ['tsize', '0'],
      ],
    })
  })

  it('decodes the other packets of a transfer', () => {
    expect(tftp.decode(OACK)).toEqual({ op: 'oack', options: [['blksize', '1432'], ['tsize', '46545']] }) // prettier-ignore
    expect(tftp.decode(ACK)).toEqual({ op: 'ack', block: 0 })
    expect(tftp.decode(ERROR)).toEqual({ op: 'error', code: tftp.ErrorCode.fileNotFound, message: 'File Not Found' })
    const data = tftp.decode(DATA)
    expect(data).toMatchObject({ op: 'data', block: 49 })
    expect(data.op === 'data' && latin1(data.data)).toBe(latin1(DATA, 4))
  })

  it('encodes what it decoded to the same octets', () => {
    for (const bytes of [RRQ, OACK, ACK, DATA, ERROR]) expect(toHex(tftp.encode(tftp.decode(bytes)))).toBe(toHex(bytes))
    const write = packet(2, '16xxdata.txt|octet|')
    expect(tftp.decode(write)).toMatchObject({ op: 'wrq', filename: '16xxdata.txt' })
    expect(toHex(tftp.encode(tftp.decode(write)))).toBe(toHex(write))
  })

  it('keeps options in order, duplicates and unknown ones included', () => {
    const request = tftp.decode(packet(1, 'f|NetASCII|TSIZE|0|x-vendor||tsize|1|'))
    expect(request).toMatchObject({ mode: 'NetASCII', options: [['TSIZE', '0'], ['x-vendor', ''], ['tsize', '1']] }) // prettier-ignore
    expect(request).not.toHaveProperty('error')
    expect(request.op === 'rrq' && tftp.option(request, 'tsize')).toBe('0')
    expect(request.op === 'rrq' && tftp.option(request, 'blksize')).toBeUndefined()
  })

  it('keeps every octet of a file name', () => {
    const request = tftp.decode(fromHex('00 01 c3 a4 ff 00 6f 63 74 65 74 00'))
    expect(request).toMatchObject({ filename: '\u00c3\u00a4\u00ff' })
  })

  it('returns what it read beside the error when a NUL or a value is missing', () => {
    const cases: [string, object][] = [
      ['', { filename: '', mode: '' }],
      ['46xxupgrade.scr', { filename: '46xxupgrade.scr', mode: '' }],
      ['46xxupgrade.scr|', { filename: '46xxupgrade.scr', mode: '' }],
      ['46xxupgrade.scr|octet', { filename: '46xxupgrade.scr', mode: 'octet' }],
      ['f|octet|blksize', { filename: 'f', mode: 'octet', options: [] }],
      ['f|octet|blksize|', { filename: 'f', mode: 'octet', options: [] }],
      ['f|octet|tsize|0|blksize|1432', { options: [['tsize', '0'], ['blksize', '1432']] }], // prettier-ignore
    ]
    for (const [text, expected] of cases) {
      const request = tftp.decode(packet(1, text))
      expect(request, text).toMatchObject({ ...expected, error: { code: 'TRUNCATED' } })
    }
    expect(tftp.decode(packet(5, '|\u0002disk full'))).toMatchObject({ code: 2, message: 'disk full', error: { code: 'TRUNCATED' } }) // prettier-ignore
    expect(tftp.decode(packet(6, 'tsize|9'))).toMatchObject({ options: [['tsize', '9']], error: { code: 'TRUNCATED' } })
  })

  it('takes zeros behind a request for padding', () => {
    expect(tftp.decode(packet(1, 'f|octet||||||'))).toEqual({ op: 'rrq', filename: 'f', mode: 'octet', options: [] })
  })

  it('stops at a bound on the number of options', () => {
    const request = tftp.decode(packet(1, `f|octet|${'a|b|'.repeat(tftp.MAX_OPTIONS + 1)}`))
    expect(request).toMatchObject({ error: { code: 'TOO_LONG' } })
    expect(request.op === 'rrq' && request.options.length).toBe(tftp.MAX_OPTIONS)
  })

  it('throws WireError for what is no TFTP packet', () => {
    expect(() => tftp.decode(fromHex('00 07 00 01'))).toThrow(expect.objectContaining({ code: 'BAD_VALUE', offset: 0 }))
    expect(() => tftp.decode(fromHex('00 00'))).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
  })

  it('throws WireError inside the header, and returns what was there behind it, at every octet', () => {
    decodeEveryPrefix(tftp.decode, RRQ, 2).forEach((request, length) => {
      const whole = [19, 32, 40].includes(length)
      if (whole) expect(request).not.toHaveProperty('error')
      else expect(request).toMatchObject({ error: { code: 'TRUNCATED' } })
    })
    decodeEveryPrefix(tftp.decode, DATA, 4)
    decodeEveryPrefix(tftp.decode, ACK, 4)
    decodeEveryPrefix(tftp.decode, ERROR, 4)
    decodeEveryPrefix(tftp.decode, OACK, 2)
  })

  it('writes block numbers up to 65,535', () => {
    expect(toHex(tftp.encode({ op: 'ack', block: 65_535 }))).toBe('0004ffff')
    expect(tftp.decode(tftp.encode({ op: 'data', block: 65_535, data: new Uint8Array(0) }))).toMatchObject({
      block: 65_535,
    })
  })

  it('throws nothing but WireError on damaged packets', () => {
    const { decoded, refused } = fuzz(tftp.decode, [RRQ, OACK, ACK, DATA, ERROR])
    expect(decoded).toBeGreaterThan(5000)
    expect(refused).toBeGreaterThan(1000)
  })
})
