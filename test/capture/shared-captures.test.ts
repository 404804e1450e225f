/**
 * Our reader on captures of others, beside tshark's reading of them (truth/) and beside pcap-parser. They lie outside
 * the repository; where they are absent, these tests are skipped.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { inPieces, octetByOctet, read, readChunks } from './capture-files.js'

const FOLDER = new URL('../../../shared/captures/', import.meta.url)
const present = existsSync(FOLDER)

interface Truth {
  readonly packets: number
  readonly non_packet_frames: readonly number[]
  readonly cut_short: boolean
  readonly tshark_exit: number
  readonly frames_digest: { readonly sha256: string }
  readonly frames?: { readonly rows: readonly (readonly [number, string, number, number, number | null])[] }
}

type Row = readonly [number: number, time: string, length: number, captured: number]

/**
 * Rows as tshark has them where it differs. All other differences fail. Fractions above one second are printed by it as
 * they stand, above 2^31 ns with a sign; here they are carried into the seconds.
 */
const TSHARK_DIFFERS: Readonly<Record<string, readonly Row[]>> = {
  'formats/tcpdump-timestamp_invalid_nano.pcap': [
    [2, '1418145370.1000000000', 76, 76],
    [3, '-1418145370.2147483648', 68, 68],
  ],
  'malformed/ndpi-fuzz-2021-10-13.pcap': [[1, '980658802.1882137472', 524501, 197]],
}

/** Why a file has no frames for us. */
const NOT_READ: Readonly<Record<string, string>> = {
  'formats/pcpp-solaris.snoop':
    'Solaris snoop captures are not supported yet; convert it with: editcap -F pcapng IN OUT',
}

const files = present
  ? readdirSync(new URL('truth/', FOLDER), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.json'))
      .map((path) => path.slice(0, -'.json'.length))
      .sort()
  : []

function capture(file: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(file, FOLDER)))
}

function rowsOf(file: string): { rows: Row[]; reader: CaptureReader } {
  const rows: Row[] = []
  const reader = new CaptureReader((record) => {
    const time = record.timestamped ? `${record.seconds}.${String(record.nanos).padStart(9, '0')}` : ''
    rows.push([record.number, time, record.originalLength, record.end - record.start])
  })
  reader.push(capture(file))
  reader.end()
  return { rows, reader }
}

describe.skipIf(!present)('CaptureReader beside tshark (skipped without ../shared/captures)', () => {
  it('has files to read', () => {
    expect(files.length).toBeGreaterThan(100)
  })

  it.each(files)('%s', (file) => {
    const truth = JSON.parse(readFileSync(new URL(`truth/${file}.json`, FOLDER), 'utf8')) as Truth
    const { rows, reader } = rowsOf(file)
    const summary = reader.summary
    expect(summary.error).toBe(NOT_READ[file])
    if (summary.error !== undefined) return
    const lines = new Map(rows.map((row) => [row[0], `${row.join(',')}\n`]))
    for (const row of TSHARK_DIFFERS[file] ?? []) {
      expect(lines.get(row[0]), 'a difference that is none').not.toBe(`${row.join(',')}\n`)
      lines.set(row[0], `${row.join(',')}\n`)
    }
    // Blocks that are no packets have numbers and lengths in tshark; here only numbers.
    const passedOver = (truth.frames?.rows ?? []).filter((row) => truth.non_packet_frames.includes(row[0]))
    for (const row of passedOver) lines.set(row[0], `${row.slice(0, 4).join(',')}\n`)
    const inOrder = [...lines].sort(([a], [b]) => a - b).map(([, line]) => line)
    if (truth.frames) expect(inOrder).toEqual(truth.frames.rows.map((row) => `${row.slice(0, 4).join(',')}\n`))
    expect(createHash('sha256').update(inOrder.join('')).digest('hex')).toBe(truth.frames_digest.sha256)
    expect(summary.packets).toBe(truth.packets - truth.non_packet_frames.length)
    expect(summary.damage !== undefined).toBe(truth.tshark_exit !== 0)
  })
})

