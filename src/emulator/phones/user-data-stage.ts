/**
 * Log-in, restore and backup of the user's data [1600 guide p.106; avaya.md §5]: GET, PUT and, on the 96x1, DELETE of
 * one file below BRURI, with credentials when the server asks for them. Whoever starts an operation is told its outcome.
 *
 * A phone that registers (registration-stage.ts) has its user logged in by then; in one that does not, the user is
 * logged in a moment after the files.
 */
import { latin1Bytes } from '../../base/bytes.js'
import { formatBackupFile, parseBackupFile } from '../../deskphone/backup-file.js'
import { isDottedAddress } from '../../deskphone/parameters.js'
import { restorable } from '../../deskphone/restore-rules.js'
import { backupUri, parseLocation, type BackupLocation } from '../../deskphone/uris.js'
import { basicAuthorization } from '../../wire/http-auth.js'
import { parseAddress } from '../../wire/ipv4.js'
import { knownChallenge, type KnownChallenge } from './authenticator.js'
import * as display from './display.js'
import type { FetchResult } from './fetch-result.js'
import { FILE_CLIENTS, protocolName } from './file-client.js'
import type { Credentials } from './phone-options.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'
import { MAX_KEPT_LENGTH } from './received-file.js'

export type UserDataOperation = 'backup' | 'restore' | 'delete'

/** The confirmation of one operation. */
export interface UserDataOutcome {
  readonly operation: UserDataOperation
  readonly succeeded: boolean
  /** HTTP status of the last answer, when there was one. */
  readonly status: number | undefined
  /** Text of the restored file. */
  readonly file: string | undefined
  readonly detail: string
}

type Method = 'GET' | 'PUT' | 'DELETE'

/** Answers to `stale` without asking anybody; a server that says it for ever is not followed. */
const MAX_STALE = 2

export class UserDataStage {
  readonly #phone: PhoneState

  constructor(phone: PhoneState) {
    this.#phone = phone
  }

  *logIn(): Steps<void> {
    const { extension } = this.#phone.story
    if (extension === undefined) return
    yield* this.#phone.sleep(this.#phone.timers.logIn)
    this.#phone.display(display.logIn(extension, this.#phone.series.name))
    this.#phone.tell.log('log-in', { extension })
    yield* this.restoreAndBackUp()
  }

  /** What follows a log-in. */
  *restoreAndBackUp(): Steps<void> {
    if (!this.#isAdministered()) return
    this.#phone.tell.beginStage('backup')
    const restored = yield* this.#restore(true)
    // Where BRURI cannot be used, it was said once.
    if (restored !== 'no-location' && this.#phone.options.backup !== false && this.#may('PUT')) {
      yield* this.#phone.sleep(this.#phone.timers.userChange)
      const redial = this.#phone.memory.userData.get('Redial') === '0' ? '1' : '0'
      this.#phone.memory.userData.set('Redial', redial)
      this.#phone.tell.log('user-change', { option: 'Redial', value: redial })
      yield* this.#backUp(true)
    }
    this.#phone.tell.endStage('backup')
  }

  /** A change of the user, or a wish on the Advanced Options screen, once the phone is up. */
  *perform(operation: UserDataOperation, automatic: boolean, done: (outcome: UserDataOutcome) => void): Steps<void> {
    const nothing = { operation, succeeded: false, status: undefined, file: undefined }
    if (!this.#isAdministered()) return done({ ...nothing, detail: 'BRURI is not set' })
    this.#phone.tell.beginStage('backup')
    const outcome = yield* operation === 'restore'
      ? this.#restore(automatic)
      : operation === 'backup'
        ? this.#backUp(automatic)
        : this.#delete()
    this.#phone.tell.endStage('backup')
    this.#phone.tell.conclude()
    done(outcome === 'no-location' ? { ...nothing, detail: 'BRURI cannot be used' } : outcome)
  }

  /** Without BRURI there is neither backup nor restore; that is no failure. */
  #isAdministered(): boolean {
    const { series, options, story } = this.#phone
    // The 4600 backs up by FTP, elsewhere and not emulated.
    return (
      series.backup.protocol === 'http' &&
      options.model.backupFile !== undefined &&
      story.extension !== undefined &&
      this.#phone.text('BRURI') !== ''
    )
  }

  #may(method: Method): boolean {
    const { series, options } = this.#phone
    return (options.model.backupMethods ?? series.backup.methods).includes(method)
  }

