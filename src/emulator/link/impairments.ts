/**
 * What a link does to frames, in netem's vocabulary, and the draws that decide it.
 *
 * The order of the draws is netem's (sch_netem.c): duplicate, loss, corrupt, then the queue limit for the original and
 * its copy, then reorder and delay. What is zero draws nothing. Each direction of each link owns one seeded stream, so
 * adding a link leaves the fate of every other frame alone.
 *
 * There are two ways to put these together. A `cable` is what a network is made of: a queue, a serialiser, a way with
 * its delay and its accidents; a frame that is lost was sent and took its time. `netem` is what people compare with:
 * one queue that holds frames until their time to send, where jitter vanishes in a queue that a rate fills, and a frame
 * that is lost never entered. link.ts has both.
 */
import { SECOND, type Nanos } from '../../base/time.js'
import type { Random } from '../../base/random.js'
import { chance, checkLossModel, correlatedDraw, lossChance, type Chance, type Draw, type LossModel } from './chance.js'
import { checkDistribution, type Distribution } from './delay-distribution.js'
import { checkDiscipline, type Discipline } from './queue-discipline.js'

/** Correlations are netem's: 0 to 1, how much of the last value stays. */
export interface LinkConditions {
  readonly model: 'cable' | 'netem'
  /** Time a frame spends on the way, after it has been serialised. */
  readonly delay: Nanos
  /** How much the delay varies, never below zero. Frames overtake only without a rate, or by `reorder`. */
  readonly jitter: Nanos
  readonly delayCorrelation: number
  /** With `uniform` the delay varies by up to `jitter` either way; otherwise that is a standard deviation. */
  readonly distribution: Distribution
  /** Bits per second of serialisation, counted over the octets of the frame; undefined takes no time. */
  readonly rate: number | undefined
  /** Octets that each frame takes on the wire besides its own, as 24 for Ethernet's preamble, FCS and gap; may be negative. */
  readonly overhead: number
  /** Octets of payload per cell, as 48 for ATM; 0 for no cells. */
  readonly cellSize: number
  /** Octets on top of each cell; may be negative. */
  readonly cellOverhead: number
  /** Probability per frame, 0 to 1. */
  readonly loss: number
  readonly lossCorrelation: number
  /** In place of `loss`. */
  readonly lossModel: LossModel | undefined
  /** Probability per frame of a second copy, 0 to 1. */
  readonly duplicate: number
  readonly duplicateCorrelation: number
  /** Probability per frame of one flipped bit, 0 to 1. There is no FCS: receivers see it in a checksum, or not at all. */
  readonly corrupt: number
  readonly corruptCorrelation: number
  /** Probability that a frame whose turn it is does without the delay, and so overtakes. */
  readonly reorder: number
  readonly reorderCorrelation: number
  /** Whose turn it is: every gap-th frame. 0 reorders none; 1 asks `reorder` for every frame. */
  readonly gap: number
  /** Frames that may wait or be in serialisation (with netem: be on the way); what comes on top is dropped. */
  readonly limit: number
  /** The same in octets. */
  readonly limitBytes: number
  /** What manages the queue besides its limit. Only a rate makes frames wait. */
  readonly discipline: Discipline
  /** Frames come out in bunches, as over radio or cable modems. */
  readonly slot: Slot | undefined
  /** Octets of frame payload, tags not counted; a longer frame is dropped without a word. */
  readonly mtu: number
  /** A link that is down takes no frames. Those already on the way still arrive. */
  readonly down: boolean
}

/** Each slot opens a while after the one before was used up or missed, and lets so much out. */
export interface Slot {
  readonly minDelay: Nanos
  readonly maxDelay: Nanos
  /** Infinity unless given. */
  readonly maxPackets?: number
  /** Octets; Infinity unless given. */
  readonly maxBytes?: number
}

/** A perfect cable. The limit is netem's default. */
export const PERFECT: LinkConditions = {
  model: 'cable',
  delay: 0,
  jitter: 0,
  delayCorrelation: 0,
  distribution: 'uniform',
  rate: undefined,
  overhead: 0,
  cellSize: 0,
  cellOverhead: 0,
  loss: 0,
  lossCorrelation: 0,
  lossModel: undefined,
  duplicate: 0,
  duplicateCorrelation: 0,
  corrupt: 0,
  corruptCorrelation: 0,
  reorder: 0,
  reorderCorrelation: 0,
  gap: 0,
  limit: 1000,
  limitBytes: Infinity,
  discipline: 'tail-drop',
  slot: undefined,
  mtu: Infinity,
  down: false,
}

const PROBABILITIES = [
  'delayCorrelation',
  'loss',
  'lossCorrelation',
  'duplicate',
  'duplicateCorrelation',
  'corrupt',
  'corruptCorrelation',
  'reorder',
  'reorderCorrelation',
] as const

