/**
 * `rules:`, which frames of a link suffer what:
 *
 *     - { drop: OFFER, which: second }
 *     - { drop: { message: DATA, block: 3 }, which: first }
 *     - { drop: { message: SYN, port: 80 }, from: 10s, for: 30s }
 *
 * The key says what happens, its value which frames are meant: a message, with its protocol where the name alone could be
 * several (`TFTP ACK`), or a mapping. `which` counts them.
 */
import type { FrameAction, FrameMatch } from '../emulator/link/rules.js'
import { nearestName } from '../deskphone/nearest-name.js'
import { MessageType } from '../wire/dhcp.js'
import { formatMac, parseMac } from '../wire/ethernet.js'
import { defined } from './defined.js'
import type { VlanNames } from './read-places.js'
import { readVlan } from './read-places.js'
import { positionsOf, readPhones } from './read-phones.js'
import { rewriteFrame } from './rewrite-frame.js'
import { KEYS } from './scenario-keys.js'
import type { PhoneSettings, RuleSettings } from './scenario.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

export const RULE_ACTIONS = ['drop', 'delay', 'duplicate', 'corrupt', 'rewrite'] as const
type ActionName = (typeof RULE_ACTIONS)[number]

const MAX_COUNT = 1_000_000_000

/** What each protocol's messages are called, as FrameFacts names them. */
const MESSAGES: ReadonlyMap<string, readonly string[]> = new Map([
  ['dhcp', Object.keys(MessageType).map((name) => name.toLowerCase())],
  ['tftp', ['rrq', 'wrq', 'data', 'ack', 'error', 'oack']],
  ['http', ['get', 'put', 'post', 'head', 'delete', 'options', 'response']],
  ['tcp', ['syn', 'syn-ack', 'ack', 'fin', 'rst', 'data']],
  ['arp', ['request', 'reply']],
  ['icmp', ['echo request', 'echo reply', 'unreachable', 'time exceeded']],
])
/** Where a name is several protocols' and one of them is meant by everybody. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ['request', 'dhcp'],
  ['data', 'tftp'],
])
const PROTOCOLS = ['arp', 'ipv4', 'icmp', 'udp', 'tcp', 'dhcp', 'tftp', 'http', 'lldp', 'eapol'] as const

export interface RuleContext {
  readonly phones: readonly PhoneSettings[]
  readonly vlans: VlanNames
  /** What a rule may name; the first is meant when it names none. */
  readonly links: readonly string[]
  readonly servers: readonly string[]
}

export function loadRules(source: YamlSource, value: Value, context: RuleContext): readonly RuleSettings[] {
  return (source.list(value, 'rules') ?? []).flatMap((item) => {
    const fields = source.fields(item, 'a rule', KEYS.rule)
    if (fields === undefined) return []
    const given = RULE_ACTIONS.filter((action) => fields.has(action))
    const [name] = given
    if (name === undefined || given.length > 1) {
      const actions = given.length === 0 ? 'this one has none' : `this one has ${given.join(' and ')}`
      source.note(fields.node, `a rule has exactly one of ${RULE_ACTIONS.join(', ')}; ${actions}`)
      return []
    }
    const match = readMatch(source, fields.get(name), context)
    const action = readAction(source, fields, name)
    const link = source.text(fields.get('link'), 'link', 64) ?? context.links[0]!
    if (fields.has('link')) noteUnknownLink(source, fields.get('link'), link, context)
    const times = readTimes(source, fields)
    if (match === undefined || action === undefined) return []
    const which = readWhich(source, fields.get('which'))
    const probability = source.percentage(fields.get('probability'))
    const words = source.text(fields.get('name'), 'name', 100) ?? `${name} ${match.words}`
    const { direction, phones, server, frames } = match
    return [
      {
        name: words,
        link,
        match: frames,
        direction,
        phones,
        server,
        action,
        ...which,
        ...times,
        ...defined({ probability }),
      },
    ]
  })
}

/** A link's name, `phone-3` or `access`. */
export function noteUnknownLink(
  source: YamlSource,
  node: Value,
  link: string,
  { links, phones, servers }: Pick<RuleContext, 'links' | 'phones' | 'servers'>,
): void {
  const index = Number(/^phone-([0-9]{1,6})$/.exec(link)?.[1] ?? NaN)
  if (links.includes(link) || servers.includes(link) || (index >= 1 && index <= phones.length)) return
  const nearest = nearestName(link, [...links, ...servers])
  const right =
    nearest === undefined
      ? `one of ${[...links, ...servers].join(', ')}, phone-1 to phone-${phones.length}`
      : `did you mean '${nearest}'?`
  source.note(node, `unknown link '${shorten(link)}'; ${right}`)
}

