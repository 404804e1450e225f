/**
 * The messages of RAS as values; h225ras.ts reads and writes them. Fields are named as in ITU-T H.225.0 (12/2009) annex H,
 * and optional where the standard has them so, or where an older version lacks them.
 */
import type { WireError } from '../base/errors.js'
import type {
  AliasAddress,
  AlternateGatekeeper,
  EndpointType,
  FeatureSet,
  NonStandardParameter,
  QseriesOptions,
  TransportAddress,
  VendorIdentifier,
} from './h225.js'
import type { AuthenticationMechanism, ClearToken, CryptoToken } from './h235.js'
import type { ChoiceOf, Extensible } from './per-types.js'

export interface Message extends Extensible {
  /** 1 to 65,535; an answer has that of its request. */
  readonly requestSeqNum: number
  /** Why the rest is missing. */
  readonly error?: WireError
}

export interface Security {
  readonly tokens?: readonly ClearToken[]
  readonly cryptoTokens?: readonly CryptoToken[]
}

/** GRQ. */
export interface GatekeeperRequest extends Message, Security {
  readonly kind: 'gatekeeperRequest'
  readonly protocolIdentifier: string
  readonly nonStandardData?: NonStandardParameter
  readonly rasAddress: TransportAddress
  readonly endpointType: EndpointType
  readonly gatekeeperIdentifier?: string
  readonly callServices?: QseriesOptions
  readonly endpointAlias?: readonly AliasAddress[]
  readonly authenticationCapability?: readonly AuthenticationMechanism[]
  readonly algorithmOIDs?: readonly string[]
  readonly supportsAltGK?: null
  readonly featureSet?: FeatureSet
}

/** GCF. */
export interface GatekeeperConfirm extends Message, Security {
  readonly kind: 'gatekeeperConfirm'
  readonly protocolIdentifier: string
  readonly nonStandardData?: NonStandardParameter
  readonly gatekeeperIdentifier?: string
  /** Where to register, which may be another host. */
  readonly rasAddress: TransportAddress
  readonly alternateGatekeeper?: readonly AlternateGatekeeper[]
  readonly authenticationMode?: AuthenticationMechanism
  readonly algorithmOID?: string
  readonly featureSet?: FeatureSet
}

export interface SecurityErrors {
  securityWrongSyncTime: null
  securityReplay: null
  securityWrongGeneralID: null
  securityWrongSendersID: null
  securityIntegrityFailed: null
  securityWrongOID: null
  securityDHmismatch: null
  securityCertificateExpired: null
  securityCertificateDateInvalid: null
  securityCertificateRevoked: null
  securityCertificateNotReadable: null
  securityCertificateSignatureInvalid: null
  securityCertificateMissing: null
  securityCertificateIncomplete: null
  securityUnsupportedCertificateAlgOID: null
  securityUnknownCA: null
}

export interface GatekeeperRejectReasons {
  resourceUnavailable: null
  terminalExcluded: null
  invalidRevision: null
  undefinedReason: null
  securityDenial: null
  genericDataReason: null
  neededFeatureNotSupported: null
  securityError: ChoiceOf<SecurityErrors>
}

export type GatekeeperRejectReason = ChoiceOf<GatekeeperRejectReasons>

export interface AltGatekeeperInfo extends Extensible {
  readonly alternateGatekeeper: readonly AlternateGatekeeper[]
  readonly altGKisPermanent: boolean
}

/** GRJ. */
export interface GatekeeperReject extends Message, Security {
  readonly kind: 'gatekeeperReject'
  readonly protocolIdentifier: string
  readonly nonStandardData?: NonStandardParameter
  readonly gatekeeperIdentifier?: string
  readonly rejectReason: GatekeeperRejectReason
  readonly altGKInfo?: AltGatekeeperInfo
}

/** RRQ. */
export interface RegistrationRequest extends Message, Security {
  readonly kind: 'registrationRequest'
  readonly protocolIdentifier: string
  readonly nonStandardData?: NonStandardParameter
  readonly discoveryComplete: boolean
  readonly callSignalAddress: readonly TransportAddress[]
  readonly rasAddress: readonly TransportAddress[]
  readonly terminalType: EndpointType
  readonly terminalAlias?: readonly AliasAddress[]
  readonly gatekeeperIdentifier?: string
  readonly endpointVendor: VendorIdentifier
  /** Seconds. */
  readonly timeToLive?: number
  /** Lightweight: the registration goes on, nothing else is said. */
  readonly keepAlive?: boolean
  readonly endpointIdentifier?: string
  readonly willSupplyUUIEs?: boolean
  readonly maintainConnection?: boolean
  readonly supportsAltGK?: null
  readonly featureSet?: FeatureSet
}

export interface PreGrantedArq extends Extensible {
  readonly makeCall: boolean
  readonly useGKCallSignalAddressToMakeCall: boolean
  readonly answerCall: boolean
  readonly useGKCallSignalAddressToAnswer: boolean
  /** Seconds. */
  readonly irrFrequencyInCall?: number
}

/** RCF. */
export interface RegistrationConfirm extends Message, Security {
  readonly kind: 'registrationConfirm'
  readonly protocolIdentifier: string
  readonly nonStandardData?: NonStandardParameter
  /** Where the signalling connection goes. */
  readonly callSignalAddress: readonly TransportAddress[]
  readonly terminalAlias?: readonly AliasAddress[]
  readonly gatekeeperIdentifier?: string
  readonly endpointIdentifier: string
  readonly alternateGatekeeper?: readonly AlternateGatekeeper[]
  /** Seconds until the registration ends unless it is renewed; undefined: it does not. */
  readonly timeToLive?: number
  readonly willRespondToIRR?: boolean
  readonly preGrantedARQ?: PreGrantedArq
  readonly maintainConnection?: boolean
}

