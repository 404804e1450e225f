/** Routers, relays and firewalls between hosts, seen from the hosts. */
import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { relayReply, relayRequest } from '../../../src/emulator/link/relay.js'
import type { FirewallOptions } from '../../../src/emulator/link/firewall.js'
import type { RouterInterfaceOptions } from '../../../src/emulator/link/router.js'
import type { UnreachableError } from '../../../src/emulator/net/transport.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import { createVirtualHost } from '../../../src/emulator/virtual-host.js'
import { startDhcpServer } from '../../../src/servers/dhcp-server.js'
import * as dhcp from '../../../src/wire/dhcp.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as icmpv4 from '../../../src/wire/icmpv4.js'
import * as ipv4 from '../../../src/wire/ipv4.js'

const A = 0x0a000002
const B = 0x0a000102
const MASK = 0xffffff00

/** a in 10.0.0.0/24 and b in 10.0.1.0/24 with a router between them; all frames to a as the wire has them. */
function routed(a: Partial<RouterInterfaceOptions> = {}, b: Partial<RouterInterfaceOptions> = {}) {
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const hostA = network.addHost('a', { address: A, router: '10.0.0.1' })
  const hostB = network.addHost('b', { address: B, router: '10.0.1.1' })
  const router = network.addRouter('r')
  const linkA = network.connect(hostA, router, { both: { delay: MILLISECOND } })
  const linkB = network.connect(hostB, router, { both: { delay: MILLISECOND } })
  router.addInterface(linkA, { address: 0x0a000001, mask: MASK, ...a })
  router.addInterface(linkB, { address: 0x0a000101, mask: MASK, ...b })
  const errors: UnreachableError[] = []
  const socket = hostA.bindUdp(
    4000,
    () => {},
    (error) => errors.push(error),
  )
  return { sim, network, a: hostA, b: hostB, router, errors, socket }
}

