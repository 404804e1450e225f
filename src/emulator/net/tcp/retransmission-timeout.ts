/**
 * How long to wait for an acknowledgment: RFC 6298, with Karn's algorithm (§3) as the caller's part: it takes samples
 * only of segments that were sent once, and a timeout that was backed off stays so until the next sample.
 */
import { SECOND, type Nanos } from '../../../base/time.js'
import type { TcpProfile } from '../profile.js'

type Limits = Pick<TcpProfile, 'initialRto' | 'minRto' | 'minRtoVariation' | 'maxRto'>

export class RetransmissionTimeout {
  readonly #limits: Limits
  /** Smoothed round-trip time; undefined before the first sample. */
  srtt: Nanos | undefined
  #rttvar: Nanos = 0
  #rto: Nanos

  constructor(limits: Limits) {
    this.#limits = limits
    this.#rto = limits.initialRto
  }

  get value(): Nanos {
    return this.#rto
  }

  /** RFC 6298 §2.2 and §2.3. */
  sample(roundTrip: Nanos): void {
    if (this.srtt === undefined) {
      this.srtt = roundTrip
      this.#rttvar = roundTrip / 2
    } else {
      this.#rttvar = 0.75 * this.#rttvar + 0.25 * Math.abs(this.srtt - roundTrip)
      this.srtt = 0.875 * this.srtt + 0.125 * roundTrip
    }
    const { minRto, minRtoVariation, maxRto } = this.#limits
    const rto = Math.round(this.srtt + Math.max(minRtoVariation, 4 * this.#rttvar))
    this.#rto = Math.min(maxRto, Math.max(minRto, rto))
  }

  /** RFC 6298 §5.5: it ran out. */
  backOff(): void {
    this.#rto = Math.min(this.#limits.maxRto, this.#rto * 2)
  }

  /** RFC 6298 §5.7: the SYN had to be sent again, so there is no sample, and data begins with three seconds. */
  restartAfterLostSyn(): void {
    this.#rto = Math.max(3 * SECOND, this.#limits.minRto)
  }
}
