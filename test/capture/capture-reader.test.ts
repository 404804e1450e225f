import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concatBytes, latin1Bytes } from '../../src/base/bytes.js'
import { CaptureReader, MAX_FRAME_LENGTH } from '../../src/capture/capture-reader.js'
import {
  DATA,
  inPieces,
  octetByOctet,
  pack,
  Pcapng,
  pcapHeader,
  pcapRecord,
  read,
  readChunks,
  type Reading,
} from './capture-files.js'

const le = new Pcapng(true)
const be = new Pcapng(false)

/** One frame as its number, time and lengths. */
function short(reading: Reading): string[] {
  return reading.frames.map((line) => line.replace(/ @\d+ [0-9a-f]*/, ''))
}

const PCAP = concatBytes([
  pcapHeader(),
  pcapRecord(),
  pcapRecord({ fraction: 999_999, data: new Uint8Array(0) }),
  pcapRecord({ seconds: 1_700_000_001, original: 1500 }),
])

const PCAPNG = concatBytes([
  le.section(),
  le.interface(1, 65535, le.option(2, latin1Bytes('eth0')), le.option(9, Uint8Array.of(9))),
  le.packet({ time: 1_700_000_000_123_456_789n, options: [le.option(1, latin1Bytes('first'))] }),
  le.block(0xbad, le.pack([4, 12345])),
  le.block(3, concatBytes([le.pack([4, 61]), DATA])),
  le.block(0x777, new Uint8Array(40)),
  be.section(),
  be.interface(101, 0),
  be.interface(113, 0, be.option(9, Uint8Array.of(0x8a))),
  be.packet({ interfaceId: 1, time: 1_700_000_000n * 1024n + 512n }),
  be.block(2, concatBytes([be.pack([2, 0], [2, 7], [4, 395812], [4, 123], [4, 5], [4, 99]), DATA.subarray(0, 5)])),
])

