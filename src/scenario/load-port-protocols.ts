/**
 * What the switch itself says on the phones' ports: `network: { phones: { lldp: ..., dot1x: ... } }`.
 */
import { Scalar } from 'yaml'
import type { Dot1xOptions } from '../emulator/link/dot1x-authenticator.js'
import { Dot1xAuthenticator } from '../emulator/link/dot1x-authenticator.js'
import type { LldpAgentOptions } from '../emulator/link/lldp-agent.js'
import { LldpAgent } from '../emulator/link/lldp-agent.js'
import type { Link } from '../emulator/link/link.js'
import type { Switch } from '../emulator/link/switch.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import { Framing, MedApplication, Oui } from '../wire/lldp.js'
import type { NetworkPolicy } from '../wire/lldp.js'
import { defined } from './defined.js'
import { readVlan } from './read-places.js'
import type { VlanNames } from './read-places.js'
import { KEYS } from './scenario-keys.js'
import { readAddresses } from './servers/server.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

export interface PortProtocols {
  readonly lldp?: Omit<LldpAgentOptions, 'mac' | 'portName'>
  readonly dot1x?: Omit<Dot1xOptions, 'mac'>
}

/** Of a switch in a scenario: locally administered, as made-up MACs of hosts are, in a range of their own. */
const SWITCH_MAC = Uint8Array.of(0x02, 0x01, 0, 0, 0, 1)
/** As the registered owner's number, which some switches send. */
const OUIS = { '00-40-0D': Oui.vendor, '00-04-0D': 0x00040d } as const
const FRAMINGS = { tagged: Framing.tagged, untagged: Framing.untagged, auto: Framing.auto } as const
const APPLICATIONS = { voice: MedApplication.voice, voiceSignaling: MedApplication.voiceSignaling } as const
const VERDICTS = ['check', 'refuse', 'silent'] as const
const MED = ['on-demand', 'always'] as const
/** The manuals' defaults for voice [avaya.md 1.4]. */
const PRIORITY = 6
const DSCP = 46

export function loadPortProtocols(
  source: YamlSource,
  plug: Fields<(typeof KEYS.phonePlug)[number]> | undefined,
  vlans: VlanNames,
): PortProtocols {
  return defined({
    lldp: readLldp(source, plug?.get('lldp'), vlans),
    dot1x: readDot1x(source, plug?.get('dot1x')),
  })
}

/** What speaks on one port; to be told when the link comes up. */
export function startPortProtocols(
  { lldp, dot1x }: PortProtocols,
  sim: Simulation,
  box: Switch,
  link: Link,
): { linkUp(): void } {
  const speakers = [
    ...(lldp === undefined ? [] : [new LldpAgent(sim, box, link, { ...lldp, mac: SWITCH_MAC, portName: link.name })]),
    ...(dot1x === undefined ? [] : [new Dot1xAuthenticator(sim, box, link, { ...dot1x, mac: SWITCH_MAC })]),
  ]
  return { linkUp: () => speakers.forEach((speaker) => speaker.linkUp()) }
}

/** `lldp: true` says who the switch is and nothing else. */
function readLldp(source: YamlSource, value: Value, vlans: VlanNames): PortProtocols['lldp'] {
  const node = source.resolve(value)
  if (node === undefined) return undefined
  const on = source.asBoolean(node)
  if (on === false) return undefined
  const fields = source.fields(on === true ? new Scalar(null) : node, 'lldp', KEYS.lldp)
  if (fields === undefined) return undefined
  const framing = source.oneOf(fields.get('framing'), 'framing', Object.keys(FRAMINGS) as (keyof typeof FRAMINGS)[])
  const oui = source.oneOf(fields.get('oui'), 'oui', Object.keys(OUIS) as (keyof typeof OUIS)[])
  return defined({
    interval: source.duration(fields.get('interval')),
    timeToLive: source.integer(fields.get('ttl'), 'ttl', 1, 65535),
    fastStart: source.integer(fields.get('fastStart'), 'fastStart', 0, 10),
    med: source.oneOf(fields.get('med'), 'med', MED),
    portVlanId: readVlan(source, fields.get('portVlan'), vlans),
    vlanNames: readVlanNames(source, fields.get('vlanNames'), vlans),
    policies: source.list(fields.get('policy'), 'policy', true)?.flatMap((item) => readPolicy(source, item, vlans)),
    callServers: readAddresses(source, fields.get('callServers'), 'callServers'),
    fileServers: readAddresses(source, fields.get('fileServers'), 'fileServers'),
    framing: framing === undefined ? undefined : FRAMINGS[framing],
    vendorOui: oui === undefined ? undefined : OUIS[oui],
  })
}

/** `{ Voice: 20 }`: the name of each VLAN, as the switch has it. */
function readVlanNames(source: YamlSource, value: Value, vlans: VlanNames): LldpAgentOptions['vlanNames'] {
  if (source.resolve(value) === undefined) return undefined
  return (source.entries(value, 'vlanNames') ?? []).flatMap(({ key, keyNode, value: vlan }) => {
    if (key.length > 32) source.note(keyNode, `a VLAN's name has at most 32 characters: '${shorten(key)}'`)
    const vid = readVlan(source, vlan, vlans)
    return vid === undefined ? [] : [{ vid, name: key.slice(0, 32) }]
  })
}

function readPolicy(source: YamlSource, value: Value, vlans: VlanNames): NetworkPolicy[] {
  const fields = source.fields(value, 'a policy', KEYS.policy)
  if (fields === undefined) return []
  const names = Object.keys(APPLICATIONS) as (keyof typeof APPLICATIONS)[]
  const application = source.oneOf(fields.get('application'), 'application', names) ?? 'voice'
  const vid = readVlan(source, fields.get('vlan'), vlans)
  const tagged = source.boolean(fields.get('tagged'), 'tagged') ?? vid !== undefined
  return [
    {
      application: APPLICATIONS[application],
      unknown: false,
      tagged,
      vid: vid ?? 0,
      priority: source.integer(fields.get('priority'), 'priority', 0, 7) ?? PRIORITY,
      dscp: source.integer(fields.get('dscp'), 'dscp', 0, 63) ?? DSCP,
    },
  ]
}

function readDot1x(source: YamlSource, value: Value): PortProtocols['dot1x'] {
  const fields = source.fields(value, 'dot1x', KEYS.portDot1x)
  if (fields === undefined) return undefined
  const users = new Map<string, string>()
  if (fields.has('users')) {
    for (const { key, value: password } of source.entries(fields.get('users'), 'users') ?? []) {
      users.set(key, source.text(password, 'a password', 64) ?? '')
    }
  }
  return {
    users,
    ...defined({
      verdict: source.oneOf(fields.get('verdict'), 'verdict', VERDICTS),
      macBypass: source.boolean(fields.get('macBypass'), 'macBypass'),
      txPeriod: source.duration(fields.get('txPeriod')),
      quietPeriod: source.duration(fields.get('quietPeriod')),
      suppTimeout: source.duration(fields.get('suppTimeout')),
      maxReq: source.integer(fields.get('maxReq'), 'maxReq', 1, 10),
      reAuthMax: source.integer(fields.get('reAuthMax'), 'reAuthMax', 1, 10),
    }),
  }
}
