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
import { createVirtualHost } from '../emulator/virtual-host.js'
import { startDhcpServer } from '../servers/dhcp-server.js'
import { dropsConnections } from '../servers/faults.js'
import type { ServerFault } from '../servers/faults.js'
import { imageOf, MemoryFileStore } from '../servers/file-store.js'
import { startHttpServer } from '../servers/http-server.js'
import { startTftpServer } from '../servers/tftp-server.js'
import { formatAddress } from '../wire/ipv4.js'
import type { CapturePoint, LinkName, LinkSettings, Scenario, ServedFiles, ServerName } from './scenario.js'

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
  startServers(scenario, sim, hosts)

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
    const phone = new Phone({
      transport: host,
      model,
      random: sim.random(`phone ${settings.mac}`),
      extension: settings.extension,
      memory,
      backup: settings.backup,
      log: (event) => sim.truth.record(event),
      ...(settings.credentials !== undefined && { credentials: [settings.credentials] }),
    })
    sim.at(settings.start, () => phone.powerOn())
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

  server(name: ServerName): EmulatedHost | undefined {
    return this.#byServer.get(name)
  }
}

function startServers(scenario: Scenario, sim: Simulation, hosts: HostsByAddress): void {
  const { dhcp, http, tftp } = scenario.servers
  const log = sim.truth.record.bind(sim.truth)
  const virtualHosts = new Map<EmulatedHost, ReturnType<typeof createVirtualHost>>()
  const virtual = (host: EmulatedHost) => {
    const known = virtualHosts.get(host)
    if (known !== undefined) return known
    const made = createVirtualHost(host, sim)
    virtualHosts.set(host, made)
    return made
  }

  if (dhcp !== undefined) {
    const host = hosts.at(dhcp.address, 'dhcp')
    if (dhcp.listen === 'drop') host.setPortPolicy('udp', 67, 'drop')
    if (dhcp.listen === 'serve') {
      startDhcpServer(virtual(host), {
        serverAddress: formatAddress(dhcp.address),
        pool: { first: formatAddress(dhcp.pool.first), last: formatAddress(dhcp.pool.last) },
        mask: formatAddress(dhcp.mask),
        routers: dhcp.routers.map(formatAddress),
        leaseTime: dhcp.leaseTime,
        ...(dhcp.siteOption !== undefined && { siteOption: dhcp.siteOption }),
        ...(dhcp.nameServers.length > 0 && { domainNameServers: dhcp.nameServers.map(formatAddress) }),
        ...(dhcp.domain !== undefined && { domainName: dhcp.domain }),
        ...(dhcp.nextServer !== undefined && { nextServer: formatAddress(dhcp.nextServer) }),
        faults: dhcp.faults,
        log,
      })
    }
  }
  if (http !== undefined) {
    const host = hosts.at(http.address, 'http')
    if (http.listen === 'drop') host.setPortPolicy('tcp', http.port, 'drop')
    if (http.listen === 'serve') {
      scheduleDroppedConnections(host, http.port, http.faults, sim)
      startHttpServer(virtual(host), {
        files: storeWith(http.content, scenario.seed),
        port: http.port,
        backup: http.backup === undefined ? false : http.backup === '/' ? true : [http.backup],
        ...(http.auth !== undefined && {
          auth: { user: http.auth.user, password: http.auth.password, realm: http.auth.realm, prefix: http.auth.path },
        }),
        faults: http.faults,
        log,
      })
    }
  }
  if (tftp !== undefined) {
    const host = hosts.at(tftp.address, 'tftp')
    if (tftp.listen === 'drop') host.setPortPolicy('udp', 69, 'drop')
    if (tftp.listen === 'serve') {
      startTftpServer(virtual(host), { files: storeWith(tftp.content, scenario.seed), faults: tftp.faults, log })
    }
  }
}

function storeWith({ files, images }: ServedFiles, seed: number): MemoryFileStore {
  const store = new MemoryFileStore()
  for (const [path, octets] of files) store.add(path, octets)
  for (const [path, size] of images) store.add(path, imageOf(size, seed ^ size))
  return store
}

/** While a fault leaves even connections without an answer, the machine drops the SYNs. */
function scheduleDroppedConnections(
  host: EmulatedHost,
  port: number,
  faults: readonly ServerFault[],
  sim: Simulation,
): void {
  for (const fault of faults.filter(dropsConnections)) {
    if (fault.from === undefined || fault.from === 0) host.setPortPolicy('tcp', port, 'drop')
    else sim.at(fault.from, () => host.setPortPolicy('tcp', port, 'drop'))
    if (fault.until !== undefined) sim.at(fault.until, () => host.setPortPolicy('tcp', port, 'open'))
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
