/**
 * The site-specific option (176 for the 4600, 242 for the others): one ASCII string of `NAME=value` pairs between
 * commas, lists of addresses in double quotes (avaya.md §1.10). Read as the phones read it, with a note of everything
 * a person would want to know: the emulated phone uses the values, the analyzer the notes.
 *
 * What is not documented is read kindly: blanks around a pair are trimmed, and a part without `=` after a list is taken
 * as the list's next entry (many live scopes leave the quotes out), except on the 4600, which needs the quotes.
 */
import { latin1 } from '../base/bytes.js'
import { nearestName } from './nearest-name.js'
import { MAX_NAME_LENGTH, OPTION_NAMES, PARAMETERS, splitValue, valueProblem } from './parameters.js'
import type { SeriesName } from './series.js'

export type SiteOptionProblemKind =
  // the string cannot be read as pairs
  | 'empty' // no characters at all
  | 'not-text' // octets that are not ASCII text
  | 'outer-quotes' // one pair of quotes around the whole string
  | 'separator' // semicolons, blanks or line breaks where commas belong
  | 'pair-without-equals'
  | 'empty-name'
  | 'unterminated-quote'
  | 'text-after-quote' // `"a,b"c`
  | 'truncated' // cut at a limit of the server, in the middle of a pair
  // it can, but
  | 'blank' // a blank around a name or value; trimmed
  | 'unknown-name'
  | 'not-by-option' // a name that only script files set
  | 'bad-value' // out of range, not an address ...; the name keeps its old value
  | 'unquoted-list'
  | 'duplicate' // the later one counts
  | 'too-many' // beyond MAX_PAIRS nothing is read

export interface SiteOptionProblem {
  readonly kind: SiteOptionProblemKind
  /** As written, or undefined where there is none. */
  readonly name: string | undefined
  readonly value: string | undefined
  /** Octet in the string, from 0. */
  readonly position: number
  /** The known name that an unknown one most likely means. */
  readonly nearest: string | undefined
  /** For people: what is wrong with it, in a few words. */
  readonly reason: string
}

export interface SiteOption {
  /** The string, trailing NULs removed. */
  readonly text: string
  /** What the phone takes: by name in upper case; lists have several entries, an emptied parameter none. */
  readonly values: Map<string, string[]>
  /** In order of position. */
  readonly problems: SiteOptionProblem[]
}

/** Kinds that make the string malformed; the others are matters of single names and values. */
export const MALFORMED_KINDS: ReadonlySet<SiteOptionProblemKind> = new Set<SiteOptionProblemKind>([
  'empty',
  'not-text',
  'outer-quotes',
  'separator',
  'pair-without-equals',
  'empty-name',
  'unterminated-quote',
  'text-after-quote',
])

/** Lengths at which servers cut the option: 247 is documented, 255 is all that one DHCP option holds. */
export const CUT_LENGTHS: readonly number[] = [247, 255]

/** Far more than there are names. */
const MAX_PAIRS = 256
const MAX_PROBLEMS = 256

/** A new pair begins right here, after something that is not a comma. */
const WRONG_SEPARATOR = /(?<![;\s|])[;\s|]+(?=[A-Za-z][A-Za-z0-9_]{0,30}\s{0,8}=)/

/**
 * @param input octets of the option as sent, or its text
 * @param series the phone that reads it; without one, the kindest reading
 */
export function parseSiteOption(input: Uint8Array | string, series?: SeriesName): SiteOption {
  const text = typeof input === 'string' ? input : latin1(input)
  let end = text.length
  while (end > 0 && text[end - 1] === '\0') end--
  return new SiteOptionReader(text.slice(0, end), series).read()
}

class SiteOptionReader {
  readonly #text: string
  readonly #series: SeriesName | undefined
  readonly #values = new Map<string, string[]>()
  readonly #problems: SiteOptionProblem[] = []
  /** The outermost quotes are the mistake; the names and values they spoil are not reported again. */
  #outerQuotes = false
  /** The list that a part without `=` may continue. */
  #openList: { readonly key: string; readonly values: string[]; taken: boolean } | undefined

