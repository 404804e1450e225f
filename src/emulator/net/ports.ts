/**
 * Port numbers for those who do not care which: the next free one of the profile's range, beginning at a seeded place,
 * so that a port is not used again soon.
 */
import type { Random } from '../../base/random.js'
import type { TcpErrorCode } from './transport.js'

export class EphemeralPorts {
  readonly #first: number
  readonly #count: number
  #next: number

  constructor([first, last]: readonly [number, number], random: Random) {
    this.#first = first
    this.#count = last - first + 1
    this.#next = random.int(this.#count)
  }

  /** @throws Error with `code` EADDRINUSE when all are taken */
  take(isTaken: (port: number) => boolean): number {
    for (let i = 0; i < this.#count; i++) {
      const port = this.#first + this.#next
      this.#next = (this.#next + 1) % this.#count
      if (!isTaken(port)) return port
    }
    throw socketError('EADDRINUSE', 'all ephemeral ports are taken')
  }
}

export type SocketErrorCode = TcpErrorCode | 'EADDRINUSE' | 'EMSGSIZE' | 'EINVAL'

/** An error with Node's `code`. */
export function socketError(code: SocketErrorCode, message: string): Error & { readonly code: SocketErrorCode } {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}
