/**
 * How one transfer of a phone ended, over whichever protocol.
 */
import type { Header } from '../../wire/http1.js'
import type { ReceivedFile } from './received-file.js'
import type { PhoneTransferResult } from './story.js'

export interface FetchResult {
  readonly result: PhoneTransferResult
  /** HTTP status or TFTP error code. */
  readonly status: number | undefined
  readonly file: ReceivedFile
  /** Of the HTTP response. */
  readonly headers: readonly Header[] | undefined
  /** Code of the findings catalogue; undefined when the result is `ok`. */
  readonly cause: string | undefined
  /** For people. */
  readonly detail: string
}
