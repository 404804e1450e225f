import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/base/bytes.js'
import { MINUTE, SECOND, type Nanos } from '../../../src/base/time.js'
import * as callServer from '../../../src/deskphone/call-server.js'
import type { EmulatedHost } from '../../../src/emulator/net/host.js'
import type { TcpSocket } from '../../../src/emulator/net/transport.js'
import type { PhoneOptions } from '../../../src/emulator/phones/phone-options.js'
import type { Phone } from '../../../src/emulator/phones/phone.js'
import { formatTransportAddress, ipAddress } from '../../../src/wire/h225.js'
import * as ras from '../../../src/wire/h225ras.js'
import { abbreviation, messageName } from '../../../src/wire/h225ras-messages.js'
import type { RasMessage } from '../../../src/wire/h225ras-messages.js'
import { formatAddress, parseAddress } from '../../../src/wire/ipv4.js'
import { SERVER, TinySite } from './tiny-site.js'

const SCRIPT = 'GET 46xxsettings.txt\n'

interface Asked {
  readonly time: Nanos
  readonly to: string
  readonly port: number
  readonly name: string
  readonly message: Extract<RasMessage, { requestSeqNum: number }>
}

type Answer = (asked: Asked, good: RasMessage) => RasMessage | readonly RasMessage[] | 'silence'

/** A site whose phones know these call servers; each answers well unless told otherwise. */
class CallSite extends TinySite {
  readonly asked: Asked[] = []
  readonly signalling: TcpSocket[] = []
  answer: Answer = (_asked, good) => good

  constructor(mcipadd: string, parameters = '') {
    super()
    for (const number of [176, 242]) {
      this.siteOptions.set(number, `HTTPSRVR=${SERVER}${mcipadd && `,MCIPADD="${mcipadd}"`}${parameters}`)
    }
    for (const name of ['16xxupgrade.txt', '46xxupgrade.scr', '96x1Hupgrade.txt']) {
      this.httpFiles.set(`/${name}`, SCRIPT)
    }
    this.httpFiles.set('/46xxsettings.txt', 'SET A 1\n')
    this.serveHttp()
  }

  callServer(address: string, { signalling = true } = {}): EmulatedHost {
    const host = this.addHost(`call-server-${address}`, address)
    const socket = host.bindUdp(ras.RAS_PORT, ({ payload, sourceAddress, sourcePort }) => {
      const message = ras.decode(payload)
      if (message.kind === 'other') throw new Error(message.name)
      const name = abbreviation(messageName(message))
      const asked = { time: this.sim.now, to: address, port: sourcePort, name, message }
      this.asked.push(asked)
      const answer = this.answer(asked, good(message, address))
      const answers = answer === 'silence' ? [] : 'kind' in answer ? [answer] : answer
      for (const one of answers) socket.send(ras.encode(one), sourceAddress, sourcePort)
    })
    if (signalling) {
      host.listenTcp(ras.SIGNALLING_PORT, (connection) => {
        this.signalling.push(connection)
        return { end: () => connection.end() }
      })
    }
    this.unregister = (phone) => {
      const request = { kind: 'unregistrationRequest', requestSeqNum: 77, callSignalAddress: [ipAddress(0x0a140005, 1720)] } as const // prettier-ignore
      socket.send(ras.encode(request), parseAddress(phone.story.address!)!, 49300)
    }
    return host
  }

  unregister: (phone: Phone) => void = () => {}

  phone(model: string, options: Partial<PhoneOptions> = {}): Phone {
    const phone = this.addPhone(model, { registers: true, extension: '1001', ...options })
    phone.powerOn()
    return phone
  }

  names(): string[] {
    return this.asked.map(({ name, to }) => `${name} ${to}`)
  }
}

