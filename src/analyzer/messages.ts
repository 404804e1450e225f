/**
 * Every provisioning message of a capture, one plain object each, in frame order: what `bootwire messages` prints.
 *
 * The objects are JSON as they stand, with the names of the public contract. Where it is silent they follow tshark:
 * numbers for opcodes, types and codes, all packets of a mirror port (its doubles too), an HTTP message in the frame
 * that completed it. A message that never came whole is listed in the frame of its last octet; its status line counts.
 *
 * Order: an HTTP message that never came whole is known only when its connection ends, so messages are held and sorted.
 * At most MAX_HELD of them: a longer list goes out in sorted pieces, and such a late message may come out of place.
 *
 * Not here yet: TLS, RAS, LLDP and EAPOL.
 */
import { formatTimestamp } from '../base/time.js'
import type { FrameRecord } from '../capture/capture-reader.js'
import { messageTypeName } from '../wire/dhcp.js'
import { formatAddress } from '../wire/ipv4.js'
import type { TftpPacket } from '../wire/tftp.js'
import type {
  DhcpObservation,
  Endpoint,
  Frame,
  HttpRequestObservation,
  HttpResponseObservation,
  IcmpErrorObservation,
  Observations,
} from './streams/observations.js'
import type { StreamListener } from './streams/stream-listener.js'
import { StreamTracker } from './streams/stream-tracker.js'
import type { CaptureEnd, StreamTrackerOptions } from './streams/stream-tracker.js'

interface MessageBase {
  /** 1-based, as Wireshark counts: where the message was complete. */
  readonly frame: number
  /** ISO 8601, UTC, nine digits. */
  readonly time: string
  /** `10.20.0.120:1024`. ICMP: the address alone. */
  readonly source: string
  readonly destination: string
}

export interface DhcpListing extends MessageBase {
  readonly protocol: 'dhcp'
  /** DISCOVER, OFFER ...; BOOTP for a message without option 53, `unknown(17)` for a type without a name. */
  readonly type: string
  /** `0x00003d1d`. */
  readonly xid: string
  readonly chaddr: string
  readonly ciaddr: string
  readonly yiaddr: string
  readonly siaddr: string
  readonly giaddr: string
  /** Codes in wire order, those of overloaded fields included. */
  readonly options: readonly number[]
}

export interface TftpListing extends MessageBase {
  readonly protocol: 'tftp'
  /** RFC 1350: 1 RRQ, 2 WRQ, 3 DATA, 4 ACK, 5 ERROR; RFC 2347: 6 OACK. */
  readonly opcode: number
  /** The opcode in letters. */
  readonly operation: 'RRQ' | 'WRQ' | 'DATA' | 'ACK' | 'ERROR' | 'OACK'
  /** Requests only. */
  readonly filename?: string
  readonly mode?: string
  /** Requests and OACK: name and value, in wire order. */
  readonly options?: readonly (readonly [name: string, value: string])[]
  /** DATA and ACK. */
  readonly block?: number
  /** ERROR. */
  readonly code?: number
  readonly message?: string
  /** Octets of a DATA block. */
  readonly length?: number
}

export interface HttpListing extends MessageBase {
  readonly protocol: 'http'
  readonly kind: 'request' | 'response'
  /** Requests. */
  readonly method?: string
  readonly uri?: string
  /** The Host header, null without one. */
  readonly host?: string | null
  /** Responses. */
  readonly status?: number
  /** As stated by the header, null without one. */
  readonly contentLength?: number | null
  /** False when the message did not come whole before the connection or the capture ended. */
  readonly complete: boolean
}

export interface IcmpListing extends MessageBase {
  readonly protocol: 'icmp'
  readonly type: number
  readonly code: number
  /** The packet whose fate this tells; null when it cannot be read. Ports are 0 for protocols without them. */
  readonly quotes: {
    readonly protocol: number
    readonly source: string
    readonly destination: string
  } | null
}

export type Message = DhcpListing | TftpListing | HttpListing | IcmpListing

/** Messages held for sorting. */
export const MAX_HELD = 65_536

/** Fed like a StreamTracker, hands each message to `onMessage`. */
export class MessageLister implements StreamListener {
  readonly #onMessage: (message: Message) => void
  readonly #tracker: StreamTracker
  #held: Message[] = []

