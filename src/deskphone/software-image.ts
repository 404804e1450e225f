/**
 * The application images that the project makes for its own servers and phones. Real ones are proprietary; an emulated
 * image has a head by which its reader can do what a real phone does with the real thing: see that it came whole and
 * undamaged, and which software it is, whatever name the file had on the server.
 *
 *   8 octets magic, u32 octets in all, u8 octets of the name, the name, u32 check value over what is before it
 *
 * What damages a file on its way to a server (a transfer in ASCII mode, a disk that was full) changes its length or its
 * head, so the body needs no check of its own.
 */
import { latin1, latin1Bytes, setU32, u32 } from '../base/bytes.js'

/** CR LF, LF and a set high bit: a transfer in ASCII mode does not leave it as it is (as in PNG). */
const MAGIC = latin1Bytes('bwi\r\n\x1a\n\x89')
const MAX_NAME = 100

/** Octets that imageProblem and imageName want to see. */
export const MAX_IMAGE_HEAD = MAGIC.length + 4 + 1 + MAX_NAME + 4

/**
 * The head of an image; empty where the image would be too short to have one.
 *
 * @param size octets of the whole image
 * @param name what the phone calls the software once it is stored, such as `ha1608ua1_3500.bin`
 */
export function imageHead(size: number, name: string): Uint8Array {
  const label = latin1Bytes(name.slice(0, MAX_NAME))
  const head = new Uint8Array(MAGIC.length + 4 + 1 + label.length + 4)
  if (head.length > size) return new Uint8Array(0)
  head.set(MAGIC)
  setU32(head, MAGIC.length, size)
  head[MAGIC.length + 4] = label.length
  head.set(label, MAGIC.length + 5)
  setU32(head, head.length - 4, checkValue(head.subarray(0, head.length - 4)))
  return head
}

/** What the software in an image is called; undefined for an image that has no head of ours, or a damaged one. */
export function imageName(beginning: Uint8Array): string | undefined {
  if (!hasHead(beginning) || beginning.length < MAGIC.length + 5) return undefined
  const end = MAGIC.length + 5 + beginning[MAGIC.length + 4]!
  if (beginning.length < end + 4 || u32(beginning, end) !== checkValue(beginning.subarray(0, end))) return undefined
  return latin1(beginning, MAGIC.length + 5, end)
}

/**
 * Why a phone does not store what it was given as an image; undefined when it does. An image without a head of ours
 * passes when it is not empty: of real images nothing is known.
 *
 * @param beginning its first octets, MAX_IMAGE_HEAD of them if it has so many
 * @param size octets that came
 */
export function imageProblem(beginning: Uint8Array, size: number): string | undefined {
  if (size === 0) return 'no octets'
  if (latin1(beginning, 0, Math.min(3, beginning.length)) !== 'bwi') return undefined
  if (!hasHead(beginning) || imageName(beginning) === undefined) return 'checksum error in its head'
  const promised = u32(beginning, MAGIC.length)
  return promised === size ? undefined : `${size} octets, ${promised} expected`
}

function hasHead(beginning: Uint8Array): boolean {
  return MAGIC.every((octet, index) => beginning[index] === octet)
}

/** FNV-1a, 32 bits. */
function checkValue(octets: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < octets.length; i++) hash = Math.imul(hash ^ octets[i]!, 0x01000193)
  return hash >>> 0
}
