/**
 * The send side of a connection: what was written, what of it is in flight, what has to go again, and when.
 *
 * Theory of operation. write() fills the queue; output() sends what the windows allow, lost segments first; an
 * acknowledgment goes through three steps: what has arrived (the scoreboard), what that says about losses (RFC 6675, or
 * RFC 8985 for profiles with `rack`), and how much may be in flight now. Without SACK the second step counts duplicates
 * (RFC 5681, RFC 6582) and the window swells and shrinks in their place.
 *
 * One timer, for purposes that exclude each other: retransmission (RFC 6298), the tail loss probe (RFC 8985 §7), the
 * end of the reordering window (§6.3), and window probes (RFC 9293 §3.8.6.1).
 *
 * RFC 9293 §3.3.1 names; int32 sequence numbers. Octets given to write() are sent from where they lie.
 *
 * Not here: RFC 6675's rescue retransmission, F-RTO (RFC 5682; timestamps tell the same, RFC 3522), HyStart, pacing, ECN.
 */
import { MILLISECOND, MINUTE, type Nanos } from '../../../base/time.js'
import { Flag, seqDiff } from '../../../wire/tcp.js'
import type { Simulation } from '../../sim/simulation.js'
import { Timer } from '../../sim/timer.js'
import type { TcpProfile } from '../profile.js'
import { makeCongestionControl, type CongestionControl } from './congestion-control.js'
import type { RetransmissionTimeout } from './retransmission-timeout.js'
import { Scoreboard } from './scoreboard.js'
import type { Segment } from './segment.js'
import { SendQueue } from './send-queue.js'

/** What has happened on a connection, for tests and figures. */
export interface ConnectionStatistics {
  segmentsSent: number
  octetsSent: number
  retransmissions: number
  timeouts: number
  fastRetransmits: number
  duplicateAcks: number
  /** Tail loss probes, RFC 8985 §7. */
  lossProbes: number
  /** Recoveries taken back because nothing had been lost, RFC 3522. */
  spuriousRecoveries: number
  /** Duplicates that the peer reported, RFC 2883. */
  duplicatesReported: number
}

/** What the send side needs of its connection. */
export interface SenderOwner {
  readonly statistics: ConnectionStatistics
  /** Sends one segment: `length` octets of the queue from `offset`. */
  emit(flags: number, sequence: number, offset: number, length: number): void
  /** The FIN goes out for the first time. */
  finGoesOut(): void
  /** Nobody answers. */
  gaveUp(): void
}

const PERSIST_MAX: Nanos = MINUTE
const DUPLICATE_ACKS = 3
/** RFC 8985 §7.2: how long a lone segment's acknowledgment may be delayed. */
const WORST_DELAYED_ACK: Nanos = 200 * MILLISECOND
/** RFC 8985 §7.2: without a round trip. */
const FIRST_PROBE_TIMEOUT: Nanos = 1000 * MILLISECOND
/** Timer granularity: the least probe timeout, and what is added to one. */
const GRANULARITY: Nanos = 2 * MILLISECOND
const MAX_BACKOFF = 16

/** What losses are being repaired: none, those that acknowledgments showed, those that a timeout assumes. */
type Phase = 'open' | 'recovery' | 'loss'

export class Sender {
  una: number
  /** Next new octet to be sent. */
  nxt: number
  /** One past the highest ever sent; beyond nxt only by a window probe. */
  max: number
  wnd = 0
  maxWnd = 0
  #wl1 = 0
  #wl2 = 0
  readonly queue = new SendQueue()
  /** Sequence number of the queue's first octet. */
  #queueStart: number
  #finQueued = false
  #finSent = false
  #mss: number
  noDelay: boolean
  /** Most time that sent octets may go unacknowledged, RFC 5482; undefined leaves it to the retries. */
  userTimeout: Nanos | undefined
  congestion: CongestionControl

