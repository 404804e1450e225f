/**
 * What every kind of server in a scenario has, and what the files beside this one need to load and to start theirs.
 *
 * A kind of server is one file: its settings, `load...` from YAML and `start...` on the emulated network. Its keys are in
 * scenario-keys.ts and scenario.schema.json, its place among the others in load-servers.ts and start-servers.ts.
 */
import type { EmulatedHost } from '../../emulator/net/host.js'
import type { Simulation } from '../../emulator/sim/simulation.js'
import type { Host } from '../../host/host.js'
import type { ServerLog } from '../../servers/server-log.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import { defined } from '../defined.js'
import { readVlan } from '../read-places.js'
import type { VlanNames } from '../read-places.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import type { DhcpSettings } from './dhcp.js'

/** Whether a port answers: served; closed, with a reset or ICMP; or behind a firewall that drops. */
export type Listening = 'serve' | 'refuse' | 'drop'

const LISTENING: readonly Listening[] = ['serve', 'refuse', 'drop']

export interface ServerSettings {
  /** Unique among the servers of a scenario; its kind unless the scenario names it. */
  readonly name: string
  /** uint32. */
  readonly address: number
  readonly listen: Listening
  /** The switch it is plugged into, when that is not where servers are. */
  readonly at?: string
  /** Of its access port, when that is not its router's. */
  readonly vlan?: number
}

/** An address and the subnet it is in. */
export interface Subnet {
  readonly address: number
  readonly mask: number
}

/**
 * The files below a directory by their paths in it, slashes forward, or a sentence why there are none.
 *
 * @param directory as the scenario names it, relative to the scenario's own directory
 */
export type ReadDirectory = (directory: string) => ReadonlyMap<string, Uint8Array> | string

/** What the loader of one server may ask. */
export interface ServerLoading {
  readonly source: YamlSource
  readonly readDirectory: ReadDirectory
  /** Unique already. */
  readonly name: string
  /** The servers' subnet, by its router. */
  readonly router: Subnet
  /** VLANs by name. */
  readonly vlans: VlanNames
  /** DHCP servers are loaded before all others: their site options say where those are. */
  readonly dhcp: readonly DhcpSettings[]
}

/** What a server stands on. */
export interface Ground {
  readonly sim: Simulation
  /** The machine with that address, made and named after the server when it is the first there. */
  host(settings: ServerSettings): EmulatedHost
  /** Node's built-ins on a machine, made once. */
  virtual(host: EmulatedHost): Host
  readonly seed: number
  readonly log: ServerLog
}

/** A server that can be stopped. */
export interface Running {
  close(): Promise<void>
}

/** `at` and `vlan`: where a server is plugged in. */
export function readPlace(
  source: YamlSource,
  fields: Fields<'at' | 'vlan'>,
  vlans: VlanNames,
): Pick<ServerSettings, 'at' | 'vlan'> {
  return defined({ at: source.text(fields.get('at'), 'at', 64), vlan: readVlan(source, fields.get('vlan'), vlans) })
}

export function readListen(source: YamlSource, value: Value): Listening {
  const node = source.resolve(value)
  if (node === undefined) return 'serve'
  const text = source.text(node, 'listen')
  if (text === 'true') return 'serve'
  if (text === 'false') return 'refuse'
  return source.oneOf(node, 'listen', LISTENING) ?? 'serve'
}

/** An address that a host of that subnet can have. */
export function readServerAddress(source: YamlSource, value: Value, mask: number): number | undefined {
  const address = source.address(value, 'address')
  const problem = address === undefined ? undefined : hostProblem(address, mask)
  if (problem !== undefined) source.note(value, problem)
  return address
}

/** One address or a list of them. */
export function readAddresses(source: YamlSource, value: Value, what: string): readonly number[] | undefined {
  return source.list(value, what, true)?.flatMap((item) => source.address(item, what) ?? [])
}

/** Why no host can have this address; undefined when one can. Misplaced ones are faults that a scenario may want. */
export function hostProblem(address: number, mask: number): string | undefined {
  const text = formatAddress(address)
  const first = address >>> 24
  if (first === 0 || first === 127 || first >= 224) {
    const kind = first === 0 ? "'this network'" : first === 127 ? 'loopback' : first < 240 ? 'multicast' : 'reserved'
    return `${text} is no address of a host on a network (${kind})`
  }
  const host = (address & ~mask) >>> 0
  const last = ~mask >>> 0
  if (last <= 1 || (host !== 0 && host !== last)) return undefined // RFC 3021: a /31 has neither
  return `${text} is the ${host === 0 ? 'network' : 'broadcast'} address under ${formatAddress(mask)}, not a host's`
}

/** The address that a site option gives for one of these names: where such a server is, unless the scenario says. */
export function namedServer(servers: readonly DhcpSettings[], names: readonly string[]): number | undefined {
  const texts = servers.flatMap(({ siteOption }) => {
    if (siteOption === undefined) return []
    return typeof siteOption === 'string' ? [siteOption] : [...siteOption.values()]
  })
  for (const name of names) {
    for (const text of texts) {
      const value = new RegExp(`(?:^|,) *${name}="?([0-9.]+)`, 'i').exec(text)?.[1]
      const address = value === undefined ? undefined : parseAddress(value)
      if (address !== undefined) return address
    }
  }
  return undefined
}

/** The second host of the subnet, when nothing names another. */
export function fileServerOf(router: Subnet): number {
  return (((router.address & router.mask) >>> 0) + 2) >>> 0
}
