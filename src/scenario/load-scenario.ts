/**
 * YAML text to a checked Scenario (`bootwire/scenario@1`).
 *
 * Everything that can be wrong is found here, before a run starts, and told with line and column: unknown keys with
 * the nearest known one, units, addresses, unknown models and finding codes, missing directories, values that contradict
 * each other. All problems of a file are reported at once.
 *
 * What the scenario language has and the emulated network does not do yet is refused by name, never ignored.
 */
import { MINUTE, parseTimestamp } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import { nearestName } from '../deskphone/nearest-name.js'
import { defined } from './defined.js'
import { loadExpectations } from './load-expectations.js'
import { loadPhones } from './load-phones.js'
import { loadServers } from './load-servers.js'
import { KEYS } from './scenario-keys.js'
import { LINK_NAMES, SERVER_KINDS } from './scenario.js'
import type { CapturePoint, LinkEvent, LinkSettings, Scenario } from './scenario.js'
import { ScenarioError } from './scenario-error.js'
import type { Problem } from './scenario-error.js'
import type { ReadDirectory, ServerSettings } from './servers/server.js'
import { shorten, YamlSource } from './yaml-source.js'
import type { Value } from './yaml-source.js'

/** A Saturday morning at four. Runs need some date; no verdict depends on it. */
const DEFAULT_EPOCH = '2026-11-21T03:10:00Z'
const DEFAULT_LIMIT: Nanos = 30 * MINUTE

/**
 * @param file the name for messages
 * @throws ScenarioError with every problem found
 */
export function parseScenario(text: string, file: string, readDirectory: ReadDirectory): Scenario {
  const source = new YamlSource(text)
  const scenario = source.problems.length > 0 ? undefined : new Loader(source, file, readDirectory).scenario()
  const [first, ...rest] = source.problems
  if (first !== undefined) throw new ScenarioError(file, [first, ...rest])
  if (scenario === undefined) throw new ScenarioError(file, [EMPTY])
  return scenario
}

const EMPTY: Problem = { line: 1, column: 1, message: 'an empty scenario; it needs at least phones: [{ model: 1608 }]' }

class Loader {
  readonly #source: YamlSource
  readonly #file: string
  readonly #readDirectory: ReadDirectory

  constructor(source: YamlSource, file: string, readDirectory: ReadDirectory) {
    this.#source = source
    this.#file = file
    this.#readDirectory = readDirectory
  }

