/**
 * Answers a server's challenge: chooses the scheme, keeps what Digest needs from one request to the next. Whose
 * credentials they are, and when the user is asked, is user-data-stage's.
 */
import { createHash } from 'node:crypto'
import type { Random } from '../../base/random.js'
import {
  basicAuthorization,
  digestAlgorithm,
  digestAuthorization,
  parseChallenges,
  type Challenge,
  type DigestAlgorithm,
} from '../../wire/http-auth.js'
import type { Header } from '../../wire/http1.js'
import type { Credentials } from './phone-options.js'

/** A challenge that this phone can answer. */
export interface KnownChallenge {
  readonly scheme: 'basic' | 'digest'
  readonly realm: string
  /** Of Digest. */
  readonly algorithm: DigestAlgorithm
  readonly nonce: string
  readonly opaque: string | undefined
  /** The credentials were right, the nonce was too old (RFC 7616 §3.3). */
  readonly stale: boolean
}

export class Authenticator {
  readonly #random: Random
  /** Answers given with the nonce of the last Digest challenge. */
  #used = 0
  #last: { challenge: KnownChallenge; credentials: Credentials } | undefined

  constructor(random: Random) {
    this.#random = random
  }

  /** For a challenge and credentials, the `Authorization` of a request. */
  answer(challenge: KnownChallenge, credentials: Credentials, method: string, uri: string): string {
    const { user, password } = credentials
    if (challenge.scheme === 'basic') return basicAuthorization(user, password)
    if (this.#last?.challenge.nonce !== challenge.nonce) this.#used = 0
    this.#last = { challenge, credentials }
    this.#used++
    const { realm, algorithm, nonce, opaque } = challenge
    const nc = this.#used.toString(16).padStart(8, '0')
    const cnonce = `${hexadecimal(this.#random.u32())}${hexadecimal(this.#random.u32())}`
    return digestAuthorization(hash, { algorithm, user, realm, password, method, uri, nonce, nc, cnonce }, opaque)
  }

  /** Digest credentials that worked are sent with the next request before the server asks (RFC 7616 §3.6). */
  again(credentials: Credentials | null, method: string, uri: string): string | undefined {
    const last = this.#last
    if (last === undefined || credentials === null) return undefined
    const { user, password } = last.credentials
    if (user !== credentials.user || password !== credentials.password) return undefined
    return this.answer(last.challenge, credentials, method, uri)
  }

  /** What was answered was not taken, or is not to be used any more. */
  forget(): void {
    this.#last = undefined
  }
}

/** The challenge to answer: Digest before Basic, of several Digests the first with a known algorithm. */
export function knownChallenge(headers: readonly Header[], digest: boolean): KnownChallenge | undefined {
  const values = headers.filter(({ name }) => name.toLowerCase() === 'www-authenticate').map(({ value }) => value)
  const challenges = parseChallenges(values)
  return (digest ? first(challenges, readDigest) : undefined) ?? first(challenges, readBasic)
}

function first<T>(list: readonly Challenge[], read: (challenge: Challenge) => T | undefined): T | undefined {
  for (const challenge of list) {
    const known = read(challenge)
    if (known !== undefined) return known
  }
  return undefined
}

function readDigest({ scheme, parameters }: Challenge): KnownChallenge | undefined {
  const algorithm = digestAlgorithm(parameters.get('algorithm'))
  const nonce = parameters.get('nonce')
  const auth = (parameters.get('qop') ?? '').split(',').some((qop) => qop.trim().toLowerCase() === 'auth')
  if (scheme !== 'digest' || algorithm === undefined || nonce === undefined || !auth) return undefined
  const stale = parameters.get('stale')?.toLowerCase() === 'true'
  return { scheme, realm: parameters.get('realm') ?? '', algorithm, nonce, opaque: parameters.get('opaque'), stale }
}

function readBasic({ scheme, parameters }: Challenge): KnownChallenge | undefined {
  if (scheme !== 'basic') return undefined
  const realm = parameters.get('realm') ?? ''
  return { scheme, realm, algorithm: 'MD5', nonce: '', opaque: undefined, stale: false }
}

function hash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'latin1')
    .digest('hex')
}

function hexadecimal(word: number): string {
  return word.toString(16).padStart(8, '0')
}
