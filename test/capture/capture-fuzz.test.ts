import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concatBytes, latin1Bytes } from '../../src/base/bytes.js'
import { Random } from '../../src/base/random.js'
import { CaptureReader, MAX_FRAME_LENGTH } from '../../src/capture/capture-reader.js'
import { DATA, inPieces, Pcapng, pcapHeader, pcapRecord, read, readChunks } from './capture-files.js'

const le = new Pcapng(true)
const be = new Pcapng(false)

const SEEDS: readonly (readonly [string, number, Uint8Array])[] = [
  [
    'pcap',
    8000,
    concatBytes([pcapHeader({ minor: 3 }), pcapRecord(), pcapRecord({ data: DATA.subarray(0, 7) }), pcapRecord()]),
  ],
  [
    'pcapng',
    10_000,
    concatBytes([
      le.section(),
      le.interface(1, 96, le.option(9, Uint8Array.of(9)), le.option(14, le.pack([8, -3600n]))),
      le.packet({ options: [le.option(1, latin1Bytes('a comment')), le.option(4, le.pack([8, 2]))] }),
      le.block(3, concatBytes([le.pack([4, 61]), DATA])),
      le.block(2, concatBytes([le.pack([2, 0], [2, 0], [4, 1], [4, 2], [4, 5], [4, 5]), DATA.subarray(0, 5)])),
      le.block(5, concatBytes([le.pack([4, 0], [4, 0], [4, 0]), le.option(5, le.pack([8, 1]))])),
      be.section(),
      be.interface(101),
      be.packet(),
    ]),
  ],
  ['gzip', 2000, gzipSync(concatBytes([pcapHeader(), pcapRecord(), pcapRecord()]))],
]

/** Changes one to four octets, with a liking for lengths that matter; sometimes cuts or doubles a part. */
function mutate(seed: Uint8Array, random: Random): Uint8Array {
  let file: Uint8Array = new Uint8Array(seed)
  for (let changes = 1 + random.int(4); changes > 0; changes--) {
    const at = random.int(file.length)
    switch (random.int(6)) {
      case 0:
        file[at]! ^= 1 << random.int(8)
        break
      case 1:
        file[at] = random.int(256)
        break
      case 2:
        file.fill(0xff, at, at + 4)
        break
      case 3:
        file.fill(0, at, at + 4)
        break
      case 4:
        file = file.slice(0, Math.max(1, at))
        break
      default: {
        const length = random.int(40)
        file = concatBytes([file.subarray(0, at), file.subarray(at, at + length), file.subarray(at)])
      }
    }
  }
  return file
}

describe('CaptureReader on mutated files', () => {
  it.each(SEEDS)(
    'reads %s without a crash, and what is not compressed the same in several pieces',
    (name, cases, seed) => {
      const random = Random.for(1, `mutations of ${name}`)
      let damaged = 0
      for (let i = 0; i < cases; i++) {
        const file = mutate(seed, random)
        let frames = 0
        const reader = new CaptureReader((record) => {
          frames++
          const captured = record.end - record.start
          if (
            !(
              record.start >= 0 &&
              captured >= 0 &&
              captured <= MAX_FRAME_LENGTH &&
              record.end <= record.bytes.length
            ) ||
            !(record.nanos >= 0 && record.nanos < 1_000_000_000) ||
            !Number.isInteger(record.seconds)
          ) {
            expect.fail(`case ${i}: ${JSON.stringify({ ...record, bytes: undefined })}`)
          }
        })
        reader.push(file)
        const summary = reader.end()
        if (summary.damage) damaged++
        expect(summary.packets).toBe(frames)
        expect(summary.damage === undefined || summary.error === undefined).toBe(true)
        const pieces = readChunks(inPieces(file, 1 + random.int(40)))
        if (name !== 'gzip') expect(pieces).toEqual(read(file))
      }
      expect(damaged).toBeGreaterThan(cases / 10)
    },
  )
})
