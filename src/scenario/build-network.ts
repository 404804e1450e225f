/**
 * A network's boxes and links as the emulator has them, and what is plugged into them. The order of creation is fixed:
 * switches, routers, firewalls, links, then servers, phones and mirrors as they are plugged in; made-up addresses and
 * the luck of each link depend on it.
 */
import type { Link, LinkEndName, LinkNode, Port } from '../emulator/link/link.js'
import type { LinkConditions } from '../emulator/link/impairments.js'
import type { PortMode, Switch } from '../emulator/link/switch.js'
import type { EmulatedHost } from '../emulator/net/host.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import { Network } from '../emulator/topology.js'
import { startPortProtocols } from './load-port-protocols.js'
import { interfaceFor } from './network-settings.js'
import type { MirrorSettings, NetworkSettings, PlugSettings } from './network-settings.js'
import type { LinkSettings } from './scenario.js'
import type { ServerSettings, Subnet } from './servers/server.js'

/** A link, and which of its directions is up: from the phones towards the servers. */
export interface DirectedLink {
  readonly link: Link
  readonly up: 'a2b' | 'b2a'
}

export class BuiltNetwork {
  readonly network: Network
  /** Links by the names that a scenario uses; `access` is those of all phones. */
  readonly links = new Map<string, DirectedLink[]>([['access', []]])
  readonly #settings: NetworkSettings
  /** Of machines on a network without routers. */
  readonly #flat: Subnet
  readonly #machines = new Map<number, EmulatedHost>()
  readonly #mirrors: readonly MirrorSettings[]

  constructor(sim: Simulation, settings: NetworkSettings, flat: Subnet) {
    this.#settings = settings
    this.#flat = flat
    this.#mirrors = settings.mirrors
    const network = (this.network = new Network(sim))
    for (const { name, ...options } of settings.switches) network.addSwitch(name, options)
    for (const { name } of settings.routers) network.addRouter(name)
    for (const { name, ...options } of settings.firewalls) network.addFirewall(name, options)
    for (const { name, between, settings: conditions, port } of settings.links) {
      const [a, b] = between.map((end) => this.#box(end))
      const link = this.#connect(name, a!, b!, conditions, 'a2b')
      for (const end of between) this.#setPort(end, link, port)
    }
    for (const { name, interfaces, routes } of settings.routers) {
      const router = network.router(name)
      for (const { link, ...options } of interfaces) router.addInterface(network.link(link), options)
      for (const { network: to, mask, gateway } of routes) router.addRoute(to, mask, gateway)
    }
  }

  /** The machine with the server's address, made and named after it when it is the first there. */
  server({ address, name, at, vlan }: Omit<ServerSettings, 'listen'>): EmulatedHost {
    const known = this.#machines.get(address)
    if (known !== undefined) {
      this.links.set(name, this.links.get(known.name) ?? [])
      return known
    }
    const { routers, servers } = this.#settings
    const leg = routers.length === 0 ? this.#flat : interfaceFor(routers, address)
    const router = leg === undefined || leg.address === address ? {} : { router: leg.address }
    const host = this.network.addHost(name, { address, ...(leg !== undefined && { mask: leg.mask }), ...router })
    const own = routers.length === 0 ? undefined : interfaceFor(routers, address)?.vlan
    const access = vlan ?? (servers.port === undefined ? own : undefined)
    const place: PlugSettings = {
      ...servers,
      ...(at !== undefined && { at }),
      ...(access !== undefined && { port: { kind: 'access', vlan: access } }),
    }
    this.#plug(host, `${name}-${place.at}`, place, {}, 'b2a', name)
    this.#machines.set(address, host)
    return host
  }

  /** @param name of the phone; its link is among `access` and known by this name too */
  phone(name: string, mac: string, place: Partial<PlugSettings>, link: string, settings: LinkSettings): EmulatedHost {
    const host = this.network.addHost(name, { mac, profile: 'phone' })
    this.#plug(host, link, { ...this.#settings.phones, ...place }, settings, 'a2b', name)
    this.links.get('access')!.push(...this.links.get(name)!)
    return host
  }

  /** LLDP and 802.1X on the port of a phone that is plugged in. */
  portProtocols(phone: string, place: Partial<PlugSettings>): { linkUp(): void } {
    const { at, protocols = {} } = { ...this.#settings.phones, ...place }
    const { link } = this.links.get(phone)![0]!
    return startPortProtocols(protocols, this.network.sim, this.network.switch(at), link)
  }

  /** After everything is plugged in: the ports that the mirrors watch exist. */
  addMirrors(): void {
    for (const { name, at, watch, direction, tags, settings } of this.#mirrors) {
      const box = this.network.switch(at)
      const from = watch
        .flatMap((link) => this.links.get(link) ?? [])
        .map(({ link }) => link)
        .filter(({ a, b }) => a === box || b === box)
      const to = this.#connect(name, box, new Watcher(name), settings, 'a2b')
      box.mirror({ from, direction, to, ...(tags !== undefined && { tags }) })
    }
  }

  /** Where the frames of a capture point pass: a switch, a link at one of its ends, or what a mirror copies. */
  tapPoint(name: string): Switch | { readonly link: Link; readonly end: LinkEndName } | undefined {
    const mirror = this.#mirrors.some((one) => one.name === name)
    if (mirror) return { link: this.network.link(name), end: 'b' }
    const box = this.network.switches.get(name)
    if (box !== undefined) return box
    const link = this.network.links.get(name)
    return link === undefined ? undefined : { link, end: 'a' }
  }

  /** Routers tell that they are there; the machine at the router's address does where there is none. */
  announceRouters(): void {
    for (const router of this.network.routers.values()) router.announceArp()
  }

  #plug(
    host: EmulatedHost,
    name: string,
    { at, port }: PlugSettings,
    settings: LinkSettings,
    up: 'a2b' | 'b2a',
    known: string,
  ): void {
    const link = this.#connect(name, host, this.network.switch(at), settings, up, known)
    this.#setPort(at, link, port)
  }

  #setPort(box: string, link: Link, port: PortMode | undefined): void {
    if (port !== undefined) this.network.switches.get(box)?.setPort(link, port)
  }

