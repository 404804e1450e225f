/**
 * LLDP on one port of a switch: IEEE 802.1AB-2016 §9 (transmission, fast start, neighbours that age), and the part of a
 * network connectivity device in LLDP-MED (TIA-1057 §11).
 *
 * Until it has heard a MED endpoint the port sends plain LLDP; from then on the MED and vendor TLVs too, at once and a
 * few times in quick succession, as TIA-1057 §11.2.1 has it. Switches whose configuration sends them always exist as
 * well: `med: 'always'`.
 *
 * A link that comes up is said from outside (linkUp), since emulated links have no carrier of their own.
 */
import { latin1Bytes, toHex } from '../../base/bytes.js'
import { WireError } from '../../base/errors.js'
import { SECOND, type Nanos } from '../../base/time.js'
import { EtherType, encode as encodeEthernet, HEADER_LENGTH } from '../../wire/ethernet.js'
import * as lldp from '../../wire/lldp.js'
import type { Simulation } from '../sim/simulation.js'
import { Timer } from '../sim/timer.js'
import type { Link } from './link.js'
import type { Switch } from './switch.js'

/** What a port tells its neighbour beyond who it is. */
export interface LldpAdvertisement {
  readonly portVlanId?: number
  readonly vlanNames?: readonly lldp.VlanName[]
  readonly policies?: readonly lldp.NetworkPolicy[]
  /** Uint32; 8 at most, as switches allow. */
  readonly callServers?: readonly number[]
  /** Uint32; 4 at most. */
  readonly fileServers?: readonly number[]
  /** `lldp.Framing` */
  readonly framing?: number
}

export interface LldpAgentOptions extends LldpAdvertisement {
  readonly mac: Uint8Array
  readonly portName: string
  /** Management address of the switch, uint32. */
  readonly address?: number
  /** msgTxInterval, 802.1AB §9.2.5.7: 30 s. */
  readonly interval?: Nanos
  /** Seconds; msgTxHold times the interval, §9.2.5.6: 4 times. */
  readonly timeToLive?: number
  /** Frames in quick succession for a new neighbour (txFastInit, §9.2.5.19: 4), a second apart (msgFastTx). */
  readonly fastStart?: number
  readonly med?: 'on-demand' | 'always'
  /** Of the vendor's TLVs. */
  readonly vendorOui?: number
  /** How many neighbours one port remembers; §9.2.7.5 leaves it open, a desk has two or three. */
  readonly maxNeighbours?: number
}

export interface LldpNeighbour {
  /** Chassis and port ID, in hexadecimal. */
  readonly key: string
  readonly pdu: lldp.Lldpdu
  readonly expires: Nanos
}

const FAST_INTERVAL: Nanos = SECOND
const DEFAULT_FAST_START = 4
const DEFAULT_MAX_NEIGHBOURS = 8

export class LldpAgent {
  /** Frames that were no LLDPDU, and those for which there was no room. */
  readonly counters = { sent: 0, received: 0, discarded: 0, tooManyNeighbours: 0 }
  readonly #sim: Simulation
  readonly #box: Switch
  readonly #link: Link
  readonly #options: LldpAgentOptions
  readonly #neighbours = new Map<string, LldpNeighbour>()
  readonly #timer: Timer
  #fast = 0

