/**
 * The scenarios that ship: each is a story that comes out as it says, told the same way twice, and readable by others.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../src/base/bytes.js'
import { loadScenario } from '../../src/scenario/load-scenario-file.js'
import { runScenario } from '../../src/scenario/run-scenario.js'
import { installed } from '../installed.js'
import '../../src/vitest.js'

const directory = new URL('../../scenarios/', import.meta.url).pathname
const files = readdirSync(directory).filter((file) => file.endsWith('.yaml'))
const load = (file: string) => loadScenario(join(directory, file))

const hasTshark = installed('tshark')
if (!hasTshark) process.stderr.write('note: tshark is not installed, the captures of scenarios are not read by it\n')

describe.each(files)('%s', (file) => {
  it('comes out as expected, and the analyzer agrees with the emulator', async () => {
    const result = await runScenario(load(file))
    expect(result.expectations.length).toBeGreaterThan(0)
    expect(
      result.expectations.flatMap(({ statement, failures }) => failures.map((f) => ({ statement, ...f }))),
    ).toEqual([])
    expect(result.disagreements).toEqual([])
    expect(result.ended).toBe('finished')
  })

  it('gives the same capture twice, and another with another seed', async () => {
    const scenario = load(file)
    const once = await runScenario(scenario)
    const twice = await runScenario(load(file))
    expect(equalBytes(once.capture, twice.capture)).toBe(true)
    const other = await runScenario(scenario, { seed: scenario.seed + 1 })
    expect(equalBytes(once.capture, other.capture)).toBe(false)
  })

  it('leaves analyzer and emulator in agreement whatever the luck', async () => {
    const scenario = load(file)
    for (let seed = 1001; seed <= 1005; seed++) {
      expect((await runScenario(scenario, { seed })).disagreements, `seed ${seed}`).toEqual([])
    }
  })

  it('begins with a sentence that tells its story', () => {
    const [first] = readFileSync(join(directory, file), 'utf8').split('\n')
    expect(first).toMatch(/^# [A-Z].*\.$/)
  })

  it.skipIf(!hasTshark)('is read by tshark without malformed frames or wrong checksums', async () => {
    const { capture, frames } = await runScenario(load(file))
    const temporary = mkdtempSync(join(tmpdir(), 'bootwire-test-'))
    try {
      const path = join(temporary, 'a.pcapng')
      writeFileSync(path, capture)
      const checks = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`])
      const fields = ['-T', 'fields', '-e', 'frame.number', '-e', '_ws.malformed', '-e', '_ws.expert.message']
      const { stdout, status } = spawnSync('tshark', ['-r', path, ...checks, ...fields], { encoding: 'utf8' })
      expect(status).toBe(0)
      const lines = stdout.trimEnd().split('\n')
      expect(lines).toHaveLength(frames)
      expect(lines.filter((line) => /malformed|bad checksum|incorrect/i.test(line))).toEqual([])
    } finally {
      rmSync(temporary, { recursive: true })
    }
  })
})

describe('runScenario', () => {
  it('writes no two captures alike over ten seeds', async () => {
    const scenario = load('five-percent-loss-on-uplink.yaml')
    const captures = new Set<string>()
    for (let seed = 1; seed <= 10; seed++) {
      captures.add(Buffer.from((await runScenario(scenario, { seed })).capture).toString('base64'))
    }
    expect(captures.size).toBe(10)
  })

  it('captures at the uplink, a server and a phone as well, and says the same', async () => {
    const scenario = load('branch-office-http-hangs.yaml')
    for (const at of [{ kind: 'uplink' }, { kind: 'core' }, { kind: 'server', server: 'http' }] as const) {
      const { report } = await runScenario({ ...scenario, capture: { at, file: undefined } })
      expect(report).toHaveFinding('http-response-timeout')
    }
    const one = await runScenario({ ...scenario, capture: { at: { kind: 'phone', index: 2 }, file: undefined } })
    expect(one.report).toHaveFinding('http-response-timeout', '00:1b:4f:20:00:02')
  })

  it('changes links as events say, and back', async () => {
    const scenario = load('1608-clean-boot.yaml')
    const cut = { at: 0, link: 'uplink', set: { loss: 1 }, duration: 30_000_000_000 } as const
    const { report, truth } = await runScenario({ ...scenario, events: [cut] })
    const lost = truth.events.filter((event) => event.kind === 'frame' && event.fate === 'lost')
    expect(lost.length).toBeGreaterThan(2)
    expect(lost.every(({ time }) => time < 31_000_000_000)).toBe(true)
    expect(report).toHaveBooted('00:1b:4f:20:00:01')
  })

  it('stops at its limit', async () => {
    const scenario = load('no-dhcp-server.yaml')
    expect(await runScenario({ ...scenario, limit: 9_500_000_000 })).toMatchObject({
      ended: 'limit',
      duration: 9_500_000_000,
    })
  })
})