describe('CaptureReader on pcap', () => {
  it('reads both byte orders alike', () => {
    const little = read(pcapHeader(), pcapRecord())
    const big = read(pcapHeader({ littleEndian: false }), pcapRecord({ littleEndian: false }))
    expect(short(little)).toEqual(['1 2023-11-14T22:13:20.000005000Z link 1 if 0.0 61/61'])
    expect(big).toEqual(little)
    expect(little).toMatchObject({ format: 'pcap', compression: 'none', linkTypes: [1], packets: 1, bytes: 101 })
    expect(little.damage).toBeUndefined()
    expect(little.error).toBeUndefined()
  })

  it('reads nanoseconds where the magic number says so', () => {
    const reading = read(pcapHeader({ magic: 0xa1b23c4d }), pcapRecord({ fraction: 999_999_999 }))
    expect(short(reading)).toEqual(['1 2023-11-14T22:13:20.999999999Z link 1 if 0.0 61/61'])
  })

  it("passes over what Kuznetzov's modification adds to each record", () => {
    for (const littleEndian of [true, false]) {
      const header = pcapRecord({ littleEndian }).subarray(0, 16)
      const added = pack(littleEndian, [4, 2], [2, 0x800], [1, 0], [1, 0])
      const record = concatBytes([header, added, DATA])
      const reading = read(pcapHeader({ littleEndian, magic: 0xa1b2cd34 }), record, record)
      expect(short(reading)).toEqual([
        '1 2023-11-14T22:13:20.000005000Z link 1 if 0.0 61/61',
        '2 2023-11-14T22:13:20.000005000Z link 1 if 0.0 61/61',
      ])
    }
  })

  it("passes over what Ixia's lcap adds to the header", () => {
    for (const magic of [0x1c0001ac, 0x1c0001ab]) {
      expect(short(read(pcapHeader({ magic }), new Uint8Array(4), pcapRecord()))).toEqual([
        '1 2023-11-14T22:13:20.000005000Z link 1 if 0.0 61/61',
      ])
    }
  })

  it.each([0x14000001, 0x00410001, 0xfc000001])(
    'takes link type %i for Ethernet: upper bits are no part of it',
    (linkType) => {
      expect(read(pcapHeader({ linkType }), pcapRecord()).linkTypes).toEqual([1])
    },
  )

  it('puts lengths right that old writers exchanged', () => {
    const exchanged = pcapRecord({ captured: 100, original: 61 })
    for (const version of [{ minor: 2 }, { minor: 3 }, { major: 543, minor: 0 }]) {
      expect(short(read(pcapHeader(version), exchanged))).toEqual([
        '1 2023-11-14T22:13:20.000005000Z link 1 if 0.0 61/100',
      ])
    }
    const mixed = read(pcapHeader({ minor: 3 }), exchanged, pcapRecord({ original: 100 }))
    expect(short(mixed).map((line) => line.slice(-6))).toEqual(['61/100', '61/100'])
  })

  it('carries a fraction above one second into the seconds', () => {
    const micro = read(pcapHeader(), pcapRecord({ fraction: 1_000_000 }), pcapRecord({ fraction: 0xffffffff }))
    expect(micro.frames[0]).toMatch(/^1 2023-11-14T22:13:21.000000000Z/)
    expect(micro.frames[1]).toMatch(/^2 2023-11-14T23:24:54.967295000Z/)
    const nano = read(pcapHeader({ magic: 0xa1b23c4d }), pcapRecord({ fraction: 0x80000000 }))
    expect(nano.frames[0]).toMatch(/^1 2023-11-14T22:13:22.147483648Z/)
  })

  it('reads seconds to the year 2106, and a frame that claims to have been endless', () => {
    const reading = read(pcapHeader(), pcapRecord({ seconds: 0xffffffff, original: 0xffffffff }))
    expect(short(reading)).toEqual(['1 2106-02-07T06:28:15.000005000Z link 1 if 0.0 61/4294967295'])
  })

  it('takes a frame of the greatest length and stops at one octet more', () => {
    const greatest = pcapRecord({ data: new Uint8Array(MAX_FRAME_LENGTH) })
    const reading = read(pcapHeader(), greatest, pcapRecord({ captured: MAX_FRAME_LENGTH + 1 }), pcapRecord())
    expect(reading.packets).toBe(1)
    expect(reading.damage).toEqual({
      offset: 24 + greatest.length,
      frame: 2,
      reason: 'a record claims 262145 captured octets, more than 262144',
      compressedOffset: undefined,
    })
  })

  it('reads up to where the file was cut, at every octet', () => {
    const boundaries = [24, 24 + 77, 24 + 77 + 16, PCAP.length]
    const whole = read(PCAP)
    for (let length = 0; length < PCAP.length; length++) {
      const reading = read(PCAP.subarray(0, length))
      const complete = Math.max(0, boundaries.filter((boundary) => boundary <= length).length - 1)
      expect(reading.frames).toEqual(whole.frames.slice(0, complete))
      if (length < 4)
        expect(reading.error).toMatch(/^(the file is empty|not a capture file: begins with the octets .*)$/)
      else if (boundaries.includes(length)) expect(reading.damage).toBeUndefined()
      else expect(reading.damage).toMatchObject({ offset: length, frame: complete + 1 })
    }
  })

  it('says how far into a record, and where, the file ends', () => {
    expect(read(PCAP.subarray(0, 30)).damage?.reason).toBe('the file ends 6 octets into a record')
    expect(read(PCAP.subarray(0, 25)).damage?.reason).toBe('the file ends 1 octet into a record')
    expect(read(PCAP.subarray(0, 20)).damage?.reason).toBe('the file ends in its header')
  })

  it('does not read version 1', () => {
    expect(read(pcapHeader({ major: 1, minor: 0 })).error).toBe('pcap version 1.0 is not supported')
  })

  it('reads a file without packets, and knows its link type', () => {
    expect(read(pcapHeader({ linkType: 113 }))).toMatchObject({
      packets: 0,
      linkTypes: [113],
      damage: undefined,
      error: undefined,
    })
  })
})

