import { describe, expect, it } from 'vitest'
import { fromHex, latin1Bytes } from '../../../src/base/bytes.js'
import { Random } from '../../../src/base/random.js'
import { SECOND, type Nanos } from '../../../src/base/time.js'
import { SERIES, type SeriesName } from '../../../src/deskphone/series.js'
import { DhcpClient, KEEP, type DhcpStep } from '../../../src/emulator/phones/dhcp-client.js'
import { DEFAULT_TIMERS, type PhoneTimers } from '../../../src/emulator/phones/timers.js'
import * as dhcp from '../../../src/wire/dhcp.js'
import { u32 } from './tiny-site.js'

const MAC = fromHex('00 1b 4f 20 00 01')
const ADDRESS = 0x0a140078
const SERVER = 0x0a140002

function client(series: SeriesName = '1600', timers: Partial<PhoneTimers> = {}): DhcpClient {
  return new DhcpClient({
    mac: MAC,
    hostname: 'AVB200001',
    series: SERIES[series],
    siteOptionNumber: SERIES[series].siteOption,
    random: new Random(1),
    timers: { ...DEFAULT_TIMERS, dhcpJitter: 0, ...timers },
    dropsExpiredLease: () => false,
  })
}

interface Reply {
  readonly type: number
  readonly to: DhcpStep
  readonly server?: number
  readonly leaseTime?: number | undefined
  readonly more?: { code: number; data: Uint8Array }[]
  readonly xid?: number
  readonly chaddr?: Uint8Array
}

function reply({ type, to, server = SERVER, more = [], xid, chaddr = MAC, ...rest }: Reply): Uint8Array {
  const leaseTime = 'leaseTime' in rest ? rest.leaseTime : 3600
  const options = [
    { code: 53, data: Uint8Array.of(type) },
    { code: 54, data: u32(server) },
    ...(leaseTime === undefined ? [] : [{ code: 51, data: u32(leaseTime) }]),
    ...more,
  ]
  const message = dhcp.decode(to.send!.payload)
  const yiaddr = type === dhcp.MessageType.nak ? 0 : ADDRESS
  return dhcp.encode({ op: 2, xid: xid ?? message.xid, yiaddr, chaddr, options })
}

const sent = (step: DhcpStep | undefined) => (step?.send ? dhcp.messageTypeName(step.send.type) : undefined)

/** A client that has sent its DISCOVER at second 1. */
function selecting(series?: SeriesName): { phone: DhcpClient; discover: DhcpStep } {
  const phone = client(series)
  expect(phone.start(0, SECOND)).toEqual({ send: undefined, wakeAt: SECOND, event: undefined })
  return { phone, discover: phone.wake(SECOND) }
}

function bound(more: Reply['more'] = [], leaseTime = 3600): { phone: DhcpClient; step: DhcpStep } {
  const { phone, discover } = selecting()
  const request = phone.receive(reply({ type: 2, to: discover }), SECOND)!
  phone.receive(reply({ type: 5, to: request, more, leaseTime }), SECOND)
  return { phone, step: phone.confirm() }
}

