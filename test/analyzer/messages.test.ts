import { describe, expect, it } from 'vitest'
import { MAX_HELD, MessageLister } from '../../src/analyzer/messages.js'
import type { Message } from '../../src/analyzer/messages.js'
import * as tftp from '../../src/wire/tftp.js'
import type { TftpPacket } from '../../src/wire/tftp.js'
import { CLIENT, SERVER, Trace, observe, record, udpFrame } from './streams/trace.js'

describe('MessageLister', () => {
  it('lists every TFTP packet with its own fields', () => {
    const trace = new Trace()
    const packets: [boolean, TftpPacket][] = [
      [true, { op: 'rrq', filename: '46xxsettings.txt', mode: 'octet', options: [['tsize', '0']] }],
      [false, { op: 'oack', options: [['tsize', '4']] }],
      [true, { op: 'ack', block: 0 }],
      [false, { op: 'data', block: 1, data: new Uint8Array(4) }],
      [true, { op: 'error', code: 3, message: 'disk full' }],
      [true, { op: 'wrq', filename: 'b', mode: 'octet', options: [] }],
    ]
    packets.forEach(([up, packet], i) => {
      const bytes = tftp.encode(packet)
      const serverPort = packet.op === 'rrq' || packet.op === 'wrq' ? 69 : 9
      const frame = up
        ? udpFrame(CLIENT, 1025, SERVER, serverPort, bytes)
        : udpFrame(SERVER, serverPort, CLIENT, 1025, bytes)
      trace.frame(i * 10, frame)
    })
    const up = { protocol: 'tftp', source: '10.20.0.120:1025', destination: '10.20.0.2:9' }
    const down = { protocol: 'tftp', source: '10.20.0.2:9', destination: '10.20.0.120:1025' }
    const request = { ...up, destination: '10.20.0.2:69' }
    const { messages } = observe(trace.frames)
    expect(messages.map(({ time }) => time.slice(17))).toEqual(
      ['20', '20', '20', '20', '20', '20'].map((s, i) => `${s}.0${i}0000000Z`),
    )
    expect(messages.map(({ time: _, ...rest }) => rest)).toEqual([
      {
        frame: 1,
        ...request,
        opcode: 1,
        operation: 'RRQ',
        filename: '46xxsettings.txt',
        mode: 'octet',
        options: [['tsize', '0']],
      },
      { frame: 2, ...down, opcode: 6, operation: 'OACK', options: [['tsize', '4']] },
      { frame: 3, ...up, opcode: 4, operation: 'ACK', block: 0 },
      { frame: 4, ...down, opcode: 3, operation: 'DATA', block: 1, length: 4 },
      { frame: 5, ...up, opcode: 5, operation: 'ERROR', code: 3, message: 'disk full' },
      { frame: 6, ...request, opcode: 2, operation: 'WRQ', filename: 'b', mode: 'octet', options: [] },
    ])
  })

  it('lists HTTP messages in frame order, those that never ended too', () => {
    const trace = new Trace().handshake().c(3, 'P.', 'GET /a HTTP/1.1\r\nHost: h:81\r\n\r\n')
    trace.s(4, 'P.', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegins')
    trace.frame(
      5,
      udpFrame(CLIENT, 1025, SERVER, 69, tftp.encode({ op: 'rrq', filename: 'f', mode: 'octet', options: [] })),
    )
    const { messages } = observe(trace.frames)
    expect(messages.map(({ time: _, ...rest }) => rest)).toEqual([
      {
        frame: 4,
        source: '10.20.0.120:1024',
        destination: '10.20.0.2:80',
        protocol: 'http',
        kind: 'request',
        method: 'GET',
        uri: '/a',
        host: 'h:81',
        complete: true,
      },
      {
        frame: 5,
        source: '10.20.0.2:80',
        destination: '10.20.0.120:1024',
        protocol: 'http',
        kind: 'response',
        status: 200,
        contentLength: 100,
        complete: false,
      },
      expect.objectContaining({ frame: 6, protocol: 'tftp' }),
    ])
  })

  it('hands out a long list in pieces, in order', () => {
    const messages: Message[] = []
    const lister = new MessageLister((message) => messages.push(message))
    const bytes = udpFrame(CLIENT, 69, SERVER, 69, tftp.encode({ op: 'ack', block: 1 }))
    for (let number = 1; number <= MAX_HELD; number++)
      lister.frame(record({ time: 0, bytes, originalLength: bytes.length }, number))
    expect(messages).toHaveLength(MAX_HELD / 2)
    lister.end({ format: 'pcap', linkTypes: [], packets: MAX_HELD, bytes: 0, damage: undefined })
    expect(messages.map(({ frame }) => frame)).toEqual(Array.from({ length: MAX_HELD }, (_, i) => i + 1))
  })
})
