/**
 * The HTTP/1 messages in both streams of a connection, paired into exchanges.
 *
 * Each direction has a parser from the first segment on that begins like a message of that direction. When it fails (an
 * octet that cannot be, a gap between messages or in a header) the next segment that begins so starts another one: one
 * bad message, or a capture that starts in the middle, costs that message and no more. A gap inside a body costs the
 * body.
 *
 * Responses answer requests in order (RFC 9112 §9.3.2); 1xx responses belong to the exchange whose final response is
 * still to come, 101 is final. A response without a request makes an exchange of its own.
 *
 * A message counts as complete in the frame that completed it as Wireshark shows it: when a hole was filled, that
 * frame, not the one of the last octet.
 */
import { concatBytes, latin1 } from '../../base/bytes.js'
import { MAX_HEADERS, MAX_HEAD_LENGTH, RequestParser, ResponseParser, header } from '../../wire/http1.js'
import type { Completion, Header, RequestHead, ResponseHead } from '../../wire/http1.js'
import type { Announcements } from '../sieve/announcements.js'
import { httpStart, startsWithMethod } from '../sieve/http-start.js'
import { announcePortsInFile } from './announced-ports.js'
import type { ContentBudget } from './content-budget.js'
import { MAX_ALL_EXCHANGES, MAX_EXCHANGES, MAX_HEADER_OCTETS, type Limits } from './limits.js'
import type { Mutable } from './mutable.js'
import type {
  Frame,
  HttpExchange,
  HttpHeaders,
  HttpRequestObservation,
  HttpResponseObservation,
  Side,
  TcpConnection,
} from './observations.js'
import type { StreamListener } from './stream-listener.js'

export interface HttpContext {
  readonly limits: Limits
  readonly budget: ContentBudget
  readonly announcements: Announcements
  readonly listener: StreamListener | undefined
  /** Kept so far: exchanges, and octets of their headers. */
  exchanges: number
  headerOctets: number
}

interface Half<Parser, Message> {
  parser: Parser | undefined
  /** HTTP was found in this direction. */
  spoken: boolean
  /** What follows is not HTTP. */
  isOpaque: boolean
  message: Message | undefined
  /** Where a message began whose header is not complete yet. */
  began: Frame | undefined
}

interface RequestInProgress {
  readonly observation: Mutable<HttpRequestObservation>
  /** In octets of the stream. */
  end: number
}

interface ResponseInProgress {
  readonly observation: Mutable<HttpResponseObservation>
  readonly exchange: Mutable<HttpExchange>
  readonly isInterim: boolean
  parts: Uint8Array[] | undefined
  kept: number
}

export class HttpFlow {
  readonly #connection: Mutable<TcpConnection>
  readonly #context: HttpContext
  readonly #client: Half<RequestParser, RequestInProgress> = half()
  readonly #server: Half<ResponseParser, ResponseInProgress> = half()
  /** Exchanges whose final response has not begun. */
  readonly #unanswered: Mutable<HttpExchange>[] = []
  /** For `acknowledged`, which is known at the end. */
  readonly #requests: RequestInProgress[] = []

  // Of the segment that is being parsed.
  #offset = 0
  #own!: Frame
  #frame!: Frame

  constructor(connection: Mutable<TcpConnection>, context: HttpContext) {
    this.#connection = connection
    this.#context = context
  }

  isSpoken(side: Side): boolean {
    return side === 'client' ? this.#client.spoken : this.#server.spoken
  }

