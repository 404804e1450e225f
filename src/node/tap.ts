/**
 * TAP devices: Linux, Documentation/networking/tuntap.rst. What the kernel sends through the interface is read here, frame
 * by frame, and what is written here the kernel receives.
 *
 * No offload is asked for, so the kernel finishes checksums and cuts segments before it hands a frame over: what is read
 * is what would be on a wire. Frames are read into slabs of memory and never copied.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { UsageError } from '../base/errors.js'
import type { DeviceCounters, FrameDevice } from './frame-device.js'
import {
  bytesOf,
  errorName,
  hasNoRoom,
  interfaceRequest,
  readyInterface,
  REQUEST_VALUE,
  systemReason,
} from './interface-request.js'
import type { LinuxCalls, Watch } from './libc.js'

const CLONE_DEVICE = '/dev/net/tun'
/** _IOW('T', 202, int) */
const TUNSETIFF = 0x400454ca
const IFF_TAP = 0x0002
/** No four octets of flags and protocol before each frame. */
const IFF_NO_PI = 0x1000

/** Ethernet header and two VLAN tags, which no MTU counts. */
const HEADER_ROOM = 22
const SLAB_LENGTH = 128 * 1024

/** @throws UsageError */
export function openTap(calls: LinuxCalls, name: string, exists: boolean): FrameDevice {
  const fd = openCloneDevice(name)
  try {
    const request = interfaceRequest(name)
    request.setUint16(REQUEST_VALUE, IFF_TAP | IFF_NO_PI, true)
    if (calls.ioctl(fd, TUNSETIFF, bytesOf(request)) < 0) throw attachError(calls.errno(), name, exists)
    return new TapDevice(calls, name, fd, readyInterface(calls, name).mtu)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function openCloneDevice(name: string): number {
  try {
    return openSync(CLONE_DEVICE, constants.O_RDWR | constants.O_NONBLOCK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOENT' || code === 'ENODEV') {
      throw new UsageError(`${name}: this machine has no ${CLONE_DEVICE}; as root: modprobe tun`)
    }
    if (code === 'EACCES' || code === 'EPERM') throw permissionError(name)
    throw error
  }
}

function permissionError(name: string): UsageError {
  return new UsageError(
    `${name}: making a TAP device needs root; or let root make one for you: ip tuntap add ${name} mode tap user ${process.env['USER'] ?? '$USER'}`,
  )
}

function attachError(errno: number, name: string, exists: boolean): UsageError {
  const code = errorName(errno)
  if (code === 'EPERM' && !exists) return permissionError(name)
  if (code === 'EPERM') return new UsageError(`${name}: this TAP device belongs to another user`)
  if (code === 'EINVAL')
    return new UsageError(
      `${name} is a TUN device, or a TAP device with several queues; one plain TAP device is wanted`,
    )
  return new UsageError(`${name}: ${systemReason(errno)}`)
}

class TapDevice implements FrameDevice {
  readonly kind = 'tap'
  readonly name: string
  readonly mtu: number
  readonly counters: DeviceCounters = { received: 0, sent: 0, refused: 0, unusable: 0 }
  readonly #calls: LinuxCalls
  readonly #fd: number
  readonly #maxFrame: number
  #slab: ArrayBuffer
  #used = 0
  #watch: Watch | undefined

  constructor(calls: LinuxCalls, name: string, fd: number, mtu: number) {
    this.#calls = calls
    this.name = name
    this.#fd = fd
    this.mtu = mtu
    // One octet more than can be right, to know what was cut.
    this.#maxFrame = mtu + HEADER_ROOM + 1
    this.#slab = new ArrayBuffer(Math.max(SLAB_LENGTH, this.#maxFrame))
  }

  receive(): Uint8Array | undefined {
    for (;;) {
      if (this.#slab.byteLength - this.#used < this.#maxFrame) {
        this.#slab = new ArrayBuffer(this.#slab.byteLength)
        this.#used = 0
      }
      const room = new Uint8Array(this.#slab, this.#used, this.#maxFrame)
      const length = this.#calls.read(this.#fd, room, this.#maxFrame)
      if (length < 0) {
        this.#checkGone(this.#calls.errno())
        return undefined
      }
      if (length === this.#maxFrame) {
        this.counters.unusable++
        continue
      }
      this.counters.received++
      this.#used += (length + 7) & ~7
      return room.subarray(0, length)
    }
  }

  send(frame: Uint8Array): boolean {
    if (this.#calls.write(this.#fd, frame, frame.length) >= 0) {
      this.counters.sent++
      return true
    }
    const errno = this.#calls.errno()
    if (hasNoRoom(errno)) {
      this.#watch?.want({ readable: true, writable: true })
      return false
    }
    this.#checkGone(errno)
    this.counters.refused++
    return true
  }

  watch(readable: () => void, writable: () => void): void {
    // One watch for each descriptor is all that the event loop takes.
    this.#watch?.close()
    this.#watch = this.#calls.watch(this.#fd, { readable: true }, (events) => {
      if (events.writable === true) {
        this.#watch?.want({ readable: true })
        writable()
      }
      if (events.readable === true) readable()
    })
  }

  close(): void {
    this.#watch?.close()
    closeSync(this.#fd)
  }

  #checkGone(errno: number): void {
    const code = errorName(errno)
    if (code === 'EBADFD' || code === 'EBADF' || code === 'ENODEV') {
      throw new UsageError(`${this.name}: the TAP device is gone`)
    }
  }
}