describe('CaptureReader on pcapng', () => {
  it('reads sections in their own byte order, with their own interfaces', () => {
    const reading = read(PCAPNG)
    expect(short(reading)).toEqual([
      '1 2023-11-14T22:13:20.123456789Z link 1 if 0.0 61/61 "first"',
      '3 (2023-11-14T22:13:20.123456789Z) link 1 if 0.0 61/61',
      '4 2023-11-14T22:13:20.500000000Z link 113 if 1.1 61/61',
      '5 2023-11-14T22:06:35.364475000Z link 101 if 1.0 5/99',
    ])
    expect(reading).toMatchObject({ format: 'pcapng', packets: 4, linkTypes: [1, 113, 101], damage: undefined })
    expect(reading.dropCounters).toEqual({ interface: undefined, os: undefined, packet: 7 })
  })

  it('forgets the interfaces of a section when the next begins', () => {
    const reading = read(
      le.section(),
      le.interface(),
      le.interface(),
      le.packet({ interfaceId: 1 }),
      be.section(),
      be.interface(101),
      be.packet(),
      be.packet({ interfaceId: 1 }),
    )
    expect(reading.packets).toBe(2)
    expect(reading.damage).toMatchObject({ frame: 3, reason: 'a packet came from interface 1, of 1 in its section' })
  })

  // Times of 0x1234567890abcdef units, as tshark 4.0 prints them; by hand for 12, 18, 20, 0xa4 and 0xbf, where its
  // arithmetic overflows.
  it.each([
    [0, 1311768467294899695, 0],
    [3, 1311768467294899, 695_000_000],
    [6, 1311768467294, 899_695_000],
    [9, 1311768467, 294_899_695],
    [12, 1311768, 467_294_899],
    [18, 1, 311_768_467],
    [20, 0, 13_117_684],
    [0x80, 1311768467294899695, 0],
    [0x8a, 1281023893842675, 483_398_437],
    [0x94, 1250999896330, 737_776_756],
    [0x9e, 1221679586, 260_486_110],
    [0xa4, 19_088_743, 535_320_095],
    [0xbf, 0, 142_222_222],
  ])('divides by the resolution %i', (code, seconds, nanos) => {
    const times: { seconds: number; nanos: number }[] = []
    const reader = new CaptureReader((record) => times.push({ seconds: record.seconds, nanos: record.nanos }))
    const file = [
      le.section(),
      le.interface(1, 0, le.option(9, Uint8Array.of(code))),
      le.packet({ time: 0x1234567890abcdefn }),
    ]
    reader.push(concatBytes(file))
    expect(times).toEqual([{ seconds, nanos }])
  })

  it('adds the offset of the interface, positive or negative', () => {
    for (const [offset, expected] of [
      [-5n, '22:13:15'],
      [3600n, '23:13:20'],
    ] as const) {
      const option = be.option(14, be.pack([8, offset]))
      expect(read(be.section(), be.interface(1, 0, option), be.packet()).frames[0]).toContain(`T${expected}.000005000Z`)
    }
  })

  it('cuts a simple packet at the snap length of its interface', () => {
    const simple = le.block(3, concatBytes([le.pack([4, 61]), DATA.subarray(0, 32)]))
    expect(short(read(le.section(), le.interface(1, 32), simple))).toEqual([
      '1 (1970-01-01T00:00:00.000000000Z) link 1 if 0.0 32/61',
    ])
  })

  it('gives all comments of a packet, up to a NUL, also without an end of options', () => {
    const comments = [le.option(1, new TextEncoder().encode('größer')), le.option(1, latin1Bytes('two\0rest'))]
    const packet = le.packet({ options: comments })
    expect(read(le.section(), le.interface(), packet).frames[0]).toMatch(/ "größer\\ntwo"$/)
    const endless = le.block(6, concatBytes([packet.subarray(8, packet.length - 8)]))
    expect(read(le.section(), le.interface(), endless).frames[0]).toMatch(/ "größer\\ntwo"$/)
    expect(read(le.section(), le.interface(), packet, le.packet()).frames[1]).not.toContain('"')
  })

  it('keeps a packet whose options contradict themselves', () => {
    const broken = concatBytes([le.pack([2, 1], [2, 500]), latin1Bytes('abcd')])
    const good = le.packet({ data: DATA.subarray(0, 60) })
    const packet = le.block(6, concatBytes([good.subarray(8, good.length - 4), broken]))
    expect(read(le.section(), le.interface(), packet, le.packet())).toMatchObject({ packets: 2, damage: undefined })
  })

  it('counts drops: the latest statistics of each interface, and those beside packets', () => {
    const statistics = (id: number, ifdrop: number, osdrop: number): Uint8Array =>
      be.block(
        5,
        concatBytes([
          be.pack([4, id], [4, 0], [4, 0]),
          be.options(be.option(5, be.pack([8, ifdrop])), be.option(7, be.pack([8, osdrop]))),
        ]),
      )
    const reading = read(
      be.section(),
      be.interface(),
      be.interface(),
      be.packet({ options: [be.option(4, be.pack([8, 3]))] }),
      be.packet({ options: [be.option(4, be.pack([8, 4]))] }),
      statistics(0, 5, 0),
      statistics(0, 10, 0),
      statistics(1, 100, 1),
      statistics(7, 9999, 9999),
      be.section(),
      be.interface(),
      statistics(0, 1000, 2),
    )
    expect(reading.dropCounters).toEqual({ interface: 1110, os: 3, packet: 7 })
    expect(reading.damage).toBeUndefined()
  })

  it('passes over blocks it does not know, of any length, and leaves the numbers that Wireshark gives some', () => {
    const blocks: [number, Uint8Array, number][] = [
      [0xbad, new Uint8Array(8), 1],
      [0x40000bad, new Uint8Array(8), 1],
      [0xbad, new Uint8Array(0), 0],
      [9, latin1Bytes('MESSAGE=hi\n'), 1],
      [0x204, new Uint8Array(40), 1],
      [0x216, new Uint8Array(40), 1],
      [0x221, new Uint8Array(40), 1],
      [0x208, new Uint8Array(40), 0],
      [4, new Uint8Array(4), 0],
      [10, new Uint8Array(12), 0],
      [0, new Uint8Array(8), 0],
      [0x80000001, new Uint8Array(8), 0],
      [0x77, new Uint8Array(17 << 20), 0],
    ]
    for (const [type, body, numbers] of blocks) {
      const reading = read(le.section(), le.interface(), le.packet(), le.block(type, body), le.packet())
      expect(reading, `block type ${type}`).toMatchObject({ packets: 2, damage: undefined })
      expect(reading.frames[1]?.split(' ')[0]).toBe(String(2 + numbers))
    }
  })

  it('takes a length that forgot its padding', () => {
    const block = le.block(0x77, new Uint8Array(4), { total: 15 })
    const simple = le.block(3, concatBytes([le.pack([4, 3]), DATA.subarray(0, 3)]), { total: 19 })
    expect(read(le.section(), le.interface(), block, simple, le.packet())).toMatchObject({
      packets: 2,
      damage: undefined,
    })
  })

  it('stops politely at a major version it does not know', () => {
    expect(read(le.section(2), le.interface(), le.packet()).error).toBe('pcapng version 2.0 is not supported')
    const later = read(le.section(), le.interface(), le.packet(), le.section(2))
    expect(later).toMatchObject({ packets: 1, error: undefined, format: 'pcapng' })
    expect(later.damage).toMatchObject({
      offset: 28 + 20 + 96,
      frame: 2,
      reason: 'pcapng version 2.0 is not supported',
    })
    expect(read(le.section(1, 2), le.interface(), le.packet()).packets).toBe(1)
  })

  it.each<[string, Uint8Array]>([
    ['a packet claims 100 captured octets in a block with room for 64', le.packet({ captured: 100 })],
    ['a packet claims 300000 captured octets, more than 262144', le.packet({ data: new Uint8Array(300_000) })],
    ['a packet came from interface 3, of 1 in its section', le.packet({ interfaceId: 3 })],
    ['a block claims to be 8 octets long', le.block(6, DATA, { total: 8 })],
    ['a block claims to be 4294967295 octets long, more than 16777216', le.block(6, DATA, { total: 0xffffffff })],
    [
      'a block is 96 octets long at its beginning and 92 at its end',
      le.block(6, le.packet().subarray(8, -4), { repeated: 92 }),
    ],
    ['a block of type 0x6 is only 28 octets long', le.block(6, new Uint8Array(16))],
    ['a block of type 0x1 is only 16 octets long', le.block(1, new Uint8Array(4))],
    ['a section begins without its byte-order magic', le.block(0x0a0d0d0a, new Uint8Array(16))],
  ])('stops where %s', (reason, block) => {
    const before = concatBytes([le.section(), le.interface(), le.packet()])
    const reading = read(before, block, le.packet())
    expect(reading.packets).toBe(1)
    expect(reading.damage).toEqual({ offset: before.length, frame: 2, reason, compressedOffset: undefined })
  })

  it('reads up to where the file was cut, at every octet', () => {
    const whole = read(PCAPNG)
    let previous = 0
    for (let length = 12; length < PCAPNG.length; length++) {
      const reading = read(PCAPNG.subarray(0, length))
      expect(reading.frames).toEqual(whole.frames.slice(0, reading.packets))
      expect(reading.packets).toBeGreaterThanOrEqual(previous)
      previous = reading.packets
      if (reading.damage) expect(reading.damage.offset).toBe(length)
      else expect(BLOCK_ENDS).toContain(length)
    }
    expect(previous).toBe(3)
  })
})

