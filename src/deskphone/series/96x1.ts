/** The 9600 series of the second generation, H.323: 9608, 9611G, 9621G, 9641G. */
import { MINUTE, SECOND } from '../../base/time.js'
import { TEXTS_9600 } from './96x0.js'
import { AVAYA_PORTS, AVAYA_TIMERS, hostName } from './avaya.js'
import type { ModelData, Series } from './series.js'

export const SERIES_96X1 = {
  id: '96x1',
  name: '96x1',
  siteOption: 242,
  parameterRequestList: [1, 28, 3, 15, 6, 12, 7, 26, 42, 43, 242],
  maxMessageSize: 1000,
  vendorClass: 'ccp.avaya.com',
  hostName,
  macPrefix: '00:1b:4f',
  siaddrParameters: ['TLSSRVR', 'HTTPSRVR'],
  option66Parameter: undefined,
  fileProtocols: ['tls', 'http'],
  tlsDirectory: 'TLSDIR',
  waitsAfter503: true,
  languagesByHttpToo: true,
  keepsSettings: true,
  ports: AVAYA_PORTS,
  trusts: 'avaya-signed-or-trustcerts',
  scriptFile: '96x1Hupgrade.txt',
  sipScriptFile: '96x1Supgrade.txt',
  settingsFiles: ['46xxsettings.txt'],
  getFailure: 'continues',
  variables: ['MODEL4', 'MODEL', 'GROUP', 'MACADDR', 'VPNACTIVE', 'SIG_IN_USE'],
  fileParameters: [
    'LANG1FILE',
    'LANG2FILE',
    'LANG3FILE',
    'LANG4FILE',
    'LANGLARGEFONT',
    'SCREENSAVER',
    'VOXFILES',
    'TRUSTCERTS',
  ],
  software: { when: 'last', from: 'http', badImage: 'dropped', resetWithoutFiles: [] },
  backup: { protocol: 'http', schemes: ['http', 'https'], methods: ['GET', 'PUT', 'DELETE'], credentialsInUri: true },
  timers: { ...AVAYA_TIMERS, reuse: 60 * SECOND, discoveryReset: 10 * MINUTE },
  texts: TEXTS_9600,
  models: ['9608', '9611G', '9621G', '9641G'].map(model),
} as const satisfies Series

/** Archives of kernel and application; both names are from memory [§2.2], as is that of the user's file [§5.1]. */
function model(name: string): ModelData {
  const number = name.slice(0, 4)
  const hardware = number === '9608' || number === '9611' ? '9608_11' : '9621_41'
  return {
    name,
    model4: number,
    model: `${name}D01A`,
    application: `S${hardware}HALBR6_6_0_V474.tar`,
    bootImage: `S${hardware}HAKR6_6_0_V474.tar`,
    backupFile: '96xxdata.txt',
  }
}
