/**
 * The file server stage: script, application image, settings, language files (avaya.md §2, §4).
 *
 * A script is had when a server gives it; anything else leads to the next address of the list, and after the last to the
 * next protocol. All other files of the boot come from the server that gave the script, software apart
 * (application-loader.ts). When the application is looked at depends on the series: before the settings, as the 4600
 * guide orders it, or last.
 */
import { SECOND } from '../../base/time.js'
import { PARAMETERS, splitValue } from '../../deskphone/parameters.js'
import { fileRole } from '../../deskphone/roles.js'
import { ScriptEvaluator } from '../../deskphone/script.js'
import { header } from '../../wire/http1.js'
import { formatAddress } from '../../wire/ipv4.js'
import { ApplicationLoader, type BootEnd } from './application-loader.js'
import * as display from './display.js'
import type { FetchResult } from './fetch-result.js'
import { FILE_CLIENTS, protocolName } from './file-client.js'
import { fileSources, pathAt, serverOf, type FileSource } from './file-sources.js'
import type { PhoneState } from './phone-state.js'
import { wait, type Steps } from './process.js'
import { MAX_KEPT_LENGTH } from './received-file.js'

/** The longest Retry-After that a phone waits for. Assumption. */
const MAX_RETRY_AFTER = 120

/** Files of one kind that a list parameter (TRUSTCERTS) may name. */
const MAX_NAMED_FILES = 16

export class FileStage {
  readonly #phone: PhoneState
  readonly #application: ApplicationLoader

  constructor(phone: PhoneState) {
    this.#phone = phone
    this.#application = new ApplicationLoader(phone, (source, name) => this.#fetch(source, name, 0))
  }

  *run(): Steps<BootEnd> {
    this.#phone.tell.beginStage('file-server')
    const script = yield* this.#findScript()
    if (script === undefined) {
      this.#phone.tell.endStage('file-server', 'failed')
      this.#useSavedSettings()
      return 'up'
    }
    this.#phone.tell.endStage('file-server')
    this.#phone.tell.beginStage('files')
    const end = yield* this.#runScript(script.source, script.text)
    this.#phone.tell.endStage('files')
    return end
  }

  /** The upgrade script, from the first server that has it. */
  *#findScript(): Steps<{ source: FileSource; text: string } | undefined> {
    const { tell, memory, assume } = this.#phone
    // AUTH 1, learnt over TLS: nothing but TLS will do [avaya.md 2.1].
    const sources = memory.httpsOnly ? fileSources(this.#phone, ['tls']) : fileSources(this.#phone)
    if (sources.length === 0) {
      tell.fail('site-option', 'site-option-no-file-server', 'nothing names a file server', {
        causedBy: this.#phone.serverTrouble,
      })
      return undefined
    }
    let first: string | undefined
    /** Why the protocol being tried failed; the one before. */
    let cause: string | undefined
    let protocol = sources[0]!.protocol
    let fellBack = false
    for (const source of sources) {
      if (source.protocol !== protocol) {
        fellBack = true
        tell.fail('file-server', `fallback-to-${source.protocol}`, `${protocolName(protocol)} gave no script`, {
          causedBy: cause,
        })
        protocol = source.protocol
      }
      this.#phone.display(display.fileServer(source.protocol, source.index, formatAddress(source.address)))
      const fetched = yield* this.#fetch(source, this.#scriptFile())
      if (fetched.result === 'ok' && !fetched.file.isHtml) {
        tell.scriptObtained()
        this.#showScript(source, fetched)
        return { source, text: fetched.file.text() }
      }
      const own = fetched.cause ?? 'http-html-error-page'
      tell.fail('file-server', own, `${serverOf(source)}: ${fetched.detail}`, {
        causedBy: fellBack && first !== own ? first : undefined,
      })
      first ??= own
      cause = own
      if (fetched.status !== undefined && !assume.notFoundLeadsOn) break
    }
    tell.fail('files', 'script-not-obtained', 'no server gave the script', { causedBy: first })
    return undefined
  }

