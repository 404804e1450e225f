/** Every rule: a session on which it must speak, and near misses on which it must not. */
import { describe, expect, it } from 'vitest'
import { SECOND } from '../../../src/base/time.js'
import { runCaptureRules } from '../../../src/analyzer/diagnosis/run-rules.js'
import { Observed, PHONE_4600, SCRIPT_1600, SETTINGS, WEB, healthyFiles } from '../observed.js'
import type { WebExchange } from '../observed.js'
import { codes, finding, findings } from './judged.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'
const SITE_4600 = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2,TFTPSRVR=10.20.0.2'
const ASKS_4600 = { mac: PHONE_4600, asks: [1, 3, 6, 15, 66, 69, 43, 176] }
const SCRIPT_OK: WebExchange = { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 }
const SETTINGS_OK: WebExchange = { path: '/46xxsettings.txt', status: 200, body: SETTINGS }

const leased = (site: string | null = SITE): Observed => new Observed().lease(0, site)
const booted = (): Observed => leased().web(1, healthyFiles(1))
const with4600 = (): Observed => new Observed().lease(0, SITE_4600, ASKS_4600)

describe('a healthy boot', () => {
  it('has no findings', () => {
    expect(booted().findings()).toEqual([])
  })
})

describe('dhcp-no-offer', () => {
  const silence = (): Observed =>
    new Observed().message(0, 'discover').message(4, 'discover', { secs: 4 }).message(12, 'discover', { secs: 12 })

  it('speaks of DISCOVERs that nobody answers, with the frames', () => {
    const { frames, message, confidence } = finding(silence(), 'dhcp-no-offer')
    expect(frames).toEqual([1, 2, 3])
    expect(message).toContain('3 DISCOVERs in 12 s')
    expect(confidence).toBe('likely')
  })

  it('is certain when the capture shows answers to others', () => {
    const observed = silence()
    observed.message(13, 'offer', { mac: '02:00:00:00:00:77', address: '10.20.0.99', xid: 7 })
    expect(finding(observed, 'dhcp-no-offer').confidence).toBe('certain')
  })

  it('stays quiet on a single DISCOVER', () => {
    expect(codes(new Observed().message(0, 'discover'))).toEqual([])
  })

  it('stays quiet when the phone selects an offer that the capture does not show', () => {
    expect(codes(silence().message(13, 'request', { address: '10.20.0.120', server: '10.20.0.1' }))).toEqual([])
  })

  it('stays quiet when the phone then uses an address', () => {
    expect(codes(silence().arp(13))).toEqual([])
  })

  it('takes an address that the host gave itself for no answer', () => {
    expect(codes(silence().arp(13, { sender: '169.254.3.4' }))).toContain('dhcp-no-offer')
  })

  it('stays quiet on the first tagged try before VLANTEST, which untagged DISCOVERs follow', () => {
    const observed = new Observed()
      .message(0, 'discover', { vlan: 20, xid: 1 })
      .message(30, 'discover', { vlan: 20, xid: 1 })
      .lease(61, SITE, { xid: 2 })
      .web(62, healthyFiles(62))
    expect(observed.sessions().length).toBe(1)
    expect(observed.findings()).toEqual([])
  })

  it('stays quiet when the capture ends at once', () => {
    expect(codes(new Observed().message(0, 'discover').message(1, 'discover'), 1)).toEqual([])
  })

  it('does not take the copies of two relays for retries', () => {
    const observed = new Observed()
      .message(0, 'discover', { giaddr: '10.1.0.1' })
      .message(0.001, 'discover', { giaddr: '10.1.0.2' })
    expect(codes(observed)).toEqual([])
  })
})

describe('dhcp-offer-ignored', () => {
  it('speaks of offers that are followed by another DISCOVER', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(0.01, 'offer', { address: '10.20.0.120' })
      .message(4, 'discover')
      .message(4.01, 'offer', { address: '10.20.0.120' })
    expect(observed.findings()).toEqual(['dhcp-offer-ignored error'])
  })

  it('stays quiet when an offer lost to that of another server', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(0.01, 'offer', { address: '10.20.0.120' })
      .message(0.02, 'request', { address: '10.30.0.9', server: '10.30.0.1' })
      .message(4, 'discover')
    expect(codes(observed)).toEqual([])
  })

  it('stays quiet on an offer after two quick DISCOVERs', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(0.5, 'discover')
      .message(0.6, 'offer', { address: '10.20.0.120' })
    expect(codes(observed, 1)).toEqual([])
  })
})

