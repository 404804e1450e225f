/**
 * What the streams layer hands to the sessions layer: exchanges on the wire as far as the capture shows them, with the
 * frames that prove each fact. Nothing here judges: a retransmission is named, not blamed.
 *
 * Addresses and MACs are text (`10.20.0.2`, `00:1b:4f:20:00:01`): only survivors of the sieve become observations.
 * Objects are filled while the capture is read and are complete when StreamTracker.end() has returned.
 */
import type { Nanos, Timestamp } from '../../base/time.js'
import type { DhcpMessage } from '../../wire/dhcp.js'

/** One captured frame, as evidence. */
export interface Frame {
  /** 1-based, as Wireshark counts. */
  readonly number: number
  readonly timestamp: Timestamp
  /** Since the first frame of the capture; exact for 104 days of it. */
  readonly time: Nanos
}

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** Link-layer facts of the first frame of an exchange. MACs are null on links that have none. */
export interface LinkInfo {
  readonly sourceMac: string | null
  readonly destinationMac: string | null
  /** Innermost VLAN id, null when untagged. */
  readonly vlan: number | null
}

export interface DhcpObservation {
  readonly frame: Frame
  readonly link: LinkInfo
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly message: DhcpMessage
  /** Option 53, or 0 for plain BOOTP. */
  readonly type: number
  /** `chaddr` in colon form. */
  readonly chaddr: string
  /** The frame this one repeats: the same IPv4 datagram again within 20 ms (1 ms without an identification), a mirror port's double. */
  readonly copyOf: number | undefined
  /** Cut by the snap length: what is missing was not the sender's fault. */
  readonly isCut: boolean
}

export interface ArpObservation {
  readonly frame: Frame
  readonly link: LinkInfo
  readonly operation: number
  readonly senderMac: string
  readonly senderAddress: string
  readonly targetMac: string
  readonly targetAddress: string
}

/** An ICMP error and the datagram or segment it quotes. */
export interface IcmpErrorObservation {
  readonly frame: Frame
  readonly link: LinkInfo
  readonly from: string
  readonly type: number
  readonly code: number
  readonly quoted: { readonly protocol: number; readonly source: Endpoint; readonly destination: Endpoint } | undefined
}

export interface TftpTransfer {
  readonly client: Endpoint
  /** As the request addressed it, port 69 as a rule. */
  readonly server: Endpoint
  readonly link: LinkInfo
  readonly direction: 'read' | 'write'
  readonly filename: string
  readonly mode: string
  /** As requested, names lower-cased. */
  readonly options: ReadonlyMap<string, string>
  /** From the OACK. */
  readonly negotiated: ReadonlyMap<string, string> | undefined
  /** The request and its repeats from the same port. */
  readonly requests: readonly Frame[]
  /** The first DATA, ACK, OACK or ERROR of the server. */
  readonly firstReply: Frame | undefined
  /** The server's port for this transfer (TID), once seen. */
  readonly serverPort: number | undefined
  /** Octets of distinct DATA blocks. */
  readonly bytes: number
  readonly dataBlocks: number
  /** Repeats, mirror-port doubles left out. */
  readonly repeatedData: readonly Frame[]
  readonly repeatedAcks: readonly Frame[]
  /** The content of a read of at most 256 KiB, blocks in order; undefined when any is missing. */
  readonly content: Uint8Array | undefined
  readonly error:
    | { readonly frame: Frame; readonly code: number; readonly message: string; readonly from: 'client' | 'server' }
    | undefined
  readonly icmpErrors: readonly IcmpErrorObservation[]
  readonly state: 'requested' | 'transferring' | 'complete' | 'error'
  /** Who spoke last. */
  readonly lastFrom: 'client' | 'server'
  readonly first: Frame
  readonly last: Frame
}

export type Side = 'client' | 'server'

