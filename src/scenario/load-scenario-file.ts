/**
 * A scenario from a file on this machine, with the files its servers give out. Directories are relative to the
 * scenario's own.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../base/errors.js'
import { parseScenario } from './load-scenario.js'
import type { Scenario } from './scenario.js'
import { MAX_SOURCE_LENGTH } from './yaml-source.js'

/** Octets of all files below a directory, and their number; images are generated, not read. */
const MAX_DIRECTORY_OCTETS = 256 * 1024 * 1024
const MAX_DIRECTORY_FILES = 10_000

/** @throws ScenarioError with every problem found; UsageError when the file cannot be read */
export function loadScenario(file: string): Scenario {
  let text: string
  try {
    const { size } = statSync(file)
    if (size > MAX_SOURCE_LENGTH) throw new UsageError(`too long for a scenario: ${size} octets`, { file })
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw asUsageError(error, file)
  }
  return parseScenario(text, file, (directory) => readDirectory(resolve(dirname(file), directory)))
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

/** Node's error about a file, in words, as a UsageError about it; anything else as it is. */
export function asUsageError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || 'file' in error) return error
  return new UsageError(reasonOf(error), { file })
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or directory'],
  ['EISDIR', 'is a directory, not a file'],
  ['ENOTDIR', 'part of the path is not a directory'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'not permitted'],
  ['EMFILE', 'too many open files'],
  ['ENOSPC', 'no space left'],
  ['EROFS', 'the file system is read-only'],
  ['ENAMETOOLONG', 'the name is too long'],
])

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return REASONS.get(code) ?? (code === '' ? String(error) : code)
}
