/**
 * A customer's capture in small: calls and calls of RTP with a few phone boots inside. The boots are real frames of an
 * emulated run, moved to places spread evenly over the file; some of the phones sit on a voice VLAN, so that their frames
 * carry a tag. Classic pcap with microseconds, because that is what all the peers read.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { Random } from '../../src/base/random.js'

const RTP_PAYLOAD = 160 // G.711, 20 ms
const RTP_FRAME = 14 + 20 + 8 + 12 + RTP_PAYLOAD

interface Record {
  readonly bytes: Uint8Array
  /** Seconds since the boot's first frame. */
  readonly at: number
}

/** The frames of a capture, copied. */
export function recordsOf(capture: Uint8Array): Record[] {
  const records: Record[] = []
  let start: number | undefined
  const reader = new CaptureReader((frame) => {
    const at = frame.seconds + frame.nanos / 1e9
    start ??= at
    records.push({ bytes: frame.bytes.slice(frame.start, frame.end), at: at - start })
  })
  reader.push(capture)
  reader.end()
  return records
}

/** Inserts an 802.1Q tag. */
function tagged(frame: Uint8Array, vid: number): Uint8Array {
  const out = new Uint8Array(frame.length + 4)
  out.set(frame.subarray(0, 12))
  out.set([0x81, 0x00, vid >> 8, vid & 0xff], 12)
  out.set(frame.subarray(12), 16)
  return out
}

/**
 * @param boots each capture is one run of one or more phones
 * @param packets frames in the file, boots included
 * @returns what was written
 */
export function writeRtpCapture(
  path: string,
  packets: number,
  boots: readonly Uint8Array[],
  seed = 1,
): { packets: number; bytes: number; bootFrames: number } {
  const random = new Random(seed)
  const boot = boots.map(recordsOf)
  const bootFrames = boot.reduce((sum, records) => sum + records.length, 0)
  const rtpFrames = Math.max(0, packets - bootFrames)
  // Each boot starts at its share of the file's duration; 100 µs between RTP frames is 200 calls at once.
  const spacing = 100e-6
  const duration = rtpFrames * spacing
  const inserts: { at: number; bytes: Uint8Array }[] = []
  boot.forEach((records, i) => {
    const start = (duration * (i + 0.5)) / boot.length
    const vid = random.next() < 0.18 ? 100 : 0
    for (const record of records) {
      inserts.push({ at: start + record.at, bytes: vid === 0 ? record.bytes : tagged(record.bytes, vid) })
    }
  })
  inserts.sort((a, b) => a.at - b.at)

  const rtp = new Uint8Array(RTP_FRAME)
  const fd = openSync(path, 'w')
  const buffer = new Uint8Array(1 << 20)
  const view = new DataView(buffer.buffer)
  let used = 0
  let bytes = 0
  const flush = () => {
    writeSync(fd, buffer, 0, used)
    bytes += used
    used = 0
  }
  const record = (at: number, frame: Uint8Array) => {
    if (used + 16 + frame.length > buffer.length) flush()
    const micros = Math.round(at * 1e6)
    view.setUint32(used, 1_700_000_000 + Math.floor(micros / 1e6), true)
    view.setUint32(used + 4, micros % 1e6, true)
    view.setUint32(used + 8, frame.length, true)
    view.setUint32(used + 12, frame.length, true)
    buffer.set(frame, used + 16)
    used += 16 + frame.length
  }

  view.setUint32(0, 0xa1b2c3d4, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, 262144, true)
  view.setUint32(20, 1, true)
  used = 24

  let next = 0
  for (let i = 0; i < rtpFrames; i++) {
    const at = i * spacing
    while (next < inserts.length && inserts[next]!.at <= at) {
      record(inserts[next]!.at, inserts[next]!.bytes)
      next++
    }
    fillRtp(rtp, i, random)
    record(at, rtp)
  }
  for (; next < inserts.length; next++) record(inserts[next]!.at, inserts[next]!.bytes)
  flush()
  closeSync(fd)
  return { packets: rtpFrames + inserts.length, bytes, bootFrames: inserts.length }
}

/** One RTP frame of one of 200 calls, with a payload that does not compress. */
function fillRtp(frame: Uint8Array, index: number, random: Random): void {
  const call = index % 200
  const sequence = Math.floor(index / 200) & 0xffff
  frame.set([0, 0x1b, 0x4f, 0x30, call >> 8, call, 2, 0, 0, 0, 0, 9, 8, 0])
  frame.set([0x45, 0xb8, 0, 200, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 30, call >> 8, call, 10, 30, 1, call], 14)
  const port = 2048 + 2 * call
  frame.set([port >> 8, port, 0x10, 0, 0, 180, 0, 0], 34)
  frame.set([0x80, 0, sequence >> 8, sequence, 0, 0, sequence >> 8, sequence, 0, 0, 0, call], 42)
  for (let at = 54; at < RTP_FRAME; at += 4) {
    const word = random.u32()
    frame[at] = word
    frame[at + 1] = word >> 8
    frame[at + 2] = word >> 16
    frame[at + 3] = word >> 24
  }
}
