/**
 * Frames in, observations out: the order of the layers below the sessions.
 *
 * Each frame is counted, passes the sieve, is dissected, is joined with the other fragments of its datagram, is
 * compared with those just before it (a mirror port's double counts once), and goes to its protocol's tracker. What the
 * trackers learn about ports and flows goes back to the sieve through the announcements.
 *
 * Without the sieve every frame is dissected, and the trackers decide alone what is of interest: the observations are
 * the same. Nothing is kept of a record or its octets but copies; every table is bounded (limits.ts).
 *
 * DHCP is what goes to or from ports 67, 68 and 4011. What is quoted inside ICMP is evidence about the quoted packet
 * and never a message of its own. IPv6 is left alone.
 */
import type { FrameRecord } from '../../capture/capture-reader.js'
import { linkTypeName } from '../../capture/link-types.js'
import * as arp from '../../wire/arp.js'
import * as dhcp from '../../wire/dhcp.js'
import { formatMac } from '../../wire/ethernet.js'
import * as icmpv4 from '../../wire/icmpv4.js'
import { Protocol, formatAddress } from '../../wire/ipv4.js'
import { WireError } from '../../base/errors.js'
import { Dissection } from '../dissect/dissection.js'
import { Announcements } from '../sieve/announcements.js'
import { Sieve } from '../sieve/sieve.js'
import { announcePortsOf } from './announced-ports.js'
import { ContentBudget } from './content-budget.js'
import { CopyDetector } from './copy-detector.js'
import { FragmentTable } from './fragment-table.js'
import { FrameClock } from './frame-clock.js'
import { Limits, MAX_ARP_MESSAGES, MAX_DHCP_MESSAGES, MAX_DHCP_OCTETS, MAX_ICMP_ERRORS } from './limits.js'
import type {
  ArpObservation,
  CaptureFacts,
  DhcpObservation,
  Frame,
  IcmpErrorObservation,
  LinkInfo,
  Observations,
} from './observations.js'
import type { StreamListener } from './stream-listener.js'
import type { TcpFlow } from './tcp-flow.js'
import { TcpTracker } from './tcp-tracker.js'
import { TftpTracker } from './tftp-tracker.js'

export interface StreamTrackerOptions {
  /** Name of the capture file, for CaptureFacts. */
  readonly file?: string
  /** False looks at every frame in full; the observations are the same. Default true. */
  readonly sieve?: boolean
  /** Told each message as it becomes certain. */
  readonly listener?: StreamListener
}

/** What the capture reader knows at its end; its summary fits as it is. */
export interface CaptureEnd {
  readonly format: string
  /** LINKTYPE numbers. */
  readonly linkTypes: readonly number[]
  readonly packets: number
  readonly bytes: number
  readonly damage: CaptureFacts['damage']
}

export class StreamTracker {
  readonly #file: string
  readonly #listener: StreamListener | undefined
  readonly #announcements = new Announcements<TcpFlow>()
  readonly #sieve: Sieve | undefined
  readonly #packet = new Dissection()
  readonly #clock = new FrameClock()
  readonly #copies = new CopyDetector()
  readonly #limits = new Limits()
  readonly #fragments = new FragmentTable(this.#limits)
  readonly #tftp: TftpTracker
  readonly #tcp: TcpTracker
  readonly #dhcp: DhcpObservation[] = []
  readonly #arp: ArpObservation[] = []
  readonly #icmpErrors: IcmpErrorObservation[] = []
  #dhcpOctets = 0
  #malformedFrames = 0
  #snaplenFrames = 0
  readonly #frame = (): Frame => this.#clock.frame()
  readonly #link = (): LinkInfo => linkInfo(this.#packet)

