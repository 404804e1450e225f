import { describe, expect, it } from 'vitest'
import { SECOND } from '../../../src/base/time.js'
import { TftpReceiver, type TftpStep } from '../../../src/emulator/phones/tftp-receiver.js'
import type { TftpPacket } from '../../../src/wire/tftp.js'

function start(): { receiver: TftpReceiver; got: number[]; first: TftpStep } {
  const got: number[] = []
  const receiver = new TftpReceiver({
    filename: '46xxupgrade.scr',
    timeout: 4 * SECOND,
    tries: 5,
    received: (data) => got.push(data.length),
  })
  return { receiver, got, first: receiver.start(0) }
}

const data = (block: number, length = 512): TftpPacket => ({ op: 'data', block, data: new Uint8Array(length) })

describe('TftpReceiver', () => {
  it('asks in octet mode, without options [avaya.md 2.5]', () => {
    expect(start().first).toEqual({
      send: { op: 'rrq', filename: '46xxupgrade.scr', mode: 'octet', options: [] },
      to: 'server-port',
      wakeAt: 4 * SECOND,
    })
  })

  it('acknowledges each block and ends with one of less than 512 octets', () => {
    const { receiver, got } = start()
    expect(receiver.receive(data(1), 0)?.send).toEqual({ op: 'ack', block: 1 })
    expect(receiver.receive(data(2), 0)?.send).toEqual({ op: 'ack', block: 2 })
    expect(receiver.outcome).toBe('running')
    expect(receiver.receive(data(3, 7), 0)).toEqual({
      send: { op: 'ack', block: 3 },
      to: 'transfer-port',
      wakeAt: undefined,
    })
    expect(receiver.outcome).toBe('complete')
    expect(got).toEqual([512, 512, 7])
  })

  it('ends with an empty block when the file is a multiple of 512 octets', () => {
    const { receiver, got } = start()
    receiver.receive(data(1), 0)
    receiver.receive(data(2, 0), 0)
    expect(receiver.outcome).toBe('complete')
    expect(got).toEqual([512, 0])
  })

  it('repeats the request every four seconds, five times in all, and gives up', () => {
    const { receiver, first } = start()
    let step = first
    const times = [0]
    while (receiver.outcome === 'running') {
      const now = step.wakeAt!
      step = receiver.wake(now)
      if (step.send) times.push(now / SECOND)
    }
    expect(times).toEqual([0, 4, 8, 12, 16])
    expect(receiver.outcome).toBe('timeout')
    expect(step.send).toBeUndefined()
  })

  it('repeats its last ACK when the next block does not come, and stalls in the end', () => {
    const { receiver } = start()
    let step = receiver.receive(data(1), 0)!
    for (let tries = 0; tries < 4; tries++) {
      step = receiver.wake(step.wakeAt!)
      expect(step.send).toEqual({ op: 'ack', block: 1 })
    }
    receiver.wake(step.wakeAt!)
    expect(receiver.outcome).toBe('stalled')
    expect(receiver.retransmissions).toBe(4)
  })

  it('acknowledges a block that comes again, without taking it twice', () => {
    const { receiver, got } = start()
    receiver.receive(data(1), 0)
    expect(receiver.receive(data(1), 1)?.send).toEqual({ op: 'ack', block: 1 })
    expect(receiver.receive(data(3), 1)).toBeUndefined()
    expect(receiver.receive(data(0), 1)).toBeUndefined()
    expect(got).toEqual([512])
  })

  it('repeats the last ACK when it was lost', () => {
    const { receiver } = start()
    receiver.receive(data(1, 5), 0)
    expect(receiver.receive(data(1, 5), 1)?.send).toEqual({ op: 'ack', block: 1 })
    expect(receiver.outcome).toBe('complete')
  })

  it('counts blocks beyond 65,535', () => {
    const { receiver, got } = start()
    for (let block = 1; block <= 70_000; block++) {
      expect(receiver.receive(data(block & 0xffff), 0)?.send).toEqual({ op: 'ack', block: block & 0xffff })
    }
    receiver.receive(data(70_001 & 0xffff, 1), 0)
    expect(receiver.outcome).toBe('complete')
    expect(got.length).toBe(70_001)
  })

  it('ends by ERROR, and by answers that it did not ask for', () => {
    const refused = start().receiver
    refused.receive({ op: 'error', code: 1, message: 'File not found' }, 0)
    expect([refused.outcome, refused.error]).toEqual(['refused', { code: 1, message: 'File not found' }])
    const negotiating = start().receiver
    const step = negotiating.receive({ op: 'oack', options: [['blksize', '1024']] }, 0)
    expect(negotiating.outcome).toBe('protocol')
    expect(step?.send).toMatchObject({ op: 'error', code: 8 })
    expect(negotiating.receive(data(1), 0)).toBeUndefined()
  })
})
