/**
 * Which hosts, switches, routers and firewalls there are and what connects them.
 *
 * Everything is named, names are unique per kind, and the order of creation is the order of everything that has one:
 * switch ports, made-up MAC addresses. The same calls make the same network.
 */
import { parseMac } from '../wire/ethernet.js'
import { parseAddress } from '../wire/ipv4.js'
import { Firewall, type FirewallOptions } from './link/firewall.js'
import type { LinkConditions } from './link/impairments.js'
import { Link, type LinkEndName, type LinkNode, type TapListener } from './link/link.js'
import { Router } from './link/router.js'
import { Switch, type SwitchOptions } from './link/switch.js'
import { EmulatedHost } from './net/host.js'
import type { StackProfile } from './net/profile.js'
import type { Simulation } from './sim/simulation.js'

/** First octets of made-up MAC addresses: locally administered. The rest counts. */
const MADE_UP_MAC = [0x02, 0x00] as const

export interface AddHostOptions {
  /** Six octets, or text as `02:00:00:00:00:01`. Without it the next made-up one. */
  readonly mac?: Uint8Array | string
  /** Text or uint32. Without it the host has no address until it is configured. */
  readonly address?: number | string
  /** 255.255.255.0 unless given. */
  readonly mask?: number | string
  readonly router?: number | string
  /** `linux` unless given. */
  readonly profile?: 'linux' | 'phone' | StackProfile
}

export interface ConnectOptions {
  /** `<a>-<b>` unless given. */
  readonly name?: string
  readonly both?: Partial<LinkConditions>
  /** On top of `both`. */
  readonly a2b?: Partial<LinkConditions>
  readonly b2a?: Partial<LinkConditions>
}

export class Network {
  readonly sim: Simulation
  readonly #hosts = new Map<string, EmulatedHost>()
  readonly #switches = new Map<string, Switch>()
  readonly #routers = new Map<string, Router>()
  readonly #firewalls = new Map<string, Firewall>()
  readonly #links = new Map<string, Link>()
  #macCount = 0

  constructor(sim: Simulation) {
    this.sim = sim
  }

  get hosts(): ReadonlyMap<string, EmulatedHost> {
    return this.#hosts
  }

  get switches(): ReadonlyMap<string, Switch> {
    return this.#switches
  }

  get routers(): ReadonlyMap<string, Router> {
    return this.#routers
  }

  get firewalls(): ReadonlyMap<string, Firewall> {
    return this.#firewalls
  }

  get links(): ReadonlyMap<string, Link> {
    return this.#links
  }

  /** @throws Error for a name that is taken, TypeError for addresses that are none */
  addHost(name: string, { mac, address, mask, router, profile }: AddHostOptions = {}): EmulatedHost {
    this.#claim(name)
    const host = new EmulatedHost(this.sim, name, {
      mac: mac === undefined ? this.#makeMac() : toMac(mac),
      ...(profile !== undefined && { profile }),
    })
    if (address !== undefined) {
      host.configure({
        address: toAddress(address),
        mask: mask === undefined ? 0xffffff00 : toAddress(mask),
        router: router === undefined ? undefined : toAddress(router),
      })
    }
    this.#hosts.set(name, host)
    return host
  }

  /** @throws Error for a name that is taken */
  addSwitch(name: string, options?: SwitchOptions): Switch {
    this.#claim(name)
    const added = new Switch(this.sim, name, options)
    this.#switches.set(name, added)
    return added
  }

  /** Its interfaces are added when it has links. @throws Error for a name that is taken */
  addRouter(name: string): Router {
    this.#claim(name)
    const added = new Router(this.sim, name)
    this.#routers.set(name, added)
    return added
  }

  /** The link that is connected first is its inside. @throws Error for a name that is taken */
  addFirewall(name: string, options: FirewallOptions): Firewall {
    this.#claim(name)
    const added = new Firewall(this.sim, name, options)
    this.#firewalls.set(name, added)
    return added
  }

  /** @throws Error for a name that is taken or a host that has a link, RangeError for impossible conditions */
  connect(a: LinkNode, b: LinkNode, { name = `${a.name}-${b.name}`, ...conditions }: ConnectOptions = {}): Link {
    if (this.#links.has(name)) throw new Error(`there is a link ${name} already`)
    const link = new Link(this.sim, name, a, b, conditions)
    this.#links.set(name, link)
    return link
  }

  /** @throws Error when there is none */
  /** Frames that all links delivered, both directions: the work the network did. */
  get framesDelivered(): number {
    let frames = 0
    for (const link of this.#links.values()) {
      frames += link.counters('a2b').delivered + link.counters('b2a').delivered
    }
    return frames
  }

  host(name: string): EmulatedHost {
    return found(this.#hosts, name, 'host')
  }

  /** @throws Error when there is none */
  switch(name: string): Switch {
    return found(this.#switches, name, 'switch')
  }

  /** @throws Error when there is none */
  router(name: string): Router {
    return found(this.#routers, name, 'router')
  }

  /** @throws Error when there is none */
  firewall(name: string): Firewall {
    return found(this.#firewalls, name, 'firewall')
  }

  /** @throws Error when there is none */
  link(name: string): Link {
    return found(this.#links, name, 'link')
  }

  /**
   * Listens to frames, octet for octet as they pass.
   *
   * At a switch: each frame once, as it comes in at whichever port (`received`). At a host: what its interface sends
   * and receives. At a link: what passes one end of it, `a` unless given, or the end a node is at.
   */
  tap(at: Switch | EmulatedHost, onFrame: TapListener): void
  tap(at: Link, onFrame: TapListener, end?: LinkEndName | LinkNode): void
  tap(at: Switch | EmulatedHost | Link, onFrame: TapListener, end: LinkEndName | LinkNode = 'a'): void {
    if (at instanceof Switch) at.tap(onFrame)
    else if (at instanceof Link) at.tap(typeof end === 'string' ? end : at.endOf(end), onFrame)
    else if (at.port === undefined) throw new Error(`host ${at.name} has no link to tap`)
    else at.port.link.tap(at.port.end, onFrame)
  }

  #claim(name: string): void {
    const taken = [this.#hosts, this.#switches, this.#routers, this.#firewalls].some((table) => table.has(name))
    if (taken) throw new Error(`there is a ${name} already`)
  }

  #makeMac(): Uint8Array {
    const count = ++this.#macCount
    return new Uint8Array([...MADE_UP_MAC, count >>> 24, count >>> 16, count >>> 8, count])
  }
}

function found<T>(table: ReadonlyMap<string, T>, name: string, kind: string): T {
  const value = table.get(name)
  if (value === undefined) throw new Error(`there is no ${kind} ${name}`)
  return value
}

function toAddress(address: number | string): number {
  const value = typeof address === 'number' ? address >>> 0 : parseAddress(address)
  if (value === undefined) throw new TypeError(`not an IPv4 address: ${address}`)
  return value
}

function toMac(mac: Uint8Array | string): Uint8Array {
  const value = typeof mac === 'string' ? parseMac(mac) : mac
  if (value === undefined || value.length !== 6) throw new TypeError(`not a MAC address: ${String(mac)}`)
  return value
}
