import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/base/bytes.js'
import { SECOND } from '../../../src/base/time.js'
import { LldpAgent, type LldpAgentOptions } from '../../../src/emulator/link/lldp-agent.js'
import { Switch } from '../../../src/emulator/link/switch.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import { decode, encode } from '../../../src/wire/ethernet.js'
import * as lldp from '../../../src/wire/lldp.js'
import { EndNode } from './bench-link.js'

const POLICY = { application: 1, unknown: false, tagged: true, vid: 20, priority: 6, dscp: 46 }

function bench(options: Partial<LldpAgentOptions> = {}) {
  const sim = new Simulation({ seed: 1 })
  const box = new Switch(sim, 'sw1')
  const phone = new EndNode(sim, 'phone')
  const other = new EndNode(sim, 'other')
  const network = new Network(sim)
  const link = network.connect(phone, box)
  network.connect(other, box)
  const agent = new LldpAgent(sim, box, link, {
    mac: fromHex('020000000001'),
    portName: 'Gi1/0/1',
    policies: [POLICY],
    portVlanId: 10,
    ...options,
  })
  const sendTlvs = (tlvs: readonly lldp.LldpTlv[]) =>
    phone.port.transmit(
      encode({
        destination: lldp.MULTICAST,
        source: fromHex('001b4f200001'),
        etherType: 0x88cc,
        payload: lldp.encode(tlvs),
      }),
    )
  const endpoint = (chassis: number, ttl = 120) => [
    lldp.identifierTlv(1, 5, lldp.networkAddressId(chassis)),
    lldp.identifierTlv(2, 3, fromHex('001b4f200001')),
    lldp.timeToLiveTlv(ttl),
    lldp.medCapabilitiesTlv(0x33, lldp.MedClass.endpointIII),
  ]
  const heard = () => phone.received.map(({ time, frame }) => ({ time, pdu: lldp.decode(decode(frame).payload) }))
  return { sim, box, agent, phone, other, sendTlvs, endpoint, heard }
}

describe('LLDP on a switch port', () => {
  it('speaks when the link comes up and then every 30 s, plainly as long as no endpoint is heard', async () => {
    const { sim, agent, heard, other } = bench()
    sim.at(SECOND, () => agent.linkUp())
    await sim.run({ until: 65 * SECOND })
    expect(heard().map(({ time }) => time / SECOND)).toEqual([1, 31, 61])
    expect(lldp.portVlanId(heard()[0]!.pdu)).toBe(10)
    expect(lldp.timeToLive(heard()[0]!.pdu)).toBe(120)
    expect(lldp.problem(heard()[0]!.pdu)).toBeUndefined()
    expect(heard().flatMap(({ pdu }) => lldp.networkPolicies(pdu))).toEqual([])
    expect(other.received).toEqual([])
  })

  it('answers a MED endpoint at once, with its policy, four times a second apart [TIA-1057 §11.2.1]', async () => {
    const { sim, agent, heard, sendTlvs, endpoint } = bench()
    agent.linkUp()
    sim.at(5 * SECOND, () => sendTlvs(endpoint(0)))
    await sim.run({ until: 40 * SECOND })
    expect(heard().map(({ time }) => time / SECOND)).toEqual([0, 5, 6, 7, 8, 38])
    expect(heard().slice(1).map(({ pdu }) => lldp.networkPolicies(pdu)[0])).toEqual(Array(5).fill(POLICY)) // prettier-ignore
  })

  it('forgets neighbours when their time is over or they say good-bye, and has room for a few', async () => {
    const { sim, agent, sendTlvs, endpoint } = bench({ maxNeighbours: 2 })
    sendTlvs(endpoint(1, 10))
    sendTlvs(endpoint(2))
    sendTlvs(endpoint(3))
    await sim.run({ until: SECOND })
    expect(agent.neighbours).toHaveLength(2)
    expect(agent.counters.tooManyNeighbours).toBe(1)
    await sim.run({ until: 12 * SECOND })
    expect(agent.neighbours).toHaveLength(1)
    sendTlvs(endpoint(2, 0))
    await sim.run({ until: 13 * SECOND })
    expect(agent.neighbours).toHaveLength(0)
  })

  it('discards what is no LLDPDU', async () => {
    const { sim, agent, phone, sendTlvs } = bench()
    sendTlvs([lldp.timeToLiveTlv(120)])
    const frame = { destination: lldp.MULTICAST, source: fromHex('001b4f200001'), etherType: 0x88cc }
    phone.port.transmit(encode({ ...frame, payload: fromHex('02') }))
    phone.port.transmit(encode({ ...frame, payload: fromHex('02ff04') }))
    await sim.run({ until: SECOND })
    expect(agent.counters).toMatchObject({ received: 3, discarded: 3 })
  })
})