export interface TcpConnection {
  /** The side that sent the SYN; without one, the side that sent requests or has the higher port. */
  readonly client: Endpoint
  readonly server: Endpoint
  /** From the client's side: sourceMac is that of the client. */
  readonly link: LinkInfo
  readonly syns: readonly Frame[]
  readonly synAcks: readonly Frame[]
  /** Both directions showed that the handshake ended, or data flowed. */
  readonly established: boolean
  /** The capture does not show the SYN. */
  readonly midStream: boolean
  readonly resets: readonly { readonly frame: Frame; readonly from: Side }[]
  readonly fins: readonly { readonly frame: Frame; readonly from: Side }[]
  /** Segments sent again, SYNs included; keep-alives, mirror doubles and mere reordering left out. */
  readonly retransmissions: readonly { readonly frame: Frame; readonly from: Side; readonly bytes: number }[]
  /** Octets that were acknowledged or passed over but never captured. */
  readonly gaps: readonly { readonly frame: Frame; readonly from: Side; readonly bytes: number }[]
  /** Frames whose octets were cut by the snap length. */
  readonly cutFrames: number
  /** Distinct payload octets seen. */
  readonly clientBytes: number
  readonly serverBytes: number
  /** Octets that the server sent by its own count, its sequence numbers, and that were never captured. */
  readonly serverUnseen: number
  readonly segments: number
  readonly exchanges: readonly HttpExchange[]
  /** The server's first octets were captured, and are not how an HTTP response begins. */
  readonly serverIsForeign: boolean
  readonly icmpErrors: readonly IcmpErrorObservation[]
  /** First frame of each direction. One of them undefined: one-sided. */
  readonly firstFromClient: Frame | undefined
  readonly firstFromServer: Frame | undefined
  readonly first: Frame
  readonly last: Frame
  readonly lastFrom: Side
}

export type HttpHeaders = readonly (readonly [name: string, value: string])[]

export interface HttpRequestObservation {
  /** Where the first octet was. */
  readonly first: Frame
  /** Where the message was complete; the frame Wireshark shows it in. Undefined when it never was. */
  readonly complete: Frame | undefined
  readonly last: Frame
  readonly method: string
  readonly uri: string
  readonly version: string
  readonly headers: HttpHeaders
  readonly bodyBytes: number
  /** The server acknowledged the header, and the body as far as it was sent. */
  readonly acknowledged: boolean
}

export interface HttpResponseObservation {
  readonly first: Frame
  /** Undefined when the body never came whole, or its end cannot be known. */
  readonly complete: Frame | undefined
  readonly last: Frame
  readonly status: number
  readonly reason: string
  readonly version: string
  readonly headers: HttpHeaders
  /** Content-Length as stated, or undefined. */
  readonly contentLength: number | undefined
  readonly framing: 'none' | 'length' | 'chunked' | 'close'
  /** Octets of the body, transfer coding removed, as captured. */
  readonly bodyBytes: number
  /** Octets of the body that the client received but the capture lacks. */
  readonly missingBytes: number
  /** The body when whole and at most 256 KiB, transfer coding removed. */
  readonly body: Uint8Array | undefined
}

export interface HttpExchange {
  readonly request: HttpRequestObservation | undefined
  readonly response: HttpResponseObservation | undefined
  /** 1xx responses before the final one. */
  readonly interim: readonly { readonly frame: Frame; readonly status: number }[]
  /** What ended an exchange that is not complete; 'none' while the connection was still open at the last frame. */
  readonly endedBy: 'fin-client' | 'fin-server' | 'reset-client' | 'reset-server' | 'none'
}

/** Facts about the file as a whole. */
export interface CaptureFacts {
  readonly file: string
  readonly format: string
  readonly linkTypes: readonly string[]
  readonly packets: number
  readonly bytes: number
  readonly firstTime: Timestamp | undefined
  readonly lastTime: Timestamp | undefined
  /** Latest time since the first frame. */
  readonly duration: Nanos
  /** Where the file broke off: octet in the (decompressed) file, and the frame that was being read. */
  readonly damage: { readonly offset: number; readonly frame: number; readonly reason: string } | undefined
  readonly malformedFrames: number
  readonly snaplenFrames: number
  /** Named bounds that were reached, so that a reader knows what is missing. */
  readonly limitsReached: readonly string[]
}

export interface Observations {
  readonly capture: CaptureFacts
  /** Each list in the order of first frames. */
  readonly dhcp: readonly DhcpObservation[]
  readonly arp: readonly ArpObservation[]
  readonly icmpErrors: readonly IcmpErrorObservation[]
  readonly tftp: readonly TftpTransfer[]
  readonly tcp: readonly TcpConnection[]
}
