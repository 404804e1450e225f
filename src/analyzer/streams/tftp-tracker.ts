/**
 * TFTP transfers: RFC 1350, options by RFC 2347 to 2349, windows by RFC 7440.
 *
 * A transfer is known by its client's address and port. The server answers from a port of its own (TID, RFC 1350 §4),
 * which is learnt from its first reply; a repeated request may make a server answer from a second one, and then the
 * port that the client talks to counts. Replies from another address than the request went to are taken: multi-homed
 * servers send them, and clients take them too.
 *
 * Block numbers are unrolled: after 65,535 some servers go on with 0, some with 1. Blocks that the capture lacks cost
 * the content, not the transfer. A repeated packet is counted unless it is a mirror port's double. Content of writes is
 * not kept. Transfers whose request was not captured are not seen: nothing says that they are TFTP.
 */
import { concatBytes } from '../../base/bytes.js'
import { formatAddress } from '../../wire/ipv4.js'
import * as tftp from '../../wire/tftp.js'
import type { TftpData, TftpPacket, TftpRequest } from '../../wire/tftp.js'
import type { Dissection } from '../dissect/dissection.js'
import { endpointKey } from '../sieve/announcements.js'
import type { Announcements } from '../sieve/announcements.js'
import { announcePortsInFile } from './announced-ports.js'
import type { ContentBudget } from './content-budget.js'
import { MAX_OPEN_TFTP_TRANSFERS, MAX_TFTP_REQUEST, MAX_TFTP_TRANSFERS, type Limits } from './limits.js'
import type { Mutable } from './mutable.js'
import type { Frame, IcmpErrorObservation, LinkInfo, TftpTransfer } from './observations.js'

/** DATA blocks ahead of a missing one that are held, when windows are in use. */
const MAX_BLOCKS_AHEAD = 64

/** RFC 2348: the option's range, and what a hostile OACK may claim. */
const MAX_BLOCK_SIZE = 65_464

/** Everything but the request. */
type Reply = Exclude<TftpPacket, TftpRequest>

interface Tracked {
  readonly transfer: Mutable<TftpTransfer>
  readonly clientAddress: number
  readonly clientPort: number
  /** The client has acknowledged or sent data: a further request opens a new transfer. */
  clientWentOn: boolean
  blockSize: number
  windowSize: number
  /** Unrolled number of the last block in sequence. */
  lastBlock: number
  /** Of the block that ends the transfer. */
  finalBlock: number | undefined
  finalRepeated: boolean
  lastAck: number | undefined
  /** After block 65,535 comes 1, not 0. */
  rollsToOne: boolean
  /** Blocks in order; undefined when one is missing, or the whole is too large, or nobody wants it. */
  parts: Uint8Array[] | undefined
  partsLength: number
  ahead: Map<number, Uint8Array>
}

export class TftpTracker {
  readonly transfers: TftpTransfer[] = []
  readonly #open = new Map<number, Tracked>()
  readonly #announcements: Announcements
  readonly #limits: Limits
  readonly #budget: ContentBudget

  constructor(announcements: Announcements, limits: Limits, budget: ContentBudget) {
    this.#announcements = announcements
    this.#limits = limits
    this.#budget = budget
  }

  /**
   * A datagram to or from port 69 or a known client. Returns what it is, for whoever lists messages; undefined when it
   * is not TFTP.
   *
   * @param isCopy a mirror port's double: it is read, but changes nothing
   */
  datagram(packet: Dissection, frame: () => Frame, link: () => LinkInfo, isCopy: boolean): TftpPacket | undefined {
    const { source, sourcePort, destination, destinationPort } = packet
    const payload = packet.segment.subarray(packet.data, packet.dataEnd)
    const opcode = payload.length < 4 || payload[0] !== 0 ? 0 : payload[1]!
    if (opcode < tftp.Opcode.rrq || opcode > tftp.Opcode.oack) return undefined
    if (opcode <= tftp.Opcode.wrq && payload.length > MAX_TFTP_REQUEST) return undefined
    const message = tftp.decode(payload)
    if (isRequest(message)) {
      if (destinationPort !== tftp.SERVER_PORT) return sourcePort === tftp.SERVER_PORT ? message : undefined
      if (!isCopy) this.#request(message, packet, frame(), link())
      return message
    }
    const fromServer = this.#open.get(endpointKey(destination, destinationPort))
    const fromClient = this.#open.get(endpointKey(source, sourcePort))
    if (!isCopy) {
      if (fromServer) this.#fromServer(fromServer, message, packet, frame())
      else if (fromClient) this.#fromClient(fromClient, message, packet, frame())
    }
    const isTftp = fromServer || fromClient || sourcePort === tftp.SERVER_PORT || destinationPort === tftp.SERVER_PORT
    return isTftp ? message : undefined
  }

