import { describe, expect, it } from 'vitest'
import { MINUTE, SECOND } from '../../../src/base/time.js'
import { ReceivedFile } from '../../../src/emulator/phones/received-file.js'
import { TinySite, requestHeader, SERVER } from './tiny-site.js'

const SITE_1608 = `MCIPADD=10.20.0.5,HTTPSRVR=${SERVER}`
const SITE_4620 = `MCIPADD=10.20.0.5,HTTPSRVR=${SERVER},TFTPSRVR=${SERVER}`

/** Scripts of a site whose phones are up to date. */
const SCRIPT_16 = 'IF $MODEL4 SEQ 1608 GOTO A\nGOTO S\n# A\nSET APPNAME ha1608ua1_3500.bin\n# S\nGET 46xxsettings.txt\n'
const SCRIPT_46 = 'SET APPNAME a20d01b2_9_1.bin\r\nGET 46xxsettings.txt\r\n'
const SETTINGS = `SET MCIPADD 10.20.0.5\nSET BRURI "http://${SERVER}/backup"\n`

function site1608(): TinySite {
  const site = new TinySite()
  site.siteOptions.set(242, SITE_1608)
  site.httpFiles.set('/16xxupgrade.txt', SCRIPT_16)
  site.httpFiles.set('/46xxsettings.txt', SETTINGS)
  site.serveHttp()
  return site
}

function site4620(): TinySite {
  const site = new TinySite()
  site.siteOptions.set(176, SITE_4620)
  for (const [name, text] of [
    ['46xxupgrade.scr', SCRIPT_46],
    ['46xxsettings.txt', SETTINGS],
  ] as const) {
    site.httpFiles.set(`/${name}`, text)
    site.tftpFiles.set(name, text)
  }
  return site
}

const paths = (site: TinySite) => site.httpSeen.map(({ method, path }) => `${method} ${path}`)

