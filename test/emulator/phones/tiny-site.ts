/**
 * A site with one of everything, for phones to boot in: an access switch, a router that answers ARP, and one server with
 * DHCP, TFTP and HTTP in the smallest form that works, straight on the emulated stack. No Node servers, so that these
 * tests are about phones.
 */
import { latin1, latin1Bytes } from '../../../src/base/bytes.js'
import { Random } from '../../../src/base/random.js'
import { SECOND, type Nanos } from '../../../src/base/time.js'
import { modelByName, phoneMac } from '../../../src/deskphone/series.js'
import type { LinkConditions } from '../../../src/emulator/link/impairments.js'
import type { EmulatedHost } from '../../../src/emulator/net/host.js'
import { Phone } from '../../../src/emulator/phones/phone.js'
import type { PhoneEvent, PhoneOptions } from '../../../src/emulator/phones/phone-options.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import * as dhcp from '../../../src/wire/dhcp.js'
import { encodeResponse, header, RequestParser, type RequestHead } from '../../../src/wire/http1.js'
import { parseAddress } from '../../../src/wire/ipv4.js'
import * as tftp from '../../../src/wire/tftp.js'

export const SERVER = '10.20.0.2'
export const ROUTER = '10.20.0.1'
const FIRST_ADDRESS = parseAddress('10.20.0.100')!

export interface DhcpSeen {
  readonly time: Nanos
  readonly type: string
  readonly message: dhcp.DhcpMessage
}

export interface HttpSeen {
  readonly time: Nanos
  readonly method: string
  readonly path: string
  readonly headers: RequestHead['headers']
  readonly body: string
}

export interface HttpAnswer {
  readonly status: number
  readonly body?: string | Uint8Array
  readonly headers?: readonly { name: string; value: string }[]
  /** Octets of the body after which the connection is closed; the header promises them all. */
  readonly truncate?: number
}

export class TinySite {
  readonly sim: Simulation
  readonly network: Network
  readonly server: EmulatedHost
  readonly #switch
  readonly #access: Partial<LinkConditions>
  /** By path with leading slash for HTTP, as named for TFTP. */
  readonly httpFiles = new Map<string, string | Uint8Array>()
  readonly tftpFiles = new Map<string, string | Uint8Array>()
  /** Site option by number. */
  readonly siteOptions = new Map<number, string>()
  readonly dhcpSeen: DhcpSeen[] = []
  readonly httpSeen: HttpSeen[] = []
  readonly tftpSeen: string[] = []
  readonly events: PhoneEvent[] = []
  readonly phones: Phone[] = []
  leaseTime: number | undefined = 86_400
  siaddr = 0
  router: string | undefined = ROUTER
  /** What the HTTP server does before looking for a file; `hang` never answers. */
  http: (request: HttpSeen) => HttpAnswer | 'hang' | undefined = () => undefined
  /** What the DHCP server does with a message; true: nothing. */
  ignoreDhcp: (seen: DhcpSeen) => boolean = () => false
  refuseDhcp: (seen: DhcpSeen) => boolean = () => false
  #leases = new Map<string, number>()
  #nextAddress = FIRST_ADDRESS

