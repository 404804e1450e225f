/**
 * A switch asks only those that a broadcast concerns. Whether that changes anything is seen beside a run with a frame log,
 * which makes every link tell of every frame and so goes the plain way, port by port.
 */
import { describe, expect, it } from 'vitest'
import { MICROSECOND, SECOND } from '../../../src/base/time.js'
import { allocateFrame } from '../../../src/emulator/link/frames.js'
import type { EmulatedHost } from '../../../src/emulator/net/host.js'
import { FrameLog } from '../../../src/emulator/sim/frame-log.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { TruthLog } from '../../../src/emulator/sim/truth-log.js'
import { Network } from '../../../src/emulator/topology.js'

interface Result {
  readonly told: readonly string[]
  readonly events: number
  readonly received: number
}

interface Options {
  readonly plain: boolean
  /** Truth events that are kept. */
  readonly truth?: number
}

/** Forty hosts on a switch, of which two thirds have the same cable, and traffic of every kind; all by the seed. */
async function run(seed: number, { plain, truth = 1_000_000 }: Options): Promise<Result> {
  const told: string[] = []
  const sim = new Simulation({
    seed,
    truth: new TruthLog(truth),
    ...(plain && { frameLog: new FrameLog(() => {}) }),
  })
  const random = sim.random('what happens')
  const chance = (p: number): boolean => random.next() < p
  const network = new Network(sim)
  const lan = network.addSwitch('lan', chance(0.3) ? { latency: 20 * MICROSECOND } : {})
  const usual = {
    delay: random.int(300) * MICROSECOND,
    ...(chance(0.8) && { rate: 1e6 + random.int(50e6), limit: 2 + random.int(20) }),
    ...(chance(0.2) && { limitBytes: 4000 }),
  }
  network.tap(lan, (time, frame) => told.push(`${time} ${Buffer.from(frame).toString('hex').slice(0, 140)}`))
  const hosts: EmulatedHost[] = []
  for (let i = 0; i < 40; i++) {
    const host = network.addHost(`h${i}`, chance(0.9) ? { address: 0x0a000001 + i } : {})
    const both = chance(0.7) ? usual : chance(0.5) ? { delay: random.int(300) * MICROSECOND } : { ...usual, loss: 0.1 }
    network.connect(host, lan, { both })
    hosts.push(host)
  }
  const anyHost = (): EmulatedHost => hosts[random.int(hosts.length)]!
  let received = 0
  for (const host of hosts) {
    const note = (what: string): void => {
      received++
      told.push(`${sim.now} ${host.name} ${what}`)
    }
    host.listenTcp(80, (socket) => ({ data: (bytes) => void socket.write(bytes) }))
    const echo = host.bindUdp(7, ({ payload, sourceAddress, sourcePort }) => {
      note(`echo ${payload.length}`)
      if (sourcePort !== 7) echo.send(payload, sourceAddress, sourcePort)
    })
    const filtered = host.bindUdp(68, ({ payload }) => note(`68 ${payload[7]}`))
    filtered.onlyWith?.(random.int(5))
    const client = host.bindUdp(0, () => note('answer'))
    for (let n = 0; n < 6; n++) {
      const at = random.int(3 * SECOND)
      const payload = new Uint8Array(1 + random.int(1400))
      payload[7] = random.int(5)
      const what = random.int(10)
      const other = anyHost()
      sim.at(at, () => {
        if (what < 3) client.send(payload, 0xffffffff, chance(0.5) ? 68 : 7)
        else if (what < 5) client.send(payload, other.address, 7)
        else if (what === 5) host.announceArp()
        else if (what === 6) host.resolveArp(other.address, SECOND, (mac) => note(`mac ${String(mac)}`), chance(0.5))
        else if (what === 7) filtered.onlyWith?.(random.int(5))
        else if (what === 8) {
          const socket = host.connectTcp(other.address, 80, {
            connected: () => void socket.write(payload),
            data: (bytes) => note(`tcp ${bytes.length}`),
          })
        } else host.configure({ address: 0x0a000100 + random.int(100), mask: 0xffffff00, router: undefined })
      })
    }
    if (chance(0.1)) sim.at(random.int(3 * SECOND), () => host.setVlan({ vid: 7, pcp: 0 }))
    if (chance(0.1)) sim.at(random.int(3 * SECOND), () => host.deconfigure())
    if (chance(0.1)) sim.at(random.int(3 * SECOND), () => network.link(`${host.name}-lan`).set({ loss: 0.2 }))
  }
  // Bursts that fill the queues, of frames that are not plain too.
  for (let n = 0; n < 4; n++) {
    const { port } = anyHost()
    const at = random.int(3 * SECOND)
    const frames = Array.from({ length: 40 }, () => {
      const frame = allocateFrame(60 + random.int(900))
      frame.fill(0xff, 0, 6)
      frame.set([2, 0, 0, 0, 0, 1 + random.int(40), 8, random.int(3) * 3, random.int(256)], 6)
      if (chance(0.3)) frame.set([2, 0, 0, 0, 0, random.int(60)])
      return frame
    })
    sim.at(at, () => frames.forEach((frame) => port!.transmit(frame)))
  }
  if (chance(0.3)) {
    sim.at(SECOND + random.int(SECOND), () => {
      for (const host of hosts) network.link(`${host.name}-lan`).set({ delay: 50 * MICROSECOND })
    })
  }
  await sim.run({ until: 20 * SECOND })
  for (const event of sim.truth.events) told.push(JSON.stringify(event))
  told.push(`omitted ${sim.truth.omitted}`)
  for (const link of network.links.values()) {
    told.push(JSON.stringify([link.name, link.counters('a2b'), link.counters('b2a')]))
  }
  for (const host of hosts) told.push(JSON.stringify([host.name, host.counters]))
  return { told, events: sim.eventCount, received }
}

describe('a flood', () => {
  it('is the same for those it concerns, and in every counter, whether or not all others are asked', async () => {
    let grouped = 0
    let plainly = 0
    for (let seed = 1; seed <= 60; seed++) {
      const truth = seed % 3 === 0 ? 50 : undefined
      const plain = await run(seed, { plain: true, ...(truth !== undefined && { truth }) })
      const fast = await run(seed, { plain: false, ...(truth !== undefined && { truth }) })
      const differs = plain.told.findIndex((line, i) => line !== fast.told[i])
      expect(fast.told[differs], `seed ${seed}, line ${differs}`).toBe(plain.told[differs])
      expect(fast.told.length).toBe(plain.told.length)
      expect(plain.received).toBeGreaterThan(50)
      grouped += fast.events
      plainly += plain.events
    }
    // That it went another way at all.
    expect(grouped).toBeLessThan(0.75 * plainly)
  }, 60_000)
})
