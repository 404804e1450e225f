/**
 * One emulated phone: power it on, and it boots as its series does, over whatever Transport it is given.
 *
 *   power-on/reset -> 802.1X -> DHCP (with LLDP and VLANs) -> conflict probe -> router check -> (other VLAN -> reset)
 *   -> site option -> script -> (image -> reset) -> settings -> language files
 *   -> registration, or a log-in that stands in for it -> restore -> backup
 *
 * The stages are steps of process.ts, read from top to bottom in #boot; each has a module of its own (lease-keeper,
 * lease-parameters, file-stage, registration-stage, user-data-stage). What happened is in `story`; every step also goes to the log.
 *
 * A phone that cannot get an address, reach its router or register says so once (`story.outcome`) and goes on trying. One
 * without files registers with the software it has.
 *
 * Not here: TLS (TLSSRVR is noted and passed over), FTP backup of the 4600.
 */
import type { Nanos } from '../../base/time.js'
import type { Lease } from './dhcp-client.js'
import * as display from './display.js'
import type { BootEnd } from './application-loader.js'
import { Resolver, resolveFileServers, resolveServers } from './dns-client.js'
import { FileStage } from './file-stage.js'
import { LeaseKeeper } from './lease-keeper.js'
import { readLeaseParameters } from './lease-parameters.js'
import { LinkLayer } from './link-layer.js'
import { clearUserData, type PhoneMemory } from './memory.js'
import type { PhoneOptions } from './phone-options.js'
import { PhoneState } from './phone-state.js'
import { Process, type Steps } from './process.js'
import type { PhoneBoot, PhoneStory } from './story.js'
import { MAX_BOOTS } from './timers.js'
import { RegistrationStage } from './registration-stage.js'
import { UserDataStage, type UserDataOperation, type UserDataOutcome } from './user-data-stage.js'

type BootReason = PhoneBoot['reason']

/** A boot's own end: also one that read nothing and is to be tried again from the start. */
type LifeEnd = BootEnd | 'no-files' | 'unregistered' | 'vlan-change'

export class Phone {
  readonly #state: PhoneState
  #process: Process | undefined
  /** Undefined while the phone is off. */
  #lease: LeaseKeeper | undefined
  #isRestarting = false
  /** Confirms the operation that the user waits for, once. */
  #confirm: ((outcome: UserDataOutcome) => void) | undefined
  readonly #registration: RegistrationStage
  /** It was lost while the phone was busy. */
  #mustRegister = false
  #link: LinkLayer | undefined

  constructor(options: PhoneOptions) {
    this.#state = new PhoneState(options)
    this.#registration = new RegistrationStage(this.#state, () => this.#registrationLost())
  }

  get story(): PhoneStory {
    return this.#state.story
  }

  get memory(): PhoneMemory {
    return this.#state.memory
  }

  get isOn(): boolean {
    return this.#lease !== undefined
  }

  /** The value of a system parameter as it stands: by DHCP, the option and the files. */
  parameter(name: string): readonly string[] | undefined {
    return this.#state.parameters.get(name)
  }

  /** Plugs the phone in. Does nothing while it is on. @throws Error EADDRINUSE when port 68 is taken */
  powerOn(): void {
    if (this.isOn) return
    const { tell, story } = this.#state
    const link = new LinkLayer(this.#state)
    const lease = new LeaseKeeper(this.#state, link, () => this.#restart('lease-lost'))
    this.#lease = lease
    this.#link = link
    tell.log('power-on', { model: story.model, hostname: story.hostname })
    this.#run(this.#life(lease, 'power-on'))
  }

  /** Pulls the plug: nothing is sent any more, only the memory stays. */
  powerOff(): void {
    if (this.#lease === undefined) return
    // First the address, so that calling off a transfer sends no reset.
    this.#lease.close()
    this.#lease = undefined
    this.#link?.close()
    this.#link = undefined
    this.#interrupt()
    this.#registration.forget()
    this.#state.tell.endBoot()
    this.#state.tell.log('power-off', {})
  }

  /** The user, or the call server, resets the phone. */
  reset(): void {
    this.#restart('requested')
  }

  /** The user changes an option, by its backup file label. A phone that is up and knows where to backs up. */
  changeUserData(label: string, value: string): void {
    this.memory.userData.set(label, value)
    if (this.#isUp) this.#perform('backup', true, () => {})
  }

  /**
   * The user asks for it on the Advanced Options screen: backup, restore, or on the 96x1 deletion of the user's file.
   *
   * @param done told the outcome exactly once; a phone that is not up, or busy, refuses at once
   */
  request(operation: UserDataOperation, done: (outcome: UserDataOutcome) => void = () => {}): void {
    this.#state.tell.log('user-request', { operation })
    if (this.#isUp) this.#perform(operation, false, done)
    else done(refusal(operation, 'the phone is not up'))
  }

  /** Whether the user waits: for an operation to end, or for the phone to start again. */
  get isServingUser(): boolean {
    return this.#confirm !== undefined || this.#isRestarting
  }

  /** The craft procedure Clear: what is the user's goes, credentials and realm included; images stay. */
  clearUserData(): void {
    clearUserData(this.memory)
    this.#state.tell.log('clear', {})
  }

  get #isUp(): boolean {
    return this.isOn && this.#process?.isOver === true
  }

  #perform(operation: UserDataOperation, automatic: boolean, done: (outcome: UserDataOutcome) => void): void {
    this.#confirm = (outcome) => {
      this.#confirm = undefined
      this.#state.tell.log('confirmation', { operation, succeeded: outcome.succeeded, detail: outcome.detail })
      done(outcome)
    }
    this.#run(new UserDataStage(this.#state).perform(operation, automatic, this.#confirm))
  }

  #interrupt(): void {
    this.#isRestarting = false
    this.#process?.cancel()
    this.#confirm?.(refusal('backup', 'the phone was reset'))
    this.#state.authenticator.forget()
  }

  #run(steps: Steps<void>): void {
    this.#process = new Process(steps)
    this.#process.start()
  }

