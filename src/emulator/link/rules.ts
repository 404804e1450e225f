/**
 * Rules for single frames: "drop the second OFFER", "drop DATA block 3 once", "drop every SYN to port 80 for 30 s".
 *
 * A rule says which frames it means and what happens to them. It counts the frames that match, and acts on some of
 * them: from the `nth` on, every so-many-th, `times` often, within a stretch of time, with a probability. The first rule that acts on a
 * frame decides; rules behind it do not count that frame.
 *
 * What a rule drops is lost on the way: a tap at the sender sees it. Links without rules know nothing of them.
 */
import type { Nanos } from '../../base/time.js'
import type { Random } from '../../base/random.js'
import { FrameReader, type FrameFacts } from './frame-facts.js'
import { corrupted } from './impairments.js'

/** Everything that is given has to be so. Names are compared without regard to case. */
export interface FrameMatch {
  /** Any layer: `arp`, `ipv4`, `icmp`, `udp`, `tcp`, `dhcp`, `tftp`, `http`, `lldp`, `eapol`. */
  readonly protocol?: string
  /** As FrameFacts names it: `offer`, `data`, `syn`, `get`, `response`. */
  readonly message?: string
  /** With `*` for any part, or an expression. A slash in front does not count. */
  readonly path?: string | RegExp
  /** TFTP block number. */
  readonly block?: number
  /** HTTP status of a response. */
  readonly status?: number
  /** Either end of UDP or TCP. */
  readonly port?: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  /** Either end, uint32. */
  readonly address?: number
  readonly source?: number
  readonly destination?: number
  /** Sender, receiver or DHCP client, colon form. */
  readonly mac?: string
  readonly vlan?: number
  /** Octets of the frame. */
  readonly minLength?: number
  readonly maxLength?: number
  readonly direction?: 'a2b' | 'b2a'
  /** Anything else. */
  readonly where?: (facts: FrameFacts, frame: Uint8Array) => boolean
}

export type FrameAction =
  | 'drop'
  | 'corrupt'
  | { readonly kind: 'delay'; readonly by: Nanos }
  /** @param copies besides the frame itself */
  | { readonly kind: 'duplicate'; readonly copies: number }
  /** Gets a copy to change and to return, or returns another frame. Checksums are its business. */
  | { readonly kind: 'rewrite'; readonly change: (frame: Uint8Array) => Uint8Array }

export interface FrameRule {
  /** For the log. */
  readonly name: string
  readonly match: FrameMatch
  readonly action: FrameAction
  /** The first matching frame that it acts on, counted from 1; 1 unless given. */
  readonly nth?: number
  /** From there on only every so-many-th matching frame; each unless given. */
  readonly every?: number
  /** How many of those; all unless given. */
  readonly times?: number
  /** Frames outside this stretch of time are not counted. */
  readonly from?: Nanos
  readonly until?: Nanos
  /** Probability that it acts on a frame that is its turn; 1 unless given. */
  readonly probability?: number
}

export interface RuleHandle {
  /** Frames that matched. */
  readonly matched: number
  /** Frames that it acted on. */
  readonly applied: number
  remove(): void
}

/** What becomes of a frame that a rule acted on. */
export interface Verdict {
  readonly rule: string
  /** What goes on; undefined when it is dropped. */
  readonly arriving: Uint8Array | undefined
  /** On top of what the link takes. */
  readonly delay: Nanos
  /** Besides the frame itself. */
  readonly copies: number
}

/** The most copies one rule makes of one frame. */
const MAX_COPIES = 1000

interface Entry {
  readonly rule: FrameRule
  readonly matches: (facts: FrameFacts, frame: Uint8Array, direction: 'a2b' | 'b2a') => boolean
  matched: number
  applied: number
}

export class RuleSet {
  readonly #random: Random
  readonly #reader = new FrameReader()
  #entries: readonly Entry[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** @throws RangeError for counts and times that are impossible */
  add(rule: FrameRule): RuleHandle {
    checkRule(rule)
    const entry: Entry = { rule, matches: compile(rule.match), matched: 0, applied: 0 }
    this.#entries = [...this.#entries, entry]
    return {
      get matched() {
        return entry.matched
      },
      get applied() {
        return entry.applied
      },
      remove: () => {
        this.#entries = this.#entries.filter((other) => other !== entry)
      },
    }
  }