  readonly #owner: SenderOwner
  readonly #sim: Simulation
  readonly #profile: TcpProfile
  readonly #rto: RetransmissionTimeout
  readonly #timer: Timer
  #timerFor: 'retransmission' | 'persist' | 'loss-probe' | 'reordering' = 'retransmission'
  /** When the retransmission timeout ends, whatever the timer waits for now. */
  #rtoDeadline: Nanos = 0
  #retries = 0
  #persistBackoff = 0
  readonly #board = new Scoreboard()
  #sack = false
  #rack = false
  #phase: Phase = 'open'
  /** What was sent when the phase began ends here. */
  #recover: number
  #duplicateAcks = 0
  /** The segment whose round trip is measured ends here; Karn's algorithm: never one that was sent twice. */
  #timing = false
  #timedEnd = 0
  #timedAt: Nanos = 0
  #lastSent: Nanos = 0
  /** Since when nothing that is in flight has been acknowledged. */
  #stalledSince: Nanos = 0

  // Proportional rate reduction, RFC 6937.
  #prrDelivered = 0
  #prrOut = 0
  #recoverFlight = 0

  /** RFC 3522: the clock at the first retransmission of the phase; -1 when there is nothing to take back. */
  #undoTick = -1

  /** RFC 8985 §7: the probe in flight ends here. */
  #probeEnd: number | undefined
  #probeIsCopy = false

  constructor(
    owner: SenderOwner,
    sim: Simulation,
    profile: TcpProfile,
    rto: RetransmissionTimeout,
    iss: number,
    mss: number,
  ) {
    this.#owner = owner
    this.#sim = sim
    this.#profile = profile
    this.#rto = rto
    this.una = iss
    this.nxt = iss
    this.max = iss
    this.#recover = iss
    this.#queueStart = (iss + 1) | 0
    this.#mss = mss
    this.noDelay = !profile.nagle
    this.#timer = new Timer(sim, () => this.#onTimer())
    this.congestion = makeCongestionControl(profile.congestionControl, mss, mss)
  }

  get mss(): number {
    return this.#mss
  }

  get finQueued(): boolean {
    return this.#finQueued
  }

  /** Everything written, and the FIN, has been acknowledged. */
  get isFinAcked(): boolean {
    return this.#finSent && this.queue.length === 0 && this.una === this.max
  }

  get isIdle(): boolean {
    return this.una === this.max && this.queue.length === 0
  }

  // ---- Opening

  /** The SYN is on its way. */
  synSent(iss: number): void {
    this.nxt = (iss + 1) | 0
    this.max = this.nxt
  }

  /** The peer's SYN: its window is never scaled (RFC 7323 §2.2). */
  synReceived(segment: Segment): void {
    this.wnd = segment.window
    this.maxWnd = segment.window
    this.#wl1 = segment.seq
  }

