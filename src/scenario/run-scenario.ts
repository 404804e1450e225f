/**
 * Runs a scenario: site, run, capture, analysis, verdict.
 *
 * The analyzer gets the octets of the pcapng file and nothing else, as if somebody had mailed it. Its report is then
 * checked twice: against what the scenario expects, and against what the emulator knows to have happened.
 *
 * A run ends when every phone's story is over, no event of a phone is left, and the network has been quiet for a while, or
 * at the scenario's limit.
 * In that silence the router announces its address (RFC 5227 §2.3) as routers do now and then: without a frame behind
 * it nobody who reads the capture could tell that a phone went quiet from a capture that was stopped.
 */
import { UsageError } from '../base/errors.js'
import { addNanos, SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import { concatBytes } from '../base/bytes.js'
import { Analyzer, buildReport } from '../analyzer/analyze.js'
import type { CaptureAnalysis } from '../analyzer/analyze.js'
import { maskText } from '../analyzer/mask-secrets.js'
import type { Report } from '../analyzer/report.js'
import { LinkType } from '../capture/link-types.js'
import { PcapngWriter } from '../capture/pcapng-writer.js'
import type { PhoneStory } from '../emulator/phones/story.js'
import type { FrameLog } from '../emulator/sim/frame-log.js'
import { Simulation } from '../emulator/sim/simulation.js'
import type { TruthLog } from '../emulator/sim/truth-log.js'
import { checkExpectations } from '../expectations/check-expectations.js'
import type { ExpectationResult, KnownPhone } from '../expectations/check-expectations.js'
import type { CapturePoint, Scenario } from './scenario.js'
import { POWER_CYCLE } from './schedule-events.js'
import { buildSite } from './site.js'
import type { Site } from './site.js'
import { checkAgainstTruth } from './truth-check.js'
import type { Disagreement } from './truth-check.js'
import { needsAnalysis, reportOfTruth } from './truth-report.js'

export interface RunOptions {
  /** In place of the scenario's. */
  readonly seed?: number
  /** Stops the run; what was captured so far is analyzed. */
  readonly signal?: AbortSignal
  /** Called about once per virtual second. */
  readonly onProgress?: (progress: RunProgress) => void
  readonly showSecrets?: boolean
  /** Told of every frame on every link. */
  readonly frameLog?: FrameLog
}

export interface RunProgress {
  readonly time: Nanos
  /** Phones whose story is over for now, of all. */
  readonly settled: number
  readonly phones: number
}

export interface RunResult {
  readonly scenario: Scenario
  readonly seed: number
  /** The pcapng file. */
  readonly capture: Uint8Array
  /** What the capture is called in the report. */
  readonly captureName: string
  readonly frames: number
  /** Frames delivered on all links together. */
  readonly linkFrames: number
  /** Virtual time of the run. */
  readonly duration: Nanos
  readonly ended: 'finished' | 'limit' | 'interrupted'
  /** What the analyzer found in the capture, secrets not masked; part of a report over several runs. */
  readonly analysis: CaptureAnalysis
  readonly report: Report
  readonly expectations: readonly ExpectationResult[]
  /** Where the analyzer and the emulator disagree: defects of the analyzer. */
  readonly disagreements: readonly Disagreement[]
  /** Phones whose verdict was compared with the truth: those whose traffic the capture point shows whole. */
  readonly compared: number
  readonly stories: readonly PhoneStory[]
  readonly truth: TruthLog
}

/** A run of which nothing was captured: what is known of it is what the emulator knows. */
export interface TruthRunResult extends Pick<
  RunResult,
  'scenario' | 'seed' | 'linkFrames' | 'duration' | 'ended' | 'expectations' | 'stories' | 'truth'
> {
  /** Of what really happened (truth-report.ts). */
  readonly report: Report
}

/** Between two looks at the phones. */
const STEP: Nanos = SECOND
/** Without news for so long after the last story ended, a run is over. */
const QUIET: Nanos = 10 * SECOND
/** Announcements of the router at the end, and what is between them. RFC 5227 §1.1: ANNOUNCE_NUM, ANNOUNCE_INTERVAL. */
const ANNOUNCEMENTS = 2
const ANNOUNCE_INTERVAL: Nanos = 2 * SECOND

/** A scenario on the emulated network, until it is over. */
interface Emulation {
  readonly seed: number
  readonly sim: Simulation
  readonly site: Site
  readonly duration: Nanos
  readonly ended: RunResult['ended']
  readonly stories: readonly PhoneStory[]
}

/** @param prepare called when everything is there and nothing has happened */
async function emulate(
  scenario: Scenario,
  options: RunOptions,
  prepare: (site: Site) => void = () => {},
): Promise<Emulation> {
  const seed = options.seed ?? scenario.seed
  const sim = new Simulation({
    seed,
    epoch: scenario.epoch,
    ...(options.frameLog !== undefined && { frameLog: options.frameLog }),
  })
  const site = buildSite({ ...scenario, seed }, sim)
  prepare(site)
  const lastDeed = lastPhoneEvent(scenario)
  const isBusy = () => sim.now < lastDeed || site.phones.some((phone) => phone.isServingUser)
  const stories = site.phones.map((phone) => phone.story)
  const ended = await runUntilQuiet(sim, scenario.limit, stories, isBusy, options)
  const duration = sim.now
  if (ended !== 'interrupted') {
    for (let i = 0; i < ANNOUNCEMENTS; i++) sim.schedule(i * ANNOUNCE_INTERVAL, () => site.announceRouters())
    await sim.run({ until: sim.now + ANNOUNCEMENTS * ANNOUNCE_INTERVAL })
  }
  return { seed, sim, site, duration, ended, stories }
}

/**
 * Runs a scenario without capture and analysis, for runs of a size that a capture would not fit into memory. Expectations
 * are checked against what really happened.
 *
 * @throws UsageError for an expectation that only an analysis can judge
 */
export async function runWithoutCapture(scenario: Scenario, options: RunOptions = {}): Promise<TruthRunResult> {
  for (const expectation of scenario.expect) {
    const needed = needsAnalysis(expectation)
    if (needed === undefined) continue
    const where = expectation.source === undefined ? '' : `${expectation.source}: `
    throw new UsageError(`${where}without a capture nothing is analyzed, so "${needed}" cannot be judged`)
  }
  const { seed, sim, site, duration, ended, stories } = await emulate(scenario, options)
  const report = reportOfTruth(stories, scenario.epoch, duration)
  return {
    scenario,
    seed,
    linkFrames: site.network.framesDelivered,
    duration,
    ended,
    report,
    expectations: checkExpectations(scenario.expect, report, knownPhones(scenario))
      .map((result) => ({ ...result, failures: result.failures.map((failure) => ({ ...failure, frames: [] })) }))
      .map((result) => maskedResult(result, options)),
    stories,
    truth: sim.truth,
  }
}

export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<RunResult> {
  const chunks: Uint8Array[] = []
  let frames = 0
  const writer = new PcapngWriter({
    write: (chunk) => chunks.push(chunk),
    application: 'bootwire',
    interfaces: [{ name: describePoint(scenario.capture.at), linkType: LinkType.ethernet }],
  })
  const { seed, sim, site, duration, ended, stories } = await emulate(scenario, options, (built) => {
    built.tap(scenario.capture.at, (time, frame) => {
      frames++
      writer.frame(0, addNanos(scenario.epoch, time), frame)
    })
  })
  writer.end()

  const capture = concatBytes(chunks)
  const captureName = captureNameOf(scenario)
  const analyzer = new Analyzer({ file: captureName })
  for (const chunk of chunks) analyzer.push(chunk)
  const analysis = analyzer.end()
  const showSecrets = options.showSecrets === true
  const report = buildReport([analysis], { showSecrets })
  // What is masked cannot be compared; the results are masked in their turn.
  const whole = showSecrets ? report : buildReport([analysis], { showSecrets: true })
  const watched = watchedPhones(scenario)
  const mask = <T extends object>(result: T): T => (showSecrets ? result : maskStrings(result))
  return {
    scenario,
    seed,
    capture,
    captureName,
    frames,
    linkFrames: site.network.framesDelivered,
    duration,
    ended,
    analysis,
    report,
    expectations: checkExpectations(scenario.expect, whole, knownPhones(scenario)).map((result) =>
      maskedResult(result, options),
    ),
    disagreements: checkAgainstTruth(whole, stories, watched).map(mask),
    compared: watched?.size ?? site.phones.length,
    stories,
    truth: sim.truth,
  }
}

/** The capture's file: the scenario's choice, or its own name with `.pcapng`. */
export function captureNameOf(scenario: Scenario): string {
  const base = scenario.file.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/i, '')
  return scenario.capture.file ?? `${base}.pcapng`
}

