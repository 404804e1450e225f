/**
 * The HTTP file and backup servers of a scenario.
 */
import type { Nanos } from '../../base/time.js'
import type { EmulatedHost } from '../../emulator/net/host.js'
import type { Simulation } from '../../emulator/sim/simulation.js'
import { dropsConnections } from '../../servers/faults.js'
import type { ServerFault } from '../../servers/faults.js'
import { startHttpServer, type HttpCapacity } from '../../servers/http-server.js'
import { defined } from '../defined.js'
import { loadFaults } from '../load-faults.js'
import { KEYS } from '../scenario-keys.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import { readServedFiles, storeWith } from './served-files.js'
import type { ServedFiles } from './served-files.js'
import { fileServerOf, namedServer, readListen, readPlace, readServerAddress } from './server.js'
import type { Ground, Running, ServerLoading, ServerSettings } from './server.js'

const SCHEMES = ['basic', 'digest', 'both'] as const
const OVERLOADS = ['unavailable', 'reset'] as const
const MAX_REQUESTS = 100_000

export interface HttpSettings extends ServerSettings {
  readonly port: number
  readonly content: ServedFiles
  /** Path prefix under which PUT is allowed, `/` for anywhere; undefined answers PUT with 405. */
  readonly backup: string | undefined
  readonly auth:
    | {
        readonly user: string
        readonly password: string
        readonly realm: string
        readonly path: string
        readonly scheme?: (typeof SCHEMES)[number]
        readonly nonceLifetime?: Nanos | undefined
      }
    | undefined
  readonly capacity?: HttpCapacity | undefined
  /** Where every request is sent instead. */
  readonly redirect?: string | undefined
  readonly faults: readonly ServerFault[]
}

export function loadHttp(loading: ServerLoading, fields: Fields<(typeof KEYS.http)[number]>): HttpSettings {
  const { source, name, router, dhcp, vlans } = loading
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
    ...readPlace(source, fields, vlans),
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
            scheme: auth.has('scheme') ? (source.oneOf(auth.get('scheme'), 'scheme', SCHEMES) ?? 'basic') : 'basic',
            nonceLifetime: source.duration(auth.get('nonceLifetime')),
          },
    capacity: readCapacity(source, fields.get('capacity')),
    redirect: source.text(fields.get('redirect'), 'redirect', 1000),
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
      auth: defined({ ...http.auth, prefix: http.auth.path, path: undefined }),
    }),
    ...defined({ capacity: http.capacity, redirectTo: http.redirect }),
    faults: http.faults,
    log: ground.log,
  })
}

function readCapacity(source: YamlSource, value: Value): HttpCapacity | undefined {
  const fields = source.fields(value, 'capacity', KEYS.capacity)
  if (fields === undefined) return undefined
  return {
    workers: source.integer(fields.get('workers'), 'workers', 1, MAX_REQUESTS) ?? 1,
    backlog: source.integer(fields.get('backlog'), 'backlog', 0, MAX_REQUESTS) ?? 0,
    ...defined({
      serviceTime: source.duration(fields.get('serviceTime')),
      overload: fields.has('overload') ? source.oneOf(fields.get('overload'), 'overload', OVERLOADS) : undefined,
      retryAfter: source.integer(fields.get('retryAfter'), 'retryAfter (seconds)', 0, 86_400),
    }),
  }
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
