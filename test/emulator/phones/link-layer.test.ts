import { describe, expect, it } from 'vitest'
import { latin1Bytes } from '../../../src/base/bytes.js'
import { SECOND } from '../../../src/base/time.js'
import { EtherType } from '../../../src/wire/ethernet.js'
import { formatAddress } from '../../../src/wire/ipv4.js'
import * as lldp from '../../../src/wire/lldp.js'
import { VlanSite } from './vlan-site.js'

const POLICY = { application: 1, unknown: false, tagged: true, vid: 20, priority: 5, dscp: 40 }
const MOVE = 'HTTPSRVR=10.10.0.2,L2Q=1,L2QVLAN=20'
const PASSWORD = '123456'
const IDENTITY = '001B4F000001'
const DORA = ['DISCOVER', 'OFFER', 'REQUEST', 'ACK']
const on = (tag: string) => DORA.map((message) => `${message} ${tag}`)

describe('a phone that is sent to the voice VLAN', () => {
  it('gives its address back, resets, and boots there', async () => {
    const site = new VlanSite()
    site.data.siteOption = MOVE
    site.voice.siteOption = 'HTTPSRVR=10.20.0.2,L2Q=1,L2QVLAN=20'
    site.addPhone('1608')
    await site.run()
    expect(site.wire).toEqual([...on('-'), 'RELEASE -', ...on('20')])
    const { story } = site.phone
    expect(story.boots.map(({ reason }) => reason)).toEqual(['power-on', 'vlan-change'])
    expect([story.outcome, story.address]).toEqual(['booted', '10.20.0.100'])
    expect(site.memory.network).toMatchObject({ l2q: 1, vlan: 20 })
  })

  it('begins there at the next power-up', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { remembers: ({ network }) => (network.vlan = 20) })
    await site.run()
    expect(site.wire).toEqual(on('20'))
  })

  it.each([
    [0, 'DISCOVER -'],
    [1, 'DISCOVER 0'],
  ])('under L2Q %i goes on with %s when VLANTEST has expired', async (l2q, expected) => {
    const site = new VlanSite()
    site.voice.silent = true
    site.addPhone('1608', { remembers: ({ network }) => Object.assign(network, { l2q, vlan: 20 }) })
    await site.run()
    // At 0, 4, 12, 28 and, with the jitter, perhaps just before 60 s.
    expect([4, 5]).toContain(site.wire.filter((line) => line === 'DISCOVER 20').length)
    expect(site.wire).toContain(expected)
    expect(site.failures()).toContain('vlan-test-expired')
    expect(site.phone.story.address).toBe('10.10.0.100')
    const expired = site.phone.story.failures.find(({ cause }) => cause === 'vlan-test-expired')!
    expect(Math.round(expired.time / SECOND)).toBeGreaterThanOrEqual(60)
  })

  it('stays where it is when VLANTEST expired there before: VLANLIST', async () => {
    const site = new VlanSite()
    site.voice.silent = true
    site.data.siteOption = MOVE
    site.addPhone('1608')
    await site.run()
    expect(site.phone.story.boots).toHaveLength(2)
    expect(site.phone.story.address).toBe('10.10.0.100')
    expect(site.failures()).not.toContain('vlan-ping-pong')
  })

  it('goes back and forth when the series keeps no VLANLIST', async () => {
    const site = new VlanSite()
    site.voice.silent = true
    site.data.siteOption = MOVE
    site.addPhone('4620SW')
    await site.run(900 * SECOND)
    expect(site.failures()).toContain('vlan-ping-pong')
    expect(site.phone.story).toMatchObject({ outcome: 'failed', rootCause: 'vlan-ping-pong' })
  })

  it('tries for ever with VLANTEST 0', async () => {
    const site = new VlanSite()
    site.voice.silent = true
    site.addPhone('1608', { remembers: ({ network }) => Object.assign(network, { vlan: 20, vlanTest: 0 }) })
    site.phone.powerOn()
    await site.sim.run({ until: 900 * SECOND })
    expect(new Set(site.wire)).toEqual(new Set(['DISCOVER 20']))
    expect(site.phone.story).toMatchObject({ outcome: 'failed', rootCause: 'dhcp-no-offer' })
  })
})

