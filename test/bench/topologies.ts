/**
 * The workloads of the comparison with ns-3, on our emulator; ns3/ has the same for ns-3, one program each, with the
 * same names and parameters.
 *
 * Octets are real and every checksum is computed and checked, on both sides. Nothing is captured. A run ends by what was
 * delivered or at a virtual time, never by the clock on the wall. What is not the same: ns-3's applications are C++,
 * ours are JavaScript, and our DHCP server is the one of the scenarios, the package `dhcp` on a virtual host.
 */
import { Random } from '../../src/base/random.js'
import { MICROSECOND, MILLISECOND, SECOND, type Nanos } from '../../src/base/time.js'
import { SERIES } from '../../src/deskphone/series.js'
import type { EmulatedHost } from '../../src/emulator/net/host.js'
import { DhcpClient, KEEP, type DhcpStep, type Lease } from '../../src/emulator/phones/dhcp-client.js'
import { DEFAULT_TIMERS } from '../../src/emulator/phones/timers.js'
import { EventQueue, type EventHandler } from '../../src/emulator/sim/event-queue.js'
import { Simulation } from '../../src/emulator/sim/simulation.js'
import { Network } from '../../src/emulator/topology.js'
import { createVirtualHost } from '../../src/emulator/virtual-host.js'
import { startDhcpServer } from '../../src/servers/dhcp-server.js'
import { parseAddress } from '../../src/wire/ipv4.js'

/** What a workload came to; the programs in ns3/ print the same as JSON. */
export interface Outcome {
  readonly frames: number
  readonly events: number
  readonly cpuSeconds: number
  readonly virtualSeconds: number
  /** Goodput, or how many were done: what has to be about the same on both sides. */
  readonly megabitsPerSecond?: number
  readonly done?: number
}

/** What SimulationOptions has, less what a benchmark does not care about. */
const newSimulation = (): Simulation => new Simulation({ seed: 1, epoch: { seconds: 1_795_230_600, nanos: 0 } })

const address = (text: string): number => parseAddress(text)!

const MASK_16 = 0xffff0000
const MASK_24 = 0xffffff00

/** Runs to `until`, or while `goesOn`; CPU time is that of all threads of the process: compiling and collecting count. */
async function measure(
  sim: Simulation,
  network: Network,
  { until, goesOn }: { readonly until?: Nanos; readonly goesOn?: () => boolean },
): Promise<Outcome> {
  const before = process.cpuUsage()
  await sim.run({ until: until ?? 36_000 * SECOND, ...(goesOn !== undefined && { while: goesOn }) })
  const { user, system } = process.cpuUsage(before)
  return {
    frames: network.framesDelivered,
    events: sim.eventCount,
    cpuSeconds: (user + system) / 1e6,
    virtualSeconds: sim.now / SECOND,
  }
}

/** Writes `octets`, or for ever, to whoever connects. */
function serveBulk(host: EmulatedHost, octets: number): void {
  const chunk = new Uint8Array(14_480)
  host.listenTcp(80, (socket) => {
    let sent = 0
    const fill = (): void => {
      while (sent < octets) {
        const part = Math.min(chunk.length, octets - sent)
        sent += part
        if (!socket.write(chunk.subarray(0, part))) return
      }
      socket.end()
    }
    return { connected: fill, drain: fill }
  })
}

/** server --1 Gbit/s, 1 ms-- r --100 Mbit/s, 10 ms, 250 frames-- r --1 Gbit/s, 1 ms-- client, for so many pairs. */
export async function tcpPointToPoint({ seconds = 10, loss = 0, flows = 1 }): Promise<Outcome> {
  const sim = newSimulation()
  const network = new Network(sim)
  const near = network.addRouter('near')
  const far = network.addRouter('far')
  const bottleneck = network.connect(near, far, {
    both: { delay: 10 * MILLISECOND, rate: 100e6, limit: 250 },
    a2b: { loss },
  })
  near.addInterface(bottleneck, { address: address('10.0.0.1'), mask: MASK_24 })
  far.addInterface(bottleneck, { address: address('10.0.0.2'), mask: MASK_24 })
  near.addRoute(address('10.2.0.0'), MASK_16, address('10.0.0.2'))
  far.addRoute(address('10.1.0.0'), MASK_16, address('10.0.0.1'))
  let received = 0
  for (let i = 0; i < flows; i++) {
    const end = (side: 1 | 2, router: typeof near): EmulatedHost => {
      const subnet = address(`10.${side}.${i}.0`)
      const host = network.addHost(`${side === 1 ? 'server' : 'client'}-${i}`, {
        address: subnet + 2,
        router: subnet + 1,
      })
      const cable = network.connect(host, router, { both: { delay: MILLISECOND, rate: 1e9 } })
      router.addInterface(cable, { address: subnet + 1, mask: MASK_24 })
      return host
    }
    const server = end(1, near)
    const client = end(2, far)
    serveBulk(server, Infinity)
    sim.at(10 * i * MILLISECOND, () => {
      client.connectTcp(server.address, 80, { data: (bytes) => void (received += bytes.length) })
    })
  }
  const outcome = await measure(sim, network, { until: seconds * SECOND })
  return { ...outcome, megabitsPerSecond: (received * 8) / seconds / 1e6 }
}

