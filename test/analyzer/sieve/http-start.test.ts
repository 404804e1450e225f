import { describe, expect, it } from 'vitest'
import { httpStart, startsWithMethod } from '../../../src/analyzer/sieve/http-start.js'
import { latin1Bytes } from '../../../src/base/bytes.js'

function start(text: string, minimum?: number): string | undefined {
  const bytes = latin1Bytes(`xx${text}yy`)
  return httpStart(bytes, 2, 2 + text.length, minimum)
}

describe('httpStart', () => {
  it.each([
    'GET / HTTP/1.1\r\n',
    'PUT /backup/ext_16xxdata.txt HTTP/1.1\r\nHost: h\r\n',
    'PROPFIND / HTTP/1.0\n',
    'GET /a b HTTP/1.1 \r\n',
    'GET /no/line/end/yet',
    'M-SEARCH * HTTP/1.1\r\n',
  ])('takes %j for a request', (text) => {
    expect(start(text)).toBe('request')
  })

  it.each(['HTTP/1.1 200 OK\r\n', 'HTTP/1.0 404', 'HTTP/0.9', 'HTTP'])('takes %j for a response', (text) => {
    expect(start(text)).toBe('response')
  })

  it.each([
    'OPTIONS sip:a@b SIP/2.0\r\n',
    'OPTIONS rtsp://h/ RTSP/1.0\r\n',
    'GETAWAY / HTTP/1.1\r\n',
    'get / HTTP/1.1\r\n',
    'HTTP/2.0 200 OK\r\n',
    'HTTPS is not it',
    '\x16\x03\x01\x02\x00',
    'SSH-2.0-x\r\n',
    'GET',
    '',
  ])('takes %j for neither', (text) => {
    expect(start(text)).toBeUndefined()
  })

  it('knows a message by its first octet where one is expected, and only as far as it goes', () => {
    for (let length = 1; length <= 6; length++) expect(start('PUT /x'.slice(0, length), 1)).toBe('request')
    for (let length = 1; length <= 7; length++) expect(start('HTTP/1.'.slice(0, length), 1)).toMatch(/request|response/)
    expect(start('Hx', 1)).toBeUndefined()
  })

  it('does not look behind the octets it is given', () => {
    const bytes = latin1Bytes('GET / HTTP/1.1\r\n')
    for (let end = 0; end <= bytes.length; end++) {
      const alone = httpStart(bytes.slice(0, end), 0, end)
      expect(httpStart(bytes, 0, end)).toBe(alone)
    }
  })
})

describe('startsWithMethod', () => {
  it('asks for a known method and what ends it, no more', () => {
    const is = (text: string): boolean => startsWithMethod(latin1Bytes(text), 0, text.length)
    expect(['OPTIONS\r\n', 'GET /x', 'GET\n'].map(is)).toEqual([true, true, true])
    expect(['GET', 'GETS /', '\xffGET /', 'Get /', ''].map(is)).toEqual([false, false, false, false, false])
  })
})
