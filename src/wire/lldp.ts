/**
 * LLDP: IEEE 802.1AB-2016 §8, with the organizationally specific TLVs of 802.1Q annex D, 802.3 §79, LLDP-MED
 * (ANSI/TIA-1057 §10) and those of the desk phones' vendor (avaya.md §1.3).
 *
 * TLVs are kept raw and in order, unknown and doubled ones included: the analyzer has to show what was sent. Readers give
 * the meaning of the first TLV of their kind, or undefined when it is missing or too short; builders make TLVs.
 *
 * A TLV that overruns the frame does not cost those before it: decode returns what it read and says why it stopped.
 *
 * Not here: whether the mandatory TLVs come first and once (a receiver's rule, §9.2.8.7.1; see `problem`), EVB, DCB, location TLVs.
 */
import { ByteWriter, concatBytes, latin1, latin1Bytes, u16, u32 } from '../base/bytes.js'
import { WireError } from '../base/errors.js'

/** Nearest bridge, 802.1AB §7.1. No bridge forwards it. Not to be written to. */
export const MULTICAST = new Uint8Array([0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e])

/** Far more than an LLDPDU of real TLVs has; empty ones would fit 750 times. */
export const MAX_TLVS = 256

/** Octets that the 9-bit length can say. */
export const MAX_VALUE = 511

export const TlvType = {
  end: 0,
  chassisId: 1,
  portId: 2,
  timeToLive: 3,
  portDescription: 4,
  systemName: 5,
  systemDescription: 6,
  systemCapabilities: 7,
  managementAddress: 8,
  organizational: 127,
} as const

export const ChassisIdSubtype = { mac: 4, networkAddress: 5, interfaceName: 6, local: 7 } as const
export const PortIdSubtype = { interfaceAlias: 1, mac: 3, networkAddress: 4, interfaceName: 5, local: 7 } as const

/** Bits of system capabilities, 802.1AB §8.5.8.1. */
export const Capability = {
  other: 0x01,
  repeater: 0x02,
  bridge: 0x04,
  wlanAccessPoint: 0x08,
  router: 0x10,
  telephone: 0x20,
  docsis: 0x40,
  station: 0x80,
} as const

/** As numbers of three octets. */
export const Oui = {
  ieee8021: 0x0080c2,
  ieee8023: 0x00120f,
  tia: 0x0012bb, // LLDP-MED
  vendor: 0x00400d, // as documented for the phones [avaya.md 1.3]
} as const

export const Ieee8021Subtype = { portVlanId: 1, vlanName: 3 } as const
export const Ieee8023Subtype = { macPhy: 1, powerViaMdi: 2, maximumFrameSize: 4 } as const
/** TIA-1057 table 3. */
export const MedSubtype = {
  capabilities: 1,
  networkPolicy: 2,
  location: 3,
  power: 4,
  hardwareRevision: 5,
  firmwareRevision: 6,
  softwareRevision: 7,
  serialNumber: 8,
  manufacturer: 9,
  model: 10,
  assetId: 11,
} as const
export const VendorSubtype = {
  poeConservation: 1,
  callServer: 3,
  phoneAddresses: 4,
  cnaServer: 5,
  fileServer: 6,
  framing: 7,
} as const

/** TIA-1057 §10.2.3.1. */
export const MedApplication = {
  voice: 1,
  voiceSignaling: 2,
  guestVoice: 3,
  guestVoiceSignaling: 4,
  softphoneVoice: 5,
  videoConferencing: 6,
  streamingVideo: 7,
  videoSignaling: 8,
} as const

/** TIA-1057 table 9: what kind of device sends this. */
export const MedClass = { endpointI: 1, endpointII: 2, endpointIII: 3, networkConnectivity: 4 } as const

/** Values of the vendor's 802.1Q framing TLV. */
export const Framing = { tagged: 1, untagged: 2, auto: 3 } as const

export interface LldpTlv {
  /** 0 to 127. */
  readonly type: number
  readonly value: Uint8Array
}

export interface Lldpdu {
  /** Without the end TLV. */
  readonly tlvs: readonly LldpTlv[]
  /** Why the list could not be read to its end, with the offset of the TLV that is cut short. */
  readonly error: WireError | undefined
}

/**
 * @param bytes the Ethernet payload, padding included; the values are views into it
 * @throws WireError TRUNCATED when there is not even one TLV header
 */
