/**
 * What a phone series is, as data. One file of this folder describes one series, index.ts lists them: a new series, or
 * the phone of another vendor, is one more file and one line there.
 *
 * Facts are those of avaya.md (sections in brackets). Where it has no source, the comment says "assumption".
 */
import type { Nanos } from '../../base/time.js'

export type FileProtocol = 'tls' | 'http' | 'tftp'

export interface Series {
  /** Unique; a family whose behaviour changed with a release has one entry for each, such as `4600 before R2.2`. */
  readonly id: string
  /** The family, as reports name it. */
  readonly name: string
  /**
   * Whether a set behaves so: the first entry of a family that says yes is it. Absent: always.
   *
   * @param software name of the application in flash, else of the boot image
   */
  readonly runs?: (model: string, software: string) => boolean
  readonly models: readonly ModelData[]

  /** Number of the site-specific option, SSON [§1.10]. */
  readonly siteOption: number
  /** Option 55, in wire order [§1.5; which fingerprint is which model is an assumption]. */
  readonly parameterRequestList: readonly number[]
  /** Option 57, or undefined where the phone sends none [§1.5; the 1600's value is an assumption]. */
  readonly maxMessageSize: number | undefined
  /** Option 60, or undefined where the phone sends none [§1.5]. */
  readonly vendorClass: string | undefined
  /** Option 12. @param mac colon form, any case */
  readonly hostName: (mac: string) => string
  /** MAC prefix that emulated phones of the series get. */
  readonly macPrefix: string
  /** Where an address in siaddr goes [§1.7]. */
  readonly siaddrParameters: readonly string[]
  /** Parameter that option 66 fills [§1.7]. */
  readonly option66Parameter: string | undefined

  /** File server protocols in the order they are tried; the next one only if those before did not succeed [§2.1]. */
  readonly fileProtocols: readonly FileProtocol[]
  /** Directory of files fetched by TLS: TLSDIR where the series has it [§1.10]. */
  readonly tlsDirectory: 'TLSDIR' | 'HTTPDIR'
  /** 503 with Retry-After is waited for [§2.1, 96x1]. */
  readonly waitsAfter503: boolean
  /** Language files that TLS did not give are asked for by HTTP [§2.1, 96x1]. */
  readonly languagesByHttpToo: boolean
  /** The settings of the last good boot serve a boot without any [§1.9, 96x1]. */
  readonly keepsSettings: boolean
  /** Server ports where no parameter says otherwise [§1.13]. */
  readonly ports: { readonly tls: number; readonly http: number; readonly tftp: number }
  /** Whose certificates a file server may have [§2.4]: those Avaya signed, or those of downloaded TRUSTCERTS too. */
  readonly trusts: 'avaya-signed' | 'avaya-signed-or-trustcerts'
  /** The first file asked for [§2.2]. */
  readonly scriptFile: string
  /** Asked for instead when SIG is 2: the set is to become a SIP phone [§2.2]. */
  readonly sipScriptFile?: string
  /** Names of the settings file, in the order Avaya's scripts ask for them [§2.2]. */
  readonly settingsFiles: readonly string[]
  /** `ends-script`: nothing after a GET that failed is read, as on the 4600 [§3.1]. */
  readonly getFailure: 'ends-script' | 'continues'
  /** Names that IF can test, in upper case [§3.2]. */
  readonly variables: readonly string[]
  /** Parameters that name files fetched after the settings, one GET each; a value may be a list [§2.2]. */
  readonly fileParameters: readonly string[]
  readonly software: SoftwareRules
  readonly backup: BackupRules
  readonly timers: SeriesTimers
  readonly texts: DisplayTexts
}

/** How the application in flash comes to be the one the script names [§4]. */
export interface SoftwareRules {
  /** `before-settings` as the 4600 guide orders it [seed]; newer sets load software last [§4 step 5]. */
  readonly when: 'before-settings' | 'last'
  /** `script-server`: whence the script came. `http`: never by TLS, as images are signed [§2.1]. */
  readonly from: 'script-server' | 'http'
  /** What an image that fails its check does [§2.6]: a reset, or the image is dropped. */
  readonly badImage: 'reset' | 'dropped'
  /** Models that reset themselves when nothing could be read from any server [§2.5]. */
  readonly resetWithoutFiles: readonly string[]
}

/** A user's data file: how it travels and is named [§5]. */
export interface BackupRules {
  readonly protocol: 'http' | 'ftp'
  /** Schemes that BRURI may have [§5.1]. */
  readonly schemes: readonly ('http' | 'https')[]
  readonly methods: readonly ('GET' | 'PUT' | 'DELETE')[]
  /** `http://user:password@host/` is understood [§5.2]. */
  readonly credentialsInUri: boolean
}

/** Times that a source gives; the rest are the emulator's assumptions. */
export interface SeriesTimers {
  /** First DISCOVER after power-up, uniform in [0, this] [§1.2 step 5; documented for the 96x1, assumed elsewhere]. */
  readonly startWait: Nanos
  /** VLANTEST without administration [§1.4]. */
  readonly vlanTest: Nanos
  /** REUSETIME, undefined where the series has none [§1.9]. */
  readonly reuse: Nanos | undefined
  /** Nobody logs in: unnamed registration [§6.3]. */
  readonly unnamedRegistration: Nanos
  /** REREGISTER [§6.3]. */
  readonly reregister: Nanos
  /** No call server found: reset [§6.3]. */
  readonly discoveryReset: Nanos
}

/** What the screen says, where the series differ [§7, §5.3]. */
export interface DisplayTexts {
  readonly dhcp: (seconds: number) => string
  /** While no router answers. */
  readonly router: string
  /** A file arriving; `filename` as the script names it. */
  readonly received: (filename: string, kibibytes: number) => string
  /** The script was read: its status line over HTTP, undefined where its octets are shown. */
  readonly scriptStatus: ((index: number, status: number, etag: string) => string) | undefined
  readonly logIn: (extension: string) => string
  readonly restored: string
  readonly restoreFailed: string
  /** No source quotes these two. */
  readonly backedUp: string
  readonly backupFailed: string
}

/** A model, as its series lists it. */
export interface ModelData {
  readonly name: string
  /** Script variable MODEL4: the bare number [§3.2]. */
  readonly model4: string
  /** Script variable MODEL: the hardware model [§3.2; the form is documented, revisions are assumptions]. */
  readonly model: string
  /** Application image in flash of a set already in use, script variable APPNAME [style of §2.2]. */
  readonly application: string
  /** Boot image in flash, BOOTNAME. */
  readonly bootImage: string
  /** The user's data file after `<extension>_`; `4620data.txt` serves all models of the 4620 family [§5.1]. */
  readonly backupFile: string | undefined
  /** Asked for when a user has no file of his own: the 9610's `9610data.txt` [§5.1]. */
  readonly sharedBackupFile?: string
  /** Where fewer than the series': the 9610 has GET only [§5.1]. */
  readonly backupMethods?: BackupRules['methods']
}