  constructor(onMessage: (message: Message) => void, options: Omit<StreamTrackerOptions, 'listener'> = {}) {
    this.#onMessage = onMessage
    this.#tracker = new StreamTracker({ ...options, listener: this })
  }

  frame(record: FrameRecord): void {
    this.#tracker.frame(record)
  }

  /** Tells the remaining messages. The observations are what a StreamTracker alone would have returned. */
  end(capture: CaptureEnd): Observations {
    const observations = this.#tracker.end(capture)
    this.#tell(0)
    return observations
  }

  #hold(message: Message): void {
    if (this.#held.push(message) >= MAX_HELD) this.#tell(MAX_HELD / 2)
  }

  /** Tells all but the newest `keep` messages, in frame order. */
  #tell(keep: number): void {
    this.#held.sort((a, b) => a.frame - b.frame)
    for (const message of this.#held.splice(0, this.#held.length - keep)) this.#onMessage(message)
  }

  dhcp(observation: DhcpObservation): void {
    const { message } = observation
    this.#hold({
      ...base(observation.frame, endpoint(observation.source), endpoint(observation.destination)),
      protocol: 'dhcp',
      type: observation.type === 0 ? 'BOOTP' : messageTypeName(observation.type),
      xid: `0x${message.xid.toString(16).padStart(8, '0')}`,
      chaddr: observation.chaddr,
      ciaddr: formatAddress(message.ciaddr),
      yiaddr: formatAddress(message.yiaddr),
      siaddr: formatAddress(message.siaddr),
      giaddr: formatAddress(message.giaddr),
      options: message.options.map((option) => option.code),
    })
  }

  tftp(frame: Frame, source: Endpoint, destination: Endpoint, packet: TftpPacket): void {
    const head = { ...base(frame, endpoint(source), endpoint(destination)), protocol: 'tftp' as const }
    switch (packet.op) {
      case 'rrq':
      case 'wrq': {
        const { filename, mode, options } = packet
        const read = packet.op === 'rrq'
        this.#hold({ ...head, opcode: read ? 1 : 2, operation: read ? 'RRQ' : 'WRQ', filename, mode, options })
        break
      }
      case 'data':
        this.#hold({ ...head, opcode: 3, operation: 'DATA', block: packet.block, length: packet.data.length })
        break
      case 'ack':
        this.#hold({ ...head, opcode: 4, operation: 'ACK', block: packet.block })
        break
      case 'error':
        this.#hold({ ...head, opcode: 5, operation: 'ERROR', code: packet.code, message: packet.message })
        break
      case 'oack':
        this.#hold({ ...head, opcode: 6, operation: 'OACK', options: packet.options })
        break
    }
  }

  icmpError(observation: IcmpErrorObservation, destination: string): void {
    const { quoted } = observation
    this.#hold({
      ...base(observation.frame, observation.from, destination),
      protocol: 'icmp',
      type: observation.type,
      code: observation.code,
      quotes: quoted
        ? { protocol: quoted.protocol, source: endpoint(quoted.source), destination: endpoint(quoted.destination) }
        : null,
    })
  }

  httpRequest(request: HttpRequestObservation, source: Endpoint, destination: Endpoint): void {
    this.#hold({
      ...base(request.complete ?? request.last, endpoint(source), endpoint(destination)),
      protocol: 'http',
      kind: 'request',
      method: request.method,
      uri: request.uri,
      host: hostOf(request),
      complete: request.complete !== undefined,
    })
  }

  httpResponse(response: HttpResponseObservation, source: Endpoint, destination: Endpoint): void {
    this.#hold({
      ...base(response.complete ?? response.last, endpoint(source), endpoint(destination)),
      protocol: 'http',
      kind: 'response',
      status: response.status,
      contentLength: response.contentLength ?? null,
      complete: response.complete !== undefined,
    })
  }
}

function base(frame: Frame, source: string, destination: string): MessageBase {
  return { frame: frame.number, time: formatTimestamp(frame.timestamp), source, destination }
}

function endpoint({ address, port }: Endpoint): string {
  return `${address}:${port}`
}

function hostOf(request: HttpRequestObservation): string | null {
  return request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? null
}
