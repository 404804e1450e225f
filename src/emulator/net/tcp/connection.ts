/**
 * One TCP connection: the state machine of RFC 9293 with the checks of RFC 5961, between what arrives (receiver.ts),
 * what is sent (sender.ts) and the owner of the socket. Section numbers without a name are RFC 9293's.
 *
 * Theory of operation. A segment or a timer changes state and calls the owner back; what has to be sent follows at the
 * end, once (#afterwards), so that an acknowledgment rides on the answer the owner wrote meanwhile. Acknowledgments are
 * delayed (RFC 1122 §4.2.3.2); one more timer serves the handshake and FIN-WAIT-2, which exclude each other.
 *
 * Sequence numbers are int32 and compare with seqDiff; names are the RFC's.
 *
 * Not here: urgent data (read as ordinary data), text in a SYN (it comes again), simultaneous use of one port by
 * several local addresses.
 */
import type { Nanos } from '../../../base/time.js'
import { UnreachableCode, Type } from '../../../wire/icmpv4.js'
import { Flag, seqDiff } from '../../../wire/tcp.js'
import type { Simulation } from '../../sim/simulation.js'
import { Timer } from '../../sim/timer.js'
import type { IcmpError } from '../icmp.js'
import type { Ipv4 } from '../ipv4.js'
import { socketError } from '../ports.js'
import type { KeepAlive as KeepAliveIntervals, StackProfile } from '../profile.js'
import type { TcpErrorCode, TcpHandlers, TcpSocket } from '../transport.js'
import { KeepAlive, type KeepAliveOwner } from './keep-alive.js'
import {
  agree,
  NOTHING_AGREED,
  readSynOptions,
  synOptions,
  TIMESTAMPS_LENGTH,
  type Agreement,
  type SynOptions,
} from './options.js'
import { Receiver } from './receiver.js'
import { RetransmissionTimeout } from './retransmission-timeout.js'
import { SegmentWriter, type ConnectionAddresses } from './segment-writer.js'
import { MAX_SACK_BLOCKS, type Segment } from './segment.js'
import { Sender, type ConnectionStatistics, type SenderOwner } from './sender.js'
import { Timestamps } from './timestamps.js'

export type State =
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSE-WAIT'
  | 'CLOSING'
  | 'LAST-ACK'
  | 'TIME-WAIT'
  | 'CLOSED'

/** What a connection needs of the host's TCP. */
export interface ConnectionOwner {
  readonly sim: Simulation
  readonly ip: Ipv4
  readonly profile: StackProfile
  /** A passive connection is established; gives it its handlers. */
  established(connection: TcpConnection): void
  /** The connection is over and its addresses are free. */
  release(connection: TcpConnection): void
  /** The connection is over; its addresses stay taken for 2 MSL. */
  enterTimeWait(connection: TcpConnection, sndNxt: number, rcvNxt: number, timestamps: Timestamps): void
  /** Sends a RST that answers this segment, §3.10.7.1. */
  reset(segment: Segment): void
  /** RFC 5961 §7: whether one more challenge ACK may be sent now. */
  mayChallenge(): boolean
}

/** RFC 1191 §7.2: no path has less; a report of less is no report. */
const MIN_PATH_MSS = 48

const NO_HANDLERS: TcpHandlers = {}

export class TcpConnection implements TcpSocket, SenderOwner, KeepAliveOwner {
  readonly localAddress: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
  readonly statistics: ConnectionStatistics = {
    segmentsSent: 0,
    octetsSent: 0,
    retransmissions: 0,
    timeouts: 0,
    fastRetransmits: 0,
    duplicateAcks: 0,
    lossProbes: 0,
    spuriousRecoveries: 0,
    duplicatesReported: 0,
  }
  readonly #owner: ConnectionOwner
  readonly #sim: Simulation
  readonly #profile: StackProfile
  #handlers: TcpHandlers = NO_HANDLERS
  #state: State = 'CLOSED'
  #passive = false

  readonly #iss: number
  readonly #sender: Sender
  /** Opening and FIN-WAIT-2. */
  readonly #stateTimer: Timer
  /** SYNs sent again, on a timer or because the peer's came again; and the timeouts among them. */
  #synRetries = 0
  #timeouts = 0
  #synSentAt: Nanos = 0
  #wantsDrain = false

