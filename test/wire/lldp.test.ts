import { describe, expect, it } from 'vitest'
import { fromHex, latin1, toHex } from '../../src/base/bytes.js'
import { formatMac } from '../../src/wire/ethernet.js'
import { formatAddress } from '../../src/wire/ipv4.js'
import * as lldp from '../../src/wire/lldp.js'
import { LLDP_MED, LLDP_SWITCH } from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const SWITCH = LLDP_SWITCH.subarray(14)
const MED = LLDP_MED.subarray(14)

describe('lldp', () => {
  it("decodes a switch's frame as tshark does", () => {
    const pdu = lldp.decode(SWITCH)
    expect(pdu.error).toBeUndefined()
    expect(lldp.problem(pdu)).toBeUndefined()
    const chassis = lldp.identifier(pdu, lldp.TlvType.chassisId)!
    expect(chassis.subtype).toBe(lldp.ChassisIdSubtype.mac)
    expect(formatMac(chassis.id)).toBe('00:19:2f:a7:b2:8d')
    const port = lldp.identifier(pdu, lldp.TlvType.portId)!
    expect([port.subtype, latin1(port.id)]).toEqual([lldp.PortIdSubtype.interfaceAlias, 'Uplink to S1'])
    expect(lldp.timeToLive(pdu)).toBe(120)
    expect(lldp.text(pdu, lldp.TlvType.systemName)).toBe('S2.cisco.com')
    expect(lldp.text(pdu, lldp.TlvType.portDescription)).toBe('GigabitEthernet0/13')
    expect(lldp.capabilities(pdu)).toEqual({
      system: lldp.Capability.bridge | lldp.Capability.router,
      enabled: lldp.Capability.bridge,
    })
    expect(lldp.portVlanId(pdu)).toBe(1)
    expect(lldp.macPhy(pdu)).toEqual({ autonegotiation: 3, advertised: 0xc036, mauType: 16 })
    expect(lldp.networkPolicies(pdu)).toEqual([])
    expect(lldp.managementAddress(pdu)).toBeUndefined()
  })

  it("decodes LLDP-MED and the vendor's TLVs as tshark does", () => {
    const pdu = lldp.decode(MED)
    expect(pdu.error).toBeUndefined()
    expect(lldp.medCapabilities(pdu)).toEqual({ capabilities: 0x3f, deviceClass: lldp.MedClass.networkConnectivity })
    expect(lldp.networkPolicies(pdu)).toEqual([
      { application: lldp.MedApplication.voice, unknown: false, tagged: false, vid: 20, priority: 5, dscp: 46 },
    ])
    expect(lldp.inventory(pdu, lldp.MedSubtype.softwareRevision)).toBe('6.18.44-fc-v782')
    expect(lldp.vendorAddresses(pdu, lldp.VendorSubtype.callServer).map(formatAddress)).toEqual(['10.20.0.5'])
    expect(lldp.vendorAddresses(pdu, lldp.VendorSubtype.fileServer).map(formatAddress)).toEqual(['10.20.0.2'])
    expect(lldp.vendorFraming(pdu)).toBe(lldp.Framing.tagged)
    // Its one management address is IPv6.
    expect(lldp.managementAddress(pdu)).toBeUndefined()
  })

  it('encodes what it decoded to the same octets', () => {
    for (const octets of [SWITCH, MED]) expect(toHex(lldp.encode(lldp.decode(octets).tlvs))).toBe(toHex(octets))
  })

  it('builds the TLVs that it reads', () => {
    const policy = { application: 1, unknown: true, tagged: true, vid: 4094, priority: 6, dscp: 46 }
    const pdu = lldp.decode(
      lldp.encode([
        lldp.identifierTlv(1, lldp.ChassisIdSubtype.networkAddress, lldp.networkAddressId(0x0a140065)),
        lldp.identifierTlv(2, lldp.PortIdSubtype.mac, fromHex('001b4f200001')),
        lldp.timeToLiveTlv(120),
        lldp.textTlv(5, 'AVB200001'),
        lldp.capabilitiesTlv(0x24, 0x24),
        lldp.managementAddressTlv(0x0a140065, 3, 1, fromHex('2b06010401')),
        lldp.portVlanIdTlv(10),
        lldp.vlanNameTlv({ vid: 20, name: 'VOICE-HQ' }),
        lldp.macPhyTlv({ autonegotiation: 3, advertised: 0x6c01, mauType: 16 }),
        lldp.medCapabilitiesTlv(0x33, lldp.MedClass.endpointIII),
        lldp.networkPolicyTlv(policy),
        lldp.inventoryTlv(lldp.MedSubtype.manufacturer, 'Avaya'),
        lldp.vendorAddressesTlv(3, [0x0a140005, 0x0a140006]),
        lldp.vendorAddressesTlv(4, [0x0a140065, 0xffffff00, 0x0a140001]),
        lldp.vendorFramingTlv(2),
      ]),
    )
    expect(toHex(lldp.identifier(pdu, 1)!.id)).toBe('010a140065')
    expect(lldp.managementAddress(pdu)).toBe(0x0a140065)
    expect(lldp.vlanNames(pdu)).toEqual([{ vid: 20, name: 'VOICE-HQ' }])
    expect(lldp.networkPolicies(pdu)).toEqual([policy])
    expect(lldp.medCapabilities(pdu)).toEqual({ capabilities: 0x33, deviceClass: 3 })
    expect(lldp.inventory(pdu, lldp.MedSubtype.manufacturer)).toBe('Avaya')
    expect(lldp.vendorAddresses(pdu, 3)).toEqual([0x0a140005, 0x0a140006])
    expect(lldp.vendorPhoneAddresses(pdu)).toEqual({ address: 0x0a140065, mask: 0xffffff00, gateway: 0x0a140001 })
    expect(lldp.vendorFraming(pdu)).toBe(lldp.Framing.untagged)
    expect(() => lldp.encode([{ type: 5, value: new Uint8Array(512) }])).toThrow(/TLV 5/)
  })

  it('says why a receiver discards a frame', () => {
    const { tlvs } = lldp.decode(SWITCH)
    expect(lldp.problem({ tlvs: tlvs.slice(1), error: undefined })).toMatch(/chassis ID/)
    expect(lldp.problem({ tlvs: [...tlvs, tlvs[2]!], error: undefined })).toMatch(/twice/)
    expect(lldp.problem({ tlvs: tlvs.slice(0, 2), error: undefined })).toMatch(/time to live/)
  })

  it('keeps the TLVs before one that overruns the frame, at every octet', () => {
    const all = lldp.decode(MED).tlvs
    decodeEveryPrefix(lldp.decode, MED, 2).forEach((pdu, length) => {
      expect(pdu.tlvs.length).toBeLessThanOrEqual(all.length)
      if (length < MED.length - 2 && pdu.error === undefined) {
        // Cut exactly between two TLVs: the end TLV is optional.
        expect(toHex(lldp.encode(pdu.tlvs)).length / 2).toBe(length + 2)
      }
    })
  })

  it('leaves out what is too short for its kind, and bounds the list', () => {
    const short = [1, 2, 3].map((n) => lldp.organizationalTlv(lldp.Oui.tia, 2, new Uint8Array(n)))
    const name = lldp.organizationalTlv(lldp.Oui.ieee8021, 3, fromHex('0014 08 564f'))
    const pdu = { tlvs: [...short, name, { type: 127, value: fromHex('0012bb') }], error: undefined }
    expect(lldp.networkPolicies(pdu)).toEqual([])
    expect(lldp.vlanNames(pdu)).toEqual([])
    const flood = new Uint8Array(1500).fill(0xff)
    for (let i = 0; i < 1500; i += 2) flood.set([0xfe, 0], i)
    expect(lldp.decode(flood)).toMatchObject({ error: { code: 'TOO_LONG' } })
    expect(lldp.decode(flood).tlvs).toHaveLength(lldp.MAX_TLVS)
  })

  it('throws nothing but WireError on damaged frames, whatever is read from them', () => {
    const read = (bytes: Uint8Array) => {
      const pdu = lldp.decode(bytes)
      lldp.problem(pdu)
      lldp.vlanNames(pdu)
      lldp.networkPolicies(pdu)
      lldp.managementAddress(pdu)
      lldp.vendorPhoneAddresses(pdu)
      return [lldp.vendorAddresses(pdu, 3), lldp.macPhy(pdu), lldp.medCapabilities(pdu), lldp.capabilities(pdu)]
    }
    const { decoded } = fuzz(read, [SWITCH, MED])
    expect(decoded).toBeGreaterThan(1000)
  })
})
