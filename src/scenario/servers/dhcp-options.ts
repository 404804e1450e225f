/**
 * Options of a DHCP scope that have no key of their own, classes of clients, and reservations.
 */
import { fromHex, latin1Bytes } from '../../base/bytes.js'
import type { DhcpClass, DhcpOptionSetting } from '../../servers/dhcp-server.js'
import { formatMac, parseMac } from '../../wire/ethernet.js'
import { formatAddress } from '../../wire/ipv4.js'
import { KEYS } from '../scenario-keys.js'
import { shorten } from '../yaml-source.js'
import type { Value, YamlSource } from '../yaml-source.js'

/** Of one option; the emulated server does not split longer ones (RFC 3396). */
const MAX_OCTETS = 255

/** `{ 66: tftp.example.com, 43: 'hex:01 04 36 38 38 39' }`: text, or octets after `hex:`. They are sent unasked. */
export function readOptions(source: YamlSource, value: Value): readonly DhcpOptionSetting[] | undefined {
  if (source.resolve(value) === undefined) return undefined
  return (source.entries(value, 'options') ?? []).flatMap(({ key, keyNode, value: part }) => {
    const code = /^[0-9]{1,3}$/.test(key) ? Number(key) : NaN
    if (!(code >= 1 && code <= 254)) {
      source.note(keyNode, `an option is a number from 1 to 254, not '${shorten(key)}'`)
      return []
    }
    const octets = readOctets(source, part)
    return octets === undefined ? [] : [{ code, value: octets, always: true }]
  })
}

function readOctets(source: YamlSource, value: Value): Uint8Array | undefined {
  const text = source.text(value, 'an option', 3 * MAX_OCTETS + 4)
  if (text === undefined) return undefined
  const hex = /^hex:(.*)$/is.exec(text)?.[1]?.replace(/[\s:]/g, '')
  if (hex !== undefined && !/^(?:[0-9a-f]{2})*$/i.test(hex)) {
    source.note(value, `octets are pairs of hexadecimal digits, as hex:01 04 36, not '${shorten(text)}'`)
    return undefined
  }
  if (hex === undefined && /[^\0-\xff]/.test(text)) {
    source.note(value, 'the option has characters that no octet can carry')
    return undefined
  }
  const octets = hex === undefined ? latin1Bytes(text) : fromHex(hex)
  if (octets.length >= 1 && octets.length <= MAX_OCTETS) return octets
  source.note(value, `an option has 1 to ${MAX_OCTETS} octets, this has ${octets.length}`)
  return undefined
}

/** What some clients are told in place of the rest. */
export function readClasses(source: YamlSource, value: Value): readonly DhcpClass[] | undefined {
  return source.list(value, 'classes')?.flatMap((item) => {
    const fields = source.fields(item, 'a class', KEYS.dhcpClass)
    if (fields === undefined) return []
    const vendorClass = source.text(fields.get('vendorClass'), 'vendorClass', MAX_OCTETS)
    const asksFor = source.integer(fields.get('asksFor'), 'asksFor', 1, 254)
    if (vendorClass === undefined && asksFor === undefined) {
      source.note(fields.node, "a class is told by its 'vendorClass' (option 60) or by what it 'asksFor' (option 55)")
    }
    return [
      {
        ...(vendorClass !== undefined && { vendorClass }),
        ...(asksFor !== undefined && { asksFor }),
        options: readOptions(source, fields.get('options')) ?? [],
      },
    ]
  })
}

/** Addresses by MAC. */
export function readReservations(source: YamlSource, value: Value): ReadonlyMap<string, string> | undefined {
  if (source.resolve(value) === undefined) return undefined
  const reservations = new Map<string, string>()
  for (const { key, keyNode, value: part } of source.entries(value, 'reservations') ?? []) {
    const mac = parseMac(key)
    if (mac === undefined)
      source.note(keyNode, `a reservation is for a MAC as 00:1b:4f:20:00:01, not '${shorten(key)}'`)
    const address = source.address(part, 'a reservation')
    if (mac !== undefined && address !== undefined) reservations.set(formatMac(mac), formatAddress(address))
  }
  return reservations
}
