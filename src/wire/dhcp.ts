/**
 * DHCPv4 messages: the BOOTP header of RFC 2131 §2, the options of RFC 2132, and plain BOOTP (RFC 951) where the magic
 * cookie is missing.
 *
 * Field names are the RFC's own (`yiaddr`, not `yourIpAddress`). Addresses are uint32. Options are kept raw, in the
 * order in which they count: the options field, then `file`, then `sname` when option 52 says that these hold options
 * too (RFC 2131 §4.1, RFC 3396 §5), duplicates and unknown codes included: the analyzer has to show what was sent.
 * `option()` gives the meaning: it joins split options (RFC 3396).
 *
 * A broken option list does not cost the header: decode returns what it read and says why it stopped.
 *
 * Not here: what the text of site-specific options means (deskphone/site-option.ts).
 */
import { ByteWriter, concatBytes, latin1, u32 } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

export const SERVER_PORT = 67
export const CLIENT_PORT = 68

/** The shortest BOOTP message, octets: RFC 951 §3. Old relays and servers drop what is shorter (RFC 1542 §2.1). */
export const MINIMUM_LENGTH = 300

/** Octets before the magic cookie. */
export const HEADER_LENGTH = 236

/** Octets up to `sname`: what tells who asks whom for what. A capture that cuts its frames at 96 octets keeps it. */
const ADDRESSES_LENGTH = 44

export const Operation = { bootRequest: 1, bootReply: 2 } as const

/** Bit 15 of `flags`, RFC 2131 §2: the client cannot receive unicast before it has its address. */
export const BROADCAST_FLAG = 0x8000

/** RFC 2132 unless noted. */
export const OptionCode = {
  pad: 0,
  subnetMask: 1,
  timeOffset: 2,
  router: 3,
  domainNameServer: 6,
  logServer: 7,
  hostName: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcastAddress: 28,
  staticRoute: 33,
  ntpServers: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClassIdentifier: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootfileName: 67,
  userClass: 77, // RFC 3004
  clientFqdn: 81, // RFC 4702
  relayAgentInformation: 82, // RFC 3046
  subnetSelection: 118, // RFC 3011
  domainSearch: 119, // RFC 3397
  classlessStaticRoute: 121, // RFC 3442
  tftpServerAddress: 150, // RFC 5859
  siteOption4600: 176, // Avaya 4600 series: the site-specific option
  vlanRange: 232, // Avaya 96x1 SIP
  siteOption: 242, // Avaya 1600 and 9600 series: the site-specific option
  end: 255,
} as const

/** RFC 2132 §9.6, RFC 3203, RFC 4388, RFC 6926, RFC 7724. */
export const MessageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
  forceRenew: 9,
  leaseQuery: 10,
  leaseUnassigned: 11,
  leaseUnknown: 12,
  leaseActive: 13,
} as const

/** Values of option 52. */
export const Overload = { file: 1, sname: 2, both: 3 } as const

/** Sub-options of option 82: RFC 3046, RFC 3527, RFC 3993, RFC 5107. */
export const RelaySubOptionCode = {
  circuitId: 1,
  remoteId: 2,
  linkSelection: 5,
  subscriberId: 6,
  serverIdentifierOverride: 11,
} as const

const MAGIC_COOKIE = 0x63825363 // RFC 2131 §3

/** More than the largest datagram of real options needs; the largest datagram could carry 32,000 empty ones. */
export const MAX_OPTIONS = 1024

/** Where an option stood. */
export type OptionField = 'options' | 'file' | 'sname'

export interface DhcpOption {
  readonly code: number
  readonly data: Uint8Array
  readonly field: OptionField
}

export interface DhcpMessage {
  readonly op: number // 1 BOOTREQUEST, 2 BOOTREPLY
  readonly htype: number
  readonly hlen: number // octets of chaddr in use, as claimed
  readonly hops: number
  readonly xid: number
  readonly secs: number // seconds since the client began, as the client counts
  readonly flags: number // bit 15 is BROADCAST
  readonly ciaddr: number
  readonly yiaddr: number
  readonly siaddr: number
  readonly giaddr: number
  readonly chaddr: Uint8Array // all 16 octets
  readonly sname: Uint8Array // 64 octets, fewer when the message is cut there
  readonly file: Uint8Array // 128 octets, fewer when the message is cut there
  /** There is no magic cookie; what stands in its place is `vend`, and there are no options. */
  readonly isBootp: boolean
  /** RFC 951's vendor area of a plain BOOTP message, raw; empty in DHCP. */
  readonly vend: Uint8Array
  readonly options: readonly DhcpOption[]
  /**
   * Why an option list could not be read to its end option, with the offset of the option that is cut short, or of
   * the place where an end option was missed. A server drops the message, the analyzer reports it.
   */
  readonly optionsError: WireError | undefined
}

