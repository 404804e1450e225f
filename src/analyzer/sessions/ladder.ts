/**
 * A session as a ladder diagram: who sent what to whom, one rung for each message that a person would draw. Segments and
 * blocks that only carry a file are one rung with their count; repeats of a message are one rung; a silence that the
 * phone waited through is a rung of its own, since it is often what the story is about.
 *
 * The phone is `phone`, everybody else goes by address; `broadcast` is everybody.
 */
import { formatDuration, toMilliseconds } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import type { LadderStep } from '../report.js'
import type {
  ArpObservation,
  Frame,
  HttpExchange,
  IcmpErrorObservation,
  Side,
  TcpConnection,
  TftpTransfer,
} from '../streams/observations.js'
import { formatEndpoint } from './boot-session.js'
import type { BootSession, DhcpEvent } from './boot-session.js'
import { describeDhcp } from './timeline.js'

/** Rungs kept; a boot has some dozens. */
export const MAX_STEPS = 600

const PHONE = 'phone'
const BROADCAST = 'broadcast'

/** A frame range with the time of its first frame. */
interface Span {
  readonly first: Frame
  readonly last: Frame
  readonly count: number
}

type Rung = Omit<LadderStep, 'atMs' | 'frames'> & Span

export function ladderOf(session: BootSession): LadderStep[] {
  const rungs = [
    ...dhcpRungs(session.dhcp),
    ...arpRungs(session),
    ...session.tcp.flatMap(connectionRungs),
    ...session.tftp.flatMap(tftpRungs),
  ]
  return rungs
    .sort((a, b) => a.first.time - b.first.time || a.first.number - b.first.number)
    .slice(0, MAX_STEPS)
    .map(({ first, last, count, ...rung }) => ({
      atMs: toMilliseconds(first.time - session.start),
      frames: { first: first.number, last: last.number, count },
      ...rung,
    }))
}

function span(frames: readonly Frame[]): Span | undefined {
  const [first] = frames
  if (first === undefined) return undefined
  return { first, last: frames.at(-1)!, count: frames.length }
}

function dhcpRungs(events: readonly DhcpEvent[]): Rung[] {
  const rungs: Rung[] = []
  let previous: DhcpEvent | undefined
  for (const event of events) {
    const rung = rungs.at(-1)
    if (rung !== undefined && previous !== undefined && isRepeat(event, previous)) {
      rungs[rungs.length - 1] = { ...rung, last: event.frame, count: rung.count + 1, kind: 'repeat' }
    } else {
      const { source, destination, message } = event.observation
      const isReply = message.op === 2
      const to = isReply ? PHONE : destination.address === '255.255.255.255' ? BROADCAST : destination.address
      rungs.push({
        first: event.frame,
        last: event.frame,
        count: 1,
        from: isReply ? source.address : PHONE,
        to,
        protocol: 'dhcp',
        label: describeDhcp(event),
        kind: event.kind === 'nak' || event.kind === 'decline' ? 'error' : 'message',
      })
    }
    previous = event
  }
  return rungs
}

function isRepeat(event: DhcpEvent, previous: DhcpEvent): boolean {
  return (
    event.kind === previous.kind &&
    event.vlan === previous.vlan &&
    event.serverId === previous.serverId &&
    event.address === previous.address
  )
}

/** Questions of the phone that nobody answered, and answers to its probe: the address is taken. */
function arpRungs({ arp, arpReplies, mac }: BootSession): Rung[] {
  const answered = new Set(arpReplies.map(({ senderAddress }) => senderAddress))
  const asked = new Map<string, ArpObservation[]>()
  for (const request of arp) {
    const { operation, senderMac, senderAddress, targetAddress } = request
    if (operation !== 1 || senderMac !== mac || targetAddress === senderAddress || answered.has(targetAddress)) continue
    // A probe asks for the phone's own address, and silence is what it hopes for.
    if (senderAddress === '0.0.0.0') continue
    const list = asked.get(targetAddress)
    if (list === undefined) asked.set(targetAddress, [request])
    else list.push(request)
  }
  return [...asked].map(([address, requests]) => ({
    ...span(requests.map(({ frame }) => frame))!,
    from: PHONE,
    to: BROADCAST,
    protocol: 'arp',
    label: `who has ${address}? no answer${times(requests.length)}`,
    kind: 'silence',
  }))
}