describe('dhcp-no-ack', () => {
  const unanswered = (): Observed =>
    new Observed()
      .message(0, 'discover')
      .message(0.01, 'offer', { address: '10.20.0.120' })
      .message(0.02, 'request', { address: '10.20.0.120', server: '10.20.0.1' })
      .message(4, 'request', { address: '10.20.0.120', server: '10.20.0.1' })

  it('speaks of a repeated REQUEST without ACK or NAK', () => {
    const { frames, confidence } = finding(unanswered(), 'dhcp-no-ack')
    expect(frames).toEqual([3, 4])
    expect(confidence).toBe('certain')
  })

  it('stays quiet when the ACK comes in the end', () => {
    expect(codes(unanswered().message(4.1, 'ack', { address: '10.20.0.120', options: { 242: SITE } }))).toEqual([])
  })

  it('stays quiet on a REQUEST that selects a server the capture does not show', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(0.01, 'offer', { address: '10.20.0.120' })
      .message(0.02, 'request', { address: '10.30.0.9', server: '10.30.0.1' })
      .message(4, 'request', { address: '10.30.0.9', server: '10.30.0.1' })
    expect(codes(observed)).toEqual([])
  })

  it('stays quiet when the phone goes on with the address', () => {
    expect(codes(unanswered().web(5, healthyFiles(5)))).not.toContain('dhcp-no-ack')
  })
})

describe('dhcp-nak', () => {
  const refused = (): Observed =>
    new Observed()
      .message(0, 'request', { address: '10.99.0.5', xid: 1 })
      .message(0.01, 'nak', { xid: 1, options: { 56: 'wrong network' } })

  it('warns of a NAK in INIT-REBOOT, and a good lease after it is the end of it', () => {
    const observed = refused().lease(1, SITE, { xid: 2 }).web(2, healthyFiles(2))
    expect(observed.sessions().length).toBe(1)
    expect(observed.findings()).toEqual(['dhcp-nak warning'])
    expect(finding(observed, 'dhcp-nak').message).toContain('wrong network')
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted', rootCause: null })
  })

  it('explains a phone that is left without an address', () => {
    expect(refused().reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'dhcp-nak' })
  })

  it('stays quiet on a NAK from a server that was not selected', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(0.01, 'offer', { address: '10.20.0.120' })
      .message(0.02, 'request', { address: '10.20.0.120', server: '10.20.0.1' })
      .message(0.03, 'nak', { server: '10.66.0.1' })
      .message(0.04, 'ack', { address: '10.20.0.120', options: { 242: SITE } })
      .web(1, healthyFiles(1))
    expect(observed.findings()).toEqual(['dhcp-multiple-servers warning'])
  })

  it('stays quiet on a NAK for a transaction of which the capture shows no request', () => {
    const observed = booted()
    observed.message(20, 'nak', { xid: 99 })
    expect(observed.findings()).toEqual([])
  })
})

describe('site-option-missing', () => {
  it('speaks of an ACK without the option that was asked for', () => {
    const { frames, severity } = finding(leased(null), 'site-option-missing')
    expect(severity).toBe('error')
    expect(frames).toEqual([3, 4])
  })

  it('leaves an option under the number of the other series to site-option-wrong-number', () => {
    const observed = new Observed().lease(0, null, { options: { 176: SITE } })
    expect(finding(observed, 'site-option-wrong-number').message).toContain('has option 176')
    expect(codes(observed)).toEqual(['site-option-wrong-number', 'site-option-no-file-server'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'site-option-wrong-number' })
  })

  it('is a warning when the phone got its files by siaddr', () => {
    const observed = new Observed().lease(0, null, { siaddr: WEB }).web(1, healthyFiles(1))
    expect(observed.findings()).toEqual(['site-option-missing warning'])
    expect(finding(observed, 'site-option-missing').message).toContain('siaddr 10.20.0.2 instead')
    expect(observed.reports()[0]).toMatchObject({ outcome: 'degraded', rootCause: 'site-option-missing' })
  })

  it('stays quiet when the second lease, on the voice VLAN, has it', () => {
    const observed = new Observed()
      .lease(0, null, { xid: 1, address: '10.1.0.9' })
      .message(1, 'release', { ciaddr: '10.1.0.9' })
      .lease(30, SITE, { xid: 2, vlan: 20 })
      .web(31, healthyFiles(31))
    expect(observed.sessions().length).toBe(1)
    expect(observed.findings()).toEqual([])
  })

  it('stays quiet when nobody asked for it', () => {
    const observed = new Observed().lease(0, null, { asks: [1, 3, 6] })
    expect(codes(observed)).not.toContain('site-option-missing')
  })
})

