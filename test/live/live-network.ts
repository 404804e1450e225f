/** An emulated network in real time, with TAP devices in namespaces, for tests. */
import type { LinkNode } from '../../src/emulator/link/link.js'
import { Network } from '../../src/emulator/topology.js'
import { DeviceNode } from '../../src/live/device-node.js'
import { LiveSimulation } from '../../src/live/live-simulation.js'
import { openFrameDevice } from '../../src/node/frame-device.js'
import { preferThisProcess } from '../../src/node/priority.js'
import { deviceName, Namespace } from './namespaces.js'

export class LiveNetwork {
  readonly sim: LiveSimulation
  readonly network: Network
  readonly #nodes: DeviceNode[] = []
  readonly #namespaces: Namespace[] = []
  #failure: Error | undefined

  constructor(seed = 1) {
    preferThisProcess()
    this.sim = new LiveSimulation({ seed })
    this.sim.onFailure((error) => this.#fail(error))
    this.network = new Network(this.sim)
  }

  /** A namespace with one TAP device, whose other end is a node for a link. */
  kernel(label: string, ...addresses: readonly string[]): { readonly namespace: Namespace; readonly node: LinkNode } {
    const namespace = new Namespace(label)
    this.#namespaces.push(namespace)
    const name = deviceName(label)
    const node = this.device(name)
    namespace.adopt(name, ...addresses)
    namespace.ip('link', 'set', name, 'txqueuelen', '2000')
    return { namespace, node }
  }

  device(name: string): DeviceNode {
    const node = new DeviceNode(this.sim, openFrameDevice(name), (error) => this.#fail(error))
    this.#nodes.push(node)
    return node
  }

  async close(): Promise<void> {
    for (const namespace of this.#namespaces) await namespace.close()
    for (const node of this.#nodes) node.close()
    this.sim.close()
    if (this.#failure !== undefined) throw this.#failure
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error))
  }
}
