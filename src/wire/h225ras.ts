/**
 * RAS, how endpoints find a gatekeeper and register with it: ITU-T H.225.0 (12/2009) §7 and annex H, in aligned PER over
 * UDP.
 *
 * Discovery and registration are read whole, their names those of the standard. Other messages are recognised: their
 * name and sequence number, and their octets. A message that makes no sense from some octet on is returned as far as it
 * goes, with `error` beside it. What newer versions added, private data and tokens are written back as they came.
 */
import { WireError } from '../base/errors.js'
import {
  aliasAddress,
  alternateGatekeeper,
  endpointIdentifier,
  endpointType,
  featureSet,
  gatekeeperIdentifier,
  nonStandardParameter,
  qseriesOptions,
  timeToLive,
  transportAddress,
  vendorIdentifier,
} from './h225.js'
import type {
  GatekeeperRequest,
  GatekeeperConfirm,
  SecurityErrors,
  GatekeeperRejectReasons,
  AltGatekeeperInfo,
  GatekeeperReject,
  RegistrationRequest,
  PreGrantedArq,
  RegistrationConfirm,
  RegistrationRejectReasons,
  InvalidAliases,
  RegistrationReject,
  UnregistrationReasons,
  UnregistrationRequest,
  UnregistrationConfirm,
  UnregistrationRejectReasons,
  UnregistrationReject,
  NonStandardMessage,
  RequestInProgress,
  ReadMessage,
  RasMessage,
} from './h225ras-messages.js'
import { authenticationMechanism, clearToken, cryptoToken } from './h235.js'
import { PerReader, PerWriter } from './per.js'
import { boolean, choice, encodeType, integer, listOf, nothing, objectIdentifier, optional, partialSequence, sequence, unread } from './per-types.js' // prettier-ignore
import type { ChoiceOf, PerType } from './per-types.js'

/** Where gatekeepers are found by multicast, and where they are spoken to (H.225.0 appendix IV). */
export const DISCOVERY_PORT = 1718
export const RAS_PORT = 1719
/** Call signalling over TCP. */
export const SIGNALLING_PORT = 1720

/** H.225.0 version 2, 4, 5 ...: the last arc. */
export function protocolVersion(version: number): string {
  return `0.0.8.2250.0.${version}`
}

const requestSeqNum = integer(1, 65535)
const aliases = listOf(aliasAddress)
const addresses = listOf(transportAddress)
const tokens = listOf(clearToken)
const cryptoTokens = listOf(cryptoToken)
const alternates = listOf(alternateGatekeeper)

const securityErrors: PerType<ChoiceOf<SecurityErrors>> = choice<SecurityErrors>(
  {
    securityWrongSyncTime: nothing,
    securityReplay: nothing,
    securityWrongGeneralID: nothing,
    securityWrongSendersID: nothing,
    securityIntegrityFailed: nothing,
    securityWrongOID: nothing,
    securityDHmismatch: nothing,
    securityCertificateExpired: nothing,
    securityCertificateDateInvalid: nothing,
    securityCertificateRevoked: nothing,
    securityCertificateNotReadable: nothing,
    securityCertificateSignatureInvalid: nothing,
    securityCertificateMissing: nothing,
    securityCertificateIncomplete: nothing,
    securityUnsupportedCertificateAlgOID: nothing,
    securityUnknownCA: nothing,
  },
  {},
)

const altGKInfo: PerType<AltGatekeeperInfo> = sequence<AltGatekeeperInfo>(
  { alternateGatekeeper: alternates, altGKisPermanent: boolean },
  {},
)

type Body<T> = Omit<T, 'kind' | 'error'>

/** Places of components that are not read; the standard's names for them stand beside. */
interface Kept {
  readonly kept0?: never
  readonly kept1?: never
  readonly kept2?: never
  readonly kept3?: never
  readonly kept4?: never
}

