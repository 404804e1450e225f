/**
 * The networks that have a name.
 *
 * `lan`: one flat subnet, a switch for the phones and one for the servers.
 *
 *     phones ── [access] ══ uplink ══ [core] ── servers, router
 *
 * `branch`: the phones' subnet behind a router that relays DHCP, the servers behind another one across a WAN.
 *
 *     phones ── [access] ══ uplink ══ (branch) ══ wan ══ (head) ══ backbone ══ [core] ── servers
 *
 * `campus`: VLANs for data, voice and servers. Phones have ports with data untagged and voice tagged, the uplink is a
 * trunk, and one router has a leg in each VLAN and relays DHCP.
 *
 *     phones ── [access] ══ uplink ══ [core] ══ backbone ══ (router)
 *                                       └── servers
 *
 * A firewall stands between the phones' side and the servers' switch, of a lan or a branch.
 */
import type { RelaySettings } from '../emulator/link/relay.js'
import type { CableSettings, FirewallSettings, MirrorSettings, NetworkSettings } from './network-settings.js'
import type { LinkSettings } from './scenario.js'
import type { Subnet } from './servers/server.js'

export const TOPOLOGIES = ['lan', 'branch', 'campus'] as const
export type Topology = (typeof TOPOLOGIES)[number]

/** Links of each that a scenario may give conditions. `access` is every phone's own. */
export const TOPOLOGY_LINKS: Readonly<Record<Topology, readonly string[]>> = {
  lan: ['access', 'uplink'],
  branch: ['access', 'uplink', 'wan', 'backbone'],
  campus: ['access', 'uplink', 'backbone'],
}

/** 192.168.255.0/30, between the routers of a branch and its headquarters. */
const TRANSIT = { branch: 0xc0a8ff01, head: 0xc0a8ff02, mask: 0xfffffffc } as const

export interface PlanOptions {
  readonly links: Readonly<Record<string, LinkSettings>>
  readonly firewall: Omit<FirewallSettings, 'name'> | undefined
  readonly mirrors: readonly MirrorSettings[]
  /** The phones' subnets by their routers; of a campus data and voice. */
  readonly phones: readonly (Subnet & { readonly vlan: number | undefined })[]
  /** The servers' subnet by its router. */
  readonly servers: Subnet & { readonly vlan: number | undefined }
  /** Undefined: the routers do not relay. */
  readonly relay: RelaySettings | undefined
}

export function planNetwork(topology: Topology, options: PlanOptions): NetworkSettings {
  const { links, firewall, mirrors, phones, servers, relay } = options
  const withRelay = relay === undefined ? {} : { relay }
  const cables = new Cables(links)
  const common = {
    switches: [{ name: 'core' }, { name: 'access' }],
    mirrors,
    phones: { at: 'access' },
    servers: { at: 'core' },
  }
  switch (topology) {
    case 'lan': {
      cables.connect('uplink', 'access', 'core', firewall)
      return { ...common, routers: [], ...cables.all }
    }
    case 'branch': {
      cables.connect('uplink', 'access', 'branch')
      cables.connect('wan', 'branch', 'head')
      cables.connect('backbone', 'head', 'core', firewall)
      const [site = servers] = phones
      const branch = {
        name: 'branch',
        interfaces: [
          { link: 'uplink', address: site.address, mask: site.mask, ...withRelay },
          { link: 'wan', address: TRANSIT.branch, mask: TRANSIT.mask },
        ],
        routes: [{ network: 0, mask: 0, gateway: TRANSIT.head }],
      }
      const head = {
        name: 'head',
        interfaces: [
          { link: 'wan', address: TRANSIT.head, mask: TRANSIT.mask },
          { link: 'backbone', address: servers.address, mask: servers.mask },
        ],
        routes: [{ network: (site.address & site.mask) >>> 0, mask: site.mask, gateway: TRANSIT.branch }],
      }
      return { ...common, routers: [branch, head], ...cables.all }
    }
    case 'campus': {
      cables.connect('uplink', 'access', 'core', undefined, { kind: 'trunk' })
      cables.connect('backbone', 'core', 'router', undefined, { kind: 'trunk' })
      const [data, voice] = phones
      const legs = [...phones.map((leg) => ({ ...leg, ...withRelay })), servers]
      const router = {
        name: 'router',
        interfaces: legs.map(({ vlan, ...leg }) => ({ link: 'backbone', ...leg, ...(vlan !== undefined && { vlan }) })),
        routes: [],
      }
      const port =
        voice?.vlan === undefined
          ? ({ kind: 'access', vlan: data?.vlan ?? 1 } as const)
          : ({ kind: 'voice', vlan: data?.vlan ?? 1, voice: voice.vlan } as const)
      return { ...common, phones: { at: 'access', port }, routers: [router], ...cables.all }
    }
  }
}

/** Links by name, each with the conditions that the scenario gives it; a firewall in one makes two of it. */
class Cables {
  readonly #conditions: Readonly<Record<string, LinkSettings>>
  readonly #links: CableSettings[] = []
  readonly #firewalls: FirewallSettings[] = []

  constructor(conditions: Readonly<Record<string, LinkSettings>>) {
    this.#conditions = conditions
  }

  get all(): Pick<NetworkSettings, 'links' | 'firewalls'> {
    return { links: this.#links, firewalls: this.#firewalls }
  }

  connect(
    name: string,
    a: string,
    b: string,
    firewall?: Omit<FirewallSettings, 'name'>,
    port?: CableSettings['port'],
  ): void {
    const more = port === undefined ? {} : { port }
    const settings = this.#conditions[name] ?? {}
    if (firewall === undefined) {
      this.#links.push({ name, between: [a, b], settings, ...more })
      return
    }
    this.#firewalls.push({ name: 'firewall', ...firewall })
    this.#links.push({ name, between: [a, 'firewall'], settings, ...more })
    this.#links.push({ name: `${name}-inside`, between: ['firewall', b], settings: {}, ...more })
  }
}
