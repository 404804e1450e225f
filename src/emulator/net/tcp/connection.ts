/**
 * One TCP connection: RFC 9293, with the retransmission timeout of RFC 6298, the congestion control of RFC 5681 and
 * RFC 6582 behind congestion-control.ts, limited transmit (RFC 3042), delayed acknowledgments (RFC 1122 §4.2.3.2),
 * Nagle (RFC 896), window probes, and the checks of RFC 5961. Section numbers without a name are RFC 9293's.
 *
 * Theory of operation. A segment or a timer changes state and calls the owner back; what has to be sent follows at the
 * end, once (#afterwards), so that an acknowledgment rides on the answer the owner wrote meanwhile. One timer serves
 * retransmission, window probes and FIN-WAIT-2, which exclude each other; one more serves the delayed acknowledgment.
 * After a timeout everything in flight is sent again from sndUna (go back N): without SACK nothing is known to have
 * arrived, and the receiver's acknowledgments soon jump over what had.
 *
 * Sequence numbers are int32 and compare with seqDiff; names are the RFC's (SND.UNA is sndUna). Octets given to write()
 * are sent from where they lie.
 *
 * Not here: SACK, timestamps, keep-alive, urgent data (read as ordinary data), path MTU discovery beyond obeying
 * "fragmentation needed".
 */
import type { Nanos } from '../../../base/time.js'
import { MINUTE } from '../../../base/time.js'
import { UnreachableCode, Type } from '../../../wire/icmpv4.js'
import { Flag, seqDiff } from '../../../wire/tcp.js'
import type { Simulation } from '../../sim/simulation.js'
import { Timer } from '../../sim/timer.js'
import type { IcmpError } from '../icmp.js'
import type { Ipv4 } from '../ipv4.js'
import { socketError } from '../ports.js'
import type { StackProfile } from '../profile.js'
import type { TcpErrorCode, TcpHandlers, TcpSocket } from '../transport.js'
import { NewReno, type CongestionControl } from './congestion-control.js'
import { agree, NOTHING_AGREED, readSynOptions, synOptions, type Agreement, type SynOptions } from './options.js'
import { Receiver } from './receiver.js'
import { RetransmissionTimeout } from './retransmission-timeout.js'
import { SegmentWriter, type ConnectionAddresses } from './segment-writer.js'
import type { Segment } from './segment.js'
import { SendQueue } from './send-queue.js'

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
  enterTimeWait(connection: TcpConnection, sndNxt: number, rcvNxt: number): void
  /** Sends a RST that answers this segment, §3.10.7.1. */
  reset(segment: Segment): void
  /** RFC 5961 §7: whether one more challenge ACK may be sent now. */
  mayChallenge(): boolean
}

/** What has happened on a connection, for tests and figures. */
export interface ConnectionStatistics {
  segmentsSent: number
  octetsSent: number
  retransmissions: number
  timeouts: number
  fastRetransmits: number
  duplicateAcks: number
}

const PERSIST_MAX: Nanos = MINUTE
const DUPLICATE_ACKS = 3

const NO_HANDLERS: TcpHandlers = {}

