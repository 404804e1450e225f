/**
 * How a phone gets a file from a server, whatever the protocol: one function each, in one table. A protocol without a
 * client is passed over, as if its server were not administered.
 */
import type { FileProtocol } from '../../deskphone/series.js'
import type { FetchResult } from './fetch-result.js'
import { requestByHttp } from './http-client.js'
import type { PhoneState } from './phone-state.js'
import { readByTftp } from './tftp-client.js'

export interface FileRequest {
  readonly address: number
  readonly port: number
  /** TFTP reads, whatever is asked. */
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** With leading slash over HTTP; over TFTP the file's name. */
  readonly path: string
  /** For the Host header and the name in a certificate, without port. */
  readonly host: string
  readonly authorization?: string
  readonly body?: Uint8Array
  /** Octets of what comes to keep. */
  readonly keep: number
}

/** @returns how to call it off */
export type FileClient = (phone: PhoneState, request: FileRequest, done: (result: FetchResult) => void) => () => void

export const FILE_CLIENTS: Readonly<Partial<Record<FileProtocol, FileClient>>> = {
  http: ({ options, timers }, request, done) => requestByHttp(options.transport, request, timers, done),
  tftp: ({ options, timers }, { address, path, keep }, done) =>
    readByTftp(options.transport, { address, filename: path, keep }, timers, done),
}

/** What stories and reports call a protocol. */
export function protocolName(protocol: FileProtocol): 'http' | 'https' | 'tftp' {
  return protocol === 'tls' ? 'https' : protocol
}
