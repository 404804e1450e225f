/**
 * Who is behind an address. Exchanges are given to hosts by MAC through the history of leases, so that an address that
 * two phones had one after the other never mixes them; a host of which only the address is known (behind a router, or
 * on a link without MACs) is kept by address.
 *
 * Not trusted: the source MAC of an IP packet, unless that host is known to be on this link (a router's MAC carries
 * everybody's packets), and ARP replies (a gateway may answer for others).
 */
import type { Nanos } from '../../base/time.js'
import { isAvayaMac } from '../../deskphone/series.js'
import { MessageType, option } from '../../wire/dhcp.js'
import { formatAddress } from '../../wire/ipv4.js'
import type {
  ArpObservation,
  DhcpObservation,
  Observations,
  TcpConnection,
  TftpTransfer,
} from '../streams/observations.js'

export interface HostTraffic {
  /** The MAC, or `ip:` and the address. */
  readonly key: string
  readonly mac: string | null
  readonly dhcp: DhcpObservation[]
  readonly arp: ArpObservation[]
  /** Replies of others to this host. */
  readonly arpReplies: ArpObservation[]
  readonly tcp: TcpConnection[]
  readonly tftp: TftpTransfer[]
}

/** Hosts told apart; the traffic of further ones is left out, and that is reported as a limit. */
export const MAX_HOSTS = 200_000

const REPLY = 2

interface Holding {
  readonly mac: string
  readonly from: Nanos
}

/** Who held which address when, by ACKs and by ARP requests. */
class AddressHistory {
  /** Holders of an address in the order of time. */
  readonly #holders = new Map<string, Holding[]>()

  note(address: string, mac: string, time: Nanos): void {
    let holders = this.#holders.get(address)
    if (holders === undefined) this.#holders.set(address, (holders = []))
    if (holders.at(-1)?.mac !== mac) holders.push({ mac, from: time })
  }

  /** The holder at that time; before the first note, that first holder if `guessBefore`. */
  holder(address: string, time: Nanos, guessBefore: boolean): string | undefined {
    const holders = this.#holders.get(address)
    if (holders === undefined) return undefined
    let found: string | undefined
    for (const holding of holders) {
      if (holding.from > time) break
      found = holding.mac
    }
    return found ?? (guessBefore ? holders[0]?.mac : undefined)
  }
}

/** All hosts that spoke DHCP, ARP, TFTP or TCP as clients, in the order of their first frames. */
export function hostsOf(observations: Observations): { hosts: HostTraffic[]; limited: boolean } {
  const leases = new AddressHistory()
  const neighbours = new AddressHistory()
  const dhcpClients = new Set<string>()
  for (const { message, type, chaddr, frame } of observations.dhcp) {
    if (message.op === 1) dhcpClients.add(chaddr)
    if (type === MessageType.ack && message.yiaddr !== 0 && option(message, 51) !== undefined) {
      leases.note(formatAddress(message.yiaddr), chaddr, frame.time)
    }
  }
  for (const { operation, senderAddress, senderMac, frame } of observations.arp) {
    if (operation === 1 && senderAddress !== '0.0.0.0') neighbours.note(senderAddress, senderMac, frame.time)
  }
  const carried = addressesCarried(observations)

  const hosts = new Map<string, HostTraffic>()
  let limited = false
  const hostFor = (key: string, mac: string | null): HostTraffic | undefined => {
    let host = hosts.get(key)
    if (host === undefined) {
      if (hosts.size >= MAX_HOSTS) {
        limited = true
        return undefined
      }
      hosts.set(key, (host = { key, mac, dhcp: [], arp: [], arpReplies: [], tcp: [], tftp: [] }))
    }
    return host
  }
  const ownerOf = (address: string, time: Nanos, linkMac: string | null): HostTraffic | undefined => {
    const onThisLink = linkMac !== null && (carried.get(linkMac)?.size ?? 0) <= 1
    const mac =
      leases.holder(address, time, false) ??
      neighbours.holder(address, time, true) ??
      (linkMac !== null && (isAvayaMac(linkMac) || (onThisLink && dhcpClients.has(linkMac))) ? linkMac : undefined)
    return mac === undefined ? hostFor(`ip:${address}`, null) : hostFor(mac, mac)
  }

  for (const observation of observations.dhcp) {
    hostFor(observation.chaddr, observation.chaddr)?.dhcp.push(observation)
  }
  for (const observation of observations.arp) {
    hostFor(observation.senderMac, observation.senderMac)?.arp.push(observation)
    if (observation.operation === REPLY && observation.targetMac !== observation.senderMac) {
      hostFor(observation.targetMac, observation.targetMac)?.arpReplies.push(observation)
    }
  }
  for (const transfer of observations.tftp) {
    ownerOf(transfer.client.address, transfer.first.time, transfer.link.sourceMac)?.tftp.push(transfer)
  }
  for (const connection of observations.tcp) {
    ownerOf(connection.client.address, connection.first.time, connection.link.sourceMac)?.tcp.push(connection)
  }
  return { hosts: [...hosts.values()], limited }
}

/** Which source addresses each MAC carried: more than one, and it is a router's, or a host that moved. */
function addressesCarried(observations: Observations): Map<string, Set<string>> {
  const carried = new Map<string, Set<string>>()
  const note = (mac: string | null, address: string): void => {
    if (mac === null) return
    let addresses = carried.get(mac)
    if (addresses === undefined) carried.set(mac, (addresses = new Set()))
    // Two are enough to know a router by.
    if (addresses.size < 2) addresses.add(address)
  }
  for (const { link, client } of observations.tcp) note(link.sourceMac, client.address)
  for (const { link, client } of observations.tftp) note(link.sourceMac, client.address)
  return carried
}
