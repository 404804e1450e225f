/**
 * Capture files of the real machine as octets: a path, or `-` for standard input as it arrives.
 *
 * What is wrong with the user's argument becomes a UsageError with one line. What is wrong inside the file is the
 * capture reader's to say.
 */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { UsageError } from '../base/errors.js'
import { asUsageError, isDirectoryError } from '../base/file-errors.js'

/** Octets read from a file at a time: few calls, and the buffer stays in the processor's cache. */
const CHUNK_LENGTH = 256 * 1024
/** Milliseconds of reading after which timers and Ctrl-C get their turn. */
const TURN_EVERY = 50

/** What is read here, for messages. */
const WANTED = 'capture file'

/** For reports and messages: the path, or `standard input`. */
export function captureName(path: string): string {
  return path === '-' ? 'standard input' : path
}

/**
 * The octets of a capture, in chunks that are good until the next one is asked for: a file is read into one buffer again
 * and again, synchronously (three times as fast as a stream, whose buffers the garbage collector has to chase). The
 * file is closed when the iteration ends, completely or early.
 *
 * @param path a file (or device, or named pipe), or `-`
 * @param stdin what `-` stands for
 * @throws UsageError at the first chunk: no such file, a directory, not readable, a terminal; or at a later one when
 *   reading fails
 */
export async function* readCapture(
  path: string,
  stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean } = process.stdin,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (path === '-') {
    if (stdin.isTTY === true) throw new UsageError('standard input is a terminal; give a capture file, or pipe one in')
    try {
      // Node takes a directory there for an empty stream.
      if (stdin === process.stdin && fstatSync(0).isDirectory()) {
        throw isDirectoryError(captureName(path), WANTED)
      }
      for await (const chunk of stdin) yield chunk
    } catch (error) {
      throw asUsageError(error, captureName(path), WANTED)
    }
    return
  }
  const file = openFile(path)
  if (!fstatSync(file).isFile()) {
    // A pipe or a device may have nothing yet; waiting for it must not stop everything else.
    try {
      for await (const chunk of createReadStream(path, { fd: file })) yield chunk as Uint8Array
    } catch (error) {
      throw asUsageError(error, captureName(path), WANTED)
    }
    return
  }
  try {
    const buffer = new Uint8Array(CHUNK_LENGTH)
    let turn = performance.now() + TURN_EVERY
    for (;;) {
      const length = readSync(file, buffer, 0, CHUNK_LENGTH, null)
      if (length === 0) return
      yield buffer.subarray(0, length)
      if (performance.now() >= turn) {
        await eventLoopTurn()
        turn = performance.now() + TURN_EVERY
      }
    }
  } catch (error) {
    throw asUsageError(error, captureName(path), WANTED)
  } finally {
    closeSync(file)
  }
}

/** @throws UsageError */
function openFile(path: string): number {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw asUsageError(error, captureName(path), WANTED)
  }
  if (fstatSync(file).isDirectory()) {
    closeSync(file)
    throw isDirectoryError(path, WANTED)
  }
  return file
}