describe('LLDP on a phone', () => {
  it('is silent on a switch that is', async () => {
    const site = new VlanSite()
    site.addPhone('1608')
    await site.run()
    expect(site.lldpSent).toEqual([])
  })

  it('answers at once and then every 30 s, and says when it is registered', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { lldp: { portVlanId: 10 } })
    await site.run()
    await site.sim.run({ until: site.sim.now + 65 * SECOND })
    const [first] = site.lldpSent
    expect(lldp.problem(first!)).toBeUndefined()
    expect(lldp.capabilities(first!)).toEqual({ system: 0x24, enabled: 0x04 })
    expect(lldp.text(first!, lldp.TlvType.systemName)).toBe(site.phone.story.hostname)
    expect(lldp.inventory(first!, lldp.MedSubtype.manufacturer)).toBe('Avaya')
    expect(lldp.medCapabilities(first!)).toEqual({ capabilities: 0x33, deviceClass: lldp.MedClass.endpointIII })
    const last = site.lldpSent.at(-1)!
    expect(lldp.capabilities(last)).toEqual({ system: 0x24, enabled: 0x24 })
    expect(formatAddress(lldp.managementAddress(last)!)).toBe('10.10.0.100')
    expect(formatAddress(lldp.vendorPhoneAddresses(last)!.gateway)).toBe('10.10.0.1')
    expect(site.phone.parameter('PHY2VLAN')).toEqual(['10'])
  })

  it('is read before the first DISCOVER: the network policy gives the VLAN', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { lldp: { policies: [POLICY] }, timers: { startWait: 4 * SECOND } })
    await site.run()
    expect(site.wire).toEqual(on('20'))
    expect(site.phone.parameter('L2QSIG')).toEqual(['5'])
    expect(site.phone.parameter('DSCPAUD')).toEqual(['40'])
  })

  it('wins over the VLAN of the option', async () => {
    const site = new VlanSite()
    site.voice.siteOption = 'HTTPSRVR=10.20.0.2,L2Q=1,L2QVLAN=30'
    site.addPhone('1608', { lldp: { policies: [POLICY] } })
    await site.run()
    expect(site.wire).toEqual(on('20'))
    expect(site.phone.parameter('L2QVLAN')).toEqual(['20'])
    expect(site.phone.story.outcome).toBe('booted')
  })

  it('follows a VLAN name that begins with VOICE, and no other', async () => {
    const named = new VlanSite()
    named.addPhone('1608', { lldp: { vlanNames: [{ vid: 10, name: 'data' }, { vid: 20, name: 'Voice HQ' }] } }) // prettier-ignore
    await named.run()
    expect(named.wire).toEqual(on('20'))
    const other = new VlanSite()
    other.addPhone('1608', { lldp: { vlanNames: [{ vid: 20, name: 'Phones' }] } })
    await other.run()
    expect(other.wire).toEqual(on('-'))
  })

  it('ignores a policy for signalling only, and one that asks', async () => {
    const site = new VlanSite()
    site.addPhone('1608', {
      lldp: {
        policies: [
          { ...POLICY, application: 2 },
          { ...POLICY, unknown: true },
        ],
      },
    })
    await site.run()
    expect(site.wire).toEqual(on('-'))
  })

  it.each([
    ['1608', ['power-on', 'vlan-change']],
    ['4620SW', ['power-on']],
  ])('that comes after the lease: %s releases and begins anew on that VLAN', async (model, reasons) => {
    const site = new VlanSite()
    site.addPhone(model, { timers: { startWait: 0 } })
    // The policy comes while the address is being checked.
    site.sim.at(2 * SECOND, () => speak(site, [lldp.networkPolicyTlv(POLICY)]))
    await site.run(120 * SECOND)
    expect(site.wire).toEqual([...on('-'), 'RELEASE -', ...on('20')])
    expect(site.phone.story.boots.map(({ reason }) => reason)).toEqual(reasons)
  })

  it('names servers where nothing else does, and DHCP writes over them', async () => {
    const servers = { callServers: [0x0a0a0005, 0x0a0a0006], fileServers: [0x0a0a0002] }
    const site = new VlanSite()
    site.data.siteOption = undefined
    site.addPhone('1608', { lldp: servers })
    await site.run()
    expect(site.phone.parameter('MCIPADD')).toEqual(['10.10.0.5', '10.10.0.6'])
    expect(site.phone.parameter('HTTPSRVR')).toEqual(['10.10.0.2'])
    // It has its files, and misses what the option should have said.
    expect(site.phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'site-option-missing' })
    const both = new VlanSite()
    both.data.siteOption = 'HTTPSRVR=10.10.0.2,MCIPADD=10.10.0.9'
    both.addPhone('1608', { lldp: { ...servers, fileServers: [0x0a0a0063] } })
    await both.run()
    expect(both.phone.parameter('MCIPADD')).toEqual(['10.10.0.9'])
    expect(both.phone.parameter('HTTPSRVR')).toEqual(['10.10.0.2'])
  })

  it("takes the vendor's framing TLV for the default of the next boot", async () => {
    const site = new VlanSite()
    site.addPhone('1608', { lldp: { framing: 2 } })
    await site.run()
    expect(site.memory.network.l2q).toBe(2)
  })

  it('stands hostile frames', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { lldp: {} })
    site.watches = false
    for (const octets of [[], [2], [2, 255], [254, 3, 0, 18, 187]]) {
      site.sim.at(0, () => sendRaw(site, EtherType.lldp, Uint8Array.from(octets)))
      site.sim.at(0, () => sendRaw(site, EtherType.eapol, Uint8Array.from(octets)))
    }
    await site.run()
    expect(site.phone.story.outcome).toBe('booted')
  })
})

