/**
 * How an emulated phone is made.
 */
import type { Random } from '../../base/random.js'
import type { Model } from '../../deskphone/series.js'
import type { Transport } from '../net/transport.js'
import type { TruthEvent } from '../sim/truth-log.js'
import type { PhoneAssumptions } from './assumptions.js'
import type { PhoneMemory } from './memory.js'
import type { PhoneStory } from './story.js'
import type { PhoneTimers } from './timers.js'

export type PhoneEvent = Extract<TruthEvent, { kind: 'phone' }>

export interface Credentials {
  readonly user: string
  readonly password: string
}

export interface PhoneOptions {
  /** The network interface; its MAC is the phone's. */
  readonly transport: Transport
  readonly model: Model
  /** Owned by this phone alone. */
  readonly random: Random
  /** The extension the user logs in with; without one nobody logs in, and nothing is restored or backed up. */
  readonly extension?: string
  /** What the user logs in with. */
  readonly password?: string
  /** Whether the phone registers with a call server; without, a log-in stands in for it. Default false. */
  readonly registers?: boolean
  /** The user confirms that an extension that another set has shall be here. Default false. */
  readonly takesOver?: boolean
  /** Non-volatile memory, kept by the caller over power cycles; new phones get that of a set in use. */
  readonly memory?: PhoneMemory
  /** What the user types when asked for backup credentials, one answer for each prompt in the order of the prompts; then he gives up. */
  readonly credentials?: readonly Credentials[]
  /** After log-in the user changes an option, and so the phone backs up. Default true. */
  readonly backup?: boolean
  readonly timers?: Partial<PhoneTimers>
  readonly assumptions?: Partial<PhoneAssumptions>
  /** VLANLIST: whether a VLAN on which VLANTEST expired is left alone. Unless told, all but the 4600 [avaya.md 1.4]. */
  readonly keepsVlanList?: boolean
  /** Every step, as events of the truth log. */
  readonly log?: (event: PhoneEvent) => void
  /** Called whenever `story.outcome` leaves `running`; a phone that goes on trying may come back to it later. */
  readonly onOutcome?: (story: PhoneStory) => void
}