/** Offsets in PCAPNG where a block ends. */
const BLOCK_ENDS: readonly number[] = blockEnds()

function blockEnds(): number[] {
  const view = new DataView(PCAPNG.buffer)
  const ends: number[] = []
  let littleEndian = true
  for (let at = 0; at < PCAPNG.length;) {
    if (view.getUint32(at) === 0x0a0d0d0a) littleEndian = view.getUint32(at + 8) !== 0x1a2b3c4d
    at += view.getUint32(at + 4, littleEndian)
    ends.push(at)
  }
  return ends
}

describe('CaptureReader on gzip', () => {
  it('reads pcap and pcapng inside, and several members in a row', () => {
    for (const file of [PCAP, PCAPNG]) {
      const plain = read(file)
      const packed = gzipSync(file)
      const members = concatBytes([...inPieces(file, 50)].map((piece) => gzipSync(piece)))
      expect(read(packed)).toEqual({ ...plain, compression: 'gzip', bytes: packed.length })
      expect(read(members)).toEqual({ ...plain, compression: 'gzip', bytes: members.length })
    }
  })

  it('reads up to where the compressed file was cut, at every octet', () => {
    const packed = gzipSync(PCAPNG)
    const whole = read(PCAPNG)
    let previous = 0
    for (let length = 2; length < packed.length; length++) {
      const reading = read(packed.subarray(0, length))
      expect(reading.frames).toEqual(whole.frames.slice(0, reading.packets))
      expect(reading.packets).toBeGreaterThanOrEqual(previous)
      previous = reading.packets
      const sentence = reading.error ?? reading.damage?.reason
      expect(sentence).toContain('the gzip data ends early')
      expect(sentence).toContain(`at octet ${length} of the compressed file`)
      if (reading.damage) expect(reading.damage.compressedOffset).toBe(length)
    }
    expect(previous).toBe(4)
  })

  it('sees a wrong checksum, in the last member and in one before', () => {
    const good = gzipSync(PCAP)
    const bad = good.slice()
    bad[bad.length - 8]! ^= 1
    expect(read(bad)).toMatchObject({ packets: 3, damage: { offset: PCAP.length, compressedOffset: bad.length } })
    const two = read(bad, gzipSync(pcapRecord()))
    expect(two.damage?.reason).toContain('the gzip data does not match its checksum')
    expect(two.packets).toBe(3)
  })

  it('ends where the compressed data contradicts itself', () => {
    const packed = gzipSync(
      concatBytes([PCAP, ...Array.from({ length: 3000 }, (_, i) => pcapRecord({ fraction: i * 331 }))]),
      { level: 1 },
    )
    packed.fill(0xff, packed.length - 4000, packed.length - 3900)
    const reading = read(packed)
    expect(reading.damage).toBeDefined()
    expect(reading.error).toBeUndefined()
    expect(reading.packets).toBeGreaterThan(0)
  })

  it('ignores octets behind the last member', () => {
    for (const garbage of [new Uint8Array(512), latin1Bytes('not gzip at all')]) {
      expect(read(gzipSync(PCAP), garbage)).toMatchObject({ packets: 3, damage: undefined, error: undefined })
    }
  })

  it('does not swallow a member header without end, nor members without content', () => {
    const endlessName = concatBytes([
      Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3),
      new Uint8Array(2 << 20).fill(0x41),
    ])
    expect(read(endlessName).error).toContain('holds nothing for 1048576 octets')
    const empty = gzipSync(new Uint8Array(0))
    const many = new Uint8Array(empty.length * 60_000)
    for (let at = 0; at < many.length; at += empty.length) many.set(empty, at)
    expect(read(gzipSync(PCAP), many)).toMatchObject({ packets: 3, damage: { frame: 4 } })
  })

  it('inflates a bomb slice by slice', () => {
    const bomb = gzipSync(concatBytes([pcapHeader(), new Uint8Array(64 << 20)]))
    let longest = 0
    const reader = new CaptureReader((record) => (longest = Math.max(longest, record.bytes.length)))
    reader.push(bomb)
    // Zeros are records without octets: each is a frame.
    expect(reader.end()).toMatchObject({ packets: (64 << 20) / 16, damage: undefined })
    expect(longest).toBeLessThanOrEqual(17 << 20)
  })
})

