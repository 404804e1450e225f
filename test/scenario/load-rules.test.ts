import { describe, expect, it } from 'vitest'
import { SECOND } from '../../src/base/time.js'
import { parseScenario } from '../../src/scenario/load-scenario.js'
import { ScenarioError } from '../../src/scenario/scenario-error.js'

const load = (rules: string) =>
  parseScenario(
    `phones: [{ model: 1608, count: 3, group: lobby }, { model: 4620SW }]\nservers: { http: , tftp: }\nrules:\n  - ${rules}`,
    'site.yaml',
    () => new Map(),
  ).rules

function problemOf(rule: string): string {
  try {
    load(rule)
  } catch (error) {
    if (error instanceof ScenarioError) return error.toLines().join('\n')
    throw error
  }
  return 'no problem'
}

describe('a rule', () => {
  it.each([
    [
      '{ drop: OFFER, which: second }',
      { match: { protocol: 'dhcp', message: 'offer' }, action: 'drop', nth: 2, times: 1, link: 'uplink' },
    ],
    [
      '{ drop: { message: DATA, block: 3 }, which: first }',
      { match: { protocol: 'tftp', message: 'data', block: 3 }, nth: 1, times: 1 },
    ],
    ['{ drop: { message: ACK, block: 3 } }', { match: { protocol: 'tftp', message: 'ack', block: 3 } }],
    [
      '{ drop: { message: SYN, port: 80 }, from: 10s, for: 30s }',
      { match: { message: 'syn', port: 80 }, from: 10 * SECOND, until: 40 * SECOND },
    ],
    [
      '{ delay: HTTP response, by: 3s, which: every 3rd }',
      { match: { protocol: 'http', message: 'response' }, action: { kind: 'delay', by: 3 * SECOND }, nth: 3, every: 3 },
    ],
    [
      '{ duplicate: DHCP ACK, copies: 2, which: first 5 }',
      { match: { protocol: 'dhcp', message: 'ack' }, action: { kind: 'duplicate', copies: 2 }, times: 5 },
    ],
    ['{ corrupt: all, which: from 3rd, probability: 50% }', { match: {}, action: 'corrupt', nth: 3, probability: 0.5 }],
    ['{ drop: tftp, which: 2-4 }', { match: { protocol: 'tftp' }, nth: 2, times: 3 }],
    [
      '{ drop: { phone: lobby, direction: down, server: http } }',
      { phones: [0, 1, 2], direction: 'down', server: 'http' },
    ],
    ['{ drop: RRQ, link: access, which: 3 }', { link: 'access', nth: 3, times: 1 }],
    ['{ drop: RRQ, link: phone-4 }', { link: 'phone-4' }],
  ])('%s', (text, rule) => {
    expect(load(text)?.[0]).toMatchObject(rule)
  })

  it.each([
    ['{ drop: ACK }', "several protocols have a message 'ack'; write 'DHCP ack' or 'TFTP ack' or 'TCP ack'"],
    ['{ drop: OFER }', "4:13: unknown message 'ofer'; did you mean 'offer'?"],
    ['{ drop: TFTP offer }', "unknown message 'tftp offer'"],
    [
      '{ drop: OFFER, delay: OFFER }',
      'a rule has exactly one of drop, delay, duplicate, corrupt, rewrite; this one has drop and delay',
    ],
    ['{ which: second }', 'this one has none'],
    ['{ delay: OFFER }', "a delay needs 'by'"],
    ['{ drop: OFFER, by: 3s }', "'by' goes with 'delay'"],
    ['{ drop: OFFER, which: secnd }', "'secnd' counts nothing"],
    ['{ drop: OFFER, which: 0 }', "'0' counts nothing"],
    ['{ drop: OFFER, link: uplnk }', "unknown link 'uplnk'; did you mean 'uplink'?"],
    ['{ drop: OFFER, link: phone-5 }', "unknown link 'phone-5'"],
    ['{ drop: { server: htp } }', "no server 'htp'; did you mean 'http'?"],
    ['{ drop: { phone: loby } }', "no such phones 'loby'; did you mean 'lobby'?"],
    ['{ drop: OFFER, from: 5s, until: 3s }', "'until' must be later than 'from'"],
    ['{ rewrite: OFFER, set: { replace: { find: abc, by: abcd } } }', 'of the same length'],
  ])('refuses %s', (text, problem) => {
    expect(problemOf(text)).toContain(problem)
  })
})
