/**
 * The report model, `bootwire/report@1`: what the analyzer states about captures, in the JSON shape that other
 * programs rely on. report/report.schema.json describes the same and a test holds the two together.
 */

export type Severity = 'error' | 'warning' | 'info'
export type Confidence = 'certain' | 'likely' | 'possible'
export type Outcome = 'booted' | 'degraded' | 'failed' | 'incomplete'

export type StageName =
  | 'link'
  | 'vlan'
  | 'dhcp'
  | 'site-option'
  | 'reach'
  | 'file-server'
  | 'files'
  | 'backup'
  | 'security'
  | 'registration'
  | 'story'
  | 'network'
  | 'capture'

export type TransferResult =
  | 'ok'
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'not-found'
  | 'denied'
  | 'auth'
  | 'error'
  | 'truncated'
  | 'redirect'
  | 'incomplete'

export type TransferRole =
  'script' | 'settings' | 'application' | 'boot-image' | 'language' | 'certificate' | 'backup' | 'restore' | 'other'

export interface FrameRange {
  readonly first: number
  readonly last: number
}

export interface Finding {
  readonly code: string
  readonly severity: Severity
  readonly stage: StageName
  /** One sentence with the figures. */
  readonly message: string
  /** Wireshark frame numbers, 1-based in their capture file, ascending. Empty only for findings about a whole file. */
  readonly frames: readonly number[]
  /** A Wireshark display filter that shows the frames. */
  readonly filter: string
  /** Milliseconds since the session began; null for findings about a capture. */
  readonly atMs: number | null
  /** The code of the finding that led to this one. */
  readonly causedBy: string | null
  readonly advice: string
  readonly confidence: Confidence
}

export interface Stage {
  readonly stage: StageName
  readonly status: 'ok' | 'degraded' | 'failed' | 'skipped' | 'unknown'
  readonly startMs: number
  readonly endMs: number
  readonly attempts: number
}

export interface Transfer {
  readonly protocol: 'http' | 'tftp'
  /** GET, PUT, HEAD ... for HTTP; RRQ or WRQ for TFTP. */
  readonly method: string
  /** `10.20.0.2:80`. */
  readonly server: string
  readonly path: string
  readonly role: TransferRole
  /** HTTP status, TFTP error code, or null when there was none. */
  readonly status: number | null
  /** Octets of the body as transferred. */
  readonly bytes: number
  readonly startMs: number
  readonly endMs: number
  readonly result: TransferResult
  readonly frames: FrameRange
}

/** One line of a session's story, in order: what a person follows with the capture open beside it. */
export interface TimelineEvent {
  readonly atMs: number
  /** Those that matter of the event, ascending. */
  readonly frames: readonly number[]
  readonly protocol: 'dhcp' | 'http' | 'tftp' | 'tcp'
  /** One line. Text of the capture in it is as it travelled, control characters included. */
  readonly text: string
}

/** One rung of a session's ladder diagram, in order. */
export interface LadderStep {
  readonly atMs: number
  readonly frames: FrameRange & { readonly count: number }
  /** `phone`, an address, or `broadcast`. */
  readonly from: string
  readonly to: string
  readonly protocol: 'dhcp' | 'arp' | 'icmp' | 'tcp' | 'tls' | 'http' | 'tftp' | 'dns' | 'ras' | 'lldp' | 'eapol'
  /** One line. Text of the capture in it is as it travelled, control characters included. */
  readonly label: string
  /**
   * `bulk`: many frames that only carry a file; `repeat`: sent more than once; `silence`: an answer that never came, from
   * whom it should have come; `error`: what the receiver took for a failure.
   */
  readonly kind: 'message' | 'bulk' | 'repeat' | 'silence' | 'error'
}

export interface PhoneIdentity {
  readonly mac: string | null
  readonly ip: string | null
  readonly vlan: number | null
  readonly hostname: string | null
  readonly series: string | null
  readonly model: string | null
  readonly extension: string | null
}

export interface Session {
  readonly id: string
  /** Index into `captures`. */
  readonly capture: number
  readonly phone: PhoneIdentity
  readonly start: string
  readonly end: string
  readonly durationMs: number
  readonly frames: FrameRange & { readonly count: number }
  readonly outcome: Outcome
  /** Code of the finding that explains the outcome. */
  readonly rootCause: string | null
  readonly stages: readonly Stage[]
  readonly options: {
    readonly siteOption: {
      readonly number: number
      readonly raw: string
      readonly values: Readonly<Record<string, readonly string[]>>
    } | null
  }
  readonly transfers: readonly Transfer[]
  /** Reports of other programs may come without. */
  readonly timeline?: readonly TimelineEvent[]
  readonly ladder?: readonly LadderStep[]
  readonly findings: readonly Finding[]
}

export interface CaptureSummary {
  readonly file: string
  readonly format: string
  readonly linkTypes: readonly string[]
  readonly packets: number
  /** Octets of the file as read, before decompression. */
  readonly bytes: number
  readonly firstTime: string | null
  readonly lastTime: string | null
  readonly findings: readonly Finding[]
}

export interface Report {
  readonly schema: 'bootwire/report@1'
  readonly tool: { readonly name: 'bootwire'; readonly version: string }
  readonly captures: readonly CaptureSummary[]
  readonly sessions: readonly Session[]
  readonly summary: {
    readonly sessions: number
    readonly booted: number
    readonly degraded: number
    readonly failed: number
    readonly incomplete: number
    readonly findings: { readonly error: number; readonly warning: number; readonly info: number }
  }
}
