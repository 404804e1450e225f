import { describe, expect, it } from 'vitest'
import { fromHex, latin1Bytes } from '../../../src/base/bytes.js'
import { SECOND } from '../../../src/base/time.js'
import { Dot1xAuthenticator, type Dot1xOptions } from '../../../src/emulator/link/dot1x-authenticator.js'
import { md5Response } from '../../../src/emulator/link/eap-md5.js'
import { Switch } from '../../../src/emulator/link/switch.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import * as eapol from '../../../src/wire/eapol.js'
import { decode, encode } from '../../../src/wire/ethernet.js'
import { EAP_MD5_REQUEST, EAP_MD5_RESPONSE } from '../../wire/frames.js'
import { EndNode } from './bench-link.js'

const MAC = fromHex('001b4f200001')

function bench(options: Partial<Dot1xOptions> = {}) {
  const sim = new Simulation({ seed: 1 })
  const box = new Switch(sim, 'sw1')
  const phone = new EndNode(sim, 'phone')
  const other = new EndNode(sim, 'other')
  const network = new Network(sim)
  const link = network.connect(phone, box)
  network.connect(other, box)
  const users = new Map([['phone', 'secret']])
  const port = new Dot1xAuthenticator(sim, box, link, { mac: fromHex('020000000001'), users, ...options })
  const send = (type: number, body: Uint8Array = new Uint8Array(0)) =>
    phone.port.transmit(
      encode({ destination: eapol.MULTICAST, source: MAC, etherType: 0x888e, payload: eapol.encode({ version: 1, type, body }) }), // prettier-ignore
    )
  const respond = (identifier: number, type: number, data: Uint8Array) =>
    send(0, eapol.encodeEap({ code: 2, identifier, type, data }))
  /** A supplicant that answers everything, its packets by name. */
  const log: string[] = []
  phone.port.receive = (frame) => {
    if (decode(frame).etherType !== 0x888e) return void log.push('other')
    const packet = eapol.decodeEap(eapol.decode(decode(frame).payload).body)
    log.push(`${sim.now / SECOND} ${eapol.eapName(packet)}`)
    answer(packet)
  }
  let answer: (packet: eapol.EapPacket) => void = () => undefined
  const supplicant = (password: string) => {
    answer = (packet) => {
      if (packet.type === eapol.EapType.identity) respond(packet.identifier, 1, latin1Bytes('phone'))
      if (packet.type !== eapol.EapType.md5Challenge) return
      const { value } = eapol.decodeMd5Challenge(packet.data)
      const hash = md5Response(packet.identifier, password, value)
      respond(packet.identifier, 4, eapol.encodeMd5Challenge({ value: hash, name: 'phone' }))
    }
  }
  const ping = (from: EndNode) =>
    from.port.transmit(encode({ destination: new Uint8Array(6).fill(255), source: MAC, etherType: 0x0800, payload: new Uint8Array(46) })) // prettier-ignore
  return { sim, box, port, phone, other, send, log, supplicant, ping }
}

describe('802.1X on a switch port', () => {
  it('computes the answer that wpa_supplicant gave [RFC 1994 §4.1]', () => {
    const [request, response] = [EAP_MD5_REQUEST, EAP_MD5_RESPONSE].map((frame) =>
      eapol.decodeEap(eapol.decode(frame.subarray(14)).body),
    )
    const challenge = eapol.decodeMd5Challenge(request!.data).value
    const answer = eapol.decodeMd5Challenge(response!.data).value
    expect(md5Response(request!.identifier, '123456', challenge)).toEqual(answer)
  })

  it('drops everything but EAPOL until the supplicant has shown its password', async () => {
    const { sim, port, other, supplicant, ping, log, box } = bench()
    supplicant('secret')
    sim.at(0, () => ping(other))
    await sim.run({ until: SECOND })
    expect(log).toEqual([])
    port.linkUp()
    await sim.run({ until: 2 * SECOND })
    expect(log.map((line) => line.replace(/^\S+ /, ''))).toEqual(['Request, Identity', 'Request, MD5-Challenge', 'Success']) // prettier-ignore
    expect(port.state).toBe('authenticated')
    ping(other)
    await sim.run({ until: 3 * SECOND })
    expect(log.at(-1)).toBe('other')
    expect(box.counters.unauthorized).toBe(1)
  })

  it('lets nothing of the supplicant through before', async () => {
    const { sim, phone, other, ping, box } = bench()
    ping(phone)
    await sim.run({ until: SECOND })
    expect(other.received).toEqual([])
    expect(box.counters.unauthorized).toBe(1)
  })

  it('fails a wrong password and is deaf for the quiet period', async () => {
    const { sim, port, send, supplicant, log } = bench()
    supplicant('wrong')
    port.linkUp()
    sim.at(10 * SECOND, () => send(eapol.PacketType.start))
    await sim.run({ until: 59 * SECOND })
    expect(log.map((line) => line.replace(/^\S+ /, ''))).toEqual(['Request, Identity', 'Request, MD5-Challenge', 'Failure']) // prettier-ignore
    expect(port.state).toBe('held')
    await sim.run({ until: 62 * SECOND })
    expect(log).toHaveLength(6)
  })

  it('refuses whoever comes, when told so', async () => {
    const { sim, port, supplicant, log } = bench({ verdict: 'refuse' })
    supplicant('secret')
    port.linkUp()
    await sim.run({ until: SECOND })
    expect(log.at(-1)).toMatch(/Failure/)
  })

  it('asks every txPeriod a device that does not answer, and opens only with MAC bypass', async () => {
    const without = bench()
    without.port.linkUp()
    await without.sim.run({ until: 100 * SECOND })
    expect(without.log).toEqual(['0', '30', '60', '90'].map((time) => `${time} Request, Identity`))
    expect(without.port.state).toBe('connecting')
    const bypass = bench({ macBypass: true, txPeriod: 10 * SECOND })
    bypass.port.linkUp()
    await bypass.sim.run({ until: 100 * SECOND })
    expect(bypass.log).toHaveLength(2)
    expect(bypass.port.state).toBe('authenticated')
  })

  it('says nothing at all when silent', async () => {
    const { sim, port, send, log } = bench({ verdict: 'silent' })
    port.linkUp()
    sim.at(SECOND, () => send(eapol.PacketType.start))
    await sim.run({ until: 100 * SECOND })
    expect(log).toEqual([])
    expect(port.state).toBe('disconnected')
  })

  it('begins anew for an EAPOL-Start, and closes for a logoff', async () => {
    const { sim, port, send, supplicant, log } = bench()
    supplicant('secret')
    port.linkUp()
    await sim.run({ until: SECOND })
    send(eapol.PacketType.logoff)
    await sim.run({ until: SECOND + 1 })
    expect(port.state).not.toBe('authenticated')
    await sim.run({ until: 2 * SECOND })
    expect(log.filter((line) => line.endsWith('Success'))).toHaveLength(2)
  })
})
