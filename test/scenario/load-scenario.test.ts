import { describe, expect, it } from 'vitest'
import { MILLISECOND, MINUTE, SECOND } from '../../src/base/time.js'
import { parseScenario } from '../../src/scenario/load-scenario.js'
import { ScenarioError } from '../../src/scenario/scenario-error.js'

const FILES = new Map([
  ['16xxupgrade.txt', new Uint8Array([1])],
  ['46xxsettings.txt', new Uint8Array([2])],
])

function load(text: string) {
  return parseScenario(text, 'site.yaml', (directory) =>
    directory === './files' ? FILES : `cannot read ${directory}: no such file or directory`,
  )
}

/** `line:column: message` of every problem. */
function problemsOf(text: string): string[] {
  try {
    load(text)
  } catch (error) {
    if (error instanceof ScenarioError) return error.toLines().map((line) => line.replace('site.yaml:', ''))
    throw error
  }
  return []
}

const CONTRACT = `
name: HTTP server hangs, phone falls back to TFTP
seed: 7
network:
  links:
    access: { delay: 200us, rate: 100mbit }
    uplink: { delay: 20ms, jitter: 3ms, loss: 1% }
servers:
  dhcp: { pool: 10.20.0.100-10.20.0.250, router: 10.20.0.1, siteOption: "MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.2,TFTPSRVR=10.20.0.4" }
  http: { files: ./files, backup: true, faults: [{ match: { path: "*" }, hang: 60s }] }
  tftp: { files: ./files }
phones:
  - { model: 4620SW, count: 25, start: { every: 200ms } }
events:
  - { at: 30s, link: uplink, set: { loss: 10% }, for: 20s }
expect:
  - { phones: all, outcome: degraded, within: 5min }
  - { phones: all, finding: http-response-timeout }
  - { phones: all, not: { finding: tftp-timeout } }
capture: { at: access, file: hang.pcapng }
`

describe('a server', () => {
  it.each([
    ['true', 80],
    ['', 80],
    ['false', undefined],
  ])('written as http: %s has defaults, or is not there', (value, port) => {
    expect(load(`phones: [{ model: 1608 }]\nservers: { http: ${value} }`).servers.http[0]?.port).toBe(port)
  })
})