function body<T extends { readonly kind: string }>(
  root: Parameters<typeof partialSequence<Body<T>>>[0],
  additions: Parameters<typeof partialSequence<Body<T> & Kept>>[1],
): MessageType {
  return partialSequence<Body<T> & Kept>(root as Parameters<typeof partialSequence<Body<T> & Kept>>[0], additions)
}

interface MessageType {
  read(reader: PerReader): { readonly value: object; readonly error: WireError | undefined }
  write(writer: PerWriter, value: never): void
}

const gatekeeperRequest = body<GatekeeperRequest>(
  {
    requestSeqNum,
    protocolIdentifier: objectIdentifier,
    nonStandardData: optional(nonStandardParameter),
    rasAddress: transportAddress,
    endpointType,
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    callServices: optional(qseriesOptions),
    endpointAlias: optional(aliases),
  },
  {
    kept0: unread, // alternateEndpoints
    tokens,
    cryptoTokens,
    authenticationCapability: listOf(authenticationMechanism),
    algorithmOIDs: listOf(objectIdentifier),
    kept1: unread, // integrity
    kept2: unread, // integrityCheckValue
    supportsAltGK: nothing,
    featureSet,
  },
)

const gatekeeperConfirm = body<GatekeeperConfirm>(
  {
    requestSeqNum,
    protocolIdentifier: objectIdentifier,
    nonStandardData: optional(nonStandardParameter),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    rasAddress: transportAddress,
  },
  {
    alternateGatekeeper: alternates,
    authenticationMode: authenticationMechanism,
    tokens,
    cryptoTokens,
    algorithmOID: objectIdentifier,
    kept0: unread, // integrity
    kept1: unread, // integrityCheckValue
    featureSet,
  },
)

const gatekeeperReject = body<GatekeeperReject>(
  {
    requestSeqNum,
    protocolIdentifier: objectIdentifier,
    nonStandardData: optional(nonStandardParameter),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    rejectReason: choice<GatekeeperRejectReasons>(
      { resourceUnavailable: nothing, terminalExcluded: nothing, invalidRevision: nothing, undefinedReason: nothing },
      {
        securityDenial: nothing,
        genericDataReason: nothing,
        neededFeatureNotSupported: nothing,
        securityError: securityErrors,
      },
    ),
  },
  { altGKInfo, tokens, cryptoTokens },
)

const registrationRequest = body<RegistrationRequest>(
  {
    requestSeqNum,
    protocolIdentifier: objectIdentifier,
    nonStandardData: optional(nonStandardParameter),
    discoveryComplete: boolean,
    callSignalAddress: addresses,
    rasAddress: addresses,
    terminalType: endpointType,
    terminalAlias: optional(aliases),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    endpointVendor: vendorIdentifier,
  },
  {
    kept0: unread, // alternateEndpoints
    timeToLive,
    tokens,
    cryptoTokens,
    kept1: unread, // integrityCheckValue
    keepAlive: boolean,
    endpointIdentifier,
    willSupplyUUIEs: boolean,
    maintainConnection: boolean,
    kept2: unread, // alternateTransportAddresses
    kept3: unread, // additiveRegistration
    kept4: unread, // terminalAliasPattern
    supportsAltGK: nothing,
  },
)

const registrationConfirm = body<RegistrationConfirm>(
  {
    requestSeqNum,
    protocolIdentifier: objectIdentifier,
    nonStandardData: optional(nonStandardParameter),
    callSignalAddress: addresses,
    terminalAlias: optional(aliases),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    endpointIdentifier,
  },
  {
    alternateGatekeeper: alternates,
    timeToLive,
    tokens,
    cryptoTokens,
    kept0: unread, // integrityCheckValue
    willRespondToIRR: boolean,
    preGrantedARQ: sequence<PreGrantedArq>(
      {
        makeCall: boolean,
        useGKCallSignalAddressToMakeCall: boolean,
        answerCall: boolean,
        useGKCallSignalAddressToAnswer: boolean,
      },
      { irrFrequencyInCall: integer(1, 65535) },
    ),
    maintainConnection: boolean,
  },
)

