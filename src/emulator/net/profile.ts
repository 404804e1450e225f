/**
 * How two kinds of machine differ on the wire. Everything a stack decides by taste and not by RFC is here, by name.
 */
import { HOUR, MILLISECOND, MINUTE, SECOND, type Nanos } from '../../base/time.js'

/** When a connection on which nothing happens is probed. */
export interface KeepAlive {
  /** Silence before the first probe. */
  readonly idle: Nanos
  /** Between probes. */
  readonly interval: Nanos
  /** Probes without an answer before ETIMEDOUT. */
  readonly count: number
}

export interface TcpProfile {
  /** Offered in our SYN, octets. */
  readonly mss: number
  /** Most payload we put in one segment, whatever the peer offers. */
  readonly maxSegment: number
  /** Shift count we offer, RFC 7323 §2; undefined offers none. */
  readonly windowScale: number | undefined
  /** Most octets we hold for a reader that is not reading. */
  readonly receiveBuffer: number
  /** The window of the SYN; it grows with what is received up to the buffer. */
  readonly initialReceiveWindow: number
  /** Octets waiting or in flight at which write() says that this is enough. */
  readonly sendBuffer: number
  /** Initial congestion window, in segments. */
  readonly initialWindow: number
  /** Before the first round-trip sample, RFC 6298 §2.1. */
  readonly initialRto: Nanos
  /** RFC 6298 §2.4. */
  readonly minRto: Nanos
  /** The variation counts as at least this: what Linux does in place of a one second minimum. */
  readonly minRtoVariation: Nanos
  /** RFC 6298 §2.5. */
  readonly maxRto: Nanos
  readonly synRetries: number
  readonly synAckRetries: number
  /** Retransmissions of one segment, and window probes without any answer, before ETIMEDOUT. */
  readonly dataRetries: number
  readonly delayedAck: Nanos
  /** RFC 896, switched off per connection with setNoDelay. */
  readonly nagle: boolean
  /** What a SYN to a port where nobody listens gets. */
  readonly closedPort: 'reset' | 'silence'
  /** RFC 2018: offered, and used when both sides offer it. */
  readonly sack: boolean
  /** RFC 7323 §3, likewise. */
  readonly timestamps: boolean
  /**
   * How losses are found: `duplicates` counts acknowledgments (RFC 5681, with SACK RFC 6675), `rack` looks at when
   * segments were sent, and probes for a lost tail (RFC 8985). Without SACK both are `duplicates`.
   */
  readonly lossDetection: 'duplicates' | 'rack'
  /** RFC 5681 or RFC 9438. */
  readonly congestionControl: 'new-reno' | 'cubic'
  /** Full segments that may come before they are acknowledged: 2 by RFC 1122 §4.2.3.2, more are stretch ACKs. */
  readonly ackEvery: number
  /** What is sent into a closed window: the next octet (RFC 9293 §3.8.6.1), or nothing, with an old number. */
  readonly windowProbe: 'octet' | 'empty'
  /** For connections that ask for it, RFC 9293 §3.8.4. */
  readonly keepAlive: KeepAlive
  /** Segments without text outside the window are answered no more often than this, per connection. */
  readonly invalidAckInterval: Nanos
  /** RFC 9293 §3.6.1: 2 MSL. */
  readonly timeWait: Nanos
  /** How long a connection that nobody will read any more waits for the peer's FIN. */
  readonly finWait2: Nanos
}

export interface StackProfile {
  readonly name: string
  readonly ttl: number
  /** Octets of IPv4 packet that fit in a frame. */
  readonly mtu: number
  /** Whether TCP segments say don't fragment (RFC 1191). */
  readonly dontFragment: boolean
  /** First and last of the ports given to those who do not care. */
  readonly ephemeralPorts: readonly [number, number]
  /** What a datagram to a port where nobody listens gets: ICMP port unreachable always, for traceroute's ports, or never. */
  readonly closedUdpPort: 'unreachable' | 'traceroute' | 'silence'
  /** Octets of the packet after its header that an ICMP error of ours quotes. RFC 792: 8; RFC 1812 §4.3.2.3: up to 576 in all. */
  readonly icmpQuote: number
  /** Whether an announcement (RFC 5227 §3) changes an entry that exists. */
  readonly acceptsAnnouncements: boolean
  readonly tcp: TcpProfile
}

/** A server: Linux 6 with its defaults. */
export const LINUX: StackProfile = {
  name: 'linux',
  ttl: 64,
  mtu: 1500,
  dontFragment: true,
  ephemeralPorts: [32_768, 60_999],
  closedUdpPort: 'unreachable',
  icmpQuote: 548,
  acceptsAnnouncements: true,
  tcp: {
    mss: 1460,
    maxSegment: 1460,
    windowScale: 7,
    receiveBuffer: 1 << 20,
    initialReceiveWindow: 64_240,
    sendBuffer: 1 << 20,
    initialWindow: 10, // RFC 6928
    initialRto: SECOND,
    minRto: 0,
    minRtoVariation: 200 * MILLISECOND, // TCP_RTO_MIN
    maxRto: 2 * MINUTE,
    synRetries: 6,
    synAckRetries: 5,
    dataRetries: 15,
    delayedAck: 40 * MILLISECOND,
    nagle: true,
    closedPort: 'reset',
    sack: true,
    timestamps: true,
    lossDetection: 'rack',
    congestionControl: 'cubic',
    ackEvery: 2,
    windowProbe: 'empty',
    keepAlive: { idle: 2 * HOUR, interval: 75 * SECOND, count: 9 },
    invalidAckInterval: 500 * MILLISECOND, // tcp_invalid_ratelimit
    timeWait: MINUTE,
    finWait2: MINUTE,
  },
}

/**
 * A desk phone. The MSS, the 1456 octets, the missing options and the silence on closed ports are documented
 * (96x1 RFS p38), the ICMP behaviour and the deaf ear to announcements too (ICMPDU 1, GRATARP 0); buffers and
 * timers are assumptions, typical of embedded stacks of the time.
 */
export const PHONE: StackProfile = {
  name: 'phone',
  ttl: 64,
  mtu: 1500,
  dontFragment: false,
  ephemeralPorts: [1024, 5000],
  closedUdpPort: 'traceroute',
  icmpQuote: 8,
  acceptsAnnouncements: false,
  tcp: {
    mss: 1460,
    maxSegment: 1456,
    windowScale: undefined,
    receiveBuffer: 12 * 1460,
    initialReceiveWindow: 12 * 1460,
    sendBuffer: 12 * 1460,
    initialWindow: 3, // RFC 3390
    initialRto: SECOND,
    minRto: SECOND,
    minRtoVariation: 10 * MILLISECOND,
    maxRto: MINUTE,
    synRetries: 5,
    synAckRetries: 5,
    dataRetries: 12,
    delayedAck: 100 * MILLISECOND,
    nagle: true,
    closedPort: 'silence',
    sack: false,
    timestamps: false,
    lossDetection: 'duplicates',
    congestionControl: 'new-reno',
    ackEvery: 2,
    windowProbe: 'octet',
    keepAlive: { idle: 2 * HOUR, interval: 75 * SECOND, count: 8 },
    invalidAckInterval: 0,
    timeWait: MINUTE,
    finWait2: MINUTE,
  },
}
