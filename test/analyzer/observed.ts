/**
 * Observations written by hand, compactly: each call adds what a capture would show of one exchange, with frames numbered
 * in the order of the calls. Addresses are those of the examples in the documentation.
 */
import { latin1Bytes } from '../../src/base/bytes.js'
import { SECOND, addNanos } from '../../src/base/time.js'
import type { Timestamp } from '../../src/base/time.js'
import { runRules } from '../../src/analyzer/diagnosis/run-rules.js'
import { reportSession } from '../../src/analyzer/report-session.js'
import type { BootSession } from '../../src/analyzer/sessions/boot-session.js'
import { buildSessions } from '../../src/analyzer/sessions/build-sessions.js'
import type { Session } from '../../src/analyzer/report.js'
import type {
  ArpObservation,
  CaptureFacts,
  DhcpObservation,
  Frame,
  HttpExchange,
  IcmpErrorObservation,
  LinkInfo,
  Observations,
  Side,
  TcpConnection,
  TftpTransfer,
} from '../../src/analyzer/streams/observations.js'
import { MessageType, decode, encode } from '../../src/wire/dhcp.js'
import { parseAddress } from '../../src/wire/ipv4.js'
import { parseMac } from '../../src/wire/ethernet.js'

export const EPOCH: Timestamp = { seconds: 1_795_230_600, nanos: 123_456_789 }
export const PHONE = '00:1b:4f:20:00:01'
export const PHONE_4600 = '00:04:0d:20:00:01'
export const SERVER_MAC = '02:00:00:00:00:02'
export const ADDRESS = '10.20.0.120'
export const DHCP_SERVER = '10.20.0.1'
export const WEB = '10.20.0.2'

export type DhcpName = 'discover' | 'offer' | 'request' | 'ack' | 'nak' | 'decline' | 'release' | 'inform'

export interface DhcpFacts {
  readonly mac?: string
  readonly xid?: number
  readonly vlan?: number | null
  readonly secs?: number
  readonly giaddr?: string
  readonly ciaddr?: string
  readonly siaddr?: string
  /** yiaddr of replies, option 50 of requests. */
  readonly address?: string
  /** Option 54. */
  readonly server?: string | null
  readonly asks?: readonly number[]
  readonly options?: Readonly<Record<number, string | Uint8Array | readonly number[]>>
  readonly copyOf?: number
  readonly isCut?: boolean
}

export interface WebFacts {
  readonly mac?: string | null
  readonly client?: string
  readonly port?: number
  readonly server?: string
  readonly serverPort?: number
  readonly vlan?: number | null
  /** Further SYNs, seconds after the first. */
  readonly synsAfter?: readonly number[]
  /** What the server does about the SYN. */
  readonly answer?: 'accepts' | 'silent' | 'refuses'
  readonly exchanges?: readonly WebExchange[]
  readonly retransmissions?: readonly Side[]
  readonly overrides?: Partial<TcpConnection>
}

export interface WebExchange {
  readonly method?: string
  readonly path: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly bodyBytes?: number
  readonly acknowledged?: boolean
  /** No status: no answer. */
  readonly status?: number
  readonly responseHeaders?: readonly (readonly [string, string])[]
  readonly body?: string
  /** Octets promised and never sent. */
  readonly short?: number
  readonly missingBytes?: number
  readonly endedBy?: HttpExchange['endedBy']
  /** Seconds from the request until the connection ends, where no answer came. */
  readonly wait?: number
  /** Seconds from the request until the answer; after `wait` for one that comes too late. */
  readonly answersAfter?: number
}

export interface TftpFacts {
  readonly mac?: string | null
  readonly client?: string
  readonly port?: number
  readonly server?: string
  readonly filename: string
  readonly direction?: 'read' | 'write'
  /** Further requests, seconds after the first. */
  readonly again?: readonly number[]
  readonly content?: string
  readonly error?: { readonly code: number; readonly message: string }
  readonly silent?: boolean
  readonly repeatedData?: number
  readonly repeatedAcks?: number
  readonly overrides?: Partial<TftpTransfer>
}

export class Observed {
  readonly dhcp: DhcpObservation[] = []
  readonly arps: ArpObservation[] = []
  readonly icmp: IcmpErrorObservation[] = []
  readonly tftps: TftpTransfer[] = []
  readonly tcps: TcpConnection[] = []
  #frames = 0
  #latest = 0
  #port = 1024
  readonly #facts: Partial<CaptureFacts>

