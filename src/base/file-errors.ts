/**
 * What the system says about the user's files, in words. Node's errors are known by their shape, so that nothing of Node
 * is needed here; an error of another shape is a defect, and stays what it is.
 */
import { UsageError } from './errors.js'

/** A directory stands where `what` was wanted. */
export function isDirectoryError(file: string, what: string): UsageError {
  return new UsageError(`is a directory, not a ${what}`, { file: named(file) })
}

/**
 * An error of the file system as a UsageError about that file, one line; anything else as it is.
 *
 * @param file as the user named it
 * @param what the file should have been: `capture file`
 */
export function asUsageError(error: unknown, file: string, what = 'file'): unknown {
  const code = codeOf(error)
  if (code === undefined) return error
  if (code === 'EISDIR') return isDirectoryError(file, what)
  return new UsageError(reasonOf(error), { file: named(file) })
}

/** The reason alone, to stand after the name of the file. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return code === undefined ? String(error) : (REASONS.get(code) ?? code)
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file'],
  ['ENOTDIR', 'no such file'],
  ['EISDIR', 'is a directory'],
  ['EEXIST', 'part of the path is not a directory'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ELOOP', 'too many symbolic links'],
  ['EMFILE', 'too many open files'],
  ['ENOSPC', 'no space left'],
  ['EFBIG', 'too large for its file system'],
  ['EROFS', 'the file system is read-only'],
  ['EIO', 'input/output error'],
  ['ENAMETOOLONG', 'no such file: the name is too long'],
  ['ERR_INVALID_ARG_VALUE', 'no file can have this name'],
])

/** Of an error that a call to the system failed with, or a name that no call would take. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error instanceof UsageError) return undefined
  const code = String(error.code)
  return 'syscall' in error || code === 'ERR_INVALID_ARG_VALUE' ? code : undefined
}

/** An empty name would leave nothing in the line to say which file is meant. */
function named(file: string): string {
  return file === '' ? "''" : file.replaceAll('\0', '\\0')
}
