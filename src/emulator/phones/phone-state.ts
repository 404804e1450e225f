/**
 * What the stages of a boot share: the phone's make-up, its memory, its system parameters and its story.
 */
import { toHex } from '../../base/bytes.js'
import type { Nanos } from '../../base/time.js'
import { seriesOf, type Series } from '../../deskphone/series.js'
import { DEFAULT_ASSUMPTIONS, type PhoneAssumptions } from './assumptions.js'
import { Authenticator } from './authenticator.js'
import type { Lease } from './dhcp-client.js'
import { Resolver } from './dns-client.js'
import { newMemory, type PhoneMemory } from './memory.js'
import type { PhoneOptions } from './phone-options.js'
import { Process, wait, type Steps } from './process.js'
import { StoryTeller } from './story-teller.js'
import type { PhoneStory } from './story.js'
import { DEFAULT_TIMERS, type PhoneTimers } from './timers.js'

export class PhoneState {
  readonly options: PhoneOptions
  readonly timers: PhoneTimers
  readonly assume: PhoneAssumptions
  /** Of the backup server; forgotten when the phone loses power or resets. */
  authenticator: Authenticator
  /** Answers that the user has given to prompts for credentials. */
  answers = 0
  readonly memory: PhoneMemory
  readonly story: PhoneStory
  readonly tell: StoryTeller
  /** The site-specific option it reads. */
  readonly siteOptionNumber: number
  /** System parameters of this boot, by name in upper case. */
  parameters = new Map<string, string[]>()
  /** What in the site option may have cost the phone its file server: a code of the findings catalogue. */
  serverTrouble: string | undefined
  /** The address in use; undefined before DHCP and after a reset. */
  lease: Lease | undefined
  /** L2Q, L2QVLAN and PHY2VLAN are LLDP's: nothing else sets them [avaya.md 1.3]. */
  lldpVlan = false
  /** With the call server. */
  registered = false
  /** Forgets with every boot. */
  resolver: Resolver

  constructor(options: PhoneOptions) {
    const { model, transport } = options
    this.options = options
    this.timers = { ...DEFAULT_TIMERS, ...options.timers }
    this.assume = { ...DEFAULT_ASSUMPTIONS, ...options.assumptions }
    this.authenticator = new Authenticator(options.random)
    this.memory = options.memory ?? newMemory(model)
    this.resolver = new Resolver(this)
    this.siteOptionNumber = this.memory.siteOptionNumber ?? this.series.siteOption
    const mac = toHex(transport.mac, ':')
    this.story = {
      mac,
      hostname: this.series.hostName(mac),
      series: model.series,
      model: model.name,
      extension: options.extension,
      outcome: 'running',
      rootCause: undefined,
      address: undefined,
      siteOption: undefined,
      boots: [],
      stages: [],
      transfers: [],
      failures: [],
    }
    this.tell = new StoryTeller(this.story, () => transport.now(), options.log, options.onOutcome)
  }

  /** What the software in flash makes of the set: loading another may change it. */
  get series(): Series {
    return seriesOf(this.options.model, this.memory.application ?? this.memory.bootImage)
  }

  /** The values of a parameter with commas between; empty when it is not set. */
  text(name: string): string {
    return this.parameters.get(name)?.join(',') ?? ''
  }

  number(name: string, otherwise: number): number {
    const text = this.text(name)
    return text === '' ? otherwise : Number(text)
  }

  display(text: string): void {
    this.tell.log('display', { text })
  }

  /** Runs steps beside the boot; whoever starts them calls them off. */
  background<T>(steps: Steps<T>, done: (result: T) => void): Process {
    const process = new Process(
      (function* (): Steps<void> {
        done(yield* steps)
      })(),
    )
    process.start()
    return process
  }

  *sleep(duration: Nanos): Steps<void> {
    yield* wait<void>((resume) => {
      const timer = this.options.transport.after(duration, () => resume())
      return () => timer.cancel()
    })
  }
}
