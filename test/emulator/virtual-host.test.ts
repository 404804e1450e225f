import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import { createVirtualHost } from '../../src/emulator/virtual-host.js'
import { Simulation } from '../../src/emulator/sim/simulation.js'
import { Network } from '../../src/emulator/topology.js'
import { packageLoader } from '../../src/host/package-loader.js'
import type { Host } from '../../src/host/host.js'
import { startDhcpServer } from '../../src/servers/dhcp-server.js'
import { imageOf, MemoryFileStore } from '../../src/servers/file-store.js'
import { startHttpServer } from '../../src/servers/http-server.js'
import { startTftpServer } from '../../src/servers/tftp-server.js'
import * as dhcp from '../../src/wire/dhcp.js'
import * as tftp from '../../src/wire/tftp.js'
import { emulatedHosts, playOn } from '../host/hosts.js'

/** Programs written for the test, in a package of their own. */
let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bootwire-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

/** Loads a program onto a host, as `require` would a package. */
function load(host: Host, name: string, source: string): Record<string, (...args: unknown[]) => unknown> {
  const file = join(directory, `${name}.js`)
  writeFileSync(file, source)
  return host.require(file) as Record<string, (...args: unknown[]) => unknown>
}

describe('a program on a virtual host', () => {
  it('has virtual timers, in the order and with the delays of Node', async () => {
    const { server, sim, play } = emulatedHosts()
    const program = load(
      server,
      'timers',
      `exports.run = async (now) => {
        const seen = []
        const mark = (what) => seen.push(what + '@' + now())
        setTimeout(() => mark('20'), 20)
        setTimeout(mark, 5.9, '5')
        setTimeout(() => mark('0'), 0)
        setImmediate(() => mark('immediate'))
        process.nextTick(() => mark('tick'))
        Promise.resolve().then(() => mark('promise'))
        const never = setTimeout(() => mark('never'), 10)
        clearTimeout(+never)
        const again = setTimeout(() => mark('refreshed'), 30)
        setTimeout(() => again.refresh(), 15)
        let times = 0
        const interval = setInterval(() => { mark('interval'); if (++times === 3) clearInterval(interval) }, 7)
        await require('util').promisify(setTimeout)(50)
        await require('timers/promises').setTimeout(50)
        mark('end')
        return seen
      }`,
    )
    const seen = (await play(() => program['run']!(() => sim.now / MILLISECOND) as Promise<string[]>)) as string[]
    expect(seen).toEqual([
      'tick@0',
      'promise@0',
      'immediate@0',
      '0@1',
      '5@5',
      'interval@7',
      'interval@14',
      '20@20',
      'interval@21',
      'refreshed@45',
      'end@100',
    ])
  })

  it('sees virtual time and seeded chance wherever it looks', async () => {
    const look = `exports.look = () => {
      const { performance: hooks } = require('perf_hooks')
      return {
        date: new Date().toISOString(), now: Date.now(), text: Date().slice(0, 15), is: new Date() instanceof Date,
        past: new Date(0).getTime(), utc: Date.UTC(2026, 0, 1), performance: performance.now(), hooks: hooks.now(),
        hrtime: process.hrtime(), since: process.hrtime([1, 5e8]), big: String(process.hrtime.bigint()), uptime: process.uptime(),
        random: Math.random(), max: Math.max(1, 2), bytes: require('crypto').randomBytes(4).toString('hex'),
        uuid: require('crypto').randomUUID(), int: require('crypto').randomInt(10), global: globalThis.Math.random() !== global.Math.random(),
        values: crypto.getRandomValues(new Uint8Array(2)).join(), hash: require('crypto').createHash('sha1').update('x').digest('hex'),
        host: require('os').hostname(), nic: require('os').networkInterfaces().eth0[0].address,
      }
    }`
    const seen = []
    for (const seed of [1, 1, 2]) {
      const { server, sim } = emulatedHosts({ seed })
      await sim.run({ until: 2.5 * SECOND })
      seen.push(load(server, 'look', look)['look']!() as Record<string, unknown>)
    }
    expect(seen[0]).toMatchObject({
      date: '2026-01-05T08:00:02.500Z',
      now: 1_767_600_002_500,
      text: 'Mon Jan 05 2026',
      is: true,
      past: 0,
      utc: 1_767_225_600_000,
      performance: 2500,
      hooks: 2500,
      hrtime: [2, 500_000_000],
      since: [1, 0],
      big: '2500000000',
      uptime: 2.5,
      max: 2,
      global: true,
      hash: '11f6ad8ec52a2984abaafd7c3b516503785c2072',
      host: 'server',
      nic: '10.0.0.1',
    })
    expect(seen[0]!['uuid']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(seen[1]).toEqual(seen[0])
    for (const chance of ['random', 'bytes', 'uuid']) expect(seen[2]![chance]).not.toBe(seen[0]![chance])
  })

  it('does not reach the real machine, through whichever door', async () => {
    const { server } = emulatedHosts()
    const doors = load(
      server,
      'escape',
      `exports.need = (name) => require(name)
      exports.exit = () => process.exit(3)
      exports.socketPath = () => require('net').connect('/tmp/socket')
      exports.read = () => require('fs').readFileSync('/etc/passwd')
      exports.write = () => require('fs').writeFileSync('/tmp/x', '')
      exports.binding = () => process.binding('tcp_wrap')
      exports.linkedBinding = () => process._linkedBinding('tcp_wrap')
      exports.dlopen = () => process.dlopen({}, '/lib/x.node')
      exports.handles = () => process._getActiveHandles()
      exports.fetch = () => fetch('http://127.0.0.1/')
      exports.made = () => new Function('url', 'return fetch(url)')('http://127.0.0.1/')
      exports.global = () => Function('return this')().fetch('http://127.0.0.1/')
      exports.webSocket = () => new WebSocket('ws://127.0.0.1/')
      exports.worker = () => new (require('worker_threads').Worker)('./x.js')
      exports.http2 = () => require('node:http2').connect('http://127.0.0.1/')
      exports.http2Server = () => require('http2').createServer()
      exports.membership = () => require('node:dgram').createSocket('udp4').addMembership('224.0.0.1')
      exports.udp6 = () => require('node:dgram').createSocket('udp6')
      exports.stdin = () => process.openStdin()
      exports.imported = () => import('node:net')
      exports.modules = () => ['net', 'node:dgram', 'http', 'https', 'tls', 'dns'].map((name) => {
        const own = require(name)
        return own === process.getBuiltinModule(name) && own
      })
      exports.wired = () => module.constructor._load ?? require.main ?? module.require`,
    )
    for (const name of [
      'child_process',
      'cluster',
      'vm',
      'module',
      'inspector',
      'repl',
      'wasi',
      'trace_events',
      'node:test',
      'node:sqlite',
    ]) {
      const refused = expect.objectContaining({ code: 'ERR_EMULATED_HOST' }) as Error
      // Those that this Node does not have at all are not found.
      expect(() => doors['need']!(name), name).toThrow(name === 'node:sqlite' ? Error : refused)
    }
    const refusals: Record<string, string> = {
      exit: 'process.exit is',
      socketPath: 'a Unix socket is',
      write: 'fs.writeFileSync is',
      binding: 'process.binding is',
      linkedBinding: 'process._linkedBinding is',
      dlopen: 'process.dlopen is',
      handles: 'process._getActiveHandles is',
      fetch: "the global 'fetch' is",
      made: "the global 'fetch' is",
      global: "the global 'fetch' is",
      webSocket: "the global 'WebSocket' is",
      worker: 'worker_threads.Worker is',
      http2: 'http2.connect is',
      http2Server: 'http2.createServer is',
      membership: 'dgram.Socket.addMembership is',
      stdin: 'process.openStdin is',
    }
    for (const [door, message] of Object.entries(refusals)) {
      expect(() => doors[door]!(), door).toThrow(`${message} not available on an emulated host`)
    }
    expect(() => doors['read']!()).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => doors['udp6']!()).toThrow(expect.objectContaining({ code: 'EAFNOSUPPORT' }))
    await expect(doors['imported']!()).rejects.toThrow('A dynamic import callback was not specified')
    expect(doors['wired']!()).toBeUndefined()
    const node = createRequire(import.meta.url)
    const real = ['net', 'dgram', 'http', 'https', 'tls', 'dns'].map((name) => node(name) as Record<string, unknown>)
    const modules = doors['modules']!() as Record<string, unknown>[]
    modules.forEach((own, at) => {
      expect(own).toBeTruthy()
      for (const name of [
        'connect',
        'createServer',
        'createSocket',
        'request',
        'get',
        'lookup',
        'resolve4',
        'Agent',
        'Socket',
      ]) {
        const theirs = real[at]![name]
        if (theirs !== undefined && name in own) expect(own[name] === theirs, `${at} ${name}`).toBe(false)
      }
    })
  })

  it('says so when a package is an ES module', () => {
    const { server } = emulatedHosts()
    writeFileSync(join(directory, 'modern.mjs'), 'export const a = 1')
    expect(() => server.require(join(directory, 'modern.mjs'))).toThrow('modern.mjs is an ES module: only CommonJS')
    mkdirSync(join(directory, 'pure'))
    writeFileSync(join(directory, 'pure', 'package.json'), '{ "type": "module" }')
    writeFileSync(join(directory, 'pure', 'index.js'), 'export const a = 1')
    expect(() => server.require(join(directory, 'pure', 'index.js'))).toThrow('index.js is an ES module')
  })

  it('finds no names, and addresses are themselves', async () => {
    const { server, play } = emulatedHosts()
    const { lookup } = load(server, 'dns', `exports.lookup = (name) => require('dns').promises.lookup(name)`)
    await play(async () => {
      expect(await lookup!('10.1.2.3')).toEqual({ address: '10.1.2.3', family: 4 })
      await expect(lookup!('example.com')).rejects.toMatchObject({
        code: 'ENOTFOUND',
        syscall: 'getaddrinfo',
        hostname: 'example.com',
      })
    })
    await play(async () => {
      const socket = server.net.connect(80, 'example.com')
      expect(((await once(socket, 'error')) as [Error])[0]).toMatchObject({ code: 'ENOTFOUND' })
    })
  })

  it('compresses at once, where virtual time can see it', async () => {
    const { server, sim, play } = emulatedHosts()
    const { gzip } = load(
      server,
      'zlib',
      `const zlib = require('zlib')
      exports.gzip = () => new Promise((resolve, reject) => zlib.gzip('x'.repeat(1e6), (error, packed) => {
        if (error) reject(error); else resolve(zlib.gunzipSync(packed).length) }))`,
    )
    expect(await play(() => gzip!() as Promise<number>)).toBe(1_000_000)
    expect(sim.now).toBe(0)
  })

  it('is held while real work is out: virtual time does not move', async () => {
    const { server, sim, play } = emulatedHosts()
    await play(async () => {
      const slow = new Promise<void>((resolve) => setTimeout(resolve, 30))
      server.clock.after(5 * SECOND, () => {})
      await server.clock.hold(slow)
      expect(sim.now).toBe(0)
      const { stat } = await import('node:fs/promises')
      // A look at the disk is seen without hold().
      await stat(directory)
      expect(sim.now).toBe(0)
    })
  })

  it('can be an ordinary application of node:http, with the virtual date in its answers', async () => {
    const hosts = emulatedHosts()
    const { serve } = load(
      hosts.server,
      'application',
      `const http = require('http')
      exports.serve = (port) => http.createServer({ requestTimeout: 1 }, (request, response) => {
        setTimeout(() => { response.writeHead(200, { 'X-Path': request.url }); response.end('late') }, 90000)
      }).listen(port)
      exports.classes = () => [http.Server, http.createServer().constructor, require('net').Server]`,
    )
    serve!(8080)
    const [status, date, path] = await hosts.play(async () => {
      const request = hosts.client.http.get('http://10.0.0.1:8080/a?b')
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      await once(response, 'end')
      return [response.statusCode, response.headers.date, response.headers['x-path']]
    })
    expect([status, date, path]).toEqual([200, 'Mon, 05 Jan 2026 08:00:00 GMT', '/a?b'])
    expect(hosts.sim.now).toBeGreaterThan(90 * SECOND)
  })
})

