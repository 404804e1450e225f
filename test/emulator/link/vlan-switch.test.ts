import { describe, expect, it } from 'vitest'
import { MILLISECOND } from '../../../src/base/time.js'
import type { Link } from '../../../src/emulator/link/link.js'
import { Switch, type MirrorOptions } from '../../../src/emulator/link/switch.js'
import { isTagged, vidOf, withoutTag, withTag } from '../../../src/emulator/link/vlan-tags.js'
import { Simulation } from '../../../src/emulator/sim/simulation.js'
import { Network } from '../../../src/emulator/topology.js'
import { EndNode } from './bench-link.js'

const BROADCAST = 0xff

/** Ends on a switch; frames are a letter, with a tag or without. */
function bench(names: readonly string[]) {
  const sim = new Simulation({ seed: 1 })
  const network = new Network(sim)
  const box = new Switch(sim, 'box')
  const nodes = new Map(names.map((name) => [name, new EndNode(sim, name)]))
  const links = new Map([...nodes].map(([name, node]) => [name, network.connect(node, box)]))
  const link = (name: string): Link => links.get(name)!
  const send = (from: string, to: number, letter: string, vid?: number): void => {
    const frame = new Uint8Array(60)
    frame.fill(to, 0, 6)
    frame.set([2, 0, 0, 0, 0, from.charCodeAt(0)], 6)
    frame.set([8, 0, letter.charCodeAt(0)], 12)
    nodes.get(from)!.port.transmit(vid === undefined ? frame : withTag(frame, vid))
  }
  /** What each end got: `x` untagged, `x10` with the tag of VLAN 10. */
  const received = async (): Promise<Record<string, string>> => {
    await sim.run()
    const words = [...nodes].map(([name, node]) => {
      const letters = node.received.splice(0).map(({ frame }) => {
        const tag = isTagged(frame) ? String(vidOf(frame)) : ''
        return String.fromCharCode(withoutTag(frame)[14]!) + tag
      })
      return [name, letters.join(' ')] as const
    })
    return Object.fromEntries(words.filter(([, letters]) => letters !== ''))
  }
  return { sim, box, link, nodes, send, received }
}

describe('a switch with VLANs', () => {
  function office() {
    const made = bench(['pc', 'data', 'phone', 'trunk', 'other', 'none'])
    const { box, link } = made
    box.setPort(link('data'), { kind: 'access', vlan: 10 })
    box.setPort(link('pc'), { kind: 'access', vlan: 10 })
    box.setPort(link('phone'), { kind: 'voice', vlan: 10, voice: 20 })
    box.setPort(link('trunk'), { kind: 'trunk', native: 99, allowed: [10, 20] })
    box.setPort(link('other'), { kind: 'access', vlan: 30 })
    return made
  }

  it('keeps untagged frames to their VLAN, and tags them on the trunk', async () => {
    const { send, received } = office()
    send('pc', BROADCAST, 'x')
    expect(await received()).toEqual({ data: 'x', phone: 'x', trunk: 'x10' })
  })

  it("takes a phone's tagged frames into the voice VLAN and gives them back tagged", async () => {
    const { send, received } = office()
    send('phone', BROADCAST, 'v', 20)
    expect(await received()).toEqual({ trunk: 'v20' })
    send('trunk', BROADCAST, 'w', 20)
    expect(await received()).toEqual({ phone: 'w20' })
  })

  it('drops what a port does not take, and counts it', async () => {
    const { box, send, received } = office()
    send('pc', BROADCAST, 'x', 20)
    send('phone', BROADCAST, 'x', 30)
    send('trunk', BROADCAST, 'x', 30)
    expect(await received()).toEqual({})
    expect(box.counters.wrongVlan).toBe(3)
  })

  it('puts untagged frames of a trunk in its native VLAN, and of VLAN 0 too', async () => {
    const { box, link, send, received } = office()
    box.setPort(link('other'), { kind: 'access', vlan: 99 })
    send('trunk', BROADCAST, 'n')
    send('trunk', BROADCAST, 'p', 0)
    expect(await received()).toEqual({ other: 'n p' })
    send('other', BROADCAST, 'm')
    expect(await received()).toEqual({ trunk: 'm' })
  })

  it('puts ports that nobody set in VLAN 1', async () => {
    const { send, received } = office()
    send('none', BROADCAST, 'x')
    expect(await received()).toEqual({})
  })

  it('learns an address in each VLAN by itself', async () => {
    const { box, link, nodes, send, received } = office()
    send('trunk', BROADCAST, 'a', 20)
    await received()
    // The same address in VLAN 10, which has not seen it: flooded.
    const frame = new Uint8Array(60)
    frame.set([2, 0, 0, 0, 0, 'trunk'.charCodeAt(0)], 0)
    frame.set([2, 0, 0, 0, 0, 7], 6)
    frame.set([8, 0, 'y'.charCodeAt(0)], 12)
    nodes.get('pc')!.port.transmit(frame)
    expect(Object.keys(await received()).sort()).toEqual(['data', 'phone', 'trunk'])
    expect(() => box.setPort(link('pc'), { kind: 'access', vlan: 4095 })).toThrow('not a VLAN: 4095')
  })

  it('keeps LLDP and 802.1X to the link', async () => {
    const { box, nodes, received } = bench(['a', 'b'])
    const frame = new Uint8Array(60)
    frame.set([0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc])
    nodes.get('a')!.port.transmit(frame)
    expect(await received()).toEqual({})
    expect(box.counters.reserved).toBe(1)
  })
})

