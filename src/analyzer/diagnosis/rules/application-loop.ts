import { arrived } from '../../sessions/boot-session.js'
import type { BootSession, SessionTransfer } from '../../sessions/boot-session.js'
import type { Rule } from '../rule.js'
import { distinct, serverOf } from '../wording.js'

/** Boots looked back over. */
const MAX_BOOTS = 50

/** An upgrade loads a boot image and then an application, each once. */
export const applicationLoop: Rule = {
  code: 'application-loop',
  stage: 'files',
  severity: 'error',
  states: 'the same image is loaded at every boot',
  evidence: 'two or more complete transfers of the same name, a boot after each',
  notConfusedWith: 'boot image, then application image (normal upgrade)',
  remedy:
    'The name in the script and the name inside the image differ, or the phone does not take it because it is damaged or too large: upload images in binary mode, give APPNAME the exact name of an image made for this model, and see that it is no larger than the phone can hold.',
  references: ['Avaya 1600 Administrator Guide 16-601443', 'Avaya 4600 LAN Administrator Guide 555-233-507'],
  restsOnAbsence: false,

  *check(session) {
    const earlier: SessionTransfer[] = []
    let boot: BootSession | undefined = session.previous
    for (let boots = 0; boot !== undefined && boots < MAX_BOOTS; boots++) {
      earlier.unshift(...imagesOf(boot))
      boot = boot.previous
    }
    for (const file of distinct(imagesOf(session).map((image) => image.file))) {
      const now = imagesOf(session).filter((image) => image.file === file)
      const before = earlier.filter((image) => image.file === file)
      const last = now.at(-1)
      // A boot must follow each: the last one may have been the end of it.
      const followed = before.length + (session.hasNext ? 1 : 0)
      if (last === undefined || before.length === 0 || followed < 2) continue
      yield {
        message: `the image ${last.path} was loaded from ${serverOf(last)} again: ${before.length + 1} boots in a row loaded it whole, and the phone booted after each`,
        frames: [...before, ...now].flatMap((image) => [image.first.number, image.last.number]),
        at: last.start,
      }
    }
  },
}

function imagesOf(session: BootSession): SessionTransfer[] {
  return session.transfers.filter(
    (transfer) =>
      (transfer.role === 'application' || transfer.role === 'boot-image') &&
      transfer.method !== 'HEAD' &&
      transfer.bytes > 0 &&
      arrived(transfer),
  )
}
