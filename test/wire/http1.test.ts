import { describe, expect, it } from 'vitest'
import { WireError } from '../../src/base/errors.js'
import { concatBytes, latin1, latin1Bytes } from '../../src/base/bytes.js'
import { Random } from '../../src/base/random.js'
import * as http1 from '../../src/wire/http1.js'
import { mutate } from './hostile-octets.js'

type Head = http1.RequestHead | http1.ResponseHead

/** An event, as far as it does not depend on how the stream was cut: body octets that follow each other are one. */
type Event =
  | { head: Head }
  | { body: string }
  | { complete: http1.Completion }
  | { error: string; offset: number; partial: Head | undefined }

interface Parser {
  push(bytes: Uint8Array): void
  end(): void
}

type MakeParser = (events: http1.MessageEvents<Head>) => Parser

const request: MakeParser = (events) => new http1.RequestParser(events)
const response: MakeParser = (events) => new http1.ResponseParser(events)
/** Every response answers HEAD. */
const headResponse: MakeParser = (events) => {
  const parser: http1.ResponseParser = new http1.ResponseParser({
    ...events,
    head(head) {
      events.head?.(head)
      parser.expectNoBody()
    },
  })
  return parser
}

function record(into: Event[]): http1.MessageEvents<Head> {
  return {
    head: (head) => into.push({ head }),
    body(bytes) {
      expect(bytes.length).toBeGreaterThan(0)
      const last = into.at(-1)
      if (last !== undefined && 'body' in last) last.body += latin1(bytes)
      else into.push({ body: latin1(bytes) })
    },
    complete: (complete) => into.push({ complete }),
    error: (error, partial) => into.push({ error: error.code, offset: error.offset, partial }),
  }
}

/** Feeds the stream in pieces of these sizes, the last one for all that is left. */
function feed(make: MakeParser, stream: Uint8Array, sizes: () => number, end = true): Event[] {
  const events: Event[] = []
  const parser = make(record(events))
  for (let at = 0; at < stream.length;) {
    const size = sizes()
    // A copy that is overwritten afterwards: the parser must not hold on to what was pushed.
    const piece = stream.slice(at, at + size)
    parser.push(piece)
    piece.fill(0x3f)
    at += size
  }
  if (end) parser.end()
  return events
}

/** The events of a stream, after checking that they are the same all at once, octet by octet and in other pieces. */
function parse(make: MakeParser, text: string, end = true): Event[] {
  const stream = latin1Bytes(text)
  const events = feed(make, stream, () => stream.length, end)
  expect(feed(make, stream, () => 1, end)).toEqual(events)
  expect(feed(make, stream, () => 7, end)).toEqual(events)
  return events
}

function heads(events: Event[]): Head[] {
  return events.flatMap((event) => ('head' in event ? [event.head] : []))
}

function bodies(events: Event[]): string[] {
  return events.flatMap((event) => ('body' in event ? [event.body] : []))
}

/** `head body complete` */
function shape(events: Event[]): string {
  return events.map((event) => Object.keys(event)[0]).join(' ')
}

const GET =
  'GET /46xxupgrade.scr HTTP/1.1\r\nHost: 192.0.2.10\r\nUser-Agent: AvayaPhone\r\nAccept: */*\r\naccept: text/plain\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello'
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n' +
  '5;name=value\r\nhello\r\n00000C ; q="a;b"\r\n, wonderful \r\n5\r\nworld\r\n0\r\nETag: "x"\r\nX-Sum: 22\r\n\r\n'