/**
 * MACs of the phones whose traffic the capture point shows whole; undefined for all of them. Behind a router frames are
 * not the phones' any more, and a firewall makes what is beyond it another story.
 */
function watchedPhones(scenario: Scenario): ReadonlySet<string> | undefined {
  const { capture, phones, network } = scenario
  const { at } = capture
  if (at.kind === 'server') return new Set()
  if (at.kind === 'phone') return new Set(phones.slice(at.index - 1, at.index).map(({ mac }) => mac))
  if (network === undefined) return undefined
  const { mirrors, routers, firewalls, links } = network
  const name = at.kind === 'named' ? at.name : at.kind
  const mirror = mirrors.find((one) => one.name === name)
  // What a mirror port has no room for nobody sees.
  if (mirror !== undefined && (mirror.direction !== 'both' || Object.keys(mirror.settings).length > 0)) return new Set()
  const link = links.find((one) => one.name === name)
  const boxes = mirror !== undefined ? [mirror.at] : link !== undefined ? link.between : [name]
  if (routers.length === 0 && firewalls.length === 0) return undefined
  const near = phones.filter(({ place }) => boxes.includes(place?.at ?? network.phones.at))
  return new Set(near.map(({ mac }) => mac))
}

function maskedResult(result: ExpectationResult, { showSecrets }: RunOptions): ExpectationResult {
  if (showSecrets === true) return result
  return { ...result, statement: maskText(result.statement), failures: result.failures.map(maskStrings) }
}