  constructor(facts: Partial<CaptureFacts> = {}) {
    this.#facts = facts
  }

  frame(seconds: number): Frame {
    const time = Math.round(seconds * SECOND)
    this.#latest = Math.max(this.#latest, time)
    return { number: ++this.#frames, timestamp: addNanos(EPOCH, time), time }
  }

  message(seconds: number, name: DhcpName, facts: DhcpFacts = {}): this {
    const mac = facts.mac ?? PHONE
    const reply = name === 'offer' || name === 'ack' || name === 'nak'
    const type = MessageType[name]
    const server = facts.server === undefined ? (reply ? DHCP_SERVER : null) : facts.server
    const options: { code: number; data: Uint8Array }[] = [{ code: 53, data: Uint8Array.of(type) }]
    if (!reply && facts.address !== undefined) options.push({ code: 50, data: octetsOf(facts.address) })
    if (server !== null) options.push({ code: 54, data: octetsOf(server) })
    if (reply && name !== 'nak' && facts.options?.[51] === undefined) {
      options.push({ code: 51, data: Uint8Array.of(0, 1, 0x51, 0x80) })
    }
    if (!reply) options.push({ code: 55, data: Uint8Array.from(facts.asks ?? [1, 3, 6, 15, 242]) })
    for (const [code, value] of Object.entries(facts.options ?? {})) {
      options.push({
        code: Number(code),
        data: typeof value === 'string' ? latin1Bytes(value) : Uint8Array.from(value),
      })
    }
    const bytes = encode({
      op: reply ? 2 : 1,
      xid: facts.xid ?? 0x1001,
      secs: facts.secs ?? 0,
      chaddr: parseMac(mac) ?? new Uint8Array(6),
      ciaddr: u32(facts.ciaddr),
      yiaddr: reply ? u32(facts.address) : 0,
      siaddr: u32(facts.siaddr),
      giaddr: u32(facts.giaddr),
      options,
    })
    this.dhcp.push({
      frame: this.frame(seconds),
      link: link(reply ? SERVER_MAC : mac, facts.vlan ?? null),
      source: reply ? { address: DHCP_SERVER, port: 67 } : { address: facts.ciaddr ?? '0.0.0.0', port: 68 },
      destination:
        facts.ciaddr !== undefined
          ? { address: DHCP_SERVER, port: 67 }
          : { address: '255.255.255.255', port: reply ? 68 : 67 },
      message: decode(bytes),
      type,
      chaddr: mac,
      copyOf: facts.copyOf,
      isCut: facts.isCut ?? false,
    })
    return this
  }

  /** DISCOVER, OFFER, REQUEST and ACK within 20 ms. `option` is the site option of the ACK. */
  lease(seconds: number, option: string | null, facts: DhcpFacts = {}): this {
    const address = facts.address ?? ADDRESS
    const number = facts.asks?.includes(176) === true ? 176 : 242
    const given = { ...facts, address }
    const { options: _replyOptions, siaddr: _siaddr, ...asking } = facts
    this.message(seconds, 'discover', { ...asking, options: {} })
    this.message(seconds + 0.005, 'offer', given)
    this.message(seconds + 0.01, 'request', { ...asking, address, server: facts.server ?? DHCP_SERVER, options: {} })
    const options = { ...facts.options, ...(option === null ? {} : { [number]: option }) }
    return this.message(seconds + 0.02, 'ack', { ...given, options })
  }

  arp(
    seconds: number,
    facts: { mac?: string; sender?: string; target?: string; targetMac?: string; operation?: number } = {},
  ): this {
    const mac = facts.mac ?? PHONE
    this.arps.push({
      frame: this.frame(seconds),
      link: link(mac, null),
      operation: facts.operation ?? 1,
      senderMac: mac,
      senderAddress: facts.sender ?? ADDRESS,
      targetMac: facts.targetMac ?? '00:00:00:00:00:00',
      targetAddress: facts.target ?? DHCP_SERVER,
    })
    return this
  }

  web(seconds: number, facts: WebFacts): this {
    const first = this.frame(seconds)
    const syns = [first, ...(facts.synsAfter ?? []).map((after) => this.frame(seconds + after))]
    const answer = facts.answer ?? 'accepts'
    let now = seconds + Math.max(0, ...(facts.synsAfter ?? []))
    const synAcks: Frame[] = []
    const resets: TcpConnection['resets'][number][] = []
    const fins: TcpConnection['fins'][number][] = []
    let fromServer: Frame | undefined
    if (answer === 'refuses') {
      fromServer = this.frame(now + 0.001)
      resets.push({ frame: fromServer, from: 'server' })
    }
    if (answer === 'accepts') {
      fromServer = this.frame(now + 0.001)
      synAcks.push(fromServer)
    }
    const exchanges: HttpExchange[] = []
    let last = fromServer ?? syns.at(-1) ?? first
    let serverBytes = 0
    for (const exchange of facts.exchanges ?? []) {
      const { built, end } = this.#exchange(now + 0.002, exchange, resets, fins)
      exchanges.push(built)
      serverBytes += built.response?.bodyBytes ?? 0
      last = end
      now = end.time / SECOND + 0.002
    }
    const retransmissions = (facts.retransmissions ?? []).map((from) => ({
      frame: this.frame(now + 0.2),
      from,
      bytes: 1460,
    }))
    if (retransmissions.length > 0) last = retransmissions.at(-1)!.frame
    this.tcps.push({
      client: { address: facts.client ?? ADDRESS, port: facts.port ?? this.#port++ },
      server: { address: facts.server ?? WEB, port: facts.serverPort ?? 80 },
      link: link(facts.mac === undefined ? PHONE : facts.mac, facts.vlan ?? null),
      syns,
      synAcks,
      established: answer === 'accepts',
      midStream: false,
      resets,
      fins,
      retransmissions,
      gaps: [],
      cutFrames: 0,
      clientBytes: exchanges.length * 100,
      serverBytes,
      segments: last.number - first.number + 1,
      exchanges,
      serverIsForeign: false,
      serverUnseen: 0,
      icmpErrors: [],
      firstFromClient: first,
      firstFromServer: fromServer,
      first,
      last,
      lastFrom: 'client',
      ...facts.overrides,
    })
    return this
  }

  #exchange(
    seconds: number,
    facts: WebExchange,
    resets: TcpConnection['resets'][number][],
    fins: TcpConnection['fins'][number][],
  ): { built: HttpExchange; end: Frame } {
    const requestFrame = this.frame(seconds)
    const body = latin1Bytes(facts.body ?? '')
    const late = facts.answersAfter !== undefined && facts.answersAfter > (facts.wait ?? Infinity)
    const early = facts.status === undefined || late ? undefined : this.frame(seconds + (facts.answersAfter ?? 0.01))
    const endedBy = facts.endedBy ?? (facts.status === undefined ? 'fin-client' : 'none')
    let end = early ?? requestFrame
    if (endedBy !== 'none') {
      const from: Side = endedBy.endsWith('client') ? 'client' : 'server'
      end = this.frame(seconds + (facts.wait ?? (early === undefined ? 30 : 0.02)))
      ;(endedBy.startsWith('fin') ? fins : resets).push({ frame: end, from })
    }
    const response = late ? this.frame(seconds + (facts.answersAfter ?? 0)) : early
    const whole = facts.short === undefined && facts.missingBytes === undefined
    return {
      end,
      built: {
        request: {
          first: requestFrame,
          complete: requestFrame,
          last: requestFrame,
          method: facts.method ?? 'GET',
          uri: facts.path,
          version: 'HTTP/1.1',
          headers: facts.headers ?? [],
          bodyBytes: facts.bodyBytes ?? 0,
          acknowledged: facts.acknowledged ?? true,
        },
        response:
          response === undefined || facts.status === undefined
            ? undefined
            : {
                first: response,
                complete: whole ? response : undefined,
                last: response,
                status: facts.status,
                reason: '',
                version: 'HTTP/1.1',
                headers: facts.responseHeaders ?? [],
                contentLength: body.length + (facts.short ?? 0) + (facts.missingBytes ?? 0),
                framing: 'length',
                bodyBytes: body.length,
                missingBytes: facts.missingBytes ?? 0,
                body: whole ? body : undefined,
              },
        interim: [],
        endedBy,
      },
    }
  }

  tftp(seconds: number, facts: TftpFacts): this {
    const first = this.frame(seconds)
    const requests = [first, ...(facts.again ?? []).map((after) => this.frame(seconds + after))]
    const silent = facts.silent === true
    const at = seconds + Math.max(0, ...(facts.again ?? []))
    const reply = silent ? undefined : this.frame(at + 0.003)
    const content = latin1Bytes(facts.content ?? '')
    const blocks = Math.floor(content.length / 512) + 1
    const repeatedData = Array.from({ length: facts.repeatedData ?? 0 }, (_, n) => this.frame(at + 4 * (n + 1)))
    const repeatedAcks = Array.from({ length: facts.repeatedAcks ?? 0 }, (_, n) => this.frame(at + 4.1 * (n + 1)))
    const last = repeatedAcks.at(-1) ?? repeatedData.at(-1) ?? reply ?? requests.at(-1) ?? first
    const failed = silent || facts.error !== undefined
    this.tftps.push({
      client: { address: facts.client ?? ADDRESS, port: facts.port ?? this.#port++ },
      server: { address: facts.server ?? WEB, port: 69 },
      link: link(facts.mac === undefined ? PHONE_4600 : facts.mac, null),
      direction: facts.direction ?? 'read',
      filename: facts.filename,
      mode: 'octet',
      options: new Map(),
      negotiated: undefined,
      requests,
      firstReply: reply,
      serverPort: silent ? undefined : 40_000,
      bytes: failed ? 0 : content.length,
      dataBlocks: failed ? 0 : blocks,
      repeatedData,
      repeatedAcks,
      content: failed ? undefined : content,
      error:
        facts.error === undefined || reply === undefined ? undefined : { frame: reply, ...facts.error, from: 'server' },
      icmpErrors: [],
      state: silent ? 'requested' : facts.error !== undefined ? 'error' : 'complete',
      lastFrom: silent ? 'client' : 'server',
      first,
      last,
      ...facts.overrides,
    })
    return this
  }

  /** @param quiet seconds that the capture goes on after the last frame */
  observations(quiet = 60): Observations {
    const duration = this.#latest + Math.round(quiet * SECOND)
    return {
      capture: {
        file: 'phone.pcapng',
        format: 'pcapng',
        linkTypes: ['ethernet'],
        packets: this.#frames,
        bytes: 1000 * this.#frames,
        firstTime: this.#frames === 0 ? undefined : EPOCH,
        lastTime: this.#frames === 0 ? undefined : addNanos(EPOCH, duration),
        duration,
        damage: undefined,
        malformedFrames: 0,
        snaplenFrames: 0,
        limitsReached: [],
        ...this.#facts,
      },
      dhcp: this.dhcp,
      arp: this.arps,
      icmpErrors: this.icmp,
      tftp: this.tftps,
      tcp: this.tcps,
    }
  }

  sessions(quiet = 60): BootSession[] {
    return buildSessions(this.observations(quiet))
  }

  /** Reported sessions, in order. */
  reports(quiet = 60): Session[] {
    return this.sessions(quiet).map(reportSession)
  }

  /** `code severity` of every finding of the first session, in order. */
  findings(quiet = 60): string[] {
    const session = this.sessions(quiet)[0]
    if (session === undefined) throw new Error('no session')
    return runRules(session).map(({ rule, severity }) => `${rule.code} ${severity}`)
  }
}

function link(sourceMac: string | null, vlan: number | null): LinkInfo {
  return { sourceMac, destinationMac: 'ff:ff:ff:ff:ff:ff', vlan }
}

function u32(address: string | undefined): number {
  return address === undefined ? 0 : (parseAddress(address) ?? 0)
}

function octetsOf(address: string): Uint8Array {
  return Uint8Array.from(address.split('.').map(Number))
}

/** Script and settings of a healthy 1600 site. */
export const SCRIPT_1600 = '## upgrade\nSET APPNAME ha1608ua1_3500.bin\nGET 46xxsettings.txt\n# END\n'
export const SETTINGS = 'SET MCIPADD 10.20.0.5\nSET BRURI "http://10.20.0.2/backup/"\n'

/** The file stage of a healthy 1608. */
export function healthyFiles(seconds: number): WebFacts & { seconds: number } {
  return {
    seconds,
    exchanges: [
      { path: '/16xxupgrade.txt', status: 200, body: SCRIPT_1600 },
      { path: '/46xxsettings.txt', status: 200, body: SETTINGS },
    ],
  }
}
