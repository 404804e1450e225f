import { describe, expect, it } from 'vitest'
import { SECOND } from '../../src/base/time.js'
import { parseScenario } from '../../src/scenario/load-scenario.js'
import { runScenario } from '../../src/scenario/run-scenario.js'
import { ScenarioError } from '../../src/scenario/scenario-error.js'
import { parseAddress } from '../../src/wire/ipv4.js'

const FILES = new Map([
  ['16xxupgrade.txt', new TextEncoder().encode('GET 46xxsettings.txt\n')],
  ['46xxsettings.txt', new TextEncoder().encode('SET SYSLANG en\n')],
])

const load = (text: string) => parseScenario(text, 'site.yaml', () => FILES)

function problemsOf(text: string): string {
  try {
    load(text)
  } catch (error) {
    if (error instanceof ScenarioError) return error.toLines().join('\n')
    throw error
  }
  return 'no problem'
}

const DHCP = `dhcp: { pool: 10.20.0.100-10.20.0.250, router: 10.20.0.1, siteOption: 'MCIPADD=10.30.0.5,HTTPSRVR=10.30.0.2' }`

/** Two floors in VLANs, a firewall before the servers, a router on a stick: everything that has a name. */
const CUSTOM = `
network:
  vlans: { data: 10, voice: 20 }
  switches: { floor: { ageing: 60s }, attic: {}, core: { latency: 5us } }
  firewalls: { fw: { rules: [{ pass: dhcp }, { reject: tcp, port: 8080, direction: out }] } }
  routers:
    gw:
      interfaces:
        - { link: stick, vlan: data, address: 10.20.0.1/24, relay: { to: dhcp, option82: { circuitId: floor-1 } } }
        - { link: stick, vlan: voice, address: 10.21.0.1/24 }
        - { link: inside, address: 10.30.0.1/24, mtu: 1400 }
      routes: [{ to: 10.40.0.0/16, via: 10.30.0.254 }]
  links:
    access: { delay: 100us }
    riser: { between: [attic, floor], trunk: [data, voice], delay: 50us }
    stick: { between: [floor, gw], trunk: true }
    inside: { between: [gw, fw] }
    dmz: { between: [fw, core], delay: 1ms }
  mirrors: { span: { at: floor, watch: [stick, access], tags: true } }
  phones: { at: floor, port: { access: data, voice: voice } }
  servers: { at: core, subnet: 10.30.0.0/24 }
servers:
  ${DHCP}
  http: { files: ./files }
phones:
  - { model: 1608 }
  - { model: 1608, at: attic, start: 300ms }
expect: []
`

describe('a network of switches, routers and firewalls', () => {
  it('boots phones on both floors, relayed and routed', async () => {
    const scenario = load(CUSTOM)
    expect(scenario.network?.routers[0]?.interfaces[0]).toMatchObject({
      vlan: 10,
      relay: { servers: [parseAddress('10.30.0.3')] },
    })
    const { stories, disagreements, report, truth } = await runScenario(scenario)
    expect(stories.map(({ outcome }) => outcome)).toEqual(['booted', 'booted'])
    expect(stories.map(({ address }) => address)).toEqual(['10.20.0.100', '10.20.0.101'])
    expect(disagreements).toEqual([])
    expect(report.sessions.length).toBeGreaterThan(0)
    const asked = truth.events.find(
      (event) => event.kind === 'server' && event.event === 'request' && event.server === 'dhcp',
    )
    expect(asked).toMatchObject({ detail: { client: '10.20.0.1' } })
  })

  it('shows on a mirror what the watched ports carry, tagged', async () => {
    const { capture } = await runScenario({
      ...load(CUSTOM),
      capture: { at: { kind: 'named', name: 'span' }, file: undefined },
    })
    // 802.1Q, VLAN 10, and IPv4 behind it.
    expect(Buffer.from(capture).includes(Buffer.from([0x81, 0x00, 0x00, 0x0a, 0x08, 0x00]))).toBe(true)
  })

  it.each([
    ['switches: { floor: {} }\n  topology: lan', 'a network has a topology or its own switches, not both'],
    ['switches: { a: {} }\n  links: { uplink: { between: [a, b] } }', "no box 'b'"],
    [
      'switches: { floor: {}, core: {} }\n  links: { uplink: { between: [floor, coer] } }',
      "no box 'coer'; did you mean 'core'?",
    ],
    ['switches: { floor: {} }\n  links: { uplink: { delay: 1ms } }', 'a link needs its two ends'],
    ['switches: { a: {} }\n  routers: { a: { interfaces: [] } }', "a switch is called 'a' already"],
    [
      'switches: { a: {} }\n  routers: { r: { interfaces: [{ link: x, address: 10.0.0.1/24 }] } }',
      "no link of this router 'x'",
    ],
    ['topology: branche', "unknown topology 'branche'; did you mean 'branch'?"],
    ['topology: branch\n  links: { wam: { delay: 1ms } }', "unknown key 'wam' in links; did you mean 'wan'?"],
    ['relay: true', "a lan has no 'relay'; use topology: branch or campus"],
    ['topology: campus\n  vlans: { voice: 5000 }', 'VLAN voice must be a whole number from 1 to 4094'],
    ['topology: campus\n  phones: { port: { access: vioce } }', "unknown VLAN 'vioce'; did you mean 'voice'?"],
    ['topology: campus\n  firewall: {}', 'a campus has no place for a firewall'],
    ['firewall: { rules: [{ pass: http, port: 80 }] }', 'http has its port already'],
    ['firewall: { rules: [{ pass: tpc }] }', "unknown traffic 'tpc'; did you mean 'tcp'?"],
    ['firewall: { stateful: false, tftpHelper: true }', 'only a stateful firewall has a helper'],
    ['mirrors: { span: { at: acces } }', "no switch 'acces'; did you mean 'access'?"],
    ['mirrors: { span: { watch: uplnk } }', "no link of this switch 'uplnk'; did you mean 'uplink'?"],
  ])('refuses %s', (network, problem) => {
    expect(problemsOf(`phones: [{ model: 1608 }]\nnetwork:\n  ${network}`)).toContain(problem)
  })

  it('refuses servers and phones at switches that are not there, and names that are taken', () => {
    expect(problemsOf('phones: [{ model: 1608, at: attic }]')).toContain(
      "no switch 'attic' to plug into; there are access, core",
    )
    expect(problemsOf('phones: [{ model: 1608 }]\nservers: { http: { name: core } }')).toContain(
      "a server cannot be called 'core'",
    )
  })
})

