/**
 * What goes wrong in a server on purpose: a list of faults, each with the requests it applies to, how many of them,
 * and when. The first fault of the list that applies to a request is played.
 *
 * How each fault looks on the wire:
 *
 * DNS is played as DHCP is, and has `error` for an answer with that response code and no records.
 *
 * | fault | HTTP | TFTP | DHCP | gatekeeper |
 * | --- | --- | --- | --- | --- |
 * | noAnswer | request acknowledged by TCP, never answered, never closed by the server | no answer | no answer | no answer |
 * | hang | the same for that long, then FIN without an octet | no answer until that long after the first request it was played on | as TFTP | as TFTP |
 * | refuse | the server does not listen: RST to each SYN | port closed: ICMP port unreachable | port closed | port closed |
 * | status | this answer instead of the right one | - | - | - |
 * | raw | these octets instead of an answer, then FIN | - | - | - |
 * | truncate | headers promise the whole length, FIN after so many octets of body | DATA stops after so many octets | - | - |
 * | throttle | the right answer, its body that many octets a second | - | - | - |
 * | delay | the right answer, that much later | the same, of reads | the same | the same |
 * | reset | RST instead of an answer | - | - | - |
 * | duplicate | - | every DATA goes out twice, as from a server that answers each ACK of a doubled block (sorcerer's apprentice) | - | - |
 * | error | - | ERROR with this code | - | - |
 * | nak | - | - | NAK to a REQUEST | - |
 * | reject | - | - | - | GRJ to a GRQ, RRJ to an RRQ, with this reason |
 *
 * A server cannot do everything itself. `refuse` needs no help: the server stops to listen while the fault lasts, so
 * such a fault can have times but neither match, skip nor count. A TCP port that leaves even the SYN without an
 * answer is the machine's doing, not the server's: whoever builds the emulated machine asks `dropsConnections(fault)`
 * and sets the port policy `drop` for those times. Where nobody does, the server plays `noAnswer` on each request.
 *
 * A client's MAC is known to the DHCP server and, once it logs in, to the gatekeeper, which also knows it by extension; the
 * others match `client` by address.
 */
import type { Clock, Timer } from '../host/host.js'
import type { Nanos } from '../base/time.js'
import type { Note, ServerEventDetail } from './server-log.js'

export interface FaultConditions {
  readonly match?: FaultMatch
  /** This many matching requests are served well first. */
  readonly skip?: number
  /** Played this many times at most. */
  readonly count?: number
  /** By the server's clock: from then on. */
  readonly from?: Nanos
  /** By the server's clock: until then, exclusive. */
  readonly until?: Nanos
}

/** All that is given must hold. */
export interface FaultMatch {
  /** Of HTTP and TFTP, and the name that DNS is asked for. `*` stands for any characters, `?` for one; a leading slash does not matter. */
  readonly path?: string
  /** `GET`, `PUT` ...; a TFTP read is GET, a write PUT. */
  readonly method?: string
  /** Of DHCP: `DISCOVER`, `REQUEST` ...; of DNS: `A`, `PTR` ...; of a gatekeeper: `GRQ`, `RRQ`, `URQ`. */
  readonly message?: string
  /** Address, or MAC in colon form (DHCP, gatekeeper), or extension (gatekeeper). */
  readonly client?: string
}

export type FaultAction =
  | { readonly noAnswer: true }
  | { readonly hang: Nanos }
  | { readonly refuse: true }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly raw: string }
  | { readonly truncate: number }
  | { readonly throttle: number }
  | { readonly delay: Nanos }
  | { readonly reset: true }
  | { readonly duplicate: true }
  | { readonly error: number }
  | { readonly nak: true }
  | { readonly reject: string }

export type ServerFault = FaultConditions & FaultAction

export type FaultKind = (typeof FAULT_KINDS)[number]

export type ServerKind = 'http' | 'tftp' | 'dhcp' | 'dns' | 'gatekeeper'

/** Which faults a server of a kind can play. */
export const FAULTS_OF: Readonly<Record<ServerKind, readonly FaultKind[]>> = {
  http: ['noAnswer', 'hang', 'refuse', 'status', 'raw', 'truncate', 'throttle', 'delay', 'reset'],
  tftp: ['noAnswer', 'hang', 'refuse', 'truncate', 'duplicate', 'delay', 'error'],
  dhcp: ['noAnswer', 'hang', 'refuse', 'delay', 'nak'],
  dns: ['noAnswer', 'hang', 'refuse', 'delay', 'error'],
  gatekeeper: ['noAnswer', 'hang', 'refuse', 'delay', 'reject'],
}

