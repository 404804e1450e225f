import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import { parseScenario } from '../../src/scenario/load-scenario.js'
import { ScenarioError } from '../../src/scenario/scenario-error.js'

const uplinkOf = (text: string) =>
  parseScenario(`phones: [{ model: 1608 }]\nnetwork: { links: { uplink: ${text} } }`, 'site.yaml', () => new Map())
    .links.uplink

function problemOf(text: string): string {
  try {
    uplinkOf(text)
  } catch (error) {
    if (error instanceof ScenarioError) return error.toLines().join('\n')
    throw error
  }
  return 'no problem'
}

describe('a link', () => {
  it.each([
    ['{ delay: 20ms, jitter: 3ms }', { delay: 20 * MILLISECOND, jitter: 3 * MILLISECOND }],
    [
      '{ jitter: { by: 3ms, distribution: pareto, correlation: 25% } }',
      { jitter: 3 * MILLISECOND, distribution: 'pareto', delayCorrelation: 0.25 },
    ],
    [
      '{ jitter: { by: 1s, distribution: [-8192, 0, 8192] } }',
      { jitter: SECOND, distribution: Int16Array.of(-8192, 0, 8192) },
    ],
    ['{ loss: { share: 2%, correlation: 50% } }', { loss: 0.02, lossCorrelation: 0.5 }],
    [
      '{ loss: { gilbertElliott: { p: 1%, r: 20%, 1-h: 90%, 1-k: 0.5% } } }',
      { lossModel: { kind: 'gilbert-elliott', p: 0.01, r: 0.2, lossInBad: 0.9, lossInGood: 0.005 } },
    ],
    // As `tc` has it: what is left of p comes back.
    [
      '{ loss: { gilbertElliott: { p: 1% } } }',
      { lossModel: { kind: 'gilbert-elliott', p: 0.01, r: 0.99, lossInBad: 1, lossInGood: 0 } },
    ],
    [
      '{ loss: { fourState: { p13: 1%, p31: 20%, p32: 10%, p23: 30%, p14: 0.1% } } }',
      { lossModel: { kind: 'four-state', p13: 0.01, p31: 0.2, p32: 0.1, p23: 0.3, p14: 0.001 } },
    ],
    ['{ reorder: { share: 25%, gap: 5, correlation: 50% } }', { reorder: 0.25, gap: 5, reorderCorrelation: 0.5 }],
    [
      '{ duplicate: { share: 1%, correlation: 10% }, corrupt: 0.1% }',
      { duplicate: 0.01, duplicateCorrelation: 0.1, corrupt: 0.001 },
    ],
    [
      '{ rate: { bits: 2mbit, overhead: -14B, cell: 48B, cellOverhead: 5 } }',
      { rate: 2e6, overhead: -14, cellSize: 48, cellOverhead: 5 },
    ],
    ['{ limit: 64kB }', { limitBytes: 64_000 }],
    ['{ limit: { packets: 50, bytes: 30kB } }', { limit: 50, limitBytes: 30_000 }],
    ['{ queue: red }', { discipline: { kind: 'red', min: 5, max: 15 } }],
    [
      '{ queue: { red: { min: 2, max: 9, probability: 10%, weight: 0.2% } } }',
      { discipline: { kind: 'red', min: 2, max: 9, probability: 0.1, weight: 0.002 } },
    ],
    ['{ queue: { codel: { target: 10ms } } }', { discipline: { kind: 'codel', target: 10 * MILLISECOND } }],
    [
      '{ slot: { min: 10ms, max: 20ms, packets: 8 } }',
      { slot: { minDelay: 10 * MILLISECOND, maxDelay: 20 * MILLISECOND, maxPackets: 8 } },
    ],
    [
      '{ slot: 5ms, mtu: 1400, model: netem }',
      { slot: { minDelay: 5 * MILLISECOND, maxDelay: 5 * MILLISECOND }, mtu: 1400, model: 'netem' },
    ],
    ['{ down: true }', { down: true }],
    [
      '{ delay: 1ms, up: { rate: 1mbit }, down: { rate: 8mbit, loss: 1% } }',
      { delay: MILLISECOND, upward: { rate: 1e6 }, downward: { rate: 8e6, loss: 0.01 } },
    ],
  ])('%s', (text, settings) => {
    expect(uplinkOf(text)).toEqual(settings)
  })

  it.each([
    ['{ jitter: { distribution: normal } }', "2:39: jitter needs 'by', as { by: 3ms, distribution: normal }"],
    ['{ jitter: { by: 1ms, distribution: gaussian } }', 'unknown distribution'],
    ['{ loss: { share: 1%, gilbertElliott: { p: 1% } } }', 'loss is one of share, gilbertElliott, fourState'],
    ['{ loss: { gilbertElliott: { r: 20% } } }', "gilbertElliott needs 'p'"],
    ['{ loss: { fourState: { p13: 80%, p14: 30% } } }', 'the ways out of a state add up to more than 1'],
    ['{ queue: { red: { min: 9, max: 5 } } }', 'impossible RED: from 9 to 5 frames'],
    ['{ queue: fq_codel }', "unknown queue 'fq_codel'; one of tail, red, codel"],
    ['{ slot: { min: 20ms, max: 10ms } }', 'impossible slot'],
    ['{ up: { up: { delay: 1ms } } }', "unknown key 'up' in the direction 'up'"],
    ['{ rate: { bits: 1mbit, overhead: 24kB } }', "overhead is a number of octets, as 24B or -14B, not '24kB'"],
    ['{ limit: 0 }', 'limit (frames) must be a whole number from 1'],
  ])('refuses %s', (text, problem) => {
    expect(problemOf(text)).toContain(problem)
  })
})