  #request(request: TftpRequest, packet: Dissection, frame: Frame, link: LinkInfo): void {
    const key = endpointKey(packet.source, packet.sourcePort)
    const server = { address: formatAddress(packet.destination), port: packet.destinationPort }
    const direction = request.op === 'rrq' ? 'read' : 'write'
    const known = this.#open.get(key)
    if (known) {
      const { transfer } = known
      const isRepeat =
        !known.clientWentOn &&
        (transfer.state === 'requested' || transfer.state === 'transferring') &&
        transfer.filename === request.filename &&
        transfer.direction === direction &&
        transfer.server.address === server.address
      if (isRepeat) {
        this.#limits.addEvidence(transfer.requests, frame)
        said(transfer, frame, 'client')
        return
      }
      this.#close(key, known)
    }
    if (this.transfers.length >= MAX_TFTP_TRANSFERS) return this.#limits.reached('tftp-transfers')
    const transfer: Mutable<TftpTransfer> = {
      client: { address: formatAddress(packet.source), port: packet.sourcePort },
      server,
      link,
      direction,
      filename: request.filename,
      mode: request.mode,
      options: optionMap(request.options),
      negotiated: undefined,
      requests: [frame],
      firstReply: undefined,
      serverPort: undefined,
      bytes: 0,
      dataBlocks: 0,
      repeatedData: [],
      repeatedAcks: [],
      content: undefined,
      error: undefined,
      icmpErrors: [],
      state: 'requested',
      lastFrom: 'client',
      first: frame,
      last: frame,
    }
    this.transfers.push(transfer)
    this.#open.set(key, {
      transfer,
      clientAddress: packet.source,
      clientPort: packet.sourcePort,
      clientWentOn: false,
      blockSize: tftp.DEFAULT_BLOCK_SIZE,
      windowSize: 1,
      lastBlock: 0,
      finalBlock: undefined,
      finalRepeated: false,
      lastAck: undefined,
      rollsToOne: false,
      parts: direction === 'read' ? [] : undefined,
      partsLength: 0,
      ahead: new Map(),
    })
    this.#announcements.announceUdpClient(packet.source, packet.sourcePort)
    if (this.#open.size > MAX_OPEN_TFTP_TRANSFERS) this.#evict()
  }

  #evict(): void {
    this.#limits.reached('open-tftp-transfers')
    for (const [key, tracked] of this.#open) {
      this.#close(key, tracked)
      this.#announcements.forgetUdpClient(tracked.clientAddress, tracked.clientPort)
      return
    }
  }

  #fromServer(tracked: Tracked, message: Reply, packet: Dissection, frame: Frame): void {
    const { transfer } = tracked
    const port = packet.sourcePort
    if (transfer.firstReply === undefined) {
      // What is no first reply of a server is not about this transfer.
      const plausible = message.op === 'data' ? message.block <= MAX_BLOCKS_AHEAD : true
      if (!plausible) return
      transfer.firstReply = frame
      transfer.serverPort = port
      if (transfer.state === 'requested') transfer.state = 'transferring'
    } else if (port !== transfer.serverPort) {
      // A second instance that a repeated request woke, or "unknown transfer ID" for a stray packet.
      return
    }
    said(transfer, frame, 'server')
    switch (message.op) {
      case 'oack':
        transfer.negotiated ??= optionMap(message.options)
        tracked.blockSize = sizeOption(transfer.negotiated, 'blksize', MAX_BLOCK_SIZE) ?? tftp.DEFAULT_BLOCK_SIZE
        tracked.windowSize = sizeOption(transfer.negotiated, 'windowsize', 65_535) ?? 1
        break
      case 'data':
        if (transfer.direction === 'read') this.#data(tracked, message, packet, frame)
        break
      case 'ack':
        if (transfer.direction === 'write') this.#acknowledge(tracked, message.block, frame)
        break
      case 'error':
        fail(transfer, frame, message.code, message.message, 'server')
        break
    }
  }

  #fromClient(tracked: Tracked, message: Reply, packet: Dissection, frame: Frame): void {
    const { transfer } = tracked
    const port = packet.destinationPort
    // RFC 1350 §4: that is for a stranger, whatever this capture took it for; the transfer goes on with another port.
    if (message.op === 'error' && message.code === tftp.ErrorCode.unknownTransferId) return
    if (transfer.serverPort === undefined && port !== transfer.server.port) {
      // The server's side was not captured; the client knows its port.
      transfer.serverPort = port
      if (transfer.state === 'requested') transfer.state = 'transferring'
    } else if (transfer.serverPort !== undefined && port !== transfer.serverPort) {
      if (tracked.clientWentOn || message.op === 'error') return
      transfer.serverPort = port
    }
    said(transfer, frame, 'client')
    switch (message.op) {
      case 'data':
        tracked.clientWentOn = true
        if (transfer.direction === 'write') this.#data(tracked, message, packet, frame)
        break
      case 'ack':
        tracked.clientWentOn = true
        if (transfer.direction === 'read') this.#acknowledge(tracked, message.block, frame)
        break
      case 'error':
        fail(transfer, frame, message.code, message.message, 'client')
        break
      case 'oack':
        break
    }
  }

  #data(tracked: Tracked, message: TftpData, packet: Dissection, frame: Frame): void {
    const { transfer } = tracked
    // The window of RFC 7440 aside, block 1 after 65,535 means a server that passes over 0.
    if (tracked.lastBlock === 65_535 && message.block === 1) tracked.rollsToOne = true
    const block = unroll(tracked, message.block)
    if (block < 1 || block <= tracked.lastBlock || tracked.ahead.has(block)) {
      this.#limits.addEvidence(transfer.repeatedData, frame)
      if (block === tracked.finalBlock) tracked.finalRepeated = true
      return
    }
    const length = Math.max(0, packet.dataLength - 4)
    transfer.bytes += length
    transfer.dataBlocks++
    if (length < tracked.blockSize) tracked.finalBlock = block
    // Cut when captured: the block counts, its content is lost.
    if (message.data.length < length) this.#loseContent(tracked)
    const wanted = tracked.parts !== undefined
    if (block === tracked.lastBlock + 1) {
      tracked.lastBlock = block
      if (wanted) this.#keep(tracked, message.data.slice())
    } else {
      tracked.ahead.set(block, wanted ? message.data.slice() : EMPTY)
      // Without windows the receiver had the missing block, or this one would not have been sent.
      if (tracked.windowSize === 1 || tracked.ahead.size > MAX_BLOCKS_AHEAD) {
        this.#loseContent(tracked)
        tracked.lastBlock = Math.min(...tracked.ahead.keys()) - 1
      }
    }
    for (;;) {
      const next = tracked.ahead.get(tracked.lastBlock + 1)
      if (next === undefined) break
      tracked.lastBlock++
      tracked.ahead.delete(tracked.lastBlock)
      this.#keep(tracked, next)
    }
  }

  #keep(tracked: Tracked, data: Uint8Array): void {
    if (tracked.parts === undefined) return
    if (!this.#budget.take(tracked.partsLength, data.length)) return this.#loseContent(tracked)
    tracked.parts.push(data)
    tracked.partsLength += data.length
  }

  #loseContent(tracked: Tracked): void {
    if (tracked.parts === undefined) return
    this.#budget.giveBack(tracked.partsLength)
    tracked.parts = undefined
    tracked.partsLength = 0
  }

  /** An ICMP error that quotes a datagram between these endpoints. */
  icmpError(
    source: number,
    sourcePort: number,
    destination: number,
    destinationPort: number,
    error: IcmpErrorObservation,
  ): void {
    const fromClient = this.#open.get(endpointKey(source, sourcePort))
    const tracked = fromClient ?? this.#open.get(endpointKey(destination, destinationPort))
    if (!tracked) return
    const { transfer } = tracked
    const serverAddress = formatAddress(fromClient ? destination : source)
    if (serverAddress === transfer.server.address) this.#limits.addEvidence(transfer.icmpErrors, error)
  }

  #acknowledge(tracked: Tracked, wireBlock: number, frame: Frame): void {
    const { transfer } = tracked
    const block = unroll(tracked, wireBlock)
    if (block === tracked.lastAck) this.#limits.addEvidence(transfer.repeatedAcks, frame)
    tracked.lastAck = block
    if (transfer.state === 'transferring' && isWhole(tracked) && block >= tracked.finalBlock!) this.#complete(tracked)
  }

  #complete(tracked: Tracked): void {
    const { transfer, parts } = tracked
    transfer.state = 'complete'
    if (parts === undefined) return
    tracked.parts = undefined
    const content = concatBytes(parts)
    transfer.content = transfer.mode.toLowerCase() === 'netascii' ? fromNetascii(content) : content
    announcePortsInFile(transfer.filename, content, this.#announcements)
  }

  /** No more packets will come for this transfer. */
  #close(key: number, tracked: Tracked): void {
    this.#open.delete(key)
    // A last block that was sent again and never acknowledged did not arrive.
    if (tracked.transfer.state === 'transferring' && isWhole(tracked) && !tracked.finalRepeated) this.#complete(tracked)
    this.#loseContent(tracked)
  }

  end(): void {
    for (const [key, tracked] of this.#open) this.#close(key, tracked)
  }
}

