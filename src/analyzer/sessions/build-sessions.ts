/**
 * Observations in, boot sessions out: one per power-up of each phone, in the order of their first frames.
 *
 * Where a new session begins. A phone that starts DHCP over (DISCOVER, or a REQUEST in INIT-REBOOT) after it had gone on to
 * files, or had been silent, or had used the address it got on this VLAN, was switched on again: a reset after an application
 * download looks just so. What belongs to one power-up: repeated DISCOVERs, a second run after a NAK or DECLINE, and a second
 * run on another VLAN, which is how phones move to their voice VLAN (avaya.md §1.4). A phone whose DHCP the capture
 * does not show begins anew when it asks again for the script it had already got.
 */
import { MINUTE, SECOND } from '../../base/time.js'
import type { Nanos } from '../../base/time.js'
import { fileName, fileRole } from '../../deskphone/roles.js'
import { SITE_OPTION_NUMBERS, isAvayaMac, seriesByModel, seriesByScript } from '../../deskphone/series.js'
import type { SeriesName } from '../../deskphone/series.js'
import { parseSiteOption } from '../../deskphone/site-option.js'
import { OptionCode, option, textOption } from '../../wire/dhcp.js'
import type { Mutable } from '../streams/mutable.js'
import type {
  ArpObservation,
  CaptureFacts,
  Frame,
  Observations,
  TcpConnection,
  TftpTransfer,
} from '../streams/observations.js'
import { arrived, formatEndpoint } from './boot-session.js'
import type { BootSession, DhcpEvent, SessionTransfer, SiteFacts, SiteOptionFacts } from './boot-session.js'
import { answeredUnseen, judgeCapture } from './capture-quality.js'
import type { CaptureQuality, CaptureWideQuality } from './capture-quality.js'
import { isFromClient, requestedNumbers, toDhcpEvents } from './dhcp-events.js'
import { MAX_HOSTS, hostsOf } from './hosts.js'
import type { HostTraffic } from './hosts.js'
import { phoneKind } from './phone-evidence.js'
import type { PhoneKind } from './phone-evidence.js'
import { buildTransfers } from './transfers.js'

/** A phone silent for this long that starts DHCP over was off in between; DISCOVERs are at most 64 s apart. */
const SILENCE: Nanos = 5 * MINUTE
/** A run without any lease may pause longer and still be one attempt to come up. */
const SILENCE_WITHOUT_LEASE: Nanos = 20 * MINUTE
/** DHCP that starts over this soon after a NAK or DECLINE does so because of it. */
const SETBACK: Nanos = 2 * MINUTE
/** A script asked for again this long after it had come is asked for by the next boot. */
const NEXT_SCRIPT: Nanos = 10 * SECOND

export interface SessionOptions {
  /** MAC or IP address: the host is taken for a phone whatever it looks like, and others are left out. */
  readonly phone?: string
}

export function buildSessions(observations: Observations, options: SessionOptions = {}): BootSession[] {
  const { hosts, limited } = hostsOf(observations)
  const quality = judgeCapture(observations, limited ? [`more than ${MAX_HOSTS} hosts`] : [])
  const sessions: BootSession[] = []
  const site: Mutable<SiteFacts> = { scripts: [] }
  const shared: Shared = { capture: observations.capture, wide: quality, site }
  for (const host of hosts) {
    const kind =
      options.phone === undefined
        ? phoneKind(host)
        : isHost(host, options.phone)
          ? (phoneKind(host) ?? 'provisioned')
          : undefined
    if (kind === undefined) continue
    const parts = split(host).filter(isBoot)
    let previous: BootSession | undefined
    parts.forEach((part, index) => {
      const hasNext = index < parts.length - 1
      previous = buildSession(host, kind, part, { ...shared, previous, hasNext })
      sessions.push(previous)
    })
  }
  sessions.sort((a, b) => a.firstFrame - b.firstFrame)
  noteSite(sessions, site)
  return sessions
}

/** What sessions share with each other. */
interface Shared {
  readonly capture: CaptureFacts
  readonly wide: CaptureWideQuality
  readonly site: SiteFacts
}

