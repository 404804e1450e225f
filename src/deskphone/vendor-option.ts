/**
 * Option 43 as the vendor's phones read it (avaya.md §1.7): sub-options of code and length, the first of them code 1
 * with the vendor's enterprise number, the others with values in ASCII.
 */
import { latin1 } from '../base/bytes.js'
import { PARAMETERS, splitValue, valueProblem } from './parameters.js'

/** IANA private enterprise number. */
export const ENTERPRISE = 6889

/** Parameters by sub-option code, from 2. */
const NAMES = [
  'HTTPSRVR',
  'HTTPDIR',
  'HTTPPORT',
  'TLSSRVR',
  'TLSDIR',
  'TLSPORT',
  'TLSSRVRID',
  'L2Q',
  'L2QVLAN',
  'PHY1STAT',
  'PHY2STAT',
  'PROCSTAT',
  'SIG',
  'SIP_CONTROLLER_LIST',
] as const

/**
 * Values by parameter name, bad and unknown ones left out; undefined when the option is not the vendor's.
 *
 * @param octets of option 43
 */
export function parseVendorOption(octets: Uint8Array): Map<string, string[]> | undefined {
  const values = new Map<string, string[]>()
  let isOurs = false
  let at = 0
  while (at + 2 <= octets.length) {
    const code = octets[at]!
    if (code === 0 || code === 255) {
      // RFC 2132 §8.4: pad and end.
      if (code === 255) break
      at++
      continue
    }
    const end = at + 2 + octets[at + 1]!
    if (end > octets.length) break
    const value = octets.subarray(at + 2, end)
    if (!isOurs) {
      if (code !== 1 || enterpriseIn(value) !== ENTERPRISE) return undefined
      isOurs = true
    } else take(values, code, latin1(value).replace(/\0+$/, ''))
    at = end
  }
  return isOurs ? values : undefined
}

function take(values: Map<string, string[]>, code: number, text: string): void {
  const name = NAMES[code - 2]
  const parameter = name === undefined ? undefined : PARAMETERS.get(name)
  if (name === undefined || parameter === undefined) return
  const entries = splitValue(parameter, text).map((entry) => entry.trim())
  if (valueProblem(parameter, entries) === undefined) values.set(name, entries)
}

/** In digits, or as a number of two or four octets; the documents only give the number. */
function enterpriseIn(value: Uint8Array): number {
  if (value.length === 2 || (value.length === 4 && value[0] === 0))
    return value.reduce((n, octet) => n * 256 + octet, 0)
  return Number(latin1(value).replace(/\0+$/, ''))
}
