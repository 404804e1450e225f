/**
 * Messages of real captures against tshark's reading of them. Neither is right by nature: where they differ, the
 * difference is listed with its reason, and a listed difference that is gone fails as well.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { latin1 } from '../../src/base/bytes.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import type { CaptureFileSummary } from '../../src/capture/capture-reader.js'
import { MessageLister } from '../../src/analyzer/messages.js'
import type { Message } from '../../src/analyzer/messages.js'
import type { Observations } from '../../src/analyzer/streams/observations.js'

const captures = new URL('../../../shared/captures/', import.meta.url)
const isAbsent = !existsSync(captures)
if (isAbsent) process.stderr.write('messages-truth.test.ts: skipped, there is no ../shared/captures\n')

interface Difference {
  readonly protocol: 'dhcp' | 'tftp' | 'http' | 'icmp'
  /** Ours without tshark's counterpart, and the reverse, as JSON lines. */
  readonly ours: readonly string[]
  readonly tshark: readonly string[]
  readonly reason: string
}

const NONE: readonly string[] = []

const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  'dhcp/suricata-dhcp-option-52-overload-both-input.pcap': [
    {
      protocol: 'dhcp',
      ours: [
        '[1,"DISCOVER","0xac2effff","00:00:6c:82:dc:4e","0.0.0.0","0.0.0.0","0.0.0.0","0.0.0.0",[53,57,55,51,52,56,61,56,56]]',
      ],
      tshark: [
        '[1,"DISCOVER","0xac2effff","00:00:6c:82:dc:4e","0.0.0.0","0.0.0.0","0.0.0.0","0.0.0.0",[53,57,55,51,52,56,56,56,0,61]]',
      ],
      reason:
        'options of the overloaded fields come after the options field, file before sname (RFC 2131 §4.1); tshark puts them ' +
        'where option 52 stands, and counts a pad octet',
    },
  ],
  'malformed/ndpi-dhcp-fuzz.pcapng': [
    {
      protocol: 'dhcp',
      ours: [
        '[1,"unknown(106)","0xc979b960","00:1f:29:da:2d:79","192.168.1.104","0.0.0.0","0.0.0.0","0.0.0.0",[53,61,12]]',
      ],
      tshark: [
        '[1,"106","0xc979b960","00:1f:29:da:2d:79","192.168.1.104","0.0.0.0","0.0.0.0","0.0.0.0",[53,61,12,60]]',
      ],
      reason: 'option 60 runs past the end of the message and is no option; type 106 has no name, which we say',
    },
  ],
  'http/mercury-http_auth.pcap': [
    {
      protocol: 'http',
      ours: ['[10,200]'],
      tshark: NONE,
      reason:
        'tshark drops the status of a response whose body ends before its Content-Length; the status line was sent',
    },
  ],
  'mixed/youtube-DisplayFilters.pcapng': [
    {
      protocol: 'http',
      ours: ['[1194,"GET","/"]'],
      tshark: NONE,
      reason: 'a request to port 139, where tshark expects NetBIOS and shows a "continuation"',
    },
  ],
  'malformed/tcpdump-tftp-heapoverflow.pcap': [
    {
      protocol: 'tftp',
      ours: ['[1,1,"00","",[]]'],
      tshark: ['[1,1,"","",[]]'],
      reason: 'a request cut inside its file name: we show what there is of it, tshark nothing',
    },
  ],
  'linktypes/pcpp-raw_ip.pcap': [
    {
      protocol: 'http',
      ours: NONE,
      tshark: [
        '[4,"GET","/"]',
        '[12,"GET","/style1.css"]',
        '[17,"GET","/main.html"]',
        '[18,"GET","/header.shtml"]',
        '[28,"GET","/header.css"]',
        '[29,"GET","/images/logo.jpg"]',
        '[48,"GET","/images/space23.jpg"]',
        '[7,200]',
        '[15,200]',
        '[22,200]',
        '[25,200]',
        '[32,200]',
        '[46,200]',
      ],
      reason: 'tshark is right: they are over IPv6, which is recognised and left alone',
    },
  ],
  'linktypes/zeek-nflog-http.pcap': [
    {
      protocol: 'http',
      ours: NONE,
      tshark: ['[6,"GET","/"]', '[8,200]'],
      reason: 'tshark is right: link type NFLOG is not read',
    },
  ],
  'formats/pcpp-solaris.snoop': [
    {
      protocol: 'dhcp',
      ours: NONE,
      tshark: [
        '[47,"BOOTP","0x00000000","08:00:87:0a:3c:45","129.111.3.120","0.0.0.0","0.0.0.0","129.111.1.13",[]]',
        '[245,"DISCOVER","0xf00f5141","52:41:53:20:30:a9:90:f8:46:0f:be:01:01:00:00:00","0.0.0.0","0.0.0.0","0.0.0.0","0.0.0.0",[53,61,12]]',
      ],
      reason: 'tshark is right: Solaris snoop is no format that we read',
    },
    { protocol: 'tftp', ours: NONE, tshark: ['[48,1,"x0a3c45.prm","octet",[]]'], reason: 'likewise' },
  ],
}

