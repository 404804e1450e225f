/**
 * What no manual says about these phones, and an emulated one must decide: each a switch with a name, a default, and
 * the reason (avaya.md §9.3). Waiting times, which are as unknown, are in timers.ts.
 */

export interface PhoneAssumptions {
  /**
   * Digest (RFC 7616, MD5 and SHA-256, qop auth) answers a backup server's challenge, and is preferred to Basic. Basic
   * is certain, Digest is from memory [§5.3].
   */
  readonly digest: boolean
  /**
   * A file server that answers the script's request with anything but the file has not been "accessed successfully":
   * the phone goes on to the next server, on the 4600 to TFTP in the end [§2.1; IP Office practice]. Otherwise only
   * silence and refusal lead on.
   */
  readonly notFoundLeadsOn: boolean
  /** 503 with Retry-After: the 96x1 waits and asks again so many times [§2.1: considered, exact handling unknown]. */
  readonly retriesAfter503: number
  /** A set without any application cannot log in: its boot code only loads software [§2.5, from memory]. */
  readonly bootCodeOnly: boolean
}

export const DEFAULT_ASSUMPTIONS: PhoneAssumptions = {
  digest: true,
  notFoundLeadsOn: true,
  retriesAfter503: 3,
  bootCodeOnly: true,
}
