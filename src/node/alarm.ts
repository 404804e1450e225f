/**
 * One alarm, to be set again and again, that rings to within the kernel's 50 µs: Node's own timers know milliseconds
 * only, in which a 100 Mbit/s link carries eight frames. Where timers of the kernel cannot be had (no Linux, no koffi) it
 * is a timer of Node's, and rings up to a millisecond late.
 */
import { MILLISECOND, SECOND, type Nanos } from '../base/time.js'
import { linuxCalls, type LinuxCalls, type Watch } from './libc.js'

export interface Alarm {
  /** Rings once, so long from now, in place of what was set before. 0 or less: at once, from the event loop. */
  set(delay: Nanos): void
  close(): void
}

export function createAlarm(ring: () => void): Alarm {
  let calls: LinuxCalls
  try {
    calls = linuxCalls()
  } catch {
    return new NodeAlarm(ring)
  }
  return new KernelAlarm(calls, ring)
}

const CLOCK_MONOTONIC = 1
/** TFD_NONBLOCK | TFD_CLOEXEC */
const TIMER_FLAGS = 0o2004000

class KernelAlarm implements Alarm {
  readonly #calls: LinuxCalls
  readonly #fd: number
  readonly #watch: Watch
  readonly #count = new Uint8Array(new ArrayBuffer(8))
  /** struct itimerspec: interval, which stays 0, and value. */
  readonly #setting = new DataView(new ArrayBuffer(32))
  readonly #settingBytes = new Uint8Array(this.#setting.buffer)

  constructor(calls: LinuxCalls, ring: () => void) {
    this.#calls = calls
    this.#fd = calls.timerfdCreate(CLOCK_MONOTONIC, TIMER_FLAGS)
    if (this.#fd < 0) throw new Error(`timerfd_create: errno ${calls.errno()}`)
    this.#watch = calls.watch(this.#fd, { readable: true }, () => {
      // The expiry is taken, so that it does not wake the loop again; ring() may set the next.
      if (calls.read(this.#fd, this.#count, 8) === 8) ring()
    })
  }

  set(delay: Nanos): void {
    // A value of 0 would disarm it.
    const nanos = delay < 1 ? 1 : delay
    const seconds = Math.floor(nanos / SECOND)
    this.#setting.setInt32(16, seconds, true)
    this.#setting.setInt32(24, nanos - seconds * SECOND, true)
    this.#calls.timerfdSettime(this.#fd, 0, this.#settingBytes, null)
  }

  close(): void {
    this.#watch.close()
    this.#calls.close(this.#fd)
  }
}

class NodeAlarm implements Alarm {
  readonly #ring: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(ring: () => void) {
    this.#ring = ring
  }

  set(delay: Nanos): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#ring, Math.max(0, delay / MILLISECOND))
  }

  close(): void {
    clearTimeout(this.#timer)
  }
}
