import { describe, expect, it } from 'vitest'
import { OFFLOAD_HEADER_LENGTH, undoOffload } from '../../src/node/offload.js'
import { internetChecksum, pseudoHeaderSum } from '../../src/wire/checksum.js'
import * as ethernet from '../../src/wire/ethernet.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as tcp from '../../src/wire/tcp.js'
import * as udp from '../../src/wire/udp.js'

const A = 0x0a000001
const B = 0x0a000002
const MACS = {
  destination: Uint8Array.of(2, 0, 0, 0, 0, 2),
  source: Uint8Array.of(2, 0, 0, 0, 0, 1),
  etherType: ethernet.EtherType.ipv4,
}
const ETHERNET = 14
const IP = 20

function frameOf(protocol: number, payload: Uint8Array, identification = 7): Uint8Array {
  const packet = ipv4.encode({ source: A, destination: B, protocol, payload, identification, dontFragment: true })
  return ethernet.encode({ ...MACS, payload: packet })
}

function tcpFrame(payload: Uint8Array, flags: number, sequenceNumber: number, identification?: number): Uint8Array {
  const segment = tcp.encode(
    {
      sourcePort: 80,
      destinationPort: 4000,
      sequenceNumber,
      acknowledgmentNumber: 99,
      flags,
      window: 500,
      urgentPointer: 0,
      options: [tcp.NO_OPERATION, tcp.NO_OPERATION, tcp.timestampsOption({ tsval: 1, tsecr: 2 })],
      payload,
    },
    A,
    B,
  )
  return frameOf(6, segment, identification)
}

function header(fields: { flags?: number; type?: number; size?: number; start?: number; offset?: number }): DataView {
  const view = new DataView(new ArrayBuffer(OFFLOAD_HEADER_LENGTH))
  view.setUint8(0, fields.flags ?? 0)
  view.setUint8(1, fields.type ?? 0)
  view.setUint16(4, fields.size ?? 0, true)
  view.setUint16(6, fields.start ?? 0, true)
  view.setUint16(8, fields.offset ?? 0, true)
  return view
}

/** The field holds the folded sum of the pseudo header, as the kernel leaves it. */
function unfinished(frame: Uint8Array, protocol: number, offset: number): Uint8Array {
  const start = ETHERNET + IP
  const copy = frame.slice()
  let sum = pseudoHeaderSum(A, B, protocol, frame.length - start)
  sum = (sum & 0xffff) + (sum >>> 16)
  copy[start + offset] = sum >>> 8
  copy[start + offset + 1] = sum & 0xff
  return copy
}

const CONTENT = Uint8Array.from({ length: 4001 }, (_, i) => (i * 37) & 0xff)

describe('offload undone', () => {
  it('leaves a finished packet as it is', () => {
    const frame = tcpFrame(CONTENT.subarray(0, 1000), tcp.Flag.ack, 1)
    expect(undoOffload(header({}), frame.slice())).toEqual([frame])
  })

  it('finishes checksums of TCP and UDP', () => {
    const whole = tcpFrame(CONTENT.subarray(0, 1001), tcp.Flag.ack, 1)
    expect(undoOffload(header({ flags: 1, start: 34, offset: 16 }), unfinished(whole, 6, 16))).toEqual([whole])
    const datagram = frameOf(
      17,
      udp.encode({ sourcePort: 69, destinationPort: 70, payload: CONTENT.subarray(0, 33) }, A, B),
    )
    expect(undoOffload(header({ flags: 1, start: 34, offset: 6 }), unfinished(datagram, 17, 6))).toEqual([datagram])
  })

  it('cuts one piece into the segments that it stands for', () => {
    const { ack, psh, fin, cwr } = tcp.Flag
    const piece = tcpFrame(CONTENT, ack | psh | fin | cwr, 0xffff_ff00, 0xffff)
    const frames = undoOffload(header({ flags: 1, type: 1, size: 1448, start: 34, offset: 16 }), piece)
    expect(frames).toEqual([
      tcpFrame(CONTENT.subarray(0, 1448), ack | cwr, 0xffff_ff00, 0xffff),
      tcpFrame(CONTENT.subarray(1448, 2896), ack, 0xffff_ff00 + 1448 - 2 ** 32, 0),
      tcpFrame(CONTENT.subarray(2896), ack | psh | fin, 0xffff_ff00 + 2896 - 2 ** 32, 1),
    ])
    for (const frame of frames!) expect(internetChecksum(frame, ETHERNET, ETHERNET + IP)).toBe(0)
  })

  it('refuses what it cannot take apart, at any length', () => {
    const piece = tcpFrame(CONTENT, tcp.Flag.ack, 1)
    expect(undoOffload(header({ type: 4, size: 1448 }), piece)).toBeUndefined()
    expect(undoOffload(header({ type: 1, size: 0 }), piece)).toBeUndefined()
    expect(undoOffload(header({ flags: 1, start: 65_000, offset: 16 }), piece)).toBeUndefined()
    for (let length = 0; length < 66; length++) {
      expect(undoOffload(header({ type: 1, size: 100 }), piece.slice(0, length)), `${length} octets`).toBeUndefined()
    }
  })
})
