/**
 * What a phone made of the scripts and settings files that the capture shows it received: which lines it came to, what
 * they set, where it stopped.
 *
 * The phone's model is often not known, nor what it has in flash, so an IF may go both ways. Jumps go forward only
 * (deskphone/script.ts), which makes one pass enough: each line carries the share of the ways through the file that
 * lead to it. 1 is a line that every way passes, 0 one that none does.
 */
import { fileName } from '../../deskphone/roles.js'
import { parseScript } from '../../deskphone/script.js'
import type { ScriptLine } from '../../deskphone/script.js'
import { SERIES, seriesByModel } from '../../deskphone/series.js'
import { arrived } from '../sessions/boot-session.js'
import type { BootSession, ScriptText } from '../sessions/boot-session.js'

export interface ReadLine {
  readonly line: ScriptLine
  /** The share of ways that lead here, 0 to 1. */
  readonly share: number
}

export interface ReadScript {
  readonly script: ScriptText
  readonly lines: readonly ReadLine[]
  /** Jumps whose tag does not exist further down. */
  readonly missingTags: readonly { readonly line: number; readonly tag: string; readonly share: number }[]
}

/** Ways that lose so little in binary fractions are all ways. */
const ALL = 0.999_999

/** Whether every way through the file leads to the line. */
export function isSure(share: number): boolean {
  return share >= ALL
}

const readings = new WeakMap<BootSession, readonly ReadScript[]>()

/** Every text of the session, read as its phone reads it, in the order in which they came. */
export function readScriptsOf(session: BootSession): readonly ReadScript[] {
  let reading = readings.get(session)
  if (reading === undefined) {
    reading = session.scripts.map((script) => readScript(session, script))
    readings.set(session, reading)
  }
  return reading
}

function readScript(session: BootSession, script: ScriptText): ReadScript {
  const lines = parseScript(script.text)
  const shares = new Float64Array(lines.length + 1)
  shares[0] = 1
  // From the last line up, so that each jump finds the nearest tag below it.
  const next = new Map<string, number>()
  const targets: (number | undefined)[] = new Array<number | undefined>(lines.length)
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at]!
    if (line.kind === 'if' || line.kind === 'goto') targets[at] = next.get(line.tag.toUpperCase())
    if (line.kind === 'tag') next.set(line.tag.toUpperCase(), at)
  }
  const missingTags: ReadScript['missingTags'][number][] = []
  lines.forEach((line, at) => {
    const share = shares[at]!
    let on = share
    if (line.kind === 'goto' || line.kind === 'if') {
      const answer = line.kind === 'goto' ? true : compare(session, line.name, line.value)
      const jumping = answer === undefined ? share / 2 : answer ? share : 0
      on = share - jumping
      const target = targets[at]
      if (target === undefined) missingTags.push({ line: line.line, tag: line.tag, share: jumping })
      else shares[target]! += jumping
    } else if (line.kind === 'get' && share > 0 && endsReading(session, line.file)) {
      on = 0
    }
    shares[at + 1]! += on
  })
  return { script, lines: lines.map((line, at) => ({ line, share: shares[at]! })), missingTags }
}

/** Undefined where the capture does not tell. */
function compare(session: BootSession, name: string, value: string): boolean | undefined {
  const wanted = value.toUpperCase()
  switch (name) {
    case 'MODEL4': {
      const own = session.model === null ? undefined : /\d{4}/.exec(session.model)?.[0]
      if (own !== undefined) return own === wanted
      // Not one of the series' own numbers: not this phone.
      if (session.series === null || !/^\d{4}$/.test(wanted)) return undefined
      const known = seriesByModel(wanted)
      return known !== undefined && known.name !== session.series ? false : undefined
    }
    case 'MACADDR':
      return session.mac === null ? undefined : session.mac.toUpperCase() === wanted
    case 'MODEL':
    case 'GROUP':
    case 'BOOTNAME':
    case 'APPNAME':
    case 'SIG':
    case 'SIG_IN_USE':
    case 'VPNACTIVE':
    case 'PHONECC':
    case 'SHA2CAPABLE':
      return undefined
    default:
      // Not testable: the line is ignored.
      return false
  }
}

/** The file that was got replaces the one that is being read; on the 4600 one that was not ends it. */
function endsReading(session: BootSession, file: string): boolean {
  const name = fileName(file).toLowerCase()
  const asked = session.transfers.filter((transfer) => transfer.file === name)
  if (asked.some(arrived)) return true
  const stops = session.series !== null && SERIES[session.series].getFailure === 'ends-script'
  return stops && asked.length > 0 && asked.every(({ result }) => result !== 'incomplete')
}

export interface Assignment {
  readonly script: ScriptText
  readonly line: number
  readonly value: string
  readonly share: number
}

/** Values that the phone may have taken for a parameter: the last one it surely came to, and those after it. */
export function assignmentsOf(session: BootSession, name: string): Assignment[] {
  const found: Assignment[] = []
  for (const { script, lines } of readScriptsOf(session)) {
    for (const { line, share } of lines) {
      if (line.kind !== 'set' || line.name !== name || share === 0) continue
      if (isSure(share)) found.length = 0
      found.push({ script, line: line.line, value: line.value, share })
    }
  }
  return found
}