  constructor(text: string, series: SeriesName | undefined) {
    this.#text = text
    this.#series = series
  }

  read(): SiteOption {
    const text = this.#text
    if (text === '') this.#note('empty', 0, 'the option carries no text')
    const odd = text.search(/[^\t\r\n\x20-\x7e]/)
    if (odd >= 0) {
      this.#note('not-text', odd, `octet 0x${text.charCodeAt(odd).toString(16).padStart(2, '0')} is not ASCII text`)
      if (!text.includes('=')) return this.#result()
    }
    if (isQuotedWhole(text.trim())) {
      this.#outerQuotes = true
      this.#note('outer-quotes', text.indexOf('"'), 'the whole string is in quotes')
    }
    let at = 0
    for (let pairs = 0; at < text.length; pairs++) {
      if (pairs === MAX_PAIRS) {
        this.#note('too-many', at, `more than ${MAX_PAIRS} pairs`)
        break
      }
      at = this.#pair(at)
    }
    return this.#result()
  }

  #result(): SiteOption {
    this.#noteTruncation()
    this.#problems.sort((a, b) => a.position - b.position)
    return { text: this.#text, values: this.#values, problems: this.#problems }
  }

  /** Reads the pair that begins at `start`, and returns where the next one begins. */
  #pair(start: number): number {
    const text = this.#text
    let at = start
    while (at < text.length && isBlank(text[at]!)) at++
    if (at > start && at < text.length) this.#note('blank', start, 'a blank before the name')

    const equals = text.indexOf('=', at)
    const comma = text.indexOf(',', at)
    if (equals < 0 || (comma >= 0 && comma < equals)) {
      const end = comma < 0 ? text.length : comma
      this.#partWithoutEquals(text.slice(at, end).trimEnd(), at, comma >= 0)
      return end + 1
    }

