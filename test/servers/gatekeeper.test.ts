import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { fromHex, latin1 } from '../../src/base/bytes.js'
import { MILLISECOND, SECOND } from '../../src/base/time.js'
import * as callServer from '../../src/deskphone/call-server.js'
import type { Host } from '../../src/host/host.js'
import { faultProblem } from '../../src/servers/faults.js'
import { startGatekeeper } from '../../src/servers/gatekeeper.js'
import type { Gatekeeper, GatekeeperOptions } from '../../src/servers/gatekeeper.js'
import type { ServerEvent } from '../../src/servers/server-log.js'
import { formatTransportAddress, ipAddress } from '../../src/wire/h225.js'
import * as ras from '../../src/wire/h225ras.js'
import type { RasMessage, RegistrationRequest } from '../../src/wire/h225ras-messages.js'
import { BOTH_KINDS, emulatedHosts } from '../host/hosts.js'
import type { TwoHosts } from '../host/hosts.js'
import { GRQ } from '../wire/ras-frames.js'

const open: Gatekeeper[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

const PHONE = 0x0a000002
const MAC = fromHex('00 1b 4f 20 00 01')
const terminal = { terminal: {}, mc: false, undefinedNode: false }
const protocolIdentifier = ras.protocolVersion(2)

async function site(hosts: TwoHosts, options: Partial<GatekeeperOptions> = {}) {
  const events: ServerEvent[] = []
  const server = startGatekeeper(hosts.server, {
    serverAddress: hosts.serverAddress,
    port: 0,
    signallingPort: 0,
    log: (event) => events.push(event),
    ...options,
  })
  open.push(server)
  const ports = await server.listening
  return { server, events, ...ports, asker: () => new Asker(hosts.client, hosts.serverAddress, ports.port) }
}

/** A phone that asks one thing at a time. */
class Asker {
  readonly #socket
  readonly #host: Host
  readonly #server: string
  readonly #port: number
  readonly #answers: RasMessage[] = []
  #wake = (): void => {}
  #sequence = 0

  constructor(host: Host, server: string, port: number) {
    this.#host = host
    this.#server = server
    this.#port = port
    this.#socket = host.dgram.createSocket('udp4')
    this.#socket.on('message', (octets: Uint8Array) => {
      this.#answers.push(ras.decode(octets))
      this.#wake()
    })
    this.#socket.on('error', () => {})
  }

  /** Undefined when no answer comes for `patience`. */
  async ask(octets: Uint8Array, patience = 150 * MILLISECOND): Promise<RasMessage | undefined> {
    this.#socket.send(octets, this.#port, this.#server)
    if (this.#answers.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#host.clock.after(patience, resolve)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
    }
    return this.#answers.shift()
  }

  discover(extension = '1001'): Promise<RasMessage | undefined> {
    return this.ask(
      ras.encode({
        kind: 'gatekeeperRequest',
        requestSeqNum: ++this.#sequence,
        protocolIdentifier,
        nonStandardData: callServer.privateData(callServer.DISCOVERY_DATA),
        rasAddress: ipAddress(PHONE, 49300),
        endpointType: terminal,
        endpointAlias: callServer.extensionAlias(extension),
      }),
    )
  }

  register(changes: Partial<RegistrationRequest> = {}, takesOver = false): Promise<RasMessage | undefined> {
    return this.ask(
      ras.encode({
        kind: 'registrationRequest',
        requestSeqNum: ++this.#sequence,
        protocolIdentifier,
        nonStandardData: callServer.privateData(callServer.loginRequest(MAC, takesOver)),
        discoveryComplete: true,
        callSignalAddress: [ipAddress(PHONE, 1500)],
        rasAddress: [ipAddress(PHONE, 49300)],
        terminalType: terminal,
        terminalAlias: callServer.extensionAlias('1001'),
        endpointVendor: callServer.avayaVendor('IP_Phone', '1.0'),
        ...changes,
      }),
    )
  }

  unregister(endpointIdentifier: string): Promise<RasMessage | undefined> {
    const callSignalAddress = [ipAddress(PHONE, 1500)]
    const requestSeqNum = ++this.#sequence
    return this.ask(ras.encode({ kind: 'unregistrationRequest', requestSeqNum, callSignalAddress, endpointIdentifier }))
  }

  close(): void {
    this.#socket.close()
  }
}

