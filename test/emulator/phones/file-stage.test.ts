import { describe, expect, it } from 'vitest'
import { MINUTE, SECOND } from '../../../src/base/time.js'
import { imageHead } from '../../../src/deskphone/software-image.js'
import { createVirtualHost } from '../../../src/emulator/virtual-host.js'
import { imageOf, MemoryFileStore } from '../../../src/servers/file-store.js'
import { startHttpServer, type HttpServerOptions } from '../../../src/servers/http-server.js'
import { requestHeader, SERVER, TinySite } from './tiny-site.js'

function image(name: string, size = 3000): Uint8Array {
  return imageOf(size, 1, imageHead(size, name)).read(0, size)
}

function siteOf(option: string, files: Record<string, string | Uint8Array>, number = 242): TinySite {
  const site = new TinySite()
  site.siteOptions.set(number, option)
  for (const [name, content] of Object.entries(files)) site.httpFiles.set(`/${name}`, content)
  site.serveHttp()
  return site
}

const paths = (site: TinySite) => site.httpSeen.map(({ method, path }) => `${method} ${path}`)

/** A 96x1 site: the script names new software, a language and a certificate. */
const FILES_96X1 = {
  '96x1Hupgrade.txt': 'IF $APPNAME SEQ x GOTO X\nSET APPNAME S9608_new.tar\n# X\nGET 46xxsettings.txt\n',
  '46xxsettings.txt': 'SET LANG1FILE mlf_96x1_v176_italian.txt\nSET TRUSTCERTS a.pem,b.pem\nSET REREGISTER 33\n',
  'mlf_96x1_v176_italian.txt': 'x',
  'a.pem': 'certificate a',
  'b.pem': 'certificate b',
  'S9608_new.tar': image('S9608_new.tar'),
}

