/**
 * The phone series and models as data: what tells them apart on the wire, and what each asks for.
 *
 * Facts are those of avaya.md (sections in brackets). Where it has no source, the comment says "assumption".
 * The 96x0 and 96x1 are here to be recognised; `MODELS` are those that are emulated.
 */
import { nearestName } from './nearest-name.js'

export type SeriesName = '4600' | '1600' | '96x0' | '96x1'
export type FileProtocol = 'tls' | 'http' | 'tftp'

export interface Series {
  readonly name: SeriesName
  /** Number of the site-specific option, SSON [§1.10]. */
  readonly siteOption: number
  /** Option 55, in wire order [§1.5; which fingerprint is which model is an assumption]. */
  readonly parameterRequestList: readonly number[]
  /** Option 57, or undefined where the phone sends none [§1.5; the 1600's value is an assumption]. */
  readonly maxMessageSize: number | undefined
  /** Option 60, or undefined where the phone sends none [§1.5]. */
  readonly vendorClass: string | undefined
  /** File server protocols in the order they are tried [§2.1]. */
  readonly fileProtocols: readonly FileProtocol[]
  /** The first file asked for [§2.2]. */
  readonly scriptFile: string
  /** Names of the settings file, in the order Avaya's scripts ask for them [§2.2]. */
  readonly settingsFiles: readonly string[]
  /** Name of a user's data file after `<extension>_`, and how it travels [§5.1]. The 4600's depends on the model. */
  readonly backup: { readonly protocol: 'http' | 'ftp'; readonly file: string }
  /** `ends-script`: nothing after a GET that failed is read, as on the 4600 [§3.1]. */
  readonly getFailure: 'ends-script' | 'continues'
  /** Parameters that name files fetched after the settings, one GET each [§2.2]. */
  readonly fileParameters: readonly string[]
  /** Where an address in siaddr goes [§1.7]. */
  readonly siaddrParameters: readonly string[]
  /** MAC prefix that emulated phones of the series get. */
  readonly macPrefix: string
  readonly modelNames: readonly string[]
}

export const SERIES: Readonly<Record<SeriesName, Series>> = {
  '4600': {
    name: '4600',
    siteOption: 176,
    parameterRequestList: [1, 3, 6, 15, 66, 69, 43, 176],
    maxMessageSize: undefined,
    vendorClass: undefined,
    fileProtocols: ['tls', 'http', 'tftp'],
    scriptFile: '46xxupgrade.scr',
    settingsFiles: ['46xxsettings.scr', '46xxsettings.txt'],
    backup: { protocol: 'ftp', file: '4620data.txt' },
    getFailure: 'ends-script',
    fileParameters: [],
    siaddrParameters: ['TFTPSRVR'],
    macPrefix: '00:04:0d',
    modelNames: ['4601', '4602', '4602SW', '4610SW', '4620', '4620SW', '4621SW', '4622SW', '4625SW'],
  },
  '1600': {
    name: '1600',
    siteOption: 242,
    parameterRequestList: [1, 3, 6, 15, 242],
    maxMessageSize: 1000,
    vendorClass: undefined,
    fileProtocols: ['tls', 'http'],
    scriptFile: '16xxupgrade.txt',
    settingsFiles: ['46xxsettings.scr', '46xxsettings.txt'],
    backup: { protocol: 'http', file: '16xxdata.txt' },
    getFailure: 'continues',
    fileParameters: ['LANG1FILE', 'LANG2FILE', 'LANG3FILE', 'LANG4FILE', 'FONTFILE'],
    siaddrParameters: ['TLSSRVR', 'HTTPSRVR'],
    macPrefix: '00:1b:4f',
    modelNames: ['1603', '1608', '1616'],
  },
  '96x0': {
    name: '96x0',
    siteOption: 242,
    parameterRequestList: [1, 28, 3, 6, 15, 42, 43, 176, 66],
    maxMessageSize: 1000,
    vendorClass: undefined,
    fileProtocols: ['tls', 'http'],
    scriptFile: '96xxupgrade.txt',
    settingsFiles: ['46xxsettings.txt'],
    backup: { protocol: 'http', file: '96xxdata.txt' },
    getFailure: 'continues',
    fileParameters: ['LANG1FILE', 'LANG2FILE', 'LANG3FILE', 'LANG4FILE', 'LANGLARGEFONT', 'SCREENSAVER'],
    siaddrParameters: ['TLSSRVR', 'HTTPSRVR'],
    macPrefix: '00:04:0d',
    modelNames: ['9610', '9620', '9630', '9640', '9650', '9670'],
  },
  '96x1': {
    name: '96x1',
    siteOption: 242,
    parameterRequestList: [1, 28, 3, 15, 6, 12, 7, 26, 42, 43, 242],
    maxMessageSize: 1000,
    vendorClass: 'ccp.avaya.com',
    fileProtocols: ['tls', 'http'],
    scriptFile: '96x1Hupgrade.txt',
    settingsFiles: ['46xxsettings.txt'],
    backup: { protocol: 'http', file: '96xxdata.txt' },
    getFailure: 'continues',
    fileParameters: ['LANG1FILE', 'LANG2FILE', 'LANG3FILE', 'LANG4FILE', 'LANGLARGEFONT', 'SCREENSAVER'],
    siaddrParameters: ['TLSSRVR', 'HTTPSRVR'],
    macPrefix: '00:1b:4f',
    modelNames: ['9608', '9611G', '9621G', '9641G'],
  },
}