describe('a server of node:http', () => {
  it('leaves no real timer behind that would keep the run in memory', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const server = hosts.server.http.createServer()
      server.listen(80)
      await once(server, 'listening')
      const timers = Object.getOwnPropertySymbols(server)
        .map((name) => (server as unknown as Record<symbol, unknown>)[name])
        .filter((value) => value instanceof Object && value.constructor.name === 'Timeout')
      expect(timers).toMatchObject([{ _destroyed: true }])
    })
  })
})

describe('virtual sockets', () => {
  it('refuse more connections than maxConnections', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const server = hosts.server.net.createServer((socket) => socket.resume())
      server.maxConnections = 1
      server.listen(0)
      const { port } = server.address() as AddressInfo
      const dropped = once(server, 'drop')
      const first = hosts.client.net.connect(port, hosts.serverAddress)
      await once(first, 'connect')
      const second = hosts.client.net.connect(port, hosts.serverAddress)
      second.on('error', () => {})
      expect(await dropped).toMatchObject([{ remoteAddress: '10.0.0.2', localPort: port }])
      await new Promise((resolve) => second.on('close', resolve))
      first.end()
      await new Promise((resolve) => server.close(resolve))
    })
  })

  it('do not wait for what cannot be reached', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const error = async (host: string): Promise<unknown> =>
        ((await once(hosts.client.net.connect(80, host), 'error')) as [Error])[0]
      expect(await error('172.16.0.1')).toMatchObject({
        code: 'ENETUNREACH',
        message: 'connect ENETUNREACH 172.16.0.1:80',
      })
      expect(await error('127.0.0.1')).toMatchObject({ code: 'ECONNREFUSED' })
      expect(await error('10.0.0.77')).toMatchObject({ code: 'EHOSTUNREACH' })
      expect(hosts.sim.now).toBeGreaterThan(SECOND)
      const socket = hosts.client.dgram.createSocket('udp4')
      const sent = await new Promise((resolve) => socket.send('x', 53, '172.16.0.1', resolve))
      expect(sent).toMatchObject({ code: 'ENETUNREACH', syscall: 'send' })
      socket.close()
    })
  })

  it('pass broadcasts of the link and of the subnet to sockets on all addresses only', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const all = hosts.server.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => all.bind(500, resolve))
      const one = hosts.server.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => one.bind(501, hosts.serverAddress, resolve))
      const got: string[] = []
      all.on('message', (message) => got.push(`all ${String(message)}`))
      one.on('message', (message) => got.push(`one ${String(message)}`))
      const client = hosts.client.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => client.bind(0, resolve))
      client.setBroadcast(true)
      for (const address of ['255.255.255.255', '10.0.0.255', hosts.serverAddress]) {
        for (const port of [500, 501]) client.send(address, port, address)
      }
      await new Promise<void>((resolve) => void hosts.client.clock.after(50 * MILLISECOND, resolve))
      expect(got).toEqual([
        'all 255.255.255.255',
        'all 10.0.0.255',
        `all ${hosts.serverAddress}`,
        `one ${hosts.serverAddress}`,
      ])
    })
  })

  it('pause the sender while nobody reads, and go on when somebody does', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      let written = 0
      const server = hosts.server.net.createServer((socket) => {
        const more = (): void => {
          while (written < 8_000_000) {
            written += 100_000
            if (!socket.write(Buffer.alloc(100_000))) return void socket.once('drain', more)
          }
          socket.end()
        }
        more()
      })
      server.listen(0)
      const socket = hosts.client.net.connect((server.address() as AddressInfo).port, hosts.serverAddress)
      await once(socket, 'connect')
      await new Promise<void>((resolve) => void hosts.client.clock.after(30 * SECOND, resolve))
      // Send buffer, receive buffer and the two streams, and no more.
      expect(written).toBeLessThan(4_000_000)
      let read = 0
      for await (const part of socket) read += (part as Uint8Array).length
      expect(read).toBe(8_000_000)
    })
  })
})

