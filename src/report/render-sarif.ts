/**
 * SARIF 2.1.0 (OASIS), for code scanning pages and the tools that read it.
 *
 * The capture is the artifact, and a finding's place is the octets of its first frame in that file: byteOffset and
 * byteLength of the captured octets, where the file is not compressed. The session is the logical location. Frame
 * numbers stand in the message, as for any reader. The fingerprint has neither addresses nor times in it, so that the
 * same fault in tomorrow's capture is the same result: code, phone (its MAC), and how often it came before.
 *
 * A failed expectation of a run is a result of the rule `expectation`, and its place the line of the scenario.
 */
import type { Log, Location, ReportingDescriptor, Result } from 'sarif'
import { catalogue } from '../analyzer/diagnosis/catalogue.js'
import type { Finding, Report, Session, Severity } from '../analyzer/report.js'
import { frameList } from './frame-list.js'
import { printable } from './printable.js'
import { describeDisagreement } from './run-facts.js'
import type { RunFacts } from './run-facts.js'
import { bootNumbers, phoneName, sessionName } from './session-names.js'

/** Where a frame's captured octets are in its file. */
export interface FrameRegion {
  readonly byteOffset: number
  readonly byteLength: number
}

export interface SarifOptions {
  /** By capture's index and 1-based frame number; undefined where it cannot be said. */
  readonly region?: (capture: number, frame: number) => FrameRegion | undefined
  readonly runs?: readonly RunFacts[]
}

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
}

/** Frames of a finding that get a place of their own besides the first. */
const MOST_RELATED = 20

export function renderSarif(report: Report, { region, runs = [] }: SarifOptions = {}): string {
  const { captures, sessions } = report
  const boots = bootNumbers(sessions)
  const rules = new RuleList()
  // The same file may be given twice; the standard wants each artifact once.
  const artifacts = captures.filter(({ file }, index) => captures.findIndex((other) => other.file === file) === index)
  const place = (capture: number, frame: number | undefined): Location => {
    const at = frame === undefined ? undefined : region?.(capture, frame)
    const file = captures[capture]?.file ?? ''
    const index = artifacts.findIndex((artifact) => artifact.file === file)
    return {
      physicalLocation: {
        artifactLocation: { uri: uriOf(file), ...(index >= 0 && { index }) },
        ...(at !== undefined && { region: { ...at } }),
      },
    }
  }
  const fingerprints = new Map<string, number>()
  const resultOf = (finding: Finding, capture: number, session: Session | undefined, boot: number): Result => {
    const [first, ...others] = finding.frames
    const who = session === undefined ? 'capture' : phoneName(session)
    const key = `${finding.code}/${session?.phone.mac ?? (session === undefined ? 'capture' : 'phone')}`
    const nth = (fingerprints.get(key) ?? 0) + 1
    fingerprints.set(key, nth)
    const name = session === undefined ? who : sessionName(session, boot)
    const frames = finding.frames.length === 0 ? '' : ` (frames ${frameList(finding.frames)})`
    return {
      ...rules.use(finding.code),
      level: LEVEL[finding.severity],
      message: { text: printable(`${name}: ${finding.message}${frames}. ${finding.advice}`) },
      locations: [
        {
          ...place(capture, first),
          ...(session !== undefined && {
            logicalLocations: [
              {
                name: printable(name),
                fullyQualifiedName: printable(`${captures[capture]?.file ?? ''}/session ${session.id}/${who}`),
                kind: 'session',
              },
            ],
          }),
        },
      ],
      ...(others.length > 0 && {
        relatedLocations: others.slice(0, MOST_RELATED).map((frame, id) => ({
          ...place(capture, frame),
          id: id + 1,
          message: { text: `frame ${frame}` },
        })),
      }),
      partialFingerprints: { 'bootwire/v1': `${key}/${nth}` },
      properties: {
        stage: finding.stage,
        confidence: finding.confidence,
        frames: finding.frames,
        displayFilter: finding.filter,
        ...(finding.causedBy !== null && { causedBy: finding.causedBy }),
        ...(session !== undefined && { session: session.id, outcome: session.outcome, rootCause: session.rootCause }),
      },
    }
  }
  const results: Result[] = [
    ...captures.flatMap(({ findings }, index) => findings.map((finding) => resultOf(finding, index, undefined, 1))),
    ...sessions.flatMap((session, index) =>
      session.findings.map((finding) => resultOf(finding, session.capture, session, boots[index] ?? 1)),
    ),
    ...runs.flatMap((run) => runResults(run, rules, place)),
  ]
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            semanticVersion: report.tool.version,
            rules: rules.list,
          },
        },
        invocations: [{ executionSuccessful: true }],
        artifacts: artifacts.map(({ file, bytes, format }) => ({
          location: { uri: uriOf(file) },
          length: bytes,
          roles: ['analysisTarget'],
          ...(format === '' ? {} : { mimeType: 'application/vnd.tcpdump.pcap', description: { text: format } }),
        })),
        results,
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function runResults(
  run: RunFacts,
  rules: RuleList,
  place: (capture: number, frame: number | undefined) => Location,
): Result[] {
  const failed = run.expectations.filter(({ passed }) => !passed)
  return [
    ...failed.map(({ statement, failures, expectation }, index): Result => {
      const [file, line] = /^(.*):(\d+)$/.exec(expectation.source ?? '')?.slice(1) ?? [run.file, undefined]
      const lines = failures.map(({ phone, expected, actual }) => `${phone}: expected ${expected}; actual ${actual}`)
      return {
        ...rules.use('expectation'),
        level: 'error',
        message: { text: printable([`not met: ${statement}`, ...lines, `repeat with: ${run.repeat}`].join('. ')) },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: uriOf(file ?? run.file) },
              ...(line !== undefined && { region: { startLine: Number(line) } }),
            },
          },
        ],
        partialFingerprints: { 'bootwire/v1': `expectation/${printable(statement)}/${index + 1}` },
      }
    }),
    ...run.disagreements.map((disagreement, index): Result => ({
      ...rules.use('truth'),
      level: 'error',
      message: { text: printable(describeDisagreement(disagreement)) },
      locations: [place(run.capture, disagreement.frames[0])],
      partialFingerprints: { 'bootwire/v1': `truth/${disagreement.what}/${disagreement.phone}/${index + 1}` },
    })),
  ]
}

