/**
 * Which servers a phone asks for its files, in which order: the protocols of its series, of each the addresses of its
 * list (avaya.md §2.1). Where each is, parameters say: TLSSRVR, TLSDIR, TLSPORT and so on.
 */
import { isDottedAddress } from '../../deskphone/parameters.js'
import type { FileProtocol } from '../../deskphone/series.js'
import { httpPath, tftpPath } from '../../deskphone/uris.js'
import { formatAddress, parseAddress } from '../../wire/ipv4.js'
import { FILE_CLIENTS } from './file-client.js'
import type { PhoneState } from './phone-state.js'

/** Where files may come from. */
export interface FileSource {
  readonly protocol: FileProtocol
  readonly address: number
  readonly port: number
  /** HTTPDIR, TLSDIR or TFTPDIR. */
  readonly directory: string
  /** Place in its list, from 1. */
  readonly index: number
}

const SERVERS = { tls: 'TLSSRVR', http: 'HTTPSRVR', tftp: 'TFTPSRVR' } as const
const PORTS = { tls: 'TLSPORT', http: 'HTTPPORT', tftp: undefined } as const

/** @param protocols those of the series unless told */
export function fileSources(
  phone: PhoneState,
  protocols: readonly FileProtocol[] = phone.series.fileProtocols,
): FileSource[] {
  const { series } = phone
  return protocols.flatMap((protocol) => {
    const addresses = serverAddresses(phone, SERVERS[protocol])
    if (FILE_CLIENTS[protocol] === undefined) {
      if (addresses.length > 0) phone.tell.log(`${protocol}-skipped`, { servers: phone.text(SERVERS[protocol]) })
      return []
    }
    const portName = PORTS[protocol]
    const port = portName === undefined ? series.ports[protocol] : phone.number(portName, series.ports[protocol])
    const directory = phone.text(protocol === 'tls' ? series.tlsDirectory : protocol === 'http' ? 'HTTPDIR' : 'TFTPDIR')
    return addresses.map((address, index) => ({ protocol, address, port, directory, index: index + 1 }))
  })
}

/** The addresses of a server list; names, which would need DNS, are noted and left out. */
function serverAddresses(phone: PhoneState, name: string): number[] {
  const addresses: number[] = []
  for (const value of phone.parameters.get(name) ?? []) {
    if (!isDottedAddress(value)) {
      phone.tell.fail('reach', 'dns-lookup-failed', `${name}: ${value} is a name, which is not resolved`)
      continue
    }
    const address = parseAddress(value)
    // 0.0.0.0 is how a list is switched off.
    if (address !== undefined && address !== 0) addresses.push(address)
  }
  return addresses
}

/** A file there, as the request names it: directory and name with exactly one slash between [avaya.md 2.2]. */
export function pathAt({ protocol, directory }: FileSource, name: string): string {
  return protocol === 'tftp' ? tftpPath(directory, name) : httpPath(directory, name)
}

/** `10.20.0.2:80`. */
export function serverOf({ address, port }: FileSource): string {
  return `${formatAddress(address)}:${port}`
}
