import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { FrameReader } from '../../../src/emulator/link/frame-facts.js'
import type { FrameRule } from '../../../src/emulator/link/rules.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import * as dhcp from '../../../src/wire/dhcp.js'
import * as tftp from '../../../src/wire/tftp.js'
import { LinkBench } from './bench-link.js'

const CLIENT = 0x0a000001
const SERVER = 0x0a000002
const text = (value: string) => new TextEncoder().encode(value)

/** A client and a server with one cable between them; UDP from the one to the other. */
function site() {
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const client = network.addHost('client', { address: CLIENT })
  const server = network.addHost('server', { address: SERVER })
  const link = network.connect(client, server, { name: 'cable', both: { delay: MILLISECOND } })
  client.addNeighbour(SERVER, server.mac)
  server.addNeighbour(CLIENT, client.mac)
  return { sim, client, server, link }
}

function dhcpMessage(type: number, mac = new Uint8Array([2, 0, 0, 0, 0, 7])): Uint8Array {
  return dhcp.encode({
    op: dhcp.Operation.bootReply,
    xid: 1,
    chaddr: mac,
    options: [{ code: dhcp.OptionCode.messageType, data: new Uint8Array([type]) }],
  })
}

/** What arrives at the client when the server sends these as DHCP. */
async function offers(rule: FrameRule, messages: readonly Uint8Array[]): Promise<{ time: number; type: number }[]> {
  const { sim, client, server, link } = site()
  const seen: { time: number; type: number }[] = []
  client.bindUdp(dhcp.CLIENT_PORT, ({ payload }) => {
    seen.push({ time: sim.now, type: dhcp.messageType(dhcp.decode(payload)) })
  })
  const socket = server.bindUdp(dhcp.SERVER_PORT, () => {})
  link.addRule(rule)
  messages.forEach((message, i) => sim.at(i * SECOND, () => socket.send(message, CLIENT, dhcp.CLIENT_PORT)))
  await sim.run()
  return seen
}