describe('a 1608', () => {
  it('boots: DHCP, script, settings, restore, backup', async () => {
    const site = site1608()
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()

    const { story } = phone
    expect(story.failures).toEqual([])
    expect(story).toMatchObject({
      mac: '00:1b:4f:20:00:01',
      hostname: 'AVB200001',
      outcome: 'booted',
      rootCause: undefined,
      address: '10.20.0.100',
      siteOption: { number: 242, raw: SITE_1608 },
    })
    expect(paths(site)).toEqual([
      'GET /16xxupgrade.txt',
      'GET /46xxsettings.txt',
      'GET /backup/1001_16xxdata.txt',
      'PUT /backup/1001_16xxdata.txt',
    ])
    expect(story.transfers.map(({ role, result, status }) => `${role} ${result} ${status}`)).toEqual([
      'script ok 200',
      'settings ok 200',
      'restore not-found 404',
      'backup ok 201',
    ])
    expect(story.stages.map(({ stage, status }) => `${stage} ${status}`)).toEqual([
      'dhcp ok',
      'reach ok',
      'site-option ok',
      'file-server ok',
      'files ok',
      'backup ok',
    ])
    expect(site.httpFiles.get('/backup/1001_16xxdata.txt')).toBe('Redial=0\r\n')
    expect(phone.parameter('MCIPADD')).toEqual(['10.20.0.5'])
  })

  it('asks DHCP for what the 1600 asks for, without the broadcast bit, and names itself', async () => {
    const site = site1608()
    site.addPhone('1608').powerOn()
    await site.run()
    expect(site.dhcpSeen.map(({ type }) => type)).toEqual(['DISCOVER', 'REQUEST'])
    const { message } = site.dhcpSeen[0]!
    expect(message.flags).toBe(0)
    expect(message.options.find(({ code }) => code === 55)?.data).toEqual(Uint8Array.of(1, 3, 6, 15, 242))
    expect(message.options.find(({ code }) => code === 61)?.data).toEqual(
      Uint8Array.of(1, 0x00, 0x1b, 0x4f, 0x20, 0x00, 0x01),
    )
    expect(message.options.some(({ code }) => code === 60)).toBe(false)
    expect(site.dhcpSeen[0]!.message.xid).toBe(site.dhcpSeen[1]!.message.xid)
  })

  it('waits up to four seconds before the first DISCOVER, each phone its own time', async () => {
    const site = site1608()
    for (let index = 0; index < 20; index++) site.addPhone('1608').powerOn()
    await site.run()
    const times = site.dhcpSeen.filter(({ type }) => type === 'DISCOVER').map(({ time }) => time)
    expect(times.length).toBe(20)
    expect(Math.max(...times)).toBeLessThan(4.1 * SECOND)
    expect(new Set(times).size).toBe(20)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2 * SECOND)
  })

  it('restores what it backed up, at its next log-in', async () => {
    const site = site1608()
    site.httpFiles.set('/backup/1001_16xxdata.txt', 'Call Timer=1\r\nRedial=1\r\n')
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(phone.story.transfers.map(({ role, status }) => `${role} ${status}`).slice(2)).toEqual([
      'restore 200',
      'backup 204',
    ])
    expect(Object.fromEntries(phone.memory.userData)).toEqual({ 'Call Timer': '1', Redial: '0' })
    expect(site.texts()).toContain('Retrieval OK')
  })

  it('without TFTP fails when HTTP is refused, and the story says why', async () => {
    const site = site1608()
    const other = new TinySite()
    other.siteOptions.set(242, SITE_1608)
    const phone = other.addPhone('1608')
    phone.powerOn()
    await other.run()
    expect(phone.story.outcome).toBe('failed')
    expect(phone.story.rootCause).toBe('http-connect-refused')
    expect(phone.story.failures.map(({ cause, causedBy }) => [cause, causedBy])).toEqual([
      ['http-connect-refused', undefined],
      ['script-not-obtained', 'http-connect-refused'],
    ])
    expect(other.tftpSeen).toEqual([])
    expect(site.httpSeen).toEqual([])
  })

  it('gives a blackholed server 20 seconds, then tries the next of the list', async () => {
    const site = site1608()
    site.siteOptions.set(242, `HTTPSRVR="10.20.0.3,${SERVER}"`)
    site.addHost('blackhole', '10.20.0.3').setPortPolicy('tcp', 80, 'drop')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-connect-timeout' })
    const [first, second] = phone.story.transfers
    expect(first).toMatchObject({ server: '10.20.0.3:80', result: 'timeout' })
    expect(first!.end - first!.start).toBe(20 * SECOND)
    expect(second).toMatchObject({ server: `${SERVER}:80`, result: 'ok' })
  })

  it('finds a server unreachable that does not answer ARP', async () => {
    const site = site1608()
    site.siteOptions.set(242, 'HTTPSRVR=10.20.0.77')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('failed')
    expect(phone.story.transfers[0]).toMatchObject({ result: 'unreachable' })
    expect(phone.story.rootCause).toBe('arp-unanswered')
  })

  it('goes without settings when they are missing [avaya.md 8.3 #48]', async () => {
    const site = site1608()
    site.httpFiles.delete('/46xxsettings.txt')
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-not-found' })
    expect(phone.story.failures.map(({ cause }) => cause)).toEqual(['http-not-found', 'settings-not-obtained'])
    expect(paths(site)).toEqual(['GET /16xxupgrade.txt', 'GET /46xxsettings.txt'])
  })

  it('thinks nothing of a missing 46xxsettings.scr when the .txt is there [avaya.md 8.3 #47]', async () => {
    const site = site1608()
    site.httpFiles.set('/16xxupgrade.txt', 'GET 46xxsettings.scr\nGET 46xxsettings.txt\n')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('booted')
    expect(phone.story.failures).toEqual([])
  })

  it('asks for nothing more when the script is missing [avaya.md 8.3 #46]', async () => {
    const site = site1608()
    site.httpFiles.clear()
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(paths(site)).toEqual(['GET /16xxupgrade.txt'])
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'http-not-found' })
  })

  it('has no file server when option 242 is missing', async () => {
    const site = site1608()
    site.siteOptions.clear()
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'site-option-missing' })
    expect(site.httpSeen).toEqual([])
  })

  it.each([
    ['HTTPSERVER=10.20.0.2', 'site-option-unknown-name'],
    ['HTTPSRVR=10.20.0.256', 'site-option-bad-value'],
    ['MCIPADD=10.20.0.5;HTTPSRVR=10.20.0.2', 'site-option-malformed'],
    ['MCIPADD=10.20.0.5, L2Q=0', 'site-option-no-file-server'],
  ])('has no file server either with %j, and knows why', async (text, cause) => {
    const site = site1608()
    site.siteOptions.set(242, text)
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: cause })
    expect(phone.story.failures.at(-1)?.cause).toBe('site-option-no-file-server')
    expect(site.httpSeen).toEqual([])
  })

  it('takes siaddr for its file server [avaya.md 1.7]', async () => {
    const site = site1608()
    site.siteOptions.clear()
    site.siaddr = 0x0a140002
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'site-option-missing' })
    expect(paths(site)).toEqual(['GET /16xxupgrade.txt', 'GET /46xxsettings.txt'])
  })

  it('does not follow a redirect, nor answer a challenge for a boot file [avaya.md 2.1]', async () => {
    for (const [status, cause] of [
      [301, 'http-redirect'],
      [401, 'http-auth-required'],
      [403, 'http-forbidden'],
      [503, 'http-server-error'],
    ] as const) {
      const site = site1608()
      const headers = [
        { name: 'Location', value: `http://${SERVER}/else/16xxupgrade.txt` },
        { name: 'WWW-Authenticate', value: 'Basic realm="x"' },
      ]
      site.http = () => ({ status, headers })
      const phone = site.addPhone('1608', { credentials: [{ user: 'a', password: 'b' }] })
      phone.powerOn()
      await site.run()
      expect(site.httpSeen.length).toBe(1)
      expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: cause })
    }
  })

  it('sees a body that is shorter than promised, and a page in place of a file', async () => {
    const site = site1608()
    site.http = ({ path }) => (path === '/16xxupgrade.txt' ? { status: 200, body: SCRIPT_16, truncate: 20 } : undefined)
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'http-truncated-body' })
    expect(phone.story.transfers[0]).toMatchObject({ result: 'truncated', bytes: 20, status: 200 })

    const portal = site1608()
    portal.http = () => ({ status: 200, body: '<!DOCTYPE html><html>log in</html>' })
    const other = portal.addPhone('1608')
    other.powerOn()
    await portal.run()
    expect(other.story).toMatchObject({ outcome: 'failed', rootCause: 'http-html-error-page' })
  })

  it('fetches language files that the settings name, once', async () => {
    const site = site1608()
    site.httpFiles.set('/46xxsettings.txt', 'SET LANG1FILE mlf_a.txt\nSET LANG2FILE mlf_b.txt\n')
    site.httpFiles.set('/mlf_a.txt', 'x'.repeat(3000))
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(paths(site).slice(2)).toEqual(['GET /mlf_a.txt', 'GET /mlf_b.txt'])
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-not-found' })
    phone.reset()
    await site.sim.run({ until: site.sim.now + 5 * MINUTE })
    expect(paths(site).slice(4)).toEqual(['GET /16xxupgrade.txt', 'GET /46xxsettings.txt', 'GET /mlf_b.txt'])
  })

  it('uses HTTPDIR and HTTPPORT for boot files, and neither for the backup [avaya.md 5.2]', async () => {
    const site = site1608()
    site.siteOptions.set(242, `${SITE_1608},HTTPDIR=phones/,HTTPPORT=8080`)
    site.serveHttp(8080)
    site.httpFiles.set('/phones/16xxupgrade.txt', SCRIPT_16)
    site.httpFiles.set('/phones/46xxsettings.txt', SETTINGS)
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('booted')
    expect(phone.story.transfers.map(({ server, path }) => server + path)).toEqual([
      `${SERVER}:8080/phones/16xxupgrade.txt`,
      `${SERVER}:8080/phones/46xxsettings.txt`,
      `${SERVER}:80/backup/1001_16xxdata.txt`,
      `${SERVER}:80/backup/1001_16xxdata.txt`,
    ])
    expect(requestHeader(site.httpSeen[0]!, 'host')).toBe(`${SERVER}:8080`)
  })
})