describe('events', () => {
  const scenario = (events: string) =>
    load(
      `phones: [{ model: 1608, count: 2, group: lobby }]\nservers:\n  ${DHCP}\n  http: { address: 10.20.0.2 }\nevents:\n  - ${events}`,
    )

  it.each([
    [
      '{ at: 30s, link: uplink, set: { loss: 10% }, ramp: 10s, for: 20s }',
      { at: 30 * SECOND, link: 'uplink', ramp: 10 * SECOND, duration: 20 * SECOND, set: { loss: 0.1 } },
    ],
    ['{ at: 1s, link: phone-2, do: down, for: 5s }', { link: 'phone-2', set: { down: true } }],
    ['{ at: 1s, phone: lobby, do: power-cycle }', { phones: [0, 1], action: 'power-cycle' }],
    [
      '{ at: 1s, phone: 2, do: change-option, option: { REDIAL: 0 } }',
      { phones: [1], option: { label: 'REDIAL', value: '0' } },
    ],
    ['{ at: 1s, server: http, do: restart, for: 3s }', { server: 'http', action: 'restart', duration: 3 * SECOND }],
  ])('%s', (text, event) => {
    expect(scenario(text).events[0]).toMatchObject(event)
  })

  it.each([
    ['{ at: 1s, link: uplink }', "an event of a link needs 'set' or 'do'"],
    ['{ at: 1s, link: uplink, do: stop }', "unknown action of a link 'stop'"],
    ['{ at: 1s, phone: 1, link: uplink, do: down }', 'an event has one of link, phone, server'],
    ['{ at: 1s, phone: 1, do: power-cicle }', "did you mean 'power-cycle'?"],
    ['{ at: 1s, phone: 1, do: change-option }', "change-option needs 'option'"],
    ['{ at: 1s, server: dhpc, do: stop }', "no server 'dhpc'; did you mean 'dhcp'?"],
    ['{ at: 1s, link: uplink, set: { loss: 1% }, ramp: 10s, for: 5s }', "'for' counts from the start"],
  ])('refuses %s', (text, problem) => {
    const yaml = `phones: [{ model: 1608 }]\nservers:\n  ${DHCP}\nevents:\n  - ${text}`
    expect(problemsOf(yaml)).toContain(problem)
  })

  it('ramps a link up and back, in its own direction only', async () => {
    const text = `
phones: [{ model: 1608, count: 40, start: { over: 100s } }]
network: { links: { uplink: { delay: 1ms } } }
servers:
  ${DHCP}
  http: { files: ./files, address: 10.20.0.2 }
events:
  - { at: 20s, link: uplink, set: { up: { loss: 60% } }, ramp: 40s, for: 50s }`
    const { truth } = await runScenario(load(text))
    const lost = truth.events.filter((event) => event.kind === 'frame' && event.fate === 'lost')
    expect(lost.every((event) => event.kind === 'frame' && event.from === 'access')).toBe(true)
    const during = (from: number, to: number) =>
      lost.filter(({ time }) => time >= from * SECOND && time < to * SECOND).length
    expect(during(0, 20)).toBe(0)
    expect(during(20, 35)).toBeLessThan(during(50, 65))
    expect(during(110, 1000)).toBe(0)
  })
})

describe('phones that start', () => {
  const starts = (start: string) =>
    load(`phones: [{ model: 1608, count: 5, start: ${start} }]`).phones.map((phone) => phone.start / SECOND)

  it.each([
    ['5s', [5, 5, 5, 5, 5]],
    ['{ at: 1s, every: 2s }', [1, 3, 5, 7, 9]],
    ['{ over: 8s }', [0, 2, 4, 6, 8]],
    ['{ ramp: 10s }', [0, 5, 10 * Math.SQRT1_2, 10 * Math.sqrt(0.75), 10].map((s) => Math.round(s * 1e9) / 1e9)],
  ])('%s', (start, times) => {
    expect(starts(start)).toEqual(times)
  })

  it('come at random within a window, as the seed says', async () => {
    const scenario = load(`limit: 40s\nphones: [{ model: 1608, count: 20, start: { at: 5s, within: 20s } }]`)
    const timesOf = async (seed: number) =>
      (await runScenario(scenario, { seed })).stories.map((story) => story.boots[0]!.start)
    const times = await timesOf(1)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(5 * SECOND)
    expect(Math.max(...times)).toBeLessThan(25 * SECOND)
    expect(new Set(times).size).toBe(20)
    expect(await timesOf(1)).toEqual(times)
    expect(await timesOf(2)).not.toEqual(times)
  })
})
