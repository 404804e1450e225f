/**
 * The emulator, beside ns-3 where that is installed: `npm run bench -- emulator [part ...]`.
 *
 *   tcp_p2p tcp_csma udp_lockstep boot_dhcp sched_hold   the workloads of topologies.ts and ns3/
 *   bulk    one TCP transfer over a switch
 *   scale   cost of a frame and memory of a host, from 10 to 100,000 hosts
 */
import { MICROSECOND, MILLISECOND, SECOND } from '../../src/base/time.js'
import type { EmulatedHost } from '../../src/emulator/net/host.js'
import { Simulation } from '../../src/emulator/sim/simulation.js'
import { Network } from '../../src/emulator/topology.js'
import { best, printTable, rate } from './measure.js'
import { ns3IsMissing, runNs3 } from './ns3.js'
import { bootByDhcp, schedulerHold, tcpLan, tcpPointToPoint, udpLockStep, type Outcome } from './topologies.js'

const RUNS = 3

/** Parameters are both sides'; `only` are those of ns-3's program alone. */
interface Comparison {
  readonly program: string
  readonly parameters: Readonly<Record<string, number>>
  readonly only?: Readonly<Record<string, string>>
  readonly ours: () => Outcome | Promise<Outcome>
}

const comparison = <P extends Readonly<Record<string, number>>>(
  program: string,
  run: (parameters: P) => Outcome | Promise<Outcome>,
  parameters: P,
  only?: Readonly<Record<string, string>>,
): Comparison => ({ program, parameters, ...(only !== undefined && { only }), ours: () => run(parameters) })

const COMPARISONS: readonly Comparison[] = [
  comparison('tcp_p2p', tcpPointToPoint, { seconds: 10 }),
  comparison('tcp_p2p', tcpPointToPoint, { seconds: 60, loss: 0.001 }),
  comparison('tcp_p2p', tcpPointToPoint, { seconds: 10, flows: 10 }),
  comparison('tcp_csma', tcpLan, { hosts: 50, octets: 500_000 }),
  comparison('tcp_csma', tcpLan, { hosts: 200, octets: 100_000 }),
  comparison('tcp_csma', tcpLan, { hosts: 50, octets: 500_000 }, { lan: 'shared' }),
  comparison('udp_lockstep', udpLockStep, { hosts: 100, blocks: 500 }),
  comparison('udp_lockstep', udpLockStep, { hosts: 1000, blocks: 20 }),
  comparison('boot_dhcp', bootByDhcp, { hosts: 100, blocks: 200 }),
  comparison('boot_dhcp', bootByDhcp, { hosts: 400, blocks: 100 }),
  comparison('sched_hold', schedulerHold, { pending: 100 }),
  comparison('sched_hold', schedulerHold, { pending: 10_000 }),
  comparison('sched_hold', schedulerHold, { pending: 100_000 }),
  comparison('sched_hold', schedulerHold, { pending: 10_000 }, { scheduler: 'ns3::PriorityQueueScheduler' }),
]

/** What is counted: frames, or events where there are none. */
const work = ({ frames, events }: Outcome): number => (frames > 0 ? frames : events)

const result = ({ megabitsPerSecond, done }: Outcome): string =>
  megabitsPerSecond !== undefined ? `${megabitsPerSecond.toFixed(1)} Mbit/s` : done !== undefined ? `${done} done` : ''

