import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { latin1 } from '../../src/base/bytes.js'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import type { Host } from '../../src/host/host.js'
import { imageOf, MemoryFileStore } from '../../src/servers/file-store.js'
import { startHttpServer } from '../../src/servers/http-server.js'
import type { HttpServer, HttpServerOptions } from '../../src/servers/http-server.js'
import type { ServerEvent } from '../../src/servers/server-log.js'
import { digestAuthorization, parseChallenges, type DigestInput } from '../../src/wire/http-auth.js'
import { BOTH_KINDS, emulatedHosts, type TwoHosts } from '../host/hosts.js'
import { installed } from '../installed.js'

const run = promisify(execFile)

interface Answer {
  status: number
  reason: string
  headers: IncomingHttpHeaders
  body: string
}

interface Site {
  files: MemoryFileStore
  events: ServerEvent[]
  server: HttpServer
  port: number
  ask(
    path: string,
    options?: { method?: string; body?: string | Uint8Array; headers?: Record<string, string> },
  ): Promise<Answer>
  /** Octets sent as they are; all that comes back until the server closes. */
  raw(octets: string): Promise<string>
}

const open: HttpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function site(hosts: TwoHosts, options: Partial<HttpServerOptions> = {}): Promise<Site> {
  const files = new MemoryFileStore()
    .add('46xxsettings.txt', 'SET BRURI "http://10.0.0.1/backup/"\n')
    .add('image.bin', imageOf(200_000, 1))
    .add('empty.txt', '')
    .add('backup/known.txt', 'old')
    .deny('secret.txt')
  const events: ServerEvent[] = []
  const server = startHttpServer(hosts.server, { files, port: 0, log: (event) => events.push(event), ...options })
  open.push(server)
  const { port } = await server.listening
  return {
    files,
    events,
    server,
    port,
    ask: (path, request) => ask(hosts.client, hosts.serverAddress, port, path, request),
    raw: (octets) => raw(hosts.client, hosts.serverAddress, port, octets),
  }
}

async function ask(
  client: Host,
  host: string,
  port: number,
  path: string,
  {
    method = 'GET',
    body = '',
    headers = {},
  }: { method?: string; body?: string | Uint8Array; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const request = client.http.request({ host, port, path, method, headers, agent: false })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  if (headers['Expect'] === undefined) request.end(body)
  else {
    request.flushHeaders()
    request.once('continue', () => request.end(body))
  }
  const [response] = await answered
  let text = ''
  for await (const chunk of response) text += latin1(chunk as Uint8Array)
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers: response.headers,
    body: text,
  }
}

async function raw(client: Host, host: string, port: number, octets: string): Promise<string> {
  const socket = client.net.connect(port, host)
  socket.write(Buffer.from(octets, 'latin1'))
  let got = ''
  for await (const chunk of socket) got += latin1(chunk as Uint8Array)
  return got
}

