/**
 * The `faults:` of a server.
 */
import { FAULT_KINDS, faultProblem } from '../servers/faults.js'
import type { FaultAction, ServerFault, ServerKind } from '../servers/faults.js'
import { defined } from './defined.js'
import { KEYS } from './scenario-keys.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

const MAX_COUNT = 1_000_000_000

export function loadFaults(source: YamlSource, value: Value, server: ServerKind): readonly ServerFault[] {
  return (source.list(value, 'faults') ?? []).flatMap((item) => {
    const fields = source.fields(item, 'a fault', KEYS.fault)
    if (fields === undefined) return []
    const given = FAULT_KINDS.filter((action) => fields.has(action))
    const [name] = given
    if (name === undefined || given.length > 1) {
      const actions = given.length === 0 ? 'this one has none' : `this one has ${given.join(' and ')}`
      source.note(fields.node, `a fault has exactly one of ${FAULT_KINDS.join(', ')}; ${actions}`)
      return []
    }
    const action = loadAction(source, fields, name, server)
    if (action === undefined) return []
    const match = source.fields(fields.get('match'), 'match', KEYS.match)
    const from = source.duration(fields.get('from'))
    const until = source.duration(fields.get('until'))
    if (from !== undefined && until !== undefined && until <= from) {
      source.note(fields.get('until'), "'until' must be later than 'from'")
    }
    const wanted =
      match === undefined
        ? undefined
        : defined({
            path: source.text(match.get('path'), 'path'),
            method: source.text(match.get('method'), 'method')?.toUpperCase(),
            message: source.text(match.get('message'), 'message')?.toUpperCase(),
            client: source.text(match.get('client'), 'client')?.toLowerCase(),
          })
    const skip = source.integer(fields.get('skip'), 'skip', 0, MAX_COUNT)
    const count = source.integer(fields.get('count'), 'count', 1, MAX_COUNT)
    const fault: ServerFault = { ...defined({ match: wanted, skip, count, from, until }), ...action }
    const problem = faultProblem(fault, server)
    if (problem !== undefined) source.note(fields.get(name), problem)
    return problem === undefined ? [fault] : []
  })
}

function loadAction(
  source: YamlSource,
  fields: Fields<(typeof KEYS.fault)[number]>,
  name: (typeof FAULT_KINDS)[number],
  server: ServerKind,
): FaultAction | undefined {
  const node = fields.get(name)
  for (const key of ['headers', 'body'] as const) {
    if (fields.has(key) && name !== 'status') source.note(fields.get(key), `'${key}' goes with 'status' only`)
  }
  const value = <T>(read: T | undefined, make: (value: T) => FaultAction) =>
    read === undefined ? undefined : make(read)
  switch (name) {
    case 'noAnswer':
    case 'refuse':
    case 'reset':
    case 'duplicate':
    case 'nak': {
      const on = source.boolean(node, name)
      if (on === false) source.note(node, `remove the fault, or write ${name}: true`)
      if (on !== true) return undefined
      if (name === 'noAnswer') return { noAnswer: true }
      if (name === 'refuse') return { refuse: true }
      if (name === 'duplicate') return { duplicate: true }
      return name === 'reset' ? { reset: true } : { nak: true }
    }
    case 'hang':
      return value(source.duration(node), (hang) => ({ hang }))
    case 'reject':
      return value(source.text(node, 'reject', 64), (reject) => ({ reject }))
    case 'delay':
      return value(source.duration(node), (delay) => ({ delay }))
    case 'truncate':
      return value(source.size(node), (truncate) => ({ truncate }))
    case 'raw':
      return value(source.text(node, 'raw', 100_000), (raw) => ({ raw }))
    case 'throttle':
      return value(source.integer(node, 'throttle (octets a second)', 1, 1_000_000_000), (throttle) => ({ throttle }))
    case 'error':
      if (server === 'dns') return value(loadRcode(source, node), (error) => ({ error }))
      return value(source.integer(node, 'error (TFTP error code)', 0, 8), (error) => ({ error }))
    case 'status': {
      const headers: Record<string, string> = {}
      const pairs = fields.has('headers') ? source.entries(fields.get('headers'), 'headers') : undefined
      for (const { key, keyNode, value } of pairs ?? []) {
        const text = source.text(value, 'header') ?? ''
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key)) source.note(keyNode, `no header can be named '${shorten(key)}'`)
        if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
          source.note(value, 'a header has no line breaks or control characters')
        headers[key] = text
      }
      const body = source.text(fields.get('body'), 'body', 100_000)
      const rest = defined({ headers: pairs === undefined ? undefined : headers, body })
      return value(source.integer(node, 'status', 100, 599), (status) => ({ status, ...rest }))
    }
  }
}

/** The response codes of DNS by the names that dig prints, RFC 1035 §4.1.1. */
const RCODES: ReadonlyMap<string, number> = new Map([
  ['FORMERR', 1],
  ['SERVFAIL', 2],
  ['NXDOMAIN', 3],
  ['NOTIMP', 4],
  ['REFUSED', 5],
])

function loadRcode(source: YamlSource, node: Value): number | undefined {
  const text = source.text(node, 'error')
  if (text !== undefined && /^\d+$/.test(text)) return source.integer(node, 'error (DNS response code)', 0, 15)
  const name = source.oneOf(node, 'error', [...RCODES.keys()])
  return name === undefined ? undefined : RCODES.get(name)
}