/** Scripts remembered; a site has one for each series and server. */
const MAX_SITE_SCRIPTS = 1_000

function noteSite(sessions: readonly BootSession[], site: Mutable<SiteFacts>): void {
  const seen = new Map<string, SiteFacts['scripts'][number]>()
  for (const { transfers } of sessions) {
    for (const transfer of transfers) {
      if (transfer.role !== 'script' || !arrived(transfer) || seen.size >= MAX_SITE_SCRIPTS) continue
      const { path, file, last: frame } = transfer
      const server = formatEndpoint(transfer.server)
      const key = `${server} ${file}`
      if (!seen.has(key)) seen.set(key, { server, path, file, series: seriesByScript(fileName(path))?.name, frame })
    }
  }
  site.scripts = [...seen.values()]
}

/** Whether `phone` (a MAC in any usual form, or an IP address) names the host. */
function isHost(host: HostTraffic, phone: string): boolean {
  const wanted = phone.trim().toLowerCase()
  const mac = /^[0-9a-f]{2}(?:[:-]?[0-9a-f]{2}){5}$/.test(wanted)
    ? (wanted.replace(/[:-]/g, '').match(/../g) ?? []).join(':')
    : undefined
  if (mac !== undefined) return host.mac === mac
  return (
    host.key === `ip:${wanted}` ||
    host.tcp.some((connection) => connection.client.address === wanted) ||
    host.tftp.some((transfer) => transfer.client.address === wanted) ||
    toDhcpEvents(host.dhcp).some((event) => event.kind === 'ack' && event.address === wanted)
  )
}

/** One power-up's share of a host's traffic. */
interface Part {
  dhcp: DhcpEvent[]
  arp: ArpObservation[]
  arpReplies: ArpObservation[]
  tcp: TcpConnection[]
  tftp: TftpTransfer[]
  start: Nanos
  lastActivity: Nanos
  filesSeen: boolean
  addressUsed: boolean
  scriptDone: Nanos | undefined
  ack: DhcpEvent | undefined
  setback: Nanos | undefined
}

type Item =
  | { readonly at: Frame; readonly kind: 'dhcp'; readonly value: DhcpEvent }
  | { readonly at: Frame; readonly kind: 'arp'; readonly value: ArpObservation }
  | { readonly at: Frame; readonly kind: 'arp-reply'; readonly value: ArpObservation }
  | { readonly at: Frame; readonly kind: 'tcp'; readonly value: TcpConnection }
  | { readonly at: Frame; readonly kind: 'tftp'; readonly value: TftpTransfer }

function split(host: HostTraffic): Part[] {
  const items: Item[] = [
    ...toDhcpEvents(host.dhcp).map((value) => ({ at: value.frame, kind: 'dhcp' as const, value })),
    ...host.arp.map((value) => ({ at: value.frame, kind: 'arp' as const, value })),
    ...host.arpReplies.map((value) => ({ at: value.frame, kind: 'arp-reply' as const, value })),
    ...host.tcp.map((value) => ({ at: value.first, kind: 'tcp' as const, value })),
    ...host.tftp.map((value) => ({ at: value.first, kind: 'tftp' as const, value })),
  ]
  items.sort((a, b) => a.at.number - b.at.number)
  const parts: Part[] = []
  let part: Part | undefined
  for (const item of items) {
    if (part === undefined && item.kind === 'arp-reply') continue
    if (part === undefined || beginsAnew(part, item)) {
      part = newPart(item.at.time)
      parts.push(part)
    }
    add(part, item)
  }
  return parts
}

function newPart(start: Nanos): Part {
  return {
    dhcp: [],
    arp: [],
    arpReplies: [],
    tcp: [],
    tftp: [],
    start,
    lastActivity: start,
    filesSeen: false,
    addressUsed: false,
    scriptDone: undefined,
    ack: undefined,
    setback: undefined,
  }
}

