/**
 * Which client has which address of one pool. Every operation takes constant time, whatever the size of the pool and
 * the number of clients: free addresses are counted up from the first, then taken from those given back, then
 * from the lease that ran out first.
 *
 * A client keeps its address as long as nobody else needs it: released and expired leases are remembered (RFC 2131
 * §4.3.1) until the pool has nothing else to give. An address that a client declined is not given out for ten
 * minutes.
 *
 * Addresses are uint32; clients are keys (client identifier or MAC); all times are of one clock.
 */
import { MINUTE, SECOND } from '../base/time.js'
import type { Nanos } from '../base/time.js'

/** How long an offer waits for its REQUEST. */
const OFFER_TIME: Nanos = 60 * SECOND
const QUARANTINE: Nanos = 10 * MINUTE

type LeaseState = 'offered' | 'bound' | 'released'

interface Lease {
  readonly client: string
  readonly mac: string
  readonly address: number
  state: LeaseState
  expires: Nanos
}

export interface PoolRange {
  readonly first: number
  readonly last: number
  /** Addresses that are not given out, whether or not they lie in the range. */
  readonly taken: readonly number[]
}

export class LeaseTable {
  readonly #first: number
  readonly #last: number
  readonly #taken: ReadonlySet<number>
  /** The first address that was never given out. */
  #next: number
  readonly #byClient = new Map<string, Lease>()
  readonly #byAddress = new Map<number, Lease>()
  /** Leases in the order in which they run out, for those with the same term: a renewed one moves to the end. */
  readonly #offered = new Set<Lease>()
  readonly #bound = new Set<Lease>()
  /** In the order given back. */
  readonly #released = new Set<Lease>()
  readonly #declined = new Map<number, Nanos>()

  constructor({ first, last, taken }: PoolRange) {
    this.#first = first
    this.#last = last
    this.#taken = new Set(taken)
    this.#next = first
  }

  /**
   * An address for a client to consider: the one it had, the one it asks for, or a free one.
   *
   * @returns undefined when all are in use
   */
  offer(client: string, mac: string, wanted: number | undefined, now: Nanos): number | undefined {
    const before = this.#byClient.get(client)
    if (before !== undefined) {
      if (before.state !== 'bound') this.#move(before, 'offered', now + OFFER_TIME)
      return before.address
    }
    const address = wanted !== undefined && this.#isFree(wanted, now) ? this.#claim(wanted) : this.#free(now)
    if (address === undefined) return undefined
    this.#add({ client, mac, address, state: 'offered', expires: now + OFFER_TIME })
    return address
  }

  /** What the client was offered or holds; also after it ran out, while nobody else has it. */
  addressOf(client: string): number | undefined {
    return this.#byClient.get(client)?.address
  }

  /** The address a MAC holds a lease of. For people who look; takes time with the number of leases. */
  heldByMac(mac: string, now: Nanos): number | undefined {
    for (const lease of this.#bound) if (lease.mac === mac && lease.expires > now) return lease.address
    return undefined
  }

  /** The client has taken what addressOf gave. */
  bind(client: string, now: Nanos, duration: Nanos): void {
    const lease = this.#byClient.get(client)
    if (lease !== undefined) this.#move(lease, 'bound', now + duration)
  }

  /** The client took another server's offer. */
  withdraw(client: string): void {
    const lease = this.#byClient.get(client)
    if (lease?.state === 'offered') this.#move(lease, 'released', 0)
  }

  /** @returns whether the client held it */
  release(client: string, address: number): boolean {
    const lease = this.#byClient.get(client)
    if (lease === undefined || lease.address !== address) return false
    this.#move(lease, 'released', 0)
    return true
  }

  /** Somebody else answers to that address. @returns whether the client held it */
  decline(client: string, address: number, now: Nanos): boolean {
    const lease = this.#byClient.get(client)
    if (lease === undefined || lease.address !== address) return false
    this.#remove(lease)
    this.#declined.set(address, now + QUARANTINE)
    return true
  }

  #isFree(address: number, now: Nanos): boolean {
    if (address < this.#first || address > this.#last || this.#taken.has(address)) return false
    if ((this.#declined.get(address) ?? 0) > now) return false
    const lease = this.#byAddress.get(address)
    return lease === undefined || lease.state === 'released' || lease.expires <= now
  }

  /** Takes a free address from whoever had it last. */
  #claim(address: number): number {
    const lease = this.#byAddress.get(address)
    if (lease !== undefined) this.#remove(lease)
    this.#declined.delete(address)
    return address
  }

  #free(now: Nanos): number | undefined {
    while (this.#next <= this.#last) {
      const address = this.#next++
      if (this.#isFree(address, now) && !this.#byAddress.has(address)) return this.#claim(address)
    }
    for (const leases of [this.#released, this.#offered, this.#bound]) {
      const [oldest] = leases
      if (oldest !== undefined && this.#isFree(oldest.address, now)) return this.#claim(oldest.address)
    }
    const [oldest] = this.#declined
    if (oldest !== undefined && oldest[1] <= now) return this.#claim(oldest[0])
    return undefined
  }

  #add(lease: Lease): void {
    this.#byClient.set(lease.client, lease)
    this.#byAddress.set(lease.address, lease)
    this.#queueOf(lease).add(lease)
  }

  #remove(lease: Lease): void {
    this.#byClient.delete(lease.client)
    this.#byAddress.delete(lease.address)
    this.#queueOf(lease).delete(lease)
  }

  #move(lease: Lease, state: LeaseState, expires: Nanos): void {
    this.#queueOf(lease).delete(lease)
    lease.state = state
    lease.expires = expires
    this.#queueOf(lease).add(lease)
  }

  #queueOf({ state }: Lease): Set<Lease> {
    if (state === 'offered') return this.#offered
    return state === 'bound' ? this.#bound : this.#released
  }
}
