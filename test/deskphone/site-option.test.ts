import { describe, expect, it } from 'vitest'
import { latin1Bytes } from '../../src/base/bytes.js'
import { Random } from '../../src/base/random.js'
import { OPTION_NAMES, PARAMETERS } from '../../src/deskphone/parameters.js'
import { MALFORMED_KINDS, parseSiteOption } from '../../src/deskphone/site-option.js'

const values = (text: string) => Object.fromEntries(parseSiteOption(text).values)
const kinds = (text: string) => parseSiteOption(text).problems.map((problem) => problem.kind)

describe('parseSiteOption', () => {
  it('reads pairs between commas', () => {
    const option = parseSiteOption('MCIPADD=10.20.0.5,MCPORT=1719,HTTPSRVR=10.20.0.2,L2Q=0,VLANTEST=60')
    expect(Object.fromEntries(option.values)).toEqual({
      MCIPADD: ['10.20.0.5'],
      MCPORT: ['1719'],
      HTTPSRVR: ['10.20.0.2'],
      L2Q: ['0'],
      VLANTEST: ['60'],
    })
    expect(option.problems).toEqual([])
  })

  it('reads lists in double quotes', () => {
    const text = 'MCIPADD="10.0.0.5,10.0.0.6,cm.example.com",HTTPSRVR=10.0.0.2'
    expect(values(text)).toEqual({ MCIPADD: ['10.0.0.5', '10.0.0.6', 'cm.example.com'], HTTPSRVR: ['10.0.0.2'] })
    expect(kinds(text)).toEqual([])
  })

  it('takes names in any case [avaya.md 1.10]', () => {
    expect(values('mcipadd=10.0.0.5,HttpSrvr=10.0.0.2')).toEqual({ MCIPADD: ['10.0.0.5'], HTTPSRVR: ['10.0.0.2'] })
  })

  it('reads octets, and ignores NULs at the end', () => {
    const option = parseSiteOption(latin1Bytes('L2Q=1,L2QVLAN=20\0\0'))
    expect(option.text).toBe('L2Q=1,L2QVLAN=20')
    expect(Object.fromEntries(option.values)).toEqual({ L2Q: ['1'], L2QVLAN: ['20'] })
    expect(option.problems).toEqual([])
  })

  it('takes an emptied parameter as null', () => {
    expect(values('HTTPDIR=,TLSSRVR=')).toEqual({ HTTPDIR: [], TLSSRVR: [] })
    expect(kinds('HTTPDIR=,TLSSRVR=""')).toEqual([])
  })

  it('trims blanks around names and values and says so', () => {
    const option = parseSiteOption('MCIPADD=10.0.0.5, L2Q=1,L2QVLAN = 233 ,HTTPSRVR="10.0.0.1, 10.0.0.2"')
    expect(Object.fromEntries(option.values)).toEqual({
      MCIPADD: ['10.0.0.5'],
      L2Q: ['1'],
      L2QVLAN: ['233'],
      HTTPSRVR: ['10.0.0.1', '10.0.0.2'],
    })
    expect(new Set(option.problems.map((p) => p.kind))).toEqual(new Set(['blank']))
    expect(option.problems[0]).toMatchObject({ position: 17 })
  })

  it('ignores unknown names and names the nearest known one [avaya.md 8.2 #25]', () => {
    const option = parseSiteOption('MCIPADDR=10.0.0.5,HTTPSERVER=10.0.0.2,HTTPSDIR=x,COFFEE=1')
    expect(option.values.size).toBe(0)
    expect(option.problems.map((p) => [p.kind, p.name, p.position, p.nearest])).toEqual([
      ['unknown-name', 'MCIPADDR', 0, 'MCIPADD'],
      ['unknown-name', 'HTTPSERVER', 18, 'HTTPSRVR'],
      ['unknown-name', 'HTTPSDIR', 38, 'HTTPDIR'],
      ['unknown-name', 'COFFEE', 49, undefined],
    ])
  })

  it('skips a bad value and loses only that name [avaya.md 1.10]', () => {
    const option = parseSiteOption('L2Q=3,L2QVLAN=4095,MCIPADD=10.0.0.256,HTTPPORT=http,HTTPDIR=a b,VLANTEST=0')
    expect(Object.fromEntries(option.values)).toEqual({ VLANTEST: ['0'] })
    expect(option.problems.map((p) => [p.kind, p.name, p.value])).toEqual([
      ['bad-value', 'L2Q', '3'],
      ['bad-value', 'L2QVLAN', '4095'],
      ['bad-value', 'MCIPADD', '10.0.0.256'],
      ['bad-value', 'HTTPPORT', 'http'],
      ['bad-value', 'HTTPDIR', 'a b'],
    ])
  })

  it('joins a list without quotes, but not for the 4600, and says so for both [avaya.md 8.2 #26]', () => {
    const text = 'MCIPADD=10.0.0.5,10.0.0.6,HTTPSRVR=10.0.0.2'
    expect(values(text)['MCIPADD']).toEqual(['10.0.0.5', '10.0.0.6'])
    expect(parseSiteOption(text, '1600').values.get('MCIPADD')).toEqual(['10.0.0.5', '10.0.0.6'])
    expect(parseSiteOption(text, '4600').values.get('MCIPADD')).toEqual(['10.0.0.5'])
    expect(parseSiteOption(text, '4600').problems).toMatchObject([
      { kind: 'unquoted-list', name: 'MCIPADD', value: '10.0.0.6', position: 17 },
    ])
  })

  it('sees semicolons, blanks and line breaks in place of commas [avaya.md 8.2 #24]', () => {
    for (const separator of [';', '; ', ' ', '\r\n', '|']) {
      const text = `MCIPADD=10.0.0.5${separator}HTTPSRVR=10.0.0.2`
      expect(kinds(text)).toEqual(['separator'])
      expect(values(text)).toEqual({})
    }
    expect(parseSiteOption('MCIPADD=10.0.0.5;HTTPSRVR=10.0.0.2').problems[0]).toMatchObject({
      name: 'MCIPADD',
      position: 16,
    })
    expect(kinds('MCIPADD="10.0.0.5";HTTPSRVR=10.0.0.2')).toEqual(['separator'])
  })

  it('sees quotes around the whole string [avaya.md 8.2 #22]', () => {
    expect(kinds('"MCIPADD=10.0.0.5,L2Q=1,HTTPSRVR=10.0.0.2"')).toEqual(['outer-quotes'])
    expect(values('"MCIPADD=10.0.0.5,L2Q=1,HTTPSRVR=10.0.0.2"')).toEqual({ L2Q: ['1'] })
    expect(kinds('"MCIPADD=10.0.0.5"')).toEqual(['outer-quotes'])
  })

  it('sees what is not text: an address typed as octets, a Unicode quote [avaya.md 8.2 #21]', () => {
    expect(parseSiteOption(Uint8Array.of(192, 168, 0, 2)).problems).toMatchObject([{ kind: 'not-text', position: 0 }])
    const option = parseSiteOption('MCIPADD=\u201c10.0.0.5\u201d,L2Q=1')
    expect(option.problems).toMatchObject([{ kind: 'not-text', position: 8 }])
    expect(Object.fromEntries(option.values)).toEqual({ L2Q: ['1'] })
  })

  it('sees parts without =, empty parts and names, unclosed quotes, text after a quote', () => {
    expect(parseSiteOption('L2Q=1,HTTPSRVR,VLANTEST=0').problems).toMatchObject([
      { kind: 'pair-without-equals', value: 'HTTPSRVR', position: 6 },
    ])
    expect(kinds('10.20.0.2')).toEqual(['pair-without-equals'])
    expect(kinds('L2Q=1,,VLANTEST=0')).toEqual(['pair-without-equals'])
    expect(kinds('=1')).toEqual(['empty-name'])
    expect(kinds('MCIPADD="10.0.0.5,L2Q=1')).toEqual(['unterminated-quote'])
    expect(kinds('MCIPADD="10.0.0.5"10.0.0.6,L2Q=1')).toEqual(['text-after-quote'])
    expect(kinds('')).toEqual(['empty'])
  })

  it('sees a string that a server cut at 247 or 255 octets [avaya.md 8.2 #28]', () => {
    for (const length of [247, 255]) {
      const text = `HTTPDIR=${'d'.repeat(120)},MCIPADD="${'10.0.0.5,'.repeat(20)}`.slice(0, length)
      expect(text.length).toBe(length)
      expect(kinds(text)).toContain('truncated')
      expect(kinds(text.slice(0, length - 1))).not.toContain('truncated')
    }
    const whole = `HTTPDIR=${'d'.repeat(120)},MCIPADD="${'10.0.0.5,'.repeat(9)}10.0.0.60",VLANTEST=60,L2Q=0`
    expect(whole.length).toBe(247)
    expect(kinds(whole)).toEqual([])
  })

  it('lets the later of two equal names count', () => {
    expect(values('L2Q=1,l2q=2')).toEqual({ L2Q: ['2'] })
    expect(kinds('L2Q=1,l2q=2')).toEqual(['duplicate'])
  })

  it('does not let the option set BRURI [avaya.md 1.10]', () => {
    expect(values('BRURI=http://10.0.0.9/')).toEqual({})
    expect(kinds('BRURI=http://10.0.0.9/')).toEqual(['not-by-option'])
  })

  it('does not take names of more than 30 characters', () => {
    expect(kinds(`${'N'.repeat(31)}=1`)).toEqual(['unknown-name'])
  })

  it('gives every generated set of sound values back, however names are cased', () => {
    const random = new Random(242)
    const pick = <T>(list: readonly T[]): T => list[random.int(list.length)]!
    for (let run = 0; run < 500; run++) {
      const wanted = new Map<string, string[]>()
      for (let pairs = 1 + random.int(6); pairs > 0; pairs--) {
        const parameter = PARAMETERS.get(pick(OPTION_NAMES))!
        const address = () => `10.${random.int(256)}.${random.int(256)}.${random.int(256)}`
        const [minimum, maximum] = parameter.range ?? [0, 0]
        const value = {
          addresses: () => Array.from({ length: 1 + random.int(3) }, address),
          address: () => [address()],
          integer: () => [String(minimum + random.int(maximum - minimum + 1))],
          digits: () => ['2723'],
          path: () => ['/phones/a'],
          text: () => ['public'],
          uri: () => [],
          file: () => [],
        }[parameter.kind]()
        wanted.set(parameter.name, value)
      }
      const text = [...wanted]
        .map(([name, value]) => {
          const cased = random.int(2) === 0 ? name : name.toLowerCase()
          return value.length > 1 ? `${cased}="${value.join(',')}"` : `${cased}=${value.join('')}`
        })
        .join(',')
      const option = parseSiteOption(text)
      expect(option.problems, text).toEqual([])
      expect(option.values, text).toEqual(wanted)
    }
  })

  it('survives any octets, within bounds, and positions lie inside the string', () => {
    const random = new Random(7)
    const alphabet = latin1Bytes('=,,"" ;\r\n\0AL2Q=1MCIPADD=10.0.0.5\xff')
    for (let run = 0; run < 3000; run++) {
      const bytes = Uint8Array.from({ length: random.int(300) }, () => alphabet[random.int(alphabet.length)]!)
      const option = parseSiteOption(bytes)
      expect(option.problems.length).toBeLessThanOrEqual(256)
      for (const { position } of option.problems) {
        expect(position).toBeGreaterThanOrEqual(0)
        expect(position).toBeLessThanOrEqual(option.text.length)
      }
    }
    const huge = parseSiteOption('L2Q,'.repeat(100_000))
    expect(huge.problems.length).toBeLessThanOrEqual(256)
  })

  it('is quick on hostile input', () => {
    const start = performance.now()
    parseSiteOption('MCIPADD=' + ' '.repeat(60_000))
    parseSiteOption('"'.repeat(60_000))
    parseSiteOption('\0'.repeat(60_000) + 'A')
    parseSiteOption('"' + '='.repeat(60_000))
    parseSiteOption('A='.repeat(30_000))
    parseSiteOption('MCIPADD=' + ' ;'.repeat(30_000))
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it('calls malformed only what breaks the string', () => {
    expect(MALFORMED_KINDS.has('blank')).toBe(false)
    expect(MALFORMED_KINDS.has('unknown-name')).toBe(false)
    expect(MALFORMED_KINDS.has('separator')).toBe(true)
  })
})
