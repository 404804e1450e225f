/**
 * Capture files in, frames out: pcap and pcapng, plain or in gzip, told apart by their first octets, as they arrive.
 *
 * The reader walks records in place. A frame is shown as offsets into the chunk it came in, through one record object
 * that is used again for the next; only a record that straddles chunks is copied. So a frame costs its header and no
 * memory, and what a callback wants to keep it must copy.
 *
 * Damage ends the reading, as it does in Wireshark: after an impossible length nothing says where the next record
 * begins. What was read before stays read, and `damage` says where it was. Lengths are checked against bounds before
 * anything is stored, and storage grows with what has arrived, never with what a length promises.
 *
 * Frame numbers are Wireshark's. It gives numbers to some blocks that are no packets (custom blocks, journal entries,
 * sysdig events); here they are passed over and their numbers stay unused.
 *
 * Classic pcap is read in both byte orders, with micro- or nanoseconds, in Kuznetzov's modification (24-octet record
 * headers) and Ixia's lcap form. Before version 2.4 some writers exchanged the two lengths; they are put right.
 * A fraction above one second, as damaged files have, is carried into the seconds.
 *
 * Not here: Nokia's and the Linux 2.2 vendors' unmarked variants of pcap, which take guessing; other compressions; name
 * resolution, decryption secrets and the other side matter of pcapng, which is skipped.
 */
import { SECOND } from '../base/time.js'
import { GunzipStream } from './gunzip.js'
import { notACapture } from './not-a-capture.js'
import {
  BLOCK_OVERHEAD,
  BlockType,
  BYTE_ORDER_MAGIC,
  decodeInterfaceDescription,
  forEachOption,
  getCount64,
  type InterfaceDescription,
  OptionCode,
  roundUp4,
  setTime,
} from './pcapng-format.js'

/** Captured octets of a frame, as libpcap and Wireshark bound them (MAXIMUM_SNAPLEN, WTAP_MAX_PACKET_SIZE_STANDARD). */
export const MAX_FRAME_LENGTH = 262_144
/** Octets of a pcapng block that is read and not skipped. */
export const MAX_BLOCK_LENGTH = 16 * 1024 * 1024
/** Interfaces of one pcapng section. */
export const MAX_INTERFACES = 65_536

/** One captured frame. The same object for every frame: read it in the callback, copy what is to stay. */
export interface FrameRecord {
  /** 1-based, as Wireshark counts. */
  number: number
  /** Since 1970, UTC. Without a timestamp of its own (`timestamped` false): that of the frame before, or 0. */
  seconds: number
  /** 0 to 999,999,999. */
  nanos: number
  /** False for the Simple Packet Blocks of pcapng. */
  timestamped: boolean
  /** A LINKTYPE number, see link-types.ts. */
  linkType: number
  /** Index within the section of a pcapng file; 0 for pcap. */
  interfaceId: number
  /** Sections of a pcapng file count from 0; each has its own interfaces. */
  section: number
  /** Octets that the frame had on the wire, as the file claims. */
  originalLength: number
  /** The captured octets are bytes[start, end). */
  bytes: Uint8Array
  start: number
  end: number
  /** Where the captured octets begin in the file, decompressed. */
  fileOffset: number
  /** Packet comments of pcapng, one per line. */
  comment: string | undefined
}

export interface CaptureDamage {
  /** Octet of the file, decompressed: where it ends, or where the impossible record begins. */
  readonly offset: number
  /** The number of the frame that would have come next. */
  readonly frame: number
  /** A sentence without its full stop. */
  readonly reason: string
  /** Octet of the compressed file near which it was, when it is the compressed data that is damaged. */
  readonly compressedOffset: number | undefined
}

/** Packets that the capturing side lost, as far as the file says. Undefined where it says nothing. */
export interface DropCounters {
  /** isb_ifdrop: for want of resources in the interface. */
  readonly interface: number | undefined
  /** isb_osdrop: by the operating system. */
  readonly os: number | undefined
  /** Sum of the counts that stand beside single packets. */
  readonly packet: number | undefined
}