describe('RequestParser', () => {
  it('reads a request without a body', () => {
    const events = parse(request, GET)
    expect(shape(events)).toBe('head complete')
    const [head] = heads(events)
    expect(head).toMatchObject({ method: 'GET', target: '/46xxupgrade.scr', version: '1.1', framing: 'none' })
    expect(head).toMatchObject({ start: 0, end: GET.length, error: undefined, contentLength: undefined })
  })

  it('keeps the order and the case of headers, and finds them in any case', () => {
    const { headers } = heads(parse(request, GET))[0]!
    expect(headers.map(({ name }) => name)).toEqual(['Host', 'User-Agent', 'Accept', 'accept'])
    expect(http1.header(headers, 'USER-agent')).toBe('AvayaPhone')
    expect(http1.header(headers, 'Cookie')).toBeUndefined()
    expect(http1.list(headers, 'accept')).toEqual(['*/*', 'text/plain'])
  })

  it('reads pipelined requests, each with where it begins and ends', () => {
    const put = 'PUT /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'
    const events = parse(request, GET + put + GET)
    expect(shape(events)).toBe('head complete head body complete head complete')
    expect(heads(events).map(({ start }) => start)).toEqual([0, GET.length, GET.length + put.length])
    expect(events[4]).toMatchObject({ complete: { bodyLength: 3, end: GET.length + put.length } })
    expect(bodies(events)).toEqual(['abc'])
  })

  it('reads a chunked request', () => {
    const events = parse(request, `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${GET}`)
    expect(shape(events)).toBe('head body complete head complete')
    expect(bodies(events)).toEqual(['abc'])
  })

  it('skips empty lines before a request [RFC 9112 §2.2]', () => {
    const [head] = heads(parse(request, `\r\n\n${GET}`))
    expect(head).toMatchObject({ method: 'GET', start: 3 })
    expect(parse(request, `${GET}\r\n`)).toHaveLength(2)
    expect(parse(request, `${GET}\r`)).toHaveLength(2)
  })

  it('takes bare LFs for line ends, and joins folded headers [RFC 9112 §2.2, §5.2]', () => {
    const [head] = heads(parse(request, 'GET / HTTP/1.0\nHost: a\nX-Long: one\n \t two\n\tthree \n\n'))
    expect(head?.headers).toEqual([
      { name: 'Host', value: 'a' },
      { name: 'X-Long', value: 'one two three' },
    ])
    expect(head?.error).toBeUndefined()
  })

  it('keeps blanks inside a target', () => {
    expect(heads(parse(request, 'GET /a file.txt HTTP/1.1\r\n\r\n'))[0]).toMatchObject({ target: '/a file.txt' })
  })

  it('keeps a malformed header line, with an error beside the head', () => {
    const events = parse(request, 'GET / HTTP/1.1\r\nnonsense\r\n: empty\r\nHost : a\r\n\r\n')
    expect(shape(events)).toBe('head complete')
    expect(heads(events)[0]?.headers).toEqual([
      { name: 'nonsense', value: '' },
      { name: '', value: 'empty' },
      { name: 'Host', value: 'a' },
    ])
    expect(heads(events)[0]?.error).toMatchObject({ code: 'BAD_VALUE', offset: 16 })
  })

  it('reads a request line without a version, with an error beside the head', () => {
    const [head] = heads(parse(request, 'OPTIONS HTTP/1.1\r\nHost: a\r\n\r\n'))
    expect(head).toMatchObject({ method: 'OPTIONS', target: 'HTTP/1.1', version: '', error: { code: 'BAD_VALUE' } })
    expect(head?.headers).toHaveLength(1)
    const [cut] = heads(parse(request, 'GET / HTTP/1.\r\n\r\n'))
    expect(cut).toMatchObject({ target: '/', version: '1.', error: { code: 'BAD_VALUE' } })
  })

  it('refuses a length that it cannot know, and keeps the head', () => {
    for (const headers of [
      'Content-Length: 5\r\nContent-Length: 6',
      'Content-Length: -5',
      'Content-Length: 5x',
      'Content-Length: 9999999999999999',
      'Transfer-Encoding: gzip',
    ]) {
      const events = parse(request, `PUT / HTTP/1.1\r\n${headers}\r\n\r\nhello`)
      expect(shape(events), headers).toBe('head error')
      expect(events[1]).toMatchObject({ error: 'BAD_VALUE', partial: undefined })
    }
  })

  it('takes equal lengths for one, and chunked before a length [RFC 9112 §6.3]', () => {
    expect(bodies(parse(request, 'PUT / HTTP/1.1\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nhi'))).toEqual([
      'hi',
    ])
    const both = 'PUT / HTTP/1.1\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'
    expect(bodies(parse(request, both))).toEqual(['x'])
  })

  it('fails at the first octets that cannot begin a request', () => {
    for (const text of [
      '\x16\x03\x01\x02\x00\x01',
      'HTTP/1.1 200 OK\r\n\r\n',
      `${'A'.repeat(33)} /`,
      ' GET / HTTP/1.1\r\n',
      'GET\r\n',
    ]) {
      const events = parse(request, text)
      expect(shape(events), JSON.stringify(text)).toBe('error')
      expect(events[0]).toMatchObject({ error: 'BAD_MAGIC', offset: 0, partial: undefined })
    }
    expect(parse(request, `${GET}GET / SIP/2.0\r\n\r\n`).at(-1)).toMatchObject({
      error: 'BAD_VALUE',
      offset: GET.length,
    })
  })

  it('gives the part of a head that was read when the connection ends in it', () => {
    const events = parse(request, 'GET /a HTTP/1.1\r\nHost: b\r\nUser-Ag')
    expect(events).toMatchObject([{ error: 'TRUNCATED', offset: 33, partial: { method: 'GET', headers: [{ name: 'Host' }] } }]) // prettier-ignore
    expect(parse(request, 'GET /a HT')).toMatchObject([{ error: 'TRUNCATED', partial: undefined }])
  })

  it('says how much of a body came when the connection ends in it', () => {
    const events = parse(request, 'PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc')
    expect(shape(events)).toBe('head body error')
    expect(events[2]).toMatchObject({ error: 'TRUNCATED', partial: undefined })
  })

  it('does not spend long on a line of blanks', () => {
    const blanks = ' \t'.repeat(30_000)
    const started = performance.now()
    for (const text of [`GET${blanks}HTTP/1.1${blanks}x\r\n`, `GET /${blanks}x HTTP/1.1\r\nA:${blanks}\r\n\r\n`]) {
      feed(request, latin1Bytes(text), () => text.length)
    }
    const status = `HTTP/1.1${blanks}200${blanks}OK\r\n`
    feed(response, latin1Bytes(status), () => status.length)
    // Milliseconds when it is linear, many seconds when it is quadratic.
    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('holds no more than 64 KiB of head', () => {
    const long = parse(request, `GET / HTTP/1.1\r\nX: ${'a'.repeat(http1.MAX_HEAD_LENGTH)}\r\n\r\n`)
    expect(long).toMatchObject([{ error: 'TOO_LONG', offset: http1.MAX_HEAD_LENGTH, partial: { method: 'GET', headers: [] } }]) // prettier-ignore
    expect(parse(request, `GET /${'a'.repeat(http1.MAX_HEAD_LENGTH)}`)).toMatchObject([{ error: 'TOO_LONG' }])
    const fitting = `GET / HTTP/1.1\r\nX: ${'a'.repeat(http1.MAX_HEAD_LENGTH - 23)}\r\n\r\n`
    expect(fitting.length).toBe(http1.MAX_HEAD_LENGTH)
    expect(shape(parse(request, fitting))).toBe('head complete')
    expect(shape(parse(request, fitting.replace('X:', 'XX:')))).toBe('error')
  })

  it('holds no more than 256 headers', () => {
    const headers = (count: number): string => `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(count)}\r\n`
    expect(shape(parse(request, headers(http1.MAX_HEADERS)))).toBe('head complete')
    const events = parse(request, headers(http1.MAX_HEADERS + 1))
    expect(events).toMatchObject([{ error: 'TOO_LONG', partial: { method: 'GET' } }])
    expect('partial' in events[0]! && events[0].partial?.headers).toHaveLength(http1.MAX_HEADERS)
  })
})

describe('ResponseParser', () => {
  it('reads a response with a length, and what comes behind it as the next one', () => {
    const events = parse(response, OK + OK)
    expect(shape(events)).toBe('head body complete head body complete')
    expect(heads(events)[0]).toMatchObject({ status: 200, reason: 'OK', framing: 'length', contentLength: 5 })
    expect(bodies(events)).toEqual(['hello', 'hello'])
    expect(events[2]).toEqual({ complete: { trailers: [], bodyLength: 5, missing: 0, end: OK.length } })
  })

  it('reads chunks with extensions, and trailers', () => {
    const events = parse(response, CHUNKED + OK)
    expect(shape(events)).toBe('head body complete head body complete')
    expect(bodies(events)[0]).toBe('hello, wonderful world')
    expect(events[2]).toMatchObject({ complete: { bodyLength: 22, end: CHUNKED.length } })
    expect('complete' in events[2]! && events[2].complete.trailers).toEqual([
      { name: 'ETag', value: '"x"' },
      { name: 'X-Sum', value: '22' },
    ])
  })

  it('reads chunks whose lines end in bare LFs', () => {
    const events = parse(response, 'HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\nabc\n0\n\n')
    expect(shape(events)).toBe('head body complete')
  })

  it('keeps the head and the body before a malformed chunk', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    for (const rest of [
      '3\r\nabc\r\nxyz\r\n',
      '3\r\nabcd\r\n',
      '3\r\nabc\r\r\n',
      '3\r\nabc\r\n-1\r\n',
      '3\r\nabc\r\n\r\n',
      '3\r\nabc\r\n10000000000000000\r\n',
    ]) {
      const events = parse(response, head + rest)
      expect(shape(events), JSON.stringify(rest)).toBe('head body error')
      expect(events[2]).toMatchObject({ error: 'BAD_VALUE', partial: undefined })
      expect(bodies(events)).toEqual(['abc'])
    }
    expect(parse(response, `${head}3\r\nabcd\r\n`)[2]).toMatchObject({ offset: head.length + 6 })
    const endless = parse(response, `${head}3;${'x'.repeat(http1.MAX_CHUNK_LINE_LENGTH)}\r\n`)
    expect(endless[1]).toMatchObject({ error: 'TOO_LONG', offset: head.length + http1.MAX_CHUNK_LINE_LENGTH })
  })

  it('bounds trailers as headers', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n'
    expect(shape(parse(response, `${head}${'A: b\r\n'.repeat(http1.MAX_HEADERS + 1)}\r\n`))).toBe('head error')
    expect(shape(parse(response, `${head}A: ${'b'.repeat(http1.MAX_HEAD_LENGTH)}\r\n\r\n`))).toBe('head error')
  })

  it('reads a body without a length until the connection ends', () => {
    const events = parse(response, 'HTTP/1.0 200 OK\r\n\r\nall\r\n\r\nHTTP/1.1 200 OK')
    expect(shape(events)).toBe('head body complete')
    expect(heads(events)[0]).toMatchObject({ framing: 'close' })
    expect(bodies(events)).toEqual(['all\r\n\r\nHTTP/1.1 200 OK'])
    const open = parse(response, 'HTTP/1.0 200 OK\r\n\r\nall', false)
    expect(shape(open)).toBe('head body')
  })

  it('reads interim responses before the final one [RFC 9110 §15.2]', () => {
    const events = parse(response, `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${OK}`)
    expect(shape(events)).toBe('head complete head complete head body complete')
    expect(heads(events).map((head) => 'status' in head && head.status)).toEqual([100, 103, 200])
  })

  it('expects no body with 204 and 304, whatever the headers say', () => {
    const events = parse(
      response,
      `HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n${OK}`,
    )
    expect(shape(events)).toBe('head complete head complete head body complete')
  })

  it('expects no body when it is told so', () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
    expect(shape(parse(headResponse, head + head))).toBe('head complete head complete')
    const events: Event[] = []
    const parser = new http1.ResponseParser(record(events))
    parser.expectNoBody()
    parser.push(latin1Bytes(`HTTP/1.1 100 Continue\r\n\r\n${head}${OK}`))
    expect(shape(events)).toBe('head complete head complete head body complete')
  })

  it('reads a status line without a reason', () => {
    expect(heads(parse(response, 'HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n'))[0]).toMatchObject({
      status: 404,
      reason: '',
    })
    expect(heads(parse(response, 'HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n'))[0]).toMatchObject({ status: 404, reason: '' }) // prettier-ignore
    expect(heads(parse(response, 'HTTP/1.1 404 Not  Found\r\n\r\n'))[0]).toMatchObject({ reason: 'Not  Found' })
  })

  it('fails at what is no response', () => {
    for (const text of ['<html>', 'HTTQ/1.1 200 OK\r\n', '220 ftp ready\r\n']) {
      expect(parse(response, text)).toMatchObject([{ error: 'BAD_MAGIC', offset: 0 }])
    }
    for (const text of ['HTTP/1.1 OK\r\n', 'HTTP/1.1\r\n', 'HTTP/1.1 20 OK\r\n', 'HTTP/one 200 OK\r\n']) {
      expect(parse(response, text)).toMatchObject([{ error: 'BAD_VALUE', offset: 0 }])
    }
    expect(parse(response, `${OK}trailing garbage`).at(-1)).toMatchObject({ error: 'BAD_MAGIC', offset: OK.length })
  })

  it('leaves HTTP after an upgrade', () => {
    const events: Event[] = []
    const parser = new http1.ResponseParser(record(events))
    parser.push(latin1Bytes('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\x00\x01binary'))
    expect(shape(events)).toBe('head complete')
    expect(parser.phase).toBe('opaque')
    parser.end()
    expect(events).toHaveLength(2)
  })

  it('leaves HTTP when it is told to, from within an event too', () => {
    const events: Event[] = []
    const recorder = record(events)
    const parser: http1.ResponseParser = new http1.ResponseParser({
      ...recorder,
      head(head) {
        recorder.head?.(head)
        parser.stop()
      },
    })
    const stream = latin1Bytes('HTTP/1.1 200 Connection established\r\n\r\n\x16\x03\x01')
    parser.push(stream)
    parser.end()
    expect(shape(events)).toBe('head')
    expect(parser.offset).toBe(stream.length)
  })

  it('says where it is', () => {
    const parser = new http1.ResponseParser({}, { offset: 1000 })
    const phases = [...OK].map((character) => {
      parser.push(latin1Bytes(character))
      return parser.phase
    })
    const headLength = OK.length - 5
    expect(phases.slice(0, headLength - 1).every((phase) => phase === 'head')).toBe(true)
    expect(phases.slice(headLength - 1, -1)).toEqual(['body', 'body', 'body', 'body', 'body'])
    expect(phases.at(-1)).toBe('between')
    expect(parser.offset).toBe(1000 + OK.length)
  })

  it('gives the body as views when it comes in one piece', () => {
    const stream = latin1Bytes(OK)
    let body: Uint8Array | undefined
    new http1.ResponseParser({ body: (bytes) => (body = bytes) }).push(stream)
    expect(body?.buffer).toBe(stream.buffer)
  })

  it('goes on behind octets that are missing from a body', () => {
    const stream = latin1Bytes(OK + OK)
    const events: Event[] = []
    const parser = new http1.ResponseParser(record(events))
    parser.push(stream.subarray(0, OK.length - 4))
    expect(parser.skip(4)).toBe(true)
    parser.push(stream.subarray(OK.length))
    expect(shape(events)).toBe('head body complete head body complete')
    expect(events[2]).toMatchObject({ complete: { bodyLength: 5, missing: 4, end: OK.length } })
    expect(heads(events)[1]).toMatchObject({ start: OK.length })
    expect(events[5]).toMatchObject({ complete: { missing: 0 } })
  })

  it('goes on behind octets that are missing from a chunk, or from a body without a length', () => {
    const events: Event[] = []
    const parser = new http1.ResponseParser(record(events))
    const head = CHUNKED.indexOf('hello')
    parser.push(latin1Bytes(CHUNKED.slice(0, head + 1)))
    expect(parser.skip(4)).toBe(true)
    parser.push(latin1Bytes(CHUNKED.slice(head + 5)))
    expect(events.at(-1)).toMatchObject({ complete: { bodyLength: 22, missing: 4, end: CHUNKED.length } })
    parser.push(latin1Bytes('HTTP/1.0 200 OK\r\n\r\nabc'))
    expect(parser.skip(100)).toBe(true)
    parser.end()
    expect(events.at(-1)).toMatchObject({ complete: { bodyLength: 103, missing: 100 } })
  })

  it('fails when octets are missing anywhere else', () => {
    const skipAfter = (text: string, count: number): { events: Event[]; going: boolean; offset: number } => {
      const events: Event[] = []
      const parser = new http1.ResponseParser(record(events))
      parser.push(latin1Bytes(text))
      const going = parser.skip(count)
      return { events, going, offset: parser.offset }
    }
    const inHead = skipAfter('HTTP/1.1 200 OK\r\nServer: a\r\nCont', 10)
    expect(inHead.going).toBe(false)
    expect(inHead.offset).toBe(42)
    expect(inHead.events).toMatchObject([
      { error: 'TRUNCATED', partial: { status: 200, headers: [{ name: 'Server' }] } },
    ])
    expect(skipAfter(OK, 1)).toMatchObject({ going: false })
    expect(shape(skipAfter(OK, 1).events)).toBe('head body complete')
    const overBody = skipAfter(OK.slice(0, -2), 10)
    expect(overBody.going).toBe(false)
    expect(overBody.events.at(-1)).toMatchObject({ complete: { missing: 2 } })
    const overChunk = skipAfter(CHUNKED.slice(0, CHUNKED.indexOf('hello') + 1), 5)
    expect(overChunk.going).toBe(false)
    expect(overChunk.events.at(-1)).toMatchObject({ error: 'TRUNCATED' })
  })

  it('gives the same events however a damaged stream is cut', () => {
    const random = new Random(3)
    const samples = [OK, CHUNKED, `HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}${OK}`].map(latin1Bytes)
    const requests = [GET, `\r\n${GET}PUT /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc${GET}`].map(latin1Bytes)
    let errors = 0
    for (let i = 0; i < 6000; i++) {
      const [make, from] = i % 2 === 0 ? [response, samples] : ([request, requests] as const)
      const stream = mutate(from[random.int(from.length)]!, random)
      const events = feed(make, stream, () => stream.length)
      expect(feed(make, stream, () => 1)).toEqual(events)
      expect(feed(make, stream, () => 1 + random.int(40))).toEqual(events)
      if ('error' in (events.at(-1) ?? {})) errors++
    }
    expect(errors).toBeGreaterThan(1000)
  })

  it('has one error at most, and nothing behind it', () => {
    const random = new Random(4)
    for (let i = 0; i < 5000; i++) {
      const stream = mutate(latin1Bytes(CHUNKED + OK), random)
      const events = feed(response, stream, () => 1 + random.int(200))
      const first = events.findIndex((event) => 'error' in event)
      if (first >= 0) expect(first).toBe(events.length - 1)
    }
  })
})

