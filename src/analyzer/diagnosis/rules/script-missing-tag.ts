import { readScriptsOf, isSure } from '../script-reading.js'
import type { ReadScript } from '../script-reading.js'
import type { BootSession } from '../../sessions/boot-session.js'
import { fileName } from '../../../deskphone/roles.js'
import type { Rule } from '../rule.js'
import { list } from '../wording.js'

/**
 * The rest of the file is ignored after such a jump. One on another model's branch does this phone no harm, and neither
 * does one that it may have passed by: it then asks for files that stand behind the jump.
 */
export const scriptMissingTag: Rule = {
  code: 'script-missing-tag',
  stage: 'files',
  severity: 'error',
  states: 'a GOTO leads to a tag that does not exist',
  evidence: "the file's text",
  notConfusedWith: '',
  remedy:
    'Add the line "# TAG" below the jump (a hash, exactly one blank, the name of the tag), or correct the name in the GOTO. A phone looks for tags further down only.',
  references: ['Avaya 1600 Installation and Maintenance Guide 16-601438, p. 49'],
  restsOnAbsence: false,

  *check(session) {
    for (const reading of readScriptsOf(session)) {
      const { missingTags, script } = reading
      const taken = missingTags.filter(({ share }) => share > 0)
      const first = taken[0]
      if (first === undefined) continue
      const sure = taken.filter(({ share }) => isSure(share))
      const passed = sure.length === 0 && wentOnBehind(session, reading, first.line)
      yield {
        message:
          `${script.path} ${sure.length > 0 ? 'sends the phone' : 'may send the phone'} to ` +
          `${list(taken.map(({ tag, line }) => `the tag "${tag}" (line ${line})`))}, which the file does not have below: ` +
          (passed ? 'this phone was not stopped by it' : 'the rest of the file is ignored'),
        frames: [script.transfer.first.number, script.transfer.last.number],
        at: script.transfer.end,
        ...(sure.length > 0
          ? {}
          : passed
            ? { severity: 'warning', changesOutcome: false }
            : { confidence: 'possible', severity: 'warning', changesOutcome: false }),
      }
    }
  },
}

/** It asked for a file that a line behind the jump names. */
function wentOnBehind(session: BootSession, { lines, script }: ReadScript, jump: number): boolean {
  return lines.some(
    ({ line }) =>
      line.kind === 'get' &&
      line.line > jump &&
      session.transfers.some(
        ({ file, start }) => start >= script.transfer.end && file === fileName(line.file).toLowerCase(),
      ),
  )
}