function beginsAnew(part: Part, item: Item): boolean {
  const { time } = item.at
  if (item.kind === 'dhcp') {
    const event = item.value
    if (event.kind !== 'discover' && event.kind !== 'init-reboot') return false
    const ongoing = part.dhcp.at(-1)
    if (ongoing !== undefined && ongoing.xid === event.xid && time - ongoing.frame.time < SILENCE) return false
    const silence = time - part.lastActivity
    const leaseless = part.ack === undefined && !part.filesSeen
    if (silence >= (leaseless ? SILENCE_WITHOUT_LEASE : SILENCE)) return true
    if (part.setback !== undefined && time - part.setback <= SETBACK) return false
    if (part.filesSeen) return true
    return part.addressUsed && part.ack !== undefined && part.ack.vlan === event.vlan && !ordersMove(part.ack)
  }
  // Without DHCP only the script tells: it is the first file of every boot.
  if (part.dhcp.length > 0 || part.scriptDone === undefined) return false
  return asksForScript(item) && time - part.scriptDone >= NEXT_SCRIPT
}

function asksForScript(item: Item): boolean {
  if (item.kind === 'tftp') return fileRole(item.value.filename) === 'script'
  if (item.kind !== 'tcp') return false
  return item.value.exchanges.some(({ request }) => request !== undefined && fileRole(request.uri) === 'script')
}

/** Whether the lease names a VLAN other than the one it came on. */
function ordersMove(ack: DhcpEvent): boolean {
  for (const number of SITE_OPTION_NUMBERS) {
    const value = option(ack.observation.message, number)
    if (value === undefined) continue
    const vlan = Number(parseSiteOption(value).values.get('L2QVLAN')?.[0] ?? 0)
    if (vlan !== 0 && vlan !== (ack.vlan ?? 0)) return true
  }
  return false
}

function add(part: Part, item: Item): void {
  let end = item.at.time
  switch (item.kind) {
    case 'dhcp':
      part.dhcp.push(item.value)
      if (item.value.kind === 'ack' && item.value.address !== undefined) {
        part.ack = item.value
        part.addressUsed = false
        part.setback = undefined
      }
      if (item.value.kind === 'nak' || item.value.kind === 'decline') part.setback = end
      break
    case 'arp':
      part.arp.push(item.value)
      if (item.value.senderAddress !== '0.0.0.0') part.addressUsed = true
      break
    case 'arp-reply':
      // Somebody else's word: it says nothing of what the phone does.
      part.arpReplies.push(item.value)
      return
    case 'tcp':
      part.tcp.push(item.value)
      part.addressUsed = true
      part.filesSeen = true
      end = item.value.last.time
      if (part.scriptDone === undefined && asksForScript(item)) {
        if (item.value.exchanges.some(({ response }) => response !== undefined && response.status < 300))
          part.scriptDone = end
      }
      break
    case 'tftp':
      part.tftp.push(item.value)
      part.addressUsed = true
      part.filesSeen = true
      end = item.value.last.time
      if (part.scriptDone === undefined && asksForScript(item) && item.value.state === 'complete') part.scriptDone = end
      break
  }
  if (end > part.lastActivity) part.lastActivity = end
}

/** A boot has the phone asking for an address or for files; renewals and ARP alone are a phone at work. */
function isBoot(part: Part): boolean {
  return (
    part.dhcp.some(({ kind }) => kind === 'discover' || kind === 'selecting' || kind === 'init-reboot') ||
    part.tftp.length > 0 ||
    buildTransfers({ tcp: part.tcp, tftp: [], httpPorts: [], captureEnd: part.lastActivity + MINUTE }).transfers
      .length > 0
  )
}

