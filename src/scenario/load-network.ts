/**
 * The `network:` part of a scenario: one of the networks that have a name (network-plans.ts) with conditions for its
 * links, or boxes and links of one's own.
 *
 * It is read in two steps: what servers and phones need to know before they are read (the kind of network, VLANs by name,
 * the servers' subnet), and the rest, which refers to them.
 */
import { latin1Bytes } from '../base/bytes.js'
import type { RelaySettings } from '../emulator/link/relay.js'
import { nearestName } from '../deskphone/nearest-name.js'
import type { SubOption } from '../wire/dhcp.js'
import { RelaySubOptionCode } from '../wire/dhcp.js'
import { formatAddress } from '../wire/ipv4.js'
import { defined } from './defined.js'
import { firewallOptions, loadFirewall } from './load-firewall.js'
import { linkSettings, loadLink } from './load-links.js'
import { loadPortProtocols } from './load-port-protocols.js'
import { planNetwork, TOPOLOGIES, TOPOLOGY_LINKS } from './network-plans.js'
import type { Topology } from './network-plans.js'
import type {
  CableSettings,
  FirewallSettings,
  InterfaceSettings,
  MirrorSettings,
  NetworkSettings,
  PlugSettings,
  RouterSettings,
  SwitchSettings,
} from './network-settings.js'
import { readPort, readSubnet, readTrunk, readVlan } from './read-places.js'
import type { VlanNames } from './read-places.js'
import { KEYS } from './scenario-keys.js'
import { allServers } from './scenario.js'
import type { LinkSettings, Servers } from './scenario.js'
import { hostProblem } from './servers/server.js'
import type { Subnet } from './servers/server.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

/** What is known of the network before servers and phones are read. */
export interface NetworkHead {
  readonly fields: Fields<(typeof KEYS.network)[number]> | undefined
  readonly topology: Topology | 'custom'
  readonly vlans: VlanNames
  /** The servers' subnet by its router; undefined where servers and phones share one. */
  readonly home: Subnet | undefined
}

const DEFAULT_HOME: Subnet = { address: 0x0a0a0001, mask: 0xffffff00 } // 10.10.0.1/24
const CAMPUS_VLANS: VlanNames = new Map([
  ['data', 10],
  ['voice', 20],
  ['servers', 30],
])
const BOX_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/

export function loadNetworkHead(source: YamlSource, value: Value): NetworkHead {
  const fields = source.fields(value, 'network', KEYS.network)
  const boxes = (['switches', 'routers', 'firewalls'] as const).filter((key) => fields?.has(key) === true)
  const named = source.oneOf(fields?.get('topology'), 'topology', TOPOLOGIES)
  if (fields?.has('topology') === true && boxes.length > 0) {
    source.note(fields.get('topology'), `a network has a topology or its own ${boxes.join(' and ')}, not both`)
  }
  const topology = boxes.length > 0 ? 'custom' : (named ?? 'lan')
  const vlans = new Map(topology === 'campus' ? CAMPUS_VLANS : [])
  for (const { key, value: number } of fields?.has('vlans') === true
    ? (source.entries(fields.get('vlans'), 'vlans') ?? [])
    : []) {
    const vlan = source.integer(number, `VLAN ${shorten(key)}`, 1, 4094)
    if (vlan !== undefined) vlans.set(key, vlan)
  }
  const plug = source.fields(fields?.get('servers'), 'the place of the servers', KEYS.plug)
  const subnet = readSubnet(source, plug?.get('subnet'), 'subnet')
  const home = subnet === undefined ? undefined : withRouter(subnet)
  const flat = topology === 'lan' || (topology === 'custom' && !boxes.includes('routers'))
  return { fields, topology, vlans, home: flat ? undefined : (home ?? DEFAULT_HOME) }
}

/** `10.10.0.0/24` names the network; its router is the first host. */
function withRouter({ address, mask }: Subnet): Subnet {
  return (address & ~mask) === 0 ? { address: address + 1, mask } : { address, mask }
}

export interface LoadedNetwork {
  /** Undefined for a plain lan, which needs no more than its two links. */
  readonly network: NetworkSettings | undefined
  readonly links: Readonly<Record<'access' | 'uplink', LinkSettings>> & Readonly<Record<string, LinkSettings>>
}

