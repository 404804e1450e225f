import { describe, expect, it } from 'vitest'
import { SECOND } from '../../src/base/time.js'
import type { Clock } from '../../src/host/host.js'
import { dropsConnections, faultProblem, FaultScript } from '../../src/servers/faults.js'
import type { ServerFault } from '../../src/servers/faults.js'
import { emulatedHosts } from '../host/hosts.js'

const clients = ['10.0.0.2', '00:1b:4f:00:00:01']

function script(faults: readonly ServerFault[]): {
  script: FaultScript
  clock: Clock
  notes: string[]
  run(until: number): Promise<void>
} {
  const { sim, server } = emulatedHosts()
  const notes: string[] = []
  const made = new FaultScript('http', faults, server.clock, (event, detail) =>
    notes.push(`${event} ${detail['fault']}`),
  )
  return { script: made, clock: server.clock, notes, run: (until) => sim.run({ until }) }
}

describe('FaultScript', () => {
  it('plays the first fault that matches, as often as told, after those to skip', () => {
    const { script: faults, notes } = script([
      { match: { path: '/46xx*' }, skip: 1, count: 2, status: 404 },
      { match: { path: '*' }, reset: true },
    ])
    const kinds = [
      '/46xxsettings.txt',
      '46xxsettings.txt',
      '/46xxsettings.txt',
      '/46xxsettings.txt',
      '/x/46xxsettings.txt',
    ].map((path) => Object.keys(faults.take({ path, method: 'GET', clients }, {}) ?? {}).at(-1))
    expect(kinds).toEqual(['reset', 'status', 'status', 'reset', 'reset'])
    expect(notes).toEqual(['fault reset', 'fault status', 'fault status', 'fault reset', 'fault reset'])
  })

  it('matches by method, client and time', async () => {
    const { script: faults, run } = script([
      { match: { method: 'put', client: '10.0.0.2' }, from: 2 * SECOND, until: 3 * SECOND, status: 500 },
    ])
    const take = (method: string, from: string): boolean =>
      faults.take({ path: '/x', method, clients: [from] }, {}) !== undefined
    expect(take('PUT', '10.0.0.2')).toBe(false)
    await run(2 * SECOND)
    expect(take('PUT', '10.0.0.2')).toBe(true)
    expect(take('GET', '10.0.0.2')).toBe(false)
    expect(take('PUT', '10.0.0.3')).toBe(false)
    await run(3 * SECOND)
    expect(take('PUT', '10.0.0.2')).toBe(false)
  })

  it('takes dots and brackets of a pattern literally', () => {
    const { script: faults } = script([{ match: { path: 'a.b[1]?.txt' }, reset: true }])
    const hit = (path: string): boolean => faults.take({ path, clients }, {}) !== undefined
    expect([hit('a.b[1]2.txt'), hit('axb[1]2.txt'), hit('a.b1.txt'), hit('a.b[1].txt')]).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  it('says when the port closes and opens', async () => {
    const { script: faults, run } = script([{ refuse: true, from: SECOND, until: 3 * SECOND }])
    const seen: boolean[] = []
    faults.onPort(() => seen.push(faults.refusing))
    await run(10 * SECOND)
    expect(seen).toEqual([false, true, false])
    const added = faults.add({ refuse: true })
    expect(faults.refusing).toBe(true)
    added.remove()
    expect(faults.refusing).toBe(false)
    expect(seen).toEqual([false, true, false, true, false])
  })

  it('refuses what a server cannot play, with a reason', () => {
    expect(() => script([{ error: 2 }])).toThrow("HTTP servers cannot play 'error'")
    expect(faultProblem({ reset: true }, 'tftp')).toContain("TFTP servers cannot play 'reset'")
    expect(faultProblem({ refuse: true, count: 2 }, 'http')).toContain('no match, skip or count')
    expect(faultProblem({ noAnswer: true, match: { path: '*' } }, 'dhcp')).toContain('no path')
    expect(faultProblem({ noAnswer: true, match: { message: 'DISCOVER' } }, 'tftp')).toContain('DHCP')
    expect(faultProblem({ noAnswer: true, match: { client: '00:1b:4f:00:00:01' } }, 'http')).toContain('not by MAC')
    expect(faultProblem({} as ServerFault, 'http')).toContain('none of them')
    expect(faultProblem({ hang: SECOND, match: { path: '*' } }, 'http')).toBeUndefined()
  })

  it('tells faults that a firewall has to play from those that a server plays', () => {
    expect(dropsConnections({ noAnswer: true })).toBe(true)
    expect(dropsConnections({ noAnswer: true, match: { path: '*' }, from: SECOND })).toBe(true)
    expect(dropsConnections({ noAnswer: true, match: { path: '/x' } })).toBe(false)
    expect(dropsConnections({ noAnswer: true, count: 1 })).toBe(false)
    expect(dropsConnections({ hang: SECOND })).toBe(false)
  })
})
