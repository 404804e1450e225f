/**
 * Every frame's way through the network, as JSON lines: put on a link, queued, changed, dropped and why, delivered.
 * It is off unless a simulation is given one; links and boxes then ask once per frame whether there is one.
 *
 * A frame keeps its number from link to link as long as its octets are the same array, so one `grep` follows it through
 * switches; a router or a corruption makes a new frame, whose line names the one it was made of.
 *
 * Not here: what happened as such (truth-log.ts), and the octets (a tap has them).
 */
import type { Nanos } from '../../base/time.js'

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
  readonly #write: (line: string) => void
  readonly #numbers = new WeakMap<Uint8Array, number>()
  #count = 0

  /** @param write gets one JSON object per event, with its line feed */
  constructor(write: (line: string) => void) {
    this.#write = write
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
    this.#write(`${JSON.stringify(entry)}\n`)
  }

  /** The number of a frame, given to it when it was first seen. For comments of a capture. */
  numberOf(frame: Uint8Array): number {
    let number = this.#numbers.get(frame)
    if (number === undefined) this.#numbers.set(frame, (number = ++this.#count))
    return number
  }
}