describe('parseScenario', () => {
  it('reads the scenario of the contract', () => {
    const scenario = load(CONTRACT)
    expect(scenario).toMatchObject({
      name: 'HTTP server hangs, phone falls back to TFTP',
      seed: 7,
      links: {
        access: { delay: 200_000, rate: 100e6 },
        uplink: { delay: 20 * MILLISECOND, jitter: 3 * MILLISECOND, loss: 0.01 },
      },
      router: { address: 0x0a140001, mask: 0xffffff00 },
      events: [{ at: 30 * SECOND, link: 'uplink', set: { loss: 0.1 }, duration: 20 * SECOND }],
      capture: { at: { kind: 'access' }, file: 'hang.pcapng' },
    })
    expect(scenario.servers.http[0]).toMatchObject({
      backup: '/',
      faults: [{ match: { path: '*' }, hang: 60 * SECOND }],
    })
    expect(scenario.expect[0]).toMatchObject({ phones: [{ by: 'all' }], outcome: ['degraded'], within: 5 * MINUTE })
    expect(scenario.expect[2]).toMatchObject({ not: { finding: ['tftp-timeout'] }, source: 'site.yaml:19' })
  })

  it('puts servers where the site option says they are', () => {
    const { servers } = load(CONTRACT)
    expect(servers.http[0]?.address).toBe(0x0a140002)
    expect(servers.tftp[0]?.address).toBe(0x0a140004)
  })

  it('takes several servers of a kind, each by its name', () => {
    const { servers, capture } = load(`
phones: [{ model: 1608 }]
servers:
  dhcp: [{ pool: 10.20.0.100-10.20.0.250 }, { name: rogue, pool: 10.20.0.10-10.20.0.20, address: 10.20.0.9 }]
  http: [{ address: 10.20.0.5 }, { address: 10.20.0.6 }]
capture: { at: rogue }`)
    expect(servers.dhcp.map(({ name }) => name)).toEqual(['dhcp', 'rogue'])
    expect(servers.http.map(({ name }) => name)).toEqual(['http', 'http-2'])
    expect(capture.at).toEqual({ kind: 'server', server: 'rogue' })
  })

  it('reads name servers: names, faults by their DNS names, and where they are', () => {
    const [dns] = load(`
servers:
  dhcp: { pool: 10.20.0.100-10.20.0.250, dns: 10.20.0.9 }
  dns:
    names: { files.office.example: 10.20.0.2, gk.office.example: [10.20.0.5, 10.20.0.6] }
    faults: [{ match: { path: 'gk.*', message: a }, error: SERVFAIL }, { error: 3, from: 1min }]
phones: [{ model: 1608 }]
`).servers.dns
    expect(dns).toMatchObject({ name: 'dns', address: 0x0a140009, listen: 'serve' })
    expect([...(dns?.names ?? [])]).toEqual([
      ['files.office.example', [0x0a140002]],
      ['gk.office.example', [0x0a140005, 0x0a140006]],
    ])
    expect(dns?.faults).toEqual([
      { match: { path: 'gk.*', message: 'A' }, error: 2 },
      { error: 3, from: MINUTE },
    ])
    const wrong = `phones: [{ model: 1608 }]
servers:
  dns:
    names: { a..b: 10.20.0.2, c: 10.20.0.300 }
    faults: [{ error: SERVEFAIL }, { reset: true }]`
    expect(problemsOf(wrong)).toEqual([
      expect.stringMatching(/^4:14: 'a..b' is no name that DNS can carry: an empty label/),
      expect.stringMatching(/^4:34: .*10.20.0.300/),
      expect.stringMatching(/^5:23: .*did you mean 'SERVFAIL'/),
      expect.stringMatching(/^5:45: DNS servers cannot play 'reset'/),
    ])
  })

  it('counts phones up: MAC, extension and start', () => {
    const { phones } = load('phones: [{ model: 1608, count: 3, extension: 0099, start: { at: 1s, every: 200ms } }]')
    expect(phones.map(({ mac, extension, start }) => [mac, extension, start])).toEqual([
      ['00:1b:4f:20:00:01', '0099', 1 * SECOND],
      ['00:1b:4f:20:00:02', '0100', 1.2 * SECOND],
      ['00:1b:4f:20:00:03', '0101', 1.4 * SECOND],
    ])
  })

  it('gives site options per number when they are a map', () => {
    const text =
      'phones: [{model: 1608}]\nservers: { dhcp: { pool: 10.0.0.9-10.0.0.20, siteOption: { 176: "A=1", 242: "B=2" } } }'
    expect(load(text).servers.dhcp[0]?.siteOption).toEqual(
      new Map([
        [176, 'A=1'],
        [242, 'B=2'],
      ]),
    )
  })

  it.each([
    [
      'a misspelt key',
      'phones: [{ model: 1608 }]\nnetwork:\n  links:\n    uplink: { losss: 1% }',
      "4:15: unknown key 'losss' in a link; did you mean 'loss'?",
    ],
    [
      'a misspelt key at the top',
      'phone: []\nphones: [{ model: 1608 }]',
      "1:1: unknown key 'phone' in a scenario; did you mean 'phones'?",
    ],
    [
      'a bad unit',
      'phones: [{ model: 1608 }]\nnetwork: { links: { access: { delay: 20m } } }',
      "2:38: unknown unit 'm' in '20m'; use 'min' for minutes or 'ms' for milliseconds",
    ],
    [
      'a number without unit',
      'phones: [{ model: 1608, start: 5 }]',
      "1:32: '5' has no unit; write a duration as 200us, 20ms, 5s, 3min, 1h",
    ],
    [
      'more loss than frames',
      'phones: [{ model: 1608 }]\nnetwork: { links: { access: { loss: 120% } } }',
      '2:37: 120% is more than everything; a percentage is 0% to 100%',
    ],
    ['an unknown model', 'phones:\n  - { model: 1609 }', "2:14: unknown phone model '1609'; did you mean '1603'?"],
    [
      'a model without its suffix',
      'phones:\n  - { model: 4610 }',
      "2:14: unknown phone model '4610'; did you mean '4610SW'?",
    ],
    [
      'a reversed pool',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 10.0.0.9-10.0.0.2 } }',
      '2:26: the pool is reversed: write 10.0.0.2-10.0.0.9',
    ],
    [
      'a pool over the end of the subnet',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 10.0.0.9-10.0.1.2 } }',
      "2:26: the pool crosses the subnet's end: 10.0.0.9 and 10.0.1.2 differ under 255.255.255.0",
    ],
    [
      'no address',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 10.0.0.9-10.0.0.300 } }',
      "2:26: a pool is two addresses, as 10.20.0.100-10.20.0.250, not '10.0.0.9-10.0.0.300'",
    ],
    [
      'a mask with holes',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 10.0.0.9-10.0.0.20, mask: 255.0.255.0 } }',
      '2:52: 255.0.255.0 is not a subnet mask; its one bits must come first, as 255.255.255.0',
    ],
    [
      'a share above the whole',
      'phones: [{ model: 1608 }]\nnetwork: { links: { access: { corrupt: 101% } } }',
      '2:40: 101% is more than everything; a percentage is 0% to 100%',
    ],
    [
      'a loss model by another name',
      'phones: [{ model: 1608 }]\nnetwork: { links: { access: { loss: { gilbertEliott: { p: 1% } } } } }',
      "2:39: unknown key 'gilbertEliott' in loss; did you mean 'gilbertElliott'?",
    ],
    [
      'a misspelt finding',
      'phones: [{ model: 1608 }]\nexpect: [{ finding: http-respons-timeout }]',
      "2:21: unknown finding 'http-respons-timeout'; did you mean 'http-response-timeout'?",
    ],
    [
      'a misspelt outcome',
      'phones: [{ model: 1608 }]\nexpect: [{ outcome: boted }]',
      "2:21: unknown outcome 'boted'; did you mean 'booted'?",
    ],
    [
      'an expectation of nothing',
      'phones: [{ model: 1608 }]\nexpect: [{ phones: all }]',
      '2:10: this expects nothing; add one of outcome, rootCause, finding, transfers, within, sessions, not, count',
    ],
    [
      'an expectation about phones that are not there',
      'phones: [{ model: 1608 }]\nexpect: [{ phones: 4620SW, outcome: booted }]',
      '2:20: no phone here is a 4620SW',
    ],
    [
      'a fault of another server',
      'phones: [{ model: 1608 }]\nservers: { tftp: { faults: [{ status: 500 }] } }',
      "2:39: TFTP servers cannot play 'status', only noAnswer, hang, refuse, truncate, duplicate, delay, error",
    ],
    [
      'a fault that does two things',
      'phones: [{ model: 1608 }]\nservers: { http: { faults: [{ hang: 5s, reset: true }] } }',
      '2:29: a fault has exactly one of noAnswer, hang, refuse, status, raw, truncate, throttle, delay, reset, duplicate, error, nak, reject; this one has hang and reset',
    ],
    [
      'a directory that is not there',
      'phones: [{ model: 1608 }]\nservers: { http: { files: ./file } }',
      '2:27: cannot read ./file: no such file or directory',
    ],
    [
      'a file to omit that is not there',
      'phones: [{ model: 1608 }]\nservers: { http: { files: ./files, omit: 46xxsetings.txt } }',
      "2:42: no file '46xxsetings.txt' to omit; did you mean '46xxsettings.txt'?",
    ],
    [
      'a capture at a server that is not there',
      'phones: [{ model: 1608 }]\ncapture: { at: http }',
      "2:16: there is no http server to capture at; add one under 'servers', or capture at core",
    ],
    [
      'a capture without a name',
      'phones: [{ model: 1608 }]\ncapture: { file: "" }',
      '2:18: no file can have this name',
    ],
    ['no phone at all', 'phones: []', '1:9: the list of phones is empty; add one, as { model: 1608 }'],
    ['an alias without an anchor', 'phones: *x', '1:9: alias *x has no anchor'],
    [
      'a value that two readers look at',
      'phones: [{ model: 1608 }]\nservers: { http: { listen: } }',
      '2:28: listen must be a single value',
    ],
    [
      'a server at a multicast address',
      'phones: [{ model: 1608 }]\nservers: { http: { address: 224.0.0.1 } }',
      '2:29: 224.0.0.1 is no address of a host on a network (multicast)',
    ],
    [
      'a pool with the broadcast address',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 10.20.0.250-10.20.0.255 } }',
      "2:26: 10.20.0.255 is the broadcast address under 255.255.255.0, not a host's",
    ],
    [
      'a pool of loopback addresses',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 127.0.0.2-127.0.0.9 } }',
      '2:26: 127.0.0.2 is no address of a host on a network (loopback)',
    ],
    [
      'MACs that run into group addresses',
      'phones: [{ model: 1608, mac: "00:ff:ff:ff:ff:ff", count: 2 }]',
      '1:30: counted up, the MACs run into group addresses at 01:00:00:00:00:00',
    ],
    ['a MAC of zeros', 'phones: [{ model: 1608, mac: "00:00:00:00:00:00" }]', '1:30: all zeros is no MAC of a phone'],
    [
      'a header with a line break',
      'phones: [{ model: 1608 }]\nservers: { http: { faults: [{ status: 503, headers: { X: "a\\r\\nb" } }] } }',
      '2:58: a header has no line breaks or control characters',
    ],
    [
      'a header without a name',
      'phones: [{ model: 1608 }]\nservers: { http: { faults: [{ status: 503, headers: { "": a } }] } }',
      "2:55: no header can be named ''",
    ],
    [
      'one MAC twice',
      'phones:\n  - { model: 1608, mac: 00:1b:4f:00:00:01 }\n  - { model: 1608, mac: 00-1B-4F-00-00-01 }',
      '3:25: MAC 00:1b:4f:00:00:01 is that of phone 1 already',
    ],
    [
      'a group MAC',
      'phones: [{ model: 1608, mac: 01:00:5e:00:00:01 }]',
      '1:30: 01:00:5e:00:00:01 is a group address; a phone has an individual one (even first octet)',
    ],
    [
      'a capture point that is none',
      'phones: [{ model: 1608 }]\ncapture: { at: phone-2 }',
      "2:16: unknown capture point 'phone-2'; did you mean 'phone-1'?",
    ],
    [
      'an event without its link',
      'phones: [{ model: 1608 }]\nevents: [{ at: 5s, set: { loss: 1% } }]',
      "2:10: an event needs 'link', 'phone' or 'server', as { at: 30s, link: uplink, set: { loss: 10% }, for: 20s }",
    ],
    ['no phones', 'name: nobody', '1:1: the scenario has no phones; add phones: [{ model: 1608 }]'],
    [
      'a list in place of a mapping',
      '- 1\n- 2',
      '1:1: a scenario must be a mapping of name, description, seed, epoch, ...',
    ],
    [
      'a key given twice',
      'name: a\nname: b\nphones: [{ model: 1608 }]',
      '2:1: this key is already given above; each may stand once',
    ],
    ['a tab', 'phones:\n\t- { model: 1608 }', '2:1: a tab cannot indent YAML; use spaces'],
    [
      'two documents',
      'phones: [{ model: 1608 }]\n---\nphones: []',
      '2:1: a scenario is one document; remove the second ---',
    ],
    ['an empty file', '', '1:1: an empty scenario; it needs at least phones: [{ model: 1608 }]'],
    [
      'a site option that no octet can carry',
      'phones: [{ model: 1608 }]\nservers: { dhcp: { pool: 10.0.0.9-10.0.0.20, siteOption: "MCIPADD=€" } }',
      '2:58: siteOption has characters that no octet can carry',
    ],
    [
      'a time that is none',
      'epoch: yesterday\nphones: [{ model: 1608 }]',
      "1:8: epoch must be a UTC time as 2026-11-21T03:10:00Z, not 'yesterday'",
    ],
  ])('says where and what is right for %s', (_what, text, problem) => {
    expect(problemsOf(text)).toContain(problem)
  })

  it('reports all problems of a file at once, in file order', () => {
    const text = 'sede: 1\nphones: [{ model: 16o8 }]\nnetwork: { links: { uplink: { delay: 5 } } }'
    expect(problemsOf(text).map((line) => line.split(':')[0])).toEqual(['1', '2', '3'])
  })

  it('points at YAML that cannot be parsed', () => {
    const [first] = problemsOf('phones: [{ model: 1608 }\nexpect: 5')
    expect(first).toMatch(/^2:\d+: not valid YAML: /)
  })

  it('follows aliases but not into a bomb', () => {
    const levels = Array.from({ length: 12 }, (_, i) => {
      const above = i === 0 ? '"x"' : `*a${i - 1}`
      return `    - &a${i} [${Array.from({ length: 12 }, () => above).join(', ')}]`
    })
    const text = `phones:\n  - model: &m 1608\n  - model: *m\nservers:\n  http:\n    omit:\n${levels.join('\n')}`
    const started = performance.now()
    expect(problemsOf(text)).not.toEqual([])
    expect(performance.now() - started).toBeLessThan(2000)
    expect(load('phones:\n  - model: &m 1608\n  - model: *m').phones).toHaveLength(2)
  })

  it('survives nesting that would exhaust the stack', () => {
    expect(problemsOf(`phones: ${'['.repeat(50_000)}`)).toEqual(['1:1: nested more than 64 levels deep'])
    expect(problemsOf(`phones: ${'- '.repeat(50_000)}`)).not.toEqual([])
    expect(problemsOf(`a${'? '.repeat(50_000)}`)).not.toEqual([])
    expect(problemsOf(`${'? '.repeat(50_000)}a`)).toEqual(['1:1: nested more than 64 levels deep'])
  })

  it('bounds the length of a scenario', () => {
    expect(problemsOf(`# ${'x'.repeat(1_100_000)}`)).toEqual(['1:1: longer than 1000000 characters'])
  })

  it('shows control characters of a file as question marks', () => {
    expect(problemsOf('"ph\\e[31mones": []')[0]).toBe(
      "1:1: unknown key 'ph?[31mones' in a scenario; known keys: name, description, seed, epoch, limit, network, servers, phones, rules, events, expect, capture",
    )
  })
})

