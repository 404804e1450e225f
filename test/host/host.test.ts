import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { RemoteInfo } from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { MILLISECOND } from '../../src/base/time.js'
import type { Host } from '../../src/host/host.js'
import { BOTH_KINDS } from './hosts.js'

function text(octets: Uint8Array): string {
  return Buffer.from(octets).toString('latin1')
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of message) body += text(chunk as Uint8Array)
  return body
}

async function listen(
  host: Host,
  accept: (socket: Socket) => void,
  options = {},
): Promise<{ port: number; close(): Promise<unknown> }> {
  const server = host.net.createServer(options, accept)
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

describe.each(BOTH_KINDS)('datagram sockets on %s', (_kind, makeHosts) => {
  it('carry octets both ways and name the sender', async () => {
    const { server, client, serverAddress, clientAddress, play } = makeHosts()
    await play(async () => {
      const a = server.dgram.createSocket('udp4')
      a.on('message', (message: Uint8Array, from: RemoteInfo) => a.send(`${text(message)}!`, from.port, from.address))
      await new Promise<void>((resolve) => a.bind(0, resolve))
      const b = client.dgram.createSocket({ type: 'udp4' })
      b.send(Buffer.from('xhellox'), 1, 5, a.address().port, serverAddress)
      const [message, from] = (await once(b, 'message')) as [Uint8Array, RemoteInfo]
      expect(text(message)).toBe('hello!')
      expect(from).toMatchObject({ address: serverAddress, family: 'IPv4', port: a.address().port, size: 6 })
      expect(b.address()).toMatchObject({ address: '0.0.0.0', family: 'IPv4' })
      a.close()
      b.close()
      await Promise.all([once(a, 'close'), once(b, 'close')])
      expect(clientAddress).toMatch(/^(?:127|10)\./)
    })
  })

  it('send in every form of arguments, and tell the length', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const a = server.dgram.createSocket('udp4')
      const got: string[] = []
      a.on('message', (message) => got.push(text(message)))
      await new Promise<void>((resolve) => a.bind({ port: 0 }, resolve))
      const { port } = a.address()
      const b = client.dgram.createSocket('udp4')
      const send = (...args: unknown[]): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const done = (error: Error | null, bytes: number): void => (error ? reject(error) : resolve(bytes))
          ;(b.send as (...args: unknown[]) => void)(...args, done)
        })
      expect(await send('text', port, serverAddress)).toBe(4)
      expect(await send(Buffer.from('octets'), port, serverAddress)).toBe(6)
      expect(await send(new Uint8Array([0x76, 0x69, 0x65, 0x77]), 0, 4, port, serverAddress)).toBe(4)
      expect(await send([Buffer.from('two'), 'parts'], port, serverAddress)).toBe(8)
      expect(await send('', port, serverAddress)).toBe(0)
      await new Promise<void>((resolve) => b.connect(port, serverAddress, resolve as () => void))
      expect(b.remoteAddress()).toMatchObject({ address: serverAddress, port })
      expect(await send('connected')).toBe(9)
      expect(await send(Buffer.from('connected slice'), 10, 5)).toBe(5)
      expect(() => b.connect(port, serverAddress)).toThrow(
        expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_IS_CONNECTED' }),
      )
      while (got.length < 7) await once(a, 'message')
      expect(got).toEqual(['text', 'octets', 'view', 'twoparts', '', 'connected', 'slice'])
      a.close()
      b.close()
    })
  })

  it('keep what send was given, whatever the program does with its buffer later', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const a = server.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => a.bind(0, resolve))
      const b = client.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => b.bind(0, resolve))
      const buffer = Buffer.from('before')
      await new Promise<void>((resolve) => b.send(buffer, a.address().port, serverAddress, () => resolve()))
      buffer.fill('x')
      const [message] = (await once(a, 'message')) as [Uint8Array]
      expect(text(message)).toBe('before')
      a.close()
      b.close()
    })
  })

  it('fail as Node says', async () => {
    const { server, serverAddress, broadcastAddress, play } = makeHosts()
    await play(async () => {
      const a = server.dgram.createSocket('udp4')
      expect(() => a.address()).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'getsockname' }))
      expect(() => a.setBroadcast(true)).toThrow(expect.objectContaining({ code: 'EBADF' }))
      await new Promise<void>((resolve) => a.bind(0, serverAddress, resolve))
      expect(() => a.bind(0)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_ALREADY_BOUND' }))
      expect(() => a.send('x', 0, serverAddress)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }))
      expect(() => a.send('x', 70_000, serverAddress)).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }))
      expect(() => a.send('x', 2, 5, 67, serverAddress)).toThrow(
        expect.objectContaining({ code: 'ERR_BUFFER_OUT_OF_BOUNDS' }),
      )
      expect(() => a.send(7 as unknown as string, 67, serverAddress)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      )
      const denied = await new Promise<unknown>((resolve) => a.send('x', 67, '255.255.255.255', resolve))
      expect(denied).toMatchObject({ code: 'EACCES', syscall: 'send', address: '255.255.255.255', port: 67 })
      expect(broadcastAddress).toMatch(/255$/)

      const b = server.dgram.createSocket('udp4')
      b.bind(a.address().port, serverAddress)
      const [taken] = (await once(b, 'error')) as [Error]
      expect(taken).toMatchObject({
        code: 'EADDRINUSE',
        syscall: 'bind',
        address: serverAddress,
        port: a.address().port,
      })
      b.close()
      a.close()
      expect(() => a.close()).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' }))
      expect(() => a.send('x', 67, serverAddress)).toThrow(
        expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' }),
      )
      await once(a, 'close')
      const c = server.dgram.createSocket('udp4')
      c.bind(0, '192.0.2.77')
      expect(((await once(c, 'error')) as [Error])[0]).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' })
      c.close()
    })
  })

  it('tell a connected socket that nobody is there', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const gone = server.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => gone.bind(0, resolve))
      const { port } = gone.address()
      gone.close()
      await once(gone, 'close')
      const b = client.dgram.createSocket('udp4')
      await new Promise<void>((resolve) => b.connect(port, serverAddress, resolve as () => void))
      b.send('anybody?')
      expect(((await once(b, 'error')) as [Error])[0]).toMatchObject({ code: 'ECONNREFUSED' })
      b.close()
    })
  })
})

