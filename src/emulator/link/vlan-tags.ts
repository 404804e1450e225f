/** 802.1Q tags on whole frames, for boxes that add and remove them. Frames are never changed: what differs is a copy. */
import { EtherType } from '../../wire/ethernet.js'

const ADDRESSES_LENGTH = 12
export const TAG_LENGTH = 4
/** Shortest frame with a whole tag and an EtherType behind it. */
const MIN_TAGGED = 18

export function isTagged(frame: Uint8Array): boolean {
  return frame.length >= MIN_TAGGED && ((frame[12]! << 8) | frame[13]!) === EtherType.vlan
}

/** VLAN identifier of a tagged frame. */
export function vidOf(frame: Uint8Array): number {
  return ((frame[14]! & 15) << 8) | frame[15]!
}

/** The frame with a tag of that VLAN; a tag that it has keeps its priority. */
export function withTag(frame: Uint8Array, vid: number): Uint8Array {
  const tagged = isTagged(frame)
  if (tagged && vidOf(frame) === vid) return frame
  if (tagged) {
    const copy = frame.slice()
    copy[14] = (copy[14]! & 0xf0) | (vid >>> 8)
    copy[15] = vid
    return copy
  }
  const longer = new Uint8Array(frame.length + TAG_LENGTH)
  longer.set(frame.subarray(0, ADDRESSES_LENGTH))
  writeTag(longer, vid, (frame[12]! << 8) | frame[13]!)
  longer.set(frame.subarray(ADDRESSES_LENGTH), ADDRESSES_LENGTH + TAG_LENGTH)
  return longer
}

/** Writes tag and EtherType behind the addresses, over what is there. */
export function writeTag(frame: Uint8Array, vid: number, etherType: number): void {
  frame[12] = EtherType.vlan >>> 8
  frame[13] = EtherType.vlan & 0xff
  frame[14] = vid >>> 8
  frame[15] = vid
  frame[16] = etherType >>> 8
  frame[17] = etherType
}

export function withoutTag(frame: Uint8Array): Uint8Array {
  if (!isTagged(frame)) return frame
  const shorter = new Uint8Array(frame.length - TAG_LENGTH)
  shorter.set(frame.subarray(0, ADDRESSES_LENGTH))
  shorter.set(frame.subarray(ADDRESSES_LENGTH + TAG_LENGTH), ADDRESSES_LENGTH)
  return shorter
}
