/**
 * A phone below IP: 802.1X, its tag, and what LLDP tells it (avaya.md §1.2-1.4). One for each power-up.
 *
 * Theory of operation. LLDP frames come at any time and are read at fixed moments: before each DISCOVER and REQUEST, and
 * after the router check. Reading them sets parameters, and may change the VLAN; the lease keeper then begins anew
 * there, or the phone gives its address back and resets.
 *
 * Precedence (§1.12) is a matter of order: what is typed in comes first, LLDP only fills what is empty, DHCP and files
 * write over both. VLANs are the exception: LLDP's stand.
 *
 * Not here: VLAN settings in the settings file, PHY2VLAN and VLANSEP (there is no PC behind these phones).
 */
import { fromHex, toHex } from '../../base/bytes.js'
import { SECOND, type Nanos } from '../../base/time.js'
import { parseSiteOption } from '../../deskphone/site-option.js'
import { formatAddress } from '../../wire/ipv4.js'
import * as lldp from '../../wire/lldp.js'
import type { Lease } from './dhcp-client.js'
import * as display from './display.js'
import { LldpEndpoint } from './lldp-endpoint.js'
import type { PhoneState } from './phone-state.js'
import type { Steps } from './process.js'
import type { PhoneBoot } from './story.js'
import { Supplicant } from './supplicant.js'
import { VlanChoice } from './vlan-choice.js'

/** L2QAUD and L2QSIG, DSCPAUD: the defaults of the manuals [§1.4]. */
const DEFAULT_PRIORITY = 6
const DEFAULT_DSCP = 46

/** 1.3.6.1.4.1.6889, BER without tag and length: the vendor's branch, as sysObjectID begins. */
const SYS_OBJECT_ID = fromHex('2b 06 01 04 01 b5 69')

export class LinkLayer {
  readonly #phone: PhoneState
  readonly #choice: VlanChoice
  readonly #lldp: LldpEndpoint
  readonly #supplicant: Supplicant | undefined
  /** Moves to a VLAN and falls back from one, since power-up. */
  #moves = 0
  #fallbacks = 0