/** Conditions with some of them changed. @throws RangeError naming the one that is impossible */
export function changeConditions(conditions: LinkConditions, changes: Partial<LinkConditions>): LinkConditions {
  const changed = { ...conditions, ...changes }
  const { delay, jitter, rate, limit, limitBytes, overhead, cellSize, cellOverhead, gap, slot, mtu } = changed
  if (!(delay >= 0 && delay < Infinity)) throw new RangeError(`impossible delay: ${delay}`)
  if (!(jitter >= 0 && jitter < Infinity)) throw new RangeError(`impossible jitter: ${jitter}`)
  if (rate !== undefined && !(rate > 0)) throw new RangeError(`impossible rate: ${rate}`)
  for (const name of PROBABILITIES) {
    if (!(changed[name] >= 0 && changed[name] <= 1)) throw new RangeError(`impossible ${name}: ${changed[name]}`)
  }
  if (!(Number.isInteger(limit) && limit > 0)) throw new RangeError(`impossible limit: ${limit}`)
  if (!(limitBytes > 0)) throw new RangeError(`impossible limitBytes: ${limitBytes}`)
  if (!Number.isInteger(overhead)) throw new RangeError(`impossible overhead: ${overhead}`)
  if (!(Number.isInteger(cellSize) && cellSize >= 0)) throw new RangeError(`impossible cellSize: ${cellSize}`)
  if (!(Number.isInteger(cellOverhead) && cellSize + cellOverhead >= 0)) {
    throw new RangeError(`impossible cellOverhead: ${cellOverhead}`)
  }
  if (!(Number.isInteger(gap) && gap >= 0)) throw new RangeError(`impossible gap: ${gap}`)
  if (!(mtu > 0)) throw new RangeError(`impossible mtu: ${mtu}`)
  if (slot !== undefined && !(slot.minDelay >= 0 && slot.maxDelay >= slot.minDelay && slot.maxDelay > 0)) {
    throw new RangeError(`impossible slot: ${slot.minDelay} to ${slot.maxDelay} ns`)
  }
  if (changed.lossModel !== undefined) checkLossModel(changed.lossModel)
  checkDistribution(changed.distribution)
  checkDiscipline(changed.discipline)
  return changed
}

/** The draws of one direction, with what they remember. An absent one never draws. */
export interface Accidents {
  readonly duplicate: Chance | undefined
  readonly loss: Chance | undefined
  readonly corrupt: Chance | undefined
  readonly reorder: Chance | undefined
  readonly delay: Draw
}

/** What the steadiest links share. */
export const NO_ACCIDENTS: Accidents = {
  duplicate: undefined,
  loss: undefined,
  corrupt: undefined,
  reorder: undefined,
  delay: correlatedDraw(0),
}

/**
 * The draws for some conditions. Those whose conditions are as before keep their memory: a link that gets slower does
 * not forget that it is in a burst of losses.
 */
export function accidentsOf(now: LinkConditions, before: LinkConditions, kept: Accidents): Accidents {
  const same = (...keys: readonly (keyof LinkConditions)[]): Accidents | undefined =>
    keys.every((key) => now[key] === before[key]) ? kept : undefined
  const duplicate = same('duplicate', 'duplicateCorrelation')
  const loss = same('loss', 'lossCorrelation', 'lossModel')
  const corrupt = same('corrupt', 'corruptCorrelation')
  const reorder = same('reorder', 'reorderCorrelation')
  const delay = same('delayCorrelation')
  if (duplicate && loss && corrupt && reorder && delay) return kept
  const newLoss = () =>
    now.lossModel === undefined ? chance(now.loss, now.lossCorrelation) : lossChance(now.lossModel)
  return {
    duplicate: duplicate ? duplicate.duplicate : chance(now.duplicate, now.duplicateCorrelation),
    loss: loss ? loss.loss : newLoss(),
    corrupt: corrupt ? corrupt.corrupt : chance(now.corrupt, now.corruptCorrelation),
    reorder: reorder ? reorder.reorder : chance(now.reorder, now.reorderCorrelation),
    delay: delay ? delay.delay : correlatedDraw(now.delayCorrelation),
  }
}

/** Octets on the wire, netem's packet_time_ns. */
export function wireLength(length: number, { overhead, cellSize, cellOverhead }: LinkConditions): number {
  const octets = Math.max(0, length + overhead)
  return cellSize === 0 ? octets : Math.ceil(octets / cellSize) * (cellSize + cellOverhead)
}

/** How long a frame is on the wire; none without a rate. */
export function serialisationTime(length: number, conditions: LinkConditions): Nanos {
  const { rate } = conditions
  return rate === undefined ? 0 : Math.ceil((wireLength(length, conditions) * 8 * SECOND) / rate)
}

/** One flipped bit, the fault hardest to notice. The frame is copied: others hold it. */
export function corrupted(frame: Uint8Array, random: Random): Uint8Array {
  if (frame.length === 0) return frame
  const copy = frame.slice()
  const bit = Math.floor(random.next() * frame.length * 8)
  copy[bit >> 3]! ^= 1 << (bit & 7)
  return copy
}
