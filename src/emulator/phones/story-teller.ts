/**
 * Writes a phone's story and its log, and draws the outcome from them.
 */
import type { Nanos } from '../../base/time.js'
import type { PhoneEvent } from './phone-options.js'
import type {
  PhoneBoot,
  PhoneFailure,
  PhoneOutcome,
  PhoneStage,
  PhoneStageRecord,
  PhoneStory,
  PhoneTransfer,
} from './story.js'

/** Entries of each list of a story; a phone that loops for days keeps its first ones. */
const MAX_ENTRIES = 1000

export class StoryTeller {
  readonly #story: PhoneStory
  readonly #now: () => Nanos
  readonly #log: ((event: PhoneEvent) => void) | undefined
  readonly #onOutcome: ((story: PhoneStory) => void) | undefined
  #hasScript = false
  #hasSettings = false

  constructor(
    story: PhoneStory,
    now: () => Nanos,
    log: ((event: PhoneEvent) => void) | undefined,
    onOutcome: ((story: PhoneStory) => void) | undefined,
  ) {
    this.#story = story
    this.#now = now
    this.#log = log
    this.#onOutcome = onOutcome
  }

  /** Whether a script or settings file was had in this boot. */
  get hasFiles(): boolean {
    return this.#hasScript || this.#hasSettings
  }

  get #boot(): number {
    return this.#story.boots.length
  }

  log(event: string, detail: PhoneEvent['detail']): void {
    this.#log?.({ kind: 'phone', time: this.#now(), phone: this.#story.mac, event, detail })
  }

  beginBoot(reason: PhoneBoot['reason']): void {
    const story = this.#story
    story.boots.push({
      number: this.#boot + 1,
      reason,
      start: this.#now(),
      end: undefined,
      outcome: 'running',
      rootCause: undefined,
      address: undefined,
      registered: false,
    })
    story.outcome = 'running'
    story.rootCause = undefined
    story.address = undefined
    story.siteOption = undefined
    this.#hasScript = false
    this.#hasSettings = false
    this.log('boot', { number: this.#boot, reason })
  }

  /** A reset came: what this boot amounted to is said of it alone, the story of the phone goes on. */
  endBoot(outcome?: 'failed'): void {
    const boot = this.#story.boots.at(-1)
    if (boot && boot.outcome === 'running') {
      const grave = this.#failures().filter((failure) => failure.degrades)
      if (this.#hasSettings || (this.#hasScript && (grave.length > 0 || storedImage(this.#story, this.#boot)))) {
        boot.outcome = grave.length > 0 ? 'degraded' : 'booted'
      }
      if (outcome !== undefined) boot.outcome = outcome
      if (boot.outcome === 'degraded' || boot.outcome === 'failed') boot.rootCause = this.#root(grave)
      boot.end = this.#now()
    }
    for (const stage of this.#story.stages) {
      if (stage.end === undefined) stage.end = this.#now()
    }
  }

  bound(address: string): void {
    this.#story.address = address
    const boot = this.#story.boots.at(-1)
    if (boot) boot.address = address
  }

  /** @param vlan of the tag in use, undefined untagged */
  tagged(vlan: number | undefined): void {
    const boot = this.#story.boots.at(-1)
    if (boot) boot.vlan = vlan
  }

  siteOption(number: number, raw: string): void {
    this.#story.siteOption = { number, raw }
    this.log('site-option', { number, text: raw })
  }

  beginStage(stage: PhoneStage): void {
    push(this.#story.stages, { boot: this.#boot, stage, start: this.#now(), end: undefined, status: 'running' })
  }

  /** Without a status the failures of the stage decide. */
  endStage(stage: PhoneStage, status?: PhoneStageRecord['status']): void {
    const record = this.#story.stages.findLast((candidate) => candidate.stage === stage)
    if (record === undefined || record.end !== undefined) return
    record.end = this.#now()
    const degraded = this.#failures().some((failure) => failure.stage === stage && failure.degrades)
    record.status = status ?? (degraded ? 'degraded' : 'ok')
  }

  transfer(transfer: Omit<PhoneTransfer, 'boot' | 'end'>): void {
    const entry = { ...transfer, boot: this.#boot, end: this.#now() }
    push(this.#story.transfers, entry)
    this.log('transfer', {
      protocol: entry.protocol,
      method: entry.method,
      server: entry.server,
      path: entry.path,
      role: entry.role,
      result: entry.result,
      bytes: entry.bytes,
      ...(entry.status !== undefined && { status: entry.status }),
    })
  }

  registered(): void {
    const boot = this.#story.boots.at(-1)
    if (boot) boot.registered = true
    this.log('registered', {})
  }

  scriptObtained(): void {
    this.#hasScript = true
  }

  settingsObtained(): void {
    this.#hasSettings = true
  }

  fail(
    stage: PhoneStage,
    cause: string,
    detail: string,
    { causedBy, degrades = true }: { causedBy?: string | undefined; degrades?: boolean } = {},
  ): void {
    push(this.#story.failures, { boot: this.#boot, stage, time: this.#now(), cause, causedBy, detail, degrades })
    this.log('failure', { stage, cause, detail, ...(causedBy !== undefined && { causedBy }) })
  }

  /** The stage succeeded after all: its failures cost time only. */
  recover(stage: PhoneStage): void {
    for (const failure of this.#failures()) if (failure.stage === stage) failure.degrades = false
    if (this.#story.outcome === 'failed') this.#setOutcome('running', undefined)
  }

  /** Without arguments the failures of this boot decide. */
  conclude(outcome?: PhoneOutcome, rootCause?: string): void {
    const grave = this.#failures().filter((failure) => failure.degrades)
    const concluded = outcome ?? (grave.length > 0 ? 'degraded' : 'booted')
    this.#setOutcome(concluded, concluded === 'booted' ? undefined : (rootCause ?? this.#root(grave)))
    const boot = this.#story.boots.at(-1)
    if (boot) boot.end = this.#now()
    this.#onOutcome?.(this.#story)
  }

  #setOutcome(outcome: PhoneOutcome, rootCause: string | undefined): void {
    const story = this.#story
    const boot = story.boots.at(-1)
    story.outcome = outcome
    story.rootCause = rootCause
    if (boot) {
      boot.outcome = outcome
      boot.rootCause = rootCause
    }
    this.log('outcome', { outcome, ...(rootCause !== undefined && { rootCause }) })
  }

  /** The end of the chain of causes that begins at the last grave failure. */
  #root(grave: readonly PhoneFailure[]): string | undefined {
    let cause = grave.at(-1)?.cause
    // Chains are a few links long; the count only guards against a ring.
    for (let links = 0; links < 16; links++) {
      const failure = this.#failures().findLast((candidate) => candidate.cause === cause)
      if (failure?.causedBy === undefined) break
      cause = failure.causedBy
    }
    return cause
  }

  #failures(): PhoneFailure[] {
    return this.#story.failures.filter((failure) => failure.boot === this.#boot)
  }
}

/** An image came whole in that boot: the reset that follows is what it is for. */
function storedImage({ transfers }: PhoneStory, boot: number): boolean {
  return transfers.some(
    ({ boot: number, role, result }) =>
      number === boot && (role === 'application' || role === 'boot-image') && result === 'ok',
  )
}

function push<T>(list: T[], entry: T): void {
  if (list.length < MAX_ENTRIES) list.push(entry)
}
