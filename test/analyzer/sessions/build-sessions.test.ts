import { describe, expect, it } from 'vitest'
import { buildSessions } from '../../../src/analyzer/sessions/build-sessions.js'
import { ADDRESS, Observed, PHONE, SCRIPT_1600, SETTINGS, healthyFiles } from '../observed.js'

const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'
const PC = '02:00:00:00:00:77'
const PC_ASKS = [1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252]
const OTHER_PHONE = '00:1b:4f:20:00:02'

describe('sessions', () => {
  it('tell who the phone is', () => {
    const [session] = new Observed()
      .lease(0, SITE, { options: { 12: 'AVB200001' } })
      .message(0.5, 'inform', { options: { 12: 'AVB200001' } })
      .web(1, {
        exchanges: [
          { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600, headers: [['User-Agent', 'AVAYA/1608 ua']] },
          { path: '/46xxsettings.txt', status: 200, body: SETTINGS },
          { path: '/backup/1001_16xxdata.txt', status: 404 },
        ],
      })
      .sessions()
    expect(session).toMatchObject({
      mac: PHONE,
      ip: ADDRESS,
      vlan: null,
      hostname: 'AVB200001',
      series: '1600',
      model: '1608',
      extension: '1001',
      siteOption: { number: 242, text: SITE },
    })
  })

  it('leave a PC alone, whatever becomes of its DHCP and its web pages', () => {
    const observed = new Observed()
      .message(0, 'discover', { mac: PC, asks: PC_ASKS })
      .message(4, 'discover', { mac: PC, asks: PC_ASKS })
      .message(12, 'discover', { mac: PC, asks: PC_ASKS })
      .web(20, { mac: PC, client: '10.20.0.77', exchanges: [{ path: '/favicon.ico', status: 404 }] })
    expect(observed.sessions()).toEqual([])
  })

  it('leave network boot of PCs alone', () => {
    const observed = new Observed()
      .lease(0, null, { mac: PC, asks: [1, 3, 43, 60, 66, 67, 128, 150], options: {} })
      .tftp(1, { mac: PC, filename: 'pxelinux.cfg/default', error: { code: 1, message: 'no' } })
    // A real PXE client says so in option 60 of its DISCOVER.
    const pxe = new Observed()
      .message(0, 'discover', { mac: PC, asks: [1, 3, 66, 67], options: { 60: 'PXEClient:Arch:00000' } })
      .message(0.1, 'ack', { mac: PC, address: ADDRESS })
      .tftp(1, { mac: PC, filename: 'pxelinux.cfg/default', error: { code: 1, message: 'no' } })
    expect(pxe.sessions()).toEqual([])
    expect(observed.sessions().length).toBe(1)
  })

  it('take the host that the user names for a phone', () => {
    const observations = new Observed()
      .message(0, 'discover', { mac: PC, asks: PC_ASKS })
      .message(4, 'discover', { mac: PC, asks: PC_ASKS })
      .lease(30, SITE)
      .observations()
    expect(buildSessions(observations, { phone: PC.toUpperCase() }).map(({ mac }) => mac)).toEqual([PC])
    expect(buildSessions(observations, { phone: '001b4f200001' }).map(({ mac }) => mac)).toEqual([PHONE])
    expect(buildSessions(observations, { phone: ADDRESS }).map(({ mac }) => mac)).toEqual([PHONE])
    expect(buildSessions(observations, { phone: '10.9.9.9' })).toEqual([])
  })

  it('join a move to the voice VLAN into one power-up', () => {
    const sessions = new Observed()
      .lease(0, `${SITE},L2QVLAN=20`, { xid: 1, address: '10.1.0.9' })
      .arp(0.5, { sender: '10.1.0.9' })
      .message(1, 'release', { ciaddr: '10.1.0.9' })
      .lease(40, SITE, { xid: 2, vlan: 20 })
      .web(41, { ...healthyFiles(41), vlan: 20 })
      .sessions()
    expect(sessions.map(({ vlan, ip, firstFrame }) => [vlan, ip, firstFrame])).toEqual([[20, ADDRESS, 1]])
  })

  it('begin anew when DHCP starts over after files', () => {
    const sessions = new Observed()
      .lease(0, SITE, { xid: 1 })
      .web(1, healthyFiles(1))
      .lease(40, SITE, { xid: 2 })
      .web(41, healthyFiles(41))
      .sessions()
    expect(sessions.map(({ transfers, hasNext }) => [transfers.length, hasNext])).toEqual([
      [2, true],
      [2, false],
    ])
  })

  it('begin anew when DHCP starts over on the VLAN on which the address was used', () => {
    const observed = new Observed().lease(0, SITE, { xid: 1 }).arp(0.5).lease(40, SITE, { xid: 2 })
    expect(observed.sessions().length).toBe(2)
  })

  it('begin anew after a long silence', () => {
    expect(new Observed().lease(0, SITE, { xid: 1 }).lease(400, SITE, { xid: 2 }).sessions().length).toBe(2)
  })

  it('go on through NAK and DECLINE', () => {
    const sessions = new Observed()
      .lease(0, SITE, { xid: 1 })
      .arp(0.1)
      .message(0.5, 'decline', { address: ADDRESS, server: '10.20.0.1' })
      .lease(11, SITE, { xid: 2, address: '10.20.0.121' })
      .sessions()
    expect(sessions.map(({ ip }) => ip)).toEqual(['10.20.0.121'])
    expect(sessions[0]?.lease?.address).toBe('10.20.0.121')
  })

  it('begin anew soon after a NAK too, once a lease came and files were had', () => {
    const sessions = new Observed()
      .message(0, 'discover', { xid: 1 })
      .message(0.01, 'offer', { xid: 1, address: ADDRESS })
      .message(0.02, 'request', { xid: 1, address: ADDRESS, server: '10.20.0.1' })
      .message(0.03, 'nak', { xid: 1 })
      .lease(1, SITE, { xid: 2 })
      .web(2, healthyFiles(2))
      .lease(60, SITE, { xid: 3 })
      .sessions()
    expect(sessions.length).toBe(2)
  })

  it('leave renewals to the boot before them', () => {
    const sessions = new Observed()
      .lease(0, SITE, { xid: 1 })
      .web(1, healthyFiles(1))
      .message(3600, 'request', { xid: 5, ciaddr: ADDRESS })
      .message(3600.01, 'ack', { xid: 5, address: ADDRESS })
      .sessions()
    expect(sessions.length).toBe(1)
    expect(sessions[0]?.siteOption?.text).toBe(SITE)
  })

  it('never mix two phones that had one address after another', () => {
    const sessions = new Observed()
      .lease(0, SITE, { xid: 1 })
      .web(1, healthyFiles(1))
      .message(100, 'release', { ciaddr: ADDRESS })
      .lease(200, SITE, { mac: OTHER_PHONE, xid: 2 })
      .web(201, { mac: '02:00:00:00:00:01', exchanges: [{ path: '/16xxupgrade.txt', status: 404 }] })
      .sessions()
    expect(sessions.map(({ mac, transfers }) => [mac, transfers.map(({ result }) => result)])).toEqual([
      [PHONE, ['ok', 'ok']],
      [OTHER_PHONE, ['not-found']],
    ])
  })

  it('keep phones behind a router apart by address', () => {
    const router = '02:00:00:00:00:01'
    const sessions = new Observed()
      .web(0, { ...healthyFiles(0), mac: router, client: '10.7.0.1' })
      .web(1, { ...healthyFiles(1), mac: router, client: '10.7.0.2' })
      .sessions()
    expect(sessions.map(({ mac, ip }) => [mac, ip])).toEqual([
      [null, '10.7.0.1'],
      [null, '10.7.0.2'],
    ])
  })

  it('tell two boots of a phone without visible DHCP apart by its script', () => {
    const sessions = new Observed()
      .web(0, { ...healthyFiles(0), mac: null })
      .web(1, { mac: null, exchanges: [{ path: '/backup/1001_16xxdata.txt', status: 200 }] })
      .web(90, { ...healthyFiles(90), mac: null })
      .sessions()
    expect(sessions.map(({ transfers }) => transfers.length)).toEqual([3, 2])
  })

  it('leave mirror-port doubles out', () => {
    const observed = new Observed()
      .message(0, 'discover')
      .message(0.0001, 'discover', { copyOf: 1 })
      .message(4, 'discover')
      .message(4.0001, 'discover', { copyOf: 3 })
    expect(observed.sessions()[0]?.dhcp.length).toBe(2)
  })

  it('give roles to files that the scripts name', () => {
    const [session] = new Observed()
      .lease(0, SITE)
      .web(1, {
        exchanges: [
          { path: '/16xxupgrade.txt', status: 200, body: 'SET APPNAME phone-image\nGET site.txt\n' },
          { path: '/phone-image', status: 200, body: 'x' },
          { path: '/site.txt', status: 200, body: 'SET LANG1FILE german\n' },
          { path: '/german', status: 200, body: 'x' },
          { method: 'PUT', path: '/store/77', status: 201, bodyBytes: 3 },
          { path: '/store/77', status: 200, body: 'abc' },
        ],
      })
      .sessions()
    expect(session?.transfers.map(({ role, bytes }) => [role, bytes])).toEqual([
      ['script', 37],
      ['application', 1],
      ['settings', 21],
      ['language', 1],
      ['backup', 3],
      ['restore', 3],
    ])
  })
})
