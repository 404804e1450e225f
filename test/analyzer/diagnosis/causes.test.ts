/** Rules that say what a failure was and what it led to: each with a session on which it speaks, and near misses. */
import { describe, expect, it } from 'vitest'
import { SERVER_MAC, Observed, PHONE, PHONE_4600, SCRIPT_1600, SETTINGS, WEB, healthyFiles } from '../observed.js'
import { runCaptureRules } from '../../../src/analyzer/diagnosis/run-rules.js'
import type { WebExchange } from '../observed.js'
import type { IcmpErrorObservation } from '../../../src/analyzer/streams/observations.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'
const SITE_4600 = `${SITE},TFTPSRVR=10.20.0.2`
const ASKS_4600 = { mac: PHONE_4600, asks: [1, 3, 6, 15, 66, 69, 43, 176] }
const SCRIPT_OK: WebExchange = { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 }
const SETTINGS_OK: WebExchange = { path: '/46xxsettings.txt', status: 200, body: SETTINGS }
const BACKUP = '/backup/1001_16xxdata.txt'

const leased = (site: string | null = SITE): Observed => new Observed().lease(0, site)
const asking = (exchange: Partial<WebExchange>): Observed =>
  leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', ...exchange }] })
const by4600 = (): Observed =>
  new Observed().lease(0, SITE_4600, ASKS_4600).web(1, { mac: PHONE_4600, answer: 'refuses' })

/** Outcome, root cause, and the codes found, in that order. */
function verdict(observed: Observed, quiet = 60): { outcome: string; rootCause: string | null; codes: string[] } {
  const { outcome, rootCause, findings } = observed.reports(quiet)[0]!
  return { outcome, rootCause, codes: findings.map(({ code }) => code) }
}

describe('a script that does not come', () => {
  it.each<[string, Partial<WebExchange>]>([
    ['http-forbidden', { status: 403 }],
    ['http-redirect', { status: 302, responseHeaders: [['Location', 'https://10.20.0.9/']] }],
    ['http-html-error-page', { status: 200, body: '<!DOCTYPE html><html>Log in</html>' }],
    ['http-reset', { endedBy: 'reset-server', wait: 0.1 }],
    ['http-response-timeout', { endedBy: 'fin-server', wait: 5 }],
    ['http-not-found', { status: 404 }],
  ])('is explained by %s', (code, exchange) => {
    const { outcome, rootCause, codes } = verdict(asking(exchange))
    expect({ outcome, rootCause }).toEqual({ outcome: 'failed', rootCause: code })
    expect(codes).toEqual(expect.arrayContaining([code, 'script-not-obtained']))
  })

  it.each<Partial<WebExchange>>([
    { status: 403 },
    { status: 302 },
    { status: 200, body: '<html>Log in</html>' },
    { endedBy: 'reset-server', wait: 0.1 },
    { endedBy: 'fin-server', wait: 5 },
  ])('only warns when the same server gives it later: %o', (exchange) => {
    const observed = asking(exchange).web(40, healthyFiles(40))
    const { outcome, rootCause, findings } = observed.reports()[0]!
    expect({ outcome, rootCause }).toEqual({ outcome: 'booted', rootCause: null })
    expect(findings.map(({ severity }) => severity)).toEqual(['warning'])
  })

  it('is explained by octets that are not HTTP', () => {
    const observed = leased().web(1, {
      exchanges: [{ path: '/16xxupgrade.txt', endedBy: 'fin-client', wait: 0.1 }],
      overrides: { serverIsForeign: true, serverBytes: 12 },
    })
    expect(verdict(observed)).toMatchObject({ outcome: 'failed', rootCause: 'http-malformed-response' })
  })

  it('says nothing when the server closed behind octets that the capture lacks', () => {
    const observed = leased().web(1, {
      exchanges: [{ path: '/16xxupgrade.txt', endedBy: 'fin-server', wait: 0.1 }],
      overrides: { serverUnseen: 300 },
    })
    expect(verdict(observed)).toEqual({ outcome: 'incomplete', rootCause: null, codes: [] })
  })

  it('is no failure when the capture shows one direction only', () => {
    const observed = leased().web(1, {
      answer: 'silent',
      overrides: { established: true, clientBytes: 100 },
      exchanges: [{ path: '/16xxupgrade.txt' }],
    })
    observed.dhcp.splice(0, 4)
    const { outcome, codes } = verdict(observed)
    expect(outcome).toBe('incomplete')
    expect(codes).toContain('capture-one-sided')
    expect(codes).not.toContain('script-not-obtained')
  })
})