  scenario(): Scenario | undefined {
    const source = this.#source
    const top = source.fields(source.root, 'a scenario', KEYS.scenario)
    if (top === undefined) return undefined
    if (!top.has('phones')) source.note(top.node, 'the scenario has no phones; add phones: [{ model: 1608 }]')

    const network = source.fields(top.get('network'), 'network', KEYS.network)
    const links = source.fields(network?.get('links'), 'links', KEYS.links)
    const { servers, router } = loadServers(source, top.get('servers'), this.#readDirectory)
    const phones = loadPhones(source, top.get('phones'), servers.gatekeeper.length > 0)
    if (top.has('phones') && phones.length === 0 && source.problems.length === 0) {
      source.note(top.get('phones'), 'the list of phones is empty; add one, as { model: 1608 }')
    }
    const base = this.#file.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/i, '')
    // A description is for readers of the file only.
    if (top.has('description')) source.text(top.get('description'), 'description')

    return {
      file: this.#file,
      name: source.text(top.get('name'), 'name', 200) ?? base,
      seed: source.integer(top.get('seed'), 'seed', 0, 0xffffffff) ?? 1,
      epoch: this.#epoch(top.get('epoch')),
      limit: source.duration(top.get('limit')) ?? DEFAULT_LIMIT,
      router,
      links: { access: this.#link(links?.get('access')), uplink: this.#link(links?.get('uplink')) },
      servers,
      phones,
      events: this.#events(top.get('events')),
      expect: loadExpectations(source, top.get('expect'), phones, this.#file),
      capture: this.#capture(top.get('capture'), phones.length, servers),
    }
  }

  #epoch(value: Value): Scenario['epoch'] {
    const text = this.#source.text(value, 'epoch') ?? DEFAULT_EPOCH
    const epoch = parseTimestamp(text)
    if (epoch !== undefined && epoch.seconds >= 0 && epoch.seconds < 2 ** 32) return epoch
    this.#source.note(value, `epoch must be a UTC time as ${DEFAULT_EPOCH}, not '${shorten(text)}'`)
    return { seconds: 0, nanos: 0 }
  }

  // --- links and events ---

  #link(value: Value): LinkSettings {
    const source = this.#source
    const fields = source.fields(value, 'a link', KEYS.link)
    if (fields === undefined) return {}
    const share = (key: 'loss' | 'duplicate' | 'reorder' | 'corrupt') => {
      const node = fields.get(key)
      if (node !== undefined && source.isMapping(node)) {
        source.note(node, `a model of '${key}' is not supported yet; give a percentage, as ${key}: 1%`)
        return undefined
      }
      return source.percentage(node)
    }
    const settings = {
      delay: source.duration(fields.get('delay')),
      jitter: source.duration(fields.get('jitter')),
      rate: source.rate(fields.get('rate')),
      loss: share('loss'),
      duplicate: share('duplicate'),
      reorder: share('reorder'),
      corrupt: share('corrupt'),
      limit: source.integer(fields.get('limit'), 'limit (frames)', 1, 1_000_000),
    }
    return defined(settings)
  }

  #events(value: Value): readonly LinkEvent[] {
    const source = this.#source
    return (source.list(value, 'events') ?? []).flatMap((item) => {
      const fields = source.fields(item, 'an event', KEYS.event)
      if (fields === undefined) return []
      for (const key of ['at', 'link', 'set'] as const) {
        if (!fields.has(key))
          source.note(
            fields.node,
            `an event needs '${key}', as { at: 30s, link: uplink, set: { loss: 10% }, for: 20s }`,
          )
      }
      const at = source.duration(fields.get('at'))
      const link = source.oneOf(fields.get('link'), 'link', LINK_NAMES)
      const set = this.#link(fields.get('set'))
      const duration = source.duration(fields.get('for'))
      return at === undefined || link === undefined ? [] : [{ at, link, set, duration }]
    })
  }

  // --- capture ---

  #capture(value: Value, phoneCount: number, servers: Scenario['servers']): Scenario['capture'] {
    const source = this.#source
    const fields = source.fields(value, 'capture', KEYS.capture)
    const at = fields === undefined ? undefined : this.#capturePoint(fields.get('at'), phoneCount, servers)
    const file = source.text(fields?.get('file'), 'file', 1024)
    if (file === '' || file?.includes('\0') === true) source.note(fields?.get('file'), 'no file can have this name')
    return { at: at ?? { kind: 'access' }, file }
  }

  #capturePoint(value: Value, phoneCount: number, servers: Scenario['servers']): CapturePoint | undefined {
    const source = this.#source
    const text = source.text(value, 'at')
    if (text === undefined) return undefined
    if (text === 'access' || text === 'uplink' || text === 'core') return { kind: text }
    const names = Object.values(servers).flatMap((list: readonly ServerSettings[]) => list.map(({ name }) => name))
    if (names.includes(text)) return { kind: 'server', server: text }
    if ((SERVER_KINDS as readonly string[]).includes(text)) {
      source.note(value, `there is no ${text} server to capture at; add one under 'servers', or capture at core`)
      return undefined
    }
    const index = Number(/^phone-([0-9]{1,6})$/.exec(text)?.[1] ?? NaN)
    if (index >= 1 && index <= phoneCount) return { kind: 'phone', index }
    const nearest = nearestName(text, ['access', 'uplink', 'core', ...names, 'phone-1'])
    const right =
      nearest === undefined
        ? `one of ${['access', 'uplink', 'core', ...names].join(', ')}, phone-1 to phone-${phoneCount}`
        : `did you mean '${nearest}'?`
    source.note(value, `unknown capture point '${shorten(text)}'; ${right}`)
    return undefined
  }
}
