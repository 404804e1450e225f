/**
 * The receiving side of one TFTP read: RFC 1350 as the 4600 series does it: octet mode, blocks of 512 octets, no options
 * (avaya.md §2.5).
 *
 * No sockets and no timers: every call says what to send and when to be woken. The one timer retransmits the last
 * packet, which is the request until a block came, then an ACK.
 */
import type { Nanos } from '../../base/time.js'
import { DEFAULT_BLOCK_SIZE, ErrorCode, type TftpPacket } from '../../wire/tftp.js'

export interface TftpStep {
  readonly send: TftpPacket | undefined
  /** Where to: the request to port 69, all else to the server's port of this transfer. */
  readonly to: 'server-port' | 'transfer-port'
  /** When to call wake(); undefined once the transfer is over. */
  readonly wakeAt: Nanos | undefined
}

export type TftpOutcome =
  | 'running'
  | 'complete'
  | 'refused' // ERROR came
  | 'timeout' // no answer at all
  | 'stalled' // answers stopped coming
  | 'protocol' // an answer that is none

export interface TftpReceiverOptions {
  readonly filename: string
  readonly timeout: Nanos
  /** Transmissions of one packet. */
  readonly tries: number
  /** Blocks in order, each once; views. */
  received(data: Uint8Array): void
}

export class TftpReceiver {
  outcome: TftpOutcome = 'running'
  /** The packet of outcome `refused`. */
  error: { readonly code: number; readonly message: string } | undefined
  /** Packets sent again. */
  retransmissions = 0
  readonly #options: TftpReceiverOptions
  /** The next block wanted; counts on beyond 16 bits. */
  #next = 1
  #last: TftpPacket
  #triesLeft: number

  constructor(options: TftpReceiverOptions) {
    this.#options = options
    this.#last = { op: 'rrq', filename: options.filename, mode: 'octet', options: [] }
    this.#triesLeft = options.tries
  }

  start(now: Nanos): TftpStep {
    return this.#send(this.#last, now)
  }

  /** A packet from the port of this transfer; the owner has answered strangers with ERROR 5 (RFC 1350 §4). */
  receive(packet: TftpPacket, now: Nanos): TftpStep | undefined {
    if (this.outcome === 'complete') {
      // The last ACK was lost: RFC 1350 §6 wants it repeated for a while.
      const again = packet.op === 'data' && packet.block === ((this.#next - 1) & 0xffff)
      return again ? { send: this.#last, to: 'transfer-port', wakeAt: undefined } : undefined
    }
    if (this.outcome !== 'running') return undefined
    switch (packet.op) {
      case 'error':
        this.error = { code: packet.code, message: packet.message }
        return this.#finish('refused', undefined)
      case 'data': {
        if (packet.block === (this.#next & 0xffff)) return this.#block(packet.data, now)
        // An old block again: our ACK of it was lost, or it was only slow. RFC 1123 §4.2.3.1 leaves the repair of
        // that to the sender, which must not answer doubled ACKs; RFC 1350 wants every DATA acknowledged.
        const isPrevious = packet.block === ((this.#next - 1) & 0xffff) && this.#next > 1
        return isPrevious ? { send: this.#last, to: 'transfer-port', wakeAt: now + this.#options.timeout } : undefined
      }
      case 'oack':
        return this.#finish('protocol', {
          op: 'error',
          code: ErrorCode.optionNegotiationFailed,
          message: 'no options were asked for',
        })
      case 'ack':
      case 'rrq':
      case 'wrq':
        return this.#finish('protocol', { op: 'error', code: ErrorCode.illegalOperation, message: 'not expected' })
    }
  }

  wake(now: Nanos): TftpStep {
    if (this.outcome !== 'running') return { send: undefined, to: 'transfer-port', wakeAt: undefined }
    if (this.#triesLeft === 0) return this.#finish(this.#next === 1 ? 'timeout' : 'stalled', undefined)
    this.retransmissions++
    return this.#send(this.#last, now)
  }

  /** Gives up without a word, as after an ICMP error. */
  abandon(): void {
    if (this.outcome === 'running') this.outcome = this.#next === 1 ? 'timeout' : 'stalled'
  }

  #block(data: Uint8Array, now: Nanos): TftpStep {
    this.#options.received(data)
    this.#last = { op: 'ack', block: this.#next & 0xffff }
    this.#next++
    this.#triesLeft = this.#options.tries
    if (data.length < DEFAULT_BLOCK_SIZE) return this.#finish('complete', this.#last)
    return this.#send(this.#last, now)
  }

  #send(packet: TftpPacket, now: Nanos): TftpStep {
    this.#triesLeft--
    const to = packet.op === 'rrq' ? 'server-port' : 'transfer-port'
    return { send: packet, to, wakeAt: now + this.#options.timeout }
  }

  #finish(outcome: TftpOutcome, send: TftpPacket | undefined): TftpStep {
    this.outcome = outcome
    return { send, to: 'transfer-port', wakeAt: undefined }
  }
}
