/**
 * How much the streams layer holds at most. A bound that is reached is named in CaptureFacts.limitsReached, so that a
 * reader knows what is missing; the capture is read on.
 */

/** Frame-sized facts kept for the whole capture. */
export const MAX_DHCP_MESSAGES = 100_000
export const MAX_DHCP_OCTETS = 128 * 1024 * 1024
export const MAX_ARP_MESSAGES = 200_000
export const MAX_ICMP_ERRORS = 100_000
/** Transfers and connections in the observations. */
export const MAX_TFTP_TRANSFERS = 100_000
export const MAX_TCP_CONNECTIONS = 100_000
/** Those of them that are still being followed; past it the oldest are taken as ended. */
export const MAX_OPEN_TFTP_TRANSFERS = 20_000
export const MAX_OPEN_TCP_CONNECTIONS = 32_768
/** HTTP exchanges of one connection. */
export const MAX_EXCHANGES = 10_000
/** ... and of all connections, with the octets of their headers. */
export const MAX_ALL_EXCHANGES = 300_000
export const MAX_HEADER_OCTETS = 128 * 1024 * 1024
/** Frames kept as evidence in one list of one transfer or connection, and in all. */
export const MAX_EVIDENCE = 1_000
export const MAX_ALL_EVIDENCE = 1_000_000
/** Octets of a TFTP request; RFC 2347 allows 512. */
export const MAX_TFTP_REQUEST = 4_096

/** A body or file up to this size is kept for those who read scripts and settings. */
export const MAX_CONTENT = 256 * 1024
/** All kept bodies and files together. */
export const MAX_KEPT_OCTETS = 64 * 1024 * 1024

/** Segments that wait for a hole before them, per direction of a connection. */
export const MAX_WAITING_SEGMENTS = 512
export const MAX_WAITING_OCTETS = 1024 * 1024
/** ... and in all connections. */
export const MAX_ALL_WAITING_OCTETS = 32 * 1024 * 1024

/** IPv4 datagrams being joined, their octets in all, and how long one is waited for (RFC 1122 §3.3.2: 60 to 120 s). */
export const MAX_FRAGMENTED_DATAGRAMS = 1_024
export const MAX_FRAGMENT_OCTETS = 8 * 1024 * 1024
export const FRAGMENT_TIMEOUT_SECONDS = 60

/** Bounds that were reached, each once, in the order in which they were. */
export class Limits {
  readonly #reached = new Set<string>()
  #evidence = 0

  reached(name: string): void {
    this.#reached.add(name)
  }

  /** Adds to a list of evidence, unless there is enough of it. */
  addEvidence<T>(list: T[], entry: T): void {
    if (list.length >= MAX_EVIDENCE || this.#evidence >= MAX_ALL_EVIDENCE) return this.reached('evidence-frames')
    this.#evidence++
    list.push(entry)
  }

  names(): readonly string[] {
    return [...this.#reached]
  }
}
