/**
 * What one DISCOVER to ACK costs a DHCP server that holds so many leases already: constant, as the lease table promises.
 */
import { performance } from 'node:perf_hooks'
import { Simulation } from '../../src/emulator/sim/simulation.js'
import { Network } from '../../src/emulator/topology.js'
import { createVirtualHost } from '../../src/emulator/virtual-host.js'
import { startDhcpServer } from '../../src/servers/dhcp-server.js'
import * as dhcp from '../../src/wire/dhcp.js'
import { printTable } from './measure.js'

const STEPS = [1_000, 10_000, 50_000, 100_000]
const SAMPLE = 1_000

export async function benchDhcp(): Promise<void> {
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const machine = network.addHost('server', { address: '10.0.0.2', mask: '255.252.0.0' })
  const client = network.addHost('client', { address: '10.0.0.3', mask: '255.252.0.0' })
  network.connect(machine, client)
  const server = startDhcpServer(createVirtualHost(machine, sim), {
    serverAddress: '10.0.0.2',
    pool: { first: '10.0.1.0', last: '10.3.255.250' },
    mask: '255.252.0.0',
    siteOption: 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2',
  })
  let leases = 0
  let wanted = 0
  const socket = client.bindUdp(dhcp.CLIENT_PORT, ({ payload }) => {
    const message = dhcp.decode(payload)
    if (dhcp.messageType(message) === dhcp.MessageType.offer) {
      tell(dhcp.MessageType.request, [
        { code: 50, data: dhcp.u32Data(message.yiaddr) },
        { code: 54, data: dhcp.option(message, 54)! },
      ])
      return
    }
    leases++
    if (leases < wanted) tell(dhcp.MessageType.discover, [])
  })
  const tell = (type: number, options: readonly { code: number; data: Uint8Array }[]) => {
    const chaddr = Uint8Array.of(2, 0, leases >>> 24, leases >>> 16, leases >>> 8, leases)
    const message = { op: 1, xid: leases, chaddr, options: [{ code: 53, data: Uint8Array.of(type) }, ...options] }
    socket.send(dhcp.encode(message), 0xffffffff, dhcp.SERVER_PORT)
  }
  const grow = async (to: number) => {
    if (to <= leases) return
    wanted = to
    tell(dhcp.MessageType.discover, [])
    await sim.run({ while: () => leases < wanted })
  }
  await sim.run({ until: sim.now + 1_000_000 })
  const rows: string[][] = []
  for (const held of STEPS) {
    await grow(held - SAMPLE)
    const begin = performance.now()
    await grow(held)
    const each = ((performance.now() - begin) / SAMPLE) * 1000
    rows.push([held.toLocaleString('en'), `${each.toFixed(0)} µs`])
  }
  printTable('DHCP server: one client from DISCOVER to ACK, by leases held', rows)
  await server.close()
}
