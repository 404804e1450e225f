/**
 * How much may be in flight. The connection tells what happened (RFC 5681 §3's events), the algorithm answers with a
 * window. Which segment to send again is not decided here, so that another algorithm (CUBIC, RFC 9438) is another class.
 */
import type { Nanos } from '../../../base/time.js'

export interface CongestionControl {
  /** cwnd, octets. */
  readonly window: number
  /** Octets; Infinity before the first loss. */
  readonly slowStartThreshold: number
  /**
   * New data was acknowledged, outside recovery.
   * @param flight octets in flight before this acknowledgment
   */
  acknowledged(octets: number, flight: number, now: Nanos): void
  /** Three duplicate acknowledgments: recovery begins. */
  lossDetected(flight: number, now: Nanos): void
  /** One more duplicate acknowledgment in recovery: a segment has left the network. */
  duplicateInRecovery(): void
  /** In recovery, an acknowledgment of some of what was in flight when it began (RFC 6582 §3.2 step 3). */
  partiallyAcknowledged(octets: number): void
  /** Recovery is over. */
  recovered(flight: number): void
  /** @param repeated the same segment has timed out before */
  timedOut(flight: number, repeated: boolean, now: Nanos): void
  /** Nothing was sent for longer than the retransmission timeout, RFC 5681 §4.1. */
  restartedAfterIdle(): void
}

/** RFC 5681 with the recovery of RFC 6582. */
export class NewReno implements CongestionControl {
  window: number
  slowStartThreshold = Infinity
  readonly #mss: number
  readonly #initialWindow: number
  /** Octets acknowledged since cwnd last grew in congestion avoidance, RFC 3465 §2.1. */
  #counted = 0

  /** Both in octets. */
  constructor(mss: number, initialWindow: number) {
    this.#mss = mss
    this.#initialWindow = initialWindow
    this.window = initialWindow
  }

  acknowledged(octets: number, flight: number): void {
    if (this.window < this.slowStartThreshold) {
      // RFC 7661 §3: a window that is not used is not known to be right. Half used is enough in slow start.
      if (flight * 2 < this.window) return
      // RFC 3465 §2.2, L = 2.
      this.window += Math.min(octets, 2 * this.#mss)
      return
    }
    if (flight + this.#mss < this.window) return
    this.#counted += octets
    if (this.#counted >= this.window) {
      this.#counted -= this.window
      this.window += this.#mss
    }
  }

  lossDetected(flight: number): void {
    // RFC 5681 equation 4, and §3.2 step 3: three segments have left the network.
    this.slowStartThreshold = Math.max(flight / 2, 2 * this.#mss)
    this.window = this.slowStartThreshold + 3 * this.#mss
    this.#counted = 0
  }

  duplicateInRecovery(): void {
    this.window += this.#mss
  }

  partiallyAcknowledged(octets: number): void {
    this.window = Math.max(this.#mss, this.window - octets + (octets >= this.#mss ? this.#mss : 0))
  }

  recovered(flight: number): void {
    // RFC 6582 §3.2 step 3, option 1: no burst.
    this.window = Math.min(this.slowStartThreshold, Math.max(flight, this.#mss) + this.#mss)
  }

  timedOut(flight: number, repeated: boolean): void {
    // RFC 5681 §3.1: a segment that times out again leaves ssthresh alone.
    if (!repeated) this.slowStartThreshold = Math.max(flight / 2, 2 * this.#mss)
    this.window = this.#mss
    this.#counted = 0
  }

  restartedAfterIdle(): void {
    this.window = Math.min(this.window, this.#initialWindow)
  }
}