const registrationReject = body<RegistrationReject>(
  {
    requestSeqNum,
    protocolIdentifier: objectIdentifier,
    nonStandardData: optional(nonStandardParameter),
    rejectReason: choice<RegistrationRejectReasons>(
      {
        discoveryRequired: nothing,
        invalidRevision: nothing,
        invalidCallSignalAddress: nothing,
        invalidRASAddress: nothing,
        duplicateAlias: aliases,
        invalidTerminalType: nothing,
        undefinedReason: nothing,
        transportNotSupported: nothing,
      },
      {
        transportQOSNotSupported: nothing,
        resourceUnavailable: nothing,
        invalidAlias: nothing,
        securityDenial: nothing,
        fullRegistrationRequired: nothing,
        additiveRegistrationNotSupported: nothing,
        // Patterns and prefixes come after the aliases and are not read: then it stays octets.
        invalidTerminalAliases: sequence<InvalidAliases & Kept>(
          { terminalAlias: optional(aliases), kept0: optional(unread), kept1: optional(unread) },
          {},
        ),
        genericDataReason: nothing,
        neededFeatureNotSupported: nothing,
        securityError: securityErrors,
        registerWithAssignedGK: nothing,
      },
    ),
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
  },
  { altGKInfo, tokens, cryptoTokens },
)

const unregistrationRequest = body<UnregistrationRequest>(
  {
    requestSeqNum,
    callSignalAddress: addresses,
    endpointAlias: optional(aliases),
    nonStandardData: optional(nonStandardParameter),
    endpointIdentifier: optional(endpointIdentifier),
  },
  {
    kept0: unread, // alternateEndpoints
    gatekeeperIdentifier,
    tokens,
    cryptoTokens,
    kept1: unread, // integrityCheckValue
    reason: choice<UnregistrationReasons>(
      { reregistrationRequired: nothing, ttlExpired: nothing, securityDenial: nothing, undefinedReason: nothing },
      { maintenance: nothing },
    ),
  },
)

const unregistrationConfirm = body<UnregistrationConfirm>(
  { requestSeqNum, nonStandardData: optional(nonStandardParameter) },
  { tokens, cryptoTokens },
)

const unregistrationReject = body<UnregistrationReject>(
  {
    requestSeqNum,
    rejectReason: choice<UnregistrationRejectReasons>(
      { notCurrentlyRegistered: nothing, callInProgress: nothing, undefinedReason: nothing },
      { permissionDenied: nothing, securityDenial: nothing },
    ),
    nonStandardData: optional(nonStandardParameter),
  },
  { altGKInfo, tokens, cryptoTokens },
)

const nonStandardMessage = body<NonStandardMessage>(
  { requestSeqNum, nonStandardData: nonStandardParameter },
  {
    tokens,
    cryptoTokens,
    kept0: unread, // integrityCheckValue
    featureSet,
  },
)

const requestInProgress = body<RequestInProgress>(
  {
    requestSeqNum,
    nonStandardData: optional(nonStandardParameter),
    tokens: optional(tokens),
    cryptoTokens: optional(cryptoTokens),
    kept0: optional(unread), // integrityCheckValue
    delay: integer(1, 65535),
  } as Parameters<typeof body<RequestInProgress>>[0],
  {},
)

/** Of a message that is not read: how many optional components are announced before its sequence number. */
interface Recognised {
  readonly name: string
  readonly optionals: number | undefined
}

function recognised(name: string, optionals: number | undefined): Recognised {
  return { name, optionals }
}

type Known = Recognised | { readonly kind: ReadMessage['kind']; readonly type: MessageType }

