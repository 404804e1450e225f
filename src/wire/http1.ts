/**
 * HTTP/1.0 and 1.1 messages: RFC 9112, without input or output. One parser reads one direction of one connection, in
 * whatever pieces it comes, and tells what it sees as it sees it. Clients and the analyzer share it.
 *
 * The events of a message are head, body (any number), complete; or, at any point, error, which is the last event of
 * the parser. What was told before an error stands: a response head is known even if its body never ends. Events come
 * from within push(), end() and skip(), so whoever feeds the parser a segment at a time knows which segment made the
 * difference. The sequence of events (body octets taken together) depends on the octets only, not on how they are cut.
 *
 * As liberal as the field needs: a bare LF ends a line, empty lines before a message are skipped, folded headers are
 * joined (obs-fold), a malformed header line is kept and noted in the head's `error`. Strict where going on would be
 * guessing: start lines, contradicting lengths, chunk sizes. A request line without a version is a start line too
 * (field captures have them, with headers behind), so that HTTP/0.9 reads as a request that does not end.
 *
 * Not here: content codings, caching, authentication.
 */
import { latin1, latin1Bytes } from '../base/bytes.js'
import { WireError } from '../base/errors.js'
import {
  canBeginRequestLine,
  canBeginStatusLine,
  CR,
  HTAB,
  isToken,
  isVersion,
  LF,
  parseRequestLine,
  parseStatusLine,
  SP,
  trim,
  type RequestLine,
  type StatusLine,
} from './http1-lines.js'

/** Octets of start line and headers together, and of a trailer section. */
export const MAX_HEAD_LENGTH = 65_536

/** Headers of one message; trailers of one message. */
export const MAX_HEADERS = 256

/** Octets of a chunk's size with its extensions. */
export const MAX_CHUNK_LINE_LENGTH = 8_192

export interface Header {
  /** As sent. */
  readonly name: string
  /** One character per octet (ISO 8859-1), without white space around it. */
  readonly value: string
}

/** How the end of a body is found, RFC 9112 §6.3. */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

interface MessageHead {
  /** In wire order, duplicates included. */
  readonly headers: readonly Header[]
  /** Octets of the stream before the start line. */
  readonly start: number
  /** Octets of the stream up to the body. */
  readonly end: number
  /** What the headers say; a response to HEAD has no body whatever they say. */
  readonly framing: Framing
  /** Octets, with framing `length`. */
  readonly contentLength: number | undefined
  /** The first line that is not as it should be (a header without a name, a request without a version). It counts. */
  readonly error: WireError | undefined
}

export interface RequestHead extends RequestLine, MessageHead {}

export interface ResponseHead extends StatusLine, MessageHead {}

/** The end of a message. */
export interface Completion {
  readonly trailers: readonly Header[]
  /** Octets of content, chunk framing not counted, those that were skipped included. */
  readonly bodyLength: number
  /** Octets of the body that skip() passed over. */
  readonly missing: number
  /** Octets of the stream up to the end of the message. */
  readonly end: number
}

export interface MessageEvents<Head> {
  head?(head: Head): void
  /** Content without chunk framing, never empty. A view into what was pushed: copy what has to last. */
  body?(bytes: Uint8Array): void
  complete?(completion: Completion): void
  /**
   * The parser stops here. `offset` of the error counts octets of the stream.
   *
   * @param partial the head with as much as was read of it, when the error is in its headers
   */
  error?(error: WireError, partial: Head | undefined): void
}

export interface ParserOptions {
  /** Octets of the stream before the first one that will be pushed. */
  readonly offset?: number
}

/** `between` messages, inside one, `opaque` after what ends HTTP on the connection, `failed` after an error. */
export type Phase = 'between' | 'head' | 'body' | 'opaque' | 'failed'

type State =
  | 'start-line'
  | 'headers'
  | 'length-body'
  | 'close-body'
  | 'chunk-size'
  | 'chunk-data'
  | 'chunk-end'
  | 'trailers'
  | 'opaque'
  | 'failed'

const EMPTY = new Uint8Array(0)

abstract class MessageParser<StartLine, Head extends MessageHead> {
  readonly #events: MessageEvents<Head>
  #state: State = 'start-line'
  /** Octets of the stream up to what is being looked at. */
  #offset: number
  /** Where the message began. */
  #start: number
  /** Where the section that is limited in length began: head, chunk line or trailers. */
  #sectionStart: number
  #line = EMPTY // what is there of an unfinished line
  #lineLength = 0
  #startLine: StartLine | undefined
  #headers: Header[] = []
  #headerError: WireError | undefined
  #remaining = 0 // octets of this body or chunk
  #bodyLength = 0
  #missing = 0
  #sawCr = false

