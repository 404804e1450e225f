import type { Rule } from '../rule.js'
import { siteOptionProblems } from '../site-options.js'

export const siteOptionTruncated: Rule = {
  code: 'site-option-truncated',
  stage: 'site-option',
  severity: 'error',
  states: 'the string ends in the middle of a pair',
  evidence: 'length 247 or 255 and an unfinished pair',
  notConfusedWith: '',
  remedy:
    'Shorten the string below 247 octets: keep the addresses of the servers in it, and move the rest to 46xxsettings.txt.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176'],
  restsOnAbsence: false,

  *check(session) {
    yield* siteOptionProblems(session, ['truncated'], 'was cut')
  },
}