describe('files after the script', () => {
  const after = (exchange: WebExchange): Observed => leased().web(1, { exchanges: [SCRIPT_OK, exchange] })

  it('degrade the boot when the settings do not come', () => {
    expect(verdict(after({ path: '/46xxsettings.txt', status: 403 }))).toEqual({
      outcome: 'degraded',
      rootCause: 'http-forbidden',
      codes: ['http-forbidden', 'settings-not-obtained'],
    })
  })

  it('degrade the boot when the image does not come whole', () => {
    const image: WebExchange = {
      path: '/ha1608ua1_3500.bin',
      status: 200,
      body: 'x',
      short: 999,
      endedBy: 'fin-server',
    }
    const { outcome, rootCause, codes } = verdict(leased().web(1, { exchanges: [SCRIPT_OK, image, SETTINGS_OK] }))
    expect({ outcome, rootCause }).toEqual({ outcome: 'degraded', rootCause: 'http-truncated-body' })
    expect(codes).toContain('application-not-obtained')
  })

  it('are said nothing about when the capture lacks part of them', () => {
    const image: WebExchange = { path: '/ha1608ua1_3500.bin', status: 200, body: 'x', missingBytes: 999 }
    expect(verdict(leased().web(1, { exchanges: [SCRIPT_OK, image, SETTINGS_OK] })).codes).toEqual([])
  })

  it('warn of an answer that took long', () => {
    const slow = leased().web(1, { exchanges: [{ ...SCRIPT_OK, answersAfter: 9, wait: 20 }, SETTINGS_OK] })
    expect(verdict(slow)).toEqual({ outcome: 'booted', rootCause: null, codes: ['http-slow-response'] })
  })
})

describe("the user's data", () => {
  const restoring = (...exchanges: WebExchange[]): Observed =>
    leased().web(1, { exchanges: [SCRIPT_OK, SETTINGS_OK, ...exchanges] })

  it('are missing for a reason', () => {
    const { outcome, rootCause, codes } = verdict(restoring({ path: BACKUP, status: 500 }))
    expect({ outcome, rootCause }).toEqual({ outcome: 'degraded', rootCause: 'http-server-error' })
    expect(codes).toContain('restore-get-failed')
  })

  it('need not be there yet, behind a challenge either', () => {
    const answered: WebExchange = { path: BACKUP, status: 404, headers: [['Authorization', 'Basic eA==']] }
    expect(verdict(restoring({ path: BACKUP, status: 401 }, answered))).toEqual({
      outcome: 'booted',
      rootCause: null,
      codes: ['restore-no-backup-yet', 'credential-exposed'],
    })
  })
})

describe('TFTP', () => {
  it.each([
    [2, 'tftp-access-violation'],
    [0, 'tftp-error'],
    [3, 'tftp-error'],
    [1, 'tftp-file-not-found'],
  ])('error %i is %s, and the HTTP failure before it the root', (code, finding) => {
    const observed = by4600().tftp(2, { filename: '46xxupgrade.scr', error: { code, message: 'no' } })
    expect(verdict(observed)).toEqual({
      outcome: 'failed',
      rootCause: 'http-connect-refused',
      codes: expect.arrayContaining(['fallback-to-tftp', finding, 'script-not-obtained']) as string[],
    })
  })

  it('at a closed port is tftp-server-unreachable', () => {
    const observed = by4600()
    const error: IcmpErrorObservation = {
      frame: observed.frame(2.002),
      link: { sourceMac: SERVER_MAC, destinationMac: PHONE_4600, vlan: null },
      from: WEB,
      type: 3,
      code: 3,
      quoted: undefined,
    }
    observed.tftp(2, { filename: '46xxupgrade.scr', silent: true, overrides: { icmpErrors: [error] } })
    expect(verdict(observed).codes).toContain('tftp-server-unreachable')
    expect(verdict(observed).codes).not.toContain('icmp-unreachable')
  })

  it('that stops with repeats of the last block is tftp-transfer-stalled', () => {
    const stalled = by4600().tftp(2, {
      filename: '46xxupgrade.scr',
      content: 'x'.repeat(600),
      repeatedData: 3,
      overrides: { state: 'transferring', content: undefined },
    })
    expect(verdict(stalled).codes).toContain('tftp-transfer-stalled')
  })

  it('whose end was not captured is not', () => {
    const cut = by4600().tftp(2, {
      filename: '46xxupgrade.scr',
      content: 'x'.repeat(600),
      overrides: { state: 'transferring', content: undefined },
    })
    expect(verdict(cut)).toMatchObject({ outcome: 'incomplete' })
  })

  it('does not count as a file server for a phone that has none', () => {
    const observed = leased('MCIPADD=10.20.0.5,TFTPSRVR=10.20.0.2')
    expect(verdict(observed)).toMatchObject({ outcome: 'failed', rootCause: 'site-option-no-file-server' })
  })
})

