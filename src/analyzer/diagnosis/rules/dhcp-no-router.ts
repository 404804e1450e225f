import { OptionCode, option } from '../../../wire/dhcp.js'
import { formatAddress } from '../../../wire/ipv4.js'
import type { BootSession } from '../../sessions/boot-session.js'
import { isOnLink } from '../leases.js'
import type { Rule } from '../rule.js'
import { distinct, list } from '../wording.js'

const SERVER_NAMES: readonly string[] = ['HTTPSRVR', 'TLSSRVR', 'TFTPSRVR', 'MCIPADD']

export const dhcpNoRouter: Rule = {
  code: 'dhcp-no-router',
  stage: 'dhcp',
  severity: 'warning',
  states: 'no default router was given and a server lies outside the subnet',
  evidence: 'option 3 absent; a server address outside mask',
  notConfusedWith: 'all servers on-link',
  remedy: 'Add option 3, the router of this subnet, to the DHCP scope; see that option 1, its mask, is right.',
  references: ['RFC 2132 §3.5'],
  restsOnAbsence: false,

  *check(session) {
    const { lease } = session
    if (lease === undefined || !session.isAvaya) return
    const { message } = lease.observation
    if ((option(message, OptionCode.router)?.length ?? 0) >= 4) return
    const outside = distinct(serversOf(session).filter((address) => isOnLink(session, address) === false))
    if (outside.length === 0) return
    // A router that answers ARP for others, or an answer that came all the same.
    const reached = session.tcp.some(
      ({ server, firstFromServer }) => outside.includes(server.address) && firstFromServer !== undefined,
    )
    yield {
      message:
        `the lease for ${lease.address ?? 'the phone'} names no router, and ${list(outside)} ${outside.length === 1 ? 'is' : 'are'} outside its subnet` +
        (reached ? '; it was reached all the same' : ''),
      frames: [lease.frame.number],
      at: lease.frame.time,
      changesOutcome: !reached && !session.transfers.some(({ result }) => result === 'ok'),
    }
  },
}

function serversOf({ siteOption, lease }: BootSession): string[] {
  const named = SERVER_NAMES.flatMap((name) => siteOption?.parsed.values.get(name) ?? [])
  const { siaddr } = lease!.observation.message
  return [...named, ...(siaddr === 0 ? [] : [formatAddress(siaddr)])].filter(
    (address) => /^\d+\.\d+\.\d+\.\d+$/.test(address) && address !== '0.0.0.0',
  )
}
