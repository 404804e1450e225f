import { OptionCode, option } from '../../../wire/dhcp.js'
import type { DhcpMessage } from '../../../wire/dhcp.js'
import type { Rule } from '../rule.js'
import { distinct, list } from '../wording.js'

/** Octets that options of a fixed size have, or of which their length is a multiple (RFC 2132; 26 is an MTU). */
const LENGTHS: readonly (readonly [code: number, octets: number, isList: boolean])[] = [
  [OptionCode.subnetMask, 4, false],
  [OptionCode.router, 4, true],
  [6, 4, true],
  [26, 2, false],
  [28, 4, false],
  [42, 4, true],
  [OptionCode.requestedAddress, 4, false],
  [OptionCode.leaseTime, 4, false],
  [52, 1, false],
  [OptionCode.messageType, 1, false],
  [OptionCode.serverIdentifier, 4, false],
  [57, 2, false],
  [58, 4, false],
  [59, 4, false],
  [OptionCode.tftpServerAddress, 4, true],
]

/** An end option that is missing is passed over: every client stops at the end of the field. */
export const dhcpMalformedOption: Rule = {
  code: 'dhcp-malformed-option',
  stage: 'dhcp',
  severity: 'warning',
  states: 'an option is cut short, overlaps the end or has a bad length',
  evidence: 'option walk over the options field, and sname and file under option 52',
  notConfusedWith: 'option 0 padding; RFC 3396 long options',
  remedy:
    'Correct the definition of the option on the DHCP server: its type (address, list of addresses, text, number) and, for options in hexadecimal, the number of octets.',
  references: ['RFC 2132 §2', 'RFC 3396'],
  restsOnAbsence: false,

  *check(session) {
    const broken = session.dhcp.flatMap((event) => {
      const problems = event.observation.isCut ? [] : problemsOf(event.observation.message)
      return problems.map((problem) => ({ event, problem }))
    })
    const first = broken[0]
    if (first === undefined) return
    const fromServer = broken.some(({ event }) => event.observation.message.op === 2)
    yield {
      message: `${fromServer ? 'a server' : 'the phone'} sent ${list(distinct(broken.map(({ problem }) => problem)))}`,
      frames: broken.map(({ event }) => event.frame.number),
      at: first.event.frame.time,
    }
  },
}

function problemsOf(message: DhcpMessage): string[] {
  const problems: string[] = []
  const { optionsError } = message
  if (optionsError !== undefined && !optionsError.message.includes('no end option')) problems.push(optionsError.message)
  for (const [code, octets, isList] of LENGTHS) {
    const length = option(message, code)?.length
    if (length === undefined) continue
    const fits = isList ? length > 0 && length % octets === 0 : length === octets
    if (!fits)
      problems.push(`option ${code} with ${length} octets in place of ${isList ? 'a multiple of ' : ''}${octets}`)
  }
  return problems
}