describe('site-option-malformed', () => {
  it.each([
    ['semicolons', 'MCIPADD=10.20.0.5;HTTPSRVR=10.20.0.2'],
    ['outer quotes', '"MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2"'],
    ['a pair without =', 'HTTPSRVR=10.20.0.2,L2QVLAN=20,nonsense'],
    ['an address as four octets', '\x0a\x14\x00\x02'],
  ])('speaks of %s', (_name, option) => {
    expect(codes(leased(option))).toContain('site-option-malformed')
  })

  it('stays quiet on a blank after a comma, an unknown name and a list', () => {
    const observed = leased('MCIPADD="10.20.0.5,10.20.0.6", HTTPSRVR=10.20.0.2,HTTPSDIR=x').web(1, healthyFiles(1))
    expect(observed.findings()).toEqual(['site-option-unknown-name warning', 'site-option-bad-value warning'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted', rootCause: null })
  })

  it('does not repeat the password that stands in the option', () => {
    const message = finding(leased('PROCPSWD=27238;HTTPSRVR=10.20.0.2'), 'site-option-malformed').message
    expect(message).not.toContain('27238')
  })
})

describe('site-option-no-file-server', () => {
  it('speaks when the option names none and the phone asks nobody', () => {
    expect(leased('MCIPADD=10.20.0.5').findings()).toEqual(['site-option-no-file-server error'])
  })

  it('follows from an option that is missing', () => {
    const report = leased(null).reports()[0]!
    expect(report.findings.map(({ code, causedBy }) => [code, causedBy])).toEqual([
      ['site-option-missing', null],
      ['site-option-no-file-server', 'site-option-missing'],
    ])
    expect(report).toMatchObject({ outcome: 'failed', rootCause: 'site-option-missing' })
  })

  it('stays quiet when siaddr names one', () => {
    expect(codes(new Observed().lease(0, 'MCIPADD=10.20.0.5', { siaddr: WEB }))).toEqual([])
  })

  it('stays quiet when the phone knows a server from elsewhere', () => {
    expect(leased('MCIPADD=10.20.0.5').web(1, healthyFiles(1)).findings()).toEqual([])
  })

  it('stays quiet when option 66 names one to a 4600', () => {
    expect(codes(new Observed().lease(0, 'MCIPADD=10.20.0.5', { ...ASKS_4600, options: { 66: WEB } }))).toEqual([])
  })

  it('stays quiet when the capture ends before the phone could have asked', () => {
    expect(codes(leased('MCIPADD=10.20.0.5'), 2)).toEqual([])
  })
})

describe('http-connect-timeout', () => {
  it('speaks of SYNs without an answer, in one finding over all attempts', () => {
    const observed = leased()
      .web(1, { answer: 'silent', synsAfter: [1, 3] })
      .web(21, { answer: 'silent', synsAfter: [1, 3] })
    const { message, frames } = finding(observed, 'http-connect-timeout')
    expect(message).toBe('10.20.0.2:80 never accepted a connection: 6 SYNs in 2 attempts over 23 s, no answer')
    expect(frames).toEqual([5, 6, 7, 8, 9, 10])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'http-connect-timeout' })
  })

  it('stays quiet when a lost SYN is sent again and succeeds', () => {
    const observed = leased().web(1, { ...healthyFiles(1), synsAfter: [1] })
    expect(codes(observed)).toEqual([])
  })

  it('stays quiet when the capture ends within five seconds of the SYN', () => {
    expect(codes(leased().web(1, { answer: 'silent', synsAfter: [1] }), 1)).toEqual([])
  })

  it('stays quiet when the capture shows only one direction', () => {
    const observed = new Observed().web(0, {
      answer: 'silent',
      synsAfter: [1],
      exchanges: [{ path: '/16xxupgrade.txt' }],
      overrides: { established: true },
    })
    expect(codes(observed)).toEqual([])
  })

  it('stays quiet on ports that are not those of file servers', () => {
    expect(codes(leased().web(1, { answer: 'silent', synsAfter: [1, 3], serverPort: 1720 }))).not.toContain(
      'http-connect-timeout',
    )
  })

  it('leaves a SYN that was answered when the phone had given up to tcp-retransmissions', () => {
    const observed = leased().web(1, { answer: 'silent', synsAfter: [1, 3, 7, 15], retransmissions: ['client'] })
    const { first, last, ...connection } = observed.tcps[0]!
    const answer = observed.frame(35)
    const reset = { frame: observed.frame(35.001), from: 'client' as const }
    observed.tcps[0] = { ...connection, first, last, synAcks: [answer], resets: [reset], firstFromServer: answer }
    expect(codes(observed)).toEqual(['tcp-retransmissions'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'tcp-retransmissions' })
  })

  it('knows the port that HTTPPORT names', () => {
    const observed = leased(`${SITE},HTTPPORT=8123`).web(1, { answer: 'silent', synsAfter: [1, 3], serverPort: 8123 })
    expect(codes(observed)).toEqual(['http-connect-timeout'])
  })

  it('is a warning without consequence when the server accepts later', () => {
    const observed = leased()
      .web(1, { answer: 'silent', synsAfter: [1, 3] })
      .web(21, healthyFiles(21))
    expect(observed.findings()).toEqual(['http-connect-timeout warning'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted', rootCause: null })
  })

  it('loses confidence, and says why, where the capture has holes', () => {
    const observed = new Observed({ snaplenFrames: 3 }).lease(0, SITE).web(1, { answer: 'silent', synsAfter: [1, 3] })
    const { confidence, message } = finding(observed, 'http-connect-timeout')
    expect(confidence).toBe('likely')
    expect(message).toContain('less certain: 3 frames were cut when captured')
  })

  it('goes back to a missing site option when the phone took the server from siaddr', () => {
    const observed = new Observed()
      .lease(0, null, { siaddr: '10.20.0.9' })
      .web(1, { server: '10.20.0.9', answer: 'silent', synsAfter: [1, 3] })
    expect(finding(observed, 'http-connect-timeout').causedBy).toBe('site-option-missing')
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'site-option-missing' })
  })
})

