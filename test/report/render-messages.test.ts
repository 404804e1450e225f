import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/analyzer/messages.js'
import { MESSAGES_CSV_HEADER, messageCsv, messageNdjson, messageText } from '../../src/report/render-messages.js'

const base = {
  frame: 7,
  time: '2026-11-21T03:10:00.123456789Z',
  source: '10.20.0.120:1024',
  destination: '10.20.0.2:69',
}
const rrq: Message = {
  ...base,
  protocol: 'tftp',
  opcode: 1,
  operation: 'RRQ',
  filename: '=cmd|"x",\x1b[2J',
  mode: 'octet',
  options: [['blksize', '1024']],
}
const response: Message = {
  ...base,
  protocol: 'http',
  kind: 'response',
  status: 404,
  contentLength: 146,
  complete: true,
}
const discover: Message = {
  ...base,
  protocol: 'dhcp',
  type: 'DISCOVER',
  xid: '0x00003d1d',
  chaddr: '00:1b:4f:20:00:01',
  ciaddr: '0.0.0.0',
  yiaddr: '0.0.0.0',
  siaddr: '0.0.0.0',
  giaddr: '10.20.0.1',
  options: [53, 55, 255],
}
const unreachable: Message = {
  ...base,
  protocol: 'icmp',
  type: 3,
  code: 3,
  quotes: { protocol: 17, source: '10.20.0.2:69', destination: '10.20.0.120:1024' },
}

describe('a spreadsheet', () => {
  it.each(['=1+1', '+1', '-1', '@sum', '\uff1d1', '\uff201'])(
    'does not take the file name %s for a formula',
    (filename) => {
      const row = messageCsv({ ...rrq, filename } as Message)
      expect(row).toContain(`,'${filename},`)
    },
  )
})

describe('messages', () => {
  it('are one line each for people, escapes shown', () => {
    const lines = [rrq, response, discover, unreachable].map((message) => messageText(message))
    for (const line of lines) expect(line).toMatch(/^#7 .*\n$/)
    expect(lines.join('')).not.toContain('\x1b')
    expect(lines[0]).toContain('RRQ =cmd|"x",\\x1b[2J octet blksize=1024')
    expect(lines[1]).toContain('status 404, 146 octets')
    expect(lines[2]).toContain('DISCOVER xid 0x00003d1d chaddr 00:1b:4f:20:00:01 giaddr 10.20.0.1 options 53,55,255')
    expect(lines[3]).toContain('type 3 code 3, quotes protocol 17 10.20.0.2:69 -> 10.20.0.120:1024')
  })

  it('are the objects themselves in ndjson', () => {
    expect(messageNdjson(discover).endsWith('}\n')).toBe(true)
    expect(JSON.parse(messageNdjson(discover))).toEqual(discover)
  })

  it('have as many fields in CSV as the header, quoted, and no formulas', () => {
    const columns = MESSAGES_CSV_HEADER.trim().split(',').length
    for (const message of [response, discover]) expect(messageCsv(message).trim().split(',').length).toBe(columns)
    expect(messageCsv(rrq)).toContain(`"'=cmd|""x"",\\x1b[2J"`)
  })
})