describe('Router', () => {
  it('carries datagrams and connections between networks', async () => {
    const { sim, a, b, router } = routed()
    const seen: string[] = []
    b.listenTcp(80, (socket) => ({ data: (bytes) => void socket.write(bytes) }))
    const octets = new Uint8Array(100_000).fill(7)
    let got = 0
    const socket = a.connectTcp(B, 80, {
      connected: () => void socket.write(octets),
      data: (bytes) => (got += bytes.length),
    })
    a.ping(B, SECOND, (time) => seen.push(`ping ${time === undefined ? 'lost' : 'back'}`))
    await sim.run({ until: 20 * SECOND })
    expect([got, seen]).toEqual([100_000, ['ping back']])
    expect(router.counters.badChecksum + router.counters.malformed).toBe(0)
    // The hosts check every header checksum that the router mended.
    expect(a.counters.badChecksum + b.counters.badChecksum).toBe(0)
  })

  it('answers a ping itself, also on its far address', async () => {
    const { sim, a } = routed()
    const times: (number | undefined)[] = []
    a.ping(0x0a000001, SECOND, (time) => times.push(time))
    a.ping(0x0a000101, SECOND, (time) => times.push(time))
    await sim.run()
    expect(times.every((time) => time !== undefined)).toBe(true)
  })

  it('says network unreachable, host unreachable and port unreachable', async () => {
    const { sim, errors, socket } = routed()
    socket.send(new Uint8Array(1), 0xc0000201, 9)
    socket.send(new Uint8Array(2), B + 1, 9)
    socket.send(new Uint8Array(3), 0x0a000101, 9)
    await sim.run()
    const { network, host, port } = icmpv4.UnreachableCode
    expect(errors.map(({ code }) => code).sort((x, y) => x - y)).toEqual([network, host, port])
    expect(errors.every(({ from }) => from === 0x0a000001)).toBe(true)
  })

  it('says fragmentation needed with the MTU, or fragments where the sender allows it', async () => {
    const { sim, network, b, router } = routed({}, { mtu: 600 })
    // Raw frames, because hosts decide on DF themselves.
    const frames: Uint8Array[] = []
    const sender = network.addHost('sender', { address: A + 1 })
    const link = network.connect(sender, router)
    router.addInterface(link, { address: 0x0a000201, mask: MASK, mac: '02:00:00:00:0f:01' })
    network.tap(sender, (_, frame, direction) => void (direction === 'received' && frames.push(frame)))
    const got: number[] = []
    b.bindUdp(9, ({ payload }) => got.push(payload.length))
    const send = (dontFragment: boolean): void => {
      const payload = new Uint8Array(1400)
      payload.set([0x10, 0, 0, 9, 1400 >> 8, 1400 & 255, 0, 0])
      const source = 0x0a000202
      const packet = ipv4.encode({ source, destination: B, protocol: 17, payload, dontFragment, identification: 5 })
      sender.port!.transmit(
        ethernet.encode({
          destination: ethernet.parseMac('02:00:00:00:0f:01')!,
          source: sender.mac,
          etherType: ethernet.EtherType.ipv4,
          payload: packet,
        }),
      )
    }
    send(false)
    send(true)
    sender.configure({ address: 0x0a000202, mask: MASK, router: undefined })
    await sim.run({ until: 5 * SECOND })
    expect(got).toEqual([1392])
    expect(router.counters).toMatchObject({ fragmented: 1, tooBig: 1 })
    const errors = frames
      .map((frame) => ethernet.decode(frame))
      .filter(({ etherType }) => etherType === ethernet.EtherType.ipv4)
      .map(({ payload }) => icmpv4.decode(ipv4.decode(payload).payload))
    expect(errors).toMatchObject([{ type: 3, code: 4, rest: 600 }])
    expect(icmpv4.quoted(errors[0]!)).toMatchObject({ sourcePort: 0x1000, destinationPort: 9 })
  })

  it('says time exceeded when a loop has used up the TTL, once', async () => {
    const { sim, network, router, errors, socket } = routed()
    const other = network.addRouter('other')
    const between = network.connect(router, other)
    router.addInterface(between, { address: 0x0a000901, mask: MASK })
    other.addInterface(between, { address: 0x0a000902, mask: MASK })
    router.addRoute(0xc0000200, MASK, 0x0a000902)
    other.addRoute(0, 0, 0x0a000901)
    socket.send(new Uint8Array(1), 0xc0000201, 9)
    await sim.run()
    expect(errors.map(({ type }) => type)).toEqual([icmpv4.Type.timeExceeded])
    expect(router.counters.ttlExceeded + other.counters.ttlExceeded).toBe(1)
    expect(() => router.addRoute(0, 0, 0x0b000001)).toThrow('no interface')
  })

  it('routes between VLANs of one link', async () => {
    const sim = new Simulation({ seed: 1 })
    const network = new Network(sim)
    const box = network.addSwitch('box')
    const a = network.addHost('a', { address: A, router: '10.0.0.1' })
    const b = network.addHost('b', { address: B, router: '10.0.1.1' })
    const router = network.addRouter('r')
    const links = [a, b].map((host) => network.connect(host, box))
    const stick = network.connect(router, box)
    box.setPort(links[0]!, { kind: 'access', vlan: 10 })
    box.setPort(links[1]!, { kind: 'access', vlan: 20 })
    box.setPort(stick, { kind: 'trunk', allowed: [10, 20] })
    router.addInterface(stick, { address: 0x0a000001, mask: MASK, vlan: 10 })
    router.addInterface(stick, { address: 0x0a000101, mask: MASK, vlan: 20 })
    let back: number | undefined
    a.ping(B, SECOND, (time) => (back = time))
    await sim.run()
    expect(back).toBeDefined()
  })
})

