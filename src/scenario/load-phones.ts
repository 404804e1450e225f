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
import { defined } from './defined.js'
import { loadPhoneNetwork } from './load-phone-network.js'
import { readPort } from './read-places.js'
import type { VlanNames } from './read-places.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

/** Phones of one run; the goal of the architecture. */
const MAX_PHONES = 100_000
const FIRST_EXTENSION = 1001

interface StartPattern {
  readonly at: Nanos
  /** Of the i-th of so many phones, since `at`. */
  offset(i: number, count: number): Nanos
  /** At random up to so much later. */
  readonly within: Nanos | undefined
}

/** @param hasCallServer whether phones register unless they are told */
export function loadPhones(
  source: YamlSource,
  value: Value,
  vlans: VlanNames,
  hasCallServer: boolean,
): readonly PhoneSettings[] {
  return new PhoneLoader(source, vlans, hasCallServer).phones(value)
}

class PhoneLoader {
  readonly #source: YamlSource
  readonly #vlans: VlanNames
  readonly #hasCallServer: boolean

  constructor(source: YamlSource, vlans: VlanNames, hasCallServer: boolean) {
    this.#source = source
    this.#vlans = vlans
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
      const password = source.text(fields.get('password'), 'password', 40) ?? ''
      const registration = this.#registration(fields.get('registration'))
      const takesOver = source.boolean(fields.get('takesOver'), 'takesOver') ?? false
      const application = this.#application(fields)
      const backup = fields.has('backup') ? (source.boolean(fields.get('backup'), 'backup') ?? true) : true
      const { group, groupName } = this.#group(fields.get('group'))
      const stored = loadPhoneNetwork(source, fields, this.#vlans)
      const place = defined({
        at: source.text(fields.get('at'), 'at', 64),
        port: readPort(source, fields.get('port'), this.#vlans),
      })
      const more = defined({
        groupName,
        startWithin: start.within,
        stored: Object.keys(stored).length > 0 ? stored : undefined,
        place: 'at' in place || 'port' in place ? place : undefined,
      })
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
          start: start.at + start.offset(i, count),
          user,
          assume,
          group,
          application,
          backup,
          ...more,
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

  /** A time, or `{ at }` with how phones come on one after another. */
  #start(value: Value): StartPattern {
    const source = this.#source
    const node = source.resolve(value)
    const atOnce = { at: 0, offset: () => 0, within: undefined }
    if (node === undefined) return atOnce
    if (!source.isMapping(node)) return { ...atOnce, at: source.duration(node) ?? 0 }
    const fields = source.fields(node, 'start', KEYS.start)
    if (fields === undefined) return atOnce
    const patterns = (['every', 'over', 'ramp', 'within'] as const).filter((key) => fields.has(key))
    if (patterns.length > 1)
      source.note(node, `phones start by one of every, over, ramp, within; this has ${patterns.join(' and ')}`)
    const [pattern] = patterns
    const time = pattern === undefined ? 0 : (source.duration(fields.get(pattern)) ?? 0)
    return {
      at: source.duration(fields.get('at')) ?? 0,
      offset: (i, count) => {
        const share = count === 1 ? 0 : i / (count - 1)
        switch (pattern) {
          case 'every':
            return i * time
          case 'over':
            return Math.round(time * share)
          // Ever faster: so many have come by now as the square of the time that has passed.
          case 'ramp':
            return Math.round(time * Math.sqrt(share))
          default:
            return 0
        }
      },
      within: pattern === 'within' ? time : undefined,
    }
  }

  /** A number is the phone's own GROUP, for IF $GROUP in scripts; a name is what the scenario calls these phones. */
  #group(value: Value): { readonly group: number; readonly groupName: string | undefined } {
    const source = this.#source
    const text = source.text(value, 'group', 40)
    if (text === undefined) return { group: 0, groupName: undefined }
    if (/^-?[0-9]/.test(text)) return { group: source.integer(value, 'group', 0, 999) ?? 0, groupName: undefined }
    if (!/^[A-Za-z][A-Za-z0-9_ -]*$/.test(text) || text === 'all' || modelByName(text) !== undefined) {
      source.note(value, `a group is a number (GROUP) or a name, as lobby, but no model; not '${shorten(text)}'`)
    }
    return { group: 0, groupName: text }
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