  constructor(events: MessageEvents<Head>, options: ParserOptions = {}) {
    this.#events = events
    this.#offset = this.#start = this.#sectionStart = options.offset ?? 0
  }

  get phase(): Phase {
    switch (this.#state) {
      case 'start-line':
        return this.#lineLength === 0 ? 'between' : 'head'
      case 'headers':
        return 'head'
      case 'opaque':
      case 'failed':
        return this.#state
      default:
        return 'body'
    }
  }

  /** Octets of the stream that have been pushed or skipped. */
  get offset(): number {
    return this.#offset + this.#lineLength
  }

  /** The next octets of the stream. The view is not kept. */
  push(bytes: Uint8Array): void {
    let at = 0
    const { length } = bytes
    while (at < length) {
      switch (this.#state) {
        case 'start-line':
        case 'headers':
        case 'chunk-size':
        case 'trailers':
          at = this.#takeLine(bytes, at)
          break
        case 'length-body':
        case 'close-body':
        case 'chunk-data': {
          const count = this.#state === 'close-body' ? length - at : Math.min(length - at, this.#remaining)
          this.#offset += count
          this.#bodyLength += count
          const end = at + count
          this.#events.body?.(count === length ? bytes : bytes.subarray(at, end))
          this.#bodyOctetsDone(count)
          at = end
          break
        }
        case 'chunk-end':
          this.#takeChunkEnd(bytes[at++]!)
          break
        case 'opaque':
        case 'failed':
          this.#offset += length - at
          return
      }
    }
  }

  /** The sender has closed its side. */
  end(): void {
    switch (this.#state) {
      case 'start-line':
        if (this.#lineLength > 0 && !(this.#lineLength === 1 && this.#line[0] === CR)) {
          this.#fail('TRUNCATED', this.offset, 'the connection ended inside a start line')
        }
        break
      case 'headers':
        this.#fail('TRUNCATED', this.offset, 'the connection ended inside the headers')
        break
      case 'close-body':
        this.#complete()
        break
      case 'length-body': {
        const promised = this.#bodyLength + this.#remaining
        this.#fail('TRUNCATED', this.offset, `the connection ended after ${this.#bodyLength} of ${promised} octets`)
        break
      }
      case 'chunk-size':
      case 'chunk-data':
      case 'chunk-end':
      case 'trailers':
        this.#fail(
          'TRUNCATED',
          this.offset,
          `the connection ended after ${this.#bodyLength} octets, before the last chunk`,
        )
        break
      case 'opaque':
      case 'failed':
        break
    }
    if (this.#state !== 'failed') this.#state = 'opaque'
  }

