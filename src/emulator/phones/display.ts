/**
 * What the phone's screen says, as far as the manuals quote it (avaya.md §7, §5.3). One function for each moment; where
 * the series differ, the texts are data of the series.
 */
import { SERIES, type SeriesName } from '../../deskphone/series.js'

export const restarting = 'Restarting...'
export const initializing = 'Initializing'
export const conflict = 'DHCP: CONFLICT * to program'
export const waitingForDot1x = 'Waiting for 802.1X authentication...'
export const checksumError = 'Checksum error'
export const enterCredentials = 'Enter backup/restore credentials'
export const authenticationFailed = 'Authentication failed. Try again.'

export function dot1xFailed(series: SeriesName): string {
  return series === '96x1' ? '802.1X Failed, try again' : '802.1X Failure'
}

export function dhcpSeconds(seconds: number, series: SeriesName): string {
  return SERIES[series].texts.dhcp(seconds)
}

/** While no router answers. */
export function router(series: SeriesName): string {
  return SERIES[series].texts.router
}

/** @param index of the server in its list, from 1 */
export function fileServer(protocol: 'tls' | 'http' | 'tftp', index: number, address: string): string {
  return `${protocol === 'tls' ? 'HTTPS' : protocol.toUpperCase()}: ${index} ${address}`
}

export function received(filename: string, octets: number, series: SeriesName): string {
  return SERIES[series].texts.received(filename, Math.ceil(octets / 1024))
}

export function saving(percent: number, seconds: number): string {
  return `Saving to flash ${percent}%, ${seconds} secs`
}

export const extensionPrompt = 'Extension='

/** While a call server is looked for; the texts of the newer sets are from memory. */
export function discover(address: string, series: SeriesName): string {
  return series === '4600' ? `Discover ${address}` : 'Discovering...'
}

export function logIn(extension: string, series: SeriesName): string {
  return SERIES[series].texts.logIn(extension)
}
