/**
 * How much may be in flight. The sender tells what happened (RFC 5681 §3's events), the algorithm answers with a window.
 * Which segment to send again is not decided here.
 *
 * Two algorithms, NewReno and CUBIC; what they share is the arithmetic of a recovery without SACK (RFC 6582). With SACK
 * the sender sets the window itself while it recovers (proportional rate reduction, RFC 6937).
 */
import type { Nanos } from '../../../base/time.js'
import { SECOND } from '../../../base/time.js'

export interface CongestionControl {
  /** cwnd, octets. */
  window: number
  /** Octets; Infinity before the first loss. */
  readonly slowStartThreshold: number
  /**
   * New data was acknowledged, outside recovery.
   * @param flight octets in flight before this acknowledgment
   * @param roundTrip smoothed; undefined before the first sample
   */
  acknowledged(octets: number, flight: number, now: Nanos, roundTrip: Nanos | undefined): void
  /** A loss was found by acknowledgments: recovery begins. Sets ssthresh, not the window. */
  lossDetected(flight: number, now: Nanos): void
  /** After lossDetected, without SACK: RFC 5681 §3.2 step 3. */
  inflate(): void
  /** One more duplicate acknowledgment in recovery: a segment has left the network. */
  duplicateInRecovery(): void
  /** In recovery, an acknowledgment of some of what was in flight when it began (RFC 6582 §3.2 step 3). */
  partiallyAcknowledged(octets: number): void
  /** Recovery without SACK is over. */
  recovered(flight: number): void
  /** @param repeated the same segment has timed out before */
  timedOut(flight: number, repeated: boolean, now: Nanos): void
  /** Nothing was sent for longer than the retransmission timeout, RFC 5681 §4.1. */
  restartedAfterIdle(): void
  /** The last loss was none (RFC 4015): back to before lossDetected or timedOut. */
  undo(): void
}

/** @param initialWindow octets, as mss */
export function makeCongestionControl(
  name: 'new-reno' | 'cubic',
  mss: number,
  initialWindow: number,
): CongestionControl {
  return name === 'cubic' ? new Cubic(mss, initialWindow) : new NewReno(mss, initialWindow)
}

/** Slow start, and all that follows a loss; congestion avoidance and the size of the reduction are the algorithm's. */
abstract class LossBased implements CongestionControl {
  window: number
  slowStartThreshold = Infinity
  protected readonly mss: number
  readonly #initialWindow: number
  #priorWindow = 0
  #priorThreshold = Infinity

  constructor(mss: number, initialWindow: number) {
    this.mss = mss
    this.#initialWindow = initialWindow
    this.window = initialWindow
  }

  /** Most of one acknowledgment that counts in slow start, in segments. */
  protected abstract readonly slowStartLimit: number
  protected abstract avoid(octets: number, now: Nanos, roundTrip: Nanos | undefined): void
  /** A loss: the new ssthresh. */
  protected abstract reduced(flight: number): number
  protected abstract undone(): void

  acknowledged(octets: number, flight: number, now: Nanos, roundTrip: Nanos | undefined): void {
    let left = octets
    if (this.window < this.slowStartThreshold) {
      // RFC 7661 §3: a window that is not used is not known to be right. Half used is enough in slow start.
      if (flight * 2 < this.window) return
      // RFC 3465 §2.2.
      const growth = Math.min(octets, this.slowStartLimit * this.mss)
      this.window += growth
      if (this.window <= this.slowStartThreshold) return
      left = this.window - this.slowStartThreshold
      this.window = this.slowStartThreshold
    } else if (flight + this.mss < this.window) {
      return
    }
    this.avoid(left, now, roundTrip)
  }

  lossDetected(flight: number): void {
    this.#remember()
    this.slowStartThreshold = this.reduced(flight)
  }

  inflate(): void {
    this.window = this.slowStartThreshold + 3 * this.mss
  }

  duplicateInRecovery(): void {
    this.window += this.mss
  }

  partiallyAcknowledged(octets: number): void {
    this.window = Math.max(this.mss, this.window - octets + (octets >= this.mss ? this.mss : 0))
  }

  recovered(flight: number): void {
    // RFC 6582 §3.2 step 3, option 1: no burst.
    this.window = Math.min(this.slowStartThreshold, Math.max(flight, this.mss) + this.mss)
  }