describe('application image', () => {
  it('is loaded when its name differs from the one in flash, stored, and the whole boot repeated', async () => {
    const site = site1608()
    const script = 'SET APPNAME ha1608ua1_350B.bin\nGET 46xxsettings.txt\n'
    site.httpFiles.set('/16xxupgrade.txt', script)
    site.httpFiles.set('/ha1608ua1_350B.bin', new Uint8Array(300_000).fill(7))
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(paths(site)).toEqual([
      'GET /16xxupgrade.txt',
      'GET /ha1608ua1_350B.bin',
      'GET /16xxupgrade.txt',
      'GET /46xxsettings.txt',
    ])
    expect(phone.memory.application).toBe('ha1608ua1_350B.bin')
    expect(phone.story.boots.map(({ number, reason, outcome }) => [number, reason, outcome])).toEqual([
      [1, 'power-on', 'booted'],
      [2, 'application-stored', 'booted'],
    ])
    expect(site.dhcpSeen.map(({ type }) => type)).toEqual(['DISCOVER', 'REQUEST', 'DISCOVER', 'REQUEST'])
    const image = phone.story.transfers[1]!
    expect(image).toMatchObject({ role: 'application', bytes: 300_000, result: 'ok' })
    const [first, second] = phone.story.boots
    expect(second!.start - first!.end!).toBeGreaterThanOrEqual(20 * SECOND)
    expect(second!.start - first!.end!).toBeLessThanOrEqual(60 * SECOND)
    expect(site.texts()).toContain('Restarting...')
  })

  it('takes three boots when the boot image is new too [avaya.md 4]', async () => {
    const site = site1608()
    site.httpFiles.set(
      '/16xxupgrade.txt',
      'IF $BOOTNAME SEQ hb1608ua1_350B.bin GOTO APP\nSET APPNAME hb1608ua1_350B.bin\nGOTO S\n' +
        '# APP\nSET APPNAME ha1608ua1_350B.bin\n# S\nGET 46xxsettings.txt\n',
    )
    site.httpFiles.set('/hb1608ua1_350B.bin', new Uint8Array(1000))
    site.httpFiles.set('/ha1608ua1_350B.bin', new Uint8Array(1000))
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story.boots.length).toBe(3)
    expect(phone.memory).toMatchObject({ bootImage: 'hb1608ua1_350B.bin', application: 'ha1608ua1_350B.bin' })
    expect(phone.story.outcome).toBe('booted')
  })

  it('that the server lacks leaves the old one in place', async () => {
    const site = site1608()
    site.httpFiles.set('/16xxupgrade.txt', 'SET APPNAME new.bin\nGET 46xxsettings.txt\n')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.memory.application).toBe('ha1608ua1_3500.bin')
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-not-found' })
    expect(paths(site)).toEqual(['GET /16xxupgrade.txt', 'GET /new.bin', 'GET /46xxsettings.txt'])
  })

  it('that is no image is not stored: the 4600 says Checksum error and resets, and a loop ends', async () => {
    const site = site4620()
    site.serveHttp()
    site.httpFiles.set('/46xxupgrade.scr', 'SET APPNAME new.bin\n')
    site.httpFiles.set('/new.bin', '<html>moved</html>')
    const phone = site.addPhone('4620SW')
    phone.powerOn()
    await site.run()
    expect(site.texts()).toContain('Checksum error')
    expect(phone.memory.application).toBe('a20d01b2_9_1.bin')
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-html-error-page' })
    expect(phone.story.boots.length).toBe(12)
  })
})