interface Match {
  readonly frames: RuleSettings['match']
  readonly direction: 'up' | 'down' | undefined
  readonly phones: readonly number[] | undefined
  readonly server: string | undefined
  /** For the rule's name in logs. */
  readonly words: string
}

function readMatch(source: YamlSource, value: Value, context: RuleContext): Match | undefined {
  const node = source.resolve(value)
  const nothing = { direction: undefined, phones: undefined, server: undefined }
  if (node === undefined) return undefined
  if (!source.isMapping(node)) {
    const text = source.text(node, 'frames', 64)
    if (text === undefined) return undefined
    if (text.toLowerCase() === 'all') return { frames: {}, ...nothing, words: 'all' }
    const message = readMessage(source, node, undefined, false)
    return message === undefined ? undefined : { frames: message, ...nothing, words: text }
  }
  const fields = source.fields(node, 'frames', KEYS.frames)
  if (fields === undefined) return undefined
  const protocol = source.oneOf(fields.get('protocol'), 'protocol', PROTOCOLS)
  const block = source.integer(fields.get('block'), 'block', 0, 65_535)
  const message = fields.has('message') ? readMessage(source, fields.get('message'), protocol, block !== undefined) : {}
  const port = (key: 'port' | 'sourcePort' | 'destinationPort') => source.integer(fields.get(key), key, 0, 65_535)
  const octets = (key: 'minLength' | 'maxLength') => source.integer(fields.get(key), `${key} (octets)`, 0, 100_000)
  const server = source.text(fields.get('server'), 'server', 64)
  if (server !== undefined && !context.servers.includes(server)) {
    const nearest = nearestName(server, context.servers)
    const right =
      nearest === undefined ? `there are ${context.servers.join(', ') || 'none'}` : `did you mean '${nearest}'?`
    source.note(fields.get('server'), `no server '${shorten(server)}'; ${right}`)
  }
  const frames: Omit<FrameMatch, 'direction' | 'where'> = {
    ...defined({ protocol: block === undefined ? protocol : (protocol ?? 'tftp') }),
    ...message,
    ...defined({
      path: source.text(fields.get('path'), 'path', 1024),
      block,
      status: source.integer(fields.get('status'), 'status', 100, 999),
      port: port('port'),
      sourcePort: port('sourcePort'),
      destinationPort: port('destinationPort'),
      address: source.address(fields.get('address'), 'address'),
      source: source.address(fields.get('source'), 'source'),
      destination: source.address(fields.get('destination'), 'destination'),
      mac: readMac(source, fields.get('mac')),
      vlan: readVlan(source, fields.get('vlan'), context.vlans),
      minLength: octets('minLength'),
      maxLength: octets('maxLength'),
    }),
  }
  return {
    frames,
    direction: source.oneOf(fields.get('direction'), 'direction', ['up', 'down'] as const),
    phones: fields.has('phone')
      ? positionsOf(readPhones(source, fields.get('phone'), context.phones), context.phones)
      : undefined,
    server,
    words: [frames.protocol, frames.message, block === undefined ? undefined : `block ${block}`, frames.path]
      .filter((word) => word !== undefined)
      .join(' '),
  }
}

/** A message with or without its protocol: `OFFER`, `TFTP ACK`, `HTTP response`. */
function readMessage(
  source: YamlSource,
  value: Value,
  protocol: string | undefined,
  hasBlock: boolean,
): { readonly protocol?: string; readonly message?: string } | undefined {
  const text = source.text(value, 'message', 64)?.toLowerCase()
  if (text === undefined) return undefined
  if (MESSAGES.has(text) || (PROTOCOLS as readonly string[]).includes(text)) return { protocol: text }
  const [first = '', ...rest] = text.split(' ')
  const own = MESSAGES.has(first) && rest.length > 0 ? first : protocol
  const message = own === first && rest.length > 0 ? rest.join(' ') : text
  const having = [...MESSAGES].filter(([, messages]) => messages.includes(message)).map(([name]) => name)
  const named = own ?? (hasBlock ? 'tftp' : having.length > 1 ? MEANT.get(message) : having[0])
  if (named === undefined && having.length > 1) {
    const ways = having.map((name) => `'${name.toUpperCase()} ${message}'`).join(' or ')
    source.note(value, `several protocols have a message '${shorten(text)}'; write ${ways}`)
    return undefined
  }
  if (named !== undefined && (MESSAGES.get(named)?.includes(message) ?? true)) return { protocol: named, message }
  const known = named === undefined ? [...MESSAGES.values()].flat() : [...MESSAGES.get(named)!]
  const nearest = nearestName(message, known)
  const right = nearest === undefined ? `known are ${[...new Set(known)].join(', ')}` : `did you mean '${nearest}'?`
  source.note(value, `unknown message '${shorten(text)}'; ${right}`)
  return undefined
}

