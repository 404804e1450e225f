import { SITE_OPTION_NUMBERS } from '../../../deskphone/series.js'
import { option } from '../../../wire/dhcp.js'
import { wantedSiteOptions } from '../site-options.js'
import type { Rule } from '../rule.js'
import { list } from '../wording.js'

export const siteOptionWrongNumber: Rule = {
  code: 'site-option-wrong-number',
  stage: 'site-option',
  severity: 'error',
  states: "the values are under the other series' option number",
  evidence: 'ACK has 176 and the phone asked for 242, or the reverse',
  notConfusedWith: 'both present',
  remedy:
    'Define the option under the number that the phone reads: 242 for the 1600 and 9600 series, 176 for the 4600. Both side by side serve every series.',
  references: [
    'Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176',
    'Avaya 1600 Administrator Guide 16-601443, DHCP',
  ],
  restsOnAbsence: false,

  *check(session) {
    const { lease } = session
    if (lease === undefined) return
    const { message } = lease.observation
    const wanted = wantedSiteOptions(session)
    if (wanted.length === 0 || wanted.some((number) => option(message, number) !== undefined)) return
    const other = SITE_OPTION_NUMBERS.find((number) => option(message, number) !== undefined)
    if (other === undefined) return
    yield {
      message: `the ACK from ${lease.serverId ?? 'the DHCP server'} has option ${other}, and the phone reads option ${list(wanted.map(String))}`,
      frames: [lease.frame.number],
      at: lease.frame.time,
    }
  },
}
