/**
 * node:http of one virtual host: Node's own Server, ServerResponse, Agent and ClientRequest over virtual sockets.
 *
 * What of it runs on the real clock is replaced or off: the `Date` header is set from the virtual clock as each
 * response is made; the look-out for slow requests (connectionsCheckingInterval, headersTimeout, requestTimeout) never
 * comes, because it measures in native code. Time-outs that go through the socket (setTimeout, keepAliveTimeout, an
 * agent's) are virtual like the socket's.
 */
import type { EventEmitter } from 'node:events'
import * as http from 'node:http'
import type { NetConnectOpts, Socket } from 'node:net'
import type { Machine } from './machine.js'
import type { VirtualNet } from './net.js'

/** Milliseconds; Node's longest timer. */
const NEVER = 2 ** 31 - 1

export interface VirtualHttp {
  /** What a program finds under `http`. */
  readonly module: Pick<
    typeof http,
    'createServer' | 'request' | 'get' | 'STATUS_CODES' | 'METHODS' | 'Server' | 'Agent' | 'globalAgent'
  >
  /** What a server's options become. */
  serverOptions(options: http.ServerOptions): http.ServerOptions
  /** Ends the real interval of a server once it listens. */
  stopLookout(server: EventEmitter): void
  /** request() and get() that go through this agent unless told otherwise. */
  requestThrough(defaultAgent: http.Agent): { request: Request; get: Request }
}

type Request = (input: string | URL | http.RequestOptions, ...rest: unknown[]) => http.ClientRequest

export function virtualHttp(machine: Machine, net: VirtualNet): VirtualHttp {
  const responses = new WeakMap<typeof http.ServerResponse, typeof http.ServerResponse>()

  /** The class a program gave, with the virtual Date in each header. */
  function datedResponse(base: typeof http.ServerResponse): typeof http.ServerResponse {
    const known = responses.get(base)
    if (known !== undefined) return known
    const dated = class extends base<http.IncomingMessage> {
      constructor(...args: ConstructorParameters<typeof base>) {
        super(...(args as [http.IncomingMessage]))
        this.setHeader('Date', new Date(machine.milliseconds()).toUTCString())
      }
    } as unknown as typeof http.ServerResponse
    responses.set(base, dated)
    return dated
  }

  const serverOptions = (options: http.ServerOptions): http.ServerOptions => ({
    ...options,
    connectionsCheckingInterval: NEVER,
    headersTimeout: 0,
    requestTimeout: 0,
    ServerResponse: datedResponse(
      (options.ServerResponse as typeof http.ServerResponse | undefined) ?? http.ServerResponse,
    ),
  })
  const stopLookout = (server: EventEmitter): void => {
    server.on('listening', () => stopRealLookout(server))
  }

  class Server extends http.Server {
    constructor(...args: unknown[]) {
      const [first, second] = args
      const options = (typeof first === 'object' ? first : {}) as http.ServerOptions | null
      const listener = (typeof first === 'function' ? first : second) as http.RequestListener | undefined
      super(serverOptions(options ?? {}), listener)
      net.adopt(this)
      stopLookout(this)
    }
  }

  class Agent extends http.Agent {
    override createConnection(options: object, connected?: unknown): Socket {
      return net.connect(options as NetConnectOpts, connected as () => void)
    }
  }

  const globalAgent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5000 })

  function requestThrough(defaultAgent: http.Agent): { request: Request; get: Request } {
    const request: Request = (input, ...rest) => {
      machine.sim.nodeCodeRan()
      const own = {
        _defaultAgent: defaultAgent,
        ...(rest[0] === undefined || typeof rest[0] === 'function' ? {} : rest[0]),
      }
      const listener = rest.find((argument) => typeof argument === 'function') as
        ((response: http.IncomingMessage) => void) | undefined
      if (typeof input === 'string' || input instanceof URL) return http.request(input, own, listener)
      return http.request({ ...own, ...input }, listener)
    }
    const get: Request = (...args) => {
      const made = request(...args)
      made.end()
      return made
    }
    return { request, get }
  }

  const { request, get } = requestThrough(globalAgent as http.Agent)
  return {
    module: {
      Server: Server as unknown as typeof http.Server,
      Agent: Agent as unknown as typeof http.Agent,
      globalAgent: globalAgent as http.Agent,
      createServer: ((...args: unknown[]) => new Server(...args)) as typeof http.createServer,
      request: request as typeof http.request,
      get: get as typeof http.get,
      STATUS_CODES: http.STATUS_CODES,
      METHODS: http.METHODS,
    },
    serverOptions,
    stopLookout,
    requestThrough,
  }
}

/**
 * Ends the real interval that a listening Server has, and that would keep it, its host and the whole run in memory after
 * the run is over. It is found by the description of its symbol; where Node has renamed it, it stays, and never fires.
 */
function stopRealLookout(server: EventEmitter): void {
  const name = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'http.server.connectionsCheckingInterval',
  )
  if (name !== undefined) clearInterval((server as unknown as Record<symbol, NodeJS.Timeout>)[name])
}
