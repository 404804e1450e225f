/**
 * The call servers of a scenario: gatekeepers for H.323 phones.
 */
import type { ServerFault } from '../../servers/faults.js'
import { startGatekeeper as startServer } from '../../servers/gatekeeper.js'
import { formatAddress } from '../../wire/ipv4.js'
import { RAS_PORT, SIGNALLING_PORT } from '../../wire/h225ras.js'
import { loadFaults } from '../load-faults.js'
import type { KEYS } from '../scenario-keys.js'
import type { Fields, Value, YamlSource } from '../yaml-source.js'
import { shorten } from '../yaml-source.js'
import { hostProblem, namedServer, readAddresses, readListen, readPlace, readServerAddress } from './server.js'
import type { Ground, Listening, Running, ServerLoading, ServerSettings, Subnet } from './server.js'

export interface GatekeeperSettings extends ServerSettings {
  /** Its TCP port for signalling. */
  readonly signalling: Listening
  /** Extension to password, which may be empty for any; undefined for everybody. */
  readonly extensions: ReadonlyMap<string, string> | undefined
  /** Extensions that another set has. */
  readonly taken: readonly string[]
  /** Registrations at once. */
  readonly registrations: number | undefined
  /** Seconds. */
  readonly timeToLive: number | undefined
  readonly alternates: readonly number[]
  /** A gatekeeper that is not Avaya's. */
  readonly plain: boolean
  /** Octets by which its GCF is longer. */
  readonly padding: number | undefined
  readonly faults: readonly ServerFault[]
}

/** Room in a UDP datagram beside the rest of a GCF. */
const MAX_PADDING = 16_000

export function loadGatekeeper(
  loading: ServerLoading,
  fields: Fields<(typeof KEYS.gatekeeper)[number]>,
): GatekeeperSettings {
  const { source, name, router, dhcp, vlans } = loading
  const address = readServerAddress(source, fields.get('address'), router.mask) ?? namedServer(dhcp, ['MCIPADD'])
  const alternates = readAddresses(source, fields.get('alternates'), 'alternates') ?? []
  for (const alternate of alternates) {
    const problem = hostProblem(alternate, router.mask)
    if (problem !== undefined) source.note(fields.get('alternates'), problem)
  }
  return {
    name,
    address: address ?? callServerOf(router),
    listen: readListen(source, fields.get('listen')),
    ...readPlace(source, fields, vlans),
    signalling: readListen(source, fields.get('signalling')),
    extensions: readExtensions(source, fields.get('extensions')),
    taken: (source.list(fields.get('taken'), 'taken', true) ?? []).flatMap((item) => readExtension(source, item) ?? []),
    registrations: source.integer(fields.get('registrations'), 'registrations', 0, 1_000_000),
    timeToLive: source.integer(fields.get('timeToLive'), 'timeToLive (seconds)', 1, 0xffffffff),
    alternates,
    plain: source.boolean(fields.get('plain'), 'plain') ?? false,
    padding: source.integer(fields.get('padding'), 'padding (octets)', 1, MAX_PADDING),
    faults: loadFaults(source, fields.get('faults'), 'gatekeeper'),
  }
}

export function startGatekeeper(gatekeeper: GatekeeperSettings, ground: Ground): Running | undefined {
  const host = ground.host(gatekeeper)
  if (gatekeeper.listen === 'drop') host.setPortPolicy('udp', RAS_PORT, 'drop')
  if (gatekeeper.signalling === 'drop') host.setPortPolicy('tcp', SIGNALLING_PORT, 'drop')
  if (gatekeeper.listen !== 'serve') return undefined
  const { extensions, registrations, timeToLive, padding } = gatekeeper
  return startServer(ground.virtual(host), {
    name: gatekeeper.name,
    serverAddress: formatAddress(gatekeeper.address),
    ...(gatekeeper.signalling === 'refuse' && { signallingPort: false }),
    ...(extensions !== undefined && { extensions }),
    taken: gatekeeper.taken,
    ...(registrations !== undefined && { limit: registrations }),
    ...(timeToLive !== undefined && { timeToLive }),
    alternates: gatekeeper.alternates.map(formatAddress),
    plain: gatekeeper.plain,
    ...(padding !== undefined && { padding }),
    faults: gatekeeper.faults,
    log: ground.log,
  })
}

/** A list of extensions, or a map of them to passwords. */
function readExtensions(source: YamlSource, value: Value): ReadonlyMap<string, string> | undefined {
  const node = source.resolve(value)
  if (node === undefined) return undefined
  if (!source.isMapping(node)) {
    const items = source.list(node, 'extensions', true) ?? []
    return new Map(items.flatMap((item) => readExtension(source, item) ?? []).map((extension) => [extension, '']))
  }
  const extensions = new Map<string, string>()
  for (const { key, keyNode, value: password } of source.entries(node, 'extensions') ?? []) {
    if (!isExtension(key)) source.note(keyNode, `an extension is 1 to 13 digits, not '${shorten(key)}'`)
    else extensions.set(key, source.text(password, 'password', 40) ?? '')
  }
  return extensions
}

function readExtension(source: YamlSource, value: Value): string | undefined {
  const text = source.text(value, 'extension')
  if (text === undefined || isExtension(text)) return text
  source.note(value, `an extension is 1 to 13 digits, not '${shorten(text)}'`)
  return undefined
}

function isExtension(text: string): boolean {
  return /^[0-9]{1,13}$/.test(text)
}

/** The fifth host of the subnet, when nothing names another. */
function callServerOf(router: Subnet): number {
  return (((router.address & router.mask) >>> 0) + 5) >>> 0
}
