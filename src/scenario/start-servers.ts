/**
 * The servers of a scenario on their machines.
 */
import type { Nanos } from '../base/time.js'
import type { EmulatedHost } from '../emulator/net/host.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import { createVirtualHost } from '../emulator/virtual-host.js'
import type { Host } from '../host/host.js'
import { formatAddress } from '../wire/ipv4.js'
import type { Scenario } from './scenario.js'
import { startDhcp } from './servers/dhcp.js'
import { startDns } from './servers/dns.js'
import { startGatekeeper } from './servers/gatekeeper.js'
import { startHttp } from './servers/http.js'
import type { Ground, Running, ServerSettings } from './servers/server.js'
import { startTftp } from './servers/tftp.js'

/** Servers by name, to be stopped and started again; one that a scenario left off has nothing to stop. */
export type ServerSwitches = ReadonlyMap<string, ServerSwitch>

export interface ServerSwitch {
  /** Stops listening; what is under way comes to its end. */
  stop(): Promise<void>
  /** As it was at the start of the run: what it had in memory is gone. */
  start(): void
  /** Runs what wakes it. */
  after(delay: Nanos, run: () => void): void
}

export function startServers(
  { servers, seed }: Scenario,
  sim: Simulation,
  host: (settings: ServerSettings) => EmulatedHost,
): ServerSwitches {
  const virtualHosts = new Map<EmulatedHost, Host>()
  const switches = new Map<string, ServerSwitch>()
  const nameServers = servers.dns.map(({ address }) => formatAddress(address))
  const ground: Ground = {
    sim,
    host,
    virtual(machine) {
      let virtual = virtualHosts.get(machine)
      if (virtual === undefined) virtualHosts.set(machine, (virtual = createVirtualHost(machine, sim, { nameServers })))
      return virtual
    },
    seed,
    log: sim.truth.record.bind(sim.truth),
  }
  const start = <S extends ServerSettings>(settings: S, run: (settings: S, ground: Ground) => Running | undefined) => {
    let running = run(settings, ground)
    switches.set(settings.name, {
      async stop() {
        const stopped = running
        running = undefined
        await stopped?.close()
      },
      start() {
        running ??= run({ ...settings, listen: 'serve' }, ground)
      },
      after: (delay, wake) => ground.virtual(host(settings)).clock.after(delay, wake),
    })
  }
  for (const dhcp of servers.dhcp) start(dhcp, startDhcp)
  for (const dns of servers.dns) start(dns, startDns)
  for (const http of servers.http) start(http, startHttp)
  for (const tftp of servers.tftp) start(tftp, startTftp)
  for (const gatekeeper of servers.gatekeeper) start(gatekeeper, startGatekeeper)
  return switches
}
