/**
 * A scenario as checked values: what `bootwire/scenario@1` says once every unit, address and name is known to be good.
 * load-scenario.ts makes it from YAML, run-scenario.ts runs it; programs may build one themselves.
 */
import type { Nanos, Timestamp } from '../base/time.js'
import type { Expectation } from '../expectations/expectation.js'
import type { PhoneAssumptions } from '../emulator/phones/assumptions.js'
import type { User } from './load-user.js'
import type { DhcpSettings } from './servers/dhcp.js'
import type { GatekeeperSettings } from './servers/gatekeeper.js'
import type { HttpSettings } from './servers/http.js'
import type { Subnet } from './servers/server.js'
import type { TftpSettings } from './servers/tftp.js'

/** netem's vocabulary. Undefined leaves what the link has: no delay, unlimited rate, no faults. */
export interface LinkSettings {
  readonly delay?: Nanos
  readonly jitter?: Nanos
  /** Bits per second. */
  readonly rate?: number
  /** Shares, 0 to 1, per frame. */
  readonly loss?: number
  readonly duplicate?: number
  /** Of frames that go at once, without the delay, and so overtake those before them. */
  readonly reorder?: number
  /** Of frames that arrive with one bit flipped. */
  readonly corrupt?: number
  /** Frames waiting for the wire. */
  readonly limit?: number
}

export const LINK_NAMES = ['access', 'uplink'] as const
/** `access`: every phone's own link. `uplink`: between the access switch and the servers' switch. */
export type LinkName = (typeof LINK_NAMES)[number]

export const SERVER_KINDS = ['dhcp', 'http', 'tftp', 'gatekeeper'] as const
export type ServerKind = (typeof SERVER_KINDS)[number]

/** In the scenario's order; none of a kind is an empty list. */
export interface Servers {
  readonly dhcp: readonly DhcpSettings[]
  readonly http: readonly HttpSettings[]
  readonly tftp: readonly TftpSettings[]
  readonly gatekeeper: readonly GatekeeperSettings[]
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
  readonly user: User
  readonly assume: Partial<PhoneAssumptions>
  /** Script variable GROUP. */
  readonly group: number
  /** Name of the image in flash; undefined for the model's default, null for none. */
  readonly application: string | null | undefined
  /** Whether the user changes something after log-in, so that a backup is due. */
  readonly backup: boolean
}

export interface LinkEvent {
  readonly at: Nanos
  readonly link: LinkName
  readonly set: LinkSettings
  /** How long, after which the link is as the scenario first had it; undefined for ever. */
  readonly duration: Nanos | undefined
}

/** `access` and `core`: the switch there, each frame once. `uplink`: that link. Else one phone's or server's own link. */
export type CapturePoint =
  | { readonly kind: 'access' | 'uplink' | 'core' }
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
  readonly servers: Servers
  readonly phones: readonly PhoneSettings[]
  readonly events: readonly LinkEvent[]
  readonly expect: readonly Expectation[]
  readonly capture: { readonly at: CapturePoint; readonly file: string | undefined }
}