  /** Silent until linkUp(). @throws Error for a link that is not on this switch */
  constructor(sim: Simulation, box: Switch, link: Link, options: LldpAgentOptions) {
    this.#sim = sim
    this.#box = box
    this.#link = link
    this.#options = options
    this.#timer = new Timer(sim, () => this.#transmit())
    box.onReserved(link, (frame) => this.#receive(frame))
  }

  /** What was heard and is still good. */
  get neighbours(): readonly LldpNeighbour[] {
    this.#age()
    return [...this.#neighbours.values()]
  }

  /** Neighbours of before are gone; the first frame goes out at once. */
  linkUp(): void {
    this.#neighbours.clear()
    this.#fast = 0
    this.#transmit()
  }

  linkDown(): void {
    this.#neighbours.clear()
    this.#timer.cancel()
  }

  #transmit(): void {
    const { interval = 30 * SECOND, mac } = this.#options
    this.counters.sent++
    this.#box.originate(
      this.#link,
      encodeEthernet({
        destination: lldp.MULTICAST,
        source: mac,
        etherType: EtherType.lldp,
        payload: lldp.encode(this.#tlvs()),
      }),
    )
    this.#timer.arm(this.#fast > 0 ? FAST_INTERVAL : interval)
    if (this.#fast > 0) this.#fast--
  }

  #tlvs(): lldp.LldpTlv[] {
    const { interval = 30 * SECOND, med = 'on-demand', ...options } = this.#options
    const { address, policies = [], callServers = [], fileServers = [], framing, vendorOui } = options
    const tlvs = [
      lldp.identifierTlv(lldp.TlvType.chassisId, lldp.ChassisIdSubtype.mac, options.mac),
      lldp.identifierTlv(lldp.TlvType.portId, lldp.PortIdSubtype.interfaceName, latin1Bytes(options.portName)),
      lldp.timeToLiveTlv(Math.min(0xffff, options.timeToLive ?? Math.ceil((4 * interval) / SECOND))),
      lldp.textTlv(lldp.TlvType.systemName, this.#box.name),
      lldp.capabilitiesTlv(lldp.Capability.bridge, lldp.Capability.bridge),
    ]
    if (address !== undefined) tlvs.push(lldp.managementAddressTlv(address, 1, 0, new Uint8Array(0)))
    if (options.portVlanId !== undefined) tlvs.push(lldp.portVlanIdTlv(options.portVlanId))
    for (const name of options.vlanNames ?? []) tlvs.push(lldp.vlanNameTlv(name))
    if (med === 'always' || this.#hearsEndpoint()) {
      const capabilities = MED_CAPABILITIES | (policies.length > 0 ? MED_NETWORK_POLICY : 0)
      tlvs.push(lldp.medCapabilitiesTlv(capabilities, lldp.MedClass.networkConnectivity))
      for (const policy of policies) tlvs.push(lldp.networkPolicyTlv(policy))
    }
    if (callServers.length > 0) tlvs.push(lldp.vendorAddressesTlv(3, callServers.slice(0, 8), vendorOui))
    if (fileServers.length > 0) tlvs.push(lldp.vendorAddressesTlv(6, fileServers.slice(0, 4), vendorOui))
    if (framing !== undefined) tlvs.push(lldp.vendorFramingTlv(framing, vendorOui))
    return tlvs
  }

  #hearsEndpoint(): boolean {
    this.#age()
    for (const { pdu } of this.#neighbours.values()) {
      const deviceClass = lldp.medCapabilities(pdu)?.deviceClass
      if (deviceClass !== undefined && deviceClass < lldp.MedClass.networkConnectivity) return true
    }
    return false
  }

  #receive(frame: Uint8Array): void {
    if (((frame[12]! << 8) | frame[13]!) !== EtherType.lldp) return
    this.counters.received++
    const pdu = decoded(frame.slice(HEADER_LENGTH))
    if (pdu === undefined || lldp.problem(pdu) !== undefined) {
      this.counters.discarded++
      return
    }
    const key = `${toHex(pdu.tlvs[0]!.value)} ${toHex(pdu.tlvs[1]!.value)}`
    const seconds = lldp.timeToLive(pdu)!
    this.#age()
    const known = this.#neighbours.delete(key)
    if (seconds === 0) return
    if (this.#neighbours.size >= (this.#options.maxNeighbours ?? DEFAULT_MAX_NEIGHBOURS)) {
      // tooManyNeighbors, §9.2.7.5.5: the newcomer is not remembered.
      this.counters.tooManyNeighbours++
      return
    }
    this.#neighbours.set(key, { key, pdu, expires: this.#sim.now + seconds * SECOND })
    if (known) return
    this.#fast = (this.#options.fastStart ?? DEFAULT_FAST_START) - 1
    if (this.#fast >= 0) this.#timer.arm(0)
  }

  #age(): void {
    for (const [key, { expires }] of this.#neighbours) if (expires < this.#sim.now) this.#neighbours.delete(key)
  }
}

/** TIA-1057 table 8. */
const MED_CAPABILITIES = 0x01
const MED_NETWORK_POLICY = 0x02

function decoded(payload: Uint8Array): lldp.Lldpdu | undefined {
  try {
    const pdu = lldp.decode(payload)
    return pdu.error === undefined ? pdu : undefined
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}