export class TcpConnection implements TcpSocket {
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
  }
  readonly #owner: ConnectionOwner
  readonly #sim: Simulation
  readonly #profile: StackProfile
  #handlers: TcpHandlers = NO_HANDLERS
  #state: State = 'CLOSED'
  #passive = false

  // Send side, §3.3.1.
  readonly #iss: number
  #sndUna: number
  /** Next to be sent; goes back to sndUna after a timeout. */
  #sndNxt: number
  /** One past the highest ever sent. */
  #sndMax: number
  #sndWnd = 0
  #sndWl1 = 0
  #sndWl2 = 0
  #maxSndWnd = 0
  readonly #queue = new SendQueue()
  /** Sequence number of the queue's first octet. */
  #queueStart: number
  /** The owner has written all; a FIN follows the queue. */
  #finQueued = false
  #finSent = false
  #noDelay: boolean
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

  // Retransmission.
  #agreement: Agreement = NOTHING_AGREED
  #peerSyn: SynOptions | undefined
  #sendMss = NOTHING_AGREED.sendMss
  readonly #rto: RetransmissionTimeout
  readonly #timer: Timer
  #timerFor: 'retransmission' | 'persist' | 'fin-wait-2' = 'retransmission'
  #retries = 0
  #synRetransmitted = false
  #persistBackoff = 0
  /** The segment whose round trip is measured ends here; Karn's algorithm: never one that was sent twice. */
  #timing = false
  #timedEnd = 0
  #timedAt: Nanos = 0
  #lastSent: Nanos = 0
  #congestion: CongestionControl
  #duplicateAcks = 0
  #inRecovery = false
  #recover: number
  #softError: TcpErrorCode | undefined
  #connectTimeout: Timer | undefined

  // Sending at the end of what is being done.
  #busy = false
  #outputWanted = false
  #closedNotified = false
  /** Closed without an error, as soon as all that came before is read. */
  #closesQuietly = false

  readonly #writer: SegmentWriter

  constructor(owner: ConnectionOwner, addresses: ConnectionAddresses, iss: number) {
    this.localAddress = addresses.localAddress
    this.localPort = addresses.localPort
    this.remoteAddress = addresses.remoteAddress
    this.remotePort = addresses.remotePort
    this.#owner = owner
    this.#sim = owner.sim
    this.#profile = owner.profile
    const { tcp } = owner.profile
    this.#iss = iss | 0
    this.#sndUna = this.#iss
    this.#sndNxt = this.#iss
    this.#sndMax = this.#iss
    this.#recover = this.#iss
    this.#queueStart = (this.#iss + 1) | 0
    this.#noDelay = !tcp.nagle
    this.#receiver = new Receiver(tcp, (text) => {
      this.#handlers.data?.(text)
      return !this.#isOver()
    })
    this.#rto = new RetransmissionTimeout(tcp)
    this.#timer = new Timer(owner.sim, () => this.#onTimer())
    this.#ackTimer = new Timer(owner.sim, () => this.#acknowledge())
    this.#congestion = new NewReno(this.#sendMss, this.#sendMss)
    this.#writer = new SegmentWriter(owner.ip, addresses, owner.profile.dontFragment)
  }

  get state(): State {
    return this.#state
  }

  get bufferedAmount(): number {
    return this.#queue.length
  }

  /** cwnd, ssthresh and the timeout, for tests and figures. */
  get congestion(): { readonly window: number; readonly slowStartThreshold: number; readonly rto: Nanos } {
    const { window, slowStartThreshold } = this.#congestion
    return { window, slowStartThreshold, rto: this.#rto.value }
  }

  // ---- What the owner of the socket does

  write(bytes: Uint8Array): boolean {
    if (this.#finQueued) throw socketError('EPIPE', 'write after end')
    if (this.#isOver()) return false
    this.#queue.append(bytes)
    this.#output()
    if (this.#queue.length <= this.#profile.tcp.sendBuffer) return true
    this.#wantsDrain = true
    return false
  }

  end(): void {
    if (this.#finQueued || this.#isOver()) return
    this.#finQueued = true
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
    if (this.#state === 'FIN-WAIT-2') this.#armFor('fin-wait-2', this.#profile.tcp.finWait2)
  }

  abort(): void {
    if (this.#isOver()) return
    // §3.10.5: no RST from SYN-SENT, the peer knows nothing yet.
    if (this.#state !== 'SYN-SENT') this.#emit(Flag.rst | Flag.ack, this.#sndNxt, 0, 0)
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
    this.#noDelay = noDelay
    if (noDelay && !this.#isOver()) this.#output()
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
    if (this.#state === 'SYN-SENT') this.#receiveInSynSent(segment)
    else this.#receiveSynchronized(segment)
    this.#afterwards()
  }

  /** RFC 1122 §4.2.3.9, and as Linux before the handshake is done: there, every unreachable is final. */
  icmpError({ type, code, rest, quoted }: IcmpError): void {
    // RFC 5927 §4.1: it must be about something in flight.
    if (quoted.length < 8) return
    const sequence = (quoted[4]! << 24) | (quoted[5]! << 16) | (quoted[6]! << 8) | quoted[7]!
    if (seqDiff(sequence, this.#sndUna) < 0 || seqDiff(sequence, this.#sndMax) >= 0) return
    if (type === Type.destinationUnreachable && code === UnreachableCode.fragmentationNeeded) {
      // RFC 1191 §6.4. What is in flight goes again in smaller pieces.
      const mss = rest - 40
      if (mss < 48 || mss >= this.#sendMss) return
      this.#sendMss = mss
      this.#sndNxt = this.#sndUna
      this.#timing = false
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
    if (hasAck && segment.ack !== this.#sndMax) {
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
      this.#sndNxt = this.#iss
      this.#sendSyn()
      return
    }
    this.#takeSampleOrRestart()
    this.#sndUna = segment.ack
    this.#updateSendWindow(segment, 0)
    this.#becomeEstablished()
    this.#ackNow = true
  }

  /** §3.10.7.4 */
  #receiveSynchronized(segment: Segment): void {
    const { flags } = segment
    const isReset = (flags & Flag.rst) !== 0
    const right = this.#receiver.offered
    const ahead = seqDiff(segment.seq, this.#receiver.rcvNxt)
    const { length } = segment

    // First, the sequence number. As Linux does, a segment that begins at the right edge passes: its ACK counts.
    if (ahead > right || (ahead < 0 && ahead + length <= 0 && !(length === 0 && ahead === 0))) {
      if (isReset) return
      if (this.#state === 'SYN-RECEIVED' && (flags & Flag.syn) !== 0 && segment.seq === this.#receiver.irs) {
        // With an ACK it is the other half of a simultaneous open (§3.5, figure 8); without, the SYN that was answered
        // comes again: our SYN-ACK was lost, or is late.
        if ((flags & Flag.ack) !== 0) this.#completeHandshake(segment)
        else this.#resendSyn()
      } else if (length > 0) {
        this.#ackNow = true
      } else {
        this.#challenge()
      }
      return
    }

    // Second, RST: RFC 5961 §3.2.
    if (isReset) {
      if (ahead !== 0) this.#challenge()
      else if (this.#state === 'SYN-RECEIVED') this.#fail('ECONNREFUSED')
      else this.#fail('ECONNRESET')
      return
    }

    // Fourth, SYN: RFC 5961 §4.2.
    if ((flags & Flag.syn) !== 0) {
      this.#challenge()
      return
    }

    // Fifth, ACK.
    if ((flags & Flag.ack) === 0) return
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
    if (segment.ack !== this.#sndMax) {
      this.#owner.reset(segment)
      return false
    }
    const isSyn = (segment.flags & Flag.syn) !== 0
    this.#takeSampleOrRestart()
    this.#sndUna = segment.ack
    this.#sndNxt = segment.ack
    this.#updateSendWindow(segment, isSyn ? 0 : this.#agreement.peerWindowScale)
    this.#becomeEstablished()
    return !this.#isOver()
  }

  /** False when the rest of the segment does not count. */
  #processAck(segment: Segment): boolean {
    const { ack } = segment
    const acked = seqDiff(ack, this.#sndUna)
    if (seqDiff(ack, this.#sndMax) > 0) {
      this.#ackNow = true
      return false
    }
    if (acked < 0) {
      // RFC 5961 §5.2: too old to be anything but a blind guess.
      if (acked < -this.#maxSndWnd) {
        this.#challenge()
        return false
      }
      return true
    }
    const window = segment.window << this.#agreement.peerWindowScale
    const isDuplicate =
      // RFC 5681 §2: something is outstanding, no data, no SYN or FIN, the same number, the same window.
      acked === 0 && segment.length === 0 && window === this.#sndWnd && this.#sndMax !== this.#sndUna
    const newer = seqDiff(segment.seq, this.#sndWl1)
    if (newer > 0 || (newer === 0 && seqDiff(ack, this.#sndWl2) >= 0)) {
      this.#updateSendWindow(segment, this.#agreement.peerWindowScale)
    }
    if (acked > 0) this.#processNewAck(ack, acked)
    else if (isDuplicate && this.#timerFor !== 'persist') this.#processDuplicateAck()
    if (this.#timerFor === 'persist' && this.#timer.armed) {
      // Any answer to a probe shows that the peer is alive (§3.8.6.1).
      this.#retries = 0
      if (this.#sndWnd > 0) {
        this.#timer.disarm()
        this.#timerFor = 'retransmission'
        this.#persistBackoff = 0
        this.#armRetransmission()
      }
    }
    this.#outputWanted = true
    return !this.#isOver()
  }

  #processNewAck(ack: number, acked: number): void {
    const flight = seqDiff(this.#sndMax, this.#sndUna)
    if (this.#timing && seqDiff(ack, this.#timedEnd) >= 0) {
      this.#timing = false
      this.#rto.sample(this.#sim.now - this.#timedAt)
    }
    this.#retries = 0
    this.#softError = undefined
    const octets = Math.min(acked, this.#queue.length)
    this.#queue.discard(octets)
    this.#queueStart = (this.#queueStart + octets) | 0
    this.#sndUna = ack
    if (seqDiff(this.#sndNxt, ack) < 0) this.#sndNxt = ack

    if (!this.#inRecovery) {
      this.#duplicateAcks = 0
      this.#congestion.acknowledged(octets, flight, this.#sim.now)
      this.#armRetransmission()
    } else if (seqDiff(ack, this.#recover) > 0) {
      // RFC 6582 §3.2 step 3, full acknowledgment.
      this.#inRecovery = false
      this.#duplicateAcks = 0
      this.#congestion.recovered(seqDiff(this.#sndMax, ack))
      this.#armRetransmission()
    } else {
      // A partial one: the next hole is known, without three duplicates.
      this.#congestion.partiallyAcknowledged(octets)
      this.#retransmitFirst()
      this.#armRetransmission()
    }

    if (this.#finSent && this.#queue.length === 0 && ack === this.#sndMax) this.#processFinAcked()
    if (this.#isOver()) return
    if (this.#wantsDrain && this.#queue.length * 2 <= this.#profile.tcp.sendBuffer) {
      this.#wantsDrain = false
      this.#handlers.drain?.()
    }
  }

  #processDuplicateAck(): void {
    this.statistics.duplicateAcks++
    this.#duplicateAcks++
    if (this.#inRecovery) {
      this.#congestion.duplicateInRecovery()
      return
    }
    // RFC 6582 §3.2 step 2: not for what was sent before the last timeout or recovery.
    if (this.#duplicateAcks !== DUPLICATE_ACKS || seqDiff(this.#sndUna, this.#recover) <= 0) return
    this.#inRecovery = true
    // One less than the next: the highest that was sent, as the RFC has it.
    this.#recover = (this.#sndMax - 1) | 0
    this.#congestion.lossDetected(seqDiff(this.#sndMax, this.#sndUna), this.#sim.now)
    this.statistics.fastRetransmits++
    this.#retransmitFirst()
    this.#armRetransmission()
  }

  #processFinAcked(): void {
    switch (this.#state) {
      case 'FIN-WAIT-1':
        this.#state = 'FIN-WAIT-2'
        if (this.#readingOver) this.#armFor('fin-wait-2', this.#profile.tcp.finWait2)
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
      this.#emit(Flag.rst | Flag.ack, this.#sndNxt, 0, 0)
      this.#fail('ECONNRESET')
      return
    }
    const urgency = receiver.receive(segment, ahead)
    if (this.#isOver()) return
    if (urgency === 'now') this.#ackNow = true
    else if (urgency === 'soon') this.#acknowledgeSoon()
    if (receiver.isFinNext) this.#processFin()
  }

  /** RFC 1122 §4.2.3.2: every second segment at least, and within half a second. */
  #acknowledgeSoon(): void {
    if (++this.#segmentsToAck >= 2) this.#ackNow = true
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

  #readSyn(segment: Segment): void {
    this.#receiver.begin(segment.seq)
    this.#sndWl1 = segment.seq
    this.#sndWnd = segment.window
    this.#maxSndWnd = segment.window
    this.#peerSyn = readSynOptions(segment.bytes.subarray(segment.header, segment.end))
    this.#agreement = agree(this.#profile, this.#peerSyn)
    this.#sendMss = this.#agreement.sendMss
  }

  #takeSampleOrRestart(): void {
    // RFC 6298 §5.7 and Karn: a SYN that was sent twice tells nothing.
    if (this.#synRetransmitted) this.#rto.restartAfterLostSyn()
    else this.#rto.sample(this.#sim.now - this.#timedAt)
    this.#timing = false
  }

  #becomeEstablished(): void {
    this.#state = 'ESTABLISHED'
    this.#timer.disarm()
    this.#retries = 0
    this.#connectTimeout?.cancel()
    // RFC 5681 §3.1: one segment when the SYN or its answer was lost.
    const segments = this.#synRetransmitted ? 1 : this.#profile.tcp.initialWindow
    this.#congestion = new NewReno(this.#sendMss, segments * this.#sendMss)
    this.#lastSent = this.#sim.now
    this.#outputWanted = true
    if (this.#passive) this.#owner.established(this)
    if (!this.#isOver()) this.#handlers.connected?.()
  }

  #enterTimeWait(): void {
    if (this.#ackNow || this.#segmentsToAck > 0) this.#acknowledge()
    this.#stop()
    this.#state = 'TIME-WAIT'
    this.#owner.enterTimeWait(this, this.#sndNxt, this.#receiver.rcvNxt)
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
    this.#timer.cancel()
    this.#ackTimer.cancel()
    this.#connectTimeout?.cancel()
    this.#queue.clear()
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

  /** Sends what may be sent: new data, what has to go again after a timeout, FIN. */
  #output(): void {
    if (this.#busy) {
      this.#outputWanted = true
      return
    }
    const { state } = this
    if (state === 'SYN-SENT' || state === 'SYN-RECEIVED' || state === 'FIN-WAIT-2' || this.#isOver()) return
    const queue = this.#queue
    const mss = this.#sendMss
    if (this.#sndMax === this.#sndUna && queue.length > 0 && this.#sim.now - this.#lastSent > this.#rto.value) {
      this.#congestion.restartedAfterIdle()
    }
    // RFC 3042: one new segment for each of the first two duplicates.
    const limited = this.#inRecovery ? 0 : Math.min(this.#duplicateAcks, DUPLICATE_ACKS - 1) * mss
    while (true) {
      const offset = seqDiff(this.#sndNxt, this.#queueStart)
      const flight = seqDiff(this.#sndNxt, this.#sndUna)
      const unsent = queue.length - offset
      if (unsent < 0 || (unsent === 0 && !this.#finQueued)) break
      const congestionWindow = Math.floor(this.#congestion.window) + limited
      const window = congestionWindow < this.#sndWnd ? congestionWindow : this.#sndWnd
      const usable = window - flight
      let length = unsent < mss ? unsent : mss
      if (length > usable) length = usable
      if (unsent > 0 && length <= 0) break
      if (length < mss && unsent > 0) {
        if (length < unsent) {
          // §3.8.6.2.1, silly window: less than a segment only if it is a good part of what the peer ever offered.
          if (usable < this.#sndWnd - flight || length * 2 < this.#maxSndWnd) break
        } else if (
          !this.#noDelay &&
          !this.#finQueued &&
          this.#sndMax !== this.#sndUna &&
          this.#sndNxt === this.#sndMax
        ) {
          // RFC 896: a small segment waits until nothing is outstanding. A last one that carries FIN does not.
          break
        }
      }
      const fin = this.#finQueued && length === unsent
      let flags: number = Flag.ack
      if (length > 0 && length === unsent) flags |= Flag.psh
      if (fin) {
        flags |= Flag.fin
        this.#sentFin()
      }
      const isNew = this.#sndNxt === this.#sndMax
      if (!isNew) this.statistics.retransmissions++
      this.#emit(flags, this.#sndNxt, offset, length)
      this.#sndNxt = (this.#sndNxt + length + (fin ? 1 : 0)) | 0
      if (seqDiff(this.#sndNxt, this.#sndMax) > 0) {
        this.#sndMax = this.#sndNxt
        if (!this.#timing && isNew) {
          this.#timing = true
          this.#timedEnd = this.#sndNxt
          this.#timedAt = this.#sim.now
        }
      }
      if (this.#timerFor !== 'retransmission' || !this.#timer.armed) this.#armFor('retransmission', this.#rto.value)
    }
    // Data, nothing in flight that could bring an ACK, and no window: §3.8.6.1.
    const blocked = queue.length > 0 && this.#sndMax === this.#sndUna
    if (blocked && !this.#timer.armed) this.#armFor('persist', this.#rto.value)
  }

  #sentFin(): void {
    if (this.#finSent) return
    this.#finSent = true
    if (this.#state === 'ESTABLISHED') this.#state = 'FIN-WAIT-1'
    else if (this.#state === 'CLOSE-WAIT') this.#state = 'LAST-ACK'
  }

  #acknowledge(): void {
    this.#emit(Flag.ack, this.#sndNxt, 0, 0)
  }

  /** RFC 5961: an ACK that makes a real peer prove what it knows. */
  #challenge(): void {
    if (this.#owner.mayChallenge()) this.#ackNow = true
  }

  #sendSyn(): void {
    const flags = this.#state === 'SYN-SENT' ? Flag.syn : Flag.syn | Flag.ack
    this.#sndNxt = (this.#iss + 1) | 0
    this.#sndMax = this.#sndNxt
    this.#timedAt = this.#sim.now
    this.#emit(flags, this.#iss, 0, 0)
    this.#armFor('retransmission', this.#rto.value)
  }

  #resendSyn(): void {
    this.#synRetransmitted = true
    this.statistics.retransmissions++
    this.#emit(this.#state === 'SYN-SENT' ? Flag.syn : Flag.syn | Flag.ack, this.#iss, 0, 0)
  }

  /** The first segment in flight, whatever the windows say. Returns what it took of the sequence space. */
  #retransmitFirst(): number {
    const { length: queued } = this.#queue
    const length = Math.min(this.#sendMss, queued, seqDiff(this.#sndMax, this.#sndUna))
    const fin = this.#finSent && length === queued
    this.#timing = false
    this.statistics.retransmissions++
    const flags = Flag.ack | (length > 0 && length === queued ? Flag.psh : 0) | (fin ? Flag.fin : 0)
    this.#emit(flags, this.#sndUna, 0, length)
    return length + (fin ? 1 : 0)
  }

  // ---- Timers

  #armFor(purpose: 'retransmission' | 'persist' | 'fin-wait-2', delay: Nanos): void {
    this.#timerFor = purpose
    this.#timer.arm(delay)
  }

  /** RFC 6298 §5.2 and §5.3. */
  #armRetransmission(): void {
    if (this.#timerFor === 'persist' && this.#timer.armed) return
    if (this.#sndUna === this.#sndMax) this.#timer.disarm()
    else this.#armFor('retransmission', this.#rto.value)
  }

  #onTimer(): void {
    switch (this.#timerFor) {
      case 'retransmission':
        this.#onRetransmissionTimeout()
        break
      case 'persist':
        this.#onPersistTimeout()
        break
      case 'fin-wait-2':
        this.#release()
        this.#notifyClosed(undefined)
        break
    }
  }

  /** RFC 6298 §5.4 to §5.6. */
  #onRetransmissionTimeout(): void {
    const { tcp } = this.#profile
    const { state } = this
    const limit = state === 'SYN-SENT' ? tcp.synRetries : state === 'SYN-RECEIVED' ? tcp.synAckRetries : tcp.dataRetries
    if (this.#retries >= limit) {
      this.#fail(this.#softError ?? 'ETIMEDOUT')
      return
    }
    this.#retries++
    this.statistics.timeouts++
    this.#rto.backOff()
    if (state === 'SYN-SENT' || state === 'SYN-RECEIVED') {
      this.#resendSyn()
    } else {
      this.#congestion.timedOut(seqDiff(this.#sndMax, this.#sndUna), this.#retries > 1, this.#sim.now)
      // RFC 6582 §4: duplicates of what is in flight now are no new loss.
      this.#recover = this.#sndMax
      this.#inRecovery = false
      this.#duplicateAcks = 0
      this.#sndNxt = (this.#sndUna + this.#retransmitFirst()) | 0
    }
    this.#armFor('retransmission', this.#rto.value)
  }

  /** §3.8.6.1: one octet beyond the window. */
  #onPersistTimeout(): void {
    if (this.#retries >= this.#profile.tcp.dataRetries) {
      this.#fail(this.#softError ?? 'ETIMEDOUT')
      return
    }
    if (this.#sndWnd > 0 && this.#sndMax === this.#sndUna) {
      // There is some window, too small for the silly window rule: its override timeout, §3.8.6.2.1.
      const length = Math.min(this.#sndWnd, this.#queue.length, this.#sendMss)
      this.#emit(Flag.ack | Flag.psh, this.#sndUna, 0, length)
      this.#sndNxt = (this.#sndUna + length) | 0
      this.#sndMax = this.#sndNxt
      this.#armFor('retransmission', this.#rto.value)
      return
    }
    this.#retries++
    this.#persistBackoff++
    this.#emit(Flag.ack | Flag.psh, this.#sndUna, 0, 1)
    const probed = (this.#sndUna + 1) | 0
    if (seqDiff(probed, this.#sndMax) > 0) this.#sndMax = probed
    this.#armFor('persist', Math.min(PERSIST_MAX, this.#rto.value * 2 ** Math.min(this.#persistBackoff, 16)))
  }

  // ---- Octets

  #updateSendWindow(segment: Segment, scale: number): void {
    this.#sndWnd = segment.window << scale
    if (this.#sndWnd > this.#maxSndWnd) this.#maxSndWnd = this.#sndWnd
    this.#sndWl1 = segment.seq
    this.#sndWl2 = segment.ack
  }

  /** One segment: `length` octets of the queue from `offset`. Whatever it is, it acknowledges all there is. */
  #emit(flags: number, sequence: number, offset: number, length: number): void {
    const isSyn = (flags & Flag.syn) !== 0
    const acks = (flags & Flag.ack) !== 0
    this.statistics.segmentsSent++
    this.statistics.octetsSent += length
    if (length > 0) this.#lastSent = this.#sim.now
    if (acks) {
      this.#ackNow = false
      this.#segmentsToAck = 0
      this.#ackTimer.disarm()
    }
    this.#writer.write(
      flags,
      sequence,
      acks ? this.#receiver.rcvNxt : 0,
      (flags & Flag.rst) !== 0 ? 0 : this.#receiver.offer(isSyn ? 0 : this.#agreement.ownWindowScale),
      isSyn ? synOptions(this.#profile, this.#peerSyn) : undefined,
      this.#queue,
      offset,
      length,
    )
  }
}
