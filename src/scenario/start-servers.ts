/**
 * The servers of a scenario on their machines.
 */
import type { EmulatedHost } from '../emulator/net/host.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import { createVirtualHost } from '../emulator/virtual-host.js'
import type { Host } from '../host/host.js'
import type { Scenario } from './scenario.js'
import { startDhcp } from './servers/dhcp.js'
import { startGatekeeper } from './servers/gatekeeper.js'
import { startHttp } from './servers/http.js'
import type { Ground, ServerSettings } from './servers/server.js'
import { startTftp } from './servers/tftp.js'

export function startServers(
  { servers, seed }: Scenario,
  sim: Simulation,
  host: (settings: ServerSettings) => EmulatedHost,
): void {
  const virtualHosts = new Map<EmulatedHost, Host>()
  const ground: Ground = {
    sim,
    host,
    virtual(machine) {
      let virtual = virtualHosts.get(machine)
      if (virtual === undefined) virtualHosts.set(machine, (virtual = createVirtualHost(machine, sim)))
      return virtual
    },
    seed,
    log: sim.truth.record.bind(sim.truth),
  }
  for (const dhcp of servers.dhcp) startDhcp(dhcp, ground)
  for (const http of servers.http) startHttp(http, ground)
  for (const tftp of servers.tftp) startTftp(tftp, ground)
  for (const gatekeeper of servers.gatekeeper) startGatekeeper(gatekeeper, ground)
}
