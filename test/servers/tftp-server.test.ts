import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes, equalBytes, fromHex, latin1, latin1Bytes } from '../../src/base/bytes.js'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import type { Host } from '../../src/host/host.js'
import { imageOf, MemoryFileStore } from '../../src/servers/file-store.js'
import { startTftpServer } from '../../src/servers/tftp-server.js'
import type { TftpServer, TftpServerOptions } from '../../src/servers/tftp-server.js'
import type { ServerEvent } from '../../src/servers/server-log.js'
import * as tftp from '../../src/wire/tftp.js'
import { BOTH_KINDS, emulatedHosts, type TwoHosts } from '../host/hosts.js'
import { installed } from '../installed.js'

const run = promisify(execFile)

const open: TftpServer[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

async function site(hosts: TwoHosts, options: Partial<TftpServerOptions> = {}) {
  const files = new MemoryFileStore()
    .add('46xxsettings.txt', 'SET A 1\n')
    .add('dir/image.bin', imageOf(100_000, 1))
    .add('blocks.bin', imageOf(2048, 2))
    .add('empty.txt', '')
    .deny('secret.txt')
  const events: ServerEvent[] = []
  const server = startTftpServer(hosts.server, { files, port: 0, log: (event) => events.push(event), ...options })
  open.push(server)
  const { port } = await server.listening
  return { files, events, server, port, client: (): Client => new Client(hosts.client, hosts.serverAddress, port) }
}

/** A client that does one thing at a time, by our own codec. */
class Client {
  readonly #socket
  readonly #host: Host
  readonly #server: string
  readonly #requestPort: number
  readonly #got: { packet: tftp.TftpPacket; port: number }[] = []
  #wake = (): void => {}
  /** The server's transfer port, once known. */
  port = 0

  constructor(host: Host, server: string, port: number) {
    this.#host = host
    this.#server = server
    this.#requestPort = port
    this.#socket = host.dgram.createSocket('udp4')
    this.#socket.on('message', (message: Uint8Array, from: { port: number }) => {
      this.#got.push({ packet: tftp.decode(message), port: from.port })
      this.#wake()
    })
  }

  request(op: 'rrq' | 'wrq', filename: string, options: [string, string][] = []): void {
    this.sendRaw(tftp.encode({ op, filename, mode: 'octet', options }), this.#requestPort)
  }

  send(packet: tftp.TftpPacket): void {
    this.sendRaw(tftp.encode(packet), this.port)
  }

  sendRaw(octets: Uint8Array, port = this.port): void {
    this.#socket.send(octets, port, this.#server)
  }

  /** The next packet; undefined when none comes for `patience`. */
  async next(patience = 150 * MILLISECOND): Promise<tftp.TftpPacket | undefined> {
    if (this.#got.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#host.clock.after(patience, resolve)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    const got = this.#got.shift()
    if (got !== undefined) this.port = got.port
    return got?.packet
  }

  /** The rest of a file, from the next DATA on. */
  async rest(blockSize: number): Promise<Uint8Array> {
    const blocks: Uint8Array[] = []
    while (true) {
      const packet = await this.next()
      if (packet?.op !== 'data') throw new Error(`DATA expected, not ${JSON.stringify(packet)}`)
      if (packet.block !== ((blocks.length + 1) & 0xffff))
        throw new Error(`block ${packet.block} after ${blocks.length}`)
      blocks.push(packet.data)
      this.send({ op: 'ack', block: packet.block })
      if (packet.data.length < blockSize) return concatBytes(blocks)
    }
  }

  close(): void {
    this.#socket.close()
  }
}

describe.each(BOTH_KINDS)('the TFTP server on %s', (_kind, makeHosts) => {
  it('gives a file in blocks of 512, the last one shorter [RFC 1350 §2]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect, files, events, port } = await site(hosts)
      const client = connect()
      client.request('rrq', '/dir/image.bin')
      expect(equalBytes(await client.rest(512), files.contentAt('dir/image.bin')!)).toBe(true)
      expect(client.port).not.toBe(port)
      // A file that fills its blocks ends with an empty one.
      client.request('rrq', 'blocks.bin')
      expect(equalBytes(await client.rest(512), files.contentAt('blocks.bin')!)).toBe(true)
      client.request('rrq', 'empty.txt')
      expect((await client.rest(512)).length).toBe(0)
      await new Promise<void>((resolve) => void hosts.client.clock.after(20 * MILLISECOND, resolve))
      const responses = events.filter(({ event }) => event === 'response')
      expect(responses.map(({ detail }) => [detail['path'], detail['octets'], detail['error']])).toEqual(
        [
          ['dir/image.bin', 100_000, undefined],
          ['blocks.bin', 2048, undefined],
          ['empty.txt', 0, undefined],
        ].map(([path, ...others]) => [path === 'dir/image.bin' ? '/dir/image.bin' : path, ...others]),
      )
      client.close()
    })
  })

  it('negotiates blksize and tsize, lowers windowsize to 1, ignores the rest [RFC 2347, 2348, 2349, 7440]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect, files } = await site(hosts)
      const client = connect()
      client.request('rrq', 'dir/image.bin', [
        ['blksize', '65464'],
        ['tsize', '0'],
        ['windowsize', '16'],
        ['multicast', ''],
      ])
      const oack = await client.next()
      expect(oack).toMatchObject({ op: 'oack' })
      const granted = Object.fromEntries((oack as { options: readonly (readonly [string, string])[] }).options)
      expect(granted).toEqual({ blksize: '1468', tsize: '100000', windowsize: '1' })
      client.send({ op: 'ack', block: 0 })
      expect(equalBytes(await client.rest(1468), files.contentAt('dir/image.bin')!)).toBe(true)
      client.close()
    })
  })

  it('says what is wrong: 1 for a missing file, 2 for one it must not give or take [RFC 1350 §5]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect } = await site(hosts, { put: ['backup'] })
      const errorOf = async (op: 'rrq' | 'wrq', name: string): Promise<unknown> => {
        const client = connect()
        client.request(op, name)
        const answer = await client.next()
        expect(await client.next(20 * MILLISECOND)).toBe(undefined)
        client.close()
        return answer
      }
      expect(await errorOf('rrq', '46xxsettings.scr')).toMatchObject({
        op: 'error',
        code: 1,
        message: 'File not found',
      })
      expect(await errorOf('rrq', 'secret.txt')).toMatchObject({ op: 'error', code: 2, message: 'Access violation' })
      expect(await errorOf('rrq', 'dir')).toMatchObject({ op: 'error', code: 2 })
      expect(await errorOf('rrq', '../etc/passwd')).toMatchObject({ op: 'error' })
      expect(await errorOf('wrq', 'elsewhere.txt')).toMatchObject({ op: 'error', code: 2 })
    })
  })

  it('takes a file where it is allowed to, and no longer one than that', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect, files } = await site(hosts, { put: ['backup'], maxFileOctets: 1000 })
      const client = connect()
      client.request('wrq', 'backup/1.txt')
      expect(await client.next()).toMatchObject({ op: 'ack', block: 0 })
      client.send({ op: 'data', block: 1, data: new Uint8Array(512).fill(65) })
      expect(await client.next()).toMatchObject({ op: 'ack', block: 1 })
      client.send({ op: 'data', block: 2, data: latin1Bytes('end') })
      expect(await client.next()).toMatchObject({ op: 'ack', block: 2 })
      await new Promise<void>((resolve) => void hosts.client.clock.after(20 * MILLISECOND, resolve))
      expect(latin1(files.contentAt('backup/1.txt')!)).toBe(`${'A'.repeat(512)}end`)

      client.request('wrq', 'backup/2.txt')
      expect(await client.next()).toMatchObject({ op: 'ack', block: 0 })
      client.send({ op: 'data', block: 1, data: new Uint8Array(512) })
      expect(await client.next()).toMatchObject({ op: 'ack', block: 1 })
      client.send({ op: 'data', block: 2, data: new Uint8Array(512) })
      let answer = await client.next()
      if (answer?.op === 'ack') answer = await client.next()
      expect(answer).toMatchObject({ op: 'error', code: 3 })
      expect(files.contentAt('backup/2.txt')).toBe(undefined)
      client.close()
    })
  })

  it('sends a block again when no ACK comes, and gives up in the end', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect, events } = await site(hosts, { retransmitAfter: 30 * MILLISECOND, retries: 2 })
      const client = connect()
      client.request('rrq', '46xxsettings.txt')
      const blocks = [
        await client.next(),
        await client.next(),
        await client.next(),
        await client.next(60 * MILLISECOND),
      ]
      expect(blocks.map((packet) => packet?.op)).toEqual(['data', 'data', 'data', undefined])
      await new Promise<void>((resolve) => void hosts.client.clock.after(50 * MILLISECOND, resolve))
      expect(events.at(-1)).toMatchObject({ event: 'response', detail: { error: 'Timed out' } })
      client.close()
    })
  })

  it('does not answer a duplicate ACK [RFC 1123 §4.2.3.1]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect } = await site(hosts)
      const client = connect()
      client.request('rrq', 'dir/image.bin')
      expect(await client.next()).toMatchObject({ op: 'data', block: 1 })
      for (let times = 0; times < 3; times++) client.send({ op: 'ack', block: 1 })
      expect(await client.next()).toMatchObject({ op: 'data', block: 2 })
      expect(await client.next(50 * MILLISECOND)).toBe(undefined)
      client.send({ op: 'ack', block: 7 })
      client.send({ op: 'ack', block: 1 })
      expect(await client.next(50 * MILLISECOND)).toBe(undefined)
      client.send({ op: 'ack', block: 2 })
      expect(await client.next()).toMatchObject({ op: 'data', block: 3 })
      client.close()
    })
  })

  it('survives what no client sends, and lets no stranger into a transfer [RFC 1350 §4]', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect, port } = await site(hosts)
      const client = connect()
      client.request('rrq', 'dir/image.bin')
      expect(await client.next()).toMatchObject({ op: 'data', block: 1 })
      const stranger = connect()
      stranger.sendRaw(tftp.encode({ op: 'ack', block: 1 }), client.port)
      expect(await stranger.next()).toMatchObject({ op: 'error', code: 5 })
      stranger.sendRaw(fromHex('00'), client.port)
      for (const octets of ['', '00', '0004', '000400', '0004000100']) client.sendRaw(fromHex(octets))
      for (const octets of ['', '00', '0001', '0009000000000000000000', '00016100', `0001${'61'.repeat(600)}`]) {
        stranger.sendRaw(fromHex(octets), port)
      }
      expect(await client.next(50 * MILLISECOND)).toBe(undefined)
      client.send({ op: 'ack', block: 1 })
      expect(await client.next()).toMatchObject({ op: 'data', block: 2 })
      client.close()
      stranger.close()
    })
  })

  it('plays noAnswer, hang, delay, truncate, error and refuse', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const {
        client: connect,
        events,
        server,
      } = await site(hosts, {
        faults: [
          { match: { path: 'silent' }, noAnswer: true },
          { match: { path: 'hanging' }, hang: 100 * MILLISECOND },
          { match: { path: '46xxsettings.txt' }, delay: 60 * MILLISECOND },
          { match: { path: '*.bin', method: 'GET' }, truncate: 3000 },
          { match: { path: 'full' }, error: 3 },
        ],
      })
      const client = connect()
      client.request('rrq', 'silent')
      expect(await client.next(50 * MILLISECOND)).toBe(undefined)
      client.request('rrq', 'hanging')
      expect(await client.next(50 * MILLISECOND)).toBe(undefined)
      await new Promise<void>((resolve) => void hosts.client.clock.after(80 * MILLISECOND, resolve))
      client.request('rrq', 'hanging')
      expect(await client.next()).toMatchObject({ op: 'error', code: 1 })
      const began = hosts.client.clock.now()
      client.request('rrq', '46xxsettings.txt')
      expect(await client.next()).toMatchObject({ op: 'data', block: 1 })
      expect(hosts.client.clock.now() - began).toBeGreaterThanOrEqual(60 * MILLISECOND)
      client.send({ op: 'ack', block: 1 })
      client.request('rrq', 'full')
      expect(await client.next()).toMatchObject({ op: 'error', code: 3 })
      client.request('rrq', 'dir/image.bin')
      for (let block = 1; block <= 5; block++) {
        expect(await client.next()).toMatchObject({ op: 'data', block })
        client.send({ op: 'ack', block })
      }
      expect(await client.next()).toBe(undefined)
      expect(events.filter(({ event }) => event === 'fault').map(({ detail }) => detail['fault'])).toEqual([
        'noAnswer',
        'hang',
        'delay',
        'error',
        'truncate',
      ])
      server.faults.add({ refuse: true })
      client.request('rrq', 'empty.txt')
      expect(await client.next(50 * MILLISECOND)).toBe(undefined)
      client.close()
    })
  })

  it('sends every block twice when told to, one for each of the doubled ACKs', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { client: connect, files } = await site(hosts, {
        faults: [{ match: { path: 'blocks.bin' }, duplicate: true }],
      })
      const client = connect()
      client.request('rrq', 'blocks.bin')
      const blocks: Uint8Array[] = []
      for (let block = 1; block <= 5; block++) {
        for (let copy = 1; copy <= 2; copy++) {
          const packet = await client.next()
          expect(packet).toMatchObject({ op: 'data', block })
          if (copy === 1 && packet?.op === 'data') blocks.push(packet.data)
        }
        client.send({ op: 'ack', block })
        client.send({ op: 'ack', block })
      }
      expect(await client.next()).toBe(undefined)
      expect(Buffer.compare(concatBytes(blocks), files.contentAt('blocks.bin')!)).toBe(0)
      client.request('rrq', 'empty.txt')
      expect(await client.next()).toMatchObject({ op: 'data', block: 1 })
      client.send({ op: 'ack', block: 1 })
      expect(await client.next()).toBe(undefined)
      client.close()
    })
  })

  it('says why it cannot listen', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { port } = await site(hosts)
      const second = startTftpServer(hosts.server, { files: new MemoryFileStore(), port })
      await expect(second.listening).rejects.toMatchObject({ code: 'EADDRINUSE' })
    })
  })
})

