import type { CaptureRule } from '../rule.js'
import { count } from '../wording.js'

export const captureSnaplen: CaptureRule = {
  code: 'capture-snaplen',
  stage: 'capture',
  severity: 'warning',
  states: 'frames were cut when captured',
  evidence: 'captured length under original length',
  notConfusedWith: '',
  remedy: 'Capture whole frames (tcpdump -s 0): from cut ones scripts, options and headers cannot be read.',
  references: ['pcap record header', 'pcapng Enhanced Packet Block'],

  *checkCapture({ snaplenFrames, packets }) {
    if (snaplenFrames === 0) return
    yield {
      message: `${count(snaplenFrames, 'frame')} of ${packets} were cut when captured`,
      frames: [],
      at: undefined,
    }
  },
}
