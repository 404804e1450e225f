/** Same seed, same octets: random networks with random faults, each run twice. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import type { LinkConditions } from '../../../src/emulator/link/impairments.js'
import type { FrameRule } from '../../../src/emulator/link/rules.js'
import type { EmulatedHost } from '../../../src/emulator/net/host.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'

const NETWORKS = 200

/** Everything about the network and its faults comes from the seed. */
async function run(seed: number): Promise<{ digest: string; frames: number }> {
  const sim = new Simulation({ seed })
  const random = sim.random('topology')
  const network = new Network(sim)
  const chance = (p: number): boolean => random.next() < p
  const conditions = (): Partial<LinkConditions> => ({
    delay: random.int(20 * MILLISECOND),
    ...(chance(0.3) && { jitter: random.int(5 * MILLISECOND), distribution: 'normal' as const }),
    ...(chance(0.3) && { rate: 1_000_000 + random.int(100_000_000) }),
    ...(chance(0.2) && { loss: random.next() * 0.1 }),
    ...(chance(0.1) && {
      lossModel: { kind: 'gilbert-elliott' as const, p: 0.02, r: 0.3, lossInBad: 0.8, lossInGood: 0.01 },
    }),
    ...(chance(0.2) && { duplicate: random.next() * 0.1 }),
    ...(chance(0.2) && { corrupt: random.next() * 0.1 }),
    ...(chance(0.2) && { reorder: random.next(), gap: 1 + random.int(5) }),
    ...(chance(0.2) && { model: 'netem' as const }),
    ...(chance(0.1) && { discipline: { kind: 'codel' as const } }),
    ...(chance(0.1) && { discipline: { kind: 'red' as const, min: 2, max: 10 } }),
    ...(chance(0.1) && { slot: { minDelay: MILLISECOND, maxDelay: 5 * MILLISECOND, maxPackets: 3 } }),
  })
  const switches = Array.from({ length: 1 + random.int(3) }, (_, i) => network.addSwitch(`s${i}`))
  switches.slice(1).forEach((box, i) => network.connect(switches[i]!, box, { a2b: conditions(), b2a: conditions() }))
  const hosts: EmulatedHost[] = []
  for (let i = 0; i < 3 + random.int(8); i++) {
    const host = network.addHost(`h${i}`, { address: 0x0a000001 + i })
    const link = network.connect(host, switches[random.int(switches.length)]!, { a2b: conditions(), b2a: conditions() })
    if (chance(0.2)) {
      const rule: FrameRule = { name: 'r', match: { protocol: 'udp' }, action: 'corrupt', probability: 0.3 }
      link.addRule(rule)
    }
    if (chance(0.2)) link.ramp({ over: SECOND, to: { delay: random.int(50 * MILLISECOND), loss: 0.2 } })
    hosts.push(host)
  }
  const digest = createHash('sha256')
  let frames = 0
  for (const box of switches) {
    network.tap(box, (time, frame) => {
      frames++
      digest.update(`${box.name} ${time} `).update(frame)
    })
  }
  for (const host of hosts) {
    host.listenTcp(80, (socket) => ({ data: (bytes) => void socket.write(bytes) }))
    const udp = host.bindUdp(7, ({ payload, sourceAddress, sourcePort }) => {
      if (sourcePort !== 7) udp.send(payload, sourceAddress, sourcePort)
    })
    const client = host.bindUdp(0, () => {})
    for (let n = 0; n < 5; n++) {
      const to = hosts[random.int(hosts.length)]!.address
      sim.at(random.int(2 * SECOND), () => client.send(new Uint8Array(1 + n * 200), to, 7))
    }
    const to = hosts[random.int(hosts.length)]!.address
    const socket = host.connectTcp(to, 80, { connected: () => void socket.write(new Uint8Array(5000).fill(seed)) })
  }
  await sim.run({ until: 10 * SECOND })
  for (const event of sim.truth.events) digest.update(JSON.stringify(event))
  return { digest: digest.digest('hex'), frames }
}

describe('determinism', () => {
  it(`gives ${NETWORKS} random networks with random faults the same octets twice, and each its own`, async () => {
    const digests = new Set<string>()
    let frames = 0
    for (let seed = 1; seed <= NETWORKS; seed++) {
      const first = await run(seed)
      expect((await run(seed)).digest).toBe(first.digest)
      digests.add(first.digest)
      frames += first.frames
    }
    expect(digests.size).toBe(NETWORKS)
    expect(frames).toBeGreaterThan(30_000)
  }, 60_000)
})
