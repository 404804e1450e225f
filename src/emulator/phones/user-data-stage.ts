/**
 * Log-in, restore and backup of the user's data [1600 guide p.106; avaya.md §5]: GET and PUT of one file below BRURI, with
 * Basic credentials when the server asks for them.
 *
 * Registration is not emulated yet: the user is logged in a moment after the files.
 */
import { latin1Bytes } from '../../base/bytes.js'
import { formatBackupFile, parseBackupFile } from '../../deskphone/backup-file.js'
import { isDottedAddress } from '../../deskphone/parameters.js'
import { backupUri, parseLocation, type BackupLocation } from '../../deskphone/uris.js'
import { parseAddress } from '../../wire/ipv4.js'
import * as display from './display.js'
import type { FetchResult } from './fetch-result.js'
import { basicAuthorization, basicRealm, requestByHttp } from './http-client.js'
import type { Credentials } from './phone-options.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'
import { MAX_KEPT_LENGTH } from './received-file.js'

export class UserDataStage {
  readonly #phone: PhoneState
  /** Answers that the user has given in this boot. */
  #answers = 0

  constructor(phone: PhoneState) {
    this.#phone = phone
  }

  *logIn(): Steps<void> {
    const { extension } = this.#phone.story
    if (extension === undefined) return
    yield* this.#phone.sleep(this.#phone.timers.logIn)
    this.#phone.display(display.logIn(extension, this.#phone.series.name))
    this.#phone.tell.log('log-in', { extension })
    const location = this.#backupLocation()
    if (location === undefined) return
    this.#phone.tell.beginStage('backup')
    yield* this.#restore(location)
    if (this.#phone.options.backup !== false) {
      yield* this.#phone.sleep(this.#phone.timers.userChange)
      const redial = this.#phone.memory.userData.get('Redial') === '0' ? '1' : '0'
      this.#phone.memory.userData.set('Redial', redial)
      this.#phone.tell.log('user-change', { option: 'Redial', value: redial })
      yield* this.#backUp(location)
    }
    this.#phone.tell.endStage('backup')
  }

  /** After a change of the user, once the phone is up. */
  *backUpNow(): Steps<void> {
    const location = this.#backupLocation()
    if (location === undefined) return
    this.#phone.tell.beginStage('backup')
    yield* this.#backUp(location)
    this.#phone.tell.endStage('backup')
    this.#phone.tell.conclude()
  }

  /** Undefined without BRURI; with one that cannot be used the phone fails without a packet [avaya.md 5.2]. */
  #backupLocation(): BackupLocation | undefined {
    const bruri = this.#phone.text('BRURI')
    const { backupFile } = this.#phone.options.model
    // The 4600 backs up by FTP, elsewhere and not emulated.
    if (bruri === '' || backupFile === undefined || this.#phone.series.backup.protocol !== 'http') return undefined
    const location = parseLocation(backupUri(bruri, `${this.#phone.story.extension ?? ''}_${backupFile}`))
    const problem =
      typeof location === 'string'
        ? location
        : location.scheme !== 'http'
          ? 'the 1600 series backs up over http only'
          : undefined
    if (problem !== undefined || typeof location === 'string') {
      this.#phone.tell.fail('backup', 'backup-uri-invalid', problem ?? '')
      return undefined
    }
    if (!isDottedAddress(location.host)) {
      this.#phone.tell.fail('backup', 'dns-lookup-failed', `BRURI: ${location.host} is a name, which is not resolved`)
      return undefined
    }
    return location
  }