function readMac(source: YamlSource, value: Value): string | undefined {
  const text = source.text(value, 'mac', 64)
  if (text === undefined) return undefined
  const mac = parseMac(text)
  if (mac === undefined) source.note(value, `mac must be as 00:1b:4f:20:00:01, not '${shorten(text)}'`)
  return mac === undefined ? undefined : formatMac(mac)
}

function readAction(
  source: YamlSource,
  fields: Fields<(typeof KEYS.rule)[number]>,
  name: ActionName,
): FrameAction | undefined {
  const goesWith = { by: 'delay', copies: 'duplicate', set: 'rewrite' } as const
  for (const key of ['by', 'copies', 'set'] as const) {
    if (fields.has(key) && goesWith[key] !== name) source.note(fields.get(key), `'${key}' goes with '${goesWith[key]}'`)
  }
  switch (name) {
    case 'drop':
    case 'corrupt':
      return name
    case 'delay': {
      if (!fields.has('by')) source.note(fields.node, "a delay needs 'by', as { delay: OFFER, by: 3s }")
      const by = source.duration(fields.get('by'))
      return by === undefined ? undefined : { kind: 'delay', by }
    }
    case 'duplicate':
      return { kind: 'duplicate', copies: source.integer(fields.get('copies'), 'copies', 1, 1000) ?? 1 }
    case 'rewrite': {
      if (!fields.has('set')) source.note(fields.node, "a rewrite needs 'set', as { rewrite: OFFER, set: { ttl: 1 } }")
      const set = source.fields(fields.get('set'), 'what a rewrite sets', KEYS.rewrite)
      if (set === undefined) return undefined
      const replace = source.fields(set.get('replace'), 'replace', KEYS.replace)
      const find = source.text(replace?.get('find'), 'find', 256)
      const by = source.text(replace?.get('by'), 'by', 256)
      if (
        replace !== undefined &&
        (find === undefined || by === undefined || find.length !== by.length || find === '')
      ) {
        source.note(
          replace.node,
          "replace needs 'find' and 'by' of the same length: the octets around them stay in place",
        )
        return undefined
      }
      const change = rewriteFrame(
        defined({
          ttl: source.integer(set.get('ttl'), 'ttl', 0, 255),
          source: source.address(set.get('source'), 'source'),
          destination: source.address(set.get('destination'), 'destination'),
          sourcePort: source.integer(set.get('sourcePort'), 'sourcePort', 0, 65_535),
          destinationPort: source.integer(set.get('destinationPort'), 'destinationPort', 0, 65_535),
          replace: find === undefined || by === undefined ? undefined : { find, by },
        }),
      )
      return { kind: 'rewrite', change }
    }
  }
}

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth']
const WHICH_FORMS = 'every, first, second, 3rd, first 5, from second, every 3rd, 2-4'

/** Which of the frames that match: counted from 1, of each link by itself. */
function readWhich(source: YamlSource, value: Value): { nth?: number; every?: number; times?: number } {
  const text = source.text(value, 'which', 40)?.toLowerCase().trim()
  if (text === undefined || text === 'every' || text === 'all') return {}
  const ordinal = (word: string): number => {
    const digits = /^([0-9]{1,9})(?:st|nd|rd|th)?$/.exec(word)
    return digits === null ? ORDINALS.indexOf(word) + 1 : Number(digits[1])
  }
  const words = text.split(/\s+/)
  const [first = '', second] = words
  const range = /^([0-9]{1,9})-([0-9]{1,9})$/.exec(text)
  if (range !== null && Number(range[1]) >= 1 && Number(range[2]) >= Number(range[1])) {
    return { nth: Number(range[1]), times: Number(range[2]) - Number(range[1]) + 1 }
  }
  if (words.length === 1 && ordinal(first) > 0) return { nth: ordinal(first), times: 1 }
  const count = second === undefined || words.length > 2 ? 0 : ordinal(second)
  if (count > 0 && count <= MAX_COUNT) {
    if (first === 'first') return { times: count }
    if (first === 'from') return { nth: count }
    if (first === 'every') return { nth: count, every: count }
  }
  source.note(value, `'${shorten(text)}' counts nothing; write one of ${WHICH_FORMS}`)
  return {}
}

/** `from`, and `until` or `for`. */
function readTimes(
  source: YamlSource,
  fields: Fields<(typeof KEYS.rule)[number]>,
): { readonly from?: number; readonly until?: number } {
  const from = source.duration(fields.get('from'))
  const until = source.duration(fields.get('until'))
  const during = source.duration(fields.get('for'))
  if (until !== undefined && during !== undefined) source.note(fields.get('for'), "give 'until' or 'for', not both")
  if (until !== undefined && until <= (from ?? 0)) source.note(fields.get('until'), "'until' must be later than 'from'")
  return defined({ from, until: until ?? (during === undefined ? undefined : (from ?? 0) + during) })
}
