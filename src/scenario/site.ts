/**
 * A checked scenario as an emulated site:
 *
 *     phone-1 ─┐ access                uplink            ┌─ router
 *     phone-2 ─┼────────  [access switch] ══════ [core switch] ─┼─ dhcp
 *     phone-n ─┘                                         └─ http, tftp
 *
 * One flat subnet. Servers with the same address are one machine, named after the first of them. The router answers
 * ARP and echo requests and forwards nothing: everything is on-link.
 */
import type { Nanos } from '../base/time.js'
import { modelByName } from '../deskphone/series.js'
import type { Link } from '../emulator/link/link.js'
import type { Switch } from '../emulator/link/switch.js'
import type { LinkConditions } from '../emulator/link/impairments.js'
import { PERFECT } from '../emulator/link/impairments.js'
import type { EmulatedHost } from '../emulator/net/host.js'
import { newMemory } from '../emulator/phones/memory.js'
import { Phone } from '../emulator/phones/phone.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import { Network } from '../emulator/topology.js'
import { perform } from './load-user.js'
import type { CapturePoint, LinkName, LinkSettings, Scenario } from './scenario.js'
import { startServers } from './start-servers.js'

export interface Site {
  readonly network: Network
  /** In the scenario's order. */
  readonly phones: readonly Phone[]
  readonly router: EmulatedHost
  /** Calls back for every frame at the capture point. */
  tap(at: CapturePoint, onFrame: (time: Nanos, frame: Uint8Array) => void): void
}

/** Everything is connected, the servers are listening, phones and events are scheduled. */
export function buildSite(scenario: Scenario, sim: Simulation): Site {
  const network = new Network(sim)
  const core = network.addSwitch('core')
  const access = network.addSwitch('access')
  const uplink = network.connect(access, core, { name: 'uplink', both: conditionsOf(scenario.links.uplink) })

  const hosts = new HostsByAddress(network, core, scenario)
  const router = hosts.at(scenario.router.address, 'router')
  startServers(scenario, sim, ({ address, name }) => hosts.at(address, name))

  const phoneHosts: EmulatedHost[] = []
  const accessLinks: Link[] = []
  const phones = scenario.phones.map((settings, index) => {
    const name = `phone-${index + 1}`
    const host = network.addHost(name, { mac: settings.mac, profile: 'phone' })
    phoneHosts.push(host)
    accessLinks.push(
      network.connect(host, access, { name: `access-${index + 1}`, both: conditionsOf(scenario.links.access) }),
    )
    const model = modelByName(settings.model)
    if (model === undefined) throw new TypeError(`no such phone model: ${settings.model}`)
    const memory = newMemory(model)
    if (settings.application !== undefined) memory.application = settings.application
    memory.group = settings.group
    const phone = new Phone({
      transport: host,
      model,
      random: sim.random(`phone ${settings.mac}`),
      ...(settings.registration !== 'unnamed' && { extension: settings.extension }),
      password: settings.password,
      registers: settings.registration !== 'none',
      takesOver: settings.takesOver,
      memory,
      backup: settings.backup,
      log: (event) => sim.truth.record(event),
      credentials: settings.user.credentials,
      assumptions: settings.assume,
    })
    sim.at(settings.start, () => phone.powerOn())
    for (const action of settings.user.actions) sim.at(action.at, () => perform(action, phone))
    return phone
  })

  scheduleEvents(scenario, sim, { access: accessLinks, uplink: [uplink] })
  return {
    network,
    phones,
    router,
    tap(at, onFrame) {
      tapSite(at, { network, access, core, uplink, phoneHosts, hosts }, onFrame)
    },
  }
}

/** The machines behind the core switch, one per address. */
class HostsByAddress {
  readonly #network: Network
  readonly #core: Switch
  readonly #mask: number
  readonly #router: number
  readonly #byAddress = new Map<number, EmulatedHost>()
  readonly #byServer = new Map<string, EmulatedHost>()

  constructor(network: Network, core: Switch, { router }: Scenario) {
    this.#network = network
    this.#core = core
    this.#mask = router.mask
    this.#router = router.address
  }

  /** The machine with that address, made and named after `server` when it is the first there. */
  at(address: number, server: string): EmulatedHost {
    let host = this.#byAddress.get(address)
    if (host === undefined) {
      const router = address === this.#router ? {} : { router: this.#router }
      host = this.#network.addHost(server, { address, mask: this.#mask, ...router })
      this.#network.connect(host, this.#core)
      this.#byAddress.set(address, host)
    }
    this.#byServer.set(server, host)
    return host
  }

  server(name: string): EmulatedHost | undefined {
    return this.#byServer.get(name)
  }
}

/** An event sets what it names; at its end those go back to what the scenario gave the link at the start. */
function scheduleEvents(scenario: Scenario, sim: Simulation, links: Readonly<Record<LinkName, readonly Link[]>>): void {
  for (const { at, link, set, duration } of scenario.events) {
    const conditions = conditionsOf(set)
    sim.at(at, () => links[link].forEach((one) => one.set(conditions)))
    if (duration === undefined) continue
    const initial: LinkConditions = { ...PERFECT, ...conditionsOf(scenario.links[link]) }
    const back = Object.fromEntries(Object.keys(conditions).map((key) => [key, initial[key as keyof LinkConditions]]))
    sim.at(at + duration, () => links[link].forEach((one) => one.set(back)))
  }
}

/** As netem has it, reordering without a gap asks for every frame. */
function conditionsOf(settings: LinkSettings): Partial<LinkConditions> {
  return settings.reorder === undefined ? settings : { ...settings, gap: settings.reorder > 0 ? 1 : 0 }
}

function tapSite(
  at: CapturePoint,
  site: {
    readonly network: Network
    readonly access: Switch
    readonly core: Switch
    readonly uplink: Link
    readonly phoneHosts: readonly EmulatedHost[]
    readonly hosts: HostsByAddress
  },
  onFrame: (time: Nanos, frame: Uint8Array) => void,
): void {
  switch (at.kind) {
    case 'access':
      return site.network.tap(site.access, onFrame)
    case 'core':
      return site.network.tap(site.core, onFrame)
    case 'uplink':
      return site.network.tap(site.uplink, onFrame, site.access)
    case 'phone': {
      const host = site.phoneHosts[at.index - 1]
      if (host === undefined) throw new RangeError(`there is no phone ${at.index}`)
      return site.network.tap(host, onFrame)
    }
    case 'server': {
      const host = site.hosts.server(at.server)
      if (host === undefined) throw new RangeError(`there is no ${at.server} server`)
      return site.network.tap(host, onFrame)
    }
  }
}
