/**
 * How delays spread about their mean: netem's distributions, with jitter as their standard deviation (of `uniform`,
 * which is netem's without a table, it is the greatest deviation).
 *
 * netem's tables are the inverse of a distribution function in fixed point: entry i of n is the value, in units of
 * 1/8192 of a standard deviation, that i/n of all frames stay below. iproute2 ships them as files made by small
 * programs; here they are computed when first used.
 *
 * Not netem's: its `experimental` table, which is a measurement.
 */
import type { Nanos } from '../../base/time.js'
import type { Random } from '../../base/random.js'
import type { Draw } from './chance.js'

/** netem's NETEM_DIST_SCALE: one standard deviation. */
export const TABLE_SCALE = 8192
/** netem's NETEM_DIST_MAX. */
const MAX_TABLE_LENGTH = 16_384
/** Of the tables that iproute2 ships. */
const TABLE_LENGTH = 4096
const MIN_VALUE = -32_768
const MAX_VALUE = 32_767

/** A name of netem's, or a table as `tc` reads one: values in units of 1/8192 of the jitter. */
export type Distribution = 'uniform' | 'normal' | 'pareto' | 'paretonormal' | Int16Array

let tables: Partial<Record<'normal' | 'pareto' | 'paretonormal', Int16Array>> = {}

/** The table behind a name. */
export function distributionTable(name: 'normal' | 'pareto' | 'paretonormal'): Int16Array {
  const known = tables[name]
  if (known !== undefined) return known
  const table = name === 'normal' ? normalTable() : name === 'pareto' ? paretoTable() : paretoNormalTable()
  tables = { ...tables, [name]: table }
  return table
}

/** @throws RangeError for a table that is empty or longer than netem takes */
export function checkDistribution(distribution: Distribution): void {
  if (typeof distribution === 'string') return
  if (distribution.length === 0 || distribution.length > MAX_TABLE_LENGTH) {
    throw new RangeError(`impossible distribution: a table of ${distribution.length} values`)
  }
}

/**
 * The time on the way of one frame, never below zero. Without jitter nothing is drawn.
 *
 * @param draw where the luck comes from: correlated or not
 */
export function drawDelay(delay: Nanos, jitter: Nanos, distribution: Distribution, draw: Draw, random: Random): Nanos {
  if (jitter === 0) return delay
  const value = draw(random)
  if (distribution === 'uniform') return Math.max(0, Math.floor(delay - jitter + value * 2 * jitter))
  const table = typeof distribution === 'string' ? distributionTable(distribution) : distribution
  const deviation = table[Math.floor(value * table.length)]! / TABLE_SCALE
  return Math.max(0, Math.round(delay + deviation * jitter))
}

/** iproute2's netem/normal.c. */
function normalTable(): Int16Array {
  const table = new Int16Array(TABLE_LENGTH)
  for (let i = 0; i < table.length; i++) table[i] = fixedPoint(normalValue(i))
  return table
}

/** iproute2's netem/pareto.c: shape 3, moved to mean 0. Its variance is infinite in theory; the table ends it. */
function paretoTable(): Int16Array {
  const table = new Int16Array(TABLE_LENGTH)
  for (let i = 0; i < table.length; i++) table[i] = fixedPoint(paretoValue((65_536 - 16 * i) / 65_536))
  return table
}

/** iproute2's netem/paretonormal.c: a quarter normal, three quarters Pareto. */
function paretoNormalTable(): Int16Array {
  const pareto = distributionTable('pareto')
  const table = new Int16Array(TABLE_LENGTH)
  for (let i = 0; i < table.length; i++) {
    table[i] = fixedPoint((normalValue(i) + (3 * pareto[i]!) / TABLE_SCALE) / 4)
  }
  return table
}

/** iproute2 makes 16,384 values, each the upper end of its share, and ships every fourth. */
function normalValue(i: number): number {
  return inverseNormal((4 * i + 0.5) / (4 * TABLE_LENGTH))
}

/** The Pareto value that a share `u` of all exceed, with shape 3 and scaled as iproute2 does. */
function paretoValue(u: number): number {
  return (u ** (-1 / 3) - 1.5) * (4 / 3)
}

function fixedPoint(deviations: number): number {
  return Math.max(MIN_VALUE, Math.min(MAX_VALUE, Math.round(deviations * TABLE_SCALE)))
}

/** Acklam's rational approximation, relative error below 1.15e-9: far finer than the tables. */
function inverseNormal(p: number): number {
  if (p > 0.5) return -inverseNormal(1 - p)
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    const numerator =
      ((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
        4.374664141464968) *
        q +
      2.938163982698783
    const denominator =
      (((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1
    return numerator / denominator
  }
  const q = p - 0.5
  const r = q * q
  const numerator =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q
  const denominator =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
      13.28068155288572) *
      r +
    1
  return numerator / denominator
}
