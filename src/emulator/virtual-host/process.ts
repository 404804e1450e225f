/**
 * `process` as a program on a virtual host sees it: the real one, but for the time and for what would end or change
 * the real process.
 */
import { unavailable } from './machine.js'
import type { Machine } from './machine.js'

/** What would end, change or show the real process, or hand out the real machine. */
const REFUSED = [
  'exit',
  'reallyExit',
  'abort',
  'kill',
  '_kill',
  '_debugProcess',
  'chdir',
  'binding',
  '_linkedBinding',
  'dlopen',
  'loadEnvFile',
  'openStdin',
  'initgroups',
  'setgroups',
  'setegid',
  'seteuid',
  'setgid',
  'setuid',
  'setUncaughtExceptionCaptureCallback',
  '_getActiveHandles',
  '_getActiveRequests',
]

/** @param builtin the host's modules by name, for getBuiltinModule */
export function virtualProcess(machine: Machine, builtin: (name: string) => unknown): NodeJS.Process {
  const nanos = (): bigint => BigInt(machine.sim.now)
  const hrtime = (since?: readonly [number, number]): [number, number] => {
    const total = nanos() - (since === undefined ? 0n : BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]))
    return [Number(total / 1_000_000_000n), Number(total % 1_000_000_000n)]
  }
  hrtime.bigint = nanos
  const refuse = (name: string) => () => {
    throw unavailable(`process.${name}`)
  }
  const replaced: Record<string, unknown> = {
    hrtime,
    uptime: () => machine.sim.now / 1e9,
    ...Object.fromEntries(REFUSED.map((name) => [name, refuse(name)])),
    getBuiltinModule: (name: string) => builtin(name.replace(/^node:/, '')),
    send: undefined,
    /** nextTick is Node's own: it is drained before virtual time goes on. */
    nextTick: (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
      machine.sim.nodeCodeRan()
      process.nextTick(callback, ...args)
    },
  }
  return new Proxy(process, {
    get(target, name) {
      if (typeof name === 'string' && Object.hasOwn(replaced, name)) return replaced[name]
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
