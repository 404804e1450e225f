/**
 * The tag of IEEE 802.1Q §9.6, as C-tag (EtherType 0x8100) and S-tag (0x88a8) alike. Stacked tags are decoded one after
 * the other: the etherType of one tells that the next follows.
 */
import { WireError } from '../base/errors.js'

/** Octets from the TPID's end to the payload: tag control information and the EtherType behind it. */
export const HEADER_LENGTH = 4

export interface VlanTag {
  /** Priority code point, 0 to 7. */
  readonly pcp: number
  /** Drop eligible; the CFI of older editions. */
  readonly dei: boolean
  /** 0 to 4095; 0 is a priority tag, without a VLAN. */
  readonly vid: number
  /** Of what follows the tag. */
  readonly etherType: number
  readonly payload: Uint8Array
}

/**
 * @param bytes what follows the TPID; the payload is a view into it
 * @throws WireError TRUNCATED
 */
export function decode(bytes: Uint8Array): VlanTag {
  if (bytes.length < HEADER_LENGTH) {
    throw new WireError('TRUNCATED', bytes.length, `${bytes.length} octets of an 802.1Q tag of ${HEADER_LENGTH}`)
  }
  const tci = (bytes[0]! << 8) | bytes[1]!
  return {
    pcp: tci >>> 13,
    dei: (tci & 0x1000) !== 0,
    vid: tci & 0x0fff,
    etherType: (bytes[2]! << 8) | bytes[3]!,
    payload: bytes.subarray(HEADER_LENGTH),
  }
}

/** What follows the TPID. */
export function encode(tag: VlanTag): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + tag.payload.length)
  bytes.set(tag.payload, encodeHeaderInto(bytes, 0, tag))
  return bytes
}

/** Writes the tag after its TPID at `offset` and returns where the payload begins. */
export function encodeHeaderInto(
  bytes: Uint8Array,
  offset: number,
  tag: { readonly pcp: number; readonly dei?: boolean; readonly vid: number; readonly etherType: number },
): number {
  const tci = ((tag.pcp & 7) << 13) | (tag.dei === true ? 0x1000 : 0) | (tag.vid & 0x0fff)
  bytes[offset] = tci >>> 8
  bytes[offset + 1] = tci
  bytes[offset + 2] = tag.etherType >>> 8
  bytes[offset + 3] = tag.etherType
  return offset + HEADER_LENGTH
}
