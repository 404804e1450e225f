/**
 * A phone's 802.1X supplicant: identity and EAP-MD5 (IEEE 802.1X-2004 §8.2.11, RFC 3748 §5.4). It answers whoever asks, also
 * long after the boot; the boot waits for success, and begins again after a failure (avaya.md §1.2 step 3).
 */
import { latin1Bytes } from '../../base/bytes.js'
import { WireError } from '../../base/errors.js'
import * as eapol from '../../wire/eapol.js'
import { EtherType } from '../../wire/ethernet.js'
import { md5Response } from '../link/eap-md5.js'
import type { LinkSocket, Transport } from '../net/transport.js'
import type { Dot1xCredentials } from './network-memory.js'
import { wait, type Steps } from './process.js'
import type { PhoneTimers } from './timers.js'

export type Dot1xResult = 'success' | 'failure' | 'silent'

export class Supplicant {
  readonly #transport: Transport
  readonly #credentials: Dot1xCredentials
  readonly #timers: PhoneTimers
  readonly #socket: LinkSocket | undefined
  #timer: { cancel(): void } | undefined
  #starts = 0
  #onResult: ((result: Dot1xResult) => void) | undefined

  constructor(transport: Transport, credentials: Dot1xCredentials, timers: PhoneTimers) {
    this.#transport = transport
    this.#credentials = credentials
    this.#timers = timers
    this.#socket = transport.bindLink?.(EtherType.eapol, (payload) => this.#receive(payload))
  }

  /** EAPOL-Start, and what comes of it. `silent`: maxStart of them, or an exchange that broke off. */
  *authenticate(): Steps<Dot1xResult> {
    this.#starts = 0
    const result = yield* wait<Dot1xResult>((resume) => {
      this.#onResult = resume
      this.#start()
      return () => this.#stop()
    })
    this.#stop()
    return result
  }

  close(): void {
    this.#stop()
    this.#socket?.close()
  }

  #stop(): void {
    this.#onResult = undefined
    this.#timer?.cancel()
  }

  #start(): void {
    if (this.#starts === this.#timers.dot1xMaxStarts) {
      this.#onResult?.('silent')
      return
    }
    this.#starts++
    this.#send(eapol.PacketType.start, new Uint8Array(0))
    this.#arm(this.#timers.dot1xStartPeriod)
  }

  #arm(delay: number): void {
    this.#timer?.cancel()
    this.#timer = this.#transport.after(delay, () => this.#start())
  }

  #receive(payload: Uint8Array): void {
    const packet = decoded(payload)
    if (packet === undefined) return
    if (packet.code === eapol.EapCode.success) this.#onResult?.('success')
    else if (packet.code === eapol.EapCode.failure) this.#onResult?.('failure')
    else if (packet.code === eapol.EapCode.request) {
      if (this.#onResult !== undefined) this.#arm(this.#timers.dot1xAuthPeriod)
      this.#answer(packet)
    }
  }

  #answer({ identifier, type, data }: eapol.EapPacket): void {
    const respond = (method: number, answer: Uint8Array) =>
      this.#send(
        eapol.PacketType.eap,
        eapol.encodeEap({ code: eapol.EapCode.response, identifier, type: method, data: answer }),
      )
    const { identity, password } = this.#credentials
    switch (type) {
      case eapol.EapType.identity:
        return respond(type, latin1Bytes(identity))
      case eapol.EapType.notification:
        return respond(type, new Uint8Array(0))
      case eapol.EapType.md5Challenge: {
        const value = md5Response(identifier, password, challengeIn(data))
        return respond(type, eapol.encodeMd5Challenge({ value, name: '' }))
      }
      default:
        // RFC 3748 §5.3.1: the method we would have instead.
        return respond(eapol.EapType.nak, Uint8Array.of(eapol.EapType.md5Challenge))
    }
  }

  #send(type: number, body: Uint8Array): void {
    const version = eapol.ProtocolVersion.ieee2001
    this.#socket?.send(eapol.MULTICAST, eapol.encode({ version, type, body }))
  }
}

function challengeIn(data: Uint8Array): Uint8Array {
  return data.subarray(1, 1 + (data[0] ?? 0))
}

function decoded(payload: Uint8Array): eapol.EapPacket | undefined {
  try {
    const { type, body } = eapol.decode(payload)
    return type === eapol.PacketType.eap ? eapol.decodeEap(body) : undefined
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
