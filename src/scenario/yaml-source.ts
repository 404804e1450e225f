/**
 * YAML with positions: reads a document and hands out its nodes as checked values. Every reader takes a node and what
 * it is for, returns the value, or notes the problem at the node's line and column and returns undefined. So one pass
 * over a scenario finds all its problems.
 *
 * Hostile files are bounded: their size, their nesting, and the nodes visited (an alias counts each time it is followed).
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Scalar, YAMLMap } from 'yaml'
import { nearestName } from '../deskphone/nearest-name.js'
import { parseAddress } from '../wire/ipv4.js'
import { readDuration, readPercentage, readRate, readSize } from './units.js'
import type { Reading } from './units.js'
import type { Problem } from './scenario-error.js'

/** Octets of a scenario file; the largest sensible one is a hundredth of that. */
export const MAX_SOURCE_LENGTH = 1_000_000
/** Levels of nesting; a scenario needs seven. */
const MAX_DEPTH = 64
/** Nodes visited in all, aliases followed. */
const MAX_NODES = 200_000
/** Problems noted before reading on is pointless. */
const MAX_PROBLEMS = 20

/** A node, or what stands in for a value that is not there. */
export type Value = Node | null | undefined

/** A mapping whose keys are known to be good. */
export interface Fields<K extends string> {
  readonly node: Node
  get(key: K): Node | undefined
  has(key: K): boolean
}

export class YamlSource {
  readonly #lines = new LineCounter()
  readonly #document: Document.Parsed | undefined
  readonly #problems: Problem[] = []
  readonly #length: number
  #nodes = 0

  constructor(text: string) {
    this.#length = text.length
    if (text.length > MAX_SOURCE_LENGTH) {
      this.#problems.push({ line: 1, column: 1, message: `longer than ${MAX_SOURCE_LENGTH} characters` })
      return
    }
    const depth = deepestNesting(text)
    if (depth > MAX_DEPTH) {
      this.#problems.push({ line: 1, column: 1, message: `nested more than ${MAX_DEPTH} levels deep` })
      return
    }
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, uniqueKeys: true })
    this.#document = document
    for (const error of document.errors.slice(0, MAX_PROBLEMS)) {
      this.#noteAt(error.pos[0], describeYamlError(error.code, error.message))
    }
  }

  /** In file order. */
  get problems(): readonly Problem[] {
    return [...this.#problems].sort((a, b) => a.line - b.line || a.column - b.column)
  }

  get root(): Value {
    return this.#document?.contents
  }

  /** Notes a problem at a node, at the start of the file without one. */
  note(node: Value, message: string): void {
    this.#noteAt(node?.range?.[0] ?? 0, message)
  }

  #noteAt(offset: number, message: string): void {
    if (this.#problems.length >= MAX_PROBLEMS) return
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#length))
    const problem = { line: Math.max(1, line), column: Math.max(1, col), message }
    // A value that is looked at twice, by two readers or over an alias, is still wrong once.
    const again = this.#problems.some((other) => other.message === message && samePlace(other, problem))
    if (!again) this.#problems.push(problem)
  }

  /** 1-based line of a node. */
  lineOf(node: Value): number {
    return Math.max(1, this.#lines.linePos(node?.range?.[0] ?? 0).line)
  }

  /** Follows an alias; undefined when there is nothing there or too much was visited. */
  resolve(node: Value): Node | undefined {
    if (node === null || node === undefined) return undefined
    if (++this.#nodes > MAX_NODES) {
      if (this.#nodes === MAX_NODES + 1) this.note(node, `more than ${MAX_NODES} values, aliases counted each time`)
      return undefined
    }
    if (!isAlias(node)) return node
    const target = this.#document === undefined ? undefined : node.resolve(this.#document)
    if (target === undefined) this.note(node, `alias *${node.source} has no anchor`)
    return target
  }

  /**
   * A mapping with known keys. An empty value is an empty mapping.
   *
   * @param what with its article, for messages: `a link`
   */
  fields<K extends string>(value: Value, what: string, known: readonly K[]): Fields<K> | undefined {
    const node = this.resolve(value)
    if (node === undefined) return undefined
    // Undefined for a value that could not be resolved, which is a problem noted already.
    const found = new Map<string, Node | undefined>()
    if (isMap(node)) {
      for (const { key, value: child } of this.#pairs(node)) {
        if (!(known as readonly string[]).includes(key.name)) {
          const nearest = nearestName(key.name, known)
          const right = nearest === undefined ? `known keys: ${known.join(', ')}` : `did you mean '${nearest}'?`
          this.note(key.node, `unknown key '${shorten(key.name)}' in ${what}; ${right}`)
        } else {
          found.set(key.name, child)
        }
      }
    } else if (!isNull(node)) {
      this.note(node, `${what} must be a mapping of ${known.slice(0, 4).join(', ')}${known.length > 4 ? ', ...' : ''}`)
      return undefined
    }
    return { node, get: (key) => found.get(key), has: (key) => found.has(key) }
  }

  /** A mapping whose keys are free. */
  entries(value: Value, what: string): readonly { key: string; keyNode: Node; value: Node | undefined }[] | undefined {
    const node = this.resolve(value)
    if (node === undefined) return undefined
    if (!isMap(node)) {
      this.note(node, `${what} must be a mapping`)
      return undefined
    }
    return this.#pairs(node).map(({ key, value: child }) => ({ key: key.name, keyNode: key.node, value: child }))
  }

  #pairs(map: YAMLMap): { key: { name: string; node: Node }; value: Node | undefined }[] {
    const pairs: { key: { name: string; node: Node }; value: Node | undefined }[] = []
    for (const { key, value } of map.items) {
      const keyNode = this.resolve(key as Value)
      if (keyNode === undefined) continue
      if (!isScalar(keyNode)) {
        this.note(keyNode, 'a key must be a word')
        continue
      }
      const child = this.resolve(value as Value)
      pairs.push({ key: { name: scalarText(keyNode), node: keyNode }, value: child })
    }
    return pairs
  }

  /** The items of a list; a single value is a list of one when `single` allows it. */
  list(value: Value, what: string, single = false): readonly Node[] | undefined {
    const node = this.resolve(value)
    if (node === undefined) return undefined
    if (isSeq(node)) return node.items.flatMap((item) => this.resolve(item as Value) ?? [])
    if (single && !isNull(node)) return [node]
    this.note(node, `${what} must be a list ('- ...' lines or [a, b])`)
    return undefined
  }

  isMapping(node: Node): boolean {
    return isMap(node)
  }

  isList(node: Node): boolean {
    return isSeq(node)
  }

  /** The text of a scalar as written, so that 0042 keeps its zeros. */
  text(value: Value, what: string, maxLength = 4096): string | undefined {
    const node = this.resolve(value)
    if (node === undefined) return undefined
    if (!isScalar(node) || isNull(node)) {
      this.note(node, `${what} must be a single value`)
      return undefined
    }
    const text = scalarText(node)
    if (text.length <= maxLength) return text
    this.note(node, `${what} is longer than ${maxLength} characters`)
    return undefined
  }

  /** What a scalar says if it is true or false; undefined for anything else, without a problem. */
  asBoolean(value: Value): boolean | undefined {
    const node = this.resolve(value)
    return node !== undefined && isScalar(node) && typeof node.value === 'boolean' ? node.value : undefined
  }

  boolean(value: Value, what: string): boolean | undefined {
    const node = this.resolve(value)
    if (node === undefined) return undefined
    if (isScalar(node) && typeof node.value === 'boolean') return node.value
    this.note(node, `${what} must be true or false`)
    return undefined
  }

  integer(value: Value, what: string, min: number, max: number): number | undefined {
    const text = this.text(value, what)
    if (text === undefined) return undefined
    const number = /^-?[0-9]{1,15}$/.test(text) ? Number(text) : NaN
    if (number >= min && number <= max) return number
    this.note(value, `${what} must be a whole number from ${min} to ${max}, not '${shorten(text)}'`)
    return undefined
  }

  /** One of a few words. */
  oneOf<T extends string>(value: Value, what: string, words: readonly T[]): T | undefined {
    const text = this.text(value, what)
    if (text === undefined) return undefined
    const word = words.find((candidate) => candidate === text)
    if (word !== undefined) return word
    const nearest = nearestName(text, words)
    const right = nearest === undefined ? `one of ${words.join(', ')}` : `did you mean '${nearest}'?`
    this.note(value, `unknown ${what} '${shorten(text)}'; ${right}`)
    return undefined
  }

  duration(value: Value): number | undefined {
    return this.#quantity(value, 'a duration', readDuration)
  }

  rate(value: Value): number | undefined {
    return this.#quantity(value, 'a rate', readRate)
  }

  percentage(value: Value): number | undefined {
    return this.#quantity(value, 'a percentage', readPercentage)
  }

  size(value: Value): number | undefined {
    return this.#quantity(value, 'a size', readSize)
  }

  #quantity(value: Value, what: string, read: (text: string) => Reading): number | undefined {
    const text = this.text(value, what)
    if (text === undefined) return undefined
    const reading = read(text.trim())
    if ('value' in reading) return reading.value
    this.note(value, reading.problem)
    return undefined
  }

  /** An IPv4 address as uint32. */
  address(value: Value, what: string): number | undefined {
    const text = this.text(value, what)
    if (text === undefined) return undefined
    const address = parseAddress(text.trim())
    if (address !== undefined) return address
    this.note(value, `${what} must be an IPv4 address as 10.20.0.1, not '${shorten(text)}'`)
    return undefined
  }
}