  /** Of one file; with a BRURI that cannot be used the phone fails without a packet [avaya.md 5.2]. */
  #location(file: string): BackupLocation | undefined {
    const { schemes } = this.#phone.series.backup
    const location = parseLocation(backupUri(this.#phone.text('BRURI'), file))
    const problem =
      typeof location === 'string'
        ? location
        : schemes.includes(location.scheme)
          ? undefined
          : `this series backs up over ${schemes.join(' and ')} only`
    if (problem !== undefined || typeof location === 'string') {
      this.#phone.tell.fail('backup', 'backup-uri-invalid', problem ?? '')
      return undefined
    }
    if (!isDottedAddress(location.host)) {
      this.#phone.tell.fail('backup', 'dns-lookup-failed', `BRURI: ${location.host} is a name, which is not resolved`)
      return undefined
    }
    if (FILE_CLIENTS[location.scheme === 'https' ? 'tls' : 'http'] === undefined) {
      this.#phone.tell.log('tls-skipped', { servers: location.host })
      return undefined
    }
    return location
  }

  #userFile(): string {
    return `${this.#phone.story.extension ?? ''}_${this.#phone.options.model.backupFile ?? ''}`
  }

  *#restore(automatic: boolean): Steps<UserDataOutcome | 'no-location'> {
    const location = this.#location(this.#userFile())
    if (location === undefined) return 'no-location'
    let fetched = yield* this.#exchange(location, 'GET', undefined)
    const { sharedBackupFile } = this.#phone.options.model
    if (fetched.result === 'not-found' && sharedBackupFile !== undefined) {
      const shared = this.#location(sharedBackupFile)
      if (shared !== undefined) fetched = yield* this.#exchange(shared, 'GET', undefined)
    }
    const { result, cause, detail, status } = fetched
    const text = result === 'ok' ? fetched.file.text() : undefined
    if (text !== undefined) {
      this.#takeOver(text)
      this.#phone.display(this.#phone.series.texts.restored)
    } else if (result !== 'not-found' || !automatic) {
      // At the first log-in of an extension there is no file yet; a user who asks for it is told.
      this.#phone.display(this.#phone.series.texts.restoreFailed)
      if (result !== 'not-found') this.#phone.tell.fail('backup', 'restore-get-failed', detail, { causedBy: cause })
    }
    return { operation: 'restore', succeeded: result === 'ok', status, file: text, detail }
  }

  /** A restore changes no more than the user could [avaya.md 5.4]. */
  #takeOver(text: string): void {
    const { memory, tell } = this.#phone
    const data = restorable(parseBackupFile(text), this.#phone.text('OPSTAT'), this.#phone.text('APPSTAT'))
    for (const [label, value] of data.options) memory.userData.set(label, value)
    if (data.contacts.length > 0) memory.contacts = data.contacts
    if (data.others.length > 0) memory.otherUserData = data.others
    if (data.forbidden.length > 0) tell.log('restore-skipped', { items: data.forbidden.join(', ') })
  }

  *#backUp(automatic: boolean): Steps<UserDataOutcome | 'no-location'> {
    const { memory, series } = this.#phone
    const nothing = { operation: 'backup', succeeded: false, status: undefined, file: undefined } as const
    if (!this.#may('PUT')) return { ...nothing, detail: 'this model does not back up' }
    const location = this.#location(this.#userFile())
    if (location === undefined) return 'no-location'
    const { userData: options, contacts, otherUserData: others } = memory
    const text = formatBackupFile({ options, contacts, others })
    const { result, cause, detail, status } = yield* this.#exchange(location, 'PUT', latin1Bytes(text))
    const succeeded = result === 'ok'
    if (!succeeded) this.#phone.tell.fail('backup', 'backup-put-failed', detail, { causedBy: cause })
    if (!automatic) this.#phone.display(succeeded ? series.texts.backedUp : series.texts.backupFailed)
    return { operation: 'backup', succeeded, status, file: undefined, detail }
  }

  *#delete(): Steps<UserDataOutcome | 'no-location'> {
    const nothing = { operation: 'delete', succeeded: false, status: undefined, file: undefined } as const
    if (!this.#may('DELETE')) return { ...nothing, detail: 'this series deletes no backup' }
    const location = this.#location(this.#userFile())
    if (location === undefined) return 'no-location'
    const { result, detail, status } = yield* this.#exchange(location, 'DELETE', undefined)
    return { operation: 'delete', succeeded: result === 'ok', status, file: undefined, detail }
  }

  /**
   * One request with what authentication it takes [1600 guide p.106]: stored credentials answer a challenge of their
   * realm; otherwise, and when they are refused, the user is asked. What he types is stored, with the realm, only when
   * the server takes it.
   */
  *#exchange(location: BackupLocation, method: Method, body: Uint8Array | undefined): Steps<FetchResult> {
    const { memory, authenticator, series, assume } = this.#phone
    const { path } = location
    let inUri = series.backup.credentialsInUri ? location.credentials : undefined
    let stored: (Credentials & { readonly realm: string }) | null = memory.credentials
    let stale = 0
    /** What the request being sent goes with; the challenge that it answers. */
    let sent: Credentials | undefined
    let answered: KnownChallenge | undefined
    let early: string | undefined
    if (inUri !== undefined) {
      early = basicAuthorization(inUri.user, inUri.password)
      sent = inUri
      inUri = undefined
    } else {
      early = authenticator.again(stored, method, path)
      if (early !== undefined) sent = stored ?? undefined
    }
    let fetched = yield* this.#request(location, method, body, early)
    while (fetched.result === 'auth') {
      const challenge = knownChallenge(fetched.headers ?? [], assume.digest)
      if (challenge === undefined) {
        fetched = { ...fetched, detail: `${fetched.detail}, no challenge that the phone knows` }
        break
      }
      let next: Credentials | undefined
      if (challenge.stale && sent !== undefined && stale < MAX_STALE) {
        stale++
        next = sent
      } else {
        if (sent !== undefined) this.#phone.display(display.authenticationFailed)
        next = stored?.realm === challenge.realm && stored !== sent ? stored : yield* this.#askUser()
        // Those are tried once.
        stored = null
      }
      if (next === undefined) break
      sent = next
      answered = challenge
      fetched = yield* this.#request(location, method, body, authenticator.answer(challenge, next, method, path))
    }
    if (fetched.result === 'auth') authenticator.forget()
    else if (answered !== undefined && sent !== location.credentials && isAuthenticated(fetched.status)) {
      const { user, password } = sent!
      memory.credentials = { user, password, realm: answered.realm }
    }
    return this.#judged(fetched, location, method, sent !== undefined)
  }

  /** Writes into the story what went wrong, as the cause of what the caller makes of it. */
  #judged(fetched: FetchResult, { path }: BackupLocation, method: Method, sent: boolean): FetchResult {
    const { tell } = this.#phone
    if (fetched.result === 'auth') {
      const cause = sent ? 'http-auth-failed' : 'http-auth-required'
      tell.fail('backup', cause, `${method} ${path}`)
      return { ...fetched, cause }
    }
    if (fetched.result === 'ok') {
      if (method !== 'GET' || !fetched.file.isHtml) return fetched
      const cause = 'http-html-error-page'
      tell.fail('backup', cause, `${method} ${path}`)
      return { ...fetched, result: 'error', cause }
    }
    if (fetched.result === 'not-found' && method === 'GET') return fetched
    if (fetched.cause === undefined || fetched.cause === 'http-error-status') return { ...fetched, cause: undefined }
    tell.fail('backup', fetched.cause, `${method} ${path}: ${fetched.detail}`)
    return fetched
  }

  *#askUser(): Steps<Credentials | undefined> {
    this.#phone.display(display.enterCredentials)
    yield* this.#phone.sleep(this.#phone.timers.userAnswer)
    const answer = this.#phone.options.credentials?.[this.#phone.answers]
    if (answer === undefined) {
      this.#phone.tell.log('user-gives-up', {})
      return undefined
    }
    this.#phone.answers++
    this.#phone.tell.log('user-answers', { user: answer.user })
    return answer
  }

  *#request(
    location: BackupLocation,
    method: Method,
    body: Uint8Array | undefined,
    authorization: string | undefined,
  ): Steps<FetchResult> {
    const { transport } = this.#phone.options
    const start = transport.now()
    const { scheme, host, port, path } = location
    const protocol = scheme === 'https' ? 'tls' : 'http'
    const client = FILE_CLIENTS[protocol]!
    const request = {
      address: parseAddress(host) ?? 0,
      port,
      method,
      path,
      host,
      keep: MAX_KEPT_LENGTH,
      ...(authorization !== undefined && { authorization }),
      ...(body && { body }),
    }
    const result = yield* wait<FetchResult>((resume) => client(this.#phone, request, resume))
    this.#phone.tell.transfer({
      protocol: protocolName(protocol),
      method,
      server: `${host}:${port}`,
      path,
      role: method === 'GET' ? 'restore' : 'backup',
      start,
      result: result.result,
      status: result.status,
      bytes: body?.length ?? result.file.length,
    })
    return result
  }
}

/**
 * Whether an answer to credentials means that they were good, whatever became of the file: not 401, nor 403, which can
 * mean that they do not suffice (RFC 9110 §15.5.4), nor a server in trouble.
 */
function isAuthenticated(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 500 && status !== 401 && status !== 403 && status !== 407
}