describe('packageLoader', () => {
  it('loads packages with their dependencies, JSON and cycles, one instance a loader', () => {
    writeFileSync(join(directory, 'data.json'), '{"a":1}')
    writeFileSync(
      join(directory, 'a.js'),
      `#!/usr/bin/env node\nexports.early = 1; exports.b = require('./b'); exports.data = require('./data.json')`,
    )
    writeFileSync(
      join(directory, 'b.js'),
      `const a = require('./a'); const { Buffer } = require('buffer'); exports.early = a.early; exports.x = Buffer.from('x')`,
    )
    writeFileSync(join(directory, 'bad.js'), `exports.started = true; throw new Error('no')`)
    writeFileSync(join(directory, 'esm.mjs'), `export const x = 1`)
    const asked: string[] = []
    const make = (): ((name: string) => unknown) =>
      packageLoader(
        { builtin: (name) => (asked.push(name), { Buffer }), globals: {} },
        pathToFileURL(join(directory, 'from.js')).href,
      )
    const first = make()
    const a = first('./a') as { b: { early: number }; data: unknown }
    expect(a).toMatchObject({ early: 1, b: { early: 1 }, data: { a: 1 } })
    expect(first('./a')).toBe(a)
    expect(make()('./a')).not.toBe(a)
    expect(asked).toEqual(['buffer', 'buffer'])
    expect(() => first('./bad')).toThrow('no')
    expect(() => first('./bad')).toThrow('no')
    expect(() => first('./esm.mjs')).toThrow('only CommonJS')
  })

  it('gives old packages their Buffer, without a warning', () => {
    writeFileSync(
      join(directory, 'old.js'),
      `module.exports = [new Buffer(3), Buffer('ab'), new Buffer([1, 2]), Buffer.from('x') instanceof Buffer, Buffer.isBuffer(new Buffer(1))]`,
    )
    const warnings: unknown[] = []
    const warned = (warning: unknown): void => void warnings.push(warning)
    process.on('warning', warned)
    const load = packageLoader({ builtin: () => ({}), globals: {} }, pathToFileURL(join(directory, 'from.js')).href)
    const values = load('./old.js') as [Buffer, Buffer, Buffer, boolean, boolean]
    expect(values.map(String)).toEqual(['\0\0\0', 'ab', '\x01\x02', 'true', 'true'])
    process.off('warning', warned)
    expect(warnings).toEqual([])
  })
})

