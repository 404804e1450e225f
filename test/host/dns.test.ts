/** Name look-ups on a real machine and on an emulated one, against our name server. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { SECOND } from '../../src/base/time.js'
import { startDnsServer } from '../../src/servers/dns-server.js'
import type { DnsServer } from '../../src/servers/dns-server.js'
import * as wire from '../../src/wire/dns.js'
import { BOTH_KINDS, emulatedHosts, type TwoHosts } from './hosts.js'

const open: DnsServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function nameServer(hosts: TwoHosts) {
  const server = startDnsServer(hosts.server, {
    port: 0,
    names: new Map([
      ['files.office.example', ['10.20.0.2', '10.20.0.3']],
      ['sick.office.example', ['10.20.0.4']],
      ['silent.office.example', ['10.20.0.5']],
    ]),
    faults: [
      { match: { path: 'sick.*' }, error: wire.Rcode.serverFailure },
      { match: { path: 'silent.*' }, noAnswer: true },
    ],
  })
  open.push(server)
  const { port } = await server.listening
  return `${hosts.serverAddress}:${port}`
}

/** What a callback function calls back with. */
function called(run: (callback: (...values: unknown[]) => void) => unknown): Promise<unknown[]> {
  return new Promise((resolve) => void run((...values) => resolve(values)))
}

describe.each(BOTH_KINDS)('dns on %s', (_kind, makeHosts) => {
  it('asks its name servers, by callback and by promise', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { dns } = hosts.client
      const place = await nameServer(hosts)
      const resolver = new dns.Resolver()
      resolver.setServers([place])
      expect(resolver.getServers()).toEqual([place])
      const found = await called((done) => resolver.resolve4('files.office.example', done))
      expect(found).toEqual([null, ['10.20.0.2', '10.20.0.3']])
      const timed = await called((done) => resolver.resolve4('files.office.example', { ttl: true }, done))
      expect(timed[1]).toEqual([
        { address: '10.20.0.2', ttl: 300 },
        { address: '10.20.0.3', ttl: 300 },
      ])
      expect(await called((done) => resolver.reverse('10.20.0.3', done))).toEqual([null, ['files.office.example']])

      const promises = new dns.promises.Resolver()
      promises.setServers([place])
      expect(await promises.resolve4('FILES.office.example')).toEqual(['10.20.0.2', '10.20.0.3'])
      expect(await promises.resolve('files.office.example', 'A')).toEqual(['10.20.0.2', '10.20.0.3'])
    })
  })

  it('fails with the codes of c-ares', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const resolver = new hosts.client.dns.promises.Resolver({ timeout: 200, tries: 1 })
      resolver.setServers([await nameServer(hosts)])
      const failure = async (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no error', (error: unknown) => error) // prettier-ignore
      expect(await failure(resolver.resolve4('nobody.office.example'))).toMatchObject({
        code: 'ENOTFOUND',
        syscall: 'queryA',
        hostname: 'nobody.office.example',
        message: 'queryA ENOTFOUND nobody.office.example',
      })
      expect(await failure(resolver.resolve6('files.office.example'))).toMatchObject({
        code: 'ENODATA',
        syscall: 'queryAaaa',
      })
      expect(await failure(resolver.resolveTxt('files.office.example'))).toMatchObject({ code: 'ENODATA' })
      expect(await failure(resolver.resolve4('sick.office.example'))).toMatchObject({ code: 'ESERVFAIL' })
      expect(await failure(resolver.resolve4('silent.office.example'))).toMatchObject({
        code: 'ETIMEOUT',
        message: 'queryA ETIMEOUT silent.office.example',
      })
      expect(await failure(resolver.reverse('10.20.9.9'))).toMatchObject({
        code: 'ENOTFOUND',
        syscall: 'getHostByAddr',
      })
      const refused = hosts.server.dgram.createSocket('udp4')
      refused.bind(0)
      await once(refused, 'listening')
      const { port } = refused.address()
      await new Promise<void>((resolve) => void refused.close(resolve))
      resolver.setServers([`${hosts.serverAddress}:${port}`])
      expect(await failure(resolver.resolve4('files.office.example'))).toMatchObject({ code: 'ECONNREFUSED' })
    })
  })

  it('refuses arguments that are none', () => {
    const { dns } = makeHosts().client
    const resolver = new dns.Resolver()
    expect(() => resolver.setServers(['not an address'])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_IP_ADDRESS' }),
    )
    expect(() => dns.lookup('a.example', undefined as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
    expect(() => resolver.resolve('a.example', 'NONSENSE', () => {})).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    )
  })

  it('calls off what is pending', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const resolver = new hosts.client.dns.Resolver()
      resolver.setServers([await nameServer(hosts)])
      const asked = called((done) => resolver.resolve4('silent.office.example', done))
      resolver.cancel()
      expect(await asked).toMatchObject([{ code: 'ECANCELLED', syscall: 'queryA' }])
    })
  })

  it('looks up addresses and localhost without asking anybody', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { dns } = hosts.client
      expect(await called((done) => dns.lookup('192.0.2.7', done))).toEqual([null, '192.0.2.7', 4])
      expect(await called((done) => dns.lookup('192.0.2.7', { all: true }, done))).toEqual([
        null,
        [{ address: '192.0.2.7', family: 4 }],
      ])
      expect(await dns.promises.lookup('localhost', 4)).toEqual({ address: '127.0.0.1', family: 4 })
    })
  })

  it('lets sockets use a look-up of their own', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { server, client, serverAddress } = hosts
      const listener = server.net.createServer((socket) => socket.end('hello'))
      listener.listen(0, '0.0.0.0')
      await once(listener, 'listening')
      const { port } = listener.address() as AddressInfo
      const asked: string[] = []
      const socket = client.net.connect({
        port,
        host: 'files.office.example',
        autoSelectFamily: false,
        lookup: (name, _options, done) => {
          asked.push(name)
          process.nextTick(done, null, serverAddress, 4)
        },
      })
      const [looked] = await Promise.all([once(socket, 'lookup'), once(socket, 'connect')])
      expect(looked).toEqual([null, serverAddress, 4, 'files.office.example'])
      expect(asked).toEqual(['files.office.example'])
      let text = ''
      for await (const chunk of socket) text += String(chunk)
      expect(text).toBe('hello')
      await new Promise((resolve) => listener.close(resolve))
    })
  })
})

