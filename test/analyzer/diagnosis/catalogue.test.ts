import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { captureRules, catalogue, catalogueEntry, sessionRules } from '../../../src/analyzer/diagnosis/catalogue.js'

const PUBLIC_CATALOGUE = new URL('../../../../shared/findings.tsv', import.meta.url)

describe('catalogue', () => {
  it('has every code once', () => {
    const codes = catalogue.map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(catalogue.length).toBe(sessionRules.length + captureRules.length)
  })

  it.each(catalogue.map((entry) => [entry.code, entry] as const))(
    '%s says what it states, needs and advises',
    (_code, entry) => {
      for (const text of [entry.states, entry.evidence, entry.remedy]) expect(text.trim()).not.toBe('')
      expect(entry.references.length).toBeGreaterThan(0)
      expect(entry.remedy).toMatch(/[.!]$/)
    },
  )

  it('finds entries by code', () => {
    expect(catalogueEntry('dhcp-no-offer')?.stage).toBe('dhcp')
    expect(catalogueEntry('no-such-code')).toBeUndefined()
  })
})

describe.skipIf(!existsSync(PUBLIC_CATALOGUE))('catalogue against the public one (skipped without ../shared)', () => {
  const rows = new Map(
    (existsSync(PUBLIC_CATALOGUE) ? readFileSync(PUBLIC_CATALOGUE, 'utf8') : '')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'))
      .map(([code = '', stage, severity]) => [code, { stage, severity }]),
  )

  it.each(catalogue.map(({ code, stage, severity }) => [code, { stage, severity }] as const))(
    '%s has the stage and severity that were published',
    (code, facts) => {
      expect(rows.get(code)).toEqual(facts)
    },
  )
})
