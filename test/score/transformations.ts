/**
 * What happens to captures on their way from the wire to the file: mirror ports that deliver twice, short snap lengths,
 * lost frames, one direction only, a late start, VLAN tags, links without an Ethernet header. Pure functions over frames;
 * none of them changes what happened on the network.
 */
import { concatBytes } from '../../src/base/bytes.js'
import type { Random } from '../../src/base/random.js'
import { MILLISECOND, addNanos, compareTimestamps } from '../../src/base/time.js'
import type { Timestamp } from '../../src/base/time.js'
import { CaptureReader } from '../../src/capture/capture-reader.js'
import { LinkType } from '../../src/capture/link-types.js'
import { PcapngWriter } from '../../src/capture/pcapng-writer.js'

export interface CapturedFrame {
  readonly time: Timestamp
  readonly bytes: Uint8Array
  readonly originalLength: number
}

export interface Capture {
  readonly linkType: number
  readonly frames: readonly CapturedFrame[]
}

export interface Transformation {
  readonly name: string
  /** Nothing is lost by it, so that the verdict must stay as it is. */
  readonly isLossless: boolean
  /** It cuts boots off that are not over. */
  readonly stopsEarly?: boolean
  apply(capture: Capture, random: Random): Capture
}

export function readCapture(octets: Uint8Array): Capture {
  const frames: CapturedFrame[] = []
  let linkType: number = LinkType.ethernet
  const reader = new CaptureReader((record) => {
    linkType = record.linkType
    frames.push({
      time: { seconds: record.seconds, nanos: record.nanos },
      bytes: record.bytes.slice(record.start, record.end),
      originalLength: record.originalLength,
    })
  })
  reader.push(octets)
  reader.end()
  return { linkType, frames }
}

export function writeCapture({ linkType, frames }: Capture): Uint8Array {
  const chunks: Uint8Array[] = []
  const writer = new PcapngWriter({ write: (chunk) => chunks.push(chunk), interfaces: [{ name: 'tap', linkType }] })
  for (const { time, bytes, originalLength } of frames) writer.frame(0, time, bytes, { originalLength })
  writer.end()
  return concatBytes(chunks)
}

/** A share of the frames, from the beginning, that is cut off by a late start. */
export function startLate(share: number): Transformation {
  return {
    name: `start after ${Math.round(100 * share)} % of the frames`,
    isLossless: false,
    apply: ({ linkType, frames }) => ({ linkType, frames: frames.slice(Math.floor(frames.length * share)) }),
  }
}

/** The capture stops before the end. */
export function stopEarly(share: number): Transformation {
  return {
    name: `stop after ${Math.round(100 * share)} % of the frames`,
    isLossless: false,
    stopsEarly: true,
    apply: ({ linkType, frames }) => ({ linkType, frames: frames.slice(0, Math.ceil(frames.length * share)) }),
  }
}

const MAC_LENGTH = 6
const ETHERNET_HEADER = 14

/** Phones of both series, as the scenarios give them their addresses. */
function isPhone(bytes: Uint8Array, at: number): boolean {
  const prefix = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
  return prefix === 0x001b4f || prefix === 0x00040d
}

function filter(name: string, keep: (frame: CapturedFrame, random: Random) => boolean): Transformation {
  return {
    name,
    isLossless: false,
    apply: ({ linkType, frames }, random) => ({ linkType, frames: frames.filter((frame) => keep(frame, random)) }),
  }
}

export const TRANSFORMATIONS: readonly Transformation[] = [
  {
    name: 'every frame twice, up to 1 ms later',
    isLossless: true,
    apply: ({ linkType, frames }, random) => ({
      linkType,
      frames: frames
        .flatMap((frame) => [frame, { ...frame, time: addNanos(frame.time, random.int(MILLISECOND)) }])
        .sort((a, b) => compareTimestamps(a.time, b.time)),
    }),
  },
  {
    name: 'a VLAN tag on every frame',
    isLossless: true,
    apply: ({ linkType, frames }) => ({
      linkType,
      frames: frames.map(({ time, bytes, originalLength }) => ({
        time,
        bytes: concatBytes([
          bytes.subarray(0, 2 * MAC_LENGTH),
          Uint8Array.of(0x81, 0x00, 0x00, 20),
          bytes.subarray(2 * MAC_LENGTH),
        ]),
        originalLength: originalLength + 4,
      })),
    }),
  },
  {
    name: 'IP packets without a link header',
    isLossless: false,
    apply: ({ frames }) => ({
      linkType: LinkType.raw,
      frames: frames
        .filter(({ bytes }) => bytes[12] === 0x08 && bytes[13] === 0x00)
        .map(({ time, bytes, originalLength }) => ({
          time,
          bytes: bytes.subarray(ETHERNET_HEADER),
          originalLength: originalLength - ETHERNET_HEADER,
        })),
    }),
  },
  {
    name: 'cut to 128 octets',
    isLossless: false,
    apply: ({ linkType, frames }) => ({
      linkType,
      frames: frames.map((frame) => ({ ...frame, bytes: frame.bytes.subarray(0, 128) })),
    }),
  },
  filter('2 % of the frames missing', (_frame, random) => random.next() >= 0.02),
  filter('10 % of the frames missing', (_frame, random) => random.next() >= 0.1),
  filter('only what phones send', ({ bytes }) => isPhone(bytes, MAC_LENGTH)),
  filter('only what phones receive', ({ bytes }) => !isPhone(bytes, MAC_LENGTH)),
  filter('only broadcasts', ({ bytes }) => bytes[0] === 0xff),
  startLate(0.1),
  startLate(0.3),
  startLate(0.5),
  startLate(0.8),
  stopEarly(0.3),
  stopEarly(0.6),
  stopEarly(0.9),
]
