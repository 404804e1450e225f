import { describe, expect, it } from 'vitest'
import { latin1 } from '../../../src/base/bytes.js'
import { MAX_WAITING_SEGMENTS } from '../../../src/analyzer/streams/limits.js'
import { Trace, connectionOf, numbers, observe } from './trace.js'

const GET = 'GET /16xxupgrade.txt HTTP/1.1\r\nHost: 10.20.0.2\r\n\r\n'
const BODY = '0123456789'.repeat(300)
const HEAD = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n`
const RESPONSE = HEAD + BODY

/** One whole exchange: frames 1-3 handshake, 4 request, 5-7 response, 8 ACK. */
function exchange(options: ConstructorParameters<typeof Trace>[0] = {}): Trace {
  const trace = new Trace(options).handshake()
  trace.c(3, 'P.', GET)
  return trace
    .s(5, '.', RESPONSE.slice(0, 1460))
    .s(5.1, '.', RESPONSE.slice(1460, 2920))
    .s(5.2, 'P.', RESPONSE.slice(2920))
    .c(6, '.')
}

describe('TcpFlow', () => {
  describe('an undisturbed connection', () => {
    it('has one exchange with the frames that completed each message', () => {
      const connection = connectionOf(exchange())
      expect(connection).toMatchObject({
        client: { address: '10.20.0.120', port: 1024 },
        server: { address: '10.20.0.2', port: 80 },
        link: { sourceMac: '00:1b:4f:20:00:01', destinationMac: '02:00:00:00:00:02', vlan: null },
        established: true,
        midStream: false,
        retransmissions: [],
        gaps: [],
        clientBytes: GET.length,
        serverBytes: RESPONSE.length,
        segments: 8,
        lastFrom: 'client',
      })
      expect(connection.exchanges).toHaveLength(1)
      const { request, response, endedBy } = connection.exchanges[0]!
      expect(request).toMatchObject({ method: 'GET', uri: '/16xxupgrade.txt', acknowledged: true })
      expect([request!.first.number, request!.complete!.number]).toEqual([4, 4])
      expect(response).toMatchObject({ status: 200, contentLength: 3000, framing: 'length', bodyBytes: 3000 })
      expect([response!.first.number, response!.complete!.number]).toEqual([5, 7])
      expect(latin1(response!.body!)).toBe(BODY)
      expect(endedBy).toBe('none')
    })

    it('reads the same when the sequence numbers wrap within it', () => {
      const wrapped = connectionOf(exchange({ clientIsn: 0xffff_fff0, serverIsn: 0xffff_fc00 }))
      expect(wrapped).toEqual(connectionOf(exchange()))
    })

    it('reads the same octet by octet', () => {
      const trace = new Trace().handshake()
      for (const octet of GET) trace.c(3, 'P.', octet)
      for (const octet of RESPONSE) trace.s(5, '.', octet)
      const { request, response } = connectionOf(trace).exchanges[0]!
      expect(request).toMatchObject({ method: 'GET', uri: '/16xxupgrade.txt' })
      expect([request!.first.number, request!.complete!.number]).toEqual([4, 3 + GET.length])
      expect(latin1(response!.body!)).toBe(BODY)
      expect(response!.complete!.number).toBe(trace.last)
    })
  })

  describe('connecting', () => {
    it('shows a SYN that is sent again and never answered, on any port', () => {
      const connection = connectionOf(new Trace({ serverPort: 9000 }).c(0, 'S').c(1000, 'S').c(3000, 'S'))
      expect(numbers(connection.syns)).toEqual([1, 2, 3])
      expect(numbers(connection.retransmissions)).toEqual([2, 3])
      expect(connection).toMatchObject({ established: false, firstFromServer: undefined })
    })

    it('shows a refused SYN', () => {
      const connection = connectionOf(new Trace().c(0, 'S').s(1, 'R.', '', { ack: 0 }))
      expect(connection.resets).toMatchObject([{ frame: { number: 2 }, from: 'server' }])
      expect(connection.established).toBe(false)
    })

    it('takes a SYN with another initial sequence number for another connection on the same ports', () => {
      const trace = new Trace().c(0, 'S')
      trace.client.isn = 77_000
      trace.c(4000, 'S').s(4001, 'S.').c(4002, '.').c(4003, 'P.', GET)
      const { tcp } = observe(trace.frames).observations
      expect(tcp.map((connection) => numbers(connection.syns))).toEqual([[1], [2]])
      expect(tcp.map((connection) => connection.exchanges.length)).toEqual([0, 1])
    })

    it('takes data by a client whose server was not captured for an established connection', () => {
      const trace = new Trace().c(0, 'S')
      trace.c(2, '.', '', { ack: 0 }).c(3, 'P.', GET, { ack: 0 }).c(9, '.', '', { ack: RESPONSE.length })
      const connection = connectionOf(trace)
      expect(connection).toMatchObject({ established: true, firstFromServer: undefined, serverBytes: 0 })
      expect(connection.gaps).toMatchObject([{ frame: { number: 4 }, from: 'server', bytes: RESPONSE.length }])
      expect(connection.exchanges[0]!.request).toMatchObject({ method: 'GET', acknowledged: false })
    })
  })

  describe('sent again, out of order, doubled', () => {
    it('counts a segment that comes again 200 ms later', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET).c(203, 'P.', GET, { at: 0 })
      const connection = connectionOf(trace.s(204, '.').s(205, 'P.', RESPONSE.slice(0, 800)))
      expect(connection.retransmissions).toMatchObject([{ frame: { number: 5 }, from: 'client', bytes: GET.length }])
      expect(connection.exchanges).toHaveLength(1)
      expect(connection.clientBytes).toBe(GET.length)
    })

    it('does not count a mirror-port double, before and behind a router', () => {
      const trace = new Trace().handshake()
      trace.c(3, 'P.', GET, { id: 500 }).c(3.2, 'P.', GET, { id: 500, at: 0, ttl: 63, sourceMac: new Uint8Array(6) })
      const connection = connectionOf(trace)
      expect(connection.retransmissions).toEqual([])
      expect(connection.segments).toBe(4)
    })

    it('counts the same octets under another identification at once: that is a fast retransmission', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET, { id: 500 }).c(3.2, 'P.', GET, { id: 501, at: 0 })
      expect(numbers(connectionOf(trace).retransmissions)).toEqual([5])
    })

    it('does not count a keep-alive, with an octet of garbage or without', () => {
      const trace = exchange()
        .c(30_006, '.', '', { at: GET.length - 1 })
        .s(30_007, '.')
      trace.c(60_006, '.', '\0', { at: GET.length - 1 }).s(60_007, '.')
      const connection = connectionOf(trace)
      expect(connection.retransmissions).toEqual([])
      expect(connection.clientBytes).toBe(GET.length)
    })

    it('puts segments in order, and completes a message in the frame that fills the hole', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      trace.s(5, '.', RESPONSE.slice(0, 1460))
      trace.s(5.1, 'P.', RESPONSE.slice(2920), { at: 2920, id: 40_003 })
      trace.s(5.2, '.', RESPONSE.slice(1460, 2920), { at: 1460, id: 40_002 })
      const connection = connectionOf(trace)
      expect(connection.retransmissions).toEqual([])
      const { response } = connection.exchanges[0]!
      expect([response!.first.number, response!.complete!.number]).toEqual([5, 7])
      expect(latin1(response!.body!)).toBe(BODY)
    })

    it('counts what fills a hole when the receiver asked for it twice', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      trace.s(5, '.', RESPONSE.slice(0, 1460), { id: 0 }).c(6, '.', '', { ack: 1460 })
      trace.s(6.1, 'P.', RESPONSE.slice(2920), { at: 2920, id: 0 })
      trace.c(6.3, '.', '', { ack: 1460 }).c(6.4, '.', '', { ack: 1460 })
      trace.s(6.5, '.', RESPONSE.slice(1460, 2920), { at: 1460, id: 0 })
      const connection = connectionOf(trace)
      expect(numbers(connection.retransmissions)).toEqual([trace.last])
      expect(connection.gaps).toEqual([])
    })

    it('counts a SYN-ACK and a FIN that come again', () => {
      const trace = new Trace().c(0, 'S').s(1, 'S.').s(1001, 'S.').c(1002, '.')
      trace.c(1003, 'F.').c(1303, 'F.', '', { at: 0 })
      const connection = connectionOf(trace)
      expect(numbers(connection.retransmissions)).toEqual([3, 6])
      expect(numbers(connection.fins)).toEqual([5, 6])
    })

    it('counts a FIN that fills the hole which an earlier segment left for it', () => {
      const trace = exchange().c(7, 'F.')
      trace.s(8, '.', '', { at: RESPONSE.length + 1 }).s(220, 'F.', '', { at: RESPONSE.length })
      expect(numbers(connectionOf(trace).retransmissions)).toEqual([trace.last])
    })
  })

  describe('what the capture lacks', () => {
    it('keeps status, length and the gap of a body of which a segment was not captured but acknowledged', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      trace.s(5, '.', RESPONSE.slice(0, 1460)).s(5.2, 'P.', RESPONSE.slice(2920), { at: 2920 })
      trace.c(6, '.').c(500, 'P.', GET).s(502, 'P.', RESPONSE)
      const connection = connectionOf(trace)
      expect(connection.gaps).toMatchObject([{ frame: { number: 7 }, from: 'server', bytes: 1460 }])
      const [first, second] = connection.exchanges
      expect(first!.response).toMatchObject({
        status: 200,
        bodyBytes: 3000 - 1460,
        missingBytes: 1460,
        body: undefined,
      })
      expect(first!.response!.complete).toMatchObject({ number: 6 })
      expect(second!.response).toMatchObject({ status: 200, missingBytes: 0 })
    })

    it('tells how much the server sent by its own count and the capture lacks, a FIN behind it included', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      trace.s(5, '.', RESPONSE.slice(0, 1460)).s(5.2, 'F.', '', { at: 2920 })
      expect(connectionOf(trace).serverUnseen).toBe(1460)
      const whole = new Trace().handshake().c(3, 'P.', GET).s(5, 'P.', RESPONSE).s(6, 'F.')
      expect(connectionOf(whole).serverUnseen).toBe(0)
    })

    it('knows a server whose first octets begin no response', () => {
      const foreign = new Trace().handshake().c(3, 'P.', GET).s(5, 'P.', '220 mail ready')
      expect(connectionOf(foreign)).toMatchObject({ serverIsForeign: true, exchanges: [{ response: undefined }] })
      const begun = new Trace().handshake().c(3, 'P.', GET).s(5, 'P.', 'HTTP/1.1 200')
      expect(connectionOf(begun).serverIsForeign).toBe(false)
    })

    it('does not deliver what lies behind a hole that nobody acknowledged', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      trace.s(5, '.', RESPONSE.slice(0, 1460)).s(5.2, 'P.', RESPONSE.slice(2920), { at: 2920 })
      trace.c(6, '.', '', { ack: 1460 }).c(30_000, 'R.', '', { ack: 1460 })
      const { gaps, exchanges } = connectionOf(trace)
      expect(gaps).toEqual([])
      expect(exchanges[0]).toMatchObject({ endedBy: 'reset-client' })
      expect(exchanges[0]!.response).toMatchObject({
        complete: undefined,
        missingBytes: 0,
        bodyBytes: 1460 - HEAD.length,
      })
    })

    it('pairs a response with a request that a mirror port delivered after it', () => {
      const trace = new Trace().handshake()
      trace.s(5, 'P.', RESPONSE.slice(0, 1400), { ack: GET.length }).c(5.5, 'P.', GET, { ack: 0 })
      const { exchanges, gaps } = connectionOf(trace)
      expect(gaps).toEqual([])
      expect(exchanges).toHaveLength(1)
      expect(exchanges[0]!.request).toMatchObject({ method: 'GET', acknowledged: true })
      expect(exchanges[0]!.response).toMatchObject({ status: 200, first: { number: 4 } })
    })

    it('shows a response whose request was not captured', () => {
      const trace = new Trace().handshake()
      trace.s(5, 'P.', RESPONSE, { ack: GET.length }).c(5.5, '.', '', { at: GET.length })
      const { exchanges, gaps } = connectionOf(trace)
      expect(gaps).toMatchObject([{ from: 'client', bytes: GET.length, frame: { number: 4 } }])
      expect(exchanges).toMatchObject([{ request: undefined, response: { status: 200 } }])
    })

    it('calls octets cut by the snap length missing, and no gap', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      trace.s(5, 'P.', RESPONSE.slice(0, 1460), { snaplen: 128 }).s(5.1, 'P.', RESPONSE.slice(1460), { snaplen: 128 })
      const { cutFrames, gaps, exchanges, serverBytes } = connectionOf(trace)
      expect([cutFrames, gaps.length, serverBytes]).toEqual([2, 0, RESPONSE.length])
      const { response } = exchanges[0]!
      expect(response).toMatchObject({ status: 200, complete: { number: 6 }, body: undefined })
      expect(response!.bodyBytes + response!.missingBytes).toBe(3000)
    })

    it('takes up a connection whose beginning was not captured at the next message', () => {
      const trace = new Trace({ serverPort: 8443 })
      trace.s(0, '.', 'rest of a body that began before').s(1, '.', 'and goes on')
      trace.c(2, '.').c(3, 'P.', GET).s(4, 'P.', RESPONSE)
      const connection = connectionOf(trace)
      expect(connection).toMatchObject({ midStream: true, client: { port: 1024 }, first: { number: 4 } })
      expect(connection.exchanges).toMatchObject([{ request: { method: 'GET' }, response: { status: 200 } }])
    })

    it('finds out who the client is from the first message, against the port numbers', () => {
      const trace = new Trace({ clientPort: 80, serverPort: 8080 })
      trace.s(0, '.', 'the middle of something', { ack: 0 }).c(1, 'P.', GET).s(2, 'P.', RESPONSE)
      const connection = connectionOf(trace)
      expect(connection).toMatchObject({
        client: { address: '10.20.0.120', port: 80 },
        link: { sourceMac: '00:1b:4f:20:00:01' },
        clientBytes: GET.length,
      })
      expect(connection.exchanges).toMatchObject([{ request: { method: 'GET' }, response: { status: 200 } }])
    })

    it('goes on past a hole when too many segments wait for it, and says so', () => {
      const trace = new Trace().handshake().c(3, 'P.', GET)
      for (let i = 1; i <= MAX_WAITING_SEGMENTS + 2; i++) trace.s(4, '.', 'x', { at: i })
      const { capture, tcp } = observe(trace.frames).observations
      expect(capture.limitsReached).toEqual(['segments-waiting-for-missing-ones'])
      expect(tcp[0]!.gaps).toMatchObject([{ from: 'server', bytes: 1 }])
    })
  })

  describe('ports', () => {
    it('drops a connection that does not speak HTTP, on a port that nobody announced', () => {
      const trace = new Trace({ serverPort: 22 }).handshake().s(3, 'P.', 'SSH-2.0-OpenSSH_9.2\r\n').c(4, '.')
      expect(observe(trace.frames).observations.tcp).toEqual([])
    })

    it('keeps it on a port of file servers', () => {
      const tls = new Trace({ serverPort: 411 }).handshake().c(3, 'P.', '\x16\x03\x01\x00\x05hello')
      expect(connectionOf(tls)).toMatchObject({ established: true, exchanges: [], clientBytes: 10 })
    })

    it('finds HTTP on any port', () => {
      const connection = connectionOf(exchange({ serverPort: 34_567 }))
      expect(connection.exchanges).toMatchObject([{ request: { method: 'GET' }, response: { status: 200 } }])
    })
  })
})