  constructor(phone: PhoneState) {
    const { transport } = phone.options
    this.#phone = phone
    this.#choice = new VlanChoice(phone.options.keepsVlanList ?? phone.series.name !== '4600')
    this.#lldp = new LldpEndpoint({
      transport,
      interval: phone.timers.lldpInterval,
      tlvs: () => this.#advertisement(),
    })
    const { dot1x } = phone.memory.network
    if (dot1x !== undefined) this.#supplicant = new Supplicant(transport, dot1x, phone.timers)
  }

  close(): void {
    this.#lldp.close()
    this.#supplicant?.close()
  }

  /** VLAN identifier of the tag in use, 0 for a priority tag, undefined untagged. */
  get tag(): number | undefined {
    return this.#choice.tag
  }

  /** Tagging and servers as stored; the parameters were empty. */
  beginBoot(reason: PhoneBoot['reason']): void {
    const { memory, parameters, series } = this.#phone
    const { network } = memory
    this.#phone.lldpVlan = false
    this.#choice.begin(network, reason === 'power-on' || reason === 'requested')
    this.#useTag()
    if (network.vlanTest !== 60) parameters.set('VLANTEST', [String(network.vlanTest)])
    if (network.dropsExpiredLease) parameters.set('DHCPSTD', ['1'])
    if (network.callServers !== '') parameters.set('MCIPADD', network.callServers.split(','))
    if (network.fileServers !== '') {
      for (const name of fileServerNames(series.name)) parameters.set(name, network.fileServers.split(','))
    }
  }

  /** Returns when the port is open, or nobody asks for 802.1X. */
  *authenticate(): Steps<void> {
    if (this.#supplicant === undefined) return
    const { tell, series, timers } = this.#phone
    tell.beginStage('link')
    for (;;) {
      this.#phone.display(display.waitingForDot1x)
      const result = yield* this.#supplicant.authenticate()
      tell.log('dot1x', { result })
      if (result === 'success' || (result === 'silent' && timers.dot1xUnanswered === 'proceed')) break
      const detail = result === 'failure' ? 'the switch answered EAP-Failure' : 'nobody answered EAPOL-Start'
      tell.fail('link', 'dot1x-failed', detail)
      tell.conclude('failed')
      this.#phone.display(display.dot1xFailed(series.name))
      yield* this.#phone.sleep(timers.dot1xHeldPeriod)
    }
    tell.recover('link')
    tell.endStage('link')
  }

  /** Reads what LLDP said since the last time. @returns whether the phone is to be in another VLAN now */
  readNeighbour(): boolean {
    const pdu = this.#lldp.take()
    if (pdu === undefined) return false
    const before = this.#choice.tag
    this.#fillServers(pdu)
    this.#followVlan(pdu)
    const framing = lldp.vendorFraming(pdu)
    // The default for the next reboot: 1 on, 2 off, 3 auto [§1.3].
    if (framing !== undefined && framing >= 1 && framing <= 3) this.#phone.memory.network.l2q = framing % 3
    if (this.#choice.tag === before) return false
    this.#phone.tell.log('lldp-vlan', { vlan: this.#choice.tag ?? 'untagged' })
    return true
  }

  /** The choice is stored, and counts from the next boot. */
  useNewTagAfterReset(): void {
    this.#store()
  }

  /** Sends as chosen from now on. */
  useNewTag(): void {
    this.#store()
    this.#useTag()
  }

  /** How long DHCP is tried on this VLAN; undefined: for ever. */
  get vlanTest(): Nanos | undefined {
    const seconds = this.#phone.number('VLANTEST', 60)
    return (this.tag ?? 0) === 0 || seconds === 0 ? undefined : seconds * SECOND
  }

  /** VLANTEST passed: from now on with VLAN 0 or untagged. */
  giveUpVlan(): void {
    const { tell } = this.#phone
    const vlan = this.#choice.vlan
    const seconds = this.#phone.number('VLANTEST', 60)
    this.#choice.expire()
    this.#useTag()
    const now = this.tag === undefined ? 'untagged' : 'with VLAN 0'
    this.#fallbacks++
    const pingPong = this.#moves >= 2 && this.#fallbacks >= 2
    tell.fail('vlan', 'vlan-test-expired', `no offer on VLAN ${vlan} for ${seconds} s, going on ${now}`)
    if (pingPong) {
      tell.fail('vlan', 'vlan-ping-pong', `${this.#moves} moves to VLAN ${vlan} and back`)
      tell.conclude('failed', 'vlan-ping-pong')
    }
  }

  /** Whether the lease sends the phone to another VLAN; that is then stored [§1.4]. */
  orderedElsewhere({ siteOptions }: Lease): boolean {
    const octets = siteOptions.get(this.#phone.siteOptionNumber)
    if (octets === undefined) return false
    const { values } = parseSiteOption(octets, this.#phone.series.name)
    const number = (name: string) => (values.has(name) ? Number(values.get(name)![0] ?? 0) : undefined)
    // Before the parameters of the lease are read: it counts for the VLAN that the phone goes to.
    const test = number('VLANTEST')
    if (test !== undefined) this.#phone.memory.network.vlanTest = test
    if (!this.#choice.order(number('L2Q'), number('L2QVLAN'))) return false
    this.#moves++
    this.#store()
    this.#phone.tell.log('vlan-move', { vlan: this.#choice.tag ?? 'untagged' })
    return true
  }

  /** Address or registration changed: LLDP tells them. */
  changed(): void {
    this.#lldp.changed()
  }

  #store(): void {
    const { network } = this.#phone.memory
    network.l2q = this.#choice.l2q
    network.vlan = this.#choice.vlan
  }

  #useTag(): void {
    const { tag } = this.#choice
    this.#phone.tell.tagged(tag)
    const pcp = this.#phone.number('L2QSIG', DEFAULT_PRIORITY)
    this.#phone.options.transport.setVlan(tag === undefined ? undefined : { vid: tag, pcp })
  }

  /** Only what nothing else has set. */
  #fillServers(pdu: lldp.Lldpdu): void {
    const { parameters, series, timers } = this.#phone
    const call = lldp.vendorAddresses(pdu, lldp.VendorSubtype.callServer, timers.lldpVendorOui)
    if (call.length > 0 && this.#phone.text('MCIPADD') === '') parameters.set('MCIPADD', call.map(formatAddress))
    const file = lldp.vendorAddresses(pdu, lldp.VendorSubtype.fileServer, timers.lldpVendorOui)
    const names = fileServerNames(series.name)
    if (file.length === 0 || names.some((name) => this.#phone.text(name) !== '')) return
    for (const name of names) parameters.set(name, file.map(formatAddress))
  }

  #followVlan(pdu: lldp.Lldpdu): void {
    const { parameters, memory } = this.#phone
    const set = (name: string, value: number) => parameters.set(name, [String(value)])
    const port = lldp.portVlanId(pdu)
    if (port !== undefined) set('PHY2VLAN', port)
    const follow = (l2q: number, vlan: number) => {
      this.#choice.follow(l2q, vlan)
      if (!this.#choice.isByNeighbour) return
      this.#phone.lldpVlan = true
      set('L2Q', this.#choice.l2q)
      set('L2QVLAN', this.#choice.vlan)
    }
    const voice = lldp.vlanNames(pdu).find(({ vid, name }) => vid !== 0 && /^voice/i.test(name))
    if (voice !== undefined && !this.#phone.registered) follow(1, voice.vid)
    const policy = lldp
      .networkPolicies(pdu)
      .find(({ application, unknown }) => application === lldp.MedApplication.voice && !unknown)
    if (policy === undefined || memory.network.staticAddress !== undefined) return
    for (const name of ['L2QAUD', 'L2QSIG']) set(name, policy.priority)
    for (const name of ['DSCPAUD', 'DSCPSIG']) set(name, policy.dscp)
    follow(policy.tagged ? 1 : 2, policy.vid)
  }

  /** The table of avaya.md §1.3. */
  #advertisement(): lldp.LldpTlv[] {
    const { options, story, memory, lease, registered } = this.#phone
    const { model, transport } = options
    const address = lease?.address ?? 0
    const tag = this.tag
    const both = lldp.Capability.bridge | lldp.Capability.telephone
    const { MedSubtype } = lldp
    return [
      lldp.identifierTlv(1, lldp.ChassisIdSubtype.networkAddress, lldp.networkAddressId(address)),
      lldp.identifierTlv(2, lldp.PortIdSubtype.mac, transport.mac),
      lldp.timeToLiveTlv(120),
      lldp.textTlv(lldp.TlvType.systemName, story.hostname),
      lldp.capabilitiesTlv(both, registered ? both : lldp.Capability.bridge),
      lldp.managementAddressTlv(address, 3, 1, SYS_OBJECT_ID),
      // Autonegotiation supported and enabled, 10 and 100 Mbit/s both ways, at work 100BASE-TX full duplex (16).
      lldp.macPhyTlv({ autonegotiation: 3, advertised: 0x6c00, mauType: 16 }),
      lldp.medCapabilitiesTlv(0x33, lldp.MedClass.endpointIII),
      lldp.networkPolicyTlv({
        application: lldp.MedApplication.voice,
        unknown: false,
        tagged: tag !== undefined,
        vid: tag ?? 0,
        priority: this.#phone.number('L2QAUD', DEFAULT_PRIORITY),
        dscp: this.#phone.number('DSCPAUD', DEFAULT_DSCP),
      }),
      lldp.inventoryTlv(MedSubtype.hardwareRevision, model.model),
      lldp.inventoryTlv(MedSubtype.firmwareRevision, memory.bootImage.slice(0, 32)),
      lldp.inventoryTlv(MedSubtype.softwareRevision, (memory.application ?? '').slice(0, 32)),
      lldp.inventoryTlv(MedSubtype.serialNumber, toHex(transport.mac).toUpperCase()),
      lldp.inventoryTlv(MedSubtype.manufacturer, 'Avaya'),
      lldp.inventoryTlv(MedSubtype.model, this.#phone.series.name === '4600' ? model.model4 : model.model),
      lldp.vendorAddressesTlv(4, [address, lease?.mask ?? 0, lease?.routers[0] ?? 0], this.#phone.timers.lldpVendorOui),
      lldp.vendorFramingTlv(tag === undefined ? lldp.Framing.untagged : lldp.Framing.tagged),
    ]
  }
}

/** Where a file server goes that DHCP did not name [§1.3]. */
function fileServerNames(series: string): readonly string[] {
  return series === '4600' ? ['TLSSRVR', 'HTTPSRVR', 'TFTPSRVR'] : ['TLSSRVR', 'HTTPSRVR']
}