describe.each(BOTH_KINDS)('the HTTP server on %s', (_kind, makeHosts) => {
  it('gives files with their length, date, validator and Connection: close', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, events } = await site(hosts, { serverHeader: 'test' })
      const { status, reason, headers, body } = await ask('/46xxsettings.txt')
      expect([status, reason, body]).toEqual([200, 'OK', 'SET BRURI "http://10.0.0.1/backup/"\n'])
      expect(headers).toMatchObject({
        'content-length': '36',
        'content-type': 'text/plain',
        'last-modified': 'Thu, 01 Mar 2007 00:00:00 GMT',
        connection: 'close',
        server: 'test',
      })
      expect(headers.etag).toMatch(/^"24-[0-9a-f]{16}"$/)
      expect(Math.abs(Date.parse(headers.date!) / 1000 - hosts.server.clock.wallClock().seconds)).toBeLessThanOrEqual(2)
      expect(events.map(({ event }) => event)).toEqual(['listening', 'request', 'response'])
      expect(events[2]!.detail).toEqual({
        client: hosts.clientAddress,
        method: 'GET',
        path: '/46xxsettings.txt',
        status: 200,
        octets: 36,
      })
    })
  })

  it('gives large files whole, and HEAD without their octets', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, files } = await site(hosts)
      const { body } = await ask('/image.bin')
      expect(body).toBe(latin1(files.contentAt('image.bin')!))
      const head = await ask('/image.bin', { method: 'HEAD' })
      expect([head.status, head.body, head.headers['content-length']]).toEqual([200, '', '200000'])
      expect((await ask('/empty.txt')).headers['content-length']).toBe('0')
    })
  })

  it('answers 304 to the validator it gave', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask } = await site(hosts)
      const { headers } = await ask('/46xxsettings.txt')
      const again = await ask('/46xxsettings.txt', { headers: { 'If-None-Match': `"x", ${headers.etag}` } })
      expect([again.status, again.body, again.headers.etag]).toEqual([304, '', headers.etag])
    })
  })

  it('answers 404, 403, 405 with Allow, and 501', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, raw } = await site(hosts, { backup: ['/backup/'] })
      expect((await ask('/46xxsettings.scr')).status).toBe(404)
      expect((await ask('/../46xxsettings.txt')).status).toBe(404)
      expect((await ask('/%2e%2e/46xxsettings.txt')).status).toBe(404)
      expect((await ask('/%')).status).toBe(404)
      expect((await ask('/secret.txt')).status).toBe(403)
      expect((await ask('/backup/')).status).toBe(403)
      const put = await ask('/x.txt', { method: 'PUT', body: 'x' })
      expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, OPTIONS'])
      const post = await ask('/backup/x.txt', { method: 'POST', body: 'x' })
      expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD, PUT, DELETE, OPTIONS'])
      expect((await ask('/x?a=b%', { method: 'OPTIONS' })).status).toBe(204)
      expect(await raw('FROB / HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
      expect(await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls?\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
      expect(await raw(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
    })
  })

  it('keeps what is PUT: 201 for a new file, 204 for a replaced one', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, files } = await site(hosts, { backup: true })
      const first = await ask('/backup/1001_16xxdata.txt', { method: 'PUT', body: 'ABKNAME001=Ann\n' })
      expect([first.status, first.headers['content-length']]).toEqual([201, '12'])
      const second = await ask('/backup/1001_16xxdata.txt', { method: 'PUT', body: 'ABKNAME001=Bob\n' })
      expect([second.status, second.body, second.headers['content-length']]).toEqual([204, '', undefined])
      expect((await ask('/backup/1001_16xxdata.txt')).body).toBe('ABKNAME001=Bob\n')
      const chunked = await ask('/backup/2.txt', {
        method: 'PUT',
        body: 'chunks',
        headers: { 'Transfer-Encoding': 'chunked' },
      })
      expect([chunked.status, latin1(files.contentAt('backup/2.txt')!)]).toEqual([201, 'chunks'])
      expect((await ask('/backup/2.txt', { method: 'DELETE' })).status).toBe(204)
      expect((await ask('/backup/2.txt', { method: 'DELETE' })).status).toBe(404)
      expect((await ask('/backup', { method: 'PUT', body: 'x' })).status).toBe(403)
    })
  })

  it('asks for a body with 100 Continue only when it will take it', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, raw, files } = await site(hosts, { backup: ['backup'], maxBodyOctets: 10 })
      const headers = { Expect: '100-continue', 'Content-Length': '2' }
      expect((await ask('/backup/x', { method: 'PUT', body: 'ok', headers })).status).toBe(201)
      expect(latin1(files.contentAt('backup/x')!)).toBe('ok')
      expect((await ask('/x', { method: 'PUT', body: 'ok', headers })).status).toBe(405)
      const long = { ...headers, 'Content-Length': '11' }
      expect((await ask('/backup/x', { method: 'PUT', body: 'long', headers: long })).status).toBe(413)
      expect(await raw('PUT /backup/x HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 411 /)
      const chunked = { 'Transfer-Encoding': 'chunked' }
      expect((await ask('/backup/x', { method: 'PUT', body: 'x'.repeat(11), headers: chunked })).status).toBe(413)
      expect(latin1(files.contentAt('backup/x')!)).toBe('ok')
    })
  })

  it('keeps nothing of a body that was cut short', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { port, files, ask } = await site(hosts, { backup: true })
      const socket = hosts.client.net.connect(port, hosts.serverAddress)
      socket.on('error', () => {})
      socket.write('PUT /backup/known.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf')
      await new Promise<void>((resolve) => void hosts.client.clock.after(30 * MILLISECOND, resolve))
      socket.resetAndDestroy()
      await new Promise<void>((resolve) => void hosts.client.clock.after(30 * MILLISECOND, resolve))
      expect(latin1(files.contentAt('backup/known.txt')!)).toBe('old')
      expect((await ask('/46xxsettings.txt')).status).toBe(200)
    })
  })

  it('asks for credentials where it was told to', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask } = await site(hosts, {
        backup: true,
        auth: { prefix: '/backup/', user: 'phone', password: 'p:w', realm: 'say "please"' },
      })
      expect((await ask('/46xxsettings.txt')).status).toBe(200)
      const asked = await ask('/backup/1.txt', { method: 'PUT', body: 'x' })
      expect([asked.status, asked.headers['www-authenticate']]).toEqual([401, 'Basic realm="say \\"please\\""'])
      const basic = (text: string): { Authorization: string } => ({
        Authorization: `Basic ${Buffer.from(text).toString('base64')}`,
      })
      expect((await ask('/backup/1.txt', { method: 'PUT', body: 'x', headers: basic('phone:wrong') })).status).toBe(401)
      expect((await ask('/backup/1.txt', { method: 'PUT', body: 'x', headers: basic('phone:p:w') })).status).toBe(201)
      expect((await ask('/%62ackup/1.txt')).status).toBe(401)
    })
  })

  it('asks for Digest: a nonce counts its uses, and is stale in the end [RFC 7616]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const lock = { prefix: '/backup/', user: 'phone', password: 'secret', realm: 'phones' } as const
      const { ask } = await site(hosts, { backup: true, auth: { ...lock, scheme: 'both' } })
      const path = '/backup/1001.txt'
      const put = (authorization?: string, target = path) =>
        ask(target, {
          method: 'PUT',
          body: 'x',
          headers: authorization === undefined ? {} : { Authorization: authorization },
        })
      const challenged = async () => {
        const { status, headers } = await put()
        expect(status).toBe(401)
        return parseChallenges([String(headers['www-authenticate'])])
      }
      const challenges = await challenged()
      const kinds = challenges.map(({ scheme, parameters }) => `${scheme} ${parameters.get('algorithm')}`)
      expect(kinds).toEqual(['digest SHA-256', 'digest MD5', 'basic undefined'])
      const nonce = challenges[0]!.parameters.get('nonce')!

      const digest = (changes: Partial<DigestInput> = {}) =>
        digestAuthorization(
          (algorithm, text) =>
            createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
              .update(text, 'latin1')
              .digest('hex'),
          {
            ...{ algorithm: 'SHA-256', ...lock, method: 'PUT', uri: path, nonce, nc: '00000001', cnonce: 'c' },
            ...changes,
          },
          undefined,
        )
      expect((await put(digest())).status).toBe(201)
      expect((await put(digest({ nc: '00000002', algorithm: 'MD5' }))).status).toBe(204)
      // Played again: right, and not fresh.
      const again = await put(digest({ nc: '00000002' }))
      expect([again.status, /stale=true/.test(String(again.headers['www-authenticate']))]).toEqual([401, true])
      for (const wrong of [
        digest({ nc: '00000003', password: 'guess' }),
        digest({ nc: '00000003', user: 'other' }),
        digest({ nc: '00000003', uri: '/backup/1002.txt' }),
        digest({ nc: '00000003', method: 'GET' }),
        digest({ nc: 'x' }),
        digest({ nc: '00000003' }).replace('qop=auth', 'qop=auth-int'),
        'Digest',
        'Digest username="phone"',
      ]) {
        const { status, headers } = await put(wrong)
        expect([status, /stale/.test(String(headers['www-authenticate']))], wrong).toEqual([401, false])
      }
      const forged = await put(digest({ nonce: `${nonce.slice(0, -1)}${nonce.endsWith('0') ? '1' : '0'}` }))
      expect(forged.status).toBe(401)
      expect((await put(digest({ nc: '00000003' }))).status).toBe(204)

      const short = await site(hosts, { backup: true, auth: { ...lock, scheme: 'digest', nonceLifetime: MILLISECOND } })
      const first = String((await short.ask(path)).headers['www-authenticate'])
      await new Promise<void>((resolve) => void hosts.client.clock.after(5 * MILLISECOND, resolve))
      const late = digest({ nonce: parseChallenges([first])[0]!.parameters.get('nonce')!, method: 'GET' })
      const answer = await short.ask(path, { headers: { Authorization: late } })
      expect([answer.status, String(answer.headers['www-authenticate'])]).toEqual([
        401,
        expect.stringContaining('stale=true'),
      ])
    })
  })

  it('gives ranges of octets, and sends all elsewhere when told to', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, files } = await site(hosts)
      const part = await ask('/image.bin', { headers: { Range: 'bytes=100-199' } })
      expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 100-199/200000'])
      expect(part.body).toBe(latin1(files.contentAt('image.bin')!, 100, 200))
      const beyond = await ask('/image.bin', { headers: { Range: 'bytes=200000-' } })
      expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */200000'])

      const other = await site(hosts, { redirectTo: 'https://files.example/' })
      const moved = await other.ask('/46xxsettings.txt?x=1')
      expect([moved.status, moved.headers.location]).toEqual([301, 'https://files.example/46xxsettings.txt?x=1'])
    })
  })

  it('answers as many at once as it has workers, lets some wait, and says 503 to the rest', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const capacity = { workers: 2, backlog: 1, serviceTime: 80 * MILLISECOND, retryAfter: 7 }
      const { ask, events } = await site(hosts, { capacity })
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask('/empty.txt')))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 503, 503])
      expect(answers.find(({ status }) => status === 503)!.headers['retry-after']).toBe('7')
      expect(events.filter(({ event }) => event === 'overload').length).toBe(2)
      expect((await ask('/empty.txt')).status).toBe(200)
      const rude = await site(hosts, { capacity: { workers: 1, backlog: 0, serviceTime: SECOND, overload: 'reset' } })
      const first = rude.ask('/empty.txt')
      await new Promise<void>((resolve) => void hosts.client.clock.after(50 * MILLISECOND, resolve))
      await expect(rude.ask('/empty.txt')).rejects.toMatchObject({ code: 'ECONNRESET' })
      expect((await first).status).toBe(200)
    })
  })

  it('throttles: the right octets, so many a second', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, files } = await site(hosts, { faults: [{ match: { path: '*.bin' }, throttle: 400_000 }] })
      const began = hosts.client.clock.now()
      const { body } = await ask('/image.bin')
      expect(body).toBe(latin1(files.contentAt('image.bin')!))
      expect(hosts.client.clock.now() - began).toBeGreaterThanOrEqual(450 * MILLISECOND)
    })
  })

  it('serves several requests on one connection when told to', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { raw } = await site(hosts, { keepAlive: true })
      const two = await raw(
        'GET /empty.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      )
      expect(two.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404'])
    })
  })

  it('plays status, delay, truncate and reset', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, events, port } = await site(hosts, {
        backup: true,
        faults: [
          { match: { path: '/busy' }, status: 503, headers: { 'Retry-After': '9' }, body: 'later' },
          { match: { path: 'empty.txt' }, delay: 50 * MILLISECOND },
          { match: { path: '*.bin' }, truncate: 70_000 },
          { match: { method: 'PUT', path: 'backup/*' }, reset: true, count: 1 },
        ],
      })
      const busy = await ask('/busy', { method: 'PUT', body: 'x'.repeat(100_000) })
      expect([busy.status, busy.headers['retry-after'], busy.body]).toEqual([503, '9', 'later'])
      const began = hosts.client.clock.now()
      expect((await ask('/empty.txt')).status).toBe(200)
      expect(hosts.client.clock.now() - began).toBeGreaterThanOrEqual(50 * MILLISECOND)
      const cut = await raw(hosts.client, hosts.serverAddress, port, 'GET /image.bin HTTP/1.1\r\nHost: x\r\n\r\n')
      const [head, body] = cut.split('\r\n\r\n', 2) as [string, string]
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(head).toMatch(/Content-Length: 200000/)
      expect(cut.length - head.length - 4).toBe(70_000)
      expect(body).toBe(latin1(imageOf(200_000, 1).read(0, 70_000)).split('\r\n\r\n', 1)[0])
      await expect(ask('/backup/1', { method: 'PUT', body: 'x' })).rejects.toMatchObject({ code: 'ECONNRESET' })
      expect((await ask('/backup/1', { method: 'PUT', body: 'x' })).status).toBe(201)
      expect(events.filter(({ event }) => event === 'fault').map(({ detail }) => detail['fault'])).toEqual([
        'status',
        'delay',
        'truncate',
        'reset',
      ])
    })
  })

  it('sends what is no HTTP when told to', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { raw } = await site(hosts, { faults: [{ raw: '220 printer ready\r\n' }] })
      expect(await raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('220 printer ready\r\n')
      await new Promise<void>((resolve) => void hosts.client.clock.after(100 * MILLISECOND, resolve))
    })
  })

  it('hangs: the request is taken, and after that time the connection ends without an octet', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { raw, ask } = await site(hosts, {
        faults: [{ match: { path: '/46xx*' }, hang: 80 * MILLISECOND, count: 1 }],
      })
      const began = hosts.client.clock.now()
      expect(await raw('GET /46xxsettings.txt HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('')
      expect(hosts.client.clock.now() - began).toBeGreaterThanOrEqual(80 * MILLISECOND)
      expect((await ask('/46xxsettings.txt')).status).toBe(200)
    })
  })

  it('gives no answer until the client gives up', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { port, server } = await site(hosts, { faults: [{ noAnswer: true }], idleTimeout: 20 * MILLISECOND })
      const socket = hosts.client.net.connect(port, hosts.serverAddress)
      let got = 0
      socket.on('data', () => got++)
      let ended = false
      socket.on('end', () => (ended = true))
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await new Promise<void>((resolve) => void hosts.client.clock.after(100 * MILLISECOND, resolve))
      expect([got, ended]).toEqual([0, false])
      socket.end()
      await once(socket, 'close')
      await server.close()
    })
  })

  it('closes its port while it refuses, and opens it again', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, server } = await site(hosts)
      const fault = server.faults.add({ refuse: true })
      await expect(ask('/empty.txt')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      fault.remove()
      await new Promise<void>((resolve) => void hosts.client.clock.after(5 * MILLISECOND, resolve))
      expect((await ask('/empty.txt')).status).toBe(200)
    })
  })

  it('closes connections on which nothing comes', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { raw } = await site(hosts, { idleTimeout: 30 * MILLISECOND })
      expect(await raw('GET /slow HTTP/1.1\r\nHost')).toBe('')
    })
  })

  it('says why it cannot listen', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { port } = await site(hosts)
      const second = startHttpServer(hosts.server, { files: new MemoryFileStore(), port })
      await expect(second.listening).rejects.toMatchObject({ code: 'EADDRINUSE' })
      await second.close()
    })
  })
})

