import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, it } from 'vitest'
import type { LadderStep, Report } from '../../../src/analyzer/report.js'
import { layoutLadder } from '../../../src/report/ladder/layout.js'
import { renderLadderMermaid } from '../../../src/report/ladder/mermaid.js'
import { renderLadderSvg } from '../../../src/report/ladder/svg.js'
import { renderLadderText } from '../../../src/report/ladder/text.js'
import { HOSTILE, fallback, hostileReport, reportOf } from '../reports.js'

const step = (over: Partial<LadderStep>): LadderStep => ({
  atMs: 0,
  frames: { first: 1, last: 1, count: 1 },
  from: 'phone',
  to: '10.20.0.2',
  protocol: 'http',
  label: 'GET /x',
  kind: 'message',
  ...over,
})

function hostileLadder(): Report {
  const report = hostileReport()
  const kinds = ['message', 'bulk', 'repeat', 'silence', 'error'] as const
  const ladder = kinds.map((kind) => step({ kind, to: HOSTILE, label: HOSTILE }))
  return { ...report, sessions: report.sessions.map((session) => ({ ...session, ladder })) }
}

describe('layoutLadder', () => {
  const layout = (...ladder: LadderStep[]) => layoutLadder({ ...reportOf(fallback()).sessions[0]!, ladder })!

  it('puts the phone first and the others as they are met, with what they were asked for', () => {
    const { hosts, rungs } = layout(
      step({ to: 'broadcast', protocol: 'dhcp' }),
      step({ from: '10.20.0.3', to: 'phone', protocol: 'dhcp' }),
      step({}),
      step({ protocol: 'tftp' }),
    )
    expect(hosts.map(({ name, roles }) => [name, ...roles])).toEqual([
      ['00:04:0d:20:00:01'],
      ['10.20.0.3', 'DHCP'],
      ['10.20.0.2', 'HTTP', 'TFTP'],
    ])
    // A broadcast leads to whoever answers it.
    expect(rungs.map(({ from, to, isBroadcast }) => [from, to, isBroadcast])).toEqual([
      [0, 1, true],
      [1, 0, false],
      [0, 2, false],
      [0, 2, false],
    ])
  })

  it('gives a broadcast that nobody answers a column of its own', () => {
    const { hosts, rungs } = layout(step({ to: 'broadcast', protocol: 'dhcp' }))
    expect(hosts.map(({ id }) => id)).toEqual(['phone', 'broadcast'])
    expect(rungs[0]).toMatchObject({ from: 0, to: 1 })
  })

  it('keeps to its columns, however many hosts there are', () => {
    const { hosts, rungs } = layout(...Array.from({ length: 300 }, (_, i) => step({ to: `10.0.0.${i}` })))
    expect(hosts).toHaveLength(8)
    expect(hosts.at(-1)!.name).toBe('others')
    for (const { to } of rungs) expect(to).toBeLessThan(8)
  })
})

describe('ladder forms', () => {
  it('are readable as text', async () => {
    await expect(renderLadderText(reportOf(fallback()))).toMatchFileSnapshot('../../golden/ladder-http-hangs.txt')
  })

  it('have no line of text that the network makes', () => {
    const report = hostileLadder()
    const text = renderLadderText(report)
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    // A head, a blank, two lines of column heads, one for each rung.
    expect(text.split('\n')).toHaveLength(4 + 5 + 1)
  })

  it('are a Mermaid diagram whose lines are all ours', () => {
    const lines = renderLadderMermaid(hostileLadder()).split('\n')
    expect(lines.filter((line) => line.startsWith('```'))).toEqual(['```mermaid', '```'])
    const inside = lines.slice(lines.indexOf('```mermaid') + 1, lines.lastIndexOf('```'))
    expect(inside[0]).toBe('sequenceDiagram')
    for (const line of inside.slice(1)) {
      expect(line).toMatch(/^ {2}(?:participant h\d as [^;<>`]|Note over h0: |h\d(?:->>|--x|-x)h\d: )/)
      // Mermaid ends a statement at a semicolon that is none of an entity's.
      expect(line.replace(/#\d+;/g, '')).not.toMatch(/[;#`<]|(?<!-|->)>/)
    }
  })

  it('are a well-formed SVG without script', () => {
    const svg = renderLadderSvg(hostileLadder())
    expect(XMLValidator.validate(svg)).toBe(true)
    expect(svg).not.toMatch(/<script|javascript:|href|<foreignObject/)
    const parsed = new XMLParser({ ignoreAttributes: false }).parse(svg) as { svg: { g: { g: unknown[] } } }
    expect(parsed.svg.g.g).toHaveLength(5)
    expect(renderLadderSvg(hostileLadder())).toBe(svg)
  })
})