describe('rules on a link', () => {
  const { offer, ack } = dhcp.MessageType

  it('drop the second OFFER', async () => {
    const messages = [offer, ack, offer, offer].map((type) => dhcpMessage(type))
    const rule = { name: 'second offer', match: { message: 'OFFER' }, action: 'drop', nth: 2, times: 1 } as const
    expect((await offers(rule, messages)).map(({ type }) => type)).toEqual([offer, ack, offer])
  })

  it("drop one phone's messages and leave another's", async () => {
    const other = new Uint8Array([2, 0, 0, 0, 0, 8])
    const rule = { name: 'phone 8', match: { protocol: 'dhcp', mac: '02:00:00:00:00:08' }, action: 'drop' } as const
    expect(await offers(rule, [dhcpMessage(offer), dhcpMessage(ack, other)])).toHaveLength(1)
  })

  it('delay by what they say, on top of the link', async () => {
    const rule = { name: 'slow ack', match: { message: 'ack' }, action: { kind: 'delay', by: 3 * SECOND } } as const
    const seen = await offers(rule, [dhcpMessage(ack), dhcpMessage(offer)])
    expect(seen.map(({ time }) => time / MILLISECOND)).toEqual([1001, 3001])
  })

  it('duplicate as often as they say', async () => {
    const rule = { name: 'echo', match: { message: 'ack' }, action: { kind: 'duplicate', copies: 2 } } as const
    expect(await offers(rule, [dhcpMessage(ack)])).toHaveLength(3)
  })

  it('corrupt one bit, which the receiver finds', async () => {
    const rule = { name: 'noise', match: { message: 'ack', minLength: 300 }, action: 'corrupt' } as const
    expect(await offers(rule, [dhcpMessage(ack)])).toEqual([])
  })

  it('act within their time only', async () => {
    const messages = Array.from({ length: 5 }, () => dhcpMessage(ack))
    const rule = { name: 'gone', match: { message: 'ack' }, action: 'drop', from: SECOND, until: 3 * SECOND } as const
    expect((await offers(rule, messages)).map(({ time }) => Math.floor(time / SECOND))).toEqual([0, 3, 4])
  })

  it('drop every SYN to port 80 for 30 s, so that a connection comes about after that', async () => {
    const { sim, client, server, link } = site()
    server.listenTcp(80, () => ({}))
    const rule = link.addRule({
      name: 'no web',
      match: { message: 'syn', destinationPort: 80 },
      action: 'drop',
      until: 30 * SECOND,
    })
    let connected = 0
    client.connectTcp(SERVER, 80, { connected: () => (connected = sim.now) })
    await sim.run({ until: 100 * SECOND })
    expect(connected).toBeGreaterThan(30 * SECOND)
    expect(rule.applied).toBeGreaterThan(3)
    expect(sim.truth.events[0]).toMatchObject({ fate: 'lost', rule: 'no web', from: 'client' })
  })

  it('drop DATA block 3 of one file once, though its transfer has left port 69', async () => {
    const { sim, client, server, link } = site()
    const got: string[] = []
    const rule = link.addRule({
      name: 'block 3',
      match: { protocol: 'tftp', message: 'data', block: 3, path: '*.txt' },
      action: 'drop',
      times: 1,
    })
    const sockets = [2000, 2001].map((port) =>
      client.bindUdp(port, ({ payload }) => {
        const packet = tftp.decode(payload)
        if (packet.op === 'data') got.push(`${port} ${packet.block}`)
      }),
    )
    const names = ['46xxsettings.txt', 'a.bin']
    server.bindUdp(69, ({ sourcePort }) => {
      const transfer = server.bindUdp(0, () => {})
      for (const block of [1, 2, 3, 3]) {
        transfer.send(tftp.encode({ op: 'data', block, data: new Uint8Array(4) }), CLIENT, sourcePort)
      }
    })
    sockets.forEach((socket, i) =>
      sim.at(i * SECOND, () => {
        socket.send(tftp.encode({ op: 'rrq', filename: names[i]!, mode: 'octet', options: [] }), SERVER, 69)
      }),
    )
    await sim.run()
    expect(got).toEqual(['2000 1', '2000 2', '2000 3', '2001 1', '2001 2', '2001 3', '2001 3'])
    expect([rule.matched, rule.applied]).toEqual([2, 1])
  })

  it('find the response to a path', async () => {
    const { sim, client, server, link } = site()
    const rule = link.addRule({
      name: 'lose the settings',
      match: { protocol: 'http', message: 'response', path: '/46xxsettings.txt', status: 200 },
      action: 'drop',
      times: 1,
    })
    server.listenTcp(80, (socket) => ({
      data: () => void socket.write(text('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')),
    }))
    const asked: { time: number; text: string }[] = []
    for (const path of ['/other', '/46xxsettings.txt']) {
      const socket = client.connectTcp(SERVER, 80, {
        connected: () => void socket.write(text(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)),
        data: () => asked.push({ time: sim.now, text: path }),
      })
    }
    await sim.run({ until: 10 * SECOND })
    expect(rule.applied).toBe(1)
    expect(asked.map((one) => one.text)).toEqual(['/other', '/46xxsettings.txt'])
    expect(asked[1]!.time - asked[0]!.time).toBeGreaterThan(100 * MILLISECOND)
  })

  it('rewrite a copy, and leave the octets that others hold', async () => {
    const bench = new LinkBench({}, { log: true })
    const change = (frame: Uint8Array) => frame.fill(7, 4)
    bench.link.addRule({ name: 'sevens', match: {}, action: { kind: 'rewrite', change }, times: 1 })
    await bench.send(2, { length: 6 })
    expect(bench.b.received.map(({ frame }) => [...frame])).toEqual([
      [0, 0, 0, 0, 7, 7],
      [1, 0, 0, 0, 0, 0],
    ])
    expect(bench.sim.truth.events).toMatchObject([{ fate: 'rewritten', rule: 'sevens' }])
    expect(bench.lines.map((line) => JSON.parse(line) as { event: string }).map(({ event }) => event)).toEqual([
      'sent',
      'changed',
      'delivered',
      'sent',
      'delivered',
    ])
  })

  it('are the first that acts, go when removed, and refuse what is impossible', async () => {
    const bench = new LinkBench({})
    const first = bench.link.addRule({ name: 'first', match: {}, action: 'drop', times: 1 })
    const second = bench.link.addRule({ name: 'second', match: { direction: 'a2b' }, action: 'drop' })
    await bench.send(3)
    second.remove()
    await bench.send(2)
    expect([first.applied, second.applied, bench.b.received.length]).toEqual([1, 2, 2])
    const refused = { name: 'x', match: {}, action: 'drop' } as const
    expect(() => bench.link.addRule({ ...refused, nth: 0 })).toThrow('rule x: impossible nth: 0')
    expect(() => bench.link.addRule({ ...refused, action: { kind: 'duplicate', copies: 1e9 } })).toThrow(
      'impossible copies',
    )
  })

  it('act with a probability', async () => {
    const bench = new LinkBench({})
    const rule = bench.link.addRule({ name: 'some', match: {}, action: 'drop', probability: 0.25 })
    await bench.send(20_000)
    expect(rule.matched).toBe(20_000)
    expect(rule.applied / 20_000).toBeCloseTo(0.25, 1)
  })
})

describe('FrameReader', () => {
  it('survives any octets', () => {
    const random = new Simulation({ seed: 7 }).random('hostile')
    const reader = new FrameReader()
    for (let i = 0; i < 50_000; i++) {
      const frame = Uint8Array.from({ length: random.int(90) }, () => random.int(256))
      // Half of them get as far as a transport.
      if (i % 2 === 0 && frame.length > 40) {
        frame.set([0x08, 0x00, 0x45], 12)
        frame.set([0, frame.length - 14], 16)
        frame[23] = [1, 6, 17][i % 3]!
        if (i % 4 === 0) frame.set([0, 67 + (i % 3), 0, 67 + (i % 3)], 34)
      }
      expect(reader.read(frame).length).toBe(frame.length)
    }
  })
})
