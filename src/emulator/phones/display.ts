/**
 * What the phone's screen says, as far as the manuals quote it (avaya.md §7, §5.3). One function for each moment; where
 * the series differ, the series is an argument.
 */
import type { SeriesName } from '../../deskphone/series.js'

export const restarting = 'Restarting...'
export const initializing = 'Initializing'
export const conflict = 'DHCP: CONFLICT * to program'
export const checksumError = 'Checksum error'
export const enterCredentials = 'Enter backup/restore credentials'
export const authenticationFailed = 'Authentication failed. Try again.'
export const retrievalOk = 'Retrieval OK'
export const retrievalFailed = 'Retrieval failed'

export function dhcpSeconds(seconds: number, series: SeriesName): string {
  return `DHCP: ${seconds} secs ${series === '4600' ? '#' : '*'} to program`
}

/** While no router answers; the text for the 1600 is from memory. */
export function router(series: SeriesName): string {
  return series === '4600' ? 'Bad Router' : 'Finding router'
}

/** @param index of the server in its list, from 1 */
export function fileServer(protocol: 'http' | 'tftp', index: number, address: string): string {
  return `${protocol.toUpperCase()}: ${index} ${address}`
}

/** On the 1600 and 9600, while the upgrade file is read: status and ETag. */
export function httpStatus(index: number, status: number, etag: string): string {
  return `HTTP: ${index} ${status} ${etag}`.trim()
}

export function received(filename: string, octets: number, series: SeriesName): string {
  const shown = series === '4600' ? filename.toUpperCase() : filename
  return `${shown} ${Math.ceil(octets / 1024)} KB received`
}

export function saving(percent: number, seconds: number): string {
  return `Saving to flash ${percent}%, ${seconds} secs`
}

export function logIn(extension: string, series: SeriesName): string {
  return series === '4600' ? `Extension=${extension} #=OK NEW=_` : 'Login / Enter Extension'
}
