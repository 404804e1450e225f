import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { KEYS } from '../../src/scenario/scenario-keys.js'
import { FAULT_KINDS } from '../../src/servers/faults.js'

const root = new URL('../../', import.meta.url)
const schema = JSON.parse(readFileSync(new URL('src/scenario/scenario.schema.json', root), 'utf8')) as {
  properties: object
  $defs: Record<string, { properties?: object; oneOf?: { required?: string[] }[] }>
}
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
const validate = ajv.compile(schema)

describe('scenario.schema.json', () => {
  it.each(Object.entries(KEYS))('knows the same keys of %s as the loader', (name, keys) => {
    const properties = name === 'scenario' ? schema.properties : schema.$defs[name]?.properties
    expect(Object.keys(properties ?? {}).sort()).toEqual([...keys].sort())
  })

  it('knows the same actions of a fault', () => {
    expect(schema.$defs['fault']?.oneOf?.map(({ required }) => required?.[0])).toEqual([...FAULT_KINDS])
  })

  const scenarios = readdirSync(new URL('scenarios/', root)).filter((file) => file.endsWith('.yaml'))
  it.each(scenarios)('accepts %s', (file) => {
    const scenario: unknown = parse(readFileSync(new URL(`scenarios/${file}`, root), 'utf8'))
    expect(validate(scenario), JSON.stringify(validate.errors)).toBe(true)
  })

  it.each([{ http: true }, { http: null }, { tftp: false, dhcp: false }])(
    'accepts servers with their defaults: %j',
    (servers) => {
      expect(validate({ phones: [{ model: 1608 }], servers }), JSON.stringify(validate.errors)).toBe(true)
    },
  )

  it.each([
    ['a misspelt key', { phones: [{ model: 1608 }], network: { links: { uplink: { losss: '1%' } } } }],
    ['a number without unit', { phones: [{ model: 1608, start: 5 }] }],
    ['a unit that is none', { phones: [{ model: 1608, start: '5m' }] }],
    ['a scenario without phones', { name: 'nobody' }],
    ['two faults in one', { phones: [{ model: 1608 }], servers: { http: { faults: [{ hang: '5s', reset: true }] } } }],
    ['an outcome that is none', { phones: [{ model: 1608 }], expect: [{ outcome: 'fine' }] }],
  ])('refuses %s', (_what, scenario) => {
    expect(validate(scenario)).toBe(false)
  })
})
