/**
 * Every waiting time and retry count of an emulated phone. Few are documented; the rest are assumptions (avaya.md
 * §9.1), all in this one place and each replaceable per phone.
 */
import { MILLISECOND, MINUTE, SECOND, type Nanos } from '../../base/time.js'

export interface PhoneTimers {
  /** First DISCOVER after power-up: uniform in [0, this]. Documented for the 96x1: 0 to 4 s [§1.2 step 5]. */
  readonly startWait: Nanos
  /** Waits after each DISCOVER; the last repeats. RFC 2131 §4.1: 4, 8, 16, 32, 64 s. */
  readonly discoverWaits: readonly Nanos[]
  /** Waits after each REQUEST; then back to DISCOVER. RFC 2131 §4.1; four tries are an assumption. */
  readonly requestWaits: readonly Nanos[]
  /** Uniform in [-this, +this] on each of those. RFC 2131 §4.1: 1 s. */
  readonly dhcpJitter: Nanos
  /** Before the DISCOVER that follows a NAK; keeps a NAK loop from becoming a storm. Assumption. */
  readonly nakWait: Nanos
  /** Before the DISCOVER that follows a DECLINE. RFC 2131 §3.1 step 5: ten seconds at least. */
  readonly declineWait: Nanos
  /** Between renewal attempts when half of what is left would be less. RFC 2131 §4.4.5: 60 s. */
  readonly minimumRenewalWait: Nanos
  /** Address conflict probes, their spacing, and the wait after the last (RFC 5227 style, assumption). */
  readonly arpProbes: number
  readonly arpProbeInterval: Nanos
  readonly arpProbeWait: Nanos
  /** Own-address probes after a lease has ended unrenewed (DHCPSTD 0). Documented: 5 s [§1.8]. */
  readonly extendedProbeInterval: Nanos
  /** From the RELEASE to the reset when the VLAN changes: ARP for the server comes first. Assumption. */
  readonly releaseWait: Nanos
  /** EAPOL-Start to the next one, 802.1X-2004 §8.2.11.1.2: 30 s, and how many of them: 3. */
  readonly dot1xStartPeriod: Nanos
  readonly dot1xMaxStarts: number
  /** Wait for the authenticator within an exchange: authPeriod, 30 s. */
  readonly dot1xAuthPeriod: Nanos
  /** Between a failure and the next EAPOL-Start: heldPeriod, 60 s. */
  readonly dot1xHeldPeriod: Nanos
  /** When nobody answers: begin again, as avaya.md §8.1 no. 2 has it, or go on, as 802.1X-2004 §8.2.11 does. */
  readonly dot1xUnanswered: 'repeat' | 'proceed'
  /** LLDP_XMIT_SECS [§1.3]. */
  readonly lldpInterval: Nanos
  /** OUI of the vendor's TLVs: 00-40-0D as documented; switches may send the registered 00-04-0D [§1.3]. */
  readonly lldpVendorOui: number
  /** Wait for a DNS server, and rounds over all of them. Assumption. */
  readonly dnsTimeout: Nanos
  readonly dnsTries: number
  /** One ARP request for a router. Assumption: 1 s, as "until it receives a response" is all that is documented. */
  readonly routerWait: Nanos
  /** Rounds over the routers until the story calls the boot failed; the phone goes on trying. Assumption. */
  readonly routerRounds: number
  /** Before each file is asked for: what the phone does with the one before takes time. Assumption. */
  readonly betweenFiles: Nanos
  /** TCP handshake with one server address. Assumption. */
  readonly connectTimeout: Nanos
  /** No octet of a response for so long. Assumption. */
  readonly responseIdle: Nanos
  /** Unanswered RRQ or ACK. Assumption. */
  readonly tftpTimeout: Nanos
  /** Transmissions of one RRQ or ACK. Assumption. */
  readonly tftpTries: number
  /** "Saving to flash" takes longer than the download (§4): a fixed part, and a part for each KiB. Assumption. */
  readonly storeTime: Nanos
  readonly storeTimePerKib: Nanos
  /** From reset to first frame: uniform in this range. Assumption: 20 to 60 s. */
  readonly resetMinimum: Nanos
  readonly resetMaximum: Nanos
  /** A user typing credentials when asked. Assumption. */
  readonly userAnswer: Nanos
  /** GRQ: transmissions to one address, and the wait after each. H.225.0 recommends 5 s and two; Avaya's are not known. */
  readonly discoveryTries: number
  readonly discoveryWait: Nanos
  /** The same of RRQ and URQ: 3 s and two. */
  readonly registrationTries: number
  readonly registrationWait: Nanos
  /** TCP handshake of the signalling connection. Assumption. */
  readonly signallingTimeout: Nanos
  /** An error on the screen before the reset, as a rejected log-in or a bad checksum [§6.3]: about 30 s. */
  readonly errorDisplay: Nanos
  /** The user types extension and password, or confirms the stored ones. Assumption. */
  readonly logIn: Nanos
  /** From log-in to the change that makes the phone back up. Assumption. */
  readonly userChange: Nanos
}

export const DEFAULT_TIMERS: PhoneTimers = {
  startWait: 4 * SECOND,
  discoverWaits: [4 * SECOND, 8 * SECOND, 16 * SECOND, 32 * SECOND, 64 * SECOND],
  requestWaits: [4 * SECOND, 8 * SECOND, 16 * SECOND, 32 * SECOND],
  dhcpJitter: SECOND,
  nakWait: SECOND,
  declineWait: 10 * SECOND,
  minimumRenewalWait: MINUTE,
  arpProbes: 3,
  arpProbeInterval: SECOND,
  arpProbeWait: 2 * SECOND,
  extendedProbeInterval: 5 * SECOND,
  releaseWait: 200 * MILLISECOND,
  dot1xStartPeriod: 30 * SECOND,
  dot1xMaxStarts: 3,
  dot1xAuthPeriod: 30 * SECOND,
  dot1xHeldPeriod: 60 * SECOND,
  dot1xUnanswered: 'repeat',
  lldpInterval: 30 * SECOND,
  lldpVendorOui: 0x00400d,
  dnsTimeout: 5 * SECOND,
  dnsTries: 2,
  routerWait: SECOND,
  routerRounds: 10,
  betweenFiles: 50 * MILLISECOND,
  connectTimeout: 20 * SECOND,
  responseIdle: 30 * SECOND,
  tftpTimeout: 4 * SECOND,
  tftpTries: 5,
  storeTime: 5 * SECOND,
  storeTimePerKib: 10 * MILLISECOND,
  resetMinimum: 20 * SECOND,
  resetMaximum: 60 * SECOND,
  userAnswer: 5 * SECOND,
  discoveryTries: 2,
  discoveryWait: 5 * SECOND,
  registrationTries: 2,
  registrationWait: 3 * SECOND,
  signallingTimeout: 20 * SECOND,
  errorDisplay: 30 * SECOND,
  logIn: 2 * SECOND,
  userChange: SECOND,
}

/** Boots of one power-up after which a phone that resets itself stays down: an endless upgrade loop ends a run. */
export const MAX_BOOTS = 12