function connectionRungs(connection: TcpConnection): Rung[] {
  const server = connection.server.address
  const { port } = connection.server
  const side = (from: Side): Pick<Rung, 'from' | 'to'> =>
    from === 'client' ? { from: PHONE, to: server } : { from: server, to: PHONE }
  const rungs: Rung[] = []
  const add = (frames: Span | undefined, rest: Omit<Rung, keyof Span>): void => {
    if (frames !== undefined) rungs.push({ ...frames, ...rest })
  }

  const { syns, synAcks, exchanges, resets, fins, retransmissions } = connection
  add(span(syns), {
    ...side('client'),
    protocol: 'tcp',
    label: `SYN to port ${port}${times(syns.length)}`,
    kind: syns.length > 1 ? 'repeat' : 'message',
  })
  add(span(synAcks), { ...side('server'), protocol: 'tcp', label: 'SYN, ACK', kind: 'message' })
  if (syns.length > 0 && synAcks.length === 0 && resets.length === 0 && connection.icmpErrors.length === 0) {
    const last = syns.at(-1)!
    rungs.push({ ...span([last])!, ...side('server'), protocol: 'tcp', label: 'no answer', kind: 'silence' })
  }
  for (const exchange of exchanges) rungs.push(...exchangeRungs(exchange, connection, side))
  if (exchanges.length === 0 && connection.clientBytes + connection.serverBytes > 0) {
    const begin = connection.firstFromServer ?? connection.first
    add(span([begin, connection.last]), {
      ...side(connection.clientBytes > connection.serverBytes ? 'client' : 'server'),
      protocol: 'tcp',
      label: `${connection.clientBytes} octets out, ${connection.serverBytes} in`,
      kind: 'bulk',
    })
  }
  for (const from of ['client', 'server'] as const) {
    // The SYN's own repeats are told with it.
    const again = retransmissions.filter((resend) => resend.from === from && resend.bytes > 0)
    add(span(again.map(({ frame }) => frame)), {
      ...side(from),
      protocol: 'tcp',
      label: `${again.length} ${again.length === 1 ? 'segment' : 'segments'} sent again`,
      kind: 'repeat',
    })
  }
  for (const { frame, from } of resets.slice(0, 2)) {
    const refused = syns.length > 0 && synAcks.length === 0
    const cut = exchanges.some(({ response }) => response?.complete === undefined)
    const label = refused ? `RST, port ${port} is closed` : 'RST'
    add(span([frame]), { ...side(from), protocol: 'tcp', label, kind: refused || cut ? 'error' : 'message' })
  }
  const end = fins[0]
  if (end !== undefined) add(span([end.frame]), { ...side(end.from), protocol: 'tcp', label: 'FIN', kind: 'message' })
  rungs.push(...icmpRungs(connection.icmpErrors))
  return rungs
}

function exchangeRungs(
  { request, response, interim, endedBy }: HttpExchange,
  connection: TcpConnection,
  side: (from: Side) => Pick<Rung, 'from' | 'to'>,
): Rung[] {
  const rungs: Rung[] = []
  if (request !== undefined) {
    const { first, last, method, uri, bodyBytes } = request
    rungs.push({
      ...span(first === last ? [first] : [first, last])!,
      ...side('client'),
      protocol: 'http',
      label: `${method} ${uri}${bodyBytes > 0 ? `, ${bodyBytes} octets` : ''}`,
      kind: 'message',
    })
  }
  for (const { frame, status } of interim) {
    rungs.push({ ...span([frame])!, ...side('server'), protocol: 'http', label: String(status), kind: 'message' })
  }
  if (response !== undefined) {
    const { first, last, status, reason, bodyBytes, contentLength, complete } = response
    const cut = complete === undefined && endedBy !== 'none' && contentLength !== undefined
    const size = bodyBytes === 0 ? '' : cut ? `, ${bodyBytes} of ${contentLength} octets` : `, ${bodyBytes} octets`
    const rate = rateOf(bodyBytes, last.time - first.time)
    rungs.push({
      ...span(first === last ? [first] : [first, last])!,
      ...side('server'),
      protocol: 'http',
      label: `${status} ${reason}`.trim() + size + rate,
      kind: status >= 400 || cut ? 'error' : rate === '' ? 'message' : 'bulk',
    })
  } else if (request !== undefined && endedBy !== 'none') {
    // Up to when somebody had enough, not to the last goodbye.
    const end = [...connection.fins, ...connection.resets].find(({ frame }) => frame.time >= request.last.time)
    const until = end?.frame ?? connection.last
    rungs.push({
      ...span([until])!,
      ...side('server'),
      protocol: 'http',
      label: `no answer in ${formatDuration(until.time - request.last.time)}`,
      kind: 'silence',
    })
  }
  return rungs
}

