/**
 * The files a server gives out and takes in. A store knows paths and octets, not protocols: no status codes, no
 * listings. Paths are relative, parts joined by `/`, case matters; `storePath` makes one of what a client sent and is
 * the jail: what it returns cannot leave the store.
 *
 * MemoryFileStore holds what scenarios use. Large files need not be held: `imageOf(size, seed)` makes the octets
 * of an application image when they are read, the same for the same seed, so a scenario needs no big binaries.
 */
import { latin1Bytes } from '../base/bytes.js'
import type { Timestamp } from '../base/time.js'

export interface StoredFile {
  readonly path: string
  /** Octets. */
  readonly size: number
  readonly modified: Timestamp
  /** A strong validator of RFC 9110 §8.8.3, quotes included: it changes with the content. */
  readonly etag: string
  /** Octets [start, end) of the file as it was when found; the view is the caller's to read, not to change. */
  read(start: number, end: number): Promise<Uint8Array>
}

export type WriteOutcome = 'created' | 'replaced' | 'no-directory' | 'denied' | 'full'

export interface FileStore {
  /** The file, or what is in its place. */
  find(path: string): Promise<StoredFile | 'directory' | 'missing' | 'denied'>
  /** The whole file at once: a reader sees the old content or the new, never a part. */
  write(path: string, content: Uint8Array, modified: Timestamp): Promise<WriteOutcome>
  remove(path: string): Promise<'removed' | 'missing' | 'denied'>
}

/** The longest path a store looks at. */
const MAX_PATH = 1024

/**
 * A client's path as a store's: leading slashes and `.` parts gone. Undefined for a path that is empty, climbs with
 * `..`, has control characters or backslashes, or is longer than anything a store holds.
 */
export function storePath(path: string): string | undefined {
  if (path.length > MAX_PATH || /[\u0000-\u001f\u007f\\]/.test(path)) return undefined
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0 || parts.includes('..')) return undefined
  return parts.join('/')
}

/** Octets by position: what a MemoryFileStore holds. */
export interface FileContent {
  readonly size: number
  /** Changes with the content; letters and digits. */
  readonly tag: string
  read(start: number, end: number): Uint8Array
}

export function contentOf(octets: Uint8Array): FileContent {
  return {
    size: octets.length,
    tag: `${octets.length.toString(16)}-${fingerprint(octets)}`,
    read: (start, end) => octets.subarray(start, end),
  }
}

/**
 * An application image: `size` octets that do not compress, the same for the same seed.
 *
 * @param head what it begins with, in place of such octets
 */
export function imageOf(size: number, seed: number, head: Uint8Array = new Uint8Array(0)): FileContent {
  return {
    size,
    tag: `${size.toString(16)}-${(seed >>> 0).toString(16)}${head.length === 0 ? '' : `-${fingerprint(head)}`}`,
    read(start, end) {
      const octets = new Uint8Array(Math.max(0, Math.min(end, size) - start))
      let word = mix(seed ^ (start >>> 2))
      for (let i = 0; i < octets.length; i++) {
        const at = start + i
        if ((at & 3) === 0) word = mix(seed ^ (at >>> 2))
        octets[i] = at < head.length ? head[at]! : word >>> (8 * (at & 3))
      }
      return octets
    },
  }
}

export interface MemoryFileStoreOptions {
  /** Of files that are given without their own time. */
  readonly modified?: Timestamp
  /** What write() may take in all; `full` beyond. 64 MiB unless told. */
  readonly maxOctets?: number
}

const DEFAULT_MODIFIED: Timestamp = { seconds: 1_172_707_200, nanos: 0 } // 2007-03-01
const DEFAULT_MAX_OCTETS = 64 * 1024 * 1024

interface MemoryFile {
  readonly content: FileContent
  readonly modified: Timestamp
  /** Octets that count against maxOctets: zero for what the owner of the store put there. */
  readonly written: number
}

/** Files in memory; directories are where files are. */
export class MemoryFileStore implements FileStore {
  readonly #files = new Map<string, MemoryFile>()
  /** How many files lie below each directory. */
  readonly #directories = new Map<string, number>()
  readonly #denied = new Set<string>()
  readonly #modified: Timestamp
  readonly #maxOctets: number
  #written = 0