describe('a 4620SW', () => {
  it('boots over HTTP and does not touch TFTP [4600 guide p.37]', async () => {
    const site = site4620()
    site.serveHttp()
    const phone = site.addPhone('4620SW', { extension: '2001' })
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'booted', hostname: 'AVA200001', failures: [] })
    expect(paths(site)).toEqual(['GET /46xxupgrade.scr', 'GET /46xxsettings.txt'])
    expect(site.tftpSeen).toEqual([])
    expect(site.texts()).toContain('46XXUPGRADE.SCR 1 KB received')
  })

  it('falls back to TFTP when HTTP hangs, after 30 silent seconds, a new port for each file', async () => {
    const site = site4620()
    site.serveHttp()
    site.http = () => 'hang'
    const phone = site.addPhone('4620SW')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-response-timeout' })
    expect(phone.story.failures.map(({ cause, causedBy }) => [cause, causedBy])).toEqual([
      ['http-response-timeout', undefined],
      ['fallback-to-tftp', 'http-response-timeout'],
    ])
    const [hung, script, settings] = phone.story.transfers
    expect(hung).toMatchObject({ protocol: 'http', result: 'timeout', status: undefined })
    expect(Math.round((hung!.end - hung!.start) / SECOND)).toBe(30)
    expect(script).toMatchObject({ protocol: 'tftp', method: 'RRQ', path: '46xxupgrade.scr', result: 'ok' })
    expect(settings).toMatchObject({ path: '46xxsettings.txt', bytes: SETTINGS.length })
    const requests = site.tftpSeen.map((seen) => seen.split(' '))
    expect(requests.map(([, mode]) => mode)).toEqual(['octet', 'octet'])
    const ports = requests.map(([, , port]) => Number(port))
    expect(ports[0]).not.toBe(ports[1])
    for (const port of ports) expect(port >= 1024 && port <= 5000).toBe(true)
  })

  it('falls back to TFTP when HTTP is refused, or has no script', async () => {
    for (const cause of ['http-connect-refused', 'http-not-found']) {
      const site = site4620()
      if (cause === 'http-not-found') {
        site.serveHttp()
        site.httpFiles.clear()
      }
      const phone = site.addPhone('4620SW')
      phone.powerOn()
      await site.run()
      expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: cause })
    }
  })

  it('boots by TFTP alone when no HTTP server is given: no fallback, nothing wrong', async () => {
    const site = site4620()
    site.siteOptions.set(176, `TFTPDIR=phones,TFTPSRVR=${SERVER}`)
    site.tftpFiles.set('phones/46xxupgrade.scr', SCRIPT_46)
    site.tftpFiles.set('phones/46xxsettings.txt', SETTINGS)
    const phone = site.addPhone('4620SW')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'booted', failures: [] })
    expect(site.tftpSeen.length).toBe(2)
  })

  it('reports a file that TFTP has not, and a TFTP server that is silent or not there', async () => {
    const site = site4620()
    site.siteOptions.set(176, `TFTPSRVR=${SERVER}`)
    site.tftpFiles.clear()
    const missing = site.addPhone('4620SW')
    missing.powerOn()
    await site.run()
    expect(missing.story).toMatchObject({ outcome: 'failed', rootCause: 'tftp-file-not-found' })

    for (const [policy, cause, seconds] of [
      ['drop', 'tftp-timeout', 20],
      ['reject', 'tftp-server-unreachable', 0],
    ] as const) {
      const silent = site4620()
      silent.siteOptions.set(176, `TFTPSRVR=${SERVER}`)
      silent.server.setPortPolicy('udp', 69, policy)
      const phone = silent.addPhone('4620SW')
      phone.powerOn()
      await silent.run()
      expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: cause })
      const [transfer] = phone.story.transfers
      expect(Math.round((transfer!.end - transfer!.start) / SECOND)).toBe(seconds)
    }
  })

  it('loads an image of many blocks over TFTP', async () => {
    const site = site4620()
    site.siteOptions.set(176, `TFTPSRVR=${SERVER}`)
    site.tftpFiles.set('46xxupgrade.scr', 'SET APPNAME a20d01b2_9_2.bin\nGET 46xxsettings.txt\n')
    site.tftpFiles.set('a20d01b2_9_2.bin', new Uint8Array(512 * 2000).fill(1))
    const phone = site.addPhone('4620SW')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'booted' })
    expect(phone.story.transfers.find(({ role }) => role === 'application')).toMatchObject({ bytes: 1_024_000 })
    expect(phone.memory.application).toBe('a20d01b2_9_2.bin')
  })

  it('reads option 176, not 242', async () => {
    const site = site4620()
    site.serveHttp()
    site.siteOptions.clear()
    site.siteOptions.set(242, SITE_4620)
    const phone = site.addPhone('4620SW')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'site-option-missing' })
  })
})