/** The same with secrets masked in every text that it holds. */
function maskStrings<T extends object>(result: T): T {
  const entries = Object.entries(result).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? maskText(value) : value,
  ])
  return Object.fromEntries(entries) as T
}

function knownPhones({ phones }: Scenario): readonly KnownPhone[] {
  return phones.map(({ mac, model, extension, groupName }) => ({ mac, model, extension, group: groupName }))
}

/** When the last thing that the scenario does to a phone is done. */
function lastPhoneEvent({ events, phones }: Scenario): Nanos {
  const times = events.map((event) => ('phones' in event ? event.at + (event.duration ?? POWER_CYCLE) : 0))
  const starts = phones.map(({ start, startWithin = 0 }) => start + startWithin)
  const deeds = phones.flatMap(({ user }) => user.actions.map(({ at }) => at + 1))
  return [...times, ...starts, ...deeds].reduce((latest, time) => Math.max(latest, time), 0)
}

async function runUntilQuiet(
  sim: Simulation,
  limit: Nanos,
  stories: readonly PhoneStory[],
  isBusy: () => boolean,
  { signal, onProgress }: RunOptions,
): Promise<RunResult['ended']> {
  let quietSince: Nanos | undefined
  while (sim.now < limit) {
    if (signal?.aborted === true) return 'interrupted'
    await sim.run({ until: Math.min(sim.now + STEP, limit) })
    const settled = stories.filter((story) => story.outcome !== 'running').length
    onProgress?.({ time: sim.now, settled, phones: stories.length })
    if (settled < stories.length || isBusy()) quietSince = undefined
    else quietSince ??= sim.now
    if (quietSince !== undefined && sim.now - quietSince >= QUIET) return 'finished'
  }
  return 'limit'
}

function describePoint(at: CapturePoint): string {
  switch (at.kind) {
    case 'phone':
      return `phone-${at.index}`
    case 'server':
      return at.server
    case 'named':
      return at.name
    default:
      return at.kind
  }
}
