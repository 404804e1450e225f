/**
 * Wireshark display filters for lists of frames.
 */

/**
 * `frame.number in {12,15..18}`; an empty string for no frames.
 *
 * @param frames ascending, each once
 */
export function frameFilter(frames: readonly number[]): string {
  if (frames.length === 0) return ''
  const parts = frameRanges(frames).map(([first, last]) =>
    first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}..${last}`,
  )
  return `frame.number in {${parts.join(',')}}`
}

/** Runs of consecutive numbers, first and last of each. */
export function frameRanges(frames: readonly number[]): [first: number, last: number][] {
  const ranges: [number, number][] = []
  for (const frame of frames) {
    const open = ranges.at(-1)
    if (open !== undefined && frame === open[1] + 1) open[1] = frame
    else ranges.push([frame, frame])
  }
  return ranges
}
