/**
 * The codecs over every frame of the public captures beside the checkout: what they decode they encode to the same
 * octets, checksums included, and DHCP and TFTP read as tshark reads them.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.js'
import { WireError } from '../../src/base/errors.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { LinkType } from '../../src/capture/link-types.js'
import * as arp from '../../src/wire/arp.js'
import * as dhcp from '../../src/wire/dhcp.js'
import * as ethernet from '../../src/wire/ethernet.js'
import * as http1 from '../../src/wire/http1.js'
import * as icmpv4 from '../../src/wire/icmpv4.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as loopback from '../../src/wire/null.js'
import * as sll from '../../src/wire/sll.js'
import * as tcp from '../../src/wire/tcp.js'
import * as tftp from '../../src/wire/tftp.js'
import * as udp from '../../src/wire/udp.js'
import * as vlan from '../../src/wire/vlan.js'
import { decodeOrError } from './hostile-octets.js'

const CAPTURES = new URL('../../../shared/captures/', import.meta.url)
const hasCaptures = existsSync(CAPTURES)
if (!hasCaptures) process.stderr.write(`no captures at ${CAPTURES.pathname}: the codecs are not compared with tshark\n`)

interface Truth {
  dhcp: {
    frame: number
    type: number | null
    xid: string
    chaddr: string | null
    ciaddr: string
    yiaddr: string
    siaddr: string
    giaddr: string
    options: { code: number; hex: string | null }[]
    malformed: boolean
  }[]
  tftp: {
    requests: { frame: number; filename: string | null; mode: string | null; options: [string, string][] }[]
    errors: { frame: number; code: number; msg: string | null }[]
  }
  http: {
    requests: { frame: number; segments?: number[]; method: string; uri: string; version: string }[]
    responses: { frame: number; segments?: number[]; status: number; phrase: string | null }[]
  }
}

/** What was read of one file. */
interface Reading {
  /** Messages of port 67 and 68 by frame. */
  readonly dhcp: Map<number, dhcp.DhcpMessage>
  /** Whatever is TFTP on port 69, or looks so between two high ports, by frame. */
  readonly tftp: Map<number, tftp.TftpPacket>
  /** How the payload of TCP segments begins, by frame. */
  readonly segments: Map<number, Uint8Array>
  /** Heads that begin with a segment and end within it, by frame. */
  readonly requests: Map<number, http1.RequestHead>
  readonly responses: Map<number, http1.ResponseHead>
  /** Frames with an ICMP error that quotes UDP. */
  readonly quoting: Set<number>
  /** Frames whose layers were encoded back, by protocol. */
  readonly encoded: Record<'arp' | 'ipv4' | 'icmp' | 'udp' | 'tcp', number>
}

/** EtherType and payload behind the link header and its tags; undefined for link types that have no codec here. */
function linkPayload(linkType: number, bytes: Uint8Array): { etherType: number; payload: Uint8Array } | undefined {
  let frame: { etherType: number; payload: Uint8Array }
  if (linkType === LinkType.ethernet) {
    frame = ethernet.decode(bytes)
  } else if (linkType === LinkType.linuxSll || linkType === LinkType.linuxSll2) {
    const cooked = linkType === LinkType.linuxSll ? sll.decodeV1(bytes) : sll.decodeV2(bytes)
    frame = { etherType: cooked.protocol, payload: cooked.payload }
  } else if (linkType === LinkType.bsdNull || linkType === LinkType.bsdLoop) {
    const { etherType, payload } = loopback.decode(bytes)
    frame = { etherType: etherType ?? 0, payload }
  } else if ([LinkType.raw, LinkType.rawIpv4, LinkType.rawBsd].some((type) => type === linkType)) {
    frame = { etherType: bytes[0]! >>> 4 === 4 ? ethernet.EtherType.ipv4 : ethernet.EtherType.ipv6, payload: bytes }
  } else {
    return undefined
  }
  while (frame.etherType === ethernet.EtherType.vlan || frame.etherType === ethernet.EtherType.qinq) {
    frame = vlan.decode(frame.payload)
  }
  return frame
}

