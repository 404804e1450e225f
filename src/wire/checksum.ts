/**
 * The Internet checksum: RFC 1071, and the pseudo header that UDP (RFC 768) and TCP (RFC 9293 §3.1) put before it.
 *
 * High and low octets are summed apart, which needs no carry handling inside the loop and stays in small integers for
 * anything an IP packet can hold.
 */

/**
 * The checksum of bytes[start, end), an odd last octet padded with zero.
 *
 * Over octets that include a right checksum the result is 0.
 *
 * @param initial what comes before, as pseudoHeaderSum gives it
 * @returns 0 to 0xffff, ready to be written
 */
export function internetChecksum(bytes: Uint8Array, start: number, end: number, initial = 0): number {
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
  let sum = high * 256 + low + initial
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
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
