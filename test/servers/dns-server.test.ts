import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes, fromHex } from '../../src/base/bytes.js'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import { startDnsServer } from '../../src/servers/dns-server.js'
import type { DnsServer, DnsServerOptions } from '../../src/servers/dns-server.js'
import type { ServerEvent } from '../../src/servers/server-log.js'
import * as dns from '../../src/wire/dns.js'
import { formatAddress } from '../../src/wire/ipv4.js'
import { BOTH_KINDS, emulatedHosts, type TwoHosts } from '../host/hosts.js'
import { installed } from '../installed.js'

const open: DnsServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const NAMES = new Map([
  ['files.office.example', ['10.20.0.2']],
  ['Phones.Office.example.', ['10.20.0.5', '10.20.0.6']],
])

async function site(hosts: TwoHosts, options: Partial<DnsServerOptions> = {}) {
  const events: ServerEvent[] = []
  const server = startDnsServer(hosts.server, {
    names: NAMES,
    port: 0,
    log: (event) => events.push(event),
    ...options,
  })
  open.push(server)
  const { port } = await server.listening
  const send = (octets: Uint8Array, wait = SECOND): Promise<dns.DnsMessage | Error | undefined> =>
    new Promise((resolve) => {
      const socket = hosts.client.dgram.createSocket('udp4')
      const timer = hosts.client.clock.after(wait, () => {
        socket.close()
        resolve(undefined)
      })
      const finish = (result: dns.DnsMessage | Error): void => {
        timer.cancel()
        socket.close()
        resolve(result)
      }
      socket.on('message', (message: Uint8Array) => finish(dns.decode(message)))
      socket.on('error', finish)
      socket.connect(port, hosts.serverAddress, () => socket.send(octets))
    })
  const ask = (name: string, type: number = dns.Type.a, wait?: number) =>
    send(dns.encode(dns.query(7, name, type)), wait)
  return { server, events, send, ask, port }
}

function addresses(message: dns.DnsMessage | Error | undefined): string[] {
  if (message === undefined || message instanceof Error) return []
  return message.answers.flatMap(({ data }) => (data.kind === 'a' ? [formatAddress(data.address)] : []))
}

