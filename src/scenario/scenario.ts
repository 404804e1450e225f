/**
 * A scenario as checked values: what `bootwire/scenario@1` says once every unit, address and name is known to be good.
 * load-scenario.ts makes it from YAML, run-scenario.ts runs it; programs may build one themselves.
 */
import type { PhoneNetworkSettings } from './load-phone-network.js'
import type { Nanos, Timestamp } from '../base/time.js'
import type { Expectation } from '../expectations/expectation.js'
import type { LinkConditions } from '../emulator/link/impairments.js'
import type { FrameMatch, FrameRule } from '../emulator/link/rules.js'
import type { PhoneAssumptions } from '../emulator/phones/assumptions.js'
import type { User } from './load-user.js'
import type { NetworkSettings, PlugSettings } from './network-settings.js'
import type { DhcpSettings } from './servers/dhcp.js'
import type { DnsSettings } from './servers/dns.js'
import type { GatekeeperSettings } from './servers/gatekeeper.js'
import type { HttpSettings } from './servers/http.js'
import type { ServerSettings, Subnet } from './servers/server.js'
import type { TftpSettings } from './servers/tftp.js'

/**
 * What is not given stays as the link has it: a perfect cable to begin with. What holds for both directions is here,
 * what is so in one only comes on top of it.
 */
export interface LinkSettings extends Partial<LinkConditions> {
  /** Towards the servers. */
  readonly upward?: Partial<LinkConditions>
  /** Towards the phones. */
  readonly downward?: Partial<LinkConditions>
}

export const LINK_NAMES = ['access', 'uplink'] as const
/** `access`: every phone's own link. `uplink`: from the access switch on towards the servers. */
export type LinkName = (typeof LINK_NAMES)[number]

export const SERVER_KINDS = ['dhcp', 'dns', 'http', 'tftp', 'gatekeeper'] as const
export type ServerKind = (typeof SERVER_KINDS)[number]

/** In the scenario's order; none of a kind is an empty list. */
export interface Servers {
  readonly dhcp: readonly DhcpSettings[]
  readonly dns: readonly DnsSettings[]
  readonly http: readonly HttpSettings[]
  readonly tftp: readonly TftpSettings[]
  readonly gatekeeper: readonly GatekeeperSettings[]
}

/** Of every kind, kinds in the order of SERVER_KINDS. */
export function allServers(servers: Servers): readonly ServerSettings[] {
  return SERVER_KINDS.flatMap((kind): readonly ServerSettings[] => servers[kind])
}

export interface PhoneSettings {
  /** As `modelByName` knows it. */
  readonly model: string
  /** Colon form, lower case. */
  readonly mac: string
  readonly extension: string
  /** What the user types to log in. */
  readonly password: string
  /** `extension`: the user logs in; `unnamed`: nobody does; `none`: the phone stays a set without call server. */
  readonly registration: 'extension' | 'unnamed' | 'none'
  /** Whether the user confirms that an extension that another set has shall be here. */
  readonly takesOver: boolean
  /** When the power comes on. */
  readonly start: Nanos
  /** At random up to so much later, by the seed. */
  readonly startWithin?: Nanos
  readonly user: User
  readonly assume: Partial<PhoneAssumptions>
  /** Script variable GROUP. */
  readonly group: number
  /** Name of the image in flash; undefined for the model's default, null for none. */
  readonly application: string | null | undefined
  /** Whether the user changes something after log-in, so that a backup is due. */
  readonly backup: boolean
  /** About its network, before the first boot. */
  readonly stored?: PhoneNetworkSettings
  /** What a scenario calls the phones it belongs to. */
  readonly groupName?: string
  /** Where it is plugged in, when that is not where all are. */
  readonly place?: Partial<PlugSettings>
}

export interface LinkEvent {
  readonly at: Nanos
  /** A link's name; `access` is every phone's own, `phone-3` one of them. */
  readonly link: string
  readonly set: LinkSettings
  /** How long, after which the link is as the scenario first had it; undefined for ever. */
  readonly duration: Nanos | undefined
  /** Quantities take this long to get there, and back; at once unless given. */
  readonly ramp?: Nanos
}

export const PHONE_ACTIONS = ['power-on', 'power-off', 'power-cycle', 'reset', 'change-option', 'clear'] as const
export type PhoneAction = (typeof PHONE_ACTIONS)[number]

/** Something that a user or the power does to some phones. */
export interface PhoneEvent {
  readonly at: Nanos
  /** Positions, 0-based. */
  readonly phones: readonly number[]
  readonly action: PhoneAction
  /** Of `change-option`: the label in the backup file, and its new value. */
  readonly option?: { readonly label: string; readonly value: string }
  /** How long the power is off; until it is switched on again unless given. */
  readonly duration: Nanos | undefined
}

export const SERVER_ACTIONS = ['stop', 'start', 'restart'] as const
export type ServerAction = (typeof SERVER_ACTIONS)[number]

export interface ServerEvent {
  readonly at: Nanos
  /** Its name. */
  readonly server: string
  readonly action: ServerAction
  /** How long a stopped server stays so, or a restart takes. */
  readonly duration: Nanos | undefined
}

export type ScenarioEvent = LinkEvent | PhoneEvent | ServerEvent

/** What happens to chosen frames on a link; emulator/link/rules.ts. */
export interface RuleSettings extends Omit<FrameRule, 'match'> {
  readonly link: string
  readonly match: Omit<FrameMatch, 'direction' | 'where'>
  readonly direction: 'up' | 'down' | undefined
  /** Frames from or to these phones only: positions, 0-based. */
  readonly phones: readonly number[] | undefined
  /** Frames from or to this server only, by its name. */
  readonly server: string | undefined
}

/**
 * `access` and `core`: the switch there, each frame once. `uplink`: that link. Else one phone's or server's own link, or a
 * switch, a link or a mirror of the network by its name.
 */
export type CapturePoint =
  | { readonly kind: 'access' | 'uplink' | 'core' }
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'phone'; readonly index: number }
  | { readonly kind: 'server'; /** Its name. */ readonly server: string }

export interface Scenario {
  /** As the user named it, for messages. */
  readonly file: string
  readonly name: string
  readonly seed: number
  /** The time of day when the run starts. */
  readonly epoch: Timestamp
  /** The run ends here at the latest. */
  readonly limit: Nanos
  readonly router: Subnet
  readonly links: Readonly<Record<LinkName, LinkSettings>>
  /** Undefined: one flat network, a switch for the phones and one for the servers. */
  readonly network?: NetworkSettings | undefined
  readonly servers: Servers
  readonly phones: readonly PhoneSettings[]
  readonly events: readonly ScenarioEvent[]
  readonly rules?: readonly RuleSettings[]
  readonly expect: readonly Expectation[]
  readonly capture: { readonly at: CapturePoint; readonly file: string | undefined }
}