function readFrame(reading: Reading, number: number, linkType: number, bytes: Uint8Array): void {
  const link = linkPayload(linkType, bytes)
  if (link?.etherType === ethernet.EtherType.arp) {
    const message = arp.decode(link.payload)
    expect(toHex(arp.encode(message)), `frame ${number}`).toBe(toHex(link.payload.subarray(0, arp.LENGTH)))
    reading.encoded.arp++
  }
  if (link?.etherType !== ethernet.EtherType.ipv4) return
  const packet = ipv4.decode(link.payload)
  if (packet.error !== undefined) return
  const whole = !packet.truncated && packet.totalLength > 0
  if (whole && ipv4.headerChecksumIsRight(link.payload) === true) {
    expect(toHex(ipv4.encode(packet)), `frame ${number}`).toBe(toHex(link.payload.subarray(0, packet.totalLength)))
    reading.encoded.ipv4++
  }
  if (packet.fragmentOffset > 0 || packet.moreFragments) return
  const { payload, source, destination } = packet
  if (packet.protocol === ipv4.Protocol.icmp) {
    const message = icmpv4.decode(payload)
    if (icmpv4.quoted(message)?.packet.protocol === ipv4.Protocol.udp) reading.quoting.add(number)
    if (!whole || !icmpv4.checksumIsRight(payload)) return
    expect(toHex(icmpv4.encode(message)), `frame ${number}`).toBe(toHex(payload))
    reading.encoded.icmp++
  } else if (packet.protocol === ipv4.Protocol.tcp) {
    const segment = tcp.decode(payload)
    readHttp(reading, number, segment.payload)
    if (!whole || segment.error !== undefined || !tcp.checksumIsRight(payload, source, destination)) return
    expect(toHex(tcp.encode(segment, source, destination)), `frame ${number}`).toBe(toHex(payload))
    reading.encoded.tcp++
  } else if (packet.protocol === ipv4.Protocol.udp) {
    const datagram = udp.decode(payload)
    if (udp.checksumIsRight(payload, source, destination) === true) {
      const again = udp.encode(datagram, source, destination)
      expect(toHex(again), `frame ${number}`).toBe(toHex(payload.subarray(0, datagram.length)))
      reading.encoded.udp++
    }
    readDatagram(reading, number, datagram)
  }
}

function readHttp(reading: Reading, number: number, payload: Uint8Array): void {
  const { requests, responses } = reading
  reading.segments.set(number, payload.slice(0, 2048))
  // The first head of the segment counts: what is pipelined behind it comes later.
  new http1.RequestParser({ head: (head) => requests.has(number) || requests.set(number, head) }).push(payload)
  new http1.ResponseParser({ head: (head) => responses.has(number) || responses.set(number, head) }).push(payload)
}

/** To or from the well-known port, or between two ports that a transfer could have picked. */
function isTftp(sourcePort: number, destinationPort: number): boolean {
  if (sourcePort === tftp.SERVER_PORT || destinationPort === tftp.SERVER_PORT) return true
  return sourcePort >= 1024 && destinationPort >= 1024
}

function readDatagram(reading: Reading, number: number, datagram: udp.UdpDatagram): void {
  const { sourcePort, destinationPort, payload } = datagram
  if ([sourcePort, destinationPort].some((port) => port === dhcp.SERVER_PORT || port === dhcp.CLIENT_PORT)) {
    const message = dhcp.decode(payload)
    reading.dhcp.set(number, message)
    // The inverse of decode: what was read, written and read again is the same.
    if (message.optionsError === undefined) {
      const again = dhcp.decode(dhcp.encode(message, payload.length))
      expect(again.options, `frame ${number}`).toEqual(message.options)
    }
  } else if (isTftp(sourcePort, destinationPort)) {
    const transfer = decodeOrError(tftp.decode, payload)
    if (!(transfer instanceof WireError)) reading.tftp.set(number, transfer)
  }
}

function readCapture(file: URL): Reading {
  const encoded = { arp: 0, ipv4: 0, icmp: 0, udp: 0, tcp: 0 }
  const reading: Reading = {
    dhcp: new Map(),
    tftp: new Map(),
    segments: new Map(),
    requests: new Map(),
    responses: new Map(),
    quoting: new Set(),
    encoded,
  }
  const reader = new CaptureReader((record) => {
    const bytes = record.bytes.subarray(record.start, record.end)
    decodeOrError(() => readFrame(reading, record.number, record.linkType, bytes), bytes)
  })
  reader.push(new Uint8Array(readFileSync(file)))
  reader.end()
  return reading
}

