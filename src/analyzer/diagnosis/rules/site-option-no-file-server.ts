import { SECOND } from '../../../base/time.js'
import { OptionCode, option } from '../../../wire/dhcp.js'
import { watchedAfter } from '../../sessions/boot-session.js'
import { SHORTEST_SILENCE } from '../../sessions/transfers.js'
import type { Rule } from '../rule.js'

const FILE_SERVER_NAMES: readonly string[] = ['HTTPSRVR', 'TLSSRVR', 'TFTPSRVR']
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
    const { message } = lease.observation
    if (message.siaddr !== 0 || option(message, OptionCode.vendorSpecific) !== undefined) return
    // Only the 4600 reads option 66.
    const mayBe4600 = session.series === null || session.series === '4600'
    if (mayBe4600 && option(message, OptionCode.tftpServerName) !== undefined) return
    const values = session.siteOption?.parsed.values
    if (FILE_SERVER_NAMES.some((name) => (values?.get(name)?.length ?? 0) > 0)) return
    const watched = watchedAfter(session, lease.frame.time)
    if (watched < SHORTEST_SILENCE && !session.hasNext) return
    yield {
      message:
        `the lease for ${lease.address ?? 'the phone'} names no file server: ` +
        (session.siteOption === undefined
          ? 'no site-specific option'
          : `no HTTPSRVR, TLSSRVR or TFTPSRVR in option ${session.siteOption.number}`) +
        ', siaddr is 0.0.0.0, and the phone asked for no file',
      frames: [lease.frame.number],
      at: lease.frame.time,
      causes: ['site-option-malformed', 'site-option-missing'],
      confidence: watched >= LONG_ENOUGH || session.hasNext ? 'certain' : 'likely',
    }
  },
}
