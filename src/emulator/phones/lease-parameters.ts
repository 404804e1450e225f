/**
 * From the lease to system parameters: fields and standard options of DHCP, then the site-specific option.
 */
import { latin1 } from '../../base/bytes.js'
import { SITE_OPTION_NUMBERS } from '../../deskphone/series.js'
import { MALFORMED_KINDS, parseSiteOption, type SiteOptionProblemKind } from '../../deskphone/site-option.js'
import { formatAddress } from '../../wire/ipv4.js'
import type { Lease } from './dhcp-client.js'
import type { PhoneState } from './phone-state.js'

/** Parameters from the lease; the site option comes last and overrides the rest [avaya.md 1.7]. */
export function readLeaseParameters(phone: PhoneState, lease: Lease): void {
  phone.tell.beginStage('site-option')
  phone.serverTrouble = undefined
  const set = (name: string, values: string[]) => phone.parameters.set(name, values)
  if (lease.siaddr !== 0) {
    for (const name of phone.series.siaddrParameters) set(name, [formatAddress(lease.siaddr)])
  }
  const { option66Parameter } = phone.series
  if (option66Parameter !== undefined && lease.tftpServerName) set(option66Parameter, [lease.tftpServerName])
  if (lease.domainNameServers.length > 0) set('DNSSRVR', lease.domainNameServers.map(formatAddress))
  if (lease.domainName !== undefined) set('DOMAIN', [lease.domainName])

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
  phone.tell.endStage('site-option')
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