  /** SIG 2 makes the 96x1 ask for software of another protocol, which this phone does not run. */
  #scriptFile(): string {
    const { scriptFile, sipScriptFile } = this.#phone.series
    return this.#phone.text('SIG') === '2' ? (sipScriptFile ?? scriptFile) : scriptFile
  }

  #showScript(source: FileSource, { status, headers, file }: FetchResult): void {
    const { name, scriptFile, texts } = this.#phone.series
    if (texts.scriptStatus === undefined) this.#phone.display(display.received(scriptFile, file.length, name))
    else if (headers) this.#phone.display(texts.scriptStatus(source.index, status ?? 0, header(headers, 'etag') ?? ''))
  }

  /** One file from one server; 503 with Retry-After is a reason to wait on the series that consider it. */
  *#fetch(source: FileSource, name: string, keep = MAX_KEPT_LENGTH): Steps<FetchResult> {
    const { series, assume } = this.#phone
    let retries = series.waitsAfter503 ? assume.retriesAfter503 : 0
    for (;;) {
      const result = yield* this.#request(source, name, keep)
      const seconds = result.status === 503 ? retryAfter(result) : undefined
      if (seconds === undefined || retries === 0) return result
      retries--
      this.#phone.tell.log('retry-after', { seconds, path: pathAt(source, name) })
      yield* this.#phone.sleep(seconds * SECOND)
    }
  }

  *#request(source: FileSource, name: string, keep: number): Steps<FetchResult> {
    const { options, timers, tell } = this.#phone
    yield* this.#phone.sleep(timers.betweenFiles)
    const path = pathAt(source, name)
    const { protocol, address, port } = source
    const start = options.transport.now()
    const request = { address, port, method: 'GET', path, host: formatAddress(address), keep } as const
    const result = yield* wait<FetchResult>((resume) => FILE_CLIENTS[protocol]!(this.#phone, request, resume))
    tell.transfer({
      protocol: protocolName(protocol),
      method: protocol === 'tftp' ? 'RRQ' : 'GET',
      server: serverOf(source),
      path,
      role: fileRole(name),
      start,
      result: result.result,
      status: result.status,
      bytes: result.file.length,
    })
    return result
  }

  *#runScript(source: FileSource, text: string): Steps<BootEnd> {
    const { series, tell } = this.#phone
    const script = new ScriptEvaluator(text, {
      getFailure: series.getFailure,
      variable: (name) => this.#variable(name),
    })
    let settingsMissing: string | undefined
    let settingsObtained = false
    let badBruri: string | undefined
    for (;;) {
      const step = script.next()
      switch (step.kind) {
        case 'set':
          if (step.problem !== undefined) {
            tell.log('set-ignored', { line: step.line, name: step.name, reason: step.problem })
            if (step.name === 'BRURI') badBruri = step.problem
          }
          break
        case 'get': {
          if (series.software.when === 'before-settings') {
            const end = yield* this.#application.check(script.values.get('APPNAME'), source)
            if (end !== 'up') return end
          }
          const role = fileRole(step.file)
          const fetched = yield* this.#fetch(source, step.file)
          if (fetched.result === 'ok' && !fetched.file.isHtml) {
            if (role === 'settings') {
              settingsMissing = undefined
              settingsObtained = true
              tell.settingsObtained()
            }
            script.obtained(fetched.file.text())
            break
          }
          const cause = fetched.cause ?? 'http-html-error-page'
          tell.log('get-failed', { file: step.file, cause })
          if (role === 'settings') settingsMissing = cause
          else tell.fail('files', cause, `${step.file}: ${fetched.detail}`)
          script.failed()
          break
        }
        case 'end': {
          if (step.reason === 'missing-tag') {
            tell.fail('files', 'script-missing-tag', `GOTO ${script.missingTag} in line ${step.line}`)
          }
          // Without a value that it can use the phone has no backup, which somebody wanted.
          if (badBruri !== undefined && !script.values.has('BRURI')) tell.fail('backup', 'backup-uri-invalid', badBruri)
          if (settingsMissing !== undefined) {
            tell.fail('files', settingsMissing, 'the settings file')
            tell.fail('files', 'settings-not-obtained', 'no settings file', { causedBy: settingsMissing })
          }
          if (settingsObtained) this.#saveSettings(script.values)
          else this.#useSavedSettings()
          this.#apply(script.values)
          if (script.values.get('AUTH') === '1' && source.protocol === 'tls') this.#phone.memory.httpsOnly = true
          if (series.software.when === 'last') yield* this.#loadNamedFiles(source)
          const end = yield* this.#application.check(script.values.get('APPNAME'), source)
          if (end === 'up' && series.software.when !== 'last') yield* this.#loadNamedFiles(source)
          return end
        }
      }
    }
  }

  #apply(values: ReadonlyMap<string, string>): void {
    for (const [name, value] of values) this.#phone.parameters.set(name, splitValue(PARAMETERS.get(name), value))
  }

  /** The 96x1 keeps the values of its last good boot, for one without files [avaya.md 1.9, 2.6]. */
  #saveSettings(values: ReadonlyMap<string, string>): void {
    if (this.#phone.series.keepsSettings) this.#phone.memory.settings = new Map(values)
  }

  #useSavedSettings(): void {
    const { memory, series, tell } = this.#phone
    if (!series.keepsSettings || memory.settings.size === 0) return
    this.#apply(memory.settings)
    tell.log('settings-from-memory', { count: memory.settings.size })
  }

  /** What IF can test [avaya.md 3.2]; undefined for what this series cannot. */
  #variable(name: string): string | undefined {
    const { options, memory, story, series } = this.#phone
    if (!series.variables.includes(name)) return undefined
    switch (name) {
      case 'MODEL4':
        return options.model.model4
      case 'MODEL':
        return options.model.model
      case 'GROUP':
        return String(memory.group)
      case 'APPNAME':
        return memory.application ?? ''
      case 'BOOTNAME':
        return memory.bootImage
      case 'MACADDR':
        return story.mac
      case 'SIG':
        return '0'
      case 'SIG_IN_USE':
        return 'H323'
      case 'VPNACTIVE':
      case 'SHA2CAPABLE':
        return '0'
      default:
        return undefined
    }
  }

  /** Language, font and certificate files, each when it is named and not held already [avaya.md 2.2]. */
  *#loadNamedFiles(source: FileSource): Steps<void> {
    const { series, memory, tell } = this.#phone
    for (const parameter of series.fileParameters) {
      for (const name of this.#phone.text(parameter).split(',', MAX_NAMED_FILES)) {
        if (name === '' || memory.files.has(name)) continue
        const isCertificate = parameter === 'TRUSTCERTS'
        let fetched = yield* this.#fetch(source, name, isCertificate ? MAX_KEPT_LENGTH : 0)
        if (!isFile(fetched) && source.protocol === 'tls' && series.languagesByHttpToo && !isCertificate) {
          for (const other of fileSources(this.#phone, ['http'])) {
            fetched = yield* this.#fetch(other, name, 0)
            if (isFile(fetched)) break
          }
        }
        if (isFile(fetched)) {
          memory.files.add(name)
          if (isCertificate) memory.certificates.set(name, fetched.file.text())
        } else {
          tell.fail('files', fetched.cause ?? 'http-html-error-page', `${name}: ${fetched.detail}`)
        }
      }
    }
  }
}

function isFile({ result, file }: FetchResult): boolean {
  return result === 'ok' && !file.isHtml
}

/** Seconds; undefined for a date, or none, or longer than a phone waits. */
function retryAfter({ headers }: FetchResult): number | undefined {
  const text = headers === undefined ? undefined : header(headers, 'retry-after')
  if (text === undefined || !/^\d{1,4}$/.test(text) || Number(text) > MAX_RETRY_AFTER) return undefined
  return Number(text)
}