export interface RegistrationRejectReasons {
  discoveryRequired: null
  invalidRevision: null
  invalidCallSignalAddress: null
  invalidRASAddress: null
  /** The aliases that another endpoint has. */
  duplicateAlias: readonly AliasAddress[]
  invalidTerminalType: null
  undefinedReason: null
  transportNotSupported: null
  transportQOSNotSupported: null
  resourceUnavailable: null
  invalidAlias: null
  securityDenial: null
  fullRegistrationRequired: null
  additiveRegistrationNotSupported: null
  invalidTerminalAliases: InvalidAliases
  genericDataReason: null
  neededFeatureNotSupported: null
  securityError: ChoiceOf<SecurityErrors>
  registerWithAssignedGK: null
}

export interface InvalidAliases extends Extensible {
  readonly terminalAlias?: readonly AliasAddress[]
}

export type RegistrationRejectReason = ChoiceOf<RegistrationRejectReasons>

/** RRJ. */
export interface RegistrationReject extends Message, Security {
  readonly kind: 'registrationReject'
  readonly protocolIdentifier: string
  readonly nonStandardData?: NonStandardParameter
  readonly rejectReason: RegistrationRejectReason
  readonly gatekeeperIdentifier?: string
  readonly altGKInfo?: AltGatekeeperInfo
}

export interface UnregistrationReasons {
  reregistrationRequired: null
  ttlExpired: null
  securityDenial: null
  undefinedReason: null
  maintenance: null
}

/** URQ, of either side. */
export interface UnregistrationRequest extends Message, Security {
  readonly kind: 'unregistrationRequest'
  readonly callSignalAddress: readonly TransportAddress[]
  readonly endpointAlias?: readonly AliasAddress[]
  readonly nonStandardData?: NonStandardParameter
  readonly endpointIdentifier?: string
  readonly gatekeeperIdentifier?: string
  readonly reason?: ChoiceOf<UnregistrationReasons>
}

/** UCF. */
export interface UnregistrationConfirm extends Message, Security {
  readonly kind: 'unregistrationConfirm'
  readonly nonStandardData?: NonStandardParameter
}

export interface UnregistrationRejectReasons {
  notCurrentlyRegistered: null
  callInProgress: null
  undefinedReason: null
  permissionDenied: null
  securityDenial: null
}

/** URJ. */
export interface UnregistrationReject extends Message, Security {
  readonly kind: 'unregistrationReject'
  readonly rejectReason: ChoiceOf<UnregistrationRejectReasons>
  readonly nonStandardData?: NonStandardParameter
  readonly altGKInfo?: AltGatekeeperInfo
}

export interface NonStandardMessage extends Message, Security {
  readonly kind: 'nonStandardMessage'
  readonly nonStandardData: NonStandardParameter
  readonly featureSet?: FeatureSet
}

/** RIP: the answer takes a while. */
export interface RequestInProgress extends Message, Security {
  readonly kind: 'requestInProgress'
  readonly nonStandardData?: NonStandardParameter
  /** Milliseconds. */
  readonly delay: number
}

/** A message that is not read further. */
export interface OtherMessage {
  readonly kind: 'other'
  /** As the standard calls it: `admissionRequest`; `unknown(40)` for an addition to it. */
  readonly name: string
  /** Undefined where it is not the first that is said. */
  readonly requestSeqNum?: number
  /** The whole of it, a view. */
  readonly octets: Uint8Array
  readonly error?: WireError
}

export type ReadMessage =
  | GatekeeperRequest
  | GatekeeperConfirm
  | GatekeeperReject
  | RegistrationRequest
  | RegistrationConfirm
  | RegistrationReject
  | UnregistrationRequest
  | UnregistrationConfirm
  | UnregistrationReject
  | NonStandardMessage
  | RequestInProgress

export type RasMessage = ReadMessage | OtherMessage

/** The standard's name of a message: `gatekeeperRequest`. */
export function messageName(message: RasMessage): string {
  return message.kind === 'other' ? message.name : message.kind
}

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  gatekeeperRequest: 'GRQ',
  gatekeeperConfirm: 'GCF',
  gatekeeperReject: 'GRJ',
  registrationRequest: 'RRQ',
  registrationConfirm: 'RCF',
  registrationReject: 'RRJ',
  unregistrationRequest: 'URQ',
  unregistrationConfirm: 'UCF',
  unregistrationReject: 'URJ',
  admissionRequest: 'ARQ',
  admissionConfirm: 'ACF',
  admissionReject: 'ARJ',
  bandwidthRequest: 'BRQ',
  bandwidthConfirm: 'BCF',
  bandwidthReject: 'BRJ',
  disengageRequest: 'DRQ',
  disengageConfirm: 'DCF',
  disengageReject: 'DRJ',
  locationRequest: 'LRQ',
  locationConfirm: 'LCF',
  locationReject: 'LRJ',
  infoRequest: 'IRQ',
  infoRequestResponse: 'IRR',
  nonStandardMessage: 'NSM',
  unknownMessageResponse: 'XRS',
  requestInProgress: 'RIP',
  resourcesAvailableIndicate: 'RAI',
  resourcesAvailableConfirm: 'RAC',
  infoRequestAck: 'IACK',
  infoRequestNak: 'INAK',
  serviceControlIndication: 'SCI',
  serviceControlResponse: 'SCR',
}

/** As people write it: `GRQ`. The name itself where it has no short form. */
export function abbreviation(name: string): string {
  return ABBREVIATIONS[name] ?? name
}
