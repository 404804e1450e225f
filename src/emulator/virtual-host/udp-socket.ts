/**
 * node:dgram of one virtual host: IPv4 sockets over the emulated stack. All argument forms of bind, send and connect,
 * the same order of events as Node's, and its errors: thrown for what the caller did wrong, `error` events or the
 * callback's argument for what the network would not do.
 */
import { EventEmitter } from 'node:events'
import type * as dgram from 'node:dgram'
import { formatAddress } from '../../wire/ipv4.js'
import type { Datagram, UdpPort } from '../net/transport.js'
import { isBroadcast, isOwn, isReachable, readPort } from './addresses.js'
import { findAddress } from './find-address.js'
import type { Lookup } from './find-address.js'
import { nodeError, systemError, unavailable } from './machine.js'
import type { Machine } from './machine.js'

type SendCallback = (error: Error | null, bytes: number) => void
type Octets = string | NodeJS.ArrayBufferView

/** What Linux reports for SO_RCVBUF and SO_SNDBUF unless it is told otherwise. */
const DEFAULT_BUFFER = 212_992
/** Sends that may wait for a socket to be bound. */
const MAX_WAITING = 1024

export function virtualDgram(machine: Machine): Pick<typeof dgram, 'createSocket' | 'Socket'> {
  class Socket extends UdpSocket {
    constructor(options: unknown, listener?: unknown) {
      super(machine, options, listener)
    }
  }
  const createSocket = (options: unknown, listener?: unknown): Socket => new Socket(options, listener)
  return { createSocket, Socket } as unknown as Pick<typeof dgram, 'createSocket' | 'Socket'>
}

class UdpSocket extends EventEmitter {
  readonly type = 'udp4'
  readonly #machine: Machine
  #state: 'unbound' | 'binding' | 'bound' | 'closed' = 'unbound'
  #port: UdpPort | undefined
  /** 0 for all. */
  #localAddress = 0
  #remote: { address: number; port: number } | undefined
  #broadcast = false
  /** What was called while the socket was being bound. */
  #waiting: (() => void)[] = []
  #receiveBuffer: number
  #sendBuffer: number
  readonly #lookup: Lookup | undefined

  constructor(machine: Machine, options: unknown, listener: unknown) {
    super()
    this.#machine = machine
    const { type, recvBufferSize, sendBufferSize, lookup } = (
      typeof options === 'string' ? { type: options } : (options ?? {})
    ) as Partial<dgram.SocketOptions>
    if (type === 'udp6') throw systemError('EAFNOSUPPORT', 'socket')
    if (type !== 'udp4') {
      throw nodeError(new TypeError('Bad socket type specified. Valid types are: udp4, udp6'), 'ERR_SOCKET_BAD_TYPE')
    }
    this.#receiveBuffer = recvBufferSize ?? DEFAULT_BUFFER
    this.#sendBuffer = sendBufferSize ?? DEFAULT_BUFFER
    this.#lookup = lookup as Lookup | undefined
    if (typeof listener === 'function') this.on('message', listener as (...args: unknown[]) => void)
  }

  /** bind(port?, address?, listening?), bind(options, listening?) */
  bind(...args: unknown[]): this {
    this.#mustRun()
    if (this.#state !== 'unbound') {
      throw nodeError(new Error('Socket is already bound'), 'ERR_SOCKET_ALREADY_BOUND')
    }
    const listening = args.find((argument) => typeof argument === 'function')
    if (listening !== undefined) this.once('listening', listening as () => void)
    let [port, address] = args
    if (typeof port === 'object' && port !== null) ({ port, address } = port as { port?: unknown; address?: unknown })
    if (typeof port === 'function' || port === undefined || port === null) port = 0
    if (typeof address !== 'string') address = undefined
    this.#bind(readPort(port, { zero: true }), address as string | undefined)
    return this
  }

  #bind(port: number, address: string | undefined): void {
    this.#state = 'binding'
    this.#machine.sim.nodeCodeRan()
    process.nextTick(() => {
      if (this.#state !== 'binding') return
      const error = this.#open(port, address)
      const waiting = this.#waiting
      this.#waiting = []
      if (error !== undefined) {
        this.#state = 'unbound'
        this.emit('error', error)
        return
      }
      this.#state = 'bound'
      this.emit('listening')
      for (const run of waiting) run()
    })
  }

