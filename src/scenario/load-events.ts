/**
 * `events:`, what happens during the run: to a link (`set` or `do: down`), to phones (`do: power-cycle`), to a server
 * (`do: stop`).
 */
import type { RampCondition } from '../emulator/link/link.js'
import { defined } from './defined.js'
import { loadLink } from './load-links.js'
import { noteUnknownLink } from './load-rules.js'
import type { RuleContext } from './load-rules.js'
import { positionsOf, readPhones } from './read-phones.js'
import { KEYS } from './scenario-keys.js'
import { PHONE_ACTIONS, SERVER_ACTIONS } from './scenario.js'
import type { LinkEvent, PhoneEvent, ScenarioEvent, ServerEvent } from './scenario.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'
import { nearestName } from '../deskphone/nearest-name.js'

export const LINK_ACTIONS = ['down', 'up'] as const
const SUBJECTS = ['link', 'phone', 'server'] as const
const EXAMPLE = '{ at: 30s, link: uplink, set: { loss: 10% }, for: 20s }'

/** Conditions that can change little by little; link.ts. */
const RAMPED: ReadonlySet<string> = new Set<RampCondition>([
  'delay',
  'jitter',
  'rate',
  'loss',
  'duplicate',
  'corrupt',
  'reorder',
  'limit',
  'limitBytes',
  'mtu',
])

export function isRamped(condition: string): condition is RampCondition {
  return RAMPED.has(condition)
}

export function loadEvents(source: YamlSource, value: Value, context: RuleContext): readonly ScenarioEvent[] {
  return (source.list(value, 'events') ?? []).flatMap((item): readonly ScenarioEvent[] => {
    const fields = source.fields(item, 'an event', KEYS.event)
    if (fields === undefined) return []
    const subjects = SUBJECTS.filter((key) => fields.has(key))
    const [subject] = subjects
    if (!fields.has('at')) source.note(fields.node, `an event needs 'at', as ${EXAMPLE}`)
    if (subject === undefined) source.note(fields.node, `an event needs 'link', 'phone' or 'server', as ${EXAMPLE}`)
    else if (subjects.length > 1) source.note(fields.node, `an event has one of ${SUBJECTS.join(', ')}`)
    const at = source.duration(fields.get('at')) ?? 0
    const duration = source.duration(fields.get('for'))
    const common = { at, duration }
    switch (subject) {
      case 'link':
        return loadLinkEvent(source, fields, common, context)
      case 'phone':
        return loadPhoneEvent(source, fields, common, context)
      case 'server':
        return loadServerEvent(source, fields, common, context)
      default:
        return []
    }
  })
}

type EventFields = Fields<(typeof KEYS.event)[number]>
type Common = Pick<LinkEvent, 'at' | 'duration'>

/** Keys that only some kinds of event have. */
function refuse(
  source: YamlSource,
  fields: EventFields,
  keys: readonly ('set' | 'ramp' | 'option')[],
  what: string,
): void {
  for (const key of keys) if (fields.has(key)) source.note(fields.get(key), `${what} has no '${key}'`)
}

function loadLinkEvent(
  source: YamlSource,
  fields: EventFields,
  common: Common,
  context: RuleContext,
): readonly LinkEvent[] {
  refuse(source, fields, ['option'], 'a link')
  const link = source.text(fields.get('link'), 'link', 64)
  if (link === undefined) return []
  noteUnknownLink(source, fields.get('link'), link, context)
  const action = source.oneOf(fields.get('do'), 'action of a link', LINK_ACTIONS)
  if (fields.has('set') === fields.has('do'))
    source.note(fields.node, `an event of a link needs 'set' or 'do', as ${EXAMPLE}`)
  const set = action === undefined ? loadLink(source, fields.get('set')) : { down: action === 'down' }
  const ramp = source.duration(fields.get('ramp'))
  if (ramp === 0) source.note(fields.get('ramp'), "a ramp takes time; leave 'ramp' away for a change at once")
  if (ramp !== undefined && action !== undefined) source.note(fields.get('ramp'), 'a link goes down at once')
  if (ramp !== undefined && common.duration !== undefined && common.duration < ramp) {
    source.note(fields.get('for'), "'for' counts from the start and must be at least as long as 'ramp'")
  }
  return [{ ...common, link, set, ...defined({ ramp: ramp === 0 ? undefined : ramp }) }]
}

function loadPhoneEvent(
  source: YamlSource,
  fields: EventFields,
  common: Common,
  { phones }: RuleContext,
): readonly PhoneEvent[] {
  refuse(source, fields, ['set', 'ramp'], 'an event of a phone')
  const selected = positionsOf(readPhones(source, fields.get('phone'), phones), phones)
  const example = '{ at: 2min, phone: 3, do: power-cycle }'
  if (!fields.has('do')) source.note(fields.node, `an event of a phone needs 'do', as ${example}`)
  const action = source.oneOf(fields.get('do'), 'action of a phone', PHONE_ACTIONS)
  if (action === undefined) return []
  if (common.duration !== undefined && action !== 'power-cycle' && action !== 'power-off') {
    source.note(fields.get('for'), `'for' goes with power-off and power-cycle, not with ${action}`)
  }
  const wantsOption = action === 'change-option'
  if (fields.has('option') !== wantsOption) {
    const text = wantsOption ? "change-option needs 'option', as option: { REDIAL: 1 }" : `${action} has no 'option'`
    source.note(fields.get('option') ?? fields.node, text)
  }
  const [pair] = fields.has('option') ? (source.entries(fields.get('option'), 'option') ?? []) : []
  const option =
    pair === undefined
      ? undefined
      : { label: pair.key, value: source.text(pair.value, 'the value of the option') ?? '' }
  return [{ ...common, phones: selected, action, ...defined({ option }) }]
}

function loadServerEvent(
  source: YamlSource,
  fields: EventFields,
  common: Common,
  { servers }: RuleContext,
): readonly ServerEvent[] {
  refuse(source, fields, ['set', 'ramp', 'option'], 'an event of a server')
  const server = source.text(fields.get('server'), 'server', 64)
  if (!fields.has('do'))
    source.note(fields.node, "an event of a server needs 'do', as { at: 1min, server: http, do: stop }")
  const action = source.oneOf(fields.get('do'), 'action of a server', SERVER_ACTIONS)
  if (server !== undefined && !servers.includes(server)) {
    const nearest = nearestName(server, servers)
    const right = nearest === undefined ? `there are ${servers.join(', ') || 'none'}` : `did you mean '${nearest}'?`
    source.note(fields.get('server'), `no server '${shorten(server)}'; ${right}`)
  }
  if (action === 'start' && common.duration !== undefined)
    source.note(fields.get('for'), "'for' goes with stop and restart")
  return server === undefined || action === undefined ? [] : [{ ...common, server, action }]
}
