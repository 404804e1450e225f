/**
 * Every state against every combination of flags, at every interesting place of the window, with and without text and
 * with acknowledgments of every kind; then all orders of segments. What has to hold is the same for all of them.
 */
import { describe, expect, it } from 'vitest'
import { equalBytes } from '../../../src/base/bytes.js'
import { Random } from '../../../src/base/random.js'
import type { State, TcpConnection } from '../../../src/emulator/net/tcp/connection.js'
import type { TcpHandlers } from '../../../src/emulator/net/transport.js'
import * as tcp from '../../../src/wire/tcp.js'
import { PEER_ADDRESS, TcpTrace } from './raw-peer.js'

/** What Linux offers in its SYN, unscaled because the peer offers no scale. */
const WINDOW = 64_240
const SYN_OPTIONS = [tcp.mssOption(1460), tcp.sackPermittedOption()]
const LETTERS = ['F', 'S', 'R', '.', 'P', 'U'] as const
/** How many of them are tried with each profile. */
const COMBINED = { linux: 6, phone: 4 } as const

interface Reached {
  readonly trace: TcpTrace
  /** As it is now: a handshake has none before it is done. */
  readonly socket: () => TcpConnection | undefined
  readonly closed: string[]
  /** RCV.NXT and SND.NXT, counted from the initial ones. */
  readonly next: number
  readonly sent: number
}

/** Brings a host into a state. */
async function reach(state: State | 'LISTEN', profile: 'linux' | 'phone', peerIss: number): Promise<Reached> {
  const trace = new TcpTrace({ profile, peerIss })
  const closed: string[] = []
  const handlers: TcpHandlers = { closed: (error) => closed.push(String(error)) }
  let socket: TcpConnection | undefined
  const passive = state === 'LISTEN' || state === 'SYN-RECEIVED'
  if (passive) {
    trace.host.listenTcp(80, (connection) => {
      socket = connection
      return handlers
    })
    if (state === 'SYN-RECEIVED') {
      trace.send('S', { seq: 0, options: SYN_OPTIONS })
      await trace.sentNow()
    }
    return { trace, socket: () => socket, closed, next: 1, sent: 1 }
  }
  socket = trace.host.connectTcp(PEER_ADDRESS, trace.peerPort, handlers)
  await trace.sentNow()
  if (state === 'SYN-SENT') return { trace, socket: () => socket, closed, next: 1, sent: 1 }
  trace.send('S.', { seq: 0, ack: 1, options: SYN_OPTIONS })
  await trace.settle()
  let next = 1
  let sent = 1
  const end = async (): Promise<void> => {
    socket!.end()
    sent = 2
    await trace.settle()
  }
  const peerEnds = async (ack: number): Promise<void> => {
    trace.send('F.', { seq: 1, ack })
    next = 2
    await trace.settle()
  }
  if (state === 'CLOSE-WAIT' || state === 'LAST-ACK') await peerEnds(1)
  if (state !== 'ESTABLISHED' && state !== 'CLOSE-WAIT') await end()
  if (state === 'CLOSING') await peerEnds(1)
  if (state === 'FIN-WAIT-2') trace.send('.', { seq: 1, ack: 2 })
  if (state === 'TIME-WAIT') await peerEnds(2)
  await trace.sentNow()
  expect(socket.state).toBe(state)
  return { trace, socket: () => socket, closed, next, sent }
}

const STATES: readonly (State | 'LISTEN')[] = [
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
]

/** Where a segment begins, from RCV.NXT on. */
const PLACES = [
  ['long before the window', -100_000],
  ['just before it', -1],
  ['at its left edge', 0],
  ['inside', 1000],
  ['at its last octet', WINDOW - 1],
  ['at its right edge', WINDOW],
  ['beyond', WINDOW + 1],
] as const

describe('every combination of flags', () => {
  for (const profile of ['linux', 'phone'] as const) {
    for (const state of STATES) {
      it(`does no harm in ${state} (${profile}), wherever in the window it stands`, async () => {
        let cases = 0
        for (const [place, offset] of PLACES) {
          for (let bits = 0; bits < 1 << COMBINED[profile]; bits++) {
            const flags = LETTERS.filter((_, bit) => (bits & (1 << bit)) !== 0).join('')
            for (const length of [0, 10]) {
              for (const acked of flags.includes('.') ? [-100_000, 0, 1] : [0]) {
                // Numbers that turn over between the segment before the window and the one inside.
                const { trace, socket, closed, next, sent } = await reach(state, profile, 0xffff_fff0)
                const what = `${flags} ${place}, ${length} octets, acknowledging ${acked}`
                trace.send(flags, { seq: next + offset, ack: sent + acked, data: length })
                const answers = await trace.sentNow()
                // RFC 9293 §3.10.7: at most one segment answers one segment, and nothing answers RST with RST.
                expect(answers.length, what).toBeLessThanOrEqual(1)
                if (flags.includes('R')) expect(answers.join().includes(' R'), what).toBe(false)
                expect(answers, what).not.toContain('bad checksum')
                if (socket()?.state === 'CLOSED') expect(closed, what).toHaveLength(1)
                // Whatever became of it, it ends, and nothing is left.
                socket()?.abort()
                await trace.until(400)
                expect(closed.length, what).toBeLessThanOrEqual(1)
                expect(trace.host.connectionCount, what).toBe(0)
                expect(trace.sim.pending, what).toBe(0)
                cases++
              }
            }
          }
        }
        expect(cases).toBe(PLACES.length * 2 * (1 << COMBINED[profile]) * 2)
      })
    }
  }
})

