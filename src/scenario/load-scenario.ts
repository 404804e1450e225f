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
import { loadEvents } from './load-events.js'
import { loadExpectations } from './load-expectations.js'
import { loadNetwork, loadNetworkHead } from './load-network.js'
import { loadPhones } from './load-phones.js'
import { loadRules } from './load-rules.js'
import type { RuleContext } from './load-rules.js'
import { loadServers } from './load-servers.js'
import type { NetworkSettings } from './network-settings.js'
import { KEYS } from './scenario-keys.js'
import { allServers, SERVER_KINDS } from './scenario.js'
import type { CapturePoint, PhoneSettings, Scenario, Servers } from './scenario.js'
import { ScenarioError } from './scenario-error.js'
import type { Problem } from './scenario-error.js'
import type { ReadDirectory } from './servers/server.js'
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

    const head = loadNetworkHead(source, top.get('network'))
    const { servers, router } = loadServers(source, top.get('servers'), this.#readDirectory, head)
    const phones = loadPhones(source, top.get('phones'), head.vlans, servers.gatekeeper.length > 0)
    const { network, links } = loadNetwork(source, head, servers, router)
    if (top.has('phones') && phones.length === 0 && source.problems.length === 0) {
      source.note(top.get('phones'), 'the list of phones is empty; add one, as { model: 1608 }')
    }
    const serverNames = namesOf(servers)
    this.#checkPlaces(top.get('servers'), top.get('phones'), servers, phones, network)
    const context: RuleContext = {
      phones,
      vlans: head.vlans,
      links: linkNames(network),
      servers: serverNames,
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
      links,
      network,
      servers,
      phones,
      events: loadEvents(source, top.get('events'), context),
      rules: loadRules(source, top.get('rules'), context),
      expect: loadExpectations(source, top.get('expect'), phones, this.#file),
      capture: this.#capture(top.get('capture'), phones.length, serverNames, network),
    }
  }

  #epoch(value: Value): Scenario['epoch'] {
    const text = this.#source.text(value, 'epoch') ?? DEFAULT_EPOCH
    const epoch = parseTimestamp(text)
    if (epoch !== undefined && epoch.seconds >= 0 && epoch.seconds < 2 ** 32) return epoch
    this.#source.note(value, `epoch must be a UTC time as ${DEFAULT_EPOCH}, not '${shorten(text)}'`)
    return { seconds: 0, nanos: 0 }
  }

  /** Names of switches that servers and phones give themselves, and names that would be taken twice. */
  #checkPlaces(
    serversNode: Value,
    phonesNode: Value,
    servers: Servers,
    phones: readonly PhoneSettings[],
    network: NetworkSettings | undefined,
  ): void {
    const source = this.#source
    const switches = network?.switches.map(({ name }) => name) ?? ['access', 'core']
    const check = (node: Value, at: string | undefined) => {
      if (at === undefined || switches.includes(at)) return
      const nearest = nearestName(at, switches)
      const right = nearest === undefined ? `there are ${switches.join(', ')}` : `did you mean '${nearest}'?`
      source.note(node, `no switch '${shorten(at)}' to plug into; ${right}`)
    }
    for (const { at } of allServers(servers)) check(serversNode, at)
    for (const { place } of phones) check(phonesNode, place?.at)
    const taken = new Set([
      ...switches,
      'router',
      ...(network === undefined ? ['uplink'] : [network.routers, network.firewalls, network.links, network.mirrors])
        .flat()
        .map((one) => (typeof one === 'string' ? one : one.name)),
    ])
    for (const name of namesOf(servers)) {
      if (taken.has(name) || /^phone-[0-9]+$/.test(name)) {
        source.note(serversNode, `a server cannot be called '${name}': something in the network is`)
      }
    }
  }

  #capture(
    value: Value,
    phoneCount: number,
    servers: readonly string[],
    network: NetworkSettings | undefined,
  ): Scenario['capture'] {
    const source = this.#source
    const fields = source.fields(value, 'capture', KEYS.capture)
    const at = fields === undefined ? undefined : this.#capturePoint(fields.get('at'), phoneCount, servers, network)
    const file = source.text(fields?.get('file'), 'file', 1024)
    if (file === '' || file?.includes('\0') === true) source.note(fields?.get('file'), 'no file can have this name')
    const usual = network === undefined || network.phones.at === 'access'
    const otherwise: CapturePoint = usual ? { kind: 'access' } : { kind: 'named', name: network.phones.at }
    return { at: at ?? otherwise, file }
  }

  #capturePoint(
    value: Value,
    phoneCount: number,
    servers: readonly string[],
    network: NetworkSettings | undefined,
  ): CapturePoint | undefined {
    const source = this.#source
    const text = source.text(value, 'at')
    if (text === undefined) return undefined
    const boxes =
      network === undefined
        ? ['access', 'uplink', 'core']
        : [network.switches, network.links, network.mirrors].flatMap((list) => list.map(({ name }) => name))
    if (boxes.includes(text)) {
      return text === 'access' || text === 'uplink' || text === 'core' ? { kind: text } : { kind: 'named', name: text }
    }
    if (servers.includes(text)) return { kind: 'server', server: text }
    if ((SERVER_KINDS as readonly string[]).includes(text)) {
      source.note(value, `there is no ${text} server to capture at; add one under 'servers', or capture at core`)
      return undefined
    }
    const index = Number(/^phone-([0-9]{1,6})$/.exec(text)?.[1] ?? NaN)
    if (index >= 1 && index <= phoneCount) return { kind: 'phone', index }
    const nearest = nearestName(text, [...boxes, ...servers, 'phone-1'])
    const right =
      nearest === undefined
        ? `one of ${[...boxes, ...servers].join(', ')}, phone-1 to phone-${phoneCount}`
        : `did you mean '${nearest}'?`
    source.note(value, `unknown capture point '${shorten(text)}'; ${right}`)
    return undefined
  }
}

function namesOf(servers: Servers): readonly string[] {
  return allServers(servers).map(({ name }) => name)
}

/** The one that a rule means when it names none comes first: where everything passes once. */
function linkNames(network: NetworkSettings | undefined): readonly string[] {
  if (network === undefined) return ['uplink', 'access']
  const names = network.links.map(({ name }) => name)
  const usual = ['uplink', ...names].find((name) => names.includes(name)) ?? 'access'
  return [...new Set([usual, ...names, ...network.mirrors.map(({ name }) => name), 'access'])]
}
