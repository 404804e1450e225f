/**
 * From the lease to system parameters: fields and standard options of DHCP, then the site-specific option.
 */
import { latin1 } from '../../base/bytes.js'
import { SITE_OPTION_NUMBERS } from '../../deskphone/series.js'
import { MALFORMED_KINDS, parseSiteOption, type SiteOptionProblemKind } from '../../deskphone/site-option.js'
import { parseVendorOption } from '../../deskphone/vendor-option.js'
import { formatAddress } from '../../wire/ipv4.js'
import type { Lease } from './dhcp-client.js'
import type { PhoneState } from './phone-state.js'

/** Parameters from the lease; the site option comes last and overrides the rest [avaya.md 1.7]. */
export function readLeaseParameters(phone: PhoneState, lease: Lease): void {
  phone.serverTrouble = undefined
  // What the user typed in is all there is, and it is there already.
  if (lease.isManual === true) return
  phone.tell.beginStage('site-option')
  const manual = new Map(phone.parameters)
  const set = (name: string, values: string[]) => {
    if (!(phone.lldpVlan && VLAN_PARAMETERS.has(name))) phone.parameters.set(name, values)
  }
  if (lease.siaddr !== 0) {
    for (const name of phone.series.siaddrParameters) set(name, [formatAddress(lease.siaddr)])
  }
  const { option66Parameter } = phone.series
  if (option66Parameter !== undefined && lease.tftpServerName) set(option66Parameter, [lease.tftpServerName])
  if (lease.domainNameServers.length > 0) set('DNSSRVR', lease.domainNameServers.map(formatAddress))
  if (lease.domainName !== undefined) set('DOMAIN', [lease.domainName])
  // Only sets that send option 60 read it [avaya.md 1.7].
  const vendor =
    lease.vendorOption !== undefined && phone.series.vendorClass !== undefined
      ? parseVendorOption(lease.vendorOption)
      : undefined
  for (const [name, values] of vendor ?? []) set(name, values)

  const number = phone.siteOptionNumber
  const octets = lease.siteOptions.get(number)
  if (octets === undefined) {
    const other = SITE_OPTION_NUMBERS.find((candidate) => candidate !== number && lease.siteOptions.has(candidate))
    const cause = other === undefined ? 'site-option-missing' : 'site-option-wrong-number'
    const detail = other === undefined ? `no option ${number} in the ACK` : `option ${other} in place of ${number}`
    phone.tell.fail('site-option', cause, detail)
    phone.serverTrouble = cause
  } else {
    const option = parseSiteOption(octets, phone.series.name)
    phone.tell.siteOption(number, latin1(octets))
    for (const [name, values] of option.values) set(name, values)
    for (const { kind, name, nearest, reason } of option.problems) {
      const detail = name === undefined ? reason : `${name}: ${reason}`
      const degrades = MALFORMED_KINDS.has(kind) || kind === 'truncated'
      const cause = siteOptionCause(kind)
      phone.tell.fail('site-option', cause, detail, { degrades })
      if (degrades || isServerName(nearest ?? name)) phone.serverTrouble ??= cause
    }
  }
  keepManual(phone, manual)
  phone.tell.endStage('site-option')
}

const VLAN_PARAMETERS: ReadonlySet<string> = new Set(['L2Q', 'L2QVLAN', 'PHY2VLAN'])
const SERVER_NAMES = ['HTTPSRVR', 'TLSSRVR', 'TFTPSRVR'] as const

/** STATIC 1, 2 or 3: servers that were typed in win over DHCP's [avaya.md 1.10]. */
function keepManual(phone: PhoneState, before: ReadonlyMap<string, string[]>): void {
  const { network } = phone.memory
  const wins = phone.number('STATIC', network.manualWins)
  const names = [
    ...((wins & 1) !== 0 && network.fileServers !== '' ? SERVER_NAMES : []),
    ...((wins & 2) !== 0 && network.callServers !== '' ? ['MCIPADD'] : []),
  ]
  for (const name of names) {
    const values = before.get(name)
    if (values !== undefined) phone.parameters.set(name, values)
  }
}

function isServerName(name: string | undefined): boolean {
  return name !== undefined && /^(?:HTTP|TLS|TFTP)SRVR$/i.test(name)
}

/** What the findings catalogue calls a problem of the option. */
function siteOptionCause(kind: SiteOptionProblemKind): string {
  if (MALFORMED_KINDS.has(kind)) return 'site-option-malformed'
  switch (kind) {
    case 'truncated':
      return 'site-option-truncated'
    case 'unknown-name':
    case 'not-by-option':
      return 'site-option-unknown-name'
    case 'unquoted-list':
      return 'site-option-unquoted-list'
    default:
      return 'site-option-bad-value'
  }
}
