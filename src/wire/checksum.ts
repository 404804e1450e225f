/**
 * The Internet checksum: RFC 1071, and the pseudo header that UDP (RFC 768) and TCP (RFC 9293 §3.1) put before it.
 *
 * Short runs: high and low octets are summed apart, which needs no carry handling inside the loop and stays in small
 * integers for anything an IP packet can hold. Long ones: two octets at a time.
 */

/** Octets from which adding words pays: making their view costs as much as adding up some hundred octets. */
const MIN_WORDS_LENGTH = 256

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/**
 * The checksum of bytes[start, end), an odd last octet padded with zero.
 *
 * Over octets that include a right checksum the result is 0.
 *
 * @param initial what comes before, as pseudoHeaderSum gives it
 * @returns 0 to 0xffff, ready to be written
 */
export function internetChecksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  const byWords = end - start >= MIN_WORDS_LENGTH && ((bytes.byteOffset + start) & 1) === 0
  let sum = initial + (byWords ? sumOfWords(bytes, start, end) : sumOfOctets(bytes, start, end))
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

function sumOfOctets(bytes: Uint8Array, start: number, end: number): number {
  let high = 0
  let low = 0
  let i = start
  for (const stop = end - 7; i < stop; i += 8) {
    high += bytes[i]! + bytes[i + 2]! + bytes[i + 4]! + bytes[i + 6]!
    low += bytes[i + 1]! + bytes[i + 3]! + bytes[i + 5]! + bytes[i + 7]!
  }
  for (const stop = end - 1; i < stop; i += 2) {
    high += bytes[i]!
    low += bytes[i + 1]!
  }
  if (i < end) high += bytes[i]!
  return high * 256 + low
}

/** RFC 1071 §2(B): the sum does not depend on the order of octets, so that words can be added as the machine has them. */
function sumOfWords(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset + start, length >> 1)
  const count = words.length
  let total = 0
  let i = 0
  for (const stop = count - 7; i < stop; i += 8) {
    total += words[i]! + words[i + 1]! + words[i + 2]! + words[i + 3]!
    total += words[i + 4]! + words[i + 5]! + words[i + 6]! + words[i + 7]!
  }
  for (; i < count; i++) total += words[i]!
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000)
  const sum = IS_LITTLE_ENDIAN ? ((total & 0xff) << 8) | (total >>> 8) : total
  return (length & 1) === 0 ? sum : sum + (bytes[end - 1]! << 8)
}

/**
 * The sum of the pseudo header, for `initial`.
 *
 * @param source uint32
 * @param destination uint32
 * @param length octets of UDP or TCP header and payload
 */
export function pseudoHeaderSum(source: number, destination: number, protocol: number, length: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length
}
