import { describe, expect, it } from 'vitest'
import { formatBackupFile, parseBackupFile } from '../../src/deskphone/backup-file.js'

const FILE =
  'Redial=0\r\nCall Timer=1\r\nPersonalized Ring=3\r\nABKNAME001=Front desk\r\nABKNUMBER001=2000\r\n' +
  'ABKNAME002=Lobby\r\nABKNUMBER002=2001\r\nFUTURE=1\r\n'

describe('backup file', () => {
  it('is name=value lines with labels, and contacts numbered from 001 [avaya.md 5.4]', () => {
    const data = parseBackupFile(FILE)
    expect(Object.fromEntries(data.options)).toEqual({ Redial: '0', 'Call Timer': '1', 'Personalized Ring': '3' })
    expect(data.contacts).toEqual([
      { name: 'Front desk', number: '2000' },
      { name: 'Lobby', number: '2001' },
    ])
    expect(data.others).toEqual([['FUTURE', '1']])
  })

  it('comes back as it was', () => {
    expect(formatBackupFile(parseBackupFile(FILE))).toBe(FILE)
  })

  it('survives lines that are none, either line end, and values with =', () => {
    const data = parseBackupFile('\nRedial\n=x\nCall Timer=a=b\r\nABKNUMBER007=5\nABKNAME008=nobody\n')
    expect([...data.options]).toEqual([['Call Timer', 'a=b']])
    expect(data.contacts).toEqual([{ name: '', number: '5' }])
  })
})
