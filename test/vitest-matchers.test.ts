import { describe, expect, it } from 'vitest'
import { loadScenario } from '../src/scenario/load-scenario-file.js'
import { runScenario } from '../src/scenario/run-scenario.js'
import '../src/vitest.js'

const run = (file: string) => runScenario(loadScenario(new URL(`../scenarios/${file}`, import.meta.url).pathname))

describe('bootwire/vitest', () => {
  it('toHaveBooted takes a run or its report', async () => {
    const good = await run('1608-clean-boot.yaml')
    expect(good).toHaveBooted()
    expect(good.report).toHaveBooted('00:1b:4f:20:00:01')
    expect(() => expect(good).toHaveBooted('00:1b:4f:99:99:99')).toThrow(/no boot session of 00:1b:4f:99:99:99/)
    expect(() => expect(good).not.toHaveBooted()).toThrow(/expected every phone not to have booted/)
  })

  it('toHaveBooted says who did not and why', async () => {
    const bad = await run('http-refused.yaml')
    expect(bad).not.toHaveBooted()
    expect(() => expect(bad).toHaveBooted()).toThrow(/00:1b:4f:20:00:01: failed, http-connect-refused/)
  })

  it('toHaveFinding lists what there is instead', async () => {
    const bad = await run('http-refused.yaml')
    expect(bad).toHaveFinding('http-connect-refused')
    expect(bad).not.toHaveFinding('http-connect-timeout')
    expect(() => expect(bad).toHaveFinding('http-connect-timeout')).toThrow(/there are .*http-connect-refused/)
    expect(() => expect(bad).not.toHaveFinding('http-connect-refused')).toThrow(/frames \d+/)
  })

  it('refuses what is no report', () => {
    expect(() => expect({ sessions: 1 }).toHaveBooted()).toThrow(/expected a bootwire report/)
  })
})
