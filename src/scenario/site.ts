/**
 * A checked scenario as an emulated site: its network (network-plans.ts draws those that have a name), the servers on
 * their machines, the phones with their memories, and what is to happen to them.
 *
 * Servers with the same address are one machine, named after the first of them. Where the network has no router of its
 * own, a machine at the router's address answers ARP and echo requests and forwards nothing: everything is on-link.
 */
import type { Nanos } from '../base/time.js'
import { modelByName } from '../deskphone/series.js'
import { Switch } from '../emulator/link/switch.js'
import type { EmulatedHost } from '../emulator/net/host.js'
import { newMemory } from '../emulator/phones/memory.js'
import { Phone } from '../emulator/phones/phone.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import type { Network } from '../emulator/topology.js'
import { BuiltNetwork } from './build-network.js'
import { rememberNetwork } from './load-phone-network.js'
import { perform } from './load-user.js'
import { planNetwork } from './network-plans.js'
import type { NetworkSettings } from './network-settings.js'
import { addRules, scheduleEvents } from './schedule-events.js'
import type { CapturePoint, PhoneSettings, Scenario } from './scenario.js'
import { startServers } from './start-servers.js'

export interface Site {
  readonly network: Network
  /** In the scenario's order. */
  readonly phones: readonly Phone[]
  /** The routers announce their addresses, RFC 5227 §2.3. */
  announceRouters(): void
  /** Calls back for every frame at the capture point. */
  tap(at: CapturePoint, onFrame: (time: Nanos, frame: Uint8Array) => void): void
}

/** Everything is connected, the servers are listening, phones and events are scheduled. */
export function buildSite(scenario: Scenario, sim: Simulation): Site {
  const settings = networkOf(scenario)
  const built = new BuiltNetwork(sim, settings, scenario.router)
  const gateway =
    settings.routers.length > 0 ? undefined : built.server({ name: 'router', address: scenario.router.address })
  const servers = startServers(scenario, sim, (server) => built.server(server))

  const phoneHosts: EmulatedHost[] = []
  const phones = scenario.phones.map((phone, index) => {
    const host = built.phone(
      `phone-${index + 1}`,
      phone.mac,
      phone.place ?? {},
      `access-${index + 1}`,
      scenario.links.access ?? {},
    )
    phoneHosts.push(host)
    return startPhone(phone, host, sim, built.portProtocols(`phone-${index + 1}`, phone.place ?? {}))
  })
  built.addMirrors()

  const actors = { sim, links: built.links, phones, phoneHosts, servers }
  scheduleEvents(scenario, actors)
  addRules(scenario, actors)
  return {
    network: built.network,
    phones,
    announceRouters() {
      gateway?.announceArp()
      built.announceRouters()
    },
    tap(at, onFrame) {
      tapSite(at, built, phoneHosts, onFrame)
    },
  }
}

/** The scenario's network, or the plain one that it has without saying so. */
export function networkOf({ network, links, router }: Scenario): NetworkSettings {
  if (network !== undefined) return network
  return planNetwork('lan', {
    links,
    firewall: undefined,
    mirrors: [],
    phones: [],
    servers: { ...router, vlan: undefined },
    relay: undefined,
  })
}

function startPhone(settings: PhoneSettings, host: EmulatedHost, sim: Simulation, port: { linkUp(): void }): Phone {
  const model = modelByName(settings.model)
  if (model === undefined) throw new TypeError(`no such phone model: ${settings.model}`)
  const memory = newMemory(model)
  if (settings.application !== undefined) memory.application = settings.application
  memory.group = settings.group
  if (settings.stored !== undefined) rememberNetwork(memory, settings.stored, settings.mac)
  const { keepsVlanList, dot1x } = settings.stored ?? {}
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
    log: (event) => {
      sim.truth.record(event)
      // The link of a set comes up when it boots, and goes down when it resets.
      if (event.event === 'boot') port.linkUp()
    },
    ...(keepsVlanList !== undefined && { keepsVlanList }),
    ...(dot1x?.unanswered !== undefined && { timers: { dot1xUnanswered: dot1x.unanswered } }),
    credentials: settings.user.credentials,
    assumptions: settings.assume,
  })
  const { start, startWithin = 0 } = settings
  const later = startWithin === 0 ? 0 : sim.random(`start of phone ${settings.mac}`).int(startWithin)
  sim.at(start + later, () => phone.powerOn())
  for (const action of settings.user.actions) sim.at(action.at, () => perform(action, phone))
  return phone
}

function tapSite(
  at: CapturePoint,
  built: BuiltNetwork,
  phoneHosts: readonly EmulatedHost[],
  onFrame: (time: Nanos, frame: Uint8Array) => void,
): void {
  const { network } = built
  switch (at.kind) {
    case 'access':
    case 'core':
    case 'uplink':
    case 'named': {
      const name = at.kind === 'named' ? at.name : at.kind
      const point = built.tapPoint(name)
      if (point === undefined) throw new RangeError(`there is nothing called ${name} to capture at`)
      if (point instanceof Switch) network.tap(point, onFrame)
      else network.tap(point.link, onFrame, point.end)
      return
    }
    case 'phone': {
      const host = phoneHosts[at.index - 1]
      if (host === undefined) throw new RangeError(`there is no phone ${at.index}`)
      return network.tap(host, onFrame)
    }
    case 'server': {
      const [one] = built.links.get(at.server) ?? []
      if (one === undefined) throw new RangeError(`there is no ${at.server} server`)
      return network.tap(one.link, onFrame, 'a')
    }
  }
}