describe('http-connect-refused', () => {
  it('speaks of RST to SYN', () => {
    const observed = leased().web(1, { answer: 'refuses' }).web(3, { answer: 'refuses' })
    const { message, frames } = finding(observed, 'http-connect-refused')
    expect(message).toBe('10.20.0.2:80 refused the connection: 2 RSTs to 2 attempts')
    expect(frames).toEqual([5, 6, 7, 8])
  })

  it('stays quiet on a RST that ends a connection that worked', () => {
    const observed = leased().web(1, {
      exchanges: [SCRIPT_OK, { ...SETTINGS_OK, endedBy: 'reset-server' }],
    })
    expect(observed.findings()).toEqual([])
  })
})

describe('http-response-timeout', () => {
  it('speaks of a request that was acknowledged and never answered', () => {
    const observed = leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', wait: 30 }] })
    const { message, frames } = finding(observed, 'http-response-timeout')
    expect(message).toBe(
      '10.20.0.2:80 took GET /16xxupgrade.txt and did not answer: no octet in 30 s, then the phone gave up',
    )
    expect(frames).toEqual([7, 8])
  })

  it('speaks of an answer that comes when the phone has left', () => {
    const exchange: WebExchange = { ...SCRIPT_OK, answersAfter: 31, wait: 30, endedBy: 'fin-client' }
    const observed = leased().web(1, { exchanges: [exchange] })
    expect(finding(observed, 'http-response-timeout').message).toContain('no octet in 30 s, then the phone gave up')
    expect(observed.reports()[0]?.transfers[0]).toMatchObject({ result: 'timeout', status: null })
  })

  it('stays quiet on a client that closes its side at once and reads on', () => {
    const exchange: WebExchange = { ...SCRIPT_OK, answersAfter: 0.5, wait: 0.001, endedBy: 'fin-client' }
    expect(codes(leased().web(1, { exchanges: [exchange, SETTINGS_OK] }))).toEqual([])
  })

  it('stays quiet when the request was not even acknowledged: the network is to blame', () => {
    const observed = leased().web(1, {
      exchanges: [{ path: '/16xxupgrade.txt', acknowledged: false }],
      retransmissions: ['client', 'client'],
    })
    expect(codes(observed)).toEqual(['tcp-retransmissions'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'tcp-retransmissions' })
  })

  it('stays quiet when the capture ends while the phone waits', () => {
    expect(codes(leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', endedBy: 'none' }] }), 4)).toEqual([])
  })

  it('stays quiet when the phone leaves at once', () => {
    expect(codes(leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', wait: 0.1 }] }))).toEqual([])
  })

  it('stays quiet when the capture has a hole where the answer could be', () => {
    const observed = leased()
    const frame = observed.frame(1)
    observed.web(1, {
      exchanges: [{ path: '/16xxupgrade.txt' }],
      overrides: { gaps: [{ frame, from: 'server', bytes: 300 }] },
    })
    expect(codes(observed)).toEqual([])
  })

  it('is a warning without consequence when the answer comes at the second request', () => {
    const observed = leased()
      .web(1, { exchanges: [{ path: '/16xxupgrade.txt', wait: 30 }] })
      .web(40, healthyFiles(40))
    expect(observed.findings()).toEqual(['http-response-timeout warning'])
    expect(observed.reports()[0]?.outcome).toBe('booted')
  })
})

describe('http-not-found', () => {
  it('speaks of a settings file that is not there, and the phone comes up degraded', () => {
    const observed = leased().web(1, {
      exchanges: [SCRIPT_OK, { path: '/46xxsettings.scr', status: 404 }, { path: '/46xxsettings.txt', status: 404 }],
    })
    const { message, frames } = finding(observed, 'http-not-found')
    expect(message).toBe('10.20.0.2:80 does not have /46xxsettings.txt, the settings file (status 404)')
    expect(frames).toEqual([11, 12])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'degraded', rootCause: 'http-not-found' })
  })

  it('speaks of a script that is not there, and the boot has failed', () => {
    const observed = leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 404 }] })
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'http-not-found' })
  })

  it('stays quiet on 46xxsettings.scr followed by .txt', () => {
    const observed = leased().web(1, {
      exchanges: [SCRIPT_OK, { path: '/46xxsettings.scr', status: 404 }, SETTINGS_OK],
    })
    expect(observed.findings()).toEqual([])
    expect(observed.reports()[0]?.outcome).toBe('booted')
  })

  it('stays quiet on a backup that does not exist yet', () => {
    const observed = leased().web(1, {
      exchanges: [
        SCRIPT_OK,
        SETTINGS_OK,
        { path: '/backup/1001_16xxdata.txt', status: 404 },
        { method: 'PUT', path: '/backup/1001_16xxdata.txt', status: 201, bodyBytes: 200 },
      ],
    })
    expect(observed.findings()).toEqual(['restore-no-backup-yet info'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted', phone: { extension: '1001', series: '1600' } })
  })

  it('only warns of a language file that the settings name', () => {
    const observed = leased().web(1, {
      exchanges: [
        SCRIPT_OK,
        { path: '/46xxsettings.txt', status: 200, body: 'SET LANG1FILE german.txt\n' },
        { path: '/german.txt', status: 404 },
      ],
    })
    expect(observed.findings()).toEqual(['http-not-found warning'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'degraded', transfers: [{}, {}, { role: 'language' }] })
  })

  it('degrades the boot when only the next server has the file', () => {
    const observed = leased()
      .web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 404 }] })
      .web(2, { ...healthyFiles(2), server: '10.20.0.3' })
    expect(observed.findings()).toEqual(['http-not-found error'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'degraded', rootCause: 'http-not-found' })
  })
})

