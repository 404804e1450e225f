/**
 * Traces as text, in the manner of packetdrill: what the peer sends, what the host has to send, what the owner of the
 * socket does, in order of time. Everything the host sends has to be in the script, in order; nothing else may come.
 *
 *     0     connect
 *     0     > S 0:0(0) <mss 1460,sackOK,TS 0:0,wscale 7>
 *     0.1   < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK>
 *     0.1   > . 1:1(0) ack 1
 *     +0    write 1000
 *     +0    > P. 1:1001(1000) ack 1
 *     +0.2  = state ESTABLISHED
 *
 * Times are seconds since the start, or with + since the line before; they are those of the host, the link takes none.
 * `<` goes to the host, `>` comes from it: window and options are compared where the line has them, <> is none. Numbers count from
 * the initial ones. In `<`, options are: mss N, sackOK, wscale N, sack A:B C:D (the host's numbers), TS V:E with the
 * peer's clock V and the host's clock E, in milliseconds since its SYN.
 *
 * The owner: connect, listen [BACKLOG], write N, end, close, abort, pause, resume, nodelay, keepalive IDLE INTERVAL
 * COUNT, user-timeout S, unlisten, frag-needed MTU, unreachable CODE. Checks: = state X, = events A, B, = cwnd N,
 * = ssthresh N, = rto S, = rexmits N, = probes N, = spurious N, = fast N, = connections N.
 */
import { expect } from 'vitest'
import { SECOND } from '../../../src/base/time.js'
import { LINUX, type StackProfile, type TcpProfile } from '../../../src/emulator/net/profile.js'
import type { TcpConnection } from '../../../src/emulator/net/tcp/connection.js'
import type { TcpListener } from '../../../src/emulator/net/tcp/tcp.js'
import type { TcpHandlers } from '../../../src/emulator/net/transport.js'
import * as ethernet from '../../../src/wire/ethernet.js'
import * as icmpv4 from '../../../src/wire/icmpv4.js'
import * as ipv4 from '../../../src/wire/ipv4.js'
import * as tcp from '../../../src/wire/tcp.js'
import { PEER_ADDRESS, TcpTrace, type Part } from './raw-peer.js'

export type ScriptOptions = ConstructorParameters<typeof TcpTrace>[0]

/** Linux with some of its TCP changed. */
export function linuxBut(changes: Partial<TcpProfile>): StackProfile {
  return { ...LINUX, tcp: { ...LINUX.tcp, ...changes } }
}

/** Puts `text` before the lines of a script: handshakes and the like. */
export const ESTABLISHED = `
  0 connect
  0 > S 0:0(0)
  0 < S. 0:0(0) ack 1 win 65535 <mss 1460>
  0 > . 1:1(0) ack 1
`

/** The same with SACK. */
export const ESTABLISHED_SACK = `
  0 connect
  0 > S 0:0(0)
  0 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK>
  0 > . 1:1(0) ack 1
`

/** The same with everything Linux has, and a round trip of 100 ms. The peer's clock is 1000 ms ahead of the host's. */
export const ESTABLISHED_ALL = `
  0 connect
  0 > S 0:0(0)
  0.1 < S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS 1000:0,wscale 7>
  0.1 > . 1:1(0) ack 1 <TS 100:1000>
`

/** A connection the peer opened. */
export const ACCEPTED = `
  0 listen
  0 < S 0:0(0) win 65535 <mss 1460>
  0 > S. 0:0(0) ack 1
  0 < . 1:1(0) ack 1 win 65535
`

export const ACCEPTED_SACK = `
  0 listen
  0 < S 0:0(0) win 65535 <mss 1460,sackOK>
  0 > S. 0:0(0) ack 1
  0 < . 1:1(0) ack 1 win 65535
`

const SEGMENT = /^([SFRPUEW.-]+) (-?\d+):(-?\d+)\((\d+)\)(?: ack (-?\d+))?(?: win (\d+))?(?: urg (\d+))?(?: <(.*)>)?$/

/** @throws when a line cannot be read, or the host did not do as it says */
export async function runScript(text: string, options: ScriptOptions = {}): Promise<void> {
  const script = new Script(options)
  const lines = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
  for (const line of lines) await script.run(line)
  script.finish()
}

class Script {
  readonly #trace: TcpTrace
  #time = 0
  #sent: string[] = []
  #events: string[] = []
  #socket: TcpConnection | undefined
  #listener: TcpListener | undefined

  constructor(options: ScriptOptions) {
    this.#trace = new TcpTrace(options)
  }

  async run(line: string): Promise<void> {
    const [, time, verb, rest] = /^(\+?[\d.]+)\s+(\S+)\s*(.*)$/.exec(line) ?? []
    if (time === undefined || verb === undefined || rest === undefined)
      throw new Error(`not a line of a trace: ${line}`)
    this.#time = time.startsWith('+') ? this.#time + Number(time.slice(1)) : Number(time)
    await this.#trace.until(this.#time)
    await this.#look()
    if (verb === '>') return this.#expect(rest, line)
    if (verb === '=') return this.#check(rest, line)
    // What the host sent until now has to have been in the script.
    expect(this.#sent, `before "${line}"`).toEqual([])
    if (verb === '<') this.#receive(rest, line)
    else this.#act(verb, rest.split(' '), line)
    await this.#look()
  }

  finish(): void {
    expect(this.#sent, 'at the end').toEqual([])
  }

  async #look(): Promise<void> {
    this.#sent.push(...(await this.#trace.sentNow()))
  }

  #expect(segment: string, line: string): void {
    const actual = this.#sent.shift()
    let found = actual ?? 'nothing'
    if (!segment.includes(' win ')) found = found.replace(/ win \d+/, '')
    if (!segment.includes('<')) found = found.replace(/ <.*>$/, '')
    expect(found, line).toBe(`${this.#time.toFixed(3)} ${segment.replace(' <>', '')}`)
  }

