/**
 * Where something is plugged in: subnets, VLANs and ports of switches, as several parts of a scenario name them.
 */
import type { PortMode } from '../emulator/link/switch.js'
import { nearestName } from '../deskphone/nearest-name.js'
import { parseAddress } from '../wire/ipv4.js'
import { KEYS } from './scenario-keys.js'
import type { Subnet } from './servers/server.js'
import { shorten } from './yaml-source.js'
import type { Value, YamlSource } from './yaml-source.js'

export type VlanNames = ReadonlyMap<string, number>

/** `10.20.0.1/24`: an address and its mask. */
export function readSubnet(source: YamlSource, value: Value, what: string): Subnet | undefined {
  const text = source.text(value, what)
  if (text === undefined) return undefined
  const match = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text.trim())
  const address = match === null ? undefined : parseAddress(match[1]!)
  const length = Number(match?.[2] ?? NaN)
  if (address !== undefined && length <= 32) return { address, mask: maskOf(length) }
  source.note(value, `${what} must be an address and the length of its mask, as 10.20.0.1/24, not '${shorten(text)}'`)
  return undefined
}

function maskOf(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0
}

/** A number from 1 to 4094, or one of the network's names. */
export function readVlan(source: YamlSource, value: Value, vlans: VlanNames): number | undefined {
  const text = source.text(value, 'vlan', 64)
  if (text === undefined) return undefined
  if (/^[0-9]+$/.test(text)) return source.integer(value, 'a VLAN', 1, 4094)
  const known = vlans.get(text)
  if (known !== undefined) return known
  const nearest = nearestName(text, [...vlans.keys()])
  const right =
    nearest !== undefined
      ? `did you mean '${nearest}'?`
      : vlans.size === 0
        ? 'give its number, or name it under network: { vlans: { voice: 20 } }'
        : `one of ${[...vlans.keys()].join(', ')}`
  source.note(value, `unknown VLAN '${shorten(text)}'; ${right}`)
  return undefined
}

/** `voice` or `20` for an access port, `{ access, voice }`, or `{ trunk: [10, 20], native: 10 }`. */
export function readPort(source: YamlSource, value: Value, vlans: VlanNames): PortMode | undefined {
  const node = source.resolve(value)
  if (node === undefined) return undefined
  if (!source.isMapping(node)) {
    const vlan = readVlan(source, node, vlans)
    return vlan === undefined ? undefined : { kind: 'access', vlan }
  }
  const fields = source.fields(node, 'port', KEYS.port)
  if (fields === undefined) return undefined
  if (fields.has('trunk') || fields.has('native')) {
    for (const key of ['access', 'voice'] as const) {
      if (fields.has(key)) source.note(fields.get(key), `a trunk has no '${key}' VLAN`)
    }
    return { kind: 'trunk', ...readTrunk(source, fields.get('trunk'), fields.get('native'), vlans) }
  }
  const vlan = readVlan(source, fields.get('access'), vlans)
  const voice = readVlan(source, fields.get('voice'), vlans)
  if (!fields.has('access')) source.note(node, "a port needs 'access' or 'trunk', as { access: data, voice: voice }")
  if (vlan === undefined) return undefined
  return voice === undefined ? { kind: 'access', vlan } : { kind: 'voice', vlan, voice }
}

/** `true` for all VLANs, or a list of them. */
export function readTrunk(
  source: YamlSource,
  trunk: Value,
  native: Value,
  vlans: VlanNames,
): { readonly native?: number; readonly allowed?: readonly number[] } {
  const nativeVlan = readVlan(source, native, vlans)
  const all = source.asBoolean(trunk) === true || source.resolve(trunk) === undefined
  const allowed = all
    ? undefined
    : source.list(trunk, 'trunk', true)?.flatMap((item) => readVlan(source, item, vlans) ?? [])
  return {
    ...(nativeVlan !== undefined && { native: nativeVlan }),
    ...(allowed !== undefined && { allowed }),
  }
}
