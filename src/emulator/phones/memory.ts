/**
 * What a phone keeps without power.
 */
import type { Contact } from '../../deskphone/backup-file.js'
import type { Model } from '../../deskphone/series.js'
import { newNetworkMemory, type NetworkMemory } from './network-memory.js'

export interface BackupCredentials {
  readonly user: string
  readonly password: string
  readonly realm: string
}

export interface PhoneMemory {
  /** File name of the application image in flash, script variable APPNAME; null in a set that has none. */
  application: string | null
  /** BOOTNAME. */
  bootImage: string
  /** Script variable GROUP, 0 to 999. */
  group: number
  /** NVSSON; undefined: the default of the series. */
  siteOptionNumber: number | undefined
  /** Null from the factory and after clearing; replaced only when a request with new ones succeeded [seed]. */
  credentials: BackupCredentials | null
  /** The user's options by backup file label, only what differs from the default. */
  userData: Map<string, string>
  contacts: readonly Contact[]
  /** Other lines of the user's file, which the phone keeps as they are. */
  otherUserData: readonly (readonly [name: string, value: string])[]
  /** Language, font and certificate files held, by name. */
  readonly files: Set<string>
  /** Certificates of TRUSTCERTS as they came (PEM), by file name. */
  readonly certificates: Map<string, string>
  /** AUTH 1: files of configuration only by TLS [avaya.md 2.1]. */
  httpsOnly: boolean
  /** What the scripts set at the last good boot, on series that keep it. */
  settings: Map<string, string>
  readonly network: NetworkMemory
}

/** A set in use: its images in flash, nothing of a user. */
export function newMemory(model: Model): PhoneMemory {
  return {
    application: model.application,
    bootImage: model.bootImage,
    group: 0,
    siteOptionNumber: undefined,
    credentials: null,
    userData: new Map(),
    contacts: [],
    otherUserData: [],
    files: new Set(),
    certificates: new Map(),
    httpsOnly: false,
    settings: new Map(),
    network: newNetworkMemory(),
  }
}

/** What "Clear" on the phone does to user-specific data: credentials and realm go back to null [seed]. */
export function clearUserData(memory: PhoneMemory): void {
  memory.credentials = null
  memory.userData.clear()
  memory.contacts = []
  memory.otherUserData = []
}