/** In the order of RasMessage. InfoRequestResponse may begin with private data. */
const ROOT: readonly Known[] = [
  { kind: 'gatekeeperRequest', type: gatekeeperRequest },
  { kind: 'gatekeeperConfirm', type: gatekeeperConfirm },
  { kind: 'gatekeeperReject', type: gatekeeperReject },
  { kind: 'registrationRequest', type: registrationRequest },
  { kind: 'registrationConfirm', type: registrationConfirm },
  { kind: 'registrationReject', type: registrationReject },
  { kind: 'unregistrationRequest', type: unregistrationRequest },
  { kind: 'unregistrationConfirm', type: unregistrationConfirm },
  { kind: 'unregistrationReject', type: unregistrationReject },
  recognised('admissionRequest', 7),
  recognised('admissionConfirm', 2),
  recognised('admissionReject', 1),
  recognised('bandwidthRequest', 2),
  recognised('bandwidthConfirm', 1),
  recognised('bandwidthReject', 1),
  recognised('disengageRequest', 1),
  recognised('disengageConfirm', 1),
  recognised('disengageReject', 1),
  recognised('locationRequest', 2),
  recognised('locationConfirm', 1),
  recognised('locationReject', 1),
  recognised('infoRequest', 2),
  recognised('infoRequestResponse', undefined),
  { kind: 'nonStandardMessage', type: nonStandardMessage },
  recognised('unknownMessageResponse', 0),
]

const ADDED: readonly Known[] = [
  { kind: 'requestInProgress', type: requestInProgress },
  recognised('resourcesAvailableIndicate', 4),
  recognised('resourcesAvailableConfirm', 4),
  recognised('infoRequestAck', 4),
  recognised('infoRequestNak', 5),
  recognised('serviceControlIndication', 8),
  recognised('serviceControlResponse', 7),
  recognised('admissionConfirmSequence', undefined),
]

/**
 * @param octets the UDP payload; the result holds views into it
 * @throws WireError where not even the kind of message can be told, or its sequence number is missing
 */
export function decode(octets: Uint8Array): RasMessage {
  const reader = new PerReader(octets)
  if (!reader.bit()) return decodeBody(ROOT[reader.constrained(0, ROOT.length - 1)]!, reader, octets)
  const position = reader.small()
  const known = ADDED[position]
  const encoding = reader.open()
  if (known === undefined) return { kind: 'other', name: `unknown(${ROOT.length + position})`, octets }
  return decodeBody(known, new PerReader(encoding), octets)
}

function decodeBody(known: Known, reader: PerReader, octets: Uint8Array): RasMessage {
  if ('name' in known) {
    const { name, optionals } = known
    if (optionals === undefined) return { kind: 'other', name, octets }
    reader.bits(1 + optionals)
    return { kind: 'other', name, requestSeqNum: requestSeqNum.read(reader), octets }
  }
  const { value, error } = known.type.read(reader)
  if (!('requestSeqNum' in value)) throw error ?? new WireError('TRUNCATED', octets.length, 'no sequence number')
  // What is missing after an error is missing: whoever reads on looks at `error` first.
  return { kind: known.kind, ...value, ...(error !== undefined && { error }) } as unknown as RasMessage
}

/** @throws RangeError for a value that its field cannot hold */
export function encode(message: RasMessage): Uint8Array {
  if (message.kind === 'other') return message.octets
  const writer = new PerWriter()
  const isKind = (known: Known): boolean => 'kind' in known && known.kind === message.kind
  const position = ROOT.findIndex(isKind)
  if (position >= 0) {
    writer.bit(false)
    writer.constrained(position, 0, ROOT.length - 1)
    typeOf(ROOT[position]!).write(writer, message as never)
    return writer.toBytes()
  }
  const added = ADDED.findIndex(isKind)
  writer.bit(true)
  writer.small(added)
  const type = typeOf(ADDED[added]!)
  writer.open(encodeType({ read: () => undefined, write: (inner) => type.write(inner, message as never) }, undefined))
  return writer.toBytes()
}

function typeOf(known: Known): MessageType {
  if ('name' in known) throw new RangeError(`${known.name} is not written`)
  return known.type
}
