/**
 * Where frames come from. They are cut from slabs, because an array of its own for each costs more than all the rest
 * of sending it; a slab goes when the last view into it goes.
 *
 * Slabs are new memory and each octet is given out once, so padding and reserved fields are zero without writing them.
 */

/** Octets. What keeps one view keeps this much. */
const SLAB_SIZE = 65_536

/** Shortest frame without its FCS, IEEE 802.3 §4.2.3.3. Shorter ones are padded, as an interface does. */
export const MIN_FRAME_LENGTH = 60

let slab = new ArrayBuffer(SLAB_SIZE)
let used = 0

/** A zeroed frame of `length` octets, or 60 if that is more. */
export function allocateFrame(length: number): Uint8Array {
  const size = length < MIN_FRAME_LENGTH ? MIN_FRAME_LENGTH : length
  if (size > SLAB_SIZE - used) {
    if (size > SLAB_SIZE / 4) return new Uint8Array(size)
    slab = new ArrayBuffer(SLAB_SIZE)
    used = 0
  }
  const frame = new Uint8Array(slab, used, size)
  used = (used + size + 7) & ~7
  return frame
}
