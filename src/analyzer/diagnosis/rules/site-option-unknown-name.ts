import type { Rule } from '../rule.js'
import { siteOptionProblems } from '../site-options.js'

export const siteOptionUnknownName: Rule = {
  code: 'site-option-unknown-name',
  stage: 'site-option',
  severity: 'warning',
  states: 'a name no phone knows, with the nearest known name',
  evidence: 'name not in the table',
  notConfusedWith: 'names are case-insensitive',
  remedy: 'Correct the spelling; what only a settings file can set belongs into 46xxsettings.txt.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176'],
  restsOnAbsence: false,

  *check(session) {
    yield* siteOptionProblems(session, ['unknown-name', 'not-by-option'], 'has names that no phone takes from it')
  },
}
