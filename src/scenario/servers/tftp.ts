/**
 * The TFTP servers of a scenario.
 */
import type { ServerFault } from '../../servers/faults.js'
import { startTftpServer } from '../../servers/tftp-server.js'
import { loadFaults } from '../load-faults.js'
import type { KEYS } from '../scenario-keys.js'
import type { Fields } from '../yaml-source.js'
import type { HttpSettings } from './http.js'
import { readServedFiles, storeWith } from './served-files.js'
import type { ServedFiles } from './served-files.js'
import { fileServerOf, namedServer, readListen, readPlace, readServerAddress } from './server.js'
import type { Ground, Running, ServerLoading, ServerSettings } from './server.js'

export interface TftpSettings extends ServerSettings {
  readonly content: ServedFiles
  readonly faults: readonly ServerFault[]
}

/** @param http without an address of its own, TFTP is on the machine of the first of these */
export function loadTftp(
  loading: ServerLoading,
  fields: Fields<(typeof KEYS.tftp)[number]>,
  http: readonly HttpSettings[],
): TftpSettings {
  const { source, name, router, dhcp, vlans } = loading
  const address = readServerAddress(source, fields.get('address'), router.mask) ?? namedServer(dhcp, ['TFTPSRVR'])
  return {
    name,
    address: address ?? http[0]?.address ?? fileServerOf(router),
    listen: readListen(source, fields.get('listen')),
    ...readPlace(source, fields, vlans),
    content: readServedFiles(loading, fields),
    faults: loadFaults(source, fields.get('faults'), 'tftp'),
  }
}

export function startTftp(tftp: TftpSettings, ground: Ground): Running | undefined {
  const host = ground.host(tftp)
  if (tftp.listen === 'drop') host.setPortPolicy('udp', 69, 'drop')
  if (tftp.listen !== 'serve') return undefined
  return startTftpServer(ground.virtual(host), {
    name: tftp.name,
    files: storeWith(tftp.content, ground.seed),
    faults: tftp.faults,
    log: ground.log,
  })
}
