/** Goodput over random loss against the formulas of the literature: right to the factor that the formulas are. */
import { describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../../src/base/time.js'
import { LINUX, type StackProfile, type TcpProfile } from '../../../src/emulator/net/profile.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'

/** Segments in flight on average, over `segments` segments with a loss rate. */
async function meanWindow(changes: Partial<TcpProfile>, loss: number, roundTrip: number, segments: number) {
  const profile: StackProfile = { ...LINUX, tcp: { ...LINUX.tcp, ...changes } }
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const server = network.addHost('server', { address: '10.0.0.1', profile })
  const client = network.addHost('client', { address: '10.0.0.2', profile })
  const link = network.connect(server, client, { both: { delay: roundTrip / 2 } })
  link.set({ loss }, 'a2b')
  const chunk = new Uint8Array(65_536)
  const total = segments * 1448
  let received = 0
  let start = 0
  server.listenTcp(80, (socket) => {
    const fill = (): void => {
      while (socket.write(chunk));
    }
    return { connected: fill, drain: fill }
  })
  client.connectTcp(server.address, 80, {
    data: (bytes) => {
      received += bytes.length
      // Slow start is no part of the formulas.
      if (start === 0 && received > total / 10) start = sim.now
    },
  })
  await sim.run({ while: () => received < total, until: 100_000 * SECOND })
  return ((0.9 * segments) / ((sim.now - start) / SECOND)) * (roundTrip / SECOND)
}

describe('goodput over random loss', () => {
  it('is within 30 % of Mathis’ formula with NewReno [Mathis et al. 1997, equation 3]', async () => {
    for (const loss of [0.001, 0.003]) {
      const window = await meanWindow({ congestionControl: 'new-reno' }, loss, 100 * MILLISECOND, 60_000)
      const expected = Math.sqrt(3 / 2) / Math.sqrt(loss)
      expect(window / expected, `${loss}: ${window} instead of ${expected}`).toBeGreaterThan(0.7)
      expect(window / expected, `${loss}: ${window} instead of ${expected}`).toBeLessThan(1.3)
    }
  })

  it('is within 30 % of the formula of RFC 9438 §5.1 where CUBIC is beyond its Reno-friendly region', async () => {
    const loss = 0.0003
    const roundTrip = 200 * MILLISECOND
    const window = await meanWindow({ congestionControl: 'cubic' }, loss, roundTrip, 150_000)
    const [c, beta] = [0.4, 0.7]
    const factor = ((c * (3 + beta)) / (4 * (1 - beta))) ** 0.25
    const expected = (factor * (roundTrip / SECOND) ** 0.75) / loss ** 0.75
    expect(window / expected, `${window} instead of ${expected}`).toBeGreaterThan(0.7)
    expect(window / expected, `${window} instead of ${expected}`).toBeLessThan(1.3)
    expect(window).toBeGreaterThan(Math.sqrt(3 / 2) / Math.sqrt(loss))
  })
})