function samePlace(one: Problem, other: Problem): boolean {
  return one.line === other.line && one.column === other.column
}

function isNull(node: Node): boolean {
  return isScalar(node) && node.value === null
}

function scalarText(node: Scalar): string {
  if (typeof node.value === 'string') return node.value
  return node.source ?? String(node.value)
}

/** Counts brackets and indentation without parsing, so that the parser never recurses further than that. */
function deepestNesting(text: string): number {
  let open = 0
  let deepest = 0
  for (const line of text.split('\n')) {
    // Block nesting: a level per dash or '? ' on the line, and per column of indentation at the most.
    const lead = /^(?:[ ]|[-?:](?=\s))*/.exec(line)![0]
    const dashes = lead.replace(/ /g, '').length
    const indentation = Math.ceil((lead.length - dashes) / 2)
    for (const character of line) {
      if (character === '[' || character === '{') open++
      else if ((character === ']' || character === '}') && open > 0) open--
      if (open + dashes + indentation > deepest) deepest = open + dashes + indentation
    }
  }
  return deepest
}

function describeYamlError(code: string, message: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'this key is already given above; each may stand once'
    case 'MULTIPLE_DOCS':
      return 'a scenario is one document; remove the second ---'
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML; use spaces'
    default:
      return `not valid YAML: ${message.replace(/\s+/g, ' ')}`
  }
}

export function shorten(text: string): string {
  const printable = [...text].map((c) => (c < ' ' || c === '\u007f' ? '?' : c)).join('')
  return printable.length <= 60 ? printable : `${printable.slice(0, 57)}...`
}
