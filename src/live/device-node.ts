/**
 * A network interface of this machine as a node of the emulated network: plugged into a link, it puts what comes in from
 * outside on that link, and sends what comes out of the link.
 *
 * When the interface has no room, frames wait in a queue that is as long as an interface's usually is, and those that find
 * it full are lost, as on any interface; both are counted.
 */
import type { LinkNode, Port } from '../emulator/link/link.js'
import type { DeviceCounters, FrameDevice } from '../node/frame-device.js'
import type { LiveSimulation } from './live-simulation.js'

/** Frames that wait for an interface without room; Linux's default txqueuelen. */
const QUEUE_LIMIT = 1000
/** Frames taken in before others get their turn. */
const BATCH = 64
/** The shortest that has both addresses and a type. */
const MIN_FRAME = 14

export interface DeviceNodeCounters extends DeviceCounters {
  /** Had to wait for room. */
  readonly queued: number
  /** Found the queue full. */
  readonly dropped: number
}

export class DeviceNode implements LinkNode {
  readonly name: string
  readonly #sim: LiveSimulation
  readonly #device: FrameDevice
  #queue: Uint8Array[] = []
  #port: Port | undefined
  #queued = 0
  #dropped = 0

  /** @param failed gets the UsageError of an interface that is gone */
  constructor(sim: LiveSimulation, device: FrameDevice, failed: (error: unknown) => void) {
    this.name = device.name
    this.#sim = sim
    this.#device = device
    const guarded = (run: () => void) => (): void => {
      try {
        run()
      } catch (error) {
        failed(error)
      }
    }
    device.watch(
      guarded(() => this.#takeIn()),
      guarded(() => this.#flush()),
    )
  }

  get counters(): DeviceNodeCounters {
    return { ...this.#device.counters, queued: this.#queued, dropped: this.#dropped }
  }

  get kind(): FrameDevice['kind'] {
    return this.#device.kind
  }

  /** @throws Error when it has a link already */
  attach(port: Port): void {
    if (this.#port !== undefined) throw new Error(`${this.name} has a link already`)
    this.#port = port
    port.receive = (frame) => this.#send(frame)
  }

  close(): void {
    this.#device.close()
  }

  #takeIn(): void {
    for (let taken = 0; taken < BATCH; taken++) {
      const frame = this.#device.receive()
      if (frame === undefined) break
      if (frame.length >= MIN_FRAME) this.#port?.transmit(frame)
    }
    this.#sim.pump()
  }

  #send(frame: Uint8Array): void {
    if (this.#queue.length === 0 && this.#device.send(frame)) return
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#dropped++
      return
    }
    this.#queued++
    this.#queue.push(frame)
  }

  #flush(): void {
    let sent = 0
    while (sent < this.#queue.length && this.#device.send(this.#queue[sent]!)) sent++
    this.#queue = this.#queue.slice(sent)
  }
}
