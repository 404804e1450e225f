/**
 * What a link does to frames, in netem's words: `delay`, `jitter`, `loss` and the rest, for both directions, and under
 * `up` (towards the servers) and `down` (towards the phones) for one.
 */
import type { LossModel } from '../emulator/link/chance.js'
import { changeConditions, PERFECT } from '../emulator/link/impairments.js'
import type { LinkConditions, Slot } from '../emulator/link/impairments.js'
import type { Distribution } from '../emulator/link/delay-distribution.js'
import type { Discipline } from '../emulator/link/queue-discipline.js'
import { defined } from './defined.js'
import { KEYS } from './scenario-keys.js'
import type { LinkSettings } from './scenario.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

type Conditions = Partial<LinkConditions>

const MAX_PACKETS = 1_000_000
const DISTRIBUTIONS = ['uniform', 'normal', 'pareto', 'paretonormal'] as const
/** What netem takes. */
const MAX_TABLE = 16_384
/** Floyd and Jacobson's thresholds. */
const DEFAULT_RED = { min: 5, max: 15 } as const

export function loadLink(source: YamlSource, value: Value, what = 'a link'): LinkSettings {
  const fields = source.fields(value, what, KEYS.link)
  return fields === undefined ? {} : linkSettings(source, fields)
}

/** @param fields of a mapping that has more keys than those of a link */
export function linkSettings(source: YamlSource, fields: Fields<(typeof KEYS.link)[number]>): LinkSettings {
  const both = readConditions(source, fields)
  const direction = (key: 'up' | 'down'): Conditions | undefined => {
    const node = source.resolve(fields.get(key))
    if (node === undefined || (key === 'down' && source.asBoolean(node) !== undefined)) return undefined
    const inner = source.fields(node, `the direction '${key}'`, KEYS.linkDirection)
    return inner === undefined ? undefined : readConditions(source, inner)
  }
  return { ...both, ...defined({ upward: direction('up'), downward: direction('down') }) }
}

function readConditions(source: YamlSource, fields: Fields<(typeof KEYS.linkDirection)[number]>): Conditions {
  const conditions: Conditions = {
    ...defined({
      delay: source.duration(fields.get('delay')),
      slot: readSlot(source, fields.get('slot')),
      mtu: readOctets(source, fields.get('mtu'), 'mtu'),
      discipline: readQueue(source, fields.get('queue')),
      down: readDown(source, fields.get('down')),
      model: source.oneOf(fields.get('model'), 'model', ['cable', 'netem'] as const),
    }),
    ...readJitter(source, fields.get('jitter')),
    ...readRate(source, fields.get('rate')),
    ...readLimit(source, fields.get('limit')),
    ...readLoss(source, fields.get('loss')),
    ...readShare(source, fields.get('duplicate'), 'duplicate'),
    ...readShare(source, fields.get('corrupt'), 'corrupt'),
    ...readReorder(source, fields.get('reorder')),
  }
  // What each reader lets through alone can still be impossible together.
  try {
    changeConditions(PERFECT, conditions)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    source.note(fields.node, error.message)
  }
  return conditions
}

/** `down: true`, beside `down: { ... }` for a direction. */
function readDown(source: YamlSource, value: Value): boolean | undefined {
  return source.asBoolean(value)
}

function readJitter(source: YamlSource, value: Value): Conditions {
  const node = source.resolve(value)
  if (node === undefined) return {}
  if (!source.isMapping(node)) return defined({ jitter: source.duration(node) })
  const fields = source.fields(node, 'jitter', KEYS.jitter)
  if (fields === undefined) return {}
  need(source, fields, 'jitter', 'by', '{ by: 3ms, distribution: normal }')
  return defined({
    jitter: source.duration(fields.get('by')),
    distribution: readDistribution(source, fields.get('distribution')),
    delayCorrelation: source.percentage(fields.get('correlation')),
  })
}

/** A name, or the table itself: a list of whole numbers, 8192 to a standard deviation, as `tc` reads it. */
function readDistribution(source: YamlSource, value: Value): Distribution | undefined {
  const node = source.resolve(value)
  if (node === undefined || !source.isList(node)) return source.oneOf(node, 'distribution', DISTRIBUTIONS)
  const items = source.list(node, 'distribution') ?? []
  if (items.length === 0 || items.length > MAX_TABLE) {
    source.note(node, `a distribution is a name or a list of 1 to ${MAX_TABLE} whole numbers`)
    return undefined
  }
  return Int16Array.from(items, (item) => source.integer(item, 'a value of the distribution', -32_768, 32_767) ?? 0)
}