describe.each(BOTH_KINDS)('name server on %s', (_kind, makeHosts) => {
  it('gives the addresses of its names, and the names of its addresses', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, events } = await site(hosts)
      const one = await ask('FILES.office.example')
      expect(addresses(one)).toEqual(['10.20.0.2'])
      expect(one).toMatchObject({ id: 7, response: true, authoritative: true, recursionDesired: true, rcode: 0 })
      // The question comes back letter for letter: clients compare it.
      expect(one).toMatchObject({ questions: [{ name: 'FILES.office.example', type: 1, class: 1 }] })
      expect(addresses(await ask('phones.office.example'))).toEqual(['10.20.0.5', '10.20.0.6'])
      const reverse = await ask('2.0.20.10.in-addr.arpa', dns.Type.ptr)
      expect(reverse).toMatchObject({ answers: [{ data: { kind: 'name', name: 'files.office.example' } }] })
      expect(events.filter(({ event }) => event === 'request').map(({ detail }) => detail)).toMatchObject([
        { path: 'FILES.office.example', message: 'A' },
        { path: 'phones.office.example', message: 'A' },
        { path: '2.0.20.10.in-addr.arpa', message: 'PTR' },
      ])
    })
  })

  it('tells a name that does not exist from one without such data [RFC 2308 §2, RFC 8020]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask } = await site(hosts)
      expect(await ask('nobody.office.example')).toMatchObject({ rcode: dns.Rcode.nameError, answers: [] })
      expect(await ask('files.office.example', dns.Type.aaaa)).toMatchObject({ rcode: 0, answers: [] })
      expect(await ask('office.example')).toMatchObject({ rcode: 0, answers: [] })
      expect(await ask('files.office.example.office.example')).toMatchObject({ rcode: dns.Rcode.nameError })
    })
  })

  it('refuses what it does not understand, and answers no answers', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { send } = await site(hosts)
      const query = dns.query(9, 'files.office.example', dns.Type.a)
      expect(await send(dns.encode({ ...query, opcode: dns.Opcode.update }))).toMatchObject({ rcode: 4, opcode: 5 })
      expect(await send(dns.encode({ ...query, questions: [] }))).toMatchObject({ id: 9, rcode: 1 })
      const broken = concatBytes([dns.encode(query).subarray(0, 12), fromHex('c00c 0001 0001')])
      expect(await send(broken)).toMatchObject({ id: 9, rcode: dns.Rcode.formatError })
      expect(await send(dns.encode({ ...query, response: true }), 50 * MILLISECOND)).toBeUndefined()
      expect(await send(fromHex('00 01 02'), 50 * MILLISECOND)).toBeUndefined()
    })
  })

  it('cuts what does not fit, and says so; EDNS makes room [RFC 2181 §9, RFC 6891]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const many = Array.from({ length: 40 }, (_, i) => `10.20.1.${i + 1}`)
      const { ask, send } = await site(hosts, { names: new Map([['many.example', many]]) })
      expect(await ask('many.example')).toMatchObject({ truncated: true, answers: [] })
      const extended = { ...dns.query(8, 'many.example', 1), additional: [dns.ednsRecord(4096)] }
      const whole = await send(dns.encode(extended))
      expect(addresses(whole)).toEqual(many)
      expect(dns.edns(whole as dns.DnsMessage)).toMatchObject({ payloadSize: 1232 })
    })
  })

  it('plays its faults: error codes, silence, delay, a closed port', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { ask, server } = await site(hosts, {
        faults: [
          { match: { path: 'sick.*' }, error: dns.Rcode.serverFailure },
          { match: { path: 'gone.example', message: 'a' }, noAnswer: true },
          { match: { path: 'slow.example' }, delay: 120 * MILLISECOND },
        ],
      })
      expect(await ask('sick.example')).toMatchObject({ rcode: 2, answers: [] })
      expect(await ask('gone.example', dns.Type.a, 100 * MILLISECOND)).toBeUndefined()
      expect(await ask('gone.example', dns.Type.aaaa)).toMatchObject({ rcode: 3 })
      const began = hosts.client.clock.now()
      expect(await ask('slow.example')).toMatchObject({ rcode: 3 })
      expect(hosts.client.clock.now() - began).toBeGreaterThanOrEqual(120 * MILLISECOND)
      const closed = server.faults.add({ refuse: true })
      expect(await ask('files.office.example')).toMatchObject({ code: 'ECONNREFUSED' })
      closed.remove()
      await new Promise<void>((resolve) => void hosts.client.clock.after(20 * MILLISECOND, resolve))
      expect(addresses(await ask('files.office.example'))).toEqual(['10.20.0.2'])
      expect(() => server.faults.add({ match: { method: 'GET' }, noAnswer: true })).toThrow(TypeError)
      expect(() => server.faults.add({ reset: true })).toThrow(TypeError)
    })
  })
})

describe('name server', () => {
  it('says when an address is none, a name cannot be carried, a port is taken', async () => {
    const hosts = emulatedHosts()
    expect(() => startDnsServer(hosts.server, { names: new Map([['a', ['10.0.0']]]) })).toThrow(TypeError)
    expect(() => startDnsServer(hosts.server, { names: new Map([['a..b', ['10.0.0.1']]]) })).toThrow('empty label')
    await hosts.play(async () => {
      const { port } = await site(hosts)
      const second = startDnsServer(hosts.server, { names: NAMES, port })
      await expect(second.listening).rejects.toMatchObject({ code: 'EADDRINUSE' })
      await second.close()
    })
  })

  it.skipIf(!installed('dig'))('satisfies dig', async () => {
    const hosts = BOTH_KINDS[0]![1]()
    const { port } = await site(hosts)
    const dig = async (...args: string[]) =>
      (await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=2', ...args])).stdout
    expect(await dig('+short', 'phones.office.example')).toBe('10.20.0.5\n10.20.0.6\n')
    expect(await dig('+short', '-x', '10.20.0.2')).toBe('files.office.example.\n')
    expect(await dig('nobody.example')).toMatch(/status: NXDOMAIN.*\n.*flags: qr aa rd;/)
  })
})
