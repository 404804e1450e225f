/**
 * The `expect:` part of a scenario. Phones, models and finding codes are checked by name, so that a misspelt one does not
 * hold by being absent.
 */
import { catalogue } from '../analyzer/diagnosis/catalogue.js'
import type { Outcome, TransferResult, TransferRole } from '../analyzer/report.js'
import type { Claims, Expectation, TransferPattern } from '../expectations/expectation.js'
import { defined } from './defined.js'
import { readPhones } from './read-phones.js'
import { KEYS } from './scenario-keys.js'
import type { PhoneSettings } from './scenario.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

const OUTCOMES: readonly Outcome[] = ['booted', 'degraded', 'failed', 'incomplete']
const RESULTS: readonly TransferResult[] = [
  'ok',
  'timeout',
  'refused',
  'unreachable',
  'reset',
  'not-found',
  'denied',
  'auth',
  'error',
  'truncated',
  'redirect',
  'incomplete',
]
const ROLES: readonly TransferRole[] = [
  'script',
  'settings',
  'application',
  'boot-image',
  'language',
  'certificate',
  'backup',
  'restore',
  'other',
]
const MAX_COUNT = 1_000_000

/** @param file the scenario's name, for `source` */
export function loadExpectations(
  source: YamlSource,
  value: Value,
  phones: readonly PhoneSettings[],
  file: string,
): readonly Expectation[] {
  return new ExpectationLoader(source, file).expectations(value, phones)
}

class ExpectationLoader {
  readonly #source: YamlSource
  readonly #file: string

  constructor(source: YamlSource, file: string) {
    this.#source = source
    this.#file = file
  }

  expectations(value: Value, phones: readonly PhoneSettings[]): readonly Expectation[] {
    const source = this.#source
    return (source.list(value, 'expect') ?? []).flatMap((item) => {
      const fields = source.fields(item, 'an expectation', KEYS.expectation)
      if (fields === undefined) return []
      const claimKeys = KEYS.expectation.filter((key) => key !== 'phones')
      if (!claimKeys.some((key) => fields.has(key))) {
        source.note(fields.node, `this expects nothing; add one of ${claimKeys.join(', ')}`)
      }
      const not = source.fields(fields.get('not'), 'not', KEYS.not)
      return [
        defined({
          phones: readPhones(source, fields.get('phones'), phones),
          ...this.#claims(fields),
          within: source.duration(fields.get('within')),
          sessions: source.integer(fields.get('sessions'), 'sessions', 0, MAX_COUNT),
          not: not === undefined ? undefined : this.#claims(not),
          count: source.integer(fields.get('count'), 'count', 0, MAX_COUNT),
          source: `${this.#file}:${source.lineOf(fields.node)}`,
        }),
      ]
    })
  }

  #claims(fields: Fields<(typeof KEYS.not)[number]>): Claims {
    const source = this.#source
    const codes = catalogue.map((entry) => entry.code)
    const code = (node: Value) => source.oneOf(node, 'finding', codes)
    const several = <T>(
      key: (typeof KEYS.not)[number],
      read: (node: Value) => T | undefined,
    ): readonly T[] | undefined =>
      source.list(fields.get(key), key, true)?.flatMap((node) => {
        const one = read(node)
        return one === undefined ? [] : [one]
      })
    return defined({
      outcome: several('outcome', (node) => source.oneOf(node, 'outcome', OUTCOMES)),
      rootCause: several('rootCause', (node): string | null | undefined =>
        source.text(node, 'rootCause') === 'none' ? null : code(node),
      ),
      finding: several('finding', code),
      transfers: several('transfers', (node) => this.#transfer(node)),
    })
  }

  #transfer(value: Value): TransferPattern | undefined {
    const source = this.#source
    const fields = source.fields(value, 'a transfer', KEYS.transfer)
    if (fields === undefined) return undefined
    return defined({
      protocol: source.oneOf(fields.get('protocol'), 'protocol', ['http', 'tftp'] as const),
      method: source.text(fields.get('method'), 'method')?.toUpperCase(),
      path: source.text(fields.get('path'), 'path'),
      server: source.text(fields.get('server'), 'server'),
      role: source.oneOf(fields.get('role'), 'role', ROLES),
      result: source.oneOf(fields.get('result'), 'result', RESULTS),
      status: source.integer(fields.get('status'), 'status', 0, 999),
      count: source.integer(fields.get('count'), 'count', 0, MAX_COUNT),
    })
  }
}