  /**
   * Passes over octets that were sent but not seen, as when a capture lacks a segment.
   *
   * @returns whether the parser can go on: the gap lies within one body, or within one chunk. Otherwise it has failed,
   *   with an error event if that cost a message; start another one where looksLikeRequestLine or looksLikeStatusLine
   *   says so.
   */
  skip(count: number): boolean {
    if (count <= 0) return this.#state !== 'failed'
    switch (this.#state) {
      case 'close-body':
        break
      case 'length-body':
        if (count <= this.#remaining) break
        count -= this.#remaining
        this.#missBody(this.#remaining)
        this.#offset += count
        this.#state = 'failed'
        return false
      case 'chunk-data':
        if (count <= this.#remaining) break
        this.#fail('TRUNCATED', this.offset, `${count} octets are missing`)
        this.#offset += count
        return false
      case 'opaque':
      case 'failed':
        this.#offset += count
        return this.#state === 'opaque'
      default:
        if (this.phase !== 'between') this.#fail('TRUNCATED', this.offset, `${count} octets are missing`)
        this.#state = 'failed'
        this.#offset += count
        return false
    }
    this.#missBody(count)
    return true
  }

  #missBody(count: number): void {
    this.#offset += count
    this.#bodyLength += count
    this.#missing += count
    this.#bodyOctetsDone(count)
  }

  /** What follows on this connection is not HTTP: after a successful CONNECT, or an upgrade. */
  stop(): void {
    this.#offset = this.offset
    this.#dropLine()
    this.#state = 'opaque'
  }

  // Lines

  /** Takes octets up to the end of a line, or all there are. Returns where it stopped. */
  #takeLine(bytes: Uint8Array, at: number): number {
    const limit = this.#state === 'chunk-size' ? MAX_CHUNK_LINE_LENGTH : MAX_HEAD_LENGTH
    const room = this.#sectionStart + limit - this.offset // octets until the limit
    const lf = bytes.indexOf(LF, at)
    const end = lf < 0 ? bytes.length : lf + 1
    if (end - at > room) {
      // What lies within the limit is looked at first, so that the same fault is found however the stream is cut.
      if (this.#state === 'start-line') this.#keep(bytes, at, at + room)
      if (this.#state === 'start-line' && this.#startLineFails(this.#line, 0, this.#lineLength)) return bytes.length
      this.#fail('TOO_LONG', this.#sectionStart + limit, `more than ${limit} octets of ${sectionName(this.#state)}`)
      return bytes.length
    }
    if (lf < 0) {
      this.#keep(bytes, at, end)
      if (this.#state === 'start-line') this.#startLineFails(this.#line, 0, this.#lineLength)
      return end
    }
    let line = bytes
    let lineStart = at
    let lineEnd = end
    if (this.#lineLength > 0) {
      this.#keep(bytes, at, end)
      line = this.#line
      lineStart = 0
      lineEnd = this.#lineLength
    }
    const start = this.#offset
    const octets = lineEnd - lineStart
    const isEmpty = octets === 1 || (octets === 2 && line[lineStart] === CR)
    if (this.#state === 'start-line' && !isEmpty && this.#startLineFails(line, lineStart, lineEnd)) return end
    lineEnd--
    if (lineEnd > lineStart && line[lineEnd - 1] === CR) lineEnd--
    const text = latin1(line, lineStart, lineEnd)
    this.#lineLength = 0
    this.#offset = start + octets
    this.#lineTaken(text, start)
    return end
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#lineLength + end - start
    if (needed > this.#line.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#line.length, 128))
      grown.set(this.#line.subarray(0, this.#lineLength))
      this.#line = grown
    }
    for (let i = start, to = this.#lineLength; i < end; i++) this.#line[to++] = bytes[i]!
    this.#lineLength = needed
  }

  #dropLine(): void {
    this.#line = EMPTY
    this.#lineLength = 0
  }

  /** Fails as soon as the first octets of a line cannot begin a message, so that nothing long is waited for. */
  #startLineFails(line: Uint8Array, start: number, end: number): boolean {
    if (end - start === 1 && line[start] === CR) return false // of an empty line, perhaps
    if (this.canStart(line, start, end)) return false
    this.#start = this.#offset
    this.#fail('BAD_MAGIC', this.#offset, `not the start line of an HTTP ${this.what}`)
    return true
  }

  #lineTaken(text: string, start: number): void {
    switch (this.#state) {
      case 'start-line':
        if (text === '') {
          // RFC 9112 §2.2 asks servers to skip at least one; some servers send one after a body, too.
          this.#start = this.#sectionStart = this.#offset
          return
        }
        this.#start = start
        this.#headers = []
        this.#headerError = undefined
        this.#startLine = this.parseStartLine(text)
        if (this.#startLine === undefined) {
          this.#fail('BAD_VALUE', start, `not the start line of an HTTP ${this.what}`)
          return
        }
        this.#state = 'headers'
        return
      case 'headers':
        if (text === '') this.#headDone()
        else this.#takeHeader(text, start)
        return
      case 'trailers':
        if (text === '') this.#complete()
        else this.#takeHeader(text, start)
        return
      case 'chunk-size':
        this.#takeChunkSize(text, start)
        return
      default:
        return
    }
  }

  #takeHeader(text: string, start: number): void {
    const headers = this.#headers
    const first = text.charCodeAt(0)
    if ((first === SP || first === HTAB) && headers.length > 0) {
      // obs-fold, RFC 9112 §5.2
      const last = headers[headers.length - 1]!
      headers[headers.length - 1] = { name: last.name, value: trim(`${last.value} ${trim(text)}`) }
      return
    }
    if (headers.length >= MAX_HEADERS) {
      this.#fail('TOO_LONG', start, `more than ${MAX_HEADERS} headers`)
      return
    }
    const colon = text.indexOf(':')
    if (colon <= 0 || !isToken(text, colon)) {
      this.#headerError ??= new WireError('BAD_VALUE', start, 'a header line without a name')
    }
    headers.push(
      colon < 0
        ? { name: trim(text), value: '' }
        : { name: trim(text.slice(0, colon)), value: trim(text.slice(colon + 1)) },
    )
  }

  // Messages

  #headDone(): void {
    const line = this.#startLine!
    const length = this.bodyLength(line, this.#headers)
    const head = this.#makeHead(line, length)
    this.#dropLine()
    this.#bodyLength = 0
    this.#missing = 0
    this.#headers = []
    this.#sectionStart = this.#offset
    this.#state = 'close-body' // for a handler that asks
    this.#events.head?.(head)
    if (this.#stopped()) return
    if (this.hasNoBody(head)) {
      this.#complete()
    } else if (length instanceof WireError) {
      this.#fail(length.code, head.start, length.message)
    } else if (length.framing === 'chunked') {
      this.#state = 'chunk-size'
    } else if (length.framing === 'close') {
      this.#state = 'close-body'
    } else if (length.contentLength === 0 || length.framing === 'none') {
      this.#complete()
    } else {
      this.#state = 'length-body'
      this.#remaining = length.contentLength ?? 0
    }
  }

  /** The handler of the last event has called stop(). */
  #stopped(): boolean {
    return this.#state === 'opaque'
  }

  #makeHead(line: StartLine, length: BodyLength | WireError): Head {
    const invalid = length instanceof WireError
    return this.makeHead(line, {
      headers: this.#headers,
      start: this.#start,
      end: this.#offset,
      framing: invalid ? 'none' : length.framing,
      contentLength: invalid ? undefined : length.contentLength,
      error: this.#headerError,
    })
  }

  #bodyOctetsDone(count: number): void {
    if (this.#state === 'close-body' || this.#stopped()) return
    this.#remaining -= count
    if (this.#remaining > 0) return
    if (this.#state === 'length-body') this.#complete()
    else this.#state = 'chunk-end'
  }

  /** RFC 9112 §7.1: chunk-size [ chunk-ext ] */
  #takeChunkSize(text: string, start: number): void {
    const match = /^[ \t]*0*([0-9a-f]{0,13})[ \t]*(?:;.*)?$/i.exec(text)
    if (match === null || !/^[ \t]*[0-9a-f]/i.test(text)) {
      this.#fail('BAD_VALUE', start, 'not the size of a chunk')
      return
    }
    const size = match[1] === '' ? 0 : parseInt(match[1]!, 16)
    this.#sectionStart = this.#offset
    this.#state = size === 0 ? 'trailers' : 'chunk-data'
    this.#remaining = size
  }

  /** CRLF after the data of a chunk, or LF. */
  #takeChunkEnd(octet: number): void {
    if (octet === LF) {
      this.#offset++
      this.#sawCr = false
      this.#sectionStart = this.#offset
      this.#state = 'chunk-size'
    } else if (octet === CR && !this.#sawCr) {
      this.#offset++
      this.#sawCr = true
    } else {
      this.#fail('BAD_VALUE', this.#offset, 'no line end after the data of a chunk')
    }
  }

  #complete(): void {
    const completion: Completion = {
      trailers: this.#headers,
      bodyLength: this.#bodyLength,
      missing: this.#missing,
      end: this.#offset,
    }
    this.#dropLine()
    this.#headers = []
    this.#start = this.#sectionStart = this.#offset
    this.#state = this.endsHttp() ? 'opaque' : 'start-line'
    this.#events.complete?.(completion)
  }