const EMPTY = new Uint8Array(0)

function isRequest(packet: TftpPacket): packet is TftpRequest {
  return packet.op === 'rrq' || packet.op === 'wrq'
}

/** The last block has come, and all before it. */
function isWhole(tracked: Tracked): boolean {
  return tracked.finalBlock !== undefined && tracked.lastBlock >= tracked.finalBlock
}

function said(transfer: Mutable<TftpTransfer>, frame: Frame, from: 'client' | 'server'): void {
  transfer.last = frame
  transfer.lastFrom = from
}

/** The first ERROR counts; one after the end of a transfer does not. */
function fail(
  transfer: Mutable<TftpTransfer>,
  frame: Frame,
  code: number,
  message: string,
  from: 'client' | 'server',
): void {
  if (transfer.state === 'complete' || transfer.state === 'error') return
  transfer.state = 'error'
  transfer.error = { frame, code, message, from }
}

/** The block's number counted on past 65,535: the one nearest to what is expected next. */
function unroll(tracked: Tracked, block: number): number {
  const expected = tracked.lastBlock + 1
  if (tracked.rollsToOne) {
    if (block === 0) return expected
    return expected + wrap(block - 1 - ((expected - 1) % 65_535), 65_535)
  }
  return expected + wrap(block - (expected % 65_536), 65_536)
}

/** `difference` brought into [-modulus/2, modulus/2). */
function wrap(difference: number, modulus: number): number {
  const half = modulus >> 1
  return ((difference + half + 2 * modulus) % modulus) - half
}

/** Names lower-cased (RFC 2347 §2); the first of two counts. */
function optionMap(options: readonly tftp.TftpOption[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>()
  for (const [name, value] of options) {
    const lower = name.toLowerCase()
    if (!map.has(lower)) map.set(lower, value)
  }
  return map
}

function sizeOption(options: ReadonlyMap<string, string>, name: string, maximum: number): number | undefined {
  const text = options.get(name)
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined
  const value = Number(text)
  return value >= 1 && value <= maximum ? value : undefined
}

const CR = 0x0d
const LF = 0x0a

/** RFC 764 line ends: CR LF is a line feed, CR NUL a carriage return. */
function fromNetascii(bytes: Uint8Array): Uint8Array {
  const text = new Uint8Array(bytes.length)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    const octet = bytes[i]!
    if (octet === CR && (bytes[i + 1] === LF || bytes[i + 1] === 0)) {
      i++
      text[length++] = bytes[i] === LF ? LF : CR
    } else {
      text[length++] = octet
    }
  }
  return text.subarray(0, length)
}
