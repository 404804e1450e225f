import { describe, expect, it } from 'vitest'
import { latin1Bytes } from '../../../src/base/bytes.js'
import { Random } from '../../../src/base/random.js'
import * as dhcp from '../../../src/wire/dhcp.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as tftp from '../../../src/wire/tftp.js'
import type { Captured } from './trace.js'
import { CLIENT, CLIENT_MAC, SERVER, Trace, observe, udpFrame } from './trace.js'

const BROADCAST = 0xffff_ffff

function discover(xid: number, options: dhcp.DhcpFields['options'] = []): Uint8Array {
  const chaddr = new Uint8Array(16)
  chaddr.set(CLIENT_MAC)
  const type = { code: dhcp.OptionCode.messageType, data: new Uint8Array([1]) }
  return dhcp.encode({ op: 1, xid, chaddr, options: [type, ...options] })
}

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

describe('StreamTracker', () => {
  it('shows DHCP messages, mirror-port doubles marked as copies', () => {
    const trace = new Trace()
    const bytes = udpFrame(0, 68, BROADCAST, 67, discover(0x3d1d))
    trace.frame(0, bytes).frame(0.1, bytes).frame(4000, bytes)
    const { observations, messages } = observe(trace.frames)
    expect(observations.dhcp.map(({ copyOf }) => copyOf)).toEqual([undefined, 1, undefined])
    expect(observations.dhcp[0]).toMatchObject({
      frame: { number: 1, time: 0 },
      source: { address: '0.0.0.0', port: 68 },
      destination: { address: '255.255.255.255', port: 67 },
      type: 1,
      chaddr: '00:1b:4f:20:00:01',
      message: { xid: 0x3d1d },
    })
    expect(messages).toHaveLength(3)
    expect(messages[0]).toEqual({
      frame: 1,
      time: '2023-11-14T22:13:20.000000000Z',
      source: '0.0.0.0:68',
      destination: '255.255.255.255:67',
      protocol: 'dhcp',
      type: 'DISCOVER',
      xid: '0x00003d1d',
      chaddr: '00:1b:4f:20:00:01',
      ciaddr: '0.0.0.0',
      yiaddr: '0.0.0.0',
      siaddr: '0.0.0.0',
      giaddr: '0.0.0.0',
      options: [53],
    })
  })

  it('counts malformed and cut frames, with the sieve and without', () => {
    const rtp = udpFrame(CLIENT, 2050, SERVER, 3000, new Uint8Array(172))
    const bad = rtp.slice()
    bad[14] = 0x41
    const trace = new Trace().frame(0, rtp).frame(1, bad).frame(2, rtp.subarray(0, 60), rtp.length)
    trace.frame(3, udpFrame(0, 68, BROADCAST, 67, new Uint8Array(20)))
    for (const sieve of [true, false]) {
      const { capture } = observe(trace.frames, { sieve, file: 'x.pcap' }).observations
      expect(capture).toMatchObject({ file: 'x.pcap', malformedFrames: 2, snaplenFrames: 1, packets: 4 })
      expect(capture).toMatchObject({ linkTypes: ['ethernet'], limitsReached: [], duration: 3_000_000 })
    }
  })

  it('shows ARP for what it is', () => {
    const arp = new Uint8Array(28)
    arp.set([0, 1, 8, 0, 6, 4, 0, 1])
    arp.set(CLIENT_MAC, 8)
    arp.set([10, 20, 0, 120], 14)
    arp.set([10, 20, 0, 1], 24)
    const bytes = ethernet.encode({
      destination: ethernet.BROADCAST,
      source: CLIENT_MAC,
      etherType: ethernet.EtherType.arp,
      payload: arp,
    })
    const { observations } = observe(new Trace().frame(0, bytes).frame(0.01, bytes).frame(1000, bytes).frames)
    expect(observations.arp).toMatchObject([
      { frame: { number: 1 }, operation: 1, senderMac: '00:1b:4f:20:00:01', targetAddress: '10.20.0.1' },
      { frame: { number: 3 } },
    ])
  })

  describe('learns where file servers are', () => {
    /** A segment in the middle of a connection, which only counts on a port of file servers. */
    const middle = (port: number): Captured => {
      const [frame] = new Trace({ serverPort: port }).s(9000, '.', 'middle of a body').frames
      return frame!
    }

    it('from HTTPPORT in the site option', () => {
      const option = { code: 242, data: latin1Bytes('MCIPADD=10.20.0.5,HTTPPORT=8001,TLSPORT=4111') }
      const offer = udpFrame(SERVER, 67, BROADCAST, 68, discover(1, [option]))
      const { tcp } = observe([
        { time: 0, bytes: offer, originalLength: offer.length },
        middle(8001),
        middle(4111),
      ]).observations
      expect(tcp.map(({ server }) => server.port)).toEqual([8001, 4111])
    })

    it('from BRURI in a settings file, by HTTP and by TFTP', () => {
      const settings = '## settings\nSET BRURI "http://10.20.0.9:8088/backup/"\n'
      const trace = new Trace().handshake().c(3, 'P.', 'GET /46xxsettings.txt HTTP/1.1\r\n\r\n')
      trace.s(4, 'P.', `HTTP/1.1 200 OK\r\nContent-Length: ${settings.length}\r\n\r\n${settings}`)
      expect(observe([...trace.frames, middle(8088)]).observations.tcp).toHaveLength(2)
      const packets = [
        udpFrame(
          CLIENT,
          1025,
          SERVER,
          69,
          tftp.encode({ op: 'rrq', filename: '46xxsettings.txt', mode: 'octet', options: [] }),
        ),
        udpFrame(SERVER, 9, CLIENT, 1025, tftp.encode({ op: 'data', block: 1, data: latin1Bytes(settings) })),
        udpFrame(CLIENT, 1025, SERVER, 9, tftp.encode({ op: 'ack', block: 1 })),
      ]
      const frames = packets.map((bytes, time) => ({ time, bytes, originalLength: bytes.length }))
      expect(observe([...frames, middle(8088)]).observations.tcp).toHaveLength(1)
      expect(observe([...frames.slice(0, 2), middle(8088)]).observations.tcp).toHaveLength(0)
    })
  })

  it('attaches an ICMP error to the connection that it quotes, and not a redirect', () => {
    const trace = new Trace().c(0, 'S')
    const quote = trace.frames[0]!.bytes.subarray(14, 42)
    const icmp = (type: number): Uint8Array => {
      const bytes = new Uint8Array(34 + 8 + quote.length)
      bytes.set(trace.frames[0]!.bytes.subarray(0, 34))
      bytes[17] = bytes.length - 14
      bytes[23] = 1
      bytes[34] = type
      bytes[35] = 1
      bytes.set(quote, 42)
      return bytes
    }
    trace.frame(5, icmp(3)).frame(6, icmp(5))
    const { observations } = observe(trace.frames)
    expect(observations.icmpErrors.map(({ type }) => type)).toEqual([3, 5])
    expect(observations.tcp).toMatchObject([{ icmpErrors: [{ frame: { number: 2 }, type: 3, code: 1 }] }])
    expect(observations.icmpErrors[0]!.quoted).toEqual({
      protocol: 6,
      source: { address: '10.20.0.120', port: 1024 },
      destination: { address: '10.20.0.2', port: 80 },
    })
  })

  it('keeps time before the first frame negative, and the duration from the latest', () => {
    const trace = new Trace().c(100, 'S').c(50, 'S').c(3100, 'S')
    const { capture, tcp } = observe(trace.frames).observations
    expect(tcp[0]!.syns.map(({ time }) => time)).toEqual([0, -50_000_000, 3_000_000_000])
    expect(capture.duration).toBe(3_000_000_000)
  })

  it('sees the same with the sieve and without, whatever happens to the frames', () => {
    const random = new Random(2026)
    const ports = [80, 8443, 5060, 34_567]
    for (let round = 0; round < 300; round++) {
      const trace = new Trace({ serverPort: ports[random.int(ports.length)]! })
      if (random.int(4) > 0) trace.handshake()
      if (random.int(5) === 0) trace.c(2, 'P.', 'not a request')
      trace.c(3, 'P.', GET).s(4, 'P.', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
      trace.frame(
        5,
        udpFrame(CLIENT, 1025, SERVER, 69, tftp.encode({ op: 'rrq', filename: 'f', mode: 'octet', options: [] })),
      )
      trace.frame(6, udpFrame(SERVER, 9, CLIENT, 1025, tftp.encode({ op: 'data', block: 1, data: latin1Bytes('x') })))
      trace.frame(7, udpFrame(CLIENT, 2050, SERVER, 3000, new Uint8Array(172)))
      trace.frame(8, udpFrame(0, 68, BROADCAST, 67, discover(round)))
      trace.c(9, 'F.').s(10, 'F.').c(11, 'R.')
      const frames = trace.frames.filter(() => random.int(8) > 0).map((captured) => mutated(captured, random))
      const [sieved, whole] = [true, false].map((sieve) => observe(frames, { sieve }))
      expect(sieved).toEqual(whole)
    }
  })
})

function mutated(captured: Captured, random: Random): Captured {
  if (random.int(3) > 0) return captured
  const bytes = captured.bytes.slice(0, random.int(4) === 0 ? random.int(captured.bytes.length) : undefined)
  for (let n = random.int(3); n > 0 && bytes.length > 0; n--)
    bytes[random.int(Math.min(60, bytes.length))] = random.int(256)
  return { ...captured, bytes, originalLength: random.int(2) === 0 ? bytes.length : captured.originalLength }
}
