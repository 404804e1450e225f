import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fromHex, latin1, toHex } from '../../src/base/bytes.js'
import * as eapol from '../../src/wire/eapol.js'
import {
  EAP_FAILURE,
  EAP_IDENTITY_REQUEST,
  EAP_IDENTITY_RESPONSE,
  EAP_MD5_REQUEST,
  EAP_MD5_RESPONSE,
  EAP_SUCCESS,
  EAPOL_START,
} from './frames.js'
import { decodeEveryPrefix, fuzz } from './hostile-octets.js'

const FRAMES = [EAPOL_START, EAP_IDENTITY_REQUEST, EAP_IDENTITY_RESPONSE, EAP_MD5_REQUEST, EAP_MD5_RESPONSE, EAP_SUCCESS] // prettier-ignore
const payload = (frame: Uint8Array) => frame.subarray(14)
const eap = (frame: Uint8Array) => eapol.decodeEap(eapol.decode(payload(frame)).body)

describe('eapol', () => {
  it('decodes an authentication by EAP-MD5 as tshark does', () => {
    expect(eapol.decode(payload(EAPOL_START))).toEqual({ version: 1, type: 1, body: new Uint8Array(0) })
    expect(eapol.decode(payload(EAP_IDENTITY_REQUEST))).toMatchObject({ version: 2, type: eapol.PacketType.eap })
    expect(eap(EAP_IDENTITY_REQUEST)).toMatchObject({ code: 1, identifier: 0x39, type: 1 })
    expect(latin1(eap(EAP_IDENTITY_RESPONSE).data)).toBe('001B4F200001')
    expect(eap(EAP_SUCCESS)).toMatchObject({ code: 3, type: undefined })
    expect(eap(EAP_FAILURE)).toMatchObject({ code: 4, identifier: 0xbb })
    expect([...FRAMES.slice(1), EAP_FAILURE].map((frame) => eapol.eapName(eap(frame)))).toEqual([
      'Request, Identity',
      'Response, Identity',
      'Request, MD5-Challenge',
      'Response, MD5-Challenge',
      'Success',
      'Failure',
    ])
  })

  it('reads challenge and answer, which belong together [RFC 1994 §4.1]', () => {
    const request = eap(EAP_MD5_REQUEST)
    const challenge = eapol.decodeMd5Challenge(request.data)
    const answer = eapol.decodeMd5Challenge(eap(EAP_MD5_RESPONSE).data)
    const hash = createHash('md5').update(Uint8Array.of(request.identifier)).update('123456').update(challenge.value)
    expect(toHex(answer.value)).toBe(hash.digest('hex'))
    expect(toHex(eapol.encodeMd5Challenge({ value: fromHex('0102'), name: 'sw1' }))).toBe('020102737731')
    expect(eapol.decodeMd5Challenge(fromHex('020102737731'))).toEqual({ value: fromHex('0102'), name: 'sw1' })
  })

  it('encodes what it decoded to the same octets', () => {
    for (const frame of FRAMES) {
      const packet = eapol.decode(payload(frame))
      const body = packet.type === eapol.PacketType.eap ? eapol.encodeEap(eapol.decodeEap(packet.body)) : packet.body
      expect(toHex(eapol.encode({ ...packet, body }))).toBe(toHex(payload(frame)))
    }
  })

  it('ignores the padding of a short frame', () => {
    const padded = new Uint8Array(46)
    padded.set(payload(EAP_SUCCESS))
    expect(eapol.decode(padded)).toEqual(eapol.decode(payload(EAP_SUCCESS)))
  })

  it('throws WireError when it is cut short, at every octet', () => {
    decodeEveryPrefix(eapol.decode, payload(EAP_MD5_REQUEST), payload(EAP_MD5_REQUEST).length)
    const body = eapol.decode(payload(EAP_MD5_REQUEST)).body
    decodeEveryPrefix(eapol.decodeEap, body, body.length)
    decodeEveryPrefix(eapol.decodeMd5Challenge, eapol.decodeEap(body).data, 17)
  })

  it('refuses lengths and codes that contradict RFC 3748', () => {
    expect(() => eapol.decodeEap(fromHex('03010003'))).toThrow(expect.objectContaining({ code: 'BAD_LENGTH' }))
    expect(() => eapol.decodeEap(fromHex('01010004'))).toThrow(expect.objectContaining({ code: 'BAD_LENGTH' }))
    expect(() => eapol.decodeEap(fromHex('0701000401'))).toThrow(expect.objectContaining({ code: 'BAD_VALUE' }))
  })

  it('throws nothing but WireError on damaged frames', () => {
    const read = (bytes: Uint8Array) => {
      const packet = eapol.decodeEap(eapol.decode(bytes).body)
      return packet.type === eapol.EapType.md5Challenge ? eapol.decodeMd5Challenge(packet.data) : packet
    }
    const { decoded, refused } = fuzz(read, FRAMES.map(payload))
    expect(decoded).toBeGreaterThan(1000)
    expect(refused).toBeGreaterThan(1000)
  })
})