describe('http-auth-required', () => {
  const challenge: WebExchange = {
    path: '/16xxupgrade.txt',
    status: 401,
    responseHeaders: [['WWW-Authenticate', 'Basic realm="files"']],
  }

  it('speaks of a challenge that the phone does not answer', () => {
    const { message } = finding(leased().web(1, { exchanges: [challenge] }), 'http-auth-required')
    expect(message).toContain('wants credentials for GET /16xxupgrade.txt (Basic realm="files")')
  })

  it('stays quiet on the challenge of an exchange that then succeeds', () => {
    const observed = leased().web(1, {
      exchanges: [
        SCRIPT_OK,
        SETTINGS_OK,
        { method: 'PUT', path: '/backup/1001_16xxdata.txt', status: 401 },
        { method: 'PUT', path: '/backup/1001_16xxdata.txt', status: 204, headers: [['Authorization', 'Basic eDp5']] },
      ],
    })
    expect(observed.findings()).toEqual(['credential-exposed info'])
    expect(observed.reports()[0]?.outcome).toBe('booted')
  })
})

describe('http-auth-failed', () => {
  const put = (facts: Partial<WebExchange>): WebExchange => ({
    method: 'PUT',
    path: '/backup/1001_16xxdata.txt',
    status: 401,
    ...facts,
  })
  const authorization: readonly [string, string] = ['Authorization', 'Basic eDp5']

  it('speaks of 401 in answer to credentials, and the backup has failed because of it', () => {
    const observed = leased().web(1, {
      exchanges: [SCRIPT_OK, SETTINGS_OK, put({}), put({ headers: [authorization] })],
    })
    const report = observed.reports()[0]!
    expect(report.findings.map(({ code, causedBy }) => [code, causedBy])).toEqual([
      ['http-auth-failed', null],
      ['credential-exposed', null],
      ['backup-put-failed', 'http-auth-failed'],
    ])
    expect(report).toMatchObject({ outcome: 'degraded', rootCause: 'http-auth-failed' })
    expect(report.findings[0]?.message).toContain('Basic credentials')
    expect(JSON.stringify(report)).not.toContain('eDp5')
  })

  it('stays quiet when a stale nonce is renewed', () => {
    const stale: readonly [string, string] = ['WWW-Authenticate', 'Digest realm="x", nonce="1", stale=true']
    const observed = leased().web(1, {
      exchanges: [put({ headers: [['Authorization', 'Digest x']], responseHeaders: [stale] })],
    })
    expect(codes(observed)).not.toContain('http-auth-failed')
  })

  it('stays quiet when the user tries again and succeeds', () => {
    const observed = leased().web(1, {
      exchanges: [put({ headers: [authorization] }), put({ headers: [authorization], status: 204 })],
    })
    expect(codes(observed)).toEqual(['credential-exposed'])
  })
})

