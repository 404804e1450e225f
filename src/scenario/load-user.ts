/**
 * What the user of a phone does: what he types when asked for credentials, and what he does when.
 */
import type { Nanos } from '../base/time.js'
import { OPTION_LABELS } from '../deskphone/backup-file.js'
import { nearestName } from '../deskphone/nearest-name.js'
import type { Phone } from '../emulator/phones/phone.js'
import { KEYS } from './scenario-keys.js'
import { shorten } from './yaml-source.js'
import type { Value, YamlSource } from './yaml-source.js'

export interface UserCredentials {
  readonly user: string
  readonly password: string
}

export const USER_DEEDS = ['backup', 'restore', 'delete', 'clear', 'reset', 'power-cycle'] as const

/** One thing that he does: a deed, or options changed by the labels of the screen. */
export interface UserAction {
  readonly at: Nanos
  readonly deed: (typeof USER_DEEDS)[number] | undefined
  readonly set: ReadonlyMap<string, string>
}

export interface User {
  /** One answer for each prompt. */
  readonly credentials: readonly UserCredentials[]
  readonly actions: readonly UserAction[]
}

const MAX_ACTIONS = 1000

export function loadUser(source: YamlSource, value: Value): User {
  const fields = source.fields(value, 'user', KEYS.user)
  return {
    credentials: loadCredentials(source, fields?.get('credentials')),
    actions: (source.list(fields?.get('actions'), 'actions') ?? [])
      .slice(0, MAX_ACTIONS)
      .flatMap((item) => loadAction(source, item)),
  }
}

/** One pair, or a list of them. */
export function loadCredentials(source: YamlSource, value: Value): readonly UserCredentials[] {
  return (source.list(value, 'credentials', true) ?? []).flatMap((item) => {
    const fields = source.fields(item, 'credentials', KEYS.credentials)
    if (fields === undefined) return []
    return [
      {
        user: source.text(fields.get('user'), 'user', 255) ?? '',
        password: source.text(fields.get('password'), 'password', 255) ?? '',
      },
    ]
  })
}

function loadAction(source: YamlSource, value: Value): readonly UserAction[] {
  const fields = source.fields(value, 'an action', KEYS.action)
  if (fields === undefined) return []
  if (!fields.has('at')) source.note(fields.node, 'an action needs a time, as at: 2min')
  if (fields.has('do') === fields.has('set')) source.note(fields.node, "an action has either 'do' or 'set'")
  const set = new Map<string, string>()
  for (const { key, keyNode, value: to } of fields.has('set') ? (source.entries(fields.get('set'), 'set') ?? []) : []) {
    if (!OPTION_LABELS.has(key)) {
      const nearest = nearestName(key, [...OPTION_LABELS.keys()])
      const right = nearest === undefined ? [...OPTION_LABELS.keys()].join(', ') : `did you mean '${nearest}'?`
      source.note(keyNode, `no option on the screen is called '${shorten(key)}'; ${right}`)
    }
    set.set(key, source.text(to, 'option', 255) ?? '')
  }
  const deed = fields.has('do') ? source.oneOf(fields.get('do'), 'do', USER_DEEDS) : undefined
  return [{ at: source.duration(fields.get('at')) ?? 0, deed, set }]
}

/** He does it. */
export function perform({ deed, set }: UserAction, phone: Phone): void {
  for (const [label, value] of set) phone.changeUserData(label, value)
  switch (deed) {
    case 'backup':
    case 'restore':
    case 'delete':
      return phone.request(deed)
    case 'clear':
      return phone.clearUserData()
    case 'reset':
      return phone.reset()
    case 'power-cycle':
      phone.powerOff()
      return phone.powerOn()
    case undefined:
      return
  }
}