describe.each(BOTH_KINDS)('TCP on %s', (_kind, makeHosts) => {
  it('carries octets in order both ways, and ends half by half', async () => {
    const { server, client, serverAddress, clientAddress, play } = makeHosts()
    await play(async () => {
      const seen: unknown[] = []
      const { port, close } = await listen(
        server,
        (socket) => {
          seen.push(socket.remoteAddress, socket.remoteFamily, socket.localPort)
          let got = ''
          socket.on('data', (chunk: Uint8Array) => (got += text(chunk)))
          // Half-open: the answer comes after the client has ended.
          socket.on('end', () => socket.end(got.toUpperCase()))
        },
        { allowHalfOpen: true },
      )
      const socket = client.net.connect(port, serverAddress)
      expect(socket.connecting).toBe(true)
      expect(socket.readyState).toBe('opening')
      await once(socket, 'connect')
      expect(socket).toMatchObject({
        connecting: false,
        pending: false,
        remoteAddress: serverAddress,
        remotePort: port,
      })
      expect(socket.localAddress).toBe(clientAddress)
      expect(socket.readyState).toBe('open')
      socket.write('one ')
      socket.write(Buffer.from('two '))
      socket.end('three')
      let answer = ''
      for await (const chunk of socket) answer += text(chunk as Uint8Array)
      if (!socket.closed) await once(socket, 'close')
      expect(answer).toBe('ONE TWO THREE')
      expect(socket).toMatchObject({ bytesRead: 13, bytesWritten: 13, destroyed: true })
      expect(seen).toEqual([clientAddress, 'IPv4', port])
      await close()
    })
  })

  it('ends its own side when the peer has ended, unless told to stay half open', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const { port, close } = await listen(server, (socket) => socket.resume())
      const socket = client.net.connect({ port, host: serverAddress })
      socket.end('x')
      socket.resume()
      const [hadError] = (await once(socket, 'close')) as [boolean]
      expect(hadError).toBe(false)
      await close()
    })
  })

  it('carries megabytes past slow readers, with backpressure', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const whole = Buffer.alloc(16_000_000, 'abcdefghijklmnopqrstuvwxyz0123456789')
      let full = 0
      const { port, close } = await listen(server, (socket) => {
        let at = 0
        const more = (): void => {
          while (at < whole.length) {
            const chunk = whole.subarray(at, (at += 50_000))
            if (!socket.write(chunk)) {
              full++
              socket.once('drain', more)
              return
            }
          }
          socket.end()
        }
        more()
      })
      const socket = client.net.createConnection({ port, host: serverAddress })
      const parts: Uint8Array[] = []
      let reads = 0
      for await (const part of socket) {
        parts.push(part as Uint8Array)
        if (++reads % 100 === 0) await new Promise<void>((resolve) => void client.clock.after(2 * MILLISECOND, resolve))
      }
      expect(Buffer.concat(parts).equals(whole)).toBe(true)
      expect(full).toBeGreaterThan(0)
      await close()
    })
  })

  it('says who refuses', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const { port, close } = await listen(server, () => {})
      await close()
      const socket = client.net.connect(port, serverAddress)
      const closed = once(socket, 'close').catch(() => {})
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: serverAddress, port })
      expect(error.message).toBe(`connect ECONNREFUSED ${serverAddress}:${port}`)
      await closed
      expect(socket.destroyed).toBe(true)
    })
  })

  it('resets when told to, and when octets were not read', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const { port, close } = await listen(server, (socket) => {
        socket.once('data', () => socket.resetAndDestroy())
      })
      const socket = client.net.connect(port, serverAddress)
      socket.write('please')
      expect(((await once(socket, 'error')) as [Error])[0]).toMatchObject({ code: 'ECONNRESET' })
      await close()

      const deaf = await listen(server, (socket) => {
        server.clock.after(20 * MILLISECOND, () => socket.destroy())
      })
      const other = client.net.connect(deaf.port, serverAddress)
      other.write(Buffer.alloc(1_000_000))
      other.resume()
      expect(((await once(other, 'error')) as [Error])[0]).toMatchObject({ code: 'ECONNRESET' })
      await deaf.close()
    })
  })

  it('closes with FIN when all was read', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const { port, close } = await listen(server, (socket) => {
        socket.once('data', () => {
          socket.write('bye')
          socket.destroySoon()
        })
      })
      const socket = client.net.connect(port, serverAddress)
      socket.write('hello')
      let got = ''
      for await (const chunk of socket) got += text(chunk as Uint8Array)
      expect(got).toBe('bye')
      await close()
    })
  })

  it('times out after quiet, and only then', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const { port, close } = await listen(server, (socket) => {
        socket.resume()
        client.clock.after(60 * MILLISECOND, () => void socket.write('not quiet'))
      })
      const socket = client.net.connect(port, serverAddress)
      socket.resume()
      await once(socket, 'connect')
      const began = client.clock.now()
      socket.setTimeout(100)
      expect(socket.timeout).toBe(100)
      await once(socket, 'timeout')
      const took = (client.clock.now() - began) / MILLISECOND
      expect(took).toBeGreaterThanOrEqual(155)
      expect(took).toBeLessThan(400)
      expect(socket.destroyed).toBe(false)
      socket.destroy()
      await close()
    })
  })

  it('counts connections, and closes the server after the last', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const listener = server.net.createServer((socket) => socket.resume())
      listener.listen(0, '0.0.0.0')
      await once(listener, 'listening')
      expect(listener.listening).toBe(true)
      const { port, address, family } = listener.address() as AddressInfo
      expect([address, family]).toEqual(['0.0.0.0', 'IPv4'])
      expect(() => listener.listen(0)).toThrow(expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }))

      const second = server.net.createServer()
      second.listen(port, '0.0.0.0')
      expect(((await once(second, 'error')) as [Error])[0]).toMatchObject({
        code: 'EADDRINUSE',
        syscall: 'listen',
        message: `listen EADDRINUSE: address already in use 0.0.0.0:${port}`,
      })

      const socket = client.net.connect(port, serverAddress)
      await once(listener, 'connection')
      expect(await new Promise((resolve) => listener.getConnections((_, count) => resolve(count)))).toBe(1)
      let closed = false
      listener.close(() => (closed = true))
      expect(listener.listening).toBe(false)
      await new Promise<void>((resolve) => void server.clock.after(20 * MILLISECOND, resolve))
      expect(closed).toBe(false)
      socket.end()
      await once(listener, 'close')
      expect(closed).toBe(true)
      expect(await new Promise((resolve) => listener.close(resolve))).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
    })
  })
})

