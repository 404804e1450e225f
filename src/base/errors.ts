/**
 * The two errors that are nobody's bug. Everything else that is thrown is one, and is neither caught nor wrapped.
 */

export type WireErrorCode =
  | 'TRUNCATED' // fewer octets than the format promises
  | 'BAD_LENGTH' // a length that contradicts itself or its surroundings
  | 'BAD_VALUE' // a field whose value the format does not allow
  | 'BAD_MAGIC' // not this format at all
  | 'TOO_LONG' // more than the format can carry, or than we are willing to hold

/** These octets are not that message. Thrown or returned by codecs; costs the frame, never the capture. */
export class WireError extends Error {
  readonly code: WireErrorCode
  /** Octets from the start of what was decoded. */
  readonly offset: number

  constructor(code: WireErrorCode, offset: number, message: string) {
    super(message)
    this.name = 'WireError'
    this.code = code
    this.offset = offset
  }
}

/** The user's file, scenario or arguments are wrong: one clear line, exit status 2. */
export class UsageError extends Error {
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined

  constructor(message: string, where: { file?: string; line?: number; column?: number } = {}) {
    super(message)
    this.name = 'UsageError'
    this.file = where.file
    this.line = where.line
    this.column = where.column
  }

  /** `site.yaml:14:3: unknown key 'losss'; did you mean 'loss'?` */
  toLine(): string {
    const position = [this.file, this.line, this.column].filter((part) => part !== undefined).join(':')
    return position === '' ? this.message : `${position}: ${this.message}`
  }
}
