import { beforeEach, describe, expect, it } from 'vitest'
import { Dissection } from '../../../src/analyzer/dissect/dissection.js'
import { FragmentTable } from '../../../src/analyzer/streams/fragment-table.js'
import { Limits, MAX_FRAGMENTED_DATAGRAMS } from '../../../src/analyzer/streams/limits.js'
import { Random } from '../../../src/base/random.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import { CLIENT, SERVER, Trace, connectionOf, record } from './trace.js'

const PAYLOAD = Uint8Array.from({ length: 100 }, (_, i) => i)

let table: FragmentTable
let limits: Limits

beforeEach(() => {
  limits = new Limits()
  table = new FragmentTable(limits)
})

function fragmentFrame(payload: Uint8Array, start: number, end: number, identification = 1): Uint8Array {
  return ethernet.encode({
    destination: new Uint8Array(6),
    source: new Uint8Array(6),
    etherType: ethernet.EtherType.ipv4,
    payload: ipv4.encode({
      identification,
      moreFragments: end < payload.length,
      fragmentOffset: start,
      ttl: 64,
      protocol: ipv4.Protocol.tcp,
      source: CLIENT,
      destination: SERVER,
      payload: payload.subarray(start, end),
    }),
  })
}

function add(
  start: number,
  end: number,
  { seconds = 0, id = 1, payload = PAYLOAD, cut = 0 } = {},
): Uint8Array | undefined {
  const bytes = fragmentFrame(payload, start, end, id)
  const packet = new Dissection()
  packet.read(record({ time: 0, bytes: bytes.subarray(0, bytes.length - cut), originalLength: bytes.length }, 1))
  return table.add(packet, seconds)
}

describe('FragmentTable', () => {
  it('joins fragments in any order', () => {
    const random = new Random(3)
    for (let round = 0; round < 50; round++) {
      const pieces: [number, number][] = [
        [0, 24],
        [24, 56],
        [56, 96],
        [96, 100],
      ]
      for (let i = pieces.length - 1; i > 0; i--) {
        const j = random.int(i + 1)
        ;[pieces[i], pieces[j]] = [pieces[j]!, pieces[i]!]
      }
      const results = pieces.map(([start, end]) => add(start, end, { id: round }))
      expect(results.slice(0, 3)).toEqual([undefined, undefined, undefined])
      expect(results[3]).toEqual(PAYLOAD)
    }
  })

  it('keeps what came first where fragments overlap', () => {
    const other = new Uint8Array(100).fill(0xff)
    add(0, 64)
    add(48, 80, { payload: other })
    const whole = add(80, 100)!
    expect(whole.subarray(0, 64)).toEqual(PAYLOAD.subarray(0, 64))
    expect(whole.subarray(64, 80)).toEqual(other.subarray(64, 80))
  })

  it('does not join what lies too far apart in time, is cut, or belongs to another datagram', () => {
    add(0, 48)
    expect(add(48, 100, { seconds: 61 })).toBeUndefined()
    add(0, 48, { id: 2 })
    expect(add(48, 100, { id: 2, cut: 1 })).toBeUndefined()
    expect(add(48, 100, { id: 2 })).toBeUndefined()
    add(0, 48, { id: 3 })
    expect(add(48, 100, { id: 4 })).toBeUndefined()
  })

  it('holds a bounded number of datagrams and says when it let one go', () => {
    for (let id = 0; id < MAX_FRAGMENTED_DATAGRAMS; id++) add(0, 48, { id })
    expect(limits.names()).toEqual([])
    add(0, 48, { id: 60_000 })
    expect(limits.names()).toEqual(['fragmented-datagrams'])
    expect(add(48, 100, { id: 0 })).toBeUndefined()
    expect(add(48, 100, { id: 5 })).toEqual(PAYLOAD)
  })

  it('hands joined segments to their connection, in the frame of the last fragment', () => {
    const whole = new Trace().handshake().c(3, 'P.', 'GET /a-name-of-some-length.txt HTTP/1.1\r\nHost: h\r\n\r\n')
    const segment = whole.frames[3]!.bytes.subarray(34)
    const trace = new Trace().handshake()
    trace.frame(3, fragmentFrame(segment, 48, segment.length)).frame(4, fragmentFrame(segment, 0, 48))
    const connection = connectionOf(trace)
    expect(connection.exchanges).toMatchObject([
      { request: { uri: '/a-name-of-some-length.txt', complete: { number: 5 } } },
    ])
  })
})
