import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { latin1, latin1Bytes, toHex } from '../../src/base/bytes.js'
import { HOUR, MILLISECOND, SECOND } from '../../src/base/time.js'
import type { Host } from '../../src/host/host.js'
import { startDhcpServer } from '../../src/servers/dhcp-server.js'
import type { DhcpServer, DhcpServerOptions } from '../../src/servers/dhcp-server.js'
import type { ServerEvent } from '../../src/servers/server-log.js'
import * as dhcp from '../../src/wire/dhcp.js'
import { formatAddress, parseAddress } from '../../src/wire/ipv4.js'
import { BOTH_KINDS, emulatedHosts, type TwoHosts } from '../host/hosts.js'

const { OptionCode, MessageType } = dhcp
const SITE = 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2'

const open: DhcpServer[] = []
const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const server of open.splice(0)) await server.close()
})

async function site(hosts: TwoHosts, options: Partial<DhcpServerOptions> = {}) {
  const events: ServerEvent[] = []
  const client = await Client.bound(hosts.client, hosts.broadcastAddress)
  const server = startDhcpServer(hosts.server, {
    serverAddress: hosts.serverAddress,
    pool: { first: '10.20.0.100', last: '10.20.0.102' },
    mask: '255.255.255.0',
    routers: ['10.20.0.1'],
    leaseTime: 3600,
    siteOption: SITE,
    port: 0,
    clientPort: client.port,
    broadcastAddress: hosts.broadcastAddress,
    log: (event) => events.push(event),
    ...options,
  })
  open.push(server)
  client.serverPort = (await server.listening).port
  return { server, client, events }
}

interface Ask {
  mac?: string
  ciaddr?: string
  giaddr?: string
  options?: readonly (readonly [number, string | readonly number[]])[]
  padded?: boolean
}

/** A client by our own codec, on one port for as many MACs as it likes. */
class Client {
  serverPort = 67
  readonly port: number
  readonly #socket
  readonly #host: Host
  readonly #broadcast: string
  readonly #got: dhcp.DhcpMessage[] = []
  #wake = (): void => {}
  #xid = 0x1000

  static async bound(host: Host, broadcast: string): Promise<Client> {
    const socket = host.dgram.createSocket({ type: 'udp4', reuseAddr: true })
    await new Promise<void>((resolve) => socket.bind(0, resolve))
    socket.setBroadcast(true)
    const client = new Client(host, broadcast, socket)
    clients.push(client)
    return client
  }

  private constructor(host: Host, broadcast: string, socket: ReturnType<Host['dgram']['createSocket']>) {
    this.#host = host
    this.#broadcast = broadcast
    this.#socket = socket
    this.port = socket.address().port
    socket.on('message', (message: Uint8Array) => {
      this.#got.push(dhcp.decode(message.slice()))
      this.#wake()
    })
  }

  tell(type: number, { mac = '02:00:00:00:00:01', ciaddr, giaddr, options = [], padded = false }: Ask = {}): number {
    const xid = ++this.#xid
    const chaddr = new Uint8Array(16)
    chaddr.set(mac.split(':').map((octet) => parseInt(octet, 16)))
    const all: { code: number; data: Uint8Array }[] = [{ code: OptionCode.messageType, data: new Uint8Array([type]) }]
    for (const [code, value] of options) {
      all.push({ code, data: typeof value === 'string' ? u32(value) : Uint8Array.from(value) })
    }
    const bytes = dhcp.encode({
      op: 1,
      xid,
      ciaddr: parseAddress(ciaddr ?? '0.0.0.0')!,
      giaddr: parseAddress(giaddr ?? '0.0.0.0')!,
      chaddr,
      options: all,
    })
    this.sendRaw(padded ? withPads(bytes) : bytes)
    return xid
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.serverPort, this.#broadcast)
  }