  /** @param access link conditions of each phone */
  constructor(seed = 1, access: Partial<LinkConditions> = {}) {
    this.#access = access
    this.sim = new Simulation({ seed })
    this.network = new Network(this.sim)
    this.#switch = this.network.addSwitch('access')
    this.server = this.network.addHost('server', { address: SERVER, mask: '255.255.0.0' })
    const gateway = this.network.addHost('gateway', { address: ROUTER, mask: '255.255.0.0' })
    this.network.connect(this.server, this.#switch, { both: { delay: 100_000 } })
    this.network.connect(gateway, this.#switch)
    this.#serveDhcp()
    this.#serveTftp()
  }

  addPhone(model: string, options: Partial<PhoneOptions> = {}): Phone {
    const known = modelByName(model)!
    const index = this.phones.length
    const name = `phone-${index + 1}`
    const host = this.network.addHost(name, { mac: phoneMac(known.series, index), profile: 'phone' })
    this.network.connect(host, this.#switch, { both: { delay: 50_000, ...this.#access } })
    const phone = new Phone({
      transport: host,
      model: known,
      random: Random.for(this.sim.seed, name),
      log: (event) => this.events.push(event),
      ...options,
    })
    this.phones.push(phone)
    return phone
  }

  /** Another host on the LAN. */
  addHost(name: string, address: string): EmulatedHost {
    const host = this.network.addHost(name, { address })
    this.network.connect(host, this.#switch)
    return host
  }

  /** Until every phone has its outcome, or so long. */
  async run(limit: Nanos = 3600 * SECOND): Promise<void> {
    await this.sim.run({
      until: this.sim.now + limit,
      while: () => this.phones.some((phone) => phone.story.outcome === 'running'),
    })
  }

  texts(): string[] {
    return this.events.filter(({ event }) => event === 'display').map(({ detail }) => String(detail['text']))
  }

  logged(event: string): PhoneEvent[] {
    return this.events.filter((candidate) => candidate.event === event)
  }

  #serveDhcp(): void {
    const { server } = this
    const socket = server.bindUdp(dhcp.SERVER_PORT, ({ payload }) => {
      const message = dhcp.decode(payload)
      const type = dhcp.messageTypeName(dhcp.messageType(message))
      const seen = { time: this.sim.now, type, message }
      this.dhcpSeen.push(seen)
      if (this.ignoreDhcp(seen)) return
      const mac = latin1(dhcp.hardwareAddress(message))
      if (type === 'DECLINE') this.#leases.delete(mac)
      if (type !== 'DISCOVER' && type !== 'REQUEST') return
      if (!this.#leases.has(mac)) this.#leases.set(mac, this.#nextAddress++)
      const refused = this.refuseDhcp(seen)
      const own = type === 'DISCOVER' ? dhcp.MessageType.offer : refused ? dhcp.MessageType.nak : dhcp.MessageType.ack
      const asked = [...(dhcp.option(message, dhcp.OptionCode.parameterRequestList) ?? [])]
      const options: { code: number; data: Uint8Array }[] = [
        { code: dhcp.OptionCode.messageType, data: Uint8Array.of(own) },
        { code: dhcp.OptionCode.serverIdentifier, data: u32(parseAddress(SERVER)!) },
      ]
      if (own !== dhcp.MessageType.nak) {
        options.push({ code: dhcp.OptionCode.subnetMask, data: u32(0xffff0000) })
        if (this.leaseTime !== undefined) options.push({ code: dhcp.OptionCode.leaseTime, data: u32(this.leaseTime) })
        if (this.router !== undefined) {
          options.push({ code: dhcp.OptionCode.router, data: u32(parseAddress(this.router)!) })
        }
        for (const [number, text] of this.siteOptions) {
          if (asked.includes(number)) options.push({ code: number, data: latin1Bytes(text) })
        }
      }
      const yiaddr = own === dhcp.MessageType.nak ? 0 : this.#leases.get(mac)!
      const reply = dhcp.encode({
        op: dhcp.Operation.bootReply,
        xid: message.xid,
        yiaddr,
        siaddr: this.siaddr,
        chaddr: dhcp.hardwareAddress(message),
        options,
      })
      const to = message.ciaddr !== 0 && own !== dhcp.MessageType.nak ? message.ciaddr : 0xffffffff
      socket.send(reply, to, dhcp.CLIENT_PORT)
    })
  }

  #serveTftp(): void {
    const { server } = this
    server.bindUdp(tftp.SERVER_PORT, ({ payload, sourceAddress, sourcePort }) => {
      const request = tftp.decode(payload)
      if (request.op !== 'rrq') return
      this.tftpSeen.push(`${request.filename} ${request.mode} ${sourcePort}`)
      const file = this.tftpFiles.get(request.filename)
      const content = typeof file === 'string' ? latin1Bytes(file) : file
      const socket = server.bindUdp(0, (datagram) => {
        const answer = tftp.decode(datagram.payload)
        if (answer.op === 'ack' && content && answer.block * 512 <= content.length) block(answer.block + 1)
      })
      const block = (number: number) => {
        const data = content!.subarray((number - 1) * 512, number * 512)
        socket.send(tftp.encode({ op: 'data', block: number, data }), sourceAddress, sourcePort)
      }
      if (content) block(1)
      else socket.send(tftp.encode({ op: 'error', code: 1, message: 'File not found' }), sourceAddress, sourcePort)
    })
  }

  /** Opens TCP port 80. Without it the phone's SYN is refused. */
  serveHttp(port = 80): void {
    this.server.listenTcp(port, (socket) => {
      let head: RequestHead
      let body = ''
      const parser = new RequestParser({
        head: (received) => {
          head = received
          body = ''
        },
        body: (bytes) => (body += latin1(bytes)),
        complete: () => {
          const { method, target, headers } = head
          const seen = { time: this.sim.now, method, path: target, headers, body }
          this.httpSeen.push(seen)
          const answer = this.http(seen) ?? this.#file(seen)
          if (answer === 'hang') return
          const text = answer.body ?? ''
          const bytes = typeof text === 'string' ? latin1Bytes(text) : text
          const length = { name: 'Content-Length', value: String(bytes.length) }
          const all = [length, { name: 'ETag', value: '"1"' }, ...(answer.headers ?? [])]
          socket.write(encodeResponse({ status: answer.status, reason: 'Status', headers: all }))
          const sent = answer.truncate === undefined ? bytes : bytes.subarray(0, answer.truncate)
          if (sent.length > 0) socket.write(sent)
          socket.end()
        },
      })
      return {
        data: (bytes) => parser.push(bytes),
        end: () => socket.end(),
      }
    })
  }

  #file({ method, path, body }: HttpSeen): HttpAnswer {
    if (method === 'PUT') {
      const status = this.httpFiles.has(path) ? 204 : 201
      this.httpFiles.set(path, body)
      return { status }
    }
    const file = this.httpFiles.get(path)
    return file === undefined ? { status: 404, body: 'no such file' } : { status: 200, body: file }
  }
}

/** The value of a request's header. */
export function requestHeader(seen: HttpSeen, name: string): string | undefined {
  return header(seen.headers, name)
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