  #receive(text: string, line: string): void {
    const [, flags, from, to, length, ack, win, urg, options] = SEGMENT.exec(text) ?? []
    if (flags === undefined) throw new Error(`not a segment: ${line}`)
    if (Number(to) - Number(from) !== Number(length)) throw new Error(`numbers that do not fit: ${line}`)
    const part: Part = {
      seq: Number(from),
      data: Number(length),
      ...(ack === undefined ? {} : { ack: Number(ack) }),
      ...(win === undefined ? {} : { win: Number(win) }),
      ...(urg === undefined ? {} : { urgentPointer: Number(urg) }),
      ...(options === undefined ? {} : { options: options.split(',').map((option) => this.#option(option)) }),
    }
    this.#trace.send(flags, part)
  }

  #option(text: string): tcp.TcpOption {
    const [name, ...values] = text.trim().split(' ')
    const pairs = values.map((value) => value.split(':').map(Number))
    switch (name) {
      case 'mss':
        return tcp.mssOption(Number(values[0]))
      case 'wscale':
        return tcp.windowScaleOption(Number(values[0]))
      case 'sackOK':
        return tcp.sackPermittedOption()
      case 'TS':
        return tcp.timestampsOption({ tsval: pairs[0]![0]! >>> 0, tsecr: this.#trace.hostClock(pairs[0]![1]!) })
      case 'sack': {
        const absolute = (edge: number): number => (this.#trace.hostIss + edge) >>> 0
        return tcp.sackOption(pairs.map(([left, right]) => ({ left: absolute(left!), right: absolute(right!) })))
      }
      default:
        throw new Error(`not an option: ${text}`)
    }
  }

  #act(verb: string, words: readonly string[], line: string): void {
    const trace = this.#trace
    const socket = (): TcpConnection => {
      if (this.#socket === undefined) throw new Error(`no connection yet: ${line}`)
      return this.#socket
    }
    const seconds = (index: number): number => Number(words[index]) * SECOND
    switch (verb) {
      case 'connect': {
        const localPort = Number(words[0]) || undefined
        this.#socket = trace.host.connectTcp(
          PEER_ADDRESS,
          trace.peerPort,
          this.#handlers(),
          localPort === undefined ? {} : { localPort },
        )
        return
      }
      case 'listen': {
        const backlog = Number(words[0]) || 511
        this.#listener = trace.host.listenTcp(
          80,
          (connection) => {
            this.#socket = connection
            return this.#handlers()
          },
          { backlog },
        )
        return
      }
      case 'unlisten':
        return this.#listener!.close()
      case 'write':
        socket().write(new Uint8Array(Number(words[0])))
        return
      case 'end':
        return socket().end()
      case 'close':
        return socket().close()
      case 'abort':
        return socket().abort()
      case 'pause':
        return socket().pause()
      case 'resume':
        return socket().resume()
      case 'nodelay':
        return socket().setNoDelay(true)
      case 'keepalive':
        return socket().setKeepAlive(true, { idle: seconds(0), interval: seconds(1), count: Number(words[2]) })
      case 'user-timeout':
        return socket().setUserTimeout(seconds(0))
      case 'frag-needed':
        return this.#sendError(icmpv4.UnreachableCode.fragmentationNeeded, Number(words[0]))
      case 'unreachable':
        return this.#sendError(Number(words[0]), 0)
      default:
        throw new Error(`nothing that can be done: ${line}`)
    }
  }

  /** ICMP destination unreachable about the last segment the host sent. */
  #sendError(code: number, rest: number): void {
    const quoted = ethernet.decode(this.#trace.peer.frames.at(-1)!.bytes).payload.slice(0, 28)
    const error = icmpv4.encodeError(icmpv4.Type.destinationUnreachable, code, quoted, rest)
    this.#trace.sendPacket(ipv4.Protocol.icmp, error)
  }

  #check(text: string, line: string): void {
    const [what, ...words] = text.split(' ')
    const expected = words.join(' ')
    const socket = this.#socket
    const actual = {
      state: socket?.state,
      events: this.#events.join(', '),
      cwnd: socket?.congestion.window,
      ssthresh: socket?.congestion.slowStartThreshold,
      rto: socket && socket.congestion.rto / SECOND,
      rexmits: socket?.statistics.retransmissions,
      timeouts: socket?.statistics.timeouts,
      probes: socket?.statistics.lossProbes,
      spurious: socket?.statistics.spuriousRecoveries,
      fast: socket?.statistics.fastRetransmits,
      connections: this.#trace.host.connectionCount,
    }[what!]
    if (what === 'events') this.#events = []
    expect(String(actual), line).toBe(expected)
  }

  #handlers(): TcpHandlers {
    return {
      connected: () => this.#events.push('connected'),
      data: (bytes) => this.#events.push(`data ${bytes.length}`),
      end: () => this.#events.push('end'),
      drain: () => this.#events.push('drain'),
      closed: (error) => this.#events.push(error === undefined ? 'closed' : `closed ${error}`),
    }
  }
}
