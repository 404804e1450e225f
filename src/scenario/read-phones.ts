/**
 * Which phones a part of a scenario speaks of: `all`, a group, a model, a MAC, a position, an extension, or a list of
 * those.
 */
import { nearestName } from '../deskphone/nearest-name.js'
import { modelByName, suggestModel } from '../deskphone/series.js'
import type { PhoneSelector } from '../expectations/expectation.js'
import { formatMac, parseMac } from '../wire/ethernet.js'
import type { PhoneSettings } from './scenario.js'
import { shorten } from './yaml-source.js'
import type { Value, YamlSource } from './yaml-source.js'

export function readPhones(
  source: YamlSource,
  value: Value,
  phones: readonly PhoneSettings[],
): readonly PhoneSelector[] {
  const nodes = source.list(value, 'phones', true)
  if (nodes === undefined) return [{ by: 'all' }]
  return nodes.flatMap((node): readonly PhoneSelector[] => {
    const text = source.text(node, 'phones', 64)
    if (text === undefined) return []
    if (text === 'all') return [{ by: 'all' }]
    const mac = parseMac(text)
    if (mac !== undefined) {
      const colons = formatMac(mac)
      if (!phones.some((phone) => phone.mac === colons)) source.note(node, `no phone has MAC ${colons}`)
      return [{ by: 'mac', mac: colons }]
    }
    // A number is a model before it is a position: models have four digits.
    const model = modelByName(text)
    if (model !== undefined) {
      if (!phones.some((phone) => phone.model === model.name)) source.note(node, `no phone here is a ${model.name}`)
      return [{ by: 'model', model: model.name }]
    }
    if (/^[0-9]+$/.test(text) && Number(text) >= 1 && Number(text) <= phones.length) {
      return [{ by: 'index', index: Number(text) }]
    }
    if (phones.some((phone) => phone.groupName === text)) return [{ by: 'group', group: text }]
    if (phones.some((phone) => phone.extension === text)) return [{ by: 'extension', extension: text }]
    const groups = phones.flatMap(({ groupName }) => groupName ?? [])
    const names = ['all', ...new Set([...groups, ...phones.map((phone) => phone.model)])]
    const nearest = nearestName(text, names) ?? suggestModel(text)
    const right =
      nearest === undefined ? 'all, a group, a model, a MAC, a number or an extension' : `did you mean '${nearest}'?`
    source.note(node, `no such phones '${shorten(text)}'; ${right}`)
    return []
  })
}

/** Their positions, 0-based, in the scenario's order. */
export function positionsOf(selectors: readonly PhoneSelector[], phones: readonly PhoneSettings[]): readonly number[] {
  const fits = (phone: PhoneSettings, index: number, selector: PhoneSelector): boolean => {
    switch (selector.by) {
      case 'all':
        return true
      case 'group':
        return phone.groupName === selector.group
      case 'model':
        return phone.model === selector.model
      case 'mac':
        return phone.mac === selector.mac
      case 'index':
        return index + 1 === selector.index
      case 'extension':
        return phone.extension === selector.extension
    }
  }
  return phones.flatMap((phone, index) => (selectors.some((one) => fits(phone, index, one)) ? [index] : []))
}
