/**
 * A phone's LLDP: it says nothing until it has heard a frame, then speaks at once and every LLDP_XMIT_SECS (avaya.md §1.3).
 * What it heard waits until the boot reads it, before each DISCOVER and REQUEST.
 */
import type { Nanos } from '../../base/time.js'
import { WireError } from '../../base/errors.js'
import { EtherType } from '../../wire/ethernet.js'
import * as lldp from '../../wire/lldp.js'
import type { LinkSocket, Transport } from '../net/transport.js'

export interface LldpEndpointOptions {
  readonly transport: Transport
  /** LLDP_XMIT_SECS. */
  readonly interval: Nanos
  /** What to say now. */
  tlvs(): readonly lldp.LldpTlv[]
}

export class LldpEndpoint {
  readonly #options: LldpEndpointOptions
  readonly #socket: LinkSocket | undefined
  #timer: { cancel(): void } | undefined
  #unread: lldp.Lldpdu | undefined
  #heard = false

  /** Listens; without a word where the transport has no link layer. */
  constructor(options: LldpEndpointOptions) {
    this.#options = options
    this.#socket = options.transport.bindLink?.(EtherType.lldp, (payload) => this.#receive(payload))
  }

  /** Whether the neighbour speaks LLDP. */
  get hasHeard(): boolean {
    return this.#heard
  }

  /** The newest LLDPDU since the last call; one that says good-bye says nothing else. */
  take(): lldp.Lldpdu | undefined {
    const pdu = this.#unread
    this.#unread = undefined
    return pdu
  }

  /** Something that is told has changed: told at once, 802.1AB §9.2.5 (somethingChangedLocal). */
  changed(): void {
    if (this.#heard) this.#transmit()
  }

  close(): void {
    this.#timer?.cancel()
    this.#socket?.close()
  }

  #receive(payload: Uint8Array): void {
    const pdu = decoded(payload)
    if (pdu === undefined || lldp.problem(pdu) !== undefined || lldp.timeToLive(pdu) === 0) return
    this.#unread = pdu
    if (this.#heard) return
    this.#heard = true
    this.#transmit()
  }

  #transmit(): void {
    const { interval, transport, tlvs } = this.#options
    this.#timer?.cancel()
    this.#timer = transport.after(interval, () => this.#transmit())
    this.#socket?.send(lldp.MULTICAST, lldp.encode(tlvs()))
  }
}

/** A copy: what is read later must not be a view into a frame of others. */
function decoded(payload: Uint8Array): lldp.Lldpdu | undefined {
  try {
    const pdu = lldp.decode(payload.slice())
    return pdu.error === undefined ? pdu : undefined
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
