/**
 * The file server stage: script, application image, settings, language files (avaya.md §2, §4).
 *
 * The application is checked at the first GET of the script, so before the settings, as the 4600 guide orders it; a new
 * image means a reset and the whole boot again. A script is had when a server gives it with 200; anything else leads to
 * the next address of the list, and after the last, on the 4600, to TFTP. All other files of the boot come from the
 * server that gave the script.
 */
import { SECOND } from '../../base/time.js'
import { isDottedAddress, PARAMETERS, splitValue } from '../../deskphone/parameters.js'
import { fileRole } from '../../deskphone/roles.js'
import { ScriptEvaluator } from '../../deskphone/script.js'
import { httpPath, tftpPath } from '../../deskphone/uris.js'
import { header } from '../../wire/http1.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import { SERVER_PORT as TFTP_PORT } from '../../wire/tftp.js'
import * as display from './display.js'
import type { FetchResult } from './fetch-result.js'
import { requestByHttp } from './http-client.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'
import { MAX_KEPT_LENGTH } from './received-file.js'
import { readByTftp } from './tftp-client.js'

/** Up, or why a reset is due. */
export type BootEnd = 'up' | 'application-stored' | 'checksum-error'

/** Where the files of this boot come from. */
interface FileSource {
  readonly protocol: 'http' | 'tftp'
  readonly address: number
  readonly port: number
  /** HTTPDIR or TFTPDIR. */
  readonly directory: string
  /** Place in its list, from 1. */
  readonly index: number
}

export class FileStage {
  readonly #phone: PhoneState

  constructor(phone: PhoneState) {
    this.#phone = phone
  }

  *run(): Steps<BootEnd> {
    this.#phone.tell.beginStage('file-server')
    const script = yield* this.#findScript()
    if (script === undefined) {
      this.#phone.tell.endStage('file-server', 'failed')
      return 'up'
    }
    this.#phone.tell.endStage('file-server')
    this.#phone.tell.beginStage('files')
    const end = yield* this.#runScript(script.source, script.text)
    if (end === 'up') yield* this.#loadLanguages(script.source)
    this.#phone.tell.endStage('files')
    return end
  }