describe('the files of a boot', () => {
  it('come software last on the 96x1, software before the settings on the 1600 [avaya.md 4]', async () => {
    const site = siteOf(`HTTPSRVR=${SERVER}`, FILES_96X1)
    const phone = site.addPhone('9608')
    phone.powerOn()
    await site.run()
    const first = [
      '96x1Hupgrade.txt',
      '46xxsettings.txt',
      'mlf_96x1_v176_italian.txt',
      'a.pem',
      'b.pem',
      'S9608_new.tar',
    ]
    const second = ['96x1Hupgrade.txt', '46xxsettings.txt']
    expect(paths(site)).toEqual([...first, ...second].map((name) => `GET /${name}`))
    expect(phone.memory.application).toBe('S9608_new.tar')
    expect([...phone.memory.certificates]).toEqual([
      ['a.pem', 'certificate a'],
      ['b.pem', 'certificate b'],
    ])

    const older = siteOf(`HTTPSRVR=${SERVER}`, {
      '16xxupgrade.txt': 'SET APPNAME ha1608ua1_4000.bin\nGET 46xxsettings.txt\n',
      '46xxsettings.txt': 'SET REREGISTER 33\n',
      'ha1608ua1_4000.bin': image('ha1608ua1_4000.bin'),
    })
    older.addPhone('1608').powerOn()
    await older.run()
    expect(paths(older).slice(0, 3)).toEqual([
      'GET /16xxupgrade.txt',
      'GET /ha1608ua1_4000.bin',
      'GET /16xxupgrade.txt',
    ])
  })

  it('all come from the server that gave the script, the second of the list when the first is silent', async () => {
    const site = siteOf(`HTTPSRVR="10.20.0.9,${SERVER}",HTTPDIR=avaya/`, {
      'avaya/16xxupgrade.txt': 'GET 46xxsettings.txt\n',
      'avaya/46xxsettings.txt': 'SET REREGISTER 33\n',
    })
    const first = site.addHost('first', '10.20.0.9')
    first.setPortPolicy('tcp', 80, 'drop')
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run()
    expect(phone.story.transfers.map(({ server, result }) => `${server} ${result}`)).toEqual([
      '10.20.0.9:80 timeout',
      `${SERVER}:80 ok`,
      `${SERVER}:80 ok`,
    ])
    expect(paths(site)).toEqual(['GET /avaya/16xxupgrade.txt', 'GET /avaya/46xxsettings.txt'])
  })

  it('are waited for on the 96x1 when the server says Retry-After, and not on the 1600', async () => {
    for (const [model, requests, outcome] of [
      ['9608', 4, 'booted'],
      ['1608', 1, 'failed'],
    ] as const) {
      const site = siteOf(`HTTPSRVR=${SERVER}`, {
        '96x1Hupgrade.txt': 'GET 46xxsettings.txt\n',
        '46xxsettings.txt': 'SET REREGISTER 33\n',
      })
      let busy = 2
      site.http = () => (busy-- > 0 ? { status: 503, headers: [{ name: 'Retry-After', value: '10' }] } : undefined)
      const phone = site.addPhone(model)
      phone.powerOn()
      await site.run()
      expect([site.httpSeen.length, phone.story.outcome]).toEqual([requests, outcome])
      if (requests > 1) expect(site.httpSeen[1]!.time - site.httpSeen[0]!.time).toBeGreaterThanOrEqual(10 * SECOND)
    }
  })

  it('may be missing: the 96x1 then lives on the settings of its last good boot', async () => {
    const site = siteOf(`HTTPSRVR=${SERVER}`, {
      '96x1Hupgrade.txt': 'GET 46xxsettings.txt\n',
      '46xxsettings.txt': 'SET REREGISTER 33\n',
    })
    const phone = site.addPhone('9608')
    phone.powerOn()
    await site.run()
    site.http = () => ({ status: 404 })
    phone.powerOff()
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('failed')
    expect(phone.parameter('REREGISTER')).toEqual(['33'])
  })

  it('that a 404 keeps back lead to TFTP, or do not, as is assumed [avaya.md 2.1]', async () => {
    for (const [notFoundLeadsOn, outcome] of [
      [true, 'degraded'],
      [false, 'failed'],
    ] as const) {
      const site = siteOf(`HTTPSRVR=${SERVER},TFTPSRVR=${SERVER}`, {}, 176)
      site.tftpFiles.set('46xxupgrade.scr', 'GET 46xxsettings.txt\n')
      site.tftpFiles.set('46xxsettings.txt', 'SET REREGISTER 33\n')
      const phone = site.addPhone('4620SW', { assumptions: { notFoundLeadsOn } })
      phone.powerOn()
      await site.run()
      expect([phone.story.outcome, phone.story.rootCause]).toEqual([outcome, 'http-not-found'])
      expect(site.tftpSeen.length).toBe(notFoundLeadsOn ? 2 : 0)
    }
  })

  it('when none could be read the 4601 resets itself, again and again; others stay up [avaya.md 2.5]', async () => {
    const site = siteOf(`TFTPSRVR=${SERVER}`, {}, 176)
    const [restless, calm] = [site.addPhone('4601'), site.addPhone('4602SW')]
    for (const phone of [restless, calm]) phone.powerOn()
    await site.sim.run({ until: 4 * MINUTE })
    expect(restless.story.boots.length).toBeGreaterThan(2)
    expect(restless.story.boots[0]).toMatchObject({ outcome: 'failed', rootCause: 'tftp-file-not-found' })
    expect(restless.story.boots[1]).toMatchObject({ reason: 'no-files' })
    expect(calm.story).toMatchObject({ outcome: 'failed', boots: [{ number: 1 }] })
  })

  it('an image that is another version than its name says is loaded at every boot [avaya.md 4.7]', async () => {
    const site = siteOf(`HTTPSRVR=${SERVER}`, {
      '16xxupgrade.txt': 'SET APPNAME ha1608ua1_4000.bin\nGET 46xxsettings.txt\n',
      '46xxsettings.txt': 'SET REREGISTER 33\n',
      'ha1608ua1_4000.bin': image('ha1608ua1_3900.bin'),
    })
    const phone = site.addPhone('1608')
    phone.powerOn()
    await site.run(2 * 3600 * SECOND)
    expect(phone.memory.application).toBe('ha1608ua1_3900.bin')
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'application-loop' })
    expect(phone.story.boots.slice(0, 2).map(({ rootCause }) => rootCause)).toEqual([undefined, 'application-loop'])
  })

  it('a set without an application does not log in when there is none to load', async () => {
    for (const bootCodeOnly of [true, false]) {
      const site = siteOf(`HTTPSRVR=${SERVER}`, {
        '16xxupgrade.txt': 'SET APPNAME ha1608ua1_4000.bin\nGET 46xxsettings.txt\n',
        '46xxsettings.txt': `SET BRURI "http://${SERVER}/b"\n`,
      })
      const phone = site.addPhone('1608', { extension: '1001', assumptions: { bootCodeOnly } })
      phone.memory.application = null
      phone.powerOn()
      await site.run()
      expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-not-found' })
      expect(paths(site).some((path) => path.includes('/b/'))).toBe(!bootCodeOnly)
    }
  })
})

