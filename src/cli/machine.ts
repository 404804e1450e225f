/**
 * What a command sees of the machine it runs on: files, standard streams, the terminal. Commands get it as an argument
 * and never touch `process`, so their tests need neither.
 */
import { accessSync, constants, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { UsageError } from '../base/errors.js'
import { asUsageError } from '../base/file-errors.js'
import { readCapture } from '../node/capture-input.js'

export interface Machine {
  /** Standard output; resolves when there is room for more. */
  out(text: string): Promise<void>
  /** Standard error. */
  note(text: string): void
  /** Whether colour may be used on standard output. */
  readonly color: boolean
  /** Whether standard error is a terminal, so that progress may be shown. */
  readonly interactive: boolean
  /** Aborted on Ctrl-C: stop, write what is complete. */
  readonly interrupted: AbortSignal
  /**
   * A capture's octets as they come, `-` for standard input; each chunk is good until the next. Ends early when interrupted.
   *
   * @throws UsageError when it cannot be read
   */
  read(file: string): AsyncIterable<Uint8Array>
  /**
   * Whether `write` can be expected to work, so that nobody works for nothing first.
   *
   * @param inputs files that must not be written over
   * @throws UsageError
   */
  checkWritable(file: string, inputs: readonly string[]): void
  /** Makes the directories that are missing. @throws UsageError when it cannot be written */
  write(file: string, content: string | Uint8Array): void
}

/** The real one. One per process: it listens for Ctrl-C. */
export function thisMachine(): Machine {
  const interrupt = new AbortController()
  // A second Ctrl-C finds no listener and ends the process at once.
  process.once('SIGINT', () => interrupt.abort())
  const { stdout, stderr } = process
  return {
    out: (text) =>
      new Promise((resolve) => {
        if (stdout.write(text)) resolve()
        else stdout.once('drain', resolve)
      }),
    note: (text) => void stderr.write(text),
    color: stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb',
    interactive: stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    interrupted: interrupt.signal,
    checkWritable,
    read: (file) => readUntilInterrupted(file, interrupt.signal),
    write(file, content) {
      try {
        makeDirectory(dirname(file))
        writeFileSync(file, content)
      } catch (error) {
        throw writeError(error, file)
      }
    },
  }
}

function checkWritable(file: string, inputs: readonly string[]): void {
  try {
    const target = statSync(file, { throwIfNoEntry: false })
    if (target?.isFile() === true) {
      const same = inputs.find((input) => {
        const { dev, ino } = statSync(input, { throwIfNoEntry: false }) ?? {}
        return dev === target.dev && ino === target.ino
      })
      if (same !== undefined) throw new UsageError('would be written over, and it is read; name another file', { file })
    }
    if (target?.isDirectory() === true) {
      throw new UsageError('is a directory; name a file in it to write to', { file })
    }
    if (target !== undefined) return accessSync(file, constants.W_OK)
    let parent = dirname(file)
    while (statSync(parent, { throwIfNoEntry: false }) === undefined) parent = dirname(parent)
    if (!statSync(parent).isDirectory()) throw new UsageError(`${parent} is not a directory`, { file })
    accessSync(parent, constants.W_OK)
    if (file === '' || /[/\\]$/.test(file))
      throw new UsageError('is no name of a file to write to', { file: `'${file}'` })
  } catch (error) {
    throw writeError(error, file)
  }
}

/** A file that is not there is no reason not to write it; its directory is what is missing. */
function writeError(error: unknown, file: string): unknown {
  const missing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
  return missing ? new UsageError('cannot be written: no such directory', { file }) : asUsageError(error, file)
}

/** One by one: Node's own recursion never ends where the system says that a new directory does not exist, as /proc. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return
  makeDirectory(dirname(path))
  mkdirSync(path)
}

/** Ends early on Ctrl-C, also while it waits for more of standard input. */
async function* readUntilInterrupted(file: string, interrupted: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = () => void process.stdin.destroy()
  if (file === '-') interrupted.addEventListener('abort', stop, { once: true })
  try {
    for await (const chunk of readCapture(file)) {
      yield chunk
      if (interrupted.aborted) return
    }
  } catch (error) {
    if (!interrupted.aborted) throw error
  } finally {
    interrupted.removeEventListener('abort', stop)
  }
}