/** The file as a whole. */
export interface CaptureFileSummary {
  readonly format: 'pcap' | 'pcapng' | 'unknown'
  readonly compression: 'none' | 'gzip'
  /** Of the frames, in order of appearance; of a file without frames: those it declares. */
  readonly linkTypes: readonly number[]
  readonly packets: number
  /** Octets of the file as read, before decompression. */
  readonly bytes: number
  readonly damage: CaptureDamage | undefined
  readonly dropCounters: DropCounters
  /** Why nothing could be read: no capture, or none of ours. A sentence without its full stop. */
  readonly error: string | undefined
}

type State = 'start' | 'pcap-header' | 'pcap-records' | 'pcapng-blocks' | 'pcapng-skip' | 'stopped'

const PCAP_HEADER_LENGTH = 24
/** Octets looked at to tell what a file is that is no capture. */
const HEAD_LENGTH = 24

export class CaptureReader {
  readonly #onFrame: (record: FrameRecord) => void
  readonly #record: FrameRecord = {
    number: 0,
    seconds: 0,
    nanos: 0,
    timestamped: true,
    linkType: 0,
    interfaceId: 0,
    section: 0,
    originalLength: 0,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    fileOffset: 0,
    comment: undefined,
  }

  #state: State = 'start'
  #format: CaptureFileSummary['format'] = 'unknown'
  #packets = 0
  #damage: CaptureDamage | undefined
  #error: string | undefined
  #ended = false
  /** Of the packets of pcapng interfaces, and of all interfaces or the pcap header. */
  readonly #linkTypes: number[] = []
  readonly #declaredLinkTypes: number[] = []

  /** Octets pushed. */
  #bytes = 0
  #gunzip: GunzipStream | undefined
  /** The very first octet, when it came alone: gzip is told by two. */
  #held: Uint8Array | undefined
  /** Octets of the file, decompressed, that were fed to the walk. */
  #fed = 0
  /** What the file begins with, kept until it proves to be a capture. */
  readonly #head: number[] = []

  /** An unfinished record, waiting for its rest. */
  #carry = new Uint8Array(0)
  #carryView = new DataView(this.#carry.buffer)
  #carryLength = 0
  /** Octets that the walk needs from where it stopped before it can go on; more than there were. */
  #need = 4
  /** File offset of index 0 of what is being walked. */
  #base = 0

  #littleEndian = false
  #pcapVariant: PcapVariant = PCAP_VARIANTS.get(0xa1b2_c3d4)!
  /** When captured and original length changed places: never, always, or where the captured one is longer. */
  #swappedLengths: 'no' | 'yes' | 'maybe' = 'no'

  #interfaces: InterfaceDescription[] = []
  /** Section headers read. */
  #sections = 0
  /** Octets of a block that is passed over, and the total length that must stand behind them. */
  #skip = 0
  #interfaceDrops: number | undefined
  #osDrops: number | undefined
  #packetDrops: number | undefined
  readonly #utf8 = new TextDecoder()

  /** @param onFrame is called for each frame during push(), with a record that is only valid until it returns */
  constructor(onFrame: (record: FrameRecord) => void) {
    this.#onFrame = onFrame
  }

  /** Frames are still to be expected. False after damage, after an error and after end(). */
  get reading(): boolean {
    return this.#state !== 'stopped' && !this.#ended
  }

  /** The next octets of the file, as many as there are. They are only looked at during the call. */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#ended || this.#state === 'stopped') return
    if (this.#gunzip) this.#pushCompressed(this.#gunzip, chunk)
    else if (this.#fed > 0) this.#feed(chunk)
    else this.#begin(chunk)
  }

  /** The file is complete. Returns what there is to say about it as a whole. */
  end(): CaptureFileSummary {
    if (!this.#ended) {
      if (this.#held) this.#feed(this.#held)
      if (this.#gunzip && this.#state !== 'stopped') this.#endCompressed(this.#gunzip)
      if (this.#state !== 'stopped') this.#endFile()
      this.#ended = true
    }
    return this.summary
  }

  /** As it stands; complete after end(). */
  get summary(): CaptureFileSummary {
    let { interfaceDrops, osDrops } = this.#sectionDrops()
    interfaceDrops = sum(this.#interfaceDrops, interfaceDrops)
    osDrops = sum(this.#osDrops, osDrops)
    return {
      format: this.#format,
      compression: this.#gunzip ? 'gzip' : 'none',
      linkTypes: this.#linkTypes.length > 0 ? [...this.#linkTypes] : [...this.#declaredLinkTypes],
      packets: this.#packets,
      bytes: this.#bytes,
      damage: this.#damage,
      dropCounters: { interface: interfaceDrops, os: osDrops, packet: this.#packetDrops },
      error: this.#error,
    }
  }

  // Octets to the walk

  #begin(chunk: Uint8Array): void {
    let first = chunk
    if (this.#held && chunk.length > 0) {
      first = new Uint8Array(1 + chunk.length)
      first.set(this.#held)
      first.set(chunk, 1)
      this.#held = undefined
    } else if (chunk.length === 1 && chunk[0] === 0x1f) {
      this.#held = Uint8Array.of(0x1f)
      return
    }
    if (first[0] === 0x1f && first[1] === 0x8b) {
      this.#gunzip = new GunzipStream((octets) => this.#feed(octets))
      this.#pushCompressed(this.#gunzip, first)
    } else {
      this.#feed(first)
    }
  }

  #pushCompressed(gunzip: GunzipStream, chunk: Uint8Array): void {
    gunzip.push(chunk)
    if (gunzip.failure) this.#failCompressed(gunzip)
  }

  #endCompressed(gunzip: GunzipStream): void {
    gunzip.end()
    if (gunzip.failure) this.#failCompressed(gunzip)
  }

  #failCompressed({ failure }: GunzipStream): void {
    if (failure === undefined || this.#state === 'stopped') return
    const reason = `the gzip data ${failure.reason}, at octet ${failure.compressedOffset} of the compressed file`
    if (this.#format === 'unknown') this.#fail(reason)
    else this.#break(this.#fed, reason, failure.compressedOffset)
  }

  #feed(chunk: Uint8Array): void {
    const length = chunk.length
    const chunkOffset = this.#fed
    this.#fed += length
    if (this.#format === 'unknown') {
      for (let i = 0; i < length && this.#head.length < HEAD_LENGTH; i++) this.#head.push(chunk[i]!)
    }
    let at = 0
    while (this.#carryLength > 0) {
      const wanted = Math.min(this.#need - this.#carryLength, length - at)
      this.#keep(chunk, at, at + wanted)
      at += wanted
      if (this.#carryLength < this.#need) return
      this.#base = chunkOffset + at - this.#carryLength
      const walked = this.#walk(this.#carry, this.#carryView, this.#carryLength)
      if (!this.#isReading()) return
      if (walked > 0) {
        this.#carry.copyWithin(0, walked, this.#carryLength)
        this.#carryLength -= walked
      }
    }
    if (at === length) return
    this.#base = chunkOffset
    const walked = this.#walk(chunk, new DataView(chunk.buffer, chunk.byteOffset, length), length, at)
    if (this.#isReading()) this.#keep(chunk, walked, length)
  }

  /** A method, so that the compiler does not take the state for what it was before a walk. */
  #isReading(): boolean {
    return this.#state !== 'stopped'
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#carryLength + end - start
    if (length > this.#carry.length) {
      const grown = new Uint8Array(Math.max(512, 2 * length))
      grown.set(this.#carry.subarray(0, this.#carryLength))
      this.#carry = grown
      this.#carryView = new DataView(grown.buffer)
    }
    // Loops beat set() on the few octets this is about, as a rule.
    if (end - start < 64) for (let i = start, to = this.#carryLength; i < end; i++) this.#carry[to++] = chunk[i]!
    else this.#carry.set(chunk.subarray(start, end), this.#carryLength)
    this.#carryLength = length
  }

  /** @returns the index before which all is done with; from there `#need` octets are wanted */
  #walk(bytes: Uint8Array, view: DataView, end: number, start = 0): number {
    let at = start
    for (;;) {
      switch (this.#state) {
        case 'start': {
          if (end - at < 4) return this.#wait(4, at)
          if (this.#recognize(view.getUint32(at))) break
          if (this.#head.length < HEAD_LENGTH) return this.#wait(HEAD_LENGTH, at)
          this.#fail(notACapture(Uint8Array.from(this.#head)))
          return at
        }
        case 'pcap-header': {
          const length = PCAP_HEADER_LENGTH + this.#pcapVariant.extraFileHeader
          if (end - at < length) return this.#wait(length, at)
          this.#readPcapHeader(view, at)
          at += length
          break
        }
        case 'pcap-records':
          return this.#walkPcap(bytes, view, at, end)
        case 'pcapng-skip': {
          const skipped = Math.min(this.#skip, end - at)
          this.#skip -= skipped
          at += skipped
          if (this.#skip > 0) return this.#wait(1, at)
          this.#state = 'pcapng-blocks'
          break
        }
        case 'pcapng-blocks':
          at = this.#walkPcapng(bytes, view, at, end)
          if (this.#state === 'pcapng-blocks') return at
          break
        case 'stopped':
          return at
      }
    }
  }

  #wait(need: number, at: number): number {
    this.#need = need
    return at
  }

  // The end of it all

  /** Nothing after this offset can be read. */
  #break(offset: number, reason: string, compressedOffset?: number): void {
    this.#damage = { offset, frame: this.#record.number + 1, reason, compressedOffset }
    this.#stop()
  }

  /** This is no capture. */
  #fail(error: string): void {
    this.#error = error
    this.#format = 'unknown'
    this.#stop()
  }

  #stop(): void {
    this.#state = 'stopped'
    this.#carryLength = 0
  }

  #endFile(): void {
    if (this.#state === 'start' || (this.#format === 'unknown' && this.#fed < BLOCK_OVERHEAD)) {
      this.#fail(notACapture(Uint8Array.from(this.#head)))
    } else if (this.#state === 'pcapng-skip') {
      this.#break(this.#fed, `the file ends ${this.#skip} octets before the end of a block`)
    } else if (this.#state === 'pcap-header') {
      this.#break(this.#fed, 'the file ends in its header')
    } else if (this.#carryLength > 0) {
      const record = this.#state === 'pcapng-blocks' ? 'block' : 'record'
      const have = this.#carryLength
      this.#break(this.#fed, `the file ends ${have} octet${have === 1 ? '' : 's'} into a ${record}`)
    }
  }

  // pcap

  #recognize(magic: number): boolean {
    const swapped = swap32(magic)
    const variant = PCAP_VARIANTS.get(magic) ?? PCAP_VARIANTS.get(swapped)
    if (variant) {
      this.#littleEndian = !PCAP_VARIANTS.has(magic)
      this.#pcapVariant = variant
      this.#format = 'pcap'
      this.#state = 'pcap-header'
    } else if (magic === BlockType.sectionHeader) {
      this.#state = 'pcapng-blocks'
    } else {
      return false
    }
    return true
  }

  #readPcapHeader(view: DataView, at: number): void {
    const major = view.getUint16(at + 4, this.#littleEndian)
    const minor = view.getUint16(at + 6, this.#littleEndian)
    if (major < 2) {
      this.#fail(`pcap version ${major}.${minor} is not supported`)
      return
    }
    // 543 is what one vendor's tcpdump wrote. Wireshark and libpcap decide the same way.
    if (major === 543 || (major === 2 && minor < 3)) this.#swappedLengths = 'yes'
    else if (major === 2 && minor === 3) this.#swappedLengths = 'maybe'
    // Above bit 16 are the length of the frame check sequence and bits to be ignored.
    const linkType = view.getUint32(at + 20, this.#littleEndian) & 0xffff
    this.#record.linkType = linkType
    this.#declare(linkType)
    this.#state = 'pcap-records'
  }

  #walkPcap(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    const record = this.#record
    const onFrame = this.#onFrame
    const littleEndian = this.#littleEndian
    const { recordHeader, nanosPerUnit } = this.#pcapVariant
    const swapped = this.#swappedLengths
    const base = this.#base
    let at = start
    for (;;) {
      if (end - at < recordHeader) return this.#wait(recordHeader, at)
      let captured = view.getUint32(at + 8, littleEndian)
      let original = view.getUint32(at + 12, littleEndian)
      if (swapped !== 'no' && (swapped === 'yes' || captured > original)) {
        const exchanged = captured
        captured = original
        original = exchanged
      }
      if (captured > MAX_FRAME_LENGTH) {
        this.#break(base + at, `a record claims ${captured} captured octets, more than ${MAX_FRAME_LENGTH}`)
        return at
      }
      const data = at + recordHeader
      const next = data + captured
      if (next > end) return this.#wait(recordHeader + captured, at)
      let seconds = view.getUint32(at, littleEndian)
      let nanos = view.getUint32(at + 4, littleEndian) * nanosPerUnit
      if (nanos >= SECOND) {
        const carried = Math.floor(nanos / SECOND)
        seconds += carried
        nanos -= carried * SECOND
      }
      this.#packets++
      record.number++
      record.seconds = seconds
      record.nanos = nanos
      record.originalLength = original
      record.bytes = bytes
      record.start = data
      record.end = next
      record.fileOffset = base + data
      onFrame(record)
      at = next
    }
  }

  #declare(linkType: number): void {
    if (!this.#declaredLinkTypes.includes(linkType)) this.#declaredLinkTypes.push(linkType)
  }

  // pcapng

  #walkPcapng(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    let at = start
    for (;;) {
      if (end - at < BLOCK_OVERHEAD) return this.#wait(BLOCK_OVERHEAD, at)
      const offset = this.#base + at
      let littleEndian = this.#littleEndian
      const type = view.getUint32(at, littleEndian)
      if (type === BlockType.sectionHeader) {
        const magic = view.getUint32(at + 8)
        littleEndian = magic !== BYTE_ORDER_MAGIC
        if (littleEndian && swap32(magic) !== BYTE_ORDER_MAGIC) {
          if (this.#format === 'unknown') this.#fail(notACapture(Uint8Array.from(this.#head)))
          else this.#break(offset, 'a section begins without its byte-order magic')
          return at
        }
        this.#littleEndian = littleEndian
        this.#format = 'pcapng'
      }
      const total = view.getUint32(at + 4, littleEndian)
      if (total < BLOCK_OVERHEAD) {
        this.#break(offset, `a block claims to be ${total} octets long`)
        return at
      }
      // The length should be a multiple of four, padding included. Some writers forget the padding in the number.
      const length = roundUp4(total)
      const minimum = MIN_BLOCK_LENGTHS.get(type)
      if (minimum === undefined) {
        if (isNumberedByWireshark(type, total)) this.#record.number++
        this.#skip = length
        this.#state = 'pcapng-skip'
        return at
      }
      if (length > MAX_BLOCK_LENGTH) {
        this.#break(offset, `a block claims to be ${total} octets long, more than ${MAX_BLOCK_LENGTH}`)
        return at
      }
      if (end - at < length) return this.#wait(length, at)
      const repeated = view.getUint32(at + length - 4, littleEndian)
      if (roundUp4(repeated) !== length) {
        this.#break(offset, `a block is ${total} octets long at its beginning and ${repeated} at its end`)
        return at
      }
      if (length < minimum) {
        this.#break(offset, `a block of type 0x${type.toString(16)} is only ${total} octets long`)
        return at
      }
      const problem = this.#readBlock(type, bytes, view, at, at + length - 4)
      if (problem !== undefined) {
        if (type === BlockType.sectionHeader && this.#record.number === 0) this.#fail(problem)
        else this.#break(offset, problem)
        return at
      }
      at += length
    }
  }

  /**
   * @param at where the block begins
   * @param end where its repeated length begins
   * @returns why the block cannot be read
   */
  #readBlock(type: number, bytes: Uint8Array, view: DataView, at: number, end: number): string | undefined {
    switch (type) {
      case BlockType.enhancedPacket:
        return this.#readEnhancedPacket(bytes, view, at, end)
      case BlockType.simplePacket:
        return this.#readSimplePacket(bytes, view, at, end)
      case BlockType.obsoletePacket:
        return this.#readObsoletePacket(bytes, view, at, end)
      case BlockType.interfaceDescription:
        return this.#readInterfaceDescription(view, at, end)
      case BlockType.interfaceStatistics:
        this.#readInterfaceStatistics(view, at, end)
        return undefined
      default:
        return this.#readSectionHeader(view, at)
    }
  }

  #readSectionHeader(view: DataView, at: number): string | undefined {
    const major = view.getUint16(at + 12, this.#littleEndian)
    const minor = view.getUint16(at + 14, this.#littleEndian)
    // 1.2 is 1.0 by the specification; other minor versions are promised to be readable.
    if (major !== 1) return `pcapng version ${major}.${minor} is not supported`
    const { interfaceDrops, osDrops } = this.#sectionDrops()
    this.#interfaceDrops = sum(this.#interfaceDrops, interfaceDrops)
    this.#osDrops = sum(this.#osDrops, osDrops)
    this.#interfaces = []
    this.#record.section = this.#sections++
    return undefined
  }

  #sectionDrops(): { interfaceDrops: number | undefined; osDrops: number | undefined } {
    let interfaceDrops: number | undefined
    let osDrops: number | undefined
    for (const description of this.#interfaces) {
      interfaceDrops = sum(interfaceDrops, description.interfaceDrops)
      osDrops = sum(osDrops, description.osDrops)
    }
    return { interfaceDrops, osDrops }
  }

  #readInterfaceDescription(view: DataView, at: number, end: number): string | undefined {
    if (this.#interfaces.length >= MAX_INTERFACES) return `a section has more than ${MAX_INTERFACES} interfaces`
    const description = decodeInterfaceDescription(view, this.#littleEndian, at + 8, end)
    this.#interfaces.push(description)
    this.#declare(description.linkType)
    return undefined
  }

  #readInterfaceStatistics(view: DataView, at: number, end: number): void {
    const littleEndian = this.#littleEndian
    const description = this.#interfaces[view.getUint32(at + 8, littleEndian)]
    if (!description) return // statistics of an unknown interface say nothing
    forEachOption(view, littleEndian, at + 20, end, (code, value, length) => {
      if (length < 8) return
      if (code === OptionCode.interfaceDrops) description.interfaceDrops = getCount64(view, value, littleEndian)
      else if (code === OptionCode.osDrops) description.osDrops = getCount64(view, value, littleEndian)
    })
  }

  #readEnhancedPacket(bytes: Uint8Array, view: DataView, at: number, end: number): string | undefined {
    const littleEndian = this.#littleEndian
    const interfaceId = view.getUint32(at + 8, littleEndian)
    const captured = view.getUint32(at + 20, littleEndian)
    const data = at + 28
    const description = this.#interfaces[interfaceId]
    if (!description) return `a packet came from interface ${interfaceId}, of ${this.#interfaces.length} in its section`
    if (captured > end - data || captured > MAX_FRAME_LENGTH) return impossibleLength(captured, end - data)
    const record = this.#record
    record.timestamped = true
    const high = view.getUint32(at + 12, littleEndian)
    const low = view.getUint32(at + 16, littleEndian)
    setTime(record, description.resolution, description.offsetSeconds, high, low)
    record.originalLength = view.getUint32(at + 24, littleEndian)
    const options = data + roundUp4(captured)
    if (end - options >= 4) this.#readPacketOptions(bytes, view, options, end)
    else record.comment = undefined
    this.#deliver(bytes, data, captured, interfaceId, description)
    return undefined
  }

  /** The packet block of 2004, which EPB replaced: a 16-bit interface and a count of drops before this packet. */
  #readObsoletePacket(bytes: Uint8Array, view: DataView, at: number, end: number): string | undefined {
    const littleEndian = this.#littleEndian
    const interfaceId = view.getUint16(at + 8, littleEndian)
    const drops = view.getUint16(at + 10, littleEndian)
    const captured = view.getUint32(at + 20, littleEndian)
    const data = at + 28
    const description = this.#interfaces[interfaceId]
    if (!description) return `a packet came from interface ${interfaceId}, of ${this.#interfaces.length} in its section`
    if (captured > end - data || captured > MAX_FRAME_LENGTH) return impossibleLength(captured, end - data)
    if (drops !== 0xffff) this.#packetDrops = sum(this.#packetDrops, drops) // 0xffff: not known
    const record = this.#record
    record.timestamped = true
    const high = view.getUint32(at + 12, littleEndian)
    const low = view.getUint32(at + 16, littleEndian)
    setTime(record, description.resolution, description.offsetSeconds, high, low)
    record.originalLength = view.getUint32(at + 24, littleEndian)
    record.comment = undefined
    const options = data + roundUp4(captured)
    forEachOption(view, littleEndian, options, end, (code, value, length) => {
      if (code === OptionCode.comment) this.#addComment(bytes, value, length)
    })
    this.#deliver(bytes, data, captured, interfaceId, description)
    return undefined
  }

  /** Of the section's first interface, without a time, cut at its snap length. */
  #readSimplePacket(bytes: Uint8Array, view: DataView, at: number, end: number): string | undefined {
    const original = view.getUint32(at + 8, this.#littleEndian)
    const data = at + 12
    const description = this.#interfaces[0]
    if (!description) return 'a packet came from interface 0, of 0 in its section'
    const captured = description.snaplen === 0 ? original : Math.min(original, description.snaplen)
    if (captured > end - data || captured > MAX_FRAME_LENGTH) return impossibleLength(captured, end - data)
    const record = this.#record
    record.timestamped = false
    record.originalLength = original
    record.comment = undefined
    this.#deliver(bytes, data, captured, 0, description)
    return undefined
  }

  #readPacketOptions(bytes: Uint8Array, view: DataView, start: number, end: number): void {
    this.#record.comment = undefined
    forEachOption(view, this.#littleEndian, start, end, (code, at, length) => {
      if (code === OptionCode.comment) this.#addComment(bytes, at, length)
      else if (code === OptionCode.packetDropCount && length >= 8) {
        this.#packetDrops = sum(this.#packetDrops, getCount64(view, at, this.#littleEndian))
      }
    })
  }

  #addComment(bytes: Uint8Array, at: number, length: number): void {
    const text = this.#utf8.decode(bytes.subarray(at, at + length)).replace(/\0.*$/s, '')
    const before = this.#record.comment
    this.#record.comment = before === undefined ? text : `${before}\n${text}`
  }

  #deliver(
    bytes: Uint8Array,
    start: number,
    captured: number,
    interfaceId: number,
    description: InterfaceDescription,
  ): void {
    if (!description.used) {
      description.used = true
      if (!this.#linkTypes.includes(description.linkType)) this.#linkTypes.push(description.linkType)
    }
    const record = this.#record
    this.#packets++
    record.number++
    record.linkType = description.linkType
    record.interfaceId = interfaceId
    record.bytes = bytes
    record.start = start
    record.end = start + captured
    record.fileOffset = this.#base + start
    this.#onFrame(record)
  }
}

/** How the classic pcap formats differ. */
interface PcapVariant {
  readonly nanosPerUnit: number
  /** Octets before the data of each record. */
  readonly recordHeader: number
  /** Octets of the file header behind the usual ones. */
  readonly extraFileHeader: number
}

/** By magic number, as it reads in network byte order. */
const PCAP_VARIANTS: ReadonlyMap<number, PcapVariant> = new Map([
  [0xa1b2_c3d4, { nanosPerUnit: 1000, recordHeader: 16, extraFileHeader: 0 }],
  [0xa1b2_3c4d, { nanosPerUnit: 1, recordHeader: 16, extraFileHeader: 0 }],
  [0xa1b2_cd34, { nanosPerUnit: 1000, recordHeader: 24, extraFileHeader: 0 }], // Kuznetzov: interface, protocol, type
  [0x1c00_01ac, { nanosPerUnit: 1000, recordHeader: 16, extraFileHeader: 4 }], // Ixia lcap, by hardware
  [0x1c00_01ab, { nanosPerUnit: 1000, recordHeader: 16, extraFileHeader: 4 }], // Ixia lcap, by software
])

/** The blocks that are read, with their shortest total lengths; all others are skipped. */
const MIN_BLOCK_LENGTHS: ReadonlyMap<number, number> = new Map([
  [BlockType.sectionHeader, 28],
  [BlockType.interfaceDescription, 20],
  [BlockType.interfaceStatistics, 24],
  [BlockType.enhancedPacket, 32],
  [BlockType.simplePacket, 16],
  [BlockType.obsoletePacket, 32],
])

/** Blocks that are no packets and have frame numbers in Wireshark all the same. Seen in tshark 4.0. */
function isNumberedByWireshark(type: number, total: number): boolean {
  switch (type) {
    case BlockType.custom:
    case BlockType.customNotCopied:
      return total >= 16
    case BlockType.systemdJournalExport:
    case BlockType.sysdigEvent:
    case BlockType.sysdigEventV2:
    case BlockType.sysdigEventV2Large:
      return true
    default:
      return false
  }
}

function impossibleLength(captured: number, room: number): string {
  return captured > MAX_FRAME_LENGTH
    ? `a packet claims ${captured} captured octets, more than ${MAX_FRAME_LENGTH}`
    : `a packet claims ${captured} captured octets in a block with room for ${room}`
}

function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0
}

/** Undefined is nothing known, and stays so only with itself. */
function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : a + b
}
