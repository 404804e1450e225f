import { SITE_OPTION_NUMBERS } from '../../../deskphone/series.js'
import { OptionCode, option, textOption } from '../../../wire/dhcp.js'
import { formatAddress } from '../../../wire/ipv4.js'
import { dhcpOf, obtained } from '../../sessions/boot-session.js'
import { requestedNumbers } from '../../sessions/dhcp-events.js'
import type { Rule } from '../rule.js'
import { wantedSiteOptions } from '../site-options.js'
import { list } from '../wording.js'

export const siteOptionMissing: Rule = {
  code: 'site-option-missing',
  stage: 'site-option',
  severity: 'error',
  states: 'the site-specific option the phone asked for (242, or 176 on the 4600) is not in the ACK',
  evidence: 'ACK without it, option 55 asks for it (or the series is known)',
  notConfusedWith: 'values that came by option 43, LLDP or siaddr: then it is a warning and says so',
  remedy:
    'Add the option to the DHCP scope of the VLAN the phone is on, as a string: 242 for the 1600 and 9600 series, 176 for the 4600. Both side by side serve every series.',
  references: [
    'Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176',
    'Avaya 1600 Administrator Guide 16-601443, DHCP',
  ],
  restsOnAbsence: false,

  *check(session) {
    const { lease } = session
    if (lease === undefined) return
    const { message } = lease.observation
    const requested = requestedNumbers(session.dhcp)
    const wanted = wantedSiteOptions(session)
    // Under the other series' number it is there, and site-option-wrong-number says so.
    if (wanted.length === 0 || SITE_OPTION_NUMBERS.some((number) => option(message, number) !== undefined)) return

    const elsewhere: string[] = []
    if (option(message, OptionCode.vendorSpecific) !== undefined) elsewhere.push('option 43')
    if (message.siaddr !== 0) elsewhere.push(`siaddr ${formatAddress(message.siaddr)}`)
    const bootServer = textOption(message, OptionCode.tftpServerName)
    if (bootServer !== undefined && bootServer !== '') elsewhere.push(`option 66 ${bootServer}`)
    const managed = elsewhere.length > 0 && obtained(session, 'script', 'settings')
    const asking = dhcpOf(session, 'discover', 'selecting', 'init-reboot').findLast(
      ({ observation, frame }) =>
        frame.number < lease.frame.number && option(observation.message, OptionCode.parameterRequestList) !== undefined,
    )
    yield {
      message:
        `the ACK from ${lease.serverId ?? 'the DHCP server'} lacks option ${wanted.join(' and ')} that the phone ` +
        (requested.has(wanted[0]!) ? 'asked for' : 'needs') +
        (managed ? `; the phone went by ${list(elsewhere)} instead` : ''),
      frames: [...(asking === undefined ? [] : [asking.frame.number]), lease.frame.number],
      at: lease.frame.time,
      ...(managed ? { severity: 'warning', changesOutcome: true } : {}),
    }
  },
}