describe('the DHCP relay', () => {
  const discover = dhcp.encode({
    op: dhcp.Operation.bootRequest,
    xid: 77,
    chaddr: new Uint8Array([2, 0, 0, 0, 0, 1]), // the first made-up address: a
    options: [{ code: dhcp.OptionCode.messageType, data: new Uint8Array([dhcp.MessageType.discover]) }],
  })
  const information = [{ code: dhcp.RelaySubOptionCode.circuitId, data: new Uint8Array([1, 2, 3]) }]

  it('brings a client a lease from a server on another network, with option 82 there and gone again here', async () => {
    const { sim, network, a, b, router } = routed({ relay: { servers: [B], information } })
    const atServer: dhcp.DhcpMessage[] = []
    network.tap(b, (_, frame, direction) => {
      const packet = direction === 'received' ? ethernet.decode(frame) : undefined
      if (packet?.etherType !== ethernet.EtherType.ipv4) return
      atServer.push(dhcp.decode(ipv4.decode(packet.payload).payload.subarray(8)))
    })
    startDhcpServer(createVirtualHost(b, sim), {
      serverAddress: '10.0.1.2',
      pool: { first: '10.0.1.100', last: '10.0.1.110' },
      mask: '255.255.255.0',
      relayedScopes: [{ pool: { first: '10.0.0.50', last: '10.0.0.60' }, mask: '255.255.255.0' }],
    })
    a.deconfigure()
    const offers: dhcp.DhcpMessage[] = []
    const socket = a.bindUdp(dhcp.CLIENT_PORT, ({ payload }) => offers.push(dhcp.decode(payload)))
    sim.at(SECOND, () => socket.send(discover, ipv4.BROADCAST_ADDRESS, dhcp.SERVER_PORT))
    await sim.run({ until: 10 * SECOND })
    expect(atServer[0]).toMatchObject({ hops: 1, giaddr: 0x0a000001, xid: 77 })
    expect(dhcp.relayAgentInformation(atServer[0]!)?.subOptions).toEqual(information)
    expect(offers).toHaveLength(1)
    expect(dhcp.messageType(offers[0]!)).toBe(dhcp.MessageType.offer)
    expect(ipv4.formatAddress(offers[0]!.yiaddr)).toBe('10.0.0.50')
    expect(dhcp.relayAgentInformation(offers[0]!)).toBeUndefined()
    expect(router.counters).toMatchObject({ relayedRequests: 1, relayedReplies: 1, notRelayed: 0 })
  })

  it('counts hops and stops at the limit, leaves a giaddr alone, and waits for secs', () => {
    const hopped = discover.slice()
    hopped[3] = 4
    expect(relayRequest(hopped, 1, { servers: [] })).toBe('too many hops')
    expect(relayRequest(hopped, 1, { servers: [], maxHops: 5 })).toBeInstanceOf(Uint8Array)
    expect(relayRequest(discover, 1, { servers: [], minSecs: 3 })).toBe('too early')
    const second = relayRequest(relayRequest(discover, 5, { servers: [] }) as Uint8Array, 6, {
      servers: [],
      information,
    })
    const message = dhcp.decode(second as Uint8Array)
    expect([message.giaddr, message.hops, dhcp.relayAgentInformation(message)]).toEqual([5, 2, undefined])
  })

  it('drops a client that brings its own option 82, and survives messages cut at every octet', () => {
    const once = relayRequest(discover, 5, { servers: [], information }) as Uint8Array
    once.set([0, 0, 0, 0], 24)
    expect(relayRequest(once, 5, { servers: [], information })).toBe('untrusted option 82')
    for (let length = 0; length < discover.length; length++) {
      const cut = discover.slice(0, length)
      const request = relayRequest(cut, 5, { servers: [], information })
      if (length < dhcp.HEADER_LENGTH) expect(request).toBe('malformed')
      cut[0] = 2
      expect(typeof relayReply(cut, { servers: [], information })).toBe(
        length < dhcp.HEADER_LENGTH ? 'string' : 'object',
      )
    }
  })
})

