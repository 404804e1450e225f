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
import type { SessionTransfer } from './boot-session.js'
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

/** Transfers of one session that are looked at, the first ones: a boot has some dozens. */
export const MAX_TRANSFERS = 5_000
/** Script, settings, and a file that the settings include. */
const INCLUDE_DEPTH = 3

export interface ScriptText {
  readonly path: string
  readonly text: string
}

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
  return { transfers: settleOpenOnes(transfers, input.captureEnd), scripts: scriptTexts(transfers) }
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
  for (const { role, result, path, exchange, tftp } of transfers) {
    if ((role !== 'script' && role !== 'settings') || result !== 'ok') continue
    const content = exchange?.response?.body ?? tftp?.content
    if (content !== undefined) texts.push({ path, text: latin1(content) })
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
        return waited && unheard ? 'timeout' : 'error'
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
    case 'fin-server':
      return 'truncated'
    case 'reset-server':
      return 'reset'
    case 'fin-client':
    case 'reset-client':
      return clientLeft(connection).time - lastHeard(connection, exchange) >= STALL ? 'truncated' : 'reset'
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
  if (transfer.firstReply === undefined) {
    return captureEnd - lastRequest.time >= SHORTEST_SILENCE || transfer.requests.length >= 3 ? 'timeout' : 'incomplete'
  }
  return captureEnd - transfer.last.time >= SHORTEST_SILENCE ? 'truncated' : 'incomplete'
}

/**
 * A request without an answer on a connection that was still open counts as timed out when the phone asked for the same
 * file again, elsewhere or later.
 */
function settleOpenOnes(transfers: readonly SessionTransfer[], captureEnd: Nanos): SessionTransfer[] {
  return transfers.map((transfer, index) => {
    if (transfer.result !== 'incomplete' || transfer.file === '') return transfer
    const again = transfers.find(
      (other, at) => at > index && sameFile(other, transfer) && other.start - transfer.end >= SHORTEST_WAIT,
    )
    if (again === undefined || captureEnd - transfer.end < SHORTEST_WAIT) return transfer
    const answered = transfer.exchange?.response !== undefined || transfer.tftp?.firstReply !== undefined
    // What began and lacks octets in the capture stays unknown; what never began was given up.
    return answered ? transfer : { ...transfer, result: 'timeout' as const }
  })
}

export function sameFile(a: SessionTransfer, b: SessionTransfer): boolean {
  return a.file !== '' && a.file === b.file
}