describe('a phone and its DHCP server', () => {
  it('repeats DISCOVER after about 4, 8, 16, 32 and 64 seconds, and boots when the server comes [RFC 2131 §4.1]', async () => {
    const site = site1608()
    site.ignoreDhcp = () => site.sim.now < 150 * SECOND
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.sim.run({ until: 140 * SECOND })
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'dhcp-no-offer' })
    const times = site.dhcpSeen.map(({ time }) => time)
    const gaps = times.slice(1).map((time, index) => (time - times[index]!) / SECOND)
    expect(gaps.length).toBe(5)
    gaps.forEach((gap, index) => expect(Math.abs(gap - 4 * 2 ** index)).toBeLessThanOrEqual(1))
    expect(site.dhcpSeen.map(({ message }) => message.secs)).toEqual(
      times.map((time) => Math.floor((time - times[0]!) / SECOND)),
    )

    await site.sim.run({ until: 300 * SECOND })
    expect(phone.story).toMatchObject({ outcome: 'booted', rootCause: undefined, address: '10.20.0.100' })
  })

  it('does not take an OFFER without a lease time [avaya.md 1.6]', async () => {
    const site = site1608()
    site.leaseTime = undefined
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run(200 * SECOND)
    expect(site.dhcpSeen.every(({ type }) => type === 'DISCOVER')).toBe(true)
    expect(phone.story.failures[0]).toMatchObject({ cause: 'dhcp-offer-without-lease-time' })
    expect(phone.story.outcome).toBe('failed')
  })

  it('goes back to DISCOVER when the REQUEST is never answered', async () => {
    const site = site1608()
    site.ignoreDhcp = ({ type }) => type === 'REQUEST' && site.sim.now < 30 * SECOND
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'dhcp-no-ack' })
    await site.sim.run({ until: site.sim.now + MINUTE })
    expect(phone.story).toMatchObject({ outcome: 'booted', failures: [{ cause: 'dhcp-no-ack', degrades: false }] })
    const types = site.dhcpSeen.map(({ type }) => type)
    expect(types.slice(0, 4)).toEqual(['DISCOVER', 'REQUEST', 'REQUEST', 'REQUEST'])
  })

  it('tells of a REQUEST that is never answered and of NAKs without end, and goes on trying', async () => {
    for (const [cause, refuses] of [
      ['dhcp-no-ack', false],
      ['dhcp-nak', true],
    ] as const) {
      const site = site1608()
      if (refuses) site.refuseDhcp = ({ type }) => type === 'REQUEST'
      else site.ignoreDhcp = ({ type }) => type === 'REQUEST'
      const phone = site.addPhone('1608')
      phone.powerOn()
      await site.run(5 * MINUTE)
      expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: cause })
      const seen = site.dhcpSeen.length
      await site.sim.run({ until: site.sim.now + MINUTE })
      expect(site.dhcpSeen.length).toBeGreaterThan(seen)
    }
  })

  it('begins again after a NAK', async () => {
    const site = site1608()
    let naks = 0
    site.refuseDhcp = ({ type }) => type === 'REQUEST' && naks++ === 0
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('booted')
    expect(phone.story.failures).toMatchObject([{ cause: 'dhcp-nak', degrades: false }])
    expect(site.dhcpSeen.map(({ type }) => type)).toEqual(['DISCOVER', 'REQUEST', 'DISCOVER', 'REQUEST'])
    expect(site.dhcpSeen[2]!.message.xid).not.toBe(site.dhcpSeen[0]!.message.xid)
  })

  it('declines an address that somebody has, and takes another [RFC 2131 §3.1]', async () => {
    const site = site1608()
    site.addHost('squatter', '10.20.0.100')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(site.dhcpSeen.map(({ type }) => type)).toEqual(['DISCOVER', 'REQUEST', 'DECLINE', 'DISCOVER', 'REQUEST'])
    expect(phone.story).toMatchObject({ outcome: 'booted', address: '10.20.0.101' })
    expect(site.texts()).toContain('DHCP: CONFLICT * to program')
    expect(site.dhcpSeen[3]!.time - site.dhcpSeen[2]!.time).toBeGreaterThanOrEqual(10 * SECOND)
  })

  it('asks for no file while the router is silent [avaya.md 1.2]', async () => {
    const site = site1608()
    site.router = '10.20.0.254'
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run(2 * MINUTE)
    expect(phone.story).toMatchObject({ outcome: 'failed', rootCause: 'gateway-unreachable' })
    expect(site.httpSeen).toEqual([])
    site.addHost('late-router', '10.20.0.254')
    await site.sim.run({ until: site.sim.now + MINUTE })
    expect(phone.story.outcome).toBe('booted')
  })

  it('renews at half of the lease, unicast, and keeps the address', async () => {
    const site = site1608()
    site.leaseTime = 600
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    await site.sim.run({ until: 700 * SECOND })
    const requests = site.dhcpSeen.filter(({ type }) => type === 'REQUEST')
    expect(requests.length).toBe(3)
    const [first, second] = requests
    expect(Math.round((second!.time - first!.time) / SECOND)).toBe(300)
    expect(second!.message.ciaddr).toBe(0x0a140064)
    expect(second!.message.options.some(({ code }) => code === 50 || code === 54)).toBe(false)
    expect(phone.story.boots.length).toBe(1)
    expect(site.logged('dhcp-renewed').length).toBe(2)
  })

  it('keeps an address whose lease ended and goes on asking, with DHCPSTD 0 [avaya.md 1.9]', async () => {
    const site = site1608()
    site.leaseTime = 600
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    site.ignoreDhcp = () => true
    await site.sim.run({ until: 1200 * SECOND })
    expect(site.logged('dhcp-extended').length).toBe(1)
    expect(phone.story.boots.length).toBe(1)
    const late = site.dhcpSeen.filter(({ time }) => time > 700 * SECOND)
    expect(late.length).toBeGreaterThan(5)
    expect(late.every(({ type, message }) => type === 'REQUEST' && message.ciaddr === 0x0a140064)).toBe(true)
  })

  it('drops it and boots again with DHCPSTD 1', async () => {
    const site = site1608()
    site.leaseTime = 600
    site.httpFiles.set('/46xxsettings.txt', 'SET DHCPSTD 1\n')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    site.ignoreDhcp = () => site.sim.now < 900 * SECOND
    await site.sim.run({ until: 1300 * SECOND })
    expect(phone.story.boots.map(({ reason }) => reason)).toEqual(['power-on', 'lease-lost'])
    expect(phone.story.outcome).toBe('booted')
  })

  it('stops using its address when a renewal is refused [avaya.md 1.6]', async () => {
    const site = site1608()
    site.leaseTime = 600
    site.refuseDhcp = ({ message }) => message.ciaddr !== 0
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    await site.sim.run({ until: 500 * SECOND })
    expect(phone.story.boots.map(({ reason }) => reason)).toEqual(['power-on', 'lease-lost'])
    expect(phone.story.outcome).toBe('booted')
  })
})

