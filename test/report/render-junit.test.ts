import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import { renderJunit } from '../../src/report/render-junit.js'
import type { RunFacts } from '../../src/report/run-facts.js'
import { Observed, healthyFiles } from '../analyzer/observed.js'
import { fallback, hostileReport, reportOf } from './reports.js'

interface Testcase {
  readonly name: string
  readonly classname: string
  readonly time: string
  readonly failure?: { readonly type: string; readonly message: string; readonly '#text': string }
  readonly skipped?: object
}

interface Suite {
  readonly name: string
  readonly tests: string
  readonly failures: string
  readonly skipped: string
  readonly testcase: readonly Testcase[]
}

/** As a reader of the format sees it; fails for what is not well-formed. */
function parse(xml: string): {
  readonly tests: string
  readonly failures: string
  readonly testsuite: readonly Suite[]
} {
  expect(XMLValidator.validate(xml)).toBe(true)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: (name) => ['testsuite', 'testcase'].includes(name),
  })
  return (parser.parse(xml) as { testsuites: ReturnType<typeof parse> }).testsuites
}

const healthy = (): Observed => new Observed().lease(0, 'HTTPSRVR=10.20.0.2').web(1, healthyFiles(1))

const run: RunFacts = {
  capture: 0,
  file: 'scenarios/x.yaml',
  name: 'a <story>',
  seed: 3,
  expectations: [
    { expectation: { phones: [{ by: 'all' }] }, statement: 'all phones: outcome booted', passed: true, failures: [] },
    {
      expectation: { phones: [{ by: 'all' }], source: 'scenarios/x.yaml:9' },
      statement: 'all phones: finding tftp-timeout',
      passed: false,
      failures: [{ phone: '00:04:0d:20:00:01', expected: 'finding tftp-timeout', actual: 'none', frames: [3, 4] }],
    },
  ],
  disagreements: [],
  repeat: 'bootwire run scenarios/x.yaml --seed 3',
}

describe('renderJunit', () => {
  it('has a suite for each capture and a case for each session, failing on errors', () => {
    const { testsuite, tests, failures } = parse(renderJunit(reportOf(fallback(), healthy())))
    expect([tests, failures]).toEqual(['2', '1'])
    const [bad, good] = testsuite.map((suite) => suite.testcase[0]!)
    expect(bad).toMatchObject({ failure: { type: 'http-response-timeout' } })
    expect(bad!.failure!.message).toMatch(/^degraded: http-response-timeout: 10\.20\.0\.2:80 took GET/)
    expect(bad!.failure!['#text']).toMatch(/frames phone\.pcapng#\d+/)
    expect(good).not.toHaveProperty('failure')
    expect(good!.time).toMatch(/^\d+\.\d{3}$/)
  })

  it('counts what it has', () => {
    for (const suite of parse(renderJunit(reportOf(fallback(), healthy()))).testsuite) {
      expect(suite.testcase).toHaveLength(Number(suite.tests))
      expect(suite.testcase.filter(({ failure }) => failure !== undefined)).toHaveLength(Number(suite.failures))
    }
  })

  it('fails on warnings when told to, and on nothing when told never', () => {
    const slow = new Observed()
      .lease(0, 'HTTPSRVR=10.20.0.2', { options: { 51: [0, 0, 1, 44] } })
      .web(1, healthyFiles(1))
    const report = reportOf(slow)
    expect(report.summary.findings.warning).toBeGreaterThan(0)
    const failures = (failOn: 'error' | 'warning' | 'never') => parse(renderJunit(report, { failOn })).failures
    expect([failures('error'), failures('warning'), failures('never')]).toEqual(['0', '1', '0'])
  })

  it('never lets a capture without a boot pass', () => {
    const [suite] = parse(renderJunit(reportOf(new Observed()))).testsuite
    expect(suite).toMatchObject({ tests: '1', failures: '1' })
    expect(suite!.testcase[0]).toMatchObject({ name: 'something to judge', failure: { type: 'nothing-to-judge' } })
  })

  it('makes a case of each expectation of a run, and lets those decide', () => {
    const [suite] = parse(renderJunit(reportOf(fallback()), { runs: [run] })).testsuite
    expect(suite).toMatchObject({ name: 'a <story>', tests: '3', failures: '1' })
    const failed = suite!.testcase.find(({ failure }) => failure !== undefined)
    expect(failed?.name).toBe('expect all phones: finding tftp-timeout')
    expect(failed?.failure?.['#text']).toBe(
      '00:04:0d:20:00:01: expected finding tftp-timeout; actual none (#3-4)\n' +
        'written at scenarios/x.yaml:9\nrepeat with: bootwire run scenarios/x.yaml --seed 3',
    )
  })

  it('fails a session on which the analyzer is wrong, whatever was expected', () => {
    const disagreements = [
      { phone: '00:04:0d:20:00:01', boot: 1, what: 'outcome', truth: 'failed', verdict: 'degraded', frames: [1] },
    ]
    const { failures } = parse(
      renderJunit(reportOf(fallback()), { runs: [{ ...run, expectations: [], disagreements }] }),
    )
    expect(failures).toBe('1')
  })

  it('escapes what comes from the network', () => {
    const xml = renderJunit(hostileReport())
    const [suite] = parse(xml).testsuite
    expect(suite!.testcase).toHaveLength(Number(suite!.tests))
    expect(xml).not.toContain('<script>')
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/)
  })
})