/** Rules that are no findings. */
const OWN_RULES: readonly ReportingDescriptor[] = [
  {
    id: 'expectation',
    shortDescription: { text: 'the scenario expected something else' },
    help: { text: 'Compare what was expected with what happened; the command to repeat the run is in the message.' },
  },
  {
    id: 'truth',
    shortDescription: { text: "the analyzer's verdict is not what the emulator did" },
    help: { text: 'A defect of bootwire: please report it with the scenario and its seed.' },
  },
]

/** The rules in use, in the order of their first result. */
class RuleList {
  readonly list: ReportingDescriptor[] = []

  use(id: string): { ruleId: string; ruleIndex: number } {
    let ruleIndex = this.list.findIndex((rule) => rule.id === id)
    if (ruleIndex < 0) ruleIndex = this.list.push(describeRule(id)) - 1
    return { ruleId: id, ruleIndex }
  }
}

function describeRule(id: string): ReportingDescriptor {
  const entry = catalogue.find(({ code }) => code === id)
  if (entry === undefined) return OWN_RULES.find((rule) => rule.id === id) ?? { id }
  const { states, evidence, remedy, references, severity, stage } = entry
  return {
    id,
    name: id.replace(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    shortDescription: { text: states },
    fullDescription: { text: `${states}. Evidence: ${evidence}` },
    help: { text: references.length === 0 ? remedy : `${remedy} See ${references.join(', ')}.` },
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { stage, tags: [stage] },
  }
}

/** A relative or absolute path as a URI reference, RFC 3986. */
function uriOf(file: string): string {
  const path = file.replaceAll('\\', '/')
  const encoded = path
    .split('/')
    .map((segment) => encodeURIComponent(segment.replace(/[\ud800-\udfff]/gu, '\ufffd')))
    .join('/')
  if (path.startsWith('/')) return `file://${encoded}`
  return /^[a-z]:\//i.test(path) ? `file:///${encoded.replace('%3A', ':')}` : encoded
}
