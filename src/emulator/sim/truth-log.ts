/**
 * What really happened in a run, as the emulator knows it and the analyzer does not: every frame that a link lost,
 * every fault a server played, every step of every phone. Expectations may read it; after each run the analyzer's
 * verdict is compared with it.
 */
import type { Nanos } from '../../base/time.js'

/** What a link did to a frame other than to carry it. */
export type FrameFate =
  | 'lost'
  | 'duplicated'
  | 'corrupted'
  | 'reordered'
  | 'queue-full'
  | 'early-drop' // by RED or CoDel
  | 'too-long'
  | 'link-down'
  | 'rewritten' // by a rule
  | 'delayed' // by a rule

export type TruthEvent =
  | {
      readonly kind: 'frame'
      readonly time: Nanos
      readonly link: string
      /** The end of the link that sent it. */
      readonly from: string
      readonly fate: FrameFate
      readonly length: number
      /** The name of the rule that did it, where one did. */
      readonly rule?: string
    }
  | {
      readonly kind: 'server'
      readonly time: Nanos
      readonly server: string
      /** `request`, `fault`, `error`, `lease`, ... */
      readonly event: string
      readonly detail: Readonly<Record<string, string | number | boolean>>
    }
  | {
      readonly kind: 'phone'
      readonly time: Nanos
      /** MAC in colon form. */
      readonly phone: string
      readonly event: string
      readonly detail: Readonly<Record<string, string | number | boolean>>
    }

export class TruthLog {
  readonly events: TruthEvent[] = []
  /** Beyond this many events only counts are kept. */
  readonly limit: number
  omitted = 0

  constructor(limit = 1_000_000) {
    this.limit = limit
  }

  /** Whether more events are counted only. */
  get isFull(): boolean {
    return this.events.length >= this.limit
  }

  record(event: TruthEvent): void {
    if (this.events.length < this.limit) this.events.push(event)
    else this.omitted++
  }
}