describe('backup credentials', () => {
  /** A backup directory behind Basic authentication. */
  function locked(password = 'secret'): TinySite {
    const site = site1608()
    const wanted = `Basic ${Buffer.from(`phone:${password}`).toString('base64')}`
    site.http = (request) => {
      if (!request.path.startsWith('/backup') || requestHeader(request, 'authorization') === wanted) return undefined
      return { status: 401, headers: [{ name: 'WWW-Authenticate', value: 'Basic realm="phone data"' }] }
    }
    return site
  }

  it('are null by default; on 401 the user is asked, and what worked is stored with its realm [1600 guide p.106]', async () => {
    const site = locked()
    const phone = site.addPhone('1608', { extension: '1001', credentials: [{ user: 'phone', password: 'secret' }] })
    expect(phone.memory.credentials).toBeNull()
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'booted', failures: [] })
    expect(phone.memory.credentials).toEqual({ user: 'phone', password: 'secret', realm: 'phone data' })
    expect(phone.story.transfers.slice(2).map(({ method, status }) => `${method} ${status}`)).toEqual([
      'GET 401',
      'GET 404',
      'PUT 401',
      'PUT 201',
    ])
    expect(site.texts().filter((text) => text === 'Enter backup/restore credentials').length).toBe(1)
  })

  it('that nobody enters leave the phone without backup', async () => {
    const site = locked()
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-auth-required' })
    expect(phone.story.failures.map(({ cause }) => cause)).toEqual([
      'http-auth-required',
      'restore-get-failed',
      'http-auth-required',
      'backup-put-failed',
    ])
    expect(phone.memory.credentials).toBeNull()
  })

  it('that are wrong are not stored; the user is asked again until he gives up', async () => {
    const site = locked()
    const wrong = { user: 'phone', password: 'wrong' }
    const phone = site.addPhone('1608', { extension: '1001', credentials: [wrong, wrong] })
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded' })
    expect(phone.story.failures[0]).toMatchObject({ cause: 'http-auth-failed' })
    expect(phone.memory.credentials).toBeNull()
    expect(site.texts()).toContain('Authentication failed. Try again.')
  })

  it('survive a reset, and stored ones answer the challenge without asking', async () => {
    const site = locked()
    const phone = site.addPhone('1608', { extension: '1001', credentials: [{ user: 'phone', password: 'secret' }] })
    phone.powerOn()
    await site.run()
    const prompts = site.texts().filter((text) => text.startsWith('Enter')).length
    phone.reset()
    await site.sim.run({ until: site.sim.now + 5 * MINUTE })
    expect(phone.story.outcome).toBe('booted')
    expect(phone.story.boots.length).toBe(2)
    expect(site.texts().filter((text) => text.startsWith('Enter')).length).toBe(prompts)

    phone.clearUserData()
    expect(phone.memory.credentials).toBeNull()
    expect(phone.memory.userData.size).toBe(0)
  })

  it('a PUT that the server does not allow fails, and says so [avaya.md 8.5 #95]', async () => {
    const site = site1608()
    site.http = ({ method }) =>
      method === 'PUT' ? { status: 405, headers: [{ name: 'Allow', value: 'GET' }] } : undefined
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'backup-put-failed' })
  })

  it('an address that is not http fails without a packet [avaya.md 5.2]', async () => {
    for (const bruri of ['ftp://10.20.0.2/', 'https://10.20.0.2/b', '10.20.0.2/b']) {
      const site = site1608()
      site.httpFiles.set('/46xxsettings.txt', `SET BRURI "${bruri}"\nSET L2Q 0\n`)
      const phone = site.addPhone('1608', { extension: '1001' })
      phone.powerOn()
      await site.run()
      expect(site.httpSeen.length).toBe(2)
    }
  })

  it('a later change of the user backs up again', async () => {
    const site = site1608()
    const phone = site.addPhone('1608', { extension: '1001', backup: false })
    phone.powerOn()
    await site.run()
    expect(paths(site).filter((path) => path.startsWith('PUT'))).toEqual([])
    phone.changeUserData('Error Tone', '0')
    await site.sim.run({ until: site.sim.now + 10 * SECOND })
    expect(site.httpFiles.get('/backup/1001_16xxdata.txt')).toBe('Error Tone=0\r\n')
  })
})

