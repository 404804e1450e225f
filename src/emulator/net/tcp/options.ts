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
/** Octets of the timestamps option and the two no-operations before it, RFC 7323 appendix A. */
export const TIMESTAMPS_LENGTH = 12

/** What a SYN carries. */
export interface SynOptions {
  readonly mss: number | undefined
  readonly windowScale: number | undefined
  readonly sackPermitted: boolean
  /** int32 */
  readonly tsval: number | undefined
}

export interface Agreement {
  /** Most octets in a segment we send, options left out (RFC 6691). */
  readonly sendMss: number
  /** Shift counts of the windows that the peer sends and that we send; 0 unless both offered one (RFC 7323 §2.2). */
  readonly peerWindowScale: number
  readonly ownWindowScale: number
  readonly sack: boolean
  readonly timestamps: boolean
}

/** Before the peer's SYN is known. */
export const NOTHING_AGREED: Agreement = {
  sendMss: DEFAULT_MSS,
  peerWindowScale: 0,
  ownWindowScale: 0,
  sack: false,
  timestamps: false,
}

/** @param bytes a SYN segment, whole */
export function readSynOptions(bytes: Uint8Array): SynOptions {
  const segment = tcp.decode(bytes)
  const timestamps = tcp.timestamps(segment)
  return {
    mss: tcp.mss(segment),
    windowScale: tcp.windowScale(segment),
    sackPermitted: tcp.sackPermitted(segment),
    tsval: timestamps === undefined ? undefined : timestamps.tsval | 0,
  }
}

/**
 * The options of our SYN or, given those of the peer's SYN, of our SYN-ACK: in a SYN-ACK only what the SYN had
 * (RFC 7323 §2.2 and §3.2). The order is Linux's.
 *
 * @param tsval our clock, int32
 */
export function synOptions({ tcp: profile }: StackProfile, tsval: number, peer?: SynOptions): readonly tcp.TcpOption[] {
  const options = [tcp.mssOption(profile.mss)]
  const sack = profile.sack && (peer === undefined || peer.sackPermitted)
  if (profile.timestamps && (peer === undefined || peer.tsval !== undefined)) {
    if (sack) options.push(tcp.sackPermittedOption())
    else options.push(tcp.NO_OPERATION, tcp.NO_OPERATION)
    options.push(tcp.timestampsOption({ tsval, tsecr: peer?.tsval ?? 0 }))
  } else if (sack) {
    options.push(tcp.NO_OPERATION, tcp.NO_OPERATION, tcp.sackPermittedOption())
  }
  if (profile.windowScale !== undefined && (peer === undefined || peer.windowScale !== undefined)) {
    options.push(tcp.NO_OPERATION, tcp.windowScaleOption(profile.windowScale))
  }
  return options
}

export function agree({ tcp: profile, mtu }: StackProfile, peer: SynOptions): Agreement {
  const scaled = profile.windowScale !== undefined && peer.windowScale !== undefined
  const peerMss = Math.max(MIN_MSS, peer.mss ?? DEFAULT_MSS)
  const timestamps = profile.timestamps && peer.tsval !== undefined
  const mss = Math.min(peerMss, profile.maxSegment, mtu - TCP_IP_HEADERS)
  return {
    sendMss: timestamps ? mss - TIMESTAMPS_LENGTH : mss,
    peerWindowScale: scaled ? Math.min(peer.windowScale!, MAX_WINDOW_SCALE) : 0,
    ownWindowScale: scaled ? profile.windowScale! : 0,
    sack: profile.sack && peer.sackPermitted,
    timestamps,
  }
}