describe('802.1X on a phone', () => {
  const users = new Map([[IDENTITY, PASSWORD]])
  const remembers = (password: string) => ({
    remembers: ({ network }: VlanSite['memory']) => (network.dot1x = { identity: IDENTITY, password }),
  })

  it('opens the port before DHCP', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { dot1x: { users }, ...remembers(PASSWORD) })
    await site.run()
    const dhcp = site.wire.indexOf('DISCOVER -')
    // The switch asks when the link comes up, and again for the EAPOL-Start that crosses its request.
    expect(site.wire.slice(0, dhcp)).toEqual([
      'EAPOL 1',
      ...Array<string[]>(2).fill(['Request, Identity', 'Response, Identity']).flat(),
      'Request, MD5-Challenge',
      'Response, MD5-Challenge',
      'Success',
    ])
    expect(site.phone.story.outcome).toBe('booted')
  })

  it('shows a refusal, waits, and tries again without ever sending DHCP', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { dot1x: { users }, ...remembers('000000') })
    site.phone.powerOn()
    await site.sim.run({ until: 200 * SECOND })
    expect(site.wire.filter((line) => line === 'Failure').length).toBeGreaterThanOrEqual(2)
    expect(site.wire.some((line) => line.startsWith('DISCOVER'))).toBe(false)
    expect(site.phone.story).toMatchObject({ outcome: 'failed', rootCause: 'dot1x-failed' })
    expect(site.events.some(({ detail }) => detail['text'] === '802.1X Failure')).toBe(true)
  })

  it('says that nobody answers, or goes on when it is told to', async () => {
    const site = new VlanSite()
    site.addPhone('1608', remembers(PASSWORD))
    await site.run()
    expect(site.wire).toEqual(['EAPOL 1', 'EAPOL 1', 'EAPOL 1'])
    expect(site.phone.story.rootCause).toBe('dot1x-failed')
    const going = new VlanSite()
    going.addPhone('1608', { ...remembers(PASSWORD), timers: { dot1xUnanswered: 'proceed' } })
    await going.run()
    expect(going.phone.story.outcome).toBe('booted')
  })

  it('without a supplicant gets nowhere on such a port', async () => {
    const site = new VlanSite()
    site.addPhone('1608', { dot1x: { users } })
    await site.run()
    expect(site.phone.story).toMatchObject({ outcome: 'failed', rootCause: 'dhcp-no-offer' })
  })

  it('comes up when the password is mended on the switch', async () => {
    const site = new VlanSite()
    const mended = new Map([[IDENTITY, 'other']])
    site.addPhone('1608', { dot1x: { users: mended }, ...remembers(PASSWORD) })
    site.sim.at(30 * SECOND, () => mended.set(IDENTITY, PASSWORD))
    site.phone.powerOn()
    await site.sim.run({ until: 200 * SECOND })
    expect(site.phone.story.outcome).toBe('booted')
  })
})