  #fail(code: WireError['code'], offset: number, message: string): void {
    const line = this.#state === 'headers' ? this.#startLine : undefined
    const partial = line && this.#makeHead(line, NO_BODY)
    this.#offset = this.offset
    this.#dropLine()
    this.#headers = []
    this.#state = 'failed'
    this.#events.error?.(new WireError(code, offset, message), partial)
  }

  // What differs between requests and responses

  protected abstract readonly what: 'request' | 'response'
  /** Whether a start line may begin with these octets. */
  protected abstract canStart(bytes: Uint8Array, start: number, end: number): boolean
  protected abstract parseStartLine(line: string): StartLine | undefined
  protected abstract makeHead(line: StartLine, rest: MessageHead): Head
  protected abstract bodyLength(line: StartLine, headers: readonly Header[]): BodyLength | WireError
  /** Asked once for each message, after its head event. */
  protected abstract hasNoBody(head: Head): boolean
  /** Asked once for each message, at its end. */
  protected abstract endsHttp(): boolean
}

interface BodyLength {
  readonly framing: Framing
  readonly contentLength: number | undefined
}

const NO_BODY: BodyLength = { framing: 'none', contentLength: undefined }
const UNTIL_CLOSE: BodyLength = { framing: 'close', contentLength: undefined }
const CHUNKED: BodyLength = { framing: 'chunked', contentLength: undefined }

