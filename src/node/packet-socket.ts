/**
 * Packet sockets, packet(7): every frame that comes in on an interface that is there, and a way to send on it, beside the
 * machine's own use of it. The interface listens to all addresses (promiscuous), as phones on it have their own.
 *
 * Two sockets. One receives: with the state of offload (offload.ts) and of the VLAN tag, which the kernel takes out of the
 * frame, before each packet; frames that this machine sends are not shown to it. The other only sends.
 */
import { UsageError } from '../base/errors.js'
import type { DeviceCounters, FrameDevice } from './frame-device.js'
import { errorName, hasNoRoom, readyInterface, systemReason } from './interface-request.js'
import type { LinuxCalls, Watch } from './libc.js'
import { OFFLOAD_HEADER_LENGTH, undoOffload } from './offload.js'

const AF_PACKET = 17
const SOCK_RAW = 3
/** SOCK_NONBLOCK | SOCK_CLOEXEC */
const SOCKET_FLAGS = 0o2004000
/** ETH_P_ALL in network order. */
const ALL_PROTOCOLS = 0x0300

const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_AUXDATA = 8
const PACKET_VNET_HDR = 15
const PACKET_IGNORE_OUTGOING = 23
const PACKET_MR_PROMISC = 1

/** struct tpacket_auxdata: tp_status has these bits where a tag was taken out. */
const VLAN_VALID = 0x10
const VLAN_TPID_VALID = 0x40
const DEFAULT_TPID = 0x8100
/** Addresses come before the tag. */
const TAG_PLACE = 12
const TAG_LENGTH = 4

/** The largest piece that offload makes, with headers. */
const MAX_PACKET = 65_536 + 256
/** Octets that wait in the kernel while we are busy. */
const RECEIVE_BUFFER = 8 * 1024 * 1024
const CONTROL_LENGTH = 128
const CONTROL_HEADER_LENGTH = 16

/** @throws UsageError */
export function openPacketSocket(calls: LinuxCalls, name: string): FrameDevice {
  const { index, mtu } = readyInterface(calls, name)
  const receiver = openSocket(calls, name)
  let sender = -1
  try {
    // Options first: no packet is to come in without them.
    const order = (option: number, value: Uint8Array, needed: string): void => {
      if (calls.setsockopt(receiver, SOL_PACKET, option, value, value.length) < 0) {
        throw new UsageError(
          `${name}: this kernel has no ${needed} (${errorName(calls.errno())}); Linux 4.20 or later is needed`,
        )
      }
    }
    order(PACKET_VNET_HDR, int32(1), 'PACKET_VNET_HDR')
    order(PACKET_AUXDATA, int32(1), 'PACKET_AUXDATA')
    order(PACKET_IGNORE_OUTGOING, int32(1), 'PACKET_IGNORE_OUTGOING')
    calls.setsockopt(receiver, SOL_SOCKET, SO_RCVBUFFORCE, int32(RECEIVE_BUFFER), 4)
    bindTo(calls, receiver, index, ALL_PROTOCOLS, name)
    order(PACKET_ADD_MEMBERSHIP, promiscuous(index), 'promiscuous mode')
    sender = openSocket(calls, name)
    bindTo(calls, sender, index, 0, name)
    return new PacketSocket(calls, name, mtu, receiver, sender)
  } catch (error) {
    calls.close(receiver)
    if (sender >= 0) calls.close(sender)
    throw error
  }
}

function openSocket(calls: LinuxCalls, name: string): number {
  // Without a protocol it receives nothing until it is bound.
  const fd = calls.socket(AF_PACKET, SOCK_RAW | SOCKET_FLAGS, 0)
  if (fd >= 0) return fd
  if (errorName(calls.errno()) === 'EPERM') {
    throw new UsageError(`${name}: sending and receiving frames on an interface needs root (CAP_NET_RAW)`)
  }
  throw new UsageError(`${name}: ${systemReason(calls.errno())}`)
}

/** struct sockaddr_ll */
function bindTo(calls: LinuxCalls, fd: number, index: number, protocol: number, name: string): void {
  const address = new DataView(new ArrayBuffer(20))
  address.setUint16(0, AF_PACKET, true)
  address.setUint16(2, protocol, true)
  address.setInt32(4, index, true)
  if (calls.bind(fd, new Uint8Array(address.buffer), 20) < 0) {
    throw new UsageError(`${name}: ${systemReason(calls.errno())}`)
  }
}

function int32(value: number): Uint8Array {
  return new Uint8Array(new Int32Array([value]).buffer)
}

/** struct packet_mreq */
function promiscuous(index: number): Uint8Array {
  const request = new DataView(new ArrayBuffer(16))
  request.setInt32(0, index, true)
  request.setUint16(4, PACKET_MR_PROMISC, true)
  return new Uint8Array(request.buffer)
}

class PacketSocket implements FrameDevice {
  readonly kind = 'interface'
  readonly name: string
  readonly mtu: number
  readonly counters: DeviceCounters = { received: 0, sent: 0, refused: 0, unusable: 0 }
  readonly #calls: LinuxCalls
  readonly #receiver: number
  readonly #sender: number
  readonly #message: ReceiveMessage
  /** Frames of a piece that was cut, last first. */
  readonly #cut: Uint8Array[] = []
  #receiverWatch: Watch | undefined
  /** Only while there is no room. */
  #senderWatch: Watch | undefined
  #writable: () => void = () => {}

