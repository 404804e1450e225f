/**
 * What an Avaya call server and its phones say to each other inside H.225.0 (avaya.md §6.1): object identifiers, the
 * private data of discovery and log-in, and what makes a gatekeeper one of theirs.
 *
 * The password travels enciphered by methods that are not published. The emulated phone and call server use a digest of
 * the same shape in its place (passwordProof): the octets are theirs, the message around them is real.
 */
import { concatBytes, latin1Bytes } from '../base/bytes.js'
import { dialedDigits } from '../wire/h225.js'
import type { AliasAddress, FeatureSet, NonStandardParameter, VendorIdentifier } from '../wire/h225.js'

/** Of all private data. */
export const PRIVATE_DATA_OID = '2.16.840.1.113778.4.2.1'
/** Features that both sides announce; a gatekeeper without them is none of Avaya's. */
export const FEATURE_OIDS: readonly string[] = ['2.16.840.1.114187.1.10', '2.16.840.1.114187.1.9']
/** Challenge with DES, and the newer key exchange. */
export const CHALLENGE_OID = '1.3.14.3.2.6'
export const KEY_EXCHANGE_OID = '2.16.840.1.114187.1.3'
export const GENERAL_ID = 'DEFINITY-GK'
/** T.35: the United States, and Avaya's number there. */
const AVAYA_VENDOR = { t35CountryCode: 0xb5, t35Extension: 0, manufacturerCode: 0x4156 } as const

export function privateData(data: Uint8Array): NonStandardParameter {
  return { nonStandardIdentifier: { choice: 'object', value: PRIVATE_DATA_OID }, data }
}

/** What a phone asks for in discovery, as a 1616 does. */
export const DISCOVERY_DATA = Uint8Array.of(0x85, 0x01, 0x40)

const BEFORE_MAC = Uint8Array.of(0x09, 0x81, 0x01, 0x00, 0x26, 0x1e, 0x9e, 0x80, 0x01, 0x20, 0x01, 0x00, 0x06)
const AFTER_MAC = Uint8Array.of(0x01, 0x00, 0x03, 0x40, 0x01, 0xbf, 0x01, 0x00, 0x01, 0x80, 0x01, 0x00, 0x01, 0x00, 0x01) // prettier-ignore
const LOGIN_REQUEST = 0x81
const LOGIN_LENGTH = BEFORE_MAC.length + 6 + AFTER_MAC.length + 1

/**
 * loginRequest, the private data of a registration.
 *
 * @param mac six octets
 * @param takesOver the user confirmed that the extension shall be his though another set has it. Where the real one says
 *   so is not known; here it is the last octet
 */
export function loginRequest(mac: Uint8Array, takesOver: boolean): Uint8Array {
  return concatBytes([BEFORE_MAC, mac, AFTER_MAC, Uint8Array.of(takesOver ? 1 : 0)])
}

/** The MAC and the confirmation of a loginRequest; undefined when it is none. */
export function readLoginRequest(
  data: Uint8Array | undefined,
): { readonly mac: Uint8Array; readonly takesOver: boolean } | undefined {
  if (data === undefined || data.length < BEFORE_MAC.length + 6 || data[1] !== LOGIN_REQUEST) return undefined
  const mac = data.subarray(BEFORE_MAC.length, BEFORE_MAC.length + 6)
  return { mac, takesOver: data.length === LOGIN_LENGTH && data[LOGIN_LENGTH - 1] === 1 }
}

/** loginAccepted as far as it is understood: its code and the name of the screen. */
export const LOGIN_ACCEPTED = concatBytes([Uint8Array.of(0x2c, 0x40), latin1Bytes('Main')])

/** Codes of non-standard messages: the phone asks about the switch, and is told. */
export const SWITCH_INFO_REQUEST = 0x40
export const SWITCH_INFO_RESPONSE = 0x50

export function avayaVendor(product: string, version: string): VendorIdentifier {
  return { vendor: AVAYA_VENDOR, productId: latin1Bytes(product), versionId: latin1Bytes(version) }
}

const TWELVE = [1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 0] // as a Communication Manager sends them

/** What a call server offers in its GCF. */
export const CALL_SERVER_FEATURES: FeatureSet = {
  replacementFeatureSet: true,
  desiredFeatures: [feature(FEATURE_OIDS[0]!, TWELVE)],
  supportedFeatures: [feature(FEATURE_OIDS[0]!, TWELVE), feature(FEATURE_OIDS[1]!, [1])],
}

function feature(oid: string, parameters: readonly number[]): NonNullable<FeatureSet['supportedFeatures']>[number] {
  return {
    id: { choice: 'oid', value: oid },
    parameters: parameters.map((value) => ({ id: { choice: 'standard', value } })),
  }
}

/** Whether a GCF is from a call server of Avaya: it announces their features and names no gatekeeper [§6.1]. */
export function isAvayaConfirm(confirm: {
  readonly gatekeeperIdentifier?: string
  readonly featureSet?: FeatureSet
}): boolean {
  const { gatekeeperIdentifier, featureSet } = confirm
  const features = [
    ...(featureSet?.neededFeatures ?? []),
    ...(featureSet?.desiredFeatures ?? []),
    ...(featureSet?.supportedFeatures ?? []),
  ]
  return (
    gatekeeperIdentifier === undefined &&
    features.some(({ id }) => id.choice === 'oid' && FEATURE_OIDS.includes(id.value))
  )
}

export function extensionAlias(extension: string): readonly AliasAddress[] {
  return [{ choice: 'dialedDigits', value: extension }]
}

export function extensionOf(aliases: readonly AliasAddress[] | undefined): string | undefined {
  return dialedDigits(aliases)
}

const PROOF_LENGTH = 37

/**
 * Shows that one knows the password without saying it. Not Avaya's algorithm, which is not public, and not safe.
 *
 * @param challenge octets that the call server chose
 */
export function passwordProof(password: string, challenge: Uint8Array): Uint8Array {
  const proof = new Uint8Array(PROOF_LENGTH)
  const text = concatBytes([challenge, latin1Bytes(password)])
  let hash = 0x811c9dc5
  for (let i = 0; i < PROOF_LENGTH; i++) {
    hash ^= i
    for (const octet of text) hash = Math.imul(hash ^ octet, 0x01000193)
    proof[i] = (hash >>> 13) ^ (hash >>> 24)
  }
  return proof
}

/** Why registrations fail, as the standard names it, in the words of the phone's screen [§7; which is which is assumed]. */
export function rejectText(reason: string): string {
  switch (reason) {
    case 'duplicateAlias':
      return 'Extension in Use'
    case 'invalidAlias':
    case 'invalidTerminalAliases':
      return 'Extension Error'
    case 'securityDenial':
    case 'securityError':
      return 'Password Error'
    case 'invalidTerminalType':
      return 'Wrong Set Type'
    case 'resourceUnavailable':
      return 'System busy'
    case 'terminalExcluded':
      return 'Gatekeeper Error'
    case 'invalidRevision':
    case 'invalidCallSignalAddress':
    case 'invalidRASAddress':
    case 'transportNotSupported':
      return 'Request Error'
    default:
      return 'Undefined Error'
  }
}