function good(message: Asked['message'], address: string): RasMessage {
  const { requestSeqNum } = message
  const own = parseAddress(address)!
  const protocolIdentifier = ras.protocolVersion(2)
  switch (message.kind) {
    case 'gatekeeperRequest':
      return {
        kind: 'gatekeeperConfirm',
        requestSeqNum,
        protocolIdentifier,
        rasAddress: ipAddress(own, ras.RAS_PORT),
        tokens: [{ tokenOID: '0.0', random: Uint8Array.of(1, 2) }],
        featureSet: callServer.CALL_SERVER_FEATURES,
      }
    case 'registrationRequest':
      return {
        kind: 'registrationConfirm',
        requestSeqNum,
        protocolIdentifier,
        callSignalAddress: [ipAddress(own, ras.SIGNALLING_PORT)],
        endpointIdentifier: 'ep',
      }
    default:
      return { kind: 'unregistrationConfirm', requestSeqNum }
  }
}

const reject = (asked: Asked, choice: string): RasMessage =>
  ({
    kind: 'registrationReject',
    requestSeqNum: asked.message.requestSeqNum,
    protocolIdentifier: ras.protocolVersion(2),
    rejectReason: { choice, value: choice === 'duplicateAlias' ? [] : null },
  }) as unknown as RasMessage

