/**
 * Phone series and models by name, by script file, by MAC. What each series is stands in series/, one file each.
 */
import { nearestName } from './nearest-name.js'
import { HOST_NAME_LETTERS, hostName, OTHER_PREFIXES } from './series/avaya.js'
import { ALL_SERIES } from './series/index.js'
import type { ModelData, Series as SeriesData } from './series/series.js'

export { hostName }
export type { BackupRules, DisplayTexts, FileProtocol, SeriesTimers, SoftwareRules } from './series/series.js'

export type SeriesName = (typeof ALL_SERIES)[number]['name']

export interface Series extends SeriesData {
  readonly name: SeriesName
}

/** Each family as its current release behaves. */
export const SERIES: Readonly<Record<SeriesName, Series>> = byName()

function byName(): Record<SeriesName, Series> {
  const series: readonly Series[] = ALL_SERIES
  const current = series.filter(({ runs }) => runs === undefined)
  return Object.fromEntries(current.map((one) => [one.name, one])) as Record<SeriesName, Series>
}

/** SSON numbers by which a DHCP client shows itself as one of these phones. */
export const SITE_OPTION_NUMBERS: readonly number[] = [
  ...new Set<number>(ALL_SERIES.map((series) => series.siteOption)),
].sort((a, b) => a - b)

/** A model that can be emulated. */
export interface Model extends ModelData {
  readonly series: SeriesName
}

export const MODELS: readonly Model[] = ALL_SERIES.flatMap((series) =>
  series.models.map((model: ModelData) => ({ ...model, series: series.name })),
)

/**
 * How a set of that model behaves with that software in flash.
 *
 * @param software name of its application, or of its boot image when it has none
 */
export function seriesOf(model: Model, software: string): Series {
  const family: readonly Series[] = ALL_SERIES.filter(({ name }) => name === model.series)
  return family.find(({ runs }) => runs === undefined || runs(model.name, software))!
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

/** Which series a model number belongs to: `1608`, `4620SW`, `9611`. */
export function seriesByModel(modelName: string): Series | undefined {
  const wanted = modelName.toUpperCase()
  const model = MODELS.find(({ name }) => name === wanted || (wanted.length === 4 && name.startsWith(wanted)))
  return model && SERIES[model.series]
}

/** @param mac colon form, any case */
export function isAvayaMac(mac: string): boolean {
  const prefix = mac.slice(0, 8).toLowerCase()
  return HOST_NAME_LETTERS.has(prefix) || OTHER_PREFIXES.has(prefix)
}

/** Whether a host name in option 12 has the form of hostName(). */
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