  /** Our SYN is acknowledged. */
  open(agreed: { readonly sendMss: number; readonly sack: boolean }, initialSegments: number): void {
    this.#mss = agreed.sendMss
    this.#sack = agreed.sack
    this.#rack = agreed.sack && this.#profile.lossDetection === 'rack'
    const { congestionControl } = this.#profile
    this.congestion = makeCongestionControl(congestionControl, this.#mss, initialSegments * this.#mss)
    this.#lastSent = this.#sim.now
  }

  // ---- Writing

  finish(): void {
    this.#finQueued = true
  }

  stop(): void {
    this.#timer.cancel()
    this.queue.clear()
    this.#board.clear()
  }

  // ---- Acknowledgments

  /**
   * The acknowledgment, window and SACK blocks of a segment whose number has been checked.
   *
   * @param acked SEG.ACK less SND.UNA, not negative
   * @param window scaled
   * @param echoed how long ago the segment was sent that this answers, by the peer's echo of our clock
   */
  acknowledge(segment: Segment, acked: number, window: number, echoed: Nanos | undefined): void {
    const { ack } = segment
    const { now } = this.#sim
    const isDuplicate =
      // RFC 5681 §2: something is outstanding, no data, no SYN or FIN, the same number, the same window.
      acked === 0 && segment.length === 0 && window === this.wnd && this.max !== this.una
    const newer = seqDiff(segment.seq, this.#wl1)
    if (newer > 0 || (newer === 0 && seqDiff(ack, this.#wl2) >= 0)) this.updateWindow(segment, window)
    const flight = seqDiff(this.max, this.una)
    const board = this.#board
    board.begin()
    // The echo counts in milliseconds: what it says is "before the end of this one".
    const echoedBefore = echoed === undefined ? undefined : (Math.floor(now / MILLISECOND) + 1) * MILLISECOND - echoed
    let isNews = false
    if (this.#sack && segment.sackBlocks > 0) isNews = this.#readBlocks(segment, now, echoedBefore)
    if (acked > 0) this.#advance(ack, acked, now, echoed, echoedBefore)

    if (this.#sack) this.#afterSack(acked, flight, isNews, isDuplicate, now)
    else if (acked > 0) this.#afterAck(ack, acked, flight, now)
    else if (isDuplicate && this.#timerFor !== 'persist') this.#afterDuplicate(now)
    if (this.#timerFor === 'persist' && this.#timer.armed) this.#answerToProbe()
  }

  updateWindow(segment: Segment, window: number): void {
    this.wnd = window
    if (window > this.maxWnd) this.maxWnd = window
    this.#wl1 = segment.seq
    this.#wl2 = segment.ack
  }

  /** True when a block told something new. */
  #readBlocks(segment: Segment, now: Nanos, echoed: Nanos | undefined): boolean {
    const { sackEdges: edges, sackBlocks } = segment
    let isNews = false
    for (let i = 0; i < 2 * sackBlocks; i += 2) {
      const left = edges[i]!
      const right = edges[i + 1]!
      const isOrdered = seqDiff(right, left) > 0 && seqDiff(right, this.max) <= 0
      if (!isOrdered) continue
      // RFC 2883 §4: the first block may report a duplicate, below the acknowledgment or inside the second block.
      const isDuplicate =
        i === 0 &&
        (seqDiff(right, segment.ack) <= 0 ||
          (sackBlocks > 1 && seqDiff(left, edges[2]!) >= 0 && seqDiff(right, edges[3]!) <= 0))
      if (isDuplicate) {
        // Only of what may have been sent twice: an old one says nothing about now.
        if (seqDiff(left, this.una) < -this.maxWnd) continue
        this.#owner.statistics.duplicatesReported++
        if (this.#rack) this.#board.duplicateReported()
        if (this.#probeEnd !== undefined && right === this.#probeEnd) this.#probeEnd = undefined
      } else if (seqDiff(left, this.una) >= 0) {
        if (this.#board.sack(left, right, now, echoed)) isNews = true
      }
    }
    return isNews
  }

  /** SND.UNA moves. */
  #advance(ack: number, acked: number, now: Nanos, echoed: Nanos | undefined, echoedBefore: Nanos | undefined): void {
    if (this.#timing && seqDiff(ack, this.#timedEnd) >= 0) {
      this.#timing = false
      this.#rto.sample(now - this.#timedAt)
    } else if (!this.#timing && echoed !== undefined) {
      // RFC 7323 §4: the clock tells even of what was sent twice.
      this.#rto.sample(echoed)
    }
    this.#retries = 0
    this.#stalledSince = now
    const octets = Math.min(acked, this.queue.length)
    this.queue.discard(octets)
    this.#queueStart = (this.#queueStart + octets) | 0
    this.una = ack
    if (seqDiff(this.nxt, ack) < 0) this.nxt = ack
    this.#board.acknowledge(ack, now, echoedBefore)
    if (this.#undoTick >= 0 && echoedBefore !== undefined && this.#phase !== 'open') {
      // RFC 3522: what is acknowledged was sent before we sent anything twice.
      if (echoedBefore <= this.#undoTick * MILLISECOND) this.#takeBack()
      else this.#undoTick = -1
    }
  }

  /** RFC 4015, in short: as if it had not happened. */
  #takeBack(): void {
    this.#owner.statistics.spuriousRecoveries++
    this.#undoTick = -1
    this.#board.forgive()
    this.#board.reorderingSeen = true
    this.congestion.undo()
    this.#phase = 'open'
    this.#duplicateAcks = 0
  }

  /** RFC 6675 §5, RFC 6937, RFC 8985. */
  #afterSack(acked: number, flight: number, isNews: boolean, isDuplicate: boolean, now: Nanos): void {
    const { congestion } = this
    const board = this.#board
    if (isNews || (isDuplicate && board.sacked > 0)) this.#owner.statistics.duplicateAcks++
    if (acked > 0) this.#endProbe(flight)
    const isOver = this.#phase !== 'open' && seqDiff(this.una, this.#recover) >= 0
    if (isOver) {
      // RFC 6937: the window ends where it was to be.
      if (this.#phase === 'recovery') congestion.window = congestion.slowStartThreshold
      else congestion.acknowledged(board.delivered, flight, now, this.#rto.srtt)
      this.#phase = 'open'
      this.#undoTick = -1
    }
    const waiting = board.waiting
    const later = this.#findLosses(now)
    if (this.#phase === 'open') {
      if (board.waiting > (isOver ? 0 : waiting)) this.#enterRecovery(flight, now)
      else if (acked > 0 && !isOver) congestion.acknowledged(board.delivered, flight, now, this.#rto.srtt)
    } else if (this.#phase === 'loss' && acked > 0) {
      congestion.acknowledged(board.delivered, flight, now, this.#rto.srtt)
    }
    if (this.#phase === 'recovery') this.#reduceRate(acked > 0 && board.waiting <= waiting)
    if (acked > 0) this.#restartTimer()
    this.#awaitReordering(later, now)
  }

  /** Marks what is lost; says when to look again. */
  #findLosses(now: Nanos): Nanos {
    if (this.#rack) return this.#board.findLate(now, this.#rto.srtt ?? Infinity, this.#phase !== 'open')
    this.#board.findOvertaken(this.#mss)
    return Infinity
  }

  #awaitReordering(later: Nanos, now: Nanos): void {
    if (later === Infinity) {
      // Nothing waits any more for being late.
      if (this.#timerFor === 'reordering' && this.#timer.armed) this.#armRetransmission(now)
    } else if (later < this.#rtoDeadline) {
      this.#armFor('reordering', later - now)
    }
  }

  #enterRecovery(flight: number, now: Nanos): void {
    this.#phase = 'recovery'
    this.#recover = this.max
    this.#probeEnd = undefined
    this.#undoTick = Math.floor(now / MILLISECOND)
    this.congestion.lossDetected(flight, now)
    this.#owner.statistics.fastRetransmits++
    this.#prrDelivered = 0
    this.#prrOut = 0
    this.#recoverFlight = flight
  }

  /** RFC 6937 §3. @param isSafe the acknowledgment moved on and showed no new loss: PRR-SSRB, else PRR-CRB */
  #reduceRate(isSafe: boolean): void {
    const { congestion } = this
    const { pipe, delivered } = this.#board
    const threshold = congestion.slowStartThreshold
    this.#prrDelivered += delivered
    let more
    if (pipe > threshold) {
      more = Math.ceil((this.#prrDelivered * threshold) / this.#recoverFlight) - this.#prrOut
    } else {
      const limit = Math.max(this.#prrDelivered - this.#prrOut, delivered) + (isSafe ? this.#mss : 0)
      more = Math.min(threshold - pipe, limit)
    }
    // The first segment that is lost goes at once, RFC 6675 §5 step 4.3.
    if (this.#prrOut === 0) more = Math.max(more, this.#mss)
    congestion.window = pipe + Math.max(0, more)
  }

  /** RFC 5681 and RFC 6582, an acknowledgment that moves on, without SACK. */
  #afterAck(ack: number, acked: number, flight: number, now: Nanos): void {
    const { congestion } = this
    if (this.#phase === 'recovery') {
      if (seqDiff(ack, this.#recover) > 0) {
        // RFC 6582 §3.2 step 3, full acknowledgment.
        this.#phase = 'open'
        this.#undoTick = -1
        this.#duplicateAcks = 0
        congestion.recovered(seqDiff(this.max, ack))
      } else {
        // A partial one: the next hole is known, without three duplicates.
        congestion.partiallyAcknowledged(acked)
        this.#resendFirst()
      }
    } else {
      this.#duplicateAcks = 0
      if (this.#phase === 'loss' && seqDiff(ack, this.#recover) >= 0) {
        this.#phase = 'open'
        this.#undoTick = -1
      }
      congestion.acknowledged(acked, flight, now, this.#rto.srtt)
    }
    this.#restartTimer()
  }

  #afterDuplicate(now: Nanos): void {
    this.#owner.statistics.duplicateAcks++
    this.#duplicateAcks++
    if (this.#phase === 'recovery') {
      this.congestion.duplicateInRecovery()
      return
    }
    // RFC 6582 §3.2 step 2: not for what was sent before the last timeout or recovery.
    if (this.#duplicateAcks !== DUPLICATE_ACKS || seqDiff(this.una, this.#recover) <= 0) return
    this.#enterRecovery(seqDiff(this.max, this.una), now)
    // One less than the next: the highest that was sent, as the RFC has it.
    this.#recover = (this.max - 1) | 0
    this.congestion.inflate()
    this.#resendFirst()
    this.#restartTimer()
  }

  /** The first segment in flight again, whatever the windows say. */
  #resendFirst(): void {
    if (this.#board.count === 0) return
    this.#emitAgain(0)
    this.#board.resentUncounted(0, this.#sim.now)
  }

  // ---- Sending

  /** Sends what may be sent: what is lost, new data, FIN. */
  output(): void {
    const { queue, congestion } = this
    const board = this.#board
    const { now } = this.#sim
    const mss = this.#mss
    if (this.max === this.una && queue.length > 0 && now - this.#lastSent > this.#rto.value) {
      congestion.restartedAfterIdle()
    }
    if (board.waiting > 0) this.#resendLost()
    // RFC 3042: one new segment for each of the first two duplicates. With SACK, pipe shrinks by what arrives.
    const limited = this.#sack || this.#phase !== 'open' ? 0 : Math.min(this.#duplicateAcks, DUPLICATE_ACKS - 1) * mss
    let isNew = false
    while (board.waiting === 0) {
      const offset = seqDiff(this.nxt, this.#queueStart)
      const unsent = queue.length - offset
      if (unsent < 0 || (unsent === 0 && !this.#finQueued)) break
      const room = this.wnd - seqDiff(this.nxt, this.una)
      const allowed = Math.floor(congestion.window) + limited - board.pipe
      const usable = allowed < room ? allowed : room
      let length = unsent < mss ? unsent : mss
      if (length > usable) length = usable
      if (unsent > 0 && length <= 0) break
      if (length < mss && unsent > 0) {
        if (length < unsent) {
          // RFC 9293 §3.8.6.2.1, silly window: less than a segment only if it is a good part of what the peer offered.
          if (usable < room || length * 2 < this.maxWnd) break
        } else if (!this.noDelay && !this.#finQueued && this.max !== this.una && this.nxt === this.max) {
          // RFC 896: a small segment waits until nothing is outstanding. A last one that carries FIN does not.
          break
        }
      }
      this.#emitNew(offset, length, unsent)
      isNew = true
    }
    if (isNew && this.#rack) this.#armProbe(now)
    // Data, nothing in flight that could bring an ACK, and no window: RFC 9293 §3.8.6.1.
    if (queue.length > 0 && board.count === 0 && !this.#timer.armed) {
      this.#stalledSince = now
      this.#armFor('persist', this.#patience(this.#rto.value, now))
    }
  }

  #emitNew(offset: number, length: number, unsent: number): void {
    const { now } = this.#sim
    const fin = this.#finQueued && length === unsent
    let flags: number = Flag.ack
    if (length > 0 && length === unsent) flags |= Flag.psh
    if (fin) {
      flags |= Flag.fin
      if (!this.#finSent) {
        this.#finSent = true
        this.#owner.finGoesOut()
      }
    }
    const total = length + (fin ? 1 : 0)
    const isFirst = this.una === this.max
    const isAgain = seqDiff(this.max, this.nxt) > 0
    if (isAgain) this.#owner.statistics.retransmissions++
    this.#owner.emit(flags, this.nxt, offset, length)
    this.#lastSent = now
    this.#board.append(this.nxt, total, now)
    if (this.#phase === 'recovery') this.#prrOut += total
    this.nxt = (this.nxt + total) | 0
    if (seqDiff(this.nxt, this.max) > 0) this.max = this.nxt
    if (!this.#timing && !isAgain) {
      this.#timing = true
      this.#timedEnd = this.nxt
      this.#timedAt = now
    }
    if (isFirst) this.#stalledSince = now
    if (!this.#timer.armed || this.#timerFor === 'persist') this.#armRetransmission(now)
  }

  /** Segments that are lost, as far as the congestion window lets them. */
  #resendLost(): void {
    const board = this.#board
    const { now } = this.#sim
    while (true) {
      const index = board.nextWaiting()
      if (index < 0) return
      const length = board.length(index)
      if (board.pipe > 0 && board.pipe + length > this.congestion.window) return
      this.#emitAgain(index)
      board.resent(index, now)
      this.#lastSent = now
      if (this.#phase === 'recovery') this.#prrOut += length
      if (!this.#timer.armed || this.#timerFor === 'persist') this.#armRetransmission(now)
    }
  }

  #emitAgain(index: number): void {
    const sequence = this.#board.sequence(index)
    const total = this.#board.length(index)
    const offset = seqDiff(sequence, this.#queueStart)
    const left = this.queue.length - offset
    const length = Math.min(total, left)
    this.#timing = false
    this.#owner.statistics.retransmissions++
    const flags = Flag.ack | (length > 0 && length === left ? Flag.psh : 0) | (total > length ? Flag.fin : 0)
    this.#owner.emit(flags, sequence, offset, length)
  }

  /** RFC 1191 §6.4: what is in flight goes again in smaller pieces. No loss, so no smaller window. */
  shrinkSegments(mss: number): void {
    if (mss >= this.#mss) return
    this.#mss = mss
    this.#timing = false
    this.#board.cutAgain(mss, this.#sim.now)
  }

  // ---- Timers

  /** Probes and timeouts to come are those of a connection that nobody answers: what the user's patience leaves. */
  #patience(delay: Nanos, now: Nanos): Nanos {
    if (this.userTimeout === undefined) return delay
    return Math.max(0, Math.min(delay, this.#stalledSince + this.userTimeout - now))
  }

  get #isPatienceOver(): boolean {
    return this.userTimeout !== undefined && this.#sim.now - this.#stalledSince >= this.userTimeout
  }

  #armFor(purpose: 'retransmission' | 'persist' | 'loss-probe' | 'reordering', delay: Nanos): void {
    this.#timerFor = purpose
    this.#timer.arm(delay)
  }

  /** RFC 6298 §5.1: from now. */
  #armRetransmission(now: Nanos): void {
    const delay = this.#patience(this.#rto.value, now)
    this.#rtoDeadline = now + delay
    this.#armFor('retransmission', delay)
  }

  /** RFC 6298 §5.2 and §5.3. */
  #restartTimer(): void {
    if (this.#timerFor === 'persist' && this.#timer.armed) return
    if (this.#board.count === 0) {
      this.#timer.disarm()
      this.#timerFor = 'retransmission'
      return
    }
    const { now } = this.#sim
    this.#armRetransmission(now)
    if (this.#rack) this.#armProbe(now)
  }

  /** RFC 8985 §7.2: in place of the retransmission timer, if it would come first. */
  #armProbe(now: Nanos): void {
    const board = this.#board
    if (this.#phase !== 'open' || board.sacked > 0 || board.waiting > 0 || this.#probeEnd !== undefined) return
    if (board.count === 0 || (this.#timerFor === 'persist' && this.#timer.armed)) return
    const { srtt } = this.#rto
    let timeout = srtt === undefined ? FIRST_PROBE_TIMEOUT : 2 * srtt
    timeout += board.count === 1 && srtt !== undefined ? WORST_DELAYED_ACK : GRANULARITY
    if (now + timeout < this.#rtoDeadline) this.#armFor('loss-probe', timeout)
  }

  #onTimer(): void {
    switch (this.#timerFor) {
      case 'retransmission':
        this.#onRetransmissionTimeout()
        break
      case 'persist':
        this.#onPersistTimeout()
        break
      case 'loss-probe':
        this.#onProbeTimeout()
        break
      case 'reordering':
        this.#onReorderingTimeout()
        break
    }
  }

  /** RFC 6298 §5.4 to §5.6. */
  #onRetransmissionTimeout(): void {
    const { now } = this.#sim
    if (this.#retries >= this.#profile.dataRetries || this.#isPatienceOver) return this.#owner.gaveUp()
    this.#retries++
    this.#owner.statistics.timeouts++
    this.#rto.backOff()
    // As Linux: in one flight the threshold falls once, by whatever the loss was found.
    const isRepeated = this.#rack
      ? this.#phase !== 'open' && seqDiff(this.una, this.#recover) < 0 && (this.#phase !== 'loss' || this.#retries > 1)
      : this.#retries > 1
    this.congestion.timedOut(seqDiff(this.max, this.una), isRepeated, now)
    if (!isRepeated) this.#undoTick = Math.floor(now / MILLISECOND)
    // RFC 6582 §4: duplicates of what is in flight now are no new loss.
    this.#recover = this.max
    this.#phase = 'loss'
    this.#duplicateAcks = 0
    this.#probeEnd = undefined
    this.#board.loseAll()
    this.#resendLost()
    this.#armRetransmission(now)
  }

  /** RFC 9293 §3.8.6.1. */
  #onPersistTimeout(): void {
    const { now } = this.#sim
    if (this.#retries >= this.#profile.dataRetries || this.#isPatienceOver) return this.#owner.gaveUp()
    if (this.wnd > 0 && this.#board.count === 0) {
      // There is some window, too small for the silly window rule: its override timeout, §3.8.6.2.1.
      const length = Math.min(this.wnd, this.queue.length, this.#mss)
      this.#timerFor = 'retransmission'
      this.#emitNew(0, length, this.queue.length)
      this.#armRetransmission(now)
      return
    }
    this.#retries++
    this.#persistBackoff++
    if (this.#profile.windowProbe === 'empty') {
      // An old number: whoever gets it has to say what comes next, and with which window.
      this.#owner.emit(Flag.ack, (this.una - 1) | 0, 0, 0)
    } else {
      this.#owner.emit(Flag.ack | Flag.psh, this.una, 0, 1)
      const probed = (this.una + 1) | 0
      if (seqDiff(probed, this.max) > 0) this.max = probed
    }
    const delay = Math.min(PERSIST_MAX, this.#rto.value * 2 ** Math.min(this.#persistBackoff, MAX_BACKOFF))
    this.#armFor('persist', this.#patience(delay, now))
  }

  /** Any answer to a probe shows that the peer is alive. */
  #answerToProbe(): void {
    this.#retries = 0
    this.#stalledSince = this.#sim.now
    if (this.wnd === 0) return
    this.#timer.disarm()
    this.#timerFor = 'retransmission'
    this.#persistBackoff = 0
    if (this.#board.count > 0) this.#armRetransmission(this.#sim.now)
  }

  /** RFC 8985 §7.3. */
  #onProbeTimeout(): void {
    const { now } = this.#sim
    const board = this.#board
    if (board.count === 0) return
    this.#owner.statistics.lossProbes++
    const offset = seqDiff(this.nxt, this.#queueStart)
    const unsent = this.queue.length - offset
    const room = this.wnd - seqDiff(this.nxt, this.una)
    const length = Math.min(this.#mss, unsent, room)
    if (unsent > 0 && length > 0 && (length === unsent || length === this.#mss)) {
      this.#probeIsCopy = false
      this.#emitNew(offset, length, unsent)
    } else {
      this.#probeIsCopy = true
      const last = board.count - 1
      this.#emitAgain(last)
      board.resent(last, now)
    }
    this.#probeEnd = this.nxt
    this.#armRetransmission(now)
  }

  /** RFC 8985 §7.4.2, after an acknowledgment that moved on. */
  #endProbe(flight: number): void {
    if (this.#probeEnd === undefined) return
    const beyond = seqDiff(this.una, this.#probeEnd)
    if (beyond < 0) return
    if (this.#probeIsCopy && beyond === 0) return
    if (this.#probeIsCopy && this.#phase === 'open') {
      // The peer reported no duplicate: the probe replaced something that was lost.
      this.congestion.lossDetected(flight, this.#sim.now)
      this.congestion.window = Math.min(this.congestion.window, this.congestion.slowStartThreshold)
    }
    this.#probeEnd = undefined
  }

  /** RFC 8985 §6.3. */
  #onReorderingTimeout(): void {
    const { now } = this.#sim
    const board = this.#board
    const waiting = board.waiting
    board.begin()
    const later = this.#findLosses(now)
    if (board.waiting > waiting) {
      if (this.#phase === 'open') this.#enterRecovery(seqDiff(this.max, this.una), now)
      if (this.#phase === 'recovery') this.#reduceRate(false)
    }
    this.#armRetransmission(now)
    this.#awaitReordering(later, now)
    this.output()
  }
}
