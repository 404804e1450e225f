/**
 * What a scenario, or the owner of a real capture, expects of a report: the `expect:` list of `bootwire/scenario@1` as
 * checked values. The list is a conjunction; each entry speaks of some phones and states some things about each.
 */
import type { Nanos } from '../base/time.js'
import type { Outcome, TransferResult, TransferRole } from '../analyzer/report.js'

/** Which phones an entry speaks of. Several selectors are a union. */
export type PhoneSelector =
  | { readonly by: 'all' }
  /** As the scenario calls them. */
  | { readonly by: 'group'; readonly group: string }
  /** `4620SW`, as the scenario names it or the report recognised it. */
  | { readonly by: 'model'; readonly model: string }
  /** Colon form, lower case. */
  | { readonly by: 'mac'; readonly mac: string }
  /** 1-based: the order of the scenario, or of first appearance in a capture. */
  | { readonly by: 'index'; readonly index: number }
  | { readonly by: 'extension'; readonly extension: string }

/** A transfer that has every property given here. */
export interface TransferPattern {
  readonly protocol?: 'http' | 'tftp'
  /** Upper case: GET, PUT, RRQ ... */
  readonly method?: string
  /** The file's path; `*` stands for any characters. */
  readonly path?: string
  readonly server?: string
  readonly role?: TransferRole
  readonly result?: TransferResult
  readonly status?: number
  /** Exactly this many such transfers; without it at least one. */
  readonly count?: number
}

/** What is stated of one phone. `all` of the given properties must hold; under `not`, none may. */
export interface Claims {
  /** Of the phone's last session: how it ended up. */
  readonly outcome?: readonly Outcome[]
  /** Of the phone's last session; null says that nothing was wrong. */
  readonly rootCause?: readonly (string | null)[]
  /** Codes that some session of the phone, or its capture, carries. */
  readonly finding?: readonly string[]
  readonly transfers?: readonly TransferPattern[]
}

export interface Expectation extends Claims {
  readonly phones: readonly PhoneSelector[]
  /** From the phone's first frame to the end of its last session. */
  readonly within?: Nanos
  /** Boot sessions of the phone, one for each power-up or reset. */
  readonly sessions?: number
  readonly not?: Claims
  /** Exactly this many of the phones meet the rest; without it every one, and at least one. */
  readonly count?: number
  /** Where it was written, for messages: `site.yaml:21`. */
  readonly source?: string
}