export function decode(bytes: Uint8Array): Lldpdu {
  if (bytes.length < 2) throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of an LLDPDU`)
  const tlvs: LldpTlv[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const header = u16(bytes, at)
    const type = header >>> 9
    const length = header & MAX_VALUE
    if (type === TlvType.end) return { tlvs, error: undefined }
    if (at + 2 + length > bytes.length) {
      const left = bytes.length - at - 2
      const error = new WireError('TRUNCATED', at, `TLV ${type} claims ${length} octets, ${left} are left`)
      return { tlvs, error }
    }
    if (tlvs.length >= MAX_TLVS) return { tlvs, error: new WireError('TOO_LONG', at, `more than ${MAX_TLVS} TLVs`) }
    tlvs.push({ type, value: bytes.subarray(at + 2, at + 2 + length) })
    at += 2 + length
  }
  // 802.1AB-2016 §8.5.1: the end TLV is optional since 2009; a frame without padding ends with its last TLV.
  return { tlvs, error: at === bytes.length ? undefined : new WireError('TRUNCATED', at, 'half a TLV header') }
}

/** With the end TLV. @throws WireError TOO_LONG for a value above 511 octets */
export function encode(tlvs: readonly LldpTlv[]): Uint8Array {
  const w = new ByteWriter(256)
  for (const { type, value } of tlvs) {
    if (value.length > MAX_VALUE) throw new WireError('TOO_LONG', w.length, `${value.length} octets in TLV ${type}`)
    w.u16((type << 9) | value.length).octets(value)
  }
  return w.u16(0).toBytes()
}

/** Why a receiver discards the whole LLDPDU, 802.1AB §9.2.8.7.1: the three mandatory TLVs lead. */
export function problem({ tlvs }: Lldpdu): string | undefined {
  const names = ['chassis ID', 'port ID', 'time to live']
  for (const [i, name] of names.entries()) {
    if (tlvs[i]?.type !== i + 1) return `the ${name} TLV is not in place ${i + 1}`
  }
  if (tlvs.slice(3).some(({ type }) => type >= 1 && type <= 3)) return 'a mandatory TLV comes twice'
  if (tlvs[0]!.value.length < 2 || tlvs[1]!.value.length < 2) return 'an identifier without a value'
  return tlvs[2]!.value.length < 2 ? 'the time to live is too short' : undefined
}

/** The value of the first TLV of that type. */
export function find({ tlvs }: Lldpdu, type: number): Uint8Array | undefined {
  return tlvs.find((tlv) => tlv.type === type)?.value
}

/** The information strings of every organizationally specific TLV of that kind, in order. */
export function findOrganizational({ tlvs }: Lldpdu, oui: number, subtype: number): Uint8Array[] {
  const found: Uint8Array[] = []
  for (const { type, value } of tlvs) {
    if (type === TlvType.organizational && ouiOf(value) === oui && value[3] === subtype) found.push(value.subarray(4))
  }
  return found
}

/** OUI of an organizationally specific TLV's value; -1 when it is too short to have one and a subtype. */
export function ouiOf(value: Uint8Array): number {
  return value.length < 4 ? -1 : (value[0]! << 16) | (value[1]! << 8) | value[2]!
}

/** Subtype and identifier of the chassis or port ID. */
export function identifier(pdu: Lldpdu, type: 1 | 2): { subtype: number; id: Uint8Array } | undefined {
  const value = find(pdu, type)
  return value === undefined || value.length < 2 ? undefined : { subtype: value[0]!, id: value.subarray(1) }
}

/** Seconds; 0 says good-bye. */
export function timeToLive(pdu: Lldpdu): number | undefined {
  const value = find(pdu, TlvType.timeToLive)
  return value === undefined || value.length < 2 ? undefined : u16(value, 0)
}

/** Of port description, system name or system description. */
export function text(pdu: Lldpdu, type: 4 | 5 | 6): string | undefined {
  const value = find(pdu, type)
  return value === undefined ? undefined : latin1(value)
}

/** What the system is and which of that is in use, as `Capability` bits. */
export function capabilities(pdu: Lldpdu): { system: number; enabled: number } | undefined {
  const value = find(pdu, TlvType.systemCapabilities)
  return value === undefined || value.length < 4 ? undefined : { system: u16(value, 0), enabled: u16(value, 2) }
}

/** The first management address that is IPv4 (802.1AB §8.5.9, address family 1). */
export function managementAddress({ tlvs }: Lldpdu): number | undefined {
  for (const { type, value } of tlvs) {
    if (type === TlvType.managementAddress && value.length >= 6 && value[0] === 5 && value[1] === 1)
      return u32(value, 2)
  }
  return undefined
}

/** The VLAN of untagged frames, 802.1Q §D.2.1; 0 says that there is none. */
export function portVlanId(pdu: Lldpdu): number | undefined {
  const value = findOrganizational(pdu, Oui.ieee8021, Ieee8021Subtype.portVlanId)[0]
  return value === undefined || value.length < 2 ? undefined : u16(value, 0) & 0x0fff
}

export interface VlanName {
  readonly vid: number
  readonly name: string
}

/** 802.1Q §D.2.3, those that are too short for their name left out. */
export function vlanNames(pdu: Lldpdu): VlanName[] {
  const names: VlanName[] = []
  for (const value of findOrganizational(pdu, Oui.ieee8021, Ieee8021Subtype.vlanName)) {
    if (value.length < 3 || value.length < 3 + value[2]!) continue
    names.push({ vid: u16(value, 0) & 0x0fff, name: latin1(value, 3, 3 + value[2]!) })
  }
  return names
}

/** 802.3 §79.3.1. */
export interface MacPhy {
  /** Bit 0 supported, bit 1 enabled. */
  readonly autonegotiation: number
  /** IETF RFC 4836 ifMauAutoNegCapAdvertisedBits. */
  readonly advertised: number
  /** Operational MAU type, RFC 4836: 16 is 100BASE-TX full duplex, 30 is 1000BASE-T full duplex. */
  readonly mauType: number
}

export function macPhy(pdu: Lldpdu): MacPhy | undefined {
  const value = findOrganizational(pdu, Oui.ieee8023, Ieee8023Subtype.macPhy)[0]
  if (value === undefined || value.length < 5) return undefined
  return { autonegotiation: value[0]!, advertised: u16(value, 1), mauType: u16(value, 3) }
}

/** LLDP-MED capabilities, TIA-1057 §10.2.2: bits in the order of table 8, and a `MedClass`. */
export function medCapabilities(pdu: Lldpdu): { capabilities: number; deviceClass: number } | undefined {
  const value = findOrganizational(pdu, Oui.tia, MedSubtype.capabilities)[0]
  return value === undefined || value.length < 3 ? undefined : { capabilities: u16(value, 0), deviceClass: value[2]! }
}

/** LLDP-MED network policy, TIA-1057 §10.2.3. */
export interface NetworkPolicy {
  /** `MedApplication` */
  readonly application: number
  /** U flag: an endpoint asks, the other fields mean nothing. */
  readonly unknown: boolean
  readonly tagged: boolean
  /** 0 is priority tagging. */
  readonly vid: number
  /** Layer 2 priority, 0 to 7. */
  readonly priority: number
  /** 0 to 63. */
  readonly dscp: number
}

export function networkPolicies(pdu: Lldpdu): NetworkPolicy[] {
  const policies: NetworkPolicy[] = []
  for (const value of findOrganizational(pdu, Oui.tia, MedSubtype.networkPolicy)) {
    if (value.length < 4) continue
    const bits = (value[1]! << 16) | (value[2]! << 8) | value[3]!
    policies.push({
      application: value[0]!,
      unknown: (bits & 0x800000) !== 0,
      tagged: (bits & 0x400000) !== 0,
      vid: (bits >>> 9) & 0x0fff,
      priority: (bits >>> 6) & 7,
      dscp: bits & 0x3f,
    })
  }
  return policies
}

/** One of the inventory TLVs, TIA-1057 §10.2.6. */
export function inventory(pdu: Lldpdu, subtype: number): string | undefined {
  const value = findOrganizational(pdu, Oui.tia, subtype)[0]
  return value === undefined ? undefined : latin1(value)
}

/** IPv4 addresses of the vendor's call server (8 at most), CNA server or file server (4 at most) TLVs. */
export function vendorAddresses(pdu: Lldpdu, subtype: 3 | 5 | 6, oui: number = Oui.vendor): number[] {
  const addresses: number[] = []
  for (const value of findOrganizational(pdu, oui, subtype)) {
    for (let at = 0; at + 4 <= value.length; at += 4) addresses.push(u32(value, at))
  }
  return addresses
}

/** A `Framing` value. */
export function vendorFraming(pdu: Lldpdu, oui: number = Oui.vendor): number | undefined {
  return findOrganizational(pdu, oui, VendorSubtype.framing)[0]?.[0]
}

/** Address, mask and gateway that a phone says it uses. */
export function vendorPhoneAddresses(
  pdu: Lldpdu,
  oui: number = Oui.vendor,
): { address: number; mask: number; gateway: number } | undefined {
  const value = findOrganizational(pdu, oui, VendorSubtype.phoneAddresses)[0]
  if (value === undefined || value.length < 12) return undefined
  return { address: u32(value, 0), mask: u32(value, 4), gateway: u32(value, 8) }
}

export function organizationalTlv(oui: number, subtype: number, information: Uint8Array): LldpTlv {
  const head = Uint8Array.of(oui >>> 16, oui >>> 8, oui, subtype)
  return { type: TlvType.organizational, value: concatBytes([head, information]) }
}

export function identifierTlv(type: 1 | 2, subtype: number, id: Uint8Array): LldpTlv {
  return { type, value: concatBytes([Uint8Array.of(subtype), id]) }
}

/** An IPv4 address as chassis or port ID: address family 1 (IANA), then the octets. */
export function networkAddressId(address: number): Uint8Array {
  return Uint8Array.of(1, ...octetsOf(address))
}

/** @param seconds 0 to 65535 */
export function timeToLiveTlv(seconds: number): LldpTlv {
  return { type: TlvType.timeToLive, value: new ByteWriter(2).u16(seconds).toBytes() }
}

export function textTlv(type: 4 | 5 | 6, value: string): LldpTlv {
  return { type, value: latin1Bytes(value) }
}

/** `Capability` bits. */
export function capabilitiesTlv(system: number, enabled: number): LldpTlv {
  return { type: TlvType.systemCapabilities, value: new ByteWriter(4).u16(system).u16(enabled).toBytes() }
}

/**
 * An IPv4 management address.
 *
 * @param subtype of the interface number: 1 unknown, 2 ifIndex, 3 system port number
 * @param oid BER-encoded, without tag and length
 */
export function managementAddressTlv(address: number, subtype: number, number: number, oid: Uint8Array): LldpTlv {
  const w = new ByteWriter(32).u8(5).u8(1).u32(address).u8(subtype).u32(number).u8(oid.length).octets(oid)
  return { type: TlvType.managementAddress, value: w.toBytes() }
}

export function portVlanIdTlv(vid: number): LldpTlv {
  return organizationalTlv(Oui.ieee8021, Ieee8021Subtype.portVlanId, new ByteWriter(2).u16(vid).toBytes())
}

/** @param name.name at most 32 octets (802.1Q §D.2.3.3) */
export function vlanNameTlv({ vid, name }: VlanName): LldpTlv {
  const w = new ByteWriter(40).u16(vid).u8(name.length).octets(latin1Bytes(name))
  return organizationalTlv(Oui.ieee8021, Ieee8021Subtype.vlanName, w.toBytes())
}

export function macPhyTlv({ autonegotiation, advertised, mauType }: MacPhy): LldpTlv {
  const w = new ByteWriter(5).u8(autonegotiation).u16(advertised).u16(mauType)
  return organizationalTlv(Oui.ieee8023, Ieee8023Subtype.macPhy, w.toBytes())
}

export function medCapabilitiesTlv(capabilities: number, deviceClass: number): LldpTlv {
  const w = new ByteWriter(3).u16(capabilities).u8(deviceClass)
  return organizationalTlv(Oui.tia, MedSubtype.capabilities, w.toBytes())
}

export function networkPolicyTlv({ application, unknown, tagged, vid, priority, dscp }: NetworkPolicy): LldpTlv {
  const bits =
    (unknown ? 0x800000 : 0) | (tagged ? 0x400000 : 0) | ((vid & 0xfff) << 9) | ((priority & 7) << 6) | (dscp & 63)
  return organizationalTlv(Oui.tia, MedSubtype.networkPolicy, Uint8Array.of(application, bits >>> 16, bits >>> 8, bits))
}

/** @param value at most 32 octets (TIA-1057 §10.2.6) */
export function inventoryTlv(subtype: number, value: string): LldpTlv {
  return organizationalTlv(Oui.tia, subtype, latin1Bytes(value))
}

/** IPv4 addresses, as the vendor's TLVs for call servers (3) and file servers (6) have them, and its phones' own (4). */
export function vendorAddressesTlv(
  subtype: 3 | 4 | 5 | 6,
  addresses: readonly number[],
  oui: number = Oui.vendor,
): LldpTlv {
  const w = new ByteWriter(32)
  for (const address of addresses) w.u32(address)
  return organizationalTlv(oui, subtype, w.toBytes())
}

/** @param framing a `Framing` value */
export function vendorFramingTlv(framing: number, oui: number = Oui.vendor): LldpTlv {
  return organizationalTlv(oui, VendorSubtype.framing, Uint8Array.of(framing))
}

function octetsOf(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address)
}
