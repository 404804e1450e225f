import { SECOND } from '../../../base/time.js'
import { OptionCode, option } from '../../../wire/dhcp.js'
import { watchedAfter } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import type { BootSession } from '../../sessions/boot-session.js'
import { asksForOthers, routersOf, silentNeighbours } from '../neighbours.js'
import type { Rule } from '../rule.js'
import { isServerName, mayUseTftp, wantedSiteOptions } from '../site-options.js'
import { list } from '../wording.js'

/** What the site option got wrong may be why, the first of them that was found. */
const CAUSES: readonly string[] = [
  'site-option-malformed',
  'site-option-truncated',
  'site-option-missing',
  'site-option-wrong-number',
]
/** A phone that had a server elsewhere (LLDP, stored by hand) would have asked it by now. */
const LONG_ENOUGH = 30 * SECOND

/** A phone that asks any server for files knows one from somewhere, and is left alone. */
export const siteOptionNoFileServer: Rule = {
  code: 'site-option-no-file-server',
  stage: 'site-option',
  severity: 'error',
  states: 'nothing names a file server',
  evidence: 'no HTTPSRVR, TLSSRVR or TFTPSRVR, no usable siaddr, option 66 or option 43, none by LLDP',
  notConfusedWith: '',
  remedy:
    'Name the file server in the site-specific option: HTTPSRVR=address (TFTPSRVR for 4600 sets that only have TFTP), in the scope of the VLAN the phone is on.',
  references: [
    'Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176',
    'Avaya 1600 Administrator Guide 16-601443, DHCP',
  ],
  restsOnAbsence: true,

  *check(session) {
    const { lease } = session
    if (lease === undefined || !session.isAvaya) return
    if (session.transfers.length > 0 || session.tftp.length > 0 || session.tcp.length > 0) return
    if (asksForOthers(session, lease.frame.number)) return
    const { message } = lease.observation
    if (message.siaddr !== 0 || option(message, OptionCode.vendorSpecific) !== undefined) return
    const tftp = mayUseTftp(session)
    // Only the 4600 reads option 66.
    if (tftp && option(message, OptionCode.tftpServerName) !== undefined) return
    const values = session.siteOption?.parsed.values
    const names = ['HTTPSRVR', 'TLSSRVR', ...(tftp ? ['TFTPSRVR'] : [])]
    // 0.0.0.0 is how a list is switched off.
    const isNamed = (name: string) => values?.get(name)?.some((value) => value !== '' && value !== '0.0.0.0') === true
    if (isReadByPhone(session) && names.some(isNamed)) return
    const watched = watchedAfter(session, lease.frame.time)
    if (watched < SHORTEST_SILENCE && !session.hasNext) return
    // It waits for its router and has not come to ask for files.
    const silent = silentNeighbours(session).map(({ address }) => address)
    if (routersOf(session).length > 0 && routersOf(session).every((router) => silent.includes(router))) return
    yield {
      message:
        `the lease for ${lease.address ?? 'the phone'} names no file server: ` +
        (session.siteOption === undefined
          ? 'no site-specific option'
          : `no ${list(names, 2)} in option ${session.siteOption.number}` +
            (!tftp && isNamed('TFTPSRVR') ? ' (TFTPSRVR is there, and this phone has no TFTP)' : '')) +
        ', siaddr is 0.0.0.0, and the phone asked for no file',
      frames: [lease.frame.number],
      at: lease.frame.time,
      causes: [...CAUSES, ...spoiltServerNames(session)],
      confidence: watched >= LONG_ENOUGH || session.hasNext ? 'certain' : 'likely',
    }
  },
}

/** An option under a number that the phone does not look for is no option. */
function isReadByPhone(session: BootSession): boolean {
  const wanted = wantedSiteOptions(session)
  return session.siteOption !== undefined && (wanted.length === 0 || wanted.includes(session.siteOption.number))
}

/** Codes of what spoilt the name or the value of a file server. */
function spoiltServerNames(session: BootSession): string[] {
  return (session.siteOption?.parsed.problems ?? []).flatMap(({ kind, name, nearest }) => {
    if (!isServerName(nearest ?? name)) return []
    return kind === 'unknown-name'
      ? ['site-option-unknown-name']
      : kind === 'bad-value'
        ? ['site-option-bad-value']
        : []
  })
}
