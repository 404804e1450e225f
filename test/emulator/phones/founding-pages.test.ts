/**
 * The two pages that this project began with, statement by statement, each in our own words and proved on the emulated
 * wire: the 4600 LAN administrator guide of February 2007, p. 37 (steps 2 and 3 of initialisation), and the 1600
 * administrator guide, p. 106 (backup and restore).
 */
import { describe, expect, it } from 'vitest'
import { SECOND } from '../../../src/base/time.js'
import { imageHead } from '../../../src/deskphone/software-image.js'
import { FILE_CLIENTS, type FileClient } from '../../../src/emulator/phones/file-client.js'
import { requestByHttp } from '../../../src/emulator/phones/http-client.js'
import type { Phone } from '../../../src/emulator/phones/phone.js'
import type { PhoneOptions } from '../../../src/emulator/phones/phone-options.js'
import type { UserDataOutcome } from '../../../src/emulator/phones/user-data-stage.js'
import { imageOf } from '../../../src/servers/file-store.js'
import { basicAuthorization } from '../../../src/wire/http-auth.js'
import { requestHeader, SERVER, TinySite } from './tiny-site.js'

const SCRIPT = 'SET APPNAME a20d01b2_9_1.bin\nGET 46xxsettings.txt\n'
const SETTINGS = 'IF $MODEL4 SEQ 4620 GOTO OURS\nGOTO ALL\n# OURS\nSET PROCSTAT 1\n# ALL\nSET REREGISTER 30\n'
const PATH = '/backup/1001_16xxdata.txt'

function image(name: string, size = 2000): Uint8Array {
  return imageOf(size, 1, imageHead(size, name)).read(0, size)
}

/** Files that are the same on both servers, as the page has them. */
function addFiles(site: TinySite, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    site.httpFiles.set(`/${name}`, content)
    site.tftpFiles.set(name, content)
  }
}

function siteOf4600(option: string, files: Record<string, string | Uint8Array> = {}): TinySite {
  const site = new TinySite()
  site.siteOptions.set(176, option)
  addFiles(site, { '46xxupgrade.scr': SCRIPT, '46xxsettings.txt': SETTINGS, ...files })
  return site
}

function siteOf1600(bruri: string | undefined): TinySite {
  const site = new TinySite()
  site.siteOptions.set(242, `HTTPSRVR=${SERVER}`)
  site.httpFiles.set('/16xxupgrade.txt', 'SET APPNAME ha1608ua1_3500.bin\nGET 46xxsettings.txt\n')
  site.httpFiles.set('/46xxsettings.txt', bruri === undefined ? 'SET REREGISTER 30\n' : `SET BRURI "${bruri}"\n`)
  site.serveHttp()
  return site
}

const BOTH = `HTTPSRVR=${SERVER},TFTPSRVR=${SERVER}`

async function boot(site: TinySite, model: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const phone = site.addPhone(model, options)
  phone.powerOn()
  await site.run()
  return phone
}

/** What was asked, HTTP by method and path, TFTP by name. */
const asked = (site: TinySite) => site.httpSeen.map(({ method, path }) => `${method} ${path}`)
const askedByTftp = (site: TinySite) => site.tftpSeen.map((line) => line.split(' ')[0])

describe('4600 guide, p. 37, step 2: from the DHCP server', () => {
  it('comes the address of the TFTP or HTTP server, and it is where the next step goes', async () => {
    const byTftp = siteOf4600(`TFTPSRVR=${SERVER}`)
    await boot(byTftp, '4620SW')
    expect(askedByTftp(byTftp)[0]).toBe('46xxupgrade.scr')

    const byHttp = siteOf4600(`HTTPSRVR=${SERVER}`)
    byHttp.serveHttp()
    await boot(byHttp, '4620SW')
    expect(asked(byHttp)[0]).toBe('GET /46xxupgrade.scr')
    const ack = byHttp.dhcpSeen.findLast(({ type }) => type === 'REQUEST')!
    expect(byHttp.httpSeen[0]!.time).toBeGreaterThan(ack.time)
  })

  it('nothing about a file server: no file is asked for', async () => {
    const site = siteOf4600('MCIPADD=10.20.0.5')
    site.serveHttp()
    await boot(site, '4620SW')
    expect([asked(site), askedByTftp(site)]).toEqual([[], []])
  })
})

