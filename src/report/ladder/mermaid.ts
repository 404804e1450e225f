/**
 * Ladders as Mermaid sequence diagrams in Markdown, which GitHub, GitLab and many ticket systems draw.
 */
import type { LadderStep, Report } from '../../analyzer/report.js'
import { printable } from '../printable.js'
import { bootNumbers, sessionName } from '../session-names.js'
import { layoutLadder } from './layout.js'
import type { Ladder } from './layout.js'

const ARROW: Readonly<Record<LadderStep['kind'], string>> = {
  message: '->>',
  bulk: '->>',
  repeat: '->>',
  silence: '--x',
  error: '-x',
}

/** Rungs that Mermaid still draws readably; the rest is counted. */
const MOST_RUNGS = 150

export function renderLadderMermaid({ sessions }: Report): string {
  const boots = bootNumbers(sessions)
  const parts = sessions.flatMap((session, index) => {
    const ladder = layoutLadder(session)
    if (ladder === undefined) return []
    const title = `${sessionName(session, boots[index] ?? 1)}: ${session.outcome}${session.rootCause === null ? '' : `, ${session.rootCause}`}`
    // A fence of its own line: backticks of the network stay within it.
    return [`### Session ${session.id}\n\n\`\`\`mermaid\n${diagram(ladder, title)}\`\`\`\n`]
  })
  return parts.length === 0 ? 'No boot session.\n' : parts.join('\n')
}

function diagram({ hosts, rungs }: Ladder, title: string): string {
  const lines = [
    'sequenceDiagram',
    ...hosts.map(({ name, roles }, index) => {
      const label = index === 0 ? 'phone' : roles.join(', ')
      return `  participant h${index} as ${text(label === '' ? name : `${name} ${label}`)}`
    }),
    `  Note over h0: ${text(title)}`,
    ...rungs.slice(0, MOST_RUNGS).map(({ step, from, to }) => {
      const { first, last } = step.frames
      const frames = first === last ? `${first}` : `${first}-${last}`
      return `  h${from}${ARROW[step.kind]}h${to}: ${text(`${(step.atMs / 1000).toFixed(3)} s ${step.label}`)} [${frames}]`
    }),
    ...(rungs.length > MOST_RUNGS ? [`  Note over h0: and ${rungs.length - MOST_RUNGS} more messages`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Mermaid's own entity codes for what it takes for syntax, or Markdown and HTML for theirs. */
function text(raw: string): string {
  return printable(raw).replace(/[#;&<>`"\\{}|]/g, (character) => `#${character.charCodeAt(0)};`)
}
