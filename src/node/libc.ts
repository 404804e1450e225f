/**
 * The few calls of Linux that Node does not offer and that TAP devices, packet sockets and timers finer than a millisecond
 * need, through koffi.
 *
 * Of the ways to wait for a frame without holding up Node, koffi's poll is the one here. It hands the descriptor to the
 * event loop's own epoll (uv_poll), so a frame wakes the loop like any socket of Node's would: no thread, no polling, and
 * promises and signals get their turns in between. The others were worse: fs.read() holds one of four pool threads for each
 * device; Node's stream types refuse a character device; poll(2) on a pool thread or in a worker costs two thread switches
 * a wake-up, 20 µs on a quiet machine and 400 µs on a busy one. Reading and writing are then plain non-blocking calls.
 *
 * koffi is an optional dependency. Where it, or Linux, is missing, linuxCalls() says in one line what to do.
 */
import { createRequire } from 'node:module'
import { UsageError } from '../base/errors.js'

/** Results are those of the system calls: -1 for an error, whose number errno() then has. */
export interface LinuxCalls {
  ioctl(fd: number, request: number, argument: Uint8Array): number
  read(fd: number, buffer: Uint8Array, length: number): number
  write(fd: number, buffer: Uint8Array, length: number): number
  close(fd: number): number
  socket(domain: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  recvmsg(fd: number, header: Uint8Array, flags: number): number
  timerfdCreate(clock: number, flags: number): number
  timerfdSettime(fd: number, flags: number, value: Uint8Array, old: null): number
  errno(): number
  /** Where the octets are, as C sees it. They must not be moved: memory of an ArrayBuffer of its own. */
  addressOf(bytes: Uint8Array): bigint
  /** Calls back from the event loop while the descriptor is ready. One watch per descriptor. */
  watch(fd: number, wanted: Readiness, ready: (events: Readiness) => void): Watch
}

export interface Readiness {
  readonly readable?: boolean
  readonly writable?: boolean
}

export interface Watch {
  /** Waits for something else from now on. */
  want(wanted: Readiness): void
  close(): void
}

/** How koffi looks, as far as it is used here. */
interface Koffi {
  load(path: null): { func(definition: string): (...args: unknown[]) => unknown }
  errno(): number
  readonly node: {
    poll(fd: number, wanted: Readiness, ready: (status: number, events: Readiness) => void): KoffiPoll
  }
}

interface KoffiPoll {
  start(wanted: Readiness, ready: (status: number, events: Readiness) => void): void
  close(): void
}

/** 64-bit and little-endian, where the structures and request numbers of this folder are the same. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64']

let calls: LinuxCalls | undefined

/** @throws UsageError where there is no Linux or no koffi */
export function linuxCalls(): LinuxCalls {
  return (calls ??= bindCalls())
}

function bindCalls(): LinuxCalls {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) {
    throw new UsageError(
      `network interfaces can be attached on Linux (${ARCHITECTURES.join(', ')}) only, not on ${process.platform} ${process.arch}; use plain sockets instead`,
    )
  }
  const koffi = loadKoffi()
  const libc = koffi.load(null)
  const bound = <F>(definition: string): F => libc.func(definition) as F
  const move = bound<(to: Uint8Array, from: Uint8Array, length: number) => number | bigint>(
    'uint64_t memmove(void *to, const void *from, size_t length)',
  )
  return {
    ioctl: bound('int ioctl(int fd, unsigned long request, void *argument)'),
    read: bound('long read(int fd, void *buffer, size_t length)'),
    write: bound('long write(int fd, const void *buffer, size_t length)'),
    close: bound('int close(int fd)'),
    socket: bound('int socket(int domain, int type, int protocol)'),
    bind: bound('int bind(int fd, const void *address, uint32_t length)'),
    setsockopt: bound('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
    recvmsg: bound('long recvmsg(int fd, void *header, int flags)'),
    timerfdCreate: bound('int timerfd_create(int clock, int flags)'),
    timerfdSettime: bound('int timerfd_settime(int fd, int flags, const void *value, void *old)'),
    errno: () => koffi.errno(),
    addressOf: (bytes) => BigInt(move(bytes, bytes, 0)),
    watch(fd, wanted, ready) {
      // A descriptor in error is ready for everything: the next read or write says what is wrong.
      const onEvents = (status: number, events: Readiness): void =>
        ready(status < 0 ? { readable: true, writable: true } : events)
      const handle = koffi.node.poll(fd, wanted, onEvents)
      return {
        want: (changed) => handle.start(changed, onEvents),
        close: () => handle.close(),
      }
    },
  }
}

function loadKoffi(): Koffi {
  let koffi: Koffi
  try {
    koffi = createRequire(import.meta.url)('koffi') as Koffi
  } catch {
    throw new UsageError("attaching to a network interface needs the package 'koffi'; install it: npm install koffi")
  }
  if (typeof koffi.node?.poll !== 'function') {
    throw new UsageError("the package 'koffi' is too old to attach to a network interface; npm install koffi@3")
  }
  return koffi
}
