/**
 * A phone's RAS socket: requests with their repeats, answers by sequence number, and what the gatekeeper says unasked.
 *
 * A repeat has the sequence number of its request (H.225.0 §7.18). RIP makes the phone wait as long as it says.
 */
import { WireError } from '../../base/errors.js'
import { MILLISECOND, type Nanos } from '../../base/time.js'
import * as ras from '../../wire/h225ras.js'
import type { RasMessage, RequestInProgress } from '../../wire/h225ras-messages.js'
import type { Datagram, Transport, UdpPort, UnreachableError } from '../net/transport.js'
import { wait, type Steps } from './process.js'

export interface RasTries {
  readonly tries: number
  readonly wait: Nanos
}

/** The answer; or why there is none. */
export type RasAnswer = RasMessage | { readonly kind: 'silence' } | { readonly kind: 'unreachable'; readonly error: UnreachableError } // prettier-ignore

type Request = Extract<RasMessage, { readonly requestSeqNum: number }>

/** Longest wait that a RIP is believed. */
const MAX_IN_PROGRESS: Nanos = 65_535 * MILLISECOND

export class RasClient {
  readonly port: number
  readonly #transport: Transport
  readonly #socket: UdpPort
  #sequence = 0
  #awaited: { readonly sequence: number; answer(answer: RasAnswer): void; postpone(delay: Nanos): void } | undefined

  /**
   * @param unasked what is no answer, such as URQ, and where from
   * @throws Error EADDRINUSE
   */
  constructor(transport: Transport, port: number, unasked: (message: RasMessage, from: Datagram) => void) {
    this.#transport = transport
    this.port = port
    this.#socket = transport.bindUdp(
      port,
      (datagram) => this.#received(datagram, unasked),
      (error) => this.#awaited?.answer({ kind: 'unreachable', error }),
    )
  }

  /** The number of the next request. */
  nextSequence(): number {
    this.#sequence = this.#sequence === 65535 ? 1 : this.#sequence + 1
    return this.#sequence
  }

  send(message: RasMessage, address: number, port: number): void {
    this.#socket.send(ras.encode(message), address, port)
  }

  *request(request: Request, address: number, port: number, { tries, wait: patience }: RasTries): Steps<RasAnswer> {
    for (let attempt = 0; attempt < tries; attempt++) {
      this.send(request, address, port)
      const answer = yield* this.#answerTo(request.requestSeqNum, patience)
      if (answer.kind !== 'silence') return answer
    }
    return { kind: 'silence' }
  }

  *#answerTo(sequence: number, patience: Nanos): Steps<RasAnswer> {
    return yield* wait<RasAnswer>((resume) => {
      const start = (delay: Nanos) => this.#transport.after(delay, () => end({ kind: 'silence' }))
      let timer = start(patience)
      const end = (answer: RasAnswer): void => {
        timer.cancel()
        this.#awaited = undefined
        resume(answer)
      }
      const postpone = (delay: Nanos): void => {
        timer.cancel()
        timer = start(delay)
      }
      this.#awaited = { sequence, answer: end, postpone }
      return () => {
        timer.cancel()
        this.#awaited = undefined
      }
    })
  }

  #received(datagram: Datagram, unasked: (message: RasMessage, from: Datagram) => void): void {
    const message = decoded(datagram.payload)
    if (message === undefined || message.error !== undefined) return
    const awaited = this.#awaited
    if (!isAnswer(message)) unasked(message, datagram)
    else if (awaited === undefined || message.requestSeqNum !== awaited.sequence) return
    else if (message.kind !== 'requestInProgress') awaited.answer(message)
    else awaited.postpone(Math.min(delayOf(message), MAX_IN_PROGRESS))
  }

  close(): void {
    this.#socket.close()
  }
}

function delayOf({ delay }: RequestInProgress): Nanos {
  return delay * MILLISECOND
}

function isAnswer(message: RasMessage): boolean {
  return /(?:Confirm|Reject|InProgress)$/.test(message.kind)
}

function decoded(payload: Uint8Array): RasMessage | undefined {
  try {
    return ras.decode(payload)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}
