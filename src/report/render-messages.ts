/**
 * The list of messages, one a line: for people, for programs (the objects as they are), for spreadsheets.
 */
import type { DhcpListing, HttpListing, IcmpListing, Message, TftpListing } from '../analyzer/messages.js'
import { csvRow } from './csv-field.js'
import { plainPalette } from './palette.js'
import { printable } from './printable.js'
import type { TextOptions } from './render-text.js'

/** One line for a person, newline at its end. */
export function messageText(message: Message, options: TextOptions = {}): string {
  const palette = options.palette ?? plainPalette
  const frame = `#${message.frame}`.padEnd(8)
  const hosts = `${message.source} -> ${message.destination}`
  return `${frame} ${palette.dim(message.time)}  ${message.protocol.padEnd(4)}  ${hosts}  ${printable(describe(message))}\n`
}

function describe(message: Message): string {
  switch (message.protocol) {
    case 'dhcp':
      return describeDhcp(message)
    case 'tftp':
      return describeTftp(message)
    case 'http':
      return describeHttp(message)
    case 'icmp':
      return describeIcmp(message)
  }
}

function describeDhcp({ type, xid, chaddr, ciaddr, yiaddr, siaddr, giaddr, options }: DhcpListing): string {
  const addresses = Object.entries({ ciaddr, yiaddr, siaddr, giaddr })
    .filter(([, address]) => address !== '0.0.0.0')
    .map(([name, address]) => ` ${name} ${address}`)
  return `${type} xid ${xid} chaddr ${chaddr}${addresses.join('')} options ${options.join(',')}`
}

function describeTftp(message: TftpListing): string {
  const parts: string[] = [message.operation]
  if (message.filename !== undefined) parts.push(message.filename)
  if (message.mode !== undefined) parts.push(message.mode)
  if (message.block !== undefined) parts.push(`block ${message.block}`)
  if (message.length !== undefined) parts.push(`${message.length} octets`)
  if (message.code !== undefined) parts.push(`code ${message.code}`)
  if (message.message !== undefined) parts.push(message.message)
  for (const [name, value] of message.options ?? []) parts.push(`${name}=${value}`)
  return parts.join(' ')
}

function describeHttp(message: HttpListing): string {
  const cut = message.complete ? '' : ' (not complete)'
  if (message.kind === 'request') {
    const host = message.host === undefined || message.host === null ? '' : ` host ${message.host}`
    return `${message.method ?? ''} ${message.uri ?? ''}${host}${cut}`
  }
  const length =
    message.contentLength === undefined || message.contentLength === null ? '' : `, ${message.contentLength} octets`
  return `status ${message.status ?? ''}${length}${cut}`
}

function describeIcmp({ type, code, quotes }: IcmpListing): string {
  if (quotes === null) return `type ${type} code ${code}`
  return `type ${type} code ${code}, quotes protocol ${quotes.protocol} ${quotes.source} -> ${quotes.destination}`
}

/** The object itself, newline at its end. */
export function messageNdjson(message: Message): string {
  return `${JSON.stringify(message)}\n`
}

/** Columns shared by all protocols first; a message leaves those of others empty. */
const COLUMNS = [
  'frame',
  'time',
  'protocol',
  'source',
  'destination',
  'type',
  'xid',
  'chaddr',
  'ciaddr',
  'yiaddr',
  'siaddr',
  'giaddr',
  'options',
  'opcode',
  'filename',
  'mode',
  'block',
  'code',
  'message',
  'length',
  'kind',
  'method',
  'uri',
  'host',
  'status',
  'contentLength',
  'complete',
  'quotes',
] as const

/** CRLF, as RFC 4180 has it. */
export const MESSAGES_CSV_HEADER = `${COLUMNS.join(',')}\r\n`

/** One row under MESSAGES_CSV_HEADER. */
export function messageCsv(message: Message): string {
  const fields: Readonly<Record<string, unknown>> = { ...message }
  return csvRow(COLUMNS.map((column) => fields[column]))
}
