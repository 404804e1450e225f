/**
 * The receive side of a connection: which octets come next, which window is offered, what has come before its turn
 * and what waits for a reader that has paused.
 *
 * RFC 9293 §3.3.1 names, int32 sequence numbers. Text is handed on as views of the frames it came in.
 */
import { Flag, seqDiff } from '../../../wire/tcp.js'
import type { TcpProfile } from '../profile.js'
import { OutOfOrder, type Block } from './out-of-order.js'
import type { Segment } from './segment.js'

/** How soon what has arrived is to be acknowledged. */
export type Urgency = 'none' | 'soon' | 'now'

type Limits = Pick<TcpProfile, 'receiveBuffer' | 'initialReceiveWindow' | 'mss'>

const NO_BLOCK: Block = { left: 0, right: 0 }

export class Receiver {
  /** Segments that came before their turn. */
  outOfOrderCount = 0
  readonly #limits: Limits
  readonly #deliver: (text: Uint8Array) => boolean
  #irs = 0
  #rcvNxt = 0
  /** The right edge of the window as last offered. */
  #edge = 0
  /** What the window may be at most; grows up to the buffer. */
  #limit: number
  readonly #outOfOrder = new OutOfOrder()
  /** What came again and has not been reported, RFC 2883; NO_BLOCK when nothing did. */
  #duplicate = NO_BLOCK
  /** Sequence number of the peer's FIN once it is known. */
  #fin: number | undefined
  #unread: Uint8Array[] = []
  #unreadOctets = 0
  #paused = false

  /** @param deliver gives text to the reader; false when nobody wants any more */
  constructor(limits: Limits, deliver: (text: Uint8Array) => boolean) {
    this.#limits = limits
    this.#deliver = deliver
    this.#limit = limits.initialReceiveWindow
  }

  get irs(): number {
    return this.#irs
  }

  get rcvNxt(): number {
    return this.#rcvNxt
  }