describe('the user of a phone', () => {
  const phone = (rest: string) => `phones:\n  - { model: 1608, ${rest} }\n`
  const settings = (rest: string) => parseScenario(phone(rest), 'x.yaml', () => new Map()).phones[0]!

  it('types credentials, does things, and lives with what is assumed', () => {
    const { user, assume, group } = settings(
      'group: 7, assume: { digest: false, retriesAfter503: 1 }, user: { credentials: { user: a, password: b }, actions: [{ at: 1min, do: restore }, { at: 2min, set: { Redial: 1 } }] }',
    )
    expect(user.credentials).toEqual([{ user: 'a', password: 'b' }])
    expect(user.actions.map(({ at, deed, set }) => [at / 1e9, deed, [...set]])).toEqual([
      [60, 'restore', []],
      [120, undefined, [['Redial', '1']]],
    ])
    expect([assume, group]).toEqual([{ digest: false, retriesAfter503: 1 }, 7])
    const short = settings('credentials: [{ user: a, password: b }, { user: c, password: d }]')
    expect(short.user).toMatchObject({ credentials: [{ user: 'a' }, { user: 'c' }], actions: [] })
  })

  it.each([
    ['an action without a time', 'user: { actions: [{ do: backup }] }', 'an action needs a time'],
    ['a deed that is none', 'user: { actions: [{ at: 1s, do: backups }] }', 'backup'],
    ['both at once', 'user: { actions: [{ at: 1s, do: backup, set: { Redial: 1 } }] }', "either 'do' or 'set'"],
    ['an unknown option', 'user: { actions: [{ at: 1s, set: { Redail: 1 } }] }', "did you mean 'Redial'?"],
    ['an assumption nobody makes', 'assume: { digests: false }', 'digest'],
    ['credentials in two places', 'credentials: { user: a, password: b }, user: {}', "below 'user'"],
  ])('cannot have %s', (_what, rest, problem) => {
    expect(problemsOf(phone(rest)).join('\n')).toContain(problem)
  })
})

