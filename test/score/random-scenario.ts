/**
 * Scenarios by lot, as values: what a site can be, and what can be wrong with it. A seed gives the same scenario always;
 * the phones' own stories label it afterwards, so nothing here says what the verdict ought to be.
 *
 * `clean` sites have at most one per cent of loss and nothing wrong. `faulty` ones have one or two things wrong, each of
 * every kind that scenarios know, often for some requests or some time only.
 */
import { latin1Bytes } from '../../src/base/bytes.js'
import { Random } from '../../src/base/random.js'
import { MILLISECOND, MINUTE, SECOND } from '../../src/base/time.js'
import type { CapturePoint, LinkSettings, PhoneSettings, Scenario } from '../../src/scenario/scenario.js'
import type { DhcpSettings } from '../../src/scenario/servers/dhcp.js'
import type { HttpSettings } from '../../src/scenario/servers/http.js'
import type { ServedFiles } from '../../src/scenario/servers/served-files.js'
import type { Listening } from '../../src/scenario/servers/server.js'
import type { TftpSettings } from '../../src/scenario/servers/tftp.js'
import type { FaultConditions, ServerFault } from '../../src/servers/faults.js'
import { parseAddress } from '../../src/wire/ipv4.js'

export type ScenarioKind = 'clean' | 'faulty'

const WEB = '10.20.0.2'
const SITE_OPTION = `MCIPADD=10.20.0.5,HTTPSRVR=${WEB},TFTPSRVR=${WEB}`

const SCRIPT_1600 = [
  '## Which images a 1600 phone runs, then its settings.',
  'IF $MODEL4 SEQ 1608 GOTO APP1608',
  'GOTO GETSET',
  '# APP1608',
  'SET APPNAME ha1608ua1_3500.bin',
  '# GETSET',
  'GET 46xxsettings.txt',
  '# END',
  '',
].join('\n')

const SCRIPT_4600 = [
  'IF $MODEL4 SEQ 4620 GOTO APP4620',
  'GOTO GETSET',
  '# APP4620',
  'SET APPNAME a20d01b2_9_1.bin',
  '# GETSET',
  'GET 46xxsettings.txt',
  '# END',
  '',
].join('\n')

const SETTINGS = [
  '## Settings of all phones at the site.',
  'SET MCIPADD 10.20.0.5',
  ...Array.from({ length: 60 }, (_, line) => `## ${'-'.repeat(40)} ${line}`),
  'IF $MODEL4 SEQ 1608 GOTO SET16XX',
  'GOTO END',
  '# SET16XX',
  `SET BRURI "http://${WEB}/backup"`,
  'SET LANG1FILE mlf_Sage_v54_german.txt',
  '# END',
  '',
].join('\n')

const LANGUAGE = 'SET LANGNAME "Deutsch"\n'

export function randomScenario(seed: number, kind: ScenarioKind): Scenario {
  return new Lot(seed, kind).scenario()
}