  /**
   * The next octets of a stream.
   *
   * @param offset of the stream
   * @param own the frame that they were in
   * @param frame the frame that made them available: `own`, or the one that filled a hole before them
   */
  data(side: Side, offset: number, bytes: Uint8Array, from: number, to: number, own: Frame, frame: Frame): void {
    const half = side === 'client' ? this.#client : this.#server
    if (half.isOpaque || from >= to) return
    this.#offset = offset
    this.#own = own
    this.#frame = frame
    let { parser } = half
    if (parser === undefined || parser.phase === 'failed') {
      // At the very beginning of a stream a few octets are enough to go on with.
      const start = httpStart(bytes, from, to, offset === 0 ? 1 : undefined)
      if (start !== (side === 'client' ? 'request' : 'response')) {
        if (side === 'client') this.#malformedRequest(bytes, from, to)
        else if (offset === 0) this.#connection.serverIsForeign = true
        return
      }
      parser = side === 'client' ? this.#startRequests(offset) : this.#startResponses(offset)
      half.spoken = true
    }
    const wasBetween = parser.phase === 'between'
    const wasInHead = parser.phase === 'head'
    const began = half.began
    const requests = this.#requests.length
    parser.push(bytes.subarray(from, to))
    if (side === 'client' && wasBetween && parser.phase === 'failed' && this.#requests.length === requests) {
      this.#malformedRequest(bytes, from, to)
    }
    if (parser.phase === 'head') half.began = wasInHead && half.began === began && began ? began : own
  }

  /** Octets that were sent and not captured. */
  gap(side: Side, count: number, frame: Frame): void {
    const half = side === 'client' ? this.#client : this.#server
    const { parser } = half
    if (parser === undefined || half.isOpaque) return
    this.#frame = frame
    this.#own = frame
    const response = this.#server.message
    if (!parser.skip(count)) half.parser = undefined
    else if (side === 'server' && response && this.#server.message === response) {
      response.observation.missingBytes += count
    }
  }

  /** All octets of this side were delivered, and then its FIN. */
  closed(side: Side, frame: Frame): void {
    this.#own = frame
    this.#frame = frame
    const half = side === 'client' ? this.#client : this.#server
    half.parser?.end()
  }

  /** @param acknowledged octets of the client's stream that the server acknowledged */
  end(acknowledged: number): void {
    const { message: request } = this.#client
    if (request) this.#tellRequest(request.observation)
    const { message: response } = this.#server
    if (response) this.#abandonResponse(response)
    for (const { observation, end } of this.#requests) observation.acknowledged ||= end <= acknowledged
    for (const exchange of this.#connection.exchanges as Mutable<HttpExchange>[]) {
      exchange.endedBy = endOf(exchange, this.#connection)
      if (exchange.response && exchange.request)
        (exchange.request as Mutable<HttpRequestObservation>).acknowledged = true
    }
    this.#client.parser = undefined
    this.#server.parser = undefined
  }

  // Requests

  #startRequests(offset: number): RequestParser {
    const parser = new RequestParser(
      {
        head: (head) => this.#requestHead(head),
        body: (bytes) => this.#requestBody(bytes.length),
        complete: (completion) => this.#requestComplete(completion),
        error: (_error, partial) => {
          if (partial && this.#client.message === undefined) this.#requestHead(partial)
          const { message } = this.#client
          this.#client.message = undefined
          this.#client.began = undefined
          if (message) this.#tellRequest(message.observation)
        },
      },
      { offset },
    )
    this.#client.parser = parser
    return parser
  }

  #requestHead(head: RequestHead): void {
    const observation: Mutable<HttpRequestObservation> = {
      first: this.#firstFrame(this.#client, head.start),
      complete: undefined,
      last: this.#frame,
      method: head.method,
      uri: head.target,
      version: head.version,
      headers: tuples(head.headers),
      bodyBytes: 0,
      acknowledged: false,
    }
    const message = { observation, end: head.end }
    this.#client.message = message
    const exchange = this.#newExchange(observation, head.end - head.start)
    if (exchange === undefined) return
    this.#requests.push(message)
    this.#unanswered.push(exchange)
  }

  /** Undefined when there are too many: messages are then listed, and not kept. */
  #newExchange(request: HttpRequestObservation | undefined, octets: number): Mutable<HttpExchange> | undefined {
    const context = this.#context
    const { exchanges } = this.#connection
    context.headerOctets += octets
    const hasRoom =
      exchanges.length < MAX_EXCHANGES &&
      context.exchanges < MAX_ALL_EXCHANGES &&
      context.headerOctets <= MAX_HEADER_OCTETS
    if (!hasRoom) {
      context.limits.reached('http-exchanges')
      return undefined
    }
    context.exchanges++
    const exchange: Mutable<HttpExchange> = { request, response: undefined, interim: [], endedBy: 'none' }
    exchanges.push(exchange)
    return exchange
  }