  #connect(
    name: string,
    a: LinkNode,
    b: LinkNode,
    settings: LinkSettings,
    up: 'a2b' | 'b2a',
    known: string = name,
  ): Link {
    const { both, upward, downward } = conditionsOf(settings)
    const link = this.network.connect(a, b, {
      name,
      both,
      ...(up === 'a2b' ? { a2b: upward, b2a: downward } : { a2b: downward, b2a: upward }),
    })
    this.links.set(known, [{ link, up }])
    return link
  }

  #box(name: string): LinkNode {
    const { switches, routers, firewalls } = this.network
    const box = switches.get(name) ?? routers.get(name) ?? firewalls.get(name)
    if (box === undefined) throw new Error(`there is no ${name}`)
    return box
  }
}

/** The watcher's network card: it takes everything and sends nothing. */
class Watcher implements LinkNode {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  attach(port: Port): void {
    port.receive = () => {}
  }
}

/** What a link's settings come to, for both directions and on top of that for each. */
export function conditionsOf({ upward, downward, ...both }: LinkSettings): {
  readonly both: Partial<LinkConditions>
  readonly upward: Partial<LinkConditions>
  readonly downward: Partial<LinkConditions>
} {
  return { both: complete(both), upward: complete(upward ?? {}), downward: complete(downward ?? {}) }
}

/** As netem has it, reordering without a gap asks for every frame. A share of loss takes the place of a model. */
function complete(conditions: Partial<LinkConditions>): Partial<LinkConditions> {
  const { reorder, gap, loss, lossModel } = conditions
  return {
    ...(loss !== undefined && lossModel === undefined && { lossModel: undefined, lossCorrelation: 0 }),
    ...conditions,
    ...(reorder !== undefined && gap === undefined && { gap: reorder > 0 ? 1 : 0 }),
  }
}
