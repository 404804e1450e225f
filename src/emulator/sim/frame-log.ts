/**
 * Every frame's way through the network: put on a link, queued, changed, dropped and why, delivered; as JSON lines
 * (jsonLine) or gathered by frame, for the comments of a capture (FrameHistory).
 *
 * It is off unless a simulation is given one; links and boxes then ask once per frame whether there is one.
 *
 * A frame keeps its number from link to link as long as its octets are the same array, so one `grep` follows it through
 * switches; a router or a corruption makes a new frame, whose line names the one it was made of.
 *
 * Not here: what happened as such (truth-log.ts), and the octets (a tap has them).
 */
import { formatDuration, SECOND, type Nanos } from '../../base/time.js'

export type FrameEvent =
  'sent' | 'queued' | 'duplicated' | 'changed' | 'reordered' | 'delayed' | 'dropped' | 'delivered'

export interface FrameLogEntry {
  /** Nanoseconds since the start. */
  readonly time: Nanos
  /** Frames are counted from 1 in the order in which they first appear. */
  readonly frame: number
  readonly event: FrameEvent
  /** The link or the box where it happened. */
  readonly at: string
  /** On a link: the node that sent it. */
  readonly from?: string
  /** Octets. */
  readonly length: number
  /** Of a drop or a change: `lost`, `queue-full`, `ttl exceeded`, the name of a rule. */
  readonly reason?: string
  /** Nanoseconds that it waits before it is serialised, or is delayed on top. */
  readonly wait?: Nanos
  /** Of a changed frame: the number of what it was. */
  readonly was?: number
}

export interface FrameNote {
  readonly from?: string
  readonly reason?: string
  readonly wait?: Nanos
  readonly was?: Uint8Array
}

export class FrameLog {
  readonly #told: (entry: FrameLogEntry) => void
  readonly #numbers = new WeakMap<Uint8Array, number>()
  #count = 0

  /** @param told gets every event when it happens */
  constructor(told: (entry: FrameLogEntry) => void) {
    this.#told = told
  }

  note(
    time: Nanos,
    event: FrameEvent,
    at: string,
    frame: Uint8Array,
    { from, reason, wait, was }: FrameNote = {},
  ): void {
    const entry: FrameLogEntry = {
      time,
      frame: this.numberOf(frame),
      event,
      at,
      ...(from !== undefined && { from }),
      length: frame.length,
      ...(reason !== undefined && { reason }),
      ...(wait !== undefined && { wait }),
      ...(was !== undefined && { was: this.numberOf(was) }),
    }
    this.#told(entry)
  }

  /** The number of a frame, given to it when it was first seen. For comments of a capture. */
  numberOf(frame: Uint8Array): number {
    let number = this.#numbers.get(frame)
    if (number === undefined) this.#numbers.set(frame, (number = ++this.#count))
    return number
  }
}

/** One JSON object with its line feed. */
export function jsonLine(entry: FrameLogEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/** Frames whose history is kept. */
const MAX_FRAMES = 1 << 20
/** Events kept of one frame: a broadcast has thousands. */
const MAX_EVENTS = 64

/** What happened to each frame, in words. Give add() to a FrameLog. */
export class FrameHistory {
  readonly #events = new Map<number, string[]>()
  readonly #omitted = new Map<number, number>()

  add({ frame, event, at, from, reason, wait, was, time }: FrameLogEntry): void {
    let events = this.#events.get(frame)
    if (events === undefined) {
      if (this.#events.size >= MAX_FRAMES) return
      this.#events.set(frame, (events = []))
    }
    if (events.length >= MAX_EVENTS) {
      this.#omitted.set(frame, (this.#omitted.get(frame) ?? 0) + 1)
      return
    }
    const where = from === undefined ? at : `${at} from ${from}`
    const why = reason === undefined ? '' : `: ${reason}`
    const before = was === undefined ? '' : `, was frame ${was}`
    const waits = wait === undefined ? '' : ` for ${formatDuration(wait)}`
    events.push(`${(time / SECOND).toFixed(6)} s ${event}${waits} on ${where}${why}${before}`)
  }

  /** One event a line; undefined for a frame of which nothing is known. */
  commentOf(frame: number): string | undefined {
    const events = this.#events.get(frame)
    if (events === undefined) return undefined
    const omitted = this.#omitted.get(frame)
    const rest = omitted === undefined ? [] : [`and ${omitted} more`]
    return [`frame ${frame}`, ...events, ...rest].join('\n')
  }
}
