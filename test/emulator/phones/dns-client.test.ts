import { describe, expect, it } from 'vitest'
import { SECOND } from '../../../src/base/time.js'
import * as dns from '../../../src/wire/dns.js'
import { formatAddress } from '../../../src/wire/ipv4.js'
import { u32 } from './tiny-site.js'
import { VlanSite } from './vlan-site.js'

interface Asked {
  readonly time: number
  readonly server: string
  readonly name: string
}

/** A site whose DHCP server names DNS servers, the first of which answers from `zone`. */
function office({ servers = ['10.10.0.2'], domain = 'example.com', siteOption = 'HTTPSRVR=files' } = {}) {
  const site = new VlanSite()
  const asked: Asked[] = []
  const zone = new Map<string, number>()
  let answer: (name: string) => Partial<dns.DnsMessage> | undefined = (name) => {
    const address = zone.get(name.toLowerCase())
    const data = { kind: 'a', address: address ?? 0 } as const
    return address === undefined
      ? { rcode: dns.Rcode.nameError }
      : { answers: [{ name, type: dns.Type.a, class: 1, ttl: 60, data }] }
  }
  const toOctets = servers.flatMap((server) => [
    ...u32(server.split('.').reduce((n, part) => n * 256 + Number(part), 0)),
  ])
  site.data.siteOption = siteOption
  site.data.options = [
    { code: 6, data: Uint8Array.from(toOctets) },
    { code: 15, data: Uint8Array.from(domain, (character) => character.charCodeAt(0)) },
  ]
  const host = site.hosts.get('server-10')!
  const socket = host.bindUdp(dns.SERVER_PORT, ({ payload, sourceAddress, sourcePort }) => {
    const query = dns.decode(payload)
    const { name } = query.questions[0]!
    asked.push({ time: site.sim.now, server: formatAddress(host.address), name })
    const part = answer(name)
    if (part === undefined) return
    socket.send(dns.encode({ ...query, response: true, ...part }), sourceAddress, sourcePort)
  })
  const names = () => asked.map(({ name }) => name)
  return { site, zone, asked, names, answers: (how: typeof answer) => (answer = how) }
}

describe('names of servers', () => {
  it('without a dot are asked for with the domain', async () => {
    const { site, zone, names } = office()
    zone.set('files.example.com', 0x0a0a0002)
    site.addPhone('1608')
    await site.run()
    expect(names()).toEqual(['files.example.com'])
    expect(site.phone.parameter('HTTPSRVR')).toEqual(['10.10.0.2'])
    expect(site.phone.story.outcome).toBe('booted')
  })

  it('with dots are asked for as they are, then with the domain doubled', async () => {
    const { site, names } = office({ siteOption: 'HTTPSRVR=files.example.com' })
    site.addPhone('1608')
    await site.run()
    expect(names()).toEqual(['files.example.com', 'files.example.com.example.com'])
    expect(site.failures()).toContain('dns-lookup-failed')
    expect(site.phone.story).toMatchObject({ outcome: 'failed', rootCause: 'dns-lookup-failed' })
  })

  it('are asked for again when nobody answers, by every server in turn', async () => {
    const { site, asked, answers } = office({ servers: ['10.10.0.2', '10.10.0.77'], domain: '' })
    answers(() => undefined)
    site.addPhone('1608')
    await site.run()
    expect(asked).toHaveLength(2)
    // 5 s here, then the other server's: its ARP stays unanswered, which is told sooner.
    expect(asked[1]!.time - asked[0]!.time).toBeGreaterThan(5 * SECOND)
    expect(site.phone.story.failures.find(({ cause }) => cause === 'dns-lookup-failed')?.detail).toMatch(
      /no DNS server/,
    )
  })

  it('are not found when the server refuses, and without a server at all', async () => {
    const refused = office({ domain: '' })
    refused.answers(() => ({ rcode: dns.Rcode.serverFailure }))
    refused.site.addPhone('1608')
    await refused.site.run()
    expect(refused.site.phone.story.failures[0]?.detail).toMatch(/code 2/)
    const none = office({ servers: [] })
    none.site.data.options = []
    none.site.addPhone('1608')
    await none.site.run()
    expect(none.site.phone.story.failures[0]?.detail).toMatch(/DHCP named no DNS server/)
  })

  it('take no answer with another identifier or to another question', async () => {
    const { site, zone, answers, names } = office()
    zone.set('files.example.com', 0x0a0a0002)
    const data = { kind: 'a', address: 0x0a0a0063 } as const
    const forged = [{ name: 'files.example.com', type: 1, class: 1, ttl: 60, data }]
    answers((name) => ({ id: 1, answers: forged, questions: [{ name, type: 1, class: 1 }] }))
    site.addPhone('1608')
    await site.run()
    expect(site.phone.parameter('HTTPSRVR')).toEqual([])
    expect(new Set(names())).toEqual(new Set(['files.example.com']))
  })

  it('leave addresses in a list as they are', async () => {
    const { site, zone } = office({ siteOption: 'HTTPSRVR="10.10.0.2,files"' })
    zone.set('files.example.com', 0x0a0a0003)
    site.addPhone('1608')
    await site.run()
    expect(site.phone.parameter('HTTPSRVR')).toEqual(['10.10.0.2', '10.10.0.3'])
  })

  it('are built into the 4600: AvayaTFTPServer and AvayaCallServer', async () => {
    const { site, zone, names } = office({ siteOption: 'L2Q=0' })
    zone.set('avayatftpserver.example.com', 0x0a0a0002)
    zone.set('avayacallserver.example.com', 0x0a0a0005)
    site.addPhone('4620SW')
    await site.run()
    expect(names()).toEqual(['AvayaTFTPServer.example.com', 'AvayaCallServer.example.com'])
    expect(site.phone.parameter('TFTPSRVR')).toEqual(['10.10.0.2'])
    expect(site.phone.parameter('MCIPADD')).toEqual(['10.10.0.5'])
    const other = office({ siteOption: 'L2Q=0' })
    other.site.addPhone('1608')
    await other.site.run()
    expect(other.asked).toEqual([])
  })
})
