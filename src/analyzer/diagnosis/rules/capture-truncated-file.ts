import type { CaptureRule } from '../rule.js'
import { count } from '../wording.js'

export const captureTruncatedFile: CaptureRule = {
  code: 'capture-truncated-file',
  stage: 'capture',
  severity: 'warning',
  states: 'the capture file ends in the middle of a record',
  evidence: 'reader position',
  notConfusedWith: '',
  remedy:
    'Everything before the damage was analyzed. Stop the capturing program before copying its file, and check that the disk was not full and the transfer complete.',
  references: ['pcapng block structure', 'pcap record header'],

  *checkCapture(capture) {
    if (capture.damage === undefined) return
    const { offset, frame, reason } = capture.damage
    yield {
      message: `the file breaks off at octet ${offset}, in frame ${frame}: ${reason}; ${count(capture.packets, 'frame')} before it were read`,
      // The last frame that is whole: the broken one cannot be shown.
      frames: capture.packets > 0 ? [capture.packets] : [],
      at: undefined,
    }
  },
}
