/** The 9600 series of the first generation, H.323: 9610 to 9670. */
import { SECOND } from '../../base/time.js'
import { AVAYA_PORTS, AVAYA_TIMERS, hostName, NEWER_TEXTS } from './avaya.js'
import type { ModelData, Series } from './series.js'

/** Screens of the 9600 guides [§5.3]. */
export const TEXTS_9600 = {
  ...NEWER_TEXTS,
  received: () => 'File Obtained; please wait...',
  restored: 'Restore successful',
  restoreFailed: 'Restore Failed',
}

export const SERIES_96X0 = {
  id: '96x0',
  name: '96x0',
  siteOption: 242,
  // Of the lists seen [§1.5], the one that asks for the option the guides name.
  parameterRequestList: [1, 28, 3, 6, 15, 42, 242],
  maxMessageSize: 1000,
  vendorClass: undefined,
  hostName,
  macPrefix: '00:04:0d',
  siaddrParameters: ['TLSSRVR', 'HTTPSRVR'],
  option66Parameter: undefined,
  fileProtocols: ['tls', 'http'],
  tlsDirectory: 'TLSDIR',
  waitsAfter503: false,
  languagesByHttpToo: false,
  keepsSettings: false,
  ports: AVAYA_PORTS,
  trusts: 'avaya-signed-or-trustcerts',
  scriptFile: '96xxupgrade.txt',
  settingsFiles: ['46xxsettings.txt'],
  getFailure: 'continues',
  variables: ['MODEL4', 'MODEL', 'GROUP', 'BOOTNAME', 'APPNAME', 'MACADDR', 'SIG', 'SHA2CAPABLE'],
  fileParameters: ['LANG1FILE', 'LANG2FILE', 'LANG3FILE', 'LANG4FILE', 'LANGLARGEFONT', 'SCREENSAVER', 'TRUSTCERTS'],
  software: { when: 'last', from: 'http', badImage: 'dropped', resetWithoutFiles: [] },
  backup: { protocol: 'http', schemes: ['http', 'https'], methods: ['GET', 'PUT'], credentialsInUri: true },
  timers: { ...AVAYA_TIMERS, reuse: 60 * SECOND },
  texts: TEXTS_9600,
  models: ['9610', '9620', '9630', '9640', '9650', '9670'].map(model),
} as const satisfies Series

/** Image names of the style seen, hb96xxua3_00.bin; the application's is from memory [§2.2]. */
function model(name: string): ModelData {
  return {
    name,
    model4: name,
    model: name === '9630' || name === '9640' ? `${name}GD01A` : `${name}D01A`,
    application: 'ha96xxua3_00.bin',
    bootImage: 'hb96xxua3_00.bin',
    // The 9610 only ever restores: its user's file, then the one for all [§5.1].
    ...(name === '9610'
      ? { backupFile: '9610data.txt', sharedBackupFile: '9610data.txt', backupMethods: ['GET'] }
      : { backupFile: '96xxdata.txt' }),
  }
}