  async next(patience = 60 * MILLISECOND): Promise<dhcp.DhcpMessage | undefined> {
    if (this.#got.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#host.clock.after(patience, resolve)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    return this.#got.shift()
  }

  async ask(type: number, ask: Ask = {}): Promise<dhcp.DhcpMessage> {
    const xid = this.tell(type, ask)
    const answer = await this.next()
    if (answer === undefined) throw new Error('no answer')
    expect(answer.xid).toBe(xid)
    expect(answer.op).toBe(2)
    return answer
  }

  /** DISCOVER to ACK; the address. */
  async lease(mac: string, options: Ask['options'] = []): Promise<string> {
    const offer = await this.ask(MessageType.discover, { mac, options })
    expect(dhcp.messageType(offer)).toBe(MessageType.offer)
    const address = formatAddress(offer.yiaddr)
    const ack = await this.ask(MessageType.request, {
      mac,
      options: [
        [OptionCode.requestedAddress, address],
        [OptionCode.serverIdentifier, formatAddress(dhcp.addressOption(offer, OptionCode.serverIdentifier)!)],
        ...options,
      ],
    })
    expect(dhcp.messageType(ack)).toBe(MessageType.ack)
    expect(formatAddress(ack.yiaddr)).toBe(address)
    return address
  }

  close(): void {
    this.#socket.close()
  }
}

function u32(address: string): Uint8Array {
  return dhcp.u32Data(parseAddress(address)!)
}

/** A pad option before each option. */
function withPads(bytes: Uint8Array): Uint8Array {
  const padded = [...bytes.subarray(0, 240)]
  for (let at = 240; at < bytes.length && bytes[at] !== 255;) {
    const end = at + 2 + bytes[at + 1]!
    padded.push(0, ...bytes.subarray(at, end))
    at = end
  }
  return Uint8Array.from([...padded, 255])
}

function codes(message: dhcp.DhcpMessage): number[] {
  return message.options.map(({ code }) => code)
}

describe.each(BOTH_KINDS)('the DHCP server on %s', (_kind, makeHosts) => {
  it('leases an address with what was asked for, the site option under the number asked for', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client, server, events } = await site(hosts, {
        domainName: 'example.com',
        domainNameServers: ['10.20.0.3', '10.20.0.4'],
      })
      const wants = (...list: number[]): Ask => ({ options: [[OptionCode.parameterRequestList, list]] })
      const offer = await client.ask(MessageType.discover, wants(1, 3, 6, 15, 242))
      expect(codes(offer)).toEqual([1, 3, 6, 15, 51, 53, 54, 242])
      expect(formatAddress(offer.yiaddr)).toBe('10.20.0.100')
      expect(latin1(dhcp.option(offer, 242)!)).toBe(SITE)
      expect(dhcp.u32Option(offer, OptionCode.leaseTime)).toBe(3600)
      expect(dhcp.addressListOption(offer, OptionCode.router).map(formatAddress)).toEqual(['10.20.0.1'])
      expect(dhcp.addressListOption(offer, OptionCode.domainNameServer).map(formatAddress)).toEqual([
        '10.20.0.3',
        '10.20.0.4',
      ])
      expect(dhcp.textOption(offer, OptionCode.domainName)).toBe('example.com')
      expect(formatAddress(dhcp.addressOption(offer, OptionCode.serverIdentifier)!)).toBe(hosts.serverAddress)
      expect(toHex(dhcp.hardwareAddress(offer), ':')).toBe('02:00:00:00:00:01')
      expect(offer.optionsError).toBe(undefined)
      expect(codes(await client.ask(MessageType.discover, wants(1, 3, 176)))).toEqual([1, 3, 51, 53, 54, 176])
      expect(codes(await client.ask(MessageType.discover, wants(1, 3)))).toEqual([1, 3, 51, 53, 54])
      expect(server.leaseOf('02:00:00:00:00:01')).toBe(undefined)
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.20.0.100')
      expect(server.leaseOf('02:00:00:00:00:01')).toBe('10.20.0.100')
      expect(events.at(-3)).toMatchObject({
        event: 'request',
        detail: { message: 'REQUEST', mac: '02:00:00:00:00:01' },
      })
      expect(events.at(-2)).toMatchObject({ event: 'lease', detail: { state: 'bound', address: '10.20.0.100' } })
      expect(events.at(-1)).toMatchObject({ event: 'response', detail: { message: 'ACK' } })
    })
  })

  it('sends a map of site options as it is, and any other option, replaced where told', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts, {
        siteOption: new Map([[176, 'TFTPSRVR=10.20.0.9']]),
        options: [
          { code: 43, value: latin1Bytes('\x01\x04\x00\x00\x1a\xe9'), always: true },
          { code: 120, value: new Uint8Array([1, 2]) },
          { code: 3, value: u32('10.20.0.254'), always: true },
        ],
        nextServer: '10.20.0.8',
        serverName: 'boot',
        bootFile: '46xxupgrade.scr',
      })
      const offer = await client.ask(MessageType.discover, { options: [[OptionCode.parameterRequestList, [242, 176]]] })
      expect(codes(offer)).toEqual([1, 3, 43, 51, 53, 54, 176])
      expect(latin1(dhcp.option(offer, 176)!)).toBe('TFTPSRVR=10.20.0.9')
      expect(toHex(dhcp.option(offer, 43)!)).toBe('010400001ae9')
      expect(formatAddress(dhcp.addressOption(offer, 3)!)).toBe('10.20.0.254')
      expect(formatAddress(offer.siaddr)).toBe('10.20.0.8')
      expect([dhcp.snameText(offer), dhcp.fileText(offer)]).toEqual(['boot', '46xxupgrade.scr'])
    })
  })

  it('gives each client its own, knows it again, and says when there are no more', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client, events } = await site(hosts)
      expect(await client.lease('02:00:00:00:00:01', [[OptionCode.requestedAddress, '10.20.0.102']])).toBe(
        '10.20.0.102',
      )
      expect(await client.lease('02:00:00:00:00:02')).toBe('10.20.0.100')
      // A client identifier makes another client of the same MAC.
      expect(await client.lease('02:00:00:00:00:02', [[OptionCode.clientIdentifier, [0, 1, 2]]])).toBe('10.20.0.101')
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.20.0.102')
      client.tell(MessageType.discover, { mac: '02:00:00:00:00:04' })
      expect(await client.next()).toBe(undefined)
      expect(events.at(-1)).toMatchObject({ event: 'error', detail: { message: 'no free address' } })
      client.tell(MessageType.release, { mac: '02:00:00:00:00:01', ciaddr: '10.20.0.102' })
      expect(await client.lease('02:00:00:00:00:04')).toBe('10.20.0.102')
    })
  })

  it('gives reserved addresses to their owners only', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts, { reservations: new Map([['02:00:00:00:00:AA', '10.20.0.100']]) })
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.20.0.101')
      expect(await client.lease('02:00:00:00:00:aa')).toBe('10.20.0.100')
    })
  })

  it('takes no DECLINED address again', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts)
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.20.0.100')
      client.tell(MessageType.decline, {
        mac: '02:00:00:00:00:01',
        options: [
          [OptionCode.requestedAddress, '10.20.0.100'],
          [OptionCode.serverIdentifier, hosts.serverAddress],
        ],
      })
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.20.0.101')
    })
  })

  it('says NAK to a wrong network or address, and nothing about clients of others [RFC 2131 §4.3.2]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts)
      const reboot = (mac: string, address: string): Ask => ({ mac, options: [[OptionCode.requestedAddress, address]] })
      const nak = await client.ask(MessageType.request, reboot('02:00:00:00:00:01', '10.99.0.5'))
      expect(dhcp.messageType(nak)).toBe(MessageType.nak)
      expect(codes(nak)).toEqual([53, 54, 56])
      expect([nak.yiaddr, nak.siaddr]).toEqual([0, 0])
      client.tell(MessageType.request, reboot('02:00:00:00:00:01', '10.20.0.100'))
      expect(await client.next()).toBe(undefined)
      const held = await client.lease('02:00:00:00:00:01')
      const ack = await client.ask(MessageType.request, reboot('02:00:00:00:00:01', held))
      expect(dhcp.messageType(ack)).toBe(MessageType.ack)
      const other = await client.ask(MessageType.request, reboot('02:00:00:00:00:01', '10.20.0.102'))
      expect(dhcp.messageType(other)).toBe(MessageType.nak)
      // SELECTING, and another server was selected.
      await client.ask(MessageType.discover, { mac: '02:00:00:00:00:02' })
      client.tell(MessageType.request, {
        mac: '02:00:00:00:00:02',
        options: [
          [OptionCode.requestedAddress, '10.20.0.101'],
          [OptionCode.serverIdentifier, '192.0.2.1'],
        ],
      })
      expect(await client.next()).toBe(undefined)
    })
  })

  it('is authoritative when told to', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts, { authoritative: true })
      const nak = await client.ask(MessageType.request, { options: [[OptionCode.requestedAddress, '10.20.0.100']] })
      expect(dhcp.messageType(nak)).toBe(MessageType.nak)
    })
  })

  it('understands pads between options, and drops what is no DHCP request', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log')]
      const { client, events } = await site(hosts)
      const offer = await client.ask(MessageType.discover, {
        padded: true,
        options: [
          [OptionCode.parameterRequestList, [1, 176]],
          [OptionCode.vendorClassIdentifier, [65]],
          [250, [1, 2, 3]],
        ],
      })
      expect(codes(offer)).toEqual([1, 3, 51, 53, 54, 176])
      const whole = dhcp.encode({
        op: 1,
        xid: 1,
        chaddr: new Uint8Array(16),
        options: [{ code: 53, data: new Uint8Array([1]) }],
      })
      for (let length = 0; length < 242; length += 11) client.sendRaw(whole.subarray(0, length))
      const reply = whole.slice()
      reply[0] = 2
      client.sendRaw(reply)
      const cut = whole.slice(0, 246)
      cut[241] = 200
      client.sendRaw(cut)
      const noCookie = whole.slice()
      noCookie[236] = 0
      client.sendRaw(noCookie)
      const strange = whole.slice()
      strange[1] = 6
      strange[2] = 200
      client.sendRaw(strange)
      const unknown = whole.slice()
      unknown[242] = 77
      client.sendRaw(unknown)
      expect(await client.next()).toBe(undefined)
      expect(events.filter(({ event }) => event === 'error').length).toBeGreaterThan(20)
      expect(dhcp.messageType(await client.ask(MessageType.discover))).toBe(MessageType.offer)
      for (const spy of printed) {
        expect(spy).not.toHaveBeenCalled()
        spy.mockRestore()
      }
    })
  })

  it('keeps to the size a client takes [RFC 2132 §9.10]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const long = new Uint8Array(255).fill(65)
      const { client, events } = await site(hosts, {
        siteOption: 'S'.repeat(100),
        options: [
          { code: 200, value: long, always: true },
          { code: 201, value: long, always: true },
        ],
      })
      const small = await client.ask(MessageType.discover)
      expect(codes(small)).toEqual([1, 3, 51, 53, 54, 200])
      expect(events.filter(({ event }) => event === 'error').map(({ detail }) => detail['message'])).toEqual([
        "option 201 does not fit in the client's 548 octets",
        "option 242 does not fit in the client's 548 octets",
      ])
      const large = await client.ask(MessageType.discover, { options: [[OptionCode.maximumMessageSize, [5, 220]]] })
      expect(codes(large)).toEqual([1, 3, 51, 53, 54, 200, 201, 242])
    })
  })

  it('plays noAnswer, delay, nak, hang and refuse', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client, server, events } = await site(hosts, {
        faults: [
          { match: { client: '02:00:00:00:00:01', message: 'DISCOVER' }, noAnswer: true, count: 1 },
          { match: { client: '02:00:00:00:00:02', message: 'discover' }, delay: 40 * MILLISECOND },
          { match: { client: '02:00:00:00:00:03' }, nak: true },
          { match: { client: '02:00:00:00:00:04' }, hang: 100 * MILLISECOND },
        ],
      })
      client.tell(MessageType.discover)
      expect(await client.next()).toBe(undefined)
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.20.0.100')
      const began = hosts.client.clock.now()
      await client.lease('02:00:00:00:00:02')
      expect(hosts.client.clock.now() - began).toBeGreaterThanOrEqual(40 * MILLISECOND)
      await expect(client.lease('02:00:00:00:00:03')).rejects.toThrow('expected 6 to be 5')
      client.tell(MessageType.discover, { mac: '02:00:00:00:00:04' })
      expect(await client.next()).toBe(undefined)
      client.tell(MessageType.discover, { mac: '02:00:00:00:00:04' })
      expect(await client.next(70 * MILLISECOND)).toBe(undefined)
      expect(events.filter(({ event }) => event === 'fault').map(({ detail }) => detail['fault'])).toEqual([
        'noAnswer',
        'delay',
        'nak',
        'nak',
        'hang',
        'hang',
      ])
      server.faults.add({ refuse: true })
      client.tell(MessageType.discover)
      expect(await client.next()).toBe(undefined)
    })
  })
})

