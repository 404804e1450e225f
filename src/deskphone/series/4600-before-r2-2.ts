/**
 * The 4600 series before release 2.2, and the models that never had it: files by TFTP alone [seed; §2.1].
 *
 * The release is that of the software in flash, told from its name (assumption): `a20d01b2_9_1.bin` is 2.9.1, names of
 * the early style, `4620_031225.app` or `4624_000301.BIN`, are from before. So an old set that loads a newer
 * application has HTTP from the next boot on.
 */
import { SERIES_4600 } from './4600.js'
import type { ModelData, Series } from './series.js'

/** From memory [§2.1]: these never left TFTP. */
const TFTP_ONLY = ['4606', '4612', '4624', '4630']

export const SERIES_4600_BEFORE_R2_2 = {
  ...SERIES_4600,
  id: '4600 before R2.2',
  runs: (model: string, software: string) => TFTP_ONLY.includes(model) || isBeforeRelease22(software),
  fileProtocols: ['tftp'],
  models: TFTP_ONLY.map(model),
} as const satisfies Series

function isBeforeRelease22(software: string): boolean {
  if (/^\d{4}_\d{6}\./.test(software)) return true
  const release = /^[ab]\d\d[a-z]\d\d[a-z](\d+)_(\d+)/i.exec(software)
  if (release === null) return false
  const [major, minor] = [Number(release[1]), Number(release[2])]
  return major < 2 || (major === 2 && minor < 2)
}

function model(name: string): ModelData {
  return {
    name,
    model4: name,
    model: `${name}D01A`,
    application: `${name}_000301.bin`,
    bootImage: '46XXCOMMON.V03',
    backupFile: undefined,
  }
}
