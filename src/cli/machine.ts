/**
 * What a command sees of the machine it runs on: files, standard streams, the terminal. Commands get it as an argument
 * and never touch `process`, so their tests need neither.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { readCapture } from '../node/capture-input.js'
import { asUsageError } from '../scenario/load-scenario-file.js'

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
  /** @throws UsageError when it cannot be written */
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
    read: (file) => readUntilInterrupted(file, interrupt.signal),
    write(file, content) {
      try {
        if (dirname(file) !== '.') mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, content)
      } catch (error) {
        throw asUsageError(error, file)
      }
    },
  }
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
