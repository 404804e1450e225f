/**
 * The DHCP servers of a scenario.
 */
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { startDhcpServer } from '../../servers/dhcp-server.js'
import type { ServerFault } from '../../servers/faults.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import { loadFaults } from '../load-faults.js'
import type { KEYS } from '../scenario-keys.js'
import { shorten } from '../yaml-source.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import { hostProblem, readAddresses, readListen, readServerAddress } from './server.js'
import type { Ground, Running, ServerLoading, ServerSettings, Subnet } from './server.js'

export interface DhcpSettings extends ServerSettings {
  readonly pool: { readonly first: number; readonly last: number }
  readonly mask: number
  readonly routers: readonly number[]
  /** Seconds. */
  readonly leaseTime: number
  /** A string is sent under 242 or 176, as the phone asks; a map sets each number and only those. */
  readonly siteOption: string | ReadonlyMap<number, string> | undefined
  readonly nameServers: readonly number[]
  readonly domain: string | undefined
  readonly nextServer: number | undefined
  readonly faults: readonly ServerFault[]
}

const DEFAULT_LEASE: Nanos = 8 * 3600 * SECOND
const DEFAULT_ROUTER = 0x0a140001 // 10.20.0.1
const DEFAULT_MASK = 0xffffff00
/** Octets of a DHCP option; the emulated server does not split longer ones (RFC 3396). */
const MAX_SITE_OPTION = 255

/** Where the router of the servers' subnet is, as a DHCP server gives it or by default. */
export function routerOf(dhcp: DhcpSettings | undefined): Subnet {
  return { address: dhcp?.routers[0] ?? DEFAULT_ROUTER, mask: dhcp?.mask ?? DEFAULT_MASK }
}

export function loadDhcp(
  { source, name }: Pick<ServerLoading, 'source' | 'name'>,
  fields: Fields<(typeof KEYS.dhcp)[number]>,
): DhcpSettings {
  const mask = readMask(source, fields.get('mask'))
  if (!fields.has('pool')) source.note(fields.node, 'the dhcp server needs a pool, as pool: 10.20.0.100-10.20.0.250')
  const pool = readPool(source, fields.get('pool'))
  const routers = readAddresses(source, fields.get('router'), 'router')
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
  const siteOption = readSiteOption(source, fields.get('siteOption'))
  return {
    name,
    address: readServerAddress(source, fields.get('address'), mask) ?? network + 3,
    listen: readListen(source, fields.get('listen')),
    pool: pool ?? { first: network + 100, last: network + 250 },
    mask,
    routers: routers ?? [network + 1],
    leaseTime: Math.round((leaseTime ?? DEFAULT_LEASE) / SECOND),
    siteOption,
    nameServers: readAddresses(source, fields.get('dns'), 'dns') ?? [],
    domain: source.text(fields.get('domain'), 'domain', 253),
    nextServer: source.address(fields.get('nextServer'), 'nextServer'),
    faults: loadFaults(source, fields.get('faults'), 'dhcp'),
  }
}

export function startDhcp(dhcp: DhcpSettings, ground: Ground): Running | undefined {
  const host = ground.host(dhcp)
  if (dhcp.listen === 'drop') host.setPortPolicy('udp', 67, 'drop')
  if (dhcp.listen !== 'serve') return undefined
  return startDhcpServer(ground.virtual(host), {
    name: dhcp.name,
    serverAddress: formatAddress(dhcp.address),
    pool: { first: formatAddress(dhcp.pool.first), last: formatAddress(dhcp.pool.last) },
    mask: formatAddress(dhcp.mask),
    routers: dhcp.routers.map(formatAddress),
    leaseTime: dhcp.leaseTime,
    ...(dhcp.siteOption !== undefined && { siteOption: dhcp.siteOption }),
    ...(dhcp.nameServers.length > 0 && { domainNameServers: dhcp.nameServers.map(formatAddress) }),
    ...(dhcp.domain !== undefined && { domainName: dhcp.domain }),
    ...(dhcp.nextServer !== undefined && { nextServer: formatAddress(dhcp.nextServer) }),
    faults: dhcp.faults,
    log: ground.log,
  })
}

export function readMask(source: YamlSource, value: Value): number {
  const mask = source.address(value, 'mask')
  if (mask === undefined) return DEFAULT_MASK
  const inverted = ~mask >>> 0
  if (mask !== 0 && (inverted & (inverted + 1)) === 0) return mask
  source.note(value, `${formatAddress(mask)} is not a subnet mask; its one bits must come first, as 255.255.255.0`)
  return DEFAULT_MASK
}

function readPool(source: YamlSource, value: Value): DhcpSettings['pool'] | undefined {
  const text = source.text(value, 'pool')
  if (text === undefined) return undefined
  const [first, last, ...more] = text.split('-').map((part) => parseAddress(part.trim()))
  if (first === undefined || last === undefined || more.length > 0) {
    source.note(value, `a pool is two addresses, as 10.20.0.100-10.20.0.250, not '${shorten(text)}'`)
    return undefined
  }
  if (first > last) {
    source.note(value, `the pool is reversed: write ${formatAddress(last)}-${formatAddress(first)}`)
    return undefined
  }
  return { first, last }
}

/** Sent as octets: Latin-1 or it cannot be sent, and 255 of them or no option carries it. */
function readSiteOption(source: YamlSource, value: Value): DhcpSettings['siteOption'] {
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
