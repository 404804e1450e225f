/**
 * The pcapng file format (draft-ietf-opsawg-pcapng): numbers, options, interface descriptions and their units of time.
 * Shared by reader and writer.
 *
 * A timestamp is a 64-bit count of units, and a unit is any power of ten or two of a second. Counts of nanoseconds do
 * not fit a JavaScript number, so they are divided in 16-bit steps that do; only units finer than 2^-36 s need BigInt.
 */
import { SECOND } from '../base/time.js'

export const BlockType = {
  interfaceDescription: 0x0000_0001,
  obsoletePacket: 0x0000_0002,
  simplePacket: 0x0000_0003,
  nameResolution: 0x0000_0004,
  interfaceStatistics: 0x0000_0005,
  enhancedPacket: 0x0000_0006,
  systemdJournalExport: 0x0000_0009,
  sysdigEvent: 0x0000_0204,
  sysdigEventV2: 0x0000_0216,
  sysdigEventV2Large: 0x0000_0221,
  custom: 0x0000_0bad,
  customNotCopied: 0x4000_0bad,
  sectionHeader: 0x0a0d_0d0a, // the same in both byte orders
} as const

/** As it reads in a section of network byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b_3c4d

/** Type, total length, total length again. */
export const BLOCK_OVERHEAD = 12

export const OptionCode = {
  end: 0,
  comment: 1,
  interfaceName: 2, // if_name
  hardware: 2, // shb_hardware
  application: 4, // shb_userappl
  packetDropCount: 4, // epb_dropcount
  interfaceDrops: 5, // isb_ifdrop
  osDrops: 7, // isb_osdrop
  timestampResolution: 9, // if_tsresol
  timestampOffset: 14, // if_tsoffset
} as const

/** One interface of a section, as the reader needs it. */
export interface InterfaceDescription {
  readonly linkType: number
  /** 0 means no limit. */
  readonly snaplen: number
  readonly resolution: Resolution
  /** if_tsoffset: seconds to add to every timestamp. */
  readonly offsetSeconds: number
  /** A packet of it was read. */
  used: boolean
  /** The latest isb_ifdrop and isb_osdrop: counts since the capture began. */
  interfaceDrops: number | undefined
  osDrops: number | undefined
}

/** How a count of units becomes seconds and nanoseconds. */
export interface Resolution {
  /** Units in a second where that is at most 2^36, else 0: the BigInt way. */
  readonly unitsPerSecond: number
  /** Nanoseconds in a unit where that is whole, else 0. */
  readonly nanosPerUnit: number
  readonly exactUnitsPerSecond: bigint
}

/** Beyond that many units in a second, x * 65536 + 65535 is no longer exact. */
const MAX_UNITS_PER_SECOND = 2 ** 36

/** @param code the octet of if_tsresol: a negative power of 10, or of 2 when bit 7 is set */
export function resolution(code: number): Resolution {
  const exact = code & 0x80 ? 2n ** BigInt(code & 0x7f) : 10n ** BigInt(code)
  const unitsPerSecond = exact <= MAX_UNITS_PER_SECOND ? Number(exact) : 0
  const nanosPerUnit = unitsPerSecond !== 0 && SECOND % unitsPerSecond === 0 ? SECOND / unitsPerSecond : 0
  return { unitsPerSecond, nanosPerUnit, exactUnitsPerSecond: exact }
}

/** Microseconds: what holds without if_tsresol. */
export const DEFAULT_RESOLUTION = resolution(6)

/** Writes `seconds` and `nanos` of the count high * 2^32 + low into `target`; nothing is allocated for usual units. */
export function setTime(
  target: { seconds: number; nanos: number },
  { unitsPerSecond, nanosPerUnit, exactUnitsPerSecond }: Resolution,
  offsetSeconds: number,
  high: number,
  low: number,
): void {
  if (unitsPerSecond === 0) {
    const count = (BigInt(high) << 32n) | BigInt(low)
    target.seconds = Number(count / exactUnitsPerSecond) + offsetSeconds
    target.nanos = Number(((count % exactUnitsPerSecond) * BigInt(SECOND)) / exactUnitsPerSecond)
    return
  }
  const quotient = Math.floor(high / unitsPerSecond)
  const middle = (high - quotient * unitsPerSecond) * 0x1_0000 + (low >>> 16)
  const middleQuotient = Math.floor(middle / unitsPerSecond)
  const last = (middle - middleQuotient * unitsPerSecond) * 0x1_0000 + (low & 0xffff)
  const lastQuotient = Math.floor(last / unitsPerSecond)
  const units = last - lastQuotient * unitsPerSecond
  target.seconds = quotient * 0x1_0000_0000 + middleQuotient * 0x1_0000 + lastQuotient + offsetSeconds
  if (nanosPerUnit !== 0) target.nanos = units * nanosPerUnit
  else if (unitsPerSecond < 0x80_0000) target.nanos = Math.floor((units * SECOND) / unitsPerSecond)
  else target.nanos = Number((BigInt(units) * BigInt(SECOND)) / exactUnitsPerSecond)
}

/**
 * Calls `onOption` for each option in [start, end). A list that is cut or contradicts itself ends there: what it is
 * about was read before, and is worth more than the rest of its options.
 */
export function forEachOption(
  view: DataView,
  littleEndian: boolean,
  start: number,
  end: number,
  onOption: (code: number, at: number, length: number) => void,
): void {
  let at = start
  while (end - at >= 4) {
    const code = view.getUint16(at, littleEndian)
    const length = view.getUint16(at + 2, littleEndian)
    if (code === OptionCode.end || length > end - at - 4) return
    onOption(code, at + 4, length)
    at += 4 + roundUp4(length)
  }
}

/** A 64-bit count as a number: exact to 2^53, which no counter reaches. */
export function getCount64(view: DataView, at: number, littleEndian: boolean): number {
  return littleEndian
    ? view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
    : view.getUint32(at, false) * 0x1_0000_0000 + view.getUint32(at + 4, false)
}

/** The body of an Interface Description Block, which lies in [start, end). */
export function decodeInterfaceDescription(
  view: DataView,
  littleEndian: boolean,
  start: number,
  end: number,
): InterfaceDescription {
  let unit = DEFAULT_RESOLUTION
  let offsetSeconds = 0
  forEachOption(view, littleEndian, start + 8, end, (code, at, length) => {
    if (code === OptionCode.timestampResolution && length >= 1) unit = resolution(view.getUint8(at))
    else if (code === OptionCode.timestampOffset && length >= 8) {
      offsetSeconds = Number(view.getBigInt64(at, littleEndian))
    }
  })
  return {
    linkType: view.getUint16(start, littleEndian),
    snaplen: view.getUint32(start + 4, littleEndian),
    resolution: unit,
    offsetSeconds,
    used: false,
    interfaceDrops: undefined,
    osDrops: undefined,
  }
}

/** To the next multiple of four; right beyond 2^31, where `& ~3` is not. */
export function roundUp4(length: number): number {
  return length + ((4 - (length % 4)) % 4)
}
