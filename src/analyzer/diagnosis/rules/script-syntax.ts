import { parseLine } from '../../../deskphone/script.js'
import { readScriptsOf } from '../script-reading.js'
import type { ReadScript } from '../script-reading.js'
import type { Rule } from '../rule.js'
import { count, list } from '../wording.js'

/** A command that does not begin in the first column is a comment. */
const INDENTED = /^[\s\u00a0]+(?=(?:SET|IF|GOTO|GET)[ \t])/i
/** Keywords written wrong, or without the blank after them, with what follows them in a command. */
const MISSPELT =
  /^(?:SETS?:?|STE|SER|GETS?:|GTE|GO[ \t]+TO|GOTO:|IFF?:?)[ \t]+\S|^(?:SET[A-Z]{2,}|IF\$\w+)[ \t]+\S+[ \t]*(?:\S+)?$/

/** A sentence of a comment that nobody marked as one. */
const PROSE = /^[A-Z][a-z]/

export const scriptSyntax: Rule = {
  code: 'script-syntax',
  stage: 'files',
  severity: 'warning',
  states: 'lines of a script that the phone ignores although they look like commands',
  evidence: "the file's text",
  notConfusedWith: 'comments',
  remedy:
    'Write each command on one line, from the first column, in one of the forms SET NAME value, SET NAME "a value with spaces", IF $NAME SEQ value GOTO TAG, GOTO TAG, GET file; quotes are the plain ones of ASCII.',
  references: ['Avaya 1600 Installation and Maintenance Guide 16-601438, p. 49'],
  restsOnAbsence: false,

  *check(session) {
    for (const reading of readScriptsOf(session)) {
      const ignored = ignoredLines(reading)
      if (ignored.length === 0) continue
      const { path, transfer } = reading.script
      yield {
        message: `${path} has ${count(ignored.length, 'line')} that the phone ignores: ${list(ignored)}`,
        frames: [transfer.first.number, transfer.last.number],
        at: transfer.end,
      }
    }
  },
}

/** What is wrong and where. Values are not quoted: they may be passwords. */
function ignoredLines({ script, lines }: ReadScript): string[] {
  const texts = script.text.split(/\r\n|\n|\r/)
  return lines.flatMap(({ line, share }) => {
    if (share === 0) return []
    if (line.kind === 'invalid' && PROSE.test(line.text)) return []
    if (line.kind === 'invalid') return [`line ${line.line} is ${asReason(line.reason)}`]
    if (line.kind !== 'comment') return []
    const text = texts[line.line - 1] ?? ''
    if (INDENTED.test(text)) {
      const { kind } = parseLine(text.replace(INDENTED, ''), line.line)
      return kind === 'comment' || kind === 'invalid' ? [] : [`line ${line.line} begins with a blank`]
    }
    const word = /^\S{1,12}/.exec(text)?.[0]
    return MISSPELT.test(text) && word !== undefined ? [`line ${line.line} begins with "${word}"`] : []
  })
}

function asReason(reason: string): string {
  return /^not /.test(reason) ? reason : `not taken (${reason})`
}