describe('4600 guide, p. 37, step 3: at the file server', () => {
  it('script, application and settings come from a TFTP server or from an HTTP server alike, the same files in the same order', async () => {
    const files = { 'a20d01b2_9_1.bin': image('a20d01b2_9_1.bin') }
    const old = () => ({ application: 'a20d01b2_2_3.bin', bootImage: 'b20d01b2_9_1.bin' })
    const wanted = ['46xxupgrade.scr', 'a20d01b2_9_1.bin', '46xxupgrade.scr', '46xxsettings.txt']

    const byTftp = siteOf4600(`TFTPSRVR=${SERVER}`, files)
    const one = byTftp.addPhone('4620SW')
    Object.assign(one.memory, old())
    one.powerOn()
    await byTftp.run()
    expect(askedByTftp(byTftp)).toEqual(wanted)

    const byHttp = siteOf4600(`HTTPSRVR=${SERVER}`, files)
    byHttp.serveHttp()
    const two = byHttp.addPhone('4620SW')
    Object.assign(two.memory, old())
    two.powerOn()
    await byHttp.run()
    expect(asked(byHttp)).toEqual(wanted.map((name) => `GET /${name}`))
    expect(two.memory.application).toBe(one.memory.application)
    expect([one.story.outcome, two.story.outcome]).toEqual(['booted', 'booted'])
  })

  it('a mixture of telephones: TFTP for the one with an older release, HTTP for the one that can', async () => {
    const site = siteOf4600(BOTH)
    site.serveHttp()
    const older = site.addPhone('4620')
    older.memory.application = 'a20d01b2_1_3.bin'
    site.tftpFiles.set('46xxupgrade.scr', 'GET 46xxsettings.txt\n')
    const newer = site.addPhone('4620SW')
    for (const phone of [older, newer]) phone.powerOn()
    await site.run()
    const protocols = (phone: Phone) => [...new Set(phone.story.transfers.map(({ protocol }) => protocol))]
    expect([protocols(older), protocols(newer)]).toEqual([['tftp'], ['http']])
    expect([older.story.outcome, newer.story.outcome]).toEqual(['booted', 'booted'])
  })

  it('a mixture of telephones: TFTP alone serves them all', async () => {
    const site = siteOf4600(`TFTPSRVR=${SERVER}`)
    site.tftpFiles.set('46xxupgrade.scr', 'GET 46xxsettings.txt\n')
    for (const model of ['4606', '4620', '4620SW', '4621SW']) site.addPhone(model).powerOn()
    await site.run()
    expect(site.phones.map(({ story }) => story.outcome)).toEqual(['booted', 'booted', 'booted', 'booted'])
  })

  it('a release before 2.2 needs TFTP for its upgrade; upgraded, the telephone uses HTTP', async () => {
    const files = { 'a20d01b2_9_1.bin': image('a20d01b2_9_1.bin') }
    const withoutTftp = siteOf4600(`HTTPSRVR=${SERVER}`, files)
    withoutTftp.serveHttp()
    const stuck = withoutTftp.addPhone('4620')
    stuck.memory.application = '4620_031225.app'
    stuck.powerOn()
    await withoutTftp.run()
    expect(asked(withoutTftp)).toEqual([])
    expect(stuck.story).toMatchObject({ outcome: 'failed', rootCause: 'site-option-no-file-server' })

    const site = siteOf4600(BOTH, files)
    site.serveHttp()
    const phone = site.addPhone('4620')
    phone.memory.application = '4620_031225.app'
    phone.powerOn()
    await site.run()
    expect(askedByTftp(site)).toEqual(['46xxupgrade.scr', 'a20d01b2_9_1.bin'])
    expect(asked(site)).toEqual(['GET /46xxupgrade.scr', 'GET /46xxsettings.txt'])
    expect(phone.story).toMatchObject({ outcome: 'booted', boots: [{ number: 1 }, { number: 2 }] })
  })

  it('HTTP is tried where it is administered, and when it succeeds TFTP is not', async () => {
    const site = siteOf4600(BOTH)
    site.serveHttp()
    await boot(site, '4620SW')
    expect(asked(site).length).toBe(2)
    expect(askedByTftp(site)).toEqual([])
  })

  it('when HTTP does not succeed, TFTP is tried', async () => {
    const site = siteOf4600(BOTH) // nobody listens on port 80
    const phone = await boot(site, '4620SW')
    expect(phone.story.transfers.map(({ protocol, result }) => `${protocol} ${result}`)).toEqual([
      'http refused',
      'tftp ok',
      'tftp ok',
    ])
  })

  it('a TLS server is contacted before anything else, and when it serves the files HTTP and TFTP are not', async () => {
    const clients = FILE_CLIENTS as Record<string, FileClient | undefined>
    const real = clients['tls']
    // The order of servers is what is proved here; what is inside the connection is the TLS client's.
    clients['tls'] = ({ options, timers }, request, done) => requestByHttp(options.transport, request, timers, done)
    try {
      const site = siteOf4600(`TLSSRVR=${SERVER},${BOTH}`)
      site.serveHttp(80)
      site.serveHttp(411)
      const phone = await boot(site, '4620SW')
      expect(phone.story.transfers.map(({ protocol, server }) => `${protocol} ${server}`)).toEqual([
        `https ${SERVER}:411`,
        `https ${SERVER}:411`,
      ])
      const closed = siteOf4600(`TLSSRVR=${SERVER},${BOTH}`)
      closed.serveHttp(80)
      const other = await boot(closed, '4620SW')
      expect(other.story.transfers.map(({ server, result }) => `${server} ${result}`)).toEqual([
        `${SERVER}:411 refused`,
        `${SERVER}:80 ok`,
        `${SERVER}:80 ok`,
      ])
    } finally {
      if (real === undefined) delete clients['tls']
      else clients['tls'] = real
    }
  })

  it('the telephone asks for a script, and the script says which application it must use', async () => {
    for (const wanted of ['a20d01b2_9_1.bin', 'a20d01b2_8_3.bin']) {
      const site = siteOf4600(`HTTPSRVR=${SERVER}`, {
        '46xxupgrade.scr': `SET APPNAME ${wanted}\nGET 46xxsettings.txt\n`,
        [wanted]: image(wanted),
      })
      site.serveHttp()
      const phone = site.addPhone('4620SW')
      phone.memory.application = 'a20d01b2_2_3.bin'
      phone.powerOn()
      await site.run()
      expect(asked(site).slice(0, 2)).toEqual(['GET /46xxupgrade.scr', `GET /${wanted}`])
      expect(phone.memory.application).toBe(wanted)
    }
  })

  it.each([
    ['a newly installed telephone that has no application', null],
    ['a telephone in use that has another application', 'a20d01b2_2_3.bin'],
  ])('%s downloads the one in the script', async (_what, application) => {
    const site = siteOf4600(`HTTPSRVR=${SERVER}`, { 'a20d01b2_9_1.bin': image('a20d01b2_9_1.bin') })
    site.serveHttp()
    const phone = site.addPhone('4620SW')
    phone.memory.application = application
    phone.powerOn()
    await site.run()
    expect(asked(site).filter((line) => line.endsWith('.bin'))).toEqual(['GET /a20d01b2_9_1.bin'])
    expect(phone.memory.application).toBe('a20d01b2_9_1.bin')
    expect(phone.story.outcome).toBe('booted')
  })

  it('the file is checked to have come properly, and one that has not is not used', async () => {
    const whole = image('a20d01b2_9_1.bin')
    for (const bad of [whole.subarray(0, 1999), new Uint8Array(0), whole.map((octet, at) => (at === 15 ? 0 : octet))]) {
      const site = siteOf4600(`HTTPSRVR=${SERVER}`, { 'a20d01b2_9_1.bin': bad })
      site.serveHttp()
      const phone = site.addPhone('4620SW')
      phone.memory.application = 'a20d01b2_2_3.bin'
      phone.powerOn()
      await site.sim.run({ until: 120 * SECOND })
      expect(phone.memory.application).toBe('a20d01b2_2_3.bin')
      expect(site.texts()).toContain('Checksum error')
      expect(phone.story.boots.length).toBeGreaterThan(1)
    }
  })

  it('with the proper application the telephone goes on without downloading it again', async () => {
    const site = siteOf4600(`HTTPSRVR=${SERVER}`, { 'a20d01b2_9_1.bin': image('a20d01b2_9_1.bin') })
    site.serveHttp()
    const phone = await boot(site, '4620SW')
    expect(asked(site)).toEqual(['GET /46xxupgrade.scr', 'GET /46xxsettings.txt'])
    expect(phone.story.boots.length).toBe(1)
  })

  it('after that the script leads to the settings file, whose options are for any or for all telephones', async () => {
    const site = siteOf4600(`HTTPSRVR=${SERVER}`)
    site.httpFiles.set('/46xxupgrade.scr', 'GET 46xxsettings.txt\n')
    site.serveHttp()
    const phones = [site.addPhone('4620SW'), site.addPhone('4602SW')]
    for (const phone of phones) phone.powerOn()
    await site.run()
    expect(phones.map((phone) => phone.parameter('REREGISTER'))).toEqual([['30'], ['30']])
    expect(phones.map((phone) => phone.parameter('PROCSTAT'))).toEqual([['1'], undefined])
  })

  it('a script that leads to none leaves the options as they were', async () => {
    const site = siteOf4600(`HTTPSRVR=${SERVER}`, { '46xxupgrade.scr': 'SET APPNAME a20d01b2_9_1.bin\n' })
    site.serveHttp()
    const phone = await boot(site, '4620SW')
    expect(asked(site)).toEqual(['GET /46xxupgrade.scr'])
    expect(phone.parameter('REREGISTER')).toBeUndefined()
  })
})

