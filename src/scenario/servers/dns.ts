/**
 * The name servers of a scenario.
 */
import { WireError } from '../../base/errors.js'
import { startDnsServer } from '../../servers/dns-server.js'
import type { ServerFault } from '../../servers/faults.js'
import { nameLabels, SERVER_PORT } from '../../wire/dns.js'
import { formatAddress } from '../../wire/ipv4.js'
import { loadFaults } from '../load-faults.js'
import type { KEYS } from '../scenario-keys.js'
import { shorten } from '../yaml-source.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import { fileServerOf, readAddresses, readListen, readServerAddress } from './server.js'
import type { Ground, Running, ServerLoading, ServerSettings } from './server.js'

export interface DnsSettings extends ServerSettings {
  /** uint32 addresses by name, as the scenario writes the name. */
  readonly names: ReadonlyMap<string, readonly number[]>
  readonly faults: readonly ServerFault[]
}

export function loadDns(loading: ServerLoading, fields: Fields<(typeof KEYS.dns)[number]>): DnsSettings {
  const { source, name, router, dhcp } = loading
  const told = dhcp.flatMap(({ nameServers }) => nameServers)[0]
  return {
    name,
    address:
      readServerAddress(source, fields.get('address'), router.mask) ?? told ?? dhcp[0]?.address ?? fileServerOf(router),
    listen: readListen(source, fields.get('listen')),
    names: readNames(source, fields.get('names')),
    faults: loadFaults(source, fields.get('faults'), 'dns'),
  }
}

function readNames(source: YamlSource, value: Value): ReadonlyMap<string, readonly number[]> {
  const names = new Map<string, readonly number[]>()
  if (value === undefined) return names
  for (const { key, keyNode, value: node } of source.entries(value, 'names') ?? []) {
    try {
      nameLabels(key)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      source.note(keyNode, `'${shorten(key)}' is no name that DNS can carry: ${error.message}`)
    }
    names.set(key, readAddresses(source, node, key) ?? [])
  }
  return names
}

export function startDns(dns: DnsSettings, ground: Ground): Running | undefined {
  const host = ground.host(dns)
  if (dns.listen === 'drop') host.setPortPolicy('udp', SERVER_PORT, 'drop')
  if (dns.listen !== 'serve') return undefined
  return startDnsServer(ground.virtual(host), {
    name: dns.name,
    names: new Map([...dns.names].map(([name, addresses]) => [name, addresses.map(formatAddress)])),
    faults: dns.faults,
    log: ground.log,
  })
}