function tftpRungs(transfer: TftpTransfer): Rung[] {
  const { requests, direction, filename, server, negotiated, firstReply, error, last, dataBlocks, bytes } = transfer
  const out = { from: PHONE, to: server.address, protocol: 'tftp' } as const
  const back = { from: server.address, to: PHONE, protocol: 'tftp' } as const
  const rungs: Rung[] = []
  const request = span(requests)
  if (request !== undefined) {
    const label = `${direction === 'read' ? 'RRQ' : 'WRQ'} ${filename}${times(requests.length)}`
    rungs.push({ ...request, ...out, label, kind: requests.length > 1 ? 'repeat' : 'message' })
  }
  if (firstReply === undefined) {
    const at = requests.at(-1)
    if (at !== undefined && transfer.icmpErrors.length === 0) {
      rungs.push({ ...span([at])!, ...back, label: 'no answer', kind: 'silence' })
    }
  } else if (negotiated !== undefined) {
    const options = [...negotiated].map(([name, value]) => `${name}=${value}`).join(' ')
    rungs.push({ ...span([firstReply])!, ...back, label: `OACK ${options}`, kind: 'message' })
  }
  if (dataBlocks > 0) {
    const begin = firstReply ?? transfer.first
    const end = error?.frame ?? last
    const repeated = transfer.repeatedData.length
    rungs.push({
      first: begin,
      last: end,
      count: dataBlocks + repeated,
      ...(direction === 'read' ? back : out),
      label:
        `DATA, ${dataBlocks} ${dataBlocks === 1 ? 'block' : 'blocks'}, ${bytes} octets` +
        rateOf(bytes, end.time - begin.time) +
        (repeated > 0 ? `, ${repeated} sent again` : '') +
        (transfer.state === 'transferring' ? ', never finished' : ''),
      kind: transfer.state === 'transferring' ? 'error' : repeated > 0 ? 'repeat' : 'bulk',
    })
  }
  if (error !== undefined) {
    const label = `ERROR ${error.code} ${error.message}`.trim()
    rungs.push({ ...span([error.frame])!, ...(error.from === 'client' ? out : back), label, kind: 'error' })
  }
  rungs.push(...icmpRungs(transfer.icmpErrors))
  return rungs
}

function icmpRungs(errors: readonly IcmpErrorObservation[]): Rung[] {
  return errors.slice(0, 4).map(({ frame, from, type, code, quoted }) => {
    const about = quoted === undefined ? '' : ` about ${formatEndpoint(quoted.destination)}`
    const label = `ICMP type ${type} code ${code}${about}`
    return { ...span([frame])!, from, to: PHONE, protocol: 'icmp', label, kind: 'error' }
  })
}

function times(count: number): string {
  return count > 1 ? `, ${count} times` : ''
}

/** `, 1.5 MB/s` of what took long enough to have a rate. */
function rateOf(octets: number, duration: Nanos): string {
  if (octets < 20_000 || duration <= 0) return ''
  const perSecond = octets / (duration / 1e9)
  return perSecond >= 1e6 ? `, ${(perSecond / 1e6).toFixed(1)} MB/s` : `, ${(perSecond / 1e3).toFixed(1)} kB/s`
}
