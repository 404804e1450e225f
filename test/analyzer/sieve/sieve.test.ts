import { beforeEach, describe, expect, it } from 'vitest'
import { Announcements } from '../../../src/analyzer/sieve/announcements.js'
import { Sieve } from '../../../src/analyzer/sieve/sieve.js'
import { fromHex } from '../../../src/base/bytes.js'
import { LinkType } from '../../../src/capture/link-types.js'
import { CLIENT, SERVER, Trace, record, udpFrame } from '../streams/trace.js'

let announcements: Announcements<string>
let sieve: Sieve

beforeEach(() => {
  announcements = new Announcements()
  sieve = new Sieve(announcements)
})

function keeps(bytes: Uint8Array, originalLength = bytes.length, linkType?: number): boolean {
  return sieve.keep(record({ time: 0, bytes, originalLength }, 1, linkType))
}

const rtp = (clientPort = 2050): Uint8Array => udpFrame(CLIENT, clientPort, SERVER, 3000, new Uint8Array(172))
const last = (trace: Trace): Uint8Array => trace.frames.at(-1)!.bytes

/** `bytes` with octets of it changed. */
function changed(bytes: Uint8Array, changes: Record<number, number>): Uint8Array {
  const copy = bytes.slice()
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value
  return copy
}

describe('Sieve', () => {
  it('holds back RTP, tagged or not, and IPv6', () => {
    expect(keeps(rtp())).toBe(false)
    const tagged = new Uint8Array([...rtp().subarray(0, 12), 0x81, 0, 0xa0, 20, ...rtp().subarray(12)])
    expect(keeps(tagged)).toBe(false)
    expect(keeps(rtp().subarray(14), undefined, LinkType.raw)).toBe(false)
    expect(keeps(changed(rtp(), { 12: 0x86, 13: 0xdd }))).toBe(false)
  })

  it.each([53, 67, 68, 69, 1719, 4011])('passes UDP port %i, on either side', (port) => {
    expect(keeps(udpFrame(CLIENT, port, SERVER, 40_000, new Uint8Array(20)))).toBe(true)
    expect(keeps(udpFrame(CLIENT, 40_000, SERVER, port, new Uint8Array(20)))).toBe(true)
  })

  it.each([
    ['ARP', '0806'],
    ['EAPOL', '888e'],
    ['LLDP', '88cc'],
  ])('passes %s', (_, etherType) => {
    const macs = '0050 568a 0002 001b 4f20 0001'
    expect(keeps(fromHex(`${macs} ${etherType} ${'00'.repeat(46)}`))).toBe(true)
    expect(keeps(fromHex(`${macs} 8100 0014 ${etherType} ${'00'.repeat(46)}`))).toBe(true)
  })

  it('passes ICMP and every fragment', () => {
    expect(keeps(changed(rtp(), { 23: 1 }))).toBe(true)
    expect(keeps(changed(rtp(), { 20: 0x20 }))).toBe(true)
    expect(keeps(changed(rtp(), { 21: 0x01 }))).toBe(true)
    expect(keeps(changed(rtp(), { 20: 0x40 }))).toBe(false)
  })

  it('passes what is malformed, so that it is counted', () => {
    expect(keeps(rtp().subarray(0, 13))).toBe(true)
    expect(keeps(changed(rtp(), { 14: 0x65 }))).toBe(true)
    expect(keeps(changed(rtp(), { 14: 0x44 }))).toBe(true)
    expect(keeps(changed(rtp(), { 16: 0xff }))).toBe(true)
    expect(keeps(changed(rtp(), { 38: 0xff }))).toBe(true)
    expect(keeps(changed(rtp(), { 39: 7 }))).toBe(true)
  })

  it('holds back RTP that was cut when captured', () => {
    expect(keeps(rtp().subarray(0, 60), rtp().length)).toBe(false)
  })

  it('passes a UDP client while it is announced', () => {
    announcements.announceUdpClient(CLIENT, 2050)
    expect(keeps(rtp(2050))).toBe(true)
    expect(keeps(rtp(2052))).toBe(false)
    expect(keeps(udpFrame(SERVER, 3000, CLIENT, 2050, new Uint8Array(20)))).toBe(true)
    // The same port of another host.
    expect(keeps(udpFrame(SERVER, 2050, CLIENT, 3000, new Uint8Array(20)))).toBe(false)
    announcements.forgetUdpClient(CLIENT, 2050)
    expect(keeps(rtp(2050))).toBe(false)
  })

  describe('TCP on a port of no interest', () => {
    const trace = (): Trace => new Trace({ serverPort: 5000 })

    it('passes SYNs and what begins like HTTP', () => {
      expect(keeps(last(trace().c(0, 'S')))).toBe(true)
      expect(keeps(last(trace().s(0, 'S.')))).toBe(true)
      expect(keeps(last(trace().c(0, 'P.', 'GET / HTTP/1.1\r\n')))).toBe(true)
      expect(keeps(last(trace().s(0, 'P.', 'HTTP/1.1 200 OK\r\n')))).toBe(true)
    })

    it('holds back the rest, until the flow is followed', () => {
      const frames = [trace().c(0, '.'), trace().c(0, 'P.', 'hello'), trace().s(0, 'F.'), trace().s(0, 'R.')].map(last)
      expect(frames.map((bytes) => keeps(bytes))).toEqual([false, false, false, false])
      announcements.tcpFlows.set(CLIENT, 1024, SERVER, 5000, 'followed')
      expect(frames.map((bytes) => keeps(bytes))).toEqual([true, true, true, true])
    })
  })

  it('passes everything on ports of file servers and announced ones', () => {
    for (const port of [80, 81, 411, 443, 8000, 8080]) {
      expect(keeps(last(new Trace({ serverPort: port }).s(0, '.', 'middle of a body')))).toBe(true)
    }
    const trace = new Trace({ serverPort: 8443 }).s(0, '.', 'middle of a body')
    expect(keeps(last(trace))).toBe(false)
    announcements.announceTcpPort(8443)
    expect(keeps(last(trace))).toBe(true)
  })
})
