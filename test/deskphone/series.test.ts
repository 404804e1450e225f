import { describe, expect, it } from 'vitest'
import {
  hostName,
  isAvayaMac,
  isPhoneHostName,
  modelByName,
  MODELS,
  phoneMac,
  SERIES,
  seriesByModel,
  seriesByScript,
  seriesOf,
  suggestModel,
} from '../../src/deskphone/series.js'

describe('series', () => {
  it('have site option 176 on the 4600 and 242 on the others [avaya.md 1.10]', () => {
    expect(SERIES['4600'].siteOption).toBe(176)
    expect([SERIES['1600'], SERIES['96x0'], SERIES['96x1']].map((s) => s.siteOption)).toEqual([242, 242, 242])
  })

  it('ask in option 55 for their site option', () => {
    for (const series of Object.values(SERIES)) {
      const asked = series.parameterRequestList
      expect(asked).toContain(series.siteOption)
    }
  })

  it('have TFTP on the 4600 only, after HTTP, and TLS first [avaya.md 2.1]', () => {
    expect(SERIES['4600'].fileProtocols).toEqual(['tls', 'http', 'tftp'])
    expect(SERIES['1600'].fileProtocols).toEqual(['tls', 'http'])
  })

  it('are told by the upgrade file they ask for, whatever its case [avaya.md 2.2]', () => {
    expect(seriesByScript('46XXUPGRADE.SCR')?.name).toBe('4600')
    expect(seriesByScript('16xxupgrade.txt')?.name).toBe('1600')
    expect(seriesByScript('96xxupgrade.txt')?.name).toBe('96x0')
    expect(seriesByScript('96x1Hupgrade.txt')?.name).toBe('96x1')
    expect(seriesByScript('46xxsettings.txt')).toBeUndefined()
  })

  it('take siaddr for TFTP on the 4600, for HTTP and TLS on the others [avaya.md 1.7]', () => {
    expect(SERIES['4600'].siaddrParameters).toEqual(['TFTPSRVR'])
    expect(SERIES['1600'].siaddrParameters).toEqual(['TLSSRVR', 'HTTPSRVR'])
  })
})

describe('models', () => {
  it('are found by name in either case', () => {
    expect(modelByName('1608')?.series).toBe('1600')
    expect(modelByName('4620sw')?.name).toBe('4620SW')
    expect(modelByName('1609')).toBeUndefined()
  })

  it('keep one user data file for the whole 4620 family [avaya.md 5.1]', () => {
    const names = ['4620', '4620SW', '4621SW', '4622SW', '4625SW']
    for (const name of names) expect(modelByName(name)?.backupFile).toBe('4620data.txt')
    expect(modelByName('4610SW')?.backupFile).toBe('4610data.txt')
  })

  it('of every series are emulated', () => {
    for (const model of MODELS) expect(seriesByModel(model.name)?.name).toBe(model.series)
    const names = [
      '4606',
      '4612',
      '4624',
      '4630',
      '1603',
      '9610',
      '9620',
      '9630',
      '9640',
      '9650',
      '9670',
      '9608',
      '9621G',
    ]
    for (const name of names) expect(modelByName(name)?.name).toBe(name)
    expect(seriesByModel('9611')?.name).toBe('96x1')
    expect(new Set(MODELS.map(({ name }) => name)).size).toBe(MODELS.length)
  })

  it('have only TFTP before release 2.2, which the name of the software in flash tells [seed; avaya.md 2.1]', () => {
    const protocols = (model: string, software: string) => seriesOf(modelByName(model)!, software).fileProtocols
    expect(protocols('4620', '4620_031225.app')).toEqual(['tftp'])
    expect(protocols('4620', 'a20d01b2_1_3.bin')).toEqual(['tftp'])
    expect(protocols('4620', 'b20d01b1_8_3.bin')).toEqual(['tftp'])
    expect(protocols('4620', 'a20d01b2_2_3.bin')).toEqual(['tls', 'http', 'tftp'])
    expect(protocols('4620', 'a20d01b10_0.bin')).toEqual(['tls', 'http', 'tftp'])
    expect(protocols('4624', 'a24d01b2_9_1.bin')).toEqual(['tftp'])
    expect(protocols('1608', '4620_031225.app')).toEqual(['tls', 'http'])
  })

  it('restore from a file for all on the 9610, which never backs up [avaya.md 5.1]', () => {
    expect(modelByName('9610')).toMatchObject({ backupMethods: ['GET'], sharedBackupFile: '9610data.txt' })
    expect(SERIES['96x1'].backup.methods).toContain('DELETE')
    expect(SERIES['1600'].backup.schemes).toEqual(['http'])
  })

  it('are suggested for a wrong name', () => {
    expect(suggestModel('4621')).toBe('4621SW')
    expect(suggestModel('1680')).toBe('1608')
    expect(suggestModel('4620-SW')).toBe('4620')
    expect(suggestModel('toaster')).toBeUndefined()
  })
})

describe('MACs and host names', () => {
  it.each([
    ['00:04:0d:20:00:01', 'AVA200001'],
    ['00:1B:4F:20:00:01', 'AVB200001'],
    ['00:09:6e:ab:cd:ef', 'AVEABCDEF'],
    ['00:60:1d:00:00:02', 'AVL000002'],
    ['00:07:3b:00:00:02', 'AVT000002'],
    ['50:CD:22:B2:73:12', 'AVXB27312'], // as in a DHCP log [avaya.md 1.5]
  ])('names %s %s', (mac, name) => {
    expect(hostName(mac)).toBe(name)
    expect(isPhoneHostName(name)).toBe(true)
    expect(isAvayaMac(mac)).toBe(true)
  })

  it('does not take other hosts for phones', () => {
    expect(isAvayaMac('00:0c:29:ce:c2:e1')).toBe(false)
    expect(isPhoneHostName('AVIATOR-PC')).toBe(false)
    expect(isPhoneHostName('DESKTOP-1')).toBe(false)
  })

  it('gives emulated phones distinct MACs in the prefix of their series', () => {
    expect(phoneMac('1600', 0)).toBe('00:1b:4f:20:00:01')
    expect(phoneMac('4600', 255)).toBe('00:04:0d:20:01:00')
    const macs = new Set(Array.from({ length: 1000 }, (_, index) => phoneMac('1600', index)))
    expect(macs.size).toBe(1000)
    expect(() => phoneMac('1600', -1)).toThrow(RangeError)
    expect(() => phoneMac('1600', 0x1000000)).toThrow(RangeError)
  })
})