  constructor(calls: LinuxCalls, name: string, mtu: number, receiver: number, sender: number) {
    this.#calls = calls
    this.name = name
    this.mtu = mtu
    this.#receiver = receiver
    this.#sender = sender
    this.#message = new ReceiveMessage(calls)
  }

  receive(): Uint8Array | undefined {
    for (;;) {
      const waiting = this.#cut.pop()
      if (waiting !== undefined) {
        this.counters.received++
        return waiting
      }
      const packet = this.#message.receive(this.#receiver)
      if (packet === undefined) {
        this.#checkGone(this.#calls.errno())
        return undefined
      }
      const frames = undoOffload(this.#message.offload, packet)
      if (frames === undefined) this.counters.unusable++
      else for (let i = frames.length - 1; i >= 0; i--) this.#cut.push(frames[i]!)
    }
  }

  send(frame: Uint8Array): boolean {
    if (this.#calls.write(this.#sender, frame, frame.length) >= 0) {
      this.counters.sent++
      return true
    }
    const errno = this.#calls.errno()
    if (hasNoRoom(errno)) {
      this.#awaitRoom()
      return false
    }
    this.#checkGone(errno)
    this.counters.refused++
    return true
  }

  watch(readable: () => void, writable: () => void): void {
    this.#writable = writable
    // One watch for each descriptor is all that the event loop takes.
    this.#receiverWatch?.close()
    this.#receiverWatch = this.#calls.watch(this.#receiver, { readable: true }, readable)
  }

  close(): void {
    this.#receiverWatch?.close()
    this.#senderWatch?.close()
    this.#calls.close(this.#receiver)
    this.#calls.close(this.#sender)
  }

  #awaitRoom(): void {
    this.#senderWatch ??= this.#calls.watch(this.#sender, { writable: true }, () => {
      this.#senderWatch?.close()
      this.#senderWatch = undefined
      this.#writable()
    })
  }

  #checkGone(errno: number): void {
    const code = errorName(errno)
    if (code === 'ENODEV' || code === 'ENXIO') throw new UsageError(`${this.name}: the interface is gone`)
  }
}

/** struct msghdr with room for the offload header, the packet, and what is said about its tag. */
class ReceiveMessage {
  readonly offload: DataView
  readonly #calls: LinuxCalls
  readonly #header = new DataView(new ArrayBuffer(56))
  readonly #headerBytes = new Uint8Array(this.#header.buffer)
  readonly #packet = new Uint8Array(new ArrayBuffer(MAX_PACKET))
  readonly #control = new DataView(new ArrayBuffer(CONTROL_LENGTH))
  /** Kept because C points to it. */
  readonly #vector = new DataView(new ArrayBuffer(32))

  constructor(calls: LinuxCalls) {
    this.#calls = calls
    this.offload = new DataView(new ArrayBuffer(OFFLOAD_HEADER_LENGTH))
    const address = (view: { readonly buffer: ArrayBufferLike }): bigint => calls.addressOf(new Uint8Array(view.buffer))
    this.#vector.setBigUint64(0, address(this.offload), true)
    this.#vector.setBigUint64(8, BigInt(OFFLOAD_HEADER_LENGTH), true)
    this.#vector.setBigUint64(16, address(this.#packet), true)
    this.#vector.setBigUint64(24, BigInt(MAX_PACKET), true)
    this.#header.setBigUint64(16, address(this.#vector), true)
    this.#header.setBigUint64(24, 2n, true)
    this.#header.setBigUint64(32, address(this.#control), true)
  }

  /** A packet in memory of its own, with its tag; undefined for an error, whose number is errno(). */
  receive(fd: number): Uint8Array | undefined {
    this.#header.setUint32(40, CONTROL_LENGTH, true)
    const length = this.#calls.recvmsg(fd, this.#headerBytes, 0) - OFFLOAD_HEADER_LENGTH
    if (length < 0) return undefined
    const tag = this.#tag()
    if (tag === undefined || length < TAG_PLACE) return this.#packet.slice(0, length)
    const tagged = new Uint8Array(length + TAG_LENGTH)
    tagged.set(this.#packet.subarray(0, TAG_PLACE))
    new DataView(tagged.buffer).setUint32(TAG_PLACE, tag)
    tagged.set(this.#packet.subarray(TAG_PLACE, length), TAG_PLACE + TAG_LENGTH)
    // What offload says counts from the start of a frame without it.
    if ((this.offload.getUint8(0) & 1) !== 0) {
      this.offload.setUint16(6, this.offload.getUint16(6, true) + TAG_LENGTH, true)
    }
    return tagged
  }

  /** Four octets of 802.1Q, where the kernel took them out. */
  #tag(): number | undefined {
    const used = this.#header.getUint32(40, true)
    const control = this.#control
    for (let at = 0; at + CONTROL_HEADER_LENGTH + 20 <= used;) {
      const length = control.getUint32(at, true)
      if (length < CONTROL_HEADER_LENGTH) return undefined
      if (control.getInt32(at + 8, true) === SOL_PACKET && control.getInt32(at + 12, true) === PACKET_AUXDATA) {
        const data = at + CONTROL_HEADER_LENGTH
        const status = control.getUint32(data, true)
        if ((status & VLAN_VALID) === 0) return undefined
        const identifier = (status & VLAN_TPID_VALID) !== 0 ? control.getUint16(data + 18, true) : DEFAULT_TPID
        return ((identifier << 16) | control.getUint16(data + 16, true)) >>> 0
      }
      at += (length + 7) & ~7
    }
    return undefined
  }
}
