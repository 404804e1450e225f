/**
 * node:net of one virtual host. Its Server is Node's own class: address(), close(), getConnections(), maxConnections and
 * the count of connections work as they are, over a handle that stands for the emulated listener. Only listen(), which
 * would go to libuv, is replaced.
 *
 * That handle is not documented, but has been the same since Node 0.10, and test/emulator/virtual-host.test.ts says
 * when it changes.
 */
import * as net from 'node:net'
import { formatAddress } from '../../wire/ipv4.js'
import type { TcpConnection } from '../net/tcp/connection.js'
import type { TcpHandlers } from '../net/transport.js'
import { isOwn, readPort } from './addresses.js'
import { nodeError, systemError, unavailable } from './machine.js'
import type { Machine } from './machine.js'
import { VirtualSocket } from './tcp-socket.js'

/** Connections that wait to be accepted, as Node's default. */
const DEFAULT_BACKLOG = 511

/** What net.Server does with libuv. */
interface ServerHandle {
  close(): void
  getsockname(out: { address?: string; family?: string; port?: number }): number
  ref(): void
  unref(): void
}

/** The inside of net.Server that is used here. */
interface ServerInside {
  _handle: ServerHandle | null
  _connections: number
  _emitCloseIfDrained(): void
  readonly noDelay?: boolean
}

export interface VirtualNet extends Pick<
  typeof net,
  'createServer' | 'connect' | 'createConnection' | 'isIP' | 'isIPv4' | 'isIPv6' | 'Socket' | 'Server'
> {
  /** Makes a server of Node's listen on the emulated network. */
  adopt(server: net.Server): void
}

export function virtualNet(machine: Machine): VirtualNet {
  class Socket extends VirtualSocket {
    constructor(options?: { allowHalfOpen?: boolean }) {
      super(machine, options)
    }
  }
  class Server extends net.Server {
    constructor(options?: net.ServerOpts, listener?: (socket: net.Socket) => void) {
      super(options, listener)
      adopt(this)
    }
  }
  const adopt = (server: net.Server): void => {
    server.listen = ((...args: unknown[]) => {
      listen(machine, server, args)
      return server
    }) as typeof server.listen
  }
  const connect = (...args: unknown[]): VirtualSocket => {
    const [first] = args
    const allowHalfOpen =
      typeof first === 'object' && first !== null && 'allowHalfOpen' in first && first.allowHalfOpen === true
    return new Socket({ allowHalfOpen }).connect(...args)
  }
  const virtual = {
    Socket,
    Stream: Socket,
    Server,
    createServer: (options?: net.ServerOpts, listener?: (socket: net.Socket) => void) => new Server(options, listener),
    connect,
    createConnection: connect,
    isIP: net.isIP,
    isIPv4: net.isIPv4,
    isIPv6: net.isIPv6,
    adopt,
  }
  return virtual as unknown as VirtualNet
}

/** listen(port?, host?, backlog?, listening?), listen(options, listening?) */
function listen(machine: Machine, server: net.Server, args: readonly unknown[]): void {
  const inside = server as unknown as ServerInside
  if (inside._handle) {
    throw nodeError(
      new Error('Listen method has been called more than once without closing.'),
      'ERR_SERVER_ALREADY_LISTEN',
    )
  }
  const listening = args.find((argument) => typeof argument === 'function')
  const [first] = args
  const options =
    typeof first === 'object' && first !== null
      ? (first as net.ListenOptions)
      : {
          port: first as number | undefined,
          host: args.find((argument, at) => at > 0 && typeof argument === 'string') as string | undefined,
          backlog: args.find((argument, at) => at > 0 && typeof argument === 'number') as number | undefined,
          path: typeof first === 'string' && Number.isNaN(Number(first)) ? first : undefined,
        }
  if (options.path !== undefined) throw unavailable('a Unix socket')
  const { host } = options
  const port =
    options.port === undefined || typeof options.port === 'function' ? 0 : readPort(options.port, { zero: true })
  if (listening !== undefined) server.once('listening', listening as () => void)
  machine.sim.nodeCodeRan()
  const fail = (error: Error): void => process.nextTick(() => server.emit('error', error))
  if (!isOwn(machine.host, host) && host !== '::') {
    fail(systemError('EADDRNOTAVAIL', 'listen', host, port))
    return
  }
  try {
    inside._handle = open(machine, server, port, host, options.backlog ?? DEFAULT_BACKLOG)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    fail(systemError('EADDRINUSE', 'listen', host ?? '0.0.0.0', port))
    return
  }
  process.nextTick(() => {
    if (inside._handle) server.emit('listening')
  })
}

function open(
  machine: Machine,
  server: net.Server,
  port: number,
  host: string | undefined,
  backlog: number,
): ServerHandle {
  const listener = machine.host.listenTcp(port, (connection) => accept(machine, server, connection), { backlog })
  const address = host === undefined || host === '' || host === '::' ? '0.0.0.0' : host
  return {
    close: () => listener.close(),
    getsockname(out) {
      Object.assign(out, { address, family: 'IPv4', port: listener.port })
      return 0
    },
    ref() {},
    unref() {},
  }
}

/** As net.Server's own onconnection. */
function accept(machine: Machine, server: net.Server, connection: TcpConnection): TcpHandlers {
  const inside = server as unknown as ServerInside & { allowHalfOpen?: boolean; pauseOnConnect?: boolean }
  const { maxConnections } = server
  if (maxConnections > 0 && inside._connections >= maxConnections) {
    machine.enter(() =>
      server.emit('drop', {
        localAddress: formatAddress(connection.localAddress),
        localPort: connection.localPort,
        localFamily: 'IPv4',
        remoteAddress: formatAddress(connection.remoteAddress),
        remotePort: connection.remotePort,
        remoteFamily: 'IPv4',
      }),
    )
    connection.abort()
    return {}
  }
  const socket = new VirtualSocket(machine, { allowHalfOpen: inside.allowHalfOpen === true, connection })
  inside._connections++
  socket.server = server
  socket._server = inside
  if (inside.noDelay === true) connection.setNoDelay(true)
  if (inside.pauseOnConnect === true) socket.pause()
  machine.enter(() => server.emit('connection', socket as unknown as net.Socket))
  return socket.handlers
}