class Lot {
  readonly #random: Random
  readonly #seed: number
  readonly #kind: ScenarioKind
  readonly #files = new Map<string, string>([
    ['16xxupgrade.txt', SCRIPT_1600],
    ['46xxupgrade.scr', SCRIPT_4600],
    ['46xxsettings.txt', SETTINGS],
    ['mlf_Sage_v54_german.txt', LANGUAGE],
  ])
  readonly #images = new Map([
    ['ha1608ua1_3500.bin', 60_000],
    ['a20d01b2_9_1.bin', 60_000],
  ])
  /** What was drawn, for whoever looks at a disagreement. */
  readonly #wrong: string[] = []
  readonly #httpFaults: ServerFault[] = []
  readonly #tftpFaults: ServerFault[] = []
  readonly #dhcpFaults: ServerFault[] = []
  readonly #events: Scenario['events'][number][] = []
  #httpListens: Listening | undefined = 'serve'
  #tftpListens: Listening | undefined = 'serve'
  #dhcpListens: Listening | undefined = 'serve'
  #siteOption: DhcpSettings['siteOption'] = SITE_OPTION
  #nextServer: number | undefined
  #leaseTime = 86_400
  #routers: readonly number[] = [address('10.20.0.1')]
  #auth: HttpSettings['auth']
  #backup: string | undefined = '/backup'
  #httpAddress = address(WEB)

  constructor(seed: number, kind: ScenarioKind) {
    this.#seed = seed
    this.#kind = kind
    this.#random = Random.for(seed, `score ${kind}`)
  }

  scenario(): Scenario {
    const links = this.#links()
    const phones = this.#phones()
    if (this.#kind === 'faulty') {
      this.#oneThingWrong()
      if (this.#chance(0.4)) this.#oneThingWrong()
    }
    const files: ServedFiles = {
      files: new Map([...this.#files].map(([name, text]) => [name, latin1Bytes(text)])),
      images: this.#images,
    }
    return {
      file: `seed-${this.#seed}.yaml`,
      name: `${this.#kind} ${this.#seed}: ${this.#wrong.join('; ') || 'nothing wrong'}`,
      seed: this.#seed,
      epoch: { seconds: 1_795_230_600, nanos: 0 },
      limit: 10 * MINUTE,
      router: { address: address('10.20.0.1'), mask: 0xffffff00 },
      links,
      servers: { dhcp: this.#dhcp(), dns: [], http: this.#http(files), tftp: this.#tftp(files), gatekeeper: [] },
      phones,
      events: this.#events,
      expect: [],
      capture: { at: this.#capturePoint(phones.length), file: undefined },
    }
  }

  #chance(share: number): boolean {
    return this.#random.next() < share
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.int(items.length)]!
  }

  #between(low: number, high: number): number {
    return low + this.#random.int(high - low + 1)
  }

  #links(): Scenario['links'] {
    const worst = this.#kind === 'clean' ? 0.01 : 0.1
    const delay = this.#pick([0, 1, 5, 20, 50, 150]) * MILLISECOND
    const rate = this.#pick([undefined, undefined, 512_000, 1_500_000, 10_000_000])
    const loss = this.#chance(0.4) ? this.#random.next() * worst : 0
    const duplicate = this.#chance(0.2) ? this.#random.next() * (this.#kind === 'clean' ? 0.01 : 0.05) : 0
    const uplink: LinkSettings = {
      delay,
      ...(this.#chance(0.5) && { jitter: Math.floor(delay * this.#random.next() * 0.5) }),
      ...(rate !== undefined && { rate }),
      ...(loss > 0 && { loss }),
      ...(duplicate > 0 && { duplicate }),
    }
    if (loss > 0) this.#wrong.push(`loss ${(100 * loss).toFixed(2)} %`)
    return { access: { delay: 200_000, rate: 100_000_000 }, uplink }
  }

  #phones(): readonly PhoneSettings[] {
    const count = this.#pick([1, 1, 2, 3])
    return Array.from({ length: count }, (_, index): PhoneSettings => {
      const is1608 = this.#chance(0.5)
      const update = this.#chance(0.15)
      const prefix = is1608 ? '00:1b:4f:20:00' : '00:04:0d:20:00'
      return {
        model: is1608 ? '1608' : '4620SW',
        mac: `${prefix}:0${index + 1}`,
        extension: String(1001 + index),
        password: '',
        registration: 'none',
        takesOver: false,
        start: this.#random.int(5000) * MILLISECOND,
        user: {
          credentials: this.#chance(0.3) ? [{ user: 'phones', password: this.#pick(['secret', 'wrong']) }] : [],
          actions: [],
        },
        assume: {},
        group: 0,
        application: update ? 'old.bin' : is1608 ? 'ha1608ua1_3500.bin' : 'a20d01b2_9_1.bin',
        backup: this.#chance(0.7),
      }
    })
  }

  #capturePoint(phones: number): CapturePoint {
    const draw = this.#random.next()
    if (draw < 0.5) return { kind: 'access' }
    if (draw < 0.65) return { kind: 'core' }
    if (draw < 0.8) return { kind: 'uplink' }
    return { kind: 'phone', index: 1 + this.#random.int(phones) }
  }

  #dhcp(): readonly DhcpSettings[] {
    if (this.#dhcpListens === undefined) return []
    const settings = {
      name: 'dhcp',
      address: address('10.20.0.1'),
      listen: this.#dhcpListens,
      pool: { first: address('10.20.0.100'), last: address('10.20.0.250') },
      mask: 0xffffff00,
      routers: this.#routers,
      leaseTime: this.#leaseTime,
      siteOption: this.#siteOption,
      nameServers: [],
      domain: undefined,
      nextServer: this.#nextServer,
      scopes: [],
      faults: this.#dhcpFaults,
    }
    return [settings]
  }

  #http(content: ServedFiles): readonly HttpSettings[] {
    if (this.#httpListens === undefined) return []
    const settings = {
      name: 'http',
      address: this.#httpAddress,
      port: 80,
      listen: this.#httpListens,
      content,
      backup: this.#backup,
      auth: this.#auth,
      faults: this.#httpFaults,
    }
    return [settings]
  }

  #tftp(content: ServedFiles): readonly TftpSettings[] {
    if (this.#tftpListens === undefined) return []
    return [{ name: 'tftp', address: address(WEB), listen: this.#tftpListens, content, faults: this.#tftpFaults }]
  }

  #oneThingWrong(): void {
    const kinds: readonly (readonly [weight: number, draw: () => string])[] = [
      [8, () => this.#httpFault()],
      [3, () => this.#tftpFault()],
      [3, () => this.#dhcpFault()],
      [2, () => this.#badSiteOption()],
      [2, () => this.#missingFile()],
      [2, () => this.#serverAway()],
      [1, () => this.#linkEvent()],
      [1, () => this.#backupTrouble()],
      [0.5, () => this.#silentRouter()],
      [0.3, () => this.#shortLease()],
    ]
    let draw = this.#random.next() * kinds.reduce((sum, [weight]) => sum + weight, 0)
    const chosen = kinds.find(([weight]) => (draw -= weight) < 0) ?? kinds[0]!
    this.#wrong.push(chosen[1]())
  }

  #conditions(): FaultConditions {
    return {
      ...(this.#chance(0.3) && { skip: this.#between(1, 3) }),
      ...(this.#chance(0.4) && { count: this.#between(1, 4) }),
      ...(this.#chance(0.15) && { until: this.#between(5, 90) * SECOND }),
      ...(this.#chance(0.1) && { from: this.#between(1, 20) * SECOND }),
    }
  }

  #path(): string {
    return this.#pick(['*', '*', '*', '*upgrade*', '*settings*', '*.bin', 'mlf*', 'backup/*'])
  }

  #window(): FaultConditions {
    return this.#chance(0.5) ? {} : { until: this.#between(10, 120) * SECOND }
  }

  #httpFault(): string {
    const conditions = { match: { path: this.#path() }, ...this.#conditions() }
    const faults: readonly (() => ServerFault)[] = [
      () => ({ ...conditions, noAnswer: true }),
      () => ({ ...this.#window(), noAnswer: true }),
      () => ({ ...conditions, hang: this.#pick([1, 3, 5, 29, 31, 60]) * SECOND }),
      () => ({ ...this.#window(), refuse: true }),
      () => ({ ...conditions, status: this.#pick([400, 401, 403, 404, 410, 429, 500, 502, 503]) }),
      () => ({ ...conditions, status: this.#pick([301, 302]), headers: { Location: 'https://10.20.0.9/' } }),
      () => ({ ...conditions, status: 200, body: '<!DOCTYPE html><html><body>Log in</body></html>' }),
      () => ({ ...conditions, truncate: this.#pick([0, 100, 1000, 20_000]) }),
      () => ({ ...conditions, delay: this.#pick([1, 4, 10, 28, 35]) * SECOND }),
      () => ({ ...conditions, reset: true }),
    ]
    const fault = this.#pick(faults)()
    this.#httpFaults.push(fault)
    return `http ${JSON.stringify(fault)}`
  }

  #tftpFault(): string {
    // Only phones whose HTTP fails ask by TFTP.
    if (this.#httpFaults.length === 0 && this.#chance(0.8))
      this.#httpListens = this.#pick(['refuse', 'drop', undefined])
    const conditions = { match: { path: this.#path() }, ...this.#conditions() }
    const faults: readonly (() => ServerFault)[] = [
      () => ({ ...conditions, noAnswer: true }),
      () => ({ ...conditions, hang: this.#pick([5, 15, 30]) * SECOND }),
      () => ({ ...this.#window(), refuse: true }),
      () => ({ ...conditions, truncate: this.#pick([0, 100, 512, 1024, 20_000]) }),
      () => ({ ...conditions, delay: this.#pick([1, 5, 10, 30]) * SECOND }),
      () => ({ ...conditions, error: this.#random.int(8) }),
    ]
    const fault = this.#pick(faults)()
    this.#tftpFaults.push(fault)
    return `tftp ${JSON.stringify(fault)}, http ${this.#httpListens ?? 'absent'}`
  }

  #dhcpFault(): string {
    const match = { message: this.#pick(['DISCOVER', 'REQUEST']) }
    const conditions = { match, ...this.#conditions() }
    const faults: readonly (() => ServerFault)[] = [
      () => ({ ...conditions, noAnswer: true }),
      () => ({ ...conditions, hang: this.#pick([5, 20, 60]) * SECOND }),
      () => ({ ...this.#window(), refuse: true }),
      () => ({ ...conditions, delay: this.#pick([1, 4, 8, 20]) * SECOND }),
      () => ({ ...conditions, match: { message: 'REQUEST' }, nak: true }),
    ]
    const fault = this.#pick(faults)()
    this.#dhcpFaults.push(fault)
    return `dhcp ${JSON.stringify(fault)}`
  }

  #badSiteOption(): string {
    const long = `MCIPADD=10.20.0.5,HTTPSRVR=${WEB},SNMPSTRING=${'x'.repeat(300)}`
    const options: readonly (readonly [string, DhcpSettings['siteOption']])[] = [
      ['missing', undefined],
      ['wrong number', new Map([[this.#pick([176, 242]), SITE_OPTION]])],
      ['semicolons', `MCIPADD=10.20.0.5;HTTPSRVR=${WEB}`],
      ['outer quotes', `"${SITE_OPTION}"`],
      ['misspelt', `MCIPADD=10.20.0.5,HTTPSVR=${WEB}`],
      ['bad value', 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.300'],
      ['unquoted list', `MCIPADD=10.20.0.5,HTTPSRVR=${WEB},10.20.0.3,TFTPSRVR=${WEB}`],
      ['cut', long.slice(0, this.#pick([247, 255]))],
      ['no file server', 'MCIPADD=10.20.0.5,L2Q=0'],
      ['TFTP only', `MCIPADD=10.20.0.5,TFTPSRVR=${WEB}`],
      ['nobody there', 'MCIPADD=10.20.0.5,HTTPSRVR=10.20.0.77'],
      ['nobody there first', `MCIPADD=10.20.0.5,HTTPSRVR="10.20.0.77,${WEB}"`],
    ]
    const [name, option] = this.#pick(options)
    this.#siteOption = option
    if (this.#chance(0.25)) this.#nextServer = address(WEB)
    return `site option ${name}${this.#nextServer === undefined ? '' : ', siaddr'}`
  }

  #missingFile(): string {
    const name = this.#pick([...this.#files.keys(), ...this.#images.keys()])
    this.#files.delete(name)
    this.#images.delete(name)
    return `no ${name}`
  }

  #serverAway(): string {
    const server = this.#pick(['dhcp', 'http', 'http', 'tftp'] as const)
    const how = this.#pick([undefined, 'refuse', 'drop'] as const)
    if (server === 'dhcp') this.#dhcpListens = how
    else if (server === 'http') this.#httpListens = how
    else this.#tftpListens = how
    if (server !== 'dhcp' && this.#chance(0.3)) {
      this.#httpListens = undefined
      this.#tftpListens = undefined
      return 'no file server at all'
    }
    return `${server} ${how ?? 'absent'}`
  }

  #linkEvent(): string {
    const at = this.#between(0, 30) * SECOND
    const duration = this.#between(2, 60) * SECOND
    const loss = this.#pick([0.3, 0.6, 1])
    this.#events.push({ at, link: 'uplink', set: { loss }, duration })
    return `uplink loses ${loss} from ${at / SECOND} s for ${duration / SECOND} s`
  }

  #backupTrouble(): string {
    if (this.#chance(0.5)) {
      this.#backup = undefined
      return 'no PUT'
    }
    const path = this.#pick(['/backup', '/'])
    this.#auth = { user: 'phones', password: 'secret', realm: 'backup', path }
    return `credentials for ${path}`
  }

  #silentRouter(): string {
    this.#routers = [address('10.20.0.254')]
    return 'silent router'
  }

  #shortLease(): string {
    this.#leaseTime = this.#pick([120, 600, 3000])
    return `lease ${this.#leaseTime} s`
  }
}

function address(text: string): number {
  return parseAddress(text)!
}
