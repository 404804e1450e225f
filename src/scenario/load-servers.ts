/**
 * The `servers:` part of a scenario: of each kind none, one, or a list. What is not there is not there; where a file
 * server is, the site option says unless the scenario does.
 */
import { Scalar } from 'yaml'
import type { NetworkHead } from './load-network.js'
import { KEYS } from './scenario-keys.js'
import type { ServerKind, Servers } from './scenario.js'
import { loadDhcp, routerOf } from './servers/dhcp.js'
import { loadDns } from './servers/dns.js'
import { loadGatekeeper } from './servers/gatekeeper.js'
import { loadHttp } from './servers/http.js'
import type { ReadDirectory, ServerLoading, Subnet } from './servers/server.js'
import { loadTftp } from './servers/tftp.js'
import { shorten } from './yaml-source.js'
import type { Fields, Value, YamlSource } from './yaml-source.js'

/** @param head what the network says of where servers are */
export function loadServers(
  source: YamlSource,
  value: Value,
  readDirectory: ReadDirectory,
  head: Pick<NetworkHead, 'home' | 'vlans'>,
): { readonly servers: Servers; readonly router: Subnet } {
  return new ServersLoader(source, readDirectory, head).servers(value)
}

class ServersLoader {
  readonly #source: YamlSource
  readonly #readDirectory: ReadDirectory
  readonly #head: Pick<NetworkHead, 'home' | 'vlans'>
  readonly #names = new Set<string>()

  constructor(source: YamlSource, readDirectory: ReadDirectory, head: Pick<NetworkHead, 'home' | 'vlans'>) {
    this.#head = head
    this.#source = source
    this.#readDirectory = readDirectory
  }

  servers(value: Value): { readonly servers: Servers; readonly router: Subnet } {
    const source = this.#source
    const { home, vlans } = this.#head
    const servers = source.fields(value, 'servers', KEYS.servers)
    const dhcp = this.#each(servers, 'dhcp', KEYS.dhcp).map(({ fields, name }) =>
      loadDhcp({ source, name, vlans }, fields, home),
    )
    const router = routerOf(dhcp[0])
    const loading = (name: string): ServerLoading => ({
      source,
      readDirectory: this.#readDirectory,
      name,
      router: home ?? router,
      dhcp,
      vlans,
    })
    const dns = this.#each(servers, 'dns', KEYS.dns).map(({ fields, name }) => loadDns(loading(name), fields))
    const http = this.#each(servers, 'http', KEYS.http).map(({ fields, name }) => loadHttp(loading(name), fields))
    const tftp = this.#each(servers, 'tftp', KEYS.tftp).map(({ fields, name }) => loadTftp(loading(name), fields, http))
    const gatekeeper = this.#each(servers, 'gatekeeper', KEYS.gatekeeper).map(({ fields, name }) =>
      loadGatekeeper(loading(name), fields),
    )
    return { servers: { dhcp, dns, http, tftp, gatekeeper }, router }
  }

  /** The servers of one kind; `http:` and `http: true` are one with its defaults, `http: false` is none. */
  #each<K extends string>(
    servers: Fields<ServerKind> | undefined,
    kind: ServerKind,
    keys: readonly K[],
  ): readonly { readonly fields: Fields<K>; readonly name: string }[] {
    if (servers?.has(kind) !== true) return []
    const source = this.#source
    const node = servers.get(kind)
    const items = node !== undefined && source.isList(node) ? source.list(node, kind)! : [node]
    return items.flatMap((item) => {
      const on = source.asBoolean(item)
      if (on === false) return []
      const fields = source.fields(on === true ? new Scalar(null) : item, `the ${kind} server`, keys)
      return fields === undefined ? [] : [{ fields, name: this.#name(fields as Fields<'name'>, kind) }]
    })
  }

  /** The one it was given, or its kind, numbered from the second on. */
  #name(fields: Fields<'name'>, kind: ServerKind): string {
    const source = this.#source
    let name = source.text(fields.get('name'), 'name', 40)
    if (name === undefined) {
      name = kind
      for (let number = 2; this.#names.has(name); number++) name = `${kind}-${number}`
    } else if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) {
      source.note(fields.get('name'), `a server's name is a word, as rogue or dhcp-2, not '${shorten(name)}'`)
    } else if (this.#names.has(name)) source.note(fields.get('name'), `another server is called '${name}' already`)
    this.#names.add(name)
    return name
  }
}