  *#restore(location: BackupLocation): Steps<void> {
    const { result, cause, detail } = yield* this.#userFile(location, 'GET', undefined, (text) => {
      for (const [label, value] of parseBackupFile(text).options) this.#phone.memory.userData.set(label, value)
    })
    if (result === 'ok') return this.#phone.display(this.#phone.series.texts.restored)
    // The first log-in of an extension: there is no file yet.
    if (result === 'not-found') return
    this.#phone.display(this.#phone.series.texts.restoreFailed)
    this.#phone.tell.fail('backup', 'restore-get-failed', detail, { causedBy: cause })
  }

  *#backUp(location: BackupLocation): Steps<void> {
    const text = formatBackupFile({ options: this.#phone.memory.userData, contacts: [], others: [] })
    const { result, cause, detail } = yield* this.#userFile(location, 'PUT', latin1Bytes(text), () => undefined)
    if (result !== 'ok') this.#phone.tell.fail('backup', 'backup-put-failed', detail, { causedBy: cause })
  }

  /**
   * One backup or restore [1600 guide p.106]: stored credentials answer a challenge of their realm; otherwise, and when
   * they are refused, the user is asked. What he types is stored only when the server takes it.
   */
  *#userFile(
    location: BackupLocation,
    method: 'GET' | 'PUT',
    body: Uint8Array | undefined,
    received: (text: string) => void,
  ): Steps<FetchResult> {
    let fetched = yield* this.#requestUserFile(location, method, body, undefined)
    let sent = false
    let stored = this.#phone.memory.credentials
    while (fetched.result === 'auth') {
      const realm = basicRealm(fetched.headers ?? [])
      if (realm === undefined) {
        fetched = { ...fetched, detail: `${fetched.detail}, no Basic challenge` }
        break
      }
      if (sent) this.#phone.display(display.authenticationFailed)
      const fromMemory = stored !== null && stored.realm === realm
      const credentials = fromMemory ? stored : yield* this.#askUser()
      stored = null
      if (credentials === undefined || credentials === null) break
      sent = true
      const { user, password } = credentials
      fetched = yield* this.#requestUserFile(location, method, body, basicAuthorization(user, password))
      // Authentication succeeded, whatever became of the file.
      if (fetched.status !== undefined && fetched.result !== 'auth')
        this.#phone.memory.credentials = { user, password, realm }
    }
    if (fetched.result === 'auth') {
      const cause = sent ? 'http-auth-failed' : 'http-auth-required'
      this.#phone.tell.fail('backup', cause, `${method} ${location.path}`)
      return { ...fetched, cause }
    }
    if (fetched.result === 'ok' && method === 'GET' && fetched.file.isHtml) {
      const cause = 'http-html-error-page'
      this.#phone.tell.fail('backup', cause, `${method} ${location.path}`)
      return { ...fetched, result: 'error', cause }
    }
    if (fetched.result === 'ok') received(fetched.file.text())
    else if (fetched.result !== 'not-found' || method === 'PUT') {
      if (fetched.cause !== undefined && fetched.cause !== 'http-error-status') {
        this.#phone.tell.fail('backup', fetched.cause, `${method} ${location.path}: ${fetched.detail}`)
        return fetched
      }
      return { ...fetched, cause: undefined }
    }
    return fetched
  }

  *#askUser(): Steps<Credentials | undefined> {
    this.#phone.display(display.enterCredentials)
    yield* this.#phone.sleep(this.#phone.timers.userAnswer)
    const answer = this.#phone.options.credentials?.[this.#answers]
    if (answer === undefined) {
      this.#phone.tell.log('user-gives-up', {})
      return undefined
    }
    this.#answers++
    this.#phone.tell.log('user-answers', { user: answer.user })
    return answer
  }

  *#requestUserFile(
    location: BackupLocation,
    method: 'GET' | 'PUT',
    body: Uint8Array | undefined,
    authorization: string | undefined,
  ): Steps<FetchResult> {
    const { transport } = this.#phone.options
    const start = transport.now()
    const { host, port, path } = location
    const result = yield* wait<FetchResult>((resume) =>
      requestByHttp(
        transport,
        {
          address: parseAddress(host) ?? 0,
          port,
          method,
          path,
          host,
          keep: MAX_KEPT_LENGTH,
          ...(authorization !== undefined && { authorization }),
          ...(body && { body }),
        },
        this.#phone.timers,
        resume,
      ),
    )
    this.#phone.tell.transfer({
      protocol: 'http',
      method,
      server: `${host}:${port}`,
      path,
      role: method === 'PUT' ? 'backup' : 'restore',
      start,
      result: result.result,
      status: result.status,
      bytes: body?.length ?? result.file.length,
    })
    return result
  }
}