  /** The upgrade script, from the first server that has it: HTTP, then on the 4600 TFTP [avaya.md 2.1]. */
  *#findScript(): Steps<{ source: FileSource; text: string } | undefined> {
    if (this.#phone.text('TLSSRVR') !== '')
      this.#phone.tell.log('tls-skipped', { servers: this.#phone.text('TLSSRVR') })
    const sources = this.#sources()
    if (sources.length === 0) {
      this.#phone.tell.fail('site-option', 'site-option-no-file-server', 'nothing names a file server', {
        causedBy: this.#phone.serverTrouble,
      })
      return undefined
    }
    let first: string | undefined
    let fellBack = false
    for (const source of sources) {
      if (source.protocol === 'tftp' && first !== undefined && !fellBack) {
        fellBack = true
        this.#phone.tell.fail('file-server', 'fallback-to-tftp', 'no HTTP server gave the script', { causedBy: first })
      }
      this.#phone.display(display.fileServer(source.protocol, source.index, formatAddress(source.address)))
      const fetched = yield* this.#fetch(source, this.#phone.series.scriptFile)
      if (fetched.result === 'ok' && !fetched.file.isHtml) {
        this.#phone.tell.scriptObtained()
        this.#showScript(source, fetched)
        return { source, text: fetched.file.text() }
      }
      const cause = fetched.cause ?? 'http-html-error-page'
      this.#phone.tell.fail('file-server', cause, `${serverOf(source)}: ${fetched.detail}`, {
        causedBy: fellBack && first !== cause ? first : undefined,
      })
      first ??= cause
    }
    this.#phone.tell.fail('files', 'script-not-obtained', 'no server gave the script', { causedBy: first })
    return undefined
  }

  #showScript(source: FileSource, { status, headers, file }: FetchResult): void {
    const { name, scriptFile, texts } = this.#phone.series
    if (texts.scriptStatus === undefined) this.#phone.display(display.received(scriptFile, file.length, name))
    else if (headers) this.#phone.display(texts.scriptStatus(source.index, status ?? 0, header(headers, 'etag') ?? ''))
  }

  #sources(): FileSource[] {
    const sources: FileSource[] = []
    for (const protocol of this.#phone.series.fileProtocols) {
      if (protocol === 'tls') continue
      const http = protocol === 'http'
      const port = http ? this.#phone.number('HTTPPORT', 80) : TFTP_PORT
      const directory = this.#phone.text(http ? 'HTTPDIR' : 'TFTPDIR')
      this.#addresses(http ? 'HTTPSRVR' : 'TFTPSRVR').forEach((address, index) => {
        sources.push({ protocol, address, port, directory, index: index + 1 })
      })
    }
    return sources
  }

  /** The addresses of a server list; names, which would need DNS, are noted and left out. */
  #addresses(name: string): number[] {
    const addresses: number[] = []
    for (const value of this.#phone.parameters.get(name) ?? []) {
      if (!isDottedAddress(value)) {
        this.#phone.tell.fail('reach', 'dns-lookup-failed', `${name}: ${value} is a name, which is not resolved`)
        continue
      }
      const address = parseAddress(value)
      // 0.0.0.0 is how a list is switched off.
      if (address !== undefined && address !== 0) addresses.push(address)
    }
    return addresses
  }

  *#fetch(source: FileSource, name: string, keep = MAX_KEPT_LENGTH): Steps<FetchResult> {
    const { transport } = this.#phone.options
    yield* this.#phone.sleep(this.#phone.timers.betweenFiles)
    const role = fileRole(name)
    const path = source.protocol === 'http' ? httpPath(source.directory, name) : tftpPath(source.directory, name)
    const start = transport.now()
    const result = yield* wait<FetchResult>((resume) => {
      const { address, port } = source
      if (source.protocol === 'tftp') {
        return readByTftp(transport, { address, filename: path, keep }, this.#phone.timers, resume)
      }
      const host = formatAddress(address)
      return requestByHttp(transport, { address, port, method: 'GET', path, host, keep }, this.#phone.timers, resume)
    })
    this.#phone.tell.transfer({
      protocol: source.protocol,
      method: source.protocol === 'http' ? 'GET' : 'RRQ',
      server: serverOf(source),
      path,
      role,
      start,
      result: result.result,
      status: result.status,
      bytes: result.file.length,
    })
    return result
  }

  *#runScript(source: FileSource, text: string): Steps<BootEnd> {
    const script = new ScriptEvaluator(text, {
      getFailure: this.#phone.series.getFailure,
      variable: (name) => this.#variable(name),
    })
    const tried = new Set<string>()
    let settingsMissing: string | undefined
    for (;;) {
      const step = script.next()
      switch (step.kind) {
        case 'set':
          if (step.problem !== undefined) {
            this.#phone.tell.log('set-ignored', { line: step.line, name: step.name, reason: step.problem })
          }
          break
        case 'get': {
          const check = yield* this.#checkApplication(source, script.values.get('APPNAME'), tried)
          if (check !== 'up') return check
          const role = fileRole(step.file)
          const fetched = yield* this.#fetch(source, step.file)
          if (fetched.result === 'ok' && !fetched.file.isHtml) {
            if (role === 'settings') {
              settingsMissing = undefined
              this.#phone.tell.settingsObtained()
            }
            script.obtained(fetched.file.text())
            break
          }
          const cause = fetched.cause ?? 'http-html-error-page'
          this.#phone.tell.log('get-failed', { file: step.file, cause })
          if (role === 'settings') settingsMissing = cause
          else this.#phone.tell.fail('files', cause, `${step.file}: ${fetched.detail}`)
          script.failed()
          break
        }
        case 'end': {
          if (step.reason === 'missing-tag') {
            this.#phone.tell.fail('files', 'script-missing-tag', `GOTO ${script.missingTag} in line ${step.line}`)
          }
          if (settingsMissing !== undefined) {
            this.#phone.tell.fail('files', settingsMissing, 'the settings file')
            this.#phone.tell.fail('files', 'settings-not-obtained', 'no settings file', { causedBy: settingsMissing })
          }
          for (const [name, value] of script.values) {
            this.#phone.parameters.set(name, splitValue(PARAMETERS.get(name), value))
          }
          return yield* this.#checkApplication(source, script.values.get('APPNAME'), tried)
        }
      }
    }
  }

  /** What IF can test [avaya.md 3.2]. */
  #variable(name: string): string | undefined {
    const { model } = this.#phone.options
    switch (name) {
      case 'MODEL4':
        return model.model4
      case 'MODEL':
        return model.model
      case 'GROUP':
        return String(this.#phone.memory.group)
      case 'APPNAME':
        return this.#phone.memory.application ?? ''
      case 'BOOTNAME':
        return this.#phone.memory.bootImage
      case 'MACADDR':
        return this.#phone.story.mac
      case 'SIG':
        return '0'
      default:
        return undefined
    }
  }

  /**
   * Loads the image that the script names, unless the one in flash has that name: the comparison is by file name only
   * [avaya.md 4]. Each name is tried once in a boot.
   */
  *#checkApplication(source: FileSource, name: string | undefined, tried: Set<string>): Steps<BootEnd> {
    if (name === undefined || name === '' || tried.has(name)) return 'up'
    const { memory } = this.#phone
    if (name === memory.application || name === memory.bootImage) return 'up'
    tried.add(name)
    const fetched = yield* this.#fetch(source, name, 0)
    const { file } = fetched
    if (fetched.result !== 'ok') {
      const cause = fetched.cause ?? 'application-not-obtained'
      this.#phone.tell.fail('files', cause, `${name}: ${fetched.detail}`)
      this.#phone.tell.fail('files', 'application-not-obtained', name, { causedBy: cause })
      return 'up'
    }
    this.#phone.display(display.received(name, file.length, this.#phone.series.name))
    if (file.length === 0 || file.isHtml) {
      // The 4600 resets [avaya.md 2.6]; nothing is stored either way.
      this.#phone.display(display.checksumError)
      const causedBy = file.isHtml ? 'http-html-error-page' : undefined
      if (causedBy !== undefined) this.#phone.tell.fail('files', causedBy, `${name}: no image`)
      this.#phone.tell.fail('files', 'application-not-obtained', `${name}: no image`, { causedBy })
      return this.#phone.series.software.badImage === 'reset' ? 'checksum-error' : 'up'
    }
    const storing = this.#phone.timers.storeTime + Math.ceil(file.length / 1024) * this.#phone.timers.storeTimePerKib
    this.#phone.display(display.saving(0, 0))
    yield* this.#phone.sleep(storing)
    this.#phone.display(display.saving(100, Math.ceil(storing / SECOND)))
    const isBootImage = fileRole(name) === 'boot-image'
    if (isBootImage) memory.bootImage = name
    else memory.application = name
    this.#phone.tell.log('image-stored', { name, bytes: file.length, hash: file.hash, boot: isBootImage })
    return 'application-stored'
  }

  *#loadLanguages(source: FileSource): Steps<void> {
    for (const parameter of this.#phone.series.fileParameters) {
      const name = this.#phone.text(parameter)
      if (name === '' || this.#phone.memory.files.has(name)) continue
      const fetched = yield* this.#fetch(source, name, 0)
      if (fetched.result === 'ok' && !fetched.file.isHtml) this.#phone.memory.files.add(name)
      else this.#phone.tell.fail('files', fetched.cause ?? 'http-html-error-page', `${name}: ${fetched.detail}`)
    }
  }
}

function serverOf({ address, port }: FileSource): string {
  return `${formatAddress(address)}:${port}`
}
