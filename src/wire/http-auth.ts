/**
 * HTTP authentication: challenges and credentials as header values (RFC 9110 §11), Basic (RFC 7617) and Digest
 * (RFC 7616; MD5 and SHA-256, qop auth). Text to values and back; who asks, and who is asked, are elsewhere.
 *
 * No hash is here, as it runs in a browser too: `DigestHash` is handed in.
 */

/** `WWW-Authenticate: Digest realm="phones", nonce="..."`: one of what may be several in a header. */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string
  /** By name in lower case, quotes removed; of a doubled name the first. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Octets of one header value that are looked at; challenges and parameters of one message. */
const MAX_VALUE = 4096
const MAX_CHALLENGES = 16
const MAX_PARAMETERS = 32

/** A token; a token, `=`, and a quoted string or what is not a separator. */
const PART = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g

/**
 * Reads challenges. RFC 9110 §11.6.1: a token alone names a scheme, one with a value is a parameter of the scheme before
 * it. What reads as neither is passed over.
 */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  for (const value of values) {
    let current: Map<string, string> | undefined
    for (const [whole, token, quoted, plain] of value.slice(0, MAX_VALUE).matchAll(PART)) {
      if (!whole.includes('=')) {
        if (challenges.length === MAX_CHALLENGES) return challenges
        current = new Map()
        challenges.push({ scheme: token!.toLowerCase(), parameters: current })
      } else if (current !== undefined && current.size < MAX_PARAMETERS) {
        const name = token!.toLowerCase()
        if (!current.has(name)) current.set(name, quoted === undefined ? (plain ?? '') : unquoted(quoted))
      }
    }
  }
  return challenges
}

/** The value of an `Authorization` header; for Basic the parameters are empty and `token` is what follows. */
export function parseAuthorization(value: string): (Challenge & { readonly token: string }) | undefined {
  const match = /^\s*([\w!#$%&'*+.^`|~-]+)(?:\s+(.*?))?\s*$/s.exec(value.slice(0, MAX_VALUE))
  if (match === null) return undefined
  const rest = match[2] ?? ''
  const parameters = new Map<string, string>()
  for (const [whole, name, quoted, plain] of rest.matchAll(PART)) {
    if (!whole.includes('=') || parameters.size === MAX_PARAMETERS || parameters.has(name!.toLowerCase())) continue
    parameters.set(name!.toLowerCase(), quoted === undefined ? (plain ?? '') : unquoted(quoted))
  }
  return { scheme: match[1]!.toLowerCase(), parameters, token: rest }
}

/** RFC 9110 §5.6.4. */
export function quotedString(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function unquoted(text: string): string {
  return text.replace(/\\(.)/gs, '$1')
}

/** RFC 7617 §2, one octet a character. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${base64(`${user}:${password}`)}`
}

/** User and password of a Basic token; undefined when it is none. The user ends at the first colon. */
export function parseBasic(token: string): { readonly user: string; readonly password: string } | undefined {
  const text = fromBase64(token)
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon < 0) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

export type DigestAlgorithm = 'MD5' | 'SHA-256'

/** In hexadecimal, lower case, of the text's octets (one a character). */
export type DigestHash = (algorithm: DigestAlgorithm, text: string) => string

/** The algorithm of a challenge or of credentials; RFC 7616 §3.3: MD5 when absent. Undefined for one not known here. */
export function digestAlgorithm(name: string | undefined): DigestAlgorithm | undefined {
  switch ((name ?? 'MD5').toUpperCase()) {
    case 'MD5':
      return 'MD5'
    case 'SHA-256':
      return 'SHA-256'
    default:
      return undefined
  }
}

export interface DigestInput {
  readonly algorithm: DigestAlgorithm
  readonly user: string
  readonly realm: string
  readonly password: string
  readonly method: string
  /** The request target, as in the request line. */
  readonly uri: string
  readonly nonce: string
  /** Eight hexadecimal digits: which request with this nonce it is. */
  readonly nc: string
  readonly cnonce: string
}

/** RFC 7616 §3.4.1, with qop auth. */
export function digestResponse(hash: DigestHash, input: DigestInput): string {
  const { algorithm, user, realm, password, method, uri, nonce, nc, cnonce } = input
  const a1 = hash(algorithm, `${user}:${realm}:${password}`)
  const a2 = hash(algorithm, `${method}:${uri}`)
  return hash(algorithm, `${a1}:${nonce}:${nc}:${cnonce}:auth:${a2}`)
}

/** The `Authorization` header, parameters in the order of RFC 7616's examples. */
export function digestAuthorization(hash: DigestHash, input: DigestInput, opaque: string | undefined): string {
  const parameters = [
    `username=${quotedString(input.user)}`,
    `realm=${quotedString(input.realm)}`,
    `uri=${quotedString(input.uri)}`,
    `algorithm=${input.algorithm}`,
    `nonce=${quotedString(input.nonce)}`,
    `nc=${input.nc}`,
    `cnonce=${quotedString(input.cnonce)}`,
    'qop=auth',
    `response="${digestResponse(hash, input)}"`,
    ...(opaque === undefined ? [] : [`opaque=${quotedString(opaque)}`]),
  ]
  return `Digest ${parameters.join(', ')}`
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** RFC 4648 §4, of one octet per character. */
function base64(text: string): string {
  let encoded = ''
  for (let at = 0; at < text.length; at += 3) {
    const octet = (index: number) => text.charCodeAt(at + index) & 0xff || 0
    const word = (octet(0) << 16) | (octet(1) << 8) | octet(2)
    const left = text.length - at
    encoded += BASE64[word >>> 18]! + BASE64[(word >>> 12) & 63]!
    encoded += left > 1 ? BASE64[(word >>> 6) & 63]! : '='
    encoded += left > 2 ? BASE64[word & 63]! : '='
  }
  return encoded
}

function fromBase64(text: string): string | undefined {
  const digits = text.replace(/=+$/, '')
  let decoded = ''
  let word = 0
  let bits = 0
  for (const digit of digits) {
    const value = BASE64.indexOf(digit)
    if (value < 0) return undefined
    word = ((word << 6) | value) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    decoded += String.fromCharCode((word >>> bits) & 0xff)
  }
  return decoded
}
