/**
 * node:dns of one virtual host, over its name service: lookup() as getaddrinfo has it (table, then servers), the
 * resolve functions and Resolver as c-ares has them (servers only), callbacks and promises, Node's error codes.
 *
 * Not here: lookupService, resolveAny of several records (Node itself only asks), NAPTR, CAA, TLSA.
 */
import * as dns from 'node:dns'
import { isIP } from 'node:net'
import { MILLISECOND, SECOND } from '../../base/time.js'
import type { Host } from '../../host/host.js'
import * as wire from '../../wire/dns.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import { nodeError, unavailable } from './machine.js'
import type { Machine } from './machine.js'
import { formatNameServer, parseNameServer } from './name-service.js'
import type { NameServer, Patience, QueryError } from './name-service.js'

type Callback = (error: Error | null, ...values: unknown[]) => void

/** Of lookup(), resolv.conf(5): `timeout:5`, `attempts:2`. */
export const GETADDRINFO: Patience = { tries: 2, timeout: 5 * SECOND }
/** Node's documentation gives four tries, c-ares five seconds. */
const C_ARES: Patience = { tries: 4, timeout: 5 * SECOND }

interface LookupOptions {
  readonly family: number
  readonly all: boolean
}

/** A kind of question: its name in Node, its type in DNS, what a record becomes. */
interface Question {
  readonly syscall: string
  readonly type: number
  read(record: wire.DnsRecord, options: { ttl: boolean }): unknown
}

const QUESTIONS: Readonly<Record<string, Question>> = {
  A: {
    syscall: 'queryA',
    type: wire.Type.a,
    read({ data, ttl }, options) {
      if (data.kind !== 'a') return undefined
      const address = formatAddress(data.address)
      return options.ttl ? { address, ttl } : address
    },
  },
  AAAA: {
    syscall: 'queryAaaa',
    type: wire.Type.aaaa,
    read({ data, ttl }, options) {
      if (data.kind !== 'aaaa') return undefined
      const address = formatIpv6(data.address)
      return options.ttl ? { address, ttl } : address
    },
  },
  CNAME: { syscall: 'queryCname', type: wire.Type.cname, read: nameOf },
  NS: { syscall: 'queryNs', type: wire.Type.ns, read: nameOf },
  PTR: { syscall: 'queryPtr', type: wire.Type.ptr, read: nameOf },
  MX: {
    syscall: 'queryMx',
    type: wire.Type.mx,
    read: ({ data }) => (data.kind === 'mx' ? { exchange: data.exchange, priority: data.preference } : undefined),
  },
  TXT: {
    syscall: 'queryTxt',
    type: wire.Type.txt,
    read: ({ data }) => (data.kind === 'txt' ? [...data.texts] : undefined),
  },
  SRV: {
    syscall: 'querySrv',
    type: wire.Type.srv,
    read({ data }) {
      if (data.kind !== 'srv') return undefined
      return { name: data.target, port: data.port, priority: data.priority, weight: data.weight }
    },
  },
  SOA: {
    syscall: 'querySoa',
    type: wire.Type.soa,
    read({ data }) {
      if (data.kind !== 'soa') return undefined
      return {
        nsname: data.primary,
        hostmaster: data.mailbox,
        serial: data.serial,
        refresh: data.refresh,
        retry: data.retry,
        expire: data.expire,
        minttl: data.minimum,
      }
    },
  },
}

function nameOf({ data }: wire.DnsRecord): string | undefined {
  return data.kind === 'name' ? data.name : undefined
}

/** Node's names of the functions, and what each asks for. */
const METHODS: Readonly<Record<string, string>> = {
  resolve4: 'A',
  resolve6: 'AAAA',
  resolveCname: 'CNAME',
  resolveNs: 'NS',
  resolvePtr: 'PTR',
  resolveMx: 'MX',
  resolveTxt: 'TXT',
  resolveSrv: 'SRV',
  resolveSoa: 'SOA',
}

export type VirtualDns = Host['dns']

