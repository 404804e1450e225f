/**
 * The analyzer's verdict against the emulator's truth. The emulator knows what each phone did and why; the analyzer
 * has only the frames. Where they disagree, the analyzer is wrong, or the capture could not show it: both are worth a
 * line, and the first is a defect.
 *
 * Compared, boot by boot: that there is a session at all, the outcome, the root cause, the address, and what became of
 * each file. Not compared: times, and what a phone does after its story is over.
 *
 * Not held against the analyzer: verdicts that rest on a cause for which the catalogue has no rule yet; a request whose
 * packets never left the phone because ARP went unanswered; a boot that the end of the run cut short.
 */
import { catalogueEntry } from '../analyzer/diagnosis/catalogue.js'
import type { Report, Session, Transfer } from '../analyzer/report.js'
import type { PhoneBoot, PhoneStory, PhoneTransfer } from '../emulator/phones/story.js'

export interface Disagreement {
  /** MAC in colon form. */
  readonly phone: string
  /** 1 for the power-up. */
  readonly boot: number
  readonly what: 'sessions' | 'outcome' | 'root cause' | 'address' | 'transfers'
  /** What really happened. */
  readonly truth: string
  /** What the analyzer says. */
  readonly verdict: string
  /** Where to look, 1-based. */
  readonly frames: readonly number[]
}

/**
 * @param watched MACs of the phones whose own traffic the capture point shows, all of them unless told; of others only
 *   broadcasts are seen, and nothing is said
 */
export function checkAgainstTruth(
  report: Report,
  stories: readonly PhoneStory[],
  watched?: ReadonlySet<string>,
): readonly Disagreement[] {
  const sessionsOf = new Map<string, Session[]>()
  for (const session of report.sessions) {
    const { mac } = session.phone
    if (mac === null) continue
    const list = sessionsOf.get(mac)
    if (list === undefined) sessionsOf.set(mac, [session])
    else list.push(session)
  }
  const known = new Set(stories.map((story) => story.mac))
  const strangers = [...sessionsOf].filter(([mac]) => !known.has(mac))
  return [
    ...stories
      .filter(({ mac }) => watched?.has(mac) ?? true)
      .flatMap((story) => checkPhone(story, sessionsOf.get(story.mac) ?? [])),
    ...strangers.map(([phone, sessions]): Disagreement => {
      const frames = sessions.map((session) => session.frames.first)
      return {
        phone,
        boot: 1,
        what: 'sessions',
        truth: 'no such phone',
        verdict: `${sessions.length} sessions`,
        frames,
      }
    }),
  ]
}

function checkPhone(story: PhoneStory, sessions: readonly Session[]): readonly Disagreement[] {
  const phone = story.mac
  // The last boot may have been cut short by the end of the run, before it sent anything.
  const boots = withoutMoves(story.boots)
  const settled = boots.filter((boot) => boot.outcome !== 'running' && isJudged(boot)).length
  if (sessions.length < settled || sessions.length > boots.length) {
    const truth = `${boots.length} boots`
    const frames = sessions.map((session) => session.frames.first)
    return [{ phone, boot: 1, what: 'sessions', truth, verdict: `${sessions.length} sessions`, frames }]
  }
  return sessions.flatMap((session, index) => checkBoot(story, boots[index]!, session))
}

/** A move to another VLAN is one story: of such boots the last stands for all. */
function withoutMoves(boots: readonly PhoneBoot[]): readonly PhoneBoot[] {
  return boots.filter((_, index) => boots[index + 1]?.reason !== 'vlan-change')
}

/** A boot, and those before it that ended in a move to its VLAN. */
function movesInto(story: PhoneStory, last: PhoneBoot): ReadonlySet<number> {
  const numbers = new Set([last.number])
  for (let boot = last; boot.reason === 'vlan-change' && boot.number > 1;) {
    boot = story.boots[boot.number - 2]!
    numbers.add(boot.number)
  }
  return numbers
}

/** Whether the catalogue has a rule for the cause. */
function isJudged({ rootCause }: PhoneBoot): boolean {
  return rootCause === undefined || catalogueEntry(rootCause) !== undefined
}