describe('http-server-error', () => {
  it('speaks of 5xx', () => {
    const observed = leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 503 }] })
    expect(findings(observed)).toEqual(['http-server-error error'])
  })

  it('is a warning without consequence when the file comes later', () => {
    const observed = leased()
      .web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 503 }] })
      .web(9, healthyFiles(9))
    expect(observed.findings()).toEqual(['http-server-error warning'])
    expect(observed.reports()[0]?.outcome).toBe('booted')
  })

  it('leaves 4xx to others', () => {
    expect(codes(leased().web(1, { exchanges: [{ path: '/16xxupgrade.txt', status: 418 }] }))).toEqual([])
  })
})

describe('http-truncated-body', () => {
  const short: WebExchange = { path: '/16xxupgrade.txt', status: 200, body: 'SET ', short: 386, endedBy: 'fin-server' }

  it('speaks of a body that ends before its Content-Length', () => {
    const { message } = finding(leased().web(1, { exchanges: [short] }), 'http-truncated-body')
    expect(message).toContain('/16xxupgrade.txt (4 of 390 octets; the server closed)')
  })

  it('speaks of a body that stalls until the phone gives up', () => {
    const observed = leased().web(1, { exchanges: [{ ...short, endedBy: 'fin-client', wait: 30 }] })
    expect(codes(observed)).toEqual(['http-truncated-body'])
  })

  it('stays quiet when the phone received what the capture lacks', () => {
    const { short: _short, ...rest } = short
    expect(codes(leased().web(1, { exchanges: [{ ...rest, missingBytes: 386 }, SETTINGS_OK] }))).toEqual([])
  })

  it('stays quiet when frames were cut by the snap length', () => {
    expect(codes(leased().web(1, { exchanges: [short], overrides: { cutFrames: 2 } }))).toEqual([])
  })

  it('stays quiet when the phone leaves in the middle of a transfer', () => {
    expect(codes(leased().web(1, { exchanges: [{ ...short, endedBy: 'reset-client', wait: 0.02 }] }))).toEqual([])
  })
})

