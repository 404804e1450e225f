/** TAP devices and packet sockets against the kernel, where the machine lets us. */
import { describe, expect, it } from 'vitest'
import { openFrameDevice, type FrameDevice } from '../../src/node/frame-device.js'
import * as arp from '../../src/wire/arp.js'
import * as ethernet from '../../src/wire/ethernet.js'
import * as ipv4 from '../../src/wire/ipv4.js'
import * as udp from '../../src/wire/udp.js'
import { canRun, command, deviceName, Namespace } from '../live/namespaces.js'

/** The next frame that `fits`; the test's own time limit is the only one. */
function frameWhere(device: FrameDevice, fits: (frame: Uint8Array) => boolean): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const look = (): void => {
      for (let frame = device.receive(); frame !== undefined; frame = device.receive()) if (fits(frame)) resolve(frame)
    }
    device.watch(look, () => {})
    look()
  })
}

function packetOf(frame: Uint8Array): ipv4.Ipv4Packet {
  return ipv4.decode(ethernet.decode(frame).payload)
}

const isUdp = (frame: Uint8Array): boolean => frame[12] === 8 && frame[13] === 0 && frame[23] === ipv4.Protocol.udp

describe('names that cannot be attached', () => {
  const linux = process.platform === 'linux'
  it.runIf(linux)('are refused in one line', () => {
    for (const name of ['', 'a/b', '..', 'sixteen-octets-x', 'two words']) {
      expect(() => openFrameDevice(name)).toThrow(/is no name of a network interface/)
    }
  })
  it.runIf(linux && process.getuid?.() !== 0)('and so is a TAP device without root', () => {
    expect(() => openFrameDevice('bwnotmine0')).toThrow(/ip tuntap add bwnotmine0 mode tap user/)
  })
  it.runIf(!linux)('say that Linux is needed', () => {
    expect(() => openFrameDevice('tap0')).toThrow(/Linux/)
  })
})

describe.runIf(canRun('TAP devices against the kernel', 'bash'))('a TAP device', () => {
  it('gives what the kernel sends and takes what it is to receive', async () => {
    const name = deviceName('t')
    const device = openFrameDevice(name)
    const namespace = new Namespace('tap')
    try {
      expect(device).toMatchObject({ kind: 'tap', name, mtu: 1500 })
      namespace.adopt(name, '10.7.0.1/24')
      const hardware = Uint8Array.of(2, 0, 0, 0, 0, 9)
      namespace.ip('neigh', 'add', '10.7.0.2', 'lladdr', '02:00:00:00:00:09', 'dev', name)
      const listener = namespace.start('bash', '-c', 'exec 3<>/dev/udp/10.7.0.2/4000; printf hello >&3; head -c 5 <&3')
      const frame = await frameWhere(device, isUdp)
      const { source, destination, payload } = ethernet.decode(frame)
      expect(destination).toEqual(hardware)
      const packet = ipv4.decode(payload)
      expect(udp.checksumIsRight(packet.payload, packet.source, packet.destination)).toBe(true)
      const asked = udp.decode(packet.payload)
      expect(Buffer.from(asked.payload).toString()).toBe('hello')

      const answer = udp.encode(
        { sourcePort: 4000, destinationPort: asked.sourcePort, payload: Buffer.from('world') },
        packet.destination,
        packet.source,
      )
      const answerPacket = ipv4.encode({
        protocol: ipv4.Protocol.udp,
        source: packet.destination,
        destination: packet.source,
        payload: answer,
      })
      const etherType = ethernet.EtherType.ipv4
      expect(
        device.send(ethernet.encode({ destination: source, source: hardware, etherType, payload: answerPacket })),
      ).toBe(true)
      let heard = ''
      for await (const chunk of listener.stdout!) heard += String(chunk)
      expect(heard).toBe('world')
      expect(device.counters).toMatchObject({ refused: 0, unusable: 0 })
    } finally {
      await namespace.close()
      device.close()
    }
  })

  it('counts what an interface refuses, and says when it is gone', async () => {
    const name = deviceName('d')
    const device = openFrameDevice(name)
    const namespace = new Namespace('gone')
    try {
      namespace.adopt(name, '10.7.1.1/24')
      namespace.ip('link', 'set', name, 'down')
      expect(device.send(new Uint8Array(60))).toBe(true)
      expect(device.counters).toMatchObject({ sent: 0, refused: 1 })
      namespace.ip('link', 'del', name)
      expect(() => device.send(new Uint8Array(60))).toThrow(`${name}: the TAP device is gone`)
      expect(() => device.receive()).toThrow('gone')
    } finally {
      await namespace.close()
      device.close()
    }
  })

  it('refuses a second program and a TUN device', () => {
    const [taken, tun] = [deviceName('a'), deviceName('u')]
    const device = openFrameDevice(taken)
    command('ip', 'tuntap', 'add', tun, 'mode', 'tun')
    try {
      expect(() => openFrameDevice(taken)).toThrow(`${taken}: another program is attached to it`)
      expect(() => openFrameDevice(tun)).toThrow(/is a TUN device/)
    } finally {
      device.close()
      command('ip', 'link', 'del', tun)
    }
  })
})

