/**
 * What a DHCP relay agent does to messages: RFC 1542 §4.1, RFC 2131 §4.1, and option 82 of RFC 3046.
 *
 * Octets in, octets out: everything the relay does not set stays as the client or the server sent it. Sockets,
 * addresses of the servers and the way back are the router's (router.ts).
 */
import { u16, u32, setU32 } from '../../base/bytes.js'
import {
  BROADCAST_FLAG,
  encodeSubOptions,
  HEADER_LENGTH,
  Operation,
  OptionCode,
  type SubOption,
} from '../../wire/dhcp.js'

/** RFC 1542 §4.1.1: hops above this are discarded, whatever the configuration. */
const MAX_HOPS = 16
const COOKIE_LENGTH = 4

const AT = {
  op: 0,
  htype: 1,
  hlen: 2,
  hops: 3,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  giaddr: 24,
  chaddr: 28,
} as const

export interface RelaySettings {
  /** Where requests go, uint32. */
  readonly servers: readonly number[]
  /** Requests that have been relayed more often are dropped; 4 unless given, the default of RFC 1542. */
  readonly maxHops?: number
  /** Clients that have tried for fewer seconds are not relayed; 0 unless given. */
  readonly minSecs?: number
  /** Adds option 82 with these sub-options, and takes it out of what comes back. */
  readonly information?: readonly SubOption[]
}

/** A copy of the message for the servers, or why it is not relayed. */
export function relayRequest(
  message: Uint8Array,
  address: number,
  { maxHops = 4, minSecs = 0, information }: RelaySettings,
): Uint8Array | string {
  if (message.length < HEADER_LENGTH) return 'malformed'
  if (message[AT.op] !== Operation.bootRequest) return 'not a request'
  const hops = message[AT.hops]!
  if (hops >= Math.min(maxHops, MAX_HOPS)) return 'too many hops'
  if (u16(message, AT.secs) < minSecs) return 'too early'
  const copy = message.slice()
  copy[AT.hops] = hops + 1
  // RFC 1542 §4.1.1: the first agent sets it, later ones leave it; RFC 3046 §2.1: so with option 82.
  if (u32(message, AT.giaddr) !== 0) return copy
  setU32(copy, AT.giaddr, address)
  if (information === undefined) return copy
  const own = encodeSubOptions(information)
  const end = endOfOptions(copy)
  // RFC 3046 §2.1: a client's own option 82 is not to be trusted; without an end there is no place for ours.
  if (own.length > 255) return copy
  if (end === undefined || findOption(copy, OptionCode.relayAgentInformation) !== undefined)
    return 'untrusted option 82'
  const longer = new Uint8Array(Math.max(copy.length, end + own.length + 3))
  longer.set(copy.subarray(0, end))
  longer.set([OptionCode.relayAgentInformation, own.length], end)
  longer.set(own, end + 2)
  longer[end + 2 + own.length] = OptionCode.end
  return longer
}

export interface RelayedReply {
  readonly message: Uint8Array
  /** The client's network, by the address this agent has there. */
  readonly giaddr: number
  /** Where to, uint32; broadcast for a client that asked for it. */
  readonly address: number
  /** The client's hardware address. */
  readonly mac: Uint8Array
}

/** What to give the client, or why nothing. */
export function relayReply(message: Uint8Array, { information }: RelaySettings): RelayedReply | string {
  if (message.length < HEADER_LENGTH) return 'malformed'
  if (message[AT.op] !== Operation.bootReply) return 'not a reply'
  const giaddr = u32(message, AT.giaddr)
  if (message[AT.htype] !== 1 || message[AT.hlen] !== 6) return 'not an Ethernet client'
  const yiaddr = u32(message, AT.yiaddr)
  const wantsBroadcast = (u16(message, AT.flags) & BROADCAST_FLAG) !== 0
  return {
    message: information === undefined ? message : withoutOption(message, OptionCode.relayAgentInformation),
    giaddr,
    // RFC 1542 §4.1.2: a client that has no address yet cannot be asked for its MAC; chaddr says it.
    address: wantsBroadcast || yiaddr === 0 ? 0xffffffff : yiaddr,
    mac: message.slice(AT.chaddr, AT.chaddr + 6),
  }
}

/** Where the option list's end option stands; undefined when the list has none. */
function endOfOptions(message: Uint8Array): number | undefined {
  return findOption(message, OptionCode.end)
}

/** Where an option of the main field begins. */
function findOption(message: Uint8Array, code: number): number | undefined {
  let at = HEADER_LENGTH + COOKIE_LENGTH
  while (at < message.length) {
    const found = message[at]!
    if (found === code) return at
    if (found === OptionCode.end) return undefined
    at += found === OptionCode.pad ? 1 : 2 + (message[at + 1] ?? 0)
  }
  return undefined
}

/** As long as before: the room is left to pad options behind the end. */
function withoutOption(message: Uint8Array, code: number): Uint8Array {
  const at = findOption(message, code)
  if (at === undefined) return message
  const next = at + 2 + (message[at + 1] ?? 0)
  const copy = new Uint8Array(message.length)
  copy.set(message.subarray(0, at))
  copy.set(message.subarray(Math.min(next, message.length)), at)
  return copy
}