/** A router with a point-to-point link to the server and a switched LAN of `hosts` hosts. */
function lanBehindRouter(
  network: Network,
  hosts: number,
  uplink: { readonly rate: number; readonly delay: Nanos; readonly loss: readonly [number, number] },
  rate: number,
): { readonly server: EmulatedHost; readonly members: EmulatedHost[] } {
  const router = network.addRouter('router')
  const server = network.addHost('server', { address: '10.0.0.1', router: '10.0.0.2' })
  const { delay, loss } = uplink
  const wide = network.connect(server, router, {
    both: { rate: uplink.rate, delay },
    a2b: { loss: loss[0] },
    b2a: { loss: loss[1] },
  })
  router.addInterface(wide, { address: address('10.0.0.2'), mask: MASK_24 })
  const lan = network.addSwitch('lan')
  const cable = { both: { rate, delay: MICROSECOND } }
  router.addInterface(network.connect(router, lan, cable), { address: address('10.1.0.1'), mask: MASK_16 })
  const members = Array.from({ length: hosts }, (_, i) => {
    const host = network.addHost(`host-${i}`, {
      address: address('10.1.1.0') + i,
      mask: MASK_16,
      router: '10.1.0.1',
    })
    network.connect(host, lan, cable)
    return host
  })
  return { server, members }
}

/** Hosts on a switched LAN each take a file over TCP from behind 100 Mbit/s, 5 ms and loss. */
export async function tcpLan({ hosts = 50, octets = 500_000, loss = 0.01 }): Promise<Outcome> {
  const sim = newSimulation()
  const network = new Network(sim)
  const uplink = { rate: 100e6, delay: 5 * MILLISECOND, loss: [loss, 0] as const }
  const { server, members } = lanBehindRouter(network, hosts, uplink, 100e6)
  serveBulk(server, octets)
  let done = 0
  members.forEach((host, i) => {
    sim.at(7 * i * MILLISECOND, () => {
      let left = octets
      const socket = host.connectTcp(server.address, 80, {
        data(bytes) {
          left -= bytes.length
          if (left === 0) done++
        },
        end: () => socket.end(),
      })
    })
  })
  return { ...(await measure(sim, network, { goesOn: () => done < hosts })), done }
}

const BLOCK_PORT = 69

function serveBlocks(host: EmulatedHost): void {
  const port = host.bindUdp(BLOCK_PORT, ({ payload, sourceAddress, sourcePort }) => {
    const block = new Uint8Array(516)
    block.set(payload.subarray(0, 4))
    port.send(block, sourceAddress, sourcePort)
  })
}

/** Asks for one block after the other, again when a second has passed without. */
function takeBlocks(sim: Simulation, host: EmulatedHost, server: number, blocks: number, done: () => void): void {
  let next = 0
  const request = new Uint8Array(32)
  const view = new DataView(request.buffer)
  const again: EventHandler<undefined> = { fire: () => ask() }
  let timer = -1
  const ask = (): void => {
    view.setUint32(0, next)
    port.send(request, server, BLOCK_PORT)
    timer = sim.post(SECOND, again, undefined)
  }
  const port = host.bindUdp(0, ({ payload }) => {
    const block = ((payload[0]! << 24) | (payload[1]! << 16) | (payload[2]! << 8) | payload[3]!) >>> 0
    if (block !== next) return
    sim.cancel(timer)
    if (++next === blocks) return done()
    ask()
  })
  ask()
}