describe('the TFTP server on an emulated machine', () => {
  it('gives the right octets over a link that loses, doubles and reorders, and asked for windows of 8', async () => {
    for (const seed of [1, 2, 3]) {
      const hosts = emulatedHosts({ seed, loss: 0.05, duplicate: 0.1 })
      hosts.network.link('cable').set({ jitter: 2 * MILLISECOND })
      await hosts.play(async () => {
        const { client: connect, files } = await site(hosts, { retransmitAfter: 500 * MILLISECOND, retries: 9 })
        const client = connect()
        const blocks: Uint8Array[] = []
        let transfer = 0
        let blockSize = 512
        let repeat = (): void =>
          client.request('rrq', 'dir/image.bin', [
            ['blksize', '1000'],
            ['windowsize', '8'],
          ])
        repeat()
        while (blocks.at(-1)?.length !== undefined ? blocks.at(-1)!.length === blockSize : true) {
          const packet = await client.next(700 * MILLISECOND)
          if (packet === undefined) {
            client.port = transfer
            repeat()
          } else if (transfer === 0 || client.port === transfer) {
            if (packet.op === 'oack' && blocks.length === 0) {
              transfer = client.port
              blockSize = 1000
              repeat = () => client.send({ op: 'ack', block: 0 })
              repeat()
            } else if (packet.op === 'data' && packet.block === blocks.length) {
              repeat()
            } else if (packet.op === 'data' && packet.block === blocks.length + 1 && transfer !== 0) {
              blocks.push(packet.data)
              repeat = () => client.send({ op: 'ack', block: blocks.length })
              repeat()
            }
          }
        }
        expect(equalBytes(concatBytes(blocks), files.contentAt('dir/image.bin')!)).toBe(true)
        client.close()
      })
    }
  })

  it('rolls over from block 65535 to 0', async () => {
    const hosts = emulatedHosts({ delay: 1000 })
    await hosts.play(async () => {
      const { client: connect, files } = await site(hosts)
      files.add('huge.bin', imageOf(65_540 * 8 + 3, 1))
      const client = connect()
      client.request('rrq', 'huge.bin', [['blksize', '8']])
      expect(await client.next()).toMatchObject({ op: 'oack' })
      client.send({ op: 'ack', block: 0 })
      expect(equalBytes(await client.rest(8), files.contentAt('huge.bin')!)).toBe(true)
      client.close()
    })
  })

  it('answers port unreachable while it refuses', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const { port } = await site(hosts, { port: 69, faults: [{ refuse: true, until: SECOND }] })
      expect(port).toBe(69)
      const socket = hosts.client.dgram.createSocket('udp4')
      socket.connect(69, hosts.serverAddress)
      await once(socket, 'connect')
      socket.send(tftp.encode({ op: 'rrq', filename: 'empty.txt', mode: 'octet', options: [] }))
      const [error] = (await once(socket, 'error')) as [Error]
      expect(error).toMatchObject({ code: 'ECONNREFUSED' })
      socket.close()
      await new Promise<void>((resolve) => void hosts.client.clock.after(SECOND, resolve))
      const client = new Client(hosts.client, hosts.serverAddress, 69)
      client.request('rrq', 'empty.txt')
      expect((await client.rest(512)).length).toBe(0)
      client.close()
    })
  })
})

