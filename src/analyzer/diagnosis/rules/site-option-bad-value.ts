import type { Rule } from '../rule.js'
import { siteOptionProblems } from '../site-options.js'

export const siteOptionBadValue: Rule = {
  code: 'site-option-bad-value',
  stage: 'site-option',
  severity: 'warning',
  states: 'a value is out of its range or not an address',
  evidence: 'range table',
  notConfusedWith: '',
  remedy: 'Correct the value. Until then the phone goes by the value that it had before.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176'],
  restsOnAbsence: false,

  *check(session) {
    yield* siteOptionProblems(session, ['bad-value', 'blank'], 'has values that phones do not take')
  },
}
