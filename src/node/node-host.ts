/**
 * The real machine as a Host: Node's own modules, the machine's clock, Math.random. Sockets are opened when a server
 * asks for them, on the addresses it names.
 */
import * as dgram from 'node:dgram'
import * as dns from 'node:dns'
import * as http from 'node:http'
import * as https from 'node:https'
import { createRequire } from 'node:module'
import * as net from 'node:net'
import * as tls from 'node:tls'
import { performance } from 'node:perf_hooks'
import { MILLISECOND } from '../base/time.js'
import type { Host } from '../host/host.js'
import { packageLoader } from '../host/package-loader.js'

/** The longest a Node timer can wait; longer waits are cut in pieces. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** @param name for logs */
export function nodeHost(name: string): Host {
  const began = performance.now()
  const now = (): number => Math.round((performance.now() - began) * MILLISECOND)
  const builtins = createRequire(import.meta.url)
  return {
    name,
    clock: {
      now,
      wallClock: () => {
        const milliseconds = Date.now()
        return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * MILLISECOND }
      },
      after(delay, run) {
        const end = now() + delay
        let timer: NodeJS.Timeout
        // Node may wake up to a millisecond early, and cannot wait longer than MAX_TIMEOUT_MS.
        const arm = (): void => {
          const left = Math.max(0, Math.ceil((end - now()) / MILLISECOND))
          timer = setTimeout(() => (now() < end ? arm() : run()), Math.min(left, MAX_TIMEOUT_MS))
        }
        arm()
        return { cancel: () => clearTimeout(timer) }
      },
      hold: (work) => work,
    },
    dgram,
    net,
    http,
    https,
    tls,
    dns,
    random: () => Math.random(),
    require: packageLoader({ builtin: (module) => builtins(module), globals: {} }, import.meta.url),
  }
}
