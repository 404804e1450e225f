/**
 * Tokens of H.235.0 (09/2005) as the messages of H.225.0 carry them. Nothing here encrypts or judges.
 */
import { aliasAddress, gatekeeperIdentifier } from './h225.js'
import type { AliasAddress } from './h225.js'
import {
  bitString,
  bmpString,
  choice,
  integer,
  nothing,
  objectIdentifier,
  octetString,
  optional,
  sequence,
  unboundedInteger,
  unread,
} from './per-types.js'
import type { ChoiceOf, Extensible, PerType } from './per-types.js'

interface DhSet extends Extensible {
  readonly halfkey: { readonly length: number; readonly octets: Uint8Array }
  readonly modSize: { readonly length: number; readonly octets: Uint8Array }
  readonly generator: { readonly length: number; readonly octets: Uint8Array }
}

/** Parts that no phone of this trade sends (certificates) make the token one that cannot be read. */
export interface ClearToken extends Extensible {
  /** Dotted; `0.0` says nothing. */
  readonly tokenOID: string
  /** Seconds since 1970. */
  readonly timeStamp?: number
  readonly password?: string
  readonly dhkey?: DhSet
  readonly challenge?: Uint8Array
  readonly random?: Uint8Array
  readonly certificate?: { readonly type: string; readonly certificate: Uint8Array }
  readonly generalID?: string
  readonly nonStandard?: { readonly nonStandardIdentifier: string; readonly data: Uint8Array }
}

const KEY = bitString(0, 2048)

export const clearToken: PerType<ClearToken> = sequence<ClearToken>(
  {
    tokenOID: objectIdentifier,
    timeStamp: optional(integer(1, 0xffffffff)),
    password: optional(bmpString(1, 128)),
    dhkey: optional(sequence<DhSet>({ halfkey: KEY, modSize: KEY, generator: KEY }, {})),
    challenge: optional(octetString(8, 128)),
    random: optional(unboundedInteger),
    certificate: optional(
      sequence<NonNullable<ClearToken['certificate']>>({ type: objectIdentifier, certificate: octetString() }, {}),
    ),
    generalID: optional(bmpString(1, 128)),
    nonStandard: optional(
      sequence<NonNullable<ClearToken['nonStandard']>>({
        nonStandardIdentifier: objectIdentifier,
        data: octetString(),
      }),
    ),
  },
  {},
)

export type AuthenticationMechanism = ChoiceOf<{
  dhExch: null
  pwdSymEnc: null
  pwdHash: null
  certSign: null
  ipsec: null
  tls: null
  nonStandard: { readonly nonStandardIdentifier: string; readonly data: Uint8Array }
}>

export const authenticationMechanism: PerType<AuthenticationMechanism> = choice(
  {
    dhExch: nothing,
    pwdSymEnc: nothing,
    pwdHash: nothing,
    certSign: nothing,
    ipsec: nothing,
    tls: nothing,
    nonStandard: sequence<NonNullable<ClearToken['nonStandard']>>({
      nonStandardIdentifier: objectIdentifier,
      data: octetString(),
    }),
  },
  {},
)

interface CryptoParameters extends Extensible {
  readonly ranInt?: Uint8Array
  readonly iv8?: Uint8Array
}

export interface Encrypted {
  /** Dotted. */
  readonly algorithmOID: string
  readonly paramS: CryptoParameters
  readonly encryptedData: Uint8Array
}

const encrypted: PerType<Encrypted> = sequence<Encrypted>({
  algorithmOID: objectIdentifier,
  paramS: sequence<CryptoParameters>({ ranInt: optional(unboundedInteger), iv8: optional(octetString(8, 8)) }, {}),
  encryptedData: octetString(),
})

interface Hashed {
  readonly algorithmOID: string
  readonly paramS: CryptoParameters
  readonly hash: { readonly length: number; readonly octets: Uint8Array }
}

const hashed: PerType<Hashed> = sequence<Hashed>({
  algorithmOID: objectIdentifier,
  paramS: sequence<CryptoParameters>({ ranInt: optional(unboundedInteger), iv8: optional(octetString(8, 8)) }, {}),
  hash: bitString(),
})

interface PasswordHash {
  readonly alias: AliasAddress
  readonly timeStamp: number
  readonly token: Hashed
}

interface GatekeeperPasswordHash {
  readonly gatekeeperId: string
  readonly timeStamp: number
  readonly token: Hashed
}

interface CryptoTokens {
  cryptoEPPwdHash: PasswordHash
  cryptoGKPwdHash: GatekeeperPasswordHash
  cryptoEPPwdEncr: Encrypted
  cryptoGKPwdEncr: Encrypted
  cryptoEPCert: never
  cryptoGKCert: never
  cryptoFastStart: never
  nestedcryptoToken: never
}

/** Signed and nested tokens are not read: a list that has one stays octets. */
export type CryptoToken = ChoiceOf<CryptoTokens>

export const cryptoToken: PerType<CryptoToken> = choice<CryptoTokens>(
  {
    cryptoEPPwdHash: sequence<PasswordHash>({ alias: aliasAddress, timeStamp: integer(1, 0xffffffff), token: hashed }),
    cryptoGKPwdHash: sequence<GatekeeperPasswordHash>({
      gatekeeperId: gatekeeperIdentifier,
      timeStamp: integer(1, 0xffffffff),
      token: hashed,
    }),
    cryptoEPPwdEncr: encrypted,
    cryptoGKPwdEncr: encrypted,
    cryptoEPCert: unread,
    cryptoGKCert: unread,
    cryptoFastStart: unread,
    nestedcryptoToken: unread,
  },
  {},
)
