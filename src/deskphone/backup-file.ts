/**
 * A user's data file, `<extension>_16xxdata.txt` and its like: `name=value` lines, only what differs from the default
 * (avaya.md §5.4). Option lines carry the label that the screen shows, not the parameter's name.
 *
 * Not here: call log entries and the favourites of the 96xx, which are kept as the lines they are.
 */

/** Label in the file to system parameter [§5.4]. */
export const OPTION_LABELS: ReadonlyMap<string, string> = new Map([
  ['Redial', 'PHNREDIAL'],
  ['Call Timer', 'PHNTIMERS'],
  ['Visual Alerting', 'PHNVISUALALERT'],
  ['Call Log Active', 'LOGACTIVE'],
  ['Log Bridged Calls', 'LOGBRIDGED'],
  ['Log Line Calls', 'LOGLINEAPPS'],
  ['Log Calls Answered by Others', 'LOGOTHERANS'],
  ['Go to Phone Screen on Calling', 'PHNSCRONCALL'],
  ['Go to Phone Screen on Ringing', 'PHNSCRONALERT'],
  ['Handset AGC', 'OPTAGCHAND'],
  ['Headset AGC', 'OPTAGCHEAD'],
  ['Speaker AGC', 'OPTAGCSPKR'],
  ['Error Tone', 'OPTERRORTONE'],
  ['Button Clicks', 'OPTCLICKS'],
  ['Audio Path', 'OPTAUDIOPATH'],
  ['Personalized Ring', 'PERSONALRING'],
  ['Display Language', 'LANGUSER'],
])

/** Lines of one file, and characters of one line, that are read. */
const MAX_LINES = 2000
const MAX_LINE_LENGTH = 1024

export interface Contact {
  readonly name: string
  readonly number: string
}

export interface BackupData {
  /** By label, in file order. */
  readonly options: ReadonlyMap<string, string>
  readonly contacts: readonly Contact[]
  /** Lines with other names, as `name` and `value`. */
  readonly others: readonly (readonly [name: string, value: string])[]
}

/** Reads a file as a phone does: unknown names and lines without `=` cost themselves only. */
export function parseBackupFile(text: string): BackupData {
  const options = new Map<string, string>()
  const names = new Map<string, string>()
  const numbers = new Map<string, string>()
  const others: [string, string][] = []
  for (const line of text.split(/\r\n|\n|\r/, MAX_LINES)) {
    const equals = line.indexOf('=')
    if (equals <= 0 || line.length > MAX_LINE_LENGTH) continue
    const name = line.slice(0, equals)
    const value = line.slice(equals + 1)
    const contact = /^ABK(NAME|NUMBER)(\d{3})$/.exec(name)
    if (contact) (contact[1] === 'NAME' ? names : numbers).set(contact[2]!, value)
    else if (OPTION_LABELS.has(name)) options.set(name, value)
    else others.push([name, value])
  }
  // A contact needs a number; one without a name is shown by its number.
  const contacts = [...numbers].sort().map(([index, number]) => ({ name: names.get(index) ?? '', number }))
  return { options, contacts, others }
}

/** The inverse of parseBackupFile. Contacts are numbered from 001; lines end with CR LF. */
export function formatBackupFile({ options, contacts, others }: BackupData): string {
  const lines: string[] = []
  for (const [label, value] of options) lines.push(`${label}=${value}`)
  contacts.forEach(({ name, number }, index) => {
    const mmm = String(index + 1).padStart(3, '0')
    lines.push(`ABKNAME${mmm}=${name}`, `ABKNUMBER${mmm}=${number}`)
  })
  for (const [name, value] of others) lines.push(`${name}=${value}`)
  return lines.map((line) => line + '\r\n').join('')
}
