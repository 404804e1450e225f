import type { Rule } from '../rule.js'
import { siteOptionProblems } from '../site-options.js'

export const siteOptionUnquotedList: Rule = {
  code: 'site-option-unquoted-list',
  stage: 'site-option',
  severity: 'warning',
  states: 'an address list without the quotes the 4600 needs',
  evidence: 'NAME=a,b unquoted',
  notConfusedWith: '',
  remedy:
    'Put lists of addresses between double quotes, as HTTPSRVR="10.20.0.2,10.20.0.3"; without them only the first address counts on the 4600.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176'],
  restsOnAbsence: false,

  *check(session) {
    yield* siteOptionProblems(session, ['unquoted-list'], 'has lists without quotes')
  },
}