describe('the HTTP server on an emulated machine', () => {
  it('refuses by the clock', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { ask } = await site(hosts, { faults: [{ refuse: true, from: 10 * SECOND, until: 20 * SECOND }] })
      expect((await ask('/empty.txt')).status).toBe(200)
      await new Promise<void>((resolve) => void hosts.client.clock.after(10 * SECOND, resolve))
      await expect(ask('/empty.txt')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await new Promise<void>((resolve) => void hosts.client.clock.after(10 * SECOND, resolve))
      expect((await ask('/empty.txt')).status).toBe(200)
    })
  })

  it('is not killed by real time that passes within a virtual moment', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { ask } = await site(hosts, { faults: [{ delay: 3600 * SECOND }], idleTimeout: 7200 * SECOND })
      const answered = ask('/empty.txt')
      const until = performance.now() + 300
      while (performance.now() < until);
      expect((await answered).status).toBe(200)
      expect(hosts.server.clock.now()).toBeGreaterThan(3600 * SECOND)
    })
  })
})

const hasCurl = installed('curl')
if (!hasCurl) process.stderr.write('curl is not installed: its tests of the HTTP server are skipped\n')

describe.skipIf(!hasCurl)('the HTTP server and curl', () => {
  it('agree on GET, HEAD, ranges, PUT with 100 Continue, Basic and Digest', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bootwire-'))
    const hosts = BOTH_KINDS[0]![1]()
    const { port, files } = await site(hosts, {
      address: '127.0.0.1',
      backup: ['backup'],
      auth: { prefix: 'backup/', user: 'u', password: 'p', realm: 'r' },
    })
    const base = `http://127.0.0.1:${port}`
    const curl = async (...args: string[]): Promise<string> => (await run('curl', ['-s', '-m', '20', ...args])).stdout
    try {
      await curl('-o', join(directory, 'image.bin'), `${base}/image.bin`)
      expect(Buffer.compare(await readFile(join(directory, 'image.bin')), files.contentAt('image.bin')!)).toBe(0)
      expect(await curl('-I', `${base}/46xxsettings.txt`)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 36\r\n/)
      const upload = join(directory, 'upload')
      await writeFile(upload, 'x'.repeat(50_000))
      const code = ['-o', '/dev/null', '-w', '%{http_code}', '-T', upload]
      expect(await curl(...code, `${base}/backup/a`)).toBe('401')
      expect(await curl(...code, '-u', 'u:p', '-H', 'Expect: 100-continue', `${base}/backup/a`)).toBe('201')
      expect(await curl(...code, '--anyauth', '-u', 'u:p', `${base}/backup/a`)).toBe('204')
      expect(await curl(...code, '-u', 'u:p', '-H', 'Transfer-Encoding: chunked', `${base}/backup/b`)).toBe('201')
      expect(await curl(...code, `${base}/a`)).toBe('405')
      for (const algorithm of ['MD5', 'SHA-256'] as const) {
        const lock = { user: 'u', password: 'p"w', realm: 'say "r"' }
        const other = await site(hosts, {
          address: '127.0.0.1',
          backup: true,
          auth: { ...lock, scheme: 'digest', algorithms: [algorithm] },
        })
        const url = `http://127.0.0.1:${other.port}/backup/d?x=1`
        expect(await curl(...code, '--digest', '-u', 'u:p"w', url), algorithm).toBe('201')
        expect(await curl(...code, '--digest', '-u', 'u:wrong', url), algorithm).toBe('401')
        expect(other.files.contentAt('backup/d')!.length).toBe(50_000)
      }
      await curl('-r', '5-9', '-o', join(directory, 'part'), `${base}/image.bin`)
      expect(
        Buffer.compare(await readFile(join(directory, 'part')), files.contentAt('image.bin')!.subarray(5, 10)),
      ).toBe(0)
      expect(files.contentAt('backup/a')!.length).toBe(50_000)
      expect(files.contentAt('backup/b')!.length).toBe(50_000)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
