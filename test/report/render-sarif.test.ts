import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import AjvDraft4 from 'ajv-draft-04'
import type { Log } from 'sarif'
import { describe, expect, it } from 'vitest'
import { renderSarif } from '../../src/report/render-sarif.js'
import { cli, inTemporaryDirectory } from '../cli/test-machine.js'
import { fallback, hostileReport, reportOf } from './reports.js'

// Made for another purpose, but it has the standard's own schema in it.
const schemaFile = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')
const Ajv = AjvDraft4 as unknown as typeof AjvDraft4.default
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false })
const validate = ajv.compile<Log>(JSON.parse(readFileSync(schemaFile, 'utf8')) as object)

function parse(sarif: string): Log {
  const log: unknown = JSON.parse(sarif)
  validate(log)
  expect(validate.errors ?? []).toEqual([])
  return log as Log
}

const CAPTURE = 'captures/http-hangs-4620sw-falls-back-to-tftp.pcapng'

describe('renderSarif', () => {
  it('validates against the standard, hostile text or not', () => {
    parse(renderSarif(reportOf(fallback())))
    const log = parse(renderSarif(hostileReport()))
    expect(log.runs[0]!.results!.map(({ ruleId }) => ruleId)).toEqual([
      'capture-truncated-file',
      'http-not-found',
      'script-not-obtained',
    ])
  })

  it('describes each rule in use once', () => {
    const [run] = parse(renderSarif(reportOf(fallback(), fallback()))).runs
    const ids = run!.tool.driver.rules!.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { ruleId, ruleIndex } of run!.results!) expect(ids[ruleIndex!]).toBe(ruleId)
  })

  it('has fingerprints that no address and no time changes, each once', () => {
    const prints = (log: Log) => log.runs[0]!.results!.map((result) => result.partialFingerprints!['bootwire/v1'])
    const once = prints(parse(renderSarif(reportOf(fallback()))))
    expect(new Set(once).size).toBe(once.length)
    const report = reportOf(fallback())
    const later = {
      ...report,
      sessions: report.sessions.map((session) => ({
        ...session,
        phone: { ...session.phone, ip: '10.9.9.9' },
        findings: session.findings.map((finding) => ({ ...finding, frames: finding.frames.map((f) => f + 7) })),
      })),
    }
    expect(prints(parse(renderSarif(later)))).toEqual(once)
  })

  it('points at the octets of the frame', async () => {
    const { stdout } = await cli(['analyze', CAPTURE, '--format', 'sarif'])
    const [run] = parse(stdout).runs
    const octets = readFileSync(CAPTURE)
    const results = run!.results!.filter(({ properties }) => (properties!['frames'] as number[]).length > 0)
    expect(results.length).toBeGreaterThan(0)
    for (const result of results) {
      const { region } = result.locations![0]!.physicalLocation!
      const frame = octets.subarray(region!.byteOffset, region!.byteOffset! + region!.byteLength!)
      // IPv4 behind the Ethernet header, its total length within the frame.
      expect(frame.readUInt16BE(12)).toBe(0x0800)
      expect(frame.readUInt16BE(16)).toBeLessThanOrEqual(frame.length - 14)
    }
  })

  it('tells of failed expectations at the line where they stand', async () => {
    await inTemporaryDirectory(async (path) => {
      const { exitCode, stdout } = await cli([
        'run',
        'scenarios/http-refused.yaml',
        '--capture-file',
        path('x.pcapng'),
        '--format',
        'sarif',
        '--seed',
        '4',
        '--quiet',
      ])
      expect(exitCode).toBe(0)
      expect(parse(stdout).runs[0]!.results!.some(({ ruleId }) => ruleId === 'expectation')).toBe(false)
    })
    const log = parse(
      renderSarif(reportOf(fallback()), {
        runs: [
          {
            capture: 0,
            file: 'x.yaml',
            name: 'x',
            seed: 1,
            expectations: [
              {
                expectation: { phones: [{ by: 'all' }], source: 'x.yaml:9' },
                statement: 'all phones: outcome booted',
                passed: false,
                failures: [{ phone: 'p', expected: 'booted', actual: 'failed', frames: [] }],
              },
            ],
            disagreements: [],
            repeat: 'bootwire run x.yaml --seed 1',
          },
        ],
      }),
    )
    expect(log.runs[0]!.results!.at(-1)).toMatchObject({
      ruleId: 'expectation',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'x.yaml' }, region: { startLine: 9 } } }],
    })
  })
})
