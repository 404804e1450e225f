/**
 * File transfers of one phone: HTTP exchanges, connections that never carried one, TFTP transfers; each with the role
 * of its file and how it went, as far as the capture shows.
 */
import { latin1 } from '../../base/bytes.js'
import { SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { fileName, fileRole } from '../../deskphone/roles.js'
import type { TransferResult, TransferRole } from '../report.js'
import type { Frame, HttpExchange, Side, TcpConnection, TftpTransfer } from '../streams/observations.js'
import type { ScriptText, SessionTransfer } from './boot-session.js'
import { answeredUnseen } from './capture-quality.js'
import { readScripts } from './script-facts.js'

/** HTTP without TLS, as phones are told to use it: 80, Communication Manager's 81 (avaya.md §1.13), common others. */
const HTTP_PORTS: ReadonlySet<number> = new Set([80, 81, 8000, 8080])

/** A silence shorter than this at the end of a capture proves nothing. */
export const SHORTEST_SILENCE: Nanos = 5 * SECOND
/** A client that leaves sooner than this after its request did not wait for the answer. */
const SHORTEST_WAIT: Nanos = 2 * SECOND
/** A body whose octets stopped for this long before the client left was not coming any more. */
const STALL: Nanos = 3 * SECOND
/** No phone waits longer for the first octet of an answer than this (avaya.md §9.1 suggests 30 s). */
const LONGEST_WAIT: Nanos = 30 * SECOND

/** A TFTP client asks again sooner than this, as long as it asks at all. */
const TFTP_GIVEN_UP: Nanos = 3.5 * SECOND

/** Transfers of one session that are looked at, the first ones: a boot has some dozens. */
export const MAX_TRANSFERS = 5_000
/** Script, settings, and a file that the settings include. */
const INCLUDE_DEPTH = 3

export interface TransferInput {
  readonly tcp: readonly TcpConnection[]
  readonly tftp: readonly TftpTransfer[]
  /** HTTPPORT of the site option. */
  readonly httpPorts: readonly number[]
  /** When the capture ends. */
  readonly captureEnd: Nanos
}

/** @returns transfers in the order of their first frames, and the texts of scripts and settings files */
export function buildTransfers(input: TransferInput): { transfers: SessionTransfer[]; scripts: ScriptText[] } {
  const draft: SessionTransfer[] = []
  for (const connection of input.tcp) {
    for (const exchange of connection.exchanges) {
      const transfer = httpTransfer(connection, exchange, input.captureEnd)
      if (transfer !== undefined) draft.push(transfer)
    }
  }
  for (const transfer of input.tftp) draft.push(tftpTransfer(transfer, input.captureEnd))

  // Roles by name first; then the scripts that came say what other names mean, and so do the files they include.
  const putPaths = new Set(draft.filter((transfer) => transfer.method === 'PUT').map((transfer) => transfer.path))
  let transfers = draft.map((transfer) => ({ ...transfer, role: fileRole(transfer.path, transfer.method) }))
  let facts = readScripts([])
  for (let pass = 0; pass < INCLUDE_DEPTH; pass++) {
    facts = readScripts(scriptTexts(transfers).map((script) => script.text))
    const { roles } = facts
    transfers = transfers.map((transfer) =>
      transfer.role === 'other' ? { ...transfer, role: roleByContext(transfer, roles, putPaths) } : transfer,
    )
  }

  const ports = new Set([...HTTP_PORTS, ...input.httpPorts, ...facts.httpPorts])
  for (const connection of input.tcp) {
    if (connection.exchanges.length > 0 || !ports.has(connection.server.port)) continue
    const transfer = connectionTransfer(connection, input.captureEnd)
    if (transfer !== undefined) transfers.push(transfer)
  }
  transfers.sort((a, b) => a.first.number - b.first.number)
  transfers.splice(MAX_TRANSFERS)
  const settled = settleOpenOnes(transfers, input.captureEnd).map((transfer) =>
    transfer.result === 'ok' && carriesPage(transfer) ? { ...transfer, isPage: true } : transfer,
  )
  return { transfers: settled, scripts: scriptTexts(settled) }
}

const PAGE = /^\s*<(?:!doctype|html|head|body)\b/i

/** A web page, and the name asked for is not that of one. */
function carriesPage({ exchange, tftp, file }: SessionTransfer): boolean {
  const content = exchange?.response?.body ?? tftp?.content
  if (content === undefined || /\.(?:x?html?|xml|php|aspx?)$/.test(file)) return false
  return PAGE.test(latin1(content, 0, Math.min(content.length, 256)))
}

function roleByContext(
  transfer: SessionTransfer,
  roles: ReadonlyMap<string, TransferRole>,
  putPaths: ReadonlySet<string>,
): TransferRole {
  // A phone puts nothing but its user's data (avaya.md §5.3).
  if (transfer.method === 'PUT') return 'backup'
  if (putPaths.has(transfer.path)) return 'restore'
  return roles.get(transfer.file) ?? 'other'
}

function scriptTexts(transfers: readonly SessionTransfer[]): ScriptText[] {
  const texts: ScriptText[] = []
  for (const transfer of transfers) {
    const { role, result, isPage, path, exchange, tftp } = transfer
    if ((role !== 'script' && role !== 'settings') || result !== 'ok' || isPage) continue
    const content = exchange?.response?.body ?? tftp?.content
    if (content !== undefined) texts.push({ path, text: latin1(content), transfer })
  }
  return texts
}

/** The path of an origin-form or absolute-form target. */
function pathOf(uri: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(uri)
  return absolute ? absolute[1] || '/' : uri
}

function httpTransfer(
  connection: TcpConnection,
  exchange: HttpExchange,
  captureEnd: Nanos,
): SessionTransfer | undefined {
  const { request, response } = exchange
  const first = request?.first ?? response?.first
  if (first === undefined) return undefined
  const path = request === undefined ? '' : pathOf(request.uri)
  const result = httpResult(connection, exchange, captureEnd)
  // A wait in vain lasts until the phone gives up.
  const end = result === 'timeout' ? closing(connection, 'client') : undefined
  const heard = result === 'timeout' ? undefined : response
  const last = laterFrame(laterFrame(request?.last ?? first, heard?.last), end)
  return {
    protocol: 'http',
    method: request?.method ?? '',
    server: connection.server,
    path,
    file: fileName(path).toLowerCase(),
    role: 'other',
    status: heard?.status ?? null,
    bytes: (request?.method === 'PUT' || request?.method === 'POST' ? request.bodyBytes : heard?.bodyBytes) ?? 0,
    start: first.time,
    end: last.time,
    result,
    isPage: false,
    first,
    last,
    connection,
    exchange,
    tftp: undefined,
  }
}

function laterFrame(a: Frame, b: Frame | undefined): Frame {
  return b !== undefined && b.number > a.number ? b : a
}

function httpResult(connection: TcpConnection, exchange: HttpExchange, captureEnd: Nanos): TransferResult {
  const { request, endedBy } = exchange
  const response = cameTooLate(connection, exchange) ? undefined : exchange.response
  if (response === undefined) {
    // The answer may have been there: the capture has a hole on that side, or does not show it at all.
    if (answeredUnseen(connection) || connection.gaps.some((gap) => gap.from === 'server')) return 'incomplete'
    if (isNotHttp(connection, exchange)) return 'error'
    const asked = request?.last.time ?? 0
    const left = closing(connection, 'client')
    const waited = left !== undefined && left.time - asked >= SHORTEST_WAIT
    switch (endedBy) {
      case 'reset-server':
        return 'reset'
      case 'fin-server': {
        // A FIN behind octets that were lost on the way does not reach the client, which waits on.
        const finished = closing(connection, 'server')
        const unheard = left !== undefined && finished !== undefined && left.time - finished.time >= SHORTEST_WAIT
        if (waited && unheard) return 'timeout'
        // What the server sent before it closed is on its way, or was not captured.
        return connection.serverUnseen > 0 ? 'incomplete' : 'error'
      }
      case 'fin-client':
      case 'reset-client':
        return waited ? 'timeout' : 'incomplete'
      case 'none':
        return waited || captureEnd - asked >= LONGEST_WAIT ? 'timeout' : 'incomplete'
    }
  }
  const { status } = response
  if (status === 401 || status === 407) return 'auth'
  if (status === 403) return 'denied'
  if (status === 404 || status === 410) return 'not-found'
  if (status >= 400) return 'error'
  if (status >= 300) return status === 304 ? 'ok' : 'redirect'
  if (response.complete !== undefined) return restCameTooLate(connection, exchange) ? 'truncated' : 'ok'
  if (response.contentLength !== undefined && response.bodyBytes + response.missingBytes >= response.contentLength)
    return 'ok'
  if (response.framing === 'close' && endedBy === 'fin-server') return 'ok'
  // What the capture itself lacks must not count against the server.
  if (response.missingBytes > 0 || connection.cutFrames > 0) return 'incomplete'
  switch (endedBy) {
    case 'fin-server': {
      // The rest is on its way, or was not captured; unless the client waited for it in vain.
      const gaveUp = clientLeft(connection).time - lastHeard(connection, exchange) >= STALL
      return connection.serverUnseen === 0 || gaveUp ? 'truncated' : 'incomplete'
    }
    case 'reset-server':
      return 'reset'
    case 'fin-client':
    case 'reset-client':
      return clientLeft(connection).time - lastHeard(connection, exchange) >= STALL ? 'truncated' : 'incomplete'
    case 'none':
      return 'incomplete'
  }
}

/**
 * When the client last heard of an answer that did not come whole. Of a server that went on sending into the closed
 * connection the last octet says nothing about that; then the whole time since the request counts.
 */
function lastHeard(connection: TcpConnection, { request, response }: HttpExchange): Nanos {
  const heard = response?.last.time ?? 0
  if (heard <= clientLeft(connection).time) return heard
  return request?.last.time ?? response?.first.time ?? 0
}

/** The server did answer the one request there was, in octets that begin no HTTP response. */
export function isNotHttp(connection: TcpConnection, { request, response }: HttpExchange): boolean {
  return (
    request !== undefined &&
    response === undefined &&
    connection.exchanges.length === 1 &&
    connection.serverIsForeign &&
    !connection.midStream &&
    connection.gaps.length === 0
  )
}

/** The server closed after the whole request and before a single octet of an answer. */
export function closedSilently({ connection, exchange, result }: SessionTransfer): boolean {
  return (
    result === 'error' &&
    connection?.serverBytes === 0 &&
    connection.serverUnseen === 0 &&
    exchange?.endedBy === 'fin-server' &&
    exchange.response === undefined
  )
}

/** The first FIN or RST of one side. */
function closing(connection: TcpConnection, side: Side): Frame | undefined {
  const frames = [...connection.fins, ...connection.resets]
    .filter(({ from }) => from === side)
    .map(({ frame }) => frame)
  return frames.reduce<Frame | undefined>((a, b) => (a === undefined || b.number < a.number ? b : a), undefined)
}

/** Where the client closed or reset the connection; its last frame where it did not. */
export function clientLeft(connection: TcpConnection): Frame {
  return closing(connection, 'client') ?? connection.last
}

/** The answer came after the client had waited and closed: to the phone there was none. */
export function cameTooLate(connection: TcpConnection, { request, response }: HttpExchange): boolean {
  const left = closing(connection, 'client')
  if (left === undefined || request === undefined || response === undefined) return false
  return response.first.number > left.number && left.time - request.last.time >= SHORTEST_WAIT
}

/** The answer began in time, and its end came after the client had waited and closed. */
function restCameTooLate(connection: TcpConnection, { request, response }: HttpExchange): boolean {
  const left = closing(connection, 'client')
  if (left === undefined || request === undefined || response?.complete === undefined) return false
  return response.complete.number > left.number && left.time - request.last.time >= STALL
}

/** A connection to a file server on which nothing was asked; undefined when that is no failure. */
function connectionTransfer(connection: TcpConnection, captureEnd: Nanos): SessionTransfer | undefined {
  const syn = connection.syns[0]
  if (syn === undefined || connection.established || connection.clientBytes > 0) return undefined
  // An answer is no failure, unless the client had given up by then and said so.
  const answered = connection.synAcks[0]
  const tooLate =
    answered !== undefined && answered.time - syn.time >= SHORTEST_WAIT && closing(connection, 'client') !== undefined
  if (answered !== undefined && !tooLate) return undefined
  const refused = connection.resets.find((reset) => reset.from === 'server')
  const unreachable = connection.icmpErrors[0]
  const lastSyn = connection.syns.at(-1) ?? syn
  let result: TransferResult
  if (tooLate) result = 'timeout'
  else if (refused !== undefined) result = 'refused'
  else if (unreachable !== undefined) result = 'unreachable'
  else if (connection.syns.length < 2) result = captureEnd - syn.time >= LONGEST_WAIT ? 'timeout' : 'incomplete'
  else result = captureEnd - syn.time >= SHORTEST_SILENCE ? 'timeout' : 'incomplete'
  const last = laterFrame(laterFrame(lastSyn, refused?.frame), unreachable?.frame)
  return {
    protocol: 'http',
    method: '',
    server: connection.server,
    path: '',
    file: '',
    role: 'other',
    status: null,
    bytes: 0,
    start: syn.time,
    end: last.time,
    result,
    isPage: false,
    first: syn,
    last,
    connection,
    exchange: undefined,
    tftp: undefined,
  }
}

function tftpTransfer(transfer: TftpTransfer, captureEnd: Nanos): SessionTransfer {
  return {
    protocol: 'tftp',
    method: transfer.direction === 'read' ? 'RRQ' : 'WRQ',
    server: transfer.server,
    path: transfer.filename,
    file: fileName(transfer.filename).toLowerCase(),
    role: 'other',
    status: transfer.error?.code ?? null,
    bytes: transfer.bytes,
    start: transfer.first.time,
    end: transfer.last.time,
    result: tftpResult(transfer, captureEnd),
    isPage: false,
    first: transfer.first,
    last: transfer.last,
    connection: undefined,
    exchange: undefined,
    tftp: transfer,
  }
}

function tftpResult(transfer: TftpTransfer, captureEnd: Nanos): TransferResult {
  if (transfer.error !== undefined) {
    if (transfer.error.from === 'client') return 'error'
    return transfer.error.code === 1 ? 'not-found' : transfer.error.code === 2 ? 'denied' : 'error'
  }
  if (transfer.state === 'complete') return 'ok'
  if (transfer.firstReply === undefined && transfer.icmpErrors.length > 0) return 'unreachable'
  const lastRequest = transfer.requests.at(-1) ?? transfer.first
  if (answeredTooLate(transfer)) return 'timeout'
  if (transfer.firstReply === undefined) {
    return captureEnd - lastRequest.time >= SHORTEST_SILENCE || transfer.requests.length >= 3 ? 'timeout' : 'incomplete'
  }
  // Who is not heard says the same again; where nobody does, the end was not captured.
  const repeats = [...transfer.repeatedData, ...transfer.repeatedAcks, ...transfer.requests.slice(1)]
  const isRepeated = repeats.some(({ number }) => number === transfer.last.number)
  return isRepeated && captureEnd - transfer.last.time >= SHORTEST_SILENCE ? 'truncated' : 'incomplete'
}

/** The server's first word came when the client had given up: nobody took it. */
export function answeredTooLate({ firstReply, requests, lastFrom, repeatedAcks, first, state }: TftpTransfer): boolean {
  const asked = requests.at(-1) ?? first
  return (
    firstReply !== undefined &&
    state === 'transferring' &&
    lastFrom === 'server' &&
    repeatedAcks.length === 0 &&
    firstReply.time - asked.time >= TFTP_GIVEN_UP
  )
}

/**
 * A request without an answer on a connection that was still open counts as timed out when the phone asked for the same
 * file again, elsewhere or later.
 */
function settleOpenOnes(transfers: readonly SessionTransfer[], captureEnd: Nanos): SessionTransfer[] {
  return transfers.map((transfer, index) => {
    // Who gives a TFTP transfer up has waited before it asks for the next file: this one went on at once, and had it all.
    const next = transfers[index + 1]
    if (transfer.tftp !== undefined && transfer.result === 'truncated' && next !== undefined) {
      return next.start - transfer.end < SHORTEST_WAIT ? { ...transfer, result: 'incomplete' as const } : transfer
    }
    if (transfer.result !== 'incomplete' || transfer.file === '') return transfer
    const again = transfers.find(
      (other, at) => at > index && sameFile(other, transfer) && other.start - transfer.end >= SHORTEST_WAIT,
    )
    // That what came is not all is the capture's fault, where it has holes.
    if (transfer.connection !== undefined && transfer.connection.gaps.length > 0) return transfer
    if (again === undefined || captureEnd - transfer.end < SHORTEST_WAIT) return transfer
    const answered = transfer.exchange?.response !== undefined || transfer.tftp?.firstReply !== undefined
    // What began and lacks octets in the capture stays unknown; what never began was given up.
    return answered ? transfer : { ...transfer, result: 'timeout' as const }
  })
}

export function sameFile(a: SessionTransfer, b: SessionTransfer): boolean {
  return a.file !== '' && a.file === b.file
}