const EMPTY = new Uint8Array(0)
const SNAME_AT = ADDRESSES_LENGTH
const FILE_AT = 108

/**
 * @param bytes the UDP payload; the result holds views into it
 * @throws WireError TRUNCATED before the end of chaddr; what is cut later has an `optionsError`
 */
export function decode(bytes: Uint8Array): DhcpMessage {
  if (bytes.length < ADDRESSES_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of a BOOTP header of ${HEADER_LENGTH}`)
  }
  const options: DhcpOption[] = []
  let isBootp = false
  let optionsError: WireError | undefined
  if (bytes.length < HEADER_LENGTH + 4) {
    optionsError = new WireError('TRUNCATED', bytes.length, 'the message ends before the magic cookie')
  } else if (u32(bytes, HEADER_LENGTH) !== MAGIC_COOKIE) {
    isBootp = true
  } else {
    optionsError = decodeAllOptions(bytes, options)
  }
  return {
    op: bytes[0]!,
    htype: bytes[1]!,
    hlen: bytes[2]!,
    hops: bytes[3]!,
    xid: u32(bytes, 4),
    secs: (bytes[8]! << 8) | bytes[9]!,
    flags: (bytes[10]! << 8) | bytes[11]!,
    ciaddr: u32(bytes, 12),
    yiaddr: u32(bytes, 16),
    siaddr: u32(bytes, 20),
    giaddr: u32(bytes, 24),
    chaddr: bytes.subarray(28, SNAME_AT),
    sname: bytes.subarray(SNAME_AT, FILE_AT),
    file: bytes.subarray(FILE_AT, HEADER_LENGTH),
    isBootp,
    vend: isBootp ? bytes.subarray(HEADER_LENGTH) : EMPTY,
    options,
    optionsError,
  }
}

/** Reads the options field, then file and sname as option 52 says; the result is the first error. */
function decodeAllOptions(bytes: Uint8Array, options: DhcpOption[]): WireError | undefined {
  const error = decodeOptions(bytes, HEADER_LENGTH + 4, bytes.length, 'options', options)
  const overload = options.find(({ code }) => code === OptionCode.overload)?.data[0] ?? 0
  const inFile = overload & Overload.file ? decodeOptions(bytes, FILE_AT, HEADER_LENGTH, 'file', options) : undefined
  const inSname = overload & Overload.sname ? decodeOptions(bytes, SNAME_AT, FILE_AT, 'sname', options) : undefined
  return error ?? inFile ?? inSname
}

/** RFC 2132 §2. Reads bytes[start, end) into `options`; the result says why it stopped early. */
function decodeOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  field: OptionField,
  options: DhcpOption[],
): WireError | undefined {
  let at = start
  while (at < end) {
    const code = bytes[at]!
    if (code === OptionCode.end) return undefined
    if (code === OptionCode.pad) {
      at++
      continue
    }
    if (at + 1 >= end) return new WireError('TRUNCATED', at, `option ${code} in ${field} has no length`)
    const length = bytes[at + 1]!
    if (at + 2 + length > end) {
      const message = `option ${code} in ${field} claims ${length} octets, ${end - at - 2} are left`
      return new WireError('TRUNCATED', at, message)
    }
    if (options.length >= MAX_OPTIONS) return new WireError('TOO_LONG', at, `more than ${MAX_OPTIONS} options`)
    options.push({ code, data: bytes.subarray(at + 2, at + 2 + length), field })
    at += 2 + length
  }
  return new WireError('TRUNCATED', end, `no end option in ${field}`)
}

/** What a sender decides. Fields left out are zero; chaddr, sname and file are filled up with zeros. */
export interface DhcpFields {
  readonly op: number
  readonly htype?: number // 1, Ethernet, unless given
  readonly hlen?: number // 6 unless given
  readonly hops?: number
  readonly xid: number
  readonly secs?: number
  readonly flags?: number
  readonly ciaddr?: number
  readonly yiaddr?: number
  readonly siaddr?: number
  readonly giaddr?: number
  readonly chaddr: Uint8Array // at most 16 octets
  readonly sname?: Uint8Array // at most 64 octets
  readonly file?: Uint8Array // at most 128 octets
  readonly isBootp?: boolean
  readonly vend?: Uint8Array
  /** Those with field `file` or `sname` go there, in place of what these say themselves; option 52 is the caller's. */
  readonly options: readonly { readonly code: number; readonly data: Uint8Array; readonly field?: OptionField }[]
}

/**
 * The inverse of decode, up to what decode skips: pad options, and anything after an end option. Options above 255
 * octets are split (RFC 3396 §5).
 *
 * @param minimumLength octets; the message is filled up with pad options
 * @throws WireError TOO_LONG for more in `file` or `sname` than they hold
 */
export function encode(message: DhcpFields, minimumLength = MINIMUM_LENGTH): Uint8Array {
  const { op, htype = 1, hlen = 6, hops = 0, xid, secs = 0, flags = 0, options } = message
  const w = new ByteWriter(Math.max(minimumLength, 576))
  w.u8(op).u8(htype).u8(hlen).u8(hops).u32(xid).u16(secs).u16(flags)
  w.u32(message.ciaddr ?? 0)
    .u32(message.yiaddr ?? 0)
    .u32(message.siaddr ?? 0)
    .u32(message.giaddr ?? 0)
  fixed(w, message.chaddr, 16, 'chaddr')
  fixed(w, encodeOptions('sname', options) ?? message.sname ?? EMPTY, 64, 'sname')
  fixed(w, encodeOptions('file', options) ?? message.file ?? EMPTY, 128, 'file')
  if (message.isBootp === true) {
    w.octets(message.vend ?? EMPTY)
  } else {
    w.u32(MAGIC_COOKIE).octets(encodeOptions('options', options) ?? EMPTY)
    if (options.every(({ field }) => (field ?? 'options') !== 'options')) w.u8(OptionCode.end)
  }
  if (w.length < minimumLength) w.zeros(minimumLength - w.length)
  return w.toBytes()
}

/** The options of one field with their end option, or undefined when it has none. */
function encodeOptions(field: OptionField, options: DhcpFields['options']): Uint8Array | undefined {
  const chosen = options.filter((option) => (option.field ?? 'options') === field)
  if (chosen.length === 0) return undefined
  const w = new ByteWriter()
  for (const { code, data } of chosen) {
    let at = 0
    do {
      const part = data.subarray(at, at + 255)
      w.u8(code).u8(part.length).octets(part)
      at += 255
    } while (at < data.length)
  }
  return w.u8(OptionCode.end).toBytes()
}

function fixed(w: ByteWriter, value: Uint8Array, length: number, field: string): void {
  if (value.length > length) throw new WireError('TOO_LONG', w.length, `${value.length} octets in ${field}`)
  w.octets(value).zeros(length - value.length)
}

/** The value of an option, all its parts joined (RFC 3396), or undefined when it was not sent. */
export function option(message: DhcpMessage, code: number): Uint8Array | undefined {
  let first: Uint8Array | undefined
  let parts: Uint8Array[] | undefined
  for (const candidate of message.options) {
    if (candidate.code !== code) continue
    if (first === undefined) first = candidate.data
    else (parts ??= [first]).push(candidate.data)
  }
  return parts === undefined ? first : concatBytes(parts)
}

/** Option 53; 0 when there is none, as in plain BOOTP. */
export function messageType(message: DhcpMessage): number {
  return message.options.find(({ code }) => code === OptionCode.messageType)?.data[0] ?? 0
}

const MESSAGE_TYPE_NAMES = new Map<number, string>([
  [MessageType.discover, 'DISCOVER'],
  [MessageType.offer, 'OFFER'],
  [MessageType.request, 'REQUEST'],
  [MessageType.decline, 'DECLINE'],
  [MessageType.ack, 'ACK'],
  [MessageType.nak, 'NAK'],
  [MessageType.release, 'RELEASE'],
  [MessageType.inform, 'INFORM'],
  [MessageType.forceRenew, 'FORCERENEW'],
  [MessageType.leaseQuery, 'LEASEQUERY'],
  [MessageType.leaseUnassigned, 'LEASEUNASSIGNED'],
  [MessageType.leaseUnknown, 'LEASEUNKNOWN'],
  [MessageType.leaseActive, 'LEASEACTIVE'],
])

/** `DISCOVER`, as the RFC says it without `DHCP`; `unknown(17)`. */
export function messageTypeName(type: number): string {
  return MESSAGE_TYPE_NAMES.get(type) ?? `unknown(${type})`
}

/** The client's hardware address: as much of chaddr as hlen says, all 16 octets when it says more. A view. */
export function hardwareAddress(message: DhcpMessage): Uint8Array {
  return message.chaddr.subarray(0, Math.min(message.hlen, 16))
}

/** An option of one address, or the first of several; undefined when absent or shorter than an address. */
export function addressOption(message: DhcpMessage, code: number): number | undefined {
  return u32Option(message, code)
}

/** An option of addresses; octets beyond the last whole one do not count. Empty when absent. */
export function addressListOption(message: DhcpMessage, code: number): number[] {
  const data = option(message, code) ?? EMPTY
  const addresses: number[] = []
  for (let at = 0; at + 4 <= data.length; at += 4) addresses.push(u32(data, at))
  return addresses
}

/** An option of 32 bits, unsigned, such as a time in seconds; undefined when absent or shorter. */
export function u32Option(message: DhcpMessage, code: number): number | undefined {
  const data = option(message, code)
  return data === undefined || data.length < 4 ? undefined : u32(data, 0)
}

/** An option of 16 bits; undefined when absent or shorter. */
export function u16Option(message: DhcpMessage, code: number): number | undefined {
  const data = option(message, code)
  return data === undefined || data.length < 2 ? undefined : (data[0]! << 8) | data[1]!
}

/** An option of text, one character per octet (ISO 8859-1), without the NULs that some servers end it with. */
export function textOption(message: DhcpMessage, code: number): string | undefined {
  const data = option(message, code)
  return data && text(data, data.length)
}

/** The text in `sname`, up to its first NUL; empty when the field holds options (RFC 2131 §4.1). */
export function snameText(message: DhcpMessage): string {
  return isOverloaded(message, Overload.sname) ? '' : text(message.sname, indexOfNul(message.sname))
}

/** The text in `file`, up to its first NUL; empty when the field holds options (RFC 2131 §4.1). */
export function fileText(message: DhcpMessage): string {
  return isOverloaded(message, Overload.file) ? '' : text(message.file, indexOfNul(message.file))
}

function isOverloaded(message: DhcpMessage, field: number): boolean {
  const overload = message.options.find(({ code }) => code === OptionCode.overload)?.data[0] ?? 0
  return (overload & field) !== 0
}

function indexOfNul(bytes: Uint8Array): number {
  const at = bytes.indexOf(0)
  return at < 0 ? bytes.length : at
}

function text(bytes: Uint8Array, length: number): string {
  let end = length
  while (end > 0 && bytes[end - 1] === 0) end--
  return latin1(bytes, 0, end)
}

export interface SubOption {
  readonly code: number
  readonly data: Uint8Array
}

/** What an option of sub-options holds, in order, and why it ends early. Views. */
export interface SubOptions {
  readonly subOptions: readonly SubOption[]
  readonly error: WireError | undefined
}

/** Option 82, RFC 3046 §2.0, in which 0 and 255 are codes as any other; undefined when absent. */
export function relayAgentInformation(message: DhcpMessage): SubOptions | undefined {
  const data = option(message, OptionCode.relayAgentInformation)
  return data && decodeSubOptions(data, false)
}

/** Option 43 read as encapsulated options, RFC 2132 §8.4, with pad and end; undefined when absent. */
export function vendorSpecific(message: DhcpMessage): SubOptions | undefined {
  const data = option(message, OptionCode.vendorSpecific)
  return data && decodeSubOptions(data, true)
}

function decodeSubOptions(bytes: Uint8Array, hasPadAndEnd: boolean): SubOptions {
  const subOptions: SubOption[] = []
  let at = 0
  while (at < bytes.length) {
    const code = bytes[at]!
    if (hasPadAndEnd && code === OptionCode.end) break
    if (hasPadAndEnd && code === OptionCode.pad) {
      at++
      continue
    }
    const length = bytes[at + 1]
    if (length === undefined || at + 2 + length > bytes.length) {
      return { subOptions, error: new WireError('TRUNCATED', at, `sub-option ${code} is cut short`) }
    }
    if (subOptions.length >= MAX_OPTIONS) {
      return { subOptions, error: new WireError('TOO_LONG', at, `more than ${MAX_OPTIONS} sub-options`) }
    }
    subOptions.push({ code, data: bytes.subarray(at + 2, at + 2 + length) })
    at += 2 + length
  }
  return { subOptions, error: undefined }
}

/** The value of option 82 or 43 with these sub-options. @throws WireError TOO_LONG for one above 255 octets */
export function encodeSubOptions(subOptions: readonly SubOption[]): Uint8Array {
  const w = new ByteWriter()
  for (const { code, data } of subOptions) {
    if (data.length > 255) throw new WireError('TOO_LONG', w.length, `sub-option ${code} of ${data.length} octets`)
    w.u8(code).u8(data.length).octets(data)
  }
  return w.toBytes()
}

/** Four octets, for options of addresses and times. */
export function u32Data(...values: number[]): Uint8Array {
  const w = new ByteWriter(4 * values.length)
  for (const value of values) w.u32(value)
  return w.toBytes()
}
