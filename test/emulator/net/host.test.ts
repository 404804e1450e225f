import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.js'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import type { LinkNode, Port } from '../../../src/emulator/link/link.js'
import type { Datagram, UnreachableError } from '../../../src/emulator/net/transport.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network, type AddHostOptions } from '../../../src/emulator/topology.js'
import * as arp from '../../../src/wire/arp.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as icmpv4 from '../../../src/wire/icmpv4.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import * as udp from '../../../src/wire/udp.js'
import * as vlan from '../../../src/wire/vlan.js'

const A = 0x0a000001
const B = 0x0a000002
const LIMITED_BROADCAST = 0xffffffff

/** Two hosts on a switch, and all frames in words. */
function lan(a: AddHostOptions = {}, b: AddHostOptions = {}) {
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const box = network.addSwitch('box')
  const hostA = network.addHost('a', { address: A, ...a })
  const hostB = network.addHost('b', { address: B, ...b })
  network.connect(hostA, box)
  network.connect(hostB, box, { name: 'b', both: { delay: MILLISECOND } })
  const frames: string[] = []
  network.tap(box, (time, frame) => frames.push(describeFrame(time, frame)))
  return { sim, network, box, a: hostA, b: hostB, frames }
}

function describeFrame(time: number, bytes: Uint8Array): string {
  const frame = ethernet.decode(bytes)
  const at = time / SECOND
  if (frame.etherType === ethernet.EtherType.arp) {
    const { operation, senderAddress, targetAddress } = arp.decode(frame.payload)
    const names = `${ipv4.formatAddress(senderAddress)} ${ipv4.formatAddress(targetAddress)}`
    return `${at} arp ${operation === arp.Operation.request ? 'who-has' : 'is-at'} ${names}`
  }
  if (frame.etherType !== ethernet.EtherType.ipv4) return `${at} ${frame.etherType.toString(16)}`
  const packet = ipv4.decode(frame.payload)
  const ends = `${ipv4.formatAddress(packet.source)} ${ipv4.formatAddress(packet.destination)}`
  if (packet.protocol !== ipv4.Protocol.icmp) return `${at} ${packet.protocol} ${ends}`
  const { type, code } = icmpv4.decode(packet.payload)
  return `${at} icmp ${type}/${code} ${ends}`
}

/** A node that sends what it is given and keeps what it gets. */
class Wire implements LinkNode {
  readonly name = 'wire'
  readonly received: Uint8Array[] = []
  port!: Port

  attach(port: Port): void {
    this.port = port
    port.receive = (frame) => this.received.push(frame)
  }
}

function wired(options: AddHostOptions = { address: A }) {
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const host = network.addHost('host', options)
  const wire = new Wire()
  network.connect(host, wire)
  const send = (
    payload: Uint8Array,
    { protocol = ipv4.Protocol.udp as number, destination = A, mac = host.mac, source = B } = {},
  ): void => {
    const packet = ipv4.encode({ protocol, source, destination, payload })
    const frame = { destination: mac, source: new Uint8Array([2, 9, 9, 9, 9, 9]), etherType: 0x0800, payload: packet }
    wire.port.transmit(ethernet.encode(frame))
  }
  return { sim, host, wire, send }
}

const datagram = (destinationPort: number, payload: Uint8Array, destination = A): Uint8Array =>
  udp.encode({ sourcePort: 9999, destinationPort, payload }, B, destination)

