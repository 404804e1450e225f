/**
 * How a virtual host finds the address of a name: as a machine with a hosts file and a resolver library does. What is in
 * the table is found at once; for everything else the host's name servers are asked over the emulated network, by UDP,
 * in turn and again (stub resolver of RFC 1034 §5.3.1).
 *
 * Whatever comes back is believed only if it comes from the server that was asked, with the identifier and the question
 * that were sent (RFC 5452 §9.1). Source ports are the stack's, identifiers are the host's own luck.
 *
 * Not here: a cache (neither Node nor glibc has one), TCP after a cut answer, IPv6.
 */
import type { Nanos } from '../../base/time.js'
import { WireError } from '../../base/errors.js'
import * as dns from '../../wire/dns.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import type { EmulatedHost } from '../net/host.js'
import type { Simulation } from '../sim/simulation.js'

export interface NameSettings {
  /** Asked in this order; none unless told. `10.0.0.3` or `10.0.0.3:5353`. */
  readonly nameServers?: readonly string[]
  /** The hosts file: addresses by name. `localhost` and the host's own name need no line. */
  readonly hosts?: ReadonlyMap<string, string>
  /** Domains that lookup() tries behind a name, as `search` of resolv.conf. */
  readonly search?: readonly string[]
}

export interface NameServer {
  readonly address: number
  readonly port: number
}

/** Rounds through all servers, and how long each query of the first round waits; doubled every round. */
export interface Patience {
  readonly tries: number
  readonly timeout: Nanos
}

export type QueryError =
  | 'ENOTFOUND' // the name does not exist
  | 'ENODATA' // it has no such record
  | 'ESERVFAIL'
  | 'EREFUSED'
  | 'EFORMERR'
  | 'ENOTIMP'
  | 'EBADNAME'
  | 'EBADRESP' // cut short, or broken
  | 'ETIMEOUT'
  | 'ECONNREFUSED' // no server listens, or there is none

export type QueryAnswer = { readonly records: readonly dns.DnsRecord[] } | { readonly error: QueryError }

/** Aliases followed from a name to its address. */
const MAX_ALIASES = 16

const ERRORS: Readonly<Record<number, QueryError>> = {
  [dns.Rcode.formatError]: 'EFORMERR',
  [dns.Rcode.serverFailure]: 'ESERVFAIL',
  [dns.Rcode.nameError]: 'ENOTFOUND',
  [dns.Rcode.notImplemented]: 'ENOTIMP',
  [dns.Rcode.refused]: 'EREFUSED',
}

const LOOPBACK = 0x7f000001

export class NameService {
  servers: readonly NameServer[]
  readonly search: readonly string[]
  readonly #host: EmulatedHost
  readonly #sim: Simulation
  readonly #hosts = new Map<string, number>()
  readonly #luck

  /** @throws TypeError for an address that is none */
  constructor(host: EmulatedHost, sim: Simulation, { nameServers = [], hosts = new Map(), search = [] }: NameSettings) {
    this.#host = host
    this.#sim = sim
    this.#luck = sim.random(`names on ${host.name}`)
    this.search = search
    this.servers = nameServers.map((text) => {
      const server = parseNameServer(text)
      if (server === undefined) throw new TypeError(`'${text}' is no address of a name server`)
      return server
    })
    for (const [name, text] of hosts) {
      const address = parseAddress(text)
      if (address === undefined) throw new TypeError(`'${text}' is no IPv4 address`)
      this.#hosts.set(dns.nameKey(name), address)
    }
  }

