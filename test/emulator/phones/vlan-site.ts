/**
 * An office with a data VLAN (10, untagged at the phone) and a voice VLAN (20, tagged), a DHCP server in each, and a file
 * server and a router in each; all small, on the emulated stack.
 */
import { latin1Bytes } from '../../../src/base/bytes.js'
import { Random } from '../../../src/base/random.js'
import { SECOND, type Nanos } from '../../../src/base/time.js'
import { modelByName, phoneMac } from '../../../src/deskphone/series.js'
import { Dot1xAuthenticator, type Dot1xOptions } from '../../../src/emulator/link/dot1x-authenticator.js'
import { LldpAgent, type LldpAdvertisement } from '../../../src/emulator/link/lldp-agent.js'
import type { PortMode } from '../../../src/emulator/link/switch.js'
import { isTagged, vidOf, withoutTag } from '../../../src/emulator/link/vlan-tags.js'
import type { EmulatedHost } from '../../../src/emulator/net/host.js'
import { newMemory, type PhoneMemory } from '../../../src/emulator/phones/memory.js'
import { Phone } from '../../../src/emulator/phones/phone.js'
import type { PhoneEvent, PhoneOptions } from '../../../src/emulator/phones/phone-options.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import * as dhcp from '../../../src/wire/dhcp.js'
import * as eapol from '../../../src/wire/eapol.js'
import { encodeResponse, RequestParser } from '../../../src/wire/http1.js'
import { parseAddress } from '../../../src/wire/ipv4.js'
import * as lldp from '../../../src/wire/lldp.js'
import { u32 } from './tiny-site.js'

export const DATA = 10
export const VOICE = 20
const SWITCH_MAC = Uint8Array.of(2, 0, 0, 0, 1, 1)

export interface ScopeOptions {
  siteOption: string | undefined
  /** Other options; one of the same code takes the place of what the server sends. */
  options: { code: number; data: Uint8Array }[]
  silent: boolean
}

export class VlanSite {
  readonly sim = new Simulation({ seed: 1 })
  readonly network = new Network(this.sim)
  readonly access = this.network.addSwitch('access')
  readonly data: ScopeOptions = { siteOption: undefined, options: [], silent: false }
  readonly voice: ScopeOptions = { siteOption: undefined, options: [], silent: false }
  /** `DISCOVER 20` and so on, as they pass the phone's end of its link: the message and its tag, `-` without one. */
  readonly wire: string[] = []
  /** Off while a test sends what nobody could read. */
  watches = true
  readonly lldpSent: lldp.Lldpdu[] = []
  readonly events: PhoneEvent[] = []
  phone!: Phone
  memory!: PhoneMemory
  agent: LldpAgent | undefined
  readonly hosts = new Map<string, EmulatedHost>()

  constructor() {
    for (const [vlan, scope] of [
      [DATA, this.data],
      [VOICE, this.voice],
    ] as const) {
      // prettier-ignore
      const net = `10.${vlan}.0`
      const server = this.#host(`server-${vlan}`, `${net}.2`, vlan)
      this.#host(`router-${vlan}`, `${net}.1`, vlan)
      this.hosts.set(`server-${vlan}`, server)
      serveDhcp(server, net, scope)
      serveHttp(server)
      scope.siteOption = `HTTPSRVR=${net}.2`
    }
  }