describe('the DHCP server on an emulated machine', () => {
  it('answers a relay at its address, echoing option 82, from the pool of its network [RFC 3046 §2.2]', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const relay = hosts.client.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => relay.bind(67, resolve))
      const { client } = await site(hosts, {
        port: 67,
        relayedScopes: [{ pool: { first: '10.0.0.50', last: '10.0.0.60' }, mask: '255.255.255.0', leaseTime: 60 }],
      })
      const circuit = [OptionCode.relayAgentInformation, [1, 2, 65, 66]] as const
      client.tell(MessageType.discover, { giaddr: hosts.clientAddress, options: [circuit] })
      const [offered] = (await once(relay, 'message')) as [Uint8Array]
      const offer = dhcp.decode(offered)
      expect([formatAddress(offer.yiaddr), formatAddress(offer.giaddr)]).toEqual(['10.0.0.50', hosts.clientAddress])
      expect(toHex(dhcp.option(offer, 82)!)).toBe('01024142')
      expect(dhcp.u32Option(offer, OptionCode.leaseTime)).toBe(60)
      client.tell(MessageType.request, {
        giaddr: hosts.clientAddress,
        options: [[OptionCode.requestedAddress, '10.9.9.9'], circuit],
      })
      const nak = dhcp.decode(((await once(relay, 'message')) as [Uint8Array])[0])
      expect([dhcp.messageType(nak), nak.flags & dhcp.BROADCAST_FLAG]).toEqual([MessageType.nak, dhcp.BROADCAST_FLAG])
      client.tell(MessageType.discover, { giaddr: '172.16.0.1' })
      expect(await client.next()).toBe(undefined)
      relay.close()
    })
  })

  it('takes the subnet that the relay selects, in place of its own address [RFC 3527]', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts, {
        relayedScopes: [{ pool: { first: '10.30.0.50', last: '10.30.0.60' }, mask: '255.255.255.0' }],
      })
      const linkSelection = [5, 4, 10, 30, 0, 1]
      const offer = await client.ask(MessageType.discover, { options: [[82, linkSelection]] })
      expect(formatAddress(offer.yiaddr)).toBe('10.30.0.50')
      expect(toHex(dhcp.option(offer, 82)!)).toBe('05040a1e0001')
    })
  })

  it('prefers the smaller of two subnets that hold the relay', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts, {
        relayedScopes: [
          { pool: { first: '10.40.0.50', last: '10.40.0.60' }, mask: '255.255.0.0' },
          { pool: { first: '10.40.7.50', last: '10.40.7.60' }, mask: '255.255.255.0' },
        ],
      })
      const offer = await client.ask(MessageType.discover, { options: [[82, [5, 4, 10, 40, 7, 1]]] })
      expect(formatAddress(offer.yiaddr)).toBe('10.40.7.50')
    })
  })

  it('tells clients of a class something else, by option 60 or by what they ask for', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const text = (value: string) => latin1Bytes(value)
      const { client } = await site(hosts, {
        classes: [
          { vendorClass: 'ccp.avaya.com', options: [{ code: 43, value: text('new') }, { code: 242, value: text('L2Q=2') }] }, // prettier-ignore
          { asksFor: 176, options: [{ code: 176, value: text('L2Q=0') }] },
        ],
      })
      const ask = (options: NonNullable<Ask['options']>) => client.ask(MessageType.discover, { options })
      const newer = await ask([
        [60, [...text('ccp.avaya.com R6')]],
        [55, [43, 242]],
      ])
      expect([43, 242].map((code) => latin1(dhcp.option(newer, code)!))).toEqual(['new', 'L2Q=2'])
      const older = await ask([[55, [176]]])
      expect(latin1(dhcp.option(older, 176)!)).toBe('L2Q=0')
      const other = await ask([[55, [43, 242]]])
      expect(dhcp.option(other, 43)).toBeUndefined()
      expect(latin1(dhcp.option(other, 242)!)).toBe(SITE)
    })
  })

  it('forgets the lease time when told to', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { client } = await site(hosts, { omitLeaseTime: true })
      const offer = await client.ask(MessageType.discover)
      expect(codes(offer)).not.toContain(OptionCode.leaseTime)
    })
  })

  it('answers INFORM and renewals at the address the client has', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { client, server } = await site(hosts, { pool: { first: '10.0.0.2', last: '10.0.0.9' } })
      const inform = await client.ask(MessageType.inform, { ciaddr: '10.0.0.2' })
      expect([dhcp.messageType(inform), inform.yiaddr, formatAddress(inform.ciaddr)]).toEqual([
        MessageType.ack,
        0,
        '10.0.0.2',
      ])
      expect(codes(inform)).toEqual([1, 3, 53, 54, 242])
      expect(await client.lease('02:00:00:00:00:01')).toBe('10.0.0.2')
      await new Promise<void>((resolve) => void hosts.client.clock.after(HOUR / 2, resolve))
      const renewed = await client.ask(MessageType.request, { ciaddr: '10.0.0.2' })
      expect([dhcp.messageType(renewed), formatAddress(renewed.yiaddr)]).toEqual([MessageType.ack, '10.0.0.2'])
      await new Promise<void>((resolve) => void hosts.client.clock.after(HOUR - SECOND, resolve))
      expect(server.leaseOf('02:00:00:00:00:01')).toBe('10.0.0.2')
      await new Promise<void>((resolve) => void hosts.client.clock.after(2 * SECOND, resolve))
      expect(server.leaseOf('02:00:00:00:00:01')).toBe(undefined)
    })
  })
})

describe('settings of the DHCP server', () => {
  it('are refused with a reason when no server could follow them', () => {
    const { server } = emulatedHosts()
    const start = (options: Partial<DhcpServerOptions>) => () =>
      startDhcpServer(server, {
        serverAddress: '10.0.0.1',
        pool: { first: '10.0.0.10', last: '10.0.0.20' },
        mask: '255.255.255.0',
        ...options,
      })
    expect(start({ pool: { first: '10.0.0.20', last: '10.0.0.10' } })).toThrow('ends before it begins')
    expect(start({ pool: { first: '10.0.0.20', last: '10.0.1.10' } })).toThrow('larger than the mask')
    expect(start({ mask: '255.255.255' })).toThrow('mask: not an IPv4 address')
    expect(start({ siteOption: 'x'.repeat(256) })).toThrow('256 octets')
    expect(start({ siteOption: new Map([[242, 'x'.repeat(300)]]) })).toThrow('option 242 is 300 octets')
    expect(start({ options: [{ code: 255, value: new Uint8Array(1) }] })).toThrow('no such option')
    expect(start({ faults: [{ truncate: 1 }] })).toThrow("DHCP servers cannot play 'truncate'")
  })
})
