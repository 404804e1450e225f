/**
 * The `Range` of a GET (RFC 9110 §14.2): one range of octets. Several at once are answered with the whole file, as
 * §14.2 allows: no phone asks for them.
 */
import type { IncomingHttpHeaders } from 'node:http'

/**
 * @param size octets of the file
 * @param etag strong, quotes included
 * @param modified as in Last-Modified
 * @returns [start, end) of what to send; undefined for the whole file
 */
export function byteRange(
  headers: IncomingHttpHeaders,
  size: number,
  etag: string,
  modified: string,
): readonly [number, number] | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(headers.range?.trim() ?? '')
  if (match === null) return undefined
  const condition = headers['if-range']
  // §13.1.5: another file by now, so all of it.
  if (condition !== undefined && condition !== etag && condition !== modified) return undefined
  const [first, last] = [match[1]!, match[2]!]
  if (first === '') {
    if (last === '') return undefined
    const suffix = Number(last)
    return suffix === 0 || size === 0 ? 'unsatisfiable' : [Math.max(0, size - suffix), size]
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined // invalid, §14.1.1: ignored
  if (start >= size) return 'unsatisfiable'
  return [start, last === '' ? size : Math.min(size, Number(last) + 1)]
}