describe('a site of node:http, npm dhcp and npm tftp', () => {
  /** Ten clients boot over a lossy link; what passed on the wire, and when, as one hash. */
  async function boot(seed: number): Promise<{ hash: string; frames: number; done: number; now: number }> {
    const sim = new Simulation({ seed })
    const network = new Network(sim)
    const wire = network.addSwitch('switch')
    const machine = network.addHost('server', { address: '10.0.0.1' })
    const cable = network.connect(machine, wire, {
      both: { delay: 2 * MILLISECOND, jitter: MILLISECOND, loss: 0.02, duplicate: 0.01 },
    })
    const host = createVirtualHost(machine, sim)
    const files = new MemoryFileStore().add('image.bin', imageOf(60_000, seed)).add('settings.txt', 'SET A 1\n')
    const dhcpServer = startDhcpServer(host, {
      serverAddress: '10.0.0.1',
      pool: { first: '10.0.0.100', last: '10.0.0.200' },
      mask: '255.255.255.0',
      siteOption: 'HTTPSRVR=10.0.0.1',
    })
    const tftpServer = startTftpServer(host, { files })
    const httpServer = startHttpServer(host, { files, backup: true })
    const hash = createHash('sha256')
    let frames = 0
    network.tap(cable, (time, bytes) => {
      frames++
      hash.update(`${time} ${bytes.length} `).update(bytes)
    })
    let done = 0
    await playOn(sim, async () => {
      const clients = Array.from({ length: 10 }, (_, n) => {
        const client = network.addHost(`client ${n}`, { address: 0x0a00000a + n })
        network.connect(client, wire, { both: { delay: 100_000 } })
        return bootOne(createVirtualHost(client, sim), n)
      })
      done = (await Promise.all(clients)).filter((size) => size === 60_008).length
    })
    await Promise.all([dhcpServer.close(), tftpServer.close(), httpServer.close()])
    return { hash: hash.digest('hex'), frames, done, now: sim.now }
  }

  /** DISCOVER until there is an OFFER, a file by TFTP, a file by HTTP, a PUT. */
  async function bootOne(host: Host, n: number): Promise<number> {
    const socket = host.dgram.createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(68, resolve))
    socket.setBroadcast(true)
    const chaddr = new Uint8Array([2, 0, 0, 0, 9, n])
    const options = [
      { code: 53, data: new Uint8Array([1]) },
      { code: 55, data: new Uint8Array([1, 3, 242]) },
    ]
    const discover = dhcp.encode({ op: 1, xid: n + 1, chaddr, options })
    const offered = new Promise<void>((resolve) =>
      socket.on('message', (message: Uint8Array) => {
        if (dhcp.decode(message).xid === n + 1) resolve()
      }),
    )
    let over = false
    const ask = (): void => {
      if (over) return
      socket.send(discover, 67, '255.255.255.255')
      host.clock.after(SECOND, ask)
    }
    ask()
    await offered
    over = true
    socket.close()

    let size = 0
    const transfer = host.dgram.createSocket('udp4')
    let packet = tftp.encode({ op: 'rrq', filename: 'image.bin', mode: 'octet', options: [['blksize', '1400']] })
    let port = 69
    let next = 1
    let finished = (): void => {}
    const complete = new Promise<void>((resolve) => (finished = resolve))
    transfer.on('message', (message: Uint8Array, from: { port: number }) => {
      if (port !== 69 && from.port !== port) return
      port = from.port
      const got = tftp.decode(message)
      if (got.op === 'oack') packet = tftp.encode({ op: 'ack', block: 0 })
      else if (got.op !== 'data' || got.block > next) return
      else if (got.block === next) {
        next++
        size += got.data.length
        packet = tftp.encode({ op: 'ack', block: got.block })
        if (got.data.length < 1400) finished()
      }
      transfer.send(packet, port, '10.0.0.1')
    })
    let transferring = true
    const push = (): void => {
      if (!transferring) return
      transfer.send(packet, port, '10.0.0.1')
      host.clock.after(4 * SECOND, push)
    }
    push()
    await complete
    transferring = false
    await new Promise<void>((resolve) => void host.clock.after(10 * SECOND, resolve))
    transfer.close()

    const get = host.http.get('http://10.0.0.1/settings.txt')
    const [response] = (await once(get, 'response')) as [IncomingMessage]
    for await (const part of response) size += (part as Uint8Array).length
    const put = host.http.request({ host: '10.0.0.1', path: `/${n}.txt`, method: 'PUT' })
    put.end('x'.repeat(3000))
    const [stored] = (await once(put, 'response')) as [IncomingMessage]
    stored.resume()
    await once(stored, 'end')
    return size
  }

  it('does the same, octet for octet, for the same seed, and something else for another', async () => {
    const first = await boot(1)
    expect(first.done).toBe(10)
    expect(first.frames).toBeGreaterThan(1000)
    expect(await boot(1)).toEqual(first)
    const other = await boot(2)
    expect(other.done).toBe(10)
    expect(other.hash).not.toBe(first.hash)
  })
})