describe('a mirror port', () => {
  async function watch(options: Partial<MirrorOptions>): Promise<string | undefined> {
    const { box, link, send, received } = bench(['a', 'b', 'c', 'watcher'])
    box.setPort(link('a'), { kind: 'access', vlan: 10 })
    box.setPort(link('b'), { kind: 'trunk', allowed: [10, 20] })
    box.mirror({ from: [link('a')], to: link('watcher'), ...options })
    send('a', BROADCAST, 'r')
    send('b', BROADCAST, 's', 10)
    send('c', BROADCAST, 'x')
    // What the watcher sends goes nowhere.
    send('watcher', BROADCAST, 'w')
    return (await received()).watcher
  }

  it('sees what a port receives, sends, or both', async () => {
    expect(await watch({ direction: 'received' })).toBe('r')
    expect(await watch({ direction: 'sent' })).toBe('s')
    expect(await watch({})).toBe('r s')
  })

  it('sees frames with the tag of their VLAN, or without any', async () => {
    expect(await watch({ tags: true })).toBe('r10 s10')
    expect(await watch({ tags: false })).toBe('r s')
  })

  it('loses what its own link has no room for, and nobody else does', async () => {
    const { box, link, nodes, sim } = bench(['a', 'b', 'watcher'])
    box.mirror({ from: [link('a'), link('b')], to: link('watcher') })
    link('watcher').set({ rate: 10_000_000, limit: 10 })
    const frame = new Uint8Array(1000).fill(0xff, 0, 6)
    for (let i = 0; i < 100; i++) nodes.get('a')!.port.transmit(frame)
    await sim.run()
    expect(nodes.get('b')!.received).toHaveLength(100)
    expect(nodes.get('watcher')!.received).toHaveLength(10)
    // Received at a and sent at b: twice each.
    expect(box.counters.mirrored).toBe(200)
  })
})

describe('a flood', () => {
  /** Arrival order and times at 40 ends of which some differ: in delay, with a tap, with loss. */
  async function arrivals(asOne: boolean): Promise<string[]> {
    const sim = new Simulation({ seed: 3 })
    const network = new Network(sim)
    const box = network.addSwitch('box')
    const seen: string[] = []
    const nodes = Array.from({ length: 40 }, (_, i) => {
      const node = new EndNode(sim, `n${i}`)
      const delay = i % 7 === 0 ? 2 * MILLISECOND : MILLISECOND
      const link = network.connect(node, box, { both: { delay, rate: 100_000_000, loss: i % 11 === 5 ? 0.5 : 0 } })
      node.port.receive = (frame) => {
        seen.push(`${sim.now} ${node.name} ${frame[20]}`)
        // Answers at once, so that what happens within an instant counts as well.
        if (frame[20]! < 50 && i % 9 === 2) node.port.transmit(labelled(i, 50 + i))
      }
      if (!asOne || i % 13 === 4) network.tap(link, () => {}, box)
      return node
    })
    for (let n = 0; n < 30; n++) sim.at(n * 10_000, () => nodes[n]!.port.transmit(labelled(n, n)))
    await sim.run()
    for (let i = 0; i < 40; i++) {
      const { sent, delivered, lost } = network.link(`n${i}-box`).counters('b2a')
      seen.push(`${sent} ${delivered} ${lost}`)
    }
    return seen
  }

  function labelled(from: number, label: number): Uint8Array {
    const frame = new Uint8Array(60).fill(0xff, 0, 6)
    frame.set([2, 0, 0, 0, 0, from], 6)
    frame[20] = label
    return frame
  }

  it('arrives in the same order at the same times, and counts the same, in one event or in many', async () => {
    const many = await arrivals(false)
    expect(await arrivals(true)).toEqual(many)
    expect(many.length).toBeGreaterThan(1000)
  })

  it('among ports that are alike is one event', async () => {
    const sim = new Simulation({ seed: 1 })
    const network = new Network(sim)
    const box = network.addSwitch('box')
    const nodes = Array.from({ length: 1000 }, (_, i) => new EndNode(sim, `n${i}`))
    for (const node of nodes) network.connect(node, box, { both: { delay: MILLISECOND, rate: 100_000_000 } })
    nodes[0]!.port.transmit(labelled(0, 1))
    await sim.run()
    expect(nodes.filter(({ received }) => received.length === 1)).toHaveLength(999)
    expect(sim.eventCount).toBe(2)
  })
})
