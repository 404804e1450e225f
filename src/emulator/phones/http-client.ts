/**
 * One HTTP request of a phone: HTTP/1.1, a connection of its own, closed after the response.
 *
 * As the phones do it: no redirects followed, no credentials unless the caller gives them, any status reported. The
 * request headers are an assumption (avaya.md §9.3): no source shows those of a booting phone.
 */
import { SECOND } from '../../base/time.js'
import { encodeRequest, ResponseParser, type Header, type ResponseHead } from '../../wire/http1.js'
import type { TcpErrorCode, Transport } from '../net/transport.js'
import type { FetchResult } from './fetch-result.js'
import { ReceivedFile } from './received-file.js'
import type { PhoneTransferResult } from './story.js'
import type { PhoneTimers } from './timers.js'

export interface HttpRequest {
  readonly address: number
  readonly port: number
  readonly method: 'GET' | 'PUT'
  /** With leading slash. */
  readonly path: string
  /** For the Host header, without port. */
  readonly host: string
  /** `Basic ...`, when credentials are sent. */
  readonly authorization?: string
  readonly body?: Uint8Array
  /** Octets of the response body to keep. */
  readonly keep: number
}

/** @returns how to call it off; the connection is reset */
export function requestByHttp(
  transport: Transport,
  request: HttpRequest,
  timers: PhoneTimers,
  done: (result: FetchResult) => void,
): () => void {
  const file = new ReceivedFile(request.keep)
  let head: ResponseHead | undefined
  let connected = false
  let over = false
  let idle: { cancel(): void } | undefined

  const parser = new ResponseParser({
    head(received) {
      // 100 Continue and its like come before the response.
      if (received.status >= 200 || received.status === 101) head = received
    },
    body: (bytes) => file.push(bytes),
    complete: () => {
      if (head) finish(statusResult(head))
    },
    error: (error) => {
      if (head === undefined) finish({ result: 'error', cause: 'http-malformed-response', detail: error.message })
      else finish({ result: 'truncated', cause: 'http-truncated-body', detail: truncation(head, file) })
    },
  })

  const socket = transport.connectTcp(
    request.address,
    request.port,
    {
      connected() {
        if (over) return
        connected = true
        socket.write(requestHead(request))
        if (request.body && request.body.length > 0) socket.write(request.body)
        restartIdle()
      },
      data(bytes) {
        // Octets for a client that has gone: it answers with a reset, as any stack does.
        if (over) return socket.abort()
        restartIdle()
        parser.push(bytes)
      },
      end() {
        if (over) return
        parser.end()
        if (!over) finish(closedWithoutAnswer(head, file))
      },
      closed(error) {
        if (over) return
        finish(error === undefined ? closedWithoutAnswer(head, file) : socketResult(error, connected, head, file))
      },
    },
    { connectTimeout: timers.connectTimeout },
  )

  function restartIdle(): void {
    idle?.cancel()
    idle = transport.after(timers.responseIdle, () => {
      const waited = `${timers.responseIdle / SECOND} s`
      if (head === undefined) {
        finish({ result: 'timeout', cause: 'http-response-timeout', detail: `no answer in ${waited}` })
      } else {
        const detail = `${truncation(head, file)}, then nothing for ${waited}`
        finish({ result: 'truncated', cause: 'http-truncated-body', detail })
      }
    })
  }

  function finish(ending: Ending): void {
    if (over) return
    over = true
    idle?.cancel()
    if (connected) socket.end()
    done({ status: head?.status, headers: head?.headers, file, ...ending })
  }

  return () => {
    if (over) return
    over = true
    idle?.cancel()
    socket.abort()
  }
}

type Ending = Pick<FetchResult, 'result' | 'cause' | 'detail'>

