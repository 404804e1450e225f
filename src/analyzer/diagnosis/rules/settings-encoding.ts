import { parseLine } from '../../../deskphone/script.js'
import type { Rule } from '../rule.js'
import { count, list } from '../wording.js'

/**
 * Files that an editor saved for people and not for phones. A mark in front of a comment does no harm, nor do foreign
 * letters in comments.
 */
export const settingsEncoding: Rule = {
  code: 'settings-encoding',
  stage: 'files',
  severity: 'warning',
  states: 'UTF-16, a byte order mark or typographic quotes spoil the settings file',
  evidence: "the file's bytes",
  notConfusedWith: '',
  remedy:
    'Save the file as plain text (ANSI or UTF-8 without a byte order mark) and write quotes as the ASCII character 34.',
  references: ['Avaya 46xxsettings.txt template, notes on syntax'],
  restsOnAbsence: false,

  *check(session) {
    for (const { path, text, transfer } of session.scripts) {
      const wrong = spoiltBy(text)
      if (wrong === undefined) continue
      yield {
        message: `${path} ${wrong}`,
        frames: [transfer.first.number, transfer.last.number],
        at: transfer.end,
      }
    }
  },
}

const UTF16_MARK = /^(?:\xff\xfe|\xfe\xff)/
const UTF8_MARK = '\xef\xbb\xbf'
/** Of UTF-8 and of Windows-1252, single and double, German and French ones too. */
const TYPOGRAPHIC = /\xe2\x80[\x98-\x9f]|\xc2[\xab\xbb]|[\x82\x84\x91-\x94]/
const COMMAND = /^(?:SET|IF|GOTO|GET)[ \t]/i
/** Lines looked at for quotes. */
const MAX_LINES = 20_000

function spoiltBy(text: string): string | undefined {
  if (UTF16_MARK.test(text) || isInterleaved(text)) return 'is UTF-16: the phone can read no line of it'
  const lines = text.split(/\r\n|\n|\r/, MAX_LINES)
  const quoted = lines.flatMap((line, index) =>
    COMMAND.test(line) && TYPOGRAPHIC.test(line.replace(/[\xc3-\xdf][\x80-\xbf]/g, '')) ? [`line ${index + 1}`] : [],
  )
  const parts: string[] = []
  if (text.startsWith(UTF8_MARK)) {
    const { kind } = parseLine((lines[0] ?? '').slice(UTF8_MARK.length), 1)
    if (kind !== 'comment') parts.push('begins with a byte order mark, which costs its first line')
  }
  if (quoted.length > 0) {
    parts.push(
      `has typographic quotes in ${count(quoted.length, 'command')} (${list(quoted)}), which are part of the value`,
    )
  }
  return parts.length === 0 ? undefined : parts.join(' and ')
}

/** Every second octet is NUL: UTF-16 without its mark. */
function isInterleaved(text: string): boolean {
  const sample = text.slice(0, 512)
  if (sample.length < 8) return false
  let even = 0
  let odd = 0
  for (let i = 0; i < sample.length; i++) if (sample.charCodeAt(i) === 0) i % 2 === 0 ? even++ : odd++
  return Math.max(even, odd) > sample.length * 0.4
}