  addPhone(
    model: string,
    { port = { kind: 'voice', vlan: DATA, voice: VOICE }, lldp: advertisement, dot1x, remembers = () => undefined, ...options }: {
      port?: PortMode
      lldp?: LldpAdvertisement
      dot1x?: Partial<Dot1xOptions>
      remembers?: (memory: PhoneMemory) => void
    } & Partial<PhoneOptions> = {}, // prettier-ignore
  ): Phone {
    const known = modelByName(model)!
    const host = this.network.addHost('phone', { mac: phoneMac(known.series, 0), profile: 'phone' })
    const link = this.network.connect(host, this.access, { both: { delay: 50_000 } })
    this.access.setPort(link, port)
    this.memory = newMemory(known)
    remembers(this.memory)
    if (advertisement !== undefined) {
      this.agent = new LldpAgent(this.sim, this.access, link, { mac: SWITCH_MAC, portName: '1', ...advertisement })
    }
    const authenticator = dot1x && new Dot1xAuthenticator(this.sim, this.access, link, { mac: SWITCH_MAC, ...dot1x })
    this.network.tap(host, (_time, frame) => this.#see(frame))
    this.phone = new Phone({
      transport: host,
      model: known,
      random: Random.for(1, 'phone'),
      memory: this.memory,
      log: (event) => {
        this.events.push(event)
        if (event.event !== 'boot') return
        this.agent?.linkUp()
        authenticator?.linkUp()
      },
      ...options,
    })
    return this.phone
  }

  /** Until the phone has its outcome, or so long. */
  async run(limit: Nanos = 600 * SECOND): Promise<void> {
    this.phone.powerOn()
    await this.sim.run({
      until: limit,
      while: () => this.phone.story.outcome === 'running',
    })
  }

  failures(): string[] {
    return this.phone.story.failures.map(({ cause }) => cause)
  }

  #host(name: string, address: string, vlan: number): EmulatedHost {
    const host = this.network.addHost(name, { address })
    this.access.setPort(this.network.connect(host, this.access), { kind: 'access', vlan })
    return host
  }

  #see(frame: Uint8Array): void {
    const tag = isTagged(frame) ? String(vidOf(frame)) : '-'
    const inner = withoutTag(frame)
    if (!this.watches) return
    const etherType = (inner[12]! << 8) | inner[13]!
    if (etherType === 0x88cc && inner[6] !== 2) this.lldpSent.push(lldp.decode(inner.subarray(14)))
    if (etherType === 0x888e) {
      const packet = eapol.decode(inner.subarray(14))
      this.wire.push(packet.type === 0 ? eapol.eapName(eapol.decodeEap(packet.body)) : `EAPOL ${packet.type}`)
    }
    const port = (inner[36]! << 8) | inner[37]!
    if (etherType !== 0x0800 || inner[23] !== 17 || (port !== 67 && port !== 68)) return
    const message = dhcp.decode(inner.subarray(42))
    this.wire.push(`${dhcp.messageTypeName(dhcp.messageType(message))} ${tag}`)
  }
}

function serveDhcp(host: EmulatedHost, net: string, scope: ScopeOptions): void {
  const socket = host.bindUdp(dhcp.SERVER_PORT, ({ payload }) => {
    const message = dhcp.decode(payload)
    const type = dhcp.messageType(message)
    if (scope.silent || (type !== dhcp.MessageType.discover && type !== dhcp.MessageType.request)) return
    const asked = [...(dhcp.option(message, dhcp.OptionCode.parameterRequestList) ?? [])]
    const number = [242, 176].find((code) => asked.includes(code))!
    const options = [
      { code: 53, data: Uint8Array.of(type === 1 ? 2 : 5) },
      { code: 54, data: u32(parseAddress(`${net}.2`)!) },
      { code: 51, data: u32(86_400) },
      { code: 1, data: u32(0xffffff00) },
      { code: 3, data: u32(parseAddress(`${net}.1`)!) },
      ...(scope.siteOption === undefined ? [] : [{ code: number, data: latin1Bytes(scope.siteOption) }]),
    ].filter(({ code }) => scope.options.every((other) => other.code !== code))
    const reply = dhcp.encode({
      op: 2,
      xid: message.xid,
      yiaddr: parseAddress(`${net}.100`)!,
      chaddr: dhcp.hardwareAddress(message),
      options: [...options, ...scope.options],
    })
    socket.send(reply, message.ciaddr === 0 ? 0xffffffff : message.ciaddr, dhcp.CLIENT_PORT)
  })
}

/** Every script is empty but for the settings file, which is too. */
function serveHttp(host: EmulatedHost): void {
  host.listenTcp(80, (socket) => {
    const parser = new RequestParser({
      complete: () => {
        const headers = [{ name: 'Content-Length', value: '2' }]
        socket.write(encodeResponse({ status: 200, reason: 'OK', headers }))
        socket.write(latin1Bytes('#\n'))
        socket.end()
      },
    })
    return { data: (bytes) => parser.push(bytes), end: () => socket.end() }
  })
}
