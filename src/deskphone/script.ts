/**
 * The script language of upgrade and settings files (avaya.md §3): SET, IF ... SEQ ... GOTO, GOTO, GET, tags, comments.
 *
 * parseScript reads lines, for whoever judges a file. ScriptEvaluator runs one as a phone does, a step at a time: it
 * stops at each SET and GET, and goes on when it is told whether the file was obtained.
 *
 * Decisions where the manuals leave room:
 * - Tags are searched forward only, from the line of the jump. No manual shows a jump back, and it would allow endless
 *   loops; so every line is visited once at most.
 * - Case counts nowhere but in file names and values, although late manuals say "exactly matches": Avaya's own files
 *   write `goto` and mix case in tags.
 * - After a GET that succeeded the rest of the old file is never read, on every series. For the 4600 only the advice
 *   that GET should be last is documented, which agrees. After one that failed, the 4600 stops and the others go on.
 */
import { MAX_NAME_LENGTH, MAX_VALUE_LENGTH, PARAMETERS, splitValue, valueProblem } from './parameters.js'
import type { Series } from './series.js'

/** Longer files are read this far; the longest template known has 15,000 lines. */
export const MAX_SCRIPT_LINES = 100_000
/** Files one evaluation may get, so that a file that gets itself ends. */
export const MAX_GETS = 32
/** Values remembered, and assignments remembered as ignored. */
const MAX_VALUES = 4096

/** One line of a script. `line` counts from 1. */
export type ScriptLine =
  | { readonly kind: 'set'; readonly line: number; readonly name: string; readonly value: string }
  | {
      readonly kind: 'if'
      readonly line: number
      readonly name: string
      readonly value: string
      readonly tag: string
    }
  | { readonly kind: 'goto'; readonly line: number; readonly tag: string }
  | { readonly kind: 'tag'; readonly line: number; readonly tag: string }
  | { readonly kind: 'get'; readonly line: number; readonly file: string }
  | { readonly kind: 'comment'; readonly line: number }
  /** Begins like a command but cannot be read as one; phones ignore it. */
  | { readonly kind: 'invalid'; readonly line: number; readonly text: string; readonly reason: string }

const COMMENT = 'comment'

/** @param line counts from 1 */
export function parseLine(text: string, line: number): ScriptLine {
  // Commands begin in the first column: anything that does not begin like one is a comment [§3.1].
  const bare = text.trimEnd()
  const command = /^(SET|IF|GOTO|GET|#)[ \t]/i.exec(bare)?.[1]?.toUpperCase()
  switch (command) {
    case 'SET':
      return parseSet(bare, line)
    case 'IF': {
      const match = /^IF[ \t]+\$(\S+)[ \t]+SEQ[ \t]+(?:"([^"]*)"|(\S+))[ \t]+GOTO[ \t]+(\S+)$/i.exec(bare)
      if (!match) return { kind: 'invalid', line, text: bare, reason: 'not of the form IF $NAME SEQ value GOTO TAG' }
      return { kind: 'if', line, name: match[1]!.toUpperCase(), value: match[2] ?? match[3]!, tag: match[4]! }
    }
    case 'GOTO': {
      const match = /^GOTO[ \t]+(\S+)$/i.exec(bare)
      if (!match) return { kind: 'invalid', line, text: bare, reason: 'not of the form GOTO TAG' }
      return { kind: 'goto', line, tag: match[1]! }
    }
    case 'GET': {
      const match = /^GET[ \t]+(\S+)$/i.exec(bare)
      if (!match) return { kind: 'invalid', line, text: bare, reason: 'not of the form GET file' }
      return { kind: 'get', line, file: match[1]! }
    }
    case '#': {
      // Hash, exactly one space, text without spaces [§3.1]; every other line that begins with # is a comment.
      const match = /^# (\S+)$/.exec(bare)
      return match ? { kind: 'tag', line, tag: match[1]! } : { kind: COMMENT, line }
    }
    case undefined:
    default:
      return { kind: COMMENT, line }
  }
}

function parseSet(bare: string, line: number): ScriptLine {
  const match = /^SET[ \t]+(\S+)[ \t]+(.*)$/i.exec(bare)
  if (!match) return { kind: 'invalid', line, text: bare, reason: 'not of the form SET NAME value' }
  const name = match[1]!.toUpperCase()
  const rest = match[2]!
  if (name.length > MAX_NAME_LENGTH)
    return { kind: 'invalid', line, text: bare, reason: `a name of more than ${MAX_NAME_LENGTH} characters` }
  let value = rest
  if (rest.startsWith('"')) {
    const close = rest.indexOf('"', 1)
    if (close < 0) return { kind: 'invalid', line, text: bare, reason: 'a quote that is never closed' }
    if (rest.slice(close + 1).trim() !== '')
      return { kind: 'invalid', line, text: bare, reason: 'text after the closing quote' }
    value = rest.slice(1, close)
  } else if (/[ \t]/.test(rest)) {
    return { kind: 'invalid', line, text: bare, reason: 'a value with spaces needs double quotes' }
  }
  if (value.length > MAX_VALUE_LENGTH)
    return { kind: 'invalid', line, text: bare, reason: `a value of more than ${MAX_VALUE_LENGTH} characters` }
  return { kind: 'set', line, name, value }
}