describe('ARP', () => {
  it('asks, answers, and learns from the question [RFC 826]', async () => {
    const { sim, a, b, frames } = lan()
    const got: Datagram[] = []
    const port = b.bindUdp(69, (datagram) => {
      got.push(datagram)
      port.send(datagram.payload, datagram.sourceAddress, datagram.sourcePort)
    })
    a.bindUdp(1000, () => {}).send(new Uint8Array([1, 2, 3]), B, 69)
    await sim.run()
    expect(frames.map((line) => line.slice(line.indexOf(' ') + 1))).toEqual([
      'arp who-has 10.0.0.1 10.0.0.2',
      'arp is-at 10.0.0.2 10.0.0.1',
      '17 10.0.0.1 10.0.0.2',
      '17 10.0.0.2 10.0.0.1',
    ])
    expect(got).toMatchObject([{ sourceAddress: A, sourcePort: 1000, destinationAddress: B }])
  })

  it('asks three times, a second apart, and then says that the host is unreachable', async () => {
    const { sim, a, frames } = lan()
    const errors: UnreachableError[] = []
    const port = a.bindUdp(
      1000,
      () => {},
      (error) => errors.push(error),
    )
    port.send(new Uint8Array(1), 0x0a000063, 69)
    await sim.run()
    expect(frames).toEqual([0, 1, 2].map((second) => `${second} arp who-has 10.0.0.1 10.0.0.99`))
    expect(sim.now).toBe(3 * SECOND)
    expect(errors).toEqual([{ type: 3, code: 1, from: A, destinationAddress: 0x0a000063, destinationPort: 69 }])
  })

  it('fails a connection whose peer has no MAC with EHOSTUNREACH, and one without a route with ENETUNREACH', async () => {
    const { sim, a } = lan()
    const ends: string[] = []
    a.connectTcp(0x0a000063, 80, { closed: (error) => ends.push(`${sim.now / SECOND} ${error}`) })
    a.connectTcp(0x0b000001, 80, { closed: (error) => ends.push(`${sim.now / SECOND} ${error}`) })
    expect(ends).toEqual([])
    await sim.run()
    expect(ends).toEqual(['0 ENETUNREACH', '3 EHOSTUNREACH'])
  })

  it('sends to other networks by way of the router', async () => {
    const { sim, a, frames } = lan({ router: B })
    a.bindUdp(1000, () => {}).send(new Uint8Array(1), 0x0b000001, 69)
    await sim.run()
    expect(frames[0]).toBe('0 arp who-has 10.0.0.1 10.0.0.2')
    expect(frames.at(-1)).toMatch(/17 10\.0\.0\.1 11\.0\.0\.1/)
  })

  it('resolves on request, with one question', async () => {
    const { sim, a, b, frames } = lan()
    const answers: (Uint8Array | undefined)[] = []
    a.resolveArp(B, SECOND, (mac) => answers.push(mac))
    a.resolveArp(0x0a000063, SECOND, (mac) => answers.push(mac))
    await sim.run()
    expect(answers).toEqual([b.mac, undefined])
    expect(frames.filter((line) => line.includes('who-has'))).toHaveLength(2)
  })

  it('probes from 0.0.0.0 before it has an address, and hears of a conflict [RFC 5227 §2.1.1]', async () => {
    const { sim, network, box, b, frames } = lan()
    const sibling = network.addHost('c', { profile: 'phone' })
    const other = network.addHost('d', { profile: 'phone' })
    network.connect(sibling, box)
    network.connect(other, box)
    const answers: (Uint8Array | undefined)[] = []
    sibling.resolveArp(B, SECOND, (mac) => answers.push(mac), true)
    await sim.run()
    expect(answers).toEqual([b.mac])
    expect(frames[0]).toBe('0 arp who-has 0.0.0.0 10.0.0.2')
    // Two that probe for one address hear of each other.
    sibling.resolveArp(0x0a000063, SECOND, (mac) => answers.push(mac), true)
    other.resolveArp(0x0a000063, SECOND, (mac) => answers.push(mac), true)
    await sim.run()
    expect(
      answers
        .slice(1)
        .map((mac) => mac?.[5])
        .sort(),
    ).toEqual([sibling.mac[5], other.mac[5]])
  })

  it('takes an announcement as Linux and is deaf to it as a phone (GRATARP 0)', async () => {
    for (const [profile, expected] of [
      ['linux', true],
      ['phone', false],
    ] as const) {
      const { sim, a, b, network, box } = lan({ profile })
      a.addNeighbour(B, b.mac)
      const thief = network.addHost('thief', { address: B })
      network.connect(thief, box)
      thief.announceArp()
      await sim.run()
      let stolen = false
      thief.bindUdp(69, () => (stolen = true))
      a.bindUdp(1000, () => {}).send(new Uint8Array(1), B, 69)
      await sim.run()
      expect(stolen).toBe(expected)
    }
  })

  it('ignores what is not ARP for IPv4 over Ethernet, and does not answer for others', async () => {
    const { sim, host, wire } = wired()
    const question = arp.encode({
      operation: 1,
      senderMac: new Uint8Array(6),
      senderAddress: B,
      targetMac: new Uint8Array(6),
      targetAddress: A,
    })
    const send = (payload: Uint8Array): void =>
      wire.port.transmit(
        ethernet.encode({ destination: ethernet.BROADCAST, source: new Uint8Array(6), etherType: 0x0806, payload }),
      )
    send(question.subarray(0, 20))
    const token = question.slice()
    token[4] = 8
    send(token)
    const elsewhere = question.slice()
    elsewhere[27] = 9
    send(elsewhere)
    await sim.run()
    expect(wire.received).toEqual([])
    expect(host.counters.malformed).toBe(2)
    send(question)
    await sim.run()
    expect(wire.received).toHaveLength(1)
  })
})

