import { describe, expect, it } from 'vitest'
import { parseBackupFile } from '../../src/deskphone/backup-file.js'
import { restorable } from '../../src/deskphone/restore-rules.js'

const DATA = parseBackupFile('Redial=0\r\nError Tone=1\r\nABKNAME001=Reception\r\nABKNUMBER001=100\r\nX=y\r\n')

describe('a restore [avaya.md 5.4]', () => {
  it('takes all that the user may change', () => {
    for (const [opstat, appstat] of [
      ['', ''],
      ['111', '1'],
      ['1', '1'],
      ['100', ''],
    ] as const) {
      const taken = restorable(DATA, opstat, appstat)
      expect([taken.options.size, taken.contacts.length, taken.forbidden]).toEqual([2, 1, []])
    }
  })

  it('passes over options that OPSTAT, contacts that APPSTAT forbids, and says which', () => {
    expect(restorable(DATA, '011', '').forbidden).toEqual(['Redial', 'Error Tone'])
    expect(restorable(DATA, '2', '').options.size).toBe(0)
    for (const appstat of ['0', '2', '3']) {
      expect(restorable(DATA, '111', appstat)).toMatchObject({ contacts: [], forbidden: ['contacts'] })
    }
    expect(restorable(DATA, '0', '0').others).toEqual([['X', 'y']])
  })
})
