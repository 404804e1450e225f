import { printable } from './printable.js'

/**
 * Quoted where RFC 4180 wants it. A field that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises
 * ("CSV Injection", wide forms of the characters included): file names and host names come from the network.
 */
export function csvField(value: unknown): string {
  const text = printable(csvText(value))
  const safe = /^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) && typeof value !== 'number' ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function csvText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) {
    return value.map((item) => (Array.isArray(item) ? item.map(String).join('=') : String(item))).join(' ')
  }
  return JSON.stringify(value)
}

/** CRLF at its end, as RFC 4180 has it. */
export function csvRow(values: readonly unknown[]): string {
  return `${values.map(csvField).join(',')}\r\n`
}