describe('CaptureReader on any file', () => {
  const files: [string, Uint8Array][] = [
    ['pcap', PCAP],
    ['pcapng', PCAPNG],
    ['gzip around pcap', gzipSync(PCAP)],
    ['gzip around pcapng', gzipSync(PCAPNG)],
    ['a text', latin1Bytes('To whom it may concern: this is no capture.')],
    ['a short text', latin1Bytes('hello')],
    ['gzip around text', gzipSync(latin1Bytes('To whom it may concern: this is no capture.'))],
    ['nothing', new Uint8Array(0)],
    ['the first octet of gzip alone', Uint8Array.of(0x1f)],
    ['a pcapng section without byte order', le.block(0x0a0d0d0a, new Uint8Array(16))],
    ['damage', concatBytes([PCAP, pcapRecord({ captured: 1 << 30 }), PCAP])],
  ]

  it.each(files)('reads %s alike all at once, octet by octet and in pieces', (_, file) => {
    const whole = read(file)
    expect(readChunks(octetByOctet(file))).toEqual(whole)
    for (const length of [2, 3, 5, 16, 17, 100, 1000]) expect(readChunks(inPieces(file, length))).toEqual(whole)
  })

  it.each(files.slice(0, 4))('reads %s alike with more behind it', (_, file) => {
    const whole = read(file)
    const more = read(file, Uint8Array.of(0x00, 0x01, 0x02))
    expect(more.frames).toEqual(whole.frames)
    expect(more.error).toBeUndefined()
  })

  it('reads a chunk that is a view into something larger', () => {
    const around = concatBytes([DATA, PCAPNG, DATA])
    expect(readChunks([around.subarray(DATA.length, -DATA.length)])).toEqual(read(PCAPNG))
  })

  it.each(files)('reads %s from Buffers, as Node hands them out, used again and again', (_, file) => {
    const buffer = Buffer.alloc(7)
    function* pieces(): Generator<Uint8Array> {
      for (const piece of inPieces(file, buffer.length)) {
        buffer.set(piece)
        yield buffer.subarray(0, piece.length)
        buffer.fill(0xee)
      }
    }
    expect(readChunks(pieces())).toEqual(read(file))
  })

  it('takes empty chunks, and nothing after the end', () => {
    const reader = new CaptureReader(() => {})
    reader.push(new Uint8Array(0))
    for (const piece of inPieces(PCAP, 10)) {
      reader.push(piece)
      reader.push(new Uint8Array(0))
    }
    expect(reader.reading).toBe(true)
    const summary = reader.end()
    expect(summary).toMatchObject({ packets: 3, damage: undefined })
    expect(reader.reading).toBe(false)
    reader.push(PCAP)
    expect(reader.end()).toMatchObject({ packets: 3, damage: undefined })
  })

  it('shows frames as they arrive, not at the end', () => {
    let frames = 0
    const reader = new CaptureReader(() => frames++)
    reader.push(PCAP.subarray(0, 24 + 77))
    expect(frames).toBe(1)
    reader.push(PCAP.subarray(24 + 77, 24 + 77 + 16))
    expect(frames).toBe(2)
  })

  it('uses one record for all frames', () => {
    const records = new Set<unknown>()
    const reader = new CaptureReader((record) => records.add(record))
    reader.push(PCAP)
    expect(records.size).toBe(1)
  })

  it('stores what arrives and not what a length promises', () => {
    const promise = concatBytes([le.section(), le.interface(), le.pack([4, 6], [4, 16 << 20], [4, 0])])
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 100 }, () => {
      const reader = new CaptureReader(() => {})
      reader.push(promise)
      return reader
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20)
    expect(readers.every((reader) => reader.reading)).toBe(true)
  })

  it.each<[string, Uint8Array]>([
    ['the file is empty', new Uint8Array(0)],
    ['the file is empty', gzipSync(new Uint8Array(0))],
    ['not a capture file: begins with "GET / HTTP/1.1"', latin1Bytes('GET / HTTP/1.1\r\nHost: x\r\n')],
    ['not a capture file: begins with "abc"', latin1Bytes('abc')],
    [
      'not a capture file: begins with the octets 00 01 02 03 04 05 06 07',
      Uint8Array.from({ length: 30 }, (_, i) => i),
    ],
    ['not a capture file: begins with the octets 0a 0d 0d 0a', Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a)],
    ['not a capture file: begins with "<html>"', gzipSync(latin1Bytes('<html>\n<body></body></html>'))],
    [
      'Solaris snoop captures are not supported yet; convert it with: editcap -F pcapng IN OUT',
      latin1Bytes('snoop\0\0\0\0\0\0\x02\0\0\0\x04'),
    ],
    [
      'captures compressed with zstd are not supported yet; decompress it with: zstd -d',
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 4, 0, 1, 0, 0),
    ],
    ['the file is compressed with gzip twice; decompress it with: gunzip', gzipSync(gzipSync(PCAP))],
  ])('says: %s', (error, file) => {
    expect(read(file)).toMatchObject({ error, format: 'unknown', packets: 0, damage: undefined })
  })
})