describe.each(BOTH_KINDS)('HTTP on %s', (_kind, makeHosts) => {
  it('serves and asks, with one connection for several requests', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const sockets = new Set<unknown>()
      const http = server.http.createServer((request, response) => {
        sockets.add(request.socket)
        void bodyOf(request).then((body) => {
          response.setHeader('X-Method', request.method ?? '')
          response.end(`${request.url} ${body}`)
        })
      })
      http.listen(0)
      await once(http, 'listening')
      const { port } = http.address() as AddressInfo
      for (const n of [1, 2, 3]) {
        const request = client.http.request({ host: serverAddress, port, path: `/${n}`, method: 'PUT' })
        request.end(`body ${n}`)
        const [response] = (await once(request, 'response')) as [IncomingMessage]
        expect(await bodyOf(response)).toBe(`/${n} body ${n}`)
        expect(response.statusCode).toBe(200)
        expect(response.headers['x-method']).toBe('PUT')
        const now = server.clock.wallClock()
        expect(Math.abs(Date.parse(response.headers.date ?? '') / 1000 - now.seconds)).toBeLessThanOrEqual(2)
      }
      expect(sockets.size).toBe(1)
      const get = client.http.get(`http://${serverAddress}:${port}/url`)
      const [response] = (await once(get, 'response')) as [IncomingMessage]
      expect(await bodyOf(response)).toBe('/url ')
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    })
  })

  it('tells the client that the server has gone', async () => {
    const { server, client, serverAddress, play } = makeHosts()
    await play(async () => {
      const http = server.http.createServer((request) => request.socket.resetAndDestroy())
      http.listen(0)
      await once(http, 'listening')
      const request = client.http.get({ host: serverAddress, port: (http.address() as AddressInfo).port })
      const [error] = (await once(request, 'error')) as [Error]
      expect(error).toMatchObject({ code: 'ECONNRESET' })
      await new Promise((resolve) => http.close(resolve))
    })
  })
})

