/**
 * `--phone MAC|IP`.
 */
import { UsageError } from '../base/errors.js'
import { formatMac, parseMac } from '../wire/ethernet.js'
import { formatAddress, parseAddress } from '../wire/ipv4.js'

/**
 * @returns the MAC in colon form or the address in dotted form, as reports have them
 * @throws UsageError
 */
export function checkPhone(text: string): string {
  const mac = parseMac(text.replaceAll('-', ':'))
  if (mac !== undefined) return formatMac(mac)
  const address = parseAddress(text)
  if (address !== undefined) return formatAddress(address)
  throw new UsageError(
    `--phone takes a MAC as 00:1b:4f:20:00:01 or an IP address as 10.20.0.120, not '${text.slice(0, 40)}'`,
  )
}