describe('what a file server has', () => {
  it('may be written in place, in an encoding, or be an image that is not what it seems', () => {
    const { content } = parseScenario(
      'phones: [{ model: 1608 }]\nservers:\n  http:\n    texts: { a.txt: "é\\n", b.txt: { text: "é", encoding: utf-16 }, c.txt: { text: "é", encoding: utf-8-bom } }\n    images: { x.bin: 1kB, y.bin: { size: 2kB, software: z.bin, damage: ascii } }\n',
      'x.yaml',
      () => new Map(),
    ).servers.http[0]!
    expect([...content.files].map(([path, octets]) => [path, [...octets]])).toEqual([
      ['a.txt', [0xe9, 0x0a]],
      ['b.txt', [0xff, 0xfe, 0xe9, 0x00]],
      ['c.txt', [0xef, 0xbb, 0xbf, 0xc3, 0xa9]],
    ])
    expect(content.images.get('y.bin')).toEqual({ size: 2000, software: 'z.bin', damage: 'ascii' })
    const problems = problemsOf(
      'phones: [{ model: 1608 }]\nservers: { http: { texts: { a: "„" }, images: { b: {} } } }\n',
    )
    expect(problems.join('\n')).toMatch(/ISO 8859-1[^]*size: 300kB/)
  })
})