describe.runIf(canRun('packet sockets on veth interfaces', 'bash', 'ncat'))('a packet socket', () => {
  async function onVeth(
    work: (device: FrameDevice, namespace: Namespace, name: string) => Promise<void>,
  ): Promise<void> {
    const [here, there] = [deviceName('h'), deviceName('v')]
    command('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there)
    const namespace = new Namespace('veth')
    namespace.adopt(there, '10.7.2.1/24')
    const device = openFrameDevice(here)
    try {
      namespace.ip('neigh', 'add', '10.7.2.2', 'lladdr', '02:00:00:00:00:09', 'dev', there)
      await work(device, namespace, there)
    } finally {
      device.close()
      await namespace.close()
    }
  }

  it('sees frames with whole checksums although the sender left them to its card', async () => {
    await onVeth(async (device, namespace) => {
      expect(device.kind).toBe('interface')
      await namespace.run('bash', '-c', 'exec 3<>/dev/udp/10.7.2.2/4000; printf hello >&3')
      const packet = packetOf(await frameWhere(device, isUdp))
      expect(udp.checksumIsRight(packet.payload, packet.source, packet.destination)).toBe(true)
      // An ARP request of ours is answered by the kernel at the other end.
      const sender = Uint8Array.of(2, 0, 0, 0, 0, 9)
      const request = arp.encode({
        operation: arp.Operation.request,
        senderMac: sender,
        senderAddress: packet.destination,
        targetMac: new Uint8Array(6),
        targetAddress: packet.source,
      })
      const isReply = (frame: Uint8Array): boolean => frame[13] === 6 && frame[21] === 2
      const answered = frameWhere(device, isReply)
      device.send(
        ethernet.encode({
          destination: ethernet.BROADCAST,
          source: sender,
          etherType: ethernet.EtherType.arp,
          payload: request,
        }),
      )
      expect(arp.decode(ethernet.decode(await answered).payload)).toMatchObject({ senderAddress: packet.source })
    })
  })

  it('puts the VLAN tag back that the kernel took out', async () => {
    const [here, there] = [deviceName('h'), deviceName('v')]
    command('ip', 'link', 'add', here, 'type', 'veth', 'peer', 'name', there)
    const [near, far] = [openFrameDevice(here), openFrameDevice(there)]
    try {
      const payload = ipv4.encode({ protocol: 17, source: 1, destination: 2, payload: new Uint8Array(40).fill(7) })
      const tagged = new Uint8Array(18 + payload.length)
      tagged.set([2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 0x81, 0x00, 0xa0, 200, 0x08, 0x00])
      tagged.set(payload, 18)
      const arrived = frameWhere(near, (frame) => frame[12] === 0x81)
      far.send(tagged)
      expect([...(await arrived)]).toEqual([...tagged])
    } finally {
      near.close()
      far.close()
      command('ip', 'link', 'del', here)
    }
  })
})
