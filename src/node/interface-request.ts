/**
 * struct ifreq, netdevice(7): questions about and orders to a network interface by its name.
 */
import { constants } from 'node:os'
import { UsageError } from '../base/errors.js'
import type { LinuxCalls } from './libc.js'

const SIOCGIFFLAGS = 0x8913
const SIOCSIFFLAGS = 0x8914
const SIOCGIFMTU = 0x8921
const SIOCGIFINDEX = 0x8933

const AF_INET = 2
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000

const IFF_UP = 1

const NAME_LENGTH = 16
const REQUEST_LENGTH = 40

/** An ifreq with its name and zeroes. */
export function interfaceRequest(name: string): DataView {
  const bytes = new Uint8Array(new ArrayBuffer(REQUEST_LENGTH))
  bytes.set(new TextEncoder().encode(name).subarray(0, NAME_LENGTH - 1))
  return new DataView(bytes.buffer)
}

/** Where the answer, or the order, is in an ifreq. */
export const REQUEST_VALUE = NAME_LENGTH

export function bytesOf(request: DataView): Uint8Array {
  return new Uint8Array(request.buffer)
}

export interface InterfaceFacts {
  readonly index: number
  readonly mtu: number
}

/**
 * Index and MTU of an interface, which is set up if it is down and that is permitted.
 *
 * @throws UsageError when there is none, or it stays down
 */
export function readyInterface(calls: LinuxCalls, name: string): InterfaceFacts {
  const socket = calls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  if (socket < 0) throw new UsageError(`${name}: ${systemReason(calls.errno())}`)
  try {
    const ask = (what: number): DataView => {
      const request = interfaceRequest(name)
      if (calls.ioctl(socket, what, bytesOf(request)) < 0) {
        throw new UsageError(`${name}: ${systemReason(calls.errno())}`)
      }
      return request
    }
    const index = ask(SIOCGIFINDEX).getInt32(REQUEST_VALUE, true)
    const mtu = ask(SIOCGIFMTU).getInt32(REQUEST_VALUE, true)
    const flags = ask(SIOCGIFFLAGS)
    const before = flags.getUint16(REQUEST_VALUE, true)
    if ((before & IFF_UP) === 0) {
      flags.setUint16(REQUEST_VALUE, before | IFF_UP, true)
      if (calls.ioctl(socket, SIOCSIFFLAGS, bytesOf(flags)) < 0) {
        throw new UsageError(`${name} is down, and may not be set up; as root: ip link set ${name} up`)
      }
    }
    return { index, mtu }
  } finally {
    calls.close(socket)
  }
}

const NAMES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(constants.errno).map(([name, number]) => [number, name] as const),
  // Node does not know these two of Linux.
  [77, 'EBADFD'],
  [19, 'ENODEV'],
])

/** The name of an error number: `EBUSY`. */
export function errorName(errno: number): string {
  return NAMES.get(errno) ?? `error ${errno}`
}

/** A queue of the system is full: the frame may go later. */
export function hasNoRoom(errno: number): boolean {
  return ['EAGAIN', 'ENOBUFS', 'ENOMEM'].includes(errorName(errno))
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENODEV', 'there is no such network interface'],
  ['ENXIO', 'there is no such network interface'],
  ['EBUSY', 'another program is attached to it'],
  ['EPERM', 'permission denied'],
  ['EACCES', 'permission denied'],
  ['ENETDOWN', 'the interface is down'],
])

export function systemReason(errno: number): string {
  const name = errorName(errno)
  return REASONS.get(name) ?? name
}