function requestHead(request: HttpRequest): Uint8Array {
  const headers: Header[] = [
    // RFC 9112 §3.2: the port is left out when it is the scheme's own.
    { name: 'Host', value: request.port === 80 ? request.host : `${request.host}:${request.port}` },
    { name: 'Accept', value: '*/*' },
  ]
  if (request.authorization !== undefined) headers.push({ name: 'Authorization', value: request.authorization })
  if (request.body) {
    headers.push({ name: 'Content-Type', value: 'text/plain' })
    headers.push({ name: 'Content-Length', value: String(request.body.length) })
  }
  headers.push({ name: 'Connection', value: 'close' })
  return encodeRequest({ method: request.method, target: request.path, headers })
}

function statusResult({ status, reason }: ResponseHead): Ending {
  const detail = `${status} ${reason}`.trim()
  if (status >= 200 && status < 300) return { result: 'ok', cause: undefined, detail }
  const [result, cause]: [PhoneTransferResult, string] =
    status === 401
      ? ['auth', 'http-auth-required']
      : status === 403
        ? ['denied', 'http-forbidden']
        : status === 404 || status === 410
          ? ['not-found', 'http-not-found']
          : status >= 300 && status < 400
            ? ['redirect', 'http-redirect']
            : status >= 500
              ? ['error', 'http-server-error']
              : ['error', 'http-error-status']
  return { result, cause, detail }
}

function truncation(head: ResponseHead, file: ReceivedFile): string {
  const { contentLength } = head
  return contentLength === undefined ? `${file.length} octets` : `${file.length} of ${contentLength} octets`
}

function closedWithoutAnswer(head: ResponseHead | undefined, file: ReceivedFile): Ending {
  if (head) return { result: 'truncated', cause: 'http-truncated-body', detail: truncation(head, file) }
  return { result: 'error', cause: 'http-response-timeout', detail: 'the server closed without an answer' }
}

function socketResult(
  error: TcpErrorCode,
  connected: boolean,
  head: ResponseHead | undefined,
  file: ReceivedFile,
): Ending {
  switch (error) {
    case 'ECONNREFUSED':
      return { result: 'refused', cause: 'http-connect-refused', detail: 'connection refused' }
    case 'ECONNRESET':
    case 'EPIPE':
      if (!connected) return { result: 'refused', cause: 'http-connect-refused', detail: 'connection reset' }
      return { result: 'reset', cause: 'http-reset', detail: `connection reset after ${file.length} octets` }
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return { result: 'unreachable', cause: 'arp-unanswered', detail: 'host unreachable' }
    case 'ETIMEDOUT':
      if (!connected) return { result: 'timeout', cause: 'http-connect-timeout', detail: 'no connection' }
      if (head) return { result: 'truncated', cause: 'http-truncated-body', detail: truncation(head, file) }
      return { result: 'timeout', cause: 'http-response-timeout', detail: 'connection timed out' }
  }
}

/** Basic credentials, RFC 7617 §2. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${base64(`${user}:${password}`)}`
}

/**
 * The realm of a Basic challenge (RFC 7617 §2) among the response's headers; undefined when there is none, as with
 * servers that want Digest only, which these phones are not known to speak.
 */
export function basicRealm(headers: readonly Header[]): string | undefined {
  for (const { name, value } of headers) {
    if (name.toLowerCase() !== 'www-authenticate') continue
    let realm: string | undefined
    // RFC 9110 §11.6.1: a token alone names a scheme, one with a value is a parameter of the scheme before it.
    for (const [, token, assignment, quoted, plain] of value.slice(0, MAX_CHALLENGE).matchAll(CHALLENGE_PART)) {
      if (assignment === undefined) {
        if (realm !== undefined) break
        if (token!.toLowerCase() === 'basic') realm = ''
      } else if (realm !== undefined && token!.toLowerCase() === 'realm') {
        return (quoted ?? plain ?? '').replace(/\\(.)/g, '$1')
      }
    }
    if (realm !== undefined) return realm
  }
  return undefined
}

const CHALLENGE_PART = /([\w!#$%&'*+.^`|~-]+)(\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g
/** Characters of one header that are looked at. */
const MAX_CHALLENGE = 2048

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
