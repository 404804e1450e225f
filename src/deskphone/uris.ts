/**
 * Where a file is: request paths from HTTPDIR or TFTPDIR, and backup addresses from BRURI (avaya.md §2.2, §5.2).
 */
import { isDottedAddress } from './parameters.js'

/**
 * The address of a user's data file: when BRURI ends with a slash the file name is appended, otherwise a slash is put
 * between [seed].
 */
export function backupUri(bruri: string, fileName: string): string {
  return bruri.endsWith('/') ? bruri + fileName : `${bruri}/${fileName}`
}

/** HTTPDIR or TLSDIR and a file name as the path of a request: exactly one slash before, between and no other added. */
export function httpPath(directory: string, fileName: string): string {
  const middle = directory.replace(/^\/+/, '').replace(/\/+$/, '')
  const name = fileName.replace(/^\/+/, '')
  return middle === '' ? `/${name}` : `/${middle}/${name}`
}

/** TFTPDIR and a file name. In the root it is the name alone; a leading slash of TFTPDIR is kept. */
export function tftpPath(directory: string, fileName: string): string {
  const trimmed = directory.replace(/\/+$/, '')
  if (trimmed === '') return fileName
  return `${trimmed}/${fileName.replace(/^\/+/, '')}`
}

export interface BackupLocation {
  readonly scheme: 'http' | 'https'
  /** Dotted address or DNS name. */
  readonly host: string
  readonly port: number
  /** With leading slash, query included. */
  readonly path: string
  /** From `user:password@`, percent-decoding done. */
  readonly credentials: { readonly user: string; readonly password: string } | undefined
}

/** `scheme://[user[:password]@]host[:port][/path]`, RFC 3986 §3 without the parts no phone has a use for. */
const LOCATION = /^(https?):\/\/(?:([^@/\s]*)@)?([^:@/\s?#]+)(?::(\d{1,5}))?(\/[^\s#]*)?$/i

/**
 * Takes a backup address apart.
 *
 * @returns a sentence when a phone cannot use it: it then fails without sending any packet [§5.2]
 */
export function parseLocation(uri: string): BackupLocation | string {
  if (uri === '') return 'BRURI is not set'
  if (!/^https?:\/\//i.test(uri)) return `${uri} does not begin with http:// or https://`
  const match = LOCATION.exec(uri)
  if (!match) return `${uri} is not an address`
  const scheme = match[1]!.toLowerCase() === 'https' ? 'https' : 'http'
  const host = match[3]!
  const port = match[4] === undefined ? (scheme === 'https' ? 443 : 80) : Number(match[4])
  if (port < 1 || port > 65535) return `${match[4]} is not a port`
  if (/^[\d.]+$/.test(host) && !isDottedAddress(host)) return `${host} is not an address`
  return { scheme, host, port, path: match[5] ?? '/', credentials: userInfo(match[2]) }
}

function userInfo(text: string | undefined): BackupLocation['credentials'] {
  if (text === undefined || text === '') return undefined
  const colon = text.indexOf(':')
  const user = colon < 0 ? text : text.slice(0, colon)
  return { user: percentDecoded(user), password: colon < 0 ? '' : percentDecoded(text.slice(colon + 1)) }
}

function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
}