const hasAtftp = installed('atftp')
if (!hasAtftp) process.stderr.write('atftp is not installed: its tests of the TFTP server are skipped\n')

describe.skipIf(!hasAtftp)('the TFTP server and atftp', () => {
  it('agree on get with options, put, and a missing file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'bootwire-'))
    const { port, files } = await site(BOTH_KINDS[0]![1](), { address: '127.0.0.1', put: true })
    const atftp = (...args: string[]): Promise<unknown> =>
      run('atftp', [...args, '127.0.0.1', String(port)], { timeout: 20_000 })
    const local = join(directory, 'file')
    try {
      for (const options of [
        [],
        ['--option', 'blksize 1024'],
        ['--option', 'blksize 600', '--option', 'windowsize 8'],
      ]) {
        await atftp(...options, '-g', '-r', 'dir/image.bin', '-l', local)
        expect(Buffer.compare(await readFile(local), files.contentAt('dir/image.bin')!)).toBe(0)
        await rm(local)
      }
      await writeFile(local, 'x'.repeat(5000))
      await atftp('-p', '-l', local, '-r', 'put.txt')
      expect(files.contentAt('put.txt')!.length).toBe(5000)
      await expect(atftp('-g', '-r', 'nothing', '-l', local)).rejects.toMatchObject({
        stderr: expect.stringContaining('File not found') as string,
      })
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
