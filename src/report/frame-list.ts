/**
 * Frame numbers for people: `#12-15, #18`.
 */
import { frameRanges } from '../analyzer/diagnosis/frame-filter.js'

/** Ranges printed before the rest is counted. */
const MOST_RANGES = 12

/** @param frames ascending, each once */
export function frameList(frames: readonly number[], most = MOST_RANGES): string {
  const ranges = frameRanges(frames)
  const shown = ranges.slice(0, most).map(([first, last]) => (first === last ? `#${first}` : `#${first}-${last}`))
  const rest = ranges.slice(most).reduce((sum, [first, last]) => sum + last - first + 1, 0)
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ')
}