  #restart(reason: BootReason): void {
    const lease = this.#lease
    if (lease === undefined) return
    lease.forget()
    this.#interrupt()
    this.#registration.forget()
    this.#state.tell.endBoot()
    this.#run(this.#restartSteps(lease, reason))
  }

  *#restartSteps(lease: LeaseKeeper, reason: BootReason): Steps<void> {
    this.#isRestarting = true
    yield* this.#resetTime()
    this.#isRestarting = false
    yield* this.#life(lease, reason)
  }

  *#life(lease: LeaseKeeper, firstReason: BootReason): Steps<void> {
    const { tell, story } = this.#state
    let reason = firstReason
    for (;;) {
      const end = yield* this.#boot(lease, reason)
      if (end === 'up') return
      lease.forget()
      this.#registration.forget()
      tell.endBoot(end === 'no-files' ? 'failed' : undefined)
      if (story.boots.length >= MAX_BOOTS) {
        tell.log('boot-limit', { boots: MAX_BOOTS })
        if (end === 'unregistered') tell.conclude(tell.hasFiles ? 'degraded' : 'failed', 'reboot-loop')
        else if (end === 'vlan-change') tell.conclude('failed', 'vlan-ping-pong')
        // Only the run stops: the boot was like those before it.
        else tell.conclude(end === 'no-files' ? 'failed' : undefined)
        return
      }
      yield* this.#resetTime()
      reason = end
    }
  }

  *#resetTime(): Steps<void> {
    const { timers, options } = this.#state
    const { resetMinimum, resetMaximum } = timers
    this.#state.display(display.restarting)
    yield* this.#state.sleep(resetMinimum + Math.floor(options.random.next() * (resetMaximum - resetMinimum)))
  }

  /** An address with a router that answers, on the VLAN where the phone is to stay. */
  *#address(lease: LeaseKeeper, link: LinkLayer, delay: Nanos): Steps<Lease | 'vlan-change'> {
    for (let wait = delay; ; wait = 0) {
      const obtained = yield* lease.obtain(wait)
      if (obtained === 'vlan-change') return 'vlan-change'
      yield* lease.checkRouter(obtained)
      if (!link.readNeighbour()) return obtained
      // LLDP came late and names another VLAN, where the address is no good [avaya.md 1.3].
      yield* lease.release()
      if (this.#state.series.name !== '4600') {
        link.useNewTagAfterReset()
        return 'vlan-change'
      }
      lease.forget()
      link.useNewTag()
    }
  }

  *#boot(lease: LeaseKeeper, reason: BootReason): Steps<LifeEnd> {
    const { tell, options, timers, memory, assume } = this.#state
    tell.beginBoot(reason)
    this.#state.display(display.initializing)
    this.#state.parameters = new Map()
    this.#state.registered = false
    this.#state.resolver = new Resolver(this.#state)
    const link = this.#link!
    link.beginBoot(reason)
    yield* link.authenticate()
    const delay = reason === 'power-on' ? Math.floor(options.random.next() * timers.startWait) : 0
    const obtained = yield* this.#address(lease, link, delay)
    if (obtained === 'vlan-change') return 'vlan-change'
    readLeaseParameters(this.#state, obtained)
    yield* resolveFileServers(this.#state)
    const end = yield* new FileStage(this.#state).run()
    if (end !== 'up') return end
    const { software } = this.#state.series
    if (!tell.hasFiles && software.resetWithoutFiles.includes(options.model.name)) return 'no-files'
    const canLogIn = memory.application !== null || !assume.bootCodeOnly
    if (canLogIn && options.registers === true) return yield* this.#register()
    if (!tell.hasFiles) {
      tell.conclude('failed')
      return 'up'
    }
    if (canLogIn) yield* new UserDataStage(this.#state).logIn()
    else tell.log('boot-code-only', {})
    this.#nowRegistered()
    tell.conclude()
    return 'up'
  }

  /** LLDP tells it, and the address may be used again without DHCP (REUSETIME). */
  #nowRegistered(): void {
    this.#state.registered = true
    this.#lease?.registered()
    this.#link?.changed()
  }

  *#register(): Steps<'up' | 'unregistered'> {
    const { tell } = this.#state
    yield* resolveServers(this.#state, 'MCIPADD')
    if ((yield* this.#registration.register()) === 'reset') return 'unregistered'
    this.#nowRegistered()
    yield* new UserDataStage(this.#state).restoreAndBackUp()
    tell.conclude()
    if (!this.#mustRegister) return 'up'
    this.#mustRegister = false
    return yield* this.#register()
  }

  #registrationLost(): void {
    const lease = this.#lease
    if (lease === undefined) return
    if (this.#process?.isOver === true) this.#run(this.#registerAnew(lease))
    else this.#mustRegister = true
  }

  *#registerAnew(lease: LeaseKeeper): Steps<void> {
    if ((yield* this.#register()) === 'up') return
    lease.forget()
    this.#registration.forget()
    this.#state.tell.endBoot()
    yield* this.#restartSteps(lease, 'unregistered')
  }
}

function refusal(operation: UserDataOperation, detail: string): UserDataOutcome {
  return { operation, succeeded: false, status: undefined, file: undefined, detail }
}