  #open(port: number, address: string | undefined): Error | undefined {
    const { host } = this.#machine
    if (!isOwn(host, address)) return systemError('EADDRNOTAVAIL', 'bind', address, port)
    try {
      this.#port = host.bindUdp(
        port,
        (datagram) => this.#received(datagram),
        () => this.#refused(),
      )
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      return systemError('EADDRINUSE', 'bind', address ?? '0.0.0.0', port)
    }
    this.#localAddress = address === undefined || address === '' || address === '0.0.0.0' ? 0 : host.address
    return undefined
  }

  #received(datagram: Datagram): void {
    if (this.#state !== 'bound') return
    // Linux gives broadcasts only to sockets that are bound to all addresses.
    if (this.#localAddress !== 0 && datagram.destinationAddress !== this.#localAddress) return
    const remote = this.#remote
    if (remote !== undefined && (datagram.sourceAddress !== remote.address || datagram.sourcePort !== remote.port))
      return
    this.#machine.enter(() => {
      const { payload } = datagram
      this.emit('message', Buffer.from(payload), {
        address: formatAddress(datagram.sourceAddress),
        family: 'IPv4',
        port: datagram.sourcePort,
        size: payload.length,
      })
    })
  }

  /** ICMP errors reach only sockets that are connected, as on Linux. */
  #refused(): void {
    if (this.#remote === undefined || this.#state !== 'bound') return
    this.#machine.enter(() => this.emit('error', systemError('ECONNREFUSED', 'recvmsg')))
  }

  /**
   * send(msg, offset, length, port, address?, callback?), send(msg, port, address?, callback?), and without port and
   * address on a connected socket.
   */
  send(message: Octets | readonly Octets[], ...args: unknown[]): void {
    const callback = args.at(-1)
    const done = typeof callback === 'function' ? (callback as SendCallback) : undefined
    if (done !== undefined) args.pop()
    while (args.length > 0 && args.at(-1) === undefined) args.pop()
    const connected = this.#remote !== undefined
    let octets = octetsOf(message)
    if (connected ? typeof args[1] === 'number' : args.length > 2) {
      const [offset, length] = args.splice(0, 2) as [number, number]
      octets = slice(octets, offset, length)
    }
    const port = connected ? this.#remote!.port : readPort(args[0], { zero: false })
    const name = args[1]
    if (name !== undefined && name !== null && name !== '' && typeof name !== 'string') {
      throw nodeError(new TypeError('The "address" argument must be of type string.'), 'ERR_INVALID_ARG_TYPE')
    }
    this.#mustRun()
    const text = typeof name === 'string' ? name : undefined
    const run = (): void => {
      if (connected) return this.#send(octets, port, this.#remote?.address ?? 0, text, done)
      findAddress(this.#machine, text || 'localhost', this.#lookup, (target) =>
        this.#send(octets, port, target, text, done),
      )
    }
    if (this.#state === 'unbound') this.#bind(0, undefined)
    if (this.#state === 'bound') run()
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(run)
  }

  #send(
    octets: Buffer,
    port: number,
    target: number | Error,
    name: string | undefined,
    done: SendCallback | undefined,
  ): void {
    if (this.#state !== 'bound') return
    this.#machine.sim.nodeCodeRan()
    const error = target instanceof Error ? target : this.#transmit(octets, port, target, name)
    if (done !== undefined) process.nextTick(done, error ?? null, error === undefined ? octets.length : undefined)
    else if (error !== undefined) process.nextTick(() => this.emit('error', error))
  }

  #transmit(octets: Buffer, port: number, target: number, name: string | undefined): Error | undefined {
    const { host } = this.#machine
    const place = name ?? formatAddress(target)
    if (isBroadcast(host, target) && !this.#broadcast) return systemError('EACCES', 'send', place, port)
    if (!isReachable(host, target)) return systemError('ENETUNREACH', 'send', place, port)
    try {
      this.#port!.send(octets, target, port)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      return systemError(code, 'send', place, port)
    }
    return undefined
  }

  /** connect(port, address?, callback?) */
  connect(port: unknown, ...args: unknown[]): void {
    const number = readPort(port, { zero: false })
    if (this.#remote !== undefined) throw nodeError(new Error('Already connected'), 'ERR_SOCKET_DGRAM_IS_CONNECTED')
    this.#mustRun()
    const callback = args.at(-1)
    if (typeof callback === 'function') this.once('connect', callback as () => void)
    const name = typeof args[0] === 'string' && args[0] !== '' ? args[0] : 'localhost'
    const run = (): void => {
      this.#machine.sim.nodeCodeRan()
      process.nextTick(() => findAddress(this.#machine, name, this.#lookup, connect))
    }
    const connect = (target: number | Error): void => {
      if (this.#state !== 'bound') return
      const { host } = this.#machine
      if (target instanceof Error) this.emit('error', target)
      else if (!isReachable(host, target))
        this.emit('error', systemError('ENETUNREACH', 'connect', formatAddress(target), number))
      else {
        this.#remote = { address: target, port: number }
        this.emit('connect')
      }
    }
    if (this.#state === 'unbound') this.#bind(0, undefined)
    if (this.#state === 'bound') run()
    else this.#waiting.push(run)
  }

  disconnect(): void {
    if (this.#remote === undefined) throw nodeError(new Error('Not connected'), 'ERR_SOCKET_DGRAM_NOT_CONNECTED')
    this.#remote = undefined
  }

  address(): { address: string; family: string; port: number } {
    this.#mustRun()
    if (this.#state !== 'bound') throw systemError('EBADF', 'getsockname')
    return { address: formatAddress(this.#localAddress), family: 'IPv4', port: this.#port!.port }
  }

  remoteAddress(): { address: string; family: string; port: number } {
    this.#mustRun()
    if (this.#remote === undefined) throw nodeError(new Error('Not connected'), 'ERR_SOCKET_DGRAM_NOT_CONNECTED')
    return { address: formatAddress(this.#remote.address), family: 'IPv4', port: this.#remote.port }
  }

  close(callback?: unknown): this {
    if (typeof callback === 'function') this.once('close', callback as () => void)
    if (this.#state === 'binding') {
      this.#waiting.push(() => this.close())
      return this
    }
    this.#mustRun()
    this.#state = 'closed'
    this.#port?.close()
    this.#machine.sim.nodeCodeRan()
    process.nextTick(() => this.emit('close'))
    return this
  }

  setBroadcast(flag: unknown): void {
    this.#mustBeBound('setBroadcast')
    this.#broadcast = Boolean(flag)
  }

  setTTL(ttl: number): number {
    this.#mustBeBound('setTTL')
    return ttl
  }

  setMulticastTTL(ttl: number): number {
    this.#mustBeBound('setMulticastTTL')
    return ttl
  }

  setMulticastLoopback(flag: boolean): boolean {
    this.#mustBeBound('setMulticastLoopback')
    return flag
  }

  setMulticastInterface(): void {
    this.#mustBeBound('setMulticastInterface')
  }

  addMembership(): never {
    throw unavailable('dgram.Socket.addMembership')
  }

  dropMembership(): never {
    throw unavailable('dgram.Socket.dropMembership')
  }

  getRecvBufferSize(): number {
    return this.#receiveBuffer
  }

  getSendBufferSize(): number {
    return this.#sendBuffer
  }

  setRecvBufferSize(size: number): void {
    this.#receiveBuffer = size
  }

  setSendBufferSize(size: number): void {
    this.#sendBuffer = size
  }

  getSendQueueSize(): number {
    return 0
  }

  getSendQueueCount(): number {
    return 0
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  #mustRun(): void {
    if (this.#state === 'closed') throw nodeError(new Error('Not running'), 'ERR_SOCKET_DGRAM_NOT_RUNNING')
  }

  #mustBeBound(call: string): void {
    this.#mustRun()
    if (this.#state !== 'bound') throw systemError('EBADF', call)
  }
}

/** A copy: the program may change its buffer once send has returned. */
function octetsOf(message: Octets | readonly Octets[]): Buffer {
  if (Array.isArray(message)) return Buffer.concat(message.map((part: Octets) => octetsOf(part)))
  if (typeof message === 'string') return Buffer.from(message)
  if (ArrayBuffer.isView(message)) {
    return Buffer.from(new Uint8Array(message.buffer, message.byteOffset, message.byteLength))
  }
  throw nodeError(
    new TypeError('The "buffer" argument must be of type string or an instance of Buffer, TypedArray, or DataView.'),
    'ERR_INVALID_ARG_TYPE',
  )
}

function slice(octets: Buffer, offset: number, length: number): Buffer {
  if (!(offset >= 0 && offset <= octets.length)) {
    throw nodeError(new RangeError('"offset" is outside of buffer bounds'), 'ERR_BUFFER_OUT_OF_BOUNDS')
  }
  if (!(length >= 0 && length <= octets.length - offset)) {
    throw nodeError(new RangeError('"length" is outside of buffer bounds'), 'ERR_BUFFER_OUT_OF_BOUNDS')
  }
  return octets.subarray(offset, offset + length)
}