/** What a fault may do; each fault does exactly one of them. */
export const FAULT_KINDS = [
  'noAnswer',
  'hang',
  'refuse',
  'status',
  'raw',
  'truncate',
  'throttle',
  'delay',
  'reset',
  'duplicate',
  'error',
  'nak',
  'reject',
] as const

/** @throws TypeError when the fault has no action or more than one; the types rule that out */
export function faultKind(fault: ServerFault): FaultKind {
  const kinds = FAULT_KINDS.filter((kind) => kind in fault)
  if (kinds.length !== 1) throw new TypeError(`a fault has one action, not ${kinds.join(' and ') || 'none'}`)
  return kinds[0]!
}

/** Why this fault cannot be played by that server, in a sentence for the user; undefined when it can. */
export function faultProblem(fault: ServerFault, server: ServerKind): string | undefined {
  const kinds = FAULT_KINDS.filter((kind) => kind in fault)
  if (kinds.length !== 1) {
    return `a fault does one of ${FAULTS_OF[server].join(', ')}, not ${kinds.join(' and ') || 'none of them'}`
  }
  const kind = kinds[0]!
  if (!FAULTS_OF[server].includes(kind)) {
    return `${NAMES[server]} servers cannot play '${kind}', only ${FAULTS_OF[server].join(', ')}`
  }
  const { match, skip, count } = fault
  if (kind === 'refuse' && !(isEmptyMatch(match) && skip === undefined && count === undefined)) {
    return `'refuse' closes the port for everybody: it can have 'from' and 'until', but no match, skip or count`
  }
  const hasMessages = server === 'dhcp' || server === 'gatekeeper'
  if (hasMessages && (match?.path !== undefined || match?.method !== undefined)) {
    return `${NAMES[server]} messages have no path and no method; match by 'message' or 'client'`
  }
  if (server === 'dns' && match?.method !== undefined) {
    return `DNS queries have no method; match by 'path' (the name), 'message' (the type) or 'client'`
  }
  if (!hasMessages && server !== 'dns' && match?.message !== undefined) {
    return `'message' is for DHCP and DNS servers and gatekeepers; match by 'path', 'method' or 'client'`
  }
  if (!hasMessages && match?.client?.includes(':') === true) {
    return `${NAMES[server]} servers know their clients by address, not by MAC`
  }
  return 'reject' in fault ? rejectProblem(fault.reject, match?.message) : undefined
}

const NAMES: Readonly<Record<ServerKind, string>> = {
  http: 'HTTP',
  tftp: 'TFTP',
  dhcp: 'DHCP',
  dns: 'DNS',
  gatekeeper: 'RAS',
}

/** By the message that is answered with it; those of H.225.0 that say nothing more. */
export const REJECT_REASONS: Readonly<Record<'GRQ' | 'RRQ', readonly string[]>> = {
  GRQ: [
    'resourceUnavailable',
    'terminalExcluded',
    'invalidRevision',
    'undefinedReason',
    'securityDenial',
    'genericDataReason',
    'neededFeatureNotSupported',
  ],
  RRQ: [
    'discoveryRequired',
    'invalidRevision',
    'invalidCallSignalAddress',
    'invalidRASAddress',
    'duplicateAlias',
    'invalidTerminalType',
    'undefinedReason',
    'transportNotSupported',
    'transportQOSNotSupported',
    'resourceUnavailable',
    'invalidAlias',
    'securityDenial',
    'fullRegistrationRequired',
    'additiveRegistrationNotSupported',
    'genericDataReason',
    'neededFeatureNotSupported',
    'registerWithAssignedGK',
  ],
}

function rejectProblem(reason: string, message: string | undefined): string | undefined {
  const name = message?.toUpperCase()
  if (name !== 'GRQ' && name !== 'RRQ') return `a 'reject' says of which message: match: { message: GRQ } or RRQ`
  const reasons = REJECT_REASONS[name]
  if (reasons.includes(reason)) return undefined
  return `no reason to reject ${name} is called '${reason}', only ${reasons.join(', ')}`
}

/**
 * Whether an HTTP fault means that not even connections are answered: `noAnswer` for every request of every client.
 * An emulated machine then drops the SYNs from `fault.from` until `fault.until`.
 */
export function dropsConnections(fault: ServerFault): boolean {
  return 'noAnswer' in fault && isEmptyMatch(fault.match) && fault.skip === undefined && fault.count === undefined
}

function isEmptyMatch(match: FaultMatch | undefined): boolean {
  if (match === undefined) return true
  const { path, method, message, client } = match
  return (
    (path === undefined || /^\/?\*+$/.test(path)) &&
    method === undefined &&
    message === undefined &&
    client === undefined
  )
}

