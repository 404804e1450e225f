/**
 * How often the analyzer is right, boot by boot: its outcome and root cause against the phone's story, and its error
 * findings against the phone's failures. What the two disagree about is kept by class, with seeds to look at.
 */
import type { Session } from '../../src/analyzer/report.js'
import type { PhoneBoot, PhoneStory } from '../../src/emulator/phones/story.js'
import type { RunResult } from '../../src/scenario/run-scenario.js'
import { checkAgainstTruth, expectedRoots } from '../../src/scenario/truth-check.js'

/** Seeds kept for each class of disagreement. */
const MAX_EXAMPLES = 6

interface Tally {
  count: number
  readonly seeds: Set<number>
}

export class Score {
  runs = 0
  boots = 0
  outcomeRight = 0
  /** Boots that came out wrong, and of them those whose root cause the analyzer named. */
  troubled = 0
  rootRight = 0
  disagreeing = 0
  /** Error findings that the phone's story has as well, those it has not, and failures that no finding tells. */
  truePositives = 0
  falsePositives = 0
  falseNegatives = 0
  /** Boots with any error finding. */
  withErrors = 0
  readonly classes = new Map<string, Tally>()

  add({ seed, report, stories: all, scenario }: RunResult): void {
    this.runs++
    // At a phone's own port only broadcasts of the others are seen.
    const { at } = scenario.capture
    const stories = at.kind === 'phone' ? all.slice(at.index - 1, at.index) : all
    const disagreements = checkAgainstTruth(report, all, new Set(stories.map(({ mac }) => mac)))
    if (disagreements.length > 0) this.disagreeing++
    for (const { what, truth, verdict } of disagreements) {
      this.#note(`${what}: ${generalize(truth)} <> ${generalize(verdict)}`, seed)
    }
    for (const story of stories) {
      const sessions = report.sessions.filter(({ phone }) => phone.mac === story.mac)
      sessions.forEach((session, index) => {
        const boot = story.boots[index]
        if (boot !== undefined && boot.outcome !== 'running') this.#boot(seed, story, boot, session)
      })
    }
  }

  #boot(seed: number, story: PhoneStory, boot: PhoneBoot, session: Session): void {
    this.boots++
    if (session.outcome === boot.outcome) this.outcomeRight++
    if (boot.outcome !== 'booted') {
      this.troubled++
      if (expectedRoots(story, boot).includes(session.rootCause)) this.rootRight++
    }
    const failures = story.failures.filter(({ boot: number }) => number === boot.number)
    const truth = new Set(
      failures.flatMap(({ cause, causedBy }) => (causedBy === undefined ? [cause] : [cause, causedBy])),
    )
    const errors = new Set(session.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code))
    if (errors.size > 0) this.withErrors++
    for (const code of errors) {
      if (truth.has(code)) this.truePositives++
      else {
        this.falsePositives++
        this.#note(`invented finding ${code}`, seed)
      }
    }
    const found = new Set(session.findings.map(({ code }) => code))
    for (const code of new Set(failures.filter(({ degrades }) => degrades).map(({ cause }) => cause))) {
      if (found.has(code)) continue
      this.falseNegatives++
      this.#note(`missed finding ${code}`, seed)
    }
  }

  #note(name: string, seed: number): void {
    let tally = this.classes.get(name)
    if (tally === undefined) this.classes.set(name, (tally = { count: 0, seeds: new Set() }))
    tally.count++
    if (tally.seeds.size < MAX_EXAMPLES) tally.seeds.add(seed)
  }

  lines(): string[] {
    const share = (part: number, whole: number) =>
      `${part} of ${whole} (${((100 * part) / Math.max(1, whole)).toFixed(2)} %)`
    const { truePositives, falsePositives, falseNegatives } = this
    return [
      `runs ${this.runs}, of them with a disagreement ${share(this.disagreeing, this.runs)}`,
      `outcome right in ${share(this.outcomeRight, this.boots)} boots`,
      `root cause right in ${share(this.rootRight, this.troubled)} boots that were not healthy`,
      `error findings: precision ${share(truePositives, truePositives + falsePositives)}, recall ${share(truePositives, truePositives + falseNegatives)}`,
      ...[...this.classes]
        .sort((a, b) => b[1].count - a[1].count)
        .map(([name, { count, seeds }]) => `${String(count).padStart(6)}  ${name}  [seeds ${[...seeds].join(' ')}]`),
    ]
  }
}

/** Addresses, names and figures out, so that like disagreements are one class. */
function generalize(text: string): string {
  const parts = text.split(', ').map((part) =>
    part
      .replace(/\d+\.\d+\.\d+\.\d+:(\d+)/g, ':$1')
      .replace(/\d+\.\d+\.\d+\.\d+/g, 'address')
      .replace(/\/\S*(upgrade|settings|\.bin|mlf|backup)\S*?(?=:|$)/g, '$1'),
  )
  return [...new Set(parts)].join(', ')
}
