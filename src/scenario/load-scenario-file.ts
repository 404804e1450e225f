/**
 * A scenario from a file on this machine, with the files its servers give out. Directories are relative to the
 * scenario's own.
 */
import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../base/errors.js'
import { asUsageError, reasonOf } from '../base/file-errors.js'
import { parseScenario } from './load-scenario.js'
import type { Scenario } from './scenario.js'
import { MAX_SOURCE_LENGTH } from './yaml-source.js'

/** Octets of all files below a directory, and their number; images are generated, not read. */
const MAX_DIRECTORY_OCTETS = 256 * 1024 * 1024
const MAX_DIRECTORY_FILES = 10_000

/** @throws ScenarioError with every problem found; UsageError when the file cannot be read */
export function loadScenario(file: string): Scenario {
  let octets: Uint8Array
  try {
    const { size } = statSync(file)
    if (size > MAX_SOURCE_LENGTH) throw new UsageError(`too long for a scenario: ${size} octets`, { file })
    octets = readFileSync(file)
  } catch (error) {
    throw asUsageError(error, file, 'scenario')
  }
  return parseScenario(decodeText(octets, file), file, (directory) => readDirectory(resolve(dirname(file), directory)))
}

/** @throws UsageError with the place of the first octet that is not UTF-8 */
function decodeText(octets: Uint8Array, file: string): string {
  const text = new TextDecoder().decode(octets)
  const at = text.indexOf('\ufffd')
  if (at < 0 || isUtf8(octets)) return text
  const before = text.slice(0, at).split('\n')
  const where = { file, line: before.length, column: before.at(-1)!.length + 1 }
  throw new UsageError('not UTF-8; save the scenario in that encoding', where)
}

/** Files below a directory by their paths in it, slashes forward, in order of name; or a sentence why not. */
export function readDirectory(directory: string): ReadonlyMap<string, Uint8Array> | string {
  const files = new Map<string, Uint8Array>()
  let octets = 0
  const walk = (path: string, prefix: string): string | undefined => {
    const entries = readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const child = join(path, entry.name)
      if (entry.isDirectory()) {
        const problem = walk(child, `${prefix}${entry.name}/`)
        if (problem !== undefined) return problem
      } else if (entry.isFile()) {
        octets += statSync(child).size
        if (octets > MAX_DIRECTORY_OCTETS) return `more than ${MAX_DIRECTORY_OCTETS} octets below ${directory}`
        if (files.size >= MAX_DIRECTORY_FILES) return `more than ${MAX_DIRECTORY_FILES} files below ${directory}`
        files.set(prefix + entry.name, readFileSync(child))
      }
    }
    return undefined
  }
  try {
    return walk(directory, '') ?? files
  } catch (error) {
    return `cannot read ${directory}: ${reasonOf(error)}`
  }
}
