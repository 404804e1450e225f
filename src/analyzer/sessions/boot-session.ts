/**
 * A boot session: one phone's story from power-up, or first sight, to the next one. It holds what the capture shows of
 * it and what that means in the phone's terms (leases, the site option, files with their roles), so that a rule can
 * ask instead of search. It judges nothing.
 *
 * Times are nanoseconds since the first frame of the capture.
 */
import type { Nanos, Timestamp } from '../../base/time.js'
import type { SiteOption } from '../../deskphone/site-option.js'
import type { SeriesName } from '../../deskphone/series.js'
import type { TransferResult, TransferRole } from '../report.js'
import type {
  ArpObservation,
  CaptureFacts,
  DhcpObservation,
  Endpoint,
  Frame,
  HttpExchange,
  TcpConnection,
  TftpTransfer,
} from '../streams/observations.js'
import type { CaptureQuality } from './capture-quality.js'

/** H.323 call signalling, plain and over TLS (avaya.md §1.13). */
export const SIGNALLING_PORTS: ReadonlySet<number> = new Set([1720, 1300])

/** What a DHCP message means in the client's life; requests by RFC 2131 §4.3.2. */
export type DhcpKind =
  | 'discover'
  | 'offer'
  | 'selecting'
  | 'init-reboot'
  | 'renewing'
  | 'rebinding'
  | 'ack'
  | 'nak'
  | 'decline'
  | 'release'
  | 'inform'
  | 'other'

export interface DhcpEvent {
  readonly kind: DhcpKind
  readonly frame: Frame
  readonly xid: number
  readonly vlan: number | null
  /** Option 54, as text. */
  readonly serverId: string | undefined
  /** `yiaddr` of replies, the requested address of requests; undefined when zero or absent. */
  readonly address: string | undefined
  readonly observation: DhcpObservation
}

/** The site-specific option as the last lease carried it. */
export interface SiteOptionFacts {
  readonly number: number
  readonly raw: Uint8Array
  readonly text: string
  readonly parsed: SiteOption
  readonly event: DhcpEvent
}

/** One file asked for, or one connection to a file server that never got as far as asking. */
export interface SessionTransfer {
  readonly protocol: 'http' | 'tftp'
  /** Empty, like `path`, when no connection came about and so nothing was asked. */
  readonly method: string
  readonly server: Endpoint
  readonly path: string
  /** The file's name without directories, lower case: what makes two requests ask for the same file. */
  readonly file: string
  readonly role: TransferRole
  readonly status: number | null
  readonly bytes: number
  readonly start: Nanos
  readonly end: Nanos
  readonly result: TransferResult
  /** A web page came in place of the file: what the phone asked for it did not get, whatever the status says. */
  readonly isPage: boolean
  readonly first: Frame
  readonly last: Frame
  readonly connection: TcpConnection | undefined
  readonly exchange: HttpExchange | undefined
  readonly tftp: TftpTransfer | undefined
}

/** A script or settings file that came whole. */
export interface ScriptText {
  readonly path: string
  /** One character for each octet. */
  readonly text: string
  readonly transfer: SessionTransfer
}

/** What the boots of all phones in the capture show of the site: what one phone got another could have got. */
export interface SiteFacts {
  /** Scripts that came, each once for a server and name, in order. */
  readonly scripts: readonly {
    readonly server: string
    /** Name as asked for, and in lower case. */
    readonly path: string
    readonly file: string
    readonly series: SeriesName | undefined
    readonly frame: Frame
  }[]
}

export interface BootSession {
  readonly site: SiteFacts
  readonly capture: CaptureFacts
  readonly quality: CaptureQuality
  /** Colon form; null where only an address is known (behind a router, or on a link without MACs). */
  readonly mac: string | null
  /** The address in use at the end of the session, or the last one seen. */
  readonly ip: string | null
  /** VLAN of the last traffic, null when untagged. */
  readonly vlan: number | null
  readonly hostname: string | null
  readonly series: SeriesName | null
  readonly model: string | null
  readonly extension: string | null
  /** Whether this is one of the phones whose manuals we know, rather than another provisioned device. */
  readonly isAvaya: boolean
  readonly start: Nanos
  readonly end: Nanos
  readonly startTime: Timestamp
  readonly endTime: Timestamp
  readonly firstFrame: number
  readonly lastFrame: number
  readonly frameCount: number
  /** Messages from and to the phone; mirror-port doubles and relayed copies left out. In frame order. */
  readonly dhcp: readonly DhcpEvent[]
  readonly siteOption: SiteOptionFacts | undefined
  /** The ACK that gave the address in use, initial leases before renewals; undefined when none was seen. */
  readonly lease: DhcpEvent | undefined
  readonly arp: readonly ArpObservation[]
  /** ARP replies of others to the phone. */
  readonly arpReplies: readonly ArpObservation[]
  /** In the order of first frames. */
  readonly transfers: readonly SessionTransfer[]
  /** The phone's connections as client, to file servers and others. */
  readonly tcp: readonly TcpConnection[]
  readonly tftp: readonly TftpTransfer[]
  /** Texts of scripts and settings files that came whole. */
  readonly scripts: readonly ScriptText[]
  /** Begins with the phone's first DISCOVER or REQUEST, so that nothing before it is missing. */
  readonly sawStart: boolean
  /** The same phone's boot before this one. */
  readonly previous: BootSession | undefined
  /** Whether the same phone boots again later in the capture. */
  readonly hasNext: boolean
}

/** Messages of one or more kinds. */
export function dhcpOf(session: BootSession, ...kinds: readonly DhcpKind[]): DhcpEvent[] {
  return session.dhcp.filter((event) => kinds.includes(event.kind))
}

/** How long the capture went on after `time`. A silence shorter than a few seconds proves nothing. */
export function watchedAfter(session: BootSession, time: Nanos): Nanos {
  return session.capture.duration - time
}

/** Whether the phone was seen to use an address: ARP for it, or IP traffic from it. */
export function usedAnAddress(session: BootSession): boolean {
  return (
    session.tcp.length > 0 ||
    session.tftp.length > 0 ||
    session.arp.some((arp) => arp.senderAddress !== '0.0.0.0' && arp.senderMac === session.mac)
  )
}

export function formatEndpoint(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`
}

/** Whether the file came, whole and as a file. */
export function arrived({ result, isPage }: SessionTransfer): boolean {
  return result === 'ok' && !isPage
}

/** Whether the phone got something of that role whole. */
export function obtained(session: BootSession, ...roles: readonly TransferRole[]): boolean {
  return session.transfers.some((transfer) => arrived(transfer) && roles.includes(transfer.role))
}

/** Whether call signalling came about, the surest sign of a phone that is up. */
export function registered(session: BootSession): boolean {
  return session.tcp.some((connection) => connection.established && SIGNALLING_PORTS.has(connection.server.port))
}
