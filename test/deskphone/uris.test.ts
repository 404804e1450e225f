import { describe, expect, it } from 'vitest'
import { backupUri, httpPath, parseLocation, tftpPath } from '../../src/deskphone/uris.js'

describe('backupUri', () => {
  it('appends the file name when BRURI ends with a slash [1600 guide p.106]', () => {
    expect(backupUri('http://10.0.0.9/backup/', '1001_16xxdata.txt')).toBe('http://10.0.0.9/backup/1001_16xxdata.txt')
  })
  it('puts one slash between otherwise [1600 guide p.106]', () => {
    expect(backupUri('http://10.0.0.9/backup', '1001_16xxdata.txt')).toBe('http://10.0.0.9/backup/1001_16xxdata.txt')
    expect(backupUri('http://10.0.0.9:8080', 'a')).toBe('http://10.0.0.9:8080/a')
  })
})

describe('httpPath', () => {
  it.each([
    ['', '/f.txt'],
    ['/', '/f.txt'],
    ['dir', '/dir/f.txt'],
    ['/dir', '/dir/f.txt'],
    ['dir/', '/dir/f.txt'],
    ['/a/b/', '/a/b/f.txt'],
  ])('joins HTTPDIR %j and a name with exactly one slash', (directory, path) => {
    expect(httpPath(directory, 'f.txt')).toBe(path)
    expect(httpPath(directory, '/f.txt')).toBe(path)
  })
})

describe('tftpPath', () => {
  it('is the name alone in the root', () => {
    expect(tftpPath('', '46xxupgrade.scr')).toBe('46xxupgrade.scr')
    expect(tftpPath('/', '46xxupgrade.scr')).toBe('46xxupgrade.scr')
  })
  it('keeps TFTPDIR as written, one slash between', () => {
    expect(tftpPath('phones', 'f')).toBe('phones/f')
    expect(tftpPath('/phones/', 'f')).toBe('/phones/f')
  })
})

describe('parseLocation', () => {
  it('allows a path and a port [1600 guide p.106, RFC 3986]', () => {
    expect(parseLocation('http://10.0.0.9:8080/a/b.txt')).toEqual({
      scheme: 'http',
      host: '10.0.0.9',
      port: 8080,
      path: '/a/b.txt',
      credentials: undefined,
    })
    expect(parseLocation('HTTPS://files.example.com')).toMatchObject({ scheme: 'https', port: 443, path: '/' })
  })
  it('takes credentials out', () => {
    expect(parseLocation('http://u%40x:p@10.0.0.9/b/')).toMatchObject({
      host: '10.0.0.9',
      credentials: { user: 'u@x', password: 'p' },
    })
  })
  it.each([
    '',
    '10.0.0.9/backup',
    'ftp://10.0.0.9/',
    'http://',
    'http://10.0.0.9:99999/',
    'http://10.0.0.999/',
    'http://h:x/',
  ])('says why %j cannot be used', (uri) => {
    expect(typeof parseLocation(uri)).toBe('string')
  })
})