function buildSession(
  host: HostTraffic,
  kind: PhoneKind,
  part: Part,
  { capture, wide, site, previous, hasNext }: Shared & Pick<BootSession, 'previous' | 'hasNext'>,
): BootSession {
  const siteOption = siteOptionOf(part.dhcp)
  const httpPort = Number(siteOption?.parsed.values.get('HTTPPORT')?.[0] ?? NaN)
  const { transfers, scripts } = buildTransfers({
    tcp: part.tcp,
    tftp: part.tftp,
    httpPorts: Number.isInteger(httpPort) ? [httpPort] : [],
    captureEnd: capture.duration,
  })
  const frames = framesOf(part)
  const first = frames.reduce((a, b) => (b.number < a.number ? b : a))
  const last = frames.reduce((a, b) => (b.number > a.number ? b : a))
  const lease = leaseOf(part.dhcp)
  const identity = identify(host, part, transfers)
  return {
    site,
    capture,
    quality: qualityOf(part, wide),
    mac: host.mac === '' ? null : host.mac,
    ip: addressOf(part, lease),
    vlan: vlanOf(part),
    ...identity,
    isAvaya: kind === 'avaya',
    start: first.time,
    end: last.time,
    startTime: first.timestamp,
    endTime: last.timestamp,
    firstFrame: first.number,
    lastFrame: last.number,
    frameCount: Math.min(countFrames(part), last.number - first.number + 1),
    dhcp: part.dhcp,
    siteOption,
    lease,
    arp: part.arp,
    arpReplies: part.arpReplies,
    transfers,
    tcp: part.tcp,
    tftp: part.tftp,
    scripts,
    sawStart: part.dhcp.some(({ kind: k }) => k === 'discover' || k === 'init-reboot'),
    previous,
    hasNext,
  }
}

function framesOf(part: Part): Frame[] {
  return [
    ...part.dhcp.map((event) => event.frame),
    ...part.arp.map((arp) => arp.frame),
    ...part.tcp.flatMap((connection) => [connection.first, connection.last]),
    ...part.tftp.flatMap((transfer) => [transfer.first, transfer.last]),
  ]
}

/** Frames of the session's own exchanges; TFTP acknowledgements are taken as one for each block. */
function countFrames(part: Part): number {
  let count = part.dhcp.length + part.arp.length
  for (const connection of part.tcp) count += connection.segments
  for (const transfer of part.tftp) {
    count +=
      transfer.requests.length + 2 * transfer.dataBlocks + transfer.repeatedData.length + transfer.repeatedAcks.length
    if (transfer.negotiated !== undefined) count += 1
    if (transfer.error !== undefined) count += 1
  }
  return count
}

/** The initial ACK in force at the end; a renewal's only where no other was seen. */
function leaseOf(events: readonly DhcpEvent[]): DhcpEvent | undefined {
  let lease: DhcpEvent | undefined
  let asked: DhcpEvent | undefined
  for (const event of events) {
    if (
      event.kind === 'selecting' ||
      event.kind === 'init-reboot' ||
      event.kind === 'renewing' ||
      event.kind === 'rebinding'
    ) {
      asked = event
    } else if (event.kind === 'ack' && event.address !== undefined) {
      const renewal = asked?.kind === 'renewing' || asked?.kind === 'rebinding'
      if (!renewal || lease === undefined) lease = event
    } else if (event.kind === 'nak' || event.kind === 'decline') {
      lease = undefined
    }
  }
  return lease
}

/** From the lease in force; while there is none, from the last reply that carried it. */
function siteOptionOf(events: readonly DhcpEvent[]): SiteOptionFacts | undefined {
  const lease = leaseOf(events)
  const candidates =
    lease !== undefined ? [lease] : events.filter((event) => event.kind === 'ack' || event.kind === 'offer').reverse()
  const asked = requestedNumbers(events)
  for (const event of candidates) {
    const { message } = event.observation
    // Both may be there; the one that was asked for counts (avaya.md §9.2).
    const numbers = [...SITE_OPTION_NUMBERS].sort((a, b) => Number(asked.has(b)) - Number(asked.has(a)))
    for (const number of numbers) {
      const raw = option(message, number)
      if (raw === undefined) continue
      const series: SeriesName | undefined = number === 176 && asked.has(176) && !asked.has(242) ? '4600' : undefined
      const parsed = parseSiteOption(raw, series)
      return { number, raw, text: parsed.text, parsed, event }
    }
  }
  return undefined
}

function addressOf(part: Part, lease: DhcpEvent | undefined): string | null {
  const lastClient = [
    ...part.tcp.map((c) => ({ at: c.first, address: c.client.address })),
    ...part.tftp.map((t) => ({ at: t.first, address: t.client.address })),
  ]
    .sort((a, b) => a.at.number - b.at.number)
    .at(-1)
  if (lastClient !== undefined) return lastClient.address
  if (lease?.address !== undefined) return lease.address
  const arp = part.arp.filter((observation) => observation.senderAddress !== '0.0.0.0').at(-1)
  return arp?.senderAddress ?? null
}