/** SSON numbers by which a DHCP client shows itself as one of these phones. */
export const SITE_OPTION_NUMBERS: readonly number[] = [176, 242]

/** A model that can be emulated. */
export interface Model {
  readonly name: string
  readonly series: SeriesName
  /** Script variable MODEL4: the bare number [§3.2]. */
  readonly model4: string
  /** Script variable MODEL: the hardware model [§3.2; the form is documented, revisions are assumptions]. */
  readonly model: string
  /** Application image in flash of a set already in use, script variable APPNAME [style of §2.2]. */
  readonly application: string
  /** Boot image in flash, BOOTNAME. */
  readonly bootImage: string
  /** `4620data.txt` serves all models of the 4620 family [§5.1]; undefined: no backup. */
  readonly backupFile: string | undefined
  /** HTTP came with release 2.2, for these models [§2.1]. */
  readonly http: boolean
}

export const MODELS: readonly Model[] = [
  model1600('1603'),
  model1600('1608'),
  model1600('1616'),
  model4600('4601', '01', undefined),
  model4600('4602', '02', undefined),
  model4600('4602SW', '02', undefined),
  model4600('4610SW', '10', '4610data.txt'),
  model4600('4620', '20', '4620data.txt'),
  model4600('4620SW', '20', '4620data.txt'),
  model4600('4621SW', '20', '4620data.txt'),
  model4600('4622SW', '20', '4620data.txt'),
  model4600('4625SW', '25', '4620data.txt'),
]

function model1600(name: string): Model {
  return {
    name,
    series: '1600',
    model4: name,
    model: `${name}D01A`,
    application: `ha${name}ua1_3500.bin`,
    bootImage: `hb${name}ua1_3500.bin`,
    backupFile: '16xxdata.txt',
    http: true,
  }
}

function model4600(name: string, code: string, backupFile: string | undefined): Model {
  const number = name.slice(0, 4)
  return {
    name,
    series: '4600',
    model4: number,
    model: `${number}D01A`,
    application: `a${code}d01b2_9_1.bin`,
    bootImage: `b${code}d01b2_9_1.bin`,
    backupFile,
    http: true,
  }
}

/** The emulated model of that name; case does not count. */
export function modelByName(name: string): Model | undefined {
  const wanted = name.toUpperCase()
  return MODELS.find((model) => model.name === wanted)
}

/** The name of the emulated model that a wrong name most likely means. */
export function suggestModel(name: string): string | undefined {
  const wanted = name.toUpperCase()
  const sameNumber = /^\d{4}/.exec(wanted)?.[0]
  const longer = MODELS.find((model) => sameNumber !== undefined && model.name.startsWith(sameNumber))
  return (
    longer?.name ??
    nearestName(
      name,
      MODELS.map((model) => model.name),
    )
  )
}

/** Which series asks for an upgrade script of that name (directories already removed); case does not count [§9.2]. */
export function seriesByScript(fileName: string): Series | undefined {
  const wanted = fileName.toLowerCase()
  return Object.values(SERIES).find((series) => series.scriptFile.toLowerCase() === wanted)
}

/** Which series a model number belongs to, emulated or not: `1608`, `4620SW`, `9611`. */
export function seriesByModel(modelName: string): Series | undefined {
  const wanted = modelName.toUpperCase()
  return Object.values(SERIES).find((series) =>
    series.modelNames.some((name) => name === wanted || (wanted.length === 4 && name.startsWith(wanted))),
  )
}

/** The five prefixes that have a letter of their own in the host name [§1.5]. */
const HOST_NAME_LETTERS: ReadonlyMap<string, string> = new Map([
  ['00:04:0d', 'A'],
  ['00:1b:4f', 'B'],
  ['00:09:6e', 'E'],
  ['00:60:1d', 'L'],
  ['00:07:3b', 'T'],
])

/** Other prefixes registered to Avaya or seen on its phones [§1.5]; more exist. */
const OTHER_PREFIXES: ReadonlySet<string> = new Set([
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

/** @param mac colon form, any case */
export function isAvayaMac(mac: string): boolean {
  const prefix = mac.slice(0, 8).toLowerCase()
  return HOST_NAME_LETTERS.has(prefix) || OTHER_PREFIXES.has(prefix)
}

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

/** Whether a host name in option 12 has that form. */
export function isPhoneHostName(name: string): boolean {
  return /^AV[ABELTX][0-9A-F]{6}$/i.test(name)
}

/** Emulated MACs count from here, within the prefix of the series. */
const FIRST_MAC_NUMBER = 0x200001
const MAC_NUMBERS = 0x1000000 - FIRST_MAC_NUMBER

/**
 * A MAC for an emulated phone: `00:1b:4f:20:00:01` is the first of the 1600 series.
 *
 * @param index 0, 1, 2 ... over all phones of a run, so that no two series share a number; up to 14 million
 * @throws RangeError beyond
 */
export function phoneMac(series: SeriesName, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= MAC_NUMBERS) throw new RangeError(`no MAC number ${index}`)
  const digits = (FIRST_MAC_NUMBER + index).toString(16).padStart(6, '0')
  return `${SERIES[series].macPrefix}:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`
}
