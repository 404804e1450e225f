/**
 * The system parameters that phones take from the site-specific option and from script files: names, kinds of value,
 * ranges and series (avaya.md §1.10, §1.4, §5.2, and §2.2 for files).
 *
 * Only parameters with a documented range, or with a meaning for booting. A name that is not here is unknown in the
 * option; in a settings file, which knows hundreds, it is merely not judged.
 */
import type { SeriesName } from './series.js'

export type ParameterKind =
  | 'addresses' // IPv4 addresses or DNS names, comma-separated
  | 'address' // one of them
  | 'integer'
  | 'digits' // a string of digits, leading zeros count
  | 'path' // no spaces
  | 'uri' // empty, or http: or https:
  | 'file' // a file name
  | 'text'

export interface Parameter {
  readonly name: string
  readonly kind: ParameterKind
  /** Inclusive, for integers. */
  readonly range?: readonly [minimum: number, maximum: number]
  /** Characters, inclusive. */
  readonly length?: readonly [minimum: number, maximum: number]
  /** Series that know it; absent: all. */
  readonly series?: readonly SeriesName[]
  /** False: only script files set it, the option does not [§1.10, BRURI]. */
  readonly byOption: boolean
}

const NINETY_SIX = ['96x0', '96x1'] as const
const LIST = { kind: 'addresses', length: [0, 255], byOption: true } as const

function integer(name: string, minimum: number, maximum: number, series?: readonly SeriesName[]): Parameter {
  return { name, kind: 'integer', range: [minimum, maximum], byOption: true, ...(series ? { series } : {}) }
}

function fromFile(name: string, kind: ParameterKind, range?: readonly [number, number]): Parameter {
  return { name, kind, byOption: false, ...(range ? { range } : {}) }
}

const TABLE: readonly Parameter[] = [
  { name: 'MCIPADD', ...LIST },
  integer('MCPORT', 0, 65535),
  { name: 'TFTPSRVR', ...LIST, series: ['4600'] },
  { name: 'TFTPDIR', kind: 'path', length: [0, 127], series: ['4600'], byOption: true },
  { name: 'HTTPSRVR', ...LIST },
  integer('HTTPPORT', 0, 65535),
  { name: 'HTTPDIR', kind: 'path', length: [0, 127], byOption: true },
  { name: 'TLSSRVR', ...LIST },
  integer('TLSPORT', 80, 65535),
  { name: 'TLSDIR', kind: 'path', length: [0, 127], series: NINETY_SIX, byOption: true },
  integer('TLSSRVRID', 0, 1),
  integer('L2Q', 0, 2),
  integer('L2QVLAN', 0, 4094),
  integer('VLANTEST', 0, 999),
  integer('L2QAUD', 0, 7),
  integer('L2QSIG', 0, 7),
  integer('VLANSEP', 0, 1),
  integer('PHY1STAT', 1, 6),
  integer('PHY2STAT', 0, 6),
  integer('PHY2VLAN', 0, 4094),
  integer('ICMPDU', 0, 2),
  integer('ICMPRED', 0, 1),
  { name: 'PROCPSWD', kind: 'digits', length: [0, 7], byOption: true },
  integer('PROCSTAT', 0, 1),
  { name: 'SNMPADD', ...LIST },
  { name: 'SNMPSTRING', kind: 'text', byOption: true },
  integer('STATIC', 0, 3),
  integer('DOT1X', 0, 2, ['1600', '96x0', '96x1']),
  integer('DOT1XSTAT', 0, 2, ['1600', '96x0', '96x1']),
  integer('SIG', 0, 2, NINETY_SIX),
  { name: 'LOGSRVR', kind: 'address', series: NINETY_SIX, byOption: true },
  integer('LOGLOCAL', 0, 8, NINETY_SIX),
  integer('MTU_SIZE', 576, 1500, NINETY_SIX),
  integer('REREGISTER', 1, 120),
  integer('UNNAMEDSTAT', 0, 1),
  integer('REUSETIME', 0, 999, NINETY_SIX),
  integer('DHCPSTD', 0, 1),
  { name: 'DNSSRVR', ...LIST },
  { name: 'DOMAIN', kind: 'text', length: [0, 255], byOption: true },
  { name: 'NVHTTPSRVR', ...LIST, series: NINETY_SIX },
  { name: 'NVTLSSRVR', ...LIST, series: NINETY_SIX },
  { name: 'NVMCIPADD', ...LIST, series: NINETY_SIX },
  // Names of SIP sets, which read the same option: known, so that nobody calls them misspelt.
  { name: 'SIP_CONTROLLER_LIST', kind: 'text', series: NINETY_SIX, byOption: true },
  { name: 'SIPPROXYSRVR', ...LIST, series: NINETY_SIX },
  { name: 'SIPDOMAIN', kind: 'text', series: NINETY_SIX, byOption: true },
  { name: 'SNTPSRVR', ...LIST, series: NINETY_SIX },
  { name: 'GMTOFFSET', kind: 'text', series: NINETY_SIX, byOption: true },
  { name: 'DSTOFFSET', kind: 'text', series: NINETY_SIX, byOption: true },
  { name: 'ENABLE_AVAYA_ENVIRONMENT', kind: 'text', series: NINETY_SIX, byOption: true },
  fromFile('BRURI', 'uri'),
  fromFile('APPNAME', 'file'),
  fromFile('AUTH', 'integer', [0, 1]),
  fromFile('GROUP', 'integer', [0, 999]),
  fromFile('LANGSYS', 'file'),
  fromFile('LANG1FILE', 'file'),
  fromFile('LANG2FILE', 'file'),
  fromFile('LANG3FILE', 'file'),
  fromFile('LANG4FILE', 'file'),
  fromFile('LANGLARGEFONT', 'file'),
  fromFile('FONTFILE', 'file'),
  fromFile('SCREENSAVER', 'file'),
  fromFile('TRUSTCERTS', 'text'),
  fromFile('OPSTAT', 'digits'),
  fromFile('APPSTAT', 'integer', [0, 3]),
  fromFile('BRAUTH', 'integer', [0, 1]),
  fromFile('FTPSRVR', 'addresses'),
  fromFile('FTPDIR', 'path'),
]