function readRate(source: YamlSource, value: Value): Conditions {
  const node = source.resolve(value)
  if (node === undefined) return {}
  if (!source.isMapping(node)) return defined({ rate: source.rate(node) })
  const fields = source.fields(node, 'rate', KEYS.rateWithOverhead)
  if (fields === undefined) return {}
  need(source, fields, 'rate', 'bits', '{ bits: 2mbit, overhead: 24B }')
  return defined({
    rate: source.rate(fields.get('bits')),
    overhead: readSignedOctets(source, fields.get('overhead'), 'overhead'),
    cellSize: readOctets(source, fields.get('cell'), 'cell'),
    cellOverhead: readSignedOctets(source, fields.get('cellOverhead'), 'cellOverhead'),
  })
}

/** `100` frames, `64kB`, or `{ packets, bytes }`. */
function readLimit(source: YamlSource, value: Value): Conditions {
  const node = source.resolve(value)
  if (node === undefined) return {}
  if (source.isMapping(node)) {
    const fields = source.fields(node, 'limit', KEYS.limit)
    return defined({
      limit: source.integer(fields?.get('packets'), 'packets', 1, MAX_PACKETS),
      limitBytes: readOctets(source, fields?.get('bytes'), 'bytes'),
    })
  }
  const text = source.text(node, 'limit')
  if (text === undefined) return {}
  if (/[A-Za-z]/.test(text)) return defined({ limitBytes: source.size(node) })
  return defined({ limit: source.integer(node, 'limit (frames)', 1, MAX_PACKETS) })
}

function readLoss(source: YamlSource, value: Value): Conditions {
  const node = source.resolve(value)
  if (node === undefined || !source.isMapping(node)) return readShare(source, node, 'loss')
  const fields = source.fields(node, 'loss', KEYS.loss)
  if (fields === undefined) return {}
  const given = (['share', 'gilbertElliott', 'fourState'] as const).filter((key) => fields.has(key))
  if (given.length !== 1) {
    source.note(node, 'loss is one of share, gilbertElliott, fourState, as { gilbertElliott: { p: 1%, r: 20% } }')
    return {}
  }
  if (fields.has('share')) {
    return defined({
      loss: source.percentage(fields.get('share')),
      lossCorrelation: source.percentage(fields.get('correlation')),
    })
  }
  if (fields.has('correlation')) {
    source.note(fields.get('correlation'), "'correlation' goes with 'share'; a model has its own memory")
  }
  const lossModel = fields.has('gilbertElliott')
    ? readGilbertElliott(source, fields.get('gilbertElliott'))
    : readFourState(source, fields.get('fourState'))
  return defined({ lossModel })
}

/** What is not given is as tc has it: r is the rest of p, everything is lost in the bad state and nothing in the good. */
function readGilbertElliott(source: YamlSource, value: Value): LossModel | undefined {
  const fields = source.fields(value, 'gilbertElliott', KEYS.gilbertElliott)
  if (fields === undefined) return undefined
  need(source, fields, 'gilbertElliott', 'p', '{ p: 1%, r: 20%, 1-h: 100%, 1-k: 0% }')
  const p = source.percentage(fields.get('p')) ?? 0
  return {
    kind: 'gilbert-elliott',
    p,
    r: source.percentage(fields.get('r')) ?? 1 - p,
    lossInBad: source.percentage(fields.get('1-h')) ?? 1,
    lossInGood: source.percentage(fields.get('1-k')) ?? 0,
  }
}

/** The defaults are tc's. */
function readFourState(source: YamlSource, value: Value): LossModel | undefined {
  const fields = source.fields(value, 'fourState', KEYS.fourState)
  if (fields === undefined) return undefined
  need(source, fields, 'fourState', 'p13', '{ p13: 1%, p31: 20%, p32: 10%, p23: 30%, p14: 0.1% }')
  const p13 = source.percentage(fields.get('p13')) ?? 0
  return {
    kind: 'four-state',
    p13,
    p31: source.percentage(fields.get('p31')) ?? 1 - p13,
    p32: source.percentage(fields.get('p32')) ?? 0,
    p23: source.percentage(fields.get('p23')) ?? 1,
    p14: source.percentage(fields.get('p14')) ?? 0,
  }
}

function readShare(source: YamlSource, value: Value, key: 'loss' | 'duplicate' | 'corrupt'): Conditions {
  const node = source.resolve(value)
  if (node === undefined) return {}
  if (!source.isMapping(node)) return defined({ [key]: source.percentage(node) })
  const fields = source.fields(node, key, KEYS.share)
  if (fields === undefined) return {}
  need(source, fields, key, 'share', '{ share: 1%, correlation: 25% }')
  return defined({
    [key]: source.percentage(fields.get('share')),
    [`${key}Correlation`]: source.percentage(fields.get('correlation')),
  })
}

