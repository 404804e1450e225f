/** The 4600 series with release 2.2 or later: TLS, HTTP, then TFTP; backup by FTP. */
import { AVAYA_PORTS, AVAYA_TIMERS, hostName } from './avaya.js'
import type { DisplayTexts, ModelData, Series } from './series.js'

const TEXTS: DisplayTexts = {
  dhcp: (seconds) => `DHCP: ${seconds} secs # to program`,
  router: 'Bad Router',
  // 46XXUPGRADE.SCR: capitals on the screen are no proof of capitals on the wire [§2.2].
  received: (filename, kibibytes) => `${filename.toUpperCase()} ${kibibytes} KB received`,
  scriptStatus: undefined,
  logIn: (extension) => `Extension=${extension} #=OK NEW=_`,
  restored: 'Retrieval OK',
  restoreFailed: 'Retrieval failed',
  backedUp: 'Backup OK',
  backupFailed: 'Backup failed',
}

export const SERIES_4600 = {
  id: '4600',
  name: '4600',
  siteOption: 176,
  parameterRequestList: [1, 3, 6, 15, 66, 69, 43, 176],
  maxMessageSize: undefined,
  vendorClass: undefined,
  hostName,
  macPrefix: '00:04:0d',
  siaddrParameters: ['TFTPSRVR'],
  option66Parameter: 'TFTPSRVR',
  fileProtocols: ['tls', 'http', 'tftp'],
  tlsDirectory: 'HTTPDIR',
  waitsAfter503: false,
  languagesByHttpToo: false,
  keepsSettings: false,
  ports: AVAYA_PORTS,
  trusts: 'avaya-signed',
  scriptFile: '46xxupgrade.scr',
  settingsFiles: ['46xxsettings.scr', '46xxsettings.txt'],
  getFailure: 'ends-script',
  variables: ['MODEL4', 'MODEL', 'GROUP', 'BOOTNAME', 'APPNAME', 'MACADDR', 'SIG'],
  fileParameters: [],
  software: {
    when: 'before-settings',
    from: 'script-server',
    badImage: 'reset',
    resetWithoutFiles: ['4601'],
  },
  backup: { protocol: 'ftp', schemes: [], methods: ['GET', 'PUT'], credentialsInUri: false },
  timers: AVAYA_TIMERS,
  texts: TEXTS,
  models: [
    model('4601', '01', undefined),
    model('4602', '02', undefined),
    model('4602SW', '02', undefined),
    model('4610SW', '10', '4610data.txt'),
    model('4620', '20', '4620data.txt'),
    model('4620SW', '20', '4620data.txt'),
    model('4621SW', '20', '4620data.txt'),
    model('4622SW', '20', '4620data.txt'),
    model('4625SW', '25', '4620data.txt'),
  ],
} as const satisfies Series

/** Image names in the late style `a20d01b2_9_1.bin`, which is from memory [§2.2]. */
function model(name: string, code: string, backupFile: string | undefined): ModelData {
  const number = name.slice(0, 4)
  return {
    name,
    model4: number,
    model: `${number}D01A`,
    application: `a${code}d01b2_9_1.bin`,
    bootImage: `b${code}d01b2_9_1.bin`,
    backupFile,
  }
}
