/**
 * Who may do what on the HTTP server: Basic (RFC 7617) and Digest (RFC 7616: MD5, SHA-256, qop auth).
 *
 * A nonce says when it was issued and proves that this server issued it, so none is stored; what is stored, for a bounded
 * number of them, is the highest request count seen, so that a recorded request cannot be played again. A nonce that is
 * too old, or was used out of order, is answered with `stale=true` when the credentials were right.
 */
import type * as crypto from 'node:crypto'
import { SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import type { Host } from '../host/host.js'
import {
  digestAlgorithm,
  digestResponse,
  parseAuthorization,
  parseBasic,
  quotedString,
  type DigestAlgorithm,
} from '../wire/http-auth.js'

/** One lock. */
export interface HttpAuthentication {
  /** Paths that begin with this; all of them unless told. A leading slash does not matter. */
  readonly prefix?: string
  /** Only these methods; all of them unless told. */
  readonly methods?: readonly string[]
  readonly user: string
  readonly password: string
  readonly realm: string
  /** Which the server offers, and takes. `basic` unless told. */
  readonly scheme?: 'basic' | 'digest' | 'both'
  /** Of Digest, in the order offered. SHA-256 and MD5 unless told. */
  readonly algorithms?: readonly DigestAlgorithm[]
  /** How long a nonce is good. Five minutes unless told. */
  readonly nonceLifetime?: Nanos
}

export type AccessDecision =
  | { readonly granted: true }
  /** Values of the WWW-Authenticate headers to answer with. */
  | { readonly granted: false; readonly challenges: readonly string[] }

const GRANTED: AccessDecision = { granted: true }
const DEFAULT_ALGORITHMS: readonly DigestAlgorithm[] = ['SHA-256', 'MD5']
const DEFAULT_NONCE_LIFETIME: Nanos = 300 * SECOND
/** Nonces whose count is remembered; the oldest is forgotten, and so becomes stale. */
const MAX_NONCES = 4096

export interface AccessRequest {
  readonly method: string
  /** Decoded, for the rule's prefix. */
  readonly path: string
  /** The request target as it came. */
  readonly target: string
  readonly authorization: string | undefined
}

export class HttpAccess {
  readonly #clock: Host['clock']
  readonly #crypto: typeof crypto
  readonly #rules: readonly HttpAuthentication[]
  readonly #secret: Uint8Array
  /** Highest count by nonce, in the order issued. */
  readonly #counts = new Map<string, number>()

  /** @param rules the first whose prefix and methods fit decides */
  constructor(host: Host, rules: readonly HttpAuthentication[]) {
    this.#clock = host.clock
    this.#rules = rules
    this.#crypto = host.require('crypto') as typeof crypto
    this.#secret = rules.some(({ scheme }) => scheme !== undefined && scheme !== 'basic')
      ? this.#crypto.randomBytes(32)
      : new Uint8Array(0)
  }

  check(request: AccessRequest): AccessDecision {
    const path = request.path.replace(/^\/+/, '')
    const rule = this.#rules.find(
      ({ prefix, methods }) =>
        path.startsWith((prefix ?? '').replace(/^\/+/, '')) &&
        (methods === undefined || methods.includes(request.method)),
    )
    if (rule === undefined) return GRANTED
    const scheme = rule.scheme ?? 'basic'
    const given = request.authorization === undefined ? undefined : parseAuthorization(request.authorization)
    let stale = false
    if (given?.scheme === 'basic' && scheme !== 'digest') {
      const credentials = parseBasic(given.token)
      if (credentials?.user === rule.user && this.#equal(credentials.password, rule.password)) return GRANTED
    } else if (given?.scheme === 'digest' && scheme !== 'basic') {
      const outcome = this.#checkDigest(rule, request, given.parameters)
      if (outcome === 'granted') return GRANTED
      stale = outcome === 'stale'
    }
    return { granted: false, challenges: this.#challenges(rule, stale) }
  }

  #challenges(rule: HttpAuthentication, stale: boolean): string[] {
    const scheme = rule.scheme ?? 'basic'
    const challenges: string[] = []
    if (scheme !== 'basic') {
      const nonce = this.#issue(rule)
      for (const algorithm of rule.algorithms ?? DEFAULT_ALGORITHMS) {
        const parts = [
          `realm=${quotedString(rule.realm)}`,
          'qop="auth"',
          `algorithm=${algorithm}`,
          `nonce="${nonce}"`,
          ...(stale ? ['stale=true'] : []),
        ]
        challenges.push(`Digest ${parts.join(', ')}`)
      }
    }
    if (scheme !== 'digest') challenges.push(`Basic realm=${quotedString(rule.realm)}`)
    return challenges
  }

  #checkDigest(
    rule: HttpAuthentication,
    { method, target }: AccessRequest,
    given: ReadonlyMap<string, string>,
  ): 'granted' | 'stale' | 'refused' {
    const algorithm = digestAlgorithm(given.get('algorithm'))
    const [nonce, nc, cnonce] = [given.get('nonce') ?? '', given.get('nc') ?? '', given.get('cnonce')]
    if (algorithm === undefined || !(rule.algorithms ?? DEFAULT_ALGORITHMS).includes(algorithm)) return 'refused'
    if (given.get('qop') !== 'auth' || cnonce === undefined || !/^[0-9a-f]{8}$/i.test(nc)) return 'refused'
    // RFC 7616 §3.4.6: credentials for one resource do not open another.
    if (given.get('username') !== rule.user || given.get('realm') !== rule.realm || given.get('uri') !== target) {
      return 'refused'
    }
    const { user, realm, password } = rule
    const wanted = digestResponse((name, text) => this.#hash(name, text), {
      ...{ algorithm, user, realm, password, method, uri: target, nonce, nc, cnonce },
    })
    if (!this.#equal(given.get('response') ?? '', wanted)) return 'refused'
    if (!this.#isFresh(rule, nonce)) return 'stale'
    const count = parseInt(nc, 16)
    if (count <= (this.#counts.get(nonce) ?? 0)) return 'stale'
    this.#counts.set(nonce, count)
    return 'granted'
  }

  #issue(rule: HttpAuthentication): string {
    const nonce = this.#nonceAt(rule, this.#clock.now())
    if (!this.#counts.has(nonce)) this.#counts.set(nonce, 0)
    if (this.#counts.size > MAX_NONCES) this.#counts.delete(this.#counts.keys().next().value!)
    return nonce
  }

  #isFresh(rule: HttpAuthentication, nonce: string): boolean {
    const issued = parseInt(nonce.slice(0, 14), 16)
    const age = this.#clock.now() - issued
    return (
      this.#counts.has(nonce) &&
      this.#equal(nonce, this.#nonceAt(rule, issued)) &&
      age <= (rule.nonceLifetime ?? DEFAULT_NONCE_LIFETIME)
    )
  }

  #nonceAt({ realm }: HttpAuthentication, issued: Nanos): string {
    const time = issued.toString(16).padStart(14, '0')
    const proof = this.#crypto.createHmac('sha256', this.#secret).update(`${time}:${realm}`).digest('hex')
    return time + proof.slice(0, 32)
  }

  #hash(algorithm: DigestAlgorithm, text: string): string {
    return this.#crypto
      .createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'latin1')
      .digest('hex')
  }

  /** In a time that does not depend on where two texts differ. */
  #equal(a: string, b: string): boolean {
    const digest = (text: string): Buffer => this.#crypto.createHash('sha256').update(text, 'latin1').digest()
    return this.#crypto.timingSafeEqual(digest(a), digest(b))
  }
}
