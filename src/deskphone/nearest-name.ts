/**
 * "Did you mean": the known name closest to a misspelt one. Case does not count, as names of these phones do not
 * heed it either.
 */

/** Longer names are not compared: they are not a slip of the finger. */
const MAX_NAME_LENGTH = 64

/**
 * Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b` (optimal string alignment).
 * Case counts here.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1))
      const swapped =
        i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      if (swapped) best = Math.min(best, beforeLast[j - 2]! + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

/**
 * The candidate that `name` most likely stands for, or undefined when none is close: at most one edit in three
 * characters, and never more than three. The first of equally close candidates wins.
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  if (name === '' || name.length > MAX_NAME_LENGTH) return undefined
  const wanted = name.toUpperCase()
  let nearest: string | undefined
  let shortest = Math.min(3, Math.max(1, Math.floor(name.length / 3))) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= shortest) continue
    const distance = editDistance(wanted, candidate.toUpperCase())
    if (distance < shortest) {
      shortest = distance
      nearest = candidate
    }
  }
  return nearest
}