  #firstFrame(half: Half<unknown, unknown>, start: number): Frame {
    const first = start >= this.#offset ? this.#own : (half.began ?? this.#own)
    half.began = undefined
    return first
  }

  /**
   * A start line that is none, such as `GET /` without a version, to a file server: a request all the same, which the
   * server will answer. One segment of it is read.
   */
  #malformedRequest(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#context.announcements.isFileServerPort(this.#connection.server.port)) return
    if (!startsWithMethod(bytes, from, to)) return
    const [line = '', ...rest] = latin1(bytes, from, Math.min(to, from + MAX_HEAD_LENGTH)).split(/\r?\n/)
    const [method = '', target = '', version = ''] = line.split(/[ \t]+/)
    const blank = rest.indexOf('')
    const headers = rest.slice(0, blank < 0 ? undefined : blank).map((text) => {
      const colon = text.indexOf(':')
      return { name: text.slice(0, Math.max(0, colon)).trim(), value: text.slice(colon + 1).trim() }
    })
    const end = this.#offset + to - from
    this.#client.spoken = true
    this.#requestHead({
      method,
      target,
      version: version.replace(/^HTTP\//, ''),
      headers: headers.slice(0, MAX_HEADERS),
      start: this.#offset,
      end,
      framing: 'none',
      contentLength: undefined,
      error: undefined,
    })
    this.#requestComplete({ trailers: [], bodyLength: 0, missing: 0, end })
  }

  #requestBody(octets: number): void {
    const { message, parser } = this.#client
    if (message === undefined) return
    message.observation.bodyBytes += octets
    message.observation.last = this.#frame
    if (parser) message.end = parser.offset
  }

  #requestComplete(completion: Completion): void {
    const { message } = this.#client
    if (message === undefined) return
    this.#client.message = undefined
    message.end = completion.end
    message.observation.last = this.#frame
    message.observation.complete = this.#frame
    this.#tellRequest(message.observation)
  }

  #tellRequest(request: HttpRequestObservation): void {
    const { client, server } = this.#connection
    this.#context.listener?.httpRequest(request, client, server)
  }

  // Responses

  #startResponses(offset: number): ResponseParser {
    const parser: ResponseParser = new ResponseParser(
      {
        head: (head) => this.#responseHead(head, parser),
        body: (bytes) => this.#responseBody(bytes),
        complete: (completion) => this.#responseComplete(completion),
        error: (_error, partial) => {
          if (partial && this.#server.message === undefined) this.#responseHead(partial, undefined)
          const { message } = this.#server
          this.#server.message = undefined
          this.#server.began = undefined
          if (message) this.#abandonResponse(message)
        },
      },
      { offset },
    )
    this.#server.parser = parser
    return parser
  }

  /** @param parser undefined when the header broke off and no body will follow */
  #responseHead(head: ResponseHead, parser: ResponseParser | undefined): void {
    const isInterim = head.status < 200 && head.status !== 101
    const exchange = this.#exchangeFor(isInterim, head.end - head.start)
    const method = exchange.request?.method
    const isTunnel = head.status === 101 || (method === 'CONNECT' && head.status >= 200 && head.status < 300)
    const hasNoBody = !isInterim && (method === 'HEAD' || isTunnel)
    const stated = header(head.headers, 'content-length')
    const observation: Mutable<HttpResponseObservation> = {
      first: this.#firstFrame(this.#server, head.start),
      complete: undefined,
      last: this.#frame,
      status: head.status,
      reason: head.reason,
      version: head.version,
      headers: tuples(head.headers),
      contentLength: stated !== undefined && /^\d{1,15}$/.test(stated) ? Number(stated) : undefined,
      framing: hasNoBody ? 'none' : head.framing,
      bodyBytes: 0,
      missingBytes: 0,
      body: undefined,
    }
    this.#server.message = { observation, exchange, isInterim, parts: [], kept: 0 }
    if (!isInterim) exchange.response = observation
    if (parser === undefined || !hasNoBody) return
    if (!isTunnel) return parser.expectNoBody()
    this.#responseComplete(undefined)
    parser.stop()
    this.#client.parser?.stop()
    this.#client.isOpaque = true
    this.#server.isOpaque = true
  }

  /** The exchange that a response belongs to: the oldest unanswered one. */
  #exchangeFor(isInterim: boolean, octets: number): Mutable<HttpExchange> {
    let exchange = this.#unanswered[0]
    if (exchange === undefined) {
      exchange = this.#newExchange(undefined, octets)
      if (exchange === undefined) return { request: undefined, response: undefined, interim: [], endedBy: 'none' }
      this.#unanswered.push(exchange)
    } else {
      this.#context.headerOctets += octets
    }
    if (!isInterim) this.#unanswered.shift()
    return exchange
  }

  #responseBody(bytes: Uint8Array): void {
    const { message } = this.#server
    if (message === undefined) return
    const { observation, parts } = message
    observation.bodyBytes += bytes.length
    observation.last = this.#frame
    if (parts === undefined) return
    if (this.#context.budget.take(message.kept, bytes.length)) {
      parts.push(bytes.slice())
      message.kept += bytes.length
    } else {
      this.#dropBody(message)
    }
  }

  #dropBody(message: ResponseInProgress): void {
    this.#context.budget.giveBack(message.kept)
    message.kept = 0
    message.parts = undefined
  }

  #responseComplete(completion: Completion | undefined): void {
    const { message } = this.#server
    if (message === undefined) return
    this.#server.message = undefined
    const { observation, exchange, parts } = message
    observation.last = this.#frame
    observation.complete = this.#frame
    observation.missingBytes = completion?.missing ?? 0
    if (parts && observation.missingBytes === 0) {
      observation.body = concatBytes(parts)
      announcePortsInFile(exchange.request?.uri ?? '', observation.body, this.#context.announcements)
    } else {
      this.#dropBody(message)
    }
    if (message.isInterim) this.#interim(exchange, this.#frame, observation.status)
    this.#tellResponse(observation)
  }

  #interim(exchange: Mutable<HttpExchange>, frame: Frame, status: number): void {
    this.#context.limits.addEvidence(exchange.interim, { frame, status })
  }

  /** A response whose end did not come, or cannot be found. */
  #abandonResponse(message: ResponseInProgress): void {
    this.#dropBody(message)
    if (message.isInterim) {
      this.#interim(message.exchange, message.observation.last, message.observation.status)
    }
    this.#tellResponse(message.observation)
  }

  #tellResponse(response: HttpResponseObservation): void {
    const { client, server } = this.#connection
    this.#context.listener?.httpResponse(response, server, client)
  }
}

