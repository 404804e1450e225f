/**
 * Getting the software that the script names (avaya.md §4): compared by file name, downloaded, checked, stored, reset.
 */
import { SECOND } from '../../base/time.js'
import { fileRole } from '../../deskphone/roles.js'
import { imageName, imageProblem } from '../../deskphone/software-image.js'
import * as display from './display.js'
import type { FetchResult } from './fetch-result.js'
import { fileSources, type FileSource } from './file-sources.js'
import type { PhoneState } from './phone-state.js'
import type { Steps } from './process.js'

/** Up, or why a reset is due. */
export type BootEnd = 'up' | 'application-stored' | 'checksum-error'

export class ApplicationLoader {
  readonly #phone: PhoneState
  readonly #fetch: (source: FileSource, name: string) => Steps<FetchResult>
  /** Each name is tried once in a boot. */
  readonly #tried = new Set<string>()

  /** @param fetch gets a file, its octets only counted and hashed */
  constructor(phone: PhoneState, fetch: (source: FileSource, name: string) => Steps<FetchResult>) {
    this.#phone = phone
    this.#fetch = fetch
  }

  /**
   * Loads the image unless the one in flash has that name: the comparison is by file name only.
   *
   * @param name APPNAME as the script leaves it
   * @param script whence the script came
   */
  *check(name: string | undefined, script: FileSource): Steps<BootEnd> {
    if (name === undefined || name === '' || this.#tried.has(name)) return 'up'
    const { memory, tell } = this.#phone
    if (name === memory.application || name === memory.bootImage) return 'up'
    this.#tried.add(name)
    let fetched: FetchResult | undefined
    for (const source of this.#sources(script)) {
      fetched = yield* this.#fetch(source, name)
      if (fetched.result === 'ok') return yield* this.#store(name, fetched)
      tell.fail('files', fetched.cause ?? 'application-not-obtained', `${name}: ${fetched.detail}`)
    }
    const why = fetched === undefined ? `${name}: software comes by HTTP, and HTTPSRVR is not set` : name
    tell.fail('files', 'application-not-obtained', why, { causedBy: fetched?.cause })
    return 'up'
  }

  /** An image that an earlier boot loaded whole has not become what the script wants. */
  #tellLoop(name: string): void {
    const { story, tell } = this.#phone
    const isSame = (path: string) => path.split('/').at(-1) === name
    const before = story.transfers.some(
      ({ boot, path, result }) => boot < story.boots.length && result === 'ok' && isSame(path),
    )
    if (before) tell.fail('files', 'application-loop', `${name} again`)
  }

  /** The script's server, but never a TLS server where images come by HTTP alone [avaya.md 2.1]. */
  #sources(script: FileSource): readonly FileSource[] {
    const { from } = this.#phone.series.software
    return from === 'http' && script.protocol === 'tls' ? fileSources(this.#phone, ['http']) : [script]
  }

  *#store(name: string, { file }: FetchResult): Steps<BootEnd> {
    const { memory, tell, series, timers } = this.#phone
    this.#phone.display(display.received(name, file.length, series.name))
    const problem = file.isHtml ? 'a web page, no image' : imageProblem(file.beginning, file.length)
    if (problem !== undefined) {
      this.#phone.display(display.checksumError)
      const causedBy = file.isHtml ? 'http-html-error-page' : undefined
      if (causedBy !== undefined) tell.fail('files', causedBy, `${name}: no image`)
      // What came whole was obtained, and is damaged all the same.
      const cause = file.isHtml || file.length === 0 ? 'application-not-obtained' : 'application-checksum-error'
      tell.fail('files', cause, `${name}: ${problem}`, { causedBy })
      if (cause === 'application-checksum-error') this.#tellLoop(name)
      // Nothing is stored either way [avaya.md 2.6]; an error stays on the screen for a while before the reset [6.3].
      if (series.software.badImage !== 'reset') return 'up'
      yield* this.#phone.sleep(timers.errorDisplay)
      return 'checksum-error'
    }
    const storing = timers.storeTime + Math.ceil(file.length / 1024) * timers.storeTimePerKib
    this.#phone.display(display.saving(0, 0))
    yield* this.#phone.sleep(storing)
    this.#phone.display(display.saving(100, Math.ceil(storing / SECOND)))
    const boot = fileRole(name) === 'boot-image'
    // What it is, not what the server calls it: another version under this name is loaded at every boot [avaya.md 4].
    const stored = imageName(file.beginning) ?? name
    if (boot) memory.bootImage = stored
    else memory.application = stored
    this.#tellLoop(name)
    tell.log('image-stored', { name, stored, bytes: file.length, hash: file.hash, boot })
    return 'application-stored'
  }
}
