/**
 * What of a backup file a phone takes over: OPSTAT and APPSTAT say what the user may change, and a restore changes no
 * more than the user could (avaya.md §5.4). Which digit forbids what is from memory.
 */
import type { BackupData, Contact } from './backup-file.js'

export interface Restorable extends BackupData {
  /** Labels of the options that were passed over, `contacts` for those. */
  readonly forbidden: readonly string[]
}

/**
 * @param opstat `111` and so on, empty when not set: a first digit of 0 forbids the options, a single 2 too (view only)
 * @param appstat empty when not set: 1 allows the contacts, 0, 2 and 3 do not
 */
export function restorable(data: BackupData, opstat: string, appstat: string): Restorable {
  const options = !(opstat === '2' || opstat.startsWith('0'))
  const contacts = appstat === '' || appstat === '1'
  const forbidden: string[] = options ? [] : [...data.options.keys()]
  if (!contacts && data.contacts.length > 0) forbidden.push('contacts')
  return {
    options: options ? data.options : new Map<string, string>(),
    contacts: contacts ? data.contacts : ([] as Contact[]),
    others: data.others,
    forbidden,
  }
}
