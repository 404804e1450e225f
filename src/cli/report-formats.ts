/**
 * A report in the format that was asked for; the same choice for every command that makes reports.
 */
import type { Report } from '../analyzer/report.js'
import { CaptureReader } from '../capture/capture-reader.js'
import { renderLadderMermaid } from '../report/ladder/mermaid.js'
import { renderLadderSvg } from '../report/ladder/svg.js'
import { renderLadderText } from '../report/ladder/text.js'
import { renderCsv } from '../report/render-csv.js'
import { renderJson, renderNdjson } from '../report/render-json.js'
import { renderJunit } from '../report/render-junit.js'
import { renderMarkdown } from '../report/render-markdown.js'
import { renderSarif } from '../report/render-sarif.js'
import type { FrameRegion } from '../report/render-sarif.js'
import { renderText } from '../report/render-text.js'
import type { TextOptions } from '../report/render-text.js'
import type { RunFacts } from '../report/run-facts.js'
import type { FailOn } from '../report/severity.js'

export const REPORT_FORMATS = ['text', 'json', 'ndjson', 'csv', 'markdown', 'junit', 'sarif'] as const
export type ReportFormat = (typeof REPORT_FORMATS)[number]

export const LADDER_FORMS = ['text', 'mermaid', 'svg'] as const
export type LadderForm = (typeof LADDER_FORMS)[number]

/** Only the ladder diagrams of a report's sessions, for tickets. */
export function renderLadder(report: Report, form: LadderForm, options: TextOptions): string {
  if (form === 'mermaid') return renderLadderMermaid(report)
  return form === 'svg' ? renderLadderSvg(report) : renderLadderText(report, options)
}

export interface ReportRendering extends TextOptions {
  readonly failOn?: FailOn | undefined
  readonly runs?: readonly RunFacts[]
  /** The capture's octets once more, for formats that say where a frame is in its file; undefined when that cannot be. */
  readonly reread?: (capture: number) => AsyncIterable<Uint8Array> | undefined
}

export async function renderReport(report: Report, format: ReportFormat, options: ReportRendering): Promise<string> {
  const { failOn, runs, reread } = options
  switch (format) {
    case 'text':
      return renderText(report, options)
    case 'json':
      return renderJson(report)
    case 'ndjson':
      return renderNdjson(report)
    case 'csv':
      return renderCsv(report)
    case 'markdown':
      return renderMarkdown(report, { ...(runs !== undefined && { runs }) })
    case 'junit':
      return renderJunit(report, { ...(failOn !== undefined && { failOn }), ...(runs !== undefined && { runs }) })
    case 'sarif': {
      const regions = reread === undefined ? undefined : await locateFrames(report, reread)
      return renderSarif(report, {
        ...(runs !== undefined && { runs }),
        ...(regions !== undefined && { region: (capture, frame) => regions[capture]?.get(frame) }),
      })
    }
  }
}

/** Where the frames that findings name are in their files: a second pass over those. */
async function locateFrames(
  { captures, sessions }: Report,
  reread: NonNullable<ReportRendering['reread']>,
): Promise<readonly ReadonlyMap<number, FrameRegion>[]> {
  const located: Map<number, FrameRegion>[] = []
  for (const [index, { findings }] of captures.entries()) {
    const found = new Map<number, FrameRegion>()
    located.push(found)
    const all = [...findings, ...sessions.filter(({ capture }) => capture === index).flatMap((s) => s.findings)]
    const wanted = new Set(all.flatMap(({ frames }) => frames))
    const octets = wanted.size === 0 ? undefined : reread(index)
    if (octets === undefined) continue
    const reader = new CaptureReader(({ number, fileOffset, start, end }) => {
      if (wanted.has(number)) found.set(number, { byteOffset: fileOffset, byteLength: end - start })
    })
    for await (const chunk of octets) {
      reader.push(chunk)
      if (!reader.reading || found.size === wanted.size) break
    }
    // In a compressed file an offset of the capture within means nothing to who opens it.
    if (reader.end().compression !== 'none') found.clear()
  }
  return located
}
