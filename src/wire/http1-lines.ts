/**
 * The lines of HTTP/1 heads, one at a time: RFC 9112 §3 and §4, tokens by RFC 9110 §5.6.2. The part of http1.ts that
 * knows no messages.
 *
 * Lines are taken apart by hand: a regular expression that is lenient with blanks takes quadratic time on a line of
 * them.
 */
import { latin1Bytes } from '../base/bytes.js'

export const CR = 13
export const LF = 10
export const SP = 32
export const HTAB = 9

/** Octets of a method; the registered ones are up to 17. */
const MAX_METHOD_LENGTH = 32

export interface RequestLine {
  readonly method: string
  readonly target: string
  /** `1.1`; whatever stands there, and empty when nothing does. */
  readonly version: string
}

export interface StatusLine {
  /** `1.1` */
  readonly version: string
  readonly status: number
  readonly reason: string
}

/** `GET /a file.txt HTTP/1.1`: the target is all between method and version. Without a version it has no blanks. */
export function parseRequestLine(line: string): RequestLine | undefined {
  const methodEnd = indexOfBlank(line)
  if (methodEnd <= 0) return undefined
  const method = line.slice(0, methodEnd)
  const rest = trim(line.slice(methodEnd))
  const blank = Math.max(rest.lastIndexOf(' '), rest.lastIndexOf('\t'))
  if (blank > 0 && rest.startsWith('HTTP/', blank + 1)) {
    return { method, target: trim(rest.slice(0, blank)), version: rest.slice(blank + 6) }
  }
  return rest === '' || blank >= 0 ? undefined : { method, target: rest, version: '' }
}

/** `HTTP/1.1 404 Not Found` */
export function parseStatusLine(line: string): StatusLine | undefined {
  const versionEnd = indexOfBlank(line)
  const version = line.slice(5, versionEnd)
  if (versionEnd < 0 || !line.startsWith('HTTP/') || !isVersion(version)) return undefined
  const rest = trim(line.slice(versionEnd))
  const status = rest.slice(0, 3)
  if (!/^\d{3}$/.test(status) || (rest.length > 3 && !isBlank(rest.charCodeAt(3)))) return undefined
  return { version, status: Number(status), reason: trim(rest.slice(3)) }
}

export function isVersion(text: string): boolean {
  return /^\d{1,3}\.\d{1,3}$/.test(text)
}

function indexOfBlank(text: string): number {
  const space = text.indexOf(' ')
  const tab = text.indexOf('\t')
  return space < 0 || (tab >= 0 && tab < space) ? tab : space
}

const HTTP_SLASH = latin1Bytes('HTTP/')

/** Whether a status line may begin with these octets, however few. */
export function canBeginStatusLine(bytes: Uint8Array, start: number, end: number): boolean {
  const stop = Math.min(end - start, HTTP_SLASH.length)
  for (let i = 0; i < stop; i++) if (bytes[start + i] !== HTTP_SLASH[i]) return false
  return true
}

/** Whether a request line may begin with these octets, however few. */
export function canBeginRequestLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const octet = bytes[i]!
    if (octet === SP || octet === HTAB) return i > start
    if (!isTokenCode(octet) || i - start >= MAX_METHOD_LENGTH) return false
  }
  return true
}

/** Without spaces, tabs and CRs around it. */
export function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

export function isBlank(code: number): boolean {
  return code === SP || code === HTAB || code === CR
}

/** Whether text[0, end) is a token, RFC 9110 §5.6.2. */
export function isToken(text: string, end: number): boolean {
  for (let i = 0; i < end; i++) if (!isTokenCode(text.charCodeAt(i))) return false
  return end > 0
}

const TOKEN_CODES = new Uint8Array(256)
for (const character of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN_CODES[character.charCodeAt(0)] = 1
}

function isTokenCode(code: number): boolean {
  return TOKEN_CODES[code] === 1
}
