/**
 * The captures that ship with the project: each has a passport, is small, gives the report that is kept beside the tests,
 * and, if a scenario wrote it, is written again octet for octet.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { analyzeCapture } from '../src/analyzer/analyze.js'
import { renderText } from '../src/report/render-text.js'
import { loadScenario } from '../src/scenario/load-scenario-file.js'
import { runScenario } from '../src/scenario/run-scenario.js'

const root = new URL('../', import.meta.url)
const folder = new URL('captures/', root)
const captures = readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name))
/** The files that have a line in the page beside them. */
const withPassport = [...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/^\| `([^`]+)`\s+\|/gm)].map(
  (match) => match[1]!,
)

/** The root cause each capture was made to show; null where all is well, undefined where no phone boots. */
const SHOWS: Readonly<Record<string, string | null | undefined>> = {
  '1608-clean-boot.pcapng': null,
  'atftp-blksize.pcap': null,
  'atftp-file-not-found.pcap': 'tftp-file-not-found',
  'atftp-silent-server.pcap': 'tftp-timeout',
  'backup-put-401-without-credentials.pcapng': 'http-auth-required',
  'curl-http-blackholed.pcap': 'http-connect-timeout',
  'curl-http-refused.pcap': 'http-connect-refused',
  'curl-nginx-hang.pcap': 'http-response-timeout',
  'curl-nginx-put-401-then-201.pcap': null,
  'curl-nginx-put-401-wrong-password.pcap': 'http-auth-failed',
  'curl-nginx-put-405.pcap': 'backup-put-failed',
  'curl-nginx-settings-404.pcap': 'http-not-found',
  'dhclient-dnsmasq-nak.pcap': undefined,
  'http-hangs-4620sw-falls-back-to-tftp.pcapng': 'http-response-timeout',
  'no-dhcp-server.pcapng': 'dhcp-no-offer',
  'site-option-missing.pcapng': 'site-option-missing',
  'udhcpc-dnsmasq-boot.pcap': null,
  'udhcpc-dnsmasq-no-option-242.pcap': 'site-option-missing',
  'udhcpc-no-server.pcap': 'dhcp-no-offer',
}

describe.each(captures)('%s', (name) => {
  const octets = readFileSync(new URL(name, folder))
  const stem = name.replace(/\.pcap(ng)?$/, '')

  it('has a passport and at most 50 kilobytes', () => {
    expect(withPassport).toContain(name)
    expect(octets.length).toBeLessThanOrEqual(50_000)
  })

  it('shows what it was made to show', () => {
    expect(Object.keys(SHOWS)).toContain(name)
    const { sessions } = analyzeCapture(octets, { file: name })
    if (SHOWS[name] !== undefined) expect(sessions.map((session) => session.rootCause)).toEqual([SHOWS[name]])
  })

  it('gives the report that is kept', async () => {
    const report = analyzeCapture(octets, { file: name })
    await expect(renderText(report)).toMatchFileSnapshot(
      fileURLToPath(new URL(`test/golden/captures/${stem}.txt`, root)),
    )
  })

  if (name.endsWith('.pcap')) return
  it('is what its scenario writes today, octet for octet', async () => {
    const scenario = fileURLToPath(new URL(`scenarios/${stem}.yaml`, root))
    expect(existsSync(scenario), `a scenario named ${stem}`).toBe(true)
    const { capture } = await runScenario(loadScenario(scenario))
    expect(Buffer.compare(capture, octets)).toBe(0)
  })
})

it('has no passport without a capture', () => {
  expect(withPassport.filter((name) => !captures.includes(name))).toEqual([])
})