describe('addresses that are typed in', () => {
  it('need no DHCP', async () => {
    const site = new VlanSite()
    site.addPhone('1608', {
      remembers: ({ network }) => {
        network.staticAddress = { address: 0x0a0a0032, mask: 0xffffff00, router: 0x0a0a0001 }
        network.fileServers = '10.10.0.2'
      },
    })
    await site.run()
    expect(site.wire).toEqual([])
    expect(site.phone.story).toMatchObject({ outcome: 'booted', address: '10.10.0.50' })
  })

  it('of servers give way to DHCP, unless STATIC says otherwise', async () => {
    const typed = (manualWins: number) => (memory: VlanSite['memory']) => {
      Object.assign(memory.network, { callServers: '10.10.0.7', fileServers: '10.10.0.2', manualWins })
    }
    const servers = []
    for (const wins of [0, 1, 2, 3]) {
      const site = new VlanSite()
      site.data.siteOption = 'HTTPSRVR=10.10.0.2,MCIPADD=10.10.0.5'
      site.addPhone('1608', { remembers: typed(wins) })
      await site.run()
      servers.push(site.phone.parameter('MCIPADD')?.[0])
    }
    expect(servers).toEqual(['10.10.0.5', '10.10.0.5', '10.10.0.7', '10.10.0.7'])
  })
})

describe('REUSETIME', () => {
  const reusable = { address: 0x0a0a0064, mask: 0xffffff00, routers: [0x0a0a0001], vid: undefined }

  it('brings back the address of the last registration on series that have it', async () => {
    const site = new VlanSite()
    site.data.silent = true
    site.addPhone('9608', {
      remembers: ({ network }) => Object.assign(network, { reusable, fileServers: '10.10.0.2' }),
    })
    site.phone.powerOn()
    await site.sim.run({ until: 180 * SECOND })
    expect(site.phone.story.address).toBe('10.10.0.100')
    const used = site.events.find(({ event }) => event === 'dhcp-bound')!
    expect(Math.floor(used.time / SECOND)).toBeGreaterThanOrEqual(60)
    // REQUESTs to everybody go on.
    expect(site.wire.filter((line) => line === 'REQUEST -').length).toBeGreaterThanOrEqual(2)
  })

  it('is not there on a 1608', async () => {
    const site = new VlanSite()
    site.data.silent = true
    site.addPhone('1608', { remembers: ({ network }) => (network.reusable = reusable) })
    await site.run()
    expect(site.phone.story.rootCause).toBe('dhcp-no-offer')
  })
})

describe('option 43', () => {
  const vendor = (enterprise: string) => {
    const sub = (code: number, text: string) => [code, text.length, ...latin1Bytes(text)]
    return { code: 43, data: Uint8Array.from([...sub(1, enterprise), ...sub(2, '10.10.0.2'), ...sub(10, '99999')]) }
  }

  it.each([
    ['9608', '6889', ['10.10.0.2']],
    ['9608', '9', undefined],
    ['1608', '6889', undefined],
  ])('is read by a %s under enterprise %s', async (model, enterprise, expected) => {
    const site = new VlanSite()
    site.data.siteOption = undefined
    site.data.options = [vendor(enterprise)]
    site.addPhone(model)
    await site.run()
    expect(site.phone.parameter('HTTPSRVR')).toEqual(expected)
    expect(site.phone.parameter('L2QVLAN')).toBeUndefined()
  })
})

/** A frame of the switch's own to the phone. */
function sendRaw(site: VlanSite, etherType: number, payload: Uint8Array): void {
  const frame = new Uint8Array(14 + payload.length)
  frame.set([...lldp.MULTICAST, 2, 0, 0, 0, 1, 1, etherType >>> 8, etherType & 255, ...payload])
  site.access.originate(site.network.link('phone-access'), frame)
}

function speak(site: VlanSite, tlvs: readonly lldp.LldpTlv[]): void {
  const head = [
    lldp.identifierTlv(1, 4, Uint8Array.of(2, 0, 0, 0, 1, 1)),
    lldp.identifierTlv(2, 5, latin1Bytes('1')),
    lldp.timeToLiveTlv(120),
  ]
  sendRaw(site, EtherType.lldp, lldp.encode([...head, ...tlvs]))
}
