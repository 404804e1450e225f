/**
 * Ladders as one SVG document, for tickets and wikis: no script, no font or file of another place, light and dark.
 */
import type { LadderStep, Report, Session } from '../../analyzer/report.js'
import { printable } from '../printable.js'
import { bootNumbers, sessionName } from '../session-names.js'
import { element, escapeXml } from '../xml.js'
import { layoutLadder } from './layout.js'
import type { Ladder, LadderRung } from './layout.js'

/** User units, which are CSS pixels. */
const TIME_WIDTH = 150
const COLUMN_WIDTH = 280
const ROW = 34
const HEAD = 92
const EDGE = 24
/** Characters of a label between two columns. */
const LABEL_CHARACTERS = 43

const STYLE = `
svg { color-scheme: light dark; background: light-dark(#fff, #14181d); font: 12px ui-sans-serif, system-ui, sans-serif; }
text { fill: light-dark(#1b1f24, #e3e7ec); }
.title { font-size: 15px; font-weight: 600; }
.host { font-weight: 600; text-anchor: middle; }
.role, .time, .frame { fill: light-dark(#57606a, #9aa4af); }
.role, .label { text-anchor: middle; }
.time { font-family: ui-monospace, monospace; font-size: 11px; text-anchor: end; }
.frame { font-size: 10px; text-anchor: middle; }
.life { stroke: light-dark(#d0d7de, #39424c); }
.rung { stroke: light-dark(#0b5cad, #6cb2ff); stroke-width: 1.5; fill: none; }
.head { fill: light-dark(#0b5cad, #6cb2ff); }
.bulk .rung { stroke-width: 4; opacity: 0.7; }
.repeat .rung { stroke: light-dark(#8a5a00, #e3b341); } .repeat .head { fill: light-dark(#8a5a00, #e3b341); }
.silence .rung { stroke: light-dark(#8a5a00, #e3b341); stroke-dasharray: 2 5; } .silence .head { fill: light-dark(#8a5a00, #e3b341); }
.error .rung { stroke: light-dark(#b3261e, #ff8b82); } .error .head { fill: light-dark(#b3261e, #ff8b82); }
path.rung { stroke-dasharray: none !important; }
.error .label, .silence .label { font-weight: 600; }
`

export function renderLadderSvg({ sessions }: Report): string {
  const boots = bootNumbers(sessions)
  const drawings = sessions.flatMap((session, index) => {
    const ladder = layoutLadder(session)
    return ladder === undefined ? [] : [drawing(session, boots[index] ?? 1, ladder)]
  })
  const width = Math.max(480, ...drawings.map((one) => one.width))
  let top = 0
  const groups = drawings.map(({ height, body }) => {
    const group = element('g', { transform: `translate(0 ${top})` }, '\n', ...body)
    top += height
    return group
  })
  const height = Math.max(top, 60)
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': `Ladder diagrams of ${sessions.length} boot sessions`,
    },
    '\n',
    `<style>${STYLE}</style>\n`,
    ...(groups.length === 0 ? [textAt(EDGE, 30, 'title', 'No boot session.')] : groups),
  )
}

function drawing(session: Session, boot: number, ladder: Ladder) {
  const { hosts, rungs } = ladder
  const width = TIME_WIDTH + (hosts.length - 1) * COLUMN_WIDTH + COLUMN_WIDTH + EDGE
  const height = HEAD + rungs.length * ROW + EDGE
  const title = `${sessionName(session, boot)}: ${session.outcome}${session.rootCause === null ? '' : `, ${session.rootCause}`}`
  const body = [
    textAt(EDGE, 26, 'title', title),
    ...hosts.flatMap(({ name, roles }, index) => [
      textAt(columnX(index), 56, 'host', name),
      textAt(columnX(index), 72, 'role', index === 0 ? 'phone' : roles.join(', ')),
      element('line', { class: 'life', x1: columnX(index), y1: 80, x2: columnX(index), y2: height - EDGE / 2 }),
    ]),
    ...rungs.map((rung, index) => rungShape(rung, HEAD + index * ROW + ROW / 2)),
  ]
  return { width, height, body }
}

function columnX(column: number): number {
  return TIME_WIDTH + COLUMN_WIDTH / 2 + column * COLUMN_WIDTH
}

function rungShape({ step, from, to, isBroadcast }: LadderRung, y: number): string {
  const [x1, x2] = [columnX(from), columnX(to)]
  const direction = x2 >= x1 ? 1 : -1
  const { first, last } = step.frames
  const frames = first === last ? `#${first}` : `#${first}-${last}`
  const label = printable(step.label)
  const room = LABEL_CHARACTERS * Math.max(1, Math.abs(to - from))
  const shown = label.length > room ? `${label.slice(0, room - 1)}…` : label
  return element(
    'g',
    { class: step.kind },
    '\n',
    element('title', {}, escapeXml(`${label} (${frames})`)),
    textAt(TIME_WIDTH - 12, y + 4, 'time', `${(step.atMs / 1000).toFixed(6)} s`),
    element('line', {
      class: 'rung',
      x1,
      y1: y,
      x2: x2 - direction * 8,
      y2: y,
      ...(isBroadcast && { 'stroke-dasharray': '8 4' }),
    }),
    head(step, x2, y, direction),
    textAt((x1 + x2) / 2, y - 5, 'label', shown),
    textAt((x1 + x2) / 2, y + 13, 'frame', frames),
  )
}

/** An arrow's head, or a cross for what failed or never came. */
function head({ kind }: LadderStep, x: number, y: number, direction: number): string {
  if (kind !== 'silence' && kind !== 'error') {
    return element('path', { class: 'head', d: `M${x} ${y} l${-direction * 9} -4.5 v9 z` })
  }
  const at = x - direction * 8
  return element('path', { class: 'rung', d: `M${at - 4} ${y - 4} l8 8 m0 -8 l-8 8` })
}

function textAt(x: number, y: number, className: string, raw: string): string {
  return element('text', { x, y, class: className }, escapeXml(printable(raw)))
}
