/**
 * What really happened to one emulated phone, as the phone knows it: the truth that the analyzer's verdict is
 * compared with. Causes carry the names of the findings catalogue where it has one.
 *
 * A story is filled while the phone runs. It covers one power-up with all its resets; every entry says in which boot
 * it happened, since each boot is a session of its own to the analyzer.
 */
import type { Nanos } from '../../base/time.js'
import type { FileRole } from '../../deskphone/roles.js'

/** `running` until the phone is up, or has tried everything once. */
export type PhoneOutcome = 'running' | 'booted' | 'degraded' | 'failed'

export type PhoneStage =
  'link' | 'vlan' | 'dhcp' | 'site-option' | 'reach' | 'file-server' | 'files' | 'registration' | 'backup' | 'story'

export type PhoneTransferResult =
  | 'ok'
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'not-found'
  | 'denied'
  | 'auth'
  | 'error'
  | 'truncated'
  | 'redirect'

export interface PhoneStory {
  /** Colon form. */
  readonly mac: string
  readonly hostname: string
  readonly series: string
  readonly model: string
  readonly extension: string | undefined
  /** Of the last boot. */
  outcome: PhoneOutcome
  /** The cause that explains the outcome of the last boot, undefined when it booted. */
  rootCause: string | undefined
  /** Dotted form; of the last boot. */
  address: string | undefined
  /** As received in the last boot. */
  siteOption: { readonly number: number; readonly raw: string } | undefined
  /** One for the power-up and one for each reset. */
  readonly boots: PhoneBoot[]
  readonly stages: PhoneStageRecord[]
  readonly transfers: PhoneTransfer[]
  readonly failures: PhoneFailure[]
}

export interface PhoneBoot {
  /** 1 for the power-up. */
  readonly number: number
  readonly reason:
    | 'power-on'
    | 'application-stored'
    | 'lease-lost'
    | 'vlan-change'
    | 'checksum-error'
    | 'no-files'
    | 'requested'
    | 'unregistered'
  readonly start: Nanos
  /** When the outcome was reached, or the reset came. */
  end: Nanos | undefined
  /** Stays `running` in a boot that a reset or a pulled plug cut off. */
  outcome: PhoneOutcome
  rootCause: string | undefined
  address: string | undefined
  /** A call server took the phone. */
  registered: boolean
  /** Of its tag, 0 for a priority tag; absent untagged. */
  vlan?: number | undefined
}

export interface PhoneStageRecord {
  readonly boot: number
  readonly stage: PhoneStage
  readonly start: Nanos
  end: Nanos | undefined
  status: 'running' | 'ok' | 'degraded' | 'failed'
}

export interface PhoneTransfer {
  readonly boot: number
  readonly protocol: 'http' | 'https' | 'tftp' | 'ftp'
  /** GET, PUT, DELETE or RRQ. */
  readonly method: string
  /** `10.20.0.2:80`. */
  readonly server: string
  /** As on the wire. */
  readonly path: string
  readonly role: FileRole
  readonly start: Nanos
  readonly end: Nanos
  readonly result: PhoneTransferResult
  /** HTTP status or TFTP error code. */
  readonly status: number | undefined
  /** Octets of the body: received by GET and RRQ, sent by PUT. */
  readonly bytes: number
}

export interface PhoneFailure {
  readonly boot: number
  readonly stage: PhoneStage
  readonly time: Nanos
  /** A code of the findings catalogue, such as `http-connect-timeout`. */
  readonly cause: string
  /** The cause of this one, when it is a consequence. */
  readonly causedBy: string | undefined
  readonly detail: string
  /** False for what changes nothing for the user. */
  degrades: boolean
}
