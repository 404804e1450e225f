/**
 * The `phones:` part of a scenario: groups of phones alike become single phones, MACs, extensions and start times
 * counted up.
 */
import type { Nanos } from '../base/time.js'
import { MODELS, modelByName, phoneMac, suggestModel } from '../deskphone/series.js'
import { formatMac, parseMac } from '../wire/ethernet.js'
import { loadAssumptions } from './load-assumptions.js'
import { loadCredentials, loadUser, type User } from './load-user.js'
import { KEYS } from './scenario-keys.js'
import type { PhoneSettings } from './scenario.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

/** Phones of one run; the goal of the architecture. */
const MAX_PHONES = 100_000
const FIRST_EXTENSION = 1001

/** @param hasCallServer whether phones register unless they are told */
export function loadPhones(source: YamlSource, value: Value, hasCallServer: boolean): readonly PhoneSettings[] {
  return new PhoneLoader(source, hasCallServer).phones(value)
}

class PhoneLoader {
  readonly #source: YamlSource
  readonly #hasCallServer: boolean

  constructor(source: YamlSource, hasCallServer: boolean) {
    this.#source = source
    this.#hasCallServer = hasCallServer
  }

  phones(value: Value): readonly PhoneSettings[] {
    const source = this.#source
    const phones: PhoneSettings[] = []
    const taken = new Map<string, number>()
    for (const item of source.list(value, 'phones') ?? []) {
      const fields = source.fields(item, 'a phone', KEYS.phone)
      if (fields === undefined) continue
      if (!fields.has('model')) source.note(fields.node, 'a phone needs a model, as model: 1608')
      const name = source.text(fields.get('model'), 'model', 64)
      const model = name === undefined ? undefined : modelByName(name)
      if (name !== undefined && model === undefined) {
        const nearest = suggestModel(name)
        const right =
          nearest === undefined ? `known models: ${MODELS.map((m) => m.name).join(', ')}` : `did you mean '${nearest}'?`
        source.note(fields.get('model'), `unknown phone model '${shorten(name)}'; ${right}`)
      }
      const count = source.integer(fields.get('count'), 'count', 1, MAX_PHONES) ?? 1
      if (phones.length + count > MAX_PHONES) {
        source.note(fields.get('count') ?? fields.node, `more than ${MAX_PHONES} phones in all`)
        continue
      }
      const firstMac = this.#mac(fields.get('mac'))
      const start = this.#start(fields.get('start'))
      const extension = this.#extension(fields.get('extension'))
      const user = this.#user(fields)
      const assume = loadAssumptions(source, fields.get('assume'))
      const group = source.integer(fields.get('group'), 'group', 0, 999) ?? 0
      const password = source.text(fields.get('password'), 'password', 40) ?? ''
      const registration = this.#registration(fields.get('registration'))
      const takesOver = source.boolean(fields.get('takesOver'), 'takesOver') ?? false
      const application = this.#application(fields)
      const backup = fields.has('backup') ? (source.boolean(fields.get('backup'), 'backup') ?? true) : true
      for (let i = 0; i < count; i++) {
        const position = phones.length
        const mac = firstMac === undefined ? phoneMac(model?.series ?? '1600', position) : nextMac(firstMac, i)
        if ((parseInt(mac.slice(0, 2), 16) & 1) !== 0 && i > 0) {
          source.note(fields.get('mac') ?? fields.node, `counted up, the MACs run into group addresses at ${mac}`)
          break
        }
        const before = taken.get(mac)
        if (before !== undefined) {
          source.note(fields.get('mac') ?? fields.node, `MAC ${mac} is that of phone ${before + 1} already`)
          break
        }
        taken.set(mac, position)
        phones.push({
          model: model?.name ?? '1608',
          mac,
          extension: extension === undefined ? String(FIRST_EXTENSION + position) : addToDigits(extension, i),
          password,
          registration,
          takesOver,
          start: start.at + i * start.every,
          user,
          assume,
          group,
          application,
          backup,
        })
      }
    }
    return phones
  }

  #mac(value: Value): string | undefined {
    const text = this.#source.text(value, 'mac')
    if (text === undefined) return undefined
    const mac = parseMac(text)
    if (mac === undefined) {
      this.#source.note(value, `mac must be as 00:1b:4f:20:00:01, not '${shorten(text)}'`)
      return undefined
    }
    if (mac.every((octet) => octet === 0)) this.#source.note(value, 'all zeros is no MAC of a phone')
    if ((mac[0]! & 1) !== 0) {
      this.#source.note(value, `${formatMac(mac)} is a group address; a phone has an individual one (even first octet)`)
    }
    return formatMac(mac)
  }

  /** A time, or `{ at, every }` for phones that come on one after another. */
  #start(value: Value): { at: Nanos; every: Nanos } {
    const source = this.#source
    const node = source.resolve(value)
    if (node === undefined) return { at: 0, every: 0 }
    if (!source.isMapping(node)) return { at: source.duration(node) ?? 0, every: 0 }
    const fields = source.fields(node, 'start', KEYS.start)
    return { at: source.duration(fields?.get('at')) ?? 0, every: source.duration(fields?.get('every')) ?? 0 }
  }

  #extension(value: Value): string | undefined {
    const text = this.#source.text(value, 'extension')
    if (text === undefined || /^[0-9]{1,13}$/.test(text)) return text
    this.#source.note(value, `an extension is 1 to 13 digits, not '${shorten(text)}'`)
    return undefined
  }

  /** `credentials` is the short form of a user who types that and does nothing else. */
  #user(fields: Fields<(typeof KEYS.phone)[number]>): User {
    const source = this.#source
    if (!fields.has('user')) return { credentials: loadCredentials(source, fields.get('credentials')), actions: [] }
    if (fields.has('credentials')) source.note(fields.get('credentials'), "'credentials' stand below 'user' here")
    return loadUser(source, fields.get('user'))
  }

  #registration(value: Value): PhoneSettings['registration'] {
    const source = this.#source
    const node = source.resolve(value)
    if (node === undefined) return this.#hasCallServer ? 'extension' : 'none'
    const text = source.text(node, 'registration')
    if (text === 'true') return 'extension'
    if (text === 'false') return 'none'
    return source.oneOf(node, 'registration', ['unnamed']) ?? 'extension'
  }

  /** The image in flash: a name, `none`, or the model's own. */
  #application(fields: Fields<(typeof KEYS.phone)[number]>): string | null | undefined {
    const text = this.#source.text(fields.get('application'), 'application', 255)
    return text === 'none' ? null : text
  }
}

/** The `steps`-th MAC after this one. */
function nextMac(mac: string, steps: number): string {
  const number = parseInt(mac.replaceAll(':', ''), 16) + steps
  return (number % 2 ** 48)
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:')
}

/** `0099` plus 2 is `0101`. */
function addToDigits(digits: string, steps: number): string {
  return String(Number(digits) + steps).padStart(digits.length, '0')
}
