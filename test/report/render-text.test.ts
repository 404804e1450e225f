import { describe, expect, it } from 'vitest'
import { buildReport } from '../../src/analyzer/analyze.js'
import { reportCapture, reportSession } from '../../src/analyzer/report-session.js'
import { buildSessions } from '../../src/analyzer/sessions/build-sessions.js'
import type { Report } from '../../src/analyzer/report.js'
import { frameList } from '../../src/report/frame-list.js'
import { colorPalette } from '../../src/report/palette.js'
import { printable } from '../../src/report/printable.js'
import { renderText } from '../../src/report/render-text.js'
import { Observed, PHONE_4600, SETTINGS, healthyFiles } from '../analyzer/observed.js'

function reportOf(...captures: readonly Observed[]): Report {
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

const fallback = (): Observed =>
  new Observed()
    .lease(0, 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2,TFTPSRVR=10.20.0.2', {
      mac: PHONE_4600,
      asks: [1, 3, 6, 15, 66, 69, 43, 176],
    })
    .web(1, { mac: PHONE_4600, exchanges: [{ path: '/46xxupgrade.scr', wait: 30 }] })
    .tftp(32, { filename: '46xxupgrade.scr', content: 'GET 46xxsettings.txt\n' })
    .tftp(33, { filename: '46xxsettings.txt', content: SETTINGS, repeatedData: 1 })

describe('renderText', () => {
  it('puts the outcome and its root cause first, then the timeline, then the findings', async () => {
    const text = renderText(reportOf(fallback()))
    await expect(text).toMatchFileSnapshot('../golden/report-http-hangs-tftp-fallback.txt')
    const order = ['DEGRADED: http-response-timeout', 'Timeline', 'Findings'].map((part) => text.indexOf(part))
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(order[0]).toBeGreaterThan(0)
  })

  it('says so when there is no boot session', () => {
    expect(renderText(reportOf(new Observed()))).toContain('No boot session in this capture')
  })

  it('names the file beside frame numbers when there are several captures', () => {
    expect(renderText(reportOf(fallback(), new Observed().lease(0, null)))).toContain('phone.pcapng #1-')
  })

  it('begins with a summary of causes when there are several sessions', () => {
    const text = renderText(reportOf(fallback(), fallback(), new Observed().lease(0, null)))
    expect(text.split('\n').slice(0, 2)).toEqual([
      'Summary',
      expect.stringMatching(/^ {2}1 of 2 phones {2}\w+ +\S.* {2}\(sessions? [0-9, -]+\)$/),
    ])
    expect(text).toContain('http-response-timeout at 10.20.0.2:80')
    expect(renderText(reportOf(fallback()))).not.toContain('Summary')
  })

  it('tells one of many sessions alike in full, lists some, and counts the rest', () => {
    const one = reportOf(fallback())
    const sessions = Array.from({ length: 2000 }, (_, i) => ({ ...one.sessions[0]!, id: String(i + 1) }))
    const text = renderText({ ...one, sessions })
    expect(text).toContain('(sessions 1-2000)')
    expect(text).toContain('2000 sessions degraded: http-response-timeout at 10.20.0.2:80')
    expect(text.match(/^ {2}Timeline/gm)).toHaveLength(1)
    expect(text.match(/^ {4}session \d+ /gm)).toHaveLength(10)
    expect(text).toContain('and 1989 more; --phone MAC tells one of them in full')
  })

  it('leaves out the middle of a timeline without end', () => {
    const one = reportOf(fallback())
    const event = { atMs: 1, frames: [1], protocol: 'tftp', text: 'again' } as const
    const sessions = [{ ...one.sessions[0]!, timeline: Array.from({ length: 1000 }, () => event) }]
    const text = renderText({ ...one, sessions })
    expect(text.match(/again$/gm)).toHaveLength(55)
    expect(text).toContain('... 945 more events; --format json has them ...')
  })

  it('colours only when told to', () => {
    expect(renderText(reportOf(fallback()))).not.toContain('\x1b')
    expect(renderText(reportOf(fallback()), { palette: colorPalette })).toContain('\x1b[33m')
  })

  it('lets nothing of the capture move the cursor', () => {
    const evil = new Observed()
      .lease(0, 'HTTPSRVR=10.20.0.2', { options: { 12: 'AVB200001' } })
      .message(0.1, 'discover', { options: { 12: 'x\x1b[2J\r\nboom' } })
      .web(1, { exchanges: [{ path: '/16xxupgrade.txt\x1b]0;x\x07', status: 404 }] })
    const text = renderText(reportOf(evil))
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
    expect(text).toContain('x\\x1b[2J\\x0d\\x0aboom')
  })
})

describe('secrets', () => {
  const site = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2,PROCPSWD=27238,SNMPSTRING=sesame'
  const observed = (): Observed => new Observed().lease(0, site).web(1, healthyFiles(1))

  it('are masked in reports', () => {
    const report = reportOf(observed())
    const everything = JSON.stringify(report) + renderText(report)
    expect(everything).not.toMatch(/27238|sesame/)
    expect(report.sessions[0]?.options.siteOption?.values).toMatchObject({
      HTTPSRVR: ['10.20.0.2'],
      PROCPSWD: ['********'],
      SNMPSTRING: ['********'],
    })
  })

  it('are shown when asked for', () => {
    const [session] = observed().reports()
    const capture = reportCapture(observed().observations().capture)
    const report = buildReport([{ capture, sessions: [session!], error: undefined }], { showSecrets: true })
    expect(report.sessions[0]?.options.siteOption?.raw).toBe(site)
  })

  it('in the user part of a URI are masked', () => {
    const report = reportOf(
      new Observed().lease(0, 'HTTPSRVR=10.20.0.2').web(1, {
        exchanges: [{ path: '/16xxupgrade.txt?from=http://joe:secret@10.20.0.9/x', status: 404 }],
      }),
    )
    expect(JSON.stringify(report)).not.toContain('secret')
    expect(JSON.stringify(report)).toContain('joe:********@')
  })
})

describe('frameList', () => {
  it('folds runs and counts what does not fit', () => {
    expect(frameList([12, 13, 14, 15, 18])).toBe('#12-15, #18')
    expect(frameList([1, 3, 5, 7, 8], 2)).toBe('#1, #3 and 3 more')
  })
})

describe('printable', () => {
  it('shows controls, turned-around text and lone surrogates as escapes', () => {
    expect(printable('a\u0007b\u202ec\ud800d\u{1f600}')).toBe('a\\x07b\\u202ec\\ud800d\u{1f600}')
  })
})
