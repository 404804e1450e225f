/**
 * A session told in order, one event a line: what a person follows with the capture open beside it. Repeats of one
 * message are one event. Times are milliseconds since the session began.
 */
import { formatDuration, toMilliseconds } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { SITE_OPTION_NUMBERS } from '../../deskphone/series.js'
import { OptionCode, option, textOption, u32Option } from '../../wire/dhcp.js'
import type { TimelineEvent } from '../report.js'
import { formatEndpoint } from './boot-session.js'
import type { BootSession, DhcpEvent, SessionTransfer } from './boot-session.js'

/** Events kept; a boot has some dozens. */
export const MAX_EVENTS = 1_000

export function timelineOf(session: BootSession): TimelineEvent[] {
  const events = [
    ...dhcpLines(session),
    ...session.transfers.map((transfer) => transferLine(session, transfer)),
    ...otherConnections(session),
  ]
  return events.sort((a, b) => a.frames[0]! - b.frames[0]!).slice(0, MAX_EVENTS)
}

function since(session: BootSession, time: Nanos): number {
  return toMilliseconds(time - session.start)
}

function dhcpLines(session: BootSession): TimelineEvent[] {
  const lines: TimelineEvent[] = []
  let run: DhcpEvent[] = []
  const close = (): void => {
    const first = run[0]
    const last = run.at(-1)
    if (first === undefined || last === undefined) return
    const times =
      run.length === 1 ? '' : `, ${run.length} times in ${formatDuration(last.frame.time - first.frame.time)}`
    lines.push({
      atMs: since(session, first.frame.time),
      frames: run.map(({ frame }) => frame.number),
      protocol: 'dhcp',
      text: `${describeDhcp(first)}${times}`,
    })
    run = []
  }
  for (const event of session.dhcp) {
    const previous = run[0]
    const repeats =
      previous !== undefined &&
      previous.kind === event.kind &&
      previous.vlan === event.vlan &&
      previous.serverId === event.serverId &&
      previous.address === event.address
    if (!repeats) close()
    run.push(event)
  }
  close()
  return lines
}

/** `OFFER of 10.20.0.101 from 10.20.0.3`. */
export function describeDhcp(event: DhcpEvent): string {
  const { message } = event.observation
  const vlan = event.vlan === null ? '' : ` on VLAN ${event.vlan}`
  const address = event.address ?? 'no address'
  const server = event.serverId ?? 'a server without identifier'
  switch (event.kind) {
    case 'discover':
      return `DISCOVER${vlan}`
    case 'offer':
      return `OFFER of ${address} from ${server}${vlan}`
    case 'selecting':
      return `REQUEST for ${address} from ${server}${vlan}`
    case 'init-reboot':
      return `REQUEST for the earlier address ${address}${vlan}`
    case 'renewing':
      return `REQUEST to renew ${address}${vlan}`
    case 'rebinding':
      return `REQUEST to any server to renew ${address}${vlan}`
    case 'ack': {
      const lease = u32Option(message, OptionCode.leaseTime)
      const site = SITE_OPTION_NUMBERS.filter((number) => option(message, number) !== undefined)
      return (
        `ACK of ${address} from ${server}${vlan}` +
        (lease === undefined ? '' : lease === 0xffffffff ? ', lease for ever' : `, lease ${lease} s`) +
        (site.length === 0 ? ', no site option' : `, with option ${site.join(' and ')}`)
      )
    }
    case 'nak': {
      const reason = textOption(message, OptionCode.message)
      return `NAK from ${server}${vlan}${reason === undefined || reason === '' ? '' : `: ${reason}`}`
    }
    case 'decline':
      return `DECLINE of ${address}${vlan}`
    case 'release':
      return `RELEASE of ${address}${vlan}`
    case 'inform':
      return `INFORM${vlan}`
    case 'other':
      return message.op === 2 ? `BOOTP reply with ${address}${vlan}` : `BOOTP or other DHCP message${vlan}`
  }
}

function transferLine(session: BootSession, transfer: SessionTransfer): TimelineEvent {
  const { connection, exchange, tftp } = transfer
  const server = formatEndpoint(transfer.server)
  const took = formatDuration(transfer.end - transfer.start)
  const base = { atMs: since(session, transfer.start), protocol: transfer.protocol }
  if (connection !== undefined && exchange === undefined) {
    const syns = connection.syns.length
    const answer =
      transfer.result === 'refused' ? 'refused' : transfer.result === 'unreachable' ? 'unreachable' : 'no answer'
    return {
      ...base,
      protocol: 'tcp',
      frames: frameList([...connection.syns, ...connection.resets.map(({ frame }) => frame)]),
      text: `connection to ${server}: ${answer}${syns > 1 ? `, ${syns} SYNs in ${took}` : ''}`,
    }
  }
  const what = `${transfer.method} ${transfer.path} ${transfer.method === 'PUT' || transfer.method === 'WRQ' ? 'to' : 'from'} ${server}`
  return {
    ...base,
    frames: frameList([transfer.first, transfer.last]),
    text: `${what.trim()}: ${resultText(transfer, took)}`,
  }

  function resultText({ result, status, bytes }: SessionTransfer, duration: string): string {
    const octets = bytes > 0 ? `, ${bytes} octets` : ''
    if (tftp !== undefined) {
      if (tftp.error !== undefined) return `error ${tftp.error.code} ${tftp.error.message}`.trim()
      if (result === 'ok') return `complete${octets} in ${duration}`
      if (result === 'timeout')
        return `no answer to ${tftp.requests.length} ${tftp.requests.length === 1 ? 'request' : 'requests'}`
      return `${result}${octets}`
    }
    const reason = exchange?.response?.reason ?? ''
    const answer = status === null ? (result === 'timeout' ? 'no answer' : result) : `${status} ${reason}`.trim()
    const how = status === null || result === 'ok' || status >= 300 ? '' : ` (${result})`
    return `${answer}${how}${octets} in ${duration}`
  }
}

/** Connections that carried no file: call signalling, TLS, and what else the phone opened. */
function otherConnections(session: BootSession): TimelineEvent[] {
  const shown = new Set(session.transfers.map(({ connection }) => connection))
  return session.tcp
    .filter((connection) => !shown.has(connection))
    .map((connection) => ({
      atMs: since(session, connection.first.time),
      frames: frameList([connection.first, connection.last]),
      protocol: 'tcp' as const,
      text:
        `connection to ${formatEndpoint(connection.server)}: ` +
        `${connection.established ? 'established' : connection.resets.length > 0 ? 'reset' : 'not established'}, ` +
        `${connection.clientBytes} octets out, ${connection.serverBytes} in`,
    }))
}

function frameList(frames: readonly { readonly number: number }[]): number[] {
  return [...new Set(frames.map(({ number }) => number))].sort((a, b) => a - b)
}