describe('Firewall', () => {
  /** a inside, b outside. */
  function walled(options: FirewallOptions) {
    const sim = new Simulation({ seed: 1 })
    const network = new Network(sim)
    const a = network.addHost('a', { address: '10.0.0.1' })
    const b = network.addHost('b', { address: '10.0.0.2' })
    const firewall = network.addFirewall('wall', options)
    network.connect(a, firewall)
    network.connect(b, firewall)
    return { sim, a, b, firewall }
  }

  /** Whether TFTP's first DATA, from a new port, gets in. */
  async function tftpPasses(options: FirewallOptions): Promise<boolean> {
    const { sim, a, b } = walled(options)
    let passed = false
    const client = a.bindUdp(3000, () => (passed = true))
    b.bindUdp(69, ({ sourceAddress, sourcePort }) => {
      b.bindUdp(5000, () => {}).send(new Uint8Array([0, 3, 0, 1]), sourceAddress, sourcePort)
    })
    client.send(new Uint8Array([0, 1, 97, 0, 111, 0]), b.address, 69)
    await sim.run()
    return passed
  }

  it("loses TFTP's answer from a new port when stateless, and passes it when stateful with the helper", async () => {
    const rules = [{ verdict: 'pass', direction: 'in', protocol: 'udp', sourcePort: 69 }] as const
    expect(await tftpPasses({ stateful: false, rules })).toBe(false)
    expect(await tftpPasses({ stateful: true })).toBe(true)
    expect(await tftpPasses({ stateful: true, tftpHelper: false })).toBe(false)
  })

  it('stateful, lets answers in and nothing else, until the conversation has been silent too long', async () => {
    const { sim, a, b, firewall } = walled({ stateful: true })
    const got: string[] = []
    const inside = a.bindUdp(3000, ({ payload }) => got.push(`in ${payload[0]}`))
    const outside = b.bindUdp(4000, () => {})
    const fromOutside = (n: number) => outside.send(new Uint8Array([n]), a.address, 3000)
    sim.at(0, () => fromOutside(1))
    sim.at(SECOND, () => inside.send(new Uint8Array(1), b.address, 4000))
    sim.at(2 * SECOND, () => fromOutside(2))
    sim.at(100 * SECOND, () => fromOutside(3))
    sim.at(400 * SECOND, () => fromOutside(4))
    await sim.run()
    expect(got).toEqual(['in 2', 'in 3'])
    expect(firewall.counters.dropped).toBe(2)
    expect(firewall.conversationCount).toBe(1)
  })

  it.each([
    ['drop', 'ETIMEDOUT'],
    ['reject', 'ECONNREFUSED'],
  ] as const)('%s: a connection fails with %s', async (verdict, code) => {
    const { sim, a, b } = walled({ stateful: true, rules: [{ verdict, protocol: 'tcp', destinationPort: 80 }] })
    b.listenTcp(80, () => ({}))
    let failed: string | undefined
    a.connectTcp(b.address, 80, { closed: (error) => (failed = error) }, { connectTimeout: 10 * SECOND })
    await sim.run()
    expect(failed).toBe(code)
  })

  it('rejects a datagram with port unreachable, in the name of its destination', async () => {
    const { sim, a, b } = walled({ stateful: false, otherwise: { out: 'reject' } })
    const errors: UnreachableError[] = []
    const socket = a.bindUdp(
      3000,
      () => {},
      (error) => errors.push(error),
    )
    socket.send(new Uint8Array(1), b.address, 9)
    await sim.run()
    expect(errors).toMatchObject([{ code: icmpv4.UnreachableCode.port, from: b.address, destinationPort: 9 }])
  })

  it('lets whole TCP conversations through, out of a network that nothing may come into', async () => {
    const { sim, a, b, firewall } = walled({ stateful: true })
    b.listenTcp(80, (socket) => ({
      data: (bytes) => void socket.write(bytes),
      end: () => socket.end(),
    }))
    let got = 0
    let closed = false
    const socket = a.connectTcp(b.address, 80, {
      connected: () => {
        socket.write(new Uint8Array(50_000))
        socket.end()
      },
      data: (bytes) => (got += bytes.length),
      closed: () => (closed = true),
    })
    await sim.run()
    expect([got, closed, firewall.counters.dropped]).toEqual([50_000, true, 0])
  })
})

describe('boxes under hostile frames', () => {
  it('take a million random and mutated frames, and still work', async () => {
    const { sim, network, a, b, router } = routed({ relay: { servers: [B] } })
    const wall = network.addFirewall('wall', { stateful: true, otherwise: { in: 'reject' } })
    const inside = network.addHost('inside')
    const outside = network.addHost('outside')
    network.connect(inside, wall)
    network.connect(outside, wall)
    const box = network.addSwitch('box')
    const plugged = network.addHost('plugged')
    const tagged = network.connect(plugged, box)
    box.setPort(tagged, { kind: 'trunk', native: 1, allowed: [1, 2, 3] })
    const random = sim.random('hostile')
    const ports = [a.port!, inside.port!, outside.port!, plugged.port!]
    const seeds: Uint8Array[] = []
    network.tap(a, (_, frame, direction) => void (direction === 'sent' && seeds.length < 50 && seeds.push(frame)))
    const warmUp = a.bindUdp(5000, () => {})
    warmUp.send(new Uint8Array(300), B, 9)
    warmUp.send(new Uint8Array(300), ipv4.BROADCAST_ADDRESS, 67)
    a.ping(B, SECOND, () => {})
    a.connectTcp(B, 81, {})
    await sim.run()
    for (let i = 0; i < 250_000; i++) {
      let frame
      if (i % 4 === 0) frame = Uint8Array.from({ length: random.int(200) }, () => random.int(256))
      else {
        frame = seeds[random.int(seeds.length)]!.slice(0, i % 3 === 0 ? undefined : 14 + random.int(100))
        for (let n = random.int(4); n > 0 && frame.length > 0; n--) frame[random.int(frame.length)] = random.int(256)
      }
      sim.schedule(i * 1000, () => ports.forEach((port) => port.transmit(frame)))
    }
    await sim.run()
    expect(router.counters.malformed).toBeGreaterThan(1000)
    expect(wall.counters.malformed).toBeGreaterThan(1000)
    let back: number | undefined
    a.ping(b.address, SECOND, (time) => (back = time))
    await sim.run()
    expect(back).toBeDefined()
    expect(box.counters.received).toBe(250_000)
    expect(box.counters.tooShort + box.counters.wrongVlan).toBeGreaterThan(1000)
    expect(wall.conversationCount).toBeLessThanOrEqual(65_536)
  }, 60_000)
})
