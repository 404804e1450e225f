import { describe, expect, it } from 'vitest'
import { rewriteFrame } from '../../src/scenario/rewrite-frame.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as tcp from '../../src/wire/tcp.js'
import * as udp from '../../src/wire/udp.js'

const A = 0x0a140002
const B = 0x0a140064
const ETHERNET = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0))

function frameOf(protocol: number, payload: Uint8Array, tag: readonly number[] = []): Uint8Array {
  return Uint8Array.from([...ETHERNET, ...tag, 8, 0, ...ipv4.encode({ source: A, destination: B, protocol, payload })])
}

const datagram = (text: string) => udp.encode({ sourcePort: 69, destinationPort: 2070, payload: latin1(text) }, A, B)

describe('rewriteFrame', () => {
  it('changes addresses, ports and text, and mends every checksum', () => {
    const change = rewriteFrame({ ttl: 7, source: 0x01020304, sourcePort: 1069, replace: { find: 'abc', by: 'xyz' } })
    const packet = ipv4.decode(change(frameOf(17, datagram('..abc..abc'))).subarray(14))
    expect(packet).toMatchObject({ ttl: 7, source: 0x01020304, destination: B, error: undefined })
    expect(ipv4.headerChecksumIsRight(change(frameOf(17, datagram('abc'))).subarray(14))).toBe(true)
    expect(udp.checksumIsRight(packet.payload, packet.source, packet.destination)).toBe(true)
    const { sourcePort, destinationPort, payload } = udp.decode(packet.payload)
    expect({ sourcePort, destinationPort, text: Buffer.from(payload).toString() }).toEqual({
      sourcePort: 1069,
      destinationPort: 2070,
      text: '..xyz..xyz',
    })
  })

  it('does so behind a VLAN tag and for TCP', () => {
    const segment = tcp.encode(
      {
        sourcePort: 80,
        destinationPort: 2070,
        sequenceNumber: 1,
        acknowledgmentNumber: 2,
        flags: tcp.Flag.ack,
        window: 9,
        payload: latin1('200 OK'),
      },
      A,
      B,
    )
    const changed = rewriteFrame({ replace: { find: '200 OK', by: '500 NO' } })(frameOf(6, segment, [0x81, 0, 0, 20]))
    const { payload } = ipv4.decode(changed.subarray(18))
    expect(tcp.checksumIsRight(payload, A, B)).toBe(true)
    expect(Buffer.from(tcp.decode(payload).payload).toString()).toBe('500 NO')
  })

  it('leaves alone what is no IPv4, and what ends too early', () => {
    const change = rewriteFrame({ ttl: 1, sourcePort: 1, replace: { find: 'a', by: 'b' } })
    for (const frame of [new Uint8Array(14), Uint8Array.from([...ETHERNET, 8, 6, 1, 2, 3]), new Uint8Array(3)]) {
      expect(change(frame.slice())).toEqual(frame)
    }
    for (let length = 14; length < 60; length++) change(frameOf(17, datagram('abcdefgh')).slice(0, length))
  })
})