function checkBoot(story: PhoneStory, boot: PhoneBoot, session: Session): readonly Disagreement[] {
  const disagreements: Disagreement[] = []
  const differ = (what: Disagreement['what'], truth: string, verdict: string, frames?: readonly number[]) => {
    const where = frames ?? [session.frames.first]
    disagreements.push({ phone: story.mac, boot: boot.number, what, truth, verdict, frames: where })
  }
  if (boot.outcome !== 'running' && isJudged(boot)) {
    if (boot.outcome !== session.outcome) {
      differ('outcome', withCause(boot.outcome, boot.rootCause), withCause(session.outcome, session.rootCause))
    } else if (!expectedRoots(story, boot).includes(session.rootCause)) {
      const finding = session.findings.find(({ code }) => code === session.rootCause)
      differ('root cause', boot.rootCause ?? 'none', session.rootCause ?? 'none', finding?.frames)
    }
  }
  if (boot.address !== undefined && session.phone.ip !== boot.address) {
    differ('address', boot.address, session.phone.ip ?? 'none')
  }
  const numbers = movesInto(story, boot)
  const real = story.transfers.filter((transfer) => numbers.has(transfer.boot))
  const { missed, invented } = pairTransfers(real, session.transfers)
  if (missed.length > 0 || invented.length > 0) {
    const frames = invented.map((transfer) => transfer.frames.first)
    const truth = missed.map(describeTransfer).join(', ') || 'no such transfer'
    differ('transfers', truth, invented.map(describeTransfer).join(', ') || 'not seen', frames)
  }
  return disagreements
}

/** What the analyzer may name as root cause: a boot with several independent faults has several. */
export function expectedRoots(story: PhoneStory, boot: PhoneBoot): readonly (string | null)[] {
  if (boot.rootCause === undefined) return [null]
  const numbers = movesInto(story, boot)
  const roots = story.failures.filter(
    ({ boot: number, degrades, causedBy }) => numbers.has(number) && degrades && causedBy === undefined,
  )
  const causes = [boot.rootCause, ...roots.map(({ cause }) => cause)]
  return causes.flatMap((cause) => {
    if (cause === 'dhcp-no-offer' && boot.vlan !== undefined) return [cause, ...OTHER_VLAN]
    return LOSS_LOOKS_LIKE.has(cause) ? [cause, 'tcp-retransmissions'] : [cause]
  })
}

/** A phone with a tag does not hear what comes without it; the capture shows it. */
const OTHER_VLAN = ['vlan-mismatch', 'dhcp-offer-ignored'] as const

/** What a phone takes for a server's silence when the network lost its request, which only the capture can tell. */
const LOSS_LOOKS_LIKE: ReadonlySet<string> = new Set([
  'http-response-timeout',
  'http-connect-timeout',
  'http-truncated-body',
])

function withCause(outcome: string, cause: string | null | undefined): string {
  return cause === null || cause === undefined ? outcome : `${outcome} (${cause})`
}

function describeTransfer(transfer: PhoneTransfer | Transfer): string {
  const { protocol, method, server, path, result } = transfer
  return `${protocol} ${method} ${server} ${withSlash(path)}: ${result}`
}

/** Each transfer that happened with one that was seen; what is left on either side. */
function pairTransfers(
  real: readonly PhoneTransfer[],
  seen: readonly Transfer[],
): { readonly missed: readonly PhoneTransfer[]; readonly invented: readonly Transfer[] } {
  const left = [...real]
  const invented = seen.filter((transfer) => {
    const at = left.findIndex((candidate) => isSameTransfer(candidate, transfer))
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return { missed: left.filter(leftTheDevice), invented }
}

/** Without an answer to ARP nothing was sent that names the server. */
function leftTheDevice({ result, status }: PhoneTransfer): boolean {
  return result !== 'unreachable' || status !== undefined
}

/** Of a connection that never came about the wire shows no request: method and path are the phone's secret. */
function isSameTransfer(real: PhoneTransfer, seen: Transfer): boolean {
  if (real.protocol !== seen.protocol || real.server !== seen.server || real.result !== seen.result) return false
  if (seen.method === '') return real.status === undefined
  return real.method === seen.method && withSlash(real.path) === withSlash(seen.path)
}

function withSlash(path: string): string {
  return path.replace(/^\/*/, '/')
}
