/**
 * The DHCP servers of a scenario.
 */
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { startDhcpServer } from '../../servers/dhcp-server.js'
import type { DhcpClass, DhcpOptionSetting, DhcpScope } from '../../servers/dhcp-server.js'
import type { ServerFault } from '../../servers/faults.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import { loadFaults } from '../load-faults.js'
import { defined } from '../defined.js'
import { readSeconds } from '../load-phone-network.js'
import { readVlan } from '../read-places.js'
import type { VlanNames } from '../read-places.js'
import { KEYS } from '../scenario-keys.js'
import { shorten } from '../yaml-source.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import { readClasses, readOptions, readReservations } from './dhcp-options.js'
import { hostProblem, readAddresses, readListen, readServerAddress } from './server.js'
import type { Ground, Running, ServerLoading, ServerSettings, Subnet } from './server.js'

/** Addresses of one subnet, and what its clients are told. */
export interface DhcpScopeSettings {
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
  /** Of a campus: whose clients these are. */
  readonly clientVlan?: number
  /** Seconds: options 58 and 59. */
  readonly renewalTime?: number
  readonly rebindingTime?: number
  readonly omitLeaseTime?: boolean
  readonly options?: readonly DhcpOptionSetting[]
  readonly classes?: readonly DhcpClass[]
  /** By MAC in colon form; text. */
  readonly reservations?: ReadonlyMap<string, string>
}

export interface DhcpSettings extends ServerSettings, DhcpScopeSettings {
  /** Of further subnets, behind relays. */
  readonly scopes: readonly DhcpScopeSettings[]
  readonly authoritative?: boolean
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

/** @param home the servers' subnet, where it is not that of the pool */
export function loadDhcp(
  { source, name, vlans }: Pick<ServerLoading, 'source' | 'name' | 'vlans'>,
  fields: Fields<(typeof KEYS.dhcp)[number]>,
  home: Subnet | undefined,
): DhcpSettings {
  const scope = readScope(source, fields, 'the dhcp server', vlans)
  const scopes = (source.list(fields.get('scopes'), 'scopes') ?? []).flatMap((item) => {
    const inner = source.fields(item, 'a scope', KEYS.scope)
    return inner === undefined ? [] : [readScope(source, inner, 'a scope', vlans)]
  })
  const at = source.text(fields.get('at'), 'at', 64)
  // Plugged in somewhere else than the other servers, it is a local one of its pool's subnet.
  const near = home === undefined || at !== undefined ? { address: scope.pool.first, mask: scope.mask } : home
  return {
    name,
    address: readServerAddress(source, fields.get('address'), near.mask) ?? ((near.address & near.mask) >>> 0) + 3,
    listen: readListen(source, fields.get('listen')),
    ...scope,
    ...defined({ at, authoritative: source.boolean(fields.get('authoritative'), 'authoritative') }),
    scopes,
    faults: loadFaults(source, fields.get('faults'), 'dhcp'),
  }
}

function readScope(
  source: YamlSource,
  fields: Fields<(typeof KEYS.scope)[number]>,
  what: string,
  vlans: VlanNames,
): DhcpScopeSettings {
  const mask = readMask(source, fields.get('mask'))
  if (!fields.has('pool')) source.note(fields.node, `${what} needs a pool, as pool: 10.20.0.100-10.20.0.250`)
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
  return {
    pool: pool ?? { first: network + 100, last: network + 250 },
    mask,
    routers: routers ?? [network + 1],
    leaseTime: Math.round((leaseTime ?? DEFAULT_LEASE) / SECOND),
    siteOption: readSiteOption(source, fields.get('siteOption')),
    nameServers: readAddresses(source, fields.get('dns'), 'dns') ?? [],
    domain: source.text(fields.get('domain'), 'domain', 253),
    nextServer: source.address(fields.get('nextServer'), 'nextServer'),
    ...defined({
      clientVlan: readVlan(source, fields.get('vlan'), vlans),
      renewalTime: readSeconds(source, fields.get('renewal'), 'renewal', 1, 0xfffffffe),
      rebindingTime: readSeconds(source, fields.get('rebinding'), 'rebinding', 1, 0xfffffffe),
      omitLeaseTime: source.boolean(fields.get('noLeaseTime'), 'noLeaseTime'),
      options: readOptions(source, fields.get('options')),
      classes: readClasses(source, fields.get('classes')),
      reservations: readReservations(source, fields.get('reservations')),
    }),
  }
}

export function startDhcp(dhcp: DhcpSettings, ground: Ground): Running | undefined {
  const host = ground.host(dhcp)
  if (dhcp.listen === 'drop') host.setPortPolicy('udp', 67, 'drop')
  if (dhcp.listen !== 'serve') return undefined
  return startDhcpServer(ground.virtual(host), {
    name: dhcp.name,
    serverAddress: formatAddress(dhcp.address),
    ...scopeOptions(dhcp),
    ...(dhcp.scopes.length > 0 && { relayedScopes: dhcp.scopes.map(scopeOptions) }),
    ...(dhcp.authoritative === true && { authoritative: true }),
    faults: dhcp.faults,
    log: ground.log,
  })
}

function scopeOptions(scope: DhcpScopeSettings): DhcpScope {
  return {
    pool: { first: formatAddress(scope.pool.first), last: formatAddress(scope.pool.last) },
    mask: formatAddress(scope.mask),
    routers: scope.routers.map(formatAddress),
    leaseTime: scope.leaseTime,
    ...defined({
      renewalTime: scope.renewalTime,
      rebindingTime: scope.rebindingTime,
      omitLeaseTime: scope.omitLeaseTime,
      options: scope.options,
      classes: scope.classes,
      reservations: scope.reservations,
    }),
    ...(scope.siteOption !== undefined && { siteOption: scope.siteOption }),
    ...(scope.nameServers.length > 0 && { domainNameServers: scope.nameServers.map(formatAddress) }),
    ...(scope.domain !== undefined && { domainName: scope.domain }),
    ...(scope.nextServer !== undefined && { nextServer: formatAddress(scope.nextServer) }),
  }
}

function readMask(source: YamlSource, value: Value): number {
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