function vlanOf(part: Part): number | null {
  const seen: { at: number; vlan: number | null }[] = [
    ...part.dhcp
      .filter((event) => isFromClient(event.kind))
      .map((event) => ({ at: event.frame.number, vlan: event.vlan })),
    ...part.tcp.map((connection) => ({ at: connection.first.number, vlan: connection.link.vlan })),
    ...part.tftp.map((transfer) => ({ at: transfer.first.number, vlan: transfer.link.vlan })),
  ]
  seen.sort((a, b) => a.at - b.at)
  return seen.at(-1)?.vlan ?? null
}

function identify(
  host: HostTraffic,
  part: Part,
  transfers: readonly SessionTransfer[],
): { hostname: string | null; series: SeriesName | null; model: string | null; extension: string | null } {
  let hostname: string | null = null
  for (const event of part.dhcp) {
    if (isFromClient(event.kind)) hostname = textOption(event.observation.message, OptionCode.hostName) ?? hostname
  }
  let series: SeriesName | null = null
  let model: string | null = null
  let extension: string | null = null
  for (const transfer of transfers) {
    const name = fileName(transfer.path)
    // 1600 images bear the model: ha1608ua1_3500.bin, hb1608ua1_3500.bin.
    if (transfer.role === 'application' || transfer.role === 'boot-image')
      model ??= /^h[ab](16\d\d)/.exec(transfer.file)?.[1] ?? null
    if (transfer.role === 'script') series ??= seriesByScript(name)?.name ?? null
    if (transfer.role === 'backup' || transfer.role === 'restore') extension ??= /^(\d{1,20})_/.exec(name)?.[1] ?? null
    const agent = transfer.exchange?.request?.headers.find(([header]) => header.toLowerCase() === 'user-agent')?.[1]
    model ??= modelIn(agent)
  }
  if (model !== null) series ??= seriesByModel(model)?.name ?? null
  // Only the 4600 asks for 176 and not for 242, and only Avaya's prefixes make that a certainty.
  const asked = requestedNumbers(part.dhcp)
  if (
    series === null &&
    host.mac !== null &&
    isAvayaMac(host.mac) &&
    asked.has(176) &&
    !asked.has(242) &&
    asked.has(66) &&
    asked.has(69)
  ) {
    series = '4600'
  }
  return { hostname: hostname === '' ? null : hostname, series, model, extension }
}

/** A model number in a User-Agent, such as `AVAYA/1608-...`. */
function modelIn(agent: string | undefined): string | null {
  if (agent === undefined || !/avaya|deskphone|ip.?phone/i.test(agent)) return null
  const number = /(?:^|[^0-9.])((?:16|46|96)\d\d(?:SW|G|L)?)(?![0-9.])/i.exec(agent)?.[1]?.toUpperCase()
  return number !== undefined && seriesByModel(number) !== undefined ? number : null
}

function qualityOf(part: Part, wide: CaptureWideQuality): CaptureQuality {
  const own =
    part.dhcp.some((event) => event.kind === 'offer' || event.kind === 'ack' || event.kind === 'nak') ||
    part.tcp.some((connection) => connection.firstFromServer !== undefined) ||
    part.tftp.some((transfer) => transfer.firstReply !== undefined)
  const unseen =
    part.tcp.some(answeredUnseen) ||
    part.tftp.some(({ firstReply, serverPort }) => firstReply === undefined && serverPort !== undefined) ||
    requestWithoutOffer(part.dhcp)
  return {
    repliesSeen: own ? 'this-phone' : wide.anyReplies ? 'others' : 'none',
    oneSided: !own && (unseen || (wide.unseenReplies && !wide.anyReplies)),
    doubts: wide.doubts,
  }
}

/** A REQUEST that selects a server answers an OFFER; none was captured. */
function requestWithoutOffer(events: readonly DhcpEvent[]): boolean {
  return (
    events.some(({ kind }) => kind === 'selecting') && !events.some(({ kind }) => kind === 'offer' || kind === 'ack')
  )
}
