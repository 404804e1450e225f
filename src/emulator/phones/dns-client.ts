/**
 * A phone's stub resolver (RFC 1034 §5.3.1): asks the servers of option 6 for the address of a server given by name.
 *
 * No source says how these phones ask, so all of it is assumption: each server in turn, DNS_TRIES rounds, the wait of
 * timers.ts; a name without a dot gets the domain of option 15 first, a name with dots is asked as it is first and then,
 * when nobody knows it, with the domain behind it (the doubled domain of avaya.md §8.2 no. 31).
 *
 * Not here: search lists (option 119), TCP after a truncated answer, IPv6.
 */
import { isDottedAddress } from '../../deskphone/parameters.js'
import { WireError } from '../../base/errors.js'
import * as dns from '../../wire/dns.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'

/** Names of one boot whose answers are kept. */
const MAX_KEPT = 64

/** What became of one question. */
export type Lookup =
  | { readonly kind: 'address'; readonly addresses: readonly number[] }
  /** NXDOMAIN, or a name without an address. */
  | { readonly kind: 'no-such-name' }
  /** SERVFAIL, REFUSED or the like from the last server. */
  | { readonly kind: 'refused'; readonly rcode: number }
  | { readonly kind: 'silent' }
  /** Option 6 named nobody. */
  | { readonly kind: 'no-server' }

export class Resolver {
  readonly #phone: PhoneState
  readonly #kept = new Map<string, Lookup>()

  constructor(phone: PhoneState) {
    this.#phone = phone
  }

  /** @param name as given, dotted addresses included */
  *resolve(name: string): Steps<Lookup> {
    const address = isDottedAddress(name) ? parseAddress(name) : undefined
    if (address !== undefined) return { kind: 'address', addresses: [address] }
    const key = dns.nameKey(name)
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    let result: Lookup = { kind: 'no-such-name' }
    for (const candidate of this.#candidates(name)) {
      result = yield* this.#lookUp(candidate)
      if (result.kind !== 'no-such-name') break
    }
    if (this.#kept.size < MAX_KEPT) this.#kept.set(key, result)
    this.#phone.tell.log('dns', {
      name,
      result: result.kind,
      ...(result.kind === 'address' && { address: result.addresses.map(formatAddress).join(',') }),
    })
    return result
  }

  #candidates(name: string): readonly string[] {
    const domain = this.#phone.text('DOMAIN')
    if (domain === '' || name.endsWith('.')) return [name]
    const longer = `${name}.${domain}`
    return name.includes('.') ? [name, longer] : [longer, name]
  }

  *#lookUp(name: string): Steps<Lookup> {
    const { parameters, timers } = this.#phone
    const servers = (parameters.get('DNSSRVR') ?? []).flatMap((text) => parseAddress(text) ?? [])
    if (servers.length === 0) return { kind: 'no-server' }
    if (!canBeAsked(name)) return { kind: 'no-such-name' }
    let last: Lookup = { kind: 'silent' }
    for (let round = 0; round < timers.dnsTries; round++) {
      for (const server of servers) {
        const result = yield* this.#ask(server, name)
        if (result.kind === 'address' || result.kind === 'no-such-name') return result
        if (result.kind === 'refused') last = result
      }
    }
    return last
  }

  *#ask(server: number, name: string): Steps<Lookup> {
    const { transport, random } = this.#phone.options
    return yield* wait<Lookup>((resume) => {
      const id = random.int(0x10000)
      const finish = (result: Lookup) => {
        timer.cancel()
        socket.close()
        resume(result)
      }
      const socket = transport.bindUdp(
        0,
        ({ payload, sourceAddress, sourcePort }) => {
          if (sourceAddress !== server || sourcePort !== dns.SERVER_PORT) return
          const result = answerTo(payload, id, name)
          if (result !== undefined) finish(result)
        },
        // A closed port: the next server need not wait.
        () => finish({ kind: 'silent' }),
      )
      const timer = transport.after(this.#phone.timers.dnsTimeout, () => finish({ kind: 'silent' }))
      socket.send(dns.encode(dns.query(id, name, dns.Type.a)), server, dns.SERVER_PORT)
      return () => {
        timer.cancel()
        socket.close()
      }
    })
  }
}

