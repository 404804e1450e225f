/**
 * What the texts of scripts and settings files say about other files: which name is the application, a language, a
 * certificate, where backups go. Every line counts, whichever branch the phone took: a name that any branch mentions
 * tells what a file of that name is. (What a phone makes of a script is deskphone/script.ts.)
 */
import { fileName } from '../../deskphone/roles.js'
import type { TransferRole } from '../report.js'

export interface ScriptFacts {
  /** Role by file name, lower case. */
  readonly roles: ReadonlyMap<string, TransferRole>
  /** Values of BRURI, without quotes. */
  readonly backupUris: readonly string[]
  /** Values of HTTPPORT and the ports in BRURI. */
  readonly httpPorts: ReadonlySet<number>
  /** Files that GET lines name. */
  readonly includes: readonly string[]
}

/** Lines looked at over all texts; a settings file has some thousands. */
const MAX_LINES = 100_000
/** Names kept. */
const MAX_NAMES = 1_000

const ROLE_OF_PARAMETER: readonly (readonly [RegExp, TransferRole])[] = [
  [/^APPNAME$/i, 'application'],
  [/^BOOTNAME$/i, 'boot-image'],
  [/^(?:LANG\dFILE|LANGSYS|LANGLARGEFONT|LANG0STAT|FONTFILE)$/i, 'language'],
  [/^TRUSTCERTS$/i, 'certificate'],
]

export function readScripts(texts: readonly string[]): ScriptFacts {
  const roles = new Map<string, TransferRole>()
  const backupUris: string[] = []
  const httpPorts = new Set<number>()
  const includes: string[] = []
  let lines = 0
  for (const text of texts) {
    for (const line of text.split(/\r\n|\n|\r/)) {
      if (++lines > MAX_LINES || roles.size > MAX_NAMES) break
      const get = /^\s*GET\s+(\S+)/i.exec(line)
      if (get && includes.length < MAX_NAMES) includes.push(get[1]!)
      const set = /^\s*SET\s+(\w+)\s+(.+?)\s*$/i.exec(line)
      if (!set) continue
      const name = set[1]!
      const value = set[2]!.replace(/^"(.*)"$/, '$1')
      const role = ROLE_OF_PARAMETER.find(([pattern]) => pattern.test(name))?.[1]
      if (role !== undefined) {
        for (const file of value.split(',')) roles.set(fileName(file.trim()).toLowerCase(), role)
      } else if (/^BRURI$/i.test(name)) {
        if (backupUris.length < MAX_NAMES) backupUris.push(value)
        const port = /^http:\/\/[^/:]*:(\d{1,5})/i.exec(value)
        if (port) httpPorts.add(Number(port[1]))
      } else if (/^HTTPPORT$/i.test(name) && /^\d{1,5}$/.test(value)) {
        httpPorts.add(Number(value))
      }
    }
  }
  for (const file of includes) {
    const key = fileName(file).toLowerCase()
    if (!roles.has(key)) roles.set(key, 'settings')
  }
  return { roles, backupUris, httpPorts, includes }
}
