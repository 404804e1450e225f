/**
 * `assume:` of a phone: what no manual says about it, decided for this scenario.
 */
import { DEFAULT_ASSUMPTIONS, type PhoneAssumptions } from '../emulator/phones/assumptions.js'
import { defined } from './defined.js'
import { KEYS } from './scenario-keys.js'
import type { Value, YamlSource } from './yaml-source.js'

const MAX_COUNT = 1000

export function loadAssumptions(source: YamlSource, value: Value): Partial<PhoneAssumptions> {
  const fields = source.fields(value, 'assume', KEYS.assume)
  if (fields === undefined) return {}
  return defined(
    Object.fromEntries(
      KEYS.assume.map((name) => {
        const node = fields.get(name)
        if (node === undefined) return [name, undefined]
        const isNumber = typeof DEFAULT_ASSUMPTIONS[name] === 'number'
        return [name, isNumber ? source.integer(node, name, 0, MAX_COUNT) : source.boolean(node, name)]
      }),
    ),
  ) as Partial<PhoneAssumptions>
}
