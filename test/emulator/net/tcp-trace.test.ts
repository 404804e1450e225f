import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { LINUX, PHONE, type StackProfile } from '../../../src/emulator/net/profile.js'
import type { TcpConnection } from '../../../src/emulator/net/tcp/connection.js'
import type { TcpHandlers } from '../../../src/emulator/net/transport.js'
import * as icmpv4 from '../../../src/wire/icmpv4.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import * as tcp from '../../../src/wire/tcp.js'
import { PEER_ADDRESS, TcpTrace, withoutWindows } from './raw-peer.js'

const MSS = [tcp.mssOption(1460)]

/** Handlers that write down what they are told. */
function recorder(): { readonly events: string[]; readonly handlers: TcpHandlers } {
  const events: string[] = []
  return {
    events,
    handlers: {
      connected: () => events.push('connected'),
      data: (bytes) => events.push(`data ${bytes.length}`),
      end: () => events.push('end'),
      drain: () => events.push('drain'),
      closed: (error) => events.push(error === undefined ? 'closed' : `closed ${error}`),
    },
  }
}

/** Linux as it would be with the congestion control and the window probes of the RFCs. */
const RENO: StackProfile = { ...LINUX, tcp: { ...LINUX.tcp, congestionControl: 'new-reno', windowProbe: 'octet' } }

type TraceOptions = ConstructorParameters<typeof TcpTrace>[0]

/** A connection the host opened, the handshake done at 0 s. */
async function opened(options?: TraceOptions, win = 65_535) {
  const trace = new TcpTrace(options)
  const { events, handlers } = recorder()
  const socket = trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
  await trace.sentNow()
  trace.send('S.', { seq: 0, ack: 1, options: MSS, win })
  await trace.sentNow()
  expect(events).toEqual(['connected'])
  events.length = 0
  return { trace, socket, events }
}

/** A connection the peer opened to port 80 of the host. */
async function accepted(options?: TraceOptions, win = 65_535) {
  const trace = new TcpTrace(options)
  const { events, handlers } = recorder()
  let socket: TcpConnection | undefined
  trace.host.listenTcp(80, (connection) => {
    socket = connection
    return handlers
  })
  trace.send('S', { seq: 0, options: MSS, win })
  await trace.sentNow()
  trace.send('.', { seq: 1, ack: 1, win })
  await trace.sentNow()
  events.length = 0
  return { trace, socket: socket!, events }
}