describe('UDP', () => {
  it('binds a port once, and picks free ones of its profile for port 0', () => {
    const { a, b } = lan({}, { profile: 'phone' })
    const port = a.bindUdp(69, () => {})
    expect(() => a.bindUdp(69, () => {})).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }))
    port.close()
    a.bindUdp(69, () => {})
    const picked = new Set(Array.from({ length: 100 }, () => b.bindUdp(0, () => {}).port))
    expect(picked.size).toBe(100)
    for (const number of picked) expect(number >= 1024 && number <= 5000).toBe(true)
    expect(a.bindUdp(0, () => {}).port).toBeGreaterThanOrEqual(32_768)
  })

  it('broadcasts from 0.0.0.0 without an address, and is answered by broadcast or unicast on port 68', async () => {
    const sim = new Simulation({ seed: 1 })
    const network = new Network(sim)
    const box = network.addSwitch('box')
    const client = network.addHost('client', { profile: 'phone' })
    const server = network.addHost('server', { address: A })
    network.connect(client, box)
    network.connect(server, box)
    const heard: string[] = []
    const note = (who: string) => (datagram: Datagram) =>
      heard.push(`${who} ${datagram.payload[0]} ${ipv4.formatAddress(datagram.sourceAddress)}`)
    const port = client.bindUdp(68, note('client'))
    client.bindUdp(5000, note('wrong'))
    const serverPort = server.bindUdp(67, note('server'))
    port.send(new Uint8Array([1]), LIMITED_BROADCAST, 67)
    await sim.run()
    serverPort.send(new Uint8Array([2]), LIMITED_BROADCAST, 68)
    server.addNeighbour(B, client.mac)
    serverPort.send(new Uint8Array([3]), B, 68)
    serverPort.send(new Uint8Array([4]), B, 5000)
    await sim.run()
    expect(heard).toEqual(['server 1 0.0.0.0', 'client 2 10.0.0.1', 'client 3 10.0.0.1'])
    // Once it has another address, that is nobody's any more.
    client.configure({ address: 0x0a000003, mask: 0xffffff00, router: undefined })
    serverPort.send(new Uint8Array([5]), B, 68)
    await sim.run()
    expect(heard).toHaveLength(3)
  })

  it('computes the broadcast address from the mask', async () => {
    const { sim, a, b } = lan({ mask: '255.255.0.0' }, { address: '10.0.0.255', mask: '255.255.0.0' })
    const heard: number[] = []
    b.bindUdp(69, ({ payload }) => heard.push(payload[0]!))
    const port = a.bindUdp(1000, () => {})
    port.send(new Uint8Array([1]), b.address, 69)
    port.send(new Uint8Array([2]), 0x0a00ffff, 69)
    await sim.run()
    expect(heard.sort()).toEqual([1, 2])
  })

  it('says port unreachable as Linux; as a phone only for the ports of traceroute (ICMPDU 1)', async () => {
    for (const [profile, expected] of [
      ['linux', [69, 33_434]],
      ['phone', [33_434]],
    ] as const) {
      const { sim, a } = lan({}, { profile })
      const errors: number[] = []
      const port = a.bindUdp(
        1000,
        () => {},
        ({ type, code, from, destinationPort }) => {
          expect([type, code, from]).toEqual([3, 3, B])
          errors.push(destinationPort)
        },
      )
      port.send(new Uint8Array(10), B, 69)
      port.send(new Uint8Array(10), B, 33_434)
      await sim.run()
      expect(errors).toEqual(expected)
    }
  })

  it('drops or rejects as the policy says, bound or not', async () => {
    const { sim, a, b } = lan()
    const heard: string[] = []
    b.bindUdp(69, () => heard.push('got'))
    const port = a.bindUdp(
      1000,
      () => {},
      () => heard.push('unreachable'),
    )
    for (const policy of ['drop', 'reject', 'open'] as const) {
      b.setPortPolicy('udp', 69, policy)
      port.send(new Uint8Array(1), B, 69)
      await sim.run()
    }
    expect(heard).toEqual(['unreachable', 'got'])
  })

  it('fragments what is longer than a frame, and puts it together again in any order [RFC 791 §3.2]', async () => {
    const { sim, a, b, network, frames } = lan()
    network.link('b').set({ jitter: MILLISECOND, delay: 2 * MILLISECOND, duplicate: 0.3 })
    const content = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 31) >> 4)
    let whole = 0
    b.bindUdp(69, ({ payload }) => {
      if (equalBytes(payload, content)) whole++
    })
    const port = a.bindUdp(1000, () => {})
    a.addNeighbour(B, b.mac)
    for (let i = 0; i < 20; i++) port.send(content, B, 69)
    await sim.run()
    expect(whole).toBeGreaterThanOrEqual(20)
    expect(frames.filter((line) => line.includes('17 10.0.0.1')).length).toBe(20 * Math.ceil(40_008 / 1480))
    expect(() => port.send(new Uint8Array(65_508), B, 69)).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }))
  })

  it('reaches its own ports by its own address and by loopback', async () => {
    const { sim, a, frames } = lan()
    const heard: string[] = []
    a.bindUdp(69, ({ sourceAddress }) => heard.push(ipv4.formatAddress(sourceAddress)))
    const port = a.bindUdp(1000, () => {})
    port.send(new Uint8Array(1), A, 69)
    port.send(new Uint8Array(1), 0x7f000001, 69)
    await sim.run()
    expect(heard).toEqual(['10.0.0.1', '127.0.0.1'])
    expect(frames).toEqual([])
  })
})

