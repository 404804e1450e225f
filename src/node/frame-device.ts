/**
 * A network interface of this machine as a place where whole Ethernet frames go in and out: a TAP device (tap.ts), whose
 * other end is the kernel's stack, or an interface that is there (packet-socket.ts), whose other end is a wire.
 */
import { existsSync } from 'node:fs'
import { UsageError } from '../base/errors.js'
import { linuxCalls, type LinuxCalls } from './libc.js'
import { openPacketSocket } from './packet-socket.js'
import { openTap } from './tap.js'

export interface FrameDevice {
  readonly name: string
  readonly kind: 'tap' | 'interface'
  /** Octets of payload that a frame may have. */
  readonly mtu: number
  readonly counters: Readonly<DeviceCounters>
  /**
   * The next frame that has come in, without FCS, in memory of its own; undefined when there is none now.
   *
   * @throws UsageError when the interface is gone
   */
  receive(): Uint8Array | undefined
  /**
   * Sends a frame. False: there is no room, and the frame was not taken; `writable` is called when it is worth another try.
   *
   * @throws UsageError when the interface is gone
   */
  send(frame: Uint8Array): boolean
  /** From now on the event loop calls back when there is something to receive, or room again after send() said no. */
  watch(readable: () => void, writable: () => void): void
  /** A TAP device that did not exist before is gone with it. */
  close(): void
}

export interface DeviceCounters {
  received: number
  sent: number
  /** Refused by an interface that is down, or longer than its MTU. */
  refused: number
  /** Came in as one piece of offload (IPv6, UDP) that cannot be taken apart here, or longer than the MTU. */
  unusable: number
}

/** An interface name, as Linux allows: 15 octets, no slash, no space. */
const NAME = /^[^\s/:]{1,15}$/

/**
 * A TAP device by that name when there is one or nothing has the name yet; a packet socket on an interface of another kind.
 *
 * @throws UsageError in one line: not Linux, no koffi, no such device, not permitted, interface down
 */
export function openFrameDevice(name: string): FrameDevice {
  const calls: LinuxCalls = linuxCalls()
  if (!NAME.test(name) || name === '.' || name === '..') {
    throw new UsageError(`'${name.slice(0, 40)}' is no name of a network interface`)
  }
  const place = `/sys/class/net/${name}`
  return existsSync(place) && !existsSync(`${place}/tun_flags`)
    ? openPacketSocket(calls, name)
    : openTap(calls, name, existsSync(place))
}
