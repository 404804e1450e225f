/**
 * What the messages of H.225.0 share: addresses, aliases, vendors, non-standard data, features. ITU-T H.225.0 (12/2009)
 * annex H; field names are the standard's, in the order of the wire.
 */
import { formatAddress } from './ipv4.js'
import {
  bmpString,
  boolean,
  choice,
  extensibleInteger,
  ia5String,
  integer,
  lazy,
  listOf,
  nothing,
  objectIdentifier,
  octetString,
  optional,
  packedString,
  sequence,
} from './per-types.js'
import type { ChoiceOf, Extensible, PerType } from './per-types.js'

export interface H221NonStandard extends Extensible {
  /** ITU-T T.35: 181 (0xB5) is the United States. */
  readonly t35CountryCode: number
  readonly t35Extension: number
  readonly manufacturerCode: number
}

export const h221NonStandard: PerType<H221NonStandard> = sequence<H221NonStandard>(
  { t35CountryCode: integer(0, 255), t35Extension: integer(0, 255), manufacturerCode: integer(0, 65535) },
  {},
)

export interface NonStandardParameter {
  readonly nonStandardIdentifier: ChoiceOf<{
    /** Dotted. */
    object: string
    h221NonStandard: H221NonStandard
  }>
  readonly data: Uint8Array
}

export const nonStandardParameter: PerType<NonStandardParameter> = sequence<NonStandardParameter>({
  nonStandardIdentifier: choice({ object: objectIdentifier, h221NonStandard }, {}),
  data: octetString(),
})

export interface IpAddress {
  /** Unsigned. */
  readonly ip: number
  readonly port: number
}

interface Alternatives {
  ipAddress: IpAddress
  ipSourceRoute: SourceRoute
  /** Node, net number and socket, as octets. */
  ipxAddress: Uint8Array
  ip6Address: Ip6Address
  netBios: Uint8Array
  nsap: Uint8Array
  nonStandardAddress: NonStandardParameter
}

interface SourceRoute extends Extensible {
  readonly ip: number
  readonly port: number
  readonly route: readonly number[]
  readonly routing: ChoiceOf<{ strict: null; loose: null }>
}

interface Ip6Address extends Extensible {
  readonly ip: Uint8Array
  readonly port: number
}

export type TransportAddress = ChoiceOf<Alternatives>

const FOUR_OCTETS = octetString(4, 4)

const ipv4: PerType<number> = {
  read(reader) {
    const [a, b, c, d] = FOUR_OCTETS.read(reader)
    return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0
  },
  write: (writer, value) => FOUR_OCTETS.write(writer, Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)),
}

const port = integer(0, 65535)

export const transportAddress: PerType<TransportAddress> = choice<Alternatives>(
  {
    ipAddress: sequence<IpAddress>({ ip: ipv4, port }),
    ipSourceRoute: sequence<SourceRoute>(
      { ip: ipv4, port, route: listOf(ipv4), routing: choice({ strict: nothing, loose: nothing }, {}) },
      {},
    ),
    ipxAddress: octetString(12, 12),
    ip6Address: sequence<Ip6Address>({ ip: octetString(16, 16), port }, {}),
    netBios: octetString(16, 16),
    nsap: octetString(1, 20),
    nonStandardAddress: nonStandardParameter,
  },
  {},
)

/** An IPv4 address and port as they stand in a message. */
export function ipAddress(ip: number, port: number): TransportAddress {
  return { choice: 'ipAddress', value: { ip, port } }
}

/** `10.20.0.5:1719`, or the kind of address that it is. */
export function formatTransportAddress(address: TransportAddress): string {
  return address.choice === 'ipAddress' ? `${formatAddress(address.value.ip)}:${address.value.port}` : address.choice
}

/** H.225.0, NumberDigits: the order of its characters. */
const DIGITS = '#*,0123456789'

const numberDigits = packedString(DIGITS, 1, 128)

type TypeOfNumber = ChoiceOf<{
  unknownType: null
  internationalNumber: null
  nationalNumber: null
  networkSpecificNumber: null
  subscriberNumber: null
  abbreviatedNumber: null
}>

const typeOfNumber: PerType<TypeOfNumber> = choice(
  {
    unknownType: nothing,
    internationalNumber: nothing,
    nationalNumber: nothing,
    networkSpecificNumber: nothing,
    subscriberNumber: nothing,
    abbreviatedNumber: nothing,
  },
  {},
)