describe('fallback-to-tftp', () => {
  const files = (observed: Observed, seconds: number): Observed =>
    observed
      .tftp(seconds, { filename: '46xxupgrade.scr', content: 'GET 46xxsettings.txt\n' })
      .tftp(seconds + 1, { filename: '46xxsettings.txt', content: SETTINGS })

  it('names the HTTP failure that caused it', () => {
    const observed = files(
      with4600().web(1, { mac: PHONE_4600, exchanges: [{ path: '/46xxupgrade.scr', wait: 30 }] }),
      40,
    )
    expect(finding(observed, 'fallback-to-tftp').causedBy).toBe('http-response-timeout')
    expect(observed.reports()[0]).toMatchObject({
      outcome: 'degraded',
      rootCause: 'http-response-timeout',
      phone: { series: '4600' },
    })
  })

  it('stays quiet on a phone that has only TFTP', () => {
    const observed = files(with4600(), 1)
    expect(observed.findings()).toEqual([])
    expect(observed.reports()[0]?.outcome).toBe('booted')
  })

  it('stays quiet when HTTP had served the script', () => {
    const observed = with4600()
      .web(1, {
        mac: PHONE_4600,
        exchanges: [
          { path: '/46xxupgrade.scr', status: 200, body: 'GET 46xxsettings.txt\n' },
          { path: '/46xxsettings.scr', status: 404 },
          { path: '/46xxsettings.txt', status: 200, body: SETTINGS },
        ],
      })
      .tftp(5, { filename: 'ring.wav', content: 'x' })
    expect(observed.findings()).toEqual([])
  })
})

describe('tftp-timeout', () => {
  it('speaks of requests without an answer, from one port or several', () => {
    const observed = with4600()
      .tftp(1, { filename: '46xxupgrade.scr', silent: true, again: [4, 8] })
      .tftp(20, { filename: '46xxsettings.scr', silent: true, again: [4] })
    const { message, frames } = finding(observed, 'tftp-timeout')
    expect(message).toContain(
      '10.20.0.2:69 never answered: 5 RRQ requests for 46xxupgrade.scr and 46xxsettings.scr in 23 s',
    )
    expect(frames).toEqual([5, 6, 7, 8, 9])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'tftp-timeout' })
  })

  it('stays quiet on a single request', () => {
    expect(codes(with4600().tftp(1, { filename: '46xxupgrade.scr', silent: true }))).toEqual([])
  })

  it('stays quiet when the reply was seen by the phone only', () => {
    const observed = with4600().tftp(1, {
      filename: '46xxupgrade.scr',
      silent: true,
      again: [4],
      overrides: { serverPort: 40_000 },
    })
    expect(codes(observed)).toEqual([])
  })

  it('follows from the fallback when HTTP had failed before', () => {
    const observed = with4600()
      .web(1, { mac: PHONE_4600, answer: 'refuses' })
      .tftp(2, { filename: '46xxupgrade.scr', silent: true, again: [4, 8] })
    expect(finding(observed, 'tftp-timeout').causedBy).toBe('fallback-to-tftp')
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'http-connect-refused' })
  })
})

describe('tftp-file-not-found', () => {
  const notFound = { code: 1, message: 'File not found' }

  it('speaks of ERROR 1', () => {
    const observed = with4600().tftp(1, { filename: '46xxupgrade.scr', error: notFound })
    const { message } = finding(observed, 'tftp-file-not-found')
    expect(message).toBe('10.20.0.2:69 does not have 46xxupgrade.scr, the upgrade script (TFTP error 1)')
    expect(observed.reports()[0]).toMatchObject({ outcome: 'failed', rootCause: 'tftp-file-not-found' })
  })

  it('stays quiet on 46xxsettings.scr followed by .txt', () => {
    const observed = with4600()
      .tftp(1, { filename: '46xxupgrade.scr', content: 'GET 46xxsettings.scr\n' })
      .tftp(2, { filename: '46xxsettings.scr', error: notFound })
      .tftp(3, { filename: '46xxsettings.txt', content: SETTINGS })
    expect(observed.findings()).toEqual([])
  })

  it('leaves other errors to others', () => {
    const observed = with4600().tftp(1, { filename: '46xxupgrade.scr', error: { code: 2, message: 'no' } })
    expect(codes(observed)).toEqual(['tftp-access-violation'])
  })
})

