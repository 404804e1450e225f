/**
 * Questions that the site option rules ask.
 */
import { SERIES, SITE_OPTION_NUMBERS } from '../../deskphone/series.js'
import type { SiteOptionProblem, SiteOptionProblemKind } from '../../deskphone/site-option.js'
import type { BootSession } from '../sessions/boot-session.js'
import { requestedNumbers } from '../sessions/dhcp-events.js'
import type { Verdict } from './rule.js'
import { list } from './wording.js'

/** The numbers under which the phone looks for the option: what it asked for, else what its series reads. */
export function wantedSiteOptions(session: BootSession): number[] {
  const requested = requestedNumbers(session.dhcp)
  const asked = SITE_OPTION_NUMBERS.filter((number) => requested.has(number))
  if (asked.length > 0) return asked
  return session.series === null ? [] : [SERIES[session.series].siteOption]
}

/** False when nothing says that the phone could use TFTP: only the 4600 does, and only the 4600 reads 176 alone. */
export function mayUseTftp(session: BootSession): boolean {
  if (session.tftp.length > 0) return true
  if (session.series !== null) return SERIES[session.series].fileProtocols.includes('tftp')
  return !wantedSiteOptions(session).includes(242)
}

/** The names of file servers, as the option spells them. */
export function isServerName(name: string | undefined): boolean {
  return name !== undefined && /^(?:HTTP|TLS|TFTP)SRVR$/i.test(name)
}

/**
 * One verdict for the problems of these kinds. Values are not quoted: the option carries passwords (PROCPSWD,
 * SNMPSTRING).
 */
export function* siteOptionProblems(
  session: BootSession,
  kinds: readonly SiteOptionProblemKind[],
  says: string,
): Iterable<Verdict> {
  const { siteOption } = session
  if (siteOption === undefined) return
  const problems = siteOption.parsed.problems.filter(({ kind }) => kinds.includes(kind))
  if (problems.length === 0) return
  yield {
    message: `option ${siteOption.number} ${says}: ${list(problems.map(describe))}`,
    frames: [siteOption.event.frame.number],
    at: siteOption.event.frame.time,
    // Seen in an offer only: the phone did not come to read it.
    ...(session.lease === undefined ? { severity: 'warning' as const, changesOutcome: false } : {}),
  }
}

function describe({ name, reason, position }: SiteOptionProblem): string {
  return `${name === undefined || name === '' ? '' : `${name}: `}${reason} (octet ${position})`
}