describe('the file of a user', () => {
  const restoring = (script: string, bruri = `http://${SERVER}/b/`) =>
    siteOf(`HTTPSRVR=${SERVER}`, {
      [script]: 'GET 46xxsettings.txt\n',
      '46xxsettings.txt': `SET BRURI "${bruri}"\nSET OPSTAT 011\n`,
    })

  it('is only ever asked for by the 9610, then the one for all [avaya.md 5.1]', async () => {
    const site = restoring('96xxupgrade.txt')
    site.httpFiles.set('/b/9610data.txt', 'ABKNAME001=Reception\nABKNUMBER001=100\n')
    const phone = site.addPhone('9610', { extension: '1001' })
    phone.powerOn()
    await site.run()
    expect(paths(site).slice(2)).toEqual(['GET /b/1001_9610data.txt', 'GET /b/9610data.txt'])
    expect(phone.memory.contacts).toEqual([{ name: 'Reception', number: '100' }])
    let detail = ''
    phone.request('backup', (outcome) => (detail = outcome.detail))
    await site.sim.run({ until: site.sim.now + SECOND })
    expect(detail).toBe('this model does not back up')
  })

  it('is deleted by the 96x1 on its wish, any 2xx is success [avaya.md 5.3]', async () => {
    const site = restoring('96x1Hupgrade.txt')
    const phone = site.addPhone('9608', { extension: '1001' })
    phone.powerOn()
    await site.run()
    site.http = ({ method }) => (method === 'DELETE' ? { status: 202 } : undefined)
    let succeeded = false
    phone.request('delete', (outcome) => (succeeded = outcome.succeeded))
    await site.sim.run({ until: site.sim.now + SECOND })
    expect([paths(site).at(-1), succeeded]).toEqual(['DELETE /b/1001_96xxdata.txt', true])
  })

  it('changes no option that OPSTAT keeps from the user [avaya.md 8.5 #103]', async () => {
    const site = restoring('16xxupgrade.txt')
    site.httpFiles.set('/b/1001_16xxdata.txt', 'Redial=1\nABKNUMBER001=100\n')
    const phone = site.addPhone('1608', { extension: '1001', backup: false })
    phone.powerOn()
    await site.run()
    expect(phone.story.outcome).toBe('booted')
    expect([phone.memory.userData.size, phone.memory.contacts.length]).toEqual([0, 1])
    expect(site.logged('restore-skipped')[0]!.detail).toEqual({ items: 'Redial' })
  })

  it('carries the credentials of BRURI on the 96x0, which the 1600 does not know [avaya.md 5.2]', async () => {
    for (const [model, script, sent] of [
      ['9620', '96xxupgrade.txt', 'Basic dTpwYTpzcw=='],
      ['1608', '16xxupgrade.txt', undefined],
    ] as const) {
      const site = restoring(script, `http://u:pa%3Ass@${SERVER}/b`)
      const phone = site.addPhone(model, { extension: '1001' })
      phone.powerOn()
      await site.run()
      expect(requestHeader(site.httpSeen.at(-1)!, 'authorization')).toBe(sent)
      expect(phone.memory.credentials).toBeNull()
    }
  })
})

describe('Digest between phone and server', () => {
  const LOCK = { prefix: '/b/', user: 'phone', password: 'secret', realm: 'phones' } as const

  /** A phone before our own HTTP server. */
  async function booted(options: Partial<HttpServerOptions>, digest = true) {
    const site = new TinySite()
    site.siteOptions.set(242, `HTTPSRVR=${SERVER}`)
    const files = new MemoryFileStore()
      .add('16xxupgrade.txt', 'GET 46xxsettings.txt\n')
      .add('46xxsettings.txt', `SET BRURI "http://${SERVER}/b"\n`)
    startHttpServer(createVirtualHost(site.server, site.sim), { files, backup: true, ...options })
    const { user, password } = LOCK
    const credentials = [{ user, password }]
    const phone = site.addPhone('1608', { extension: '1001', credentials, assumptions: { digest } })
    phone.powerOn()
    await site.run()
    return {
      site,
      phone,
      files,
      transfers: () => phone.story.transfers.slice(2).map((one) => `${one.method} ${one.status}`),
    }
  }

  it.each(['MD5', 'SHA-256'] as const)('works with %s, and unasked for the second request', async (algorithm) => {
    const { phone, files, transfers } = await booted({ auth: { ...LOCK, scheme: 'digest', algorithms: [algorithm] } })
    expect(transfers()).toEqual(['GET 401', 'GET 404', 'PUT 201'])
    expect(phone.story.outcome).toBe('booted')
    expect(phone.memory.credentials).toEqual({ user: 'phone', password: 'secret', realm: 'phones' })
    expect(files.contentAt('b/1001_16xxdata.txt')).toBeDefined()
  })

  it('goes on with a new nonce when the old one is stale, without asking the user', async () => {
    // Too old for the PUT; then too old already when the user has typed for five seconds.
    const later = await booted({ auth: { ...LOCK, scheme: 'digest', nonceLifetime: 5.5 * SECOND } })
    expect(later.transfers()).toEqual(['GET 401', 'GET 404', 'PUT 401', 'PUT 201'])
    const { site, transfers } = await booted({ auth: { ...LOCK, scheme: 'digest', nonceLifetime: SECOND / 2 } })
    expect(transfers()).toEqual(['GET 401', 'GET 401', 'GET 404', 'PUT 401', 'PUT 201'])
    expect(site.texts().filter((text) => text.startsWith('Enter')).length).toBe(1)
    expect(site.texts()).not.toContain('Authentication failed. Try again.')
  })

  it('gives way to Basic where the phone does not know it, and fails where only Digest is offered', async () => {
    const both = await booted({ auth: { ...LOCK, scheme: 'both' } }, false)
    expect(both.transfers()).toEqual(['GET 401', 'GET 404', 'PUT 401', 'PUT 201'])
    const only = await booted({ auth: { ...LOCK, scheme: 'digest' } }, false)
    expect(only.transfers()).toEqual(['GET 401', 'PUT 401'])
    expect(only.phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'http-auth-required' })
  })
})
