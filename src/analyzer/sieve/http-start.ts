/**
 * Do these octets begin like an HTTP/1 message? Asked for the payload of any TCP segment, on any port, without
 * allocating.
 *
 * A request needs a known method and, when its first line ends within the octets given, a last word of that line that
 * begins with HTTP/: SIP and RTSP share methods with HTTP. A response needs `HTTP/1.` or `HTTP/0.`.
 */

/** RFC 9110 §9, RFC 5789, WebDAV (RFC 4918, 3253, 5323), UPnP's GENA and Microsoft's CCM_POST, as tshark knows them. */
const METHODS = (
  'GET PUT POST HEAD OPTIONS DELETE CONNECT TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK POLL BCOPY BMOVE ' +
  'SEARCH BDELETE BPROPFIND BPROPPATCH LABEL MERGE REPORT UPDATE CHECKIN CHECKOUT UNCHECKOUT MKACTIVITY MKWORKSPACE ' +
  'VERSION-CONTROL BASELINE-CONTROL NOTIFY SUBSCRIBE UNSUBSCRIBE M-SEARCH CCM_POST'
)
  .split(' ')
  .map((method) => Array.from(`${method} `, (letter) => letter.charCodeAt(0)))

/** The methods by their first letter, so that most payloads fail after one look. */
const BY_FIRST: readonly (readonly (readonly number[])[])[] = Array.from({ length: 128 }, (_, first) =>
  METHODS.filter((method) => method[0] === first),
)

const HTTP_SLASH = Array.from('HTTP/', (letter) => letter.charCodeAt(0))
const SPACE = 0x20
const LF = 0x0a
const CR = 0x0d

export type HttpStart = 'request' | 'response' | undefined

/**
 * @param minimum octets below which nothing is said; 4 keeps chance away, 1 will do where a message is expected
 */
export function httpStart(bytes: Uint8Array, start: number, end: number, minimum = 4): HttpStart {
  if (end - start < minimum) return undefined
  const first = bytes[start]!
  if (first < 0x41 || first > 0x55) return undefined
  if (first === 0x48 && isStatusLine(bytes, start, end)) return 'response'
  return isRequestLine(bytes, start, end, first) ? 'request' : undefined
}

/** `HTTP/1.` or `HTTP/0.`, as much of it as there is. */
function isStatusLine(bytes: Uint8Array, start: number, end: number): boolean {
  const length = Math.min(end - start, HTTP_SLASH.length)
  for (let i = 1; i < length; i++) if (bytes[start + i] !== HTTP_SLASH[i]) return false
  if (end - start > 5 && bytes[start + 5] !== 0x31 && bytes[start + 5] !== 0x30) return false
  return end - start <= 6 || bytes[start + 6] === 0x2e
}

/** These octets begin with a known method and a space or line end, whatever follows. */
export function startsWithMethod(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]
  if (start >= end || first === undefined || first >= 128) return false
  return BY_FIRST[first]!.some((method) => {
    const last = method.length - 1
    if (end - start < method.length) return false
    for (let i = 0; i < last; i++) if (bytes[start + i] !== method[i]) return false
    const next = bytes[start + last]!
    return next === SPACE || next === CR || next === LF
  })
}

function isRequestLine(bytes: Uint8Array, start: number, end: number, first: number): boolean {
  for (const method of BY_FIRST[first]!) {
    let i = 1
    const length = Math.min(method.length, end - start)
    while (i < length && bytes[start + i] === method[i]) i++
    if (i < length) continue
    return i < method.length || endsWithVersion(bytes, start + i, end)
  }
  return false
}

/** The line that goes on at `from` has `HTTP/` as the beginning of its last word, or its end is not here. */
function endsWithVersion(bytes: Uint8Array, from: number, end: number): boolean {
  let lineEnd = bytes.subarray(from, end).indexOf(LF)
  if (lineEnd < 0) return true
  lineEnd += from
  while (lineEnd > from && (bytes[lineEnd - 1] === CR || bytes[lineEnd - 1] === SPACE)) lineEnd--
  let word = lineEnd
  while (word > from && bytes[word - 1] !== SPACE) word--
  return (
    lineEnd - word >= 5 &&
    bytes[word] === 0x48 &&
    bytes[word + 1] === 0x54 &&
    bytes[word + 2] === 0x54 &&
    bytes[word + 3] === 0x50 &&
    bytes[word + 4] === 0x2f
  )
}
