/**
 * The two kinds of machine that programs run on, side by side for the suites that run on both: real sockets on
 * 127.0.0.1, and two emulated machines on one cable.
 */
import type { Host } from '../../src/host/host.js'
import { createVirtualHost } from '../../src/emulator/virtual-host.js'
import type { NameSettings } from '../../src/emulator/virtual-host/name-service.js'
import { Simulation } from '../../src/emulator/sim/simulation.js'
import { Network } from '../../src/emulator/topology.js'
import { nodeHost } from '../../src/node/node-host.js'

export interface TwoHosts {
  readonly server: Host
  readonly client: Host
  /** Where the client reaches the server. */
  readonly serverAddress: string
  readonly clientAddress: string
  /** A directed broadcast that reaches the server. */
  readonly broadcastAddress: string
  /** Runs it to its end, with virtual time going on meanwhile where time is virtual. */
  play<T>(work: () => Promise<T>): Promise<T>
}

function realHosts(): TwoHosts {
  return {
    server: nodeHost('server'),
    client: nodeHost('client'),
    serverAddress: '127.0.0.1',
    clientAddress: '127.0.0.1',
    broadcastAddress: '127.255.255.255',
    play: (work) => work(),
  }
}

export interface EmulatedHosts extends TwoHosts {
  readonly sim: Simulation
  readonly network: Network
}

export function emulatedHosts({
  seed = 1,
  delay = 1_000_000,
  loss = 0,
  duplicate = 0,
  names = {} as NameSettings,
} = {}): EmulatedHosts {
  const sim = new Simulation({ seed })
  const network = new Network(sim)
  const server = network.addHost('server', { address: '10.0.0.1' })
  const client = network.addHost('client', { address: '10.0.0.2' })
  network.connect(server, client, { name: 'cable', both: { delay, loss, duplicate } })
  return {
    sim,
    network,
    server: createVirtualHost(server, sim),
    client: createVirtualHost(client, sim, names),
    serverAddress: '10.0.0.1',
    clientAddress: '10.0.0.2',
    broadcastAddress: '10.0.0.255',
    play: (work) => playOn(sim, work),
  }
}

/** Virtual time goes on until the work is done; work that never ends is an error, not a hang. */
export async function playOn<T>(sim: Simulation, work: () => Promise<T>): Promise<T> {
  let over = false
  const outcome = new Promise<T>((resolve, reject) => {
    sim.schedule(0, () => {
      sim.nodeCodeRan()
      work()
        .then(resolve, reject)
        .finally(() => (over = true))
    })
  })
  // Handled below, once the run is over.
  outcome.catch(() => {})
  await sim.run({ while: () => !over })
  if (!over) throw new Error('nothing is left to happen, and the work is not done')
  return outcome
}

export const BOTH_KINDS: readonly (readonly [string, () => TwoHosts])[] = [
  ['a real machine', realHosts],
  ['an emulated machine', emulatedHosts],
]