export function virtualDns(machine: Machine): VirtualDns {
  const { names } = machine
  const later = (callback: Callback, error: Error | null, ...values: unknown[]): void => {
    machine.sim.nodeCodeRan()
    process.nextTick(callback, error, ...values)
  }

  function lookup(hostname: string, ...rest: unknown[]): object {
    const callback = rest.pop()
    if (typeof callback !== 'function') throw badArgument('callback', 'of type function')
    if (typeof hostname !== 'string' && hostname) throw badArgument('hostname', 'of type string')
    const { family, all } = readLookupOptions(rest[0])
    const answer = (addresses: readonly number[]): unknown[] => {
      if (all) return [addresses.map((address) => ({ address: formatAddress(address), family: 4 }))]
      return [formatAddress(addresses[0]!), 4]
    }
    const fail = (error: QueryError): Error => lookupError(error, hostname)
    const done = callback as Callback
    if (!hostname) {
      if (all) later(done, null, [])
      else later(done, null, null, family === 6 ? 6 : 4)
    } else if (isIP(hostname) === 6) {
      if (all) later(done, null, [{ address: hostname, family: 6 }])
      else later(done, null, hostname, 6)
    } else {
      const known = names.known(hostname)
      if (known !== undefined && (family !== 6 || isIP(hostname) === 4)) later(done, null, ...answer([known]))
      else if (family === 6 || names.servers.length === 0) later(done, fail('ENOTFOUND'))
      else {
        machine.sim.nodeCodeRan()
        names.lookup(hostname, GETADDRINFO, (found) =>
          machine.enter(() => {
            if ('error' in found) done(fail(found.error))
            else done(null, ...answer(found.addresses))
          }),
        )
      }
    }
    return { hostname, family }
  }

  class Resolver {
    #servers: readonly NameServer[] | undefined
    readonly #patience: Patience
    readonly #pending = new Set<() => void>()

    constructor(options: { timeout?: number; tries?: number } = {}) {
      this.#patience = {
        tries: options.tries ?? C_ARES.tries,
        timeout: options.timeout === undefined || options.timeout < 0 ? C_ARES.timeout : options.timeout * MILLISECOND,
      }
    }

    /** The host's until they are set. */
    protected get servers(): readonly NameServer[] {
      return this.#servers ?? names.servers
    }

    getServers(): string[] {
      return this.servers.map(formatNameServer)
    }

    setServers(servers: readonly string[]): void {
      this.#servers = readServers(servers)
    }

    setLocalAddress(): void {}

    cancel(): void {
      for (const cancel of [...this.#pending]) cancel()
    }

    ask(rrtype: string, hostname: unknown, options: { ttl: boolean }, callback: unknown): object {
      if (typeof hostname !== 'string') throw badArgument('name', 'of type string')
      if (typeof callback !== 'function') throw badArgument('callback', 'of type function')
      const question = QUESTIONS[rrtype]
      if (question === undefined) {
        throw nodeError(
          new TypeError(`The argument 'rrtype' is invalid. Received '${rrtype}'`),
          'ERR_INVALID_ARG_VALUE',
        )
      }
      this.query(question, hostname, hostname, options, callback as Callback)
      return { hostname, oncomplete: callback }
    }

    query(
      question: Question,
      name: string,
      hostname: string,
      options: { ttl: boolean },
      callback: Callback,
      syscall = question.syscall,
    ): void {
      machine.sim.nodeCodeRan()
      const finish = (error: Error | null, values?: unknown): void => {
        this.#pending.delete(cancel)
        machine.enter(() => callback(error, values))
      }
      const stop = names.query(
        name,
        question.type,
        this.#patience,
        (answer) => {
          if ('error' in answer) return finish(queryError(answer.error, syscall, hostname))
          const values = answer.records
            .map((record) => question.read(record, options))
            .filter((value) => value !== undefined)
          if (values.length === 0) return finish(queryError('EBADRESP', syscall, hostname))
          finish(null, question.type === wire.Type.soa ? values[0] : values)
        },
        this.servers,
      )
      const cancel = (): void => {
        stop()
        this.#pending.delete(cancel)
        later(callback, queryError('ECANCELLED', syscall, hostname))
      }
      this.#pending.add(cancel)
    }

    resolve(hostname: unknown, ...rest: unknown[]): object {
      const rrtype = typeof rest[0] === 'string' ? rest[0] : 'A'
      return this.ask(rrtype, hostname, { ttl: false }, rest.at(-1))
    }

    reverse(ip: unknown, callback: unknown): object {
      const address = typeof ip === 'string' ? parseAddress(ip) : undefined
      if (address === undefined) throw queryError('EINVAL', 'getHostByAddr', String(ip))
      if (typeof callback !== 'function') throw badArgument('callback', 'of type function')
      const table = names.namesOf(address)
      if (table.length > 0) later(callback as Callback, null, table)
      else {
        const name = wire.reverseName(address)
        this.query(QUESTIONS['PTR']!, name, String(ip), { ttl: false }, callback as Callback, 'getHostByAddr')
      }
      return {}
    }
  }
  for (const [method, rrtype] of Object.entries(METHODS)) {
    Object.defineProperty(Resolver.prototype, method, {
      writable: true,
      configurable: true,
      value(this: Resolver, hostname: unknown, ...rest: unknown[]) {
        const [options] = rest
        const ttl = typeof options === 'object' && options !== null && 'ttl' in options && options.ttl === true
        return this.ask(rrtype, hostname, { ttl }, rest.at(-1))
      },
    })
  }

  /** The one behind the module's own functions: setting its servers sets the host's. */
  class HostResolver extends Resolver {
    override setServers(servers: readonly string[]): void {
      names.servers = readServers(servers)
    }
  }

  const asking = ['resolve', 'reverse', ...Object.keys(METHODS)]
  const promised =
    (work: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        work(...args, (error: Error | null, value: unknown) => (error === null ? resolve(value) : reject(error)))
      })
  class PromisesResolver {
    readonly #resolver: Resolver
    constructor(resolver: unknown) {
      this.#resolver = resolver instanceof Resolver ? resolver : new Resolver(resolver as { timeout?: number })
      const methods = this.#resolver as unknown as Record<string, (...args: unknown[]) => unknown>
      for (const name of asking) {
        Object.defineProperty(this, name, { value: promised((...args) => methods[name]!(...args)) })
      }
    }
    getServers = (): string[] => this.#resolver.getServers()
    setServers = (servers: readonly string[]): void => this.#resolver.setServers(servers)
    setLocalAddress = (): void => {}
    cancel = (): void => this.#resolver.cancel()
  }

  const host = new HostResolver()
  const hostPromises = new PromisesResolver(host)
  const functions: Record<string, unknown> = {}
  const promises: Record<string, unknown> = {}
  for (const name of [...asking, 'getServers', 'setServers']) {
    const methods = host as unknown as Record<string, (...args: unknown[]) => unknown>
    functions[name] = (...args: unknown[]) => methods[name]!(...args)
    promises[name] = (hostPromises as unknown as Record<string, unknown>)[name]
  }
  // As Node: `all` gives a list, else an address with its family.
  promises['lookup'] = (hostname: string, options?: unknown) =>
    new Promise((resolve, reject) => {
      lookup(hostname, options, (error: Error | null, address: unknown, family: unknown) => {
        if (error !== null) reject(error)
        else resolve(Array.isArray(address) ? address : { address, family })
      })
    })
  const common = {
    ...Object.fromEntries(Object.entries(dns).filter(([name]) => /^[A-Z0-9_]+$/.test(name))),
    getDefaultResultOrder: () => 'verbatim',
    setDefaultResultOrder() {},
    lookupService() {
      throw unavailable('dns.lookupService')
    },
  }
  const virtual = {
    ...common,
    ...functions,
    lookup,
    Resolver,
    promises: { ...common, ...promises, Resolver: PromisesResolver },
  }
  return virtual as unknown as VirtualDns
}