  /** What needs no server: an address, `localhost`, the host's own name, a line of the hosts file. */
  known(name: string): number | undefined {
    const key = dns.nameKey(name)
    if (key === 'localhost') return LOOPBACK
    const address = parseAddress(name) ?? this.#hosts.get(key)
    if (address !== undefined) return address
    return key === dns.nameKey(this.#host.name) && this.#host.address !== 0 ? this.#host.address : undefined
  }

  /** Names by which the hosts file knows an address. */
  namesOf(address: number): readonly string[] {
    return [...this.#hosts].filter(([, known]) => known === address).map(([name]) => name)
  }

  /**
   * As getaddrinfo: the table, then the servers with the search list as resolv.conf(5) has it with `ndots:1`. Calls back
   * in an event of its own, not from within.
   */
  lookup(
    name: string,
    patience: Patience,
    done: (answer: { addresses: readonly number[] } | { error: QueryError }) => void,
  ): void {
    const absolute = name.endsWith('.')
    const searched = absolute ? [] : this.search.map((domain) => `${name}.${domain}`)
    const candidates = absolute || name.includes('.') ? [name, ...searched] : [...searched, name]
    const next = (at: number, last: QueryError): void => {
      const candidate = candidates[at]
      if (candidate === undefined) return done({ error: last })
      this.query(candidate, dns.Type.a, patience, (answer) => {
        if ('error' in answer) {
          // A server that fails says nothing about the other names.
          if (answer.error === 'ENOTFOUND' || answer.error === 'ENODATA') return next(at + 1, answer.error)
          return done(answer)
        }
        done({ addresses: answer.records.flatMap(({ data }) => (data.kind === 'a' ? [data.address] : [])) })
      })
    }
    next(0, 'ENOTFOUND')
  }

  /**
   * The records of one type of a name, aliases followed, from `servers` (the host's unless told). Calls back later, not
   * from within.
   *
   * @returns how to call it off
   */
  query(
    name: string,
    type: number,
    { tries, timeout }: Patience,
    done: (answer: QueryAnswer) => void,
    servers = this.servers,
  ): () => void {
    const id = this.#luck.int(0x10000)
    let octets: Uint8Array
    const late = (answer: QueryAnswer): (() => void) => {
      const event = this.#sim.schedule(0, () => done(answer))
      return () => event.cancel()
    }
    try {
      octets = dns.encode(dns.query(id, name, type))
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      return late({ error: 'EBADNAME' })
    }
    if (servers.length === 0) return late({ error: 'ECONNREFUSED' })

    let attempt = -1
    let timer: { cancel(): void } | undefined
    let failure: QueryError = 'ETIMEOUT'
    const finish = (answer: QueryAnswer): void => {
      timer?.cancel()
      port.close()
      done(answer)
    }
    const tryNext = (): void => {
      timer?.cancel()
      attempt++
      if (attempt >= tries * servers.length) return finish({ error: failure })
      const server = servers[attempt % servers.length]!
      timer = this.#sim.schedule(timeout * 2 ** Math.floor(attempt / servers.length), () => {
        failure = 'ETIMEOUT'
        tryNext()
      })
      try {
        port.send(octets, server.address, server.port)
      } catch (error) {
        // No address, no way there: as if nobody answered, but known at once.
        if ((error as NodeJS.ErrnoException).code === undefined) throw error
        failure = 'ECONNREFUSED'
        timer.cancel()
        timer = this.#sim.schedule(0, tryNext)
      }
    }
    const port = this.#host.bindUdp(
      0,
      ({ payload, sourceAddress, sourcePort }) => {
        const server = servers[attempt % servers.length]
        if (server === undefined || sourceAddress !== server.address || sourcePort !== server.port) return
        const response = decodeResponse(payload, id, name, type)
        if (response === undefined) return
        const answer = readAnswer(response, name, type)
        // A server that cannot is no better than one that does not answer: the next may.
        if ('error' in answer && !['ENOTFOUND', 'ENODATA'].includes(answer.error)) {
          failure = answer.error
          return tryNext()
        }
        finish(answer)
      },
      () => {
        failure = 'ECONNREFUSED'
        tryNext()
      },
    )
    tryNext()
    return () => {
      timer?.cancel()
      port.close()
    }
  }
}

function decodeResponse(payload: Uint8Array, id: number, name: string, type: number): dns.DnsMessage | undefined {
  let message: dns.DnsMessage
  try {
    message = dns.decode(payload)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
  const [question] = message.questions
  if (!message.response || message.id !== id) return undefined
  // A server that could not read the query may not repeat it.
  if (question === undefined) return message.rcode === dns.Rcode.noError ? undefined : message
  return question.type === type && dns.sameName(question.name, name) ? message : undefined
}

function readAnswer(message: dns.DnsMessage, name: string, type: number): QueryAnswer {
  if (message.rcode !== dns.Rcode.noError) return { error: ERRORS[message.rcode] ?? 'EBADRESP' }
  if (message.truncated || message.error !== undefined) return { error: 'EBADRESP' }
  let owner = name
  for (let i = 0; i < MAX_ALIASES; i++) {
    const own = message.answers.filter((record) => dns.sameName(record.name, owner))
    const records = own.filter((record) => record.type === type || type === dns.Type.any)
    if (records.length > 0) return { records }
    const alias = own.find((record) => record.type === dns.Type.cname)
    if (alias?.data.kind !== 'name') break
    owner = alias.data.name
  }
  return { error: 'ENODATA' }
}

/** `10.0.0.3`, `10.0.0.3:5353`; undefined for anything else. */
export function parseNameServer(text: string): NameServer | undefined {
  const [, host, digits] = /^([0-9.]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  const address = host === undefined ? undefined : parseAddress(host)
  const port = digits === undefined ? dns.SERVER_PORT : Number(digits)
  return address === undefined || port < 1 || port > 0xffff ? undefined : { address, port }
}

export function formatNameServer({ address, port }: NameServer): string {
  return port === dns.SERVER_PORT ? formatAddress(address) : `${formatAddress(address)}:${port}`
}