describe('tftp-retransmissions', () => {
  it('counts repeated blocks and acknowledgements and gives the rate', () => {
    const observed = with4600()
      .tftp(1, { filename: '46xxupgrade.scr', content: 'x'.repeat(1000), repeatedData: 1, repeatedAcks: 1 })
      .tftp(30, { filename: '46xxsettings.txt', content: SETTINGS })
    const { message } = finding(observed, 'tftp-retransmissions')
    expect(message).toBe(
      '1 DATA block and 1 ACK had to be sent again between the phone and 10.20.0.2:69 (100.0 % of 2 blocks)',
    )
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted', rootCause: null })
  })

  it('counts a request that was lost and answered when repeated from a new port', () => {
    const observed = with4600()
      .tftp(1, { filename: '46xxupgrade.scr', silent: true })
      .tftp(6, { filename: '46xxupgrade.scr', content: 'GET 46xxsettings.txt\n' })
      .tftp(7, { filename: '46xxsettings.txt', content: SETTINGS })
    expect(observed.findings()).toEqual(['tftp-retransmissions warning'])
  })

  it('stays quiet on a clean transfer', () => {
    const observed = with4600().tftp(1, { filename: '46xxsettings.txt', content: SETTINGS })
    expect(observed.findings()).toEqual([])
  })
})

describe('backup-put-failed', () => {
  const backup = (exchange: Partial<WebExchange>): Observed =>
    leased().web(1, {
      exchanges: [
        SCRIPT_OK,
        SETTINGS_OK,
        { method: 'PUT', path: '/backup/1001_16xxdata.txt', bodyBytes: 100, ...exchange },
      ],
    })

  it('names the status and what to do about it', () => {
    const { message, advice } = finding(backup({ status: 405 }), 'backup-put-failed')
    expect(message).toBe('the backup /backup/1001_16xxdata.txt was not stored at 10.20.0.2:80: status 405')
    expect(advice).toContain('Enable the PUT method')
    expect(backup({ status: 405 }).reports()[0]).toMatchObject({ outcome: 'degraded', rootCause: 'backup-put-failed' })
  })

  it('follows from a server that failed, or wanted credentials, or did not answer', () => {
    expect(finding(backup({ status: 507 }), 'backup-put-failed').causedBy).toBe('http-server-error')
    expect(finding(backup({ status: 401 }), 'backup-put-failed').causedBy).toBe('http-auth-required')
    expect(finding(backup({ wait: 30 }), 'backup-put-failed').causedBy).toBe('http-response-timeout')
  })

  it('stays quiet on 201 and 204, and on a challenge followed by success', () => {
    expect(backup({ status: 201 }).findings()).toEqual([])
    expect(backup({ status: 204 }).findings()).toEqual([])
  })

  it('stays quiet when the capture ends before the answer could come', () => {
    expect(backup({ endedBy: 'none' }).findings(1)).toEqual([])
  })
})

describe('tcp-retransmissions', () => {
  it('gives count, rate, direction and place', () => {
    const observed = leased().web(1, { ...healthyFiles(1), retransmissions: ['server', 'server', 'client'] })
    const { message } = finding(observed, 'tcp-retransmissions')
    expect(message).toContain('3 segments of 9 had to be sent again (33.3 %), 1 by the phone and 2 by the server')
    expect(observed.reports()[0]?.outcome).toBe('booted')
  })

  it('leaves SYNs that were never answered to http-connect-timeout', () => {
    const observed = leased().web(1, { answer: 'silent', synsAfter: [1, 3], retransmissions: ['client', 'client'] })
    expect(codes(observed)).toEqual(['http-connect-timeout'])
  })
})

describe('capture-truncated-file', () => {
  it('says where the file breaks off', () => {
    const damage = { offset: 4711, frame: 9, reason: 'the record is cut short' }
    const observed = new Observed({ damage }).lease(0, SITE)
    const [found] = runCaptureRules(observed.observations().capture)
    expect(found).toMatchObject({ severity: 'warning', frames: [4], at: undefined })
    expect(found?.message).toContain('octet 4711, in frame 9: the record is cut short')
  })

  it('stays quiet on a whole file', () => {
    expect(runCaptureRules(booted().observations().capture)).toEqual([])
  })
})

describe('time and frames of findings', () => {
  it('are those of the session, frames ascending and each once', () => {
    const observed = leased().web(1, { answer: 'silent', synsAfter: [1, 3] })
    const found = observed.reports()[0]!.findings[0]!
    expect(found.atMs).toBe((1 * SECOND) / 1e6)
    expect(found.frames).toEqual([5, 6, 7])
    expect(found.filter).toBe('frame.number in {5..7}')
  })
})
