import { describe, expect, it } from 'vitest'
import { renderCsv } from '../../src/report/render-csv.js'
import { fallback, hostileReport, reportOf } from './reports.js'

/** RFC 4180. */
function parse(csv: string): string[][] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\r\n') rows.push([])
  }
  expect(rows.pop()).toEqual([])
  return rows
}

describe('renderCsv', () => {
  it('has a row for each session', () => {
    const [head, ...rows] = parse(renderCsv(reportOf(fallback(), fallback())))
    expect(rows).toHaveLength(2)
    const row = Object.fromEntries(head!.map((name, index) => [name, rows[0]![index]]))
    expect(row).toMatchObject({
      mac: '00:04:0d:20:00:01',
      series: '4600',
      outcome: 'degraded',
      rootCause: 'http-response-timeout',
      errors: 'http-response-timeout',
    })
    expect(row['warnings']).toContain('fallback-to-tftp')
  })

  it('makes no formula and no line of what comes from the network', () => {
    const rows = parse(renderCsv(hostileReport()))
    expect(rows).toHaveLength(2)
    expect(rows[1]).toHaveLength(rows[0]!.length)
    for (const field of rows.flat()) expect(field).not.toMatch(/^[=+@-]/)
  })
})