  /** Undefined when no rule acts on the frame. */
  judge(frame: Uint8Array, now: Nanos, direction: 'a2b' | 'b2a'): Verdict | undefined {
    const facts = this.#reader.read(frame)
    for (const entry of this.#entries) {
      const { rule } = entry
      const { nth = 1, every = 1, times = Infinity, from = 0, until = Infinity, probability = 1 } = rule
      if (now < from || now >= until || !entry.matches(facts, frame, direction)) continue
      entry.matched++
      if (entry.matched < nth || (entry.matched - nth) % every !== 0 || entry.applied >= times) continue
      if (probability < 1 && this.#random.next() >= probability) continue
      entry.applied++
      return this.#apply(rule, frame)
    }
    return undefined
  }

  #apply({ name, action }: FrameRule, frame: Uint8Array): Verdict {
    const verdict: Verdict = { rule: name, arriving: frame, delay: 0, copies: 0 }
    if (action === 'drop') return { ...verdict, arriving: undefined }
    if (action === 'corrupt') return { ...verdict, arriving: corrupted(frame, this.#random) }
    switch (action.kind) {
      case 'delay':
        return { ...verdict, delay: action.by }
      case 'duplicate':
        return { ...verdict, copies: action.copies }
      case 'rewrite':
        return { ...verdict, arriving: action.change(frame.slice()) }
    }
  }
}

function checkRule({ name, action, nth = 1, every = 1, times = 1, probability = 1 }: FrameRule): void {
  if (!(Number.isInteger(nth) && nth > 0)) throw new RangeError(`rule ${name}: impossible nth: ${nth}`)
  if (!(Number.isInteger(every) && every > 0)) throw new RangeError(`rule ${name}: impossible every: ${every}`)
  if (!(times > 0)) throw new RangeError(`rule ${name}: impossible times: ${times}`)
  if (!(probability >= 0 && probability <= 1))
    throw new RangeError(`rule ${name}: impossible probability: ${probability}`)
  if (typeof action === 'string') return
  if (action.kind === 'delay' && !(action.by >= 0 && action.by < Infinity)) {
    throw new RangeError(`rule ${name}: impossible delay: ${action.by}`)
  }
  if (
    action.kind === 'duplicate' &&
    !(Number.isInteger(action.copies) && action.copies > 0 && action.copies <= MAX_COPIES)
  ) {
    throw new RangeError(`rule ${name}: impossible copies: ${action.copies}`)
  }
}

function compile(match: FrameMatch): Entry['matches'] {
  const { port, address, minLength = 0, maxLength = Infinity, where, direction } = match
  const protocol = match.protocol?.toLowerCase()
  const message = match.message?.toLowerCase()
  const mac = match.mac?.toLowerCase()
  const path = match.path === undefined ? undefined : pathPattern(match.path)
  const exact = (['block', 'status', 'sourcePort', 'destinationPort', 'source', 'destination', 'vlan'] as const).filter(
    (key) => match[key] !== undefined,
  )
  return (facts, frame, way) =>
    (direction === undefined || direction === way) &&
    (protocol === undefined || facts.protocols.includes(protocol)) &&
    (message === undefined || facts.message === message) &&
    (path === undefined || (facts.path !== undefined && facts.path.search(path) >= 0)) &&
    exact.every((key) => facts[key] === match[key]) &&
    (port === undefined || facts.sourcePort === port || facts.destinationPort === port) &&
    (address === undefined || facts.source === address || facts.destination === address) &&
    (mac === undefined || [facts.sourceMac, facts.destinationMac, facts.clientMac].includes(mac)) &&
    facts.length >= minLength &&
    facts.length <= maxLength &&
    (where === undefined || where(facts, frame))
}

function pathPattern(path: string | RegExp): RegExp {
  if (typeof path !== 'string') return path
  const escaped = path.replace(/^\//, '').replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^/?${escaped.replaceAll('*', '.*')}$`, 'i')
}