  constructor(options: StreamTrackerOptions = {}) {
    this.#file = options.file ?? ''
    this.#listener = options.listener
    this.#sieve = options.sieve === false ? undefined : new Sieve(this.#announcements)
    const limits = this.#limits
    const budget = new ContentBudget(limits)
    this.#tftp = new TftpTracker(this.#announcements, limits, budget)
    this.#tcp = new TcpTracker(this.#announcements, {
      limits,
      budget,
      announcements: this.#announcements,
      listener: options.listener,
      waitingOctets: 0,
      exchanges: 0,
      headerOctets: 0,
    })
  }

  /** The next frame, in file order. The record may be reused by the reader: nothing of it is kept. */
  frame(record: FrameRecord): void {
    this.#clock.advance(record)
    if (record.end - record.start < record.originalLength) this.#snaplenFrames++
    if (this.#sieve && !this.#sieve.keep(record)) return
    const packet = this.#packet
    packet.read(record)
    if (packet.network === 'ipv4') this.#ipv4(packet)
    else if (packet.network === 'arp') this.#readArp(packet)
    if (packet.anomaly !== undefined) this.#malformedFrames++
  }

  #ipv4(packet: Dissection): void {
    if (!this.#isOfInterest(packet)) return
    const original = this.#copies.original(packet, this.#clock.number, this.#clock.time)
    if (packet.isFragment()) {
      if (original !== 0) return
      const whole = this.#fragments.add(packet, this.#clock.seconds)
      if (whole === undefined) return
      packet.readTransport(whole, 0, whole.length, whole.length)
    }
    switch (packet.transport) {
      case 'udp':
        this.#udp(packet, original)
        break
      case 'tcp':
        if (original === 0) this.#tcp.segment(packet, this.#frame, this.#link)
        break
      case 'icmp':
        this.#icmp(packet, original)
        break
      case 'none':
      case 'other':
        break
    }
  }

  /** Without the sieve most datagrams are of no interest, and must not push others out of the memory for doubles. */
  #isOfInterest(packet: Dissection): boolean {
    switch (packet.transport) {
      case 'udp':
        return this.#isUdpOfInterest(packet)
      case 'tcp':
        return this.#tcp.isOfInterest(packet)
      case 'icmp':
        return true
      case 'none':
      case 'other':
        return packet.isFragment()
    }
  }

  #isUdpOfInterest({ source, sourcePort, destination, destinationPort }: Dissection): boolean {
    return this.#announcements.isUdpOfInterest(source, sourcePort, destination, destinationPort)
  }

  #udp(packet: Dissection, original: number): void {
    if (isDhcpPort(packet.sourcePort) || isDhcpPort(packet.destinationPort)) this.#readDhcp(packet, original)
    else if (this.#isUdpOfInterest(packet)) this.#readTftp(packet, original)
  }

  #readDhcp(packet: Dissection, original: number): void {
    // Kept for the whole capture: a copy, so that the reader's chunk can go.
    const payload = packet.segment.slice(packet.data, packet.dataEnd)
    let message: dhcp.DhcpMessage
    try {
      message = dhcp.decode(payload)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      if (!packet.cut) this.#malformedFrames++
      return
    }
    this.#dhcpOctets += payload.length
    if (this.#dhcp.length >= MAX_DHCP_MESSAGES || this.#dhcpOctets > MAX_DHCP_OCTETS) {
      return this.#limits.reached('dhcp-messages')
    }
    const observation: DhcpObservation = {
      frame: this.#clock.frame(),
      link: linkInfo(packet),
      source: { address: formatAddress(packet.source), port: packet.sourcePort },
      destination: { address: formatAddress(packet.destination), port: packet.destinationPort },
      message,
      type: dhcp.messageType(message),
      chaddr: formatMac(dhcp.hardwareAddress(message)),
      copyOf: original === 0 ? undefined : original,
      isCut: packet.cut,
    }
    this.#dhcp.push(observation)
    announcePortsOf(message, this.#announcements)
    this.#listener?.dhcp(observation)
  }

  #readTftp(packet: Dissection, original: number): void {
    const message = this.#tftp.datagram(packet, this.#frame, this.#link, original !== 0)
    if (message === undefined || this.#listener === undefined) return
    this.#listener.tftp(
      this.#clock.frame(),
      { address: formatAddress(packet.source), port: packet.sourcePort },
      { address: formatAddress(packet.destination), port: packet.destinationPort },
      message,
    )
  }

  #readArp(packet: Dissection): void {
    if (this.#copies.original(packet, this.#clock.number, this.#clock.time) !== 0) return
    if (this.#arp.length >= MAX_ARP_MESSAGES) return this.#limits.reached('arp-messages')
    const message = arp.decode(packet.bytes.subarray(packet.arp, packet.arp + arp.LENGTH))
    this.#arp.push({
      frame: this.#clock.frame(),
      link: linkInfo(packet),
      operation: message.operation,
      senderMac: formatMac(message.senderMac),
      senderAddress: formatAddress(message.senderAddress),
      targetMac: formatMac(message.targetMac),
      targetAddress: formatAddress(message.targetAddress),
    })
  }

  #icmp(packet: Dissection, original: number): void {
    if (!icmpv4.isError(packet.segment[packet.header]!)) return
    const message = icmpv4.decode(packet.segment.subarray(packet.header, packet.dataEnd))
    const quoted = icmpv4.quoted(message)
    const source = quoted?.packet.source ?? 0
    const destination = quoted?.packet.destination ?? 0
    const sourcePort = quoted?.sourcePort ?? 0
    const destinationPort = quoted?.destinationPort ?? 0
    const observation: IcmpErrorObservation = {
      frame: this.#clock.frame(),
      link: linkInfo(packet),
      from: formatAddress(packet.source),
      type: message.type,
      code: message.code,
      quoted: quoted && {
        protocol: quoted.packet.protocol,
        source: { address: formatAddress(source), port: sourcePort },
        destination: { address: formatAddress(destination), port: destinationPort },
      },
    }
    this.#listener?.icmpError(observation, formatAddress(packet.destination))
    if (original !== 0) return
    if (this.#icmpErrors.length >= MAX_ICMP_ERRORS) return this.#limits.reached('icmp-errors')
    this.#icmpErrors.push(observation)
    // A redirect quotes a packet that was forwarded all the same (RFC 792).
    if (quoted === undefined || message.type === icmpv4.Type.redirect) return
    if (quoted.packet.protocol === Protocol.udp) {
      this.#tftp.icmpError(source, sourcePort, destination, destinationPort, observation)
    } else if (quoted.packet.protocol === Protocol.tcp) {
      this.#tcp.icmpError(source, sourcePort, destination, destinationPort, observation)
    }
  }

  /** To be called once, after the last frame. */
  end(capture: CaptureEnd): Observations {
    const clock = this.#clock
    this.#tftp.end()
    const tcp = this.#tcp.end()
    return {
      capture: {
        file: this.#file,
        format: capture.format,
        linkTypes: capture.linkTypes.map(linkTypeName),
        packets: capture.packets,
        bytes: capture.bytes,
        firstTime: clock.firstTime,
        lastTime: clock.lastTime,
        duration: clock.duration,
        damage: capture.damage,
        malformedFrames: this.#malformedFrames,
        snaplenFrames: this.#snaplenFrames,
        limitsReached: this.#limits.names(),
      },
      dhcp: this.#dhcp,
      arp: this.#arp,
      icmpErrors: this.#icmpErrors,
      tftp: this.#tftp.transfers,
      tcp,
    }
  }
}

/** RFC 2131 §4.1, and 4011 of PXE's boot servers. */
function isDhcpPort(port: number): boolean {
  return port === dhcp.SERVER_PORT || port === dhcp.CLIENT_PORT || port === 4011
}

function linkInfo(packet: Dissection): LinkInfo {
  const { link, bytes } = packet
  return {
    sourceMac: link.sourceMac < 0 ? null : formatMac(bytes.subarray(link.sourceMac, link.sourceMac + 6)),
    destinationMac:
      link.destinationMac < 0 ? null : formatMac(bytes.subarray(link.destinationMac, link.destinationMac + 6)),
    vlan: link.vlan < 0 ? null : link.vlan,
  }
}
