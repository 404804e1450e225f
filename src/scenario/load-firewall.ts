/**
 * What a firewall lets pass, drops or rejects. The first rule that fits a packet decides; a rule names a protocol or an
 * application: `{ pass: dhcp }`, `{ drop: tcp, port: 8080 }`, `{ reject: udp, direction: in }`.
 */
import type { FirewallRule } from '../emulator/link/firewall.js'
import { defined } from './defined.js'
import type { FirewallSettings } from './network-settings.js'
import { readSubnet } from './read-places.js'
import { KEYS } from './scenario-keys.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

const TRAFFIC = ['any', 'tcp', 'udp', 'icmp', 'dhcp', 'tftp', 'http', 'dns'] as const

const APPLICATIONS: Readonly<
  Partial<Record<(typeof TRAFFIC)[number], { readonly protocol: 'tcp' | 'udp'; readonly ports: readonly number[] }>>
> = {
  dhcp: { protocol: 'udp', ports: [67, 68] },
  tftp: { protocol: 'udp', ports: [69] },
  http: { protocol: 'tcp', ports: [80] },
  dns: { protocol: 'udp', ports: [53] },
}

export function loadFirewall(source: YamlSource, value: Value): Omit<FirewallSettings, 'name'> | undefined {
  const fields = source.fields(value, 'a firewall', KEYS.firewall)
  return fields === undefined ? undefined : firewallOptions(source, fields)
}

export function firewallOptions(
  source: YamlSource,
  fields: Fields<(typeof KEYS.firewall)[number]>,
): Omit<FirewallSettings, 'name'> {
  const otherwise = source.fields(fields.get('otherwise'), 'otherwise', KEYS.otherwise)
  const verdict = (key: 'out' | 'in') =>
    source.oneOf(otherwise?.get(key), 'verdict', ['pass', 'drop', 'reject'] as const)
  const stateful = source.boolean(fields.get('stateful'), 'stateful') ?? true
  if (!stateful && fields.has('tftpHelper')) {
    source.note(fields.get('tftpHelper'), 'only a stateful firewall has a helper for TFTP')
  }
  return {
    stateful,
    rules: (source.list(fields.get('rules'), 'rules') ?? []).flatMap((item) => firewallRules(source, item)),
    otherwise: defined({ out: verdict('out'), in: verdict('in') }),
    ...defined({ tftpHelper: source.boolean(fields.get('tftpHelper'), 'tftpHelper') }),
  }
}

/** A rule as written may be several of the firewall's: an application has two directions, a port two ends. */
function firewallRules(source: YamlSource, item: Value): readonly FirewallRule[] {
  const fields = source.fields(item, 'a firewall rule', KEYS.firewallRule)
  if (fields === undefined) return []
  const given = (['pass', 'drop', 'reject'] as const).filter((key) => fields.has(key))
  const [verdict] = given
  if (verdict === undefined || given.length > 1) {
    source.note(fields.node, 'a firewall rule has exactly one of pass, drop, reject, as { pass: tcp, port: 80 }')
    return []
  }
  const what = source.oneOf(fields.get(verdict), 'traffic', TRAFFIC)
  if (what === undefined) return []
  const port = (key: 'port' | 'sourcePort' | 'destinationPort') => source.integer(fields.get(key), key, 1, 65535)
  const range = (key: 'source' | 'destination') => {
    const node = fields.get(key)
    const text = source.text(node, key, 64)
    if (text === undefined) return undefined
    return text.includes('/')
      ? readSubnet(source, node, key)
      : mapDefined(source.address(node, key), (address) => ({ address, mask: 0xffffffff }))
  }
  const common = defined({
    direction: source.oneOf(fields.get('direction'), 'direction', ['out', 'in'] as const),
    source: range('source'),
    destination: range('destination'),
    sourcePort: port('sourcePort'),
    destinationPort: port('destinationPort'),
  })
  const either = port('port')
  const known = APPLICATIONS[what]
  if (known !== undefined && either !== undefined) source.note(fields.get('port'), `${what} has its port already`)
  const { protocol, ports } = known ?? {
    protocol: what === 'any' ? undefined : (what as 'tcp' | 'udp' | 'icmp'),
    ports: either === undefined ? [] : [either],
  }
  if ((protocol === 'icmp' || protocol === undefined) && either !== undefined) {
    source.note(fields.get('port'), 'a port goes with tcp or udp')
  }
  return withPorts({ verdict, ...common, ...defined({ protocol }) }, ports)
}

/** The rule for each port at each end; as it is without ports. */
function withPorts(rule: FirewallRule, ports: readonly number[]): FirewallRule[] {
  if (ports.length === 0) return [rule]
  return ports.flatMap((port) => [
    { ...rule, sourcePort: port },
    { ...rule, destinationPort: port },
  ])
}

function mapDefined<T, U>(value: T | undefined, map: (value: T) => U): U | undefined {
  return value === undefined ? undefined : map(value)
}