/** Reads what a client sends. */
export class RequestParser extends MessageParser<RequestLine, RequestHead> {
  protected readonly what = 'request'

  protected canStart(bytes: Uint8Array, start: number, end: number): boolean {
    return canBeginRequestLine(bytes, start, end)
  }

  protected parseStartLine(line: string): RequestLine | undefined {
    return parseRequestLine(line)
  }

  protected makeHead(line: RequestLine, rest: MessageHead): RequestHead {
    if (isVersion(line.version)) return { ...line, ...rest }
    return { ...line, ...rest, error: new WireError('BAD_VALUE', rest.start, 'a request line without a version') }
  }

  protected bodyLength(_line: RequestLine, headers: readonly Header[]): BodyLength | WireError {
    const length = bodyLengthOf(headers)
    // RFC 9112 §6.3: a request whose last transfer coding is not chunked has no end that could be found.
    if (length === UNTIL_CLOSE) return new WireError('BAD_VALUE', 0, 'a request with an unknown transfer coding')
    return length ?? NO_BODY
  }

  protected hasNoBody(): boolean {
    return false
  }

  protected endsHttp(): boolean {
    return false
  }
}

/** Reads what a server sends. */
export class ResponseParser extends MessageParser<StatusLine, ResponseHead> {
  protected readonly what = 'response'
  #noBody = false
  #upgraded = false

  /**
   * The response has no body, whatever its headers say: it answers HEAD, or it is the 2xx to a CONNECT (then stop()
   * follows). To be called before the response comes or from its head event; holds for one response that is not 1xx.
   */
  expectNoBody(): void {
    this.#noBody = true
  }

  protected canStart(bytes: Uint8Array, start: number, end: number): boolean {
    return canBeginStatusLine(bytes, start, end)
  }

  protected parseStartLine(line: string): StatusLine | undefined {
    return parseStatusLine(line)
  }

  protected makeHead(line: StatusLine, rest: MessageHead): ResponseHead {
    return { ...line, ...rest }
  }

  /** RFC 9112 §6.3. */
  protected bodyLength({ status }: StatusLine, headers: readonly Header[]): BodyLength | WireError {
    if (status < 200 || status === 204 || status === 304) return NO_BODY
    return bodyLengthOf(headers) ?? UNTIL_CLOSE
  }

  protected hasNoBody(head: ResponseHead): boolean {
    this.#upgraded = head.status === 101
    if (head.status < 200) return true
    const noBody = this.#noBody
    this.#noBody = false
    return noBody || head.status === 204 || head.status === 304
  }

  protected endsHttp(): boolean {
    return this.#upgraded
  }
}

/** RFC 9112 §6.3, for what both directions share; undefined when the headers say nothing. */
function bodyLengthOf(headers: readonly Header[]): BodyLength | WireError | undefined {
  // `identity` stood for none until RFC 7230 took it away.
  const codings = list(headers, 'transfer-encoding').filter((coding) => coding.toLowerCase() !== 'identity')
  if (codings.length > 0) return codings.at(-1)!.toLowerCase() === 'chunked' ? CHUNKED : UNTIL_CLOSE
  let contentLength: number | undefined
  for (const text of list(headers, 'content-length')) {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : undefined
    if (value === undefined || (contentLength !== undefined && value !== contentLength)) {
      return new WireError('BAD_VALUE', 0, 'a content length that is no number, or two that differ')
    }
    contentLength = value
  }
  return contentLength === undefined ? undefined : { framing: 'length', contentLength }
}

function sectionName(state: State): string {
  return state === 'chunk-size' ? "a chunk's size" : state === 'trailers' ? 'trailers' : 'headers'
}

// Headers

