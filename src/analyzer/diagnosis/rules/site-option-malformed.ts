import { MALFORMED_KINDS } from '../../../deskphone/site-option.js'
import type { Rule } from '../rule.js'
import { list } from '../wording.js'

/** Values are not quoted here: the option carries passwords (PROCPSWD, SNMPSTRING). */
export const siteOptionMalformed: Rule = {
  code: 'site-option-malformed',
  stage: 'site-option',
  severity: 'error',
  states: 'the string cannot be read as NAME=value pairs',
  evidence: 'separators other than commas, outer quotes, binary, a pair without =',
  notConfusedWith: 'a blank after a comma (warning in site-option-bad-value)',
  remedy:
    'Enter the option as plain text: NAME=value pairs between commas, no blanks, quotes only around a list of addresses. On servers that ask for a type choose string, not binary or IP address.',
  references: ['Avaya 4600 LAN Administrator Guide 555-233-507, DHCP option 176'],
  restsOnAbsence: false,

  *check(session) {
    const { siteOption } = session
    if (siteOption === undefined) return
    const problems = siteOption.parsed.problems.filter(({ kind }) => MALFORMED_KINDS.has(kind))
    const first = problems[0]
    if (first === undefined) return
    const said = problems.map(({ reason, position }) => `${reason} (octet ${position})`)
    yield {
      message: `option ${siteOption.number} cannot be read as NAME=value pairs: ${list(said)}`,
      frames: [siteOption.event.frame.number],
      at: siteOption.event.frame.time,
      // Seen in an offer only: the phone did not come to read it.
      ...(session.lease === undefined ? { severity: 'warning', changesOutcome: false } : {}),
    }
  },
}