describe('ARP', () => {
  const ROUTER = { options: { 3: [10, 20, 0, 254], 242: SITE } }
  const answer = (observed: Observed, at: number, sender: string): Observed =>
    observed.arp(at, { operation: 2, mac: SERVER_MAC, sender, targetMac: PHONE })

  it('in vain for the file server explains the boot', () => {
    const observed = answer(
      new Observed().lease(0, null, ROUTER).arp(1, { target: '10.20.0.254' }),
      1.001,
      '10.20.0.254',
    )
    for (const second of [2, 3, 4]) observed.arp(second, { target: WEB })
    expect(verdict(observed)).toEqual({
      outcome: 'failed',
      rootCause: 'arp-unanswered',
      codes: ['arp-unanswered', 'script-not-obtained'],
    })
  })

  it('proves nothing at a port where replies to the phone are not seen', () => {
    const observed = new Observed().lease(0, null, ROUTER)
    for (const second of [2, 3, 4]) observed.arp(second, { target: WEB })
    expect(verdict(observed)).toEqual({ outcome: 'incomplete', rootCause: null, codes: [] })
  })

  it('is no failure when it only renews what the phone knows', () => {
    const observed = answer(leased(), 0.5, '10.20.0.1').web(1, healthyFiles(1))
    for (const second of [100, 200, 300]) observed.arp(second, { target: '10.20.0.5' })
    expect(verdict(observed)).toEqual({ outcome: 'booted', rootCause: null, codes: [] })
  })

  it('tells that another host has the address, and a gateway that answers for all does not count', () => {
    const probed = (): Observed =>
      answer(
        new Observed()
          .message(0, 'discover')
          .message(0.01, 'offer', { address: '10.20.0.120' })
          .message(0.02, 'request', { address: '10.20.0.120', server: '10.20.0.1' })
          .message(0.03, 'ack', { address: '10.20.0.120', options: { 242: SITE } })
          .arp(0.1, { sender: '0.0.0.0', target: '10.20.0.120' }),
        0.101,
        '10.20.0.120',
      ).message(0.2, 'decline', { address: '10.20.0.120', server: '10.20.0.1' })
    expect(verdict(probed())).toEqual({
      outcome: 'failed',
      rootCause: 'dhcp-address-conflict',
      codes: ['dhcp-address-conflict', 'dhcp-decline'],
    })
    expect(verdict(answer(probed(), 0.3, '10.20.0.77')).codes).not.toContain('dhcp-address-conflict')
  })
})