describe('a received frame', () => {
  it('is dropped and counted when a checksum is wrong', async () => {
    const { sim, host, wire, send } = wired()
    let heard = 0
    host.bindUdp(69, () => heard++)
    const broken = datagram(69, new Uint8Array([1, 2, 3]))
    broken[9]! ^= 1
    send(broken)
    send(new Uint8Array([8, 0, 1, 2, 3, 4, 5, 6]), { protocol: ipv4.Protocol.icmp })
    send(new Uint8Array(20).fill(0x50), { protocol: ipv4.Protocol.tcp })
    await sim.run()
    expect(host.counters.badChecksum).toBe(3)
    send(datagram(69, new Uint8Array([1])))
    await sim.run()
    const header = wire.port.link.counters('b2a').delivered
    expect([heard, header]).toEqual([1, 4])
  })

  it('counts for malformed cut at any octet, whatever it carries', async () => {
    const { sim, host, wire } = wired()
    host.bindUdp(69, () => {})
    const packet = ipv4.encode({
      protocol: ipv4.Protocol.udp,
      source: B,
      destination: A,
      payload: datagram(69, new Uint8Array(30)),
    })
    const frame = ethernet.encode({
      destination: host.mac,
      source: new Uint8Array(6),
      etherType: 0x0800,
      payload: packet,
    })
    for (let length = 0; length < frame.length; length++) wire.port.transmit(frame.subarray(0, length))
    await sim.run()
    expect(host.counters.malformed + host.counters.notForUs).toBe(frame.length)
  })

  it('survives 20,000 frames of noise', async () => {
    const { sim, host, wire } = wired()
    host.listenTcp(80, () => ({}))
    host.bindUdp(69, () => {})
    const random = sim.random('noise')
    for (let i = 0; i < 20_000; i++) {
      const frame = new Uint8Array(15 + random.int(80))
      for (let at = 0; at < frame.length; at++) frame[at] = random.u32()
      frame.set(host.mac)
      frame.set([8, random.int(2) * 6, 0x45], 12)
      wire.port.transmit(frame)
    }
    await sim.run()
    expect(host.counters.framesReceived).toBe(20_000)
  })

  it('is for another when its MAC, its address or its VLAN is', async () => {
    const { sim, host, wire, send } = wired()
    const heard: number[] = []
    host.bindUdp(69, ({ payload }) => heard.push(payload[0]!))
    send(datagram(69, new Uint8Array([1])), { mac: new Uint8Array([2, 1, 1, 1, 1, 1]) })
    send(datagram(69, new Uint8Array([2]), 0x0a000009), { destination: 0x0a000009 })
    const tagged = (vid: number, value: number): void => {
      const packet = ipv4.encode({
        protocol: ipv4.Protocol.udp,
        source: B,
        destination: A,
        payload: datagram(69, new Uint8Array([value])),
      })
      const payload = vlan.encode({ pcp: 6, dei: false, vid, etherType: 0x0800, payload: packet })
      wire.port.transmit(
        ethernet.encode({ destination: host.mac, source: new Uint8Array(6), etherType: 0x8100, payload }),
      )
    }
    tagged(232, 3)
    tagged(0, 4)
    await sim.run()
    expect(heard).toEqual([4])
    host.setVlan({ vid: 232, pcp: 6 })
    tagged(232, 5)
    tagged(100, 6)
    send(datagram(69, new Uint8Array([7])))
    await sim.run()
    expect(heard).toEqual([4, 5])
    host.announceArp()
    await sim.run()
    expect([...wire.received.at(-1)!.subarray(12, 18)]).toEqual([0x81, 0x00, 0xc0, 232, 0x08, 0x06])
  })
})