/** The value of the first header of a name, compared without regard to case. */
export function header(headers: readonly Header[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  for (const { name: candidate, value } of headers) {
    if (candidate.length === wanted.length && candidate.toLowerCase() === wanted) return value
  }
  return undefined
}

/** The members of all headers of a name as one comma-separated list (RFC 9110 §5.6.1), without empty ones. */
export function list(headers: readonly Header[], name: string): string[] {
  const wanted = name.toLowerCase()
  const members: string[] = []
  for (const candidate of headers) {
    if (candidate.name.length !== wanted.length || candidate.name.toLowerCase() !== wanted) continue
    for (const member of candidate.value.split(',')) {
      const trimmed = trim(member)
      if (trimmed !== '') members.push(trimmed)
    }
  }
  return members
}

/** Whether the connection stays open after this message, as far as its sender says: RFC 9112 §9.3. */
export function persists(head: RequestHead | ResponseHead): boolean {
  const options = list(head.headers, 'connection').map((option) => option.toLowerCase())
  if (options.includes('close')) return false
  return options.includes('keep-alive') || !/^(?:0\.|1\.0$)/.test(head.version)
}

// Where a message may begin

/** RFC 9110 §9.3, RFC 5789, RFC 4918. */
const METHODS = (
  'GET PUT HEAD POST OPTIONS DELETE TRACE CONNECT PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK ' +
  'REPORT SEARCH NOTIFY SUBSCRIBE M-SEARCH'
)
  .split(' ')
  .map((method) => latin1Bytes(`${method} `))

/**
 * Whether a segment that starts here seems to start a request, for streams whose beginning was not seen: a usual method
 * and a space; and, if the line ends within these octets, a version at its end. Allocates nothing.
 */
export function looksLikeRequestLine(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  const first = bytes[start]
  if (first === undefined || start >= end) return false
  for (const method of METHODS) {
    if (first !== method[0] || method.length >= end - start) continue
    let i = 1
    while (i < method.length && bytes[start + i] === method[i]) i++
    if (i < method.length) continue
    if (bytes[start + i]! <= SP) return false // no target
    let lineEnd = start + i
    while (lineEnd < end && bytes[lineEnd] !== LF) lineEnd++
    if (lineEnd === end) return true
    if (bytes[lineEnd - 1] === CR) lineEnd--
    const version = lineEnd - 8 // HTTP/1.1
    return version > start + i && bytes[version - 1]! <= SP && canBeginStatusLine(bytes, version, lineEnd)
  }
  return false
}

/** Whether a segment that starts here seems to start a response: `HTTP/1.1 200`. Allocates nothing. */
export function looksLikeStatusLine(bytes: Uint8Array, start = 0, end = bytes.length): boolean {
  return (
    end - start >= 12 &&
    canBeginStatusLine(bytes, start, end) &&
    isDigit(bytes[start + 5]!) &&
    bytes[start + 6] === 46 &&
    isDigit(bytes[start + 7]!) &&
    bytes[start + 8] === SP &&
    isDigit(bytes[start + 9]!) &&
    isDigit(bytes[start + 10]!) &&
    isDigit(bytes[start + 11]!)
  )
}

function isDigit(octet: number): boolean {
  return octet >= 48 && octet <= 57
}

// Writing

/** Start line and headers with the empty line after them. @throws TypeError for a line end inside a line */
export function encodeRequest(head: {
  readonly method: string
  readonly target: string
  readonly version?: string // 1.1 unless given
  readonly headers: readonly Header[]
}): Uint8Array {
  return encodeHead(`${head.method} ${head.target} HTTP/${head.version ?? '1.1'}`, head.headers)
}

/** Status line and headers with the empty line after them. @throws TypeError for a line end inside a line */
export function encodeResponse(head: {
  readonly status: number
  readonly reason: string
  readonly version?: string // 1.1 unless given
  readonly headers: readonly Header[]
}): Uint8Array {
  return encodeHead(`HTTP/${head.version ?? '1.1'} ${head.status} ${head.reason}`, head.headers)
}

function encodeHead(startLine: string, headers: readonly Header[]): Uint8Array {
  let text = line(startLine)
  for (const { name, value } of headers) text += line(`${name}: ${value}`)
  return latin1Bytes(`${text}\r\n`)
}

function line(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new TypeError(`a line end inside a line of HTTP: ${JSON.stringify(text)}`)
  return `${text}\r\n`
}

/** One chunk with its framing, RFC 9112 §7.1. An empty one is none: it would end the body. */
export function encodeChunk(data: Uint8Array): Uint8Array {
  if (data.length === 0) return EMPTY
  const size = latin1Bytes(`${data.length.toString(16)}\r\n`)
  const bytes = new Uint8Array(size.length + data.length + 2)
  bytes.set(size)
  bytes.set(data, size.length)
  bytes[bytes.length - 2] = CR
  bytes[bytes.length - 1] = LF
  return bytes
}

/** The last chunk and the end of the body, with trailers if there are any. */
export function encodeLastChunk(trailers: readonly Header[] = []): Uint8Array {
  return encodeHead('0', trailers)
}