  /** What of the window that was offered is left. */
  get offered(): number {
    return seqDiff(this.#edge, this.#rcvNxt)
  }

  get isPaused(): boolean {
    return this.#paused
  }

  get unreadOctets(): number {
    return this.#unreadOctets
  }

  /** All before the peer's FIN has come. */
  get isFinNext(): boolean {
    return this.#fin === this.#rcvNxt
  }

  /** The peer's SYN. */
  begin(irs: number): void {
    this.#irs = irs
    this.#rcvNxt = (irs + 1) | 0
    this.#edge = this.#rcvNxt
  }

  /** What the next acknowledgment can report. */
  get hasBlocks(): boolean {
    return !this.#outOfOrder.isEmpty || this.#duplicate !== NO_BLOCK
  }

  /**
   * Left and right edges of at most `room` SACK blocks, the newest first (RFC 2018 §4), before them what came twice
   * (RFC 2883 §4). A duplicate is reported once. Returns how many.
   */
  takeBlocks(edges: Int32Array, room: number): number {
    let count = 0
    const add = ({ left, right }: Block): void => {
      edges[2 * count] = left
      edges[2 * count + 1] = right
      count++
    }
    if (this.#duplicate !== NO_BLOCK && room > 0) {
      add(this.#duplicate)
      this.#duplicate = NO_BLOCK
    }
    const { blocks } = this.#outOfOrder
    for (let i = 0; i < blocks.length && count < room; i++) add(blocks[i]!)
    return count
  }

  /** A segment of which nothing is new: all of its text lies before the window. */
  repeated(segment: Segment): void {
    const length = segment.end - segment.start
    if (length > 0) this.#duplicate = { left: segment.seq, right: (segment.seq + length) | 0 }
  }

  /** Whether there is text in the window that has not been seen. @param ahead SEG.SEQ less RCV.NXT */
  brings(segment: Segment, ahead: number): boolean {
    return textEnd(segment, ahead, this.offered) > textStart(segment, ahead)
  }

  /**
   * Takes what is in the window, §3.10.7.4 seventh.
   *
   * @param segment text, FIN or both, acceptable
   * @param ahead SEG.SEQ less RCV.NXT
   */
  receive(segment: Segment, ahead: number): Urgency {
    const start = textStart(segment, ahead)
    const end = textEnd(segment, ahead, this.offered)
    const isTrimmed = end < segment.end
    if (!isTrimmed && (segment.flags & Flag.fin) !== 0) this.#fin = (segment.seq + segment.end - segment.start) | 0
    if (end <= start) return isTrimmed || ahead > 0 ? 'now' : 'none'
    const text = segment.bytes.subarray(start, end)
    if (ahead < 0) this.#duplicate = { left: segment.seq, right: this.#rcvNxt }
    if (ahead > 0) {
      if (this.#outOfOrder.has(segment.seq, text.length)) this.repeated(segment)
      // RFC 5681 §4.2: at once, so that the sender learns of the hole.
      this.outOfOrderCount++
      this.#outOfOrder.insert(segment.seq, text)
      return 'now'
    }
    const fillsHole = !this.#outOfOrder.isEmpty
    let goesOn = this.#accept(text)
    while (goesOn) {
      const more = this.#outOfOrder.take(this.#rcvNxt)
      if (more === undefined) break
      goesOn = this.#accept(more)
    }
    if (fillsHole) this.#outOfOrder.forgetBefore(this.#rcvNxt)
    // RFC 5681 §4.2: at once when it fills a hole, wholly or in part.
    return fillsHole || isTrimmed || ahead < 0 ? 'now' : 'soon'
  }

  /** The FIN takes its sequence number. */
  takeFin(): void {
    this.#rcvNxt = (this.#rcvNxt + 1) | 0
    if (this.offered < 0) this.#edge = this.#rcvNxt
    this.#outOfOrder.clear()
  }

  /** The window field of a segment, scaled; moves the edge. Never takes back what was offered (§3.8.6). */
  offer(scale: number): number {
    const { offered } = this
    const { receiveBuffer, mss } = this.#limits
    let window = this.#limit - this.#unreadOctets
    // §3.8.6.2.2: the right edge moves by a segment or half the buffer, or not at all.
    if (window - offered < Math.min(receiveBuffer / 2, mss)) window = offered
    const field = Math.min(0xffff, Math.ceil(window / (1 << scale)))
    const edge = (this.#rcvNxt + (field << scale)) | 0
    if (seqDiff(edge, this.#edge) > 0) this.#edge = edge
    return field
  }

  /** Whether so much has been read that the peer should know. */
  get isUpdateDue(): boolean {
    const { receiveBuffer, mss } = this.#limits
    return this.#limit - this.#unreadOctets - this.offered >= Math.min(receiveBuffer / 2, 2 * mss)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
  }

  /** Delivers what has waited, until the reader pauses again. */
  readOn(): void {
    while (!this.#paused && this.#unread.length > 0) {
      const text = this.#unread.shift()!
      this.#unreadOctets -= text.length
      if (!this.#deliver(text)) return
    }
  }

  /** Drops what waits for the reader and what is out of order. */
  clear(): void {
    this.#unread = []
    this.#unreadOctets = 0
    this.#outOfOrder.clear()
  }

  /** Drops what is out of order: nothing more will come. */
  stop(): void {
    this.#outOfOrder.clear()
  }

  /** Octets in order. */
  #accept(text: Uint8Array): boolean {
    this.#rcvNxt = (this.#rcvNxt + text.length) | 0
    const { receiveBuffer, mss } = this.#limits
    if (this.#limit < receiveBuffer) this.#limit = Math.min(receiveBuffer, this.#limit + 2 * mss)
    if (!this.#paused && this.#unreadOctets === 0) return this.#deliver(text)
    this.#unread.push(text)
    this.#unreadOctets += text.length
    return true
  }
}

/** Where new text begins: §3.4, what is old is trimmed on the left. */
function textStart(segment: Segment, ahead: number): number {
  return ahead < 0 ? segment.start - ahead : segment.start
}

/** Where it ends: what has no room is trimmed on the right. */
function textEnd(segment: Segment, ahead: number, room: number): number {
  return Math.min(segment.end, segment.start + room - ahead)
}