describe('1600 guide, p. 106: backup and restore', () => {
  const outcomes: UserDataOutcome[] = []
  const keep = (outcome: UserDataOutcome) => void outcomes.push(outcome)
  const settle = (site: TinySite) => site.sim.run({ until: site.sim.now + 120 * SECOND })

  it('the user data goes into one file, all of it, by PUT, when BRURI says where', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    const phone = site.addPhone('1608', { extension: '1001' })
    phone.memory.userData.set('Error Tone', '0')
    phone.memory.contacts = [{ name: 'Reception', number: '100' }]
    phone.memory.otherUserData = [['CUSTOM', 'kept as it is']]
    phone.powerOn()
    await site.run()
    const put = site.httpSeen.findLast(({ method }) => method === 'PUT')!
    expect([put.path, put.body]).toEqual([
      PATH,
      'Error Tone=0\r\nRedial=0\r\nABKNAME001=Reception\r\nABKNUMBER001=100\r\nCUSTOM=kept as it is\r\n',
    ])
  })

  it('without BRURI nothing is sent', async () => {
    const site = siteOf1600(undefined)
    const phone = await boot(site, '1608', { extension: '1001' })
    phone.request('backup', keep)
    await settle(site)
    expect(site.httpSeen.every(({ path }) => !path.includes('data'))).toBe(true)
    expect(outcomes.pop()).toMatchObject({ operation: 'backup', succeeded: false, detail: 'BRURI is not set' })
  })

  it('success or failure of a backup is confirmed', async () => {
    for (const [status, succeeded, text] of [
      [201, true, 'Backup OK'],
      [403, false, 'Backup failed'],
    ] as const) {
      const site = siteOf1600(`http://${SERVER}/backup`)
      site.http = ({ method }) => (method === 'PUT' ? { status } : undefined)
      const phone = await boot(site, '1608', { extension: '1001', backup: false })
      phone.request('backup', keep)
      await settle(site)
      expect(outcomes.pop()).toMatchObject({ operation: 'backup', succeeded, status })
      expect(site.texts().at(-1)).toBe(text)
    }
  })

  it('a restore asks for the file by GET; whoever asked gets the file, or a message of failure', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    site.httpFiles.set(PATH, 'Redial=1\r\n')
    const phone = await boot(site, '1608', { extension: '1001', backup: false })
    phone.request('restore', keep)
    await settle(site)
    expect(asked(site).at(-1)).toBe(`GET ${PATH}`)
    expect(outcomes.pop()).toMatchObject({ succeeded: true, file: 'Redial=1\r\n' })
    expect(site.texts().at(-1)).toBe('Retrieval OK')
    expect(phone.memory.userData.get('Redial')).toBe('1')

    site.httpFiles.delete(PATH)
    phone.request('restore', keep)
    await settle(site)
    expect(outcomes.pop()).toMatchObject({ succeeded: false, status: 404, file: undefined })
    expect(site.texts().at(-1)).toBe('Retrieval failed')
  })

  it.each([
    [`http://${SERVER}/backup/`, `${SERVER}:80`, PATH],
    [`http://${SERVER}/backup`, `${SERVER}:80`, PATH],
    [`http://${SERVER}`, `${SERVER}:80`, '/1001_16xxdata.txt'],
    [`http://${SERVER}/`, `${SERVER}:80`, '/1001_16xxdata.txt'],
    [`http://${SERVER}:8080/a/b%20c`, `${SERVER}:8080`, '/a/b%20c/1001_16xxdata.txt'],
    [`http://${SERVER}:8080/a//`, `${SERVER}:8080`, '/a//1001_16xxdata.txt'],
  ])('the file name follows BRURI, a slash between them unless it is there: %s', async (bruri, server, path) => {
    const site = siteOf1600(bruri)
    site.serveHttp(8080)
    const phone = await boot(site, '1608', { extension: '1001' })
    const transfers = phone.story.transfers.slice(2)
    expect(transfers.map((one) => `${one.method} ${one.server} ${one.path}`)).toEqual([
      `GET ${server} ${path}`,
      `PUT ${server} ${path}`,
    ])
    expect(asked(site).slice(2)).toEqual([`GET ${path}`, `PUT ${path}`])
  })

  /** Wants these credentials for everything below /backup. */
  function lock(site: TinySite, user: string, password: string, realm = 'phones'): void {
    site.http = (request) => {
      if (!request.path.startsWith('/backup')) return undefined
      if (requestHeader(request, 'authorization') === basicAuthorization(user, password)) return undefined
      return { status: 401, headers: [{ name: 'WWW-Authenticate', value: `Basic realm="${realm}"` }] }
    }
  }
  const GOOD = { user: 'backup', password: 's3cret' }
  const WRONG = { user: 'backup', password: 'guess' }

  it('authentication is answered for both, by credentials that are null until a user gives them', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    lock(site, 'backup', 's3cret')
    const phone = site.addPhone('1608', { extension: '1001', credentials: [GOOD] })
    expect(phone.memory.credentials).toBeNull()
    phone.powerOn()
    await site.run()
    const authorized = site.httpSeen.filter((seen) => requestHeader(seen, 'authorization') !== undefined)
    expect(authorized.map(({ method }) => method)).toEqual(['GET', 'PUT'])
    expect(phone.memory.credentials).toEqual({ ...GOOD, realm: 'phones' })
    expect(phone.story.outcome).toBe('booted')
  })

  it('credentials and realm outlast loss of power and the download of new software', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    lock(site, 'backup', 's3cret')
    const phone = await boot(site, '1608', { extension: '1001', credentials: [GOOD] })
    const stored = phone.memory.credentials
    site.httpFiles.set('/16xxupgrade.txt', 'SET APPNAME ha1608ua1_4000.bin\nGET 46xxsettings.txt\n')
    site.httpFiles.set('/ha1608ua1_4000.bin', image('ha1608ua1_4000.bin'))
    phone.powerOff()
    phone.powerOn()
    await site.sim.run({ until: site.sim.now + 200 * SECOND })
    expect(phone.memory.application).toBe('ha1608ua1_4000.bin')
    expect(phone.memory.credentials).toEqual(stored)
    expect(site.texts().filter((text) => text.startsWith('Enter')).length).toBe(1)
    expect(phone.story.outcome).toBe('booted')
  })

  it('removing the user data makes both null again', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    lock(site, 'backup', 's3cret')
    const phone = await boot(site, '1608', { extension: '1001', credentials: [GOOD] })
    phone.clearUserData()
    expect(phone.memory.credentials).toBeNull()
    const before = site.httpSeen.length
    phone.request('backup', keep)
    await settle(site)
    const sent = site.httpSeen.slice(before)
    expect(sent.map((seen) => requestHeader(seen, 'authorization'))).toEqual([undefined])
    expect(outcomes.pop()).toMatchObject({ succeeded: false, status: 401 })
  })

  it('when authentication fails the user is asked again; new values replace the stored ones only when they work', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    lock(site, 'backup', 's3cret')
    const answers = [GOOD, WRONG, { user: 'backup', password: 'changed' }]
    const phone = await boot(site, '1608', { extension: '1001', credentials: answers })
    expect(phone.memory.credentials).toMatchObject(GOOD)

    // The server's password changes: the stored one fails, then a wrong answer, then the right one.
    lock(site, 'backup', 'changed')
    const seen: (string | undefined)[] = []
    const inner = site.http
    site.http = (request) => {
      seen.push(phone.memory.credentials?.password)
      return inner(request)
    }
    phone.request('backup', keep)
    await settle(site)
    expect(outcomes.pop()).toMatchObject({ succeeded: true, status: 204 })
    // Asked without, with the stored, the wrong and the right one: the old ones stay until the last has worked.
    expect(seen).toEqual(['s3cret', 's3cret', 's3cret', 's3cret'])
    expect(phone.memory.credentials).toEqual({ user: 'backup', password: 'changed', realm: 'phones' })
    expect(site.texts().filter((text) => text === 'Authentication failed. Try again.').length).toBe(2)
  })

  it('credentials of one realm do not answer the challenge of another', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    lock(site, 'backup', 's3cret')
    const phone = await boot(site, '1608', { extension: '1001', credentials: [GOOD] })
    lock(site, 'backup', 's3cret', 'somebody else')
    const before = site.httpSeen.length
    phone.request('restore', keep)
    await settle(site)
    const sent = site.httpSeen.slice(before)
    expect(sent.map((seen) => requestHeader(seen, 'authorization'))).toEqual([undefined])
    expect(phone.memory.credentials?.realm).toBe('phones')
    expect(outcomes.pop()).toMatchObject({ succeeded: false })
  })

  it('a backup also follows each change of the user by itself, and the phone refuses a wish while it is not up', async () => {
    const site = siteOf1600(`http://${SERVER}/backup`)
    const phone = await boot(site, '1608', { extension: '1001', backup: false })
    phone.changeUserData('Redial', '1')
    await settle(site)
    expect(asked(site).at(-1)).toBe(`PUT ${PATH}`)
    phone.powerOff()
    phone.request('backup', keep)
    expect(outcomes.pop()).toMatchObject({ succeeded: false, detail: 'the phone is not up' })
  })
})
