import type { CaptureRule } from '../rule.js'
import { count } from '../wording.js'

export const captureMalformedFrames: CaptureRule = {
  code: 'capture-malformed-frames',
  stage: 'capture',
  severity: 'info',
  states: 'frames that no decoder accepts',
  evidence: 'decoder errors',
  notConfusedWith: '',
  remedy:
    'A few say nothing. Many point to a capture of the wrong link type, or to a program that writes damaged frames.',
  references: ['RFC 791', 'RFC 2131'],

  *checkCapture({ malformedFrames, packets }) {
    if (malformedFrames === 0) return
    yield {
      message: `${count(malformedFrames, 'frame')} of ${packets} could not be read`,
      frames: [],
      at: undefined,
    }
  },
}
