/**
 * Ports of file and backup servers that phones are told: HTTPPORT and TLSPORT in the site option, in option 43 and in
 * settings files, the port in BRURI. Only for the sieve: what the values mean to a phone is judged elsewhere.
 */
import * as dhcp from '../../wire/dhcp.js'
import type { DhcpMessage } from '../../wire/dhcp.js'
import { latin1 } from '../../base/bytes.js'
import type { Announcements } from '../sieve/announcements.js'

/** The 96x0 and 1600 series ask for 242, the 4600 series for 176. */
const SITE_OPTIONS = [242, 176]

/** Avaya's sub-options of option 43: HTTPPORT and TLSPORT. */
const VENDOR_PORTS = [4, 7]

const PORT_SETTING = /\b(?:HTTPPORT|TLSPORT)[\s="]{1,8}(\d{1,5})\b/gi
const BACKUP_URI = /\bBRURI[\s="]{1,8}https?:\/\/[^\s"/]{1,300}?:(\d{1,5})(?![\d.])/gi

/** Files that may tell phones about further servers. */
const TEXT_FILE = /\.(?:txt|scr|cfg|xml|ini)(?:\?|$)/i

export function announcePortsInFile(name: string, content: Uint8Array, announcements: Announcements): void {
  if (TEXT_FILE.test(name)) announcePortsIn(latin1(content), announcements)
}

function announcePortsIn(text: string, announcements: Announcements): void {
  for (const pattern of [PORT_SETTING, BACKUP_URI]) {
    for (const match of text.matchAll(pattern)) announcements.announceTcpPort(Number(match[1]))
  }
}

export function announcePortsOf(message: DhcpMessage, announcements: Announcements): void {
  for (const code of SITE_OPTIONS) {
    const text = dhcp.textOption(message, code)
    if (text !== undefined) announcePortsIn(text, announcements)
  }
  for (const { code, data } of dhcp.vendorSpecific(message)?.subOptions ?? []) {
    if (VENDOR_PORTS.includes(code)) announcements.announceTcpPort(Number.parseInt(latin1(data), 10))
  }
}