describe('ICMP', () => {
  it('answers an echo request with its data [RFC 792], not one to a group', async () => {
    const { sim, a, frames } = lan()
    const times: (number | undefined)[] = []
    a.ping(B, SECOND, (time) => times.push(time))
    await sim.run()
    a.ping(B, SECOND, (time) => times.push(time))
    a.ping(0x0a0000ff, SECOND, (time) => times.push(time))
    await sim.run()
    // The first one waits for ARP.
    expect(times).toEqual([4 * MILLISECOND, 2 * MILLISECOND, undefined])
    expect(frames.filter((line) => line.includes('icmp 0/0'))).toHaveLength(2)
  })

  it('sends no error about an error, a broadcast or a packet from nowhere [RFC 1122 §3.2.2]', async () => {
    const { sim, wire, send } = wired()
    const unreachable = icmpv4.encodeError(
      3,
      3,
      ipv4.encode({ protocol: 17, source: B, destination: A, payload: new Uint8Array(8) }),
    )
    send(unreachable, { protocol: ipv4.Protocol.icmp })
    send(datagram(69, new Uint8Array(1), LIMITED_BROADCAST), { destination: LIMITED_BROADCAST })
    send(udp.encode({ sourcePort: 1, destinationPort: 69, payload: new Uint8Array(1) }, 0, A), { source: 0 })
    await sim.run()
    expect(wire.received).toEqual([])
  })
})

describe('Network', () => {
  it('makes the same MAC addresses in the same order, and takes each name once', () => {
    const make = () => {
      const network = new Network(new Simulation({ seed: 1 }))
      return { network, macs: ['a', 'b', 'c'].map((name) => ethernet.formatMac(network.addHost(name).mac)) }
    }
    const { network, macs } = make()
    expect(macs).toEqual(['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'])
    expect(make().macs).toEqual(macs)
    expect(() => network.addHost('a')).toThrow(/already/)
    expect(() => network.addSwitch('a')).toThrow(/already/)
    network.connect(network.host('a'), network.addSwitch('box'))
    expect(network.link('a-box').name).toBe('a-box')
    expect(() => network.connect(network.host('a'), network.switch('box'), { name: 'again' })).toThrow(/already/)
    expect(() => network.link('nowhere')).toThrow(/no link nowhere/)
    expect(() => network.addHost('bad', { address: '10.0.0.256' })).toThrow(TypeError)
    expect(() => network.addHost('worse', { mac: '02:00' })).toThrow(TypeError)
  })
})