describe('DHCP', () => {
  it('offers without a lease time are why they are ignored', () => {
    const observed = new Observed()
    for (const second of [0, 4, 12]) {
      observed.message(second, 'discover').message(second + 0.01, 'offer', { address: '10.20.0.120' })
    }
    // The builder adds option 51; these offers have none.
    const bare = observed.dhcp.map((seen) => ({
      ...seen,
      message: { ...seen.message, options: seen.message.options.filter(({ code }) => code !== 51) },
    }))
    observed.dhcp.splice(0, Infinity, ...bare)
    expect(verdict(observed)).toMatchObject({ outcome: 'failed', rootCause: 'dhcp-offer-without-lease-time' })
  })

  it('NAKs without end are a loop, one is not', () => {
    const naks = (count: number): Observed => {
      const observed = new Observed()
      for (let n = 0; n < count; n++) {
        observed
          .message(n, 'discover', { xid: n + 1 })
          .message(n + 0.01, 'offer', { address: '10.20.0.120', xid: n + 1 })
          .message(n + 0.02, 'request', { address: '10.20.0.120', server: '10.20.0.1', xid: n + 1 })
          .message(n + 0.03, 'nak', { xid: n + 1 })
      }
      return observed
    }
    expect(verdict(naks(3))).toMatchObject({
      outcome: 'failed',
      rootCause: 'dhcp-nak',
      codes: ['dhcp-nak', 'dhcp-nak-loop'],
    })
    expect(verdict(naks(2).lease(3, SITE, { xid: 9 }).web(4, healthyFiles(4))).codes).toEqual(['dhcp-nak'])
  })

  it('a NAK to a renewal does not undo the boot', () => {
    const observed = leased()
      .web(1, healthyFiles(1))
      .message(3600, 'request', { xid: 5, ciaddr: '10.20.0.120' })
      .message(3600.01, 'nak', { xid: 5 })
    expect(verdict(observed)).toEqual({ outcome: 'booted', rootCause: null, codes: ['dhcp-nak'] })
  })

  it('a late offer and a short lease are warnings without consequence', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(4, 'discover')
      .message(4.01, 'offer', { address: '10.20.0.120' })
      .message(4.02, 'request', { address: '10.20.0.120', server: '10.20.0.1' })
      .message(4.03, 'ack', { address: '10.20.0.120', options: { 242: SITE, 51: [0, 0, 0, 120] } })
      .web(5, healthyFiles(5))
    expect(verdict(observed)).toEqual({
      outcome: 'booted',
      rootCause: null,
      codes: ['dhcp-slow-offer', 'dhcp-short-lease'],
    })
  })
})

describe('ICMP', () => {
  it('from a router that knows no way explains the boot', () => {
    const observed = leased()
    const error: IcmpErrorObservation = {
      frame: observed.frame(1.002),
      link: { sourceMac: SERVER_MAC, destinationMac: PHONE, vlan: null },
      from: '10.20.0.1',
      type: 3,
      code: 13,
      quoted: undefined,
    }
    observed.web(1, { answer: 'silent', synsAfter: [1, 3], overrides: { icmpErrors: [error] } })
    expect(verdict(observed)).toMatchObject({ outcome: 'failed', rootCause: 'icmp-unreachable' })
    expect(observed.reports()[0]!.findings[0]!.message).toContain('prohibited by a filter')
  })
})

describe('the capture', () => {
  it('that lacks what was acknowledged says so, and no more', () => {
    const observed = leased()
    const frame = observed.frame(1)
    observed.web(1, { ...healthyFiles(1), overrides: { gaps: [{ frame, from: 'server', bytes: 1460 }] } })
    expect(verdict(observed)).toEqual({ outcome: 'booted', rootCause: null, codes: ['capture-dropped-packets'] })
  })

  it('with cut or unreadable frames says so', () => {
    const { capture } = new Observed({ snaplenFrames: 3, malformedFrames: 1 }).observations()
    expect(runCaptureRules(capture).map(({ rule }) => rule.code)).toEqual([
      'capture-snaplen',
      'capture-malformed-frames',
    ])
    expect(runCaptureRules(new Observed().observations().capture)).toEqual([])
  })

  it('that shows files and no DHCP began late', () => {
    expect(verdict(new Observed().web(0, healthyFiles(0))).codes).toEqual(['capture-started-late'])
  })
})

describe('the site option', () => {
  it.each([
    ['site-option-unknown-name', 'MCIPADD=10.20.0.5,HTTPSVR=10.20.0.2'],
    ['site-option-bad-value', 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.300'],
    [
      'site-option-truncated',
      `${'MCIPADD=10.20.0.5,SNMPSTRING='.padEnd(220, 'x')},HTTPSRVR="10.20.0.`.padEnd(247, '2'),
    ],
  ])('%s is the root of a server that nobody names', (code, text) => {
    const { outcome, rootCause, codes } = verdict(leased(text))
    expect({ outcome, rootCause }).toMatchObject({ outcome: 'failed' })
    expect(codes).toEqual(expect.arrayContaining([code, 'site-option-no-file-server']))
  })

  it('misses quotes around a list on the 4600', () => {
    const observed = new Observed().lease(0, 'MCIPADD=10.20.0.5,10.20.0.6,HTTPSRVR=10.20.0.2', ASKS_4600)
    expect(verdict(observed).codes).toContain('site-option-unquoted-list')
  })
})