  readonly #receiver: Receiver
  /** The peer's FIN has come, its news has not been delivered. */
  #endPending = false
  /** close(): nobody will read any more. */
  #readingOver = false

  // Acknowledging.
  #ackNow = false
  #segmentsToAck = 0
  readonly #ackTimer: Timer

  #agreement: Agreement = NOTHING_AGREED
  #peerSyn: SynOptions | undefined
  readonly #timestamps: Timestamps
  /** Last.ACK.sent of RFC 7323 §4.3. */
  #lastAck = 0
  readonly #rto: RetransmissionTimeout
  #softError: TcpErrorCode | undefined
  #connectTimeout: Timer | undefined
  #keepAlive: KeepAlive | undefined
  /** When a segment without text outside the window was answered last. */
  #challengedAt: Nanos = -Infinity

  // Sending at the end of what is being done.
  #busy = false
  #outputWanted = false
  #closedNotified = false
  /** Closed without an error, as soon as all that came before is read. */
  #closesQuietly = false

  readonly #writer: SegmentWriter

  /** @param iss and clock: int32, random */
  constructor(owner: ConnectionOwner, addresses: ConnectionAddresses, iss: number, clock: number) {
    this.localAddress = addresses.localAddress
    this.localPort = addresses.localPort
    this.remoteAddress = addresses.remoteAddress
    this.remotePort = addresses.remotePort
    this.#owner = owner
    this.#sim = owner.sim
    this.#profile = owner.profile
    const { tcp } = owner.profile
    this.#iss = iss | 0
    this.#receiver = new Receiver(tcp, (text) => {
      this.#handlers.data?.(text)
      return !this.#isOver()
    })
    this.#rto = new RetransmissionTimeout(tcp)
    this.#sender = new Sender(this, owner.sim, tcp, this.#rto, this.#iss, NOTHING_AGREED.sendMss)
    this.#timestamps = new Timestamps(clock)
    this.#stateTimer = new Timer(owner.sim, () => this.#onStateTimer())
    this.#ackTimer = new Timer(owner.sim, () => this.#acknowledge())
    this.#writer = new SegmentWriter(owner.ip, addresses, owner.profile.dontFragment)
  }

  get state(): State {
    return this.#state
  }

  get bufferedAmount(): number {
    return this.#sender.queue.length
  }

  /** cwnd, ssthresh and the timeout, for tests and figures. */
  get congestion(): { readonly window: number; readonly slowStartThreshold: number; readonly rto: Nanos } {
    const { window, slowStartThreshold } = this.#sender.congestion
    return { window, slowStartThreshold, rto: this.#rto.value }
  }

  // ---- What the owner of the socket does

  write(bytes: Uint8Array): boolean {
    const sender = this.#sender
    if (sender.finQueued) throw socketError('EPIPE', 'write after end')
    if (this.#isOver()) return false
    sender.queue.append(bytes)
    this.#output()
    if (sender.queue.length <= this.#profile.tcp.sendBuffer) return true
    this.#wantsDrain = true
    return false
  }

  end(): void {
    if (this.#sender.finQueued || this.#isOver()) return
    this.#sender.finish()
    this.#output()
  }

  /** As close(2): FIN after what is queued, and nobody reads any more. What comes then is answered with RST. */
  close(): void {
    if (this.#isOver()) return
    // RFC 2525 §2.17: unread data is lost, and the peer has to know.
    if (this.#receiver.unreadOctets > 0) return this.abort()
    this.#readingOver = true
    // §3.10.4: before the handshake is done there is nothing to finish.
    if (this.#state === 'SYN-SENT') return this.abort()
    this.end()
    if (this.#state === 'FIN-WAIT-2') this.#stateTimer.arm(this.#profile.tcp.finWait2)
  }

  abort(): void {
    if (this.#isOver()) return
    // §3.10.5: no RST from SYN-SENT, the peer knows nothing yet.
    if (this.#state !== 'SYN-SENT') this.emit(Flag.rst | Flag.ack, this.#sender.nxt, 0, 0)
    this.#release()
    this.#sim.schedule(0, () => this.#notifyClosed(undefined))
  }

  pause(): void {
    this.#receiver.pause()
  }

  resume(): void {
    if (!this.#receiver.isPaused) return
    this.#receiver.resume()
    // Not from within the caller's own call.
    if (this.#receiver.unreadOctets > 0 || this.#endPending || this.#closesQuietly) {
      this.#sim.schedule(0, () => this.#readOn())
    }
  }

  setNoDelay(noDelay: boolean): void {
    this.#sender.noDelay = noDelay
    if (noDelay && !this.#isOver()) this.#output()
  }

  /** RFC 9293 §3.8.4, off at first. Intervals that are not given are the profile's. */
  setKeepAlive(enabled: boolean, intervals?: Partial<KeepAliveIntervals>): void {
    this.#keepAlive?.stop()
    this.#keepAlive = undefined
    if (!enabled || this.#isOver()) return
    this.#keepAlive = new KeepAlive(this, this.#sim, { ...this.#profile.tcp.keepAlive, ...intervals })
  }

  /** RFC 5482: how long sent octets may go unacknowledged; undefined leaves it to the retries. */
  setUserTimeout(timeout: Nanos | undefined): void {
    this.#sender.userTimeout = timeout
  }

  // ---- What the host's TCP does

  /** Sends the SYN. */
  openActive(handlers: TcpHandlers, connectTimeout: Nanos | undefined): void {
    this.#handlers = handlers
    this.#state = 'SYN-SENT'
    if (!this.#writer.hasRoute) {
      this.#sim.schedule(0, () => this.#fail('ENETUNREACH'))
      return
    }
    if (connectTimeout !== undefined) {
      this.#connectTimeout = new Timer(this.#sim, () => this.#fail('ETIMEDOUT'))
      this.#connectTimeout.arm(connectTimeout)
    }
    this.#sendSyn()
  }

  /** Answers a SYN, §3.10.7.2. */
  openPassive(segment: Segment): void {
    this.#passive = true
    this.#state = 'SYN-RECEIVED'
    this.#readSyn(segment)
    this.#sendSyn()
  }

  setHandlers(handlers: TcpHandlers): void {
    this.#handlers = handlers
  }

  /** Gone without a packet and without a callback. */
  forget(): void {
    this.#closedNotified = true
    this.#handlers = NO_HANDLERS
    this.#release()
  }

  receive(segment: Segment): void {
    this.#busy = true
    this.#keepAlive?.heard()
    if (this.#state === 'SYN-SENT') this.#receiveInSynSent(segment)
    else this.#receiveSynchronized(segment)
    this.#afterwards()
  }

  /** RFC 1122 §4.2.3.9, and as Linux before the handshake is done: there, every unreachable is final. */
  icmpError({ type, code, rest, quoted }: IcmpError): void {
    // RFC 5927 §4.1: it must be about something in flight.
    if (quoted.length < 8) return
    const sequence = (quoted[4]! << 24) | (quoted[5]! << 16) | (quoted[6]! << 8) | quoted[7]!
    if (seqDiff(sequence, this.#sender.una) < 0 || seqDiff(sequence, this.#sender.max) >= 0) return
    if (type === Type.destinationUnreachable && code === UnreachableCode.fragmentationNeeded) {
      // RFC 1191 §6.4. What is in flight goes again in smaller pieces.
      const mss = rest - 40 - (this.#agreement.timestamps ? TIMESTAMPS_LENGTH : 0)
      if (mss < MIN_PATH_MSS || !this.#isSynchronized()) return
      this.#sender.shrinkSegments(mss)
      this.#output()
      return
    }
    if (type !== Type.destinationUnreachable && type !== Type.timeExceeded) return
    const refused = code === UnreachableCode.port || code === UnreachableCode.protocol
    const error =
      type === Type.timeExceeded
        ? 'EHOSTUNREACH'
        : refused
          ? 'ECONNREFUSED'
          : code === UnreachableCode.network
            ? 'ENETUNREACH'
            : 'EHOSTUNREACH'
    if (this.#state === 'SYN-SENT' || this.#state === 'SYN-RECEIVED') this.#fail(error)
    else this.#softError = error
  }

  // ---- Segments

  /** §3.10.7.3 */
  #receiveInSynSent(segment: Segment): void {
    const { flags } = segment
    const hasAck = (flags & Flag.ack) !== 0
    if (hasAck && segment.ack !== this.#sender.max) {
      if ((flags & Flag.rst) === 0) this.#owner.reset(segment)
      return
    }
    if ((flags & Flag.rst) !== 0) {
      if (hasAck) this.#fail('ECONNREFUSED')
      return
    }
    if ((flags & Flag.syn) === 0) return
    this.#readSyn(segment)
    if (!hasAck) {
      // Simultaneous open: the SYN goes again, now with an ACK.
      this.#state = 'SYN-RECEIVED'
      this.#sendSyn()
      return
    }
    this.#establish(segment, segment.window)
    this.#ackNow = true
  }

  /** §3.10.7.4 */
  #receiveSynchronized(segment: Segment): void {
    const { flags } = segment
    const isReset = (flags & Flag.rst) !== 0
    const right = this.#receiver.offered
    const ahead = seqDiff(segment.seq, this.#receiver.rcvNxt)
    const { length } = segment
    const timestamps = this.#timestamps

    // RFC 7323 §5.3 R1: of an earlier turn of the sequence space, or simply late.
    if (timestamps.agreed && !isReset && timestamps.isOld(segment, this.#sim.now)) {
      if (ahead < 0) this.#receiver.repeated(segment)
      if (length > 0) this.#ackNow = true
      else this.#challenge(segment)
      return
    }

    // First, the sequence number. As Linux does, a segment that begins at the right edge passes: its ACK counts.
    if (ahead > right || (ahead < 0 && ahead + length <= 0 && !(length === 0 && ahead === 0))) {
      if (isReset) return
      if (this.#state === 'SYN-RECEIVED' && (flags & Flag.syn) !== 0 && segment.seq === this.#receiver.irs) {
        // With an ACK it is the other half of a simultaneous open (§3.5, figure 8); without, the SYN that was answered
        // comes again: our SYN-ACK was lost, or is late.
        if ((flags & Flag.ack) !== 0) this.#completeHandshake(segment)
        else this.#resendSyn()
      } else if (length > 0) {
        if (ahead < 0) this.#receiver.repeated(segment)
        this.#ackNow = true
      } else {
        this.#challenge(segment)
      }
      return
    }

    // Second, RST: RFC 5961 §3.2.
    if (isReset) {
      if (ahead !== 0) this.#challenge(segment)
      else if (this.#state === 'SYN-RECEIVED') this.#fail('ECONNREFUSED')
      else this.#fail('ECONNRESET')
      return
    }

    // Fourth, SYN: RFC 5961 §4.2.
    if ((flags & Flag.syn) !== 0) {
      this.#challenge(segment)
      return
    }

    // Fifth, ACK.
    if ((flags & Flag.ack) === 0) return
    if (timestamps.agreed) timestamps.update(segment, this.#lastAck, this.#sim.now)
    if (this.#state === 'SYN-RECEIVED') {
      if (!this.#completeHandshake(segment)) return
    } else if (!this.#processAck(segment)) {
      return
    }

    // Seventh and eighth, text and FIN.
    this.#processText(segment, ahead)
  }

  /** The ACK of our SYN, in SYN-RECEIVED. False when the rest of the segment does not count. */
  #completeHandshake(segment: Segment): boolean {
    if (segment.ack !== this.#sender.max) {
      this.#owner.reset(segment)
      return false
    }
    const isSyn = (segment.flags & Flag.syn) !== 0
    this.#establish(segment, isSyn ? segment.window : segment.window << this.#agreement.peerWindowScale)
    return !this.#isOver()
  }

  /** False when the rest of the segment does not count. */
  #processAck(segment: Segment): boolean {
    const { ack } = segment
    const sender = this.#sender
    const acked = seqDiff(ack, sender.una)
    if (seqDiff(ack, sender.max) > 0) {
      // §3.10.7.4: of what was never sent.
      this.#challenge(segment)
      return false
    }
    if (acked < 0) {
      // RFC 5961 §5.2: too old to be anything but a blind guess.
      if (acked < -sender.maxWnd) {
        this.#challenge(segment)
        return false
      }
      return true
    }
    if (acked > 0) this.#softError = undefined
    const window = segment.window << this.#agreement.peerWindowScale
    sender.acknowledge(segment, acked, window, this.#timestamps.echoed(segment, this.#sim.now))
    if (acked > 0) {
      if (sender.isFinAcked) this.#processFinAcked()
      if (this.#isOver()) return false
      if (this.#wantsDrain && sender.queue.length * 2 <= this.#profile.tcp.sendBuffer) {
        this.#wantsDrain = false
        this.#handlers.drain?.()
      }
    }
    this.#outputWanted = true
    return !this.#isOver()
  }

  #processFinAcked(): void {
    switch (this.#state) {
      case 'FIN-WAIT-1':
        this.#state = 'FIN-WAIT-2'
        if (this.#readingOver) this.#stateTimer.arm(this.#profile.tcp.finWait2)
        break
      case 'CLOSING':
        this.#enterTimeWait()
        break
      case 'LAST-ACK':
        this.#release()
        this.#notifyClosed(undefined)
        break
      default:
    }
  }

  /** @param ahead SEG.SEQ less RCV.NXT */
  #processText(segment: Segment, ahead: number): void {
    const { state } = this
    const mayReceive = state === 'ESTABLISHED' || state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2'
    if (!mayReceive || segment.length === 0) return
    const receiver = this.#receiver
    if (this.#readingOver && receiver.brings(segment, ahead)) {
      // RFC 1122 §4.2.2.13: the owner has closed, and data comes: it is lost, and RST says so.
      this.emit(Flag.rst | Flag.ack, this.#sender.nxt, 0, 0)
      this.#fail('ECONNRESET')
      return
    }
    const urgency = receiver.receive(segment, ahead)
    if (this.#isOver()) return
    if (urgency === 'now') this.#ackNow = true
    else if (urgency === 'soon') this.#acknowledgeSoon()
    if (receiver.isFinNext) this.#processFin()
  }

  /** RFC 1122 §4.2.3.2: every second segment at least (a profile may stretch it), and within half a second. */
  #acknowledgeSoon(): void {
    if (++this.#segmentsToAck >= this.#profile.tcp.ackEvery) this.#ackNow = true
    else if (!this.#ackTimer.armed) this.#ackTimer.arm(this.#profile.tcp.delayedAck)
  }

  /** Eighth, the FIN bit: all before it has come. */
  #processFin(): void {
    this.#receiver.takeFin()
    this.#ackNow = true
    this.#endPending = true
    switch (this.#state) {
      case 'ESTABLISHED':
        this.#state = 'CLOSE-WAIT'
        break
      case 'FIN-WAIT-1':
        // Our FIN is not acknowledged, or it would be FIN-WAIT-2: both sides closed at once.
        this.#state = 'CLOSING'
        break
      case 'FIN-WAIT-2':
        this.#deliverEnd()
        if (!this.#isOver()) this.#enterTimeWait()
        return
      default:
        return
    }
    this.#deliverEnd()
  }

  // ---- To the owner

  /** Gives the owner what has waited while paused, in order: octets, end, closed. */
  #readOn(): void {
    if (this.#closedNotified) return
    this.#busy = true
    this.#receiver.readOn()
    this.#deliverEnd()
    if (this.#closesQuietly) this.#notifyClosed(undefined)
    // §3.8.6.2.2: tell the peer when the window has opened by a useful amount.
    if (!this.#isOver() && this.#receiver.isUpdateDue) this.#ackNow = true
    this.#afterwards()
  }

  #deliverEnd(): void {
    if (!this.#endPending || this.#receiver.isPaused || this.#receiver.unreadOctets > 0) return
    this.#endPending = false
    if (!this.#readingOver) this.#handlers.end?.()
  }

  /** Once, last; without an error only after everything before it was read. */
  #notifyClosed(error: TcpErrorCode | undefined): void {
    if (this.#closedNotified) return
    if (error === undefined && !this.#readingOver && (this.#receiver.unreadOctets > 0 || this.#endPending)) {
      this.#closesQuietly = true
      return
    }
    this.#closedNotified = true
    this.#closesQuietly = false
    this.#receiver.clear()
    const handlers = this.#handlers
    this.#handlers = NO_HANDLERS
    handlers.closed?.(error)
  }

  // ---- States

  #isOver(): boolean {
    return this.#state === 'CLOSED' || this.#state === 'TIME-WAIT'
  }

  /** RFC 5961, RFC 1191: states in which numbers of both sides are known. */
  #isSynchronized(): boolean {
    return this.#state !== 'SYN-SENT' && this.#state !== 'SYN-RECEIVED' && !this.#isOver()
  }

  #readSyn(segment: Segment): void {
    this.#receiver.begin(segment.seq)
    this.#sender.synReceived(segment)
    this.#peerSyn = readSynOptions(segment.bytes.subarray(segment.header, segment.end))
    this.#agreement = agree(this.#profile, this.#peerSyn)
    this.#timestamps.begin(this.#peerSyn.tsval, this.#agreement.timestamps, this.#sim.now)
  }

  /** Our SYN is acknowledged. @param window scaled */
  #establish(segment: Segment, window: number): void {
    const { now } = this.#sim
    const sender = this.#sender
    const echoed = this.#timestamps.echoed(segment, now)
    // RFC 6298 §5.7 and Karn: a SYN that was sent twice tells nothing, unless the peer's echo does.
    if (this.#synRetries === 0) this.#rto.sample(now - this.#synSentAt)
    else if (echoed !== undefined) this.#rto.sample(echoed)
    else this.#rto.restartAfterLostSyn()
    sender.una = segment.ack
    sender.nxt = segment.ack
    sender.updateWindow(segment, window)
    this.#state = 'ESTABLISHED'
    this.#stateTimer.disarm()
    this.#connectTimeout?.cancel()
    // RFC 5681 §3.1: one segment when the SYN or its answer was lost.
    sender.open(this.#agreement, this.#synRetries > 0 ? 1 : this.#profile.tcp.initialWindow)
    this.#outputWanted = true
    if (this.#passive) this.#owner.established(this)
    if (!this.#isOver()) this.#handlers.connected?.()
  }

  #enterTimeWait(): void {
    if (this.#ackNow || this.#segmentsToAck > 0) this.#acknowledge()
    this.#stop()
    this.#state = 'TIME-WAIT'
    this.#owner.enterTimeWait(this, this.#sender.nxt, this.#receiver.rcvNxt, this.#timestamps)
    this.#notifyClosed(undefined)
  }

  #fail(error: TcpErrorCode): void {
    if (this.#isOver()) return
    const { state } = this
    this.#release()
    // A passive connection that never came to be has no owner to tell.
    if (state === 'SYN-RECEIVED' && this.#passive) this.#closedNotified = true
    this.#notifyClosed(error)
  }

  #release(): void {
    this.#stop()
    this.#state = 'CLOSED'
    this.#owner.release(this)
  }

  #stop(): void {
    this.#stateTimer.cancel()
    this.#ackTimer.cancel()
    this.#connectTimeout?.cancel()
    this.#keepAlive?.stop()
    this.#sender.stop()
    this.#receiver.stop()
    this.#ackNow = false
    this.#outputWanted = false
  }

  // ---- Sending

  /** What this event leaves to be sent. */
  #afterwards(): void {
    this.#busy = false
    if (this.#outputWanted) {
      this.#outputWanted = false
      this.#output()
    }
    if (this.#ackNow && !this.#isOver()) this.#acknowledge()
  }

  /** Sends what may be sent, unless something is being processed: then at its end. */
  #output(): void {
    if (this.#busy) this.#outputWanted = true
    else if (this.#isSynchronized() && this.#state !== 'FIN-WAIT-2') this.#sender.output()
  }

  #acknowledge(): void {
    this.emit(Flag.ack, this.#sender.nxt, 0, 0)
  }

  /** RFC 5961: an ACK that makes a real peer prove what it knows. As Linux, not for every SYN and segment without text. */
  #challenge(segment: Segment): void {
    const { now } = this.#sim
    if (segment.length === 0 || (segment.flags & Flag.syn) !== 0) {
      if (now - this.#challengedAt < this.#profile.tcp.invalidAckInterval) return
      this.#challengedAt = now
    }
    if (this.#owner.mayChallenge()) this.#ackNow = true
  }

  #sendSyn(): void {
    this.#sender.synSent(this.#iss)
    this.#synSentAt = this.#sim.now
    this.#emitSyn()
    this.#stateTimer.arm(this.#rto.value)
  }

  #resendSyn(): void {
    this.#synRetries++
    this.statistics.retransmissions++
    this.#emitSyn()
  }

  #emitSyn(): void {
    this.emit(this.#state === 'SYN-SENT' ? Flag.syn : Flag.syn | Flag.ack, this.#iss, 0, 0)
  }

  #onStateTimer(): void {
    if (this.#state === 'FIN-WAIT-2') {
      this.#release()
      this.#notifyClosed(undefined)
      return
    }
    // RFC 6298 §5.4 to §5.6, for a SYN.
    const { synRetries, synAckRetries } = this.#profile.tcp
    if (this.#timeouts >= (this.#state === 'SYN-SENT' ? synRetries : synAckRetries)) return this.gaveUp()
    this.#timeouts++
    this.statistics.timeouts++
    this.#rto.backOff()
    this.#resendSyn()
    this.#stateTimer.arm(this.#rto.value)
  }

  // ---- For the send side and the keep-alive

  /** One segment: `length` octets of the queue from `offset`. Whatever it is, it acknowledges all there is. */
  emit(flags: number, sequence: number, offset: number, length: number): void {
    const isSyn = (flags & Flag.syn) !== 0
    const isReset = (flags & Flag.rst) !== 0
    const acks = (flags & Flag.ack) !== 0
    const { statistics } = this
    const receiver = this.#receiver
    const writer = this.#writer
    const timestamps = this.#timestamps
    statistics.segmentsSent++
    statistics.octetsSent += length
    if (acks) {
      this.#ackNow = false
      this.#segmentsToAck = 0
      this.#ackTimer.disarm()
      this.#lastAck = receiver.rcvNxt
      if (this.#agreement.sack && !isReset && !isSyn && receiver.hasBlocks) this.#reportBlocks(length)
    }
    if (timestamps.agreed) {
      writer.timestamps = true
      writer.tsval = timestamps.value(this.#sim.now)
      writer.tsecr = timestamps.recent
    }
    writer.write(
      flags,
      sequence,
      acks ? receiver.rcvNxt : 0,
      isReset ? 0 : receiver.offer(isSyn ? 0 : this.#agreement.ownWindowScale),
      isSyn ? synOptions(this.#profile, timestamps.value(this.#sim.now), this.#peerSyn) : undefined,
      this.#sender.queue,
      offset,
      length,
    )
  }

  /** As many SACK blocks as there is room for beside the text, RFC 2018 §3. */
  #reportBlocks(length: number): void {
    const { timestamps, sendMss } = this.#agreement
    const most = timestamps ? MAX_SACK_BLOCKS - 1 : MAX_SACK_BLOCKS
    const room = length === 0 ? most : Math.min(most, (Math.min(sendMss, this.#sender.mss) - length - 4) >> 3)
    if (room > 0) this.#writer.sackBlocks = this.#receiver.takeBlocks(this.#writer.sackEdges, room)
  }

  finGoesOut(): void {
    if (this.#state === 'ESTABLISHED') this.#state = 'FIN-WAIT-1'
    else if (this.#state === 'CLOSE-WAIT') this.#state = 'LAST-ACK'
  }

  gaveUp(): void {
    this.#fail(this.#softError ?? 'ETIMEDOUT')
  }

  get isBusy(): boolean {
    return !this.#sender.isIdle || !this.#isSynchronized()
  }

  /** A keep-alive: an old number, so that the peer has to say something. */
  probe(): void {
    this.emit(Flag.ack, (this.#sender.una - 1) | 0, 0, 0)
  }
}
