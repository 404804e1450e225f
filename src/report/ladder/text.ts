/**
 * Ladders as text, for terminals and tickets: time and delta at the left, a column per host, frame numbers and what was
 * said at the right, as tshark's flow graph has it. Plain ASCII, so that it survives any mail.
 *
 *     -->  a message    ==>  many frames of a file    ..>  an answer that never came    --X  a failure
 */
import type { LadderStep, Report, Session } from '../../analyzer/report.js'
import { plainPalette } from '../palette.js'
import type { Palette } from '../palette.js'
import { printable } from '../printable.js'
import { bootNumbers, sessionName } from '../session-names.js'
import { layoutLadder } from './layout.js'
import type { Ladder, LadderRung } from './layout.js'

export interface LadderTextOptions {
  readonly palette?: Palette
}

/** Characters between two columns. */
const COLUMN = 19
/** Of time and delta. */
const MARGIN = 25

export function renderLadderText({ sessions, captures }: Report, { palette = plainPalette }: LadderTextOptions = {}) {
  const boots = bootNumbers(sessions)
  const parts = sessions.map((session, index) => {
    const file = captures.length > 1 ? `${captures[session.capture]?.file ?? ''}: ` : ''
    const { outcome, rootCause, id } = session
    const head = `Session ${id}  ${file}${sessionName(session, boots[index] ?? 1)}  ${outcome}${rootCause === null ? '' : `, ${rootCause}`}`
    return `${palette.bold(printable(head))}\n\n${ladderText(session, palette)}`
  })
  return parts.length === 0 ? 'No boot session.\n' : `${parts.join('\n')}`
}

function ladderText(session: Session, palette: Palette): string {
  const ladder = layoutLadder(session)
  if (ladder === undefined || ladder.rungs.length === 0) return 'No ladder in this report.\n'
  const lines = [...headLines(ladder, palette), ...ladder.rungs.map((rung) => rungLine(rung, ladder, palette))]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function headLines({ hosts }: Ladder, palette: Palette): string[] {
  const row = (texts: readonly string[]): string =>
    ' '.repeat(MARGIN) +
    texts
      .map((text) =>
        printable(text)
          .slice(0, COLUMN - 1)
          .padEnd(COLUMN),
      )
      .join('')
  return [
    palette.bold(row(hosts.map(({ name }) => name))),
    palette.dim(row(hosts.map(({ roles }, index) => (index === 0 ? 'phone' : roles.join(', '))))),
  ]
}

const SHAFT: Readonly<Record<LadderStep['kind'], string>> = {
  message: '-',
  bulk: '=',
  repeat: '-',
  silence: '.',
  error: '-',
}

function rungLine({ step, from, to, isBroadcast, deltaMs }: LadderRung, { hosts }: Ladder, palette: Palette): string {
  const time = `${(step.atMs / 1000).toFixed(6)}`.padStart(12)
  const delta = `+${(deltaMs / 1000).toFixed(6)}`.padStart(MARGIN - 14)
  const cells: string[] = Array.from({ length: (hosts.length - 1) * COLUMN + 1 }, (_, at) =>
    at % COLUMN === 0 ? '|' : ' ',
  )
  const [left, right] = [Math.min(from, to) * COLUMN, Math.max(from, to) * COLUMN]
  for (let at = left + 1; at < right; at++) cells[at] = isBroadcast && at % 2 === 0 ? ' ' : SHAFT[step.kind]
  const head = step.kind === 'error' ? 'X' : to > from ? '>' : '<'
  if (right > left) cells[to > from ? right - 1 : left + 1] = head
  const { first, last, count } = step.frames
  const frames = first === last ? `#${first}` : `#${first}-${last}`
  const repeats = step.kind === 'repeat' && count > 1 ? `  x${count}` : ''
  const paint =
    step.kind === 'error' ? palette.error : step.kind === 'silence' || step.kind === 'repeat' ? palette.warning : plain
  return `${palette.dim(`${time} ${delta}`)}  ${paint(cells.join(''))}  ${frames.padEnd(10)} ${paint(printable(step.label))}${repeats}`
}

function plain(text: string): string {
  return text
}
