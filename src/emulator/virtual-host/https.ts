/**
 * node:https of one virtual host: Node's own Server and Agent on the virtual TLS, with what http.ts does to them.
 */
import * as https from 'node:https'
import type * as net from 'node:net'
import type * as tls from 'node:tls'
import type { VirtualHttp } from './http.js'
import type { Machine } from './machine.js'
import type { VirtualNet } from './net.js'
import { adoptTlsServer, overVirtualSocket, readServerArguments, serverOptions, settleUpon } from './tls.js'

export type VirtualHttps = Pick<typeof https, 'createServer' | 'request' | 'get' | 'Server' | 'Agent' | 'globalAgent'>

export function virtualHttps(machine: Machine, virtualNet: VirtualNet, http: VirtualHttp): VirtualHttps {
  class Server extends https.Server {
    constructor(...args: unknown[]) {
      const { options, listener } = readServerArguments(args)
      super({ ...http.serverOptions(options), ...serverOptions(options) }, listener as () => void)
      http.stopLookout(this)
      adoptTlsServer(machine, virtualNet, this, options)
    }
  }

  class Agent extends https.Agent {
    override createConnection(options: tls.ConnectionOptions): net.Socket {
      const inherited = super.createConnection as unknown as (options: tls.ConnectionOptions) => tls.TLSSocket
      const socket = inherited.call(this, overVirtualSocket(virtualNet, options))
      settleUpon(machine, socket)
      return socket
    }
  }

  const globalAgent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 })
  const request = http.requestThrough(globalAgent)
  return {
    Server: Server as unknown as typeof https.Server,
    Agent: Agent as unknown as typeof https.Agent,
    globalAgent,
    createServer: ((...args: unknown[]) => new Server(...args)) as typeof https.createServer,
    request: request.request as typeof https.request,
    get: request.get as typeof https.get,
  }
}