function half<Parser, Message>(): Half<Parser, Message> {
  return { parser: undefined, spoken: false, isOpaque: false, message: undefined, began: undefined }
}

function tuples(headers: readonly Header[]): HttpHeaders[number][] {
  return headers.map(({ name, value }) => [name, value] as const)
}

/** What ended an exchange whose response is not whole. */
function endOf(exchange: HttpExchange, connection: Mutable<TcpConnection>): HttpExchange['endedBy'] {
  const { request, response } = exchange
  if (response?.complete) return 'none'
  const began = (request?.first ?? response?.first)?.number ?? 0
  const closings = [
    ...connection.fins.map(({ frame, from }) => ({ frame, from, how: 'fin' as const })),
    ...connection.resets.map(({ frame, from }) => ({ frame, from, how: 'reset' as const })),
  ].sort((a, b) => a.frame.number - b.frame.number)
  const later = closings.filter(({ frame }) => frame.number >= began)
  // A server may have closed before the request reached it.
  const first = later[0] ?? closings.findLast(({ from }) => from === 'server')
  if (first === undefined) return 'none'
  // A client may close its side and still read: then it is the server that ended it.
  const stillAnswered = response !== undefined && response.last.number > first.frame.number
  if (first.how === 'fin' && first.from === 'client' && stillAnswered) {
    const server = later.find(({ from }) => from === 'server')
    if (server) return `${server.how}-server`
  }
  return `${first.how}-${first.from}`
}