describe.each(BOTH_KINDS)('clock and packages on %s', (_kind, makeHosts) => {
  it('wake in order, not before their time, and not when cancelled', async () => {
    const { server, play } = makeHosts()
    await play(async () => {
      const began = server.clock.now()
      const order: string[] = []
      server.clock.after(20 * MILLISECOND, () => order.push('second'))
      server.clock.after(5 * MILLISECOND, () => order.push('first'))
      server.clock.after(10 * MILLISECOND, () => order.push('never')).cancel()
      await new Promise<void>((resolve) => void server.clock.after(40 * MILLISECOND, resolve))
      expect(order).toEqual(['first', 'second'])
      expect(server.clock.now() - began).toBeGreaterThanOrEqual(40 * MILLISECOND)
      const { seconds, nanos } = server.clock.wallClock()
      expect(Number.isInteger(seconds) && nanos >= 0 && nanos < 1e9).toBe(true)
      const luck = server.random()
      expect(luck >= 0 && luck < 1).toBe(true)
    })
  })

  it('give each host its own instance of a package, and one only', () => {
    const { server, client } = makeHosts()
    const first = server.require('dhcp/lib/options.js')
    expect(server.require('dhcp/lib/options.js')).toBe(first)
    expect(client.require('dhcp/lib/options.js')).not.toBe(first)
    expect(() => server.require('no-such-package')).toThrow(expect.objectContaining({ code: 'MODULE_NOT_FOUND' }))
  })
})
