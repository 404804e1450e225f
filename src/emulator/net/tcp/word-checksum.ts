/**
 * The Internet checksum of long segments, two octets at a time: RFC 1071 §2(B), the sum does not depend on the order of
 * octets, so that words can be added as the machine has them. Making the view costs as much as adding up some hundred
 * octets; shorter segments, and those at odd addresses, go the plain way.
 */
import { internetChecksum } from '../../../wire/checksum.js'

/** Octets from which the view pays. */
const MIN_LENGTH = 256

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** As internetChecksum. */
export function wordChecksum(bytes: Uint8Array, start: number, end: number, initial: number): number {
  const length = end - start
  const address = bytes.byteOffset + start
  if (length < MIN_LENGTH || (address & 1) !== 0) return internetChecksum(bytes, start, end, initial)
  const words = new Uint16Array(bytes.buffer, address, length >> 1)
  const count = words.length
  let total = 0
  let i = 0
  for (const stop = count - 7; i < stop; i += 8) {
    total += words[i]! + words[i + 1]! + words[i + 2]! + words[i + 3]!
    total += words[i + 4]! + words[i + 5]! + words[i + 6]! + words[i + 7]!
  }
  for (; i < count; i++) total += words[i]!
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  let sum = IS_LITTLE_ENDIAN ? ((total & 0xff) << 8) | (total >>> 8) : total
  sum += initial
  if ((length & 1) !== 0) sum += bytes[end - 1]! << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
