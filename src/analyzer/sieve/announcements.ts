/**
 * Which traffic is of interest beyond the well-known ports: the streams layer writes here what it learns, the sieve
 * reads. Ports are never forgotten, there are only 65,536 of them; clients and flows are forgotten by who announced
 * them.
 */
import { FlowTable } from './flow-table.js'

/** File and backup servers: FTP control, HTTP, Communication Manager's 81, Avaya's TLS 411, HTTPS, usual alternatives. */
export const FILE_SERVER_PORTS: readonly number[] = [21, 80, 81, 411, 443, 8000, 8080]

/** DNS, DHCP server and client, TFTP, RAS, PXE's second DHCP port. */
export const PROVISIONING_UDP_PORTS: readonly number[] = [53, 67, 68, 69, 1719, 4011]

const ALWAYS = 1
const CLIENTS = 2

export class Announcements<Flow = unknown> {
  /** Connections being followed, on whatever port. */
  readonly tcpFlows = new FlowTable<Flow>()
  readonly #tcpPorts = new Uint8Array(65_536)
  readonly #udpPorts = new Uint8Array(65_536)
  readonly #udpClients = new Set<number>()

  constructor() {
    for (const port of FILE_SERVER_PORTS) this.#tcpPorts[port] = ALWAYS
    for (const port of PROVISIONING_UDP_PORTS) this.#udpPorts[port] = ALWAYS
  }

  /** A file or backup server listens there: HTTPPORT, TLSPORT, BRURI. Port 0 is no port. */
  announceTcpPort(port: number): void {
    if (port > 0 && port < 65_536) this.#tcpPorts[port] = ALWAYS
  }

  isFileServerPort(port: number): boolean {
    return this.#tcpPorts[port] === ALWAYS
  }

  /** A UDP endpoint that awaits datagrams from a port nobody knows yet (TFTP, RFC 1350 §4). */
  announceUdpClient(address: number, port: number): void {
    if (this.#udpPorts[port] === 0) this.#udpPorts[port] = CLIENTS
    this.#udpClients.add(endpointKey(address, port))
  }

  forgetUdpClient(address: number, port: number): void {
    this.#udpClients.delete(endpointKey(address, port))
  }

  isUdpClient(address: number, port: number): boolean {
    return this.#udpPorts[port] !== 0 && this.#udpClients.has(endpointKey(address, port))
  }

  /** Whether a datagram between these endpoints is of interest. */
  isUdpOfInterest(source: number, sourcePort: number, destination: number, destinationPort: number): boolean {
    const flags = this.#udpPorts[sourcePort]! | this.#udpPorts[destinationPort]!
    if (flags === 0) return false
    return (
      (flags & ALWAYS) !== 0 || this.isUdpClient(source, sourcePort) || this.isUdpClient(destination, destinationPort)
    )
  }
}

/** Address and port in one exact number. */
export function endpointKey(address: number, port: number): number {
  return (address >>> 0) * 65_536 + port
}
