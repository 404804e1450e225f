/**
 * A Host on top of an emulated machine: ordinary Node programs, and unmodified npm packages, on virtual time and on
 * the emulated network.
 *
 * What a program gets looks and fails as Node's own: datagram sockets (virtual-host/udp-socket.ts), TCP servers and
 * sockets (net.ts, tcp-socket.ts), the real node:http and node:tls on top of them (http.ts, tls.ts, https.ts), names (dns.ts, name-service.ts), timers and clocks (timers.ts), a
 * small set of other built-in modules (builtins.ts). Nothing is global: each host has its own, and a package loaded by
 * `require` is that host's instance (host/package-loader.ts).
 *
 * The rule that keeps runs the same: every way from the simulation into a program goes through enter(), which tells the
 * simulation that Node-shaped code ran and has to settle before time goes on. A program that reaches for the real
 * machine (its sockets, files, processes) gets an error, not the machine.
 *
 * Not here: HTTP/2, IPv6, loopback (a host cannot talk to itself), Unix sockets.
 */
import type { Clock, Host } from '../host/host.js'
import { packageLoader } from '../host/package-loader.js'
import type { EmulatedHost } from './net/host.js'
import type { Simulation } from './sim/simulation.js'
import { builtinModules } from './virtual-host/builtins.js'
import { virtualDns } from './virtual-host/dns.js'
import { NameService } from './virtual-host/name-service.js'
import type { NameSettings } from './virtual-host/name-service.js'
import { virtualDgram } from './virtual-host/udp-socket.js'
import { virtualHttp } from './virtual-host/http.js'
import { virtualHttps } from './virtual-host/https.js'
import { unavailable } from './virtual-host/machine.js'
import type { Machine } from './virtual-host/machine.js'
import { virtualNet } from './virtual-host/net.js'
import { virtualProcess } from './virtual-host/process.js'
import { virtualTls } from './virtual-host/tls.js'
import { virtualTimers } from './virtual-host/timers.js'

export interface VirtualHostOptions extends NameSettings {
  /** Told the secrets of every TLS connection, a line of NSS key log format each, both ends the same lines. */
  readonly keyLog?: (line: Uint8Array) => void
}

/** @param options name servers, hosts file and search list; without them only addresses are found */
export function createVirtualHost(host: EmulatedHost, sim: Simulation, options: VirtualHostOptions = {}): Host {
  const luck = sim.random(`programs on ${host.name}`)
  const machine: Machine = {
    host,
    sim,
    enter(run) {
      sim.nodeCodeRan()
      run()
    },
    after(delay, run) {
      sim.nodeCodeRan()
      return sim.schedule(delay, () => machine.enter(run))
    },
    milliseconds: () => sim.epoch.seconds * 1000 + (sim.epoch.nanos + sim.now) / 1e6,
    random: () => luck.next(),
    names: new NameService(host, sim, options),
    keyLog: options.keyLog,
  }
  const clock: Clock = {
    now: () => sim.now,
    wallClock: () => sim.wallClock,
    after: (delay, run) => machine.after(delay, run),
    hold: (work) => sim.hold(work),
  }
  const net = virtualNet(machine)
  const dgram = virtualDgram(machine)
  const http = virtualHttp(machine, net)
  const tls = virtualTls(machine, net)
  const https = virtualHttps(machine, net, http)
  const dns = virtualDns(machine)
  const timers = virtualTimers(machine)
  const process = virtualProcess(machine, (name) => builtin(name))
  const builtin: (name: string) => unknown = builtinModules(machine, {
    dgram,
    net,
    http: http.module,
    tls,
    https,
    dns,
    timers,
    process,
  })
  return {
    name: host.name,
    clock,
    dgram,
    net,
    http: http.module,
    tls,
    https,
    dns,
    random: machine.random,
    require: packageLoader(
      {
        builtin,
        globals: {
          ...timers.globals,
          process,
          Date: timers.Date,
          Math: timers.Math,
          performance: timers.performance,
          crypto: builtin('crypto/global'),
          ...refusedGlobals,
        },
      },
      import.meta.url,
    ),
  }
}

/** Globals of Node's that go to the real network by themselves. */
const refusedGlobals = Object.fromEntries(
  ['fetch', 'WebSocket', 'EventSource', 'BroadcastChannel'].map((name) => [
    name,
    function refused() {
      throw unavailable(`the global '${name}'`)
    },
  ]),
)