    const written = text.slice(at, equals)
    const name = written.trimEnd()
    if (name !== written) this.#note('blank', at + name.length, 'a blank before =', name)
    const { value, end, sound } = this.#value(name, equals + 1)
    if (name === '') this.#note('empty-name', at, 'no name before =', '', value)
    else if (sound && isAscii(name)) this.#take(name, value, at, equals + 1)
    return end
  }

  /** The value at `start`, quotes removed; `end` is behind the comma. Not sound: already reported, not to be taken. */
  #value(name: string, start: number): { value: string; end: number; sound: boolean } {
    const text = this.#text
    let at = start
    while (at < text.length && isBlank(text[at]!)) at++
    if (text[at] === '"') {
      if (at > start) this.#note('blank', start, 'a blank after =', name)
      const close = text.indexOf('"', at + 1)
      if (close < 0) {
        const rest = text.slice(at + 1)
        this.#note('unterminated-quote', at, 'a quote that is never closed', name, rest)
        return { value: rest, end: text.length, sound: false }
      }
      const value = text.slice(at + 1, close)
      const comma = text.indexOf(',', close)
      const end = comma < 0 ? text.length : comma
      const after = text.slice(close + 1, end)
      if (after.trim() === '') {
        if (after !== '' && comma >= 0) this.#note('blank', close + 1, 'a blank after the value', name)
        return { value, end: end + 1, sound: isAscii(value) }
      }
      // `NAME="a","b"` and the like end here; `NAME="a" NAME2=b` is a missing comma.
      const wrong = WRONG_SEPARATOR.exec(after)
      if (wrong?.index === 0) this.#note('separator', close + 1, 'pairs are separated by commas only', name, value)
      else this.#note('text-after-quote', close + 1, 'text after the closing quote', name, value + after)
      return { value, end: end + 1, sound: false }
    }
    const comma = text.indexOf(',', start)
    const end = comma < 0 ? text.length : comma
    const written = text.slice(start, end)
    const value = written.trim()
    if (value !== written) this.#note('blank', start, 'a blank around the value', name, value)
    const wrong = WRONG_SEPARATOR.exec(value)
    if (wrong) {
      this.#note('separator', at + wrong.index, 'pairs are separated by commas only', name, value)
      return { value, end: end + 1, sound: false }
    }
    return { value, end: end + 1, sound: isAscii(value) }
  }

  #partWithoutEquals(part: string, position: number, more: boolean): void {
    if (part === '') {
      if (more) this.#note('pair-without-equals', position, 'nothing between two commas')
      return
    }
    if (!isAscii(part)) return
    const list = this.#openList
    const parameter = list && PARAMETERS.get(list.key)
    if (list && parameter && !part.includes('"') && valueProblem(parameter, [part]) === undefined) {
      this.#note('unquoted-list', position, 'a list of several addresses needs quotes', list.key, part)
      if (this.#series !== '4600' && list.taken) list.values.push(part)
      return
    }
    if (this.#outerQuotes && /^"|"$/.test(part)) return
    this.#note('pair-without-equals', position, 'no = in this part', undefined, part)
  }

  #take(name: string, value: string, at: number, valueAt: number): void {
    const key = name.toUpperCase()
    this.#openList = undefined
    if (this.#outerQuotes && (name.startsWith('"') || value.endsWith('"'))) return
    const parameter = PARAMETERS.get(key)
    if (parameter === undefined || name.length > MAX_NAME_LENGTH) {
      const nearest = nearestName(name, OPTION_NAMES)
      const hint = nearest === undefined ? '' : `, ${nearest} is`
      this.#note('unknown-name', at, `no phone knows this name${hint}`, name, value, nearest)
      return
    }
    if (!parameter.byOption) {
      this.#note('not-by-option', at, 'only a settings file sets this', name, value)
      return
    }
    const values = splitValue(parameter, value).map((entry) => entry.trim())
    if (this.#values.has(key)) this.#note('duplicate', at, 'given before; the later value counts', name, value)
    const problem = valueProblem(parameter, values)
    if (problem !== undefined) this.#note('bad-value', valueAt, problem, name, value)
    else {
      if (values.join(',') !== value) this.#note('blank', valueAt, 'a blank inside the list', name, value)
      this.#values.set(key, values)
    }
    if (parameter.kind === 'addresses') this.#openList = { key, values, taken: problem === undefined }
  }

  /** A string of exactly a cut length whose last pair is not sound was cut there. */
  #noteTruncation(): void {
    const { length } = this.#text
    if (!CUT_LENGTHS.includes(length)) return
    const lastComma = this.#text.lastIndexOf(',')
    const last = this.#text.slice(lastComma + 1)
    const spoilt: readonly SiteOptionProblemKind[] = [
      'unterminated-quote',
      'pair-without-equals',
      'bad-value',
      'unknown-name',
      'unquoted-list',
    ]
    const broken = this.#problems.some((p) => p.position > lastComma - 1 && spoilt.includes(p.kind))
    const open = this.#problems.some((p) => p.kind === 'unterminated-quote')
    if (broken || open || last.endsWith('=') || last === '')
      this.#note('truncated', length, `${length} octets, and the last pair is not complete`, undefined, last)
  }

  #note(
    kind: SiteOptionProblemKind,
    position: number,
    reason: string,
    name?: string,
    value?: string,
    nearest?: string,
  ): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push({ kind, name, value, position, nearest, reason })
  }
}

/** Quotes at both ends and nowhere between, with a pair inside. */
function isQuotedWhole(text: string): boolean {
  return text.length > 2 && text.startsWith('"') && text.indexOf('"', 1) === text.length - 1 && text.includes('=')
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n'
}

function isAscii(text: string): boolean {
  return /^[\t\r\n\x20-\x7e]*$/.test(text)
}