async function compareWithNs3(project: string, wants: (part: string) => boolean): Promise<void> {
  const chosen = COMPARISONS.filter(({ program }) => wants(program))
  if (chosen.length === 0) return
  const missing = ns3IsMissing()
  const rows = [
    ['', 'frames', 'bootwire', 'virtual/CPU', 'result', 'frames', 'ns-3', 'virtual/CPU', 'result', 'times ns-3'],
  ]
  for (const { program, parameters, only, ours } of chosen) {
    const mine = await best(RUNS, ours, (outcome) => outcome.cpuSeconds)
    const theirs =
      missing === undefined
        ? await best(
            // The slow side once: its figures differ by a few per cent.
            1,
            () => runNs3(project, program, { ...parameters, ...only }),
            (outcome) => outcome.cpuSeconds,
          )
        : undefined
    const columns = (outcome: Outcome): string[] => [
      String(work(outcome)),
      rate(work(outcome), outcome.cpuSeconds),
      (outcome.virtualSeconds / outcome.cpuSeconds).toPrecision(3),
      result(outcome),
    ]
    const ratio =
      theirs === undefined ? '' : (work(mine) / mine.cpuSeconds / (work(theirs) / theirs.cpuSeconds)).toFixed(1)
    const named = Object.entries({ ...parameters, ...only }).map(([key, value]) => `${key}=${value}`)
    const label = [program, ...named].join(' ')
    rows.push([label, ...columns(mine), ...(theirs === undefined ? ['', '', '', ''] : columns(theirs)), ratio])
  }
  printTable('emulator: frames (events where there are none) a second of CPU', rows)
  if (missing !== undefined) process.stdout.write(`  not compared with ns-3, which wants ${missing}\n`)
}

/** One transfer over a switch: 100 Mbit/s, 10 ms, checksums computed, octets real. */
async function bulkTransfer(octets: number): Promise<Outcome> {
  const sim = new Simulation({ seed: 1, epoch: { seconds: 1_795_230_600, nanos: 0 } })
  const network = new Network(sim)
  const server = network.addHost('server', { address: '10.0.0.1' })
  const client = network.addHost('client', { address: '10.0.0.2' })
  const lan = network.addSwitch('lan')
  network.connect(server, lan, { both: { delay: 5e6, rate: 100e6 } })
  network.connect(client, lan, { both: { delay: 5e6, rate: 100e6 } })
  let received = 0
  const chunk = new Uint8Array(65_536)
  server.listenTcp(80, (socket) => {
    let sent = 0
    const fill = () => {
      while (sent < octets) {
        sent += chunk.length
        if (!socket.write(chunk)) return
      }
      socket.end()
    }
    return { connected: fill, drain: fill }
  })
  let done = false
  const socket = client.connectTcp(0x0a000001, 80, {
    data: (bytes) => {
      received += bytes.length
    },
    end: () => socket.end(),
    closed: () => {
      done = true
    },
  })
  const before = process.cpuUsage()
  await sim.run({ while: () => !done, until: 3600 * SECOND })
  const { user, system } = process.cpuUsage(before)
  if (received < octets) throw new Error(`${received} of ${octets} octets arrived`)
  return {
    frames: network.framesDelivered,
    events: sim.eventCount,
    cpuSeconds: (user + system) / 1e6,
    virtualSeconds: sim.now / SECOND,
  }
}

async function benchBulk(): Promise<void> {
  const bulk = await best(
    RUNS,
    () => bulkTransfer(50_000_000),
    ({ cpuSeconds }) => cpuSeconds,
  )
  printTable('emulator: bulk', [
    ['', 'frames on links', 'CPU seconds', 'frames/s', 'virtual seconds'],
    [
      '50 MB over TCP, 100 Mbit/s, 20 ms round trip, a switch between',
      String(bulk.frames),
      bulk.cpuSeconds.toFixed(2),
      rate(bulk.frames, bulk.cpuSeconds),
      bulk.virtualSeconds.toFixed(1),
    ],
  ])
}

const POPULATIONS = [10, 100, 1000, 10_000, 100_000]
/** Frames of each measurement, about. */
const FRAMES = 2_000_000
/** Hosts that talk at the same time. */
const TALKERS = 10_000

interface Population {
  readonly octetsEach: number
  /** Of a frame that one host sends to another. */
  readonly unicast: Outcome
  /** Of one copy of an ARP request that concerns somebody else. */
  readonly broadcast: Outcome
  /** Of one copy of a DHCP message from server to client that concerns somebody else. */
  readonly dhcp: Outcome
}

