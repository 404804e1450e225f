/** Rules about leases and what DHCP servers send: where they must speak, and near misses. */
import { describe, expect, it } from 'vitest'
import { ADDRESS, DHCP_SERVER, Observed, healthyFiles } from '../observed.js'
import type { DhcpFacts } from '../observed.js'
import { codes, finding, findings } from './judged.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'
const MASK = [255, 255, 255, 0]
const ROUTER = [10, 20, 0, 1]
const lease = (facts: DhcpFacts = {}, site = SITE): Observed => new Observed().lease(0, site, facts)
const HOUR = [0, 0, 0x0e, 0x10]

/** A lease of an hour and the requests to renew it, seconds after it was given. */
function renewing(...at: number[]): Observed {
  const observed = lease({ options: { 51: HOUR } }).web(1, healthyFiles(1))
  for (const seconds of at) {
    observed.message(seconds, 'request', { ciaddr: ADDRESS, xid: 0x2000 + seconds })
  }
  return observed
}

describe('dhcp-renewal-failed', () => {
  it('speaks of REQUESTs to renew that nobody answers until the lease ends', () => {
    const { message, severity, frames } = finding(renewing(1800, 2400, 3150), 'dhcp-renewal-failed', 1000)
    expect(severity).toBe('error')
    expect(message).toContain('3 REQUESTs')
    expect(frames.length).toBe(4)
  })

  it('stays quiet when one is answered, when the capture ends first, and on one alone', () => {
    expect(
      codes(
        renewing(1800, 2400).message(2400.1, 'ack', { ciaddr: ADDRESS, address: ADDRESS, options: { 51: HOUR } }),
        1000,
      ),
    ).toEqual([])
    expect(codes(renewing(1800, 2400), 60)).toEqual([])
    expect(codes(renewing(3500), 1000)).toEqual([])
  })
})

describe('dhcp-lease-expired-in-use', () => {
  it('speaks of traffic after the end of a lease that was not renewed', () => {
    const observed = renewing(1800, 3150).arp(4000, { target: '10.20.0.5' })
    expect(findings(observed)).toEqual(['dhcp-renewal-failed error', 'dhcp-lease-expired-in-use warning'])
    expect(finding(observed, 'dhcp-lease-expired-in-use')).toMatchObject({ causedBy: 'dhcp-renewal-failed' })
  })

  it('stays quiet on probes for its own address, on leases for ever, and on renewed ones', () => {
    expect(codes(renewing(1800, 3150).arp(4000, { target: ADDRESS }))).toEqual(['dhcp-renewal-failed'])
    const forever = lease({ options: { 51: [255, 255, 255, 255] } })
      .web(1, healthyFiles(1))
      .arp(90_000, { target: '10.20.0.5' })
    expect(codes(forever)).toEqual([])
    const renewed = renewing(1800)
      .message(1800.1, 'ack', { ciaddr: ADDRESS, address: ADDRESS, options: { 51: HOUR } })
      .arp(4000, { target: '10.20.0.5' })
    expect(codes(renewed)).toEqual([])
  })
})

describe('dhcp-no-router', () => {
  const far = 'MCIPADD=10.99.0.5,HTTPSRVR=10.20.0.2'

  it('speaks of a server outside the mask and no option 3', () => {
    const observed = lease({ options: { 1: MASK } }, far).web(1, healthyFiles(1))
    expect(findings(observed)).toEqual(['dhcp-no-router warning'])
    expect(finding(observed, 'dhcp-no-router').message).toContain('10.99.0.5 is outside its subnet')
  })

  it('stays quiet with a router, with all servers on the link, and without a mask', () => {
    expect(codes(lease({ options: { 1: MASK, 3: ROUTER } }, far).web(1, healthyFiles(1)))).toEqual([])
    expect(codes(lease({ options: { 1: MASK } }).web(1, healthyFiles(1)))).toEqual([])
    expect(codes(lease({}, far).web(1, healthyFiles(1)))).toEqual([])
  })
})

describe('dhcp-malformed-option', () => {
  it('speaks of options of a fixed size with another', () => {
    const observed = lease({ options: { 1: MASK, 3: [10, 20, 0] } }).web(1, healthyFiles(1))
    expect(finding(observed, 'dhcp-malformed-option').message).toContain(
      'option 3 with 3 octets in place of a multiple of 4',
    )
  })

  it('stays quiet on padding, on long options in parts, and on what the snap length cut', () => {
    expect(codes(lease({ options: { 1: MASK, 3: ROUTER, 43: new Uint8Array(300) } }).web(1, healthyFiles(1)))).toEqual(
      [],
    )
    const cut = lease({ options: { 3: [10, 20, 0] }, isCut: true }).web(1, healthyFiles(1))
    expect(codes(cut)).toEqual([])
  })
})

describe('dhcp-relay-wrong-subnet', () => {
  const relayed = (giaddr: string, options: DhcpFacts['options'] = {}): Observed =>
    lease({ giaddr, options: { 1: MASK, 3: ROUTER, ...options } })

  it('speaks of a lease outside the subnet of the relay', () => {
    const { message, severity } = finding(relayed('10.30.0.1'), 'dhcp-relay-wrong-subnet')
    expect(severity).toBe('error')
    expect(message).toContain(`the relay 10.30.0.1 serves another subnet than that of the address ${ADDRESS}`)
  })

  it('is a warning without consequence when the phone works: several subnets on one link', () => {
    const observed = relayed('10.30.0.1').web(1, healthyFiles(1))
    expect(findings(observed)).toEqual(['dhcp-relay-wrong-subnet warning'])
    expect(observed.reports()[0]).toMatchObject({ outcome: 'booted' })
  })

  it('stays quiet on a relay of the subnet, without a relay, and on link selection', () => {
    expect(codes(relayed(DHCP_SERVER).web(1, healthyFiles(1)))).toEqual([])
    expect(codes(lease({ options: { 1: MASK } }).web(1, healthyFiles(1)))).toEqual([])
    expect(codes(relayed('10.30.0.1', { 82: [5, 4, 10, 20, 0, 0] }).web(1, healthyFiles(1)))).toEqual([])
  })
})
