/**
 * A host's DHCP messages as the client's life sees them: requests by state (RFC 2131 §4.3.2), mirror-port doubles and
 * the copies that relays make left out.
 */
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { MessageType, OptionCode, addressOption, option } from '../../wire/dhcp.js'
import { formatAddress } from '../../wire/ipv4.js'
import type { DhcpObservation } from '../streams/observations.js'
import type { DhcpEvent, DhcpKind } from './boot-session.js'

/** A relay forwards within milliseconds; no client repeats itself this soon (RFC 2131 §4.1: four seconds). */
const RELAY_TIME: Nanos = SECOND
/** Messages looked back over for the original of a relayed copy. */
const LOOK_BACK = 64

export function isFromClient(kind: DhcpKind): boolean {
  return kind !== 'offer' && kind !== 'ack' && kind !== 'nak' && kind !== 'other'
}

export function toDhcpEvents(observations: readonly DhcpObservation[]): DhcpEvent[] {
  const events: DhcpEvent[] = []
  for (const observation of observations) {
    if (observation.copyOf !== undefined) continue
    const event = toEvent(observation)
    if (!isRelayedCopy(event, events)) events.push(event)
  }
  return events
}

function toEvent(observation: DhcpObservation): DhcpEvent {
  const { message } = observation
  const kind = kindOf(observation)
  const serverId = addressOption(message, OptionCode.serverIdentifier)
  const address =
    message.op === 2 ? message.yiaddr : (addressOption(message, OptionCode.requestedAddress) ?? message.ciaddr)
  return {
    kind,
    frame: observation.frame,
    xid: message.xid,
    vlan: observation.link.vlan,
    serverId: serverId === undefined ? undefined : formatAddress(serverId),
    address: address === 0 ? undefined : formatAddress(address),
    observation,
  }
}

function kindOf({ message, type, destination }: DhcpObservation): DhcpKind {
  switch (type) {
    case MessageType.discover:
      return 'discover'
    case MessageType.offer:
      return 'offer'
    case MessageType.request:
      if (message.ciaddr !== 0) return destination.address === '255.255.255.255' ? 'rebinding' : 'renewing'
      return addressOption(message, OptionCode.serverIdentifier) === undefined ? 'init-reboot' : 'selecting'
    case MessageType.ack:
      return 'ack'
    case MessageType.nak:
      return 'nak'
    case MessageType.decline:
      return 'decline'
    case MessageType.release:
      return 'release'
    case MessageType.inform:
      return 'inform'
    default:
      return 'other'
  }
}

/**
 * The same message on the other side of a relay: it differs in giaddr and hops alone. Two relays on one segment make two
 * copies of one DISCOVER, which are no retries either.
 */
function isRelayedCopy(event: DhcpEvent, earlier: readonly DhcpEvent[]): boolean {
  const { message } = event.observation
  for (let at = earlier.length - 1; at >= Math.max(0, earlier.length - LOOK_BACK); at--) {
    const other = earlier[at]!
    if (event.frame.time - other.frame.time > RELAY_TIME) return false
    const { message: before } = other.observation
    if (
      other.kind === event.kind &&
      other.xid === event.xid &&
      other.serverId === event.serverId &&
      other.address === event.address &&
      before.secs === message.secs &&
      (before.giaddr !== message.giaddr || before.hops !== message.hops)
    ) {
      return true
    }
  }
  return false
}

/** Option 55 over all the client's messages. */
export function requestedNumbers(events: readonly DhcpEvent[]): ReadonlySet<number> {
  const numbers = new Set<number>()
  for (const event of events) {
    if (!isFromClient(event.kind)) continue
    for (const code of option(event.observation.message, OptionCode.parameterRequestList) ?? []) numbers.add(code)
  }
  return numbers
}