describe('http1', () => {
  it('encodes heads that it reads again', () => {
    const headers = [
      { name: 'Host', value: '192.0.2.10' },
      { name: 'Content-Length', value: '0' },
    ]
    const bytes = http1.encodeRequest({ method: 'PUT', target: '/phones/a.txt', headers })
    expect(latin1(bytes)).toBe('PUT /phones/a.txt HTTP/1.1\r\nHost: 192.0.2.10\r\nContent-Length: 0\r\n\r\n')
    expect(heads(parse(request, latin1(bytes)))[0]).toMatchObject({ method: 'PUT', headers })
    const answer = http1.encodeResponse({ status: 201, reason: 'Created', version: '1.0', headers })
    expect(heads(parse(response, latin1(answer)))[0]).toMatchObject({ status: 201, version: '1.0', headers })
  })

  it('encodes chunks that it reads again', () => {
    const body = concatBytes([
      http1.encodeResponse({ status: 200, reason: 'OK', headers: [{ name: 'Transfer-Encoding', value: 'chunked' }] }),
      http1.encodeChunk(latin1Bytes('x'.repeat(300))),
      http1.encodeChunk(new Uint8Array(0)),
      http1.encodeChunk(latin1Bytes('y')),
      http1.encodeLastChunk([{ name: 'ETag', value: '1' }]),
    ])
    const events = parse(response, latin1(body))
    expect(bodies(events)).toEqual([`${'x'.repeat(300)}y`])
    expect(events.at(-1)).toMatchObject({ complete: { trailers: [{ name: 'ETag', value: '1' }] } })
  })

  it('refuses to encode a line end inside a line', () => {
    const headers = [{ name: 'A', value: 'b\r\nC: d' }]
    expect(() => http1.encodeRequest({ method: 'GET', target: '/', headers })).toThrow(TypeError)
    expect(() => http1.encodeRequest({ method: 'GET', target: '/ HTTP/1.1\r\n', headers: [] })).toThrow(TypeError)
  })

  it('knows whether a connection stays open [RFC 9112 §9.3]', () => {
    const persists = (text: string): boolean => http1.persists(heads(parse(response, text))[0]!)
    expect(persists(OK)).toBe(true)
    expect(persists('HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n')).toBe(false)
    expect(persists('HTTP/1.0 200 OK\r\n\r\n')).toBe(false)
    expect(persists('HTTP/1.0 200 OK\r\nConnection: x, Keep-Alive\r\n\r\n')).toBe(true)
  })

  it('knows where a request may begin', () => {
    const looks = (text: string): boolean => http1.looksLikeRequestLine(latin1Bytes(text))
    for (const text of [
      GET,
      'PUT /a.txt HTTP/1.0\n',
      'GET /cut/in/the/mid',
      'M-SEARCH * HTTP/1.1\r\n',
      'POST / HTTP/1.1\r\nA',
    ]) {
      expect(looks(text), text).toBe(true)
    }
    for (const text of [
      '',
      'GET',
      'GET ',
      'GET  /',
      'GET /\r\n',
      'GETTING / HTTP/1.1',
      'INVITE sip:a SIP/2.0\r\n',
      'GET a SIP/2.0\r\n',
      '\0\0',
    ]) {
      expect(looks(text), text).toBe(false)
    }
    expect(http1.looksLikeRequestLine(latin1Bytes(`xx${GET}`), 2)).toBe(true)
    expect(http1.looksLikeRequestLine(latin1Bytes(GET), 0, 3)).toBe(false)
  })

  it('knows where a response may begin', () => {
    const looks = (text: string): boolean => http1.looksLikeStatusLine(latin1Bytes(text))
    for (const text of [OK, 'HTTP/1.1 404', 'HTTP/1.0 200 O']) expect(looks(text), text).toBe(true)
    for (const text of ['', 'HTTP/1.1 40', 'HTTP/1.1 4O4 Not', 'HTTP/11 200 OK', 'HTTP/1.1-200 OK', 'http/1.1 200']) {
      expect(looks(text), text).toBe(false)
    }
    expect(http1.looksLikeStatusLine(latin1Bytes(`xx${OK}`), 2)).toBe(true)
  })

  it('reports errors as WireError', () => {
    let error: unknown
    new http1.ResponseParser({ error: (e) => (error = e) }).push(latin1Bytes('nonsense'))
    expect(error).toBeInstanceOf(WireError)
  })
})
