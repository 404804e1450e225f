/**
 * A network as checked values: which boxes there are, what connects them, and where phones and servers are plugged in.
 * load-network.ts makes it from YAML, network-plans.ts makes those that have a name, build-network.ts builds it.
 *
 * Addresses and masks are uint32; boxes and links are known by name.
 */
import type { FirewallOptions } from '../emulator/link/firewall.js'
import type { RelaySettings } from '../emulator/link/relay.js'
import type { PortMode, SwitchOptions } from '../emulator/link/switch.js'
import type { PortProtocols } from './load-port-protocols.js'
import type { LinkSettings } from './scenario.js'

export interface SwitchSettings extends SwitchOptions {
  readonly name: string
}

export interface InterfaceSettings {
  /** Of the network's links, one that ends at this router. */
  readonly link: string
  readonly address: number
  readonly mask: number
  /** Its frames carry this tag; untagged unless given. */
  readonly vlan?: number
  /** Octets of an IPv4 packet. */
  readonly mtu?: number
  readonly relay?: RelaySettings
}

export interface RouterSettings {
  readonly name: string
  readonly interfaces: readonly InterfaceSettings[]
  readonly routes: readonly { readonly network: number; readonly mask: number; readonly gateway: number }[]
}

export interface FirewallSettings extends FirewallOptions {
  readonly name: string
}

/** What a trunk carries; see PortMode. */
export interface TrunkSettings {
  readonly native?: number
  readonly allowed?: readonly number[]
}

export interface CableSettings {
  readonly name: string
  /** The box nearer to the phones, then the one nearer to the servers: `up` is from the first to the second. */
  readonly between: readonly [string, string]
  readonly settings: LinkSettings
  /** Of its ends that are switches. */
  readonly port?: PortMode
}

export interface MirrorSettings {
  readonly name: string
  /** The switch. */
  readonly at: string
  /** Links of that switch by name; `access` is those of all phones there. */
  readonly watch: readonly string[]
  readonly direction: 'received' | 'sent' | 'both'
  /** Whether copies carry the tag of their VLAN; as on the watched wire unless given. */
  readonly tags?: boolean
  /** The mirror port's own link: what it has no room for, the capture lacks. */
  readonly settings: LinkSettings
}

/** Where phones or servers are plugged in that do not say so themselves. */
export interface PlugSettings {
  /** A switch. */
  readonly at: string
  readonly port?: PortMode
  /** Of phones: what the switch itself says there. */
  readonly protocols?: PortProtocols
}

export interface NetworkSettings {
  readonly switches: readonly SwitchSettings[]
  readonly routers: readonly RouterSettings[]
  readonly firewalls: readonly FirewallSettings[]
  readonly links: readonly CableSettings[]
  readonly mirrors: readonly MirrorSettings[]
  readonly phones: PlugSettings
  readonly servers: PlugSettings
}

/** The network that the routers have at an address: the longest mask that fits. */
export function interfaceFor(routers: readonly RouterSettings[], address: number): InterfaceSettings | undefined {
  return routers
    .flatMap(({ interfaces }) => interfaces)
    .filter((one) => (one.address & one.mask) === (address & one.mask))
    .sort((a, b) => (b.mask >>> 0) - (a.mask >>> 0))[0]
}
