/**
 * Which built-in modules a program on a virtual host finds under `require`.
 *
 * Three sorts: those that only compute are Node's own; those that touch network, time, chance or the machine are the
 * host's; everything else does not exist here, and asking for it is an error that says so. There is no disk: `fs` knows
 * one directory, `/`, with nothing in it. zlib and crypto would work in Node's thread pool, where virtual time cannot see
 * them: their callback forms do the work at once and answer in a later tick, their streams are not there.
 */
import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import { unavailable } from './machine.js'
import type { Machine } from './machine.js'
import { formatAddress } from '../../wire/ipv4.js'
import { formatMac } from '../../wire/ethernet.js'
import { systemError } from './machine.js'
import type { VirtualTimers } from './timers.js'

const nodeRequire = createRequire(import.meta.url)

/** Modules that only compute, or only name things. */
const HARMLESS = new Set([
  'assert',
  'assert/strict',
  'async_hooks',
  'buffer',
  'constants',
  'diagnostics_channel',
  'events',
  'path',
  'path/posix',
  'path/win32',
  'punycode',
  'querystring',
  'stream',
  'stream/promises',
  'string_decoder',
  'tty',
  'url',
  'util',
  'util/types',
])

type Callback = (error: Error | null, ...values: unknown[]) => void
type Module = Record<string, unknown>

export interface HostModules {
  readonly dgram: object
  readonly net: object
  readonly http: object
  readonly https: object
  readonly tls: object
  readonly dns: { readonly promises: object }
  readonly timers: VirtualTimers
  readonly process: NodeJS.Process
}

/** @returns the module of a name; `crypto/global` is the global `crypto`. @throws Error for one that is not here */
export function builtinModules(machine: Machine, modules: HostModules): (name: string) => unknown {
  const later = (callback: unknown, ...values: unknown[]): void => {
    machine.sim.nodeCodeRan()
    process.nextTick(callback as Callback, ...values)
  }
  const makers: Record<string, () => unknown> = {
    dgram: () => modules.dgram,
    net: () => modules.net,
    http: () => withNodes('http', modules.http),
    https: () => withNodes('https', modules.https),
    tls: () => modules.tls,
    timers: () => modules.timers.module,
    'timers/promises': () => modules.timers.promises,
    perf_hooks: () => refusing('perf_hooks', { performance: modules.timers.performance }),
    process: () => modules.process,
    console: () => nodeRequire('console') as unknown,
    os: () => virtualOs(machine),
    // Packages that could use these ask for them as they load; using them is refused.
    worker_threads: () =>
      refusing('worker_threads', { isMainThread: true, threadId: 0, workerData: null, parentPort: null }),
    http2: () => refusing('http2', { constants: (nodeRequire('http2') as Module)['constants'] }),
    v8: () => refusing('v8', {}),
    dns: () => refusing('dns', modules.dns),
    'dns/promises': () => refusing('dns.promises', modules.dns.promises),
    fs: () => emptyDisk(later),
    'fs/promises': () => (emptyDisk(later) as { promises: unknown }).promises,
    zlib: () => synchronousZlib(later),
    crypto: () => seededCrypto(machine, later),
    'crypto/global': () => ({
      getRandomValues: <T extends NodeJS.ArrayBufferView>(array: T): T => fill(machine, array),
      randomUUID: () => uuid(machine),
    }),
  }
  const made = new Map<string, unknown>()
  return (name) => {
    if (HARMLESS.has(name)) return nodeRequire(name) as unknown
    const make = makers[name]
    if (make === undefined || !Object.hasOwn(makers, name)) throw unavailable(`the module '${name}'`)
    if (!made.has(name)) made.set(name, make())
    return made.get(name)
  }
}

/** Node's module, with the host's in place of what it has. */
function withNodes(name: string, own: object): Module {
  return { ...(nodeRequire(name) as Module), ...own }
}

/** What is given; anything else is an error that names it. */
function refusing(name: string, given: object): Module {
  return new Proxy(given as Module, {
    get(target, key) {
      if (typeof key === 'symbol' || key in target || key === 'default' || key === '__esModule') {
        return Reflect.get(target, key) as unknown
      }
      return function refused() {
        throw unavailable(`${name}.${key}`)
      }
    },
  })
}

function virtualOs(machine: Machine): Module {
  const { host } = machine
  const own = {
    hostname: () => host.name,
    uptime: () => machine.sim.now / 1e9,
    networkInterfaces: () => ({
      eth0: [
        {
          address: formatAddress(host.address),
          netmask: formatAddress(host.mask),
          family: 'IPv4',
          mac: formatMac(host.mac),
          internal: false,
          cidr: null,
        },
      ],
    }),
  }
  return withNodes('os', own)
}

