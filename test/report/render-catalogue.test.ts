import { describe, expect, it } from 'vitest'
import { catalogue, catalogueEntry } from '../../src/analyzer/diagnosis/catalogue.js'
import { renderCatalogue, renderCatalogueEntry } from '../../src/report/render-catalogue.js'

describe('the catalogue as text', () => {
  it('has a line for every code', () => {
    const lines = renderCatalogue(catalogue).trimEnd().split('\n')
    expect(lines.map((line) => line.split(/\s/)[0])).toEqual(catalogue.map(({ code }) => code))
  })

  it('tells everything about one code', () => {
    const entry = catalogueEntry('http-not-found')!
    const text = renderCatalogueEntry(entry)
    for (const part of [entry.states, entry.evidence, entry.notConfusedWith, entry.remedy]) expect(text).toContain(part)
  })
})
