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
import type { FileRequest } from './file-client.js'
import { ReceivedFile } from './received-file.js'
import type { PhoneTransferResult } from './story.js'
import type { PhoneTimers } from './timers.js'

/** Opens a stream to the server: TCP, or something on top of it. */
export type Connect = Transport['connectTcp']

/**
 * @param connect what the request travels on; TCP unless told
 * @param defaultPort of the scheme, which the Host header leaves out
 * @returns how to call it off; the connection is reset
 */
export function requestByHttp(
  transport: Transport,
  request: FileRequest,
  timers: PhoneTimers,
  done: (result: FetchResult) => void,
  connect: Connect = (...parameters) => transport.connectTcp(...parameters),
  defaultPort = 80,
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

  const socket = connect(
    request.address,
    request.port,
    {
      connected() {
        if (over) return
        connected = true
        socket.write(requestHead(request, defaultPort))
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

function requestHead(request: FileRequest, defaultPort: number): Uint8Array {
  const headers: Header[] = [
    // RFC 9112 §3.2: the port is left out when it is the scheme's own.
    { name: 'Host', value: request.port === defaultPort ? request.host : `${request.host}:${request.port}` },
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
