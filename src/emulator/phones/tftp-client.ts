/**
 * Reads one file over TFTP: the socket and the clock around TftpReceiver. A new source port for each file, and a while
 * of listening after the last block for a repeat of it.
 */
import { WireError } from '../../base/errors.js'
import * as tftp from '../../wire/tftp.js'
import type { Transport, UnreachableError } from '../net/transport.js'
import type { FetchResult } from './fetch-result.js'
import { ReceivedFile } from './received-file.js'
import { TftpReceiver, type TftpStep } from './tftp-receiver.js'
import type { PhoneTimers } from './timers.js'

export interface TftpRequest {
  readonly address: number
  readonly filename: string
  /** Octets of the file to keep. */
  readonly keep: number
}

/** ICMP destination unreachable, and its code for a port where nobody listens (RFC 792). */
const ICMP_UNREACHABLE = 3
const ICMP_HOST_UNREACHABLE = 1
const ICMP_PORT_UNREACHABLE = 3

interface Unreachable {
  readonly cause: string
  readonly detail: string
}

/** On one's own link "host unreachable" is what the own stack says when nobody answers ARP. */
function unreachableBy({ type, code }: UnreachableError): Unreachable {
  if (type === ICMP_UNREACHABLE && code === ICMP_PORT_UNREACHABLE) {
    return { cause: 'tftp-server-unreachable', detail: 'no TFTP service there (ICMP port unreachable)' }
  }
  if (type === ICMP_UNREACHABLE && code === ICMP_HOST_UNREACHABLE) {
    return { cause: 'arp-unanswered', detail: 'host unreachable' }
  }
  return { cause: 'icmp-unreachable', detail: `ICMP type ${type} code ${code}` }
}

/** @returns how to call it off, without a packet */
export function readByTftp(
  transport: Transport,
  { address, filename, keep }: TftpRequest,
  timers: PhoneTimers,
  done: (result: FetchResult) => void,
): () => void {
  const file = new ReceivedFile(keep)
  const receiver = new TftpReceiver({
    filename,
    timeout: timers.tftpTimeout,
    tries: timers.tftpTries,
    received: (data) => file.push(data),
  })
  let serverPort: number | undefined
  let timer: { cancel(): void } | undefined
  let unreachable: Unreachable | undefined
  let over = false

  const socket = transport.bindUdp(
    0,
    (datagram) => {
      if (datagram.sourceAddress !== address) return
      const packet = decoded(datagram.payload)
      if (packet === undefined) return
      serverPort ??= datagram.sourcePort
      if (datagram.sourcePort !== serverPort) {
        // RFC 1350 §4: a stranger is told so, and the transfer goes on.
        const stranger = {
          op: 'error',
          code: tftp.ErrorCode.unknownTransferId,
          message: 'unknown transfer ID',
        } as const
        socket.send(tftp.encode(stranger), datagram.sourceAddress, datagram.sourcePort)
        return
      }
      const step = receiver.receive(packet, transport.now())
      if (step) apply(step)
    },
    (error) => {
      if (over) return
      unreachable = unreachableBy(error)
      receiver.abandon()
      finish()
    },
  )

  function apply(step: TftpStep): void {
    timer?.cancel()
    timer = undefined
    if (step.send) {
      const port = step.to === 'server-port' ? tftp.SERVER_PORT : serverPort!
      socket.send(tftp.encode(step.send), address, port)
    }
    if (receiver.outcome !== 'running') finish()
    else if (step.wakeAt !== undefined) {
      timer = transport.after(step.wakeAt - transport.now(), () => apply(receiver.wake(transport.now())))
    }
  }

  function finish(): void {
    if (over) return
    over = true
    timer?.cancel()
    if (receiver.outcome === 'complete') transport.after(timers.tftpTimeout, () => socket.close())
    else socket.close()
    done(resultOf(receiver, file, unreachable))
  }

  apply(receiver.start(transport.now()))
  return () => {
    if (over) return
    over = true
    timer?.cancel()
    socket.close()
  }
}

function decoded(payload: Uint8Array): tftp.TftpPacket | undefined {
  try {
    return tftp.decode(payload)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return undefined
  }
}

function resultOf(receiver: TftpReceiver, file: ReceivedFile, unreachable: Unreachable | undefined): FetchResult {
  const base = { status: receiver.error?.code, file, headers: undefined }
  switch (receiver.outcome) {
    case 'complete':
      return { ...base, result: 'ok', cause: undefined, detail: `${file.length} octets` }
    case 'refused': {
      const { code, message } = receiver.error!
      const detail = `ERROR ${code} ${message}`
      if (code === tftp.ErrorCode.fileNotFound) {
        return { ...base, result: 'not-found', cause: 'tftp-file-not-found', detail }
      }
      if (code === tftp.ErrorCode.accessViolation) {
        return { ...base, result: 'denied', cause: 'tftp-access-violation', detail }
      }
      return { ...base, result: 'error', cause: 'tftp-error', detail }
    }
    case 'protocol':
      return { ...base, result: 'error', cause: 'tftp-error', detail: 'an answer that does not belong there' }
    case 'running':
    case 'timeout':
      if (unreachable !== undefined) {
        return { ...base, result: 'unreachable', ...unreachable }
      }
      return { ...base, result: 'timeout', cause: 'tftp-timeout', detail: 'no answer' }
    case 'stalled':
      return {
        ...base,
        result: 'truncated',
        cause: 'tftp-transfer-stalled',
        detail: unreachable?.detail ?? `nothing after ${file.length} octets`,
      }
  }
}