  constructor(options: MemoryFileStoreOptions = {}) {
    this.#modified = options.modified ?? DEFAULT_MODIFIED
    this.#maxOctets = options.maxOctets ?? DEFAULT_MAX_OCTETS
  }

  /**
   * Puts a file there, or replaces it. Text is stored one octet a character (ISO 8859-1).
   *
   * @throws TypeError for a path that storePath refuses
   */
  add(path: string, content: Uint8Array | string | FileContent, modified?: Timestamp): this {
    const name = storePath(path)
    if (name === undefined) throw new TypeError(`not a path in a file store: ${path.slice(0, 80)}`)
    const octets = typeof content === 'string' ? latin1Bytes(content) : content
    const whole = octets instanceof Uint8Array ? contentOf(octets) : octets
    this.#set(name, { content: whole, modified: modified ?? this.#modified, written: 0 })
    return this
  }

  /** The file is there, and nobody may read or replace it: permissions gone wrong. */
  deny(path: string): this {
    const name = storePath(path)
    if (name !== undefined) this.#denied.add(name)
    return this
  }

  /** Paths in the order they came. */
  paths(): string[] {
    return [...this.#files.keys()]
  }

  /** The whole content, for tests and for saving what phones backed up; undefined when there is no such file. */
  contentAt(path: string): Uint8Array | undefined {
    const file = this.#files.get(path)
    return file?.content.read(0, file.content.size)
  }

  async find(path: string): Promise<StoredFile | 'directory' | 'missing' | 'denied'> {
    if (this.#denied.has(path)) return 'denied'
    const file = this.#files.get(path)
    if (file === undefined) return this.#directories.has(path) ? 'directory' : 'missing'
    const { content, modified } = file
    return {
      path,
      size: content.size,
      modified,
      etag: `"${content.tag}"`,
      read: async (start, end) => content.read(start, end),
    }
  }

  async write(path: string, octets: Uint8Array, modified: Timestamp): Promise<WriteOutcome> {
    if (this.#denied.has(path) || this.#directories.has(path) || this.#isBelowFile(path)) return 'denied'
    const before = this.#files.get(path)
    if (this.#written - (before?.written ?? 0) + octets.length > this.#maxOctets) return 'full'
    this.#set(path, { content: contentOf(octets.slice()), modified, written: octets.length })
    return before === undefined ? 'created' : 'replaced'
  }

  async remove(path: string): Promise<'removed' | 'missing' | 'denied'> {
    if (this.#denied.has(path) || this.#directories.has(path)) return 'denied'
    const file = this.#files.get(path)
    if (file === undefined) return 'missing'
    this.#files.delete(path)
    this.#written -= file.written
    for (const directory of directoriesOf(path)) {
      const files = this.#directories.get(directory)! - 1
      if (files === 0) this.#directories.delete(directory)
      else this.#directories.set(directory, files)
    }
    return 'removed'
  }

  #set(path: string, file: MemoryFile): void {
    const before = this.#files.get(path)
    if (before === undefined) {
      for (const directory of directoriesOf(path)) {
        this.#directories.set(directory, (this.#directories.get(directory) ?? 0) + 1)
      }
    }
    this.#written += file.written - (before?.written ?? 0)
    this.#files.set(path, file)
  }

  #isBelowFile(path: string): boolean {
    return directoriesOf(path).some((directory) => this.#files.has(directory))
  }
}

/** `a/b/c.txt` lies in `a` and `a/b`. */
function directoriesOf(path: string): string[] {
  const directories: string[] = []
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) directories.push(path.slice(0, at))
  return directories
}

/** FNV-1a in two halves, for a validator; nobody's security hangs on it. */
function fingerprint(octets: Uint8Array): string {
  let low = 0x811c9dc5
  let high = 0x050c5d1f
  for (let i = 0; i < octets.length; i++) {
    low = Math.imul(low ^ octets[i]!, 0x01000193)
    high = Math.imul(high ^ octets[i]!, 0x010001b3)
  }
  return (mix(high) >>> 0).toString(16).padStart(8, '0') + (mix(low) >>> 0).toString(16).padStart(8, '0')
}

/** The finalizer of murmur3: every bit of the argument changes half the bits of the result. */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
