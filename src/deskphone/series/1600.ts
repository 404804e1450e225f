/** The 1600 series: scripts and settings by TLS or HTTP, application and backup by HTTP. */
import { AVAYA_PORTS, AVAYA_TIMERS, hostName, NEWER_TEXTS } from './avaya.js'
import type { ModelData, Series } from './series.js'

export const SERIES_1600 = {
  id: '1600',
  name: '1600',
  siteOption: 242,
  parameterRequestList: [1, 3, 6, 15, 242],
  maxMessageSize: 1000,
  vendorClass: undefined,
  hostName,
  macPrefix: '00:1b:4f',
  siaddrParameters: ['TLSSRVR', 'HTTPSRVR'],
  option66Parameter: undefined,
  fileProtocols: ['tls', 'http'],
  tlsDirectory: 'HTTPDIR',
  waitsAfter503: false,
  languagesByHttpToo: false,
  keepsSettings: false,
  ports: AVAYA_PORTS,
  trusts: 'avaya-signed-or-trustcerts',
  scriptFile: '16xxupgrade.txt',
  settingsFiles: ['46xxsettings.scr', '46xxsettings.txt'],
  getFailure: 'continues',
  variables: ['MODEL4', 'MODEL', 'GROUP', 'BOOTNAME', 'APPNAME', 'MACADDR', 'SIG', 'PHONECC'],
  fileParameters: ['LANG1FILE', 'LANG2FILE', 'LANG3FILE', 'LANG4FILE', 'FONTFILE', 'TRUSTCERTS'],
  software: { when: 'before-settings', from: 'http', badImage: 'dropped', resetWithoutFiles: [] },
  backup: { protocol: 'http', schemes: ['http'], methods: ['GET', 'PUT'], credentialsInUri: false },
  timers: AVAYA_TIMERS,
  texts: NEWER_TEXTS,
  models: ['1603', '1608', '1616'].map(model),
} as const satisfies Series

function model(name: string): ModelData {
  return {
    name,
    model4: name,
    model: `${name}D01A`,
    application: `ha${name}ua1_3500.bin`,
    bootImage: `hb${name}ua1_3500.bin`,
    backupFile: '16xxdata.txt',
  }
}
