import { describe, expect, it } from 'vitest'
import { latin1, latin1Bytes } from '../../../src/base/bytes.js'
import * as icmpv4 from '../../../src/wire/icmpv4.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import * as tftp from '../../../src/wire/tftp.js'
import type { TftpOption, TftpPacket } from '../../../src/wire/tftp.js'
import type { TftpTransfer } from '../../../src/analyzer/streams/observations.js'
import { CLIENT, SERVER, Trace, numbers, observe, udpFrame } from './trace.js'

const TID = 40_000

/** One TFTP client on port 1025; its server answers from TID. Every packet has an IPv4 identification of its own. */
class TftpTrace extends Trace {
  #id = 100

  from(time: number, packet: TftpPacket, serverPort = TID, clientPort = 1025): this {
    return this.frame(time, udpFrame(CLIENT, clientPort, SERVER, serverPort, tftp.encode(packet), this.#id++))
  }

  to(time: number, packet: TftpPacket, serverPort = TID, clientPort = 1025): this {
    return this.frame(time, udpFrame(SERVER, serverPort, CLIENT, clientPort, tftp.encode(packet), this.#id++))
  }

  rrq(time: number, filename = 'f.txt', options: TftpOption[] = [], clientPort = 1025): this {
    return this.from(time, { op: 'rrq', filename, mode: 'octet', options }, 69, clientPort)
  }
}

const data = (block: number, text: string): TftpPacket => ({ op: 'data', block, data: latin1Bytes(text) })
const ack = (block: number): TftpPacket => ({ op: 'ack', block })
const oack = (...options: TftpOption[]): TftpPacket => ({ op: 'oack', options })
const FULL = 'x'.repeat(512)

function transfersOf(trace: Trace): readonly TftpTransfer[] {
  return observe(trace.frames).observations.tftp
}

function transferOf(trace: Trace): TftpTransfer {
  const transfers = transfersOf(trace)
  if (transfers.length !== 1) throw new Error(`${transfers.length} transfers`)
  return transfers[0]!
}

describe('TftpTracker', () => {
  it('follows a read from its request to the last acknowledgement', () => {
    const trace = new TftpTrace().rrq(0).to(1, data(1, FULL)).from(2, ack(1)).to(3, data(2, 'end')).from(4, ack(2))
    const transfer = transferOf(trace)
    expect(transfer).toMatchObject({
      client: { address: '10.20.0.120', port: 1025 },
      server: { address: '10.20.0.2', port: 69 },
      direction: 'read',
      filename: 'f.txt',
      mode: 'octet',
      serverPort: TID,
      bytes: 515,
      dataBlocks: 2,
      repeatedData: [],
      repeatedAcks: [],
      state: 'complete',
      lastFrom: 'client',
      error: undefined,
    })
    expect(latin1(transfer.content!)).toBe(`${FULL}end`)
    expect(numbers([...transfer.requests, transfer.firstReply!, transfer.first, transfer.last])).toEqual([1, 2, 1, 5])
  })

  it('takes the size of blocks from the OACK', () => {
    const options: TftpOption[] = [['BLKSIZE', '1024']]
    const trace = new TftpTrace()
      .rrq(0, 'f', options)
      .to(1, oack(['blksize', '1024']))
      .from(2, ack(0))
    trace.to(3, data(1, FULL)).from(4, ack(1))
    const transfer = transferOf(trace)
    expect(transfer).toMatchObject({ state: 'complete', bytes: 512 })
    expect([...transfer.options, ...transfer.negotiated!]).toEqual([
      ['blksize', '1024'],
      ['blksize', '1024'],
    ])
  })

  it('follows a write', () => {
    const trace = new TftpTrace().from(0, { op: 'wrq', filename: 'b', mode: 'octet', options: [] }, 69)
    trace.to(1, ack(0)).from(2, data(1, 'backup')).to(3, ack(1))
    expect(transferOf(trace)).toMatchObject({ direction: 'write', state: 'complete', bytes: 6, content: undefined })
  })

  it('counts requests that are repeated from one port as one attempt, from another as another', () => {
    const trace = new TftpTrace().rrq(0).rrq(1000).rrq(3000).rrq(9000, 'f.txt', [], 1026)
    expect(transfersOf(trace).map(({ requests, state }) => [numbers(requests), state])).toEqual([
      [[1, 2, 3], 'requested'],
      [[4], 'requested'],
    ])
  })

  it('takes a port that is used again after a transfer for a new one', () => {
    const trace = new TftpTrace().rrq(0).to(1, data(1, 'a')).from(2, ack(1)).rrq(3, 'g.txt').to(4, data(1, 'b'), 41_000)
    expect(transfersOf(trace).map(({ filename, serverPort }) => [filename, serverPort])).toEqual([
      ['f.txt', TID],
      ['g.txt', 41_000],
    ])
  })

  it('knows what was sent again from what a mirror port doubled', () => {
    const trace = new TftpTrace().rrq(0).to(1, data(1, FULL)).again(1.01, 2).from(2, ack(1)).again(2.01, 4)
    trace.to(3, data(2, 'end')).to(1003, data(2, 'end')).from(1004, ack(2)).from(2004, ack(2))
    const transfer = transferOf(trace)
    expect(numbers(transfer.repeatedData)).toEqual([7])
    expect(numbers(transfer.repeatedAcks)).toEqual([9])
    expect(transfer).toMatchObject({ state: 'complete', bytes: 515, dataBlocks: 2 })
  })

  it('does not call a transfer complete whose last block is sent again and again', () => {
    const trace = new TftpTrace().rrq(0).to(1, data(1, 'all')).to(1001, data(1, 'all')).to(3001, data(1, 'all'))
    expect(transferOf(trace)).toMatchObject({ state: 'transferring', lastFrom: 'server', content: undefined })
  })

  it('shows errors, and who sent them', () => {
    const notFound: TftpPacket = { op: 'error', code: 1, message: 'File not found' }
    expect(transferOf(new TftpTrace().rrq(0).to(1, notFound))).toMatchObject({
      state: 'error',
      error: { frame: { number: 2 }, code: 1, message: 'File not found', from: 'server' },
    })
    const probe = new TftpTrace().rrq(0, 'f', [['tsize', '0']]).to(1, oack(['tsize', '9']))
    probe.from(2, { op: 'error', code: 0, message: 'size known' })
    expect(transferOf(probe)).toMatchObject({ state: 'error', error: { code: 0, from: 'client' } })
  })

  it('keeps to the port that the client talks to when a repeated request wakes a second server process', () => {
    const trace = new TftpTrace().rrq(0).rrq(1000).to(1001, data(1, FULL)).to(1002, data(1, FULL), 41_000)
    trace.from(1003, ack(1), 41_000).to(1004, data(2, 'e'), 41_000).from(1005, ack(2), 41_000)
    trace.to(2001, data(1, FULL)).from(2002, { op: 'error', code: 5, message: 'unknown TID' })
    expect(transferOf(trace)).toMatchObject({ serverPort: 41_000, state: 'complete', error: undefined, bytes: 513 })
  })

  it.each([
    ['0', (block: number) => block % 65_536],
    ['1', (block: number) => ((block - 1) % 65_535) + 1],
  ])('goes on after block 65,535 with %s', (_, wire) => {
    const trace = new TftpTrace()
      .rrq(0, 'big', [['blksize', '8']])
      .to(1, oack(['blksize', '8']))
      .from(1, ack(0))
    const blocks = 65_540
    for (let block = 1; block <= blocks; block++) {
      trace.to(block, data(wire(block), block === blocks ? 'end' : '12345678')).from(block, ack(wire(block)))
    }
    const transfer = transferOf(trace)
    expect(transfer).toMatchObject({ state: 'complete', dataBlocks: blocks, bytes: (blocks - 1) * 8 + 3 })
    expect([transfer.repeatedData.length, transfer.repeatedAcks.length]).toEqual([0, 0])
  })

  it('loses the content when a block was not captured, and only that', () => {
    const trace = new TftpTrace().rrq(0).to(1, data(1, FULL)).from(2, ack(1)).from(4, ack(2))
    trace.to(5, data(3, 'end')).from(6, ack(3))
    expect(transferOf(trace)).toMatchObject({ state: 'complete', content: undefined, bytes: 515, repeatedData: [] })
  })

  it('puts the blocks of a window in order', () => {
    const trace = new TftpTrace()
      .rrq(0, 'f', [['windowsize', '4']])
      .to(1, oack(['windowsize', '4']))
      .from(2, ack(0))
    trace.to(3, data(1, FULL)).to(3.1, data(3, 'end')).to(3.2, data(2, FULL)).from(4, ack(3))
    expect(latin1(transferOf(trace).content!)).toBe(`${FULL}${FULL}end`)
  })

  it('translates netascii', () => {
    const trace = new TftpTrace().from(0, { op: 'rrq', filename: 'f', mode: 'NetASCII', options: [] }, 69)
    trace.to(1, data(1, 'a\r\nb\r\0c\rd')).from(2, ack(1))
    const { content, bytes } = transferOf(trace)
    expect([latin1(content!), bytes]).toEqual(['a\nb\rc\rd', 9])
  })

  it('attaches ICMP errors to the transfer that they quote', () => {
    const trace = new TftpTrace().rrq(0)
    const quoted = trace.frames[0]!.bytes.subarray(14)
    const error = icmpv4.encodeError(icmpv4.Type.destinationUnreachable, icmpv4.UnreachableCode.port, quoted)
    const packet = ipv4.encode({ ttl: 64, protocol: 1, source: SERVER, destination: CLIENT, payload: error })
    const bytes = new Uint8Array(14 + packet.length)
    bytes.set(trace.frames[0]!.bytes.subarray(0, 14))
    bytes.set(packet, 14)
    trace.frame(1, bytes)
    const { observations, messages } = observe(trace.frames)
    expect(observations.tftp).toMatchObject([
      { state: 'requested', icmpErrors: [{ frame: { number: 2 }, type: 3, code: 3 }] },
    ])
    expect(observations.icmpErrors).toHaveLength(1)
    // The quoted request is not a second message.
    expect(messages.map(({ protocol }) => protocol)).toEqual(['tftp', 'icmp'])
    expect(messages[1]).toMatchObject({
      source: '10.20.0.2',
      destination: '10.20.0.120',
      quotes: { protocol: 17, source: '10.20.0.120:1025', destination: '10.20.0.2:69' },
    })
  })

  it('takes "unknown transfer ID" of the client for what it is: a word to a stranger', () => {
    const stranger = TID + 1
    const trace = new TftpTrace().rrq(0).to(1, data(1, 'end'), stranger).rrq(4000).to(4001, data(1, 'end'))
    trace.from(4002, { op: 'error', code: 5, message: 'unknown transfer ID' }, stranger).from(4003, ack(1))
    expect(transferOf(trace)).toMatchObject({ error: undefined, serverPort: TID })
  })
})