describe('DhcpClient', () => {
  it('sends DISCOVER with the options of its series, padded to 300 octets', () => {
    const { discover } = selecting()
    expect(sent(discover)).toBe('DISCOVER')
    expect(discover.send).toMatchObject({ address: 0xffffffff, secs: 0 })
    expect(discover.send!.payload.length).toBeGreaterThanOrEqual(300)
    const { options, flags, ciaddr } = dhcp.decode(discover.send!.payload)
    expect([flags, ciaddr]).toEqual([0, 0])
    expect(options.map(({ code }) => code)).toEqual([53, 55, 12, 61, 57])
    const of4600 = dhcp.decode(selecting('4600').discover.send!.payload)
    expect(of4600.options.map(({ code }) => code)).toEqual([53, 55, 12, 61])
    expect(dhcp.option(of4600, 55)).toEqual(Uint8Array.of(1, 3, 6, 15, 66, 69, 43, 176))
  })

  it('repeats DISCOVER after 4, 8, 16, 32, 64, 64 seconds with one xid, and says once that there is no offer', () => {
    const { phone, discover } = selecting()
    const waits: number[] = []
    const events: (string | undefined)[] = []
    let step = discover
    let now: Nanos = SECOND
    for (let round = 0; round < 7; round++) {
      waits.push((step.wakeAt! - now) / SECOND)
      events.push(step.event?.kind)
      expect(step.send!.xid).toBe(discover.send!.xid)
      expect(step.send!.secs).toBe((now - SECOND) / SECOND)
      now = step.wakeAt!
      step = phone.wake(now)
    }
    expect(waits).toEqual([4, 8, 16, 32, 64, 64, 64])
    expect(events.filter((kind) => kind === 'no-offer').length).toBe(1)
    expect(events[5]).toBe('no-offer')
  })

  it('keeps its jitter within a second of each wait', () => {
    const phone = client('1600', { dhcpJitter: SECOND })
    phone.start(0, 0)
    let step = phone.wake(0)
    let now = 0
    const offsets = new Set<number>()
    for (const expected of [4, 8, 16, 32, 64, 64]) {
      const offset = step.wakeAt! - now - expected * SECOND
      expect(Math.abs(offset)).toBeLessThanOrEqual(SECOND)
      offsets.add(offset)
      now = step.wakeAt!
      step = phone.wake(now)
    }
    expect(offsets.size).toBe(6)
  })

  it('takes the first acceptable OFFER and asks for it by name of its server', () => {
    const { phone, discover } = selecting()
    const request = phone.receive(reply({ type: 2, to: discover }), 2 * SECOND)
    expect(sent(request)).toBe('REQUEST')
    const message = dhcp.decode(request!.send!.payload)
    expect([dhcp.addressOption(message, 50), dhcp.addressOption(message, 54)]).toEqual([ADDRESS, SERVER])
    expect(message.secs).toBe(1)
    expect(phone.receive(reply({ type: 2, to: discover, server: SERVER + 1 }), 2 * SECOND)).toBeUndefined()
  })

  it('ignores an OFFER without lease time, and its clock runs on [avaya.md 1.6]', () => {
    const { phone, discover } = selecting()
    const step = phone.receive(reply({ type: 2, to: discover, leaseTime: undefined }), 2 * SECOND)
    expect(step).toMatchObject({ send: undefined, wakeAt: KEEP, event: { kind: 'offer-ignored', server: SERVER } })
  })

  it('hears only replies to itself', () => {
    const { phone, discover } = selecting()
    const wrongXid = reply({ type: 2, to: discover, xid: discover.send!.xid ^ 1 })
    const wrongMac = reply({ type: 2, to: discover, chaddr: fromHex('00 1b 4f 20 00 02') })
    const request = discover.send!.payload
    for (const bytes of [wrongXid, wrongMac, request, new Uint8Array(0), new Uint8Array(239), new Uint8Array(400)]) {
      expect(phone.receive(bytes, SECOND)).toBeUndefined()
    }
  })

  it('survives an OFFER cut at any octet', () => {
    const whole = reply({ type: 2, to: selecting().discover })
    for (let length = 0; length < whole.length; length++) {
      const { phone } = selecting()
      expect(() => phone.receive(whole.subarray(0, length), SECOND)).not.toThrow()
    }
  })

  it('repeats REQUEST four times, then begins again with a new xid', () => {
    const { phone, discover } = selecting()
    let step = phone.receive(reply({ type: 2, to: discover }), SECOND)!
    const seen: (string | undefined)[] = []
    for (let round = 0; round < 4; round++) {
      seen.push(sent(step))
      step = phone.wake(step.wakeAt!)
    }
    expect(seen).toEqual(['REQUEST', 'REQUEST', 'REQUEST', 'REQUEST'])
    expect(sent(step)).toBe('DISCOVER')
    expect(step.event).toEqual({ kind: 'no-ack', server: SERVER })
    expect(step.send!.xid).not.toBe(discover.send!.xid)
  })

  it('does not heed an ACK or a NAK of a server it did not choose', () => {
    const { phone, discover } = selecting()
    const request = phone.receive(reply({ type: 2, to: discover }), SECOND)!
    for (const type of [dhcp.MessageType.ack, dhcp.MessageType.nak]) {
      expect(phone.receive(reply({ type, to: request, server: SERVER + 1 }), SECOND)).toBeUndefined()
    }
  })

  it('reads the lease: mask, routers, infinite time, site options of any number', () => {
    const { phone, discover } = selecting()
    const request = phone.receive(reply({ type: 2, to: discover }), SECOND)!
    const more = [
      { code: 1, data: u32(0xfffffe00) },
      { code: 3, data: Uint8Array.of(10, 20, 0, 1, 10, 20, 0, 3) },
      { code: 242, data: latin1Bytes('L2Q=0') },
      { code: 176, data: latin1Bytes('L2Q=1') },
    ]
    const step = phone.receive(reply({ type: 5, to: request, leaseTime: 0xffffffff, more }), SECOND)!
    expect(step.event).toMatchObject({
      kind: 'leased',
      lease: { address: ADDRESS, mask: 0xfffffe00, routers: [0x0a140001, 0x0a140003], leaseTime: Infinity },
    })
    expect([...phone.lease!.siteOptions.keys()].sort()).toEqual([176, 242])
    expect(phone.confirm().wakeAt).toBeUndefined()
  })

  it('takes the mask of the address class without option 1', () => {
    const { phone } = bound()
    expect(phone.lease!.mask).toBe(0xff000000)
  })

  it('renews at T1 by unicast, at T2 by broadcast, each time after half of what is left [RFC 2131 §4.4.5]', () => {
    const { phone, step } = bound()
    expect(step.wakeAt).toBe(SECOND + 1800 * SECOND)
    const at: [number, string][] = []
    let now = step.wakeAt!
    for (let round = 0; round < 8; round++) {
      const renewal = phone.wake(now)
      at.push([now / SECOND - 1, renewal.send!.address === SERVER ? 'unicast' : 'broadcast'])
      expect(dhcp.decode(renewal.send!.payload).ciaddr).toBe(ADDRESS)
      now = renewal.wakeAt!
    }
    expect(at).toEqual([
      [1800, 'unicast'],
      [2475, 'unicast'],
      [2812.5, 'unicast'],
      [2981.25, 'unicast'],
      [3065.625, 'unicast'],
      [3125.625, 'unicast'],
      [3150, 'broadcast'],
      [3375, 'broadcast'],
    ])
  })

  it('uses options 58 and 59 unless they are above the lease time [avaya.md 1.6]', () => {
    expect(bound([{ code: 58, data: u32(100) }]).step.wakeAt).toBe(101 * SECOND)
    expect(bound([{ code: 58, data: u32(9999) }]).step.wakeAt).toBe(1801 * SECOND)
  })

  it('has its times counted anew by a renewal', () => {
    const { phone, step } = bound()
    const renewal = phone.wake(step.wakeAt!)
    const acked = phone.receive(reply({ type: 5, to: renewal }), step.wakeAt!)!
    expect(acked.event).toMatchObject({ kind: 'renewed' })
    expect(acked.wakeAt).toBe(step.wakeAt! + 1800 * SECOND)
  })

  it('loses the lease by a NAK in renewal', () => {
    const { phone, step } = bound()
    const renewal = phone.wake(step.wakeAt!)
    const nak = phone.receive(reply({ type: 6, to: renewal, leaseTime: undefined }), step.wakeAt!)!
    expect(nak.event).toEqual({ kind: 'lost', reason: 'nak' })
    expect(phone.lease).toBeUndefined()
  })

  it('declines by broadcast and waits ten seconds [RFC 2131 §3.1 step 5]', () => {
    const { phone, discover } = selecting()
    const request = phone.receive(reply({ type: 2, to: discover }), SECOND)!
    phone.receive(reply({ type: 5, to: request }), SECOND)
    const decline = phone.decline(5 * SECOND)
    expect(sent(decline)).toBe('DECLINE')
    expect(decline.wakeAt).toBe(15 * SECOND)
    expect(dhcp.addressOption(dhcp.decode(decline.send!.payload), 50)).toBe(ADDRESS)
    expect(sent(phone.wake(15 * SECOND))).toBe('DISCOVER')
  })

  it('releases by unicast [RFC 2131 §4.4.6]', () => {
    const { phone } = bound()
    const release = phone.release(60 * SECOND)!
    expect(release).toMatchObject({ address: SERVER, type: dhcp.MessageType.release })
    const message = dhcp.decode(release.payload)
    expect([message.ciaddr, dhcp.addressOption(message, 54)]).toEqual([ADDRESS, SERVER])
    expect(phone.release(60 * SECOND)).toBeUndefined()
  })
})