describe.each(BOTH_KINDS)('the gatekeeper on %s', (_kind, makeHosts) => {
  it('is found, registers a phone and takes its signalling connection', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { server, asker, signallingPort } = await site(hosts)
      const phone = asker()
      const found = await phone.discover()
      if (found?.kind !== 'gatekeeperConfirm') throw new Error(found?.kind)
      expect(callServer.isAvayaConfirm(found)).toBe(true)
      expect(found.gatekeeperIdentifier).toBeUndefined()
      expect(found.tokens).toMatchObject([{ generalID: 'DEFINITY-GK' }])
      const confirmed = await phone.register()
      if (confirmed?.kind !== 'registrationConfirm') throw new Error(confirmed?.kind)
      expect(confirmed.timeToLive).toBeUndefined()
      expect(confirmed).toMatchObject({ requestSeqNum: 2, maintainConnection: true })
      expect(latin1(confirmed.nonStandardData!.data)).toContain('Main')
      expect(server.registered).toEqual(['1001'])
      const [signalling] = confirmed.callSignalAddress.map(formatTransportAddress)
      expect(signalling).toBe(`${hosts.serverAddress}:${signallingPort}`)
      const socket = hosts.client.net.connect(signallingPort!, hosts.serverAddress)
      await once(socket, 'connect')
      await new Promise<void>((resolve) => hosts.client.clock.after(10 * MILLISECOND, resolve))
      expect(server.connections).toBe(1)
      socket.destroy()
      expect(await phone.register({ keepAlive: true, endpointIdentifier: confirmed.endpointIdentifier })).toMatchObject(
        { kind: 'registrationConfirm', endpointIdentifier: confirmed.endpointIdentifier },
      )
      expect(await phone.unregister(confirmed.endpointIdentifier)).toMatchObject({ kind: 'unregistrationConfirm' })
      expect(server.registered).toEqual([])
      expect(await phone.unregister('x')).toMatchObject({ rejectReason: { choice: 'notCurrentlyRegistered' } })
      phone.close()
    })
  })

  it('rejects by extension, password, who has the extension, and licences', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const extensions = new Map([['1001', '4711'], ['1002', ''], ['1003', ''], ['1004', '']]) // prettier-ignore
      const { asker } = await site(hosts, { extensions, taken: ['1002'], limit: 2 })
      const phone = asker()
      const found = await phone.discover()
      if (found?.kind !== 'gatekeeperConfirm') throw new Error(found?.kind)
      const challenge = found.tokens![0]!.random!
      const proof = (password: string): Partial<RegistrationRequest> => ({
        cryptoTokens: [
          {
            choice: 'cryptoEPPwdEncr',
            value: {
              algorithmOID: callServer.KEY_EXCHANGE_OID,
              paramS: {},
              encryptedData: callServer.passwordProof(password, challenge),
            },
          },
        ],
      })
      const as = (extension: string, change: Partial<RegistrationRequest> = {}) => ({
        terminalAlias: callServer.extensionAlias(extension),
        ...change,
      })
      const reason = async (answer: Promise<RasMessage | undefined>) => {
        const message = await answer
        return message?.kind === 'registrationReject' ? message.rejectReason.choice : message?.kind
      }
      expect(await reason(phone.register(as('999')))).toBe('invalidAlias')
      expect(await reason(phone.register(as('1001')))).toBe('securityDenial')
      expect(await reason(phone.register(as('1001', proof('4712'))))).toBe('securityDenial')
      expect(await reason(phone.register(as('1001', proof('4711'))))).toBe('registrationConfirm')
      expect(await reason(phone.register(as('1002')))).toBe('duplicateAlias')
      expect(await reason(phone.register(as('1002'), true))).toBe('registrationConfirm')
      expect(await reason(phone.register(as('1003')))).toBe('resourceUnavailable')
      expect(await reason(phone.register({ ...as('1003'), keepAlive: true, endpointIdentifier: '?' }))).toBe(
        'fullRegistrationRequired',
      )
      phone.close()
    })
  })

  it('plays its faults on the messages that they are for', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { asker, events } = await site(hosts, {
        faults: [
          { match: { message: 'GRQ', client: '1001' }, count: 1, noAnswer: true },
          { match: { message: 'GRQ', client: '1002' }, reject: 'terminalExcluded' },
          { match: { message: 'RRQ', client: '00:1b:4f:20:00:01' }, skip: 1, reject: 'duplicateAlias' },
          { match: { message: 'URQ' }, delay: 100 * MILLISECOND },
        ],
      })
      const phone = asker()
      expect(await phone.discover()).toBeUndefined()
      expect(await phone.discover()).toMatchObject({ kind: 'gatekeeperConfirm', requestSeqNum: 2 })
      expect(await phone.discover('1002')).toMatchObject({ rejectReason: { choice: 'terminalExcluded' } })
      expect(await phone.register()).toMatchObject({ kind: 'registrationConfirm' })
      expect(await phone.register()).toMatchObject({
        kind: 'registrationReject',
        rejectReason: { choice: 'duplicateAlias', value: [{ value: '1001' }] },
      })
      const before = hosts.client.clock.now()
      expect(await phone.unregister('?')).toMatchObject({ kind: 'unregistrationReject' })
      expect(hosts.client.clock.now() - before).toBeGreaterThanOrEqual(95 * MILLISECOND)
      expect(events.filter(({ event }) => event === 'fault').map(({ detail }) => detail['fault'])).toEqual(['noAnswer', 'reject', 'reject', 'delay']) // prettier-ignore
      phone.close()
    })
  })

  it('takes hostile octets for what they are, and answers what it does not know with silence', async () => {
    const hosts = makeHosts()
    await hosts.play(async () => {
      const { asker, events } = await site(hosts)
      const phone = asker()
      for (const octets of ['', '00', 'ff ff ff', '26 48 00 02 18 c0 00 34']) {
        expect(await phone.ask(fromHex(octets), 20 * MILLISECOND)).toBeUndefined()
      }
      expect(await phone.ask(GRQ.subarray(0, 60), 20 * MILLISECOND)).toBeUndefined()
      expect(events.filter(({ event }) => event === 'error').length).toBeGreaterThanOrEqual(2)
      expect(await phone.ask(GRQ)).toMatchObject({ kind: 'gatekeeperConfirm', requestSeqNum: 2 })
      phone.close()
    })
  })
})

