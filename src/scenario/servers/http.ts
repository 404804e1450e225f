/**
 * The HTTP file and backup servers of a scenario.
 */
import type { EmulatedHost } from '../../emulator/net/host.js'
import type { Simulation } from '../../emulator/sim/simulation.js'
import { dropsConnections } from '../../servers/faults.js'
import type { ServerFault } from '../../servers/faults.js'
import { startHttpServer } from '../../servers/http-server.js'
import { loadFaults } from '../load-faults.js'
import { KEYS } from '../scenario-keys.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import { readServedFiles, storeWith } from './served-files.js'
import type { ServedFiles } from './served-files.js'
import { fileServerOf, namedServer, readListen, readServerAddress } from './server.js'
import type { Ground, Running, ServerLoading, ServerSettings } from './server.js'

export interface HttpSettings extends ServerSettings {
  readonly port: number
  readonly content: ServedFiles
  /** Path prefix under which PUT is allowed, `/` for anywhere; undefined answers PUT with 405. */
  readonly backup: string | undefined
  readonly auth:
    { readonly user: string; readonly password: string; readonly realm: string; readonly path: string } | undefined
  readonly faults: readonly ServerFault[]
}

export function loadHttp(loading: ServerLoading, fields: Fields<(typeof KEYS.http)[number]>): HttpSettings {
  const { source, name, router, dhcp } = loading
  const auth = source.fields(fields.get('auth'), 'auth', KEYS.auth)
  if (auth !== undefined) {
    for (const key of ['user', 'password'] as const) {
      if (!auth.has(key)) source.note(auth.node, `auth needs '${key}'`)
    }
  }
  const backup = readBackup(source, fields.get('backup'))
  const address =
    readServerAddress(source, fields.get('address'), router.mask) ?? namedServer(dhcp, ['HTTPSRVR', 'TLSSRVR'])
  return {
    name,
    address: address ?? fileServerOf(router),
    port: source.integer(fields.get('port'), 'port', 1, 65535) ?? 80,
    listen: readListen(source, fields.get('listen')),
    content: readServedFiles(loading, fields),
    backup,
    auth:
      auth === undefined
        ? undefined
        : {
            user: source.text(auth.get('user'), 'user', 255) ?? '',
            password: source.text(auth.get('password'), 'password', 255) ?? '',
            realm: source.text(auth.get('realm'), 'realm', 255) ?? 'backup',
            path: slashed(source.text(auth.get('path'), 'path') ?? backup ?? '/'),
          },
    faults: loadFaults(source, fields.get('faults'), 'http'),
  }
}

export function startHttp(http: HttpSettings, ground: Ground): Running | undefined {
  const host = ground.host(http)
  if (http.listen === 'drop') host.setPortPolicy('tcp', http.port, 'drop')
  if (http.listen !== 'serve') return undefined
  scheduleDroppedConnections(host, http.port, http.faults, ground.sim)
  return startHttpServer(ground.virtual(host), {
    name: http.name,
    files: storeWith(http.content, ground.seed),
    port: http.port,
    backup: http.backup === undefined ? false : http.backup === '/' ? true : [http.backup],
    ...(http.auth !== undefined && {
      auth: { user: http.auth.user, password: http.auth.password, realm: http.auth.realm, prefix: http.auth.path },
    }),
    faults: http.faults,
    log: ground.log,
  })
}

/** `true` for anywhere, or a path under which files may be put. */
function readBackup(source: YamlSource, value: Value): string | undefined {
  const text = source.text(value, 'backup')
  if (text === undefined || text === 'false') return undefined
  return text === 'true' ? '/' : slashed(text)
}

/** While a fault leaves even connections without an answer, the machine drops the SYNs. */
function scheduleDroppedConnections(
  host: EmulatedHost,
  port: number,
  faults: readonly ServerFault[],
  sim: Simulation,
): void {
  for (const fault of faults.filter(dropsConnections)) {
    if (fault.from === undefined || fault.from === 0) host.setPortPolicy('tcp', port, 'drop')
    else sim.at(fault.from, () => host.setPortPolicy('tcp', port, 'drop'))
    if (fault.until !== undefined) sim.at(fault.until, () => host.setPortPolicy('tcp', port, 'open'))
  }
}

function slashed(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}