/** Reads a whole file; lines end with LF, CR LF or CR. Beyond MAX_SCRIPT_LINES nothing is read. */
export function parseScript(text: string): ScriptLine[] {
  const lines = text.split(/\r\n|\n|\r/, MAX_SCRIPT_LINES)
  return lines.map((line, index) => parseLine(line, index + 1))
}

/** What the evaluator stopped at. */
export type ScriptStep =
  | {
      readonly kind: 'set'
      readonly line: number
      readonly name: string
      readonly value: string
      /** Why the phone does not take the value, or undefined when it does. */
      readonly problem: string | undefined
    }
  /** Call obtained() or failed() before the next next(). */
  | { readonly kind: 'get'; readonly line: number; readonly file: string }
  | { readonly kind: 'end'; readonly line: number; readonly reason: ScriptEnd }

export type ScriptEnd =
  | 'end-of-file'
  | 'missing-tag' // the rest of the file is ignored
  | 'get-failed' // on the 4600
  | 'too-many-gets'

export interface ScriptOptions {
  readonly getFailure: Series['getFailure']
  /** Values of the names that IF can test, in upper case; undefined: not testable, and the line is ignored. */
  variable(name: string): string | undefined
}

export class ScriptEvaluator {
  /** What was set and taken, by name in upper case; the last value of each. */
  readonly values = new Map<string, string>()
  readonly #options: ScriptOptions
  #lines: ScriptLine[]
  /** Index of the line to read next. */
  #at = 0
  #gets = 0
  #pending = false
  #end: ScriptStep | undefined
  /** The tag that ended the script, when one was missing. */
  missingTag: string | undefined

  constructor(text: string, options: ScriptOptions) {
    this.#lines = parseScript(text)
    this.#options = options
  }

  /** Runs to the next SET or GET, or the end; at the end it stays. @throws Error when a GET was not answered */
  next(): ScriptStep {
    if (this.#pending) throw new Error('the file of the last GET was neither obtained nor failed')
    while (this.#end === undefined) {
      const line = this.#lines[this.#at++]
      if (line === undefined) return this.#finish(this.#lines.length, 'end-of-file')
      switch (line.kind) {
        case 'set':
          return this.#set(line)
        case 'get':
          if (++this.#gets > MAX_GETS) return this.#finish(line.line, 'too-many-gets')
          this.#pending = true
          return { kind: 'get', line: line.line, file: line.file }
        case 'if':
          if (this.#options.variable(line.name)?.toUpperCase() === line.value.toUpperCase()) this.#jump(line)
          break
        case 'goto':
          this.#jump(line)
          break
        case 'tag':
        case 'comment':
        case 'invalid':
          break
      }
    }
    return this.#end
  }

  /** The file of the last GET is here: it replaces the one being read. */
  obtained(text: string): void {
    this.#answer()
    this.#lines = parseScript(text)
    this.#at = 0
  }

  /** The file of the last GET could not be had. */
  failed(): void {
    this.#answer()
    if (this.#options.getFailure === 'ends-script') this.#finish(this.#at, 'get-failed')
  }

  #answer(): void {
    if (!this.#pending) throw new Error('no GET is waiting')
    this.#pending = false
  }

  #set({ line, name, value }: Extract<ScriptLine, { kind: 'set' }>): ScriptStep {
    const parameter = PARAMETERS.get(name)
    const problem = parameter && valueProblem(parameter, splitValue(parameter, value))
    if (problem === undefined && (this.values.size < MAX_VALUES || this.values.has(name))) this.values.set(name, value)
    return { kind: 'set', line, name, value, problem }
  }

  #jump({ tag, line }: { readonly tag: string; readonly line: number }): void {
    const wanted = tag.toUpperCase()
    for (let at = this.#at; at < this.#lines.length; at++) {
      const candidate = this.#lines[at]!
      if (candidate.kind === 'tag' && candidate.tag.toUpperCase() === wanted) {
        this.#at = at + 1
        return
      }
    }
    this.missingTag = tag
    this.#finish(line, 'missing-tag')
  }

  #finish(line: number, reason: ScriptEnd): ScriptStep {
    this.#end = { kind: 'end', line, reason }
    return this.#end
  }
}
