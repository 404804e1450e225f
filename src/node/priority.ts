/**
 * Who emulates a network in real time should be woken in time. Where the machine permits it (root), this process goes
 * before others; where not, nothing changes.
 */
import { constants, setPriority } from 'node:os'

export function preferThisProcess(): void {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
  } catch (error) {
    const code = error instanceof Error && 'info' in error ? (error.info as { code?: unknown }).code : undefined
    if (code !== 'EACCES' && code !== 'EPERM') throw error
  }
}