describe('the gatekeeper', () => {
  it('may be one that is not of Avaya, or tell a lot', async () => {
    const hosts = emulatedHosts()
    await hosts.play(async () => {
      const plain = await site(hosts, { plain: true, timeToLive: 60 })
      const phone = plain.asker()
      const found = await phone.discover()
      expect(found).toMatchObject({ kind: 'gatekeeperConfirm', gatekeeperIdentifier: 'gatekeeper' })
      expect(found?.kind === 'gatekeeperConfirm' && callServer.isAvayaConfirm(found)).toBe(false)
      expect(await phone.register()).toMatchObject({ timeToLive: 60 })
      // Registered no longer, it has room for another.
      await new Promise<void>((resolve) => hosts.server.clock.after(70 * SECOND, resolve))
      await phone.register({ terminalAlias: callServer.extensionAlias('1002') })
      expect(plain.server.registered).toEqual(['1002'])
      phone.close()
      const large = await site(hosts, { padding: 3000, alternates: ['10.0.0.9'], faults: [{ refuse: true, from: SECOND * 3600 }] }) // prettier-ignore
      const other = large.asker()
      expect(await other.discover()).toMatchObject({ nonStandardData: { data: { length: 3000 } } })
      const confirmed = await other.register()
      expect(confirmed?.kind === 'registrationConfirm' && confirmed.alternateGatekeeper).toMatchObject([
        { rasAddress: ipAddress(0x0a000009, 1719), priority: 0 },
      ])
      other.close()
    })
  })

  it('refuses faults that it cannot play', () => {
    expect(faultProblem({ nak: true }, 'gatekeeper')).toMatch(/RAS servers cannot play 'nak'/)
    expect(faultProblem({ reject: 'duplicateAlias' }, 'gatekeeper')).toMatch(/match: \{ message: GRQ \} or RRQ/)
    expect(faultProblem({ match: { message: 'GRQ' }, reject: 'duplicateAlias' }, 'gatekeeper')).toMatch(/only resourceUnavailable/) // prettier-ignore
    expect(faultProblem({ match: { message: 'RRQ' }, reject: 'duplicateAlias' }, 'gatekeeper')).toBeUndefined()
    expect(faultProblem({ match: { message: 'GRQ' }, noAnswer: true }, 'http')).toMatch(/gatekeepers/)
  })
})