describe('opening', () => {
  it('offers MSS, SACK, timestamps and window scale as Linux, and acknowledges the SYN-ACK at once [RFC 9293 §3.5]', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
    expect(await trace.sentNow()).toEqual(['0.000 S 0:0(0) win 64240 <mss 1460,sackOK,TS 0:0,wscale 7>'])
    trace.send('S.', { seq: 0, ack: 1, options: [...MSS, tcp.NO_OPERATION, tcp.windowScaleOption(7)] })
    expect(await trace.sentNow()).toEqual(['0.000 . 1:1(0) ack 1 win 502'])
    expect(events).toEqual(['connected'])
  })

  it('offers nothing but the MSS as a phone', async () => {
    const trace = new TcpTrace({ profile: 'phone' })
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, {})
    expect(await trace.sentNow()).toEqual(['0.000 S 0:0(0) win 17520 <mss 1460>'])
  })

  it('scales no window when the peer does not [RFC 7323 §2.2]', async () => {
    const { trace, socket } = await opened()
    socket.write(new Uint8Array(1))
    expect(await trace.sentNow()).toEqual(['0.000 P. 1:2(1) ack 1 win 64240'])
  })

  it('assumes an MSS of 536 when the peer offers none [RFC 9293 §3.7.1]', async () => {
    const trace = new TcpTrace()
    const socket = trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, {})
    await trace.sentNow()
    trace.send('S.', { seq: 0, ack: 1 })
    await trace.sentNow()
    socket.write(new Uint8Array(1000))
    socket.setNoDelay(true)
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:537(536) ack 1', '0.000 P. 537:1001(464) ack 1'])
  })

  it('repeats the SYN after 1, 2, 4, 8, 16 and 32 s and gives up after 127 [RFC 6298 §2.1, §5.5]', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
    await trace.until(126.999)
    expect(trace.sent().map((line) => line.split(' ')[0])).toEqual(
      ['0.000', '1.000', '3.000', '7.000', '15.000', '31.000', '63.000'], // prettier-ignore
    )
    expect(events).toEqual([])
    await trace.until(127)
    expect(events).toEqual(['closed ETIMEDOUT'])
    expect(trace.sent()).toEqual([])
    expect(trace.host.connectionCount).toBe(0)
  })

  it('gives up earlier when told to', async () => {
    const trace = new TcpTrace({ profile: 'phone' })
    const { events, handlers } = recorder()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers, { connectTimeout: 20 * SECOND })
    await trace.until(19.9)
    expect(events).toEqual([])
    await trace.until(20)
    expect(events).toEqual(['closed ETIMEDOUT'])
    expect(trace.sent()).toHaveLength(5)
  })

  it('is refused by RST with an acceptable ACK, and by no other [RFC 9293 §3.10.7.3]', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
    await trace.sentNow()
    trace.send('R', { seq: 0 })
    trace.send('R.', { seq: 0, ack: 7 })
    await trace.settle()
    expect(events).toEqual([])
    trace.send('R.', { seq: 0, ack: 1 })
    await trace.settle()
    expect(events).toEqual(['closed ECONNREFUSED'])
  })

  it('answers a SYN-ACK for something else with RST and goes on [RFC 9293 §3.10.7.3]', async () => {
    const trace = new TcpTrace()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, {})
    await trace.sentNow()
    trace.send('S.', { seq: 0, ack: 77, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 R 77:77(0)'])
    trace.send('S.', { seq: 0, ack: 1, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 1'])
  })

  it('opens from both sides at once [RFC 9293 §3.5 figure 8]', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
    await trace.sentNow()
    trace.send('S', { seq: 0, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 S. 0:0(0) ack 1 <mss 1460>'])
    expect(events).toEqual([])
    trace.send('S.', { seq: 0, ack: 1, options: MSS })
    await trace.settle()
    expect(events).toEqual(['connected'])
  })

  it('repeats a SYN-ACK that was lost, on its timer and when the SYN comes again', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.listenTcp(80, () => handlers)
    trace.send('S', { seq: 0, options: MSS })
    await trace.until(1.5)
    expect(withoutWindows(trace.sent())).toEqual([
      '0.000 S. 0:0(0) ack 1 <mss 1460>',
      '1.000 S. 0:0(0) ack 1 <mss 1460>',
    ])
    trace.send('S', { seq: 0, options: MSS })
    await trace.until(2)
    expect(withoutWindows(trace.sent())).toEqual(['1.500 S. 0:0(0) ack 1 <mss 1460>'])
    trace.send('.', { seq: 1, ack: 1 })
    await trace.until(10)
    expect(trace.sent()).toEqual([])
    expect(events).toEqual(['connected'])
  })

  it('takes a lost handshake ACK from the data that follows', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.listenTcp(80, () => handlers)
    trace.send('S', { seq: 0, options: MSS })
    await trace.sentNow()
    trace.send('P.', { seq: 1, ack: 1, data: 100 })
    await trace.settle()
    expect(events).toEqual(['connected', 'data 100'])
  })

  it('gives up a handshake nobody completes, without telling anybody', async () => {
    const trace = new TcpTrace()
    let count = 0
    trace.host.listenTcp(80, () => (count++, {}))
    trace.send('S', { seq: 0, options: MSS })
    await trace.until(200)
    expect(trace.sent()).toHaveLength(6)
    expect(trace.host.connectionCount).toBe(0)
    expect(count).toBe(0)
  })

  it('drops SYNs beyond the backlog', async () => {
    const trace = new TcpTrace()
    trace.host.listenTcp(80, () => ({}), { backlog: 1 })
    trace.send('S', { seq: 0, options: MSS })
    const other = new Uint8Array([0, 1, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 255, 255, 0, 0, 0, 0])
    tcp.fillChecksum(other, 0, 20, PEER_ADDRESS, trace.host.address)
    trace.sendPacket(ipv4.Protocol.tcp, other)
    expect(await trace.sentNow()).toHaveLength(1)
  })

  it('starts data with one segment and three seconds when the SYN was lost [RFC 5681 §3.1, RFC 6298 §5.7]', async () => {
    const trace = new TcpTrace()
    const socket = trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, {})
    await trace.until(1)
    trace.sent()
    trace.send('S.', { seq: 0, ack: 1, options: MSS })
    await trace.sentNow()
    socket.write(new Uint8Array(5000))
    await trace.until(4)
    expect(withoutWindows(trace.sent())).toEqual(['1.000 . 1:1461(1460) ack 1', '4.000 . 1:1461(1460) ack 1'])
  })
})