/** The part of pcap-parser that is used here; it has no types. */
interface PcapParser {
  parse(stream: Readable): {
    on(event: 'packet', listener: (packet: PcapParserPacket) => void): void
    on(event: 'error', listener: (error: Error) => void): void
    on(event: 'end', listener: () => void): void
  }
}

interface PcapParserPacket {
  readonly header: {
    readonly timestampSeconds: number
    readonly timestampMicroseconds: number
    readonly capturedLength: number
    readonly originalLength: number
  }
  readonly data: Uint8Array
}

const pcapParser = createRequire(import.meta.url)('pcap-parser') as PcapParser

function throughPcapParser(file: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const lines: string[] = []
    const parser = pcapParser.parse(Readable.from([Buffer.from(capture(file))]))
    parser.on('packet', ({ header, data }) => {
      const { timestampSeconds, timestampMicroseconds, capturedLength, originalLength } = header
      const seconds = timestampSeconds + Math.floor(timestampMicroseconds / 1e6)
      const nanos = (timestampMicroseconds % 1e6) * 1000
      lines.push(`${seconds} ${nanos} ${capturedLength}/${originalLength} ${toHex(data)}`)
    })
    parser.on('error', reject)
    parser.on('end', () => resolve(lines))
  })
}

function throughOurs(file: string): string[] {
  const lines: string[] = []
  const reader = new CaptureReader((r) => {
    const data = toHex(r.bytes.subarray(r.start, r.end))
    lines.push(`${r.seconds} ${r.nanos} ${r.end - r.start}/${r.originalLength} ${data}`)
  })
  reader.push(capture(file))
  reader.end()
  return lines
}

/** pcap-parser knows one magic number, in both byte orders. */
function isClassicMicrosecondPcap(file: string): boolean {
  return ['a1b2c3d4', 'd4c3b2a1'].includes(toHex(capture(file).subarray(0, 4)))
}

describe.skipIf(!present)('CaptureReader beside pcap-parser (skipped without ../shared/captures)', () => {
  const classic = files.filter(isClassicMicrosecondPcap)

  it.each(classic)('%s', async (file) => {
    expect(throughOurs(file)).toEqual(await throughPcapParser(file))
  })

  it('leaves out only what pcap-parser cannot read: nanoseconds, pcapng, gzip and snoop', () => {
    const others = files.filter((file) => !classic.includes(file))
    const magics = others.map((file) => toHex(capture(file).subarray(0, 4)))
    const known = ['0a0d0d0a', '4d3cb2a1', '1f8b0808', '736e6f6f']
    expect(others.filter((_, i) => !known.includes(magics[i]!))).toEqual([])
    expect(classic.length).toBe(76)
  })
})

describe.skipIf(!present)('CaptureReader on chunks of any length (skipped without ../shared/captures)', () => {
  const SMALL = 64 * 1024

  it.each(files)('%s', (file) => {
    const octets = capture(file)
    const whole = read(octets)
    expect(readChunks(inPieces(octets, 997))).toEqual(whole)
    if (octets.length <= SMALL) expect(readChunks(octetByOctet(octets))).toEqual(whole)
  })

  it.each([
    'formats/wireshark-dhcp-nanosecond.pcap',
    'formats/hadrielk-be-test100.pcapng',
    'formats/gopacket-le-test901.pcapng',
    'formats/scapy-http_head.pcapng.gz',
  ])('%s, cut at every octet', (file) => {
    const octets = capture(file)
    const whole = read(octets)
    for (let length = 0; length < octets.length; length++) {
      const cut = read(octets.subarray(0, length))
      expect(cut.frames).toEqual(whole.frames.slice(0, cut.packets))
      if (cut.damage) expect(cut.damage.compressedOffset ?? cut.damage.offset).toBeLessThanOrEqual(length)
    }
  })
})
