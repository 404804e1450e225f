/**
 * What the two SYNs agree on. Every option that is negotiated is offered and read here and nowhere else.
 */
import * as tcp from '../../../wire/tcp.js'
import type { StackProfile } from '../profile.js'

/** RFC 9293 §3.7.1: without an MSS option. */
const DEFAULT_MSS = 536
/** RFC 7323 §2.3. */
const MAX_WINDOW_SCALE = 14
/** Below this an MSS is taken for an attack; Linux has the same bound. */
const MIN_MSS = 48
const TCP_IP_HEADERS = 40

/** What a SYN carries. */
export interface SynOptions {
  readonly mss: number | undefined
  readonly windowScale: number | undefined
}

export interface Agreement {
  /** Most octets in a segment we send. */
  readonly sendMss: number
  /** Shift counts of the windows that the peer sends and that we send; 0 unless both offered one (RFC 7323 §2.2). */
  readonly peerWindowScale: number
  readonly ownWindowScale: number
}

/** Before the peer's SYN is known. */
export const NOTHING_AGREED: Agreement = { sendMss: DEFAULT_MSS, peerWindowScale: 0, ownWindowScale: 0 }

/** @param bytes a SYN segment, whole */
export function readSynOptions(bytes: Uint8Array): SynOptions {
  const segment = tcp.decode(bytes)
  return { mss: tcp.mss(segment), windowScale: tcp.windowScale(segment) }
}

/** The options of our SYN or, given those of the peer's SYN, of our SYN-ACK. */
export function synOptions({ tcp: profile }: StackProfile, peer?: SynOptions): readonly tcp.TcpOption[] {
  const options = [tcp.mssOption(profile.mss)]
  // RFC 7323 §2.2: in a SYN-ACK only when the SYN had it.
  if (profile.windowScale !== undefined && (peer === undefined || peer.windowScale !== undefined)) {
    options.push(tcp.NO_OPERATION, tcp.windowScaleOption(profile.windowScale))
  }
  return options
}

export function agree({ tcp: profile, mtu }: StackProfile, peer: SynOptions): Agreement {
  const scaled = profile.windowScale !== undefined && peer.windowScale !== undefined
  const peerMss = Math.max(MIN_MSS, peer.mss ?? DEFAULT_MSS)
  return {
    sendMss: Math.min(peerMss, profile.maxSegment, mtu - TCP_IP_HEADERS),
    peerWindowScale: scaled ? Math.min(peer.windowScale!, MAX_WINDOW_SCALE) : 0,
    ownWindowScale: scaled ? profile.windowScale! : 0,
  }
}
