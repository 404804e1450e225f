/**
 * What a phone sees of its network interface: addresses it sets itself, datagrams, TCP connections, ARP and a clock.
 * Callbacks and octets only, no Node types: thousands of phones live on it. The emulated stack (net/host.ts)
 * implements it; real sockets can.
 *
 * Addresses are uint32 in host order, MACs are six octets.
 */
import type { Nanos } from '../../base/time.js'

export interface Transport {
  readonly mac: Uint8Array
  now(): Nanos
  after(delay: Nanos, run: () => void): { cancel(): void }
  /** Sets address, mask and routers, replacing what was there. Routers are tried by the owner, the first is used. */
  configure(ip: { address: number; mask: number; router: number | undefined }): void
  /** Forgets the address, drops every connection without a packet, empties the ARP cache. Sockets on port 68 stay. */
  deconfigure(): void
  /** 802.1Q tag of every frame sent from now on; undefined sends untagged. Frames with another tag are not received. */
  setVlan(tag: { vid: number; pcp: number } | undefined): void
  /**
   * Untagged frames of one EtherType to this MAC or to a group, such as LLDP and EAPOL, whatever setVlan() said. Absent
   * where the machine gives no access to its link.
   */
  bindLink?(etherType: number, received: (payload: Uint8Array) => void): LinkSocket
  /** @throws Error EADDRINUSE (property `code`) when the port is taken. Port 0 picks a free one of 1024..5000. */
  bindUdp(
    port: number,
    received: (datagram: Datagram) => void,
    unreachable?: (error: UnreachableError) => void,
  ): UdpPort
  connectTcp(address: number, port: number, handlers: TcpHandlers, options?: TcpOptions): TcpSocket
  /** Asks who has `address`; the reply's MAC, or undefined after `timeout`. `probe` sends 0.0.0.0 as sender (RFC 5227). */
  resolveArp(address: number, timeout: Nanos, done: (mac: Uint8Array | undefined) => void, probe?: boolean): void
}

export interface Datagram {
  readonly payload: Uint8Array
  readonly sourceAddress: number
  readonly sourcePort: number
  readonly destinationAddress: number
}

/** ICMP destination unreachable or time exceeded that quotes a datagram or segment of ours. */
export interface UnreachableError {
  readonly type: number
  readonly code: number
  readonly from: number
  readonly destinationAddress: number
  readonly destinationPort: number
}

export interface LinkSocket {
  /** An untagged frame. @param destination six octets */
  send(destination: Uint8Array, payload: Uint8Array): void
  close(): void
}

export interface UdpPort {
  readonly port: number
  /** To 255.255.255.255 it is broadcast on the link, from 0.0.0.0 while no address is set. */
  send(payload: Uint8Array, address: number, port: number): void
  /**
   * From now on only datagrams with this uint32 at octet 4: a message of DHCP with that transaction number. A hint, as a
   * packet filter on a socket: it spares those who would throw the rest away.
   */
  onlyWith?(word: number): void
  close(): void
}

export type TcpErrorCode = 'ECONNREFUSED' | 'ECONNRESET' | 'ETIMEDOUT' | 'EHOSTUNREACH' | 'ENETUNREACH' | 'EPIPE'

export interface TcpHandlers {
  connected?(): void
  /** In order, each octet once. The view is the receiver's to keep. */
  data?(bytes: Uint8Array): void
  /** The peer will send no more (FIN). */
  end?(): void
  /** There is room to write again after write() returned false. */
  drain?(): void
  /** Exactly once, last. Without an error both sides had closed, or abort() was called. */
  closed?(error: TcpErrorCode | undefined): void
}

export interface TcpSocket {
  readonly localAddress: number
  readonly localPort: number
  readonly remoteAddress: number
  readonly remotePort: number
  /** Queues octets; false when more than the send buffer is waiting (they are still queued). */
  write(bytes: Uint8Array): boolean
  /** Octets written and not yet acknowledged. */
  readonly bufferedAmount: number
  /** Sends FIN after what is queued; reading goes on. */
  end(): void
  /** Sends RST and forgets. */
  abort(): void
  /** While paused the receive window fills and closes. */
  pause(): void
  resume(): void
  setNoDelay(noDelay: boolean): void
}

export interface TcpOptions {
  /** Give up on the handshake after this long, error ETIMEDOUT. Without it, when the SYN retries are used up. */
  readonly connectTimeout?: Nanos
  readonly localPort?: number
}