describe('a phone', () => {
  it.each([
    ['1608', 3],
    ['4620SW', 4],
  ] as const)('of model %s boots over a link that loses, doubles and delays frames', async (model, seed) => {
    const site = new TinySite(seed, { loss: 0.05, duplicate: 0.02, jitter: 3_000_000 })
    site.siteOptions.set(242, SITE_1608)
    site.siteOptions.set(176, `TFTPSRVR=${SERVER}`)
    const image = Uint8Array.from({ length: 200_000 }, (_, index) => index * 31)
    const settings = `SET LANG1FILE mlf_a.txt\n${SETTINGS}`
    for (const [name, content] of [
      ['16xxupgrade.txt', 'SET APPNAME new.bin\nGET 46xxsettings.txt\n'],
      ['46xxupgrade.scr', 'SET APPNAME new.bin\nGET 46xxsettings.txt\n'],
      ['46xxsettings.txt', settings],
      ['new.bin', image],
      ['mlf_a.txt', 'x'.repeat(20_000)],
    ] as const) {
      site.httpFiles.set(`/${name}`, content)
      site.tftpFiles.set(name, content)
    }
    site.serveHttp()
    for (let index = 0; index < 8; index++) site.addPhone(model, { extension: String(1001 + index) }).powerOn()
    await site.run()
    const reference = new ReceivedFile(0)
    reference.push(image)
    for (const { story, memory } of site.phones) {
      expect(story.outcome, JSON.stringify(story.failures)).toBe('booted')
      expect(memory.application).toBe('new.bin')
    }
    // Every octet of the image came, once and in order.
    for (const { detail } of site.logged('image-stored')) {
      expect(detail).toMatchObject({ bytes: image.length, hash: reference.hash })
    }
    expect(site.sim.truth.events.length).toBeGreaterThan(100)
  })

  it('without power sends nothing, and keeps only its memory', async () => {
    const site = site1608()
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.sim.run({ until: 5 * SECOND })
    phone.powerOff()
    const sent = site.dhcpSeen.length
    await site.sim.run({ until: 300 * SECOND })
    expect(site.dhcpSeen.length).toBe(sent)
    expect(phone.isOn).toBe(false)
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('booted')
  })

  it.each(['1608', '4620SW'] as const)(
    'of model %s says nothing more when the plug is pulled in a download',
    async (model) => {
      const site = new TinySite(1, { rate: 1_000_000 })
      site.siteOptions.set(242, SITE_1608)
      site.siteOptions.set(176, `TFTPSRVR=${SERVER}`)
      const image = new Uint8Array(2_000_000)
      for (const name of ['16xxupgrade.txt', '46xxupgrade.scr']) {
        site.httpFiles.set(`/${name}`, 'SET APPNAME new.bin\n')
        site.tftpFiles.set(name, 'SET APPNAME new.bin\n')
      }
      site.httpFiles.set('/new.bin', image)
      site.tftpFiles.set('new.bin', image)
      site.serveHttp()
      const phone = site.addPhone(model)
      let frames = 0
      site.network.tap(site.network.host('phone-1'), (_time, _bytes, direction) => {
        if (direction === 'sent') frames++
      })
      phone.powerOn()
      await site.sim.run({ until: 12 * SECOND })
      expect(phone.story.transfers.length).toBe(1)
      expect(frames).toBeGreaterThan(50)
      phone.powerOff()
      const before = frames
      await site.sim.run({ until: 400 * SECOND })
      expect(frames).toBe(before)
      expect(phone.memory.application).not.toBe('new.bin')
    },
  )

  it('lives the same life twice under one seed, and another under another', async () => {
    const lives: string[] = []
    for (const seed of [5, 5, 6]) {
      const site = new TinySite(seed)
      site.siteOptions.set(242, SITE_1608)
      site.httpFiles.set('/16xxupgrade.txt', SCRIPT_16)
      site.httpFiles.set('/46xxsettings.txt', SETTINGS)
      site.serveHttp()
      for (let index = 0; index < 5; index++) site.addPhone('1608', { extension: String(1001 + index) }).powerOn()
      await site.run()
      lives.push(JSON.stringify(site.events))
    }
    expect(lives[0]).toBe(lives[1])
    expect(lives[0]).not.toBe(lives[2])
  })

  it('has no timer left but the renewal of its lease once it is up', async () => {
    const site = site1608()
    site.addPhone('1608', { extension: '1001' }).powerOn()
    await site.run()
    await site.sim.run({ until: site.sim.now + 10 * MINUTE })
    const before = site.sim.eventCount
    await site.sim.run({ until: 20_000 * SECOND })
    expect(site.sim.eventCount - before).toBeLessThan(20)
  })
})
