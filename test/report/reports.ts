/**
 * Reports for the tests of the report formats: one of observed sessions, and one in which every text that comes from a
 * network is hostile.
 */
import { buildReport } from '../../src/analyzer/analyze.js'
import { reportCapture, reportSession } from '../../src/analyzer/report-session.js'
import type { Finding, Report, Session } from '../../src/analyzer/report.js'
import { buildSessions } from '../../src/analyzer/sessions/build-sessions.js'
import { Observed, PHONE_4600, SETTINGS } from '../analyzer/observed.js'

export function reportOf(...captures: readonly Observed[]): Report {
  return buildReport(
    captures.map((observed) => {
      const observations = observed.observations()
      return {
        capture: reportCapture(observations.capture),
        sessions: buildSessions(observations).map(reportSession),
        error: undefined,
      }
    }),
  )
}

/** An HTTP server that hangs, and TFTP after it. */
export function fallback(): Observed {
  return new Observed()
    .lease(0, 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2,TFTPSRVR=10.20.0.2', {
      mac: PHONE_4600,
      asks: [1, 3, 6, 15, 66, 69, 43, 176],
    })
    .web(1, { mac: PHONE_4600, exchanges: [{ path: '/46xxupgrade.scr', wait: 30 }] })
    .tftp(32, { filename: '46xxupgrade.scr', content: 'GET 46xxsettings.txt\n' })
    .tftp(33, { filename: '46xxsettings.txt', content: SETTINGS, repeatedData: 1 })
}

/** Markup, formulas, terminal control, a line break, a right-to-left override, a lone surrogate. */
export const HOSTILE =
  "=cmd|'/c'!A1\"></testcase><script>alert(1)</script>]]>`|[x](http://evil.example)*_#7 @all \x1b[2J\x00\r\n- item \u202e\ud800 www.evil.example"

const finding = (code: string, over: Partial<Finding> = {}): Finding => ({
  code,
  severity: 'error',
  stage: 'file-server',
  message: HOSTILE,
  frames: [1, 2, 5],
  filter: 'frame.number in {1..2,5}',
  atMs: 1,
  causedBy: null,
  advice: HOSTILE,
  confidence: 'certain',
  ...over,
})

export function hostileReport(): Report {
  const session: Session = {
    id: '1',
    capture: 0,
    phone: {
      mac: '00:1b:4f:20:00:01',
      ip: HOSTILE,
      vlan: null,
      hostname: HOSTILE,
      series: HOSTILE,
      model: HOSTILE,
      extension: HOSTILE,
    },
    start: '2026-11-21T03:10:00.000000000Z',
    end: '2026-11-21T03:10:01.000000000Z',
    durationMs: 1000,
    frames: { first: 1, last: 5, count: 5 },
    outcome: 'failed',
    rootCause: 'http-not-found',
    stages: [{ stage: 'dhcp', status: 'ok', startMs: 0, endMs: 1, attempts: 1 }],
    options: { siteOption: { number: 242, raw: HOSTILE, values: { [HOSTILE]: [HOSTILE] } } },
    transfers: [
      {
        protocol: 'http',
        method: HOSTILE,
        server: HOSTILE,
        path: HOSTILE,
        role: 'script',
        status: 404,
        bytes: 1,
        startMs: 0,
        endMs: 1,
        result: 'not-found',
        frames: { first: 1, last: 2 },
      },
    ],
    timeline: [{ atMs: 0, frames: [1], protocol: 'http', text: HOSTILE }],
    findings: [finding('http-not-found'), finding('script-not-obtained', { causedBy: 'http-not-found' })],
  }
  return {
    schema: 'bootwire/report@1',
    tool: { name: 'bootwire', version: '0.0.0' },
    captures: [
      {
        file: `${HOSTILE}.pcap`,
        format: 'pcap',
        linkTypes: ['ethernet'],
        packets: 5,
        bytes: 500,
        firstTime: '2026-11-21T03:10:00.000000000Z',
        lastTime: '2026-11-21T03:10:01.000000000Z',
        findings: [finding('capture-truncated-file', { stage: 'capture', severity: 'warning', atMs: null })],
      },
    ],
    sessions: [session],
    summary: {
      sessions: 1,
      booted: 0,
      degraded: 0,
      failed: 1,
      incomplete: 0,
      findings: { error: 2, warning: 1, info: 0 },
    },
  }
}
