/**
 * How far the capture can be trusted about one phone, judged before the network is (evidence: a one-sided capture makes
 * everything look unanswered). Rules that rest on silence ask here first.
 */
import { MessageType } from '../../wire/dhcp.js'
import type { Observations, TcpConnection } from '../streams/observations.js'

export interface CaptureQuality {
  /** Whose answers the capture shows: to this phone, to others only, or nobody's. */
  readonly repliesSeen: 'this-phone' | 'others' | 'none'
  /** Answers reached the phone that the capture does not show: it acted upon them. */
  readonly oneSided: boolean
  /** Reasons to trust a silence less, each a clause for the reader. */
  readonly doubts: readonly string[]
}

/** Facts of the whole capture, computed once. */
export interface CaptureWideQuality {
  readonly anyReplies: boolean
  readonly unseenReplies: boolean
  readonly doubts: readonly string[]
}

export function isServerMessage(type: number): boolean {
  return type === MessageType.offer || type === MessageType.ack || type === MessageType.nak
}

/** The client went on as if the server had answered, and no frame of the server is there. */
export function answeredUnseen(connection: TcpConnection): boolean {
  return connection.firstFromServer === undefined && (connection.established || connection.clientBytes > 0)
}

/** @param limits bounds that the sessions layer itself reached */
export function judgeCapture(observations: Observations, limits: readonly string[]): CaptureWideQuality {
  const { capture, dhcp, tcp, tftp, arp, icmpErrors } = observations
  const doubts: string[] = []
  if (tcp.some((connection) => connection.gaps.length > 0)) {
    doubts.push('the capture lacks octets that were acknowledged')
  }
  if (capture.snaplenFrames > 0) doubts.push(`${capture.snaplenFrames} frames were cut when captured`)
  const reached = [...capture.limitsReached, ...limits]
  if (reached.length > 0) doubts.push(`limits of the analysis were reached (${reached.join(', ')})`)
  return {
    anyReplies:
      dhcp.some((observation) => isServerMessage(observation.type)) ||
      tcp.some((connection) => connection.firstFromServer !== undefined) ||
      tftp.some((transfer) => transfer.firstReply !== undefined) ||
      arp.some((observation) => observation.operation === 2) ||
      icmpErrors.length > 0,
    unseenReplies: tcp.some(answeredUnseen),
    doubts,
  }
}
