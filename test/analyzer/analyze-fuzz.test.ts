/** Damaged captures: whatever happens to their octets, the analyzer ends, and what it says keeps the contract. */
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Analyzer, buildReport } from '../../src/analyzer/analyze.js'
import { Random } from '../../src/base/random.js'
import { renderText } from '../../src/report/render-text.js'

const OWN = new URL('../../captures/', import.meta.url)
const FILES = readdirSync(OWN).filter((name) => /^(?:curl|dhclient|udhcpc|atftp).*\.pcap$/.test(name))
const RUNS = 40

/** Flips, overwrites, removes or repeats a few stretches of octets behind the file header. */
function damaged(octets: Uint8Array, random: Random): Uint8Array {
  let bytes = Uint8Array.from(octets)
  for (let n = 1 + random.int(12); n > 0; n--) {
    const at = 24 + random.int(Math.max(1, bytes.length - 24))
    const length = Math.min(1 + random.int(40), bytes.length - at)
    switch (random.int(4)) {
      case 0:
        if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random.int(8))
        break
      case 1:
        bytes.fill(random.int(256), at, at + length)
        break
      case 2:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)])
        break
      default:
        bytes = Uint8Array.from([...bytes.subarray(0, at + length), ...bytes.subarray(at)])
    }
  }
  return bytes
}

describe('damaged captures', () => {
  it.each(FILES)('%s, damaged in many ways, is analyzed to its end', (name) => {
    const octets = readFileSync(new URL(name, OWN))
    for (let run = 0; run < RUNS; run++) {
      const analyzer = new Analyzer({ file: name })
      analyzer.push(damaged(octets, Random.for(run, name)))
      const report = buildReport([analyzer.end()])
      const packets = report.captures[0]!.packets
      for (const session of report.sessions) {
        expect(session.frames.first).toBeGreaterThanOrEqual(1)
        expect(session.frames.last).toBeLessThanOrEqual(packets)
        const codes = new Set(session.findings.map(({ code }) => code))
        if (session.rootCause !== null) expect(codes).toContain(session.rootCause)
        for (const { frames, causedBy } of session.findings) {
          expect(frames.every((frame) => frame >= 1 && frame <= packets)).toBe(true)
          if (causedBy !== null) expect(codes).toContain(causedBy)
        }
      }
      expect(renderText(report)).not.toContain('undefined')
    }
  })
})