describe('registration', () => {
  it('finds the call server, logs in and opens the signalling connection', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    const phone = site.phone('1608', { password: '4711' })
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'booted', failures: [], boots: [{ registered: true }] })
    expect(phone.story.stages.at(-1)).toMatchObject({ stage: 'registration', status: 'ok' })
    expect(site.names()).toEqual(['GRQ 10.20.0.5', 'RRQ 10.20.0.5'])
    const [grq, rrq] = site.asked
    expect([grq?.port, rrq?.port]).toEqual([49300, 49300])
    expect(grq?.message).toMatchObject({
      requestSeqNum: 1,
      protocolIdentifier: '0.0.8.2250.0.2',
      nonStandardData: {
        nonStandardIdentifier: { value: '2.16.840.1.113778.4.2.1' },
        data: Uint8Array.of(0x85, 0x01, 0x40),
      },
      rasAddress: ipAddress(parseAddress(phone.story.address!)!, 49300),
      endpointAlias: [{ choice: 'dialedDigits', value: '1001' }],
    })
    const message = rrq?.message
    if (message?.kind !== 'registrationRequest') throw new Error(message?.kind)
    expect(callServer.readLoginRequest(message.nonStandardData?.data)?.mac).toEqual(
      fromHex(phone.story.mac.replaceAll(':', '')),
    )
    expect(message.cryptoTokens).toMatchObject([
      { value: { encryptedData: callServer.passwordProof('4711', Uint8Array.of(1, 2)) } },
    ])
    await site.sim.run({ until: site.sim.now + SECOND })
    const [connection] = site.signalling
    expect(formatTransportAddress(message.callSignalAddress[0]!)).toBe(
      `${formatAddress(connection!.remoteAddress)}:${connection!.remotePort}`,
    )
    expect(site.texts()).toContain('Discovering...')
    expect(rrq!.time - grq!.time).toBeGreaterThan(SECOND)
  })

  it('goes where the confirm sends it', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    site.callServer('10.20.0.6')
    site.answer = (_asked, answer) =>
      answer.kind === 'gatekeeperConfirm' ? { ...answer, rasAddress: ipAddress(0x0a140006, 1719) } : answer
    site.phone('1608')
    await site.run()
    expect(site.names()).toEqual(['GRQ 10.20.0.5', 'RRQ 10.20.0.6'])
  })

  it('walks the list: two GRQs five seconds apart, then the next address', async () => {
    const site = new CallSite('10.20.0.5,10.20.0.6')
    site.callServer('10.20.0.5')
    site.callServer('10.20.0.6')
    site.answer = ({ to }, answer) => (to === '10.20.0.5' ? 'silence' : answer)
    const phone = site.phone('4620SW')
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'booted', rootCause: undefined })
    expect(site.names()).toEqual(['GRQ 10.20.0.5', 'GRQ 10.20.0.5', 'GRQ 10.20.0.6', 'RRQ 10.20.0.6'])
    const [first, second, third] = site.asked
    expect([second!.time - first!.time, third!.time - second!.time].map((t) => Math.round(t / SECOND))).toEqual([5, 5])
    expect(first!.message.requestSeqNum).toBe(second!.message.requestSeqNum)
    expect(site.texts()).toEqual(expect.arrayContaining(['Discover 10.20.0.5', 'Discover 10.20.0.6']))
  })

  it('without an answer it says so after one round, goes on, and resets itself after a quarter of an hour', async () => {
    const site = new CallSite('10.20.0.5,10.20.0.6')
    site.callServer('10.20.0.5')
    site.callServer('10.20.0.6')
    site.answer = () => 'silence'
    const phone = site.phone('4620SW')
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'registration-no-response' })
    expect(site.asked).toHaveLength(4)
    await site.sim.run({ until: 17 * MINUTE })
    expect(phone.story.boots.map(({ reason }) => reason)).toEqual(['power-on', 'unregistered'])
    expect(site.asked.length).toBeGreaterThan(150)
  })

  it('resets itself after UDT minutes where the series has it', async () => {
    const site = new CallSite('10.20.0.5')
    site.httpFiles.set('/46xxsettings.txt', 'SET UDT 12\n')
    const phone = site.phone('9608')
    await site.sim.run({ until: 11.5 * MINUTE })
    expect(phone.story.boots).toHaveLength(1)
    await site.sim.run({ until: 14 * MINUTE })
    expect(phone.story.boots).toHaveLength(2)
  })

  it('takes a closed port, and a host that is not there, for no answer', async () => {
    const site = new CallSite('10.20.0.5,10.20.0.6')
    site.addHost('no-gatekeeper', '10.20.0.5')
    const phone = site.phone('1608')
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'registration-no-response' })
    expect(phone.story.failures.at(-1)?.detail).toMatch(/10\.20\.0\.5:1719: ICMP type 3 code 3 to the GRQ/)
    const alone = new CallSite('10.20.0.9')
    const lonely = alone.phone('1608')
    await alone.run()
    expect(lonely.story).toMatchObject({ outcome: 'degraded', rootCause: 'arp-unanswered' })
  })

  it('resets itself when nothing names a call server', async () => {
    const site = new CallSite('')
    const phone = site.phone('1608')
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'site-option-no-call-server' })
    await site.sim.run({ until: 17 * MINUTE })
    expect(phone.story.boots).toHaveLength(2)
  })

  it('rejected, the 4600 shows why and resets itself; the 1600 tries again after REREGISTER', async () => {
    for (const [model, boots, texts] of [
      ['4620SW', 2, 'Password Error'],
      ['1608', 1, 'Password Error'],
    ] as const) {
      // prettier-ignore
      const site = new CallSite('10.20.0.5', ',REREGISTER=2')
      site.callServer('10.20.0.5')
      site.answer = (asked, answer) => (asked.name === 'RRQ' ? reject(asked, 'securityDenial') : answer)
      const phone = site.phone(model)
      await site.run()
      expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'registration-rejected' })
      expect(site.texts()).toContain(texts)
      await site.sim.run({ until: site.sim.now + 2 * MINUTE })
      expect(phone.story.boots).toHaveLength(boots)
      if (model !== '1608') continue
      expect(site.asked.filter(({ name }) => name === 'RRQ')).toHaveLength(1)
      await site.sim.run({ until: site.sim.now + MINUTE })
      expect(site.asked.filter(({ name }) => name === 'RRQ')).toHaveLength(2)
    }
  })

  it('takes an extension over when the user confirms', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    site.answer = (asked, answer) => {
      const { message } = asked
      if (message.kind !== 'registrationRequest') return answer
      const takesOver = callServer.readLoginRequest(message.nonStandardData?.data)?.takesOver
      return takesOver === true ? answer : reject(asked, 'duplicateAlias')
    }
    const phone = site.phone('1608', { takesOver: true })
    await site.run()
    expect(site.names()).toEqual(['GRQ 10.20.0.5', 'RRQ 10.20.0.5', 'RRQ 10.20.0.5'])
    expect(site.texts()).toContain('Extension in Use')
    expect(phone.story.outcome).toBe('booted')
    const shy = site.phone('1608', { extension: '1002' })
    await site.run()
    expect(shy.story).toMatchObject({ outcome: 'degraded', rootCause: 'registration-rejected' })
  })

  it('takes itself off the list when the signalling connection fails', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5', { signalling: false })
    const phone = site.phone('1608')
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'signalling-connect-failed' })
    expect(phone.story.failures.at(-1)?.detail).toBe('10.20.0.5:1720: ECONNREFUSED')
    expect(site.names().slice(0, 4)).toEqual(['GRQ', 'RRQ', 'URQ', 'GRQ'].slice(0, 3).map((name) => `${name} 10.20.0.5`)) // prettier-ignore
  })

  it('renews where the call server sets a time, and registers anew when that fails', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    let deaf = false
    site.answer = ({ message }, answer) => {
      if (deaf && message.kind === 'registrationRequest' && message.keepAlive === true) return 'silence'
      return answer.kind === 'registrationConfirm' ? { ...answer, timeToLive: 60 } : answer
    }
    const phone = site.phone('1608')
    await site.run()
    await site.sim.run({ until: site.sim.now + 2 * MINUTE })
    const renewals = site.asked.filter(({ message }) => message.kind === 'registrationRequest' && message.keepAlive)
    expect(renewals).toHaveLength(2)
    expect(renewals[0]?.message).toMatchObject({ endpointIdentifier: 'ep' })
    expect(Math.round((renewals[1]!.time - renewals[0]!.time) / SECOND)).toBe(45)
    deaf = true
    await site.sim.run({ until: site.sim.now + MINUTE })
    expect(site.names().slice(-4).map((name) => name.slice(0, 3))).toEqual(['RRQ', 'RRQ', 'GRQ', 'RRQ']) // prettier-ignore
    expect(phone.story).toMatchObject({ outcome: 'booted', boots: [{ registered: true }] })
  })

  it('registers anew when the call server unregisters it, or ends the connection', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    const phone = site.phone('1608')
    await site.run()
    site.unregister(phone)
    await site.sim.run({ until: site.sim.now + 10 * SECOND })
    expect(site.names().map((name) => name.slice(0, 3))).toEqual(['GRQ', 'RRQ', 'UCF', 'GRQ', 'RRQ'])
    site.signalling.at(-1)!.end()
    await site.sim.run({ until: site.sim.now + 10 * SECOND })
    expect(site.names().map((name) => name.slice(0, 3))).toEqual(['GRQ', 'RRQ', 'UCF', 'GRQ', 'RRQ', 'GRQ', 'RRQ'])
    expect(phone.story.boots).toHaveLength(1)
    phone.powerOff()
    const before = site.asked.length
    await site.sim.run({ until: site.sim.now + MINUTE })
    expect(site.asked).toHaveLength(before)
  })

  it('waits as long as RIP says', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    site.answer = ({ name, message: { requestSeqNum } }, answer) =>
      name === 'RRQ' ? [{ kind: 'requestInProgress', requestSeqNum, delay: 20_000 }] : answer
    site.phone('1608')
    await site.sim.run({ until: 40 * SECOND })
    const [first, second] = site.asked.filter(({ name }) => name === 'RRQ')
    expect(Math.round((second!.time - first!.time) / SECOND)).toBe(20)
  })

  it('resets itself when a gatekeeper is none of Avaya, twelve times', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    site.answer = (_asked, answer) =>
      answer.kind === 'gatekeeperConfirm' ? { ...answer, gatekeeperIdentifier: 'gk', featureSet: undefined as never } : answer // prettier-ignore
    const phone = site.phone('1608')
    await site.run()
    expect(phone.story).toMatchObject({ outcome: 'degraded', rootCause: 'reboot-loop' })
    expect(phone.story.boots).toHaveLength(12)
    expect(site.names().every((name) => name.startsWith('GRQ'))).toBe(true)
  })

  it('registers without a name when nobody logs in for a minute', async () => {
    const site = new CallSite('10.20.0.5')
    site.callServer('10.20.0.5')
    const phone = site.addPhone('1608', { registers: true })
    phone.powerOn()
    await site.run()
    const [grq, rrq] = site.asked
    expect(grq?.message).not.toHaveProperty('endpointAlias')
    expect(rrq?.message).not.toHaveProperty('terminalAlias')
    expect(Math.round((rrq!.time - grq!.time) / SECOND)).toBe(60)
    expect(phone.story.outcome).toBe('booted')
  })
})