/** Undefined for what is no answer to the question, RFC 5452 §9.1. */
function answerTo(payload: Uint8Array, id: number, name: string): Lookup | undefined {
  let message: dns.DnsMessage
  try {
    message = dns.decode(payload)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
  const [question] = message.questions
  if (!message.response || message.id !== id || question === undefined || !dns.sameName(question.name, name)) {
    return undefined
  }
  if (message.rcode === dns.Rcode.nameError) return { kind: 'no-such-name' }
  if (message.rcode !== dns.Rcode.noError) return { kind: 'refused', rcode: message.rcode }
  // Whoever recursed has followed the aliases: all addresses in the answer are the name's.
  const addresses = message.answers.flatMap(({ data }) => (data.kind === 'a' ? [data.address] : []))
  return addresses.length === 0 ? { kind: 'no-such-name' } : { kind: 'address', addresses }
}

function canBeAsked(name: string): boolean {
  try {
    dns.nameLabels(name)
    return true
  } catch (error) {
    if (error instanceof WireError) return false
    throw error
  }
}

/** In words, for the story. */
export function lookupProblem(result: Lookup): string {
  switch (result.kind) {
    case 'address':
      return 'found'
    case 'no-such-name':
      return 'no server knows the name'
    case 'refused':
      return `the DNS server answered with code ${result.rcode}`
    case 'silent':
      return 'no DNS server answered'
    case 'no-server':
      return 'DHCP named no DNS server'
  }
}

/** Parameters that name servers, in the order in which a boot needs them. */
const SERVER_LISTS = ['TLSSRVR', 'HTTPSRVR', 'TFTPSRVR'] as const

/** What the 4600 looks up when nothing names a server [avaya.md 1.11]. */
const BUILT_IN: Readonly<Record<string, string>> = { TFTPSRVR: 'AvayaTFTPServer', MCIPADD: 'AvayaCallServer' }

/**
 * Before files are fetched: names in the lists of file servers become addresses. What cannot be found drops out of its
 * list and is told as dns-lookup-failed. A list that is already addresses costs nothing.
 */
export function* resolveFileServers(phone: PhoneState): Steps<void> {
  if (phone.series.name === '4600') yield* lookUpBuiltIn(phone)
  for (const parameter of SERVER_LISTS) yield* resolveServers(phone, parameter)
}

/** The same for one list. */
export function* resolveServers(phone: PhoneState, parameter: string): Steps<void> {
  const values = phone.parameters.get(parameter)
  if (values === undefined || values.every(isDottedAddress)) return
  const found: string[] = []
  for (const value of values) {
    const result = yield* phone.resolver.resolve(value)
    if (result.kind === 'address') found.push(...result.addresses.map(formatAddress))
    else {
      phone.tell.fail('reach', 'dns-lookup-failed', `${parameter}: ${value}: ${lookupProblem(result)}`)
      if (parameter !== 'MCIPADD') phone.serverTrouble ??= 'dns-lookup-failed'
    }
  }
  phone.parameters.set(parameter, found)
}

/** Only with options 6 and 15 both given. A name that nobody knows is no failure: nobody promised it. */
function* lookUpBuiltIn(phone: PhoneState): Steps<void> {
  if (phone.text('DNSSRVR') === '' || phone.text('DOMAIN') === '') return
  for (const [parameter, name] of Object.entries(BUILT_IN)) {
    if (phone.text(parameter) !== '' || (parameter === 'TFTPSRVR' && phone.text('HTTPSRVR') !== '')) continue
    const result = yield* phone.resolver.resolve(name)
    if (result.kind === 'address') phone.parameters.set(parameter, result.addresses.map(formatAddress))
  }
}