interface TruthMessage {
  readonly frame: number
  readonly in_icmp?: boolean
}

interface Truth {
  readonly packets: number
  readonly non_packet_frames: readonly number[]
  readonly dhcp: readonly (TruthMessage & Record<string, unknown>)[]
  readonly tftp: Record<'requests' | 'errors' | 'oacks', readonly (TruthMessage & Record<string, unknown>)[]>
  readonly http: TruthHttp
  readonly http_ooo?: TruthHttp
  readonly icmp_errors: readonly (TruthMessage & {
    readonly v6: boolean
    readonly type: number
    readonly code: number
  })[]
}

type TruthHttp = Record<'requests' | 'responses', readonly (TruthMessage & Record<string, unknown>)[]>

/** Per protocol, one JSON line for each message: what both sides know of it. */
type Lines = Record<Difference['protocol'], string[]>

function linesOf(messages: readonly Message[]): Lines {
  const lines: Lines = { dhcp: [], tftp: [], http: [], icmp: [] }
  for (const message of messages) {
    const { frame } = message
    const add = (...fields: unknown[]): number => lines[message.protocol].push(JSON.stringify([frame, ...fields]))
    switch (message.protocol) {
      case 'dhcp': {
        const { type, xid, chaddr, ciaddr, yiaddr, siaddr, giaddr, options } = message
        add(type, xid, chaddr, ciaddr, yiaddr, siaddr, giaddr, options)
        break
      }
      case 'tftp':
        if (message.opcode <= 2) add(message.opcode, message.filename, message.mode, message.options)
        else if (message.opcode === 5) add(message.code, message.message)
        else if (message.opcode === 6) add(message.options)
        break
      case 'http':
        if (message.kind === 'request') add(message.method, message.uri)
        else add(message.status)
        break
      case 'icmp':
        add(message.type, message.code)
        break
    }
  }
  return lines
}

function truthLines(truth: Truth): Lines {
  const own = <T extends TruthMessage>(list: readonly T[]): T[] => list.filter((message) => !message.in_icmp)
  const http = truth.http_ooo ?? truth.http
  return {
    dhcp: own(truth.dhcp).map(({ frame, type_name, xid, chaddr, ciaddr, yiaddr, siaddr, giaddr, option_codes }) =>
      JSON.stringify([frame, type_name, xid, chaddr, ciaddr, yiaddr, siaddr, giaddr, option_codes]),
    ),
    tftp: [
      // null where tshark has no field: a name or mode of no octets.
      ...own(truth.tftp.requests).map((m) => [m.frame, m.opcode, m.filename ?? '', m.mode ?? '', m.options]),
      ...own(truth.tftp.errors).map((m) => [m.frame, m.code, m.msg]),
      ...own(truth.tftp.oacks).map((m) => [m.frame, m.options]),
    ].map((fields) => JSON.stringify(fields)),
    http: [
      ...own(http.requests).map(({ frame, method, uri }) => [frame, method, uri]),
      ...own(http.responses).map(({ frame, status }) => [frame, status]),
    ].map((fields) => JSON.stringify(fields)),
    icmp: truth.icmp_errors.filter(({ v6 }) => !v6).map(({ frame, type, code }) => JSON.stringify([frame, type, code])),
  }
}