function readReorder(source: YamlSource, value: Value): Conditions {
  const node = source.resolve(value)
  if (node === undefined) return {}
  if (!source.isMapping(node)) return defined({ reorder: source.percentage(node) })
  const fields = source.fields(node, 'reorder', KEYS.reorder)
  if (fields === undefined) return {}
  const share = source.percentage(fields.get('share'))
  const gap = source.integer(fields.get('gap'), 'gap (frames)', 1, MAX_PACKETS)
  if (share === undefined && gap === undefined) {
    source.note(node, 'reorder needs a share, a gap or both, as { share: 25%, gap: 5 }')
  }
  return defined({ reorder: share, gap, reorderCorrelation: source.percentage(fields.get('correlation')) })
}

/** A name with its usual settings, or `{ red: { ... } }`, `{ codel: { ... } }`. */
function readQueue(source: YamlSource, value: Value): Discipline | undefined {
  const node = source.resolve(value)
  if (node === undefined) return undefined
  if (!source.isMapping(node)) {
    const name = source.oneOf(node, 'queue', ['tail', 'red', 'codel'] as const)
    if (name === undefined) return undefined
    return name === 'tail' ? 'tail-drop' : name === 'red' ? { kind: 'red', ...DEFAULT_RED } : { kind: 'codel' }
  }
  const fields = source.fields(node, 'queue', KEYS.queue)
  if (fields === undefined) return undefined
  if (fields.has('red') === fields.has('codel')) {
    source.note(node, 'a queue is tail, red, codel, { red: { min: 5, max: 15 } } or { codel: { target: 5ms } }')
    return undefined
  }
  if (fields.has('codel')) {
    const codel = source.fields(fields.get('codel'), 'codel', KEYS.codel)
    return {
      kind: 'codel',
      ...defined({ target: source.duration(codel?.get('target')), interval: source.duration(codel?.get('interval')) }),
    }
  }
  const red = source.fields(fields.get('red'), 'red', KEYS.red)
  return {
    kind: 'red',
    min: source.integer(red?.get('min'), 'min (frames)', 0, MAX_PACKETS) ?? DEFAULT_RED.min,
    max: source.integer(red?.get('max'), 'max (frames)', 1, MAX_PACKETS) ?? DEFAULT_RED.max,
    ...defined({
      probability: source.percentage(red?.get('probability')),
      weight: source.percentage(red?.get('weight')),
    }),
  }
}

/** A time, or `{ min, max, packets, bytes }`. */
function readSlot(source: YamlSource, value: Value): Slot | undefined {
  const node = source.resolve(value)
  if (node === undefined) return undefined
  if (!source.isMapping(node)) {
    const every = source.duration(node)
    return every === undefined ? undefined : { minDelay: every, maxDelay: every }
  }
  const fields = source.fields(node, 'slot', KEYS.slot)
  if (fields === undefined) return undefined
  need(source, fields, 'slot', 'min', '{ min: 10ms, max: 20ms, packets: 8 }')
  const minDelay = source.duration(fields.get('min')) ?? 0
  return {
    minDelay,
    maxDelay: source.duration(fields.get('max')) ?? minDelay,
    ...defined({
      maxPackets: source.integer(fields.get('packets'), 'packets', 1, MAX_PACKETS),
      maxBytes: readOctets(source, fields.get('bytes'), 'bytes'),
    }),
  }
}

/** Octets with or without their unit. */
function readOctets(source: YamlSource, value: Value, what: string): number | undefined {
  const text = source.text(value, what)
  if (text === undefined) return undefined
  return /^[0-9]+$/.test(text) ? source.integer(value, `${what} (octets)`, 1, 1_000_000_000) : source.size(value)
}

/** The same, below zero too: a rate that counts less than the frame. */
function readSignedOctets(source: YamlSource, value: Value, what: string): number | undefined {
  const text = source.text(value, what)
  const match = text === undefined ? null : /^(-?[0-9]{1,5}) ?B?$/.exec(text)
  if (match !== null) return Number(match[1])
  if (text !== undefined) source.note(value, `${what} is a number of octets, as 24B or -14B, not '${shorten(text)}'`)
  return undefined
}

function need<K extends string>(source: YamlSource, fields: Fields<K>, what: string, key: K, as: string): void {
  if (!fields.has(key)) source.note(fields.node, `${what} needs '${key}', as ${as}`)
}
