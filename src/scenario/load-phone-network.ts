/**
 * What a phone of a scenario has stored about its network, before its first boot: `vlan`, `dot1x`, `static`, `sson` and
 * `stored`.
 */
import { SECOND } from '../base/time.js'
import type { PhoneMemory } from '../emulator/phones/memory.js'
import type { StaticAddress } from '../emulator/phones/network-memory.js'
import type { PhoneTimers } from '../emulator/phones/timers.js'
import { defined } from './defined.js'
import { readVlan } from './read-places.js'
import type { VlanNames } from './read-places.js'
import { KEYS } from './scenario-keys.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

export interface PhoneNetworkSettings {
  readonly l2q?: number
  readonly l2qvlan?: number
  /** Seconds. */
  readonly vlanTest?: number
  /** VLANLIST, where the series' own habit is not wanted. */
  readonly keepsVlanList?: boolean
  readonly dot1x?: {
    /** The MAC's digits in capitals unless given. */
    readonly identity?: string
    readonly password: string
    readonly unanswered?: PhoneTimers['dot1xUnanswered']
  }
  readonly staticAddress?: StaticAddress
  /** Lists with commas. */
  readonly fileServers?: string
  readonly callServers?: string
  /** STATIC. */
  readonly manualWins?: number
  readonly dropsExpiredLease?: boolean
  /** Seconds. */
  readonly reuseTime?: number
  readonly siteOptionNumber?: number
}

const DEFAULT_MASK = 0xffffff00
const UNANSWERED = ['repeat', 'proceed'] as const
/** STATIC by what wins over DHCP. */
const WINS = { nothing: 0, fileServers: 1, callServers: 2, both: 3 } as const

export function loadPhoneNetwork(
  source: YamlSource,
  phone: Fields<(typeof KEYS.phone)[number]>,
  vlans: VlanNames,
): PhoneNetworkSettings {
  const vlan = source.fields(phone.get('vlan'), 'vlan', KEYS.phoneVlan)
  const stored = source.fields(phone.get('stored'), 'stored', KEYS.stored)
  const wins = source.oneOf(stored?.get('wins'), 'wins', Object.keys(WINS) as (keyof typeof WINS)[])
  const dhcpstd = source.integer(stored?.get('dhcpstd'), 'dhcpstd', 0, 1)
  return defined({
    l2q: source.integer(vlan?.get('l2q'), 'l2q', 0, 2),
    l2qvlan: readVlan(source, vlan?.get('l2qvlan'), vlans),
    vlanTest: readSeconds(source, vlan?.get('vlantest'), 'vlantest', 0, 999),
    keepsVlanList: source.boolean(vlan?.get('list'), 'list'),
    dot1x: readDot1x(source, phone.get('dot1x')),
    staticAddress: readStatic(source, phone.get('static')),
    fileServers: readList(source, stored?.get('fileServers'), 'fileServers'),
    callServers: readList(source, stored?.get('callServers'), 'callServers'),
    manualWins: wins === undefined ? undefined : WINS[wins],
    dropsExpiredLease: dhcpstd === undefined ? undefined : dhcpstd === 1,
    reuseTime: readSeconds(source, stored?.get('reusetime'), 'reusetime', 0, 999),
    siteOptionNumber: source.integer(phone.get('sson'), 'sson', 128, 254),
  })
}

/** Into the memory of a phone that was never on. @param mac colon form */
export function rememberNetwork(memory: PhoneMemory, settings: PhoneNetworkSettings, mac: string): void {
  const { network } = memory
  network.l2q = settings.l2q ?? network.l2q
  network.vlan = settings.l2qvlan ?? network.vlan
  network.vlanTest = settings.vlanTest ?? network.vlanTest
  network.staticAddress = settings.staticAddress
  network.fileServers = settings.fileServers ?? ''
  network.callServers = settings.callServers ?? ''
  network.manualWins = settings.manualWins ?? network.manualWins
  network.dropsExpiredLease = settings.dropsExpiredLease ?? network.dropsExpiredLease
  network.reuseTime = settings.reuseTime ?? network.reuseTime
  memory.siteOptionNumber = settings.siteOptionNumber ?? memory.siteOptionNumber
  if (settings.dot1x === undefined) return
  const { identity = dot1xIdentity(mac), password } = settings.dot1x
  network.dot1x = { identity, password }
}

/** What a set has for an identity until the user types another. */
export function dot1xIdentity(mac: string): string {
  return mac.replaceAll(':', '').toUpperCase()
}

function readDot1x(source: YamlSource, value: Value): PhoneNetworkSettings['dot1x'] {
  const fields = source.fields(value, 'dot1x', KEYS.phoneDot1x)
  if (fields === undefined) return undefined
  if (!fields.has('password')) source.note(fields.node, "dot1x needs the 'password' that was typed in")
  return {
    password: source.text(fields.get('password'), 'password', 64) ?? '',
    ...defined({
      identity: source.text(fields.get('identity'), 'identity', 64),
      unanswered: source.oneOf(fields.get('unanswered'), 'unanswered', UNANSWERED),
    }),
  }
}

function readStatic(source: YamlSource, value: Value): StaticAddress | undefined {
  const fields = source.fields(value, 'static', KEYS.static)
  if (fields === undefined) return undefined
  const address = source.address(fields.get('address'), 'address')
  if (!fields.has('address')) source.note(fields.node, "static needs an 'address', as { address: 10.20.0.50 }")
  const mask = source.address(fields.get('mask'), 'mask') ?? DEFAULT_MASK
  const own = address ?? 0
  return {
    address: own,
    mask,
    router: source.address(fields.get('router'), 'router') ?? ((own & mask) >>> 0) + 1,
  }
}

/** Addresses, or names for DNS, as the user types them. */
function readList(source: YamlSource, value: Value, what: string): string | undefined {
  const texts = source.list(value, what, true)?.flatMap((item) => source.text(item, what, 255) ?? [])
  return texts?.join(',')
}

/** A duration that the protocol counts in whole seconds. */
export function readSeconds(
  source: YamlSource,
  value: Value,
  what: string,
  min: number,
  max: number,
): number | undefined {
  const duration = source.duration(value)
  if (duration === undefined) return undefined
  const seconds = duration / SECOND
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return seconds
  source.note(value, `${what} is ${min} to ${max} whole seconds`)
  return undefined
}
