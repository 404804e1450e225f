import { describe, expect, it } from 'vitest'
import { SECOND } from '../../src/base/time.js'
import type { Finding, Report, Session, Transfer } from '../../src/analyzer/report.js'
import { checkExpectations, describeExpectation, globMatches } from '../../src/expectations/check-expectations.js'
import type { Expectation } from '../../src/expectations/expectation.js'

const A = '00:1b:4f:20:00:01'
const B = '00:04:0d:20:00:02'
const ALL = [{ by: 'all' }] as const

function finding(code: string, frames: readonly number[]): Finding {
  return {
    code,
    severity: 'error',
    stage: 'file-server',
    message: code,
    frames,
    filter: '',
    atMs: 0,
    causedBy: null,
    advice: '',
    confidence: 'certain',
  }
}

function transfer(path: string, over: Partial<Transfer> = {}): Transfer {
  const frames = { first: 10, last: 14 }
  const got = { status: 200, bytes: 5, startMs: 0, endMs: 1, result: 'ok', frames } as const
  return { protocol: 'http', method: 'GET', server: '10.20.0.2:80', path, role: 'script', ...got, ...over }
}

function session(mac: string, over: Partial<Session> = {}): Session {
  return {
    id: '1',
    capture: 0,
    phone: { mac, ip: '10.20.0.100', vlan: null, hostname: null, series: '1600', model: null, extension: null },
    start: '2026-11-21T03:10:00.000000000Z',
    end: '2026-11-21T03:10:05.000000000Z',
    durationMs: 5000,
    frames: { first: 1, last: 50, count: 40 },
    outcome: 'booted',
    rootCause: null,
    stages: [],
    options: { siteOption: null },
    transfers: [],
    findings: [],
    ...over,
  }
}

function report(...sessions: Session[]): Report {
  return {
    schema: 'bootwire/report@1',
    tool: { name: 'bootwire', version: '0' },
    captures: [
      {
        file: 'x.pcapng',
        format: 'pcapng',
        linkTypes: ['ethernet'],
        packets: 50,
        bytes: 1,
        firstTime: null,
        lastTime: null,
        findings: [finding('capture-truncated-file', [])],
      },
    ],
    sessions,
    summary: {
      sessions: sessions.length,
      booted: 0,
      degraded: 0,
      failed: 0,
      incomplete: 0,
      findings: { error: 0, warning: 0, info: 0 },
    },
  }
}

const PHONES = [
  { mac: A, model: '1608', extension: '1001' },
  { mac: B, model: '4620SW', extension: '1002' },
]

function check(expectation: Omit<Expectation, 'phones'> & Partial<Expectation>, of: Report, phones = PHONES) {
  return checkExpectations([{ phones: ALL, ...expectation }], of, phones)[0]!
}