  timedOut(flight: number, repeated: boolean): void {
    // RFC 5681 §3.1: a segment that times out again leaves ssthresh alone.
    if (!repeated) {
      this.#remember()
      this.slowStartThreshold = this.reduced(flight)
    }
    this.window = this.mss
  }

  restartedAfterIdle(): void {
    this.window = Math.min(this.window, this.#initialWindow)
  }

  undo(): void {
    this.window = Math.max(this.window, this.#priorWindow)
    this.slowStartThreshold = this.#priorThreshold
    this.undone()
  }

  #remember(): void {
    this.#priorWindow = this.window
    this.#priorThreshold = this.slowStartThreshold
  }
}

/** RFC 5681 with the recovery of RFC 6582. */
export class NewReno extends LossBased {
  protected readonly slowStartLimit = 2
  /** Octets acknowledged since cwnd last grew in congestion avoidance, RFC 3465 §2.1. */
  #counted = 0

  protected avoid(octets: number): void {
    this.#counted += octets
    if (this.#counted >= this.window) {
      this.#counted -= this.window
      this.window += this.mss
    }
  }

  protected reduced(flight: number): number {
    this.#counted = 0
    // RFC 5681 equation 4.
    return Math.max(flight / 2, 2 * this.mss)
  }

  protected undone(): void {
    this.#counted = 0
  }
}

/** RFC 9438 §5: the constants, and α for the Reno-friendly region (§4.3). */
const CUBIC_C = 0.4
const CUBIC_BETA = 0.7
const CUBIC_ALPHA = (3 * (1 - CUBIC_BETA)) / (1 + CUBIC_BETA)

/** RFC 9438. Windows are octets as everywhere here, divided by the segment size where the RFC counts segments. */
export class Cubic extends LossBased {
  /** As Linux: in slow start every octet counts, so that stretch ACKs do not slow it. */
  protected readonly slowStartLimit = Infinity
  /** W_max and cwnd_prior of §4.1.2, octets. */
  #max = 0
  #prior = 0
  #priorMax = 0
  /** When the present stage of congestion avoidance began; undefined before its first acknowledgment. */
  #epoch: Nanos | undefined
  /** Seconds from the epoch to W_max, §4.2. */
  #k = 0
  /** W_est of §4.3, octets. */
  #estimate = 0

  protected avoid(octets: number, now: Nanos, roundTrip: Nanos | undefined): void {
    const { mss } = this
    if (this.#epoch === undefined) {
      this.#epoch = now
      this.#estimate = this.window
      if (this.window >= this.#max) {
        this.#max = this.window
        this.#k = 0
      } else {
        this.#k = Math.cbrt((this.#max - this.window) / mss / CUBIC_C)
      }
    }
    const alpha = this.#estimate >= this.#prior ? 1 : CUBIC_ALPHA
    this.#estimate += (alpha * octets * mss) / this.window
    const cubic = this.#at((now - this.#epoch) / SECOND)
    if (cubic < this.#estimate) {
      // §4.3: never slower than Reno.
      this.window = Math.max(this.window, this.#estimate)
      return
    }
    // §4.4 and §4.5: towards where the curve is a round trip from now.
    const ahead = this.#at((now - this.#epoch + (roundTrip ?? 0)) / SECOND)
    const target = Math.min(Math.max(ahead, this.window), 1.5 * this.window)
    this.window += ((target - this.window) * octets) / this.window
  }

  protected reduced(): number {
    const { window } = this
    this.#priorMax = this.#max
    this.#epoch = undefined
    this.#prior = window
    // §4.7, fast convergence: what another flow took is left to it.
    this.#max = window < this.#max ? (window * (1 + CUBIC_BETA)) / 2 : window
    // As Linux, of the window and not of what is in flight (§4.6): at the end of a transfer that is next to nothing.
    return Math.max(window * CUBIC_BETA, 2 * this.mss)
  }

  protected undone(): void {
    this.#max = Math.max(this.#max, this.#priorMax)
    this.#epoch = undefined
  }

  override restartedAfterIdle(): void {
    super.restartedAfterIdle()
    this.#epoch = undefined
  }

  /** W_cubic(t), §4.2, octets. */
  #at(seconds: number): number {
    const t = seconds - this.#k
    return CUBIC_C * t * t * t * this.mss + this.#max
  }
}