/** Hosts on a switched LAN each take a file in lock step from behind 1 Gbit/s, 2 ms and loss. */
export async function udpLockStep({ hosts = 100, blocks = 500, loss = 0.01 }): Promise<Outcome> {
  const sim = newSimulation()
  const network = new Network(sim)
  const uplink = { rate: 1e9, delay: 2 * MILLISECOND, loss: [loss, loss] as const }
  const { server, members } = lanBehindRouter(network, hosts, uplink, 1e9)
  serveBlocks(server)
  let done = 0
  members.forEach((host, i) => {
    sim.at(i * MILLISECOND, () => takeBlocks(sim, host, server.address, blocks, () => void done++))
  })
  return { ...(await measure(sim, network, { goesOn: () => done < hosts })), done }
}

/** Hosts on a switched LAN are switched on one after the other, get an address by DHCP and take a file in lock step. */
export async function bootByDhcp({ hosts = 100, blocks = 200, loss = 0.01, gap = 20 }): Promise<Outcome> {
  const sim = newSimulation()
  const network = new Network(sim)
  const lan = network.addSwitch('lan')
  const cable = { both: { rate: 1e9, delay: 50 * MICROSECOND, loss: loss / 2 } }
  const server = network.addHost('server', { address: '10.1.0.1', mask: MASK_16 })
  network.connect(server, lan, cable)
  startDhcpServer(createVirtualHost(server, sim), {
    serverAddress: '10.1.0.1',
    pool: { first: '10.1.1.0', last: '10.1.250.0' },
    mask: '255.255.0.0',
  })
  serveBlocks(server)
  let done = 0
  for (let i = 0; i < hosts; i++) {
    const host = network.addHost(`host-${i}`)
    network.connect(host, lan, cable)
    sim.at(SECOND + gap * i * MILLISECOND, () => {
      obtainLease(sim, host, (lease) => {
        host.configure({ address: lease.address, mask: lease.mask, router: undefined })
        sim.schedule(10 * MILLISECOND, () =>
          takeBlocks(sim, host, server.address, blocks, () => {
            done++
          }),
        )
      })
    })
  }
  return { ...(await measure(sim, network, { goesOn: () => done < hosts })), done }
}

/** A phone's DHCP client on a socket and a clock, without the probes for a conflict: ns-3's has none. */
function obtainLease(sim: Simulation, host: EmulatedHost, leased: (lease: Lease) => void): void {
  const client = new DhcpClient({
    mac: host.mac,
    hostname: host.name,
    series: SERIES['1600'],
    siteOptionNumber: 242,
    random: new Random(host.mac[5]!),
    timers: DEFAULT_TIMERS,
    dropsExpiredLease: () => false,
  })
  let timer: { cancel(): void } | undefined
  const apply = ({ send, wakeAt, event }: DhcpStep): void => {
    if (wakeAt !== KEEP) {
      timer?.cancel()
      timer = wakeAt === undefined ? undefined : sim.at(wakeAt, () => apply(client.wake(sim.now)))
    }
    if (send !== undefined) port.send(send.payload, send.address, 67)
    if (event?.kind !== 'leased') return
    apply(client.confirm())
    leased(event.lease)
  }
  const port = host.bindUdp(68, ({ payload }) => {
    const step = client.receive(payload, sim.now)
    if (step !== undefined) apply(step)
  })
  apply(client.start(sim.now, 0))
}

/** The hold model: so many events pending, each that fires pushes one, 100 ns later on average, exponentially. */
export function schedulerHold({ pending = 10_000, events = 2_000_000 }): Outcome {
  const queue = new EventQueue()
  const random = new Random(1)
  // Drawn beforehand in both senses: what is measured is the queue.
  const waits = Float64Array.from({ length: 1 << 16 }, () => Math.floor(-100 * Math.log(1 - random.next())))
  let drawn = 0
  const handler: EventHandler<undefined> = {
    fire() {
      queue.push(queue.now + waits[drawn++ & 0xffff]!, handler, undefined)
    },
  }
  for (let i = 0; i < pending; i++) handler.fire(undefined)
  const before = process.cpuUsage()
  for (let i = 0; i < events; i++) queue.fireNext()
  const { user, system } = process.cpuUsage(before)
  return { frames: 0, events, cpuSeconds: (user + system) / 1e6, virtualSeconds: queue.now / SECOND }
}
