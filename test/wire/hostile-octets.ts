/** What every decoder has to stand: its input cut at every octet, and its input with a few octets changed at random. */
import { expect } from 'vitest'
import { WireError } from '../../src/base/errors.js'
import { Random } from '../../src/base/random.js'

/** The value, or the WireError that was thrown; any other error passes through and fails the test. */
export function decodeOrError<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T | WireError {
  try {
    return decode(bytes)
  } catch (error) {
    if (error instanceof WireError) return error
    throw error
  }
}

/** Expects a WireError below `shortest` octets, and a value from there on; returns the values by length. */
export function decodeEveryPrefix<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array, shortest: number): T[] {
  const values: T[] = []
  for (let length = 0; length <= bytes.length; length++) {
    const result = decodeOrError(decode, bytes.slice(0, length))
    if (length < shortest) {
      expect(result, `cut to ${length} octets`).toBeInstanceOf(WireError)
      expect((result as WireError).offset).toBeLessThanOrEqual(length)
    } else {
      expect(result, `cut to ${length} octets`).not.toBeInstanceOf(WireError)
      values[length] = result as T
    }
  }
  return values
}

/**
 * Decodes `count` mutations of the samples: changed, inserted, removed and cut octets.
 *
 * @returns how many were decoded and how many refused
 */
export function fuzz(
  decode: (bytes: Uint8Array) => unknown,
  samples: readonly Uint8Array[],
  count = 20_000,
): { decoded: number; refused: number } {
  const random = new Random(1)
  let decoded = 0
  let refused = 0
  for (let i = 0; i < count; i++) {
    const result = decodeOrError(decode, mutate(samples[random.int(samples.length)]!, random))
    if (result instanceof WireError) refused++
    else decoded++
  }
  return { decoded, refused }
}

/** A copy of `sample` with one to eight changes. */
export function mutate(sample: Uint8Array, random: Random): Uint8Array {
  let bytes = sample.slice()
  for (let changes = 1 + random.int(8); changes > 0; changes--) {
    const at = random.int(bytes.length + 1)
    switch (random.int(6)) {
      case 0:
        bytes = bytes.slice(0, at)
        break
      case 1:
        bytes = new Uint8Array([...bytes.subarray(0, at), random.int(256), ...bytes.subarray(at)])
        break
      case 2:
        bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + random.int(4))])
        break
      case 3:
        if (at < bytes.length) bytes[at] = [0, 1, 127, 128, 254, 255][random.int(6)]!
        break
      default:
        if (at < bytes.length) bytes[at] = random.int(256)
    }
  }
  return bytes
}
