/**
 * Hosts on the phone's own link that it asked for by ARP and did not get.
 */
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { OptionCode, addressListOption } from '../../wire/dhcp.js'
import { formatAddress } from '../../wire/ipv4.js'
import { watchedAfter } from '../sessions/boot-session.js'
import type { BootSession } from '../sessions/boot-session.js'
import type { ArpObservation } from '../streams/observations.js'

const REQUEST = 1
/** An answer to ARP comes in milliseconds. */
const ANSWER_TIME: Nanos = 2 * SECOND

/** Requests further apart than this renew what the phone knows, and are no retries. */
const RETRY_TIME: Nanos = 5 * SECOND

export interface SilentNeighbour {
  readonly address: string
  /** Until it answered, if it did. */
  readonly requests: readonly ArpObservation[]
  /** It answered in the end, or was reached, but not before the phone may have given it up. */
  readonly isLate: boolean
}

/** Requests and the time from first to last after which a stack tells its program that the host is unreachable. */
const GIVEN_UP_REQUESTS = 3
const GIVEN_UP_TIME: Nanos = 1.5 * SECOND

/** Addresses asked for twice or more that did not answer, in order of first sight. */
export function silentNeighbours(session: BootSession): SilentNeighbour[] {
  const asked = new Map<string, ArpObservation[]>()
  for (const arp of session.arp) {
    const { operation, senderAddress, targetAddress, senderMac } = arp
    if (operation !== REQUEST || senderMac !== session.mac) continue
    // Probes and announcements are about the phone's own address.
    if (senderAddress === '0.0.0.0' || targetAddress === senderAddress) continue
    const requests = asked.get(targetAddress)
    if (requests === undefined) asked.set(targetAddress, [arp])
    else requests.push(arp)
  }
  const reachedAt = new Map<string, number>()
  const note = (address: string, { number }: { readonly number: number }): void => {
    reachedAt.set(address, Math.min(number, reachedAt.get(address) ?? Infinity))
  }
  for (const { senderAddress, frame } of session.arpReplies) note(senderAddress, frame)
  for (const { server, first } of [...session.tcp, ...session.tftp]) note(server.address, first)
  return [...asked].flatMap(([address, all]): SilentNeighbour[] => {
    const reached = reachedAt.get(address)
    const unanswered = all.filter(
      ({ frame }) => frame.number < (reached ?? Infinity) && watchedAfter(session, frame.time) >= ANSWER_TIME,
    )
    const requests = unanswered.filter(
      ({ frame }, index) => isRetry(unanswered[index - 1], frame.time) || isRetry(unanswered[index + 1], frame.time),
    )
    const first = requests[0]
    const last = requests.at(-1)
    if (first === undefined || last === undefined || requests.length < 2) return []
    const isLate = reached !== undefined
    const wasGivenUp = requests.length >= GIVEN_UP_REQUESTS && last.frame.time - first.frame.time >= GIVEN_UP_TIME
    return isLate && !wasGivenUp ? [] : [{ address, requests, isLate }]
  })
}

function isRetry(other: ArpObservation | undefined, time: Nanos): boolean {
  return other !== undefined && Math.abs(other.frame.time - time) <= RETRY_TIME
}

/** Option 3 of the lease. */
export function routersOf(session: BootSession): readonly string[] {
  const { lease } = session
  return lease === undefined ? [] : addressListOption(lease.observation.message, OptionCode.router).map(formatAddress)
}

/**
 * Whether the capture shows what is sent to this phone alone. At another port of the switch only broadcasts are seen: its
 * requests, and no reply.
 */
export function seesUnicast(session: BootSession): boolean {
  return (
    session.arpReplies.length > 0 ||
    session.tcp.some(({ firstFromServer }) => firstFromServer !== undefined) ||
    session.tftp.some(({ firstReply }) => firstReply !== undefined) ||
    session.dhcp.some(
      ({ observation }) => observation.message.op === 2 && observation.destination.address !== '255.255.255.255',
    )
  )
}

/**
 * ARP requests for hosts other than the router, later than a frame: whom but a file server would a booting phone look
 * for? It makes none before its router has answered.
 */
export function asksForOthers(session: BootSession, after: number): boolean {
  const routers = routersOf(session)
  return session.arp.some(
    ({ operation, senderMac, senderAddress, targetAddress, frame }) =>
      operation === REQUEST &&
      frame.number > after &&
      senderMac === session.mac &&
      senderAddress !== '0.0.0.0' &&
      senderAddress !== targetAddress &&
      !routers.includes(targetAddress),
  )
}
