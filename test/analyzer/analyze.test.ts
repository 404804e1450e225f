/** The analyzer on whole captures: those recorded from real programs, and those of other people where they are here. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Analyzer, analyzeCapture, analyzeCaptures, buildReport } from '../../src/analyzer/analyze.js'
import type { AnalyzeOptions } from '../../src/analyzer/analyze.js'
import type { Report } from '../../src/analyzer/report.js'
import { UsageError } from '../../src/base/errors.js'

const OWN = new URL('../../captures/', import.meta.url)
const SHARED = new URL('../../../shared/captures/', import.meta.url)
const shared = (path: string): Uint8Array => readFileSync(new URL(path, SHARED))

function analyze(octets: Uint8Array, options: AnalyzeOptions = {}, pieces = 1): Report {
  const analyzer = new Analyzer({ file: 'x', ...options })
  const size = Math.ceil(octets.length / pieces)
  for (let at = 0; at < octets.length; at += size) analyzer.push(octets.slice(at, at + size))
  return buildReport([analyzer.end()])
}

const verdicts = (report: Report): unknown[] => report.sessions.map(({ outcome, rootCause }) => [outcome, rootCause])

describe('analyzeCapture', () => {
  it.each([
    ['udhcpc-dnsmasq-boot.pcap', 'booted', null],
    ['udhcpc-dnsmasq-no-option-242.pcap', 'failed', 'site-option-missing'],
    ['udhcpc-no-server.pcap', 'failed', 'dhcp-no-offer'],
    ['curl-nginx-settings-404.pcap', 'degraded', 'http-not-found'],
    ['curl-http-refused.pcap', 'failed', 'http-connect-refused'],
    ['curl-http-blackholed.pcap', 'failed', 'http-connect-timeout'],
    ['curl-nginx-hang.pcap', 'failed', 'http-response-timeout'],
    ['curl-nginx-put-405.pcap', 'degraded', 'backup-put-failed'],
    ['curl-nginx-put-401-then-201.pcap', 'booted', null],
    ['curl-nginx-put-401-wrong-password.pcap', 'degraded', 'http-auth-failed'],
    ['atftp-blksize.pcap', 'booted', null],
    ['atftp-file-not-found.pcap', 'failed', 'tftp-file-not-found'],
    ['atftp-silent-server.pcap', 'failed', 'tftp-timeout'],
  ])('judges %s: %s, %s', (file, outcome, rootCause) => {
    expect(verdicts(analyze(readFileSync(new URL(file, OWN))))).toEqual([[outcome, rootCause]])
  })

  it('gives the same report whatever the pieces are in which the octets come', () => {
    const octets = readFileSync(new URL('curl-nginx-put-401-wrong-password.pcap', OWN))
    const whole = analyze(octets)
    expect(analyze(octets, {}, octets.length)).toEqual(whole)
    expect(analyze(octets, {}, 7)).toEqual(whole)
  })

  it('analyzes a capture cut anywhere as far as it goes', () => {
    const octets = readFileSync(new URL('curl-nginx-settings-404.pcap', OWN))
    const whole = analyze(octets)
    for (let length = 24; length < octets.length; length += 97) {
      const { captures, sessions } = analyze(octets.subarray(0, length))
      expect(captures[0]!.packets).toBeLessThanOrEqual(whole.captures[0]!.packets)
      expect(sessions.every(({ outcome }) => outcome === 'incomplete' || outcome === 'degraded')).toBe(true)
    }
  })

  it('refuses what is no capture, naming the file', () => {
    const text = new TextEncoder().encode('Dear sir, enclosed please find my capture.')
    expect(() => analyzeCapture(text, { file: 'letter.txt' })).toThrow(UsageError)
    expect(() => analyzeCaptures([{ file: 'letter.txt', octets: text }])).toThrow(
      expect.objectContaining({ file: 'letter.txt' }),
    )
  })

  it('puts several captures into one report', () => {
    const octets = readFileSync(new URL('udhcpc-dnsmasq-boot.pcap', OWN))
    const report = analyzeCaptures([
      { file: 'a.pcap', octets },
      { file: 'b.pcap', octets },
    ])
    expect(report.captures.map(({ file }) => file)).toEqual(['a.pcap', 'b.pcap'])
    expect(report.sessions.map(({ id, capture }) => [id, capture])).toEqual([
      ['1', 0],
      ['2', 1],
    ])
  })
})

const files = existsSync(SHARED)
  ? readdirSync(SHARED, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.(?:pcap|pcapng|cap|gz)$/.test(entry.name))
      .map((entry) => `${entry.parentPath.slice(SHARED.pathname.length)}/${entry.name}`.replace(/^\//, ''))
      .sort()
  : []

/** What comes out for other people's captures. Every file that is not named has no boot session in it. */
const SHARED_VERDICTS: Readonly<Record<string, readonly (readonly [string, string | null])[]>> = {
  // A router and a virtual machine that ask for option 150, and nothing but their DHCP.
  'dhcp/packetlife-DHCP.cap': [['incomplete', null]],
  'dhcp/tcpdump-dhcp-rfc5859.pcap': [['incomplete', null]],
  // Cameras that ask a dead TFTP server for /update.sh.
  'phones/iot-EdnetCam1-Setup-A-1-STA.pcap': [['failed', 'tftp-timeout']],
  'phones/iot-EdnetCam2-Setup-A-1-STA.pcap': [['failed', 'tftp-timeout']],
  // 31 Cisco phones that take none of the addresses they are offered.
  'phones/packetlife-packet-c.cap': Array.from({ length: 31 }, () => ['failed', 'dhcp-offer-ignored'] as const),
}

describe.skipIf(files.length === 0)('captures of other people (skipped without ../shared/captures)', () => {
  it.each(files)('%s: boot sessions where there are any, and no finding on ordinary traffic', (file) => {
    expect(verdicts(analyze(shared(file)))).toEqual(SHARED_VERDICTS[file] ?? [])
  })

  it.each(files)('%s: the same with and without the sieve', (file) => {
    const octets = shared(file)
    expect(analyze(octets, { sieve: false })).toEqual(analyze(octets))
  })

  it('tells the two boots of one device apart when it is asked for by its MAC', () => {
    const report = analyze(shared('phones/iot-Lightify-Setup-C-10-STA.pcap'), { phone: '84:18:26:7b:5f:6b' })
    expect(report.sessions.map(({ frames }) => frames.first <= 3 || frames.first <= 128)).toEqual([true, true])
    expect(report.sessions.map(({ stages }) => stages.map(({ stage, status }) => [stage, status]))).toEqual([
      [['dhcp', 'ok']],
      [['dhcp', 'ok']],
    ])
  })
})