/** Of private numbers the kinds have other names; their places are the same. */
interface NumberOfType {
  readonly typeOfNumber: TypeOfNumber
  readonly digits: string
}

const numberOfType: PerType<NumberOfType> = sequence<NumberOfType>({ typeOfNumber, digits: numberDigits })

interface PartyNumbers {
  e164Number: NumberOfType
  dataPartyNumber: string
  telexPartyNumber: string
  privateNumber: NumberOfType
  nationalStandardPartyNumber: string
}

interface Aliases {
  /** Digits, `#`, `*` and `,`. */
  dialedDigits: string
  'h323-ID': string
  'url-ID': string
  transportID: TransportAddress
  'email-ID': string
  partyNumber: ChoiceOf<PartyNumbers>
}

/** Mobile and ISUP numbers are kept as `unknown`. */
export type AliasAddress = ChoiceOf<Aliases>

export const aliasAddress: PerType<AliasAddress> = choice<Aliases>(
  { dialedDigits: numberDigits, 'h323-ID': bmpString(1, 256) },
  {
    'url-ID': ia5String(1, 512),
    transportID: transportAddress,
    'email-ID': ia5String(1, 512),
    partyNumber: choice<PartyNumbers>(
      {
        e164Number: numberOfType,
        dataPartyNumber: numberDigits,
        telexPartyNumber: numberDigits,
        privateNumber: numberOfType,
        nationalStandardPartyNumber: numberDigits,
      },
      {},
    ),
  },
)

/** The alias as a person would say it; undefined for a kind that is not known here. */
export function aliasText(alias: AliasAddress): string | undefined {
  switch (alias.choice) {
    case 'dialedDigits':
    case 'h323-ID':
    case 'url-ID':
    case 'email-ID':
      return alias.value
    case 'transportID':
      return formatTransportAddress(alias.value)
    case 'partyNumber': {
      const { value } = alias.value
      if (typeof value === 'string') return value
      return 'digits' in value ? value.digits : undefined
    }
    case 'unknown':
      return undefined
  }
}

/** The first alias of digits only: the extension of a phone. */
export function dialedDigits(aliases: readonly AliasAddress[] | undefined): string | undefined {
  return aliases?.find((alias) => alias.choice === 'dialedDigits')?.value
}

export interface VendorIdentifier extends Extensible {
  readonly vendor: H221NonStandard
  readonly productId?: Uint8Array
  readonly versionId?: Uint8Array
}

export const vendorIdentifier: PerType<VendorIdentifier> = sequence<VendorIdentifier>(
  {
    vendor: h221NonStandard,
    productId: optional(octetString(1, 256)),
    versionId: optional(octetString(1, 256)),
  },
  {},
)

interface EndpointKind extends Extensible {
  readonly nonStandardData?: NonStandardParameter
}

const endpointKind: PerType<EndpointKind> = sequence<EndpointKind>(
  { nonStandardData: optional(nonStandardParameter) },
  {},
)

interface GatewayInfo extends Extensible {
  readonly protocol?: readonly SupportedProtocol[]
  readonly nonStandardData?: NonStandardParameter
}

interface ProtocolCaps extends Extensible {
  readonly nonStandardData?: NonStandardParameter
}

type SupportedProtocol = ChoiceOf<{
  nonStandardData: NonStandardParameter
  h310: ProtocolCaps
  h320: ProtocolCaps
  h321: ProtocolCaps
  h322: ProtocolCaps
  h323: ProtocolCaps
  h324: ProtocolCaps
  voice: ProtocolCaps
  't120-only': ProtocolCaps
}>

const supportedProtocol: PerType<SupportedProtocol> = choice(
  {
    nonStandardData: nonStandardParameter,
    h310: endpointKind,
    h320: endpointKind,
    h321: endpointKind,
    h322: endpointKind,
    h323: endpointKind,
    h324: endpointKind,
    voice: endpointKind,
    't120-only': endpointKind,
  },
  {},
)

export interface EndpointType extends Extensible {
  readonly nonStandardData?: NonStandardParameter
  readonly vendor?: VendorIdentifier
  readonly gatekeeper?: EndpointKind
  readonly gateway?: GatewayInfo
  readonly mcu?: EndpointKind
  readonly terminal?: EndpointKind
  readonly mc: boolean
  readonly undefinedNode: boolean
}

