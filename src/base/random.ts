/**
 * Chance, seeded. Every source of it is a `Random` that somebody owns, derived from the scenario's seed and the
 * owner's name, so that adding an owner leaves the luck of all others as it was.
 *
 * The generator is xoroshiro128+ of the pure-rand package: 2^128 - 1 long, the same on every machine.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  /** @param seed any integer; only its lower 32 bits count */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed | 0)
  }

  /** The stream of one owner (`link uplink, forward`) under one scenario seed. */
  static for(seed: number, owner: string): Random {
    return new Random(hash(`${seed}\0${owner}`))
  }

  /** Uniform in [0, 1), 53 bits of it. */
  next(): number {
    const high = this.#generator.next() >>> 5
    const low = this.#generator.next() >>> 6
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  /** Uniform integer in [0, bound), for bounds up to 2^32. */
  int(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** 32 uniform bits, unsigned. */
  u32(): number {
    return this.#generator.next() >>> 0
  }
}

/** FNV-1a over UTF-16 code units, then murmur3's finalizer so that close names give distant seeds. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