function memoryInUse(): number {
  // More than once: what the run before left goes in several steps.
  for (let i = 0; i < 4; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/**
 * Hosts on one switch, a server among them. Memory is what the hosts, their links and their places in the switch take
 * before anything is sent.
 */
async function population(hosts: number): Promise<Population> {
  const before = memoryInUse()
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const lan = network.addSwitch('lan')
  const addPhone = (name: string, address: number): EmulatedHost => {
    const host = network.addHost(name, { address, mask: 0xff000000, profile: 'phone' })
    network.connect(host, lan, { both: { delay: 200 * MICROSECOND, rate: 100e6 } })
    return host
  }
  const server = addPhone('server', 0x0a000001)
  const clients = Array.from({ length: hosts }, (_, i) => addPhone(`host-${i}`, 0x0a000002 + i))
  const octetsEach = (memoryInUse() - before) / hosts

  const measure = async (goesOn?: () => boolean): Promise<Outcome> => {
    const framesBefore = network.framesDelivered
    const timeBefore = sim.now
    const eventsBefore = sim.eventCount
    const cpu = process.cpuUsage()
    await sim.run(goesOn === undefined ? {} : { while: goesOn })
    const { user, system } = process.cpuUsage(cpu)
    return {
      frames: network.framesDelivered - framesBefore,
      events: sim.eventCount - eventsBefore,
      cpuSeconds: (user + system) / 1e6,
      virtualSeconds: (sim.now - timeBefore) / SECOND,
    }
  }

  for (const host of clients) host.bindUdp(68, () => {})
  const floods = Math.max(20, Math.ceil(FRAMES / 2 / hosts))
  for (let i = 0; i < floods; i++) sim.schedule(i * MILLISECOND, () => server.announceArp())
  const broadcast = await measure()
  const port = server.bindUdp(67, () => {})
  const offer = new Uint8Array(300)
  offer[0] = 2
  for (let i = 0; i < floods; i++) sim.schedule(i * MILLISECOND, () => port.send(offer, 0xffffffff, 68))
  const dhcp = await measure()

  const payload = new Uint8Array(160)
  const talkers = clients.slice(0, TALKERS)
  const turns = Math.ceil(FRAMES / 4 / talkers.length)
  let done = 0
  const echo = server.bindUdp(7, ({ sourceAddress, sourcePort }) => echo.send(payload, sourceAddress, sourcePort))
  talkers.forEach((host, i) => {
    host.addNeighbour(server.address, server.mac)
    server.addNeighbour(host.address, host.mac)
    let left = turns
    const client = host.bindUdp(0, () => {
      if (--left > 0) client.send(payload, server.address, 7)
      else done++
    })
    sim.schedule(i * 10 * MICROSECOND, () => client.send(payload, server.address, 7))
  })
  const unicast = await measure(() => done < talkers.length)
  return { octetsEach, unicast, broadcast, dhcp }
}

async function benchScale(): Promise<void> {
  // Once for the compiler.
  await population(1000)
  const nanos = ({ cpuSeconds, frames }: Outcome): string => `${((cpuSeconds / frames) * 1e9).toFixed(0)} ns`
  const rows = [
    ['hosts', 'a unicast frame', "a copy of others' ARP", "a copy of others' DHCP", 'memory of an idle host'],
  ]
  for (const hosts of POPULATIONS) {
    const { octetsEach, unicast, broadcast, dhcp } = await population(hosts)
    rows.push([String(hosts), nanos(unicast), nanos(broadcast), nanos(dhcp), `${octetsEach.toFixed(0)} octets`])
  }
  printTable('emulator: what a frame and a host cost, by how many there are', rows)
}

/** @param parts none for all */
export async function benchEmulator(project: string, parts: readonly string[]): Promise<void> {
  const wants = (part: string): boolean => parts.length === 0 || parts.includes(part)
  await compareWithNs3(project, wants)
  if (wants('bulk')) await benchBulk()
  if (wants('scale')) await benchScale()
}