describe('dns of an emulated machine', () => {
  const names = {
    nameServers: ['10.0.0.1'],
    hosts: new Map([['table.example', '10.0.0.1']]),
    search: ['office.example'],
  }

  function site(options: Parameters<typeof emulatedHosts>[0] = {}) {
    const hosts = emulatedHosts({ names, ...options })
    const asked: string[] = []
    open.push(
      startDnsServer(hosts.server, {
        names: new Map([
          ['files.office.example', ['10.0.0.1']],
          ['alone', ['10.0.0.1']],
        ]),
        log: ({ event, detail }) => {
          if (event === 'request') asked.push(String(detail['path']))
        },
      }),
    )
    return { ...hosts, asked }
  }

  it('finds names by the hosts file, then the servers with its search list', async () => {
    const { client, play, asked } = site()
    await play(async () => {
      const { dns } = client
      expect(await dns.promises.lookup('table.example')).toEqual({ address: '10.0.0.1', family: 4 })
      expect(await called((done) => dns.reverse('10.0.0.1', done))).toEqual([null, ['table.example']])
      expect(asked).toEqual([])
      expect(await dns.promises.lookup('files.office.example', { all: true })).toEqual([
        { address: '10.0.0.1', family: 4 },
      ])
      await dns.promises.lookup('files')
      await dns.promises.lookup('alone')
      await expect(dns.promises.lookup('no.body')).rejects.toMatchObject({
        code: 'ENOTFOUND',
        message: 'getaddrinfo ENOTFOUND no.body',
      })
      expect(asked).toEqual([
        'files.office.example',
        'files.office.example',
        'alone.office.example',
        'alone',
        'no.body',
        'no.body.office.example',
      ])
    })
  })

  it('connects and sends to names', async () => {
    const { client, server, play, asked } = site()
    await play(async () => {
      const web = server.http.createServer((request, response) => response.end(request.headers.host))
      web.listen(80)
      await once(web, 'listening')
      const request = client.http.get('http://files.office.example/')
      const [response] = (await once(request, 'response')) as [AsyncIterable<Uint8Array>]
      let text = ''
      for await (const chunk of response) text += Buffer.from(chunk).toString()
      expect(text).toBe('files.office.example')
      const receiver = server.dgram.createSocket('udp4')
      receiver.bind(9)
      await once(receiver, 'listening')
      const sender = client.dgram.createSocket('udp4')
      sender.send('by name', 9, 'files.office.example')
      expect(String(((await once(receiver, 'message')) as [Uint8Array])[0])).toBe('by name')
      expect(asked).toEqual(['files.office.example', 'files.office.example'])
      const lost = client.net.connect(80, 'nobody.example')
      const [error] = (await once(lost, 'error')) as [Error]
      expect(error).toMatchObject({ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nobody.example' })
    })
  })

  it('asks again after five seconds, of the next server, and gives up in time [resolv.conf(5)]', async () => {
    const { client, server, play, sim } = site({ names: { nameServers: ['10.0.0.1:5353', '10.0.0.1'] } })
    await play(async () => {
      server.dgram.createSocket('udp4').bind(5353)
      expect(await client.dns.promises.lookup('files.office.example')).toMatchObject({ address: '10.0.0.1' })
      expect(sim.now / SECOND).toBeGreaterThan(5)
      expect(sim.now / SECOND).toBeLessThan(6)
      client.dns.setServers(['10.0.0.1:5353'])
      expect(client.dns.getServers()).toEqual(['10.0.0.1:5353'])
      const began = sim.now
      await expect(client.dns.promises.lookup('files.office.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' })
      expect((sim.now - began) / SECOND).toBe(15)
      await expect(client.dns.promises.resolve4('files.office.example')).rejects.toMatchObject({ code: 'ETIMEOUT' })
      expect((sim.now - began) / SECOND).toBe(15 + 75)
    })
  })

  it('survives loss, and does the same twice', async () => {
    const run = async (): Promise<number[]> => {
      const { client, play, sim } = site({ loss: 0.3, seed: 5 })
      const times: number[] = []
      await play(async () => {
        for (let i = 0; i < 8; i++) {
          expect(await client.dns.promises.resolve4('files.office.example')).toEqual(['10.0.0.1'])
          times.push(sim.now)
        }
      })
      return times
    }
    const first = await run()
    expect(await run()).toEqual(first)
    expect(first.at(-1)! / SECOND).toBeGreaterThan(5)
  })

  it('believes only the server it asked, and only its own question [RFC 5452 §9.1]', async () => {
    const hosts = emulatedHosts({ names: { nameServers: ['10.0.0.1'] } })
    await hosts.play(async () => {
      const liar = hosts.server.dgram.createSocket('udp4')
      liar.bind(53)
      await once(liar, 'listening')
      liar.on('message', (octets: Uint8Array, from: { port: number; address: string }) => {
        const query = dnsAnswer(octets, '10.6.6.6')
        const lies = [
          { ...query, id: query.id ^ 1 },
          { ...query, questions: [{ name: 'other.example', type: 1, class: 1 }] },
          { ...query, response: false },
        ]
        for (const lie of lies) liar.send(wire.encode(lie), from.port, from.address)
        const stranger = hosts.server.dgram.createSocket('udp4')
        stranger.send(wire.encode(query), from.port, from.address)
        liar.send(octets.slice(0, 7), from.port, from.address)
        hosts.server.clock.after(SECOND, () =>
          liar.send(wire.encode(dnsAnswer(octets, '10.0.0.1')), from.port, from.address),
        )
      })
      expect(await hosts.client.dns.promises.resolve4('files.example')).toEqual(['10.0.0.1'])
    })
  })
})

/** The answer to a query, an address behind two aliases. */
function dnsAnswer(octets: Uint8Array, address: string): wire.DnsMessage {
  const query = wire.decode(octets)
  const name = query.questions[0]!.name
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const record = { class: 1, ttl: 5 }
  return {
    ...query,
    response: true,
    answers: [
      { ...record, name, type: wire.Type.cname, data: { kind: 'name', name: 'b.example' } },
      { ...record, name: 'c.example', type: wire.Type.a, data: { kind: 'a', address: value } },
      { ...record, name: 'b.example', type: wire.Type.cname, data: { kind: 'name', name: 'C.example' } },
    ],
  }
}