/** What a server knows of a request when it asks whether to play a fault. */
export interface FaultSubject {
  readonly path?: string
  readonly method?: string
  readonly message?: string
  /** Every name the client has: address, MAC. */
  readonly clients: readonly string[]
}

interface ScriptedFault {
  readonly fault: ServerFault
  readonly path: RegExp | undefined
  seen: number
  played: number
  /** When it was first played; `hang` of the datagram servers counts from there. */
  firstPlayed: Nanos | undefined
}

/** The faults of one server. They may be added and removed while it runs. */
export class FaultScript {
  readonly #clock: Clock
  readonly #note: Note
  readonly #server: ServerKind
  readonly #faults: ScriptedFault[] = []
  #onPort: (() => void) | undefined
  #portTimers: Timer[] = []

  /** @throws TypeError for a fault that this kind of server cannot play (faultProblem says why) */
  constructor(server: ServerKind, faults: readonly ServerFault[], clock: Clock, note: Note) {
    this.#server = server
    this.#clock = clock
    this.#note = note
    for (const fault of faults) this.add(fault)
  }

  /** @throws TypeError as the constructor */
  add(fault: ServerFault): { remove(): void } {
    const problem = faultProblem(fault, this.#server)
    if (problem !== undefined) throw new TypeError(problem)
    const path = fault.match?.path
    const scripted: ScriptedFault = {
      fault,
      path: path === undefined ? undefined : globExpression(path),
      seen: 0,
      played: 0,
      firstPlayed: undefined,
    }
    this.#faults.push(scripted)
    if ('refuse' in fault) this.#schedulePort()
    return {
      remove: () => {
        const at = this.#faults.indexOf(scripted)
        if (at >= 0) this.#faults.splice(at, 1)
        if ('refuse' in fault) this.#schedulePort()
      },
    }
  }

  /** The fault to play on this request, already logged; undefined to serve it well. */
  take(subject: FaultSubject, detail: ServerEventDetail): ServerFault | undefined {
    const now = this.#clock.now()
    for (const scripted of this.#faults) {
      const { fault } = scripted
      if ('refuse' in fault || !isWithin(fault, now) || !matches(scripted, subject)) continue
      if (this.#server !== 'http' && 'hang' in fault && scripted.firstPlayed !== undefined) {
        if (now >= scripted.firstPlayed + fault.hang) continue
      }
      scripted.seen++
      if (scripted.seen <= (fault.skip ?? 0)) continue
      if (fault.count !== undefined && scripted.played >= fault.count) continue
      scripted.played++
      scripted.firstPlayed ??= now
      this.#note('fault', { ...detail, fault: faultKind(fault) })
      return fault
    }
    return undefined
  }

  /** Whether a `refuse` is on: the server must not listen now. */
  get refusing(): boolean {
    const now = this.#clock.now()
    return this.#faults.some(({ fault }) => 'refuse' in fault && isWithin(fault, now))
  }

  /** Calls `changed` whenever `refusing` may have become another. One listener: the server. */
  onPort(changed: (() => void) | undefined): void {
    this.#onPort = changed
    this.#schedulePort()
  }

  #schedulePort(): void {
    for (const timer of this.#portTimers) timer.cancel()
    this.#portTimers = []
    const changed = this.#onPort
    if (changed === undefined) return
    const now = this.#clock.now()
    for (const { fault } of this.#faults) {
      if (!('refuse' in fault)) continue
      for (const time of [fault.from, fault.until]) {
        if (time !== undefined && time > now) this.#portTimers.push(this.#clock.after(time - now, changed))
      }
    }
    changed()
  }
}

function isWithin(fault: ServerFault, now: Nanos): boolean {
  return now >= (fault.from ?? 0) && now < (fault.until ?? Infinity)
}

function matches({ fault: { match }, path }: ScriptedFault, subject: FaultSubject): boolean {
  if (match === undefined) return true
  if (path !== undefined && !path.test((subject.path ?? '').replace(/^\//, ''))) return false
  if (match.method !== undefined && match.method.toUpperCase() !== subject.method) return false
  if (match.message !== undefined && match.message.toUpperCase() !== subject.message) return false
  return match.client === undefined || subject.clients.includes(match.client.toLowerCase())
}

/** Runs of `*` are one, so that no pattern takes more than quadratic time. */
function globExpression(glob: string): RegExp {
  const parts = glob
    .replace(/^\//, '')
    .replace(/\*+/g, '*')
    .split(/([*?])/)
  const source = parts.map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[^\w/-]/g, '\\$&')))
  return new RegExp(`^${source.join('')}$`, 's')
}
