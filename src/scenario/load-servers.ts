/**
 * The `servers:` part of a scenario. What is not there is not there; where a file server is, the site option says unless
 * the scenario does.
 */
import { Scalar } from 'yaml'
import { SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import { nearestName } from '../deskphone/nearest-name.js'
import { formatAddress, parseAddress } from '../wire/ipv4.js'
import { loadFaults } from './load-faults.js'
import { KEYS } from './scenario-keys.js'
import type { DhcpSettings, HttpSettings, Listening, Scenario, ServedFiles, TftpSettings } from './scenario.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

/**
 * The files below a directory by their paths in it, slashes forward, or a sentence why there are none.
 *
 * @param directory as the scenario names it, relative to the scenario's own directory
 */
export type ReadDirectory = (directory: string) => ReadonlyMap<string, Uint8Array> | string

const DEFAULT_LEASE: Nanos = 8 * 3600 * SECOND
const DEFAULT_ROUTER = 0x0a140001 // 10.20.0.1
const DEFAULT_MASK = 0xffffff00
/** Octets of a DHCP option; the emulated server does not split longer ones (RFC 3396). */
const MAX_SITE_OPTION = 255

const LISTENING: readonly Listening[] = ['serve', 'refuse', 'drop']

export function loadServers(
  source: YamlSource,
  value: Value,
  readDirectory: ReadDirectory,
): { readonly servers: Scenario['servers']; readonly router: Scenario['router'] } {
  return new ServerLoader(source, readDirectory).servers(value)
}

class ServerLoader {
  readonly #source: YamlSource
  readonly #readDirectory: ReadDirectory

  constructor(source: YamlSource, readDirectory: ReadDirectory) {
    this.#source = source
    this.#readDirectory = readDirectory
  }

  servers(value: Value): { readonly servers: Scenario['servers']; readonly router: Scenario['router'] } {
    const servers = this.#source.fields(value, 'servers', KEYS.servers)
    const dhcpFields = this.#server(servers, 'dhcp', KEYS.dhcp)
    const dhcp = dhcpFields === undefined ? undefined : this.#dhcp(dhcpFields)
    const router = { address: dhcp?.routers[0] ?? DEFAULT_ROUTER, mask: dhcp?.mask ?? DEFAULT_MASK }
    const httpFields = this.#server(servers, 'http', KEYS.http)
    const http = httpFields === undefined ? undefined : this.#http(httpFields, router, dhcp)
    const tftpFields = this.#server(servers, 'tftp', KEYS.tftp)
    const tftp = tftpFields === undefined ? undefined : this.#tftp(tftpFields, router, dhcp, http)
    return { servers: { dhcp, http, tftp }, router }
  }

  /** A server's fields; `http:` and `http: true` are one with its defaults, `http: false` is none. */
  #server<K extends string>(
    servers: Fields<'dhcp' | 'http' | 'tftp'> | undefined,
    name: 'dhcp' | 'http' | 'tftp',
    keys: readonly K[],
  ): Fields<K> | undefined {
    if (servers?.has(name) !== true) return undefined
    const node = servers.get(name)
    const on = node === undefined ? undefined : this.#source.asBoolean(node)
    if (on === false) return undefined
    return this.#source.fields(on === true ? new Scalar(null) : node, `the ${name} server`, keys)
  }

  #dhcp(fields: Fields<(typeof KEYS.dhcp)[number]>): DhcpSettings | undefined {
    const source = this.#source
    const mask = this.#mask(fields.get('mask'))
    if (!fields.has('pool')) source.note(fields.node, 'the dhcp server needs a pool, as pool: 10.20.0.100-10.20.0.250')
    const pool = this.#pool(fields.get('pool'))
    const routers = this.#addresses(fields.get('router'), 'router')
    const subnetOf = (address: number) => (address & mask) >>> 0
    if (pool !== undefined && subnetOf(pool.first) !== subnetOf(pool.last)) {
      const text = `the pool crosses the subnet's end: ${formatAddress(pool.first)} and ${formatAddress(pool.last)} differ under ${formatAddress(mask)}`
      source.note(fields.get('pool'), text)
    } else if (pool !== undefined) {
      const bad = [pool.first, pool.last].find((address) => hostProblem(address, mask) !== undefined)
      if (bad !== undefined) source.note(fields.get('pool'), hostProblem(bad, mask)!)
    }
    routers?.forEach((address) => {
      const problem = hostProblem(address, mask)
      if (problem !== undefined) source.note(fields.get('router'), problem)
    })
    const network = subnetOf(pool?.first ?? DEFAULT_ROUTER)
    const leaseTime = fields.has('lease') ? source.duration(fields.get('lease')) : DEFAULT_LEASE
    if (leaseTime !== undefined && leaseTime < SECOND) source.note(fields.get('lease'), 'a lease lasts at least 1s')
    const siteOption = this.#siteOption(fields.get('siteOption'))
    return {
      address: this.#serverAddress(fields.get('address'), mask) ?? network + 3,
      listen: this.#listen(fields.get('listen')),
      pool: pool ?? { first: network + 100, last: network + 250 },
      mask,
      routers: routers ?? [network + 1],
      leaseTime: Math.round((leaseTime ?? DEFAULT_LEASE) / SECOND),
      siteOption,
      nameServers: this.#addresses(fields.get('dns'), 'dns') ?? [],
      domain: source.text(fields.get('domain'), 'domain', 253),
      nextServer: source.address(fields.get('nextServer'), 'nextServer'),
      faults: loadFaults(source, fields.get('faults'), 'dhcp'),
    }
  }

  #mask(value: Value): number {
    const mask = this.#source.address(value, 'mask')
    if (mask === undefined) return DEFAULT_MASK
    const inverted = ~mask >>> 0
    if (mask !== 0 && (inverted & (inverted + 1)) === 0) return mask
    this.#source.note(
      value,
      `${formatAddress(mask)} is not a subnet mask; its one bits must come first, as 255.255.255.0`,
    )
    return DEFAULT_MASK
  }

  #pool(value: Value): DhcpSettings['pool'] | undefined {
    const text = this.#source.text(value, 'pool')
    if (text === undefined) return undefined
    const [first, last, ...more] = text.split('-').map((part) => parseAddress(part.trim()))
    if (first === undefined || last === undefined || more.length > 0) {
      this.#source.note(value, `a pool is two addresses, as 10.20.0.100-10.20.0.250, not '${shorten(text)}'`)
      return undefined
    }
    if (first > last) {
      this.#source.note(value, `the pool is reversed: write ${formatAddress(last)}-${formatAddress(first)}`)
      return undefined
    }
    return { first, last }
  }

  #serverAddress(value: Value, mask: number): number | undefined {
    const address = this.#source.address(value, 'address')
    const problem = address === undefined ? undefined : hostProblem(address, mask)
    if (problem !== undefined) this.#source.note(value, problem)
    return address
  }

  #addresses(value: Value, what: string): readonly number[] | undefined {
    return this.#source.list(value, what, true)?.flatMap((item) => this.#source.address(item, what) ?? [])
  }

  /** Sent as octets: Latin-1 or it cannot be sent, and 255 of them or no option carries it. */
  #siteOption(value: Value): DhcpSettings['siteOption'] {
    const source = this.#source
    const node = source.resolve(value)
    const text = (part: Value) => {
      const string = source.text(part, 'siteOption', MAX_SITE_OPTION)
      if (string !== undefined && /[^\0-\xff]/.test(string))
        source.note(part, 'siteOption has characters that no octet can carry')
      return string
    }
    if (node === undefined || !source.isMapping(node)) return text(node)
    const byNumber = new Map<number, string>()
    for (const { key, keyNode, value: part } of source.entries(node, 'siteOption') ?? []) {
      const number = /^[0-9]{1,3}$/.test(key) ? Number(key) : NaN
      if (!(number >= 1 && number <= 254)) {
        source.note(
          keyNode,
          `siteOption is a text, or a map of option numbers as { 176: ..., 242: ... }; '${shorten(key)}' is no option number`,
        )
        continue
      }
      const string = text(part)
      if (string !== undefined) byNumber.set(number, string)
    }
    return byNumber
  }

  #listen(value: Value): Listening {
    const source = this.#source
    const node = source.resolve(value)
    if (node === undefined) return 'serve'
    const text = source.text(node, 'listen')
    if (text === 'true') return 'serve'
    if (text === 'false') return 'refuse'
    return source.oneOf(node, 'listen', LISTENING) ?? 'serve'
  }

  #http(
    fields: Fields<(typeof KEYS.http)[number]>,
    router: Scenario['router'],
    dhcp: DhcpSettings | undefined,
  ): HttpSettings {
    const source = this.#source
    const named = namedServer(dhcp, ['HTTPSRVR', 'TLSSRVR'])
    const auth = source.fields(fields.get('auth'), 'auth', KEYS.auth)
    if (auth !== undefined) {
      for (const key of ['user', 'password'] as const) {
        if (!auth.has(key)) source.note(auth.node, `auth needs '${key}'`)
      }
    }
    const backup = this.#backup(fields.get('backup'))
    return {
      address: this.#serverAddress(fields.get('address'), router.mask) ?? named ?? fileServerOf(router),
      port: source.integer(fields.get('port'), 'port', 1, 65535) ?? 80,
      listen: this.#listen(fields.get('listen')),
      content: this.#content(fields),
      backup,
      auth:
        auth === undefined
          ? undefined
          : {
              user: source.text(auth.get('user'), 'user', 255) ?? '',
              password: source.text(auth.get('password'), 'password', 255) ?? '',
              realm: source.text(auth.get('realm'), 'realm', 255) ?? 'backup',
              path: slashed(source.text(auth.get('path'), 'path') ?? backup ?? '/'),
            },
      faults: loadFaults(source, fields.get('faults'), 'http'),
    }
  }

  /** `true` for anywhere, or a path under which files may be put. */
  #backup(value: Value): string | undefined {
    const text = this.#source.text(value, 'backup')
    if (text === undefined || text === 'false') return undefined
    return text === 'true' ? '/' : slashed(text)
  }

  #tftp(
    fields: Fields<(typeof KEYS.tftp)[number]>,
    router: Scenario['router'],
    dhcp: DhcpSettings | undefined,
    http: HttpSettings | undefined,
  ): TftpSettings {
    const named = namedServer(dhcp, ['TFTPSRVR'])
    return {
      address:
        this.#serverAddress(fields.get('address'), router.mask) ?? named ?? http?.address ?? fileServerOf(router),
      listen: this.#listen(fields.get('listen')),
      content: this.#content(fields),
      faults: loadFaults(this.#source, fields.get('faults'), 'tftp'),
    }
  }

  #content(fields: Fields<'files' | 'images' | 'omit'>): ServedFiles {
    const source = this.#source
    const files = new Map<string, Uint8Array>()
    for (const node of source.list(fields.get('files'), 'files', true) ?? []) {
      const directory = source.text(node, 'files')
      if (directory === undefined) continue
      const found = this.#readDirectory(directory)
      if (typeof found === 'string') source.note(node, found)
      else for (const [path, content] of found) files.set(path, content)
    }
    const images = new Map<string, number>()
    const imagesNode = fields.get('images')
    if (imagesNode !== undefined) {
      for (const { key, value } of source.entries(imagesNode, 'images') ?? []) {
        const size = source.size(value)
        if (size !== undefined) images.set(unslashed(key), size)
      }
    }
    const names = () => [...files.keys(), ...images.keys()]
    for (const node of source.list(fields.get('omit'), 'omit', true) ?? []) {
      const path = source.text(node, 'omit')
      if (path === undefined || files.delete(unslashed(path)) || images.delete(unslashed(path))) continue
      const nearest = nearestName(path, names())
      source.note(
        node,
        `no file '${shorten(path)}' to omit${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`,
      )
    }
    return { files, images }
  }
}