/** By name in upper case. */
export const PARAMETERS: ReadonlyMap<string, Parameter> = new Map(TABLE.map((p) => [p.name, p]))

/** Names in the option that a phone can know. */
export const OPTION_NAMES: readonly string[] = TABLE.filter((p) => p.byOption).map((p) => p.name)

/** A name longer than 30 or a value longer than 255 characters is not taken [§1.10]. */
export const MAX_NAME_LENGTH = 30
export const MAX_VALUE_LENGTH = 255

/** Dotted decimal with four parts of 0 to 255, nothing else. */
export function isDottedAddress(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

/** A DNS name of letters, digits and hyphens, whose last label is not a number (which would be a broken address). */
function isHostName(text: string): boolean {
  if (
    text.length > MAX_VALUE_LENGTH ||
    !/^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(text)
  )
    return false
  return !/(?:^|\.)\d+\.?$/.test(text)
}

/** Splits what follows `NAME=` into its values: lists at commas, anything else as it is. No value gives none. */
export function splitValue(parameter: Parameter | undefined, value: string): string[] {
  if (value === '') return []
  return parameter?.kind === 'addresses' ? value.split(',') : [value]
}

/** Why a phone does not take these values for the parameter, or undefined when it does. */
export function valueProblem(parameter: Parameter, values: readonly string[]): string | undefined {
  const text = values.join(',')
  if (text.length > MAX_VALUE_LENGTH) return `${text.length} characters, at most ${MAX_VALUE_LENGTH}`
  if (parameter.length && (text.length < parameter.length[0] || text.length > parameter.length[1]))
    return `${text.length} characters, ${parameter.length[0]} to ${parameter.length[1]} allowed`
  if (text === '' && parameter.kind !== 'integer') return undefined
  switch (parameter.kind) {
    case 'addresses':
    case 'address': {
      const bad = values.find((value) => !isDottedAddress(value) && !isHostName(value))
      return bad === undefined ? undefined : `${bad === '' ? 'an empty entry' : bad} is not an address`
    }
    case 'integer': {
      const [minimum, maximum] = parameter.range ?? [0, Number.MAX_SAFE_INTEGER]
      if (/^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum) return undefined
      return `${text === '' ? 'nothing' : text} is not a number of ${minimum} to ${maximum}`
    }
    case 'digits':
      return /^\d*$/.test(text) ? undefined : `${text} is not digits`
    case 'path':
    case 'file':
      return /\s/.test(text) ? 'spaces are not allowed' : undefined
    case 'uri':
      return /^https?:\/\/[^\s/]/i.test(text) ? undefined : `${text} is not an http or https address`
    case 'text':
      return undefined
  }
}
