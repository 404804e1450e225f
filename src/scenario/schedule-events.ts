/**
 * The events and the rules of a scenario on a built site.
 */
import type { FrameFacts } from '../emulator/link/frame-facts.js'
import { PERFECT } from '../emulator/link/impairments.js'
import type { LinkConditions } from '../emulator/link/impairments.js'
import type { RampCondition } from '../emulator/link/link.js'
import type { EmulatedHost } from '../emulator/net/host.js'
import type { Phone } from '../emulator/phones/phone.js'
import type { Simulation } from '../emulator/sim/simulation.js'
import { SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'
import { formatMac } from '../wire/ethernet.js'
import { conditionsOf } from './build-network.js'
import type { DirectedLink } from './build-network.js'
import { isRamped } from './load-events.js'
import { allServers } from './scenario.js'
import type { LinkEvent, LinkSettings, PhoneEvent, Scenario, ServerEvent } from './scenario.js'
import type { ServerSwitches } from './start-servers.js'

/** How long the plug is out in a power cycle that does not say. */
export const POWER_CYCLE: Nanos = 5 * SECOND
/** How long a restart takes that does not say. */
const RESTART: Nanos = SECOND

/** What events and rules act on. */
export interface Actors {
  readonly sim: Simulation
  readonly links: ReadonlyMap<string, readonly DirectedLink[]>
  readonly phones: readonly Phone[]
  readonly phoneHosts: readonly EmulatedHost[]
  readonly servers: ServerSwitches
}

export function scheduleEvents({ events, links }: Scenario, actors: Actors): void {
  for (const event of events) {
    if ('link' in event) scheduleLinkEvent(event, links, actors)
    else if ('phones' in event) schedulePhoneEvent(event, actors)
    else scheduleServerEvent(event, actors)
  }
}

/** An event sets what it names; at its end those go back to what the scenario gave the link at the start. */
function scheduleLinkEvent(event: LinkEvent, initial: Scenario['links'], { sim, links }: Actors): void {
  const { at, link: name, set, duration, ramp } = event
  const first = (initial as Readonly<Record<string, LinkSettings>>)[/^phone-\d+$/.test(name) ? 'access' : name] ?? {}
  const start = conditionsOf(first)
  const change = conditionsOf(set)
  for (const { link, up } of links.get(name) ?? []) {
    for (const way of ['upward', 'downward'] as const) {
      const direction = (way === 'upward') === (up === 'a2b') ? 'a2b' : 'b2a'
      const to: Partial<LinkConditions> = { ...change.both, ...change[way] }
      if (Object.keys(to).length === 0) continue
      const before: LinkConditions = { ...PERFECT, ...start.both, ...start[way] }
      const back = pick(before, Object.keys(to) as (keyof LinkConditions)[])
      const go = (conditions: Partial<LinkConditions>, when: Nanos) => {
        const little = ramp === undefined ? {} : numbersOf(conditions)
        const rest = Object.fromEntries(Object.entries(conditions).filter(([key]) => !(key in little)))
        sim.at(when, () => link.set(rest, direction))
        if (ramp === undefined || Object.keys(little).length === 0) return
        link.ramp({ at: when, over: ramp, to: little, direction })
      }
      go(to, at)
      if (duration !== undefined) go(back, at + duration)
    }
  }
}

function pick(conditions: LinkConditions, keys: readonly (keyof LinkConditions)[]): Partial<LinkConditions> {
  return Object.fromEntries(keys.map((key) => [key, conditions[key]]))
}

/** What can change little by little. */
function numbersOf(conditions: Partial<LinkConditions>): Partial<Record<RampCondition, number>> {
  return Object.fromEntries(
    Object.entries(conditions).filter(
      (pair): pair is [RampCondition, number] =>
        isRamped(pair[0]) && typeof pair[1] === 'number' && Number.isFinite(pair[1]),
    ),
  )
}

function schedulePhoneEvent({ at, phones: positions, action, option, duration }: PhoneEvent, actors: Actors): void {
  const { sim, phones } = actors
  for (const position of positions) {
    const phone = phones[position]
    if (phone === undefined) continue
    sim.at(at, () => {
      switch (action) {
        case 'power-on':
          return phone.powerOn()
        case 'power-off':
          phone.powerOff()
          if (duration !== undefined) sim.schedule(duration, () => phone.powerOn())
          return
        case 'power-cycle':
          phone.powerOff()
          sim.schedule(duration ?? POWER_CYCLE, () => phone.powerOn())
          return
        case 'reset':
          return phone.reset()
        case 'clear':
          return phone.clearUserData()
        case 'change-option':
          return phone.changeUserData(option?.label ?? '', option?.value ?? '')
      }
    })
  }
}

function scheduleServerEvent({ at, server, action, duration }: ServerEvent, { servers }: Actors): void {
  const one = servers.get(server)
  if (one === undefined) return
  one.after(at, () => {
    if (action === 'start') return one.start()
    void one.stop()
    const back = duration ?? (action === 'restart' ? RESTART : undefined)
    if (back !== undefined) one.after(back, () => one.start())
  })
}

export function addRules(scenario: Scenario, { links, phoneHosts }: Actors): void {
  const { rules = [], servers } = scenario
  const addresses = new Map(allServers(servers).map(({ name, address }) => [name, address]))
  for (const { link: name, direction, phones, server, match, ...rule } of rules) {
    const hosts = phones?.flatMap((position) => phoneHosts[position] ?? [])
    const address = server === undefined ? undefined : addresses.get(server)
    const where =
      hosts === undefined && address === undefined
        ? {}
        : { where: (facts: FrameFacts) => isOf(facts, hosts) && isAt(facts, address) }
    for (const { link, up } of links.get(name) ?? []) {
      const way =
        direction === undefined ? {} : ({ direction: (direction === 'up') === (up === 'a2b') ? 'a2b' : 'b2a' } as const)
      link.addRule({ ...rule, match: { ...match, ...way, ...where } })
    }
  }
}

/** From or to one of these phones: by MAC, by the address it has now, or as a DHCP client behind a relay. */
function isOf(
  { sourceMac, destinationMac, clientMac, source, destination }: FrameFacts,
  hosts: readonly EmulatedHost[] | undefined,
): boolean {
  return (
    hosts === undefined ||
    hosts.some(({ mac, address }) => {
      const macText = formatMac(mac)
      if (macText === sourceMac || macText === destinationMac || macText === clientMac) return true
      return address !== 0 && (address === source || address === destination)
    })
  )
}

function isAt({ source, destination }: FrameFacts, address: number | undefined): boolean {
  return address === undefined || source === address || destination === address
}
