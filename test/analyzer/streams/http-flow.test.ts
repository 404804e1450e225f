import { describe, expect, it } from 'vitest'
import { latin1 } from '../../../src/base/bytes.js'
import { MAX_CONTENT } from '../../../src/analyzer/streams/limits.js'
import { Trace, connectionOf, numbers, observe } from './trace.js'

/** A message whose header lines end as they must. */
function http(...lines: string[]): string {
  return lines.join('\r\n') + '\r\n\r\n'
}

const GET_A = http('GET /a HTTP/1.1', 'Host: h')
const GET_B = http('GET /b HTTP/1.1', 'Host: h')

describe('HttpFlow', () => {
  it('pairs pipelined requests with their responses, in one segment each', () => {
    const trace = new Trace().handshake().c(3, 'P.', GET_A + GET_B)
    trace.s(
      4,
      'P.',
      http('HTTP/1.1 404 Not Found', 'Content-Length: 0') + http('HTTP/1.1 200 OK', 'Content-Length: 2') + 'ok',
    )
    const { exchanges } = connectionOf(trace)
    expect(exchanges.map(({ request, response }) => [request!.uri, response!.status])).toEqual([
      ['/a', 404],
      ['/b', 200],
    ])
    expect(latin1(exchanges[1]!.response!.body!)).toBe('ok')
  })

  it('pairs a PUT with its final response, 100 being interim', () => {
    const trace = new Trace()
      .handshake()
      .c(3, 'P.', http('PUT /b HTTP/1.1', 'Content-Length: 4', 'Expect: 100-continue'))
    trace
      .s(4, 'P.', http('HTTP/1.1 100 Continue'))
      .c(5, 'P.', 'data')
      .s(6, 'P.', http('HTTP/1.1 201 Created', 'Content-Length: 0'))
    const [exchange] = connectionOf(trace).exchanges
    expect(exchange!.request).toMatchObject({ bodyBytes: 4, first: { number: 4 }, complete: { number: 6 } })
    expect(exchange!.response!.status).toBe(201)
    expect(exchange!.interim).toMatchObject([{ frame: { number: 5 }, status: 100 }])
  })

  it('keeps a challenge and the answer to it as two exchanges', () => {
    const trace = new Trace().handshake().c(3, 'P.', GET_A)
    trace.s(4, 'P.', http('HTTP/1.1 401 Unauthorized', 'WWW-Authenticate: Basic', 'Content-Length: 0'))
    trace.c(5, 'P.', http('GET /a HTTP/1.1', 'Authorization: Basic eDp5')).s(6, 'P.', http('HTTP/1.1 204 No Content'))
    const { exchanges } = connectionOf(trace)
    expect(exchanges.map(({ response }) => response!.status)).toEqual([401, 204])
    expect(exchanges[1]!.request!.headers).toEqual([['Authorization', 'Basic eDp5']])
  })

  it('expects no body after HEAD, whatever the length says', () => {
    const trace = new Trace()
      .handshake()
      .c(3, 'P.', http('HEAD /a HTTP/1.1'))
      .s(4, 'P.', http('HTTP/1.1 200 OK', 'Content-Length: 99'))
    const { response } = connectionOf(trace).exchanges[0]!
    expect(response).toMatchObject({ complete: { number: 5 }, contentLength: 99, framing: 'none', bodyBytes: 0 })
  })

  it('joins chunks, over segments that cut them anywhere', () => {
    const body = http('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + '5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n'
    for (let cut = 1; cut < body.length; cut++) {
      const trace = new Trace().handshake().c(3, 'P.', GET_A).s(4, '.', body.slice(0, cut)).s(5, 'P.', body.slice(cut))
      const { response } = connectionOf(trace).exchanges[0]!
      expect(latin1(response!.body!)).toBe('hello world')
      expect(response).toMatchObject({ framing: 'chunked', complete: { number: 6 } })
    }
  })

  it('ends a body without length at the FIN', () => {
    const trace = new Trace()
      .handshake()
      .c(3, 'P.', GET_A)
      .s(4, 'P.', http('HTTP/1.0 200 OK') + 'all of it')
      .s(5, 'F.')
    const { response, endedBy } = connectionOf(trace).exchanges[0]!
    expect(response).toMatchObject({ framing: 'close', complete: { number: 6 }, bodyBytes: 9 })
    expect(endedBy).toBe('none')
  })

  it('does not know the end of a body without length when the connection is reset', () => {
    const trace = new Trace()
      .handshake()
      .c(3, 'P.', GET_A)
      .s(4, 'P.', http('HTTP/1.0 200 OK') + 'some')
      .s(5, 'R.')
    expect(connectionOf(trace).exchanges[0]).toMatchObject({
      response: { complete: undefined, status: 200 },
      endedBy: 'reset-server',
    })
  })

  describe('says what ended an exchange', () => {
    const half = http('HTTP/1.1 200 OK', 'Content-Length: 100') + 'only this'
    const request = (): Trace => new Trace().handshake().c(3, 'P.', GET_A)

    it.each([
      ['the client gave up waiting', request().s(4, '.').c(20_000, 'F.').s(20_001, '.'), 'fin-client'],
      ['the server closed silently', request().s(4, '.').s(5, 'F.').c(6, '.'), 'fin-server'],
      ['the server closed too early', request().s(4, 'P.', half).s(5, 'F.'), 'fin-server'],
      ['the server reset it', request().s(4, 'P.', half).s(5, 'R.'), 'reset-server'],
      ['the client reset it', request().s(4, 'P.', half).c(5, 'R.'), 'reset-client'],
      ['the client closed its side and read on', request().c(4, 'F.').s(5, 'P.', half).s(6, 'F.'), 'fin-server'],
      ['nothing did', request().s(4, 'P.', half), 'none'],
    ])('%s', (_, trace, endedBy) => {
      expect(connectionOf(trace).exchanges).toMatchObject([{ endedBy }])
    })
  })

  it('lists a status line although its body never comes whole', () => {
    const trace = new Trace().handshake().c(3, 'P.', GET_A)
    trace.s(4, '.', http('HTTP/1.1 200 OK', 'Content-Length: 100') + 'x').s(5, 'P.', 'y')
    const { messages } = observe(trace.frames)
    expect(messages).toMatchObject([
      { frame: 4, kind: 'request', method: 'GET', uri: '/a', host: 'h', complete: true },
      { frame: 6, kind: 'response', status: 200, contentLength: 100, complete: false },
    ])
  })

  it('goes on with the next message after one that it cannot read', () => {
    const trace = new Trace().handshake().c(3, 'P.', GET_A)
    trace.s(4, 'P.', http('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + 'not a size\r\n')
    trace.c(5, 'P.', GET_B).s(6, 'P.', http('HTTP/1.1 404 Not Found', 'Content-Length: 0'))
    const { exchanges } = connectionOf(trace)
    expect(exchanges.map(({ response }) => [response!.status, response!.complete?.number])).toEqual([
      [200, undefined],
      [404, 7],
    ])
  })

  it('shows a request without a version, which servers answer with 400', () => {
    const trace = new Trace().handshake().c(3, 'P.', 'GET /old\r\nHost: h\r\n\r\n')
    trace.s(4, 'P.', http('HTTP/1.1 400 Bad Request', 'Content-Length: 0'))
    const { exchanges } = connectionOf(trace)
    expect(exchanges).toMatchObject([
      { request: { method: 'GET', uri: '/old', version: '' }, response: { status: 400 } },
    ])
    expect(exchanges[0]!.request!.headers).toEqual([['Host', 'h']])
  })

  it('takes nothing for HTTP behind an upgrade or a tunnel', () => {
    const trace = new Trace().handshake().c(3, 'P.', http('CONNECT h:443 HTTP/1.1')).s(4, 'P.', http('HTTP/1.1 200 OK'))
    trace.c(5, 'P.', GET_A).s(6, 'P.', http('HTTP/1.1 404 Not Found', 'Content-Length: 0'))
    expect(connectionOf(trace).exchanges).toMatchObject([{ request: { method: 'CONNECT' }, response: { status: 200 } }])
  })

  it('keeps a body up to a bound, and counts a longer one', () => {
    const chunk = 'z'.repeat(1024)
    for (const [kilobytes, isKept] of [
      [MAX_CONTENT / 1024, true],
      [MAX_CONTENT / 1024 + 1, false],
    ] as const) {
      const trace = new Trace().handshake().c(3, 'P.', GET_A)
      trace.s(4, 'P.', http('HTTP/1.1 200 OK', `Content-Length: ${kilobytes * 1024}`))
      for (let i = 0; i < kilobytes; i++) trace.s(5, '.', chunk)
      const { response } = connectionOf(trace).exchanges[0]!
      expect(response!.bodyBytes).toBe(kilobytes * 1024)
      expect(response!.complete).toBeDefined()
      expect(response!.body !== undefined).toBe(isKept)
    }
  })

  it('does not take SIP for HTTP', () => {
    const trace = new Trace({ serverPort: 5060 })
      .handshake()
      .c(3, 'P.', http('OPTIONS sip:a@b SIP/2.0', 'Max-Forwards: 70'))
    expect(observe(trace.frames).observations.tcp).toEqual([])
  })

  it('acknowledges a request only when the server has all of it', () => {
    const trace = new Trace()
      .handshake()
      .c(3, 'P.', GET_A)
      .s(4, '.', '', { ack: GET_A.length - 1 })
    expect(connectionOf(trace).exchanges[0]!.request!.acknowledged).toBe(false)
    trace.s(5, '.')
    expect(connectionOf(trace).exchanges[0]!.request!.acknowledged).toBe(true)
    expect(numbers(connectionOf(trace).retransmissions)).toEqual([])
  })
})