/** Why no host can have this address; undefined when one can. Misplaced ones are faults that a scenario may want. */
function hostProblem(address: number, mask: number): string | undefined {
  const text = formatAddress(address)
  const first = address >>> 24
  if (first === 0 || first === 127 || first >= 224) {
    const kind = first === 0 ? "'this network'" : first === 127 ? 'loopback' : first < 240 ? 'multicast' : 'reserved'
    return `${text} is no address of a host on a network (${kind})`
  }
  const host = (address & ~mask) >>> 0
  const last = ~mask >>> 0
  if (last <= 1 || (host !== 0 && host !== last)) return undefined // RFC 3021: a /31 has neither
  return `${text} is the ${host === 0 ? 'network' : 'broadcast'} address under ${formatAddress(mask)}, not a host's`
}

/** The address that the site option gives for one of these names: where such a server is, unless the scenario says. */
function namedServer(dhcp: DhcpSettings | undefined, names: readonly string[]): number | undefined {
  const option = dhcp?.siteOption
  const texts = option === undefined ? [] : typeof option === 'string' ? [option] : [...option.values()]
  for (const name of names) {
    for (const text of texts) {
      const value = new RegExp(`(?:^|,) *${name}="?([0-9.]+)`, 'i').exec(text)?.[1]
      const address = value === undefined ? undefined : parseAddress(value)
      if (address !== undefined) return address
    }
  }
  return undefined
}

/** The second host of the subnet, when nothing names another. */
function fileServerOf(router: Scenario['router']): number {
  return (((router.address & router.mask) >>> 0) + 2) >>> 0
}

function slashed(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}

function unslashed(path: string): string {
  return path.replace(/^\/+/, '')
}
