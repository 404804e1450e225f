/**
 * Phrases that rules share: counts, durations, names of files and servers as a person says them.
 */
import { formatDuration } from '../../base/time.js'
import type { TransferRole } from '../report.js'
import { formatEndpoint } from '../sessions/boot-session.js'
import type { SessionTransfer } from '../sessions/boot-session.js'

/** `1 SYN`, `3 SYNs`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`
}

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export function list(items: readonly string[], most = 3): string {
  if (items.length > most + 1) return `${items.slice(0, most).join(', ')} and ${items.length - most} more`
  if (items.length <= 1) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** Every item once, in order of first sight. */
export function distinct(items: readonly string[]): string[] {
  return [...new Set(items)]
}

/** `GET /46xxsettings.txt`. */
export function asked(transfer: SessionTransfer): string {
  return `${transfer.method} ${transfer.path}`
}

export function serverOf(transfer: SessionTransfer): string {
  return formatEndpoint(transfer.server)
}

const ROLE_NAMES: Readonly<Record<TransferRole, string>> = {
  script: 'the upgrade script',
  settings: 'the settings file',
  application: 'the application image',
  'boot-image': 'the boot image',
  language: 'a language or font file',
  certificate: 'a certificate',
  backup: "the user's backup",
  restore: "the user's backup",
  other: 'a file',
}

/** What the file is to the phone. */
export function roleName(role: TransferRole): string {
  return ROLE_NAMES[role]
}

/** ` in 6.1 s`, or nothing for a single moment. */
export function span(start: number, end: number): string {
  return end > start ? ` in ${formatDuration(end - start)}` : ''
}