describe('checkExpectations', () => {
  it('holds when every phone ended as expected', () => {
    expect(check({ outcome: ['booted'] }, report(session(A), session(B)))).toMatchObject({ passed: true, failures: [] })
  })

  it('fails for a phone that left no frame at all', () => {
    expect(check({ outcome: ['booted'] }, report(session(A)))).toMatchObject({
      passed: false,
      failures: [{ phone: B, expected: 'outcome booted', actual: 'no boot session' }],
    })
  })

  it('points at the frames of the root cause when the outcome is another', () => {
    const bad = session(A, { outcome: 'failed', rootCause: 'x', findings: [finding('x', [7, 9])] })
    expect(check({ outcome: ['booted'] }, report(bad, session(B))).failures).toEqual([
      { phone: A, expected: 'outcome booted', actual: 'failed (root cause x)', frames: [7, 9] },
    ])
  })

  it('judges a phone by its last session and finds findings in any', () => {
    const first = session(A, { outcome: 'failed', findings: [finding('x', [3])] })
    const of = report(first, session(A), session(B))
    expect(
      check({ phones: [{ by: 'mac', mac: A }], outcome: ['booted'], finding: ['x'], sessions: 2 }, of).passed,
    ).toBe(true)
    expect(check({ phones: [{ by: 'mac', mac: A }], not: { finding: ['x'] } }, of).failures[0]?.frames).toEqual([3])
    expect(check({ phones: [{ by: 'mac', mac: A }], sessions: 1 }, of).passed).toBe(false)
  })

  it('finds what is said about the capture of a phone', () => {
    expect(check({ finding: ['capture-truncated-file'] }, report(session(A), session(B))).passed).toBe(true)
  })

  it('counts time from the first session to the end of the last', () => {
    const second = session(A, { start: '2026-11-21T03:11:00.000000000Z', end: '2026-11-21T03:11:05.000000000Z' })
    const of = report(session(A), second, session(B))
    const within = (seconds: number) => check({ phones: [{ by: 'index', index: 1 }], within: seconds * SECOND }, of)
    expect(within(65).passed).toBe(true)
    expect(within(64).failures[0]).toMatchObject({ expected: 'within 64 s', actual: 'after 65 s' })
  })

  it('selects phones by model, number and extension', () => {
    const of = report(session(A), session(B, { outcome: 'degraded' }))
    const outcome = ['degraded'] as const
    expect(check({ phones: [{ by: 'model', model: '4620SW' }], outcome }, of).passed).toBe(true)
    expect(check({ phones: [{ by: 'index', index: 2 }], outcome }, of).passed).toBe(true)
    expect(check({ phones: [{ by: 'extension', extension: '1002' }], outcome }, of).passed).toBe(true)
    expect(check({ phones: [{ by: 'model', model: '1608' }], outcome }, of).passed).toBe(false)
  })

  it('does not hold for a selection without phones', () => {
    const result = check(
      { phones: [{ by: 'model', model: '1616' }], outcome: ['booted'] },
      report(session(A), session(B)),
    )
    expect(result).toMatchObject({ passed: false, failures: [{ expected: 'at least one such phone' }] })
  })

  it('takes the phones from the report of a real capture', () => {
    expect(checkExpectations([{ phones: ALL, outcome: ['booted'] }], report(session(A)))[0]?.passed).toBe(true)
    expect(checkExpectations([{ phones: ALL, outcome: ['booted'] }], report())[0]?.passed).toBe(false)
  })

  it('counts the phones that meet the rest', () => {
    const of = report(session(A), session(B, { outcome: 'failed' }))
    expect(check({ outcome: ['booted'], count: 1 }, of).passed).toBe(true)
    expect(check({ outcome: ['booted'], count: 2 }, of).failures[0]).toMatchObject({
      expected: '2 of them',
      actual: '1 of 2',
    })
    expect(check({ outcome: ['incomplete'], count: 0 }, of).passed).toBe(true)
  })

  it('says what became of the transfers that were asked about, and in which frames', () => {
    const transfers = [
      transfer('/a/16xxupgrade.txt'),
      transfer('/a/46xxsettings.txt', { status: 404, result: 'not-found', frames: { first: 30, last: 31 } }),
    ]
    const of = report(session(A, { transfers }))
    const failureOf = (expectation: Parameters<typeof check>[0]) => check(expectation, of).failures[0]
    expect(failureOf({ transfers: [{ path: '*settings.txt', result: 'ok' }] })).toMatchObject({
      expected: 'transfer *settings.txt ok',
      actual: 'transfers: GET /a/46xxsettings.txt not-found (404)',
      frames: [30],
    })
    expect(failureOf({ transfers: [{ role: 'backup', count: 3 }] })?.actual).toMatch(
      /^0 of them, transfers: GET \/a\/16xxupgrade.txt ok, /,
    )
  })

  it('looks for transfers by all the properties given', () => {
    const transfers = [
      transfer('/a/16xxupgrade.txt'),
      transfer('/a/46xxsettings.txt', { status: 404, result: 'not-found' }),
    ]
    const of = report(session(A, { transfers }), session(B, { transfers }))
    expect(check({ transfers: [{ path: '*upgrade.txt', result: 'ok' }] }, of).passed).toBe(true)
    expect(check({ transfers: [{ path: '*upgrade.txt', result: 'not-found' }] }, of).passed).toBe(false)
    expect(check({ transfers: [{ server: '10.20.0.2:*', count: 2 }] }, of).passed).toBe(true)
    expect(check({ transfers: [{ protocol: 'tftp', count: 0 }] }, of).passed).toBe(true)
    expect(check({ not: { transfers: [{ status: 404 }] } }, of).passed).toBe(false)
  })

  it('expects no root cause by null', () => {
    expect(check({ rootCause: [null] }, report(session(A), session(B))).passed).toBe(true)
    expect(check({ rootCause: [null] }, report(session(A, { rootCause: 'x' }), session(B))).passed).toBe(false)
  })

  it('says what it expected in words', () => {
    const expectation: Expectation = {
      phones: ALL,
      outcome: ['degraded'],
      within: 300 * SECOND,
      not: { finding: ['tftp-timeout'] },
    }
    expect(describeExpectation(expectation)).toBe(
      'all phones: outcome degraded, within 5 min, not (finding tftp-timeout)',
    )
  })
})

describe('globMatches', () => {
  it.each([
    ['*', '', true],
    ['*', '/x', true],
    ['/a*b', '/ab', true],
    ['/a*b', '/axxb', true],
    ['/a*b', '/axxbc', false],
    ['a*a', 'a', false],
    ['*x*y*', 'axbyc', true],
    ['*y*x*', 'axbyc', false],
    ['a.c', 'abc', false],
  ])('%s on %s is %s', (pattern, text, matches) => {
    expect(globMatches(pattern, text)).toBe(matches)
  })

  it('takes no exponential time', () => {
    expect(globMatches(`${'*a'.repeat(2000)}b`, 'a'.repeat(20_000))).toBe(false)
  })
})