function readServers(servers: readonly string[]): NameServer[] {
  if (!Array.isArray(servers)) throw badArgument('servers', 'an instance of Array')
  return servers.map((text: string) => {
    const server = parseNameServer(text)
    if (server === undefined) throw nodeError(new TypeError(`Invalid IP address: ${text}`), 'ERR_INVALID_IP_ADDRESS')
    return server
  })
}

function readLookupOptions(options: unknown): LookupOptions {
  if (typeof options === 'number') return { family: options, all: false }
  const { family, all } = (options ?? {}) as { family?: number | string; all?: boolean }
  return { family: family === 'IPv6' ? 6 : family === 'IPv4' ? 4 : Number(family ?? 0), all: all === true }
}

/** What getaddrinfo says: a name that is not there, or a failure that may pass. */
export function lookupError(error: QueryError, hostname: string): Error {
  const code = error === 'ENOTFOUND' || error === 'ENODATA' || error === 'EBADNAME' ? 'ENOTFOUND' : 'EAI_AGAIN'
  const errno = code === 'ENOTFOUND' ? -3008 : -3001 // UV_EAI_NONAME, UV_EAI_AGAIN
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { errno, code, syscall: 'getaddrinfo', hostname })
}

function queryError(code: string, syscall: string, hostname: string): Error {
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno: undefined, code, syscall, hostname })
}

function badArgument(name: string, what: string): Error {
  return nodeError(new TypeError(`The "${name}" argument must be ${what}.`), 'ERR_INVALID_ARG_TYPE')
}

/** With the longest run of zeros left out, RFC 5952 §4.2. */
function formatIpv6(address: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => ((address[2 * i]! << 8) | address[2 * i + 1]!).toString(16))
  const text = words.join(':')
  const zeros = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0]
  if (zeros === undefined) return text
  return `${text.slice(0, zeros.index)}::${text.slice(zeros.index + zeros[0].length).replace(/^:/, '')}`
}
