/**
 * What a link does to frames, in netem's vocabulary, and the draws that decide it.
 *
 * The order of the draws is netem's (sch_netem.c): duplicate, loss, then the queue limit for the original and its
 * copy, then delay. A property that is zero draws nothing. Each direction of each link owns one seeded stream, so
 * adding a link leaves the fate of every other frame alone.
 *
 * Not here yet: correlation, distributions other than uniform, reorder with gap, corruption, loss in bursts.
 */
import type { Nanos } from '../../base/time.js'
import type { Random } from '../../base/random.js'

export interface LinkConditions {
  /** Time a frame spends on the way, after it has been serialised. */
  readonly delay: Nanos
  /** The delay varies uniformly by up to this much either way, never below zero. Frames overtake only without a rate. */
  readonly jitter: Nanos
  /** Bits per second of serialisation, counted over the octets of the frame; undefined takes no time. */
  readonly rate: number | undefined
  /** Probability per frame, 0 to 1. */
  readonly loss: number
  /** Probability per frame of a second copy, 0 to 1. */
  readonly duplicate: number
  /** Frames that may wait or be in serialisation; what comes on top is dropped. Only a rate makes frames wait. */
  readonly limit: number
  /** A link that is down takes no frames. Those already on the way still arrive. */
  readonly down: boolean
}

/** A perfect cable. The limit is netem's default. */
export const PERFECT: LinkConditions = {
  delay: 0,
  jitter: 0,
  rate: undefined,
  loss: 0,
  duplicate: 0,
  limit: 1000,
  down: false,
}

/** Conditions with some of them changed. @throws RangeError naming the one that is impossible */
export function changeConditions(conditions: LinkConditions, changes: Partial<LinkConditions>): LinkConditions {
  const changed = { ...conditions, ...changes }
  const { delay, jitter, rate, loss, duplicate, limit } = changed
  if (!(delay >= 0 && delay < Infinity)) throw new RangeError(`impossible delay: ${delay}`)
  if (!(jitter >= 0 && jitter < Infinity)) throw new RangeError(`impossible jitter: ${jitter}`)
  if (rate !== undefined && !(rate > 0)) throw new RangeError(`impossible rate: ${rate}`)
  if (!(loss >= 0 && loss <= 1)) throw new RangeError(`impossible loss: ${loss}`)
  if (!(duplicate >= 0 && duplicate <= 1)) throw new RangeError(`impossible duplicate: ${duplicate}`)
  if (!(Number.isInteger(limit) && limit > 0)) throw new RangeError(`impossible limit: ${limit}`)
  return changed
}

/** True with the given probability; draws only when it is not zero. */
export function drawChance(probability: number, random: Random): boolean {
  return probability > 0 && random.next() < probability
}

/** The time on the way of one frame. Uniform in [delay - jitter, delay + jitter), as netem without a table. */
export function drawDelay({ delay, jitter }: LinkConditions, random: Random): Nanos {
  if (jitter === 0) return delay
  return Math.max(0, Math.floor(delay - jitter + random.next() * 2 * jitter))
}
