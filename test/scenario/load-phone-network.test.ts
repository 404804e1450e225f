import { describe, expect, it } from 'vitest'
import { latin1 } from '../../src/base/bytes.js'
import { SECOND } from '../../src/base/time.js'
import { modelByName } from '../../src/deskphone/series.js'
import { newMemory } from '../../src/emulator/phones/memory.js'
import { rememberNetwork } from '../../src/scenario/load-phone-network.js'
import { parseScenario } from '../../src/scenario/load-scenario.js'
import { ScenarioError } from '../../src/scenario/scenario-error.js'

const load = (text: string) => parseScenario(text, 'a.yaml', () => new Map())

function problems(text: string): string[] {
  try {
    load(text)
    return []
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems.map(({ line, message }) => `${line}: ${message}`)
    throw error
  }
}

describe('what a phone has stored', () => {
  it('is read and remembered', () => {
    const { phones } = load(`
network: { topology: campus }
phones:
  - model: 1608
    vlan: { l2q: 1, l2qvlan: voice, vlantest: 0s, list: false }
    dot1x: { password: '0815', unanswered: proceed }
    static: { address: 10.20.0.50 }
    sson: 200
    stored: { fileServers: [10.20.0.2, files.example.com], callServers: 10.20.0.5, wins: both, dhcpstd: 1, reusetime: 20s }
`)
    const { stored, mac } = phones[0]!
    expect(stored).toMatchObject({ keepsVlanList: false, dot1x: { unanswered: 'proceed' } })
    const memory = newMemory(modelByName('1608')!)
    rememberNetwork(memory, stored!, mac)
    expect(memory.siteOptionNumber).toBe(200)
    expect(memory.network).toMatchObject({
      l2q: 1,
      vlan: 20,
      vlanTest: 0,
      dot1x: { identity: mac.replaceAll(':', '').toUpperCase(), password: '0815' },
      staticAddress: { address: 0x0a140032, mask: 0xffffff00, router: 0x0a140001 },
      fileServers: '10.20.0.2,files.example.com',
      callServers: '10.20.0.5',
      manualWins: 3,
      dropsExpiredLease: true,
      reuseTime: 20,
    })
  })

  it('leaves alone what is not said', () => {
    expect(load('phones: [{ model: 1608 }]').phones[0]).not.toHaveProperty('stored')
  })

  it('is refused with a reason', () => {
    const text = `phones:
  - { model: 1608, vlan: { l2q: 3 } }
  - { model: 1608, vlan: { vlantest: 1500ms } }
  - { model: 1608, vlan: { l2qvlan: 5000 } }
  - { model: 1608, dot1x: { identity: x } }
  - { model: 1608, static: { router: 10.20.0.1 } }
  - { model: 1608, sson: 100 }
  - { model: 1608, stored: { wins: all } }
`
    const found = problems(text)
    expect(found.map((line) => line.split(':')[0])).toEqual(['2', '3', '4', '5', '6', '7', '8'])
    expect(found[1]).toMatch(/0 to 999 whole seconds/)
    expect(found[3]).toMatch(/password/)
  })
})

describe("what the switch says on the phones' ports", () => {
  it('is read, in a named network and in one of its own', () => {
    const lldp = `lldp: { interval: 10s, med: always, portVlan: data, vlanNames: { Voice: 20 }, framing: tagged,
      policy: [{ vlan: voice, priority: 5 }, { application: voiceSignaling }], callServers: 10.20.0.5, oui: 00-04-0D }`
    const dot1x = "dot1x: { users: { '001B4F200001': '1234' }, txPeriod: 5s, maxReq: 3 }"
    const boxes = 'switches: { floor: {} }, vlans: { data: 10, voice: 20 }'
    for (const network of ['topology: campus', boxes]) {
      const scenario = load(`network: { ${network}, phones: { ${lldp}, ${dot1x} } }\nphones: [{ model: 1608 }]`)
      const { protocols } = scenario.network!.phones
      expect(protocols?.lldp).toMatchObject({
        interval: 10 * SECOND,
        med: 'always',
        portVlanId: 10,
        vlanNames: [{ vid: 20, name: 'Voice' }],
        framing: 1,
        callServers: [0x0a140005],
        vendorOui: 0x00040d,
      })
      expect(protocols?.lldp?.policies).toEqual([
        { application: 1, unknown: false, tagged: true, vid: 20, priority: 5, dscp: 46 },
        { application: 2, unknown: false, tagged: false, vid: 0, priority: 6, dscp: 46 },
      ])
      expect(protocols?.dot1x).toMatchObject({ txPeriod: 5 * SECOND, maxReq: 3 })
      expect(protocols?.dot1x?.users?.get('001B4F200001')).toBe('1234')
    }
  })

  it('may be nothing but LLDP, and is nothing unless said', () => {
    const protocols = (network: string) =>
      load(`network: ${network}\nphones: [{ model: 1608 }]`).network?.phones.protocols
    expect(protocols('{ phones: { lldp: true } }')).toEqual({ lldp: {} })
    expect(protocols('{ topology: branch, phones: { lldp: false } }')).toBeUndefined()
  })

  it('is refused with the nearest right word', () => {
    expect(problems('network: { phones: { lldp: { polcy: 1 } } }\nphones: [{ model: 1608 }]')).toEqual([
      expect.stringMatching(/polcy.*policy/),
    ])
    expect(problems('network: { servers: { lldp: true } }\nphones: [{ model: 1608 }]')).toHaveLength(1)
    expect(problems('network: { phones: { dot1x: { verdict: no } } }\nphones: [{ model: 1608 }]')).toHaveLength(1)
  })
})

describe('what a DHCP scope says beyond its keys', () => {
  it('is read', () => {
    const [dhcp] = load(`
servers:
  dhcp:
    pool: 10.20.0.100-10.20.0.200
    renewal: 60s
    rebinding: 90s
    noLeaseTime: true
    authoritative: true
    options: { 66: tftp.example.com, 43: 'hex:01 04:36 38' }
    reservations: { '00-1B-4F-20-00-01': 10.20.0.7 }
    classes: [{ vendorClass: ccp, options: { 242: 'L2Q=2' } }]
phones: [{ model: 1608 }]
`).servers.dhcp
    expect(dhcp).toMatchObject({ renewalTime: 60, rebindingTime: 90, omitLeaseTime: true, authoritative: true })
    const octets = new Map(dhcp!.options!.map(({ code, value }) => [code, latin1(value)]))
    expect([...octets]).toEqual([
      [66, 'tftp.example.com'],
      [43, '\u0001\u000468'],
    ])
    expect(dhcp!.reservations!.get('00:1b:4f:20:00:01')).toBe('10.20.0.7')
    expect(dhcp!.classes).toMatchObject([{ vendorClass: 'ccp', options: [{ code: 242, always: true }] }])
  })

  it('is refused with a reason', () => {
    const dhcp = (more: string) =>
      problems(`servers: { dhcp: { pool: 10.20.0.100-10.20.0.200, ${more} } }\nphones: [{ model: 1608 }]`)
    expect(dhcp('options: { 255: x }')).toHaveLength(1)
    expect(dhcp("options: { 43: 'hex:0' }")).toHaveLength(1)
    expect(dhcp('reservations: { nobody: 10.20.0.7 }')).toHaveLength(1)
    expect(dhcp('classes: [{ options: {} }]')).toHaveLength(1)
    expect(dhcp('renewal: 1ms')).toHaveLength(1)
  })
})
