/**
 * EAPOL frames (IEEE 802.1X-2020 §11) and the EAP packets in them (RFC 3748), with Identity, Notification, Nak and
 * MD5-Challenge read to the end.
 *
 * An EAPOL packet with a type of no interest keeps its body raw, and so does an EAP method unknown here.
 *
 * Not here: key descriptors (WPA handshakes in Wi-Fi captures are `key` packets with a raw body), MKA, announcements.
 */
import { ByteWriter, concatBytes, latin1, latin1Bytes, u16 } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

/** The PAE group address, 802.1X §11.1.1. No bridge forwards it. Not to be written to. */
export const MULTICAST = new Uint8Array([0x01, 0x80, 0xc2, 0x00, 0x00, 0x03])

export const HEADER_LENGTH = 4

/** 802.1X-2001 is 1, -2004 is 2, -2010 and later 3. Receivers take any [§11.3.1]. */
export const ProtocolVersion = { ieee2001: 1, ieee2004: 2, ieee2010: 3 } as const

export const PacketType = { eap: 0, start: 1, logoff: 2, key: 3, asfAlert: 4 } as const

/** RFC 3748 §4. */
export const EapCode = { request: 1, response: 2, success: 3, failure: 4 } as const

/** RFC 3748 §5, IANA "Method Types". */
export const EapType = {
  identity: 1,
  notification: 2,
  nak: 3,
  md5Challenge: 4,
  otp: 5,
  gtc: 6,
  tls: 13,
  ttls: 21,
  peap: 25,
  msChapV2: 26,
} as const

export interface EapolPacket {
  readonly version: number
  /** `PacketType`, or another. */
  readonly type: number
  /** As long as the header says; padding of the frame is not in it. */
  readonly body: Uint8Array
}

/**
 * @param bytes the Ethernet payload, padding included; the body is a view into it
 * @throws WireError TRUNCATED
 */
export function decode(bytes: Uint8Array): EapolPacket {
  if (bytes.length < HEADER_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of an EAPOL header of ${HEADER_LENGTH}`)
  }
  const length = u16(bytes, 2)
  if (HEADER_LENGTH + length > bytes.length) {
    const left = bytes.length - HEADER_LENGTH
    throw new WireError('TRUNCATED', bytes.length, `EAPOL claims ${length} octets, ${left} are left`)
  }
  return { version: bytes[0]!, type: bytes[1]!, body: bytes.subarray(HEADER_LENGTH, HEADER_LENGTH + length) }
}

export function encode({ version, type, body }: EapolPacket): Uint8Array {
  return new ByteWriter(HEADER_LENGTH + body.length).u8(version).u8(type).u16(body.length).octets(body).toBytes()
}

export interface EapPacket {
  /** `EapCode` */
  readonly code: number
  readonly identifier: number
  /** `EapType`; undefined in success and failure, which have none. */
  readonly type: number | undefined
  /** What follows the type. */
  readonly data: Uint8Array
}

const EMPTY = new Uint8Array(0)

/**
 * @param bytes the body of an EAPOL packet of type `eap`
 * @throws WireError TRUNCATED, BAD_LENGTH, BAD_VALUE for a code that RFC 3748 does not know
 */
export function decodeEap(bytes: Uint8Array): EapPacket {
  if (bytes.length < 4) throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of an EAP header of 4`)
  const code = bytes[0]!
  const identifier = bytes[1]!
  const length = u16(bytes, 2)
  if (length < 4) throw new WireError('BAD_LENGTH', 2, `an EAP length of ${length}`)
  if (length > bytes.length)
    throw new WireError('TRUNCATED', bytes.length, `EAP claims ${length} octets of ${bytes.length}`)
  if (code === EapCode.success || code === EapCode.failure) return { code, identifier, type: undefined, data: EMPTY }
  if (code !== EapCode.request && code !== EapCode.response) throw new WireError('BAD_VALUE', 0, `EAP code ${code}`)
  if (length < 5) throw new WireError('BAD_LENGTH', 2, 'an EAP request or response without a type')
  return { code, identifier, type: bytes[4]!, data: bytes.subarray(5, length) }
}

export function encodeEap({ code, identifier, type, data }: EapPacket): Uint8Array {
  const w = new ByteWriter(5 + data.length).u8(code).u8(identifier)
  return type === undefined
    ? w.u16(4).toBytes()
    : w
        .u16(5 + data.length)
        .u8(type)
        .octets(data)
        .toBytes()
}

/** Value and name of an MD5-Challenge, request or response: RFC 3748 §5.4 with the form of RFC 1994 §4.1. */
export interface Md5Challenge {
  /** The challenge, or 16 octets of MD5(identifier, secret, challenge). */
  readonly value: Uint8Array
  readonly name: string
}

/** @param data of an EAP packet of that type. @throws WireError TRUNCATED */
export function decodeMd5Challenge(data: Uint8Array): Md5Challenge {
  const size = data[0]
  if (size === undefined || 1 + size > data.length) {
    throw new WireError('TRUNCATED', data.length, `an MD5-Challenge value of ${size ?? '?'} octets in ${data.length}`)
  }
  return { value: data.subarray(1, 1 + size), name: latin1(data, 1 + size) }
}

/** @param challenge.value at most 255 octets */
export function encodeMd5Challenge({ value, name }: Md5Challenge): Uint8Array {
  return concatBytes([Uint8Array.of(value.length), value, latin1Bytes(name)])
}

/** What `code` and `type` are called, as `Request, Identity`; for reports and logs. */
export function eapName({ code, type }: EapPacket): string {
  const codeName = ['', 'Request', 'Response', 'Success', 'Failure'][code] ?? `code ${code}`
  return type === undefined ? codeName : `${codeName}, ${EAP_TYPE_NAMES.get(type) ?? `type ${type}`}`
}

const EAP_TYPE_NAMES = new Map<number, string>([
  [EapType.identity, 'Identity'],
  [EapType.notification, 'Notification'],
  [EapType.nak, 'Legacy Nak'],
  [EapType.md5Challenge, 'MD5-Challenge'],
  [EapType.otp, 'One-Time Password'],
  [EapType.gtc, 'Generic Token Card'],
  [EapType.tls, 'TLS'],
  [EapType.ttls, 'TTLS'],
  [EapType.peap, 'PEAP'],
  [EapType.msChapV2, 'MS-CHAP-V2'],
])
