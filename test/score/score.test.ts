/**
 * A small fixed sample of what `main.ts` does at scale: random boots, the analyzer's verdict on each, and what
 * transformations of the captures do to it.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { analyzeCapture } from '../../src/analyzer/analyze.js'
import { Random } from '../../src/base/random.js'
import { runScenario } from '../../src/scenario/run-scenario.js'
import type { RunResult } from '../../src/scenario/run-scenario.js'
import { compareVerdicts } from './compare-verdicts.js'
import { randomScenario } from './random-scenario.js'
import { Score } from './score.js'
import { TRANSFORMATIONS, readCapture, writeCapture } from './transformations.js'

const CLEAN = 40
const FAULTY = 80

const clean: RunResult[] = []
const faulty: RunResult[] = []

beforeAll(async () => {
  for (let seed = 1; seed <= CLEAN; seed++) clean.push(await runScenario(randomScenario(seed, 'clean')))
  for (let seed = 1; seed <= FAULTY; seed++) faulty.push(await runScenario(randomScenario(seed, 'faulty')))
})

function scoreOf(runs: readonly RunResult[]): Score {
  const score = new Score()
  for (const run of runs) score.add(run)
  return score
}

describe('the verdict on random boots', () => {
  it('is that of the phones on healthy sites, without a single error finding', () => {
    const score = scoreOf(clean)
    expect(score.boots).toBeGreaterThan(CLEAN)
    expect([...score.classes.keys()]).toEqual([])
    expect(score.withErrors).toBe(0)
  })

  it('agrees with the phones about outcome and root cause where something is wrong', () => {
    const score = scoreOf(faulty)
    expect(score.troubled).toBeGreaterThan(FAULTY / 2)
    expect(score.outcomeRight, score.lines().join('\n')).toBe(score.boots)
    expect(score.rootRight, score.lines().join('\n')).toBe(score.troubled)
  })

  it('invents no error', () => {
    const score = scoreOf(faulty)
    expect(score.falsePositives, score.lines().join('\n')).toBe(0)
    expect(score.falseNegatives / score.truePositives).toBeLessThan(0.05)
  })
})

describe.each(TRANSFORMATIONS)('a capture with $name', (transformation) => {
  // What is lost by chance may be the very proof; one frame in ten is more than a verdict has to bear.
  const samples = transformation.name.startsWith('10 %') ? clean.slice(0, 10) : undefined

  it('gives the same verdict, or a less certain one', () => {
    for (const { scenario, capture } of samples ?? [...clean.slice(0, 15), ...faulty.slice(0, 30)]) {
      const seed = Random.for(scenario.seed, transformation.name)
      const octets = writeCapture(transformation.apply(readCapture(capture), seed))
      const wrong = compareVerdicts(analyzeCapture(capture), analyzeCapture(octets), transformation)
      expect(wrong, scenario.name).toEqual([])
    }
  })
})