export function loadNetwork(source: YamlSource, head: NetworkHead, servers: Servers, router: Subnet): LoadedNetwork {
  return new NetworkLoader(source, head, servers, router).network()
}

class NetworkLoader {
  readonly #source: YamlSource
  readonly #head: NetworkHead
  readonly #servers: Servers
  readonly #router: Subnet

  constructor(source: YamlSource, head: NetworkHead, servers: Servers, router: Subnet) {
    this.#source = source
    this.#head = head
    this.#servers = servers
    this.#router = router
  }

  network(): LoadedNetwork {
    const { fields, topology } = this.#head
    if (topology === 'custom') return this.#custom(fields!)
    const source = this.#source
    const links = this.#namedLinks(fields?.get('links'), topology)
    const mirrors = this.#mirrors(fields?.get('mirrors'), new Set(['access', 'core']))
    const firewallNode = fields?.get('firewall')
    const firewall = firewallNode === undefined ? undefined : loadFirewall(source, firewallNode)
    if (firewall !== undefined && topology === 'campus') {
      source.note(firewallNode, 'a campus has no place for a firewall; build the network of switches and routers')
    }
    const relay = this.#relay(fields?.get('relay'), topology !== 'lan')
    if (topology === 'lan') {
      for (const key of ['relay', 'vlans'] as const) {
        if (fields?.has(key) === true)
          source.note(fields.get(key), `a lan has no '${key}'; use topology: branch or campus`)
      }
    }
    const settings = planNetwork(topology, {
      links,
      firewall,
      mirrors,
      relay,
      phones: this.#phoneSubnets(),
      servers: { ...(this.#head.home ?? this.#router), vlan: this.#head.vlans.get('servers') },
    })
    const network = {
      ...settings,
      phones: { ...this.#plug(fields?.get('phones'), settings.phones, KEYS.phonePlug), ...this.#protocols(fields) },
      servers: this.#plug(fields?.get('servers'), settings.servers, KEYS.plug),
    }
    const plain =
      topology === 'lan' && firewall === undefined && mirrors.length === 0 && network.phones.protocols === undefined
    return { network: plain ? undefined : network, links: { access: {}, uplink: {}, ...links } }
  }

  #namedLinks(value: Value, topology: Topology): Readonly<Record<string, LinkSettings>> {
    const source = this.#source
    const fields = source.fields(value, 'links', TOPOLOGY_LINKS[topology])
    return Object.fromEntries(
      TOPOLOGY_LINKS[topology].flatMap((name) =>
        fields?.has(name) === true ? [[name, loadLink(source, fields.get(name))]] : [],
      ),
    )
  }

  /** The phones' networks, as the first DHCP server has them. */
  #phoneSubnets(): readonly (Subnet & { readonly vlan: number | undefined })[] {
    const { vlans, topology } = this.#head
    const [dhcp] = this.#servers.dhcp
    const scopes = dhcp === undefined ? [] : [dhcp, ...dhcp.scopes]
    if (scopes.length === 0) return [{ ...this.#router, vlan: vlans.get('data') }]
    const names = ['data', 'voice']
    return scopes.map(({ routers, pool, mask, clientVlan }, index) => ({
      address: routers[0] ?? ((pool.first & mask) >>> 0) + 1,
      mask,
      vlan: topology === 'campus' ? (clientVlan ?? vlans.get(names[index] ?? '')) : clientVlan,
    }))
  }

  #plug(value: Value, otherwise: PlugSettings, keys: typeof KEYS.plug | typeof KEYS.phonePlug): PlugSettings {
    const source = this.#source
    const fields = source.fields(value, placeName(keys), keys)
    return { ...otherwise, ...defined({ port: readPort(source, fields?.get('port'), this.#head.vlans) }) }
  }

  /** LLDP and 802.1X on the phones' ports. */
  #protocols(network: NetworkHead['fields']): Pick<PlugSettings, 'protocols'> {
    const plug = this.#source.fields(network?.get('phones'), 'a place', KEYS.phonePlug)
    const protocols = loadPortProtocols(this.#source, plug, this.#head.vlans)
    return Object.keys(protocols).length > 0 ? { protocols } : {}
  }

  /** @param otherwise whether routers relay when nothing is said */
  #relay(value: Value, otherwise: boolean): RelaySettings | undefined {
    const source = this.#source
    const node = source.resolve(value)
    const on = node === undefined ? otherwise : source.asBoolean(node)
    if (on === false) return undefined
    const fields = on === true ? undefined : source.fields(node, 'relay', KEYS.relay)
    const named = source.list(fields?.get('to'), 'to', true)?.flatMap((item) => this.#relayTarget(item) ?? [])
    const option = source.fields(fields?.get('option82'), 'option82', KEYS.option82)
    const information: SubOption[] = []
    const add = (code: number, text: string | undefined) => {
      if (text !== undefined) information.push({ code, data: latin1Bytes(text) })
    }
    add(RelaySubOptionCode.circuitId, source.text(option?.get('circuitId'), 'circuitId', 100))
    add(RelaySubOptionCode.remoteId, source.text(option?.get('remoteId'), 'remoteId', 100))
    return {
      servers: named ?? this.#servers.dhcp.filter(({ at }) => at === undefined).map(({ address }) => address),
      ...defined({
        maxHops: source.integer(fields?.get('maxHops'), 'maxHops', 1, 16),
        minSecs: wholeSeconds(source.duration(fields?.get('minSecs'))),
        information: option === undefined ? undefined : information,
      }),
    }
  }

  /** A DHCP server by its name, or an address. */
  #relayTarget(value: Value): number | undefined {
    const source = this.#source
    const text = source.text(value, 'to', 64)
    if (text === undefined) return undefined
    const server = this.#servers.dhcp.find(({ name }) => name === text)
    if (server !== undefined) return server.address
    if (/^[0-9]/.test(text)) return source.address(value, 'to')
    const names = this.#servers.dhcp.map(({ name }) => name)
    const nearest = nearestName(text, names)
    const right = nearest === undefined ? `an address, or one of ${names.join(', ')}` : `did you mean '${nearest}'?`
    source.note(value, `no DHCP server '${shorten(text)}'; ${right}`)
    return undefined
  }

  #custom(fields: Fields<(typeof KEYS.network)[number]>): LoadedNetwork {
    const source = this.#source
    for (const key of ['relay', 'firewall'] as const) {
      if (!fields.has(key)) continue
      const where = key === 'relay' ? 'an interface of a router' : "'firewalls'"
      source.note(fields.get(key), `in a network of one's own '${key}' stands with ${where}`)
    }
    const names = new Map<string, 'switch' | 'router' | 'firewall'>()
    const each = <K extends string>(
      key: 'switches' | 'routers' | 'firewalls',
      kind: 'switch' | 'router' | 'firewall',
      keys: readonly K[],
    ) =>
      (fields.has(key) ? (source.entries(fields.get(key), key) ?? []) : []).flatMap(({ key: name, keyNode, value }) => {
        if (!BOX_NAME.test(name)) source.note(keyNode, `a ${kind}'s name is a word, not '${shorten(name)}'`)
        const other = names.get(name)
        if (other !== undefined) source.note(keyNode, `a ${other} is called '${name}' already`)
        names.set(name, kind)
        const inner = source.fields(value, `a ${kind}`, keys)
        return inner === undefined ? [] : [{ name, inner }]
      })
    const switches = each('switches', 'switch', KEYS.switch).map(({ name, inner }): SwitchSettings => ({
      name,
      ...defined({
        latency: source.duration(inner.get('latency')),
        ageing: source.duration(inner.get('ageing')),
      }),
    }))
    const routerFields = each('routers', 'router', KEYS.router)
    const firewalls = each('firewalls', 'firewall', KEYS.firewall).map(({ name, inner }): FirewallSettings => ({
      name,
      ...firewallOptions(source, inner),
    }))
    const access: LinkSettings[] = []
    const links: CableSettings[] = []
    const linkEntries = fields.has('links') ? (source.entries(fields.get('links'), 'links') ?? []) : []
    for (const { key: name, keyNode, value } of linkEntries) {
      if (name === 'access') access.push(loadLink(source, value))
      else links.push(...this.#cable(name, keyNode, value, names))
    }
    const routers = routerFields.map(({ name, inner }) => this.#routerOf(name, inner, links))
    const switchNames = new Set(switches.map(({ name }) => name))
    const [firstSwitch = ''] = switchNames
    if (firstSwitch === '') source.note(fields.node, 'the network has no switch; phones and servers need one')
    const place = this.#place(fields.get('phones'), switchNames, firstSwitch, KEYS.phonePlug)
    const phones = { ...place, ...this.#protocols(fields) }
    const servers = this.#place(fields.get('servers'), switchNames, [...switchNames].at(-1) ?? '', KEYS.plug)
    const mirrors = this.#mirrors(fields.get('mirrors'), switchNames, links)
    const byName = Object.fromEntries(links.map((link) => [link.name, link.settings]))
    return {
      network: { switches, routers, firewalls, links, mirrors, phones, servers },
      links: { uplink: {}, ...byName, access: access[0] ?? {} },
    }
  }

  #place(
    value: Value,
    switches: ReadonlySet<string>,
    otherwise: string,
    keys: typeof KEYS.plug | typeof KEYS.phonePlug,
  ): PlugSettings {
    const source = this.#source
    const fields = source.fields(value, placeName(keys), keys)
    const at = source.text(fields?.get('at'), 'at', 64)
    if (at !== undefined) this.#known(fields?.get('at'), at, [...switches], 'switch')
    return {
      at: at ?? otherwise,
      ...defined({ port: readPort(source, fields?.get('port'), this.#head.vlans) }),
    }
  }

  #cable(
    name: string,
    keyNode: Value,
    value: Value,
    boxes: ReadonlyMap<string, 'switch' | 'router' | 'firewall'>,
  ): readonly CableSettings[] {
    const source = this.#source
    if (!BOX_NAME.test(name)) source.note(keyNode, `a link's name is a word, not '${shorten(name)}'`)
    const fields = source.fields(value, 'a link', KEYS.cable)
    if (fields === undefined) return []
    const ends = source.list(fields.get('between'), 'between') ?? []
    const [a, b] = ends.map((end) => source.text(end, 'a box', 64) ?? '')
    if (ends.length !== 2 || a === undefined || b === undefined) {
      source.note(fields.node, `a link needs its two ends, as between: [floor, router], the phones' side first`)
      return []
    }
    ends.forEach((end, index) => this.#known(end, [a, b][index]!, [...boxes.keys()], 'box'))
    if (a === b) source.note(fields.get('between'), 'a link has two different ends')
    const trunk = fields.has('trunk') && source.asBoolean(fields.get('trunk')) !== false
    const vlan = readVlan(source, fields.get('vlan'), this.#head.vlans)
    const port: CableSettings['port'] = trunk
      ? { kind: 'trunk', ...readTrunk(source, fields.get('trunk'), fields.get('native'), this.#head.vlans) }
      : vlan === undefined
        ? undefined
        : { kind: 'access', vlan }
    if (!trunk && fields.has('native')) source.note(fields.get('native'), "'native' goes with 'trunk'")
    return [{ name, between: [a, b], settings: linkSettings(source, fields), ...defined({ port }) }]
  }

  #known(node: Value, name: string, names: readonly string[], kind: string): void {
    if (names.includes(name)) return
    const nearest = nearestName(name, names)
    const right = nearest === undefined ? `there are ${names.join(', ') || 'none'}` : `did you mean '${nearest}'?`
    this.#source.note(node, `no ${kind} '${shorten(name)}'; ${right}`)
  }

  #routerOf(
    name: string,
    fields: Fields<(typeof KEYS.router)[number]>,
    links: readonly CableSettings[],
  ): RouterSettings {
    const source = this.#source
    const own = links.filter(({ between }) => between.includes(name)).map((link) => link.name)
    const interfaces = (source.list(fields.get('interfaces'), 'interfaces') ?? []).flatMap((item) =>
      this.#interface(item, own),
    )
    if (interfaces.length === 0) {
      source.note(fields.node, 'a router needs interfaces: [{ link: uplink, address: 10.20.0.1/24 }]')
    }
    const routes = (source.list(fields.get('routes'), 'routes') ?? []).flatMap((item) => {
      const route = source.fields(item, 'a route', KEYS.route)
      const to = readSubnet(source, route?.get('to'), 'to')
      const gateway = source.address(route?.get('via'), 'via')
      if (route !== undefined && (!route.has('to') || !route.has('via'))) {
        source.note(route.node, "a route needs 'to' and 'via', as { to: 10.40.0.0/16, via: 10.30.0.254 }")
      }
      if (to === undefined || gateway === undefined) return []
      if (!interfaces.some((one) => (one.address & one.mask) === (gateway & one.mask))) {
        source.note(route?.get('via'), `no interface of ${name} is on the network of ${formatAddress(gateway)}`)
        return []
      }
      return [{ network: (to.address & to.mask) >>> 0, mask: to.mask, gateway }]
    })
    return { name, interfaces, routes }
  }

  #interface(item: Value, links: readonly string[]): readonly InterfaceSettings[] {
    const source = this.#source
    const fields = source.fields(item, 'an interface', KEYS.interface)
    if (fields === undefined) return []
    const link = source.text(fields.get('link'), 'link', 64)
    const subnet = readSubnet(source, fields.get('address'), 'address')
    for (const key of ['link', 'address'] as const) {
      if (!fields.has(key)) {
        source.note(fields.node, `an interface needs '${key}', as { link: uplink, address: 10.20.0.1/24 }`)
      }
    }
    if (link !== undefined) this.#known(fields.get('link'), link, links, 'link of this router')
    const problem = subnet === undefined ? undefined : hostProblem(subnet.address, subnet.mask)
    if (problem !== undefined) source.note(fields.get('address'), problem)
    if (link === undefined || subnet === undefined) return []
    return [
      {
        link,
        ...subnet,
        ...defined({
          vlan: readVlan(source, fields.get('vlan'), this.#head.vlans),
          mtu: source.integer(fields.get('mtu'), 'mtu', 68, 65_535),
          relay: fields.has('relay') ? this.#relay(fields.get('relay'), true) : undefined,
        }),
      },
    ]
  }

  #mirrors(value: Value, switches: ReadonlySet<string>, links?: readonly CableSettings[]): readonly MirrorSettings[] {
    const source = this.#source
    if (source.resolve(value) === undefined) return []
    return (source.entries(value, 'mirrors') ?? []).flatMap(({ key: name, keyNode, value: node }) => {
      if (!BOX_NAME.test(name)) source.note(keyNode, `a mirror's name is a word, not '${shorten(name)}'`)
      if (switches.has(name)) source.note(keyNode, `a switch is called '${name}' already`)
      const fields = source.fields(node, 'a mirror', KEYS.mirror)
      if (fields === undefined) return []
      const at = source.text(fields.get('at'), 'at', 64) ?? (switches.has('access') ? 'access' : [...switches][0]!)
      if (fields.has('at')) this.#known(fields.get('at'), at, [...switches], 'switch')
      const watch = source
        .list(fields.get('watch'), 'watch', true)
        ?.flatMap((item) => source.text(item, 'watch', 64) ?? [])
      const cables = links?.filter(({ between }) => between.includes(at)).map((link) => link.name)
      for (const item of source.list(fields.get('watch'), 'watch', true) ?? []) {
        const link = source.text(item, 'watch', 64) ?? ''
        const dynamic = link === 'access' || /^phone-[0-9]{1,6}$/.test(link) || this.#serverNames().includes(link)
        if (!dynamic && cables !== undefined) this.#known(item, link, ['access', ...cables], 'link of this switch')
        else if (!dynamic) this.#known(item, link, ['access', 'uplink', 'backbone'], 'link of this switch')
      }
      return [
        {
          name,
          at,
          watch: watch ?? ['access'],
          direction:
            source.oneOf(fields.get('direction'), 'direction', ['received', 'sent', 'both'] as const) ?? 'both',
          ...defined({ tags: source.boolean(fields.get('tags'), 'tags') }),
          settings: loadLink(source, fields.get('link'), "the mirror's link"),
        },
      ]
    })
  }

  #serverNames(): readonly string[] {
    return allServers(this.#servers).map(({ name }) => name)
  }
}

/** As the servers' place was called when it was first looked at: one mistake, one message. */
function placeName(keys: typeof KEYS.plug | typeof KEYS.phonePlug): string {
  return keys === KEYS.plug ? 'the place of the servers' : 'a place'
}

function wholeSeconds(nanos: number | undefined): number | undefined {
  return nanos === undefined ? undefined : Math.round(nanos / 1e9)
}
