import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { Analyzer, buildReport } from '../../src/analyzer/analyze.js'
import type { Report } from '../../src/analyzer/report.js'
import { Observed, healthyFiles } from '../analyzer/observed.js'

const schema: unknown = JSON.parse(
  readFileSync(new URL('../../src/report/report.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema as object)

function complaints(report: Report): unknown {
  // As other programs get it: through JSON.
  validate(JSON.parse(JSON.stringify(report)))
  return validate.errors ?? []
}

/** Every capture below a folder, deepest folders included. */
function capturesBelow(folder: URL): URL[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return entry.name === 'truth' ? [] : capturesBelow(new URL(`${entry.name}/`, folder))
    return /\.(?:pcap|pcapng|cap|snoop|gz)$/.test(entry.name) ? [new URL(entry.name, folder)] : []
  })
}

const OWN = capturesBelow(new URL('../../captures/', import.meta.url))
const SHARED = capturesBelow(new URL('../../../shared/captures/', import.meta.url))

describe('report.schema.json', () => {
  it('describes reports of every outcome', () => {
    const silent = new Observed().message(0, 'discover').message(4, 'discover')
    const observations = [new Observed().lease(0, 'HTTPSRVR=10.20.0.2').web(1, healthyFiles(1)), silent]
    const report = buildReport(
      observations.map((observed) => ({
        capture: {
          file: 'x',
          format: 'pcapng',
          linkTypes: [],
          packets: 0,
          bytes: 0,
          firstTime: null,
          lastTime: null,
          findings: [],
        },
        sessions: observed.reports(),
        error: undefined,
      })),
    )
    expect(report.summary).toMatchObject({ sessions: 2, booted: 1, failed: 1, findings: { error: 1 } })
    expect(report.sessions.map(({ id, capture }) => [id, capture])).toEqual([
      ['1', 0],
      ['2', 1],
    ])
    expect(complaints(report)).toEqual([])
  })

  it('refuses what is not in it', () => {
    const report = buildReport([])
    expect(complaints(report)).toEqual([])
    expect(validate({ ...report, extra: 1 })).toBe(false)
    expect(validate({ ...report, schema: 'bootwire/report@2' })).toBe(false)
  })
})

describe('report.schema.json and captures', () => {
  it.each(OWN.map(named))('describes the report of %s', isDescribed)
})

describe.skipIf(SHARED.length === 0)(
  'report.schema.json and captures of other people (skipped without ../shared/captures)',
  () => {
    it.each(SHARED.map(named))('describes the report of %s', isDescribed)
  },
)

function named(file: URL): readonly [string, URL] {
  return [file.pathname.split('/').slice(-2).join('/'), file]
}

function isDescribed(_name: string, file: URL): void {
  const analyzer = new Analyzer({ file: 'capture' })
  analyzer.push(readFileSync(file))
  expect(complaints(buildReport([analyzer.end()]))).toEqual([])
}