/** A disk with an empty root directory. */
function emptyDisk(later: (callback: unknown, ...values: unknown[]) => void): Module {
  const isRoot = (path: unknown): boolean => path === '/' || path === '.' || path === './'
  const missing = (call: string, path: unknown): Error => systemError('ENOENT', call, `'${String(path)}'`)
  const root = {
    isDirectory: () => true,
    isFile: () => false,
    isSymbolicLink: () => false,
    size: 0,
    mode: 0o40555,
    mtime: new Date(0),
    mtimeMs: 0,
  }
  const statOf = (path: unknown): object => {
    if (isRoot(path)) return root
    throw missing('stat', path)
  }
  const read = (path: unknown): never => {
    throw missing('open', path)
  }
  const list = (path: unknown): string[] => {
    if (isRoot(path)) return []
    throw missing('scandir', path)
  }
  const late =
    (work: (path: unknown) => unknown) =>
    (path: unknown, ...rest: unknown[]): void => {
      try {
        later(rest.at(-1), null, work(path))
      } catch (error) {
        later(rest.at(-1), error)
      }
    }
  const promised = (work: (path: unknown) => unknown) => async (path: unknown) => work(path)
  return refusing('fs', {
    stat: late(statOf),
    lstat: late(statOf),
    access: late(statOf),
    readFile: late(read),
    readdir: late(list),
    statSync: statOf,
    lstatSync: statOf,
    accessSync: statOf,
    readFileSync: read,
    readdirSync: list,
    existsSync: isRoot,
    constants: (nodeRequire('fs') as Module)['constants'],
    promises: refusing('fs.promises', {
      stat: promised(statOf),
      lstat: promised(statOf),
      access: promised(statOf),
      readFile: promised(read),
      readdir: promised(list),
    }),
  })
}

/** `gzip(octets, options?, callback)` for each `gzipSync`. */
function synchronousZlib(later: (callback: unknown, ...values: unknown[]) => void): Module {
  const node = nodeRequire('zlib') as Module
  const own: Module = { constants: node['constants'], codes: node['codes'], crc32: node['crc32'] }
  for (const name of Object.keys(node)) if (name.endsWith('Sync')) own[name] = node[name]
  for (const name of Object.keys(own)) if (name.endsWith('Sync')) own[name.slice(0, -4)] = fromSync(own[name], later)
  return refusing('zlib', own)
}

/** Node's crypto with the host's chance, and with everything done at once. */
function seededCrypto(machine: Machine, later: (callback: unknown, ...values: unknown[]) => void): Module {
  const node = nodeRequire('crypto') as Module
  const own: Module = {}
  for (const name of Object.keys(Object.getOwnPropertyDescriptors(node))) {
    if (/^(?:webcrypto|subtle|fips|generate|check|createECDH|createDiffieHellman|getDiffieHellman)/.test(name)) continue
    own[name] = node[name]
  }
  for (const name of ['pbkdf2', 'scrypt', 'hkdf']) own[name] = fromSync(node[`${name}Sync`], later)
  const randomBytes = (size: number, callback?: Callback): Buffer | undefined => {
    const octets = fill(machine, Buffer.alloc(size))
    if (callback === undefined) return octets
    later(callback, null, octets)
    return undefined
  }
  const randomInt = (...args: unknown[]): number | undefined => {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : undefined
    const [min, max] = args.length > 1 ? (args as [number, number]) : [0, args[0] as number]
    const value = min + Math.floor(machine.random() * (max - min))
    if (callback === undefined) return value
    later(callback, null, value)
    return undefined
  }
  Object.assign(own, {
    randomBytes,
    pseudoRandomBytes: randomBytes,
    randomInt,
    randomUUID: () => uuid(machine),
    randomFillSync: (octets: NodeJS.ArrayBufferView) => fill(machine, octets),
    randomFill: (octets: NodeJS.ArrayBufferView, callback: Callback) => later(callback, null, fill(machine, octets)),
    getRandomValues: (octets: NodeJS.ArrayBufferView) => fill(machine, octets),
  })
  return refusing('crypto', own)
}

/** The callback form of a function that does its work at once. */
function fromSync(work: unknown, later: (callback: unknown, ...values: unknown[]) => void): unknown {
  return (...args: unknown[]) => {
    const callback = args.pop()
    try {
      later(callback, null, (work as (...args: unknown[]) => unknown)(...args))
    } catch (error) {
      later(callback, error)
    }
  }
}

function fill<T extends NodeJS.ArrayBufferView>(machine: Machine, view: T): T {
  const octets = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  for (let i = 0; i < octets.length; i++) octets[i] = Math.floor(machine.random() * 256)
  return view
}

/** RFC 9562 §5.4. */
function uuid(machine: Machine): string {
  const octets = fill(machine, Buffer.alloc(16))
  octets[6] = (octets[6]! & 0x0f) | 0x40
  octets[8] = (octets[8]! & 0x3f) | 0x80
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