const files = hasCaptures
  ? readdirSync(CAPTURES, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:pcap|pcapng|cap|gz)$/.test(name))
      .sort()
  : []

describe.skipIf(!hasCaptures)('codecs over public captures', () => {
  const totals = { arp: 0, ipv4: 0, icmp: 0, udp: 0, tcp: 0, dhcp: 0, tftp: 0, http: 0 }

  it.each(files)('%s', (name) => {
    const reading = readCapture(new URL(name, CAPTURES))
    for (const key of ['arp', 'ipv4', 'icmp', 'udp', 'tcp'] as const) totals[key] += reading.encoded[key]
    const truth = JSON.parse(readFileSync(new URL(`truth/${name}.json`, CAPTURES), 'utf8')) as Truth
    for (const expected of truth.dhcp) {
      const where = `${name}#${expected.frame}`
      // tshark looks into what an ICMP error quotes; that is no message of this time and place.
      if (reading.quoting.has(expected.frame)) continue
      const message = reading.dhcp.get(expected.frame)
      expect(message, where).toBeDefined()
      totals.dhcp++
      if (message === undefined) continue
      expect(`0x${message.xid.toString(16).padStart(8, '0')}`, where).toBe(expected.xid)
      expect(dhcp.messageType(message), where).toBe(expected.type ?? 0)
      for (const field of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const) {
        expect(ipv4.formatAddress(message[field]), where).toBe(expected[field])
      }
      if (expected.chaddr !== null)
        expect(ethernet.formatMac(dhcp.hardwareAddress(message)), where).toBe(expected.chaddr)
      // tshark shows pads, and an option that is cut short with its code alone.
      const shown = expected.options.filter(({ code, hex }) => code !== 0 && (hex !== null || !expected.malformed))
      const expectedOptions = shown.map(({ code, hex }) => `${code} ${hex ?? ''}`).sort()
      const options = message.options.map(({ code, data }) => `${code} ${toHex(data)}`).sort()
      expect(options, where).toEqual(expectedOptions)
    }
    for (const expected of truth.tftp.requests) {
      const { filename, mode, options } = expected
      // tshark shows no empty text, and none without its NUL.
      const request = { options, ...(filename !== null && { filename }), ...(mode !== null && { mode }) }
      expect(reading.tftp.get(expected.frame), `${name}#${expected.frame}`).toMatchObject(request)
      totals.tftp++
    }
    for (const expected of truth.tftp.errors) {
      const { code, msg } = expected
      expect(reading.tftp.get(expected.frame), `${name}#${expected.frame}`).toMatchObject({ code, message: msg ?? '' })
      totals.tftp++
    }
    const { requests, responses } = truth.http
    // Not those whose head takes several segments, nor those behind IPv6, PPPoE or a link header without a codec here.
    const isComparable = <T extends { frame: number; segments?: number[] }>(message: T, i: number, all: T[]): boolean =>
      message.segments === undefined &&
      reading.segments.has(message.frame) &&
      all.findIndex(({ frame }) => frame === message.frame) === i
    for (const { frame, method, uri, version } of requests.filter(isComparable)) {
      if (uri === '') continue // a line of a method alone (zeek-methods.pcap) is no request line
      const head = { method, target: uri, version: version.replace('HTTP/', '') }
      expect(reading.requests.get(frame), `${name}#${frame}`).toMatchObject(head)
      const isUsual = /^HTTP\/1\.\d$/.test(version) && method !== 'CCM_POST'
      expect(http1.looksLikeRequestLine(reading.segments.get(frame)!), `${name}#${frame}`).toBe(isUsual)
      totals.http++
    }
    for (const { frame, status, phrase } of responses.filter(isComparable)) {
      expect(reading.responses.get(frame), `${name}#${frame}`).toMatchObject({ status, reason: phrase ?? '' })
      expect(http1.looksLikeStatusLine(reading.segments.get(frame)!), `${name}#${frame}`).toBe(true)
      totals.http++
    }
  })

  it('have met enough of everything', () => {
    expect(totals.dhcp).toBeGreaterThan(10_000)
    expect(totals.tcp).toBeGreaterThan(10_000)
    expect(Math.min(...Object.values(totals))).toBeGreaterThan(20)
  })
})
