/**
 * What all series of this vendor share: MAC prefixes and the host name made from them (avaya.md §1.5), times and texts.
 */
import { MINUTE, SECOND } from '../../base/time.js'
import type { DisplayTexts, SeriesTimers } from './series.js'

/** The five prefixes that have a letter of their own in the host name [§1.5]. */
export const HOST_NAME_LETTERS: ReadonlyMap<string, string> = new Map([
  ['00:04:0d', 'A'],
  ['00:1b:4f', 'B'],
  ['00:09:6e', 'E'],
  ['00:60:1d', 'L'],
  ['00:07:3b', 'T'],
])

/** Other prefixes registered to Avaya or seen on its phones [§1.5]; more exist. */
export const OTHER_PREFIXES: ReadonlySet<string> = new Set([
  '04:8a:15',
  '50:cd:22',
  '58:16:26',
  '90:fb:5b',
  'b4:b0:17',
  'b4:a9:5a',
  'c8:1f:ea',
  'd4:ea:0e',
  'fc:a8:41',
])

/**
 * Option 12 of a phone: `AV`, a letter for the MAC prefix (X for any other), the last three octets in hexadecimal,
 * such as `AVB200001` [§1.5]. Upper case, as seen in a DHCP log.
 *
 * @param mac colon form, any case
 */
export function hostName(mac: string): string {
  const letter = HOST_NAME_LETTERS.get(mac.slice(0, 8).toLowerCase()) ?? 'X'
  return `AV${letter}${mac.slice(9).replaceAll(':', '').toUpperCase()}`
}

/** TLS file service is on 411, not 443 [§1.13]; a Communication Manager serves files on 81, which HTTPPORT says. */
export const AVAYA_PORTS = { tls: 411, http: 80, tftp: 69 } as const

export const AVAYA_TIMERS: SeriesTimers = {
  startWait: 4 * SECOND,
  vlanTest: 60 * SECOND,
  reuse: undefined,
  unnamedRegistration: 60 * SECOND,
  reregister: 20 * MINUTE,
  discoveryReset: 15 * MINUTE,
}

/** The 1600 and 9600; the router text of the 1600 is from memory. */
export const NEWER_TEXTS: DisplayTexts = {
  dhcp: (seconds) => `DHCP: ${seconds} secs * to program`,
  router: 'Finding router',
  received: (filename, kibibytes) => `${filename} ${kibibytes} KB received`,
  scriptStatus: (index, status, etag) => `HTTP: ${index} ${status} ${etag}`.trim(),
  logIn: () => 'Login / Enter Extension',
  restored: 'Retrieval OK',
  restoreFailed: 'Retrieval failed',
  backedUp: 'Backup OK',
  backupFailed: 'Backup failed',
}