/** All orders of 0..n-1. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, place) => [...order.slice(0, place), n - 1, ...order.slice(place)]),
  )
}

/** A connection the peer opened, and what it has given its reader. */
async function reader(peerIss: number) {
  const trace = new TcpTrace({ peerIss })
  const received: number[] = []
  let ended = 0
  trace.host.listenTcp(80, () => ({ data: (bytes) => received.push(...bytes), end: () => ended++ }))
  trace.send('S', { seq: 0, options: SYN_OPTIONS })
  await trace.settle()
  trace.send('.', { seq: 1, ack: 1 })
  await trace.sentNow()
  return { trace, received, ended: () => ended }
}

const CONTENT = Uint8Array.from({ length: 500 }, (_, i) => (i * 7) & 255)

describe('five segments', () => {
  for (const withFin of [false, true]) {
    it(`give the same text in all 120 orders${withFin ? ', the last with FIN' : ''} [RFC 9293 §3.10.7.4]`, async () => {
      for (const order of permutations(5)) {
        // The sequence space ends inside the third.
        const { trace, received, ended } = await reader(0xffff_ffff - 250)
        let lines: string[] = []
        for (const part of order) {
          const data = CONTENT.subarray(100 * part, 100 * part + 100)
          trace.send(withFin && part === 4 ? 'F.' : '.', { seq: 1 + 100 * part, ack: 1, data })
          lines = await trace.sentNow()
        }
        await trace.until(1)
        lines.push(...trace.sent())
        expect(received, order.join()).toEqual([...CONTENT])
        expect(ended(), order.join()).toBe(withFin ? 1 : 0)
        expect(lines.at(-1), order.join()).toContain(`ack ${withFin ? 502 : 501} `)
        // Nothing is reported beyond the acknowledgment when all is there.
        expect(lines.at(-1), order.join()).not.toContain('sack')
      }
    })
  }
})

describe('segments that overlap', () => {
  it('in any way and order give each octet once, and blocks that are true [RFC 9293 §3.4, RFC 2018 §4]', async () => {
    const random = new Random(7)
    for (let round = 0; round < 100; round++) {
      const { trace, received } = await reader(0xffff_ffff - random.int(600))
      const here = new Set<number>()
      for (let i = 0; i < 40; i++) {
        const from = random.int(500)
        const to = from + 1 + random.int(500 - from)
        for (let at = from; at < to; at++) here.add(at)
        trace.send('.', { seq: 1 + from, ack: 1, data: CONTENT.subarray(from, to) })
        for (const line of await trace.sentNow()) {
          for (const [, left, right] of line.matchAll(/(\d+):(\d+)(?=[ >])/g)) {
            let missing = 0
            for (let at = Number(left); at < Number(right); at++) if (!here.has(at - 1)) missing++
            expect(missing, line).toBe(0)
          }
        }
      }
      trace.send('.', { seq: 1, ack: 1, data: CONTENT })
      await trace.until(1)
      expect(equalBytes(Uint8Array.from(received), CONTENT)).toBe(true)
    }
  })
})

describe('options', () => {
  it('of random octets do no harm in any state, and connections still end', async () => {
    const random = new Random(11)
    for (const state of STATES) {
      for (let round = 0; round < 200; round++) {
        const { trace, socket, next, sent } = await reach(state, 'linux', random.u32())
        for (let i = 0; i < 4; i++) {
          const flags = LETTERS.filter(() => random.int(3) === 0).join('')
          const kind = [
            tcp.OptionKind.sack,
            tcp.OptionKind.timestamps,
            tcp.OptionKind.maximumSegmentSize,
            random.u32() & 255,
          ]
          const data = Uint8Array.from({ length: random.int(36) }, () => random.u32())
          const option = { kind: Math.max(2, kind[random.int(4)]!), data }
          trace.send(flags, {
            seq: next + random.int(70_000) - 3000,
            ack: sent + random.int(3) - 1,
            data: random.int(2) * 100,
            win: random.u32() & 0xffff,
            options: [option],
          })
        }
        await trace.sentNow()
        socket()?.abort()
        await trace.until(1000)
        expect(trace.host.connectionCount).toBe(0)
        expect(trace.sim.pending).toBe(0)
      }
    }
  })
})