describe('a port where nobody listens', () => {
  it('answers a SYN with RST, ACK [RFC 9293 §3.10.7.1]', async () => {
    const trace = new TcpTrace()
    trace.send('S', { seq: 0, options: MSS })
    expect(await trace.sentNow()).toEqual(['0.000 R. 0:0(0) ack 1 win 0'])
  })

  it('answers an ACK with RST at its number [RFC 9293 §3.10.7.1]', async () => {
    const trace = new TcpTrace()
    trace.send('.', { seq: 1, ack: 4711 })
    expect(await trace.sentNow()).toEqual(['0.000 R 4711:4711(0) win 0'])
  })

  it('never answers a RST', async () => {
    const trace = new TcpTrace()
    trace.send('R', { seq: 0 })
    trace.send('R.', { seq: 0, ack: 1 })
    expect(await trace.sentNow()).toEqual([])
  })

  it('is silent on a phone, for a SYN only [96x1 RFS p38]', async () => {
    const trace = new TcpTrace({ profile: 'phone' })
    trace.send('S', { seq: 0, options: MSS })
    expect(await trace.sentNow()).toEqual([])
    trace.send('.', { seq: 1, ack: 4711 })
    expect(await trace.sentNow()).toHaveLength(1)
  })

  it('drops or rejects as the policy says, listener or not', async () => {
    const trace = new TcpTrace()
    trace.host.listenTcp(80, () => ({}))
    trace.host.setPortPolicy('tcp', 80, 'drop')
    trace.send('S', { seq: 0, options: MSS })
    expect(await trace.sentNow()).toEqual([])
    trace.host.setPortPolicy('tcp', 80, 'reject')
    trace.send('S', { seq: 0, options: MSS })
    expect(await trace.sentNow()).toEqual(['0.000 R. 0:0(0) ack 1 win 0'])
    trace.host.setPortPolicy('tcp', 80, 'open')
    trace.send('S', { seq: 0, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 S. 0:0(0) ack 1 <mss 1460>'])
  })
})

describe('receiving', () => {
  it('acknowledges every second segment at once and a lone one after 40 ms [RFC 1122 §4.2.3.2]', async () => {
    const { trace, events } = await accepted()
    trace.send('.', { seq: 1, ack: 1, data: 1460 })
    expect(await trace.sentNow()).toEqual([])
    trace.send('.', { seq: 1461, ack: 1, data: 1460 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 2921'])
    trace.send('.', { seq: 2921, ack: 1, data: 100 })
    await trace.until(1)
    expect(withoutWindows(trace.sent())).toEqual(['0.040 . 1:1(0) ack 3021'])
    expect(events).toEqual(['data 1460', 'data 1460', 'data 100'])
  })

  it('acknowledges at once what is out of order, and when the hole is filled [RFC 5681 §4.2]', async () => {
    const { trace, events } = await accepted()
    trace.send('.', { seq: 1001, ack: 1, data: 1000 })
    trace.send('.', { seq: 2001, ack: 1, data: 1000 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 1', '0.000 . 1:1(0) ack 1'])
    trace.send('.', { seq: 1, ack: 1, data: 1000 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 3001'])
    expect(events).toEqual(['data 1000', 'data 1000', 'data 1000'])
  })

  it('gives each octet once, whatever overlaps', async () => {
    const { trace, socket } = await accepted()
    const received: number[] = []
    const content = Uint8Array.from({ length: 300 }, (_, i) => i & 255)
    socket.setHandlers({ data: (bytes) => received.push(...bytes) })
    const pieces = [
      [50, 120],
      [100, 200],
      [60, 90],
      [250, 300],
      [150, 260],
      [0, 55],
      [40, 300],
      [0, 300],
    ] as const
    for (const [from, to] of pieces) trace.send('.', { seq: 1 + from, ack: 1, data: content.subarray(from, to) })
    await trace.settle()
    expect(received).toEqual([...content])
  })

  it('acknowledges old data at once and does not give it again [RFC 9293 §3.10.7.4]', async () => {
    const { trace, events } = await accepted()
    trace.send('.', { seq: 1, ack: 1, data: 100 })
    await trace.until(1)
    trace.sent()
    trace.send('.', { seq: 1, ack: 1, data: 100 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['1.000 . 1:1(0) ack 101'])
    expect(events).toEqual(['data 100'])
  })

  it('drops a segment without ACK', async () => {
    const { trace, events } = await accepted()
    trace.send('', { seq: 1, data: 100 })
    await trace.until(1)
    expect(trace.sent()).toEqual([])
    expect(events).toEqual([])
  })

  it('answers an ACK of what was never sent with an ACK, and takes nothing from it [RFC 9293 §3.10.7.4]', async () => {
    const { trace, events } = await accepted()
    trace.send('.', { seq: 1, ack: 9999, data: 100 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 1'])
    expect(events).toEqual([])
  })

  it('closes the window while nobody reads and says when it opens again [RFC 9293 §3.8.6.2.2]', async () => {
    const { trace, socket, events } = await accepted({ profile: 'phone' })
    socket.pause()
    for (let i = 0; i < 12; i++) trace.send('.', { seq: 1 + 1460 * i, ack: 1, data: 1460 })
    const lines = await trace.sentNow()
    expect(lines.at(-1)).toBe('0.000 . 1:1(0) ack 17521 win 0')
    expect(events).toEqual([])
    // A probe beyond the window is answered and not taken.
    trace.send('.', { seq: 17_521, ack: 1, data: 1 })
    expect(await trace.sentNow()).toEqual(['0.000 . 1:1(0) ack 17521 win 0'])
    socket.resume()
    expect(await trace.sentNow()).toEqual(['0.000 . 1:1(0) ack 17521 win 17520'])
    expect(events).toHaveLength(12)
  })

  it('never takes back what it offered [RFC 9293 §3.8.6]', async () => {
    const { trace, socket } = await accepted({ profile: 'phone' })
    socket.pause()
    let edge = 0
    for (let i = 0; i < 40; i++) {
      trace.send('.', { seq: 1 + 400 * i, ack: 1, data: 400 })
      for (const line of await trace.sentNow()) {
        const [, ack, win] = /ack (\d+) win (\d+)/.exec(line)!
        expect(Number(ack) + Number(win)).toBeGreaterThanOrEqual(edge)
        edge = Number(ack) + Number(win)
      }
    }
    expect(edge).toBe(17_521)
  })

  it('crosses the end of the sequence space', async () => {
    const { trace, events } = await accepted({ peerIss: 0xffff_ffff - 1000 })
    trace.send('.', { seq: 1, ack: 1, data: 800 })
    trace.send('.', { seq: 1601, ack: 1, data: 800 })
    trace.send('.', { seq: 801, ack: 1, data: 800 })
    trace.send('F.', { seq: 2401, ack: 1, data: 100 })
    await trace.settle()
    expect(events).toEqual(['data 800', 'data 800', 'data 800', 'data 100', 'end'])
    expect(withoutWindows(trace.sent()).at(-1)).toBe('0.000 . 1:1(0) ack 2502')
  })
})

describe('sending', () => {
  it('begins with ten segments as Linux and three as a phone [RFC 6928, RFC 3390]', async () => {
    for (const [profile, segments, size] of [
      ['linux', 10, 1460],
      ['phone', 3, 1456],
    ] as const) {
      const { trace, socket } = await opened({ profile })
      socket.write(new Uint8Array(40_000))
      const lines = await trace.sentNow()
      expect(lines).toHaveLength(segments)
      expect(lines[0]).toContain(`1:${1 + size}(${size})`)
    }
  })

  it('grows by what is acknowledged in slow start [RFC 5681 §3.1, RFC 3465 §2.2]', async () => {
    const { trace, socket } = await opened()
    socket.write(new Uint8Array(200_000))
    expect(await trace.sentNow()).toHaveLength(10)
    for (let i = 1; i <= 5; i++) trace.send('.', { ack: 1 + 2920 * i })
    expect(await trace.sentNow()).toHaveLength(20)
  })

  it('does not grow while the window is not used [RFC 7661 §3]', async () => {
    const { trace, socket } = await opened()
    for (let i = 0; i < 50; i++) {
      socket.write(new Uint8Array(1460))
      await trace.sentNow()
      trace.send('.', { ack: 1 + 1460 * (i + 1) })
      await trace.settle()
    }
    expect(socket.congestion.window).toBe(14_600)
  })

  it('stays within the window the peer offers', async () => {
    const { trace, socket } = await opened(undefined, 3000)
    socket.write(new Uint8Array(10_000))
    // The 80 octets left are a silly window, RFC 9293 §3.8.6.2.1.
    expect(withoutWindows(await trace.sentNow())).toEqual([
      '0.000 . 1:1461(1460) ack 1',
      '0.000 . 1461:2921(1460) ack 1',
    ])
  })

  it('holds a small segment back while something is outstanding [RFC 896], unless told not to', async () => {
    const { trace, socket } = await opened()
    socket.write(new Uint8Array(10))
    socket.write(new Uint8Array(20))
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 P. 1:11(10) ack 1'])
    trace.send('.', { ack: 11 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 P. 11:31(20) ack 1'])
    socket.setNoDelay(true)
    socket.write(new Uint8Array(30))
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 P. 31:61(30) ack 1'])
  })

  it('retransmits after the timeout, which doubles [RFC 6298 §5.5], and after dataRetries is over', async () => {
    const profile: StackProfile = { ...LINUX, tcp: { ...LINUX.tcp, dataRetries: 4 } }
    const { trace, socket, events } = await opened({ profile })
    socket.write(new Uint8Array(100))
    await trace.until(60)
    // The handshake took no time: SRTT 0, so the timeout is Linux's floor of 200 ms.
    expect(trace.sent().map((line) => line.split(' ')[0])).toEqual(['0.000', '0.200', '0.600', '1.400', '3.000'])
    expect(events).toEqual(['closed ETIMEDOUT'])
  })

  it('waits at least a second as a phone [RFC 6298 §2.4]', async () => {
    const { trace, socket } = await opened({ profile: 'phone' })
    socket.write(new Uint8Array(100))
    await trace.until(8)
    expect(trace.sent().map((line) => line.split(' ')[0])).toEqual(['0.000', '1.000', '3.000', '7.000'])
  })

  it('measures round trips [RFC 6298 §2.2, §2.3], but not of what was sent twice [§3]', async () => {
    const profile: StackProfile = { ...LINUX, tcp: { ...LINUX.tcp, minRtoVariation: 0, minRto: MILLISECOND } }
    const trace = new TcpTrace({ profile })
    const socket = trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, {})
    await trace.until(0.1)
    trace.sent()
    trace.send('S.', { seq: 0, ack: 1, options: MSS })
    await trace.settle()
    // First sample R = 100 ms: SRTT = R, RTTVAR = R/2, RTO = R + 4 * R/2.
    expect(socket.congestion.rto).toBe(300 * MILLISECOND)
    socket.write(new Uint8Array(10))
    await trace.until(0.3)
    trace.send('.', { ack: 11 })
    await trace.settle()
    // Second sample 200 ms: RTTVAR = 3/4 * 50 + 1/4 * 100 = 62.5, SRTT = 7/8 * 100 + 1/8 * 200 = 112.5.
    expect(socket.congestion.rto).toBe(362.5 * MILLISECOND)
    socket.write(new Uint8Array(10))
    await trace.until(0.7)
    expect(socket.congestion.rto).toBe(725 * MILLISECOND)
    trace.send('.', { ack: 21 })
    await trace.settle()
    expect(socket.congestion.rto).toBe(725 * MILLISECOND)
  })

  it('retransmits on the third duplicate ACK, and sends new data for the first two [RFC 5681 §3.2, RFC 3042]', async () => {
    const { trace, socket } = await opened({ profile: RENO })
    socket.write(new Uint8Array(100_000))
    await trace.sentNow()
    trace.send('.', { ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 14601:16061(1460) ack 1'])
    trace.send('.', { ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 16061:17521(1460) ack 1'])
    trace.send('.', { ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1461(1460) ack 1'])
    expect(socket.congestion.slowStartThreshold).toBe((12 * 1460) / 2)
    // A full acknowledgment ends it, RFC 6582 §3.2 step 3.
    trace.send('.', { ack: 17_521 })
    await trace.settle()
    expect(socket.statistics).toMatchObject({ fastRetransmits: 1, timeouts: 0, retransmissions: 1 })
    expect(socket.congestion.window).toBe(2 * 1460)
  })

  it('fills hole after hole without a timeout [RFC 6582 §3.2 step 3]', async () => {
    const { trace, socket } = await opened()
    socket.write(new Uint8Array(14_600))
    await trace.sentNow()
    // The first, fourth and seventh of ten segments are lost: seven duplicates.
    for (let i = 0; i < 7; i++) trace.send('.', { ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1461(1460) ack 1'])
    trace.send('.', { ack: 1 + 3 * 1460 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 4381:5841(1460) ack 1'])
    trace.send('.', { ack: 1 + 6 * 1460 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 8761:10221(1460) ack 1'])
    trace.send('.', { ack: 14_601 })
    await trace.until(5)
    expect(trace.sent()).toEqual([])
    expect(socket.statistics).toMatchObject({ fastRetransmits: 1, timeouts: 0, retransmissions: 3 })
  })

  it('counts no window update as a duplicate [RFC 5681 §2]', async () => {
    const { trace, socket } = await opened()
    socket.write(new Uint8Array(14_600))
    await trace.sentNow()
    for (let i = 0; i < 5; i++) trace.send('.', { ack: 1, win: 40_000 + i })
    expect(await trace.sentNow()).toEqual([])
    expect(socket.statistics.duplicateAcks).toBe(0)
  })

  it('goes back to the first unacknowledged segment after a timeout, with a window of one [RFC 5681 §3.1]', async () => {
    const { trace, socket } = await opened({ profile: RENO })
    socket.write(new Uint8Array(14_600))
    await trace.sentNow()
    await trace.until(0.25)
    expect(withoutWindows(trace.sent())).toEqual(['0.200 . 1:1461(1460) ack 1'])
    expect(socket.congestion).toMatchObject({ window: 1460, slowStartThreshold: 7300 })
    trace.send('.', { ack: 1461 })
    expect(withoutWindows(await trace.sentNow())).toEqual([
      '0.250 . 1461:2921(1460) ack 1',
      '0.250 . 2921:4381(1460) ack 1',
    ])
    // The rest had arrived: the acknowledgment jumps, and nothing more goes again.
    trace.send('.', { ack: 14_601 })
    await trace.until(5)
    expect(trace.sent()).toEqual([])
  })

  it('probes a closed window, backing off, and goes on when it opens [RFC 9293 §3.8.6.1]', async () => {
    const { trace, socket } = await opened({ profile: RENO }, 1460)
    socket.write(new Uint8Array(3000))
    await trace.sentNow()
    trace.send('.', { ack: 1461, win: 0 })
    await trace.until(3.1)
    expect(withoutWindows(trace.sent())).toEqual([
      '0.200 P. 1461:1462(1) ack 1',
      '0.600 P. 1461:1462(1) ack 1',
      '1.400 P. 1461:1462(1) ack 1',
      '3.000 P. 1461:1462(1) ack 1',
    ])
    trace.send('.', { ack: 1461, win: 0 })
    await trace.until(4)
    expect(trace.sent()).toEqual([])
    trace.send('.', { ack: 1461, win: 5000 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['4.000 . 1461:2921(1460) ack 1'])
    trace.send('.', { ack: 2921, win: 5000 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['4.000 P. 2921:3001(80) ack 1'])
  })

  it('never gives up while probes are answered', async () => {
    const { trace, socket, events } = await opened(undefined, 1460)
    socket.write(new Uint8Array(3000))
    await trace.sentNow()
    trace.send('.', { ack: 1461, win: 0 })
    for (let minute = 1; minute < 60; minute++) {
      await trace.until(minute * 60)
      trace.send('.', { ack: 1461, win: 0 })
    }
    expect(events).toEqual([])
    expect(socket.state).toBe('ESTABLISHED')
  })

  it('says when there is room again', async () => {
    const { trace, socket, events } = await opened({ profile: 'phone' })
    expect(socket.write(new Uint8Array(10_000))).toBe(true)
    expect(socket.write(new Uint8Array(10_000))).toBe(false)
    expect(socket.bufferedAmount).toBe(20_000)
    let ack = 1
    while (events.length === 0 && ack < 20_001) {
      await trace.sentNow()
      ack = Math.min(20_001, ack + 1456 * 2)
      trace.send('.', { ack })
      await trace.settle()
    }
    expect(events).toEqual(['drain'])
    expect(socket.bufferedAmount).toBeLessThanOrEqual(PHONE.tcp.sendBuffer / 2)
  })

  it('makes segments smaller when a router says so [RFC 1191 §6.4]', async () => {
    const { trace, socket } = await opened()
    socket.write(new Uint8Array(1460))
    await trace.settle()
    const packet = ethernet.decode(trace.peer.frames.at(-1)!.bytes).payload
    trace.sent()
    const { destinationUnreachable } = icmpv4.Type
    trace.sendPacket(
      ipv4.Protocol.icmp,
      icmpv4.encodeError(destinationUnreachable, icmpv4.UnreachableCode.fragmentationNeeded, packet.slice(0, 28), 1000),
    )
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:961(960) ack 1', '0.000 P. 961:1461(500) ack 1'])
  })
})

describe('closing', () => {
  it('closes first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT [RFC 9293 §3.6 figure 12]', async () => {
    const { trace, socket, events } = await opened()
    socket.end()
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 F. 1:1(0) ack 1'])
    expect(socket.state).toBe('FIN-WAIT-1')
    trace.send('.', { seq: 1, ack: 2 })
    await trace.settle()
    expect(socket.state).toBe('FIN-WAIT-2')
    trace.send('F.', { seq: 1, ack: 2 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 2:2(0) ack 2'])
    expect(events).toEqual(['end', 'closed'])
    expect(socket.state).toBe('TIME-WAIT')
    expect(trace.host.connectionCount).toBe(0)
  })

  it('closes second: CLOSE-WAIT, LAST-ACK [RFC 9293 §3.6 figure 12]', async () => {
    const { trace, socket, events } = await accepted()
    trace.send('F.', { seq: 1, ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 2'])
    expect(socket.state).toBe('CLOSE-WAIT')
    expect(events).toEqual(['end'])
    socket.end()
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 F. 1:1(0) ack 2'])
    expect(socket.state).toBe('LAST-ACK')
    trace.send('.', { seq: 2, ack: 2 })
    await trace.settle()
    expect(socket.state).toBe('CLOSED')
    expect(events).toEqual(['end', 'closed'])
  })

  it('closes from both sides at once: CLOSING [RFC 9293 §3.6 figure 13]', async () => {
    const { trace, socket, events } = await opened()
    socket.end()
    await trace.sentNow()
    trace.send('F.', { seq: 1, ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 2:2(0) ack 2'])
    expect(socket.state).toBe('CLOSING')
    trace.send('.', { seq: 2, ack: 2 })
    await trace.settle()
    expect(socket.state).toBe('TIME-WAIT')
    expect(events).toEqual(['end', 'closed'])
  })

  it('puts FIN on the last data and receives on after it: half-closed [RFC 9293 §3.6]', async () => {
    const { trace, socket, events } = await opened()
    socket.write(new Uint8Array(2000))
    socket.end()
    expect(withoutWindows(await trace.sentNow())).toEqual([
      '0.000 . 1:1461(1460) ack 1',
      '0.000 FP. 1461:2001(540) ack 1',
    ])
    expect(() => socket.write(new Uint8Array(1))).toThrow(/EPIPE/)
    trace.send('.', { seq: 1, ack: 2002 })
    for (let i = 0; i < 3; i++) trace.send('.', { seq: 1 + 1000 * i, ack: 2002, data: 1000 })
    await trace.until(100)
    expect(events).toEqual(['data 1000', 'data 1000', 'data 1000'])
    trace.send('F.', { seq: 3001, ack: 2002 })
    await trace.settle()
    expect(events.slice(3)).toEqual(['end', 'closed'])
  })

  it('sends on after the peer has closed', async () => {
    const { trace, socket } = await accepted()
    trace.send('F.', { seq: 1, ack: 1 })
    await trace.sentNow()
    socket.write(new Uint8Array(500))
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 P. 1:501(500) ack 2'])
  })

  it('acknowledges the FIN together with an answer given in the same moment', async () => {
    const trace = new TcpTrace()
    trace.host.listenTcp(80, (socket) => ({ end: () => socket.end() }))
    trace.send('S', { seq: 0, options: MSS })
    await trace.sentNow()
    trace.send('.', { seq: 1, ack: 1 })
    trace.send('F.', { seq: 1, ack: 1 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 F. 1:1(0) ack 2'])
  })

  it('repeats a FIN that was lost', async () => {
    const { trace, socket } = await opened()
    socket.end()
    await trace.until(0.7)
    expect(withoutWindows(trace.sent())).toEqual([
      '0.000 F. 1:1(0) ack 1',
      '0.200 F. 1:1(0) ack 1',
      '0.600 F. 1:1(0) ack 1',
    ])
  })

  it('acknowledges a repeated FIN in TIME-WAIT and waits anew [RFC 9293 §3.10.7.4]', async () => {
    const { trace, socket } = await opened()
    socket.end()
    await trace.sentNow()
    trace.send('F.', { seq: 1, ack: 2 })
    await trace.until(50)
    trace.sent()
    trace.send('F.', { seq: 1, ack: 2 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['50.000 . 2:2(0) ack 2'])
    await trace.until(109)
    trace.send('F.', { seq: 1, ack: 2 })
    expect(await trace.sentNow()).toHaveLength(1)
    await trace.until(170)
    // Over: now it is a stranger's.
    trace.send('F.', { seq: 1, ack: 2 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['170.000 R 2:2(0)'])
  })

  it('takes a FIN that came before the data it follows, once the hole is filled', async () => {
    const { trace, events } = await accepted()
    trace.send('F.', { seq: 1001, ack: 1, data: 500 })
    await trace.settle()
    expect(events).toEqual([])
    trace.send('.', { seq: 1, ack: 1, data: 1000 })
    expect(withoutWindows(await trace.sentNow()).at(-1)).toBe('0.000 . 1:1(0) ack 1502')
    expect(events).toEqual(['data 1000', 'data 500', 'end'])
  })

  it('gives data, end and closed in that order to a reader who paused', async () => {
    const { trace, socket, events } = await accepted()
    socket.pause()
    socket.end()
    trace.send('.', { seq: 1, ack: 2, data: 100 })
    trace.send('F.', { seq: 101, ack: 2 })
    await trace.until(1)
    expect(events).toEqual([])
    expect(socket.state).toBe('TIME-WAIT')
    socket.resume()
    expect(events).toEqual([])
    await trace.settle()
    expect(events).toEqual(['data 100', 'end', 'closed'])
  })

  it('answers data after close() with RST [RFC 1122 §4.2.2.13]', async () => {
    const { trace, socket, events } = await opened()
    socket.close()
    await trace.sentNow()
    trace.send('.', { seq: 1, ack: 2, data: 10 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 R. 2:2(0) ack 1'])
    expect(events).toEqual(['closed ECONNRESET'])
  })

  it('waits in FIN-WAIT-2 for a minute after close(), and no longer', async () => {
    const { trace, socket, events } = await opened()
    socket.close()
    await trace.sentNow()
    trace.send('.', { seq: 1, ack: 2 })
    await trace.until(59)
    expect(events).toEqual([])
    await trace.until(61)
    expect(events).toEqual(['closed'])
  })
})

describe('resetting', () => {
  it('sends RST and forgets on abort()', async () => {
    const { trace, socket, events } = await opened()
    socket.abort()
    expect(events).toEqual([])
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 R. 1:1(0) ack 1'])
    expect(events).toEqual(['closed'])
    expect(trace.host.connectionCount).toBe(0)
  })

  it('sends none from SYN-SENT, and answers the late SYN-ACK with RST [RFC 9293 §3.10.5]', async () => {
    const trace = new TcpTrace()
    const socket = trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, {})
    await trace.sentNow()
    socket.abort()
    expect(await trace.sentNow()).toEqual([])
    trace.send('S.', { seq: 0, ack: 1, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 R 1:1(0)'])
  })

  it('is reset by exactly the next sequence number; others in the window are challenged [RFC 5961 §3.2]', async () => {
    const { trace, events } = await accepted()
    trace.send('R', { seq: 5 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 1'])
    trace.send('R', { seq: 1_000_000 })
    expect(await trace.sentNow()).toEqual([])
    expect(events).toEqual([])
    trace.send('R', { seq: 1 })
    expect(await trace.sentNow()).toEqual([])
    expect(events).toEqual(['closed ECONNRESET'])
  })

  it('challenges a SYN in an established connection [RFC 5961 §4.2]', async () => {
    const { trace, events } = await accepted()
    trace.send('S', { seq: 100 })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 1:1(0) ack 1'])
    expect(events).toEqual([])
  })

  it('goes back to listening when a handshake is reset', async () => {
    const trace = new TcpTrace()
    trace.host.listenTcp(80, () => ({}))
    trace.send('S', { seq: 0, options: MSS })
    await trace.sentNow()
    trace.send('R', { seq: 1 })
    await trace.settle()
    expect(trace.host.connectionCount).toBe(0)
    trace.send('S', { seq: 0, options: MSS })
    expect(await trace.sentNow()).toHaveLength(1)
  })

  it('takes a new SYN in TIME-WAIT when its number is beyond the old ones [RFC 9293 §3.6.1]', async () => {
    const { trace, socket } = await accepted()
    socket.end()
    await trace.sentNow()
    trace.send('F.', { seq: 1, ack: 2 })
    await trace.sentNow()
    trace.send('S', { seq: 0, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 . 2:2(0) ack 2'])
    trace.send('S', { seq: 100, options: MSS })
    expect(withoutWindows(await trace.sentNow())).toEqual(['0.000 S. 0:0(0) ack 101 <mss 1460>'])
  })

  it('tells of a host that cannot be reached while connecting, and only notes it later [RFC 1122 §4.2.3.9]', async () => {
    const trace = new TcpTrace()
    const { events, handlers } = recorder()
    trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
    await trace.settle()
    const packet = ethernet.decode(trace.peer.frames.at(-1)!.bytes).payload
    const error = icmpv4.encodeError(
      icmpv4.Type.destinationUnreachable,
      icmpv4.UnreachableCode.host,
      packet.slice(0, 28),
    )
    trace.sendPacket(ipv4.Protocol.icmp, error)
    await trace.settle()
    expect(events).toEqual(['closed EHOSTUNREACH'])
  })

  it('forgets everything on deconfigure, without a packet and without a callback', async () => {
    const { trace, socket, events } = await opened()
    trace.host.deconfigure()
    await trace.until(300)
    expect(trace.sent()).toEqual([])
    expect(events).toEqual([])
    expect(socket.state).toBe('CLOSED')
    expect(trace.sim.pending).toBe(0)
  })
})
