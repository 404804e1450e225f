/**
 * The catalogue of finding codes for people.
 */
import type { CatalogueEntry } from '../analyzer/diagnosis/rule.js'
import { plainPalette } from './palette.js'
import type { TextOptions } from './render-text.js'

/** One line a code. */
export function renderCatalogue(entries: readonly CatalogueEntry[], options: TextOptions = {}): string {
  const palette = options.palette ?? plainPalette
  const width = Math.max(0, ...entries.map(({ code }) => code.length))
  return entries
    .map(
      ({ code, severity, stage, states }) =>
        `${palette.bold(code.padEnd(width))}  ${palette[severity](severity.padEnd(7))}  ${stage.padEnd(12)}  ${states}\n`,
    )
    .join('')
}

/** Everything about one code. */
export function renderCatalogueEntry(entry: CatalogueEntry, options: TextOptions = {}): string {
  const palette = options.palette ?? plainPalette
  const lines = [
    `${palette.bold(entry.code)}  ${palette[entry.severity](entry.severity)}, stage ${entry.stage}`,
    '',
    `States      ${entry.states}`,
    `Evidence    ${entry.evidence}`,
    ...(entry.notConfusedWith === '' ? [] : [`Not this    ${entry.notConfusedWith}`]),
    `Advice      ${entry.remedy}`,
    ...(entry.references.length === 0 ? [] : [`References  ${entry.references.join('; ')}`]),
  ]
  return `${lines.join('\n')}\n`
}
