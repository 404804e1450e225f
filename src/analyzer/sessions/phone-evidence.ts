/**
 * Which hosts are phones. A PC's DHCP and web traffic in the same capture must not become a failed boot, so a host is
 * taken for a phone only on evidence: what it asks DHCP for, its MAC prefix or host name, or the files it fetches.
 *
 * `avaya`: one of the phones whose manuals we know. `provisioned`: another device that boots over the network as a phone
 * does (asks for TFTP servers, option 66 or 150, or fetches a configuration file by its own MAC). Network boot of PCs
 * (PXE) looks much like it and is left alone: its ladder of missing files is how it works.
 */
import { fileName, fileRole } from '../../deskphone/roles.js'
import { SITE_OPTION_NUMBERS, isAvayaMac, isPhoneHostName } from '../../deskphone/series.js'
import { OptionCode, option, textOption } from '../../wire/dhcp.js'
import type { HostTraffic } from './hosts.js'

export type PhoneKind = 'avaya' | 'provisioned'

/** Options 66 (TFTP server name) and 150 (TFTP server address, RFC 5859), asked for by phones of other makers. */
const BOOT_SERVER_OPTIONS: readonly number[] = [OptionCode.tftpServerName, OptionCode.tftpServerAddress]
/** Client system architecture, RFC 4578: only network boot of PCs sends it. */
const CLIENT_ARCHITECTURE = 93

/** File names that phones of other makers ask for, most with their MAC in it. */
const OTHER_PHONE_FILES =
  /^(?:(?:SEP|SIP|CTL|ITL|CTLSEP|ITLSEP)[0-9A-F]{12}.*|XMLDefault\.cnf\.xml|y0000000000\w\w\.(?:cfg|boot)|[0-9a-f]{12}(?:-\w+)?\.(?:cfg|xml|boot)|spa\w+\.(?:cfg|xml)|snom\w*\.(?:htm|xml)|aastra\.cfg|gxp?\w*\.(?:cfg|xml)|cfg[0-9a-f]{12}(?:\.xml)?)$/i

const OTHER_PHONE_VENDOR = /ip.?phone|polycom|yealink|snom|grandstream|mitel|aastra|linksys|spa\d|panasonic.*kx/i

/** Messages of one host looked at; the first ones tell. */
const MAX_LOOKED_AT = 200

/** @returns undefined when nothing says that the host is a phone */
export function phoneKind(host: HostTraffic): PhoneKind | undefined {
  let provisioned = false
  let networkBoot = false
  if (host.mac !== null && isAvayaMac(host.mac)) return 'avaya'
  for (const { message } of host.dhcp.slice(0, MAX_LOOKED_AT)) {
    if (message.op !== 1) {
      if (SITE_OPTION_NUMBERS.some((number) => isSiteOption(option(message, number)))) return 'avaya'
      continue
    }
    const vendor = textOption(message, OptionCode.vendorClassIdentifier) ?? ''
    const hostname = textOption(message, OptionCode.hostName) ?? ''
    const requested = option(message, OptionCode.parameterRequestList)
    if (isPhoneHostName(hostname) || /avaya/i.test(vendor)) return 'avaya'
    if (vendor.startsWith('PXEClient') || option(message, CLIENT_ARCHITECTURE) !== undefined) networkBoot = true
    // 242 and 176 are in the site-specific range of RFC 2132, where nobody else asks for both boot servers and them.
    if (requested !== undefined && SITE_OPTION_NUMBERS.some((number) => requested.includes(number))) {
      if (!networkBoot) return 'avaya'
    }
    if (OTHER_PHONE_VENDOR.test(vendor)) provisioned = true
    if (requested !== undefined && BOOT_SERVER_OPTIONS.some((number) => requested.includes(number))) provisioned = true
  }
  const paths = [
    ...host.tftp.map((transfer) => ({ path: transfer.filename, method: 'RRQ' })),
    ...host.tcp.flatMap((connection) =>
      connection.exchanges.flatMap(({ request }) =>
        request === undefined ? [] : [{ path: request.uri, method: request.method }],
      ),
    ),
  ]
  for (const { path, method } of paths.slice(0, MAX_LOOKED_AT)) {
    const role = fileRole(path, method)
    if (role === 'script' || role === 'settings' || role === 'backup' || role === 'restore') return 'avaya'
    if (OTHER_PHONE_FILES.test(fileName(path))) provisioned = true
  }
  // A device that gets its address by DHCP and then files by TFTP boots from the network, whatever it is.
  if (host.dhcp.length > 0 && host.tftp.length > 0) provisioned = true
  return provisioned && !networkBoot ? 'provisioned' : undefined
}

/** `NAME=value` text, as no other use of these numbers has. */
function isSiteOption(value: Uint8Array | undefined): boolean {
  if (value === undefined) return false
  let text = ''
  for (const octet of value.subarray(0, 255)) text += String.fromCharCode(octet)
  return /^["\s]*[A-Z0-9_]{3,30}\s*=/i.test(text)
}
