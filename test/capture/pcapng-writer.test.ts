import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { concatBytes, toHex } from '../../src/base/bytes.js'
import { Random } from '../../src/base/random.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { PcapngWriter } from '../../src/capture/pcapng-writer.js'
import { DATA, read } from './capture-files.js'
import { installed } from '../installed.js'

const INTERFACES = [
  { name: 'access', linkType: 1 },
  { name: 'Störung', linkType: 101, snaplen: 96 },
]

/** Writes a file by what `frames` does to the writer. */
function write(frames: (writer: PcapngWriter) => void, application?: string): Uint8Array {
  const chunks: Uint8Array[] = []
  const options = { write: (chunk: Uint8Array) => chunks.push(chunk), interfaces: INTERFACES }
  const writer = new PcapngWriter(application === undefined ? options : { ...options, application })
  frames(writer)
  writer.end()
  return concatBytes(chunks)
}

function sample(): Uint8Array {
  return write((writer) => {
    writer.frame(0, { seconds: 1_795_230_600, nanos: 123_456_789 }, DATA)
    writer.frame(1, { seconds: 1_795_230_600, nanos: 123_456_790 }, DATA.subarray(0, 60), { originalLength: 1500 })
    writer.frame(0, { seconds: 1_795_230_601, nanos: 0 }, DATA, { comment: 'größer als 1' })
    writer.frame(0, { seconds: 1_795_230_601, nanos: 1 }, new Uint8Array(0), { comment: '' })
  }, 'bootwire')
}

describe('PcapngWriter', () => {
  it('writes what the reader reads', () => {
    const reading = read(sample())
    expect(reading.frames.map((line) => line.replace(/ @\d+ [0-9a-f]*/, ''))).toEqual([
      '1 2026-11-21T03:10:00.123456789Z link 1 if 0.0 61/61',
      '2 2026-11-21T03:10:00.123456790Z link 101 if 0.1 60/1500',
      '3 2026-11-21T03:10:01.000000000Z link 1 if 0.0 61/61 "größer als 1"',
      '4 2026-11-21T03:10:01.000000001Z link 1 if 0.0 0/0 ""',
    ])
    expect(reading.frames[0]).toContain(toHex(DATA))
    expect(reading).toMatchObject({ format: 'pcapng', packets: 4, linkTypes: [1, 101], damage: undefined })
  })

  it('writes the same octets for the same calls', () => {
    expect(toHex(sample())).toBe(toHex(sample()))
  })

  it('keeps every time to the nanosecond', () => {
    const random = Random.for(7, 'times')
    const times = [
      { seconds: 0, nanos: 0 },
      { seconds: 0, nanos: 999_999_999 },
      { seconds: 0xffff_ffff, nanos: 999_999_999 },
      { seconds: 18_446_744_072, nanos: 999_999_999 },
    ]
    for (let i = 0; i < 1000; i++) times.push({ seconds: random.u32(), nanos: random.int(1_000_000_000) })
    const file = write((writer) => {
      for (const time of times) writer.frame(0, time, DATA)
    })
    const back: { seconds: number; nanos: number }[] = []
    new CaptureReader((record) => back.push({ seconds: record.seconds, nanos: record.nanos })).push(file)
    expect(back).toEqual(times)
  })

  it('refuses a time and an interface that cannot be written', () => {
    write((writer) => {
      for (const seconds of [-1, 18_446_744_073, NaN, Infinity]) {
        expect(() => writer.frame(0, { seconds, nanos: 0 }, DATA)).toThrow(RangeError)
      }
      for (const id of [-1, 2]) expect(() => writer.frame(id, { seconds: 0, nanos: 0 }, DATA)).toThrow(RangeError)
    })
  })

  it('leaves nothing behind of a frame it refused', () => {
    const refused = write((writer) => {
      expect(() => writer.frame(0, { seconds: -1, nanos: 0 }, DATA)).toThrow(RangeError)
      writer.frame(0, { seconds: 5, nanos: 0 }, DATA)
    })
    expect(toHex(refused)).toBe(toHex(write((writer) => writer.frame(0, { seconds: 5, nanos: 0 }, DATA))))
  })

  it('cuts a comment between characters', () => {
    const file = write((writer) => writer.frame(0, { seconds: 0, nanos: 0 }, DATA, { comment: '€'.repeat(30_000) }))
    expect(read(file).frames[0]).toContain(` ${JSON.stringify('€'.repeat(21_845))}`)
    const shifted = write((writer) =>
      writer.frame(0, { seconds: 0, nanos: 0 }, DATA, { comment: `a${'€'.repeat(30_000)}` }),
    )
    expect(read(shifted).frames[0]).toContain(` ${JSON.stringify(`a${'€'.repeat(21_844)}`)}`)
  })

  it('hands on whole blocks, frames larger than its buffer too, each in memory of its own', () => {
    const chunks: Uint8Array[] = []
    const writer = new PcapngWriter({ write: (chunk) => chunks.push(chunk), interfaces: INTERFACES })
    const large = new Uint8Array(200_000).fill(7)
    for (let i = 0; i < 2000; i++) writer.frame(0, { seconds: i, nanos: 0 }, DATA)
    writer.frame(0, { seconds: 2000, nanos: 0 }, large)
    writer.flush()
    let packets = 0
    for (const [i] of chunks.entries()) {
      const summary = read(...chunks.slice(0, i + 1))
      expect(summary.damage).toBeUndefined()
      packets = summary.packets
    }
    expect(packets).toBe(2001)
    expect(new Set(chunks.map((chunk) => chunk.buffer)).size).toBe(chunks.length)
    const count = chunks.length
    writer.end()
    expect(chunks).toHaveLength(count)
  })

  const tshark = installed('tshark')
  it.skipIf(!tshark)('is read by tshark (skipped where it is not installed)', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bootwire-pcapng-'))
    try {
      const path = join(folder, 'sample.pcapng')
      writeFileSync(path, sample())
      const fields = [
        'frame.number',
        'frame.time_epoch',
        'frame.len',
        'frame.cap_len',
        'frame.interface_id',
        'frame.interface_name',
        'frame.comment',
      ]
      const output = execFileSync('tshark', ['-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])], {
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
        stdio: ['ignore', 'pipe', 'ignore'],
      }).toString()
      expect(output.split('\n')).toEqual([
        '1\t1795230600.123456789\t61\t61\t0\taccess\t',
        '2\t1795230600.123456790\t1500\t60\t1\tStörung\t',
        '3\t1795230601.000000000\t61\t61\t0\taccess\tgrößer als 1',
        '4\t1795230601.000000001\t0\t0\t0\taccess\t',
        '',
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
