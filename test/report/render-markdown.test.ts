import markdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { renderMarkdown } from '../../src/report/render-markdown.js'
import { Observed } from '../analyzer/observed.js'
import { fallback, hostileReport, reportOf } from './reports.js'

describe('renderMarkdown', () => {
  it('tells each distinct failure once, with evidence and advice', () => {
    const text = renderMarkdown(reportOf(fallback(), fallback()))
    expect(text.match(/^## .*http-response-timeout at 10\.20\.0\.2:80$/gm)).toHaveLength(1)
    expect(text).toMatch(/- error \*\*http-response-timeout\*\*: 10\.20\.0\.2:80 took GET .*\(`#\d+-\d+`\)$/m)
    expect(text).toMatch(/- so: warning \*\*fallback-to-tftp\*\*/)
    expect(text).toContain('**What to do:** ')
    expect(text).toMatch(/^\| `phone\.pcapng` \| `00:04:0d:20:00:01` \|.*⚠️ degraded \| http-response-timeout \|/m)
  })

  it('says so when there is no boot session', () => {
    expect(renderMarkdown(reportOf(new Observed()))).toContain('No boot session was found.')
  })

  it('lets no text of the network make markup, links, mentions or lines', () => {
    const text = renderMarkdown(hostileReport())
    expect(text).not.toMatch(/^- item/m)
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202e]/)
    const html = markdownIt({ html: true, linkify: true }).render(text)
    expect(html).not.toMatch(/<(?:script|a|img|em|\/testcase)\b/)
    // One table, and every row of it with as many cells as its head.
    const rows = html.split('<tr>').slice(1)
    expect(rows.length).toBe(2)
    expect(new Set(rows.map((row) => row.match(/<t[hd]\b/g)?.length)).size).toBe(1)
    const prose = html.replace(/<code>.*?<\/code>/gs, '')
    expect(text).toContain('\\@all')
    expect(prose).toContain('@all')
  })
})
