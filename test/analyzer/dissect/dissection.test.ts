import { describe, expect, it } from 'vitest'
import { Dissection } from '../../../src/analyzer/dissect/dissection.js'
import { Random } from '../../../src/base/random.js'
import { fromHex } from '../../../src/base/bytes.js'
import { LinkType } from '../../../src/capture/link-types.js'
import { CLIENT, SERVER, Trace, record, udpFrame } from '../streams/trace.js'

function dissect(bytes: Uint8Array, originalLength = bytes.length, linkType?: number): Dissection {
  const dissection = new Dissection()
  dissection.read(record({ time: 0, bytes, originalLength }, 1, linkType))
  return dissection
}

const UDP = udpFrame(CLIENT, 1024, SERVER, 69, fromHex('0001 6100 6f63 7465 7400'), 7)
const TCP = new Trace().c(0, 'P.', 'hello').frames[0]!.bytes

function changed(bytes: Uint8Array, changes: Record<number, number>): Uint8Array {
  const copy = bytes.slice()
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value
  return copy
}

describe('Dissection', () => {
  it('reads UDP over IPv4', () => {
    expect(dissect(UDP)).toMatchObject({
      anomaly: undefined,
      cut: false,
      network: 'ipv4',
      transport: 'udp',
      source: CLIENT,
      destination: SERVER,
      identification: 7,
      ttl: 64,
      sourcePort: 1024,
      destinationPort: 69,
      data: 42,
      dataEnd: 52,
      dataLength: 10,
    })
  })

  it('reads TCP over IPv4, and leaves padding of the frame out', () => {
    const padded = new Uint8Array(64)
    padded.set(TCP)
    for (const bytes of [TCP, padded]) {
      const segment = dissect(bytes)
      expect(segment).toMatchObject({ transport: 'tcp', sequenceNumber: 1001, acknowledgmentNumber: 5001, flags: 0x18 })
      expect([segment.data, segment.dataEnd, segment.dataLength]).toEqual([54, 59, 5])
    }
  })

  it('takes a total length of 0 for a packet captured before segmentation', () => {
    expect(dissect(changed(TCP, { 16: 0, 17: 0 }))).toMatchObject({ anomaly: undefined, dataLength: 5 })
  })

  it('leaves fragments without transport, and reads them when joined', () => {
    const fragment = dissect(changed(UDP, { 20: 0x20, 21: 0x01 }))
    expect(fragment).toMatchObject({ transport: 'none', moreFragments: true, fragmentOffset: 8, payloadLength: 18 })
    fragment.readTransport(UDP, 34, UDP.length, 18)
    expect(fragment).toMatchObject({ transport: 'udp', destinationPort: 69 })
  })

  it('recognises IPv6 and leaves it alone', () => {
    expect(dissect(changed(UDP, { 12: 0x86, 13: 0xdd }))).toMatchObject({ network: 'other', anomaly: undefined })
  })

  it('reads ARP for IPv4 over Ethernet, nothing else', () => {
    const arp = fromHex(
      'ffff ffff ffff 001b 4f20 0001 0806 0001 0800 0604 0001 001b 4f20 0001 0a14 0078 0000 0000 0000 0a14 0002',
    )
    expect(dissect(arp)).toMatchObject({ network: 'arp', arp: 14 })
    expect(dissect(changed(arp, { 19: 8 }))).toMatchObject({ network: 'other', anomaly: undefined })
    expect(dissect(arp.subarray(0, 41))).toMatchObject({ network: 'none', anomaly: 'arp-short' })
  })

  it.each([
    ['link-header-short', UDP.subarray(0, 13)],
    ['ipv4-header', UDP.subarray(0, 33)],
    ['ipv4-header', changed(UDP, { 14: 0x65 })],
    ['ipv4-header', changed(UDP, { 14: 0x44 })],
    ['ipv4-length', changed(UDP, { 17: 19 })],
    ['ipv4-length', changed(UDP, { 16: 2 })],
    ['udp-length', changed(UDP, { 39: 7 })],
    ['udp-length', changed(UDP, { 38: 1 })],
    ['udp-short', changed(UDP, { 17: 27 })],
    ['tcp-short', changed(TCP, { 17: 39 })],
    ['tcp-data-offset', changed(TCP, { 46: 0x40 })],
    ['tcp-data-offset', changed(TCP, { 46: 0xf0 })],
    ['icmp-short', changed(UDP, { 17: 27, 23: 1 })],
  ])('names %s', (anomaly, bytes) => {
    expect(dissect(bytes).anomaly).toBe(anomaly)
  })

  it('does not call a frame malformed that was cut when captured, at any octet', () => {
    for (const bytes of [UDP, TCP]) {
      for (let end = 0; end < bytes.length; end++) {
        const { anomaly, cut, data, dataEnd } = dissect(bytes.subarray(0, end), bytes.length)
        expect({ anomaly, cut }).toEqual({ anomaly: undefined, cut: true })
        expect(dataEnd).toBeGreaterThanOrEqual(data)
        expect(dataEnd).toBeLessThanOrEqual(end)
      }
    }
  })

  it('stays within the frame whatever it holds, on every link type', () => {
    const random = new Random(11)
    const packet = new Dissection()
    for (let i = 0; i < 30_000; i++) {
      const bytes = (random.int(2) === 0 ? UDP : TCP).slice(0, random.int(60))
      for (let n = random.int(4); n > 0 && bytes.length > 0; n--) bytes[random.int(bytes.length)] = random.int(256)
      const linkTypes = Object.values(LinkType)
      packet.read(record({ time: 0, bytes, originalLength: bytes.length }, 1, linkTypes[random.int(linkTypes.length)]))
      if (packet.transport === 'none' || packet.transport === 'other') continue
      expect(packet.data).toBeLessThanOrEqual(packet.dataEnd)
      expect(packet.dataEnd).toBeLessThanOrEqual(bytes.length)
      expect(packet.dataLength).toBeGreaterThanOrEqual(packet.transport === 'icmp' ? -8 : 0)
    }
  })
})