export const endpointType: PerType<EndpointType> = sequence<EndpointType>(
  {
    nonStandardData: optional(nonStandardParameter),
    vendor: optional(vendorIdentifier),
    gatekeeper: optional(endpointKind),
    gateway: optional(
      sequence<GatewayInfo>(
        { protocol: optional(listOf(supportedProtocol)), nonStandardData: optional(nonStandardParameter) },
        {},
      ),
    ),
    mcu: optional(endpointKind),
    terminal: optional(endpointKind),
    mc: boolean,
    undefinedNode: boolean,
  },
  {},
)

export const gatekeeperIdentifier = bmpString(1, 128)
export const endpointIdentifier = bmpString(1, 128)

/** Seconds. */
export const timeToLive = integer(1, 0xffffffff)

export interface AlternateGatekeeper extends Extensible {
  readonly rasAddress: TransportAddress
  readonly gatekeeperIdentifier?: string
  readonly needToRegister: boolean
  /** 0 is the first choice. */
  readonly priority: number
}

export const alternateGatekeeper: PerType<AlternateGatekeeper> = sequence<AlternateGatekeeper>(
  {
    rasAddress: transportAddress,
    gatekeeperIdentifier: optional(gatekeeperIdentifier),
    needToRegister: boolean,
    priority: integer(0, 127),
  },
  {},
)

export interface QseriesOptions extends Extensible {
  readonly flags: number
  readonly q954Info: Q954Details
}

interface Q954Details extends Extensible {
  readonly conferenceCalling: boolean
  readonly threePartyService: boolean
}

export const qseriesOptions: PerType<QseriesOptions> = sequence<QseriesOptions>(
  {
    // q932Full, q951Full, q952Full, q953Full, q955Full, q956Full, q957Full: one bit each.
    flags: integer(0, 127),
    q954Info: sequence<Q954Details>({ conferenceCalling: boolean, threePartyService: boolean }, {}),
  },
  {},
)

export type GenericIdentifier = ChoiceOf<{
  standard: number
  /** Dotted. */
  oid: string
  nonStandard: Uint8Array
}>

const genericIdentifier: PerType<GenericIdentifier> = choice(
  { standard: extensibleInteger(0, 16383), oid: objectIdentifier, nonStandard: octetString(16, 16) },
  {},
)

interface Contents {
  raw: Uint8Array
  text: string
  unicode: string
  bool: boolean
  number8: number
  number16: number
  number32: number
  id: GenericIdentifier
  alias: AliasAddress
  transport: TransportAddress
  compound: readonly EnumeratedParameter[]
  nested: readonly GenericData[]
}

export interface EnumeratedParameter extends Extensible {
  readonly id: GenericIdentifier
  readonly content?: ChoiceOf<Contents>
}

export interface GenericData extends Extensible {
  readonly id: GenericIdentifier
  readonly parameters?: readonly EnumeratedParameter[]
}

export const genericData: PerType<GenericData> = sequence<GenericData>(
  {
    id: genericIdentifier,
    parameters: optional(
      listOf(
        lazy(() => enumeratedParameter),
        1,
        512,
      ),
    ),
  },
  {},
)

const content: PerType<ChoiceOf<Contents>> = choice<Contents>(
  {
    raw: octetString(),
    text: ia5String(),
    unicode: bmpString(),
    bool: boolean,
    number8: integer(0, 255),
    number16: integer(0, 65535),
    number32: integer(0, 0xffffffff),
    id: genericIdentifier,
    alias: aliasAddress,
    transport: transportAddress,
    compound: listOf(
      lazy(() => enumeratedParameter),
      1,
      512,
    ),
    nested: listOf(genericData, 1, 16),
  },
  {},
)

const enumeratedParameter: PerType<EnumeratedParameter> = sequence<EnumeratedParameter>(
  { id: genericIdentifier, content: optional(content) },
  {},
)

export interface FeatureSet extends Extensible {
  readonly replacementFeatureSet: boolean
  readonly neededFeatures?: readonly GenericData[]
  readonly desiredFeatures?: readonly GenericData[]
  readonly supportedFeatures?: readonly GenericData[]
}

export const featureSet: PerType<FeatureSet> = sequence<FeatureSet>(
  {
    replacementFeatureSet: boolean,
    neededFeatures: optional(listOf(genericData)),
    desiredFeatures: optional(listOf(genericData)),
    supportedFeatures: optional(listOf(genericData)),
  },
  {},
)