interface Reading {
  readonly messages: readonly Message[]
  readonly observations: Observations
  readonly summary: CaptureFileSummary
  readonly frames: number
}

function read(octets: Uint8Array, sieve: boolean, chunk = octets.length): Reading {
  const messages: Message[] = []
  const lister = new MessageLister((message) => messages.push(message), { sieve })
  let frames = 0
  const reader = new CaptureReader((record) => {
    frames++
    lister.frame(record)
  })
  for (let at = 0; at < octets.length; at += chunk) reader.push(octets.slice(at, at + chunk))
  const summary = reader.end()
  return { messages, observations: lister.end(summary), summary, frames }
}

/** `list` without the members of `others`, each counted once. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const other of others) counts.set(other, (counts.get(other) ?? 0) + 1)
  return list.filter((line) => {
    const count = counts.get(line) ?? 0
    if (count > 0) counts.set(line, count - 1)
    return count === 0
  })
}

/** All of a reading in one string, which compares faster than the objects. */
function fingerprint({ messages, observations }: Reading): string {
  return JSON.stringify([messages, observations], (_, value: unknown) => {
    if (value instanceof Map) return [...value]
    return value instanceof Uint8Array ? latin1(value) : value
  })
}

const files = isAbsent
  ? []
  : readdirSync(captures, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'truth')
      .flatMap(({ name }) => readdirSync(new URL(`${name}/`, captures)).map((file) => `${name}/${file}`))
      .sort()

describe.skipIf(isAbsent)('messages of real captures', () => {
  describe.each(files)('%s', (file) => {
    const octets = new Uint8Array(readFileSync(new URL(file, captures)))
    const truth = JSON.parse(readFileSync(new URL(`truth/${file}.json`, captures), 'utf8')) as Truth
    const reading = read(octets, true)

    it('are those that tshark finds, differences listed', () => {
      const isUnreadable = reading.summary.error !== undefined
      if (!isUnreadable) expect(reading.frames).toBe(truth.packets - truth.non_packet_frames.length)
      const ours = linesOf(reading.messages)
      const theirs = truthLines(truth)
      for (const protocol of ['dhcp', 'tftp', 'http', 'icmp'] as const) {
        const listed = DIFFERENCES[file]?.find((difference) => difference.protocol === protocol)
        const onlyOurs = without(ours[protocol], theirs[protocol])
        const onlyTheirs = without(theirs[protocol], ours[protocol])
        expect({ protocol, ours: onlyOurs, tshark: onlyTheirs }).toEqual({
          protocol,
          ours: listed?.ours ?? NONE,
          tshark: listed?.tshark ?? NONE,
        })
      }
    })

    it('come in frame order, none without its frame', () => {
      let last = 1
      for (const { frame } of reading.messages) {
        expect(frame).toBeGreaterThanOrEqual(last)
        last = frame
      }
      expect(last).toBeLessThanOrEqual(Math.max(1, truth.packets))
    })

    it('and observations are the same without the sieve, and however the file is cut', () => {
      const expected = fingerprint(reading)
      expect(fingerprint(read(octets, false))).toBe(expected)
      expect(fingerprint(read(octets, true, 997))).toBe(expected)
      expect(reading.observations.capture.limitsReached).toEqual([])
    })
  })

  it('has no listed difference for a file that is not there', () => {
    expect(Object.keys(DIFFERENCES).filter((file) => !files.includes(file))).toEqual([])
  })
})
